"""Rows and columns: what each of them stands for, as conditions of which no two hold at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from qingsuan.policy.conditions import read_when
from qingsuan.policy.matrices.conditions import Unsayable, meet, without
from qingsuan.policy.model import Dimension, When
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.tables import Group

__all__ = ["ALL", "OTHERS", "WHO", "Axes", "Line", "label", "read_who"]

WHO = "who"
"""What tells rows apart unless the table says otherwise: the groups of ``[who]``."""

OTHERS = "others"
"""The row, or column, of whatever is in no other one."""

ALL = "all"
"""The one row of a table that tells nobody apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row or column: its name in the file, and where it holds: conjunctions that exclude each other."""

    name: str
    whens: tuple[When, ...]


def read_who(root: Table, dimensions: tuple[Dimension, ...], rank: tuple[str, ...]) -> tuple[Group, ...]:
    """Read ``[who]``: groups of people by name, each a table of conditions.

    Raises
    ------
    PolicyError
        A group has a name that rows use otherwise, no condition, or one that cannot be read.
    """
    groups = []
    for name, table in root.named_tables(WHO).items():
        if name in {OTHERS, ALL}:
            do = "choose another name"
            table.refuse("", found=f'a group named "{name}"', expected="rows have that name of their own", do=do)
        when = read_when(table, dimensions, rank)
        if not when:
            table.refuse(
                "", found="a group without a condition", expected="at least one dimension", do="say who is in it"
            )
        groups.append(Group(name, when))
    return tuple(groups)


class Axes:
    """Reads rows and columns, knowing the groups of people and the dimensions of the rule set; notes which groups are named."""

    def __init__(self, who: Sequence[Group], dimensions: tuple[Dimension, ...], rank: tuple[str, ...]) -> None:
        self.who = {group.name: group for group in who}
        self.dimensions, self.rank = dimensions, rank
        self.named: set[str] = set()

    def refuse_unused(self, root: Table) -> None:
        """Refuse a group of ``[who]`` that no table names, once all of them are read."""
        for name in self.who:
            if name not in self.named:
                root.refuse(
                    f"{WHO}.{name}",
                    found="this group is used nowhere",
                    expected="a group that a row or column names",
                    do="take it out, or mend the name where it was meant to be used",
                )

    def columns(self, table: Table) -> tuple[str, tuple[Line, ...]]:
        """Read ``columns = { dimension = [keys] }``: what tells them apart, and each; a single one where there is no such key."""
        if not table.has("columns"):
            return "", (Line("", ({},)),)
        columns = table.table("columns")
        if len(columns.names()) != 1:
            do = 'write columns = { dedc_hosp_lv = ["1", "2"] }'
            found = f"columns by {' and '.join(columns.names()) or 'nothing'}"
            columns.refuse("", found=found, expected="one dimension, or who", do=do)
        by = columns.names()[0]
        columns.has(by)
        keys = columns.values[by]
        if not isinstance(keys, list) or not keys:
            columns.refuse(by, found="no list of columns", expected="a list of columns", do='write ["1", "2"]')
        for number, key in enumerate(keys):
            if key in keys[:number]:
                columns.refuse(
                    f"{by}[{number + 1}]", found=f'the column "{label(key)}" again', expected="every column once",
                    do="take one of them out, and its cell of every row",
                )  # fmt: skip
        lines = self._lines(columns, by, [(f"{by}[{n}]", key) for n, key in enumerate(keys, 1)], "column")
        return by, lines

    def rows(self, table: Table, rows: Table) -> tuple[str, tuple[Line, ...]]:
        """What tells the rows of a table apart, and what each stands for, in the order of the file."""
        by, names = table.text("rows_by", WHO), rows.names()
        if names == (ALL,):
            return by, (Line(ALL, ({},)),)
        if ALL in names:
            do = f'name the row "{OTHERS}", or take the other rows out'
            rows.refuse(
                ALL, found=f'the row "{ALL}" beside {len(names) - 1} more', expected="a row for everybody alone", do=do
            )
        return by, self._lines(rows, by, [(name, name) for name in names], "row")

    def _lines(self, table: Table, by: str, keys: Sequence[tuple[str, Any]], kind: str) -> tuple[Line, ...]:
        if by == WHO:
            return self._groups(table, keys, kind)
        whens = [(at, key, self._when(table, by, at, key)) for at, key in keys if key != OTHERS]
        for (_, one, first), (at, other, second) in combinations(whens, 2):
            if self._said(table, at, other, lambda first=first, second=second: meet(first, second)):
                table.refuse(
                    at,
                    found=f'the {kind}s "{label(one)}" and "{label(other)}" hold at once',
                    expected=f"{kind}s of which one holds at most",
                    do="narrow one of the two",
                )
        found = {at: Line(label(key), (when,)) for at, key, when in whens}
        for at, key in keys:
            if key == OTHERS:
                rest = self._said(table, at, key, lambda: without({}, [when for _, _, when in whens]))
                found[at] = Line(OTHERS, rest)
        return tuple(found[at] for at, _ in keys)

    def _when(self, table: Table, by: str, at: str, key: Any) -> When:
        """The condition of one key of a dimension: a code, a list of codes, or a table as conditions have it."""
        values = {by: [key] if isinstance(key, str) else key}
        written = Table(values, file=table.file, path=f"{table.path}.{at}")
        when = read_when(written, self.dimensions, self.rank)
        written.done()
        return when

    def _groups(self, table: Table, keys: Sequence[tuple[str, Any]], kind: str) -> tuple[Line, ...]:
        """Groups of people: each without those that stand before it under ``[who]`` and are in the same table."""
        for at, name in keys:
            if name != OTHERS and name not in self.who:
                hint = did_you_mean(str(name), [*self.who, OTHERS]) or f"declare it: {name} = {{ … }} under [who]"
                table.refuse(
                    at,
                    found=f'no group "{label(name)}"',
                    expected=f"a group of [who] or {OTHERS}: {', '.join([*self.who, OTHERS])}",
                    do=hint,
                )
        named = [group for group in self.who.values() if group.name in {name for _, name in keys}]
        self.named.update(group.name for group in named)
        lines = {}
        for at, name in keys:
            before = named if name == OTHERS else named[: [group.name for group in named].index(name)]
            when: When = {} if name == OTHERS else self.who[name].when
            left = self._said(table, at, name, lambda when=when, before=before: without(when, [g.when for g in before]))
            if not left:
                table.refuse(
                    at,
                    found=f'nobody is left for the {kind} "{name}": whoever is in it is in {" or ".join(g.name for g in before)}',
                    expected="a group that reaches somebody whom no group before it under [who] has",
                    do="exchange the two under [who], or take the row out",
                )
            lines[at] = Line(name, left)
        return tuple(lines[at] for at, _ in keys)

    def _said(self, table: Table, at: str, key: Any, work: Any) -> tuple[When, ...]:
        try:
            found: tuple[When, ...] = work()
        except Unsayable as error:
            table.refuse(
                at,
                found=f'"{label(key)}" would be a prefix of codes without {error}',
                expected="groups and keys of which one lies wholly inside the other, or apart from it",
                do="write the codes out instead of the prefix",
            )
        return found


def label(key: Any) -> str:
    """What a row or column is called: its code, its codes, or its condition as the file writes it."""
    match key:
        case str():
            return key
        case list():
            return ", ".join(str(one) for one in key)
        case Mapping():
            return ", ".join(f"{name} {label(value)}" for name, value in key.items())
    return str(key)
