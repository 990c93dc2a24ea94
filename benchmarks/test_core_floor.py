"""The core beside its floor: the time to copy the bytes it reads and writes, in the same minutes on the same threads.

What the core reads of a claim is person, account, rule, day, the five amounts of the bill, whether the personal account
may pay, and its balance; what it writes are payments of eight funds and five amounts more, written or not. The floor is
NumPy's copy (a plain memcpy of each column) of just these arrays:

fresh
    into memory that was never touched, as the core's own outputs are: the system has to clear its pages first. The
    copies of what is read are charged with that too, which the core, that reads them in place, is not.
touched
    into memory that was written before. Where the system clears pages faster than memory can be read to be written over,
    this is not the lower one.

The door's checks and the outputs' allocation are inside the core's time. Times are of the processor (a thread's own and the
system's for it; of several threads the longest), so that other work on the machine counts for little.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from measuring import CLAIMS, ROUNDS, Report
from peers import cut_for_core
from qingsuan.benefits.core.core import Core, Paid
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle
from three_layers import claims, program

PEOPLE = 250_000
"""How many a made-up year has where none is given."""
PARTITION_CLAIMS = 650_000

Columns = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class Work:
    """A core and the columns it is given, person after person."""

    core: Core
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def cut(self, pieces: int) -> list[Columns]:
        """The columns, cut between people."""
        person = self.columns[0]
        places = [int(np.searchsorted(person, person[len(self) * k // pieces])) for k in range(pieces)]
        edges = [*places, len(self)]
        return [
            tuple(np.ascontiguousarray(column[..., start:end]) for column in self.columns)
            for start, end in pairwise(edges)
        ]


@pytest.fixture(scope="module")
def three_layers() -> Work:
    return Work(Core(program().tables), cut_for_core(claims(CLAIMS), 1)[0])


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The largest partition of a made-up year of the four pools, as a run hands it to the core."""
    folder = tmp_path_factory.mktemp("year")
    sample = Path(os.environ.get("QINGSUAN_BENCH_SAMPLE", folder / "sample"))
    if not sample.exists():
        command = [sys.executable, "-c", "from qingsuan.cli import main; main()", "sample", str(sample)]
        subprocess.run([*command, "--people", str(PEOPLE), "--seed", "7"], check=True, capture_output=True)
    told = json.loads((sample / "sample.json").read_text("utf-8"))
    setup, installed = set_up(told["year"])
    sources = (sample / "claims", sample / "insured.parquet", sample / "identities.parquet")
    inputs = Inputs({path.stem: open_sources([path], path.stem) for path in sources})
    options = Options(workers=1, partitions=max(1, round(told["claims"] / PARTITION_CLAIMS)))
    given: list[Columns] = []

    def seen(self: Core, *arguments: Any) -> Paid:
        given.append(arguments[:7])
        return of_the_core(self, *arguments)

    of_the_core = Core.settle
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Core, "settle", seen)
        settle(Benefits(setup), inputs, RunFolder(folder / "run", TABLES), options, installed)
    return Work(Core(setup.program.tables), max(given, key=lambda columns: len(columns[0])))


def written_by(paid: Paid) -> list[npt.NDArray[np.int64]]:
    own = (paid.act_pay_dedc, paid.pool_prop_selfpay, paid.acct_pay, paid.balc, paid.psn_cash_pay)
    return [paid.funds, np.stack(own)]


def copy_fresh(arrays: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    copies = [np.empty_like(array) for array in arrays]
    for copy, array in zip(copies, arrays, strict=True):
        np.copyto(copy, array)
    return copies


def copy_over(pairs: tuple[Sequence[npt.NDArray[Any]], Sequence[npt.NDArray[Any]]]) -> None:
    for copy, array in zip(*pairs, strict=True):
        np.copyto(copy, array)


def timed(work: Callable[[Any], Any], piece: Any) -> tuple[float, Any]:
    """Processor seconds of this thread, and what the work made, which is freed outside of them."""
    begin = time.thread_time()
    made = work(piece)
    return time.thread_time() - begin, made


def seconds(work: Callable[[Any], Any], pieces: Sequence[Any]) -> float:
    """Work on each piece in a thread of its own, at once; the seconds of the longest."""
    with ThreadPoolExecutor(len(pieces)) as pool:
        return max(taken for taken, _ in pool.map(timed, [work] * len(pieces), pieces))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["three_layers", "year"])
def test_core_and_floor(report: Report, request: pytest.FixtureRequest, name: str, threads: int) -> None:
    work: Work = request.getfixturevalue(name)
    pieces = work.cut(threads)
    moved = [[*piece, *written_by(work.core.settle(*piece))] for piece in pieces]
    touched = [(copy_fresh(arrays), arrays) for arrays in moved]
    ways: dict[str, tuple[Callable[[Any], Any], Sequence[Any]]] = {
        "core": (lambda piece: work.core.settle(*piece), pieces),
        "floor, fresh": (copy_fresh, moved),
        "floor, touched": (copy_over, touched),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(4 * ROUNDS):  # by turns, so that whatever else the machine does meets all
        for way, (run, given) in ways.items():
            best[way] = min(best[way], seconds(run, given))
    size = sum(array.nbytes for arrays in moved for array in arrays) / len(work)
    rows = [
        [way, f"{taken / len(work) * 1e9:.1f}", f"{size * len(work) / taken / 1e9:.1f}", f"{best['core'] / taken:.1f}"]
        for way, taken in best.items()
    ]
    title = f"{name.replace('_', ' ')}, {len(work):,} claims, {size:.0f} bytes each, threads: {threads}"
    report.table(f"{title}, best of {4 * ROUNDS}", ["way", "ns / claim", "GB / s", "core is … times as long"], rows)
    for arrays, (copies, _) in zip(moved, touched, strict=True):
        assert all(np.array_equal(copy, array) for copy, array in zip(copies, arrays, strict=True))
