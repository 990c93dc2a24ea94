"""The tables of a simulation, made of its sums (``docs/simulate.md``): amounts in yuan, before and by how much they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import decimals, decimals_or_null
from qingsuan.columns.tenths import TENTHS, first_of, tenths
from qingsuan.policy.model import FUNDS
from qingsuan.simulation.adding import Added
from qingsuan.simulation.seeking import Tried
from qingsuan.simulation.views import AGES, MEASURES, Cells

__all__ = ["DIMENSIONS", "Told", "tables_of"]

Int64 = npt.NDArray[np.int64]

DIMENSIONS = ("pool", "insutype", "identity", "age", "dedc_hosp_lv", "decile")
"""By what effects are added up."""

_DIGITS = 18
_CLAIMS, _OWN = 0, 1


@dataclass(frozen=True, slots=True)
class Told:
    """A variant as tables have it: its label, and of a sweep its value in hundredths with the unit."""

    label: str
    value: int | None = None
    unit: str = ""


def tables_of(added: Added, cells: Cells, variants: Sequence[Told], tried: Sequence[Tried] = ()) -> dict[str, pa.Table]:
    """Every table by its name; ``variants`` are those at the places 1, 2, … of the sums."""
    groups = list(_groups(added, cells))
    tenth = tenths(added.of_people[0, :, 0])
    tables = {
        "variants": _variants(added, variants),
        "funds": _funds(added, cells),
        "effects": _effects(added, [*groups, *_of_tenths(tenth)]),
        "people": _people(added),
        "deciles": _deciles(added, tenth),
        "biggest": _biggest(added),
    }
    if tried:
        tables["tried"] = pa.table(
            {
                "value": _yuan([one.value for one in tried]),
                "change": _yuan([one.change for one in tried]),
                "off": _yuan([one.off for one in tried]),
            }
        )
    return tables


@dataclass(frozen=True, slots=True)
class _Group:
    """One group of a dimension: which rows of the sums by cell, or by bucket, are of it."""

    dimension: str
    name: str
    rows: npt.NDArray[np.intp]


def _groups(added: Added, cells: Cells) -> Iterator[_Group]:
    told = [cells.told(cell) for cell in added.cells]
    for dimension in DIMENSIONS[:-1]:
        names = sorted({one[dimension] for one in told}, key=_of_age if dimension == "age" else str)
        for name in names:
            rows = [row for row, one in enumerate(told) if one[dimension] == name]
            yield _Group(dimension, name, np.array(rows, np.intp))


def _of_age(name: str) -> str:
    return f"{AGES.index(name):02d}"


def _of_tenths(tenth: Int64) -> Iterator[_Group]:
    for number in range(TENTHS):
        yield _Group("decile", str(number + 1), np.flatnonzero(tenth == number))


def _sums(added: Added, group: _Group) -> Int64:
    """(1 + variants, measures): what the rows of a group come to."""
    held = added.by_bucket if group.dimension == "decile" else added.by_cell
    found: Int64 = held[:, group.rows].sum(axis=1)
    return found


def _effects(added: Added, groups: Sequence[_Group]) -> pa.Table:
    rows: list[tuple[int, str, str, Int64, Int64]] = []
    for group in groups:
        sums = _sums(added, group)
        if sums.any():
            rows += [(number, group.dimension, group.name, sums[0], sums[number]) for number in range(1, len(sums))]
    rows.sort(key=lambda row: row[0])
    before, change = (np.array([row[at] for row in rows], np.int64).reshape(-1, len(MEASURES)) for at in (3, 4))
    columns: dict[str, pa.Array] = {
        "variant": pa.array([row[0] for row in rows], pa.int32()),
        "dimension": pa.array([row[1] for row in rows], pa.string()),
        "group": pa.array([row[2] for row in rows], pa.string()),
        "claims": pa.array(before[:, _CLAIMS]),
        "claims_change": pa.array(change[:, _CLAIMS]),
    }
    amounts: Mapping[str, tuple[Int64, Int64]] = {
        "fund_pay_sumamt": (before[:, 2:].sum(axis=1), change[:, 2:].sum(axis=1)),
        "psn_part_amt": (before[:, _OWN], change[:, _OWN]),
        **{fund: (before[:, at], change[:, at]) for at, fund in enumerate(FUNDS, 2)},
    }
    for name, (was, by) in amounts.items():
        columns[name], columns[f"{name}_change"] = _yuan(was), _yuan(by)
    return pa.table(columns)


def _funds(added: Added, cells: Cells) -> pa.Table:
    """By variant, pool, scheme and fund what it pays before and after."""
    places: dict[tuple[str, str], list[int]] = {}
    for row, cell in enumerate(added.cells):
        one = cells.told(cell)
        places.setdefault((one["pool"], one["insutype"]), []).append(row)
    found: list[tuple[int, str, str, str, int, int]] = []
    for (pool, scheme), rows in sorted(places.items()):
        sums = added.by_cell[:, rows].sum(axis=1)
        for at, fund in enumerate(FUNDS, 2):
            if sums[:, at].any():
                found += [
                    (number, pool, scheme, fund, int(sums[0, at]), int(sums[number, at]))
                    for number in range(1, len(sums))
                ]
    found.sort(key=lambda row: row[0])
    return pa.table(
        {
            "variant": pa.array([row[0] for row in found], pa.int32()),
            **{
                name: pa.array([row[at] for row in found], pa.string())
                for at, name in enumerate(("pool", "insutype", "fund"), 1)
            },
            "before": _yuan([row[4] for row in found]),
            "after": _yuan([row[4] + row[5] for row in found]),
            "change": _yuan([row[5] for row in found]),
        }
    )


def _variants(added: Added, variants: Sequence[Told]) -> pa.Table:
    sums, people = added.by_cell.sum(axis=1), added.of_people.sum(axis=1)
    return pa.table(
        {
            "variant": pa.array(range(1, len(variants) + 1), pa.int32()),
            "label": pa.array([one.label for one in variants], pa.string()),
            "value": _yuan_or_null([one.value for one in variants]),
            "unit": pa.array([one.unit for one in variants], pa.string()),
            "fund_pay_sumamt": _yuan(np.repeat(sums[:1, 2:].sum(axis=1), len(variants))),
            "fund_pay_sumamt_change": _yuan(sums[1:, 2:].sum(axis=1)),
            "psn_part_amt": _yuan(np.repeat(sums[:1, _OWN], len(variants))),
            "psn_part_amt_change": _yuan(sums[1:, _OWN]),
            "claims_changed": pa.array(added.claims_changed[1:]),
            "winners": pa.array(people[1:, 1]),
            "losers": pa.array(people[1:, 2]),
        }
    )


def _people(added: Added) -> pa.Table:
    """By variant who bears less, who bears more, and who as much as before."""
    sums = added.of_people.sum(axis=1)
    rows = []
    for number in range(1, len(sums)):
        winners, losers, gained, lost = sums[number, 1:].tolist()
        rows += [
            (number, "winners", winners, gained),
            (number, "losers", losers, lost),
            (number, "unchanged", int(sums[0, 0]) - winners - losers, 0),
        ]
    return pa.table(
        {
            "variant": pa.array([row[0] for row in rows], pa.int32()),
            "who": pa.array([row[1] for row in rows], pa.string()),
            "people": pa.array([row[2] for row in rows], pa.int64()),
            "fund_pay_sumamt_change": _yuan([row[3] for row in rows]),
        }
    )


def _deciles(added: Added, tenth: Int64) -> pa.Table:
    """By variant and tenth of people who wins and who loses; from which amount of own burden on a tenth is."""
    rows = []
    for number in range(1, len(added.of_people)):
        for each in range(TENTHS):
            mine = np.flatnonzero((tenth == each) & (added.of_people[0, :, 0] > 0))
            if len(mine):
                counted = added.of_people[number, tenth == each, 1:].sum(axis=0).tolist()
                people = int(added.of_people[0, mine, 0].sum())
                rows.append((number, each + 1, first_of(int(mine[0])), people, *counted))
    names = ("people", "winners", "losers")
    return pa.table(
        {
            "variant": pa.array([row[0] for row in rows], pa.int32()),
            "decile": pa.array([row[1] for row in rows], pa.int32()),
            "own_from": _yuan([row[2] for row in rows]),
            **{name: pa.array([row[at] for row in rows], pa.int64()) for at, name in enumerate(names, 3)},
            "gained": _yuan([row[6] for row in rows]),
            "lost": _yuan([row[7] for row in rows]),
        }
    )


def _biggest(added: Added) -> pa.Table:
    rows = [
        (number, rank, one)
        for number, biggest in enumerate(added.biggest)
        for rank, one in enumerate(biggest, 1)
        if number
    ]
    return pa.table(
        {
            "variant": pa.array([row[0] for row in rows], pa.int32()),
            "rank": pa.array([row[1] for row in rows], pa.int32()),
            "psn_no": pa.array([row[2].psn_no for row in rows], pa.string()),
            "setl_id": pa.array([row[2].setl_id for row in rows], pa.string()),
            "before": _yuan([row[2].before for row in rows]),
            "after": _yuan([row[2].before + row[2].change for row in rows]),
            "change": _yuan([row[2].change for row in rows]),
        }
    )


def _yuan(amounts: Sequence[int] | Int64) -> pa.Array:
    """Hundredths as decimals."""
    return decimals(np.asarray(amounts, np.int64), _DIGITS)


def _yuan_or_null(amounts: Sequence[int | None]) -> pa.Array:
    known = np.array([one is not None for one in amounts], np.bool_)
    return decimals_or_null(np.array([one or 0 for one in amounts], np.int64), known)
