"""An explained claim held against the run folder: what it must say, and what it says."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.benefits.reference.twin import Rejected, Settled
from qingsuan.explain.document import Difference
from qingsuan.money import yuan
from qingsuan.tables import BILL

__all__ = ["differences_of", "row_of_rejected", "row_of_settled"]

_OF_CLAIM = ("setl_id", "psn_no", "insutype", "insu_admdvs", "med_type", "fixmedins_code")


def row_of_settled(settled: Settled) -> dict[str, str]:
    """The row of ``settled/`` that an explained claim must have: texts by column, an absent code is empty."""
    claim = settled.claim
    amounts = {name: getattr(claim, name) for name in BILL}
    amounts |= {"act_pay_dedc": settled.act_pay_dedc, **settled.funds, "hosp_part_amt": 0}
    amounts |= {"fund_pay_sumamt": settled.fund_pay_sumamt, "psn_part_amt": settled.psn_part_amt}
    amounts |= {"acct_pay": settled.acct_pay, "acct_mulaid_pay": 0, "psn_cash_pay": settled.psn_cash_pay}
    amounts["balc"] = settled.balc
    whole, ratio = divmod(settled.pool_prop_selfpay_bp, 10_000)
    return {
        **{name: getattr(claim, name) for name in _OF_CLAIM},
        "setl_time": claim.setl_time.isoformat(sep=" "),
        "rule_id": settled.rule_id,
        **{name: yuan(fen) for name, fen in amounts.items()},
        "pool_prop_selfpay": f"{whole}.{ratio:04d}",
        "pool": settled.pool,
        "benefit_date": settled.benefit_date.isoformat(),
        "variant": settled.variant,
    }


def row_of_rejected(rejected: Rejected) -> dict[str, str]:
    """What the row of ``rejected/`` must say of why."""
    return {"code": rejected.code, "column": rejected.column}


def differences_of(
    outcome: str, explained: Mapping[str, str], found: Mapping[str, str] | None, elsewhere: str | None
) -> tuple[Difference, ...]:
    """Every column in which the run folder says something else.

    Parameters
    ----------
    elsewhere
        The table in which the claim is found instead; None if in none.
    """
    if found is None:
        return (Difference("outcome", outcome, elsewhere),)
    return tuple(
        Difference(name, text, found.get(name, "")) for name, text in explained.items() if found.get(name, "") != text
    )
