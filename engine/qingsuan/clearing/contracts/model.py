"""Contracts and their terms: plain immutable values.

Amounts are fen, ratios basis points, factors and points whole numbers of a ten-thousandth. :mod:`.terms` and :mod:`.bureau`
read them, :mod:`qingsuan.clearing.partition` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qingsuan.clearing.contracts.payers import Part, Payer
from qingsuan.clearing.contracts.points import Points
from qingsuan.clearing.contracts.shares import Deposit, Share
from qingsuan.policy.model import Source

__all__ = [
    "OF_CASES",
    "OF_POINTS",
    "ONE",
    "Budget",
    "Contract",
    "DayRate",
    "Group",
    "Kind",
    "Quantity",
    "Terms",
    "TermsFile",
]

ONE = 10_000
"""One whole of a factor or of points: four decimals."""

OF_POINTS = frozenset(("05", "06"))
"""Ways in which a case is worth points."""

OF_CASES = frozenset(("02", "03")) | OF_POINTS
"""Ways that go case by case: each claim needs its row of cases."""


@dataclass(frozen=True, slots=True)
class DayRate:
    """What a day of care costs at a level, from the so-manieth day of the stay on, until the next rate of the level begins."""

    level: str
    first: int
    fen: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of contracts (协议条款): a way of payment and its parameters.

    Attributes
    ----------
    id, way, title : ``way`` is one of :data:`qingsuan.tables.WAYS`.
    lacks
        Parameters that the way needs and the file does not have, each as file and key: contracts of such terms are not settled.
    disease_share_bp : 02: which part of a disease's standard the fund bears; None where it bears the standard less what the person paid.
    days : 03: by level and day, ascending.
    per_head : 04: first month and amount, ascending; a month takes the last one that has begun.
    bands : 04: factor by age band; empty where heads are counted without bands.
    units : unit: amount by unit of service.
    points : 05, 06: what cases and points are worth.
    others : 07: what is paid for care of people who are not the alliance's: by ``item`` beside the sum, or ``nothing``.
    parts : special: which parts of each claim are cleared, and who bears them.
    payers : who bears the standard, where the terms of another way say so.
    shares : whether what is left of, or beyond, the institution's budget is shared: by ``surplus`` and ``overrun``, None for not at all.
    deposit : what is withheld and returned by assessment; None where nothing is.
    """

    id: str
    way: str
    title: str
    source: str
    lacks: tuple[str, ...] = ()
    disease_share_bp: int | None = None
    days: tuple[DayRate, ...] = ()
    per_head: tuple[tuple[str, int], ...] = ()
    bands: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    points: Points | None = None
    others: str = ""
    shares: bool = False
    parts: tuple[Part, ...] = ()
    payers: tuple[Payer, ...] = ()
    surplus: Share | None = None
    overrun: Share | None = None
    deposit: Deposit | None = None

    @property
    def of_cases(self) -> bool:
        """Whether each claim needs its row of cases."""
        return self.way in OF_CASES

    @property
    def by_claim(self) -> bool:
        """Whether each claim stays by itself."""
        return self.of_cases or self.way == "special"

    @property
    def counts(self) -> bool:
        """Whether it goes by numbers of heads or units."""
        return self.way in ("04", "unit")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of care that is cleared apart (清算类别): its code, and the kinds of care (医疗类别) that belong to it.

    There are none where its claims are listed one by one.
    """

    clr_type: str
    med_types: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class TermsFile:
    """What the file of terms says.

    Attributes
    ----------
    funds : the columns of a claim whose payments are cleared here; other payers settle the others.
    """

    file: str
    year: int
    title: str
    funds: tuple[str, ...]
    funds_source: str
    kinds: tuple[Kind, ...]
    terms: Mapping[str, Terms]
    sources: Mapping[str, Source]

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that anything of the file rests on."""
        texts = [self.funds_source, *(kind.source for kind in self.kinds), *(one.source for one in self.terms.values())]
        return tuple(self.sources[key] for key in sorted({key for text in texts for key in text.split(", ")}))


@dataclass(frozen=True, slots=True)
class Group:
    """A disease, or a group of cases: what it is worth, as far as the table says so. ``mean_fen`` is the mean cost of its cases."""

    standard_fen: int | None = None
    points: int | None = None
    mean_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a pool has for a scheme and kind of care that is paid by points: its budget, of it a reserve, and what lies outside points."""

    where: str
    budget_fen: int
    reserve_fen: int
    outside_fen: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """Heads or units of service of a month: ``what`` is the age band or the unit; where says file and line."""

    month: str
    what: str
    number: int
    where: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of an institution for one scheme, kind of care and period, with all that the bureau says of it.

    Attributes
    ----------
    number : its place in the table, from 0.
    first_month, last_month : 1 to 12, inclusive.
    lacks : what it cannot be settled without, each in words.
    refused : why its way does not pay for its care, in words; empty where it does.
    factors : by name, in ten-thousandths, as its line has them.
    alliance, weight : 07: whose sum it shares, and its weight there in ten-thousandths.
    budget_fen : the institution's own budget (年度总额), where its terms share what is left or overrun.
    advances_fen, deposit_fen : paid already, and withheld as a deposit, month by month (按月预付).
    deposits_off : lines whose deposit is not the rate of the terms, in words.
    score, full_score : of the yearly assessment, in ten-thousandths.
    audit_fen : withheld after audits (稽核扣款).
    takes_procurement : whether what its institution keeps of procurement (集采结余留用) is cleared with it.
    procurement_fen : what that is.
    """

    number: int
    where: str
    fixmedins_code: str
    pool: str
    insutype: str
    clr_type: str
    first_month: int
    last_month: int
    terms: Terms
    lacks: tuple[str, ...] = ()
    refused: str = ""
    quantities: tuple[Quantity, ...] = ()
    factors: Mapping[str, int] = field(default_factory=dict)
    alliance: str = ""
    weight: int | None = None
    budget_fen: int | None = None
    advances_fen: int = 0
    deposit_fen: int = 0
    deposits_off: tuple[str, ...] = ()
    score: int | None = None
    full_score: int | None = None
    audit_fen: int = 0
    takes_procurement: bool = False
    procurement_fen: int = 0

    @property
    def factor(self) -> int:
        """The product of its factors, rounded once, half away from zero, in ten-thousandths."""
        points = self.terms.points
        if points is None or not points.factors:
            return ONE
        product, whole = 1, 1
        for name in points.factors:
            product, whole = product * self.factors.get(name, ONE), whole * ONE
        unit = int(10**points.factor_decimals)
        return (product * unit * 2 + whole) // (2 * whole) * (ONE // unit)

    @property
    def key(self) -> str:
        """What decides where it is settled: pool and scheme."""
        return f"{self.pool}|{self.insutype}"

    @property
    def name(self) -> tuple[str, str, str, str]:
        """Institution, pool, scheme and kind of care."""
        return self.fixmedins_code, self.pool, self.insutype, self.clr_type
