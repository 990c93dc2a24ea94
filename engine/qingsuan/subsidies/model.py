"""A region's funding rule (财政补助): the standard per head, and how the levels of government share it.

Plain immutable values. :mod:`qingsuan.subsidies.reader` makes them from TOML (``plugins/README.md``, section 4),
:mod:`qingsuan.subsidies.amounts` applies them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from qingsuan.heads.counting import CountUnit
from qingsuan.heads.standards import MissingYear, Standard
from qingsuan.policy.model import Source

__all__ = ["ACCOUNTS", "BEARERS", "LEVELS", "Fixed", "FundingRule", "Step", "Transfer"]

ACCOUNTS = ("pool", "fiscal")
"""Accounts in which money can arrive: the pool's fund account (统筹基金账户), the fiscal account of social insurance (财政专户)."""

LEVELS = ("central", "province", "local")
"""Levels of government (分担层级), in the order of a split: central (中央), province or region (省、自治区), and local
(市县、盟市旗县), which takes the remainder."""

BEARERS = (*LEVELS, "prefecture", "county", "shares")
"""Who may bear the excess of a pool's standard above the minimum: one level, or all by the rule's shares."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Shares as amounts per head, for counties under ``prefixes`` (2, 4 or 6 digits; the longest of all groups wins).

    ``fen`` follows :data:`LEVELS` and adds up to the standard.
    """

    id: str
    prefixes: tuple[str, ...]
    fen: tuple[int, int, int]
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of nested ratios: ``level`` pays this ratio of what the steps before it left.

    ``bp`` is one ratio for all; or ``by_class_bp`` gives it by the county's class (补助档次), which a bureau's table
    tells. What the last step leaves is the local share.
    """

    level: str
    bp: int | None
    by_class_bp: Mapping[str, int] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """How the money has to arrive (拨付): in which account, until which day; either may be unsaid.

    ``excess_off_next_year``: what came beyond what is due is taken off the next year's transfer.
    """

    account: str | None
    day: dt.date | None
    excess_off_next_year: bool
    source: str


@dataclass(frozen=True, slots=True)
class FundingRule:
    """The funding rule of one region for one year. Either ``fixed`` or ``steps`` is filled.

    ``counties`` names county-level codes beyond the engine's divisions. ``apart`` lists counties that the region
    addresses beside its prefectures: they are reported as units of their own. ``digest`` is the file's SHA-256.
    """

    file: str
    digest: str
    region: str
    title: str
    year: int
    schemes: tuple[str, ...]
    count: CountUnit
    count_source: str
    standard: Standard
    fixed: tuple[Fixed, ...]
    steps: tuple[Step, ...]
    transfer: Transfer | None
    counties: Mapping[str, str]
    apart: tuple[str, ...]
    missing: tuple[MissingYear, ...]
    sources: Mapping[str, Source]

    @property
    def prefix(self) -> str:
        """The two digits that every code of the region begins with."""
        return self.region[:2]

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that the standard, the shares and the way of counting rest on."""
        shares = (*(each.source for each in self.fixed), *(step.source for step in self.steps))
        texts = (self.count_source, self.standard.source, *shares)
        return tuple(self.sources[key] for key in sorted({key for text in texts for key in text.split(", ")}))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes the rule tells apart, in its order; none if a county's class does not matter."""
        return next((tuple(step.by_class_bp) for step in self.steps if step.by_class_bp), ())
