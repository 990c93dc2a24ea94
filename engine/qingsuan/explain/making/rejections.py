"""Why a claim is rejected, and what would have been needed."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.benefits.reference.rules import Plan, missing_parameter
from qingsuan.benefits.reference.trace import ClaimTrace
from qingsuan.benefits.reference.twin import Rejected
from qingsuan.explain.document import MissingParameter, Rejection, RuleTried
from qingsuan.explain.making.asked import Asked
from qingsuan.messages import Words
from qingsuan.report.wording.reasons import REJECTIONS
from qingsuan.report.wording.rejected import rejected_says

__all__ = ["rejection_of"]

_RULES = 5
"""So many rules that did not match are told, the nearest ones."""


def rejection_of(
    speech: Words, asked: Asked | None, rejected: Rejected, trace: ClaimTrace, row: Mapping[str, str] | None
) -> Rejection:
    """Why a claim is rejected: by the twin, with what the row of ``rejected/`` says of it."""
    said = row or {}
    in_plan = isinstance(trace.plan, Plan)
    missing = None
    rules: tuple[RuleTried, ...] = ()
    if asked is not None and trace.values and not in_plan and rejected.code == "E_NO_RULE":
        missing = _missing(asked, trace)
        rules = () if missing else _nearest(asked, trace)
    found = said.get("found", "" if rejected.code == "E_NO_RULE" else rejected.found)
    return Rejection(
        code=rejected.code,
        says=speech.speak(REJECTIONS[rejected.code]) if rejected.code in REJECTIONS else "",
        column=rejected.column,
        found=rejected_says(speech, found),
        expected=_expected(speech, missing) or rejected_says(speech, said.get("expected", rejected.expected)),
        rules=rules,
        missing=missing,
    )


def _expected(speech: Words, missing: MissingParameter | None) -> str:
    """What a claim that needs a missing parameter would have needed, with the reason as it is told; nothing of any other."""
    if missing is None:
        return ""
    parameter, why = missing.parameter, missing.why
    return speech.speak("parameter {parameter}, which the bureau must supply: {why}", parameter=parameter, why=why)


def _missing(asked: Asked, trace: ClaimTrace) -> MissingParameter | None:
    found = missing_parameter(asked.rule_set, trace.values)
    if found is None:
        return None
    return MissingParameter(found.parameter, found.why, asked.conditions(found.when or {}, trace.values))


def _nearest(asked: Asked, trace: ClaimTrace) -> tuple[RuleTried, ...]:
    """The rules that fail by the fewest conditions, those of one number as they are written."""
    tried = [RuleTried(rule.id, asked.conditions(rule.when, trace.values)) for rule in asked.rule_set.rules]
    tried.sort(key=lambda one: sum(not condition.met for condition in one.conditions))
    return tuple(tried[:_RULES])
