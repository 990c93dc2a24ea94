"""Random worlds, in many files, with bad cells, partitions, workers and interrupted runs: sums in are sums out.

A world has its own random rules, reversals, copies and strangers. Everything is counted from files on disk, by this test alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hostile.readings import Place, Row, amount, conserved, numbered, result, rows_of_table
from hostile.trial import Trial
from hostile.years import ODD_AMOUNTS, ODD_DATES, ODD_IDS
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.errors import RunError
from qingsuan.plugins import Installed
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.settle import settle
from settling import BILL, full_after, write_csv
from world_tables import claims_table, identities_table, insured_table
from worlds import World, world

__all__ = ["run"]

MOST_YUAN = 100_000_000_000


def run(trial: Trial) -> Sequence[str]:
    """Settle a world, in one go or in two, and add everything up."""
    dice = trial.dice
    made = world(trial.seed, dice.choice((3, 12, 40)), dice.choice((20, 120, 400)))
    came = _write(trial, made)
    partitions = dice.choice((1, 2, 5, 9))
    stopped = dice.randrange(partitions) if dice.random() < 0.4 else None
    trial.notes.append(f"{len(came)} claims, {partitions} partitions, stopped after {stopped}")
    if stopped is not None:
        with pytest.MonkeyPatch.context() as patch, full_after(stopped, patch), pytest.raises(RunError):
            _settle(trial, made, partitions)
    record = _settle(trial, made, partitions, resume=stopped is not None)
    trial.endings.append(0)
    return [*conserved(came, trial.out), *_sums(came, trial.out, record)]


def _settle(trial: Trial, made: World, partitions: int, *, resume: bool = False) -> Mapping[str, Any]:
    inputs = Inputs(
        {
            "claims": open_sources([trial.folder / "claims"], "claims"),
            "insured": open_sources([trial.folder / "insured.parquet"], "insured"),
            "identities": open_sources([trial.folder / "identities.parquet"], "identities"),
        }
    )
    setup = made.setup()
    folder = RunFolder(trial.out, TABLES, resume=resume)
    settle(Benefits(setup), inputs, folder, Options(trial.dice.choice((1, 2, 3)), partitions=partitions), Installed(()))
    return json.loads((trial.out / "run.json").read_text("utf-8"))  # type: ignore[no-any-return]


# ---- the inputs


def _write(trial: Trial, made: World) -> dict[Place, Row]:
    """The claims in up to four files, each typed, or as texts with bad cells; every row by its place."""
    dice = trial.dice
    (trial.folder / "claims").mkdir()
    pq.write_table(insured_table(made), trial.folder / "insured.parquet")
    pq.write_table(identities_table(made), trial.folder / "identities.parquet")
    claims = claims_table(made)
    cuts = sorted({0, claims.num_rows, *(dice.randrange(1, claims.num_rows) for _ in range(dice.randrange(4)))})
    came: dict[Place, Row] = {}
    for number, (begin, end) in enumerate(pairwise(cuts)):
        piece = claims.slice(begin, end - begin)
        name = f"{number}.{dice.choice(('csv', 'parquet', 'arrow'))}"
        rows = rows_of_table(piece)
        if name.endswith(".csv") or dice.random() < 0.5:
            rows = [_spoilt(trial, row) for row in rows]
            if name.endswith(".csv"):  # no CSV file holds a NUL
                rows = [{column: text.replace("\0", "\1") for column, text in row.items()} for row in rows]
            piece = pa.table({column: pa.array([row[column] or None for row in rows]) for column in rows[0]})
        _write_file(trial.folder / "claims" / name, piece, rows)
        came |= numbered(name, rows)
    return came


def _write_file(path: Path, piece: pa.Table, rows: list[Row]) -> None:
    if path.suffix == ".csv":
        write_csv(path, rows)
    elif path.suffix == ".parquet":
        pq.write_table(piece, path, row_group_size=50)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, piece.schema) as writer:
            writer.write_table(piece, max_chunksize=50)


def _spoilt(trial: Trial, row: Row) -> Row:
    if trial.dice.random() > 0.06:
        return row
    name = trial.dice.choice([*row])
    odd = ODD_AMOUNTS if name in BILL else ODD_DATES if name.endswith(("date", "time")) else (*ODD_IDS, "")
    return {**row, name: trial.dice.choice(odd)}


# ---- the sums


def _sums(came: Mapping[Place, Row], out: Path, record: Mapping[str, Any]) -> list[str]:
    """Sums of every amount column in and out, of rejected rows by code, and those that the record tells."""
    went = {table: result(out, table) for table in ("settled", "reversed", "rejected")}
    by_code: dict[str, list[Row]] = {}
    for row in went["rejected"]:
        by_code.setdefault(row["code"], []).append(row)
    found = []
    for column in BILL:
        total = _sum(came.values(), column)
        parts = {table: _sum(rows, column) for table, rows in went.items()}
        if total != sum(parts.values()):
            found.append(f"{column}: {total} came, and went {parts}")
        told = {name: Decimal(text) for name, text in record["amounts"][column].items()}
        if told != {"in": total, **parts}:
            found.append(f"{column}: run.json says {told}, and it was {total} and {parts}")
        for code, rows in by_code.items():
            expected = _sum((came[row["source_file"], int(row["source_row"])] for row in rows), column)
            if expected != _sum(rows, column):
                found.append(f"{column} of {code}: {expected} came, {_sum(rows, column)} was rejected")
    return found


def _sum(rows: Iterable[Row], column: str) -> Decimal:
    """Cells that read as amounts, and are within what an amount can be."""
    amounts = [amount(row.get(column, "")) for row in rows]
    return sum((each for each in amounts if each is not None and abs(each) <= MOST_YUAN), Decimal(0))
