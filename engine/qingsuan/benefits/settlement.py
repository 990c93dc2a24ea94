"""Settlement 1 (待遇结算) as a run carries it: claims, insured people and identities in, what each fund pays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.accumulators.opening import Groups, check_opening, empty_opening, take_opening
from qingsuan.benefits.books import REVERSED, SETTLED, BenefitBooks, sums_of
from qingsuan.benefits.intake.intake import take_claims, take_identities, take_insured, take_registrations
from qingsuan.benefits.intake.interface import REFUSED_WHEN_SET, check_refused_types
from qingsuan.benefits.intake.restore import LOST, is_restorable
from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.partition.in_order import PERSON, claims_in_order, rows_by_person
from qingsuan.benefits.record import record_of
from qingsuan.benefits.rejected import RejectedRows, paid_of
from qingsuan.benefits.setldetail import SETLDETAIL
from qingsuan.benefits.settled_elsewhere import Elsewhere, settled_elsewhere
from qingsuan.benefits.setup import FAMILY_NO, TIED, Setup
from qingsuan.columns.cells import Torn, read_texts
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.columns.rows import arrow, numbers
from qingsuan.columns.vocabulary import Vocabulary
from qingsuan.divisions import code_and_name, retired
from qingsuan.errors import PluginError, UsageError
from qingsuan.heads.families import Families
from qingsuan.people import Texts
from qingsuan.policy.model import Region
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.policy.who.registrations import asked_types, asks
from qingsuan.settlement import Books, InputFile, InputTable, Rejecter, Settled, Settlement, Taken
from qingsuan.tables import (
    ACCOUNT_COLUMNS,
    ACCUMULATORS,
    CLAIMS,
    IDENTITIES,
    INSURED,
    INTERFACE,
    PAID_COLUMNS,
    REGISTRATIONS,
    Column,
)

__all__ = ["BYTES_PER_CLAIM", "OPENING", "TABLES", "BenefitRecipe", "Benefits", "refuse_families"]

TABLES = (
    "settled",
    "rejected",
    "reversed",
    "differences",
    "totals",
    "accumulators",
    "contradictions",
    SETLDETAIL,
    ".shuffle",
)

OPENING = "opening"
"""The input table of accumulators that an earlier run left; it comes last, and only where accumulators are kept."""

BYTES_PER_CLAIM = 1_500
_REGISTRATIONS = "registrations"
_BYTES_PER_ACCUMULATOR = BYTES_PER_CLAIM // 6

_SETTLED_BYTES = {"claims": 1_100, "insured": 432, "identities": 288, "registrations": 432}
"""Of memory for a row while its partition is settled and all of it refused, which takes a quarter more than if none is."""

_WAITING_BYTES = {"claims": 90, "insured": 40, "identities": 40}
_RESULT_BYTES, _DETAIL_BYTES, _ACCUMULATORS_BYTES = 60, 25, 10
"""Of the disk for a row, at most, packed: as it waits, and what comes of a claim in tables for all claims, details and accounts."""

_TAKE = {
    "claims": take_claims,
    "insured": take_insured,
    "identities": take_identities,
    "registrations": take_registrations,
}
_TYPES = {"money": pa.decimal128(16, 2), "date": pa.date32(), "time": pa.timestamp("us")}


class Benefits(Settlement):
    """The settlement of benefits for one year.

    Parameters
    ----------
    setup
        Regions, rule sets, and what was asked for.
    earlier
        What the record says of the run whose accumulators this one goes on with.
    families
        Learns who is tied to whom, where rules count by the family (以户为单位); without it rows are spread by person, to be prepared.

    Attributes
    ----------
    prepared : what the record says of the prepared year that is settled; None where none is.
    families : who is tied to whom, where rules count by the family and rows are spread by it.
    """

    name = "benefits 待遇结算"
    tables = TABLES

    def __init__(
        self, setup: Setup, earlier: Mapping[str, Any] | None = None, *, families: Families | None = None
    ) -> None:
        self.setup, self.earlier, self.year = setup, earlier, setup.year
        _refuse_without_registrations(setup)
        self.families = families if setup.by_family else None
        if setup.accumulators:
            refuse_families(setup, "--accumulators, --opening", "settle the whole year at once, from all its claims")
            _refuse_year_ends(setup)
        asked = (("accumulators", setup.accumulators), (SETLDETAIL, setup.detail))
        self.always = ("settled", "reversed", *(table for table, is_asked in asked if is_asked))
        result = _RESULT_BYTES + setup.detail * _DETAIL_BYTES + setup.accumulators * _ACCUMULATORS_BYTES
        interface = (column.name for column in INTERFACE)
        claims = self._table("claims", CLAIMS, REFUSED_WHEN_SET, interface, BYTES_PER_CLAIM)
        self.inputs = (
            replace(claims, disk_bytes=(_WAITING_BYTES["claims"], result)),
            self._table("insured", INSURED, known=(column.name for column in ACCOUNT_COLUMNS)),
            self._table("identities", IDENTITIES),
        )
        if setup.registrations:
            own = frozenset(setup.registered_amounts)
            self.inputs = (
                *self.inputs,
                InputTable(
                    _REGISTRATIONS,
                    REGISTRATIONS,
                    own,
                    own,
                    settled_bytes=_SETTLED_BYTES[_REGISTRATIONS],
                    disk_bytes=(40, 0),
                    is_joined=True,
                ),
            )
        if setup.accumulators:
            opening = InputTable(OPENING, ACCUMULATORS, row_bytes=_BYTES_PER_ACCUMULATOR, is_trusted=True)
            self.inputs = (*self.inputs, opening)
        if self.families is not None:
            self.inputs = tuple(replace(one, by_hash=TIED, ties=one.name == _REGISTRATIONS) for one in self.inputs)
        self._groups = Groups(setup) if setup.accumulators else None
        self._elsewhere: Elsewhere = {}
        self.prepared: Mapping[str, str] | None = None

    def _table(
        self, name: str, columns: tuple[Column, ...], also: Any = (), known: Any = (), row_bytes: int = 0
    ) -> InputTable:
        own = frozenset(column.column for column in self.setup.own(name) if column.column)
        disk = (_WAITING_BYTES[name], 0)
        return InputTable(
            name,
            columns,
            own.union(also),
            own.union(known),
            row_bytes=row_bytes,
            settled_bytes=_SETTLED_BYTES[name],
            disk_bytes=disk,
            is_joined=True,
        )

    @property
    def vocabularies(self) -> Mapping[str, Vocabulary]:
        """See :attr:`qingsuan.settlement.Settlement.vocabularies`."""
        return self.setup.vocabularies

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        setup = self.setup
        return {
            "options": {
                "year": setup.year,
                "skip unserved pools": setup.skip_unserved,
                "accumulators": setup.accumulators,
                "strict": setup.strict,
                **({_REGISTRATIONS: True} if setup.registrations else {}),
                **({SETLDETAIL: True} if setup.detail else {}),
            },
            "rules": {"compiled rules": setup.program.digest},
        }

    def reading(self) -> dict[str, dict[str, Any]]:
        """What intake asks of the rules: whose claims are read by which date, and which columns decide."""
        setup = self.setup
        others = setup.other_years
        dates = {f"{one.pool} {one.scheme}": one.benefit_date for one in setup.program.series}
        deciding: dict[str, list[str]] = {}
        for rule_set in setup.program.rule_sets:
            columns = [f"{one.table} {one.column} {one.kind} {one.function}" for one in rule_set.dimensions]
            for scheme in rule_set.schemes:
                known = deciding.setdefault(f"{rule_set.pool} {scheme}", [])
                known += [column for column in columns if column not in known]
        return {
            "options": {
                "year": setup.year,
                "skip unserved pools": setup.skip_unserved,
                **({_REGISTRATIONS: True} if setup.registrations else {}),
                **({"families": True} if setup.by_family else {}),
            },
            "dates that decide": dates,
            **(
                {"first days of years": {" ".join(name): year.first_day for name, year in sorted(others.items())}}
                if others
                else {}
            ),
            "columns that decide": {name: sorted(columns) for name, columns in sorted(deciding.items())},
        }

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.rules

    def begin(self, files: Mapping[str, Sequence[InputFile]]) -> None:
        """Note which columns the files have; see :meth:`qingsuan.settlement.Settlement.begin`."""
        unlike: dict[int, InputFile] = {}  # files that come one after another and have the same columns share them
        for file in files["claims"]:
            unlike.setdefault(id(file.schema), file)
        for file in unlike.values():
            check_refused_types(file.where, file.schema)
        names = {name for file in unlike.values() for name in file.schema.names}
        setup = self.setup
        setup.paid_columns = tuple(name for name in PAID_COLUMNS if name in names)
        setup.insured_files = tuple(file.name for file in files["insured"])
        setup.claims_files = tuple(file.name for file in files["claims"])
        setup.has_stays = bool(names & {"mdtrt_id", "mid_setl_flag"})

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """See :meth:`qingsuan.settlement.Settlement.take`."""
        if self._groups is not None and table == OPENING:
            rows = take_opening(self._groups, batch, file.where, first_row)
            return Taken(rows, REJECT_SCHEMA.empty_table(), {})
        return self.take_joined(table, batch, Pieces.of(file.number, first_row), torn)

    def take_joined(self, table: str, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
        """See :meth:`qingsuan.settlement.Settlement.take_joined`."""
        taken = _TAKE[table](self.setup, batch, pieces, torn)
        return taken._replace(rows=self._tied(taken.rows))

    def tie(self, table: str, batch: pa.RecordBatch) -> None:
        """Learn who is of one family; see :meth:`qingsuan.settlement.Settlement.tie`."""
        if self.families is not None:
            names = ("psn_no", "reg_type", "reg_value")
            person, reg_type, value = (_plain(read_texts(batch.column(name)).values) for name in names)
            mine = pc.equal(reg_type, FAMILY_KEY)
            self._tie(person.filter(mine), value.filter(mine))

    def tie_kept(self, table: str, rows: pa.Table) -> None:
        """See :meth:`qingsuan.settlement.Settlement.tie_kept`."""
        mine = rows.filter(pc.not_equal(rows.column(FAMILY_NO), "")) if table == _REGISTRATIONS else rows.slice(0, 0)
        if mine.num_rows:
            self._tie(mine.column("psn_no"), mine.column(FAMILY_NO))

    def _tie(self, person: pa.Array, number: pa.Array) -> None:
        """Tie people to the families in which they are registered, both by their hashes."""
        if self.families is not None:
            ends = (person, pc.binary_join_element_wise(FAMILY_KEY, number, " "))
            self.families.tie(*(Texts.of(one).hashes for one in ends))

    def keyed(self, rows: pa.Table) -> pa.Table:
        """See :meth:`qingsuan.settlement.Settlement.keyed`."""
        return self._tied(rows)

    def _tied(self, rows: Any) -> Any:
        """Rows with the number on which they are spread, where rules count by the family."""
        if self.families is None:
            return rows
        return rows.append_column(TIED, arrow(self.families.keys(Texts.of(rows.column("psn_no")).hashes)))

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        if self._groups is not None and table == OPENING:
            return empty_opening(self._groups)
        columns = next(one.columns for one in self.inputs if one.name == table)
        arrays = [pa.array([], _TYPES.get(column.kind, pa.string())) for column in columns]
        names = [column.name for column in columns]
        for own in self.setup.own(table):
            if own.column and own.column not in names:
                names.append(own.column)
                plain = own.is_number and not (own.is_amount or own.is_date)
                arrays.append(pa.array([], pa.int64() if plain else pa.string()))
        return self._tied(
            _TAKE[table](self.setup, pa.RecordBatch.from_arrays(arrays, names=names), Pieces.of(0, 0)).rows
        )

    def fork(self) -> Self:
        """See :meth:`qingsuan.settlement.Settlement.fork`."""
        return type(self)(self.setup.fork(), self.earlier)

    def learned(self) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.learned`."""
        return self.setup.learned.told()

    def learn(self, learned: Mapping[str, Any]) -> None:
        """See :meth:`qingsuan.settlement.Settlement.learn`."""
        self.setup.learned.learn(learned)

    def freeze(self, problems: Sequence[str] = ()) -> None:
        """Number codes by their text.

        Raises
        ------
        PluginError
            Claims are of pools that no plugin serves, and these are not to be rejected.
        """
        self.setup.learned.freeze()
        if not self.setup.learned.unserved:
            return
        pools: dict[str, int] = {}
        for area, count in self.setup.learned.unserved.items():
            pools[area[:4] + "00"] = pools.get(area[:4] + "00", 0) + count
        listed = "; ".join(f"{code_and_name(pool)}, {count} claims" for pool, count in sorted(pools.items())[:10])
        broken = "".join(f"\n  refused plugin {problem}" for problem in problems)
        moved = "; ".join(filter(None, map(retired, sorted(self.setup.learned.unserved))))
        raise PluginError(
            "claims",
            found=f"pools that no installed plugin serves: {listed}{broken}",
            expected="a plugin for every pool in the input; no pool is ever settled by another one's rules",
            do=f"{f'write the code of today: {moved}; ' if moved else ''}install the region's plugin (see “qingsuan plugins”), "
            "or give --skip-unserved to reject these claims",
        )

    def check_spread(self, table: str, rows: pa.Table) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check_spread`."""
        if self._groups is not None and table == OPENING:
            check_opening(self._groups, rows)

    def in_order(self, tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.in_order`.

        Raises
        ------
        ValueError
            Rows were spread by family, and a prepared year keeps them by person: a bug in the caller.
        """
        if self.families is not None:
            raise ValueError("a prepared year keeps rows by person")
        claims, *others = tables
        return (claims_in_order(self.setup, claims), *(rows_by_person(self.setup, one) for one in others))

    def out_of_order(self, tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.out_of_order`."""
        claims, *others = tables
        return (claims.drop_columns([PERSON]), *others)

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        settler = Settler(self.setup)
        names = [one.name for one in self.inputs]
        return lambda *tables: _settled(settler.settle(**dict(zip(names, tables, strict=True))))

    def is_restorable(self, schema: pa.Schema) -> bool:
        """See :meth:`qingsuan.settlement.Settlement.is_restorable`."""
        return is_restorable(schema)

    def sums(self, table: str, rows: pa.RecordBatch) -> dict[str, int]:
        """See :meth:`qingsuan.settlement.Settlement.sums`."""
        return sums_of(rows)

    def beside(self, table: str, rows: pa.RecordBatch) -> dict[str, pa.Array]:
        """What claims carry as paid, in fen."""
        return {name: paid_of(rows, name) for name in self.setup.paid_columns} if table == "claims" else {}

    def rejecter(self, books: Books) -> Rejecter:
        """See :meth:`qingsuan.settlement.Settlement.rejecter`."""
        self._elsewhere = settled_elsewhere(books.totals, self.setup.claims_files)
        return RejectedRows(self.setup, self._elsewhere)

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`."""
        BenefitBooks(books).check()

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        return BenefitBooks(books).tables()

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        found = record_of(self.setup, BenefitBooks(books), self._elsewhere, self.earlier)
        counted = {} if self.families is None else {"families": self.families.count}
        return {**found, **counted, **({} if self.prepared is None else {"prepared": self.prepared})}

    def recipe(self) -> BenefitRecipe:
        """See :meth:`qingsuan.settlement.Settlement.recipe`.

        Raises
        ------
        UsageError
            Rules count by the family: rows would be spread by person.
        """
        one = self.setup
        refuse_families(one, "--engine", "leave --engine out")
        return BenefitRecipe(
            one.year, one.skip_unserved, one.accumulators, one.strict,
            one.insured_files, one.claims_files, one.paid_columns, one.has_stays, one.registrations, one.detail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BenefitRecipe:
    """What another process must know to settle benefits as this one does; see :class:`qingsuan.benefits.setup.Setup`."""

    year: int
    skip_unserved: bool
    accumulators: bool
    strict: bool
    insured_files: tuple[str, ...]
    claims_files: tuple[str, ...]
    paid_columns: tuple[str, ...]
    has_stays: bool
    registrations: bool
    detail: bool

    def make(self, regions: Any) -> Benefits:
        """See :meth:`qingsuan.settlement.Recipe.make`."""
        setup: Setup = regions.setup(self.year, self.skip_unserved, self.accumulators)
        setup.strict, setup.insured_files, setup.claims_files = self.strict, self.insured_files, self.claims_files
        setup.paid_columns, setup.has_stays = self.paid_columns, self.has_stays
        setup.registrations, setup.detail = self.registrations, self.detail
        return Benefits(setup)


def _refuse_without_registrations(setup: Setup) -> None:
    """A rule set that asks for registrations needs the table: without it everybody would count as not registered."""
    asking = None if setup.registrations else asks(setup.program.rule_sets)
    if asking is not None:
        names = ", ".join(asked_types(asking))
        raise UsageError(
            "--registrations",
            found="nothing",
            expected=f"the registrations (备案): {asking.file} asks for {names}",
            do="give the table with --registrations; one that has only a heading says that nobody is registered",
        )


def _plain(texts: pa.Array) -> pa.Array:
    """Texts, not as a dictionary."""
    return texts.dictionary_decode() if pa.types.is_dictionary(texts.type) else texts


def refuse_families(setup: Setup, asked: str, do: str) -> None:
    """Refuse rules that count by the family where rows are kept or exchanged by person: a member's claims would be missed.

    Raises
    ------
    UsageError
        One does.
    """
    if setup.by_family:
        sets = [one for one in setup.program.rule_sets if FAMILY_KEY in one.group_keys.values()]
        raise UsageError(
            asked,
            found=f"rules that count by the family (以户为单位): {sets[0].file}",
            expected="rules that count by the person: whoever is of one family is settled together, from all tables of the year",
            do=do,
        )


def _refuse_year_ends(setup: Setup) -> None:
    """A year that is settled in parts has no part that could know what the whole year left: what is paid at its end would be lost."""
    for rule_set in setup.program.rule_sets:
        for called, layer in rule_set.layers.items():
            if layer.year_end is not None:
                raise UsageError(
                    "--accumulators, --opening",
                    found=f"layer “{called}” of {rule_set.file}, which is settled at the end of the year (年终二次报销)",
                    expected="a year that is settled whole: what is paid at its end hangs on all of its claims",
                    do="settle the whole year at once, from all its claims",
                )


def _settled(outcome: Outcome) -> Settled:
    """What became of a partition, as a run takes it."""
    tables = {"settled": outcome.settled, "reversed": outcome.reversed_rows, "differences": outcome.differences}
    tables["accumulators"] = outcome.accumulators
    tables["contradictions"], tables[SETLDETAIL] = outcome.contradictions, outcome.detail
    refused_rows = outcome.refused_rows
    return Settled(
        {kind: rows for kind, rows in tables.items() if rows is not None},
        {
            SETTLED: outcome.settled.num_rows,
            REVERSED: outcome.reversed_rows.num_rows,
            **({} if outcome.detail is None else {SETLDETAIL: outcome.detail.num_rows}),
        },
        outcome.totals,
        outcome.refused,
        refused_rows,
        np.asarray(numbers(refused_rows.column("blank")) != LOST),
    )
