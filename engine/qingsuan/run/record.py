"""The run record (``run.json``): what ran, on what, by whose rules, and what came of it.

It holds no time and no machine: the same inputs, parameters and versions give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qingsuan import __version__
from qingsuan.benefits.setup import Setup
from qingsuan.money import yuan
from qingsuan.plugins import Installed
from qingsuan.policy.identities import knows
from qingsuan.policy.model import RuleSet
from qingsuan.run.inputs import Source, digest_of
from qingsuan.run.opening import earlier_run
from qingsuan.run.settled_elsewhere import Elsewhere
from qingsuan.run.tally import Tally
from qingsuan.tables import BILL

if TYPE_CHECKING:
    from qingsuan.run.model import Inputs

__all__ = ["ORDER_POLICY", "of_inputs", "of_plugins", "of_settlement"]

_LISTED = 20
"""So many codes, or settlements, are named in a warning; the record has all of them."""

ORDER_POLICY = "person; benefit date, setl_time, setl_id as text; people by hash of psn_no, then psn_no"


def of_inputs(
    sources: Iterable[Source], digest: Callable[[Source], str] = lambda source: digest_of(source.path)
) -> list[dict[str, Any]]:
    """Name, size in rows and digest of input files; ``digest`` gives one that is known already."""
    return [{"file": source.name, "rows": source.rows, "sha256": digest(source)} for source in sources]


def of_plugins(installed: Installed) -> list[dict[str, Any]]:
    """Every plugin that was found, with the reason where it is refused."""
    return [
        {
            "plugin": plugin.distribution,
            "version": plugin.version,
            "region": None if plugin.region is None else plugin.region.code,
            "problem": plugin.problem,
        }
        for plugin in installed.plugins
    ]


def of_settlement(
    setup: Setup,
    inputs: Inputs,
    installed: Installed,
    tally: Tally,
    partitions: int,
    unread: dict[str, list[str]],
    digest: Callable[[Source], str],
) -> dict[str, Any]:
    """The record of a settlement of benefits."""
    settled = tally.amounts_settled()
    return {
        "settlement": "benefits 待遇结算",
        "year": setup.year,
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": of_plugins(installed),
        "rule_sets": [
            {
                "rule_set": rule_set.name,
                "title": rule_set.title,
                "file": rule_set.file,
                "grades": sorted({source.grade for source in rule_set.sources.values()}),
                "missing": _missing(rule_set),
            }
            for rule_set in setup.program.rule_sets
        ],
        "rules_digest": setup.program.digest,
        "order": ORDER_POLICY,
        "partitions": partitions,
        "inputs": {
            "claims": of_inputs(inputs.claims, digest),
            "insured": of_inputs(inputs.insured, digest),
            "identities": of_inputs(inputs.identities, digest),
            **({"opening": of_inputs(inputs.opening, digest)} if inputs.opening else {}),
        },
        **({"opening": earlier_run(inputs.opening)} if inputs.opening else {}),
        "left_out": {table: list(names) for table, names in inputs.left_out.items() if names},
        "rows": {
            "in": tally.rows_read["claims"],
            "settled": tally.settled_rows,
            "reversed": tally.reversed_rows,
            "rejected": tally.rejected_claims,
        },
        "amounts": {
            name: {
                "in": yuan(tally.amounts_in[name]),
                "settled": yuan(settled[name]),
                "reversed": yuan(0),
                "rejected": yuan(tally.amounts_rejected[name]),
            }
            for name in BILL
        }
        | _paid(setup, tally),
        "refunds_of_part": tally.refunds_of_part(),
        **({"reversals_of_others": len(tally.settled_elsewhere)} if tally.settled_elsewhere else {}),
        "rejected": {table: dict(sorted(codes.items())) for table, codes in sorted(tally.rejected.items())},
        "rejected_by": [
            {"pool": pool, "insutype": scheme, "code": code, "rows": rows}
            for (pool, scheme, code), rows in sorted(tally.rejected_by.items())
        ],
        "by_scheme": tally.by_scheme(),
        "contradictions": tally.contradictions(),
        "overlapping_stays": tally.overlapping_stays(),
        "identities_of_nobody": tally.identities_of_nobody(),
        "identities_unknown": _unknown_identities(setup, tally),
        "warnings": _warnings(setup, inputs, installed, tally, unread),
    }


def _paid(setup: Setup, tally: Tally) -> dict[str, dict[str, str]]:
    """What claims carry as paid, in yuan: what came in, and what became of the rows that carry it."""
    paid = tally.paid()
    return {
        name: {"in": yuan(tally.amounts_in[name])} | {outcome: yuan(fen) for outcome, fen in paid[name].items()}
        for name in setup.paid_columns
    }


def _missing(rule_set: RuleSet) -> list[dict[str, Any]]:
    """The parameters that a rule set lacks, each once, with every reason given for it."""
    reasons: dict[str, list[str]] = {}
    for missing in rule_set.missing:
        known = reasons.setdefault(missing.parameter, [])
        if missing.why not in known:
            known.append(missing.why)
    return [{"parameter": parameter, "why": why} for parameter, why in reasons.items()]


def _warnings(
    setup: Setup, inputs: Inputs, installed: Installed, tally: Tally, unread: dict[str, list[str]]
) -> list[str]:
    found = [f"plugin {plugin.title} is broken: {plugin.problem}" for plugin in installed.broken]
    found += [f"{file}: columns nobody reads: {', '.join(names)}" for file, names in sorted(unread.items())]
    found += _unknown_parameters(setup.program.rule_sets, tally.at_hand())
    unknown = _unknown_identities(setup, tally)
    if unknown:
        found.append(_said_of_unknown(unknown))
    overlaps = tally.overlapping_stays()
    if overlaps["claims"]:
        found.append(
            f"{overlaps['claims']} claims of {overlaps['people']} people are of stays that began while another stay of the "
            "same person had not ended: each is settled as it came"
        )
    if tally.settled_elsewhere:
        found.append(_said_of_settled_elsewhere(tally.settled_elsewhere))
    earlier = earlier_run(inputs.opening)
    if earlier is not None and earlier["rules_digest"] != setup.program.digest:
        found.append("the accumulators of --opening were counted by other rules: this is not the year settled at once")
    return found


def _said_of_settled_elsewhere(elsewhere: Elsewhere) -> str:
    told = sorted(set(elsewhere.values()))
    listed = ", ".join(f"{one.setl_id} (psn_no {one.psn_no})" for one in told[:_LISTED])
    more = f" and {len(told) - _LISTED} more" if len(told) > _LISTED else ""
    return (
        f"{len(elsewhere)} rejected reversals name settlements that are settled under another psn_no, and paid: {listed}{more}: "
        "correct the psn_no of one of both"
    )


def _unknown_identities(setup: Setup, tally: Tally) -> dict[str, int]:
    """Identity rows by code, of the codes that no rule set of the pools at hand knows."""
    at_hand = tally.at_hand()
    rule_sets = [
        rule_set
        for rule_set in setup.program.rule_sets
        if any((rule_set.pool, scheme) in at_hand for scheme in rule_set.schemes)
    ]
    return {
        code: rows
        for code, rows in sorted(tally.identities_by_code().items())
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
    """Parameters that nobody knows and that concern every claim of a pool and scheme of this run, each said once."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for rule_set in rule_sets:
        if not any((rule_set.pool, scheme) in at_hand for scheme in rule_set.schemes):
            continue
        for missing in rule_set.missing:
            names = concerned.setdefault((missing.parameter, missing.why), [])
            if missing.when is None and rule_set.name not in names:
                names.append(rule_set.name)
    return [
        f"{', '.join(names)}: parameter {parameter} is not known: {why}"
        for (parameter, why), names in concerned.items()
        if names
    ]
