"""One chunk of claims: the visits of a chunk of people, and their reversals (退费).

Costs are drawn from tables of whole fen and cut into the four parts of a bill by basis points; the in-scope part takes
the remainder, so the composition holds exactly.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from qingsuan.money import BP_ONE
from qingsuan.sample.columns import codes, dates, digits, identifiers, money, times
from qingsuan.sample.draw import WORDS, Words, amounts, amounts_table, visit_counts, wheel, words
from qingsuan.sample.people import COUNTIES, TWICE, People, day_of
from qingsuan.sample.pools import CARES, CHRONIC_DISEASES, LEVELS, MARKETS, PRICES, SPECIAL_DISEASES, STAYS

__all__ = [
    "ABROAD",
    "ELSEWHERE",
    "HOSPITALS",
    "INPATIENT",
    "MED_TYPES",
    "MOST_VISITS",
    "OWN_HOSPITALS",
    "Claims",
    "claims_table",
    "hospital_codes",
    "make_claims",
    "setl_ids",
]

MOST_VISITS = 60
"""Nobody has more visits in the sample's year."""

MED_TYPES = ("21", "140201", "140104", "11")
INSUTYPES = ("390", "310")
INPATIENT, _SPECIAL, _CHRONIC = 0, 1, 2
"""Kinds of care: numbers of :data:`MED_TYPES`."""

_PER_CHUNK = 1 << 22
"""Claim numbers set aside for one chunk: more than its people can have visits and reversals."""

_REVERSAL = _PER_CHUNK // 2
"""Added to the number of a claim: the number of its reversal."""

_CLAIM_SPREAD = 387_420_489
"""Coprime to ten; see the people's."""

HOSPITALS = 12
"""Institutions per market and level."""

OWN_HOSPITALS = len(MARKETS) * len(LEVELS) * HOSPITALS
"""Institutions of the four pools; those with higher numbers lie elsewhere."""

ELSEWHERE = 2
"""Institutions where people of a market go elsewhere in its region, and as many beyond it."""

_DISEASES = (None, *(code for code, _ in SPECIAL_DISEASES), *(code for code, _ in CHRONIC_DISEASES))
ABROAD = "110105"
"""Where people go who leave their region."""

_PLACES = (None, *COUNTIES, *(market.elsewhere for market in MARKETS), ABROAD)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Claims:
    """One chunk in the order it is written; one value per row.

    ``original`` is -1, or for a reversal the serial of the claim it takes back.

    Days since 1970-01-01 in ``begin`` and ``end``, seconds in ``settled``; ``bill`` is (5, n) fen: total and parts.
    """

    serial: Words
    ids: Words
    market: Words
    care: Words
    county: Words
    place: Words
    disease: Words
    hospital: Words
    referred: Words
    emergency: Words
    account: Words
    begin: Words
    end: Words
    settled: Words
    bill: Words
    original: Words


@dataclass(frozen=True, slots=True)
class _Wheels:
    visits: Words
    care: Words
    prices: Words
    stays: Words
    kind: Words
    level: Words
    place: Words
    special: Words
    chronic: Words
    shares: Words


@cache
def _wheels() -> _Wheels:
    visits = [visit_counts(market.visits * band // 100, MOST_VISITS) for market in MARKETS for band in (56, 67, 173)]
    start, care = 0, []
    for market in MARKETS:
        care.append(wheel([one.weight for one in market.cares]) + np.uint8(start))
        start += len(market.cares)
    prices = [amounts_table(PRICES[one.med_type][0][one.level], PRICES[one.med_type][1]) for one in CARES]
    return _Wheels(
        visits=np.stack(visits),
        care=np.stack(care),
        prices=np.stack(prices),
        stays=np.stack([amounts_table(STAYS[one.level], 55) for one in CARES]),
        kind=np.array([MED_TYPES.index(one.med_type) for one in CARES]),
        level=np.array([LEVELS.index(one.level) for one in CARES]),
        place=np.array([one.place for one in CARES]),
        special=wheel([weight for _, weight in SPECIAL_DISEASES]),
        chronic=wheel([weight for _, weight in CHRONIC_DISEASES]),
        shares=_shares(),
    )


def _shares() -> Words:
    """Word -> basis points of a part: wholly own-paid, above the limit, first own share. At most 9 000 together."""
    word = np.arange(WORDS, dtype=np.int64)
    own = np.where(word % 100 < 35, 0, (word >> 6) ** 2 // 350)
    over = np.where(word % 100 < 62, 0, (word >> 6) * 9 // 10)
    first = np.where(word % 100 < 12, 0, 150 + (word >> 6) ** 2 // 300)
    return np.stack([np.minimum(own, 3000), np.minimum(over, 1500), np.minimum(first, 4500)])


def _spans(people: People, row: Words, year: int) -> tuple[Words, Words]:
    new_year, last_day = day_of(dt.date(year, 1, 1)), day_of(dt.date(year, 12, 31))
    low = np.maximum(people.begin[row], new_year)
    return low, np.minimum(people.end[row], last_day) - low + 1


def _bills(care: Words, draw: Words) -> Words:
    """Total and four parts of each claim in fen, (5, n)."""
    wheels = _wheels()
    bill = np.empty((5, len(care)), dtype=np.int64)
    bill[0] = amounts(wheels.prices, care, draw[0], draw[1])
    for part in range(3):
        bill[part + 1] = bill[0] * wheels.shares[part][draw[2 + part]] // BP_ONE
    bill[4] = bill[0] - bill[1] - bill[2] - bill[3]
    return bill


def make_claims(rng: np.random.Generator, chunk: int, people: People, year: int) -> Claims:
    """Make the claims of a chunk of people, in the order of their settlement."""
    wheels, number = _wheels(), len(people.ids)
    band = np.digitize(people.age, (18, 60))
    visits = wheels.visits[people.market[:number].astype(np.int64) * 3 + band, words(rng, 1, number)[0]]
    who = np.repeat(np.arange(number), visits)
    draw = words(rng, 14, len(who))
    beside = people.second[who]
    row = np.where((beside >= 0) & (people.mode[who] != TWICE) & (draw[0] & 1 == 1), beside, who)
    market = people.market[row]
    care = wheels.care[market, draw[1]]
    kind, level, out = wheels.kind[care], wheels.level[care], wheels.place[care]
    low, span = _spans(people, row, year)
    begin = low + ((draw[2].astype(np.int64) * span) >> 16)
    stay = np.where(kind == INPATIENT, amounts(wheels.stays, care, draw[3], draw[4]), 0)
    end = np.minimum(begin + stay, day_of(dt.date(year, 12, 31)))
    settled = end * _DAY + 8 * 3600 + ((draw[5].astype(np.int64) * 36_000) >> 16)
    county = people.county[row]
    return _with_reversals(
        Claims(
            serial=chunk * _PER_CHUNK + np.arange(len(who), dtype=np.int64),
            ids=people.ids[who],
            market=market,
            care=care,
            county=county,
            place=_place(out, county, market, draw[6]),
            disease=_disease(kind, draw[7]),
            hospital=_hospital(market.astype(np.int64), level, out, draw[8]),
            referred=np.where(out > 0, draw[6] % 100 < 75, draw[6] % 100 < 2),
            emergency=np.where(out > 0, draw[7] % 100 < 17, draw[7] % 100 < 4),
            account=draw[6] % 100 < 82,
            begin=begin,
            end=end,
            settled=settled,
            bill=_bills(care, draw[9:14]),
            original=np.full(len(who), -1, dtype=np.int64),
        ),
        rng,
        year,
    )


def _place(out: Words, county: Words, market: Words, word: Words) -> Words:
    """Index into the places: absent for three in ten claims in the pool, which means the pool as well."""
    inside = np.where(word % 10 < 3, 0, county + 1)
    elsewhere = len(COUNTIES) + 1 + market.astype(np.int64)
    return np.asarray(np.select([out == 1, out == 2], [elsewhere, len(_PLACES) - 1], inside))


def _hospital(market: Words, level: Words, out: Words, word: Words) -> Words:
    """The number of an institution: of the market and level, or one of those where its people go elsewhere."""
    away = OWN_HOSPITALS + (market * 2 + out - 1) * ELSEWHERE + word % ELSEWHERE
    return np.asarray(np.where(out > 0, away, (market * len(LEVELS) + level) * HOSPITALS + word % HOSPITALS))


def _disease(kind: Words, word: Words) -> Words:
    wheels = _wheels()
    special, chronic = 1 + wheels.special[word], 1 + len(SPECIAL_DISEASES) + wheels.chronic[word]
    return np.asarray(np.select([kind == _SPECIAL, kind == _CHRONIC], [special, chronic], 0))


def _with_reversals(claims: Claims, rng: np.random.Generator, year: int) -> Claims:
    """Take back about one claim in two hundred some days later, and order all rows by the time of settlement."""
    number = len(claims.serial)
    draw = words(rng, 2, number)
    back = np.flatnonzero(draw[0] < WORDS // 200)
    last_second = (day_of(dt.date(year, 12, 31)) + 1) * _DAY - 1
    later = np.minimum(claims.settled[back] + 3600 + draw[1][back].astype(np.int64) * 26, last_second)
    settled = np.concatenate([claims.settled, later])
    rows = np.concatenate([np.arange(number), back])
    serial = np.concatenate([claims.serial, claims.serial[back] + _REVERSAL])
    order = np.argsort(settled, kind="stable")
    source, reversal = rows[order], order >= number
    bill = np.take(claims.bill, source, axis=1)
    np.negative(bill, out=bill, where=reversal)
    taken = {
        name: getattr(claims, name)[source]
        for name in Claims.__dataclass_fields__
        if name not in ("serial", "settled", "bill", "original")
    }
    original = np.where(reversal, claims.serial[source], -1)
    return Claims(serial=serial[order], settled=settled[order], bill=bill, original=original, **taken)


def setl_ids(serial: Words, year: int, valid: Words | None = None) -> pa.Array:
    """The ids of settlements by their serials; null where not ``valid``."""
    head = np.full(len(serial), 9900 + year // 100)
    return identifiers(digits(head, year % 100 * 10**14 + (serial + 1) * _CLAIM_SPREAD % 10**14), valid)


def hospital_codes() -> list[str]:
    """The institutions by their numbers; six digits of a code say where it lies, and schemes may have one institution."""
    own = [
        f"H{market.counties[number % len(market.counties)]}{LEVELS.index(level):01d}{number:04d}"
        for market in MARKETS
        for level in LEVELS
        for number in range(HOSPITALS)
    ]
    places = [place for market in MARKETS for place in (market.elsewhere, ABROAD)]
    return [*own, *(f"H{place}9{number:04d}" for place in places for number in range(ELSEWHERE))]


def claims_table(claims: Claims, year: int, schema: pa.Schema) -> pa.Table:
    """The claims of a chunk as Arrow columns in the order of ``schema``; codes are dictionaries."""
    wheels, flags = _wheels(), ("0", "1")
    employee = np.array([market.insutype == "310" for market in MARKETS])[claims.market]
    reversal = claims.original >= 0
    columns = {
        "setl_id": setl_ids(claims.serial, year),
        "psn_no": identifiers(claims.ids),
        "insutype": codes(employee.astype(np.int8), INSUTYPES),
        "med_type": codes(wheels.kind[claims.care], MED_TYPES),
        "insu_admdvs": codes(claims.county, COUNTIES),
        "fix_blng_admdvs": codes(claims.place, _PLACES),
        "fixmedins_code": codes(claims.hospital, hospital_codes()),
        "dedc_hosp_lv": codes(wheels.level[claims.care], LEVELS),
        "dise_code": codes(claims.disease, _DISEASES),
        "refl_flag": codes(claims.referred.astype(np.int8), flags),
        "er_flag": codes(claims.emergency.astype(np.int8), flags),
        "begndate": dates(claims.begin),
        "enddate": dates(claims.end),
        "setl_time": times(claims.settled),
        "acct_used_flag": codes((employee & claims.account).astype(np.int8), flags),
        "refd_setl_flag": codes(reversal.astype(np.int8), flags),
        "init_setl_id": setl_ids(np.maximum(claims.original, 0), year, reversal),
    }
    names = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    columns |= {name: money(claims.bill[at]) for at, name in enumerate(names)}
    return pa.table([columns[name] for name in schema.names], names=schema.names)
