"""Amounts that a claim has for itself, in the slow twin: reckoned from what the claim says, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qingsuan.benefits.reference.rows import Claim
from qingsuan.benefits.reference.rules import OwnAmounts, Plan, Setting, Value
from qingsuan.money import MAX_FEN, apply_bp
from qingsuan.policy.model import RuleSet
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS, Amount

__all__ = ["own_amounts"]


def own_amounts(
    rule_set: RuleSet, plan: Plan, claim: Claim, values: Mapping[str, Value]
) -> OwnAmounts | tuple[str, str]:
    """Every amount that a plan asks a claim for, in fen; or the code and column for which the claim is refused."""
    found: dict[Amount, int] = {}
    columns = {one.name: one.column for one in rule_set.dimensions}
    for amount in _asked(plan):
        if amount.value == DAYS:
            column = "enddate"
            value = None if claim.enddate is None else max(1, (claim.enddate - claim.begndate).days)
        elif amount.value in BILL_VALUES:
            column, value = amount.value, getattr(claim, amount.value)
        else:
            column, said = columns[amount.value], values[amount.value]
            value = said if isinstance(said, int) else None
        if value is None:
            return "E_MISSING", column
        if value < 0:
            return "E_NEGATIVE", column
        grown = amount.base_fen + amount.step_fen * (value - amount.first if value > amount.first else 0)
        bound = grown if amount.upto_fen is None or grown < amount.upto_fen else amount.upto_fen
        if apply_bp(bound, amount.ratio_bp) > (claim.medfee_sumamt if amount.of_bill else MAX_FEN):
            return "E_RANGE", column
        found[amount] = apply_bp(bound, amount.ratio_bp)
    return found


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
