"""What the run record says of a settlement of benefits: rules, rows, amounts, and what a person should know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from qingsuan.benefits.books import BenefitBooks
from qingsuan.benefits.setldetail import SETLDETAIL
from qingsuan.benefits.settled_elsewhere import Elsewhere
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import day_text
from qingsuan.money import yuan
from qingsuan.policy.identities import knows
from qingsuan.policy.model import RuleSet
from qingsuan.tables import BILL

__all__ = ["ORDER_POLICY", "record_of"]

_LISTED = 20
"""So many codes, or settlements, are named in a warning; the record has all of them."""

ORDER_POLICY = "person; benefit date, setl_time, setl_id as text; people by hash of psn_no, then psn_no"


def record_of(
    setup: Setup, found: BenefitBooks, elsewhere: Elsewhere, earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The record of a settlement of benefits.

    Parameters
    ----------
    elsewhere
        Rejected reversals whose settlement is settled.
    earlier
        What this run says of the one whose accumulators it goes on with.
    """
    books, settled = found.books, found.amounts_settled()
    return {
        "rule_sets": [_rule_set(rule_set) for rule_set in setup.program.rule_sets],
        "rules_digest": setup.program.digest,
        "order": ORDER_POLICY,
        **({} if earlier is None else {"opening": earlier}),
        "rows": {
            "in": books.rows_read["claims"],
            "settled": found.settled_rows,
            "reversed": found.reversed_rows,
            "rejected": books.rejected_rows("claims"),
            **({SETLDETAIL: books.counts[SETLDETAIL]} if setup.detail else {}),
        },
        "amounts": {
            name: {
                "in": yuan(books.sums_in[name]),
                "settled": yuan(settled[name]),
                "reversed": yuan(0),
                "rejected": yuan(books.sums_rejected[name]),
            }
            for name in BILL
        }
        | _paid(setup, found),
        "refunds_of_part": found.refunds_of_part(),
        **({"reversals_of_others": len(elsewhere)} if elsewhere else {}),
        "rejected": {table: dict(sorted(codes.items())) for table, codes in sorted(books.rejected.items())},
        "rejected_by": found.rejected_by(),
        "by_scheme": found.by_scheme(),
        "contradictions": found.contradictions(),
        "overlapping_stays": found.overlapping_stays(),
        "identities_of_nobody": found.identities_of_nobody(),
        "identities_unknown": _unknown_identities(setup, found),
        **_benefit_years(setup),
        "warnings": _warnings(setup, found, elsewhere, earlier),
    }


def _benefit_years(setup: Setup) -> dict[str, Any]:
    """First and last day of the benefit years that are not the calendar's, by pool and scheme; nothing where all are."""
    years = {
        f"{pool} {scheme}": [day_text(year.first_day), day_text(year.last_day)]
        for (pool, scheme), year in sorted(setup.other_years.items())
    }
    return {"benefit_years": years} if years else {}


def _rule_set(rule_set: RuleSet) -> dict[str, Any]:
    return {
        "rule_set": rule_set.name,
        "title": rule_set.title,
        "file": rule_set.file,
        "grades": sorted({source.grade for source in rule_set.sources.values()}),
        "missing": _missing(rule_set),
        "beyond": [
            {"parameter": one.parameter, "why": one.why, "source": _documents(rule_set, one.source)}
            for one in rule_set.beyond
        ],
    }


def _documents(rule_set: RuleSet, source: str) -> str:
    return "; ".join(f"{one.document}, {one.article} (grade {one.grade})" for one in rule_set.cited(source))


def _paid(setup: Setup, found: BenefitBooks) -> dict[str, dict[str, str]]:
    """What claims carry as paid, in yuan: what came in, and what became of the rows that carry it."""
    paid = found.paid()
    return {
        name: {"in": yuan(found.books.sums_in[name])} | {outcome: yuan(fen) for outcome, fen in paid[name].items()}
        for name in setup.paid_columns
    }


def _warnings(setup: Setup, books: BenefitBooks, elsewhere: Elsewhere, earlier: Mapping[str, Any] | None) -> list[str]:
    found = _unknown_parameters(setup.program.rule_sets, books.at_hand())
    unknown = _unknown_identities(setup, books)
    if unknown:
        found.append(_said_of_unknown(unknown))
    overlaps = books.overlapping_stays()
    if overlaps["claims"]:
        found.append(
            f"{overlaps['claims']} claims of {overlaps['people']} people are of stays that began while another stay of the "
            "same person had not ended: each is settled as it came"
        )
    if elsewhere:
        found.append(_said_of_settled_elsewhere(elsewhere))
    if earlier is not None and earlier["rules_digest"] != setup.program.digest:
        found.append("the accumulators of --opening were counted by other rules: this is not the year settled at once")
    return found


def _missing(rule_set: RuleSet) -> list[dict[str, Any]]:
    """The parameters that a rule set lacks, each once, with every reason given for it."""
    reasons: dict[str, list[str]] = {}
    for missing in rule_set.missing:
        known = reasons.setdefault(missing.parameter, [])
        if missing.why not in known:
            known.append(missing.why)
    return [{"parameter": parameter, "why": why} for parameter, why in reasons.items()]


def _said_of_settled_elsewhere(elsewhere: Elsewhere) -> str:
    return (
        f"{len(elsewhere)} rejected reversals name settlements that are settled under another psn_no, and paid: the rejected rows "
        "say under which: correct the psn_no of one of both"
    )


def _unknown_identities(setup: Setup, books: BenefitBooks) -> dict[str, int]:
    """Identity rows by code, of the codes that no rule set of the pools at hand knows."""
    at_hand = books.at_hand()
    rule_sets = [
        rule_set
        for rule_set in setup.program.rule_sets
        if any((rule_set.pool, scheme) in at_hand for scheme in rule_set.schemes)
    ]
    return {
        code: rows
        for code, rows in sorted(books.identities_by_code().items())
        if not any(knows(rule_set, code) for rule_set in rule_sets)
    }


def _said_of_unknown(unknown: dict[str, int]) -> str:
    most = sorted(unknown.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{code} ({rows:,})" for code, rows in most[:_LISTED])
    more = f" and {len(most) - _LISTED} more codes" if len(most) > _LISTED else ""
    return (
        f"{sum(unknown.values()):,} identity rows changed nothing: no rule set of the pools at hand knows their "
        f"psn_idet_type: {listed}{more}"
    )


def _unknown_parameters(rule_sets: Sequence[RuleSet], at_hand: Collection[tuple[str, str]]) -> list[str]:
    """For each rule set of a pool and scheme of this run the parameters that nobody knows and that concern its every claim."""
    found = []
    for rule_set in sorted(rule_sets, key=lambda one: one.name):
        if any((rule_set.pool, scheme) in at_hand for scheme in rule_set.schemes):
            names = list(dict.fromkeys(one.parameter for one in rule_set.missing if one.when is None))
            if names:
                said = f"{len(names)} parameters are" if len(names) > 1 else "1 parameter is"
                found.append(
                    f"{rule_set.name}: {said} not known: {', '.join(names)} (why: rule_sets, missing, in run.json)"
                )
    return found
