"""Strict TOML: nothing unknown, nothing missing, nothing mistyped, no float.

A :class:`Table` hands out typed values and remembers what it was asked for. ``done()`` on the outermost table refuses
every key nobody asked for, here and in all tables below. Each message names the file and the key, what was found, what
was expected, and what to do; in lists the first item is ``[1]``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, MAX_FEN, bp_of_percent, fen_of_yuan, yuan
from qingsuan.policy.toml.file import decoded, parsed_text, read_bytes
from qingsuan.policy.toml.told import (
    SMALL_BP,
    asked_percent,
    described,
    did_you_mean,
    either,
    plain_percent,
    quoted_number,
)

__all__ = ["Table", "load"]

_T = TypeVar("_T")
_S = TypeVar("_S", bound=str)

_YUAN = 'an amount in yuan: a whole number (1200) or a text with at most two decimals ("92.80")'
_PERCENT = 'a percentage: a whole number (55) or a text with at most two decimals ("12.5")'
_MOST_COUNTED = 1_000_000
_EXACT = "exact"


def load(file: Traversable | Path, *, version: int = 1, label: str = "") -> Table:
    """Read one TOML file into its outermost table, with the SHA-256 of the bytes that were read, and check its ``format`` key.

    ``label`` is the name of the file in messages about what it holds; its path unless given.

    Raises
    ------
    PolicyError
        The file cannot be read, is not UTF-8, is not TOML, or has another number there than ``version``.
    """
    name = label or str(file)
    content = read_bytes(file)
    table = Table(parsed_text(decoded(content, file), name), file=name)
    table.digest = hashlib.sha256(content).hexdigest()
    if (found := table.whole("format", low=0)) != version:
        table.refuse("format", found=f"format {found}", expected=f"format = {version}", do="use the qingsuan it is for")
    return table


class Table:
    """One TOML table with its place in the file. Every getter raises :class:`~qingsuan.errors.PolicyError`.

    Getters take a ``default`` for keys that may be absent; without one the key must be there. A table may lie on another
    one (:meth:`lay_on`): a key that it does not have is then that of the other, and so is what is said about it.
    """

    def __init__(self, values: Mapping[str, Any], *, file: str, path: str = "") -> None:
        self.file, self.path = file, path
        self._values = values
        self._asked: dict[str, None] = {}
        self._children: list[Table] = []
        self._from_below: dict[str, Table] = {}
        self._part_of: Table | None = None
        self.digest = ""  # the SHA-256 of the file whose outermost table it is
        self.amount_of: Callable[[Table], int] | None = None  # how an amount is read that is a table

    # ---- the shape of the table

    @property
    def values(self) -> Mapping[str, Any]:
        """What the file has, as it stands; no key counts as known by that."""
        return MappingProxyType(dict(self._values))

    def lay_on(self, below: Table, *, without: Iterable[str] = (), whole: bool = False) -> None:
        """Take the keys that this table does not have from ``below``, but for those in ``without``; as a part of a ``whole``."""
        taken = {key: value for key, value in below.values.items() if key not in {*self._values, *without}}
        self._from_below = dict.fromkeys(taken, below)
        self._values = {**taken, **self._values}
        self._part_of = below if whole else None

    def part(self, where: str, values: Mapping[str, Any], *, without: Iterable[str] = ()) -> Table:
        """A part of this table, at ``where``, with a few keys of its own; it lies on this one."""
        part = self._child(dict(values), where)
        part.lay_on(self, without=without, whole=True)
        return part

    def has(self, key: str) -> bool:
        """Whether the key is there; the key counts as known from now on, where it is from, too."""
        self._asked[key] = None
        if key in self._from_below:
            return self._from_below[key].has(key)
        return key in self._values

    def is_table(self, key: str) -> bool:
        """Whether the key is there and holds a table."""
        return self.has(key) and isinstance(self._values[key], dict)

    def is_list(self, key: str) -> bool:
        """Whether the key is there and holds a list."""
        return self.has(key) and isinstance(self._values[key], list)

    def names(self) -> tuple[str, ...]:
        """Name every key, for tables whose keys are names."""
        return tuple(self._values)

    def named_values(self) -> tuple[tuple[str, Any], ...]:
        """Every name with its value, for tables whose keys are names; all count as known from now on."""
        self._asked.update(dict.fromkeys(self._values))
        return tuple(self._values.items())

    def where(self, key: str = "") -> str:
        """``file: path.to.key``, for messages."""
        return f"{self.file}: {self.place(key) or 'the file'}"

    def place(self, key: str = "") -> str:
        """``path.to.key``: of a key that this table has from another one, where it stands there."""
        name = re.split(r"[.\[]", key, maxsplit=1)[0]
        if (owner := self._from_below.get(name, None if name in self._values else self._part_of)) is not None and key:
            return owner.place(key)
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def refuse(self, key: str, *, found: str, expected: str = "", do: str = "") -> NoReturn:
        """Raise a PolicyError about a key of this table (or the table itself, with an empty key)."""
        raise PolicyError(self.where(key), found=found, expected=expected, do=do)

    def done(self) -> None:
        """Refuse every key, here and below, that nobody asked for."""
        for key in self._values:
            if key not in self._asked and key not in self._from_below:
                if key == _EXACT:
                    self.refuse(
                        key, found="no percentage below 2 beside it", expected="no such word here", do="take it out"
                    )
                hint = did_you_mean(key, [name for name in self._asked if name not in self._values] or self._asked)
                self.refuse(
                    key,
                    found=f'unknown key "{key}"',
                    expected=f"one of {', '.join(sorted(self._asked))}" if self._asked else "no key here",
                    do=hint or "take the key out",
                )
        for child in self._children:
            child.done()

    # ---- texts, dates, choices

    def text(self, key: str, default: str | None = None) -> str:
        """Read a text that is not empty."""
        return self._get(key, default, self._text)

    def texts(self, key: str, default: Sequence[str] | None = None, *, empty: bool = False) -> tuple[str, ...]:
        """Read a list of different texts; ``empty`` allows the empty text among them."""

        def read(value: Any, where: str) -> tuple[str, ...]:
            items = tuple(self._text(item, at, empty=empty) for item, at in self._items(value, where, "texts"))
            for number, item in enumerate(items, 1):
                if item in items[: number - 1]:
                    self.refuse(f"{where}[{number}]", found=f'"{item}" twice', do="write it once")
            return items

        return self._get(key, None if default is None else tuple(default), read)

    def choice(self, key: str, options: tuple[_S, ...], default: _S | None = None) -> _S:
        """Read a text out of ``options``."""

        def read(value: Any, where: str) -> _S:
            for option in options:
                if value == option:
                    return option
            hint = did_you_mean(value, options) if isinstance(value, str) else ""
            self.refuse(where, found=described(value), expected=either(options), do=hint or "write one of these")

        return self._get(key, default, read)

    def date(self, key: str, default: dt.date | None = None) -> dt.date:
        """Read a TOML date without a time, unquoted."""
        return self._get(key, default, self._date)

    def dates(self, key: str) -> tuple[dt.date, ...]:
        """Read a list of different TOML dates."""

        def read(value: Any, where: str) -> tuple[dt.date, ...]:
            days = tuple(self._date(item, at) for item, at in self._items(value, where, "dates"))
            for number, day in enumerate(days, 1):
                if day in days[: number - 1]:
                    self.refuse(f"{where}[{number}]", found=f"{day} twice", do="write it once")
            return days

        return self._get(key, None, read)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Read ``true`` or ``false``."""

        def read(value: Any, where: str) -> bool:
            if not isinstance(value, bool):
                self.refuse(where, found=described(value), expected="true or false", do="write it without quotes")
            return value

        return self._get(key, default, read)

    # ---- numbers

    def whole(self, key: str, default: int | None = None, *, low: int = -MAX_FEN, high: int = MAX_FEN) -> int:
        """Read a whole number within bounds, both inclusive."""

        def read(value: Any, where: str) -> int:
            expected = f"a whole number from {low} to {high}"
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                self.refuse(where, found=described(value), expected=expected, do="write it without point and quotes")
            return value

        return self._get(key, default, read)

    def wholes(self, key: str) -> tuple[int, ...]:
        """Read a list of whole numbers from 1 on that count something."""

        def one(value: Any, where: str) -> int:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_COUNTED:
                expected = f"a whole number from 1 to {_MOST_COUNTED}: visits are counted here, not yuan"
                self.refuse(where, found=described(value), expected=expected, do="write it without point and quotes")
            return value

        return self._get(key, None, lambda value, where: self._many(value, where, "whole numbers", one))

    def yuans(self, key: str) -> tuple[int | str, ...]:
        """Read a list of amounts in yuan, handed over as they are written."""
        amounts = zip(self._values.get(key, ()), self.yuans_fen(key), strict=True)
        return tuple(yuan(fen) if isinstance(value, dict) else value for value, fen in amounts)

    def yuan_fen(self, key: str, default: int | None = None) -> int:
        """Read yuan, handed over in fen: 0 to :data:`~qingsuan.money.MAX_FEN`."""
        return self._get(key, default, self._fen)

    def yuans_fen(self, key: str) -> tuple[int, ...]:
        """Read a list of amounts in yuan, handed over in fen."""
        return self._get(key, None, lambda value, where: self._many(value, where, "amounts in yuan", self._fen))

    def yuan_or_yuans_fen(self, key: str) -> tuple[int, ...]:
        """Read one amount in yuan, or a list of them, handed over in fen."""
        if self.is_list(key):
            return self.yuans_fen(key)
        return (self.yuan_fen(key),)

    def percent_bp(self, key: str, default: int | None = None, *, low: int = 0, high: int = BP_ONE) -> int:
        """Read a percentage, handed over in basis points; ``low`` and ``high`` (basis points) are inclusive.

        One between 0 and 2 percent looks like a share of one: it needs ``exact = true`` beside it.
        """
        return self._get(key, default, lambda value, where: self._bp(value, where, low, high, SMALL_BP))

    def percents_bp(self, key: str) -> tuple[int, ...]:
        """Read a list of percentages from 0 to 100, handed over in basis points; small ones as in :meth:`percent_bp`."""

        def one(value: Any, where: str) -> int:
            return self._bp(value, where, 0, BP_ONE, SMALL_BP)

        return self._get(key, None, lambda value, where: self._many(value, where, "percentages", one))

    def points_bp(self, key: str, default: int | None = None) -> int:
        """Read percentage points, which may be negative; less than one point needs ``exact = true`` beside it."""
        return self._get(key, default, lambda value, where: self._bp(value, where, -BP_ONE, BP_ONE, BP_ONE // 100))

    def percents_by_name_bp(self, key: str) -> dict[str, int]:
        """Read a table of percentages under names; small ones need ``exact = true`` beside the table."""
        inner = self.table(key)
        return {name: self._bp(value, f"{key}.{name}", 0, BP_ONE, SMALL_BP) for name, value in inner.named_values()}

    # ---- tables below

    def table(self, key: str) -> Table:
        """Read a table that must be there (``[key]`` or ``key = { … }``)."""
        return self._get(key, None, self._child)

    def tables(self, key: str) -> tuple[Table, ...]:
        """Read a list of tables (``[[key]]``); empty when absent."""
        if not self.has(key):
            return ()
        items = self._items(self._values[key], key, "tables")
        return tuple(self._child(item, at) for item, at in items)

    def named_tables(self, key: str) -> dict[str, Table]:
        """Read tables under names (``[key.name]``), in the order of the file; empty when absent."""
        if not self.has(key):
            return {}
        outer = self.table(key)
        return {name: outer.table(name) for name in outer.names()}

    # ---- inside

    def _get(self, key: str, default: _T | None, read: Callable[[Any, str], _T]) -> _T:
        if self.has(key):
            return read(self._values[key], key)
        if default is None:
            near = difflib.get_close_matches(
                key, [name for name in self._values if name not in self._asked], n=1, cutoff=0.65
            )
            do = f'there is "{near[0]}" here: is it meant to be "{key}"?' if near else f"add {key} = …"
            self.refuse(key, found="this key is missing", expected=f"the key {key}", do=do)
        return default

    def _items(self, value: Any, where: str, what: str) -> list[tuple[Any, str]]:
        if not isinstance(value, list):
            do = "write [[double brackets]]" if isinstance(value, dict) else "write it in [brackets]"
            self.refuse(where, found=described(value), expected=f"a list of {what}", do=do)
        return [(item, f"{where}[{number}]") for number, item in enumerate(value, 1)]

    def _many(self, value: Any, where: str, what: str, one: Callable[[Any, str], int]) -> tuple[int, ...]:
        return tuple(one(item, at) for item, at in self._items(value, where, what))

    def _date(self, value: Any, where: str) -> dt.date:
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            do = "take the quotes away" if isinstance(value, str) else "write a date"
            self.refuse(where, found=described(value), expected="a date such as 2021-01-01", do=do)
        return value

    def _child(self, value: Any, where: str) -> Table:
        if not isinstance(value, dict):
            self.refuse(where, found=described(value), expected="a table: { key = value, … }", do="write it in braces")
        child = Table(value, file=self.file, path=self.place(where))
        child.amount_of = self.amount_of
        self._children.append(child)
        return child

    def _text(self, value: Any, where: str, *, empty: bool = False) -> str:
        if not isinstance(value, str):
            self.refuse(where, found=described(value), expected="a text", do='write it in quotes: "…"')
        if value != value.strip() or not (value or empty):
            expected = "a text without blanks around it" if value.strip() else "a text that is not empty"
            self.refuse(where, found=described(value), expected=expected, do="fill it in, or trim it")
        return value

    def _fen(self, value: Any, where: str) -> int:
        if isinstance(value, dict) and self.amount_of is not None:
            return self.amount_of(self._child(value, where))
        fen = self._number(value, where, fen_of_yuan, _YUAN, quoted_number)
        if not 0 <= fen <= MAX_FEN:
            self.refuse(
                where,
                found=described(value),
                expected=f"from 0 to {yuan(MAX_FEN)} yuan",
                do="write the amount of the document, in yuan",
            )
        return fen

    def _bp(self, value: Any, where: str, low: int, high: int, small: int) -> int:
        bp = self._number(value, where, bp_of_percent, _PERCENT, asked_percent)
        if not low <= bp <= high:
            expected = f"from {low // 100} to {high // 100} %"
            self.refuse(where, found=described(value), expected=expected, do="write the percentage of the document")
        if 0 < abs(bp) < small and not self.flag(_EXACT, default=False):
            self.refuse(
                where,
                found=described(value),
                expected=f"at least {small // 100}, or exact = true beside it: 0.6 is 0.6 %, and rarely meant",
                do=f"write {plain_percent(bp * 100)} if {plain_percent(bp * 100)} % is meant, "
                f"exact = true beside it if {plain_percent(bp)} % is",
            )
        return bp

    def _number(
        self,
        value: Any,
        where: str,
        read: Callable[[str | int], int],
        expected: str,
        of_float: Callable[[Decimal], str],
    ) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            do = of_float(value) if isinstance(value, Decimal) else "write one number here"
            self.refuse(where, found=described(value), expected=expected, do=do)
        try:
            return read(value)
        except ValueError:
            self.refuse(where, found=described(value), expected=expected, do="write the number of the document")
