"""What the books of a settlement of benefits say: what came in, went out and was rejected, and the totals by kind."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.differences import BY, DIFFERENCES, OUTCOMES, REFUNDS_OF_PART
from qingsuan.benefits.partition.contradictions import CONTRADICTIONS, KINDS
from qingsuan.benefits.partition.identity_counts import IDENTITIES_BY_CODE, OF_NOBODY
from qingsuan.benefits.partition.overlaps import OVERLAPPING
from qingsuan.benefits.results import SUMS, TOTALS, merge_totals
from qingsuan.columns.cells import decimals, read_money
from qingsuan.money import yuan
from qingsuan.policy.model import FUNDS
from qingsuan.settlement import Books
from qingsuan.tables import BILL, PAID_COLUMNS

__all__ = ["REJECTED_BY", "REVERSED", "SETTLED", "BenefitBooks", "sums_of"]

SETTLED, REVERSED = "settled", "reversed"
"""What partitions count rows as."""

REJECTED_BY = "rejected_by"
"""The name among totals under which rejected claims are counted by pool, scheme and code."""


def sums_of(batch: pa.RecordBatch) -> dict[str, int]:
    """Sums in fen of rows of claims as they came: of the bill, and of what was paid during the year."""
    there = set(batch.schema.names)
    return {name: int(read_money(batch.column(name)).values.sum()) for name in (*BILL, *PAID_COLUMNS) if name in there}


class BenefitBooks:
    """The books of one run, read: what is asked more than once is added up once, so nothing may be counted any more."""

    def __init__(self, books: Books) -> None:
        self.books, self._totals = books, books.totals
        self._merged: dict[str, pa.Table] = {}

    @property
    def settled_rows(self) -> int:
        """How many claims were settled."""
        return self.books.counts[SETTLED]

    @property
    def reversed_rows(self) -> int:
        """How many rows were set aside as reversed pairs."""
        return self.books.counts[REVERSED]

    def merged(self, name: str, by: tuple[str, ...]) -> pa.Table:
        """The totals of all partitions, in fen; those of a name are always asked by the same columns."""
        if name not in self._merged:
            self._merged[name] = merge_totals(self._totals[name], by)
        return self._merged[name]

    def tables(self) -> dict[str, pa.Table]:
        """The files ``totals/*.parquet`` by name, sums in yuan."""
        found = {name: self.merged(name, by) for name, by in TOTALS.items()}
        found["funds"] = self.funds()
        if DIFFERENCES in self._totals:
            found[DIFFERENCES] = self.merged(DIFFERENCES, BY)
        return {f"totals/{name}.parquet": _in_yuan(table) for name, table in found.items()}

    def rejected_by(self) -> list[dict[str, Any]]:
        """Rejected claims by pool, scheme and code."""
        found: list[dict[str, Any]] = self.merged(REJECTED_BY, ("pool", "insutype", "code")).to_pylist()
        return found

    def funds(self) -> pa.Table:
        """What each fund paid, by pool and scheme: one row per fund that paid anything."""
        care = self.merged("care", TOTALS["care"])
        by_scheme = merge_totals([care.drop_columns(["med_type"])], ("pool", "insutype"))
        rows: list[dict[str, Any]] = []
        for row in by_scheme.to_pylist():
            rows.extend(
                {"pool": row["pool"], "insutype": row["insutype"], "fund": fund, "amount": row[fund]}
                for fund in FUNDS
                if row[fund]
            )
        schema = pa.schema(
            [("pool", pa.string()), ("insutype", pa.string()), ("fund", pa.string()), ("amount", pa.int64())]
        )
        return pa.Table.from_pylist(rows, schema)

    def by_scheme(self) -> list[dict[str, Any]]:
        """Counts and sums in yuan of settled claims, by pool and scheme, with what was rejected there."""
        care = self.merged("care", TOTALS["care"])
        summed = merge_totals([care.drop_columns(["med_type"])], ("pool", "insutype"))
        found = []
        for row in summed.to_pylist():
            amounts = {name: yuan(row[name]) for name in SUMS if row[name]}
            found.append({"pool": row["pool"], "insutype": row["insutype"], "claims": row["claims"], **amounts})
        return found

    def at_hand(self) -> set[tuple[str, str]]:
        """The pools and schemes that have claims in this run, settled or rejected."""
        care = self.merged("care", TOTALS["care"])
        settled = zip(care.column("pool").to_pylist(), care.column("insutype").to_pylist(), strict=True)
        return {*settled, *((row["pool"], row["insutype"]) for row in self.rejected_by())}

    def identities_of_nobody(self) -> dict[str, int]:
        """Identity rows of people without an insured row, by code."""
        return self._by_code(OF_NOBODY)

    def identities_by_code(self) -> dict[str, int]:
        """All identity rows, by code."""
        return self._by_code(IDENTITIES_BY_CODE)

    def _by_code(self, name: str) -> dict[str, int]:
        found = self.merged(name, ("psn_idet_type",))
        return dict(zip(found.column("psn_idet_type").to_pylist(), found.column("rows").to_pylist(), strict=True))

    def contradictions(self) -> dict[str, dict[str, int]]:
        """Contradictions among insured rows, by kind: pairs of rows, people, claims, and results that would differ."""
        counts = {row.pop("kind"): row for row in self.merged(CONTRADICTIONS, ("kind",)).to_pylist()}
        return {kind: counts[kind] for kind in KINDS if counts[kind]["pairs"]}

    def overlapping_stays(self) -> dict[str, int]:
        """Claims of stays that began while another of their person had not ended, and the people."""
        (found,) = self.merged(OVERLAPPING, ("what",)).to_pylist()
        return {"claims": found["claims"], "people": found["people"]}

    def amounts_settled(self) -> dict[str, int]:
        """Sums in fen of all settled claims, by column of the bill."""
        care = self.merged("care", TOTALS["care"])
        return {name: int(pc.sum(care.column(name)).as_py() or 0) for name in BILL}

    def paid(self) -> dict[str, dict[str, int]]:
        """What claims carry as paid, in fen, by column and by what became of the row."""
        found = {name: dict.fromkeys(OUTCOMES, 0) for name in PAID_COLUMNS}
        if DIFFERENCES in self._totals:
            for row in self.merged(DIFFERENCES, BY).to_pylist():
                found[f"paid_{row['fund']}"][row["outcome"]] += row["paid"]
        return found

    def refunds_of_part(self) -> int:
        """How many claims have a reversal that takes back a part of them only: neither is settled."""
        return sum(pc.sum(part.column("claims")).as_py() or 0 for part in self._totals[REFUNDS_OF_PART])

    def check(self) -> None:
        """Rows in = rows settled + reversed + rejected, and the same for every amount (reversed pairs add up to nothing).

        Raises
        ------
        RunError
            Something was lost.
        """
        books, settled, paid = self.books, self.amounts_settled(), self.paid()
        wrong = [name for name in BILL if books.sums_in[name] != settled[name] + books.sums_rejected[name]]
        wrong += [name for name in PAID_COLUMNS if books.sums_in[name] != sum(paid[name].values())]
        books.check_balance("claims", {SETTLED: self.settled_rows, REVERSED: self.reversed_rows}, wrong)


def _in_yuan(table: pa.Table) -> pa.Table:
    """Sums in fen as decimal128(20, 2); counts stay numbers."""
    columns = {}
    for name in table.schema.names:
        column = table.column(name)
        if pa.types.is_int64(column.type) and name != "claims":
            columns[name] = decimals(column.combine_chunks().to_numpy(zero_copy_only=False), 20)
        else:
            columns[name] = column
    return pa.table(columns)
