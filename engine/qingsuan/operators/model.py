"""A contract with an operator of critical illness insurance (大病保险承办合同), as its file says it. Plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.model import Source

__all__ = [
    "MEASURES",
    "OFF",
    "PARTIES",
    "Band",
    "Contract",
    "Contracts",
    "Measured",
    "PolicyLoss",
    "Proposal",
    "Share",
    "Side",
    "TakenOff",
    "Unsettled",
    "YearOfClaims",
]

PARTIES = ("fund", "operator", "next-year")
"""Whose a part of surplus or overrun is: the fund's, the operator's (承办机构), or the next year's (结转下年)."""

Measured = Literal["by-part", "whole"]
MEASURES: tuple[Measured, ...] = ("by-part", "whole")
"""Whether each band takes the part of the amount that lies in it, or the band in which the amount ends takes all of it."""

OFF = ("reserve", "operating", "profit")
"""What may come off the premium besides claims: outstanding-claims reserve (未决赔款准备金), operating cost (经营成本), reasonable
profit (合理利润)."""


@dataclass(frozen=True, slots=True)
class YearOfClaims:
    """An earlier year: how many people were insured, and what was paid for them."""

    year: int
    heads: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """How the premium per head (人均筹资标准) is set.

    Attributes
    ----------
    stated_fen : what the contract states; None where it follows from ``years``.
    years : the three years before, whose results it follows from; empty where it is stated.
    loading_bp : what is added to claims for cost and profit.
    balance_fen : of the critical illness fund at the beginning of the year; negative for a deficit.
    before_fen : the premium per head of the year before; 0 where there was none.
    lowered_by : the source that lets it fall below that; empty where nothing does.
    most_fen : it is no more than this; None for no bound.
    """

    stated_fen: int | None
    years: tuple[YearOfClaims, ...]
    loading_bp: int
    balance_fen: int
    before_fen: int
    lowered_by: str
    most_fen: int | None
    source: str


@dataclass(frozen=True, slots=True)
class TakenOff:
    """What comes off the premium besides claims: of ``which``, in fen; bounds and profit in basis points of the premium."""

    which: tuple[str, ...] = ()
    reserve_fen: int = 0
    operating_fen: int = 0
    operating_most_bp: int | None = None
    profit_bp: int = 0


@dataclass(frozen=True, slots=True)
class PolicyLoss:
    """The part of an overrun that policy caused (政策性亏损), and whose it is before bands are looked at."""

    fen: int
    party: str


@dataclass(frozen=True, slots=True)
class Share:
    """One party's share of a band in basis points; of several the last has what the others leave."""

    party: str
    bp: int


@dataclass(frozen=True, slots=True)
class Band:
    """A band of surplus or overrun, up to ``upto_bp`` of the premium, the bound included; None for no bound."""

    upto_bp: int | None
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """Surplus or overrun: how it is measured, and its bands."""

    measured: Measured
    bands: tuple[Band, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract in one year.

    Attributes
    ----------
    pays : the funds that the operator pays for, as settled rows name them.
    by_settled : whether claims count as they were settled, or (False) as the operator has paid them.
    first_year, last_year : of the contract.
    """

    id: str
    operator: str
    pool: str
    schemes: tuple[str, ...]
    pays: tuple[str, ...]
    by_settled: bool
    first_year: int
    last_year: int
    source: str
    premium: Proposal
    off: TakenOff
    policy_loss: PolicyLoss | None
    surplus: Side
    overrun: Side


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A contract of which a figure is missing: it is not settled, and the parameter is named."""

    id: str
    pool: str
    schemes: tuple[str, ...]
    pays: tuple[str, ...]
    parameter: str
    why: str


@dataclass(frozen=True, slots=True)
class Contracts:
    """What a file says: its contracts of one year, and those of which something is missing."""

    title: str
    year: int
    source: str
    contracts: tuple[Contract, ...]
    unsettled: tuple[Unsettled, ...]
    sources: Mapping[str, Source]

    @property
    def funds(self) -> tuple[str, ...]:
        """Every fund that some operator pays for."""
        pays = [*(one.pays for one in self.contracts), *(one.pays for one in self.unsettled)]
        return tuple(sorted({fund for funds in pays for fund in funds}))
