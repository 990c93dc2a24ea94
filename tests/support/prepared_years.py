"""Made-up prepared years: rows of people in the order in which they are stored, written and opened again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from qingsuan.people import Numbering, Texts, divide
from qingsuan.run.prepared import DeliveryWriter, PreparedYear, add_delivery, create_year

__all__ = ["PARTITIONS", "TABLES", "Rows", "add", "claims", "create", "insured", "parts", "some_people", "write"]

PARTITIONS = 3
TABLES = ("claims", "insured")

Rows = dict[str, pa.Table]


def claims(people: Sequence[str], ids: Sequence[str] | None = None) -> pa.Table:
    """A claim for each of these people, numbered in the order given."""
    ids = [f"S{number:08d}" for number in range(len(people))] if ids is None else ids
    columns = {"psn_no": pa.array(people, pa.string()), "setl_id": pa.array(ids, pa.string())}
    return pa.table({**columns, "paid_fen": pa.array(range(len(people)), pa.int64())})


def insured(people: Sequence[str]) -> pa.Table:
    """An insured row for each of these people."""
    return pa.table({"psn_no": pa.array(people, pa.string()), "place": pa.array(range(len(people)), pa.int32())})


def parts(rows: pa.Table, partitions: int = PARTITIONS) -> list[pa.Table]:
    """Rows cut by partition, each in the order of people."""
    starts, order = divide(Texts.of(rows["psn_no"]), partitions)
    cut = [rows.take(pa.array(order[starts[p] : starts[p + 1]])) for p in range(partitions)]
    return [part.take(pa.array(Numbering(Texts.of(part["psn_no"])).rows)) for part in cut]


def write(writer: DeliveryWriter, claimed: pa.Table, persons: pa.Table, order: Sequence[int] | None = None) -> None:
    """Write the partitions of two tables, in some order."""
    cut = {"claims": parts(claimed, writer.partitions), "insured": parts(persons, writer.partitions)}
    for partition in range(writer.partitions) if order is None else order:
        writer.write_part(partition, {name: tables[partition] for name, tables in cut.items()})


def create(
    folder: Path, claimed: pa.Table, persons: pa.Table, partitions: int = PARTITIONS, *, memory_bytes: int = 1 << 20
) -> PreparedYear:
    """Make a prepared year of one delivery."""
    about = {"settlement": "benefits", "year": 2021, "partitions": partitions, "made_by": {"version": "1"}}
    with create_year(folder, **about, memory_bytes=memory_bytes) as writer:  # type: ignore[arg-type]
        write(writer, claimed, persons)
        writer.finish({"rows": len(claimed)})
    return PreparedYear.open(folder)


def add(folder: Path, claimed: pa.Table, persons: pa.Table) -> PreparedYear:
    """Add a delivery to it."""
    with add_delivery(folder) as writer:
        write(writer, claimed, persons)
        writer.finish({"rows": len(claimed)})
    return PreparedYear.open(folder)


def some_people(count: int, each: int = 1) -> list[str]:
    """Different people, each in so many rows."""
    return [f"2201{number:010d}" for number in np.repeat(np.arange(count), each)]
