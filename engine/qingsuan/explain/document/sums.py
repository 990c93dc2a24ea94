"""Sums, the personal account, and what is counted along the year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["AccountUse", "CarriedIn", "CounterMove", "Counters", "StayBefore", "Sums", "Year"]


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a settled claim: cost = funds + person, person = account + cash.

    Attributes
    ----------
    medfee_sumamt_fen : the total cost.
    funds_fen : what each fund pays, by its column; every fund is there.
    fund_pay_sumamt_fen : what all funds pay.
    act_pay_dedc_fen : the deductible that the pooled fund took.
    pool_prop_selfpay_bp : the pooled fund's ratio.
    psn_part_amt_fen : what is left to the person.
    acct_pay_fen : what the personal account pays of it.
    psn_cash_pay_fen : the rest.
    """

    medfee_sumamt_fen: int
    funds_fen: Mapping[str, int]
    fund_pay_sumamt_fen: int
    act_pay_dedc_fen: int
    pool_prop_selfpay_bp: int
    psn_part_amt_fen: int
    acct_pay_fen: int
    psn_cash_pay_fen: int


@dataclass(frozen=True, slots=True)
class AccountUse:
    """The personal account (个人账户).

    Attributes
    ----------
    may_be_used : whether the claim allows it.
    before_fen : the balance before the claim.
    paid_fen : what it pays.
    after_fen : the balance after it.
    """

    may_be_used: bool
    before_fen: int
    paid_fen: int
    after_fen: int


@dataclass(frozen=True, slots=True)
class Counters:
    """What is counted per person, scheme, pool, group and period.

    Attributes
    ----------
    visits : visits.
    deductible_used_fen : deductible used up.
    base_fen : what entered.
    excess_fen : what of it lay above the deductible.
    paid_fen : what was paid.
    carried_fen : what earlier periods left and is not used yet; 0 where the group carries nothing over.
    """

    visits: int
    deductible_used_fen: int
    base_fen: int
    excess_fen: int
    paid_fen: int
    carried_fen: int


@dataclass(frozen=True, slots=True)
class CounterMove:
    """A group's counters before and after a claim.

    Attributes
    ----------
    group : the group of the rule set.
    period : the period that it counts for: 2021, 2021Q3, 2021-07 or 2021-07-15.
    key : what keeps it apart, such as the institution; empty for nothing.
    before : before the claim.
    after : after it.
    """

    group: str
    period: str
    key: str
    before: Counters
    after: Counters


@dataclass(frozen=True, slots=True)
class StayBefore:
    """What the earlier settlements of the same stay (中途结算) had come to, where all of them are one visit.

    Attributes
    ----------
    mdtrt_id : the stay.
    layers : by the name of a layer, what it had counted of the stay.
    """

    mdtrt_id: str
    layers: Mapping[str, Counters]


@dataclass(frozen=True, slots=True)
class CarriedIn:
    """An account that an earlier run left (--opening).

    Attributes
    ----------
    insutype : the scheme.
    pool : the pool.
    balance_fen : the personal account.
    counters : by group and period; before and after are the same.
    """

    insutype: str
    pool: str
    balance_fen: int
    counters: tuple[CounterMove, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """What the explained claims come to.

    Attributes
    ----------
    settled : how many are settled.
    reversed : how many rows are reversed.
    rejected : how many are rejected.
    medfee_sumamt_fen : the cost of those that are settled.
    funds_fen : what each fund pays, by its column.
    fund_pay_sumamt_fen : what all funds pay.
    acct_pay_fen : what the personal account pays.
    psn_cash_pay_fen : what is paid in cash.
    """

    settled: int
    reversed: int
    rejected: int
    medfee_sumamt_fen: int
    funds_fen: Mapping[str, int]
    fund_pay_sumamt_fen: int
    acct_pay_fen: int
    psn_cash_pay_fen: int
