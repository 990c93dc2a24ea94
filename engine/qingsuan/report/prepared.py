"""What a prepared year holds, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from qingsuan.prepared import Prepared

__all__ = ["rows_as_text", "summary"]


def summary(prepared: Prepared) -> str:
    """Each delivery with its rows, and how to settle the year."""
    record = prepared.record
    lines = [f"Prepared year (预备年度) {record['year']}: {record['partitions']} partitions"]
    for number, delivery in enumerate(record["deliveries"], 1):
        rejected = delivery["rejected"]
        told = [
            f"{table} {rows:,}" + (f" ({rejected[table]:,} rejected 退回)" if rejected.get(table) else "")
            for table, rows in delivery["rows"].items()
        ]
        lines.append(f"  delivery {number}: {', '.join(told)}")
    lines.append(f"settle it with: qingsuan settle {prepared.path} --year {record['year']} --out OUT")
    return "\n".join(lines)


def rows_as_text(tables: Mapping[str, pa.Table]) -> str:
    """Rows one below another, a line for each cell that says something."""
    blocks = []
    for table, rows in tables.items():
        for number, row in enumerate(rows.to_pylist(), 1):
            cells = [f"  {name:18} {value}" for name, value in row.items() if value not in (None, "")]
            blocks.append("\n".join([f"{table} {number} of {rows.num_rows}", *cells]))
    return "\n\n".join(blocks)
