"""Where the time of a whole run goes: every stage under cProfile, work done one item after the other.

``python benchmarks/profile_run.py SAMPLE`` with a folder that ``qingsuan sample`` made. Seconds are those of one thread;
a run with two workers does two items of reading and settling at once.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.run import reading
from qingsuan.run.executors import local
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle

SHOWN = 28


class Stages:
    """Stands in for the threads of a run: does the work in turn, each stage under a profile of its own."""

    def __init__(self) -> None:
        self.profiles: list[tuple[str, cProfile.Profile, float]] = []

    def in_turn(self, work: Callable[[Any], Any], items: Iterable[Any], workers: int) -> Iterator[Any]:
        profile, begin = cProfile.Profile(), time.perf_counter()
        for item in items:
            yield profile.runcall(work, item)
        name = "read" if not self.profiles else "settle"
        self.profiles.append((name, profile, time.perf_counter() - begin))


def short(key: tuple[str, int, str]) -> str:
    """A function's name without the path of the machine."""
    file, _, function = key
    if file == "~":
        return function.strip("<>").replace("built-in method ", "")
    parts = Path(file).parts
    known = parts.index("qingsuan") if "qingsuan" in parts else max(0, len(parts) - 2)
    return f"{'/'.join(parts[known:])}: {function}"


def show(name: str, profile: cProfile.Profile, seconds: float, by: str) -> None:
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    column = 2 if by == "own" else 3
    print(f"\n{name}: {seconds:.1f} s in one thread; seconds {by}\n")
    for key, values in sorted(stats.items(), key=lambda item: -item[1][column])[:SHOWN]:
        if values[column] > 0.005 * seconds:
            print(f"{values[column]:8.2f} {values[column] / seconds:5.0%} {values[1]:8d}  {short(key)}")


def main(sample: Path) -> None:
    setup, installed = set_up(json.loads((sample / "sample.json").read_text("utf8"))["year"])
    inputs = Inputs(
        {
            "claims": open_sources([sample / "claims"], "claims"),
            "insured": open_sources([sample / "insured.parquet"], "insured"),
            "identities": open_sources([sample / "identities.parquet"], "identities"),
        }
    )
    stages = Stages()
    for stage in (reading, local):
        stage.in_threads = stages.in_turn  # type: ignore[assignment]
    rest = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        record = rest.runcall(
            settle, Benefits(setup), inputs, RunFolder(Path(folder) / "run", TABLES), Options(workers=1), installed
        )
    print(record["seconds"])
    for name, profile, seconds in stages.profiles:
        show(name, profile, seconds, "own")
        show(name, profile, seconds, "with what is called")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
