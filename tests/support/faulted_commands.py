"""Every command that writes a folder or a file, over a tiny made-up year, run on a machine that misbehaves; and what may come of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from misbehaving import Fault, Machine, fault_of, misbehaving
from qingsuan import plugins
from qingsuan.run import regions
from qingsuan.run.shuffle import Budget
from qingsuan.sample import make_year
from settling import Ran, run
from stopping import Tree, tree

__all__ = ["Faulted", "Year", "quick_plugins"]

_AT_ONCE = ("--partitions", 2, "--workers", 1)


def _nothing(_: Path) -> None:
    """Nothing is there before a command."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """A command that is disturbed.

    Attributes
    ----------
    name : of the command, with what is special about it.
    arguments : of its output -> what it is given.
    begun : makes what is there before it; nothing unless given.
    again : what it is given besides when it is to go on.
    whole : whether its output appears at once.
    record : the file of its output that says it is whole, where that is what appears.
    weight : how often it is tried beside the others.
    within_bytes : what rows may wait in memory.
    ending : of the name of its output, which is a file.
    """

    name: str
    arguments: Callable[[Path], list[object]]
    begun: Callable[[Path], Any] = _nothing
    again: tuple[object, ...] = ("--resume",)
    whole: bool = False
    record: str | None = None
    weight: int = 4
    within_bytes: int = 0
    ending: str = ""

    @contextmanager
    def memory(self) -> Iterator[None]:
        """Rows wait within little memory, while it lasts."""
        with pytest.MonkeyPatch.context() as patch:
            if self.within_bytes:
                patch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(self.within_bytes))
            yield

    def run(self, out: Path, *more: object) -> Ran:
        """Run it."""
        with self.memory():
            return run(*self.arguments(out), *more)


@contextmanager
def quick_plugins() -> Iterator[None]:
    """Find plugins and read their rules once: what is disturbed are files of a run."""
    found, read = plugins.load(), regions._read
    kept: dict[Any, Any] = {}

    def once(region: Any, compiled: bool) -> Any:
        key = (id(region), compiled)
        if key not in kept:
            kept[key] = read(region, compiled)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "load", lambda *_, **__: found)
        patch.setattr(regions, "_read", once)
        yield


@dataclass
class Year:
    """A tiny year, its runs that others read from, and the commands over it.

    Attributes
    ----------
    commands : by name.
    expected : what each comes to undisturbed.
    asked : what of a machine each asks for then.
    files : the inputs as they were made.
    met : how often what went wrong.
    """

    folder: Path
    people: int = 60
    commands: dict[str, Faulted] = field(default_factory=dict)
    expected: dict[str, Tree] = field(default_factory=dict)
    asked: dict[str, Counter[str]] = field(default_factory=dict)
    files: Tree = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.inputs = self.folder / "in"
        make_year(self.inputs, people=self.people, seed=4)
        commands = [*_settlements(self.inputs), *_others(self.inputs)]
        for name in ("settle", "subsidy", "premium", "account", "clear", "prepare"):
            made = next(each for each in commands if each.name == name).run(self.inputs / f"run-{name}")
            assert made.status == 0, made.err
        self._keys()
        other = run(*_benefits(self.inputs), "--partitions", 3, "--out", self.inputs / "run-other", "--strict")
        assert other.status == 0, other.err
        self.files = {path.relative_to(self.inputs).as_posix(): path.read_bytes() for path in _files(self.inputs)}
        for command in commands:
            self._measure(command)

    def _keys(self) -> None:
        made = run("sign", "--new-key", self.inputs / "bureau.key")
        assert made.status == 0, made.err
        (self.inputs / "words.key").write_bytes(bytes(range(32)).hex().encode())
        (self.inputs / "words.key").chmod(0o600)

    def _measure(self, command: Faulted) -> None:
        """Run a command undisturbed: what comes out, and what of a machine it asks for."""
        out = self.folder / f"undisturbed-{command.name}{command.ending}"
        command.begun(out)
        with misbehaving(Machine({"in": self.inputs, "out": out})) as machine:
            ran = command.run(out)
        assert ran.status == 0, (command.name, ran.err)
        self.commands[command.name] = command
        self.expected[command.name] = _result(out)
        self.asked[command.name] = machine.asked

    def mend(self) -> None:
        """Put back what vanished of the inputs."""
        for name, content in self.files.items():
            if not (self.inputs / name).exists():
                (self.inputs / name).write_bytes(content)
                (self.inputs / name).chmod(0o600)

    def disturb(self, seed: int) -> str:
        """Run one command with faults from a seed, then undisturbed; returns what was wrong with what came of it."""
        dice = Random(seed)
        names = sorted(self.commands)
        command = self.commands[dice.choices(names, [self.commands[name].weight for name in names])[0]]
        out = self.folder / f"out-{seed}{command.ending}"
        told = [f"seed {seed}: {command.name}"]
        command.begun(out)
        try:
            more: tuple[object, ...] = ()
            gone: list[Path] = []
            for _ in range(dice.choice((1, 1, 2))):
                faults = tuple(fault_of(dice, self.asked[command.name]) for _ in range(dice.choice((1, 1, 1, 2))))
                machine = Machine({"in": self.inputs, "out": out}, faults, Random(seed))
                with misbehaving(machine):
                    ran = command.run(out, *more)
                told += [f"  {met} {where}" for met, where in machine.met] + [f"  status {ran.status}: {ran.err}"]
                self.met.update(fault.kind for fault, _ in machine.met)
                self.mend()
                wrong = self._judge(command, out, ran, machine, gone)
                if wrong:
                    return "\n".join([*told, f"  WRONG: {wrong}"])
                if ran.status == 0:
                    return ""
                if not self._differs(command, out) and _result(out):
                    return ""  # it stopped when everything was there already
                gone += machine.vanished
                more = ("--overwrite",) if "anew with --overwrite" in ran.err else command.again
            ran = command.run(out, *more)
            if ran.status and any(path.is_relative_to(out) for path in gone):
                told.append(f"  status {ran.status}: {ran.err}")
                shutil.rmtree(out)  # a file was taken away behind the back of a finished run, which says so
                command.begun(out)
                ran = command.run(out)
            wrong = f"undisturbed again: status {ran.status}: {ran.err}" if ran.status else self._differs(command, out)
            return "\n".join([*told, f"  WRONG in the end: {wrong}"]) if wrong else ""
        finally:
            shutil.rmtree(out, ignore_errors=True)
            for path in self.folder.glob(f"*{out.name}*"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    def _judge(self, command: Faulted, out: Path, ran: Ran, machine: Machine, gone: Sequence[Path]) -> str:
        if ran.status == 0:
            return self._differs(command, out, machine.vanished)
        if not machine.met and not gone:
            return "it failed without a fault"
        if ran.status not in _STATUS[_worst(machine.met)] and not gone:
            return f"status {ran.status}"
        if "fault of qingsuan itself" in ran.err or "Traceback" in ran.err:
            return "its message"
        if "what to do" not in ran.err + ran.out and not ran.err.startswith("Usage:"):
            return "its message says nothing of what to do"
        if not any(str(place) in ran.err + ran.out for place in machine.places.values()):
            return "its message names no file"
        return self._half_written(command, out, [*gone, *machine.vanished])

    def _differs(self, command: Faulted, out: Path, vanished: Sequence[Path] = ()) -> str:
        """How a finished output differs from the undisturbed one; what somebody took away once it was finished does not count."""
        there, expected = _shown(_result(out)), self.expected[command.name]
        gone = {path.relative_to(out).as_posix() for path in vanished if path.is_relative_to(out)}
        names = (there.keys() | expected.keys()) - (gone - there.keys())
        wrong = sorted(name for name in names if there.get(name) != expected.get(name))
        return f"not what an undisturbed run writes: {', '.join(wrong[:5])}" if wrong else ""

    def _half_written(self, command: Faulted, out: Path, vanished: Sequence[Path]) -> str:
        """What of a stopped run looks like a result and is none."""
        there, expected = _result(out), self.expected[command.name]
        if command.whole:
            seems = there if command.record is None else {command.record} & there.keys()
            return self._differs(command, out, vanished) if seems else ""
        wrong = sorted(name for name, content in _shown(there).items() if expected.get(name) != content)
        return f"half-written: {', '.join(wrong[:5])}" if wrong else ""


_STATUS: Mapping[str, tuple[int, ...]] = {"in": (2, 3, 4, 5), "out": (2, 3, 5)}
"""With what a command may end when something of its inputs, or of its output, goes wrong."""


def _worst(met: list[tuple[Fault, str]]) -> str:
    return "out" if any(fault.at.startswith("out") for fault, _ in met) else "in"


def _result(out: Path) -> Tree:
    return tree(out) if out.is_dir() else {"": out.read_bytes()} if out.is_file() else {}


def _shown(result: Tree) -> Tree:
    """What of an output is not hidden."""
    return {name: content for name, content in result.items() if not any(p.startswith(".") for p in name.split("/"))}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _benefits(place: Path) -> list[object]:
    tables = ("--insured", place / "insured.parquet", "--identities", place / "identities.parquet", "--year", 2021)
    return ["settle", place / "claims", *tables]


def _settlements(place: Path) -> Iterator[Faulted]:
    """The commands that write a run folder."""

    def of(*arguments: object) -> Callable[[Path], list[object]]:
        return lambda out: [*arguments, "--out", out, *_AT_ONCE]

    year = ("--year", 2021)
    benefits = _benefits(place)
    yield Faulted("settle", of(*benefits))
    yield Faulted("settle-whole", of(*benefits, "--detail", "--accumulators"))
    yield Faulted("settle-spilling", of(*benefits), within_bytes=20_000)
    yield Faulted("settle-prepared", lambda out: ["settle", place / "run-prepare", *year, "--out", out, "--workers", 1])
    yield Faulted("prepare", of("prepare", *benefits[1:]), again=(), whole=True, record="year.json")
    yield Faulted(
        "prepare-spilling", of("prepare", *benefits[1:]), again=(), whole=True, record="year.json", within_bytes=20_000
    )
    tables = ("--classes", place / "classes.csv", "--local-split", place / "local_split.csv")
    more = ("--receipts", place / "receipts.csv", "--as-of", "2021-12-15", "--budgets", place / "budgets.csv")
    yield Faulted("subsidy", of("subsidy", place / "insured.parquet", *year, *tables, *more))
    premiums = ("--premiums", place / "premiums.parquet", "--standards", place / "premium_standards.csv")
    yield Faulted(
        "premium",
        of("premium", place / "insured_150000.parquet", *premiums, "--identities", place / "identities.parquet", *year),
    )
    accounts = ("--months", place / "months.parquet", "--uses", place / "uses.parquet")
    claims = ("--families", place / "families.parquet", "--claims", place / "run-settle")
    yield Faulted("account", of("account", place / "insured.parquet", *accounts, *claims, *year))
    cases = ("--contracts", place / "contracts", "--cases", place / "cases.parquet")
    yield Faulted("clear", of("clear", place / "run-settle", *cases, *year))
    runs = [
        *("--settled", place / "run-settle", "--premiums", place / "run-premium", "--subsidies", place / "run-subsidy"),
        *("--accounts", place / "run-account", "--clearing", place / "run-clear"),
    ]
    books = ("--opening", place / "fund_opening.csv", "--targets", place / "fund_targets.csv")
    yield Faulted("fund", of("fund", place / "entries.parquet", *runs, *books, *year))
    yield Faulted("year-end", lambda out: ["year-end", place / "case.toml", "--out", out, "--workers", 1], weight=1)


def _others(place: Path) -> Iterator[Faulted]:
    """The commands that write another folder, or a file."""

    def copied(out: Path) -> None:
        shutil.copytree(place / "run-settle", out)

    yield Faulted("sign", lambda out: ["sign", out, "--key", place / "bureau.key"], begun=copied, again=(), weight=2)
    yield Faulted(
        "without-names",
        lambda out: ["without-names", place / "run-settle", "--pseudonyms", place / "words.key", "--to", out],
        again=(),
        whole=True,
    )
    yield Faulted(
        "diff", lambda out: ["diff", place / "run-settle", place / "run-other", "--out", out], again=(), whole=True
    )
    yield Faulted(
        "report",
        lambda out: ["report", place / "run-settle", "--to", out],
        again=(),
        whole=True,
        weight=1,
        ending=".html",
    )
