"""Amounts that a claim has for itself, in the slow twin: reckoned from what the claim says, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qingsuan.benefits.reference.rows import Claim
from qingsuan.benefits.reference.rules import OwnAmounts, Plan, Setting, Value
from qingsuan.money import MAX_FEN, apply_bp
from qingsuan.policy.model import RuleSet
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS, Amount

__all__ = ["grown", "own_amounts", "value_of"]


def own_amounts(
    rule_set: RuleSet, plan: Plan, claim: Claim, values: Mapping[str, Value]
) -> OwnAmounts | tuple[str, str]:
    """Every amount that a plan asks a claim for, in fen; or the code and column for which the claim is refused."""
    found: dict[Amount, int] = {}
    for amount in _asked(plan):
        if amount.select is not None:
            continue  # of a counter, not of the claim
        column, value = value_of(rule_set, amount, claim, values)
        if value is None:
            return ("E_MISSING", column) if amount.reg_type is None else ("E_UNREGISTERED", amount.asked or "psn_no")
        if value < 0:
            return "E_NEGATIVE", column
        bound = grown(amount, value)
        if apply_bp(bound, amount.ratio_bp) > (claim.medfee_sumamt if amount.of_bill else MAX_FEN):
            return "E_RANGE", column
        found[amount] = apply_bp(bound, amount.ratio_bp)
    return found


def value_of(rule_set: RuleSet, amount: Amount, claim: Claim, values: Mapping[str, Value]) -> tuple[str, int | None]:
    """What a claim has of that by which an amount is reckoned, and the column in which it stands; None where it has nothing."""
    if amount.value == DAYS:
        return "enddate", None if claim.enddate is None else max(1, (claim.enddate - claim.begndate).days)
    if amount.value in BILL_VALUES:
        return amount.value, getattr(claim, amount.value)
    said = values[amount.value]
    column = next(one.column for one in rule_set.dimensions if one.name == amount.value)
    return column, said if isinstance(said, int) else None


def grown(amount: Amount, value: int) -> int:
    """An amount for a value, before its ratio."""
    fen = amount.base_fen + amount.step_fen * (value - amount.first if value > amount.first else 0)
    return fen if amount.upto_fen is None or fen < amount.upto_fen else amount.upto_fen


def _asked(plan: Plan) -> Iterator[Amount]:
    for setting in plan.settings:
        yield from _asked_by(setting)


def _asked_by(setting: Setting) -> Iterator[Amount]:
    if setting.limit is not None and setting.limit.of_claim is not None:
        yield setting.limit.of_claim
    if setting.deductible is not None and setting.deductible.of_claim is not None:
        yield setting.deductible.of_claim
    for cap in setting.caps:
        if cap.of_claim is not None and ("visit" if cap.per == "visit" else cap.group) not in setting.lifted:
            yield cap.of_claim
    yield from (entry.of_claim for entry in setting.entry if entry.of_claim is not None)
