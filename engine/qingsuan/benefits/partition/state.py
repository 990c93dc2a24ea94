"""The state of one partition between the steps of its settlement: its claims in order, and what is known of each so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.columns import Columns
from qingsuan.benefits.core.calendar import DAYS_AT_MOST
from qingsuan.benefits.core.keys import Key
from qingsuan.benefits.intake.dates import DAY_US
from qingsuan.benefits.intake.restore import restored
from qingsuan.benefits.named import NamedByNobody, NamedByReversals
from qingsuan.benefits.order import Ordered
from qingsuan.benefits.partition.classify import Classifier
from qingsuan.benefits.partition.insured_rows import InsuredRows
from qingsuan.benefits.results import Called
from qingsuan.benefits.setup import BENEFIT_DATES, CLAIM_CODES, Setup
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import Keeper, Taker, looked_up
from qingsuan.people import Numbering, Texts
from qingsuan.policy.layers.amounts import asked_by_amounts
from qingsuan.policy.model import RuleSet
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.policy.resolve import amounts_of

__all__ = ["Known", "OtherParts", "PerClaim", "Work"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


class Known:
    """What is worked out once, when every file has been read and the vocabularies are frozen."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.classifier = Classifier(setup)
        self.identity_bits = self.classifier.identity_bits()
        areas = setup.vocabularies["insu_admdvs"].texts
        self.pool_of_area = np.array([setup.places.pool_of(area) for area in areas], np.int32)
        treated = setup.vocabularies["fix_blng_admdvs"].texts
        self.place_table = np.array(
            [[setup.places.place_of(pool, area) for area in treated] for pool in range(len(setup.places.pools))],
            np.int32,
        ).reshape(len(setup.places.pools), len(treated))
        years = [setup.year_of_series(number) for number in range(len(setup.program.series))] or [setup.benefit_year]
        self.first_days = np.array([one.first_day for one in years], np.int32)
        self.days = np.concatenate([np.resize(one.numbers(), DAYS_AT_MOST) for one in years])
        self.named_by_nobody = NamedByNobody(setup.learned.reversals_of_nobody)
        self.named_by_reversals = NamedByReversals(setup.learned.named_by_reversals)
        levels = setup.vocabularies["dedc_hosp_lv"].texts
        self.known_levels = np.array(
            [
                [True] * len(levels),  # of a claim without a rule set, -1
                *(_known_levels(rule_set, levels) for rule_set in setup.program.rule_sets),
            ],
            np.bool_,
        )
        said = [one.interim_settlements for one in setup.program.rule_sets]
        self.says_stays = np.array([one is not None for one in said], np.bool_)
        self.key_columns = [setup.key_columns(number) for number in range(len(said))]
        self.says_new_year = np.array([one is not None and one.new_year is not None for one in said], np.bool_)
        self.per_visit = np.array(setup.program.per_visit, np.bool_)
        self.asked_to_spare = [_asked_to_spare(setup, number) for number in range(len(said))]
        self.own_amounts = [amounts_of(one) for one in setup.program.resolved]
        self.called = Called(setup.program)


def _asked_to_spare(setup: Setup, number: int) -> set[str]:
    """The internal columns by which a rule set says whom its waiting period spares, and nothing else."""
    program, rule_set = setup.program, setup.program.rule_sets[number]
    columns = setup.dimension_columns(number)
    rest = {step.dimension for step in program.diagrams[number].steps}
    rest |= (asked_by_amounts(rule_set) | set(rule_set.group_keys.values())) & columns.keys()
    spares = {columns[step.dimension] for step in program.exemptions[number].steps}
    return spares - {columns[name] for name in rest}


def _known_levels(rule_set: RuleSet, levels: Sequence[str]) -> list[bool]:
    """Which levels a rule set knows; any, if it has no vocabulary and no rule: it only says what is missing."""
    says_only_what_is_missing = not (rule_set.levels or rule_set.rules)
    return [says_only_what_is_missing or not text or text in rule_set.levels for text in levels]


@dataclass(frozen=True, slots=True)
class OtherParts:
    """By place: the row of another part of the claim's stay, the first by ``setl_id``; -1 for none.

    Attributes
    ----------
    rejected : a part that was rejected, or is held.
    other_year : a part that belongs to another year.
    """

    rejected: Int32
    other_year: Int32

    def kept(self, keeper: Keeper) -> OtherParts:
        """Those of the claims that are kept."""
        return OtherParts(keeper.numbers(self.rejected), keeper.numbers(self.other_year))


class PerClaim:
    """A column of the claims that still count, by place in their order: where some are refused, it is cut with them."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, work: Work, owner: type | None = None) -> Any:
        return work.per_claim[self.name]

    def __set__(self, work: Work, values: npt.NDArray[Any] | None) -> None:
        work.per_claim[self.name] = values


class Work:
    """The claims of a partition that still count, in order.

    Attributes
    ----------
    rows : (n,) int32
        The row at each place; ``taker`` takes these of any column.
    setl_id, ordered, numbering
        Of all rows: their ids, their order, the numbers of their people.
    opening_rows
        What accounts held before; None where no accounts are kept.
    insured, insured_rows
        The insured rows of the partition, once people are looked for; which of them decides.
    settled_until : by row, the day up to which an earlier run has settled its account.
    back, back_pool : rows that were taken back, with what took them back, and their pools.
    refunds_of_part : how many claims have a reversal that names them and differs from them in amounts only.
    person, pool, series, rule_set, variant : numbers of each claim's person, pool, series, rule set and rule.
    found : its insured row.
    identity_date, held : the day at which identities are read, and the classes held on it, as bits.
    waits : whether no fund pays, because the visit began in a waiting period (等待期).
    stay : the number of its stay of several settlements, 0 for none; None where there are none.
    group : what copies of one settlement have in common; -1 for none.
    family_of
        Gives of claims at some places the number of their family, which have none, and the families by number; where rules count by it.
    said_of_family : what is registered of a claim's person instead.
    """

    rows: Int32
    setl_id: Texts
    taker: Taker
    ordered: Ordered
    numbering: Numbering
    opening_rows: pa.Table | None
    insured: Columns
    insured_rows: InsuredRows
    settled_until: Int32 | None
    back: Int32
    back_pool: Int32
    refunds_of_part: int
    other_parts: OtherParts | None
    family_of: Callable[[Int32], tuple[Int32, Bool, Sequence[str]]]
    said_of_family: Callable[[int], str]

    person = PerClaim()
    pool = PerClaim()
    series = PerClaim()
    found = PerClaim()
    rule_set = PerClaim()
    identity_date = PerClaim()
    held = PerClaim()
    variant = PerClaim()
    waits = PerClaim()
    stay = PerClaim()
    group = PerClaim()

    def __init__(self, known: Known, columns: Columns) -> None:
        self.known, self.setup, self.columns = known, known.setup, columns
        self.per_claim: dict[str, npt.NDArray[Any] | None] = {}
        self.refused: list[pa.Table] = []
        self.refused_rows: list[pa.RecordBatch] = [restored(columns, np.zeros(0, np.int32))]

    def at(self, name: str) -> npt.NDArray[np.int64]:
        """A column of the claims that still count, in order."""
        if name not in self._taken:
            self._taken[name] = self.taker.numbers(self.columns.raw(name))
        return self._taken[name]

    def code(self, name: str) -> Int32:
        """A code column of them, as ranks."""
        if name not in self._codes:
            self._codes[name] = self.taker.numbers(self.columns.code(name))
        return self._codes[name]

    def _set_rows(self, rows: Int32) -> None:
        """The rows of the claims that count, in order; no column of them is taken yet."""
        self.rows, self.taker = rows, Taker(rows, len(self.columns))
        self._taken: dict[str, npt.NDArray[np.int64]] = {}
        self._codes: dict[str, Int32] = {}

    def _keep(self, kept: Bool, *, codes_too: bool = False) -> None:
        """Go on with these claims, and with the columns taken so far; with code columns only if they are wanted again."""
        if kept.all():
            return
        keeper = Keeper(kept)
        taken, codes = self._taken, self._codes
        self._set_rows(keeper.numbers(self.rows))
        self._taken = {name: keeper.numbers(values) for name, values in taken.items()}
        if codes_too:
            self._codes = {name: keeper.numbers(values) for name, values in codes.items()}
        self.per_claim = {
            name: None if values is None else keeper.numbers(values) for name, values in self.per_claim.items()
        }
        if self.other_parts is not None:
            self.other_parts = self.other_parts.kept(keeper)

    def _refusals(self) -> Refusals:
        return Refusals(self.columns.raw("file").astype(np.int32, copy=False), self.columns.raw("row"), self.rows)

    def _refuse(self, refusals: Refusals, rows: Int32) -> None:
        """Set aside the refused among these rows, as they came."""
        self.refused.append(refusals.table())
        if refusals.refused.any():
            self.refused_rows.append(restored(self.columns, rows[refusals.places()]))

    def _drop(self, refusals: Refusals) -> None:
        self._refuse(refusals, self.rows)
        if refusals.refused.any():
            self._keep(~refusals.refused)

    def of_insured(self, name: str) -> npt.NDArray[np.int64]:
        """A column of the insured rows found."""
        return looked_up(self.insured.raw(name), self.found)

    def days(self) -> npt.NDArray[np.int16]:
        """The number of each claim's benefit date in the benefit year of its pool and scheme."""
        known = self.known
        if not self.setup.other_years:  # one year for all: nothing is looked up but the number
            place = (self.at("benefit") - self.setup.first_day).astype(np.int32, copy=False)
            return looked_up(known.days, place)
        place = (self.at("benefit") - looked_up(known.first_days, self.series)).astype(np.int32, copy=False)
        place += self.series * np.int32(DAYS_AT_MOST)
        return looked_up(known.days, place)

    def keys(self, needs: Bool) -> Iterator[Key]:
        """The claims whose rule counts by a key, key by key of the run, and of each key column by column that it is read from.

        ``needs`` says of each rule by which keys it counts (:attr:`qingsuan.benefits.core.core.Core.needs_keys`).
        """
        counts = np.flatnonzero(needs[self.variant].any(axis=1) & ~self.waits) if len(needs) else self.rows[:0]
        for number, by in enumerate(self.setup.program.keys[: needs.shape[1]]):
            places = counts[needs[self.variant[counts], number]].astype(np.int32)
            sets: dict[tuple[str, str], list[int]] = {}
            for rule_set in np.unique(self.rule_set[places]).tolist():
                sets.setdefault(self.known.key_columns[rule_set][by], []).append(rule_set)
            for (column, called), some in sets.items():
                mine = places[np.isin(self.rule_set[places], some)]
                yield Key(number, called, mine, *self._values_of(column, mine))

    def shared_keys(self) -> list[int]:
        """The numbers of the keys that people share."""
        return [number for number, by in enumerate(self.setup.program.keys) if by == FAMILY_KEY]

    def _values_of(self, column: str, places: Int32) -> tuple[Int32, Bool, Sequence[str]]:
        """A number for each different value of a column, which values are absent, and the text of each number."""
        if column == FAMILY_KEY:
            return self.family_of(places)
        if column != "mdtrt_id":
            texts = self.setup.vocabularies[column].texts
            code = self.code_column(column)[places]
            return code, np.array([not text for text in texts], np.bool_)[code], texts
        if not self.setup.has_stays:
            return np.zeros(len(places), np.int32), np.ones(len(places), np.bool_), ("",)
        ids = (
            self.columns.table.column("mdtrt_id").take(pa.array(self.rows[places])).combine_chunks().dictionary_encode()
        )
        value = ids.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        texts = [text or "" for text in ids.dictionary.to_pylist()]
        return value, np.array([not text for text in texts], np.bool_)[value], texts

    def code_column(self, name: str) -> Int32:
        """A code column of the claims that still count, of their own or of the insured rows found."""
        if name in CLAIM_CODES or self.columns.has(name):
            return self.code(name)
        code: Int32 = looked_up(self.insured.code(name), self.found)
        return code

    def identity_dates(self) -> npt.NDArray[np.int32]:
        """The date on which each claim's rule set reads identities; it is there."""
        kinds = np.array([BENEFIT_DATES.index(r.identity_date) for r in self.setup.program.rule_sets], np.int8)
        dates: dict[int, npt.NDArray[np.int32]] = {}
        for kind in set(kinds.tolist()):
            column = self.at("setl_time") // DAY_US if kind == 0 else self.at(BENEFIT_DATES[kind])
            dates[kind] = column.astype(np.int32, copy=False)
        if len(dates) < 2:
            return next(iter(dates.values()), np.zeros(0, np.int32))
        kind_of = looked_up(kinds, self.rule_set)
        return np.select([kind_of == kind for kind in dates], list(dates.values())).astype(np.int32)
