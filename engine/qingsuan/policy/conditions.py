"""The dimensions of a decision table, and the conditions on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from qingsuan.errors import PolicyError
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import GROUP_KEYS, Codes, Condition, Dimension, Held, Interval, RuleSet, When
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.file import read_text
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.figures import beside
from qingsuan.policy.when.registrations import INTERVAL_KINDS, REGISTERED_COLUMNS
from qingsuan.policy.when.values import ANY_OF, AnyOf

__all__ = [
    "CODE_COLUMNS",
    "CODE_DIMENSIONS",
    "IDENTITY_DIMENSION",
    "INTERVAL_DIMENSIONS",
    "check_group_keys",
    "read_dimensions",
    "read_when",
    "said_as",
]

IDENTITY_DIMENSION = "psn_idet_type"
"""The dimension of the engine whose condition is :class:`Held`."""

CODE_COLUMNS = (
    "insutype",
    "med_type",
    "dedc_hosp_lv",
    "psn_type",
    IDENTITY_DIMENSION,
    "place",
    "referral",
    "dise_code",
)
"""Dimensions of the engine whose values are codes, in the order in which a diagram asks them."""

CODE_DIMENSIONS = tuple(name for name in CODE_COLUMNS if name != IDENTITY_DIMENSION)
"""Dimensions of the engine whose condition is :class:`Codes`."""

INTERVAL_DIMENSIONS = ("age", "medfee_sumamt", "date")
"""Dimensions of the engine whose condition is :class:`Interval`."""

_TableName = Literal["claims", "insured"]

_TABLES: tuple[_TableName, ...] = ("claims", "insured")
_EPOCH = dt.date(1970, 1, 1)
_ENGINE_DIMENSIONS = (*CODE_DIMENSIONS, IDENTITY_DIMENSION, *INTERVAL_DIMENSIONS)


def said_as(rule_set: RuleSet, dimension: str) -> str:
    """The dimension of the engine as whose values those of a dimension are said and written: a date of the rule set's own is one."""
    is_date = any(one.name == dimension and one.kind == "date" for one in rule_set.dimensions)
    return "date" if is_date else dimension


def read_dimensions(root: Table, folder: Traversable | Path) -> tuple[Dimension, ...]:
    """Read ``[dimensions.NAME]``; lists are read from text files in ``folder``.

    Raises
    ------
    PolicyError
        A key is wrong, a name is one of the engine's, or a list is missing, empty or says a value twice.
    """
    dimensions = []
    for name, table in root.named_tables("dimensions").items():
        if name in _ENGINE_DIMENSIONS:
            table.refuse("", found=f'"{name}" is a dimension of the engine', expected="another name", do="rename it")
        if name == ANY_OF:
            table.refuse("", found=f'"{name}", which holds alternatives', expected="another name", do="rename it")
        dimensions.append(_READ_DIMENSION[table.choice("kind", tuple(_READ_DIMENSION))](name, table, folder))
    return tuple(dimensions)


def _code(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    return Dimension(name, "code", table=_table(table), column=table.text("column"))


def _number(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    return Dimension(name, "number", table=_table(table), column=table.text("column"))


def _date(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    return Dimension(name, "date", table=_table(table), column=table.text("column"))


def _list(name: str, table: Table, folder: Traversable | Path) -> Dimension:
    file = table.text("file")
    if "/" in file or "\\" in file:
        table.refuse("file", found=f'the path "{file}"', expected="a file name", do="put the file beside the rule set")
    members = _members(table, folder / file)
    return Dimension(name, "list", table=_table(table), column=table.text("column"), members=members)


def _function(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    return Dimension(name, "function", function=table.text("function"))


def _registered(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    column = table.choice("column", REGISTERED_COLUMNS)
    return Dimension(name, "registered", "registrations", column, reg_type=table.text("reg_type"))


def _registrations(name: str, table: Table, _folder: Traversable | Path) -> Dimension:
    return Dimension(name, "registrations", "registrations", reg_type=table.text("reg_type"))


_READ_DIMENSION: Mapping[str, Callable[[str, Table, Traversable | Path], Dimension]] = {
    "code": _code,
    "number": _number,
    "date": _date,
    "list": _list,
    "function": _function,
    "registered": _registered,
    "registrations": _registrations,
}


def _table(table: Table) -> _TableName:
    return table.choice("table", _TABLES, "claims")


def _members(table: Table, file: Traversable | Path) -> frozenset[str]:
    """Read a list: one value a line; blank lines and what follows ``#`` do not count."""
    if not file.is_file():
        table.refuse("file", found=f'no file "{file.name}"', expected="a file beside the rule set", do="ship it")
    members: dict[str, int] = {}
    for number, line in enumerate(read_text(file).splitlines(), 1):
        value = line.partition("#")[0].strip()
        if value in members:
            raise PolicyError(
                f"{file}: line {number}", found=f'"{value}" again, first on line {members[value]}', do="take one out"
            )
        if value:
            members[value] = number
    if not members:
        table.refuse("file", found=f'no value in "{file.name}"', expected="one value a line", do="fill the list")
    return frozenset(members)


def read_when(table: Table, dimensions: tuple[Dimension, ...], rank: tuple[str, ...] = ()) -> When:
    """Read a table of conditions, one per dimension, and alternatives under ``any_of``.

    ``rank`` orders the identity classes of the rule set.

    Raises
    ------
    PolicyError
        A dimension is unknown, its condition is not one of its kind, or there are not two alternatives.
    """
    when = dict(_conditions(table, dimensions, rank))
    if table.has(ANY_OF):
        alternatives = table.tables(ANY_OF)
        if len(alternatives) < 2:
            found = "one alternative" if alternatives else "an empty list"
            do = (
                "write its conditions beside the others, without any_of"
                if alternatives
                else "name them, or take it out"
            )
            table.refuse(ANY_OF, found=found, expected="at least two tables of conditions", do=do)
        when[ANY_OF] = AnyOf(tuple(_alternative(one, dimensions, rank) for one in alternatives))
    return when


def _alternative(table: Table, dimensions: tuple[Dimension, ...], rank: tuple[str, ...]) -> When:
    if table.has(ANY_OF):
        do = "write each combination as an alternative of its own"
        table.refuse(ANY_OF, found="alternatives inside an alternative", expected="one list of alternatives", do=do)
    if not table.names():
        do = "leave any_of out if any claim will do"
        table.refuse("", found="an alternative without a condition", expected="at least one dimension", do=do)
    return dict(_conditions(table, dimensions, rank))


def _conditions(
    table: Table, dimensions: tuple[Dimension, ...], rank: tuple[str, ...]
) -> Iterator[tuple[str, Condition]]:
    numbers = {one.name: "date" if one.kind == "date" else one.name for one in dimensions if one.kind in INTERVAL_KINDS}
    known = (*_ENGINE_DIMENSIONS, *(dimension.name for dimension in dimensions))
    for name in table.names():
        if name == ANY_OF:
            continue
        if name not in known:
            hint = did_you_mean(name, (*known, ANY_OF)) or f"declare it: [dimensions.{name}]"
            expected = f"one of {', '.join((*known, ANY_OF))}"
            table.refuse(name, found=f'unknown dimension "{name}"', expected=expected, do=hint)
        if name in INTERVAL_DIMENSIONS or name in numbers:
            yield name, _interval(table.table(name), numbers.get(name, name))
        elif name == IDENTITY_DIMENSION:
            yield name, _held(table, name, rank)
        else:
            yield name, _codes(table, name)


def _codes(table: Table, name: str) -> Codes:
    negated = table.is_table(name)
    holder, key = (table.table(name), "not") if negated else (table, name)
    patterns = holder.texts(key, empty=True)
    if not patterns:
        do = "leave the dimension out if any value will do"
        holder.refuse(key, found="an empty list", expected="at least one code", do=do)
    for number, pattern in enumerate(patterns, 1):
        if pattern == "*" or "*" in pattern[:-1]:
            do = 'leave the dimension out for any value; { not = [""] } is any value that is there'
            expected = "a code, or a prefix ending in *"
            holder.refuse(f"{key}[{number}]", found=f'the pattern "{pattern}"', expected=expected, do=do)
    return Codes(patterns, negated)


def _held(table: Table, name: str, rank: tuple[str, ...]) -> Held:
    if not table.is_table(name):
        table.refuse(
            name,
            found="a condition that is not a table",
            expected="{ any = […] }, { all = […] }, { none = […] } or { highest = […] }, over names of [identities]",
            do=f'declare the codes as a class under [identities], and write {name} = {{ any = ["its name"] }} here',
        )
    asked = table.table(name)
    if asked.has("not"):
        do = "write none = […]: the person holds none of these classes"
        asked.refuse("not", found="the key not", expected="any, all, none or highest", do=do)
    condition = Held(*(asked.texts(key, ()) for key in ("any", "all", "none", "highest")))
    asked.done()
    for key in ("any", "all", "none", "highest"):
        if asked.has(key) and not getattr(condition, key):
            asked.refuse(key, found="an empty list", expected="at least one class", do="name one, or take the key out")
    if condition == Held():
        asked.refuse("", found="no class", expected="any, all, none or highest", do="leave it out if anybody will do")
    if not condition.highest:
        return condition
    if not rank:
        do = "add [identity_rank] with order = […] and its source"
        asked.refuse("highest", found="highest, where no rank is stated", expected="a rank of the classes", do=do)
    return replace(condition, rank=rank)


def _interval(table: Table, name: str) -> Interval:
    words = _BOUNDS.get(name, _BOUNDS[""])
    for word in table.names():
        if word in _ALL_BOUNDS and word not in words:
            right = next(key for key in words if _ALL_BOUNDS[key] == _ALL_BOUNDS[word])
            table.refuse(
                word,
                found=f"the bound {word}",
                expected=" and ".join(f"{key} ({meaning})" for key, meaning in words.items()),
                do=f"write {right}, and the bound as {right} means it: {words[right]}",
            )
    interval = _READ_INTERVAL.get(name, _from_below)(table)
    table.done()
    if interval == Interval():
        table.refuse("", found="no bound", expected="a lower bound, an upper bound, or both", do="add one")
    return interval


def _from_below(table: Table) -> Interval:
    low = table.whole("from") if table.has("from") else None
    return Interval(low, table.whole("below") if table.has("below") else None)


def _above_upto(table: Table) -> Interval:
    low = beside(table.yuan_fen("above"), 1) if table.has("above") else None
    return Interval(low, beside(table.yuan_fen("upto"), 1) if table.has("upto") else None)


def _from_until(table: Table) -> Interval:
    low = (table.date("from") - _EPOCH).days if table.has("from") else None
    return Interval(low, (table.date("until") - _EPOCH).days + 1 if table.has("until") else None)


_ALL_BOUNDS = {"from": "low", "above": "low", "below": "high", "upto": "high", "until": "high"}
_BOUNDS: Mapping[str, Mapping[str, str]] = {
    "": {"from": "this or more", "below": "less than this"},
    "medfee_sumamt": {"above": "more than this", "upto": "this or less"},
    "date": {"from": "this day or later", "until": "this day or earlier"},
}
"""The words for bounds, and what they mean: of numbers such as an age, of the total cost, of a date."""

_READ_INTERVAL: Mapping[str, Callable[[Table], Interval]] = {"medfee_sumamt": _above_upto, "date": _from_until}


_KEY_KINDS = ("code", "function")


def check_group_keys(rule_set: RuleSet) -> Iterator[Finding]:
    """Find keys of groups (单病种限额, 定点一家) that are no column of claims, and no dimension of codes."""
    kinds = {dimension.name: dimension.kind for dimension in rule_set.dimensions}
    known = [*GROUP_KEYS, *(name for name, kind in kinds.items() if kind in _KEY_KINDS and name not in GROUP_KEYS)]
    for group, by in rule_set.group_keys.items():
        if by not in known:
            yield Finding(
                rule_set.file,
                f"groups.{group}.by",
                f'"{by}", a dimension of kind {kinds[by]}' if by in kinds else f'no column "{by}"',
                f"one of {', '.join(known)}",
                did_you_mean(by, known)
                or "declare it under [dimensions] with kind code or function: a group is kept apart by a code",
            )
