"""The slow twin of settlement 1 (待遇结算): the same calculation in plain Python, one person after the other.

It is the oracle of the compiled core and what explains a result; it is never a fallback. It walks the policy model as
it is written and uses nothing that the core uses. Rows come here after the static checks of one row (missing, code,
amounts); what depends on the year, on other rows, people or rules is decided here. Rows that failed a check come too, and say so.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from qingsuan.benefits.reference.amounts import own_amounts
from qingsuan.benefits.reference.layers import run_layers
from qingsuan.benefits.reference.periods import begin_periods, periods_of
from qingsuan.benefits.reference.registrations import family_of, registered_values
from qingsuan.benefits.reference.reversals import is_reversal, named_by_nobody, sort_out
from qingsuan.benefits.reference.rows import (
    Account,
    AccountKey,
    Claim,
    Identity,
    Insured,
    Outcome,
    Places,
    Registration,
    Rejected,
    Reversed,
    Served,
    Settled,
)
from qingsuan.benefits.reference.rules import Plan, Value, keys_of, missing_parameter, plan_of, variant_of, waits
from qingsuan.benefits.reference.stays import Ready, Stays
from qingsuan.benefits.reference.steps import Bill, Counters, LayerStep, Stay, counted
from qingsuan.benefits.reference.trace import Traces
from qingsuan.benefits.reference.values import classes_held, column_of_key, values_of
from qingsuan.benefits.reference.years.ended import Years, by_claim
from qingsuan.policy.model import FUNDS, AnyOf, Codes, Held, Interval, RuleSet
from qingsuan.tables import BILL

__all__ = [
    "WAITING",
    "Account",
    "Claim",
    "Identity",
    "Insured",
    "Outcome",
    "Places",
    "Registration",
    "Rejected",
    "Reversed",
    "Settled",
    "settle_year",
]

WAITING = "waiting-period"
"""The ``rule_id`` and the ``variant`` of a claim inside the waiting period (等待期)."""


def settle_year(
    claims: Iterable[Claim],
    insured: Iterable[Insured],
    identities: Iterable[Identity],
    places: Places,
    rule_sets: Iterable[RuleSet],
    year: int,
    opening: Mapping[AccountKey, Account] | None = None,
    registrations: Iterable[Registration] = (),
    traces: Traces | None = None,
) -> Outcome:
    """Settle the claims of one year.

    Parameters
    ----------
    claims, insured, identities, registrations
        In any order. Claims have passed the static checks of a row, or say which one they failed; plugin dimensions are in
        ``extra``.
    opening
        Counters and balances carried in from an earlier run; not changed.
    traces
        Where every claim's way is noted, for those who explain it; None notes nothing.

    Raises
    ------
    ValueError
        A claim's benefit date is absent: the static checks were not made.
    PolicyError
        The rule sets contradict themselves for a claim at hand.
    """
    year_run = _Year(places, rule_sets, year, opening or {})
    year_run.traces = traces
    people: dict[str, list[Claim]] = {}
    claims = list(claims)
    year_run.of_nobody = named_by_nobody(claims)
    for claim in claims:
        people.setdefault(claim.psn_no, []).append(claim)
    insured_of: dict[str, list[Insured]] = {}
    for row in insured:
        insured_of.setdefault(row.psn_no, []).append(row)
    identities_of: dict[str, list[Identity]] = {}
    for identity in identities:
        identities_of.setdefault(identity.psn_no, []).append(identity)
    for registration in registrations:
        year_run.registrations.setdefault(registration.psn_no, []).append(registration)
    waiting: list[_Turn] = []
    for psn_no in sorted(people):
        turns = year_run.person(people[psn_no], insured_of.get(psn_no, []), identities_of.get(psn_no, []))
        if year_run.by_family:
            waiting += turns
        else:
            year_run.settle_all(turns)
    year_run.settle_all(sorted(waiting, key=_in_one_order))
    year_run.years.close(year_run.outcome, traces)
    return year_run.outcome


@dataclass(frozen=True, slots=True)
class _Turn:
    """A claim that has its rule, with what its person has: insured rows, stays of several parts, rows of which others are copies."""

    ready: Ready
    insured: Sequence[Insured]
    stays: Mapping[tuple[str, str, str], Stay]
    standing: dict[str, Claim]


def _in_one_order(turn: _Turn) -> tuple[Any, ...]:
    """The order of claims of several people who share a counter; copies stay as they are."""
    claim = turn.ready.claim
    return turn.ready.benefit_date, claim.setl_time, claim.setl_id, claim.psn_no


class _Year:
    """The state of one run."""

    def __init__(
        self, places: Places, rule_sets: Iterable[RuleSet], year: int, opening: Mapping[AccountKey, Account]
    ) -> None:
        self.places = places
        self.year = year
        rule_sets = list(rule_sets)
        own = {one.column: one for rules in rule_sets for one in rules.dimensions if one.table == "insured"}
        named = [own[column] for column in sorted(own)]
        numbers = ("date", "number", "amount")
        self.own_codes = [one.name for one in named if one.kind not in numbers]
        self.own_numbers = [one.name for kind in numbers for one in named if one.kind == kind]
        self.outcome = Outcome()
        self.traces: Traces | None = None
        self.years = Years()
        self.of_nobody: Mapping[str, Claim] = {}
        self.registrations: dict[str, list[Registration]] = {}
        self.by_family = any("family" in rule_set.group_keys.values() for rule_set in rule_sets)
        self.of_families: dict[tuple[str, str], dict[tuple[str, ...], Counters]] = {}
        for key, account in opening.items():
            self.outcome.accounts[key] = Account(dict(account.groups), account.balance)
        self.books: dict[tuple[str, str], list[_Book]] = {}
        for rule_set in sorted(rule_sets, key=attrgetter("effective"), reverse=True):
            for scheme in rule_set.schemes:
                self.books.setdefault((rule_set.pool, scheme), []).append(_Book(rule_set))

    def person(
        self, claims: Sequence[Claim], insured: Sequence[Insured], identities: Sequence[Identity]
    ) -> list[_Turn]:
        """One person's year in order: what is wrong alone is refused, reversals are taken out; each claim that is left has its rule."""
        served, shadows = [], []
        for claim in claims:
            row = self.served(claim)
            if row is None:
                shadows.append(claim)
            else:
                served.append(row)
        doubtful = len({row.claim.setl_id for row in served}) < len(served)
        # Texts compare by code point, which is the order of their UTF-8 bytes.
        served.sort(
            key=lambda row: (
                row.benefit_date,
                row.claim.setl_time,
                row.claim.setl_id,
                *(_content(row.claim) if doubtful else ()),
            ),
        )
        found = sort_out(served, shadows, self.places.pool_of, self.of_nobody)
        self.outcome.reversed += [Reversed(claim, reversal) for claim, reversal in found.pairs]
        for claim, fate in found.refused:
            other = "nothing" if fate.other is None else fate.other.setl_id
            self.reject(claim, fate.code, fate.column, f"{claim.setl_id} against {other}", "a pair that negates")
        stays = Stays(found, served, shadows, self.places.pool_of, self.is_of_other_year)
        several = {key: Stay() for key in stays.several()}
        judged = [self.judge(row.claim, row.pool, row.benefit_date, insured, identities) for row in found.left]
        ready, parts = stays.part([one for one in judged if one is not None])
        for claim, column in parts:
            self.reject(claim, "E_NO_RULE", column, getattr(claim, column), "how settlements of one stay count")
        return [_Turn(one, insured, several, found.standing) for one in ready]

    def settle_all(self, turns: Sequence[_Turn]) -> None:
        """Settle claims one after the other."""
        for turn in turns:
            self.settle(turn)

    def is_of_other_year(self, claim: Claim) -> bool:
        """Whether a claim's benefit date is of another year."""
        books = self.books.get((self.places.pool_of(claim.insu_admdvs) or "", claim.insutype))
        date = _date(claim, books[0].rule_set.benefit_date if books else "setl_time")
        return date is not None and self.begins_in(books, date) != self.year

    def begins_in(self, books: Sequence[_Book] | None, date: dt.date) -> int:
        """The year in which the benefit year of a date begins, by the rules of its pool and scheme."""
        return date.year - ((date.month, date.day) < books[0].rule_set.year_begins if books else False)

    def served(self, claim: Claim) -> Served | None:
        """A claim with its pool and date; None where it is refused for itself."""
        pool = self.places.pool_of(claim.insu_admdvs)
        books = self.books.get((pool or "", claim.insutype))
        column = books[0].rule_set.benefit_date if books else "setl_time"
        date = _date(claim, column)
        if claim.refused is not None:
            self.reject(claim, *claim.refused, "", "")
            return None
        if date is None:
            raise ValueError(f"claim {claim.setl_id}: no {column}")
        if self.begins_in(books, date) != self.year and (pool is None or not is_reversal(claim)):
            self.reject(claim, "E_DATE", column, str(date), f"a date in {self.year}")
            return None
        if pool is None:
            self.reject(claim, "E_POOL", "insu_admdvs", claim.insu_admdvs, "a pool that a plugin serves")
            return None
        return Served(claim, pool, date, column, self.begins_in(books, date) != self.year)

    def judge(
        self,
        claim: Claim,
        pool: str,
        benefit_date: dt.date,
        insured: Sequence[Insured],
        identities: Sequence[Identity],
    ) -> Ready | None:
        """Find the person's row and the rule of a claim that stays; None where it is rejected."""
        book = self.book(pool, claim.insutype, benefit_date)
        asked = None if book is None else _date(claim, book.rule_set.identity_date)
        self.note(claim, judged=True, rule_set=book and book.rule_set, identity_date=asked)
        if book is not None and _date(claim, book.rule_set.identity_date) is None:
            self.reject(claim, "E_MISSING", book.rule_set.identity_date, "nothing", "the date that decides identities")
            return None
        row = self.insured_row(claim, pool, insured)
        self.note(claim, insured=row)
        if row is None:
            expected = f"insured in {claim.insutype} and pool {pool} on {claim.begndate}"
            self.reject(claim, "E_PERSON", "psn_no", claim.psn_no, expected)
            return None
        if book is None:
            expected = f"a rule set of pool {pool} and scheme {claim.insutype} in force on {benefit_date}"
            self.reject(claim, "E_NO_RULE", "insutype", claim.insutype, expected)
            return None
        place = self.places.place(claim.fix_blng_admdvs, pool)
        date = _date(claim, book.rule_set.identity_date)
        values = values_of(claim, row, classes_held(book.rule_set, date, identities), place, benefit_date)
        values.update(registered_values(book.rule_set, claim, date, self.registrations.get(claim.psn_no, [])))
        plan = book.plan(values)
        self.note(claim, values=values, plan=plan)
        if not isinstance(plan, Plan):
            self.reject(claim, "E_NO_RULE", "med_type", str(dict(values)), plan)
            return None
        lacking = next((name for name in plan.rule.registered if values[name] == "no"), None)
        if lacking is not None:
            column = next(one.column for one in book.rule_set.dimensions if one.name == lacking)
            self.reject(claim, "E_UNREGISTERED", column, getattr(claim, column), f"a registration: {lacking}")
            return None
        inside = row.wait_end_date is not None and claim.begndate <= row.wait_end_date
        waiting = waits(book.rule_set, claim.insutype, values) if inside else False
        self.note(claim, waits=waiting if inside else None)
        if waiting is None:
            self.reject(claim, "E_NO_RULE", "wait_end_date", str(row.wait_end_date), "whether a waiting period holds")
            return None
        family = family_of(date, self.registrations.get(claim.psn_no, []))
        ids = {"fixmedins_code": claim.fixmedins_code, "mdtrt_id": claim.mdtrt_id, "family": family}
        keys = keys_of(book.rule_set, plan, {**values, **ids})
        absent = [group for group, key in keys.items() if not key]
        if absent and not waiting and book.rule_set.group_keys[absent[0]] == "family":
            self.reject(claim, "E_UNREGISTERED", "psn_no", str(date), "one registration: family")
            return None
        if absent and not waiting:
            self.reject(claim, "E_MISSING", column_of_key(book.rule_set, absent[0]), "nothing", "the key of its group")
            return None
        own = own_amounts(book.rule_set, plan, claim, values)
        if isinstance(own, tuple):
            self.reject(claim, *own, "what the claim says", "what an amount is reckoned by")
            return None
        return Ready(claim, pool, benefit_date, book.rule_set, plan, waiting, keys, own)

    def settle(self, turn: _Turn) -> None:
        """Settle one claim that has its rule: copies, layers, account, cash.

        The first copy that passes every check is put among the rows of which others are copies.
        """
        ready, insured, standing = turn.ready, turn.insured, turn.standing
        claim, pool, rule_set, waiting = ready.claim, ready.pool, ready.rule_set, ready.waiting
        other = standing.get(claim.setl_id)
        if other is not None:
            how = "an identical copy" if _content(claim) == _content(other) else "a differing copy"
            self.reject(claim, "E_DUPLICATE", "setl_id", f"{claim.setl_id}, {how}", "each setl_id once per person")
            return
        standing[claim.setl_id] = claim
        account = self.outcome.accounts.setdefault((claim.psn_no, claim.insutype, pool), Account())
        if account.balance is None:
            account.balance = self.opening_balance(claim, pool, insured)
        self.note(claim, balance_fen=account.balance)
        steps: tuple[LayerStep, ...] = ()
        if not waiting:
            stay = turn.stays.get((claim.insutype, pool, claim.mdtrt_id))
            one_visit = stay if rule_set.interim_settlements is not None else None
            steps = self.run(ready, account, one_visit)
            self.years.count(ready, steps, len(self.outcome.settled))
        self.close(ready, steps, account)

    def run(self, ready: Ready, account: Account, stay: Stay | None) -> tuple[LayerStep, ...]:
        """Run the layers and move the counters of the claim's periods and keys on, and those of the stay."""
        periods = periods_of(ready.benefit_date, ready.rule_set.year_begins)
        places: dict[str, tuple[str, ...]] = {}
        for group, period in ready.rule_set.groups.items():
            key = ready.keys.get(group)
            places[group] = (group, periods[period]) if key is None else (group, periods[period], key)
        shared = self.of_families.setdefault((ready.claim.insutype, ready.pool), {})
        of_family = {group for group in ready.keys if ready.rule_set.group_keys[group] == "family"}
        _move(shared, account.groups, of_family, ready.keys)
        begin_periods(ready.rule_set, ready.plan, account, places, ready.benefit_date)
        before = {group: account.groups[place] for group, place in places.items() if place in account.groups}
        bill = Bill(*(getattr(ready.claim, name) for name in BILL))
        trace = None if self.traces is None else self.traces.of(ready.claim)
        if stay is not None:
            self.note(ready.claim, stay={name: replace(one) for name, one in stay.layers.items()})
        may_pay_fen = account.balance or 0 if ready.claim.acct_used_flag == "1" else 0
        steps = run_layers(by_claim(ready.plan), bill, before, stay, ready.own, may_pay_fen, trace)
        after = counted(steps, before, stay)
        self.note(ready.claim, places=places, before=before, after=after)
        for group, counters in after.items():
            account.groups[places[group]] = counters
        _move(account.groups, shared, of_family, ready.keys)
        return steps

    def close(self, ready: Ready, steps: tuple[LayerStep, ...], account: Account) -> None:
        """Add up the funds and the account's turns, then pay what is left from the account if the claim allows it."""
        claim, waiting = ready.claim, ready.waiting
        funds = dict.fromkeys(FUNDS, 0)
        acct_pay = 0
        for step in steps:
            if step.setting.fund in funds:
                funds[step.setting.fund] += step.pay_fen
            else:
                acct_pay += step.pay_fen
        pooled = next((step for step in steps if step.setting.fund == "hifp_pay"), None)
        balance_fen = (account.balance or 0) - acct_pay
        if claim.acct_used_flag == "1":
            last_fen = max(0, min(claim.medfee_sumamt - sum(funds.values()) - acct_pay, balance_fen))
            acct_pay, balance_fen = acct_pay + last_fen, balance_fen - last_fen
        account.balance = balance_fen
        self.outcome.settled.append(
            Settled(
                claim=claim,
                pool=ready.pool,
                benefit_date=ready.benefit_date,
                rule_id=WAITING if waiting else f"{ready.rule_set.name}:{ready.plan.rule.id}",
                variant=WAITING if waiting else variant_of(ready.plan),
                steps=steps,
                funds=funds,
                act_pay_dedc=0 if pooled is None else min(pooled.d_fen, claim.inscp_scp_amt),
                pool_prop_selfpay_bp=0 if pooled is None else pooled.share_bp,
                acct_pay=acct_pay,
                balc=account.balance,
            )
        )

    def insured_row(self, claim: Claim, pool: str, insured: Sequence[Insured]) -> Insured | None:
        """The insured row that holds when the visit begins; of several the one that goes first."""
        found = [
            row
            for row in insured
            if row.insutype == claim.insutype
            and row.begndate <= claim.begndate <= (row.enddate or dt.date.max)
            and self.places.pool_of(row.insu_admdvs) == pool
        ]
        return max(found, key=self.precedence, default=None)

    def precedence(self, row: Insured) -> tuple[Any, ...]:
        """Of two insured rows, which decides: the greater (docs/tables.md, insured)."""
        return (
            row.begndate,
            row.enddate or dt.date.max,
            row.psn_type,
            row.insu_admdvs,
            row.brdy or dt.date.min,
            row.wait_end_date or dt.date.min,
            -1 if row.acct_balc is None else row.acct_balc,
            *(row.extra.get(name, "") or "" for name in self.own_codes),
            *((row.extra.get(name) is not None, row.extra.get(name)) for name in self.own_numbers),
        )

    def opening_balance(self, claim: Claim, pool: str, insured: Sequence[Insured]) -> int:
        """What opens the account of a claim: the balance of the row that holds on 1 January, or of the first one after."""
        given = [
            row
            for row in insured
            if row.insutype == claim.insutype
            and self.places.pool_of(row.insu_admdvs) == pool
            and row.acct_balc is not None
        ]
        books = self.books.get((pool, claim.insutype))
        new_year = dt.date(self.year, *(books[0].rule_set.year_begins if books else (1, 1)))
        held = [row for row in given if row.begndate <= new_year <= (row.enddate or dt.date.max)]
        if not held:
            first = min((row.begndate for row in given), default=None)
            held = [row for row in given if row.begndate == first]
        return max(held, key=self.precedence).acct_balc or 0 if held else 0

    def book(self, pool: str, insutype: str, benefit_date: dt.date) -> _Book | None:
        """The latest rule set that has come into force, unless it has ended."""
        for book in self.books.get((pool, insutype), []):
            if book.rule_set.effective <= benefit_date:
                until = book.rule_set.until
                return book if until is None or benefit_date <= until else None
        return None

    def note(self, claim: Claim, **noted: Any) -> None:
        """Note what is known of a claim, where somebody asked for it."""
        if self.traces is not None:
            trace = self.traces.of(claim)
            for name, value in noted.items():
                setattr(trace, name, value)

    def reject(self, claim: Claim, code: str, column: str, found: str, expected: str) -> None:
        self.outcome.rejected.append(Rejected(claim, code, column, found, expected))


class _Book:
    """One rule set, and what was found in it for values met before: claims alike need not be matched again.

    A number matters only through the bounds it lies between, so it is remembered by their position.
    """

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        whens = [rule.when for rule in rule_set.rules]
        whens += [case.when for layer in rule_set.layers.values() for case in layer.cases]
        whens += [missing.when for missing in rule_set.missing if missing.when is not None]
        whens += [
            one
            for when in list(whens)
            for meets in when.values()
            if isinstance(meets, AnyOf)
            for one in meets.alternatives
        ]
        self.codes = sorted({name for when in whens for name, meets in when.items() if isinstance(meets, Codes | Held)})
        bounds: dict[str, set[int]] = {}
        for when in whens:
            for name, meets in when.items():
                if isinstance(meets, Interval):
                    bounds.setdefault(name, set()).update(b for b in (meets.low, meets.high) if b is not None)
        self.bounds = {name: sorted(found) for name, found in sorted(bounds.items())}
        self.known: dict[tuple[Value, ...], Plan | str] = {}

    def plan(self, values: Mapping[str, Value]) -> Plan | str:
        """The plan of a claim with these values, or what a claim with them lacks."""
        key = (*(values[name] for name in self.codes), *(self.position(name, values[name]) for name in self.bounds))
        if key not in self.known:
            missing = missing_parameter(self.rule_set, values)
            if missing is not None:
                self.known[key] = f"parameter {missing.parameter}, which is not known: {missing.why}"
            else:
                self.known[key] = plan_of(self.rule_set, values) or "a rule for these values"
        return self.known[key]

    def position(self, name: str, value: Value) -> int | None:
        return bisect_right(self.bounds[name], value) if isinstance(value, int) else None


def _move(
    come_from: dict[tuple[str, ...], Counters],
    to: dict[tuple[str, ...], Counters],
    groups: set[str],
    keys: Mapping[str, str],
) -> None:
    """Move what groups have counted for a key, in whatever period: what a family counts is with the claim at hand, or with nobody."""
    for place in [place for place in come_from if place[0] in groups and place[2] == keys[place[0]]]:
        to[place] = come_from.pop(place)


def _date(claim: Claim, column: str) -> dt.date | None:
    return claim.setl_time.date() if column == "setl_time" else getattr(claim, column)


def _content(claim: Claim) -> tuple[str, ...]:
    """The whole row as text: decides which of two rows with one setl_id comes first."""
    return tuple(str(getattr(claim, column.name)) for column in fields(claim))
