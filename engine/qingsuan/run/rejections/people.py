"""Claims of people whose insured row was rejected: the claim's own message says so, and why."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["with_rejected_insured"]

_WHY = ("psn_no", "source_file", "source_row", "code", "column")


def with_rejected_insured(rows: pa.Table, insured: Path) -> pa.Table:
    """Add to the reason of each claim without an insured person which insured row of that person was rejected.

    Parameters
    ----------
    rows
        Rejected claims of a partition, as they are written.
    insured
        The file with the rejected insured rows of the same partition's people; it need not be there.
    """
    stranger = pc.equal(rows.column("code"), "E_PERSON")
    if not insured.exists() or not pc.any(stranger).as_py():
        return rows
    people = pc.unique(rows.column("psn_no").filter(stranger).cast(pa.string()))
    of_them = pq.read_table(insured, columns=list(_WHY), filters=pc.field("psn_no").isin(people))
    reasons: dict[str, str] = {}
    for row in of_them.sort_by([("source_file", "ascending"), ("source_row", "ascending")]).to_pylist():
        where = f"{row['source_file']} row {row['source_row']}"
        reasons.setdefault(
            str(row["psn_no"]), f"; its insured row was rejected: {where}: {row['code']} {row['column']}"
        )
    if not reasons:
        return rows
    texts = zip(
        rows.column("psn_no").to_pylist(), stranger.to_pylist(), rows.column("expected").to_pylist(), strict=True
    )
    said = [f"{text}{reasons.get(str(person), '')}" if missed else text for person, missed, text in texts]
    return rows.set_column(rows.schema.get_field_index("expected"), "expected", pa.array(said, pa.string()))
