"""A finished run folder changed by somebody who wants it to pass: digests are written anew, and only the rows can tell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.run.restart.ledger import LEDGER, _line
from settling import run

__all__ = ["add_fen", "change", "found", "replace_row", "seal"]


def found(out: Path, *more: object) -> list[dict[str, Any]]:
    """All findings, with what stands in rows; status 3 if there are any."""
    ran = run("--show-values", "verify", out, "--json", *more)
    told = json.loads(ran.out)
    assert ran.status == (3 if told["findings_in_all"] else 0)
    assert told["whole"] is (not told["findings"])
    return list(told["findings"])


def seal(out: Path) -> None:
    """Write digests anew, as somebody would who wants a change to pass: then only the rows can tell."""
    lines = []
    for line in (out / "SHA256SUMS").read_text("utf-8").splitlines():
        name = line.split("  ")[1]
        if (out / name).exists():
            lines.append(f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n")
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")
    record = json.loads((out / "run.json").read_text("utf-8"))
    record["digests"]["sha256"] = hashlib.sha256((out / "SHA256SUMS").read_bytes()).hexdigest()
    (out / "run.json").write_text(json.dumps(record), "utf-8")
    lines_of_ledger = (out / LEDGER).read_bytes().splitlines(keepends=True)
    last = _line({"run.json": hashlib.sha256((out / "run.json").read_bytes()).hexdigest()})
    (out / LEDGER).write_bytes(b"".join([*lines_of_ledger[:-1], last]))


def change(out: Path, name: str, how: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(how(pq.read_table(out / name)), out / name)
    seal(out)


def add_fen(column: str, fen: int, row: int = 0) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        kind = table.schema.field(column).type
        values = table.column(column).to_pylist()
        values[row] = values[row] + pa.scalar(fen, pa.int64()).cast(pa.decimal128(19, 0)).as_py() / 100
        return table.set_column(table.schema.get_field_index(column), column, pa.array(values, kind))

    return changed


def replace_row(column: str, row: int, value: str | None) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        mask = np.arange(table.num_rows) == row
        kind = table.schema.field(column).type
        values = pc.if_else(pa.array(mask), pa.scalar(value, kind), table.column(column))
        return table.set_column(table.schema.get_field_index(column), column, values)

    return changed
