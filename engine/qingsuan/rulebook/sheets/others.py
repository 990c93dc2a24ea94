"""What a rule set sets and no table of the notice has: shown in a sheet of its own, and changed in the parameter file only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.origins import figure_text
from qingsuan.rulebook.phrases import percentage
from qingsuan.rulebook.statements import SETTINGS
from qingsuan.rulebook.words import Words, sources_of

__all__ = ["OTHERS", "OTHERS_HEADING", "Row", "check_others", "others_of"]

OTHERS = "其他 others"
OTHERS_HEADING = ("file", "place", "condition 条件", "只读 read only: change it in the file", "source 来源")

Row = tuple[str, str, str, str, str]
"""File, place in it, condition, what is set, keys of its sources."""


def others_of(rule_set: RuleSet, file: str) -> tuple[Row, ...]:
    """Every setting of a rule set that stands in no matrix, in words and yuan: of layers, of rules, and published figures."""
    words = Words(rule_set, "zh")
    return tuple((file, *row) for rows in (_layers(rule_set, words), _rules(rule_set, words)) for row in rows)


def _layers(rule_set: RuleSet, words: Words) -> Iterator[tuple[str, str, str, str]]:
    for layer in rule_set.layers.values():
        for case in layer.cases:
            for key in SETTINGS:
                value = getattr(case, key)
                if value is not None and value != () and not case.cell:
                    condition = words.when(case.when) if case.when else ""
                    yield f"layers.{layer.name}.{key}", condition, words.setting(value), sources_of(value)


def _rules(rule_set: RuleSet, words: Words) -> Iterator[tuple[str, str, str, str]]:
    for rule in rule_set.rules:
        if rule.entry_bp != 10_000:
            yield f"rules.{rule.id}.entry_percent", "", percentage(rule.entry_bp), rule.source
        for key in ("ceiling", "guarantee"):
            value = getattr(rule, key)
            if value is not None:
                yield f"rules.{rule.id}.{key}", "", words.setting(value), value.source
    for figure in rule_set.figures:
        yield f"figures.{figure.name}", "", figure_text(figure, words.lang), figure.source


def check_others(book: Any, path: Path, rows: Sequence[Row]) -> None:
    """Check that the sheet says what it said when it was written: nothing of it is brought back.

    Raises
    ------
    InputError
        It is missing, or a cell of it is another one.
    """
    if OTHERS not in book.sheetnames:
        if rows:
            do = "begin anew with what “qingsuan policy export” writes"
            raise InputError(f"{path}: {OTHERS}", found="this sheet is missing", expected="the sheet", do=do)
        return
    written = [OTHERS_HEADING, *rows]
    there = [tuple(row) for row in book[OTHERS].iter_rows()]
    for number, (cells, texts) in enumerate(zip_longest(there, written, fillvalue=()), 1):
        for at, (cell, text) in enumerate(zip_longest(cells, texts)):
            found = None if cell is None else cell.value
            if (found or "") != (text or ""):
                raise InputError(
                    f"{path}: sheet {OTHERS}, cell {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[min(at, 25)]}{number}",
                    found=repr(found) if found is not None else "nothing",
                    expected=text or "nothing",
                    do="leave it as it was exported, and change it in the parameter file",
                )
