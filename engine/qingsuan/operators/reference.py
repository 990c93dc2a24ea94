"""The slow twin: contracts with operators (大病保险承办合同) settled in plain Python with fractions, over the contract as written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from qingsuan.operators.model import PARTIES, Contract, Side

__all__ = ["Line", "ReferenceContract", "settle"]


@dataclass(frozen=True, slots=True)
class Line:
    """A settled claim (pool, scheme, fund), or money that moved (contract, kind, empty), with its amount in fen."""

    whose: tuple[str, str, str]
    fen: int


@dataclass(frozen=True, slots=True)
class ReferenceContract:
    """What a contract comes to, in fen."""

    per_head: int
    premium: int
    counted: int
    surplus: int
    overrun: int
    surplus_by: dict[str, int]
    overrun_by: dict[str, int]
    operator_result: int
    carried_out: int
    clearing: int


def settle(
    contract: Contract, heads: int, claims: Iterable[Line], moved: Iterable[Line], carried_in: int
) -> ReferenceContract:
    """Settle one contract from all claims and all money of a year, in any order."""
    settled = 0
    for line in claims:
        pool, scheme, fund = line.whose
        if pool == contract.pool and scheme in contract.schemes and fund in contract.pays:
            settled += line.fen
    money = dict.fromkeys(("advance", "payout", "return"), 0)
    for line in moved:
        if line.whose[0] == contract.id:
            money[line.whose[1]] += line.fen
    each = _each(contract, heads)
    premium = each * heads
    counted = settled if contract.by_settled else money["payout"]
    cost = counted + _costs(contract, premium)
    profit = 0
    if "profit" in contract.off.which and cost < premium:
        profit = min(premium - cost, _rounded(Fraction(premium * contract.off.profit_bp, 10_000)))
    surplus, overrun = max(premium - cost - profit, 0), max(cost - premium, 0)
    surplus_by = _by_party(contract.surplus, surplus, premium)
    caused = min(overrun, contract.policy_loss.fen) if contract.policy_loss is not None else 0
    overrun_by = _by_party(contract.overrun, overrun - caused, premium)
    if contract.policy_loss is not None:
        overrun_by[contract.policy_loss.party] += caused
    return ReferenceContract(
        per_head=each,
        premium=premium,
        counted=counted,
        surplus=surplus,
        overrun=overrun,
        surplus_by=surplus_by,
        overrun_by=overrun_by,
        operator_result=profit + surplus_by["operator"] - overrun_by["operator"],
        carried_out=carried_in + surplus_by["next-year"] - overrun_by["next-year"],
        clearing=premium - surplus_by["fund"] + overrun_by["fund"] - money["advance"] + money["return"],
    )


def _costs(contract: Contract, premium: int) -> int:
    """What comes off besides claims and profit."""
    off, cost = contract.off, 0
    if "reserve" in off.which:
        cost += off.reserve_fen
    if "operating" in off.which:
        most = off.operating_most_bp
        bound = off.operating_fen if most is None else _rounded(Fraction(premium * most, 10_000))
        cost += min(off.operating_fen, bound)
    return cost


def _each(contract: Contract, heads: int) -> int:
    premium = contract.premium
    if premium.stated_fen is not None:
        return premium.stated_fen
    mean = _rounded(Fraction(sum(y.paid_fen for y in premium.years), sum(y.heads for y in premium.years)))
    wanted = mean + _rounded(Fraction(mean * premium.loading_bp, 10_000))
    wanted -= _rounded(Fraction(premium.balance_fen, heads))
    least = 0 if premium.lowered_by else premium.before_fen
    each = max(wanted, least, 0)
    return each if premium.most_fen is None else min(each, premium.most_fen)


def _by_party(side: Side, fen: int, premium: int) -> dict[str, int]:
    """Walk the bands from the bottom, taking off what lies in each; or find the one band in which the amount ends."""
    found = dict.fromkeys(PARTIES, 0)
    taken = 0
    for band in side.bands:
        bound = fen if band.upto_bp is None else _rounded(Fraction(premium * band.upto_bp, 10_000))
        if fen == taken:
            break
        if side.measured == "whole":
            here = fen if fen <= bound else 0
        else:
            here = min(fen, bound) - taken
        left = here
        for share in band.shares[:-1]:
            part = min(left, _rounded(Fraction(here * share.bp, 10_000)))
            found[share.party] += part
            left -= part
        found[band.shares[-1].party] += left
        taken += here
    return found


def _rounded(exact: Fraction) -> int:
    """Half away from zero."""
    whole = (abs(exact) + Fraction(1, 2)).__floor__()
    return whole if exact >= 0 else -whole
