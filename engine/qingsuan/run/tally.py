"""Counting a run: rows and sums in, settled, reversed, rejected, and the totals by kind. What goes in must come out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.differences import BY, DIFFERENCES, OUTCOMES, REFUNDS_OF_PART
from qingsuan.benefits.partition.contradictions import CONTRADICTIONS, KINDS
from qingsuan.benefits.partition.identity_counts import IDENTITIES_BY_CODE, OF_NOBODY
from qingsuan.benefits.partition.overlaps import OVERLAPPING
from qingsuan.benefits.results import SUMS, TOTALS, merge_totals
from qingsuan.columns.cells import decimals, read_money
from qingsuan.errors import RunError
from qingsuan.money import yuan
from qingsuan.policy.model import FUNDS
from qingsuan.run.folder import RunFolder
from qingsuan.run.kept import Kept
from qingsuan.run.settled_elsewhere import Elsewhere
from qingsuan.tables import BILL, PAID_COLUMNS

__all__ = ["Tally", "sums_of"]


def sums_of(batch: pa.RecordBatch) -> dict[str, int]:
    """Sums in fen of rows of claims as they came: of the bill, and of what was paid during the year."""
    return {
        name: int(read_money(batch.column(name)).values.sum())
        for name in (*BILL, *PAID_COLUMNS)
        if name in batch.schema.names
    }


@dataclass
class Tally:
    """The counts and sums of one run.

    Attributes
    ----------
    rows_read : rows by input table.
    rejected : rows by input table and code; of claims also by pool, scheme and code in ``rejected_by``.
    settled_elsewhere : reversals that were rejected while the settlement that they name is settled.
    amounts_in, amounts_rejected : fen by column of the bill, as far as cells could be read.
    """

    rows_read: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)
    rejected_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    amounts_in: Counter[str] = field(default_factory=Counter)
    amounts_rejected: Counter[str] = field(default_factory=Counter)
    reversed_rows: int = 0
    settled_rows: int = 0
    totals: dict[str, list[pa.Table]] = field(default_factory=dict)
    settled_elsewhere: Elsewhere = field(default_factory=dict)

    def read(self, table: str, rows: int) -> None:
        """Rows of an input table have been read."""
        self.rows_read[table] += rows

    def settled(self, partition: Kept) -> None:
        """A partition has been settled, now or by the run that is gone on with. Called under the run's lock."""
        self.settled_rows += partition.settled_rows
        self.reversed_rows += partition.reversed_rows
        for name, table in partition.totals.items():
            self.totals.setdefault(name, []).append(table)

    def refused(self, table: str, code: str, count: int = 1) -> None:
        """Rows of an input table were refused."""
        self.rejected.setdefault(table, Counter())[code] += count

    @property
    def rejected_claims(self) -> int:
        """How many claims were refused."""
        return sum(self.rejected.get("claims", Counter()).values())

    def merged(self, name: str, by: tuple[str, ...]) -> pa.Table:
        """The totals of all partitions, in fen."""
        return merge_totals(self.totals[name], by)

    def write_totals(self, folder: RunFolder) -> None:
        """Write ``totals/*.parquet``."""
        for name, by in TOTALS.items():
            folder.write_table(f"totals/{name}.parquet", _in_yuan(self.merged(name, by)))
        folder.write_table("totals/funds.parquet", _in_yuan(self.funds()))
        if DIFFERENCES in self.totals:
            folder.write_table(f"totals/{DIFFERENCES}.parquet", _in_yuan(self.merged(DIFFERENCES, BY)))

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
        return {*settled, *((pool, scheme) for pool, scheme, _ in self.rejected_by)}

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
        if DIFFERENCES in self.totals:
            for row in self.merged(DIFFERENCES, BY).to_pylist():
                found[f"paid_{row['fund']}"][row["outcome"]] += row["paid"]
        return found

    def refunds_of_part(self) -> int:
        """How many claims have a reversal that takes back a part of them only: neither is settled."""
        return sum(pc.sum(part.column("claims")).as_py() or 0 for part in self.totals[REFUNDS_OF_PART])

    def check(self) -> None:
        """Rows in = rows settled + reversed + rejected, and the same for every amount (reversed pairs add up to nothing).

        Raises
        ------
        RunError
            Something was lost.
        """
        out = self.settled_rows + self.reversed_rows + self.rejected_claims
        settled = self.amounts_settled()
        wrong = [name for name in BILL if self.amounts_in[name] != settled[name] + self.amounts_rejected[name]]
        paid = self.paid()
        wrong += [name for name in PAID_COLUMNS if self.amounts_in[name] != sum(paid[name].values())]
        if out != self.rows_read["claims"] or wrong:
            raise RunError(
                "run",
                found=f"{self.rows_read['claims']} rows in, {out} out; amounts that differ: {', '.join(wrong) or 'none'}",
                expected="in = settled + reversed + rejected",
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )


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
