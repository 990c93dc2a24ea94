"""A region's rule of who bears a gap (基金缺口分担): what its documents say, and what they do not.

Plain immutable values. :mod:`qingsuan.funds.gaps.reader` makes them from TOML (``plugins/README.md``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.funds.watch.lines import WarningLine
from qingsuan.policy.model import Source

__all__ = [
    "CONCERNS",
    "LAST",
    "NOT_MET",
    "SPREADS",
    "Concerns",
    "GapRule",
    "LastFund",
    "MissingTerm",
    "NotMet",
    "Shares",
    "Spread",
]

Concerns = Literal["ratio", "not-met", "spread", "other"]
NotMet = Literal["county", "as-met"]
Spread = Literal["proportion", "by-code"]

CONCERNS: tuple[Concerns, ...] = ("ratio", "not-met", "spread", "other")
"""What a missing parameter leaves open: how city and county share, what holds when the plan was not met, how a surplus that does not
suffice is spread, or nothing that is reckoned."""

NOT_MET: tuple[NotMet, ...] = ("county", "as-met")
"""What holds for a county that did not meet its plan: it bears its gap alone, or as one that did."""

SPREADS: tuple[Spread, ...] = ("proportion", "by-code")
"""How the city's surplus is spread where it does not suffice: in proportion to the gaps, or county by county in the order of codes."""

LAST = ("reserve", "adjustment")
"""What comes last: the provincial reserve (风险储备金), the adjustment fund (调剂金)."""


@dataclass(frozen=True, slots=True)
class MissingTerm:
    """A term that no document at hand states, what it concerns, and why it is missing."""

    parameter: str
    why: str
    concerns: Concerns


@dataclass(frozen=True, slots=True)
class Shares:
    """How city and county share what the surplus leaves, in basis points; what is left of one whole goes to the last funds."""

    city_bp: int
    county_bp: int
    source: str


@dataclass(frozen=True, slots=True)
class LastFund:
    """A provincial fund that comes last: how much it gives to a pool in a year at most, in fen."""

    fund: str
    bound_fen: int
    source: str


@dataclass(frozen=True, slots=True)
class GapRule:
    """The rule of some pools and funds from a date on.

    Attributes
    ----------
    shares, not_met, spread : None where the file names them as missing.
    last : the provincial funds in their order; none where the rule has none.
    lines : lines of warning that a document states.
    """

    file: str
    digest: str
    region: str
    title: str
    effective: dt.date
    pools: tuple[str, ...]
    funds: tuple[str, ...]
    shares: Shares | None
    not_met: NotMet | None
    spread: Spread | None
    last: tuple[LastFund, ...]
    lines: tuple[WarningLine, ...]
    missing: tuple[MissingTerm, ...]
    sources: Mapping[str, Source]
    cited: tuple[str, ...]

    def lacks(self, concerns: Concerns) -> str:
        """The name of the missing parameter that leaves a term open."""
        return next(one.parameter for one in self.missing if one.concerns == concerns)
