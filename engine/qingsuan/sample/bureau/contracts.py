"""Contracts with institutions of a made-up year (样例数据): ways of payment, advances, audits, and what inpatient cases are.

Every institution has one contract for stays and one for outpatient care; those elsewhere have theirs there. Four in twelve are paid for
stays by disease, two per bed-day, the others by item; no document says how the four pools pay, so every term is marked made-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from qingsuan.money import yuan
from qingsuan.sample.bureau.care import Care, kinds
from qingsuan.sample.bureau.small import write_table
from qingsuan.sample.claims import HOSPITALS, INPATIENT, OWN_HOSPITALS, Claims, hospital_codes, setl_ids
from qingsuan.sample.columns import codes
from qingsuan.sample.pools import LEVELS, MARKETS

__all__ = ["CONTRACT_FILES", "cases_table", "write_contracts"]

CONTRACT_FILES = ("terms.toml", "contracts.csv", "groups.csv", "advances.csv", "audits.csv")

_DISEASE, _BED_DAY = 4, 6
"""Institutions of twelve: below the first number by disease, below the second per bed-day."""

_GROUPS = 40
_STAYS, _OUTPATIENT = "21", "11"


def cases_table(claims: Claims, year: int, schema: pa.Schema) -> pa.Table:
    """What the stays of a chunk are that contracts pay by disease or bed-day; stays that were taken back have no case."""
    taken_back = claims.original[claims.original >= 0]
    number = claims.hospital % HOSPITALS
    fits = (kinds()[claims.care] == INPATIENT) & (number < _BED_DAY) & (claims.hospital < OWN_HOSPITALS)
    rows = np.flatnonzero(fits & (claims.original < 0) & ~np.isin(claims.serial, taken_back))
    by_disease = number[rows] < _DISEASE
    group = np.where(by_disease, claims.serial[rows] % _GROUPS, _GROUPS)
    columns = {
        "setl_id": setl_ids(claims.serial[rows], year),
        "pool": codes(claims.market[rows], [f"{market.prefix}00" for market in MARKETS]),
        "insutype": codes(claims.market[rows], [market.insutype for market in MARKETS]),
        "group": codes(group, [*map(_group, range(_GROUPS)), "general"]),
        "days": pa.array(claims.end[rows] - claims.begin[rows] + 1, pa.int64()),
        "points": pa.nulls(len(rows), pa.string()),
        "flag": pa.nulls(len(rows), pa.string()),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


def _group(number: int) -> str:
    return f"D{number:02d}"


def write_contracts(out: Path, care: Care, rng: np.random.Generator, year: int) -> None:
    """Write the folder of contracts, for the institutions that had any care."""
    out.mkdir()
    (out / "terms.toml").write_text(_TERMS.format(year=year), encoding="utf-8")
    there = list(_contracts(care))
    key = ("fixmedins_code", "pool", "insutype", "clr_type")
    first = {who[:3]: who for who, _, _ in reversed(there)}
    rows = ((*who, f"{year}-01", f"{year}-12", terms, int(first[who[:3]] == who)) for who, terms, _ in there)
    write_table(out / "contracts.csv", (*key, "begin_month", "end_month", "terms", "procurement"), rows)
    groups = (("disease", _group(number), 7_000 + number * 200) for number in range(_GROUPS))
    write_table(out / "groups.csv", ("terms", "group", "standard"), groups)
    write_table(out / "advances.csv", (*key, "month", "amount"), _advances(there, year))
    write_table(out / "audits.csv", (*key, "month", "amount", "document"), _audits(there, rng, year))


_Contract = tuple[tuple[str, str, str, str], str, int]
"""Whose it is, by which terms, and what its care came to in fen."""


def _contracts(care: Care) -> Iterator[_Contract]:
    names = hospital_codes()
    for hospital in np.flatnonzero(care.by_institution[:, :OWN_HOSPITALS].any(axis=0)).tolist():
        market = MARKETS[hospital // (len(LEVELS) * HOSPITALS)]
        number = hospital % HOSPITALS
        stays = "disease" if number < _DISEASE else "bed-day" if number < _BED_DAY else "item"
        for kind, (clr_type, terms) in enumerate(((_STAYS, stays), (_OUTPATIENT, "item"))):
            if care.by_institution[kind, hospital]:
                who = (names[hospital], f"{market.prefix}00", market.insutype, clr_type)
                yield who, terms, int(care.by_institution[kind, hospital])


def _advances(contracts: Iterable[_Contract], year: int) -> Iterator[Sequence[object]]:
    """Each month a twelfth of half of what was in scope."""
    for who, _, fen in contracts:
        for month in range(1, 13):
            yield *who, f"{year}-{month:02d}", yuan(max(fen, 0) // 24)


def _audits(contracts: Iterable[_Contract], rng: np.random.Generator, year: int) -> Iterator[Sequence[object]]:
    """Of one contract in ten a thousandth is withheld."""
    for who, _, fen in contracts:
        if rng.integers(0, 10) == 0 and fen > 1000:
            yield *who, f"{year}-11", yuan(fen // 1000), f"made-up audit {who[0]}"


_TERMS = """\
# made up by qingsuan sample, not a bureau's contract (样例数据)
format = 1

[clearing]
year = {year}
title = "Contracts of a made-up year (样例数据)"
funds = ["hifp_pay"]
source = "MADE_UP"

[[kinds]]
clr_type = "21"
med_types = ["21"]
source = "MADE_UP"

[[kinds]]
clr_type = "11"
med_types = ["11", "140104", "140201"]
source = "MADE_UP"

[[terms]]
id = "item"
way = "01"
title = "by item (made up)"
source = "MADE_UP"

[[terms]]
id = "disease"
way = "02"
title = "by disease (made up)"
fund = "share"
percent = 70
source = "MADE_UP"

[[terms]]
id = "bed-day"
way = "03"
title = "per bed-day (made up)"
rates = [{{ level = "general", from_day = 1, yuan = 680 }}, {{ level = "general", from_day = 31, yuan = 500 }}]
source = "MADE_UP"

[sources.MADE_UP]
document = "made-up contracts of a sample"
article = "none"
grade = "made-up"
"""
