"""Sizes that benchmarks share, what commands cost, and what is reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CLAIMS = int(os.environ.get("QINGSUAN_BENCH_CLAIMS", "5000000"))
ROUNDS = int(os.environ.get("QINGSUAN_BENCH_ROUNDS", "3"))
CLAIMS_PER_PERSON = 2.68
WORKERS = "2"
QINGSUAN = (sys.executable, "-c", "from qingsuan.cli import main; main()")

TABLES: list[tuple[str, list[str], list[list[str]]]] = []

MEASURE = """
import json, os, subprocess, sys, time

def tree(process):
    yield process
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/children") as file:
            for child in file.read().split():
                yield from tree(child)

def said(process, file, name):
    with open(f"/proc/{process}/{file}") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

def resident(process):
    every = list(tree(process))
    if len(every) == 1:
        return said(process, "status", "VmHWM:")  # the most it ever had, between two looks too
    return sum(said(one, "smaps_rollup", "Pss:") for one in every)  # what processes share counts once

told, failed = open(sys.argv[1], "w"), open(sys.argv[1] + ".failed", "w")
begin, peak = time.perf_counter(), 0
process = subprocess.Popen(sys.argv[2:], stdout=told, stderr=failed)
while True:
    ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    if ended:
        break
    try:
        peak = max(peak, resident(process.pid))
    except (OSError, StopIteration):  # a process ended while it was looked at; or this system does not say
        pass
    time.sleep(0.05)
seconds = time.perf_counter() - begin
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss * 1024)]))
"""


@dataclass(frozen=True, order=True)
class Cost:
    """What a command cost: seconds by the clock, CPU seconds (user and system), and peak resident memory in bytes.

    Seconds by the clock grow with whatever else the machine does; CPU seconds much less: where both grow apart, the
    machine was busy.
    """

    seconds: float
    cpu: float
    peak: int
    output: str

    def row(self, name: str, unit: Cost) -> list[str]:
        """Give a row of a table: name, seconds, how many times those of ``unit``, CPU seconds, likewise, peak in GB."""
        ratios = f"{self.seconds / unit.seconds:.2f}", f"{self.cpu / unit.cpu:.2f}"
        return [name, f"{self.seconds:.2f}", ratios[0], f"{self.cpu:.1f}", ratios[1], f"{self.peak / 1e9:.2f}"]


@dataclass(frozen=True)
class Ended:
    """A command that ended: with which status, what it cost, what it said of itself."""

    status: int
    cost: Cost
    said: str


def measured(command: tuple[str, ...], scratch: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Let a command run that must end well, and say what it and all its processes cost together."""
    found = ended(command, scratch, environment)
    assert found.status == 0, f"{command} ended with {found.status}\n{found.said[-3000:]}"
    return found.cost


def ended(command: tuple[str, ...], scratch: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Let a command run and say how it ended, and what it and all its processes cost together.

    A small process starts it: one that is forked by this large one would be charged with this one's memory.
    """
    told = scratch / "told.txt"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(told), *command],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | dict(environment or {}),
    )
    status, seconds, cpu, peak = json.loads(done.stdout)
    cost = Cost(seconds, cpu, peak, told.read_text("utf-8"))
    return Ended(status, cost, told.with_name("told.txt.failed").read_text("utf-8").strip())


class Report:
    """Collects seconds by name, and tables of text."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def table(self, title: str, names: list[str], rows: list[list[str]]) -> None:
        """Print a table when all is done."""
        TABLES.append((title, names, rows))

    def best(self, *names: str) -> float:
        """The fewest seconds among those measured."""
        return min(self.seconds[name] for name in names if name in self.seconds)
