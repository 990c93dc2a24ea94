"""Trying an engine: a made-up year in small pieces, settled locally and by the engine, compared byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.errors import RunError
from qingsuan.heads.families import Families
from qingsuan.listing import files_below
from qingsuan.plugins import Installed
from qingsuan.run.executors.interface import Engine
from qingsuan.run.folder import LEDGER, RunFolder, hidden
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.settle import settle
from qingsuan.sample import make_year
from qingsuan.settlement import Settlement

__all__ = ["PEOPLE", "YEAR", "differences", "selftest"]

PEOPLE = 1_000
YEAR = 2021
_PARTITIONS = 5
_ROWS_PER_FILE = 97
"""Of the input: so few that people's rows come from many parts, and every part goes to every partition."""


def selftest(
    folder: Path,
    prepare: Callable[[], tuple[Setup, Installed]],
    engine: Callable[[Settlement, Installed], Engine | None],
) -> int:
    """Try an engine in an empty folder.

    Parameters
    ----------
    folder
        Where every process of the engine can read and write.
    prepare
        Makes a new set-up for :data:`YEAR`.
    engine
        Makes the engine.

    Returns
    -------
    int
        How many files were compared.

    Raises
    ------
    RunError
        The engine broke its contract, or its files differ.
    """
    make_year(folder / "year", people=PEOPLE, seed=8, year=YEAR, bad_rows=30, files=2)
    for table in ("claims", "insured.parquet", "identities.parquet"):
        _cut(folder / "year" / table)
    _run(folder, "local", prepare, lambda *_: None)
    _run(folder, "engine", prepare, engine)
    wrong = differences(folder / "local", folder / "engine")
    if wrong:
        raise RunError(
            "the engine",
            found=f"{len(wrong)} files differ from those settled locally: {', '.join(wrong[:5])}",
            expected="the same files, byte for byte",
            do="do not settle with this engine; report this",
        )
    return len(_files(folder / "local"))


def _cut(place: Path) -> None:
    """Cut a table into small files, each a part of its own, its rows from all over the table."""
    rows = pq.read_table(place)
    files = -(-rows.num_rows // _ROWS_PER_FILE)
    folder = place.parent / "cut" / place.stem
    folder.mkdir(parents=True)
    for number in range(files):
        pq.write_table(rows.take(pa.array(range(number, rows.num_rows, files))), folder / f"{number:03d}.parquet")


def _run(
    folder: Path,
    name: str,
    prepare: Callable[[], tuple[Setup, Installed]],
    engine: Callable[[Settlement, Installed], Engine | None],
) -> None:
    setup, installed = prepare()
    cut = folder / "year" / "cut"
    inputs = Inputs({table: open_sources([cut / table], table) for table in ("claims", "insured", "identities")})
    options = Options(workers=1, partitions=_PARTITIONS)
    settlement = Benefits(setup, families=Families())
    run_folder = RunFolder(folder / name, TABLES)
    settle(settlement, inputs, run_folder, options, installed, engine=engine(settlement, installed))


def _files(folder: Path) -> dict[str, Path]:
    """Every file of a result; the ledger is a diary, whose lines come in any order."""
    found = {path.relative_to(folder).as_posix(): path for path in files_below(folder)}
    return {name: path for name, path in found.items() if name != LEDGER and not hidden(name)}


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that are not the same in two finished run folders, or are in one only."""
    ours, theirs = _files(one), _files(other)
    return [
        name
        for name in sorted({*ours, *theirs})
        if name not in ours or name not in theirs or ours[name].read_bytes() != theirs[name].read_bytes()
    ]
