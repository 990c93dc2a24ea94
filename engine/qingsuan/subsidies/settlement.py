"""Settlement 2 (财政补助) as a run carries it: insured people in, heads counted once, who owes which subsidy out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.heads.counting import KINDS, ROWS, Counted, Heads, count
from qingsuan.heads.employed import EMPLOYED
from qingsuan.heads.screening import COLUMNS, Screened, Screening, refusals
from qingsuan.policy.model import Region
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import Funding
from qingsuan.subsidies.outcome import Outcome, RowCounts, not_counted_table
from qingsuan.subsidies.receipts.reading import Money
from qingsuan.subsidies.receipts.tables import arrived_table, receipts_table
from qingsuan.subsidies.results import due_table, prefecture_table, region_table
from qingsuan.tables import ACCOUNT_COLUMNS, INSURED

__all__ = ["TABLES", "Subsidies"]

TABLES = ("due", "arrived", "receipts", "totals", "duplicates", "rejected", ".shuffle")

BYTES_PER_ROW = 220
"""What an insured row needs of memory while its partition is counted."""

_HEADS = "heads"
_IS_EMPLOYED = "is_employed"
_INTERNAL = pa.schema([*ROWS, pa.field(_IS_EMPLOYED, pa.int8())])
"""Rows that count, and those of employees, in one table: both kinds of a person's rows come together."""

_NUMBERS = ("rows_counted", "rows_duplicate", "persons", "persons_duplicate")


class Subsidies(Settlement):
    """The subsidy of one year.

    Parameters
    ----------
    funding
        The rules of the regions.
    tables
        The bureau's tables.
    skip_unserved
        Whether rows of regions without a plugin are rejected (E_POOL) instead of stopping the run.
    money
        Receipts and budgets, and the day up to which they count; None where what has arrived is not asked for.
    broken
        Installed plugins that are refused: one of them may be the one that is wanted.

    Attributes
    ----------
    outcome : what the run came to, once every partition is counted.
    """

    name = "subsidy 财政补助"
    tables = TABLES
    always = ("duplicates",)

    def __init__(
        self,
        funding: Funding,
        tables: BureauTables,
        *,
        skip_unserved: bool = False,
        broken: Sequence[str] = (),
        money: Money | None = None,
    ) -> None:
        self.money = money
        self.funding, self.bureau, self.year, self.skip_unserved = funding, tables, funding.year, skip_unserved
        columns = {column.name: column for column in INSURED}
        wanted = tuple(replace(columns[name], must=must) for name, must in COLUMNS.items())
        self.inputs = (
            InputTable(
                "insured",
                wanted,
                known=frozenset(columns).union(each.name for each in ACCOUNT_COLUMNS),
                row_bytes=BYTES_PER_ROW,
                is_joined=True,
            ),
        )
        self._screening = Screening(funding, skip_unserved=skip_unserved, broken=broken)
        self.outcome: Outcome | None = None

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        options: dict[str, Any] = {"year": self.year, "skip unserved regions": self.skip_unserved}
        files = self.bureau.files
        if self.money is not None:
            options["as of"] = self.money.as_of.isoformat()
            files += self.money.files
        return {
            "options": options,
            "tables of the bureau": {f"{file.table} {file.name}": file.sha256 for file in files},
        }

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.funding

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Screen a batch of insured rows.

        Raises
        ------
        QingsuanError
            From :meth:`qingsuan.heads.screening.Screening.screen`.
        """
        return self.take_joined(table, batch, Pieces.of(file.number, first_row), torn)

    def take_joined(self, table: str, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
        """See :meth:`qingsuan.settlement.Settlement.take_joined`."""
        screened = self._screening.screen(batch, torn)
        sums = {"other_scheme": screened.other_scheme, "outside_year": screened.outside_year}
        return Taken(_together(screened), refusals(screened, pieces, batch.num_rows), sums)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], _INTERNAL)

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return self._count

    def _count(self, rows: pa.Table) -> Settled:
        """Count the heads of a partition."""
        is_employed = pc.equal(rows.column(_IS_EMPLOYED), 1)
        residents = rows.filter(pc.invert(is_employed)).select(ROWS.names)
        counted, duplicates = count(residents, self.funding.periods, rows.filter(is_employed).select(EMPLOYED.names))
        heads = sorted(counted.heads.items())
        columns = [
            pa.array([county for county, _ in heads], pa.int64()),
            pa.array([each.heads for _, each in heads], pa.int64()),
            pa.array([each.permits for _, each in heads], pa.int64()),
        ]
        numbers = {name: getattr(counted, name) for name in _NUMBERS}
        return Settled(
            {"duplicates": duplicates},
            {**numbers, **counted.duplicates_by_kind},
            {_HEADS: pa.table(columns, names=["admdvs", "heads", "permits"])},
        )

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`."""
        rows = _rows(books)
        out = {"counted": rows.counted, "duplicates": rows.duplicates}
        books.check_balance("insured", out | {"other scheme": rows.other_scheme, "outside the year": rows.outside_year})

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """Split what is owed.

        Raises
        ------
        PolicyError
            A county with heads is absent from a table of the bureau that its rule needs.
        """
        outcome = self.outcome = self._outcome(books)
        arrival = outcome.arrival
        arrived = (
            {}
            if arrival is None
            else {
                "arrived/part-00000.parquet": arrived_table(arrival),
                "receipts/part-00000.parquet": receipts_table(arrival),
            }
        )
        return {
            **arrived,
            "due/part-00000.parquet": due_table(outcome.dues, split=outcome.split),
            "totals/prefecture.parquet": prefecture_table(outcome.dues, split=outcome.split),
            "totals/region.parquet": region_table(outcome.dues, split=outcome.split),
            "totals/not_counted.parquet": not_counted_table(outcome.rows),
        }

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        outcome = self.outcome or self._outcome(books)
        return outcome.record()

    def _outcome(self, books: Books) -> Outcome:
        return Outcome.of(self.funding, self.bureau, _counted(books), _rows(books), self.money)


def _together(screened: Screened) -> pa.RecordBatch:
    """Rows that count, and rows of employees, as internal rows."""
    rows, employed = screened.rows, screened.employed
    columns = [
        pa.concat_arrays([rows.column(name), employed.column(name)]) if name in EMPLOYED.names else rows.column(name)
        for name in ROWS.names
    ]
    permit = ROWS.get_field_index("permit")
    columns[permit] = pa.concat_arrays([columns[permit], pa.array(np.zeros(employed.num_rows, np.int8))])
    kind = np.zeros(rows.num_rows + employed.num_rows, np.int8)
    kind[rows.num_rows :] = 1
    return pa.RecordBatch.from_arrays([*columns, pa.array(kind)], schema=_INTERNAL)


def _counted(books: Books) -> Counted:
    """What all partitions add up to."""
    heads: dict[int, Heads] = {}
    for part in books.totals.get(_HEADS, ()):
        for row in part.to_pylist():
            heads[row["admdvs"]] = heads.get(row["admdvs"], Heads()) + Heads(row["heads"], row["permits"])
    numbers: Mapping[str, int] = {name: books.counts[name] for name in _NUMBERS}
    kinds = {kind: books.counts[kind] for kind in KINDS}
    return Counted(heads=dict(sorted(heads.items())), duplicates_by_kind=kinds, **numbers)


def _rows(books: Books) -> RowCounts:
    """Where every row went."""
    return RowCounts(
        books.rows_read["insured"],
        books.counts["rows_counted"],
        books.counts["rows_duplicate"],
        books.sums_in["other_scheme"],
        books.sums_in["outside_year"],
        books.rejected.get("insured", {}),
    )
