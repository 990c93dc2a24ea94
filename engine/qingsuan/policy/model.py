"""What a region supplies: pools, and dated rule sets of rules, layers and cases.

These are plain immutable values, shared between threads: fields cannot be set, and mappings cannot be written.
:mod:`qingsuan.policy.reader` makes them from TOML, :mod:`qingsuan.policy.compile` turns them into numeric tables, and the slow twin
walks them as they are. ``plugins/README.md`` describes the same words for those who write them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.per_claim.counted import CarryOver, Select
from qingsuan.policy.per_claim.names import (
    COLUMN_PART,
    COUNTERS,
    ENTRY_PARTS,
    FUNDS,
    GRADES,
    GROUP_KEYS,
    LAYER_PARTS,
    PERSONAL_ACCOUNT,
)
from qingsuan.policy.per_claim.rounding import Rounding
from qingsuan.policy.per_claim.together import Ceiling, Guarantee
from qingsuan.policy.per_claim.toward import Toward
from qingsuan.policy.per_claim.year_end import YearEnd
from qingsuan.policy.when.figures import Figure, Multiple
from qingsuan.policy.when.tables import Group, Matrix
from qingsuan.policy.when.values import (
    AnyOf,
    Codes,
    Condition,
    Held,
    IdentityClass,
    IdentityRank,
    Interval,
    When,
    read_only,
)
from qingsuan.policy.when.waiting import Waiting

__all__ = [
    "COLUMN_PART",
    "COUNTERS",
    "ENTRY_PARTS",
    "FOLDERS",
    "FUNDS",
    "GRADES",
    "GROUP_KEYS",
    "LAYER_PARTS",
    "PERSONAL_ACCOUNT",
    "Adjust",
    "Amount",
    "AnyOf",
    "Bands",
    "Beyond",
    "Cap",
    "CarryOver",
    "Case",
    "Ceiling",
    "Codes",
    "Condition",
    "Covers",
    "Deductible",
    "Dimension",
    "Entry",
    "Explained",
    "Function",
    "Group",
    "Guarantee",
    "Held",
    "IdentityClass",
    "IdentityRank",
    "InterimSettlements",
    "Interval",
    "Layer",
    "Limit",
    "Matrix",
    "Missing",
    "Pool",
    "Region",
    "Rounding",
    "Rule",
    "RuleSet",
    "Select",
    "Source",
    "Toward",
    "Visits",
    "When",
    "YearEnd",
]

Per = Literal["visit", "period"]
Period = Literal["year", "quarter", "month", "day"]


def _freeze(owner: object, *names: str) -> None:
    for name in names:
        object.__setattr__(owner, name, read_only(getattr(owner, name)))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from (依据): document, article, grade; of a reading also its ``owner``, who answers for it."""

    key: str
    document: str
    article: str
    grade: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension a plugin adds to those of the engine.

    ``kind`` is ``code`` (a column read as codes), ``number`` (a column of whole numbers, used in intervals), ``date`` (a column
    of dates, likewise: days since 1970-01-01),
    ``list`` (``in`` or ``out`` of ``members``), ``function`` (``Region.functions[function]`` gives codes for a batch) or
    ``amount`` (a column of yuan, which no condition asks: a setting's amount is read from it, and nobody declares it).
    Two ask the registrations (备案) that hold on the identity date: ``registered`` is ``yes`` or ``no``, whether one of
    ``reg_type`` is for what the claim has in ``column``; ``registrations`` is the number of those of ``reg_type``. An amount of
    registrations is that of the one of ``reg_type`` for what the claim has in the column ``asked``, or for anything.
    """

    name: str
    kind: Literal["code", "number", "date", "list", "function", "amount", "registered", "registrations"]
    table: Literal["claims", "insured", "registrations"] = "claims"
    column: str = ""
    members: frozenset[str] = frozenset()
    function: str = ""
    reg_type: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Visits:
    """In which group visits are counted for the deductible's schedule, and whether this visit itself counts."""

    group: str
    counts: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True)
class Deductible:
    """Deductible (起付线).

    ``per="visit"``: ``amounts_fen[min(n, last)]``, n being the number of earlier visits. ``per="period"``:
    ``amounts_fen[0]`` less what ``group`` has used this period. ``exempt`` takes nothing; an exempt visit
    ``credits`` the group with what it would have taken. With ``of_claim`` each claim has an amount of its own, and
    ``amounts_fen`` is one 0.
    """

    per: Per
    amounts_fen: tuple[int, ...]
    group: str | None = None
    exempt: bool = False
    credits: bool = False
    source: str = ""
    of_claim: Amount | None = None


@dataclass(frozen=True, slots=True)
class Bands:
    """Ratios by band (分段支付比例).

    ``upto_fen`` are the inner bounds, ascending, one fewer than ``ratio_bp``. ``measured`` says whether bands lie on
    the base itself (``absolute``, the deductible inside) or above the deductible (``excess``); ``per`` whether each
    visit starts anew or the period's sum goes on (kept in ``group``). With ``select`` the whole of x is paid at the
    ratio of the band in which the selecting counter lies, a bound belonging to the band above it: its bounds are
    those of ``select``, and ``upto_fen`` is empty.
    """

    ratio_bp: tuple[int, ...]
    upto_fen: tuple[int, ...] = ()
    per: Per = "visit"
    measured: Literal["absolute", "excess"] = "excess"
    group: str | None = None
    select: Select | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """Ceiling on the base (封顶 on what enters), per visit, or per period on what ``group`` has let in.

    With ``of_claim`` each claim has an amount of its own, and ``amount_fen`` is 0.
    """

    amount_fen: int
    per: Per = "visit"
    group: str | None = None
    source: str = ""
    of_claim: Amount | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """Cap on payment (支付限额). ``per="period"``: what all that draws on ``group`` has paid this period.

    ``amount_fen`` None draws on the group without a bound of its own. One per visit with neither amount nor group says, with its
    source, that there is no cap. With ``of_claim`` each claim has an amount of its own, and ``amount_fen`` is 0.
    """

    amount_fen: int | None
    per: Per = "period"
    group: str | None = None
    source: str = ""
    of_claim: Amount | None = None

    @property
    def is_none(self) -> bool:
        """Whether it says that there is no cap."""
        return self.amount_fen is None and self.group is None and self.per == "visit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One component of a layer's base: ``ratio_bp`` of ``part``, rounded on its own.

    ``part`` is one of :data:`ENTRY_PARTS`; or, with ``layer`` naming an earlier layer, one of :data:`LAYER_PARTS`; or
    :data:`COLUMN_PART`, what ``of_claim`` says of a column, of which ``ratio_bp`` may be below 0. No base is below 0.
    """

    part: str
    ratio_bp: int = 10_000
    layer: str | None = None
    source: str = ""
    of_claim: Amount | None = None


@dataclass(frozen=True, slots=True)
class Adjust:
    """What an identity (or any other condition) changes (倾斜): all that hold at once are combined.

    ``deductible_bp`` multiplies the deductible's amounts (5000 = half); ``points_bp`` is added to each band's ratio,
    then ``own_bp`` multiplies the person's share of each band (13100 = 1.31 times, rounded to the basis point), never
    beyond 0 and 100 %. ``lift_caps`` names the cap groups (or ``visit``) whose amounts no longer bind; what is paid
    is still counted. Points add up, lifted caps unite; the other two may be set once.
    """

    deductible_bp: int | None = None
    points_bp: int = 0
    own_bp: int | None = None
    lift_caps: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Settings of a layer where ``when`` holds. The layer's own settings are its case without a condition.

    A conditional case that sets something overrides the layer's own setting; two conditional cases that hold at once
    and set the same thing are an error (``adjust`` excepted, which combines). A case that stands for a cell of a matrix says
    in ``cell`` which: ``layers.inpatient.deductible.rows.minors[3M]``.
    """

    when: When = field(default_factory=dict)
    visits: Visits | None = None
    deductible: Deductible | None = None
    bands: Bands | None = None
    limit: Limit | None = None
    caps: tuple[Cap, ...] | None = None
    entry: tuple[Entry, ...] | None = None
    adjust: Adjust | None = None
    counts_toward: Toward | None = None
    rounding: Rounding | None = None
    cell: str = ""

    def __post_init__(self) -> None:
        _freeze(self, "when")


@dataclass(frozen=True, slots=True)
class Layer:
    """One fund's turn to pay, or the personal account's. ``cases[0]`` holds the layer's own settings.

    No bands where nothing sets them: an error.
    Without a deductible nothing is deducted; without an entry all in-scope cost left enters. ``year_end``: once a year, after all claims.
    """

    name: str
    fund: str
    cases: tuple[Case, ...]
    year_end: YearEnd | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the decision table: conditions, and the layers that pay, in order.

    ``entry_bp`` is the share of the in-scope amount that enters at all. ``overrides`` names rules that yield to this
    one where both match. A rule without layers pays nothing, and says so by being written down. ``registered`` names
    dimensions of that kind: a claim for which one of them is ``no`` is refused (E_UNREGISTERED).
    """

    id: str
    when: When
    layers: tuple[str, ...]
    entry_bp: int = 10_000
    ceiling: Ceiling | None = None
    overrides: tuple[str, ...] = ()
    source: str = ""
    guarantee: Guarantee | None = None
    registered: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "when")


@dataclass(frozen=True, slots=True)
class Missing:
    """A parameter that is not known. With ``when``, claims that match are refused, naming the parameter.

    With ``overrides`` it refuses, of the claims that one of these rules would pay, those that ``when`` holds for.
    """

    parameter: str
    why: str
    when: When | None = None
    overrides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "when")


@dataclass(frozen=True, slots=True)
class Beyond:
    """What a pool sets beyond what its province authorises (超出清单授权): which parameter, why, and what lets it."""

    parameter: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Covers:
    """Combinations the rule set claims to cover: a rule must match every one of them."""

    when: When

    def __post_init__(self) -> None:
        _freeze(self, "when")


@dataclass(frozen=True, slots=True)
class Explained:
    """Why something odd (:mod:`qingsuan.rulebook.lint`) is meant so: ``oddity`` is its name. It decides nothing."""

    oddity: str
    why: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class InterimSettlements:
    """How settlements of one stay (中途结算, one ``mdtrt_id``) count: as one visit.

    One visit has one visit number, counts once and takes one per-visit deductible; per-visit bands, limits and caps go on
    where the stay left off. ``new_year`` says of a stay over New Year (跨年住院) that it begins anew in each year; where it says
    nothing, that is not known.
    """

    count_as: Literal["one-visit"]
    source: str = ""
    new_year: Literal["anew"] | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of one pool (统筹区) and its schemes from ``effective`` on, until the next set or ``until``.

    ``levels`` is the pool's vocabulary of ``dedc_hosp_lv``; ``identities`` are the identity classes that conditions name,
    ``identities_without_effect`` the codes (or prefixes ending in ``*``) that are known to decide nothing.
    ``benefit_date`` and ``identity_date`` name the claim columns that decide. Without ``interim_settlements`` or ``waiting``, claims
    for which it matters are refused. ``source`` says why the set is in force from that date on. ``explained`` decides nothing.
    ``who`` are the groups of people that rows of ``matrices`` name; what matrices say is in the cases of the layers.
    ``group_keys`` keep groups apart (:data:`GROUP_KEYS`); ``year_begins`` is the first day of a benefit year (待遇年度): month, day.
    Groups in ``carry_over`` begin a period with what was left of the one before; a group in ``group_counts`` counts as visits
    the earlier periods of the group that it names in which that paid anything.
    """

    file: str
    pool: str
    schemes: tuple[str, ...]
    title: str
    effective: dt.date
    until: dt.date | None
    benefit_date: Literal["setl_time", "begndate", "enddate"]
    identity_date: Literal["setl_time", "begndate", "enddate"]
    levels: tuple[str, ...]
    identities: tuple[IdentityClass, ...]
    sources: Mapping[str, Source]
    groups: Mapping[str, Period]
    dimensions: tuple[Dimension, ...]
    layers: Mapping[str, Layer]
    rules: tuple[Rule, ...]
    missing: tuple[Missing, ...] = ()
    covers: tuple[Covers, ...] = ()
    identity_rank: IdentityRank | None = None
    identities_without_effect: tuple[str, ...] = ()
    interim_settlements: InterimSettlements | None = None
    waiting: Waiting | None = None
    source: str = ""
    explained: tuple[Explained, ...] = ()
    beyond: tuple[Beyond, ...] = ()
    who: tuple[Group, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    figures: tuple[Figure, ...] = ()
    multiples: tuple[Multiple, ...] = ()
    group_keys: Mapping[str, str] = field(default_factory=dict)
    year_begins: tuple[int, int] = (1, 1)
    year_source: str = ""
    carry_over: Mapping[str, CarryOver] = field(default_factory=dict)
    group_counts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _freeze(self, "sources", "groups", "layers", "group_keys", "carry_over", "group_counts")

    def cited(self, source: str) -> tuple[Source, ...]:
        """The documents that the ``source`` of a value names (依据): document, article, grade of each."""
        return tuple(self.sources[key] for key in source.split(", ")) if source else ()

    @property
    def name(self) -> str:
        """A short name for messages: pool, schemes, date."""
        return f"{self.pool}/{'+'.join(self.schemes)}/{self.effective.isoformat()}"


@dataclass(frozen=True, slots=True)
class Pool:
    """A pooling area (统筹区): its code, name, and the ``insu_admdvs`` prefixes it insures."""

    code: str
    name: str
    prefixes: tuple[str, ...]


FOLDERS = ("rules", "funding", "accounts", "authority", "premiums", "funds", "clearing", "texts")
"""The fields of a region that are folders: of parameter files, and of what they say in another language."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function: a ``pyarrow.RecordBatch`` of claims of its region, with these columns alone, to an array of as many codes."""

    call: Callable[[Any], Any]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """What a plugin hands over: one province-level jurisdiction with its pools and files.

    Parameters
    ----------
    code, name, pools
        GB/T 2260 code (six digits), Chinese name, and the pools that this plugin settles.
    rules, authority
        Folders with one rule-set TOML per pool, scheme and date; with one TOML per date of what the pools may set (待遇清单授权), or None.
    funding, premiums
        Folders with one TOML per date of subsidies (财政补助), per year of premiums (个人缴费), or None.
    codes, functions
        Local additions to the national code tables: column -> code -> meaning; functions for dimensions of that kind, by name.
    accounts, funds, clearing
        Folders with one TOML per pools and date of personal accounts (个人账户), of who bears a gap (基金缺口分担), of which way pays
        which care (支付方式), or None.
    texts
        A folder with ``zh.po``, a gettext catalogue in Chinese of what the parameter files say in English, or None.
    """

    code: str
    name: str
    pools: tuple[Pool, ...] = ()
    rules: Any = None
    funding: Any = None
    authority: Any = None
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    accounts: Any = None
    premiums: Any = None
    funds: Any = None
    clearing: Any = None
    texts: Any = None

    def __post_init__(self) -> None:
        """A folder that is named by a text becomes a path."""
        if type(self.codes) is dict:
            object.__setattr__(self, "codes", {column: read_only(codes) for column, codes in self.codes.items()})
        _freeze(self, "codes", "functions")
        for name in FOLDERS:
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, Path(getattr(self, name)))
