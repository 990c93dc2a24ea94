"""The settings of a layer as tables: one row for each group of people or kind of care, one column for each level of hospital."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qingsuan.policy.model import Codes, Layer, Matrix, RuleSet, When
from qingsuan.rulebook.phrases import Lang, dimension_name, phrase
from qingsuan.rulebook.statements import SETTINGS
from qingsuan.rulebook.words import Words, sources_of

__all__ = ["Grid", "grids"]

_COLUMNS = "dedc_hosp_lv"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of one setting.

    Attributes
    ----------
    key : what is set, such as ``deductible``.
    frame : what all cells have in common, such as per visit.
    columns : the columns of the notice's table, else the levels of hospital; one without a name where they make no difference.
    rows : the condition of each row in words, and its cells; an empty one where it says nothing.
    sources : the keys of all sources that the cells name.
    across : what tells the columns apart; empty where nothing does.
    down : what tells the rows apart.
    """

    key: str
    frame: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    sources: tuple[str, ...]
    across: str = ""
    down: str = ""

    def is_one_cell(self, lang: Lang) -> bool:
        """Whether it is a single cell that holds for everything, in the language of the table."""
        return self.columns == ("",) and len(self.rows) == 1 and self.rows[0][0] == phrase("every", lang)


def grids(rule_set: RuleSet, layer: Layer, words: Words) -> tuple[Grid, ...]:
    """Everything that a layer and its cases set, as tables."""
    return tuple(grid for key in SETTINGS for grid in _of(rule_set, layer, key, words))


def _of(rule_set: RuleSet, layer: Layer, key: str, words: Words) -> Iterator[Grid]:
    for matrix in rule_set.matrices:
        if (matrix.layer, matrix.setting) == (layer.name, key):
            yield from _of_matrix(rule_set, matrix, words)
    frames: dict[str, list[tuple[When, str, str]]] = {}
    for case in layer.cases:
        value = getattr(case, key)
        if value is not None and value != () and not case.cell:
            text, frame = words.cell(value)
            frames.setdefault(frame, []).append((case.when, text, sources_of(value)))
    for frame, found in frames.items():
        yield _grid(rule_set, key, frame, found, words)


def _of_matrix(rule_set: RuleSet, matrix: Matrix, words: Words) -> Iterator[Grid]:
    """A table of the notice as it stands in the file; cells that have less in common make tables of their own."""
    columns = matrix.columns or ("",)
    rows: dict[str, dict[str, list[str]]] = {}
    sources: dict[str, dict[str, None]] = {}
    for name, cells in zip(matrix.rows, matrix.cells, strict=True):
        for at, value in enumerate(cells):
            text, frame = ("-", "") if value is None else words.cell(value)
            if value is None:
                frame = next(iter(rows), "")
            row = rows.setdefault(frame, {}).setdefault(words.row(rule_set, matrix, name), [""] * len(columns))
            row[at] = text
            keys = sources_of(value) or matrix.source
            sources.setdefault(frame, {}).update(dict.fromkeys(keys.split(", ") if keys else ()))
    for frame, found in rows.items():
        shown = tuple((name, tuple(row)) for name, row in found.items())
        across = dimension_name(matrix.columns_by, words.lang)
        named = tuple(words.column(matrix, name) for name in columns)
        down = phrase("people", words.lang) if matrix.rows_by == "who" else dimension_name(matrix.rows_by, words.lang)
        yield Grid(matrix.setting, frame, named, shown, tuple(sources[frame]), across, down)


def _grid(rule_set: RuleSet, key: str, frame: str, found: list[tuple[When, str, str]], words: Words) -> Grid:
    by_level = any(_COLUMNS in when for when, _, _ in found)
    columns = rule_set.levels if by_level else ("",)
    rows: dict[str, list[str]] = {}
    sources: dict[str, None] = {}
    for when, text, source in found:
        rest = {name: condition for name, condition in when.items() if name != _COLUMNS or not by_level}
        row = rows.setdefault(words.when(rest) if rest else phrase("every", words.lang), [""] * len(columns))
        for at, column in enumerate(columns):
            if _holds(when, column):
                row[at] = text if not row[at] else f"{row[at]}; {text}"
        sources.update(dict.fromkeys(source.split(", ") if source else ()))
    used = [at for at in range(len(columns)) if any(row[at] for row in rows.values())]
    return Grid(
        key,
        frame,
        tuple(columns[at] for at in used),
        tuple((name, tuple(row[at] for at in used)) for name, row in rows.items()),
        tuple(sources),
        dimension_name(_COLUMNS, words.lang) if by_level else "",
        phrase("when", words.lang),
    )


def _holds(when: When, level: str) -> bool:
    condition = when.get(_COLUMNS)
    if not isinstance(condition, Codes) or not level:
        return True
    met = any(level.startswith(one[:-1]) if one.endswith("*") else level == one for one in condition.patterns)
    return met != condition.negated
