"""From the tables of a layer to matrices, and from matrices to cases.

A setting of a layer is a matrix where its table has ``rows``. Each cell is read as the setting would be that had this cell for its
value, so a cell is refused for the same reasons; what is common to all cells stands once, beside the rows. With ``like`` a layer's
setting is that of another layer, but for what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from qingsuan.policy.matrices.axes import Axes, Line
from qingsuan.policy.matrices.conditions import meet
from qingsuan.policy.model import Adjust, Bands, Cap, Case, Deductible, Limit, When
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean, either
from qingsuan.policy.when.tables import Matrix

__all__ = ["Matrices", "SettingReader"]

Setting = Deductible | Bands | Limit | Cap | Adjust
"""What a cell can say."""

SettingReader = Callable[[Table], Setting]

_CELL = {"deductible": "yuan", "bands": "percent", "limit": "yuan", "caps": "yuan", "adjust": "points"}
"""The key of each setting whose value a cell is."""

_SHAPE = ("rows", "rows_by", "columns", "readings")
_OF_ITS_OWN = ("source", "reading", "readings", "like")
"""What a table does not take from the one that it is like."""

_NOTHING = "-"
"""A cell of which the notice says nothing: nothing is set there."""


@dataclass(frozen=True)
class Matrices:
    """Reads the matrices of all layers of a rule set.

    ``layers`` are the tables of all layers by name; ``readers`` say how the table of each setting is read.
    """

    axes: Axes
    layers: Mapping[str, Table]
    readers: Mapping[str, SettingReader]
    _known: dict[tuple[str, str], Table] = field(default_factory=dict)
    _caps: dict[str, tuple[Table, ...]] = field(default_factory=dict)
    _laid: set[tuple[str, str]] = field(default_factory=set)

    def setting(self, layer: str, key: str) -> Table | None:
        """The table of a layer's own setting, laid on the one that it is like; None where there is none, or a matrix."""
        table = self._table(layer, key)
        return None if table is None or table.has("rows") else table

    def caps(self, layer: str) -> tuple[Table, ...] | None:
        """The tables of a layer's own caps; None where there is none, or a matrix among them."""
        tables = self._all_caps(layer)
        return None if tables is None or any(table.has("rows") for table in tables) else tables

    def of(self, layer: str) -> Iterator[tuple[Matrix, tuple[Case, ...]]]:
        """Each matrix of a layer, with the cases that it stands for.

        Raises
        ------
        PolicyError
            Rows and columns do not fit each other, or a cell cannot be read.
        """
        for key in ("deductible", "bands", "limit", "adjust"):
            table = self._table(layer, key)
            if table is not None and table.has("rows"):
                yield self._matrix(layer, key, table, ())
        caps = self._all_caps(layer) or ()
        drawn = [number for number, table in enumerate(caps, 1) if table.has("rows")]
        if len(drawn) > 1:
            caps[drawn[1] - 1].refuse(
                "rows",
                found=f"rows in caps[{drawn[0]}] and in caps[{drawn[1]}]",
                expected="at most one cap with rows in a layer",
                do="write one of the two caps by cases, or in a layer of its own",
            )
        if drawn:
            yield self._matrix(layer, "caps", caps[drawn[0] - 1], caps)

    # ---- one table

    def _all_caps(self, layer: str) -> tuple[Table, ...] | None:
        if layer not in self._caps and self.layers[layer].has("caps"):
            self._caps[layer] = self.layers[layer].tables("caps")
        return self._caps.get(layer)

    def _own(self, layer: str, key: str) -> Table | None:
        """The table of a setting as it stands: one object for whoever asks, so that what was asked for is known."""
        if (layer, key) not in self._known and self.layers[layer].has(key):
            self._known[layer, key] = self.layers[layer].table(key)
        return self._known.get((layer, key))

    def _table(self, layer: str, key: str) -> Table | None:
        """The table of a setting, laid on the one that it is like."""
        table = self._own(layer, key)
        if table is not None and table.has("like") and (layer, key) not in self._laid:
            self._laid.add((layer, key))
            self._lay(layer, key, table)
        return table

    def _lay(self, layer: str, key: str, table: Table) -> None:
        name = table.text("like")
        if name == layer or name not in self.layers:
            others = [each for each in self.layers if each != layer]
            hint = did_you_mean(name, others) or "name a layer of this file"
            table.refuse("like", found=f'like "{name}"', expected=f"another layer: {either(others)}", do=hint)
        for shape in _SHAPE[:-1]:
            if table.has(shape):
                do = f"take {shape} out, or write the table in full without like"
                table.refuse(
                    shape, found=f'{shape} beside like = "{name}"', expected="the rows and columns of that layer", do=do
                )
        other = self._own(name, key)
        if other is None or other.has("like"):
            found = f'layer "{name}" has no {key}' + ("" if other is None else " of its own")
            do = f"name the layer that has the table, or write {key} here in full"
            table.refuse("like", found=found, expected=f"a layer that says its {key} itself", do=do)
        table.lay_on(other, without=_OF_ITS_OWN)

    def _matrix(self, layer: str, key: str, table: Table, caps: tuple[Table, ...]) -> tuple[Matrix, tuple[Case, ...]]:
        columns_by, columns = self.axes.columns(table)
        written = table.table("rows")
        names = written.names()
        if not names:
            table.refuse("rows", found="no row", expected="at least one row", do="write rows.NAME = [...]")
        rows_by, rows = self.axes.rows(table, written)
        readings = self._readings(table, names)
        if table.has(_CELL[key]) and not all(isinstance(written.values[name], dict) for name in names):
            do = f"take {_CELL[key]} out: each cell says it"
            table.refuse(_CELL[key], found=f"{_CELL[key]} beside rows", expected="one of the two", do=do)
        cells = [
            [
                self._cell(table, key, place, value, readings.get(row.name))
                for place, value in _row(written, row.name, columns)
            ]
            for row in rows
        ]
        matrix = Matrix(
            table=table.path,
            layer=layer,
            setting=key,
            rows_by=rows_by,
            columns_by=columns_by,
            rows=tuple(names),
            columns=tuple(column.name for column in columns) if columns_by else (),
            cells=tuple(tuple(cell.setting for cell in row) for row in cells),
            written=tuple(tuple(_frozen(cell.written) for cell in row) for row in cells),
            source=", ".join(each for each in (table.values.get("source"), table.values.get("reading")) if each),
            like=table.values.get("like", ""),
        )
        fixed = [self.readers["caps"](each) for each in caps if each is not table]
        place = next((n for n, each in enumerate(caps) if each is table), 0)
        cases = []
        for row, line in zip(rows, cells, strict=True):
            for column, cell in zip(columns, line, strict=True):
                if cell.setting is not None:
                    whens = [when for a in row.whens for b in column.whens for when in meet(a, b)]
                    cases += [_case(key, when, cell, fixed, place) for when in whens]
        return matrix, tuple(cases)

    def _readings(self, table: Table, names: tuple[str, ...]) -> dict[str, str]:
        if not table.has("readings"):
            return {}
        readings = table.table("readings")
        for name in readings.names():
            if name not in names:
                hint = did_you_mean(name, names) or "name a row of this table"
                readings.refuse(name, found=f'no row "{name}"', expected=f"one of {', '.join(names)}", do=hint)
        return {name: readings.text(name) for name in readings.names()}

    def _cell(self, table: Table, key: str, place: str, value: Any, reading: str | None) -> _Cell:
        path = f"{table.path}.{place}"
        if value == _NOTHING:
            return _Cell(path, value, None)
        one_ratio = key == "bands" and not isinstance(value, list | dict)
        values = (
            dict(value)
            if isinstance(value, dict) and "figure" not in value
            else {_CELL[key]: [value] if one_ratio else value}
        )
        if reading is not None:
            values = {"reading": reading, **values}
        cell = table.part(place, values, without=(*_SHAPE, "like"))
        return _Cell(path, value, self.readers[key](cell))


@dataclass(frozen=True, slots=True)
class _Cell:
    path: str
    written: Any
    setting: Setting | None


def _frozen(value: Any) -> Any:
    """What a file has, as values that nobody can write."""
    match value:
        case list():
            return tuple(_frozen(each) for each in value)
        case dict():
            return MappingProxyType({name: _frozen(each) for name, each in value.items()})
    return value


def _case(key: str, when: When, cell: _Cell, fixed: list[Setting], place: int) -> Case:
    """The case of one cell; a cap stands among those that all cells have."""
    value: Any = cell.setting
    if key == "caps":
        caps = [each for each in fixed if isinstance(each, Cap)]
        value = (*caps[:place], cell.setting, *caps[place:])
    return replace(Case(when, cell=cell.path), **{key: value})


def _row(rows: Table, name: str, columns: tuple[Line, ...]) -> Iterator[tuple[str, Any]]:
    """The cells of one row with their places, one for each column."""
    rows.has(name)
    written = rows.values[name]
    if columns[0].name == "":
        yield f"rows.{name}", written
        return
    if not isinstance(written, list) or len(written) != len(columns):
        count = len(written) if isinstance(written, list) else "no list of"
        missing = [column.name for column in columns[len(written) :]] if isinstance(written, list) else []
        do = f'add the cell of column {", ".join(missing)}; "{_NOTHING}" where the notice says nothing'
        rows.refuse(
            name,
            found=f'{count} cells in row "{name}"',
            expected=f"{len(columns)}, one for each column: {', '.join(column.name for column in columns)}",
            do=do if missing else "write a list with one cell for each column",
        )
    for column, value in zip(columns, written, strict=True):
        yield f"rows.{name}[{column.name}]", value
