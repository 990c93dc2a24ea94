"""A rule set as text for a terminal: its layers as tables, its rules, what is missing, its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qingsuan.policy.model import Layer, RuleSet
from qingsuan.report.text import folded, heading, table
from qingsuan.report.wording.names import FUNDS
from qingsuan.rulebook.grids import Grid, grids
from qingsuan.rulebook.statements import Statement, statements
from qingsuan.rulebook.words import Words

__all__ = ["rule_set_text"]

_WIDE = 118
_HEAD = ("ruleset", "identities", "identity_rank", "who", "figures", "groups", "dimensions", "waiting")


def rule_set_text(rule_set: RuleSet, note: str = "") -> str:
    """A whole rule set; ``note`` stands below its heading."""
    said = statements(rule_set)
    until = f" until {rule_set.until}" if rule_set.until else ""
    title = f"{rule_set.title}   {rule_set.pool}/{'+'.join(rule_set.schemes)} from {rule_set.effective}{until}"
    parts = [f"{heading(title)}\n{rule_set.file}{f'   {note}' if note else ''}"]
    parts.append(_plain([one for one in said if one.place in _HEAD and one.key != "title"]))
    parts += [_layer(rule_set, layer) for layer in rule_set.layers.values()]
    parts.append(_rules(rule_set, said))
    missing = [one for one in said if one.place == "missing"]
    parts.append("missing parameters\n" + "\n".join(_missing(missing)) if missing else "missing parameters: none")
    parts.append(_sources(rule_set))
    return "\n\n".join(parts)


def _plain(said: Sequence[Statement]) -> str:
    rows = [[f"{one.place}.{one.key}".rstrip("."), one.text, one.source] for one in said]
    return table(["", "", "source"], rows, "lll")


def _layer(rule_set: RuleSet, layer: Layer) -> str:
    words = Words(rule_set, "en")
    blocks = [f"layer {layer.name}: {layer.fund} {FUNDS.get(layer.fund, '')}".rstrip()]
    if layer.year_end is not None:
        blocks.append(f"  {words.setting(layer.year_end)}   [{layer.year_end.source}]")
    blocks += [_grid(grid) for grid in grids(rule_set, layer, words)]
    return "\n".join(blocks)


def _grid(grid: Grid) -> str:
    caption = f"  {grid.key}{f': {grid.frame}' if grid.frame else ''}   [{', '.join(grid.sources)}]"
    if len(grid.columns) == 1 and len(grid.rows) == 1 and not grid.columns[0]:
        return f"{caption}\n      {grid.rows[0][1][0]}"
    rows = [[f"  {name}", *cells] for name, cells in grid.rows]
    shown = table([f"  {grid.across}".rstrip(), *grid.columns], rows, "l" + "r" * len(grid.columns))
    lines = shown.splitlines() if any(grid.columns) else shown.splitlines()[1:]
    return "\n".join([caption, *(f"  {line}" for line in lines)])


def _rules(rule_set: RuleSet, said: Sequence[Statement]) -> str:
    rows = []
    for rule in rule_set.rules:
        own = {one.key: one for one in said if one.place == f"rules.{rule.id}"}
        more = [f"{key} {one.text}" for key, one in own.items() if key not in ("when", "layers")]
        sources = dict.fromkeys(key for one in own.values() for key in one.source.split(", ") if key)
        rows.append([rule.id, own["layers"].text, own["when"].text, "; ".join(more), ", ".join(sources)])
    return "rules\n" + table(["rule", "layers", "when", "more", "source"], rows, "lllll") if rows else "rules: none"


def _missing(said: Sequence[Statement]) -> Iterator[str]:
    for one in said:
        yield f"  {one.key}: {(one.condition and f'refuses {one.condition}') or 'refuses nothing by itself'}"
        yield from (f"      {line}" for line in folded(one.text, _WIDE - 6))


def _sources(rule_set: RuleSet) -> str:
    lines = ["sources"]
    for one in rule_set.sources.values():
        lines.append(f"  {one.key} ({one.grade}): {one.document}")
        lines += [f"      {line}" for line in folded(one.article, _WIDE - 6)]
    return "\n".join(lines)
