"""Sends seeds of one kind to worker processes, and gathers what they found; a worker that dies is a finding of its own."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from outside import keep_permissions

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "hostile"
WORKERS = 2
SECONDS_EACH = 120


def campaign(kind: str, run: str, seeds: Sequence[int]) -> tuple[list[str], Counter[str]]:
    """Try every seed; the findings, each with how to repeat it, and how many commands ended with which status."""
    left = iter(seeds)
    found: list[str] = []
    endings: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="qingsuan-hostile-", dir=_quick_disk()) as space,
        selectors.DefaultSelector() as ready,
    ):
        for number in range(WORKERS):
            worker = _Worker(kind, run, Path(space) / str(number), ready, endings)
            worker.give(next(left, None))
        while ready.get_map():
            for key, _ in ready.select(SECONDS_EACH):
                found += key.data.take(left)
            for key in list(ready.get_map().values()):
                if time.monotonic() - key.data.since > SECONDS_EACH:
                    found += key.data.overdue(left)
    return found, endings


def _quick_disk() -> str | None:
    """A disk in memory, where there is one: every run syncs its files."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def _special(folder: str, names: list[str]) -> set[str]:
    """Pipes and sockets, which cannot be copied: ``found.txt`` says where they were."""
    modes = {name: os.lstat(Path(folder) / name).st_mode for name in names}
    return {name for name, mode in modes.items() if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)}


class _Worker:
    """A process that takes one seed after the other; another one takes its place when it dies."""

    def __init__(self, kind: str, run: str, space: Path, ready: selectors.BaseSelector, endings: Counter[str]) -> None:
        self.kind, self.run, self.space, self.ready, self.endings = kind, run, space, ready, endings
        self.seed: int | None = None
        self.space.mkdir()
        self.start()

    def start(self) -> None:
        paths = [str(ROOT / "tests"), str(ROOT / "tests" / "support"), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hostile", self.run, str(self.space)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            text=True,
            preexec_fn=keep_permissions if os.geteuid() == 0 else None,  # noqa: PLW1509  # this process has one thread
        )
        self.ready.register(self.process.stdout, selectors.EVENT_READ, self)  # type: ignore[arg-type]

    def give(self, seed: int | None) -> None:
        """Give the next seed, or let the process go."""
        self.seed = seed
        if seed is None:
            self.end()
            self.errors.close()
            return
        self.since = time.monotonic()
        print(seed, file=self.process.stdin, flush=True)

    def take(self, left: Iterator[int]) -> list[str]:
        """What the process says of its seed, or that it died of it."""
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            return self.died(left)
        answer = json.loads(line)
        self.endings.update(map(str, answer["endings"]))
        found = [self.told(wrong, answer["notes"]) for wrong in answer["found"]]
        self.give(next(left, None))
        return found

    def died(self, left: Iterator[int]) -> list[str]:
        self.end()
        self.errors.seek(0)
        last = self.errors.read()[:2000].decode("utf-8", "replace")
        self.errors.close()
        whose = "the test's own reading" if (self.space / "trial" / "judging").exists() else "the command"
        found = self.told(
            f"the process of {whose} ended with {self.process.returncode}, a signal if negative\n{last}", []
        )
        self.start()
        self.give(next(left, None))
        return [found]

    def overdue(self, left: Iterator[int]) -> list[str]:
        self.process.kill()
        return [self.told(f"more than {SECONDS_EACH} s", []), *self.died(left)]

    def end(self) -> None:
        self.ready.unregister(self.process.stdout)  # type: ignore[arg-type]
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]

    def told(self, wrong: str, notes: list[str]) -> str:
        """A finding, its input kept in a place of its own."""
        place = KEPT / f"{self.kind}-{self.seed}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.space / "trial", place, symlinks=True, ignore=_special)
        told = (
            f"{self.kind}, seed {self.seed}: {'; '.join(notes)}\n{wrong}\n"
            f"kept in {place.relative_to(ROOT)}; again: "
            f'QINGSUAN_HOSTILE_SEED={self.seed} QINGSUAN_HOSTILE={self.kind}=1 make test TESTS="tests/hostile -k {self.kind}"\n'
        )
        (place / "found.txt").write_text(told, "utf-8")
        return told
