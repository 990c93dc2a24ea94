"""The numbers of a parameter file by their paths, as ``qingsuan policy show`` names them: ``inpatient.bands.minors.3M``.

A path is the way in the file. ``layers`` and ``rows`` are left out, a column of a table of the notice is one name more, and so is
the key under which a setting has its number (``yuan`` of a deductible, a limit or a cap, ``percent`` of bands): ``chronic.deductible``
is ``layers.chronic.deductible.yuan``. Whoever writes them out is understood, too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qingsuan.errors import UsageError
from qingsuan.policy.matrices.axes import label

__all__ = ["Parameter", "Unit", "find_parameter", "parameters_of"]

Unit = Literal["yuan", "percent", "number"]
Key = str | int
"""A step on the way to a number: the key of a table, or a place in a list, from 0 on."""

_UNITS: dict[str, Unit] = {
    "yuan": "yuan",
    "upto": "yuan",
    "base": "yuan",
    "step": "yuan",
    "percent": "percent",
    "points": "percent",
    "own_percent": "percent",
    "deductible_percent": "percent",
    "entry_percent": "percent",
    "times": "number",
}
_OF_SETTINGS: dict[str, tuple[str, Unit]] = {
    "deductible": ("yuan", "yuan"),
    "limit": ("yuan", "yuan"),
    "caps": ("yuan", "yuan"),
    "bands": ("percent", "percent"),
    "adjust": ("points", "percent"),
}
"""The key of each setting whose value a cell of its table is, and the unit of that."""
_OF_CONDITIONS = ("from", "below")
"""Keys of a condition of ``[who]`` that are numbers, such as an age."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?|-")
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a file, or one list of numbers.

    Attributes
    ----------
    path : as it is shown.
    keys : the way in the file.
    written : what the file has there; a list as a tuple.
    unit : of the number, or of each of the list.
    """

    path: str
    keys: tuple[Key, ...]
    written: Any
    unit: Unit

    @property
    def whole_path(self) -> str:
        """The path with everything that is left out."""
        return _joined(self.keys)


def parameters_of(document: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Every number of a parameter file as TOML has it."""
    found = [
        *(one for name, layer in _tables(document, "layers") for one in _walk(layer, ("layers", name), "")),
        *(one for name, rule in _tables(document, "rules") for one in _walk(rule, ("rules", name), "")),
        *(one for name, figure in _tables(document, "figures") for one in _walk(figure, ("figures", name), "")),
        *(one for name, group in _tables(document, "who") for one in _conditions(group, ("who", name))),
    ]
    return tuple(Parameter(_short(document, keys), keys, written, unit) for keys, written, unit in found)


def find_parameter(parameters: Sequence[Parameter], path: str, where: str) -> tuple[Parameter, int | None]:
    """The parameter of a path; and, where the path names one number of a list (``…[2]``), its place in it, from 0 on.

    Raises
    ------
    UsageError
        There is none: the nearest paths are shown.
    """
    named = {name.replace(" ", ""): one for one in parameters for name in (one.whole_path, one.path)}
    asked = path.replace(" ", "")
    if asked in named:
        return named[asked], None
    listed = re.fullmatch(r"(.+)\[([1-9][0-9]{0,3})\]", asked)
    if listed and listed[1] in named:
        one, place = named[listed[1]], int(listed[2]) - 1
        if isinstance(one.written, tuple) and place < len(one.written):
            return one, place
    shown = [one.path for one in parameters]
    near = difflib.get_close_matches(asked, [*named], n=_NEAREST, cutoff=0.4)
    near = list(dict.fromkeys(named[name].path for name in near))
    raise UsageError(
        where,
        found=f'no parameter "{path}"',
        expected=f"one of {', '.join(near)}" if near else f"a path such as {', '.join(shown[:_NEAREST]) or '(none)'}",
        do="“qingsuan policy show” has the tables: LAYER.SETTING.ROW.COLUMN, and [2] behind it for the second number of a list",
    )


_Found = tuple[tuple[Key, ...], Any, Unit]


def _tables(document: Mapping[str, Any], section: str) -> Iterator[tuple[Key, Any]]:
    """The tables of a section, by their names or, in a list, by their places."""
    held = document.get(section, {})
    yield from held.items() if isinstance(held, Mapping) else enumerate(held)


def _walk(value: Any, keys: tuple[Key, ...], setting: str) -> Iterator[_Found]:
    """Every number below a table of the file; ``setting`` is the setting of a layer within which it lies."""
    if isinstance(value, list):
        for place, one in enumerate(value):
            if isinstance(one, dict):
                yield from _walk(one, (*keys, place), setting)
        return
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        inside = key if key in _OF_SETTINGS else setting
        if key == "rows" and setting and isinstance(one, dict):
            for name, row in one.items():
                yield from _row(row, (*keys, key, name), setting, _columns(value))
        elif key in _UNITS and _is_number(one):
            yield (*keys, key), _frozen(one), _UNITS[key]
        elif key not in ("when", "columns"):
            yield from _walk(one, (*keys, key), inside)


def _row(row: Any, keys: tuple[Key, ...], setting: str, columns: int) -> Iterator[_Found]:
    if columns and isinstance(row, list):
        for place, cell in enumerate(row):
            yield from _cell(cell, (*keys, place), setting)
    else:
        yield from _cell(row, keys, setting)


def _cell(cell: Any, keys: tuple[Key, ...], setting: str) -> Iterator[_Found]:
    if _is_number(cell):
        yield keys, _frozen(cell), _OF_SETTINGS[setting][1]
    elif isinstance(cell, dict):
        yield from _walk(cell, keys, setting)


def _conditions(value: Any, keys: tuple[Key, ...]) -> Iterator[_Found]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key in _OF_CONDITIONS and isinstance(one, int):
                yield (*keys, key), one, "number"
            else:
                yield from _conditions(one, (*keys, key))


def _columns(table: Mapping[str, Any]) -> int:
    """How many columns a table of a notice has; 0 where each row is one cell."""
    return len(_column_names(table))


def _column_names(table: Mapping[str, Any]) -> list[str]:
    held = table.get("columns")
    names: Any = next(iter(held.values()), []) if isinstance(held, dict) else []
    return [label(name).replace(", ", ",") for name in names] if isinstance(names, list) else []


def _is_number(value: Any) -> bool:
    """Whether it is a number as a file writes one, the word that there is none, or a list of these."""
    if isinstance(value, list):
        return bool(value) and all(not isinstance(one, list) and _is_number(one) for one in value)
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _joined(keys: Sequence[Key]) -> str:
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _short(document: Mapping[str, Any], keys: tuple[Key, ...]) -> str:
    """The way without what goes without saying; columns by their names."""
    shown: list[Key] = []
    held: Any = document
    columns: list[str] = []
    setting = ""
    for place, key in enumerate(keys):
        before, held = held, held[key]
        if isinstance(key, int):
            named = key < len(columns) and keys[place - 2] == "rows"
            alone = setting == "caps" and keys[place - 1] == "caps" and len(before) == 1
            shown += [columns[key]] if named else [] if alone else [key]
            continue
        if key == "rows":
            columns = _column_names(before)
            continue
        last = place == len(keys) - 1
        if (key, place) == ("layers", 0) or (last and setting and key == _OF_SETTINGS[setting][0] != "points"):
            continue
        setting = key if key in _OF_SETTINGS and keys[0] == "layers" and place > 1 else setting
        shown.append(key)
    return _joined(shown)
