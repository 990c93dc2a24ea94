"""The document of an explanation: what is known of each claim, step by step, as plain values that become JSON.

These classes are the shape of the JSON, version 1; ``docs/explain.schema.json`` is made of them (:mod:`qingsuan.explain.schema`) and says
what each field means. Everything that has to be shown is here: a page or a text only says it.

- Money that was calculated is a whole number of fen (``…_fen``), a ratio a whole number of basis points (``…_bp``), a product before it is
  rounded a whole number of fen × basis points (``…_fen_bp``: divided by 10 000 it is fen).
- Rows of tables (``claim``, ``row``, ``found``) are texts under the names of the national interface, yuan with two decimals, an absent
  cell is left out: as the tables have them.
- Dates are ISO texts. What has no value is null, a list without members is empty.
- What depends on the language is called ``says``, or ``…_says``, and is in the language of ``lang``; everything
  else is the same in every language.
"""

from qingsuan.explain.document.basics import Condition, Source, Texts, plain
from qingsuan.explain.document.explanation import VERSION, Claim, Difference, Explanation, Plugin, Reversal, Run
from qingsuan.explain.document.layers import (
    Band,
    Bands,
    CapUse,
    CaseHeld,
    CeilingUse,
    Component,
    CountsToward,
    DeductibleUse,
    GuaranteeUse,
    Layer,
    LimitUse,
    RoundingUse,
    VisitNumber,
    YearEndClaim,
    YearEndUse,
)
from qingsuan.explain.document.people import IdentityRow, InsuredRow, RegistrationRow
from qingsuan.explain.document.rules import MissingParameter, Rejection, Rule, RuleTried, Tried, Waiting
from qingsuan.explain.document.sums import AccountUse, CarriedIn, CounterMove, Counters, StayBefore, Sums, Year

__all__ = [
    "VERSION",
    "AccountUse",
    "Band",
    "Bands",
    "CapUse",
    "CarriedIn",
    "CaseHeld",
    "CeilingUse",
    "Claim",
    "Component",
    "Condition",
    "CounterMove",
    "Counters",
    "CountsToward",
    "DeductibleUse",
    "Difference",
    "Explanation",
    "GuaranteeUse",
    "IdentityRow",
    "InsuredRow",
    "Layer",
    "LimitUse",
    "MissingParameter",
    "Plugin",
    "RegistrationRow",
    "Rejection",
    "Reversal",
    "RoundingUse",
    "Rule",
    "RuleTried",
    "Run",
    "Source",
    "StayBefore",
    "Sums",
    "Texts",
    "Tried",
    "VisitNumber",
    "Waiting",
    "Year",
    "YearEndClaim",
    "YearEndUse",
    "plain",
]
