"""Why a claim is settled otherwise: what the two runs themselves tell, and where they do not, that it cannot be told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.differing.runs import Pair
from qingsuan.messages import marked

__all__ = ["CAUSES", "NAMES", "cause_of_terms", "causes_of"]

Mask = npt.NDArray[np.bool_]

CAUSES = ("fate", "claim", "rule", "person", "rule or person", "course")
"""Each difference has one cause, the first of these that holds."""

NAMES = {
    "fate": marked("settled in one run only"),
    "claim": marked("the claim says something else"),
    "rule": marked("the rules say something else"),
    "person": marked("identity or insurance of the person changed"),
    "rule or person": marked("other rules and other people: not to be told apart"),
    "course": marked("an earlier claim or the account's balance changed"),
}

_PEOPLE = ("insured", "identities", "registrations")


def cause_of_terms(pair: Pair) -> str:
    """What it is where the same claim is settled on other terms: the rules, what is known of people, or either."""
    rules = pair.first.record.get("rules_digest") != pair.second.record.get("rules_digest")
    people = pair.changed_inputs(*_PEOPLE)
    if rules:
        return "rule or person" if people else "rule"
    return "person"


def causes_of(pair: Pair, claim: Mask, terms: Mask) -> npt.NDArray[np.int8]:
    """The cause of each row that both runs settled and that differs, as its place in :data:`CAUSES`.

    Parameters
    ----------
    claim : (n,) bool
        Where the claim itself says something else.
    terms : (n,) bool
        Where another rule or variant decided.
    """
    found = np.full(len(claim), CAUSES.index("course"), np.int8)
    found[terms] = CAUSES.index(cause_of_terms(pair))
    found[claim] = CAUSES.index("claim")
    return found
