"""What a settlement of benefits knows before it opens a claim: pools, rule sets, code tables, dimensions, vocabularies."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import is_

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import BenefitYear
from qingsuan.benefits.core.core import Core
from qingsuan.benefits.learned import Learned
from qingsuan.columns.vocabulary import Vocabulary
from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.conditions import CODE_COLUMNS, INTERVAL_DIMENSIONS
from qingsuan.policy.model import GROUP_KEYS, Dimension, Pool, Region, RuleSet
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.tables import CODES

__all__ = [
    "BENEFIT_DATES",
    "CLAIM_CODES",
    "FAMILY_NO",
    "INSURED_CODES",
    "TIED",
    "OwnColumn",
    "Places",
    "Setup",
    "registered_amount",
]

BENEFIT_DATES = ("setl_time", "begndate", "enddate")
"""The dates that a rule set can decide the year by (待遇享受日期), or read identities on."""

CLAIM_CODES = (
    "insutype",
    "med_type",
    "insu_admdvs",
    "fix_blng_admdvs",
    "fixmedins_code",
    "dedc_hosp_lv",
    "dise_code",
)
INSURED_CODES = ("insutype", "insu_admdvs", "psn_type")

FAMILY_NO = "family_no"
"""The internal column of registrations that has the number of a family, empty in those of other types; where rules count by the family."""

TIED = "tied"
"""The internal column on which rows are spread where rules count by the family: the hash of who stands for all that are tied together."""


def registered_amount(column: str) -> str:
    """The internal column of registrations that has an amount, in fen."""
    return f"amount.{column}"


class Places:
    """Pools and regions by area code: the longest prefix wins.

    Attributes
    ----------
    pools : sorted by code; a pool's number is its place here.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        pairs = sorted(((pool, region) for region in regions for pool in region.pools), key=lambda pair: pair[0].code)
        self.pools: tuple[Pool, ...] = tuple(pool for pool, _ in pairs)
        self._region_digits = [region.code[:2] for _, region in pairs]
        self._prefixes = sorted(
            ((prefix, number) for number, pool in enumerate(self.pools) for prefix in pool.prefixes),
            key=lambda pair: -len(pair[0]),
        )
        self._known: dict[str, int] = {}

    def pool_of(self, admdvs: str) -> int:
        """Number of the pool that insures an area, or -1."""
        found = self._known.get(admdvs)
        if found is None:
            found = next((number for prefix, number in self._prefixes if admdvs.startswith(prefix)), -1)
            self._known[admdvs] = found
        return found

    def region_of(self, admdvs: str) -> str:
        """Code of the region that insures an area; empty if none does."""
        pool = self.pool_of(admdvs)
        return f"{self._region_digits[pool]}0000" if pool >= 0 else ""

    def place_of(self, pool: int, treated_in: str) -> int:
        """Where treatment lies seen from a pool: 0 in the pool, 1 in the region, 2 outside (``tables.PLACES``)."""
        if not treated_in or self.pool_of(treated_in) == pool:
            return 0
        return 1 if treated_in.startswith(self._region_digits[pool]) else 2


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """Where a plugin's dimension gets its values: an internal column of claims or insured, codes, whole numbers, dates or amounts.

    ``is_number``: whole numbers, those of fen (``is_amount``) and of days (``is_date``) too.
    One of ``registrations`` is looked up in a partition, for what claims have in ``asked``; an amount stands in their ``column``.
    """

    name: str
    table: str
    column: str
    is_number: bool
    function: str = ""
    region: str = ""
    is_amount: bool = False
    is_date: bool = False
    reg_type: str = ""
    asked: str = ""

    @classmethod
    def of(cls, dimension: Dimension, region: str) -> OwnColumn:
        """Name the internal column; dimensions that read the same column the same way share it."""
        if dimension.kind == "function":
            return cls(f"function.{region}.{dimension.function}", "claims", "", False, dimension.function, region)
        if dimension.table == "registrations":
            is_amount = dimension.kind == "amount"
            name = f"{dimension.kind}.{dimension.reg_type}.{dimension.column}" + f".{dimension.asked}" * is_amount
            return cls(
                name,
                dimension.table,
                dimension.column,
                is_number=is_amount or dimension.kind == "registrations",
                is_amount=is_amount,
                reg_type=dimension.reg_type,
                asked=dimension.asked if is_amount else dimension.column,
            )
        is_amount, is_date = dimension.kind == "amount", dimension.kind == "date"
        is_number = dimension.kind == "number" or is_amount or is_date
        if dimension.table == "claims" and dimension.column in CLAIM_CODES and not is_number:
            return cls(dimension.column, "claims", dimension.column, False)
        kind = dimension.kind if is_number else "code"
        name = f"{kind}.{dimension.table}.{dimension.column}"
        return cls(name, dimension.table, dimension.column, is_number, is_amount=is_amount, is_date=is_date)


class _Compiled:
    """Rule sets compiled, and what settles rows by them."""

    def __init__(self, rule_sets: tuple[RuleSet, ...], *, apart: bool) -> None:
        self.rule_sets, self.apart = rule_sets, apart
        self.program = compile_rule_sets(rule_sets, apart=apart)

    @cached_property
    def core(self) -> Core:
        return Core(self.program.tables, self.program.year_ends)

    def is_of(self, rule_sets: tuple[RuleSet, ...], *, apart: bool) -> bool:
        """Whether these are the very rule sets that it is of: they are frozen, so that nothing of them can have changed."""
        same = len(rule_sets) == len(self.rule_sets) and all(map(is_, rule_sets, self.rule_sets))
        return same and apart == self.apart


_LAST: deque[_Compiled] = deque(maxlen=4)
"""What was compiled last in this process, for programs that settle by the same rules again and again."""


def _compiled(rule_sets: tuple[RuleSet, ...], *, apart: bool) -> _Compiled:
    for one in tuple(_LAST):
        if one.is_of(rule_sets, apart=apart):
            return one
    made = _Compiled(rule_sets, apart=apart)
    _LAST.append(made)
    return made


@dataclass
class Setup:
    """Everything that is decided before the first row.

    Parameters
    ----------
    regions
        Regions of the installed, healthy plugins.
    rule_sets
        Their rule sets.
    year
        The year that is settled.
    skip_unserved
        Whether claims of pools that no plugin serves are refused (E_POOL) instead of stopping the run.
    accumulators
        Whether accounts are kept, to be carried in from an earlier run and out to a later one.
    strict
        Whether claims that meet insured rows which contradict each other are refused (E_CONTRADICTION).
    registrations
        Whether a table of registrations (备案) comes in.
    detail
        Whether what each layer did with each claim is written (基金分项).
    apart
        Whether variants are numbered by conditions alone (:func:`qingsuan.policy.compile.compile_rule_sets`).

    Attributes
    ----------
    insured_files, claims_files : the names of the files of insured people and of claims, by number.
    paid_columns : which of ``tables.PAID_COLUMNS`` some claims file has.
    has_stays : whether some claims file has ``mdtrt_id`` or ``mid_setl_flag``.
    learned : what is learnt while files are read; all else stays as it is.
    """

    regions: Sequence[Region]
    rule_sets: Sequence[RuleSet]
    year: int
    skip_unserved: bool = False
    accumulators: bool = False
    strict: bool = False
    registrations: bool = False
    detail: bool = False
    insured_files: tuple[str, ...] = ()
    claims_files: tuple[str, ...] = ()
    paid_columns: tuple[str, ...] = ()
    has_stays: bool = False
    apart: bool = False
    program: Program = field(init=False)
    places: Places = field(init=False)
    own_columns: dict[str, OwnColumn] = field(init=False)
    _asking: dict[str, set[str]] = field(init=False)
    _compiled: _Compiled = field(init=False)
    learned: Learned = field(init=False)

    def __post_init__(self) -> None:
        self._compiled = _compiled(tuple(self.rule_sets), apart=self.apart)
        self.program = self._compiled.program
        self.places = Places(self.regions)
        self.own_columns = {}
        self._asking = {}
        for rule_set in self.program.rule_sets:
            for dimension in rule_set.dimensions:
                region = self.region_of(rule_set.pool).code
                column = OwnColumn.of(dimension, region)
                self.own_columns[column.name] = column
                self._asking.setdefault(column.name, set()).add(region)
        names = dict.fromkeys((*CLAIM_CODES, *INSURED_CODES, "psn_idet_type", "reg_type", "reg_value"))
        own = [one for one in self.own_columns.values() if not one.is_number and not one.reg_type]
        names.update(dict.fromkeys(one.name for one in own))
        self.learned = Learned.nothing(names)

    @property
    def core(self) -> Core:
        """The rules as they settle rows: made when it is first asked for, for all that go by the same rules."""
        return self._compiled.core

    @property
    def vocabularies(self) -> dict[str, Vocabulary]:
        """The texts of each code column, as far as they are learnt."""
        return self.learned.vocabularies

    def fork(self) -> Setup:
        """The same that has learnt nothing."""
        other = copy.copy(self)
        other.learned = Learned.nothing(self.vocabularies)
        return other

    @property
    def benefit_year(self) -> BenefitYear:
        """The year that is settled where no rule set says when it begins."""
        return BenefitYear(self.year)

    def year_of_series(self, number: int) -> BenefitYear:
        """The benefit year (待遇年度) of a pool and scheme; that of the calendar for -1."""
        return BenefitYear(self.year, self.program.series[number].year_begins) if number >= 0 else self.benefit_year

    def first_days(self, pool: npt.NDArray[np.int32], scheme: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The first day of the benefit year of pools and schemes, by the numbers of frozen vocabularies."""
        schemes = self.vocabularies["insutype"].texts
        table = np.full((len(self.places.pools) + 1, len(schemes)), self.first_day, np.int64)
        for number, one in enumerate(self.places.pools):
            for code, text in enumerate(schemes):
                table[number, code] = self.other_years.get((one.code, text), self.benefit_year).first_day
        return table[pool, scheme]

    @property
    def other_years(self) -> dict[tuple[str, str], BenefitYear]:
        """Pool and scheme -> benefit year, of those that begin on another day than 1 January."""
        return {
            (one.pool, one.scheme): BenefitYear(self.year, one.year_begins)
            for one in self.program.series
            if one.year_begins != (1, 1)
        }

    @property
    def first_day(self) -> int:
        """1 January of the year, in days since 1970."""
        return self.benefit_year.first_day

    @property
    def last_day(self) -> int:
        """31 December of the year, in days since 1970."""
        return self.benefit_year.last_day

    def region_of(self, pool: str) -> Region:
        """The region that owns a pool."""
        return next(region for region in self.regions if any(one.code == pool for one in region.pools))

    def codes(self, column: str) -> Mapping[str, str]:
        """The national code table of a column with every region's local codes."""
        known = dict(CODES.get(column, {}))
        for region in self.regions:
            known.update(region.codes.get(column, {}))
        return known

    def rows_asked(self, name: str, areas: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Which rows are of a region whose rules ask for an internal column: what others have there is none of its business."""
        return self.rows_of(self._asking[name], areas)

    def rows_of(self, regions: Collection[str], areas: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Which rows are insured in one of some regions, by the numbers of their areas."""
        texts = self.vocabularies["insu_admdvs"].texts
        numbers = np.flatnonzero(np.bincount(areas))
        table = np.zeros(int(numbers[-1]) + 1 if len(numbers) else 1, np.bool_)
        table[numbers] = [self.places.region_of(texts[number]) in regions for number in numbers]
        return table[areas]

    def own(self, table: str) -> tuple[OwnColumn, ...]:
        """Columns of a table that only a plugin's dimension reads: codes, numbers, amounts."""
        in_order = sorted(self.own_columns.values(), key=lambda own: (own.is_amount, own.name))
        return tuple(own for own in in_order if own.table == table and own.name not in CLAIM_CODES and not own.reg_type)

    @property
    def registered_amounts(self) -> tuple[str, ...]:
        """The columns of registrations in which amounts stand that rules ask for (按个人审定金额)."""
        own = (one for one in self.own_columns.values() if one.table == "registrations" and one.is_amount)
        return tuple(sorted({one.column for one in own}))

    @property
    def by_family(self) -> bool:
        """Whether some rule set counts by the family (以户为单位): people of one family are then settled together."""
        return FAMILY_KEY in self.program.keys

    @property
    def asks_families(self) -> bool:
        """Whether a dimension asks for what counts by the family go by: their numbers are then learnt as other values are."""
        return any(one.reg_type == FAMILY_KEY for one in self.own_columns.values())

    def is_answer(self, column: str) -> bool:
        """Whether an internal column says whether a claim is registered: ``ANSWERS``, by number."""
        own = self.own_columns.get(column)
        return own is not None and bool(own.reg_type) and not own.is_number

    def key_columns(self, set_number: int) -> dict[str, tuple[str, str]]:
        """By what groups of a rule set are kept apart -> its internal column, and what a message calls it."""
        rule_set = self.program.rule_sets[set_number]
        own = {one.name: one for one in rule_set.dimensions if one.name not in GROUP_KEYS}
        columns = {}
        for by in rule_set.group_keys.values():
            if by in own:
                column = OwnColumn.of(own[by], self.region_of(rule_set.pool).code)
                columns[by] = (column.name, column.column or column.function)
            else:
                columns[by] = (by, by)
        return columns

    def dimension_columns(self, set_number: int) -> dict[str, str]:
        """Dimension name -> internal column, for one rule set."""
        rule_set = self.program.rule_sets[set_number]
        region = self.region_of(rule_set.pool).code
        columns = {name: name for name in (*CODE_COLUMNS, *INTERVAL_DIMENSIONS)}
        columns.update({d.name: OwnColumn.of(d, region).name for d in rule_set.dimensions})
        return columns
