"""The rule that decided, what of it met the claim, and for a rejected claim what would have been needed."""

from __future__ import annotations

from dataclasses import dataclass

from qingsuan.explain.document.basics import Condition, Source

__all__ = ["MissingParameter", "Rejection", "Rule", "RuleTried", "Tried", "Waiting"]


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that decided.

    Attributes
    ----------
    rule_set : name of the rule set: pool, schemes, date.
    title : its title.
    file : its parameter file.
    effective : the day from which it is in force.
    until : its last day; null where it has none.
    rule_id : the rule, as settled/ names it.
    variant : the terms of the rule that hold for this claim, as settled/ names them.
    conditions : the conditions of the rule, all of them met.
    overrides : rules that match too, and yield to this one.
    entry_bp : the share of the in-scope amount that enters at all.
    entered_fen : so much of it entered.
    own_fen : so much of it did not, and is the person's own in every layer.
    sources : of the rule.
    set_sources : why the rule set is in force from its date on.
    """

    rule_set: str
    title: str
    file: str
    effective: str
    until: str | None
    rule_id: str
    variant: str
    conditions: tuple[Condition, ...]
    overrides: tuple[str, ...]
    entry_bp: int
    entered_fen: int
    own_fen: int
    sources: tuple[Source, ...]
    set_sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """An exemption from the waiting period, and what the claim has.

    Attributes
    ----------
    conditions : those of the exemption.
    met : whether all hold.
    sources : of the exemption.
    """

    conditions: tuple[Condition, ...]
    met: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The waiting period (等待期) of the person, where the visit began inside of it.

    Attributes
    ----------
    until : its last day.
    holds : whether no fund pays for it.
    exemptions : whom the rule set spares.
    sources : of the waiting period.
    """

    until: str
    holds: bool
    exemptions: tuple[Tried, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class RuleTried:
    """A rule that did not match.

    Attributes
    ----------
    rule_id : the rule.
    conditions : its conditions; those that are not met are what would have been needed.
    """

    rule_id: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class MissingParameter:
    """A parameter that the claim needs and nobody knows.

    Attributes
    ----------
    parameter : its name.
    why : why it is not known, as the rule set says.
    conditions : the claims that need it.
    """

    parameter: str
    why: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a claim is rejected.

    Attributes
    ----------
    code : the code of rejected/.
    says : what the code means, in words.
    column : the column that it is about.
    found : what was found there, as rejected/ has it.
    expected : what was expected, as rejected/ has it, in English.
    rules : for a claim that no rule covers, the rules and which of their conditions it does not meet, the nearest ones first.
    missing : the parameter that is not known; null where none is missing.
    """

    code: str
    says: str
    column: str
    found: str
    expected: str
    rules: tuple[RuleTried, ...]
    missing: MissingParameter | None
