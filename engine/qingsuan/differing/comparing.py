"""Two runs compared, piece by piece, and the folder that comes of it; its record is written last."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import decimals
from qingsuan.differing.causes import CAUSES
from qingsuan.differing.fates import FATES, TOLD
from qingsuan.differing.piece import Block, blocks_of
from qingsuan.differing.register import Register, RegisterSums
from qingsuan.differing.runs import IDS, Pair, Side
from qingsuan.differing.sums import Sums, entries_of, people_of
from qingsuan.errors import UsageError
from qingsuan.money import yuan
from qingsuan.policy.numeric import PAYERS
from qingsuan.report.wording.names import pool_names
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.modes import private_files
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.run.model import Progress
from qingsuan.run.threads import in_threads
from qingsuan.tables import PAID_COLUMNS

__all__ = ["RECORD", "REGISTERED", "TABLES", "compare"]

RECORD = "diff.json"
TABLES = ("rows", "people", "paid", "totals")
REGISTERED = "registered"
"""The table of people with a former benefit, where a register is given."""
FORMAT, VERSION = "qingsuan diff", 1
_TEXTS = (*IDS, "insutype", "pool", *TOLD[1:])


def compare(
    first: Path, second: Path, out: Path, workers: int, progress: Progress, register: Register | None = None
) -> dict[str, Any]:
    """Compare two finished runs and write what differs.

    Parameters
    ----------
    first, second
        The run that was paid, and the one that says what is due.
    out
        The folder to write; there may be nothing.
    progress
        Told how it gets on.
    register
        People with a former benefit, each of whom gets a row; None asks for none.

    Returns
    -------
    dict
        The record, as ``diff.json`` has it.

    Raises
    ------
    UsageError
        ``out`` is there, or lies in one of the runs.
    InputError
        The runs cannot be compared, or a file of theirs cannot be read.
    RunError
        The folder cannot be written, or the differences do not add up.
    """
    pair = Pair.open(first, second)
    _check_out(out, pair)
    sums = Sums()
    registered = None if register is None else RegisterSums(register)
    with _unfinished(out) as folder:
        numbers = range(pair.pieces)
        progress.stage("comparing", len(numbers))
        for blocks, entries, people in in_threads(
            lambda number: _piece(pair, number, folder, register), numbers, workers
        ):
            sums.add(blocks, entries)
            if registered is not None and people is not None:
                registered.add(people)
            progress.step()
        progress.end()
        record = _record(pair, sums)
        totals = sums.tables()
        if registered is not None:
            record["register"], totals["register"] = registered.record(), registered.table()
        with writing(out):
            for name, table in totals.items():
                write_parquet(table, folder / "totals" / f"{name}.parquet")
            (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8")
            folder.replace(out)
    return record


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that is written until it takes its name; what a comparison that was killed left there goes first."""
    folder = out.with_name(f".unfinished-{out.name}")
    with private_files():
        yield from _made(folder, out)


def _made(folder: Path, out: Path) -> Iterator[Path]:
    with writing(out):
        shutil.rmtree(folder, ignore_errors=True)
        for table in TABLES:
            (folder / table).mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_out(out: Path, pair: Pair) -> None:
    with looking_into(out):
        if out.exists():
            raise UsageError(str(out), found="something is there", expected="a new folder", do="give another --out")
        for _, side in pair.sides():
            if side.path.resolve() in out.resolve().parents:
                raise UsageError(str(out), found=f"a folder in {side.path}", expected="a folder outside of the runs")
        if not os.access(out.absolute().parent, os.W_OK):
            raise UsageError(
                str(out), found="a folder that cannot be made there", expected="a place where this user may write"
            )


def _piece(
    pair: Pair, number: int, folder: Path, register: Register | None
) -> tuple[list[Block], pa.Table, pa.Table | None]:
    """Compare one piece and write its rows; what is added up is handed on without them."""
    blocks = list(blocks_of(pair, number))
    part = f"part-{number:05d}.parquet"
    people = None if register is None else register.rows_of(pair, number, blocks)
    if people is not None:
        with writing(folder):
            (folder / REGISTERED).mkdir(exist_ok=True)
            write_parquet(people, folder / REGISTERED / part)
    if not blocks:
        return [], _NO_ENTRIES, people
    entries = pa.concat_tables(map(entries_of, blocks))
    with writing(folder):
        write_parquet(pa.concat_tables(map(_rows, blocks)), folder / "rows" / part)
        write_parquet(people_of(entries), folder / "people" / part)
        write_parquet(pa.concat_tables(map(_paid, blocks)), folder / "paid" / part)
    return blocks, entries, people


_NO_ENTRIES = pa.schema(
    [
        *((name, pa.string()) for name in ("psn_no", "insutype", "pool", "fixmedins_code", "rule_id", "cause")),
        *((name, pa.int64()) for name in PAYERS),
    ]
).empty_table()


def _rows(block: Block) -> pa.Table:
    """The table ``rows``."""
    fields: dict[str, pa.Array] = {name: _text(name, block.second, block.first) for name in _TEXTS}
    fields["cause"] = pa.array(CAUSES).take(pa.array(block.causes))
    for side, number in (("first", 0), ("second", 1)):
        fields[f"{side}_outcome"] = pa.array(FATES).take(pa.array(block.outcomes[number]))
    for name in ("code", "rule_id", "variant"):
        fields[f"first_{name}"], fields[f"second_{name}"] = _text(name, block.first), _text(name, block.second)
    paid, due = block.fen
    for name, before, after in zip(PAYERS, paid, due, strict=True):
        fields[f"first_{name}"], fields[f"diff_{name}"] = decimals(before), decimals(after - before)
    length = len(block)
    return pa.table({name: pa.nulls(length, pa.string()) if one is None else one for name, one in fields.items()})


def _paid(block: Block) -> pa.Table:
    """The table ``paid``: what is paid once the differences are, as claims of the next run carry it."""
    due = dict(zip(PAYERS, block.fen[1], strict=True))
    ids = {name: _text(name, block.second, block.first) for name in ("setl_id", "psn_no")}
    return pa.table({**ids, **{name: decimals(due[name.removeprefix("paid_")]) for name in PAID_COLUMNS}})


def _text(name: str, *tables: pa.Table | None) -> pa.Array | None:
    """A column of the first table that has something in it."""
    found = None
    for table in tables:
        if table is not None and name in table.schema.names:
            column = table.column(name).cast(pa.string()).combine_chunks()
            column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
            found = column if found is None else pc.coalesce(found, column)
    return found


def _record(pair: Pair, sums: Sums) -> dict[str, Any]:
    funds = sums.check(pair)
    causes = [
        {**{name: one[name] for name in ("pool", "insutype", "fund", "cause", "claims")}, **_in_yuan(one)}
        for one in sums.by_cause()
    ]
    return {
        "format": FORMAT,
        "version": VERSION,
        "year": pair.first.record["year"],
        **{name: _run(side) for name, side in pair.sides()},
        "rows": {"differ": sums.rows, **{cause: count for cause, count in sums.causes.items() if count}},
        "outcomes": [
            {"first": before, "second": after, "claims": count} for (before, after), count in sorted(sums.fates.items())
        ],
        "funds": funds,
        "by_cause": causes,
        "pools": {code: name for _, side in pair.sides() for code, name in pool_names(side.record).items()},
    }


def _in_yuan(one: dict[str, Any]) -> dict[str, str]:
    return {name: yuan(one[name]) for name in ("to_pay", "to_take_back")}


def _run(side: Side) -> dict[str, Any]:
    record = side.record
    return {
        "folder": str(side.path),
        "record_sha256": side.record_sha256,
        "rules_digest": record.get("rules_digest"),
        "partitions": side.partitions,
        "rows": record["rows"],
    }
