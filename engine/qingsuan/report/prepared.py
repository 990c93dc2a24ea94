"""What a prepared year holds, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from qingsuan.messages import Words
from qingsuan.prepared import Prepared
from qingsuan.report.wording.names import RunNames

__all__ = ["rows_as_text", "summary"]


def summary(prepared: Prepared, words: Words) -> str:
    """Each delivery with its rows, and how to settle the year."""
    record = prepared.record
    names = RunNames(words)
    year, parts = str(record["year"]), f"{record['partitions']:,}"
    lines = [words.speak("Prepared year {year}: {parts} partitions", year=year, parts=parts)]
    for number, delivery in enumerate(record["deliveries"], 1):
        rejected = delivery["rejected"]
        told = [
            f"{names.table(table)} {rows:,}"
            + (words.speak(" ({number} rejected)", number=f"{rejected[table]:,}") if rejected.get(table) else "")
            for table, rows in delivery["rows"].items()
        ]
        lines.append(words.speak("  delivery {number}: {told}", number=number, told=", ".join(told)))
    command = f"qingsuan settle {prepared.path} --out OUT"
    lines.append(words.speak("settle it with: {command}", command=command))
    return "\n".join(lines)


def rows_as_text(tables: Mapping[str, pa.Table]) -> str:
    """Rows one below another, a line for each cell that says something."""
    blocks = []
    for table, rows in tables.items():
        for number, row in enumerate(rows.to_pylist(), 1):
            cells = [f"  {name:18} {value}" for name, value in row.items() if value not in (None, "")]
            blocks.append("\n".join([f"{table} {number} of {rows.num_rows}", *cells]))
    return "\n\n".join(blocks)
