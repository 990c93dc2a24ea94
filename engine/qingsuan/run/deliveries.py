"""What a delivery of a prepared year says of itself, written and read: its files, what was learnt of them, and its books."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from qingsuan.errors import InputError
from qingsuan.run.inputs import Reading, Source, TableIntake
from qingsuan.run.model import Inputs, Run
from qingsuan.run.prepared.opened import Delivery, PreparedYear

__all__ = ["has_table", "inputs_of", "next_numbers", "rejected_name", "state_of"]


def state_of(
    run: Run, digest: Callable[[Source], str], size: Callable[[Source], int], rejected: Mapping[str, Any]
) -> dict[str, Any]:
    """What is kept of a delivery beside its rows; ``rejected`` says which partitions have rejected rows, by table."""
    tables = [table.name for table in run.settlement.inputs if not table.is_trusted]
    inputs = {
        table: [_of_source(source, digest(source), size(source)) for source in run.inputs.of(table)] for table in tables
    }
    return {
        "inputs": inputs,
        "left_out": {table: list(names) for table, names in run.inputs.left_out.items() if names},
        **({"intake": [dict(one) for one in run.inputs.intakes]} if run.inputs.intakes else {}),
        "learned": run.settlement.learned(),
        "rows_read": {table: run.books.rows_read[table] for table in tables},
        "sums_in": dict(run.books.sums_in),
        "rejected": dict(rejected),
    }


def rejected_name(table: str, partition: int) -> str:
    """What the rejected rows of a partition are called in a delivery."""
    return f"rejected/{table}-{partition:05d}"


def inputs_of(year: PreparedYear) -> Inputs:
    """The files of all deliveries as they were read; a file is opened again only for rows that were kept nowhere.

    Raises
    ------
    InputError
        What a delivery says of them cannot be read.
    """
    tables: dict[str, list[Source]] = {}
    left_out: dict[str, list[str]] = {}
    intakes: dict[str, Mapping[str, str]] = {}
    for delivery in year.deliveries:
        try:
            for table, files in delivery.state["inputs"].items():
                tables.setdefault(table, []).extend(map(_source_of, files))
            for table, names in delivery.state["left_out"].items():
                left_out.setdefault(table, []).extend(names)
            intakes.update({one["sha256"]: one for one in delivery.state.get("intake", ())})
        except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
            raise _unreadable(delivery, error) from error
    return Inputs({table: tuple(sources) for table, sources in tables.items()}, left_out, tuple(intakes.values()))


def has_table(path: Path, table: str) -> bool:
    """Whether a prepared year was prepared with a table.

    Raises
    ------
    InputError
        It is none, or what it says of its files cannot be read.
    """
    return table in inputs_of(PreparedYear.open(path)).tables


def next_numbers(year: PreparedYear, sources: Mapping[str, Sequence[Source]]) -> dict[str, tuple[Source, ...]]:
    """Number the files of a further delivery after those that are there."""
    there = inputs_of(year)
    return {
        table: tuple(replace(source, number=len(there.of(table)) + number) for number, source in enumerate(files))
        for table, files in sources.items()
    }


def _of_source(source: Source, sha256: str, size: int) -> dict[str, Any]:
    return {
        "file": source.name,
        "path": str(source.path.resolve()),
        "number": source.number,
        "kind": source.kind,
        "encoding": source.encoding,
        "rows": source.rows,
        "size": size,
        "sha256": sha256,
        "columns": base64.b64encode(source.schema.serialize().to_pybytes()).decode(),
        "int96": sorted(source.int96),
        "keys": [list(source.keys_below), list(source.keys_above)],
        "is_stream": source.is_stream,
        **({} if source.said is None else {"said": source.said.record()}),
        **({} if source.reading is None else {"reading": source.reading.record()}),
    }


def _source_of(said: Mapping[str, Any]) -> Source:
    below, above = said["keys"]
    return Source(
        number=said["number"],
        path=Path(said["path"]),
        kind=said["kind"],
        schema=pa.ipc.read_schema(pa.py_buffer(base64.b64decode(said["columns"]))),
        rows=said["rows"],
        encoding=said["encoding"],
        name=said["file"],
        int96=frozenset(said["int96"]),
        keys_below=tuple(below),
        keys_above=tuple(above),
        said=TableIntake.of(said["said"]) if "said" in said else None,
        reading=Reading.of(said["reading"]) if "reading" in said else None,
        is_stream=said["is_stream"],
        size=said["size"],
        sha256=said["sha256"],
    )


def _unreadable(delivery: Delivery, error: Exception) -> InputError:
    return InputError(
        str(delivery.folder),
        found=f"what it says of itself cannot be read: {type(error).__name__} {error}",
        expected="a delivery of “qingsuan prepare”",
        do="prepare the year again",
    )
