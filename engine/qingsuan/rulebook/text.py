"""A rule set as text for a terminal: its layers as tables, its rules, what is missing, its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qingsuan.messages import Lang
from qingsuan.messages import Words as Speech
from qingsuan.policy.model import Layer, Region, RuleSet
from qingsuan.report.text import folded, heading, table
from qingsuan.rulebook.grids import Grid, grids
from qingsuan.rulebook.headings import Headings
from qingsuan.rulebook.phrases import aside, signs
from qingsuan.rulebook.speaking import words_of
from qingsuan.rulebook.statements import Statement, statements
from qingsuan.rulebook.words import Words

__all__ = ["rule_set_text", "rules_text"]

_WIDE = 118


def rules_text(rule_sets: Iterable[RuleSet], region: Region, lang: Lang, rules_dir: Path | None = None) -> str:
    """Rule sets of a region one below the other; those of a working folder say so.

    Raises
    ------
    PolicyError
        The Chinese that the region brings cannot be read.
    """
    note = "" if rules_dir is None else Speech(lang).speak("working copy: {folder}", folder=str(rules_dir))
    return "\n\n\n".join(rule_set_text(words_of(one, region, lang), note) for one in rule_sets)


def rule_set_text(words: Words, note: str = "") -> str:
    """The whole rule set of ``words``, in their language; ``note`` stands below its heading."""
    rule_set, headings = words.rule_set, Headings(Speech(words.lang))
    speak = headings.words.speak
    said = statements(rule_set, words)
    begin, end = str(rule_set.effective), str(rule_set.until)
    dates = speak("from {begin}", begin=begin)
    if rule_set.until:
        dates = speak("from {begin} until {end}", begin=begin, end=end)
    title = f"{rule_set.title}   {rule_set.pool}/{'+'.join(rule_set.schemes)} {dates}"
    parts = [f"{heading(title)}\n{rule_set.file}{f'   {note}' if note else ''}"]
    parts.append(_plain([one for one in said if one.is_of_head], headings))
    parts += [_layer(rule_set, layer, words, headings) for layer in rule_set.layers.values()]
    parts.append(_rules(rule_set, said, words, headings))
    missing = list(_missing([one for one in said if one.place == "missing"], headings))
    none = speak("None.")
    parts.append("\n".join([speak("Missing parameters"), *(missing or [f"  {none}"])]))
    parts.append(_sources(rule_set, headings))
    return "\n\n".join(parts)


def _plain(said: Sequence[Statement], headings: Headings) -> str:
    by_key = headings.words.lang == "en"
    rows = [
        [headings.stated(one.place, one.key), one.text if by_key else headings.date(one.text), one.source]
        for one in said
    ]
    return table(["", "", headings.words.speak("Sources")], rows, "lll")


def _layer(rule_set: RuleSet, layer: Layer, words: Words, headings: Headings) -> str:
    blocks = [headings.words.speak("layer {name}: {fund}", name=layer.name, fund=headings.fund(layer.fund))]
    if layer.year_end is not None:
        blocks.append(f"  {words.setting(layer.year_end)}   [{layer.year_end.source}]")
    blocks += [_grid(grid, words, headings) for grid in grids(rule_set, layer, words)]
    return "\n".join(blocks)


def _grid(grid: Grid, words: Words, headings: Headings) -> str:
    frame = f"{words.colon}{grid.frame}" if grid.frame else ""
    caption = f"  {headings.keyed(grid.key)}{frame}   [{', '.join(grid.sources)}]"
    if grid.is_one_cell(words.lang):
        return f"{caption}\n      {grid.rows[0][1][0]}"
    rows = [[f"  {name}", *cells] for name, cells in grid.rows]
    shown = table([f"  {grid.across}".rstrip(), *grid.columns], rows, "l" + "r" * len(grid.columns))
    lines = shown.splitlines() if any(grid.columns) else shown.splitlines()[1:]
    return "\n".join([caption, *(f"  {line}" for line in lines)])


def _rules(rule_set: RuleSet, said: Sequence[Statement], words: Words, headings: Headings) -> str:
    speak = headings.words.speak
    rows = []
    for rule in rule_set.rules:
        own = {one.key: one for one in said if one.place == f"rules.{rule.id}"}
        more = [_further(key, one.text, words, headings) for key, one in own.items() if key not in ("when", "layers")]
        sources = dict.fromkeys(key for one in own.values() for key in one.source.split(", ") if key)
        rows.append([rule.id, own["layers"].text, own["when"].text, words.semicolon.join(more), ", ".join(sources)])
    headers = [speak("Rule"), speak("Layers in turn"), speak("When"), speak("Further"), speak("Sources")]
    title, none = speak("Rules"), speak("None.")
    return "\n".join([title, table(headers, rows, "lllll") if rows else f"  {none}"])


def _further(key: str, text: str, words: Words, headings: Headings) -> str:
    return f"{key} {text}" if words.lang == "en" else f"{headings.of_rule(key)}{words.colon}{text}"


def _missing(said: Sequence[Statement], headings: Headings) -> Iterator[str]:
    speak = headings.words.speak
    _, _, colon = signs(headings.words.lang)
    for one in said:
        refused = speak("refuses nothing by itself")
        if one.condition:
            refused = speak("refuses {condition}", condition=one.condition)
        yield f"  {one.key}{colon}{refused}"
        yield from (f"      {line}" for line in folded(one.text, _WIDE - 6))


def _sources(rule_set: RuleSet, headings: Headings) -> str:
    lang = headings.words.lang
    _, _, colon = signs(lang)
    lines = [headings.words.speak("Sources")]
    for one in rule_set.sources.values():
        lines.append(f"  {one.key}{aside(headings.grade(one.grade), lang)}{colon}{one.document}")
        lines += [f"      {line}" for line in folded(one.article, _WIDE - 6)]
    return "\n".join(lines)
