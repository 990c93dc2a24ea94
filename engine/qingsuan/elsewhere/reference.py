"""The slow twin: care outside the pool (异地就医清算) in plain Python, claim by claim."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from qingsuan.elsewhere.model import Advance, Arrangement

__all__ = ["Claim", "Moved", "ReferenceYear", "settle"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A settled claim: whose it is, where it was, and what each payer paid, in fen."""

    pool: str
    scheme: str
    institution: str
    day: dt.date
    paid: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that moved and counts."""

    day: dt.date
    payer: str
    receiver: str
    kind: str
    fen: int


@dataclass(slots=True)
class ReferenceYear:
    """What a year comes to, in fen.

    Attributes
    ----------
    owed : by paying pool, place of treatment and scheme.
    due_to : by place of treatment, institution, paying pool and scheme.
    local, unplaced : care in the pool itself, and of no known place.
    to_pay : by paying pool and place of treatment.
    required : of each advance, by payer and receiver.
    alarms : by payer, receiver and month: what is in use, what is held, which alarm.
    """

    owed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    due_to: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    local: int = 0
    unplaced: int = 0
    to_pay: dict[tuple[str, str], int] = field(default_factory=dict)
    required: dict[tuple[str, str], int] = field(default_factory=dict)
    alarms: dict[tuple[str, str, str], tuple[int, int, str]] = field(default_factory=dict)


def settle(
    arrangement: Arrangement,
    institutions: Mapping[str, str],
    pools: Mapping[str, str],
    claims: Iterable[Claim],
    moved: Sequence[Moved],
) -> ReferenceYear:
    """Settle a year from claims in any order."""
    year = ReferenceYear()
    care: list[tuple[str, str, dt.date, int]] = []
    for claim in claims:
        fen = sum(claim.paid[name] for name in arrangement.clears)
        where = institutions.get(claim.institution, "")
        place = _place(where, claim.pool, pools)
        if place is None:
            year.unplaced += fen
        elif place == claim.pool:
            year.local += fen
        else:
            owed, due_to = (claim.pool, place, claim.scheme), (place, claim.institution, claim.pool, claim.scheme)
            year.owed[owed] = year.owed.get(owed, 0) + fen
            year.due_to[due_to] = year.due_to.get(due_to, 0) + fen
            year.to_pay[claim.pool, place] = year.to_pay.get((claim.pool, place), 0) + fen
            care.append((claim.pool, place, claim.day, fen))
    for one in moved:
        if one.kind == "transfer":
            year.to_pay[one.payer, one.receiver] -= one.fen
    for advance in arrangement.advances:
        _advance(advance, year, care, moved, arrangement.year)
    return year


def _place(where: str, pool: str, pools: Mapping[str, str]) -> str | None:
    """Whose place of treatment it is: a pool of the region, or another region."""
    if not where:
        return None
    if where[:2] != pool[:2]:
        return where[:2] + "0000"
    for size in (6, 4, 2):
        if where[:size] in pools:
            return pools[where[:size]]
    return None


def _advance(
    advance: Advance,
    year: ReferenceYear,
    care: Sequence[tuple[str, str, dt.date, int]],
    moved: Sequence[Moved],
    number: int,
) -> None:
    sides = advance.payer, advance.receiver
    year.required[sides] = (Fraction(advance.last_year_fen * advance.months, 12) + Fraction(1, 2)).__floor__()

    def pays(pool: str) -> bool:
        return pool == advance.payer or (advance.payer[2:] == "0000" and pool[:2] == advance.payer[:2])

    for month in range(1, 13):
        after = dt.date(number + month // 12, month % 12 + 1, 1)
        used = sum(fen for pool, place, day, fen in care if day < after and place == advance.receiver and pays(pool))
        held = 0
        for one in moved:
            if one.day >= after or one.receiver != advance.receiver:
                continue
            if one.kind == "transfer" and pays(one.payer):
                used -= one.fen
            elif one.kind == "advance" and one.payer == advance.payer:
                held += one.fen
        used = max(used, 0)
        if used == 0:
            level = "none"
        elif held <= 0:
            level = "unfunded"
        elif 10_000 * used >= advance.red_bp * held:
            level = "red"
        else:
            level = "yellow" if 10_000 * used >= advance.yellow_bp * held else "none"
        year.alarms[(*sides, f"{number}-{month:02d}")] = used, held, level
