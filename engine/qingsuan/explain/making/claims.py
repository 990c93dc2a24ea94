"""One claim as the document has it: what came in, what was found about the person, the rule, the layers, the sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qingsuan.benefits.reference.rules import Plan, holds, variant_of
from qingsuan.benefits.reference.trace import ClaimTrace, Traces
from qingsuan.benefits.reference.twin import WAITING, Places, Rejected, Settled
from qingsuan.benefits.setup import Setup
from qingsuan.explain.document import (
    AccountUse,
    Claim,
    CounterMove,
    IdentityRow,
    InsuredRow,
    RegistrationRow,
    Reversal,
    Rule,
    StayBefore,
    Sums,
    Tried,
    Waiting,
    YearEndUse,
)
from qingsuan.explain.making.agreement import differences_of, row_of_rejected, row_of_settled
from qingsuan.explain.making.asked import Asked
from qingsuan.explain.making.layers import ceiling_of, guarantee_of, layer_of, year_end_of
from qingsuan.explain.making.rejections import rejection_of
from qingsuan.explain.rows.counters import counters_by_name, counters_of
from qingsuan.explain.rows.found import Found
from qingsuan.explain.rows.person import ClaimRow, Person
from qingsuan.messages import Words
from qingsuan.plugins.texts import rules_in_chinese
from qingsuan.policy.model import RuleSet

__all__ = ["Claims"]

Holds = Literal["holds", "not-begun", "ended"]


@dataclass(slots=True)
class Claims:
    """Makes the documents of a person's claims.

    Parameters
    ----------
    found
        The person's rows in the run folder; a row is taken out when its claim is explained.
    """

    setup: Setup
    speech: Words
    person: Person
    places: Places
    traces: Traces
    found: Found

    def of(self, number: int, row: ClaimRow, became: Settled | Rejected | Reversal) -> Claim:
        """The document of one claim, and whether the run folder agrees."""
        trace = self.traces.of(row.claim)
        rule_set: RuleSet | None = trace.rule_set
        asked = None if rule_set is None else self._asked(rule_set)
        outcome, explained, wanted = _must(row, became)
        table = self.found.take(outcome, wanted)
        differences = differences_of(outcome, explained, table, self._elsewhere(row))
        settled = became if isinstance(became, Settled) else None
        plan = trace.plan if isinstance(trace.plan, Plan) else None
        steps = () if settled is None else settled.steps
        in_layers = asked is not None and plan is not None and bool(steps)
        pool = self.places.pool_of(row.claim.insu_admdvs)
        return Claim(
            number=number,
            setl_id=row.claim.setl_id,
            outcome=outcome,
            claim=row.texts,
            file=row.file,
            row=row.row,
            pool=pool,
            benefit_date=None if row.benefit is None else row.benefit.isoformat(),
            benefit_date_column=self._benefit_column(pool, row.claim.insutype),
            identity_date=None if trace.identity_date is None else trace.identity_date.isoformat(),
            identity_date_column="" if rule_set is None else rule_set.identity_date,
            insured=tuple(self._insured(row, trace)) if trace.judged else (),
            identities=tuple(self._identities(trace)),
            registrations=tuple(self._registrations(trace)),
            rule=_rule(asked, row, trace, plan, settled) if asked and plan else None,
            waiting=_waiting(asked, trace) if asked else None,
            layers=tuple(layer_of(asked, row.claim, step, trace) for step in steps) if asked and in_layers else (),
            guarantee=guarantee_of(asked, trace, steps) if asked and in_layers else None,
            ceiling=ceiling_of(asked, trace, steps) if asked and in_layers else None,
            year_end=None if settled is None else self._year_end(row, settled),
            stay=None if trace.stay is None else StayBefore(row.claim.mdtrt_id, counters_by_name(trace.stay)),
            sums=None if settled is None else _sums(settled),
            account=None if settled is None else _account(row, trace, settled),
            counters=_moves(trace),
            rejection=rejection_of(self.speech, asked, became, trace, table) if isinstance(became, Rejected) else None,
            reversal=became if isinstance(became, Reversal) else None,
            found=table,
            agrees=not differences,
            differences=differences,
        )

    def _year_end(self, row: ClaimRow, settled: Settled) -> YearEndUse | None:
        share = settled.year_end
        if share is None or share.trace is None:
            return None
        return year_end_of(self._asked(share.trace.rule_set), row.claim, share)

    def _asked(self, rule_set: RuleSet) -> Asked:
        region = self.setup.region_of(rule_set.pool)
        told = rules_in_chinese(rule_set, region) if self.speech.lang == "zh" else rule_set
        return Asked(told, self.speech, region.codes)

    def _elsewhere(self, row: ClaimRow) -> str | None:
        tables = ("settled", "reversed", "rejected")
        wanted = {"setl_id": row.claim.setl_id}
        return next((name for name in tables if self.found.peek(name, wanted) is not None), None)

    def _benefit_column(self, pool: str | None, scheme: str) -> str:
        series = (one for one in self.setup.program.series if (one.pool, one.scheme) == (pool, scheme))
        return next((one.benefit_date for one in series), "setl_time")

    def _insured(self, row: ClaimRow, trace: ClaimTrace) -> list[InsuredRow]:
        claim = row.claim
        pool = self.places.pool_of(claim.insu_admdvs)
        found = []
        for one, texts in self.person.insured:
            why: Any = _when(one.begndate, one.enddate, claim.begndate)
            if one.insutype != claim.insutype:
                why = "other-scheme"
            elif self.places.pool_of(one.insu_admdvs) != pool:
                why = "other-pool"
            elif why == "holds":
                why = "decides" if one is trace.insured else "another-goes-first"
            found.append(InsuredRow(texts, one is trace.insured, why))
        return found

    def _identities(self, trace: ClaimTrace) -> list[IdentityRow]:
        rule_set: RuleSet | None = trace.rule_set
        if rule_set is None or trace.identity_date is None:
            return []
        found = []
        for one, texts in self.person.identities:
            classes = [klass for klass in rule_set.identities if one.psn_idet_type in klass.codes]
            named = tuple(klass.title if self.speech.lang == "zh" else klass.name for klass in classes)
            why: Any = _when(one.begntime, one.endtime, trace.identity_date)
            if why == "holds" and not classes:
                why = "unknown"
            found.append(IdentityRow(texts, named, why == "holds", why))
        return found

    def _registrations(self, trace: ClaimTrace) -> list[RegistrationRow]:
        if trace.identity_date is None:
            return []
        whys = [
            (_when(one.begndate, one.enddate, trace.identity_date), texts) for one, texts in self.person.registrations
        ]
        return [RegistrationRow(texts, why == "holds", why) for why, texts in whys]


def _must(
    row: ClaimRow, became: Settled | Rejected | Reversal
) -> tuple[Literal["settled", "reversed", "rejected"], dict[str, str], dict[str, str]]:
    """What became of a claim, what the run folder must say of it, and by which cells its row is known there."""
    setl_id = row.claim.setl_id
    if isinstance(became, Settled):
        return "settled", row_of_settled(became), {"setl_id": setl_id}
    if isinstance(became, Rejected):
        where = {"source_file": row.file, "source_row": str(row.row)}
        return "rejected", row_of_rejected(became), where
    flag = "1" if became.takes_back else "0"
    return "reversed", {"other_setl_id": became.other_setl_id}, {"setl_id": setl_id, "refd_setl_flag": flag}


def _when(begin: dt.date, end: dt.date | None, date: dt.date) -> Holds:
    """Whether something holds on a date, both days included."""
    if date < begin:
        return "not-begun"
    return "ended" if end is not None and end < date else "holds"


def _rule(asked: Asked, row: ClaimRow, trace: ClaimTrace, plan: Plan, settled: Settled | None) -> Rule:
    rule, rule_set = plan.rule, asked.rule_set
    yielding = [one.id for one in rule_set.rules if one.id in rule.overrides and holds(one.when, trace.values)]
    return Rule(
        rule_set=rule_set.name,
        title=rule_set.title,
        file=rule_set.file,
        effective=rule_set.effective.isoformat(),
        until=None if rule_set.until is None else rule_set.until.isoformat(),
        rule_id=f"{rule_set.name}:{rule.id}",
        variant=variant_of(plan),
        conditions=asked.conditions(rule.when, trace.values),
        overrides=tuple(yielding),
        entry_bp=rule.entry_bp,
        entered_fen=trace.entered_fen,
        own_fen=row.claim.inscp_scp_amt - trace.entered_fen
        if settled is not None and settled.rule_id != WAITING
        else 0,
        sources=asked.sources(rule.source),
        set_sources=asked.sources(rule_set.source),
    )


def _waiting(asked: Asked, trace: ClaimTrace) -> Waiting | None:
    said = asked.rule_set.waiting
    if trace.waits is None or said is None or trace.insured is None:
        return None
    exemptions = tuple(
        Tried(asked.conditions(one.when, trace.values), holds(one.when, trace.values), asked.sources(one.source))
        for one in said.exempt
    )
    return Waiting(str(trace.insured.wait_end_date), trace.waits, exemptions, asked.sources(said.source))


def _sums(settled: Settled) -> Sums:
    return Sums(
        medfee_sumamt_fen=settled.claim.medfee_sumamt,
        funds_fen=dict(settled.funds),
        fund_pay_sumamt_fen=settled.fund_pay_sumamt,
        act_pay_dedc_fen=settled.act_pay_dedc,
        pool_prop_selfpay_bp=settled.pool_prop_selfpay_bp,
        psn_part_amt_fen=settled.psn_part_amt,
        acct_pay_fen=settled.acct_pay,
        psn_cash_pay_fen=settled.psn_cash_pay,
    )


def _account(row: ClaimRow, trace: ClaimTrace, settled: Settled) -> AccountUse:
    return AccountUse(row.claim.acct_used_flag == "1", trace.balance_fen, settled.acct_pay, settled.balc)


def _moves(trace: ClaimTrace) -> tuple[CounterMove, ...]:
    """Every group that a claim moved, with its counters before and after."""
    places: Mapping[str, tuple[str, ...]] = trace.places
    return tuple(
        CounterMove(
            group,
            places[group][1],
            places[group][2] if len(places[group]) > 2 else "",
            counters_of(trace.before.get(group)),
            counters_of(after),
        )
        for group, after in sorted(trace.after.items())
    )
