"""Numbers changed in a parameter file: nothing else of it, neither comments nor order nor spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from qingsuan.needed import need
from qingsuan.rulebook.sheets.layout import NOTHING, Fixed
from qingsuan.rulebook.sheets.reading import Edit

__all__ = ["edited", "with_numbers"]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text of a file with cells of its matrices changed.

    Raises
    ------
    UsageError
        tomlkit is not installed.
    """
    tomlkit = need("tomlkit")
    document = tomlkit.parse(text)
    for one in edits:
        _change(document, one)
    return str(tomlkit.dumps(document))


def with_numbers(text: str, changes: Sequence[tuple[Sequence[str | int], Sequence[Any]]]) -> str:
    """The text of a file with numbers changed wherever they stand in it.

    Parameters
    ----------
    changes
        For each the way to it, keys of tables and places in lists, and the items that are to stand there: decimals, ``-``, or in a
        list None for one that stays.

    Raises
    ------
    UsageError
        tomlkit is not installed.
    """
    tomlkit = need("tomlkit")
    document = tomlkit.parse(text)
    for keys, items in changes:
        holder = document
        for key in keys[:-1]:
            holder = holder[key]
        if isinstance(holder[keys[-1]], list) and tuple(items) != (NOTHING,):
            _change_list(holder[keys[-1]], items)
        else:
            values = [_toml(item) for item in items]
            holder[keys[-1]] = values if len(values) > 1 else values[0]
    return str(tomlkit.dumps(document))


def _change(document: Any, edit: Edit) -> None:
    rows = _at(document, edit.sheet.table)["rows"]
    name = edit.sheet.rows[edit.row]
    by_column = edit.sheet.columns[0][0] != ""
    holder, key = (rows[name], edit.column) if by_column else (rows, name)
    written = holder[key]
    if edit.items == (NOTHING,):
        holder[key] = NOTHING
    elif isinstance(written, list):
        _change_list(written, edit.items)
    else:
        values = [_toml(item) for item in edit.items]
        holder[key] = values if len(values) > 1 else values[0]


def _change_list(written: Any, items: Sequence[Any]) -> None:
    """Change a list where it stands; items that are no numbers stay as they are."""
    while len(written) > len(items):
        written.pop()
    for number, item in enumerate(items):
        if number == len(written):
            written.append(_toml(item))
        elif item is not None and not isinstance(item, Fixed) and not _is_same(written[number], item):
            written[number] = _toml(item)


def _is_same(written: Any, item: Any) -> bool:
    return bool(written == item if NOTHING in (written, item) else Decimal(str(written)) == item)


def _at(document: Any, table: str) -> Any:
    """The table at a place such as ``layers.critical.caps[1]``."""
    found = document
    for part in table.split("."):
        match = re.fullmatch(r"(.*?)(?:\[(\d+)\])?", part)
        assert match is not None, "a place is names, and numbers in brackets"
        found = found[match[1]]
        found = found if match[2] is None else found[int(match[2]) - 1]
    return found


def _toml(item: Any) -> Any:
    """A number as a parameter file has it: whole, or a text with its decimals."""
    if not isinstance(item, Decimal):
        return item
    return int(item) if item == item.to_integral_value() else f"{item.normalize():f}"
