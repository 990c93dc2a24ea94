"""One claim and what became of it, and the whole explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qingsuan.explain.document.basics import Texts
from qingsuan.explain.document.layers import CeilingUse, GuaranteeUse, Layer, YearEndUse
from qingsuan.explain.document.people import IdentityRow, InsuredRow, RegistrationRow
from qingsuan.explain.document.rules import Rejection, Rule, Waiting
from qingsuan.explain.document.sums import AccountUse, CarriedIn, CounterMove, StayBefore, Sums, Year

__all__ = ["VERSION", "Claim", "Difference", "Explanation", "Plugin", "Reversal", "Run"]


VERSION = "1"
"""The version of the document: another one where a field is gone or means something else; a further field is none."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """A claim that was taken back (退费), or the reversal that took it back.

    Attributes
    ----------
    takes_back : whether this row is the reversal.
    other_setl_id : the other row of the pair.
    """

    takes_back: bool
    other_setl_id: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of the run folder that is not the explained one.

    Attributes
    ----------
    column : the column; "outcome" where the claim is in another table.
    explained : what the explanation came to.
    found : what the run folder has; null where it has no such row.
    """

    column: str
    explained: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the person and what became of it.

    Attributes
    ----------
    number : its place in the order in which the person's claims are settled, from 1; those that are not settled in order come last.
    setl_id : the settlement.
    outcome : "settled", "reversed" or "rejected".
    claim : the claim as it came, by column.
    file : the file from which it came.
    row : its row there, from 1.
    pool : the pool (统筹区) that insures the person; null where none is served.
    benefit_date : the date that decides year and rule set; null where it cannot be read.
    benefit_date_column : the column in which it stands.
    identity_date : the date on which identities and registrations are read; null where no rule set was reached.
    identity_date_column : the column in which it stands.
    insured : the person's insured rows, the one that decides among them.
    identities : the person's identity rows, and whether they hold.
    registrations : likewise.
    rule : the rule that decided; null where none did.
    waiting : the waiting period, where the visit began inside of one.
    layers : in the order in which they pay; none inside the waiting period.
    guarantee : null where the rule has none.
    ceiling : null where the rule has none.
    year_end : what is paid once, at the end of the year; null where the rule has nothing of the kind.
    stay : null unless the claim is one of several settlements of a stay.
    sums : null unless it is settled.
    account : null unless it is settled.
    counters : every group that the claim moved.
    rejection : null unless it is rejected.
    reversal : null unless it is reversed.
    found : the row of settled/, reversed/ or rejected/, by column; null where the run folder has none.
    agrees : whether the run folder says the same.
    differences : where it does not.
    """

    number: int
    setl_id: str
    outcome: Literal["settled", "reversed", "rejected"]
    claim: Texts
    file: str
    row: int
    pool: str | None
    benefit_date: str | None
    benefit_date_column: str
    identity_date: str | None
    identity_date_column: str
    insured: tuple[InsuredRow, ...]
    identities: tuple[IdentityRow, ...]
    registrations: tuple[RegistrationRow, ...]
    rule: Rule | None
    waiting: Waiting | None
    layers: tuple[Layer, ...]
    guarantee: GuaranteeUse | None
    ceiling: CeilingUse | None
    year_end: YearEndUse | None
    stay: StayBefore | None
    sums: Sums | None
    account: AccountUse | None
    counters: tuple[CounterMove, ...]
    rejection: Rejection | None
    reversal: Reversal | None
    found: Texts | None
    agrees: bool
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin by whose rules the person is settled.

    Attributes
    ----------
    plugin : the distribution.
    version : its version.
    region : the region that it serves.
    working_copy : whether its rules are those of a working folder.
    """

    plugin: str
    version: str
    region: str
    working_copy: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The run that is explained.

    Attributes
    ----------
    folder : its folder, as it was named.
    record_sha256 : the digest of its run.json.
    year : the year that was settled.
    rules_digest : the digest of its rules.
    plugins : those of the regions that it was settled by.
    pools : what they call their pools (统筹区), by code.
    """

    folder: str
    record_sha256: str
    year: int
    rules_digest: str
    plugins: tuple[Plugin, ...]
    pools: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a claim, or the claims of a person's year, came to what they came to.

    Attributes
    ----------
    version : of this document: "1".
    lang : the language of what is called says: "zh" or "en".
    about : "claim" where one settlement was asked for, "person" for a person's year.
    psn_no : the person.
    setl_id : the settlement that was asked for; null for a person's year.
    at : the last benefit date that is shown; null for the whole year.
    run : the run that is explained.
    carried_in : accounts that an earlier run left.
    claims : what is explained: of a person's year in the order in which it is settled.
    year : what all shown claims come to.
    agrees : whether the run folder says the same of every claim that is shown.
    """

    version: str
    lang: Literal["zh", "en"]
    about: Literal["claim", "person"]
    psn_no: str
    setl_id: str | None
    at: str | None
    run: Run
    carried_in: tuple[CarriedIn, ...]
    claims: tuple[Claim, ...]
    year: Year
    agrees: bool
