"""A year of premiums settled person by person, rule by rule, in plain Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from qingsuan.premiums.model import BEARERS, Group, PremiumRule, UnknownGroup
from qingsuan.premiums.reference.rows import Held, Insured, Paid, Person, Settled

__all__ = ["settle"]

_EMPLOYEES = "310"
_EPOCH = dt.date(1970, 1, 1)
_Row = TypeVar("_Row", Insured, Held, Paid)
_Kind = TypeVar("_Kind", bound=Group | UnknownGroup)


class _Year:
    """The first and the last day of a year."""

    def __init__(self, year: int) -> None:
        self.first, self.last = ((day - _EPOCH).days for day in (dt.date(year, 1, 1), dt.date(year, 12, 31)))


def settle(
    rules: Mapping[str, PremiumRule],
    standards: Mapping[str, int],
    insured: Iterable[Insured],
    identities: Iterable[Held],
    paid: Iterable[Paid],
    owed: Iterable[Paid],
) -> Settled:
    """Settle a year.

    Parameters
    ----------
    rules
        The rule of each region, by the first two digits of its code; all of one year.
    standards
        What pools ask for, by prefix of a county's code; the longest prefix decides.
    insured, identities, paid, owed
        The rows, in any order; ``owed`` are shortfalls carried in.
    """
    year = next(iter(rules.values())).year
    now, before = _Year(year), _Year(year - 1)
    rows_of, held_of = _by_person(insured), _by_person(identities)
    paid_of, owed_of = _by_person(paid), _by_person(owed)
    settled = Settled({}, {}, [], [])
    for psn_no in sorted({*rows_of, *paid_of, *owed_of}):
        rows = rows_of.get(psn_no, [])
        residents = [row for row in rows if row.scheme != _EMPLOYEES]
        employed = [row for row in rows if row.scheme == _EMPLOYEES]
        row = _counted(residents, employed, now)
        settled.gaps.extend(_gaps(psn_no, rows, now, before))
        mine, carried = paid_of.get(psn_no, []), owed_of.get(psn_no, [])
        if row is None:
            _set_aside(settled, psn_no, mine, carried, "not-counted")
            continue
        rule = rules[row.admdvs[:2]]
        codes = {one.code for one in held_of.get(psn_no, []) if _is_read(rule, one, now)}
        unknown = _first_of(rule.unknown, codes, row.admdvs)
        if unknown is not None:
            settled.refused[psn_no] = unknown.parameter
            _set_aside(settled, psn_no, mine, carried, "not-settled")
            continue
        if sum(one.fen for one in mine) < 0:
            _set_aside(settled, psn_no, mine, [], "more-taken-back-than-paid")
            mine = []
        group = _first_of(rule.groups, codes, row.admdvs)
        settled.people[psn_no] = _person(rule, row, group, _standard(rule, standards, row.admdvs), mine, carried)
    return settled


def _by_person(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.psn_no, []).append(row)
    return found


def _set_aside(settled: Settled, psn_no: str, paid: Sequence[Paid], owed: Sequence[Paid], reason: str) -> None:
    settled.unapplied.extend((psn_no, "premiums", one.fen, reason) for one in paid)
    settled.unapplied.extend((psn_no, "shortfalls", one.fen, reason) for one in owed)


def _counted(residents: Sequence[Insured], employed: Sequence[Insured], year: _Year) -> Insured | None:
    """The one row in which a person counts (decision 0011), if there is one that is not covered by insurance as an employee."""
    inside = [row for row in residents if row.first <= year.last and row.last >= year.first]
    own = [row for row in inside if not _is_covered(max(row.first, year.first), min(row.last, year.last), employed)]
    return min(own, key=lambda row: _preference(row, year), default=None)


def _preference(row: Insured, year: _Year) -> tuple[int, ...]:
    first, last = max(row.first, year.first), min(row.last, year.last)
    return first, -last, row.first, int(row.admdvs), -row.last, row.permit


def _is_covered(first: int, last: int, rows: Sequence[Insured]) -> bool:
    """Whether every day from the first to the last lies in some row."""
    day = first
    while day <= last:
        until = max((row.last for row in rows if row.first <= day <= row.last), default=None)
        if until is None:
            return False
        day = until + 1
    return True


def _gaps(
    psn_no: str, rows: Sequence[Insured], now: _Year, before: _Year
) -> Iterable[tuple[str, str, int, int | None]]:
    """Days without insurance inside the year between two days with it; or the end of one that lasted into last year only."""
    known = sorted((row.first, row.last) for row in rows if row.last >= before.first and row.first <= now.last)
    until: int | None = None
    for first, last in known:
        if until is not None and first > until + 1 and first > now.first:
            yield psn_no, "interrupted", until, first
        until = last if until is None else max(until, last)
    if until is not None and until < now.first:
        yield psn_no, "not-insured", until, None


def _is_read(rule: PremiumRule, held: Held, year: _Year) -> bool:
    """Whether an identity holds on a day of the rule, or on any of the year where it names none."""
    if rule.days:
        return any(held.first <= day <= held.last for day in rule.days)
    return held.first <= year.last and held.last >= year.first


def _first_of(groups: Sequence[_Kind], codes: set[str], admdvs: str) -> _Kind | None:
    for one in groups:
        if codes & {*one.codes} and admdvs.startswith(one.prefixes):
            return one
    return None


def _standard(rule: PremiumRule, standards: Mapping[str, int], admdvs: str) -> int:
    return next((standards[admdvs[:size]] for size in (6, 4, 2) if admdvs[:size] in standards), rule.standard.fen)


def _person(
    rule: PremiumRule, row: Insured, group: Group | None, standard: int, paid: Sequence[Paid], owed: Sequence[Paid]
) -> Person:
    borne = dict.fromkeys(BEARERS, 0)
    assisted = 0
    if group is not None:
        assisted = _assisted(group, standard)
        borne.update(_borne(group, assisted))
    carried_in = sum(one.fen for one in owed)
    due = standard - assisted + carried_in
    sum_paid = sum(one.fen for one in paid)
    shortfall = max(0, due - sum_paid)
    return Person(
        psn_no=row.psn_no,
        admdvs=row.admdvs,
        group=group.id if group is not None else "",
        standard=standard,
        borne=borne,
        assisted=assisted,
        carried_in=carried_in,
        due=due,
        paid=sum_paid,
        paid_elsewhere=sum(one.fen for one in paid if one.admdvs not in ("", row.admdvs)),
        shortfall=shortfall,
        overpaid=max(0, sum_paid - due),
        carried_out=shortfall if rule.carry_into is not None else 0,
    )


def _assisted(group: Group, standard: int) -> int:
    if group.form == "full":
        return standard
    if group.form == "yuan":
        return min(group.fen, standard)
    return min(standard, max(group.floor_fen, _percent(standard, group.bp)))


def _borne(group: Group, assisted: int) -> dict[str, int]:
    borne: dict[str, int] = {}
    for payer in group.payers:
        left = assisted - sum(borne.values())
        if payer.bp is not None:
            borne[payer.bearer] = min(left, _percent(assisted, payer.bp))
        else:
            borne[payer.bearer] = left if payer.fen is None else min(left, payer.fen)
    return borne


def _percent(fen: int, bp: int) -> int:
    """Half away from zero, to the fen; amounts here are not negative."""
    whole, rest = divmod(fen * bp, 10_000)
    return whole + (rest >= 5_000)
