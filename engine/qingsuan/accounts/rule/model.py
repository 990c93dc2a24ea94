"""A pool's rule of personal accounts (个人账户): what is credited, who may pay what from an account, and interest.

Plain immutable values. :mod:`qingsuan.accounts.rule.reader` makes them from TOML (``plugins/README.md``),
:mod:`qingsuan.accounts.rule.year` lays them out for a run, and the slow twin walks them as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.model import Source

__all__ = [
    "CONCERNS",
    "COUNTS",
    "DRAWS",
    "KINDS",
    "MEMBERS",
    "MOST_BASE_FEN",
    "MOST_OPENING_FEN",
    "PREMIUMS",
    "RELATIONS",
    "SCHEME",
    "TRANSFERS",
    "UNFIT",
    "AccountRule",
    "Concerns",
    "Counts",
    "Interest",
    "Members",
    "MissingPart",
    "Rates",
    "RetiredSum",
    "Use",
    "Uses",
    "Withheld",
]

Counts = Literal["first-day", "any-day", "whole-month"]
Members = Literal["all", "acct_mode"]
Draws = Literal["current", "carried"]
Concerns = Literal["in-service", "retired", "uses", "other"]

COUNTS: tuple[Counts, ...] = ("first-day", "any-day", "whole-month")
"""Which months count (计入月份): insured on the month's first day, on any day of it, or on all its days."""

MEMBERS: tuple[Members, ...] = ("all", "acct_mode")
"""Who has an account: every employee of the pool, or those whose insured row says so (统账结合)."""

DRAWS: tuple[Draws, ...] = ("current", "carried")
"""Which money a use takes first: what came in this year, or what was carried into it."""

SCHEME = "310"
"""The scheme whose members have accounts: employees (职工基本医疗保险)."""

TRANSFERS = ("moving", "death")
"""Uses that end an account or take it elsewhere: moving out of the pool (转移), and inheritance after death (继承)."""

PREMIUMS = ("large-sum-premium", "long-term-care-premium", "resident-premium")
"""Premiums for large sums (职工大额医疗费用补助), long-term care (长期护理保险) and residents' insurance (城乡居民医保)."""

KINDS = ("care", "pharmacy", *PREMIUMS, *TRANSFERS)
"""Uses that a rule may allow: care at designated institutions (就医), what is bought at designated pharmacies (购药),
premiums, transfers."""

UNFIT = ("public-health", "sport", "wellness")
"""Uses that documents refuse by name: public health (公共卫生), sport (体育健身), wellness (养生保健消费)."""

RELATIONS = ("spouse", "parent", "child")
"""What a family member is to the one who registers: spouse (配偶), parent (父母), child (子女)."""

CONCERNS: tuple[Concerns, ...] = ("in-service", "retired", "uses", "other")
"""What a missing parameter keeps from being settled: the credits of people in service or retired, uses, or nothing."""

MOST_BASE_FEN = 10**11
"""The largest contribution base of a month, and the largest sum of a month: one thousand million yuan."""

MOST_OPENING_FEN = 10**12
"""The largest balance that an account opens with. With these two, twelve months times 10 000 basis points fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Use:
    """A kind of use that is allowed: for the person's own cost, for that of relatives, or for both."""

    kind: str
    own: bool
    family: bool
    source: str


@dataclass(frozen=True, slots=True)
class Uses:
    """What may be paid from an account.

    ``allowed`` by kind; ``refused`` by name, with its source; ``relations`` of those for whose cost it may pay; ``part`` says
    whether a balance that does not suffice pays a part.
    """

    allowed: Mapping[str, Use]
    refused: Mapping[str, str]
    relations: tuple[str, ...]
    part: bool


@dataclass(frozen=True, slots=True)
class RetiredSum:
    """The fixed sum of a month of retired people (退休人员划入额度), from a month on.

    ``fen[0]`` below ``ages[0]``, ``fen[1]`` from there on, and so on; the age is that reached on the month's first day.
    """

    first: dt.date
    ages: tuple[int, ...]
    fen: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A premium taken from each month's credit before it reaches the account, as a use of its kind."""

    kind: str
    percent_bp: int
    retired_fen: int
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Yearly rates of interest from a month on: for what came in this year (活期), and for what was carried into it (三个月定期)."""

    first: dt.date
    current_bp: int
    carried_bp: int
    source: str


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest (利息) on the balances with which months open, added in some months; December is one of them.

    ``draws`` says which money a use takes first: what came in this year, or what was carried into it.
    """

    months: tuple[int, ...]
    draws: Draws
    rates: tuple[Rates, ...]
    source: str


@dataclass(frozen=True, slots=True)
class MissingPart:
    """A parameter that is not known, why, and what cannot be settled without it."""

    parameter: str
    why: str
    concerns: Concerns


@dataclass(frozen=True, slots=True)
class AccountRule:
    """The rule of one or several pools from ``effective`` on, to ``until`` if there is an end.

    ``in_service_bp`` is None, ``retired`` empty and ``uses`` None where that part is named missing; where both credits are,
    ``members``, ``counts`` and ``received`` decide nothing. ``cited`` are the
    keys of the sources that it rests on, and ``digest`` is the file's SHA-256.
    """

    file: str
    digest: str
    region: str
    pools: tuple[str, ...]
    title: str
    effective: dt.date
    until: dt.date | None
    members: Members
    counts: Counts
    received: bool
    in_service_bp: int | None
    retired: tuple[RetiredSum, ...]
    withheld: Withheld | None
    uses: Uses | None
    interest: Interest | None
    missing: tuple[MissingPart, ...]
    sources: Mapping[str, Source]
    cited: tuple[str, ...]

    def covers(self, day: dt.date) -> bool:
        """Whether it holds on a day."""
        return self.effective <= day and (self.until is None or day <= self.until)

    def retired_on(self, month: dt.date) -> RetiredSum | None:
        """The sums of a month, given by its first day; None where there is none yet."""
        return next((each for each in reversed(self.retired) if each.first <= month), None)

    def rates_on(self, month: dt.date) -> Rates | None:
        """The rates of a month, given by its first day; None where the rule has no interest, or none yet."""
        rates = self.interest.rates if self.interest is not None else ()
        return next((each for each in reversed(rates) if each.first <= month), None)

    def said_missing(self, concerns: Concerns) -> str:
        """What is missing of a part, and why, for messages."""
        found = [f"{each.parameter}: {each.why}" for each in self.missing if each.concerns == concerns]
        return "; ".join(found) or f"{self.pools[0]}.account.{concerns}"
