"""The rows of the person: insured, identities, registrations, and which of them hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qingsuan.explain.document.basics import Texts

__all__ = ["IdentityRow", "InsuredRow", "RegistrationRow"]


@dataclass(frozen=True, slots=True)
class InsuredRow:
    """One insured row of the person.

    Attributes
    ----------
    row : the row, by column.
    decides : whether it is the row by which this claim is settled.
    why : why not: "other-scheme", "other-pool", "not-begun" or "ended" on the day the visit began, or "another-goes-first"; else "decides".
    """

    row: Texts
    decides: bool
    why: Literal["decides", "other-scheme", "other-pool", "not-begun", "ended", "another-goes-first"]


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One identity row (人员身份类别) of the person.

    Attributes
    ----------
    row : the row, by column.
    classes : the titles of the rule set's identity classes that the code belongs to; empty where the rule set knows no such code.
    holds : whether it holds on the date on which identities are read.
    why : why not: "not-begun" or "ended" on that date, or "unknown" to the rule set; else "holds".
    """

    row: Texts
    classes: tuple[str, ...]
    holds: bool
    why: Literal["holds", "not-begun", "ended", "unknown"]


@dataclass(frozen=True, slots=True)
class RegistrationRow:
    """One registration (备案) of the person.

    Attributes
    ----------
    row : the row, by column.
    holds : whether it holds on the date on which identities are read.
    why : why not: "not-begun" or "ended" on that date; else "holds".
    """

    row: Texts
    holds: bool
    why: Literal["holds", "not-begun", "ended"]
