"""The end of the year in the slow twin (年终二次报销): what a layer pays once for all that a person's claims of the year left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from qingsuan.benefits.reference.layers import run_layers
from qingsuan.benefits.reference.rows import AccountKey, Counted, Outcome, Settled, YearEndShare
from qingsuan.benefits.reference.rules import Plan, Setting
from qingsuan.benefits.reference.stays import Ready
from qingsuan.benefits.reference.steps import Bill, Counters, LayerStep
from qingsuan.benefits.reference.trace import ClaimTrace, Traces
from qingsuan.money import BP_ONE, apply_bp

__all__ = ["Years", "by_claim"]


_SUM = "the sum of the year"


def by_claim(plan: Plan) -> Plan:
    """What of a rule is settled claim by claim."""
    return replace(plan, settings=tuple(one for one in plan.settings if one.year_end is None))


@dataclass
class Years:
    """What claims left, by account and group; and of each the claim's place among those that are settled, with the layer that it named."""

    left: dict[tuple[AccountKey, str], list[tuple[int, int, Setting, Plan]]] = field(default_factory=dict)

    def count(self, ready: Ready, steps: tuple[LayerStep, ...], place: int) -> None:
        """Count what a claim left of what entered, if its rule has a layer of the year's end."""
        for setting in ready.plan.settings:
            if setting.year_end is not None:
                claim = ready.claim
                entered_fen = apply_bp(claim.inscp_scp_amt, ready.plan.rule.entry_bp)
                left_fen = max(0, entered_fen - sum(step.pay_fen for step in steps))
                key = (claim.psn_no, claim.insutype, ready.pool), setting.year_end.group
                self.left.setdefault(key, []).append((place, left_fen, setting, ready.plan))

    def close(self, outcome: Outcome, traces: Traces | None) -> None:
        """Settle every year, then let the accounts of those who are paid something pay anew."""
        paid: set[AccountKey] = set()
        for (key, _), claims in self.left.items():
            if _close(outcome, claims, traces):
                paid.add(key)
        by_account: dict[AccountKey, list[int]] = {}
        for place, row in enumerate(outcome.settled):
            by_account.setdefault((row.claim.psn_no, row.claim.insutype, row.pool), []).append(place)
        for key in paid:
            _pay_from_account(outcome, key, by_account[key])


def _close(outcome: Outcome, claims: list[tuple[int, int, Setting, Plan]], traces: Traces | None) -> int:
    """Settle one year and give what it is paid to its claims, the last one first."""
    total_fen = sum(left_fen for _, left_fen, _, _ in claims)
    last, _, setting, plan = claims[-1]
    trace = None if traces is None else _begun(traces.of(outcome.settled[last].claim))
    rule = replace(plan.rule, entry_bp=BP_ONE, ceiling=None, guarantee=None)
    bill = Bill(total_fen, 0, 0, 0, total_fen)
    (step,) = run_layers(Plan(rule, (_selecting(setting),)), bill, {_SUM: Counters(base=total_fen)}, trace=trace)
    step = replace(step, setting=setting)
    counted = tuple(Counted(outcome.settled[place].claim.setl_id, left_fen) for place, left_fen, _, _ in claims)
    rest_fen = step.pay_fen
    for place, left_fen, _, _ in reversed(claims):
        share_fen = min(left_fen, rest_fen)
        rest_fen -= share_fen
        row = outcome.settled[place]
        funds = {**row.funds, setting.fund: row.funds[setting.fund] + share_fen}
        share = YearEndShare(step, counted, left_fen, share_fen, trace)
        outcome.settled[place] = replace(row, funds=funds, year_end=share)
    return step.pay_fen


def _begun(decides: ClaimTrace) -> ClaimTrace:
    """What is noted of a year: the claim that decides which cases hold is the last one."""
    return ClaimTrace(rule_set=decides.rule_set, values=decides.values)


def _selecting(setting: Setting) -> Setting:
    """The layer as its bands read the year's sum, which limit and deductible of the same group have not seen yet."""
    select = setting.bands.select
    if select is None:
        return setting
    return replace(setting, bands=replace(setting.bands, select=replace(select, group=_SUM)))


def _pay_from_account(outcome: Outcome, key: AccountKey, places: list[int]) -> None:
    """Let the personal account pay what funds leave, claim by claim, where the claim allows it."""
    first = outcome.settled[places[0]]
    balance_fen = first.balc + first.acct_pay
    for place in places:
        row: Settled = outcome.settled[place]
        rest_fen = row.claim.medfee_sumamt - row.fund_pay_sumamt
        acct_pay = min(rest_fen, balance_fen) if row.claim.acct_used_flag == "1" else 0
        balance_fen -= acct_pay
        outcome.settled[place] = replace(row, acct_pay=acct_pay, balc=balance_fen)
    outcome.accounts[key].balance = balance_fen
