"""A region's premium rule (个人缴费): the standard per head, and who pays it for whom (分类资助参保).

Plain immutable values. :mod:`qingsuan.premiums.reader` makes them from TOML (``plugins/README.md``, section 6),
:mod:`qingsuan.premiums.assistance` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.heads.standards import MissingYear, Standard
from qingsuan.policy.model import Source

__all__ = ["BEARERS", "FORMS", "Form", "Group", "Payer", "PremiumRule", "Premiums", "UnknownGroup"]

Form = Literal["full", "yuan", "percent"]

FORMS: tuple[Form, ...] = ("full", "yuan", "percent")
"""How much of the standard is borne for a group: all of it, an amount, or a percentage with a floor."""

BEARERS = ("assistance", "finance", "province", "prefecture", "county")
"""Who may bear it: medical assistance (医疗救助), public finance without a level, province or region, prefecture or league, county
or banner."""


@dataclass(frozen=True, slots=True)
class Payer:
    """One who bears a part of what is assisted: an amount, a percentage of it, or (both None, the last one) what is left."""

    bearer: str
    fen: int | None = None
    bp: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A subsidised group (资助参保对象), for counties under ``prefixes``: who holds one of the identity ``codes`` on a day of the rule.

    ``fen`` is filled for the form ``yuan``; ``bp`` and ``floor_fen`` for ``percent``.
    """

    id: str
    title: str
    codes: tuple[str, ...]
    prefixes: tuple[str, ...]
    form: Form
    fen: int
    bp: int
    floor_fen: int
    payers: tuple[Payer, ...]
    source: str


@dataclass(frozen=True, slots=True)
class UnknownGroup:
    """Identity codes whose holders are assisted by an amount that is not known: they are not settled, and the parameter is named."""

    codes: tuple[str, ...]
    prefixes: tuple[str, ...]
    parameter: str
    why: str


@dataclass(frozen=True, slots=True)
class PremiumRule:
    """The premium rule of one region for one year.

    Attributes
    ----------
    days : on which identities are read, days since 1970-01-01; none for any day of the year.
    groups : in rank order: of several that a person is in, the first decides.
    unknown : groups of which the amount is not known.
    carry_into : the year in whose collection a shortfall is made up (补缴); None where the rule does not say.
    """

    file: str
    digest: str
    region: str
    title: str
    year: int
    schemes: tuple[str, ...]
    heads_source: str
    days: tuple[int, ...]
    standard: Standard
    groups: tuple[Group, ...]
    unknown: tuple[UnknownGroup, ...]
    carry_into: int | None
    carry_source: str
    counties: Mapping[str, str]
    apart: tuple[str, ...]
    sources: Mapping[str, Source]

    @property
    def prefix(self) -> str:
        """The two digits that every code of the region begins with."""
        return self.region[:2]

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that the standard, the groups, the carrying and the way of counting rest on."""
        texts = [self.heads_source, self.standard.source, *(group.source for group in self.groups)]
        texts += [self.carry_source] if self.carry_source else []
        return tuple(self.sources[key] for key in sorted({key for text in texts for key in text.split(", ")}))


@dataclass(frozen=True, slots=True)
class Premiums:
    """What a region's files say of premiums: its rules by year, and the years of which something is not known."""

    rules: Mapping[int, PremiumRule]
    missing: tuple[MissingYear, ...]
