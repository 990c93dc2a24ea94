"""What the page says of one rule set, for its template: its head, layers with tables and sources, rules, what is missing, sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qingsuan.pages.tables import filled
from qingsuan.policy.model import Layer, RuleSet, Source
from qingsuan.rulebook.grids import Grid, grids
from qingsuan.rulebook.headings import Headings
from qingsuan.rulebook.statements import Statement, statements
from qingsuan.rulebook.words import Words

__all__ = ["rule_set_section"]

_MOST_STACKED = 5


def rule_set_section(rule_set: RuleSet, words: Words, headings: Headings, number: int) -> Mapping[str, Any]:
    """One rule set as its template takes it; ``number`` tells it from the others on the page."""
    said, speak = statements(rule_set, words), headings.words.speak
    rules = [speak("Rule"), speak("When"), speak("Layers in turn"), speak("Further"), speak("Sources")]
    beyond = [speak("Parameter"), speak("Reason"), speak("Sources")]
    explained = [speak("Where"), speak("Reason"), speak("Sources")]
    return {
        "id": f"r{number}",
        "title": rule_set.title,
        "name": rule_set.name,
        "effective": str(rule_set.effective),
        "until": rule_set.until,
        "file": rule_set.file,
        "head": list(_head(said, headings)),
        "cited": list(_cited(rule_set, (rule_set.source,))),
        "layers": [_layer(rule_set, layer, words, headings) for layer in rule_set.layers.values()],
        "rules": filled(rules, list(_rules(rule_set, said, words, headings))),
        "missing": [(one.key, one.text, one.condition) for one in said if one.place == "missing"],
        "beyond": filled(beyond, _of_place(said, "beyond")),
        "explained": filled(explained, _of_place(said, "explained")),
        "sources": [_source(key, source) for key, source in rule_set.sources.items()],
    }


def _of_place(said: Iterable[Statement], place: str) -> list[list[str]]:
    return [[one.key, one.text, one.source] for one in said if one.place == place]


def _head(said: Iterable[Statement], headings: Headings) -> Iterator[list[str]]:
    for one in said:
        if one.is_of_head:
            yield [headings.of_head(one.place, one.key), headings.date(one.text)]


def _cited(rule_set: RuleSet, sources: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """The sources of a table, to stand beside it with their grades."""
    for key in dict.fromkeys(each for one in sources for each in one.split(", ") if each):
        source = _source(key, rule_set.sources[key])
        yield {
            **source,
            "document": re.split(r" \(|（", source["document"], maxsplit=1)[0],
        }  # in full among the sources below


def _source(key: str, source: Source) -> dict[str, str]:
    named = {name: getattr(source, name) for name in ("grade", "document", "article", "owner")}
    return {"key": key, **named}


def _layer(rule_set: RuleSet, layer: Layer, words: Words, headings: Headings) -> Mapping[str, Any]:
    fund = headings.fund(layer.fund)
    if layer.year_end is not None:
        fund += f"{words.semicolon}{words.setting(layer.year_end)} [{layer.year_end.source}]"
    return {
        "name": layer.name,
        "fund": fund,
        "grids": [_grid(rule_set, grid, headings) for grid in grids(rule_set, layer, words)],
    }


def _grid(rule_set: RuleSet, grid: Grid, headings: Headings) -> Mapping[str, Any]:
    title, speak = headings.setting(grid.key), headings.words.speak
    by_visit = grid.key == "deductible" and any(" / " in cell for _, cells in grid.rows for cell in cells)
    order = (
        speak("; in turn for the 1st visit, the 2nd and so on, the last one for all later visits") if by_visit else ""
    )
    beside = {"title": title, "caption": f"{grid.frame}{order}", "cited": list(_cited(rule_set, grid.sources))}
    if grid.is_one_cell(headings.words.lang):
        return {**beside, "headers": [], "rows": [[grid.rows[0][1][0]]], "numbers_from": None}
    rows = [[name, *map(_stacked, cells)] for name, cells in grid.rows]
    columns = grid.columns if any(grid.columns) else [title]
    headers, rows = filled([grid.across or grid.down, *columns], rows)
    return {**beside, "headers": headers, "rows": rows, "numbers_from": 1 if _short(grid) else None}


def _stacked(cell: str) -> str | list[str]:
    """The items of a cell one below the other, where they are few."""
    items = cell.split(" / ")
    return items if 1 < len(items) <= _MOST_STACKED else cell


def _short(grid: Grid) -> bool:
    return all(len(cell) <= 30 for _, cells in grid.rows for cell in cells)


def _rules(rule_set: RuleSet, said: Iterable[Statement], words: Words, headings: Headings) -> Iterator[list[str]]:
    by_place: dict[str, dict[str, Statement]] = {}
    for one in said:
        by_place.setdefault(one.place, {})[one.key] = one
    for rule in rule_set.rules:
        own = by_place[f"rules.{rule.id}"]
        more = [
            f"{headings.of_rule(key)}{words.colon}{one.text}"
            for key, one in own.items()
            if key not in ("when", "layers")
        ]
        sources = dict.fromkeys(key for one in own.values() for key in one.source.split(", ") if key)
        yield [rule.id, own["when"].text, own["layers"].text, words.semicolon.join(more), ", ".join(sources)]
