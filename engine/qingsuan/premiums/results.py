"""What comes out of a partition, and what all of them come to: people, sums by county, group and bearer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import arrow
from qingsuan.premiums.intake import NO_DAY
from qingsuan.premiums.model import BEARERS
from qingsuan.premiums.terms import Lists

__all__ = ["AMOUNTS", "BEARER_NAMES", "SUMS", "Sum", "carried_table", "premium_table", "sums_of", "totals_of"]

AMOUNTS = (
    "standard",
    *BEARERS,
    "assisted",
    "carried_in",
    "due",
    "paid",
    "paid_elsewhere",
    "shortfall",
    "overpaid",
    "carried_out",
)
"""Amounts of a person: due = standard − assisted + carried_in; assisted = Σ of those who bear it; shortfall − overpaid = due − paid."""

SUMS = ["admdvs", "group", "heads", "in_arrears", *AMOUNTS]
"""Sums of a partition by county and group: people, people who owe, amounts in fen."""

BEARER_NAMES = {
    "assistance": "医疗救助",
    "finance": "财政",
    "province": "省/自治区",
    "prefecture": "市/盟",
    "county": "县/旗",
}
"""Who bears premiums, in reports."""

_MONEY = pa.decimal128(20, 2)
_RATIO = pa.decimal128(9, 4)


def premium_table(
    lists: Lists,
    ids: pa.Array,
    county: pa.Array,
    group: npt.NDArray[np.int32],
    amounts: Mapping[str, npt.NDArray[np.int64]],
    last_paid: npt.NDArray[np.int32],
) -> pa.Table:
    """``premiums``: one row per person who counts, in the order of people; ``assist_group`` is null for who is in none."""
    names = pa.array([group.id for _, group in lists.groups], pa.string())
    groups = pa.DictionaryArray.from_arrays(pa.array(group - 1, mask=group == 0), names)
    days = pa.array(last_paid, mask=last_paid == NO_DAY).view(pa.date32())
    money = {f"{name}_amt" if name in BEARERS else name: decimals(amounts[name]) for name in AMOUNTS}
    columns = {"psn_no": ids, "insu_admdvs": county, "assist_group": groups, **money, "last_paid": days}
    may_be_null = ("assist_group", "last_paid")
    schema = pa.schema([pa.field(name, column.type, name in may_be_null) for name, column in columns.items()])
    return pa.table(list(columns.values()), schema=schema)


def carried_table(
    lists: Lists, ids: pa.Array, admdvs: npt.NDArray[np.int64], carried: npt.NDArray[np.int64]
) -> pa.Table:
    """``carried``: what each person still owes, and into which year it goes; as a later run takes it in."""
    owing = np.flatnonzero(carried > 0)
    into = np.zeros(100, np.int64)
    for prefix, rule in lists.rules.rules.items():
        into[int(prefix)] = rule.carry_into or 0
    return pa.table(
        {
            "psn_no": ids.take(pa.array(owing)),
            "year": arrow(np.full(len(owing), lists.rules.year, np.int64)),
            "into": arrow(into[admdvs[owing] // 10_000]),
            "amount": decimals(carried[owing]),
        }
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """What the people of one county and group come to: heads, those in arrears, fen by :data:`AMOUNTS`."""

    admdvs: str
    group: int
    heads: int
    in_arrears: int
    fen: tuple[int, ...]

    def amount(self, name: str) -> int:
        """One of :data:`AMOUNTS`, in fen."""
        return self.fen[AMOUNTS.index(name)]


def sums_of(parts: Iterable[pa.Table]) -> tuple[Sum, ...]:
    """Add up the partitions, by county and group."""
    found: dict[tuple[int, int], list[int]] = {}
    for part in parts:
        for county, group, *numbers in zip(*(part[name].to_pylist() for name in SUMS), strict=True):
            mine = found.setdefault((county, group), [0] * len(numbers))
            found[county, group] = [one + other for one, other in zip(mine, numbers, strict=True)]
    return tuple(Sum(str(key[0]), key[1], n[0], n[1], tuple(n[2:])) for key, n in sorted(found.items()))


def totals_of(lists: Lists, sums: Sequence[Sum]) -> dict[str, pa.Table]:
    """The small tables at the end, by file."""
    tables = {
        "totals/county.parquet": _by(sums, lambda each: _place(lists, each.admdvs)),
        "totals/prefecture.parquet": _by(sums, lambda each: _unit(lists, each.admdvs)),
        "totals/group.parquet": _by(sums, lambda each: _group(lists, each)),
        "totals/bearer.parquet": _bearers(lists, sums),
    }
    if lists.tables.must_insure:
        tables["totals/coverage.parquet"] = _coverage(lists, sums)
    return tables


def _place(lists: Lists, admdvs: str) -> dict[str, str]:
    return {**_unit(lists, admdvs), "admdvs": admdvs, "county": lists.rules.county(admdvs) or ""}


def _unit(lists: Lists, admdvs: str) -> dict[str, str]:
    code, name = lists.rules.unit(admdvs)
    return {"region": lists.rules.rules[admdvs[:2]].region, "prefecture": code, "name": name}


def _group(lists: Lists, each: Sum) -> dict[str, str]:
    region = lists.rules.rules[each.admdvs[:2]].region
    if not each.group:
        return {"region": region, "assist_group": "", "title": "not assisted 不资助"}
    group = lists.groups[each.group - 1][1]
    return {"region": region, "assist_group": group.id, "title": group.title}


def _by(sums: Sequence[Sum], key: Callable[[Sum], dict[str, str]]) -> pa.Table:
    """Heads and amounts by what ``key`` gives, in its order."""
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for each in sums:
        mine = groups.setdefault(tuple(key(each).items()), [0] * (2 + len(AMOUNTS)))
        for place, number in enumerate((each.heads, each.in_arrears, *each.fen)):
            mine[place] += number
    ordered = sorted(groups.items())
    names = [name for name, _ in ordered[0][0]] if ordered else []
    columns: dict[str, Any] = {name: pa.array([dict(told)[name] for told, _ in ordered], pa.string()) for name in names}
    for place, name in enumerate(("heads", "in_arrears")):
        columns[name] = pa.array([numbers[place] for _, numbers in ordered], pa.int64())
    for place, name in enumerate(AMOUNTS, 2):
        column = f"{name}_amt" if name in BEARERS else name
        columns[column] = money(numbers[place] for _, numbers in ordered)
    return pa.table(columns)


def _bearers(lists: Lists, sums: Sequence[Sum]) -> pa.Table:
    """Who bears how much for how many people, by county and group; only what is not nothing."""
    rows: list[dict[str, Any]] = []
    for each in sums:
        for bearer, fen in zip(BEARERS, each.fen[1 : 1 + len(BEARERS)], strict=True):
            if fen:
                told = _place(lists, each.admdvs) | _group(lists, each)
                rows.append(
                    told | {"bearer": bearer, "bearer_name": BEARER_NAMES[bearer], "heads": each.heads, "fen": fen}
                )
    names = ("region", "prefecture", "name", "admdvs", "county", "assist_group", "title", "bearer", "bearer_name")
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
    columns["heads"] = pa.array([row["heads"] for row in rows], pa.int64())
    return pa.table(columns | {"amount": money(int(row["fen"]) for row in rows)})


def _coverage(lists: Lists, sums: Sequence[Sum]) -> pa.Table:
    """Residents insured ÷ residents who must be (应保尽保), of the counties that the bureau's table names; four decimals, rounded."""
    heads: dict[str, int] = defaultdict(int)
    for each in sums:
        heads[each.admdvs] += each.heads
    named = sorted(lists.tables.must_insure.items())
    columns = {
        "admdvs": pa.array([code for code, _ in named], pa.string()),
        "county": pa.array([lists.rules.county(code) or "" for code, _ in named], pa.string()),
        "heads": pa.array([heads[code] for code, _ in named], pa.int64()),
        "must_insure": pa.array([people for _, people in named], pa.int64()),
        "share": pa.array([Decimal(_rounded(heads[code], people)).scaleb(-4) for code, people in named], _RATIO),
    }
    return pa.table(columns)


def _rounded(part: int, whole: int) -> int:
    """A share in basis points, half away from zero."""
    return (part * 20_000 + whole) // (2 * whole)


def money(values: Iterable[int]) -> pa.Array:
    """Fen as decimals in yuan, exactly."""
    return pa.array([Decimal(fen).scaleb(-2) for fen in values], _MONEY)
