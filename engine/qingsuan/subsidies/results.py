"""What is owed, as tables: by county, by prefecture, and by region and level (财政补助)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import pyarrow as pa

from qingsuan.heads.counting import Counted, Heads
from qingsuan.subsidies.amounts import PerHead, per_head, require_complete
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import Funding

__all__ = ["LEVEL_NAMES", "Due", "Owed", "due_of", "due_table", "prefecture_table", "region_table"]

LEVEL_NAMES = {
    "central": "中央",
    "province": "省/自治区",
    "local": "市县/盟市旗县",
    "local_prefecture": "其中: 市/盟",
    "local_county": "其中: 县/旗",
    "total": "合计",
}
"""Levels of government in reports; the two parts of the local share only where the bureau splits it."""

_MONEY = pa.decimal128(20, 2)

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Owed:
    """Amounts by level, in fen. ``central + province + local = total``; the parts of local are None without a split."""

    central_fen: int = 0
    province_fen: int = 0
    local_fen: int = 0
    local_prefecture_fen: int | None = None
    local_county_fen: int | None = None

    @property
    def total_fen(self) -> int:
        """Central, province and local together."""
        return self.central_fen + self.province_fen + self.local_fen

    def __add__(self, other: Owed) -> Owed:
        return Owed(
            self.central_fen + other.central_fen,
            self.province_fen + other.province_fen,
            self.local_fen + other.local_fen,
            _sum(self.local_prefecture_fen, other.local_prefecture_fen),
            _sum(self.local_county_fen, other.local_county_fen),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """One county: heads, the split per head, and what each level owes."""

    region: str
    region_name: str
    prefecture: str
    prefecture_name: str
    admdvs: str
    name: str
    heads: Heads
    each: PerHead
    owed: Owed


def due_of(counted: Counted, funding: Funding, tables: BureauTables) -> tuple[Due, ...]:
    """Multiply heads by the split per head, by county, ordered by code.

    Raises
    ------
    PolicyError
        A county with heads is absent from a table of the bureau that its rule needs.
    """
    by_region: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for code in sorted(counted.heads):
        by_region[str(code)[:2]].append((str(code), funding.county(str(code)) or ""))
    for prefix, counties in by_region.items():
        require_complete(funding.rules[prefix], tables, counties)
    return tuple(
        _due(code, name, counted.heads[int(code)], funding, tables)
        for counties in by_region.values()
        for code, name in counties
    )


def due_table(dues: Sequence[Due], *, split: bool) -> pa.Table:
    """``due``: one row per county with heads; ``split`` adds the two parts of the local share."""
    columns: dict[str, pa.Array] = {
        "region": _texts(due.region for due in dues),
        "prefecture": _texts(due.prefecture for due in dues),
        "admdvs": _texts(due.admdvs for due in dues),
        "name": _texts(due.name for due in dues),
        "class": _texts(due.each.county_class for due in dues),
        "heads": _heads(due.heads.heads for due in dues),
        "resd_permit_heads": _heads(due.heads.permits for due in dues),
        "standard": _money(due.each.standard_fen for due in dues),
    }
    return pa.table(columns | _amounts([due.owed for due in dues], split))


def prefecture_table(dues: Sequence[Due], *, split: bool) -> pa.Table:
    """Totals by prefecture, in the order of codes."""
    groups = _grouped(dues, lambda due: (due.region, due.prefecture, due.prefecture_name))
    columns: dict[str, pa.Array] = {
        "region": _texts(region for region, _, _ in groups),
        "prefecture": _texts(code for _, code, _ in groups),
        "name": _texts(name for _, _, name in groups),
        "heads": _heads(heads.heads for heads, _ in groups.values()),
        "resd_permit_heads": _heads(heads.permits for heads, _ in groups.values()),
    }
    return pa.table(columns | _amounts([owed for _, owed in groups.values()], split))


def region_table(dues: Sequence[Due], *, split: bool) -> pa.Table:
    """Totals by region and level of government, one row each: ``total`` is the sum of the first three levels."""
    rows = [
        (region, name, level, fen)
        for (region, name), (_, owed) in _grouped(dues, lambda due: (due.region, due.region_name)).items()
        for level, fen in _levels(owed, split).items()
    ]
    return pa.table(
        {
            "region": _texts(region for region, _, _, _ in rows),
            "name": _texts(name for _, name, _, _ in rows),
            "level": _texts(level for _, _, level, _ in rows),
            "level_name": _texts(LEVEL_NAMES[level] for _, _, level, _ in rows),
            "amount": _money(fen for _, _, _, fen in rows),
        }
    )


def _due(code: str, name: str, heads: Heads, funding: Funding, tables: BureauTables) -> Due:
    rule = funding.rules[code[:2]]
    each = per_head(rule, tables, code)
    unit, unit_name = funding.unit(code)
    owed = Owed(
        each.central_fen * heads.heads,
        each.province_fen * heads.heads,
        each.local_fen * heads.heads,
        None if each.prefecture_fen is None else each.prefecture_fen * heads.heads,
        None if each.county_fen is None else each.county_fen * heads.heads,
    )
    region_name = funding.regions[code[:2]].name
    return Due(rule.region, region_name, unit, unit_name, code, name, heads, each, owed)


def _grouped(dues: Iterable[Due], key: Callable[[Due], _Key]) -> dict[_Key, tuple[Heads, Owed]]:
    groups: dict[_Key, tuple[Heads, Owed]] = {}
    for due in dues:
        heads, owed = groups.get(key(due), (Heads(), Owed()))
        groups[key(due)] = heads + due.heads, owed + due.owed
    return {name: groups[name] for name in sorted(groups, key=str)}


def _levels(owed: Owed, split: bool) -> dict[str, int | None]:
    parts = {"local_prefecture": owed.local_prefecture_fen, "local_county": owed.local_county_fen} if split else {}
    first = {"central": owed.central_fen, "province": owed.province_fen, "local": owed.local_fen}
    return {**first, **parts, "total": owed.total_fen}


def _amounts(owed: Sequence[Owed], split: bool) -> dict[str, pa.Array]:
    return {level: _money(_levels(one, split)[level] for one in owed) for level in _levels(Owed(), split)}


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _heads(values: Iterable[int]) -> pa.Array:
    return pa.array(list(values), pa.int64())


def _money(values: Iterable[int | None]) -> pa.Array:
    """Fen as decimals in yuan, exactly."""
    return pa.array([None if fen is None else Decimal(fen).scaleb(-2) for fen in values], _MONEY)


def _sum(one: int | None, other: int | None) -> int | None:
    if one is None:
        return other
    return one if other is None else one + other
