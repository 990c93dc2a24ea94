"""Receipts held against what is owed, payer by payer and place by place; nothing is netted between two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qingsuan.errors import PolicyError
from qingsuan.movements.model import Movement
from qingsuan.movements.vouchers import check_refunds
from qingsuan.subsidies.funding import Funding
from qingsuan.subsidies.receipts.model import Claim, Receipt
from qingsuan.subsidies.receipts.reading import Budget, Money
from qingsuan.subsidies.results import Due

__all__ = ["Arrival", "Arrived", "arrive", "claims_of"]

Key = tuple[str, str]
"""Level and place."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What has arrived of one claim, in fen.

    ``outstanding − beyond = due − received``, and one of the two is 0. ``account_fen`` is what of ``received`` lies in the account
    that the rule names, None where it names none; ``days_late`` counts from the rule's day, None where it has none. ``budgeted``
    is None without a line of the budgets: not told is not nothing.
    """

    claim: Claim
    received: int
    account_fen: int | None
    last_day: dt.date | None
    days_late: int | None
    budgeted: int | None
    off_next_year: int | None

    @property
    def outstanding(self) -> int:
        """What has not come."""
        return max(0, self.claim.due_fen - self.received)

    @property
    def beyond(self) -> int:
        """What came beyond what is due."""
        return max(0, self.received - self.claim.due_fen)

    @property
    def short_of_due(self) -> int | None:
        """What is due and not budgeted (足额安排)."""
        return None if self.budgeted is None else max(0, self.claim.due_fen - self.budgeted)


@dataclass(frozen=True, slots=True)
class Arrival:
    """All claims with what has arrived, in the order of region, place and level; and every receipt."""

    as_of: dt.date
    claims: tuple[Arrived, ...]
    receipts: tuple[Receipt, ...]


def claims_of(dues: Sequence[Due], *, split: bool) -> tuple[Claim, ...]:
    """Who owes what: central and provincial money per pool, prefecture and county money per county (财政补助)."""
    found: dict[Key, Claim] = {}

    def owe(due: Due, level: str, place: str, name: str, fen: int) -> None:
        before = found[level, place].due_fen if (level, place) in found else 0
        found[level, place] = Claim(due.region, level, due.prefecture, due.prefecture_name, place, name, before + fen)

    for due in dues:
        owe(due, "central", due.prefecture, due.prefecture_name, due.owed.central_fen)
        owe(due, "province", due.prefecture, due.prefecture_name, due.owed.province_fen)
        if split:
            owe(due, "prefecture", due.admdvs, due.name, due.owed.local_prefecture_fen or 0)
            owe(due, "county", due.admdvs, due.name, due.owed.local_county_fen or 0)
        else:
            owe(due, "local", due.admdvs, due.name, due.owed.local_fen)
    order = ("central", "province", "local", "prefecture", "county")
    return tuple(
        sorted(found.values(), key=lambda one: (one.region, one.prefecture, order.index(one.level), one.place))
    )


def arrive(dues: Sequence[Due], funding: Funding, money: Money, *, split: bool) -> Arrival:
    """Hold receipts and budgets against what is owed.

    Raises
    ------
    PolicyError
        A budget is for a place and level that owe nothing, or for a scheme that the rule does not name.
    """
    claims = {(claim.level, claim.place): claim for claim in claims_of(dues, split=split)}
    for receipt in money.receipts:
        _find(receipt, claims, funding.year, money.as_of, split=split)
    check_refunds(money.receipts, _whose, "payer, place and year")
    for receipt in money.receipts:
        if receipt.fault is not None:
            receipt.outcome, receipt.level, receipt.place = "refused", "", ""
    budgets = None if money.budgets is None else _budgets(money.budgets, claims, funding, split=split)
    received = [receipt for receipt in money.receipts if receipt.outcome == "received"]
    arrived = [
        _arrived(claim, [one for one in received if (one.level, one.place) == key], funding, money, budgets)
        for key, claim in claims.items()
    ]
    return Arrival(money.as_of, tuple(arrived), money.receipts)


def _key(level: str, place: str, *, split: bool) -> Key:
    """Without a split, prefecture and county meet one debt of the county."""
    return ("local", place) if level in ("prefecture", "county") and not split else (level, place)


def _find(receipt: Receipt, claims: Mapping[Key, Claim], year: int, as_of: dt.date, *, split: bool) -> None:
    """Find whose debt a receipt meets, and whether it counts up to the day."""
    if receipt.fault is not None or receipt.date is None:
        return
    if receipt.year != year:
        receipt.outcome = "another-year"
        return
    level, place = _key(receipt.cells["payer_level"], receipt.cells["admdvs"], split=split)
    if (level, place) not in claims:
        per = "pool" if level in ("central", "province") else "county"
        expected = f"a {per} for which this level owes a subsidy of {year}"
        receipt.refuse("E_CODE", "admdvs", f"{receipt.cells['payer_level']} {place}, which owes nothing", expected)
        return
    receipt.level, receipt.place = level, place
    receipt.outcome = "received" if receipt.date <= as_of else "after-the-day"


def _whose(receipt: Movement) -> tuple[str, ...]:
    return receipt.cells["payer_level"], receipt.cells["admdvs"], receipt.cells["year"]


def _budgets(
    budgets: Iterable[Budget], claims: Mapping[Key, Claim], funding: Funding, *, split: bool
) -> dict[Key, int]:
    """What is budgeted for each claim of the year; lines of other years are for other runs."""
    found: dict[Key, int] = {}
    for budget in budgets:
        if budget.year != funding.year:
            continue
        key = _key(budget.level, budget.place, split=split)
        rule = funding.rules.get(budget.place[:2])
        if key not in claims or rule is None or budget.scheme not in rule.schemes:
            raise PolicyError(
                budget.where,
                found=f"{budget.level} {budget.place}, scheme {budget.scheme}: it owes no subsidy of {budget.year}",
                expected="a payer, place and scheme that owe one: due/ of this run without --budgets names them",
                do="correct the line, or take it out",
            )
        found[key] = found.get(key, 0) + budget.fen
    return found


def _arrived(
    claim: Claim, receipts: Sequence[Receipt], funding: Funding, money: Money, budgets: Mapping[Key, int] | None
) -> Arrived:
    transfer = funding.rules[claim.region[:2]].transfer
    received = sum(one.fen or 0 for one in receipts)
    account, day = (None, None) if transfer is None else (transfer.account, transfer.day)
    days = [one.date for one in receipts if one.date is not None and (one.fen or 0) > 0]
    beyond = max(0, received - claim.due_fen)
    return Arrived(
        claim=claim,
        received=received,
        account_fen=None
        if account is None
        else sum(one.fen or 0 for one in receipts if one.cells["dest_account"] == account),
        last_day=max(days, default=None),
        days_late=None if day is None else _late(day, days, money.as_of, is_whole=received >= claim.due_fen),
        budgeted=None if budgets is None else budgets.get((claim.level, claim.place)),
        off_next_year=beyond if transfer is not None and transfer.excess_off_next_year else None,
    )


def _late(day: dt.date, days: Sequence[dt.date], as_of: dt.date, *, is_whole: bool) -> int:
    """Days after the rule's day: of the last receipt, or, while something is outstanding, of the day of the report."""
    until = max(days, default=day) if is_whole else as_of
    return max(0, (until - day).days)
