"""One folder of tests/repro: its steps read from ``case.toml``, run through the public command, and judged.

tests/repro/README.md says what a case can hold.
"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from outside import Ended, broken_promises, call, findings_of_verify, lost_rows, options_of, remember, rows_of
from settling import run

USERS = ("anybody", "not root")


@dataclass(frozen=True)
class Step:
    """One command: what it is given, and what has to come of it."""

    status: int
    args: list[str] = field(default_factory=list)
    script: str = ""
    env: dict[str, str] = field(default_factory=dict)
    user: str = "anybody"
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.args) == bool(self.script):
            raise ValueError("a step has args for the command, or a script of the folder")
        if self.user not in USERS:
            raise ValueError(f"user is one of {USERS}, not {self.user!r}")


def read_case(folder: Path) -> list[Step]:
    """The steps of a folder's ``case.toml``; a key that no step has is an error."""
    case = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    known = {each.name for each in fields(Step)}
    for step in case["step"]:
        if step.keys() - known:
            raise ValueError(f"{folder.name}/case.toml: no step has {sorted(step.keys() - known)}")
    if case.keys() != {"step"} or not case["step"]:
        raise ValueError(f"{folder.name}/case.toml: found {sorted(case)}, expected [[step]] and nothing else")
    return [Step(**step) for step in case["step"]]


def run_case(folder: Path, copy: Path) -> list[str]:
    """Everything that did not come out as the case says, step by step; the folder itself is left alone."""
    shutil.copytree(folder, copy, symlinks=True)
    if (copy / "make.py").exists():
        _run_script("make.py", copy)
    found: list[str] = []
    for number, step in enumerate(read_case(folder), 1):
        found += [f"step {number}: {wrong}" for wrong in _take(step, copy)]
    return found


def _run_script(name: str, copy: Path) -> None:
    """A script of the folder, in this process: eighty starts of Python cost more than all commands."""
    with chdir(copy):
        runpy.run_path(name, run_name="__main__")


def _take(step: Step, copy: Path) -> list[str]:
    if step.script:
        _run_script(step.script, copy)
        return []
    before = remember(step.args, copy)
    ended = _called(step, copy)
    found = [*broken_promises(ended, copy, before), *_unsaid(step, ended)]
    if ended.status != step.status:
        found.append(f"the exit status {ended.status}, expected {step.status}")
    elif step.status == 0 and step.args[0] in {"settle", "subsidy"}:
        found += _differences(step, copy)
    return [*found, str(ended)] if found else []


def _called(step: Step, copy: Path) -> Ended:
    """The command as a process of its own where the step has an environment or a user; the others need none, and a start costs more."""
    if step.env or step.user != "anybody":
        return call(step.args, copy, step.env, root=step.user != "not root")
    with chdir(copy):
        ran = run(*step.args)
    return Ended(("qingsuan", *step.args), ran.status, ran.out, ran.err)


def _differences(step: Step, copy: Path) -> list[str]:
    out = copy / options_of(step.args)["out"]
    found = lost_rows(step.args, copy) if step.args[0] == "settle" else []
    found += findings_of_verify(step.args, copy, lambda arguments: run(*arguments))
    for table, expected in step.tables.items():
        found += differing_rows(table, expected, rows_of(out, table))
    return found + differing_record(step.record, json.loads((out / "run.json").read_text("utf-8")))


def _unsaid(step: Step, ended: Ended) -> list[str]:
    """A run of blanks and line ends counts as one blank: where a message is wrapped does not matter."""
    out, err = (" ".join(text.split()) for text in (ended.out, ended.err))
    found = [f"stdout does not say {text!r}" for text in step.stdout if not re.search(text, out)]
    found += [f"stderr does not say {text!r}" for text in step.stderr if not re.search(text, err)]
    return found + [f"{text!r} was said" for text in step.never if re.search(text, out) or re.search(text, err)]


# ---- what came out


def differing_rows(table: str, expected: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Each expected row is one row of the table, in the columns it names, and the table has no other row."""
    left = list(rows)
    found = []
    for wanted in expected:
        alike = next((row for row in left if all(_is(row.get(name), text) for name, text in wanted.items())), None)
        if alike is None:
            found.append(f"{table}: no row {dict(wanted)}")
        else:
            left.remove(alike)
    if found or left:
        found += [f"{table}: not expected: { {name: text for name, text in row.items() if text} }" for row in left]
    return found


def _is(found: str | None, expected: str) -> bool:
    """Whether a cell is the expected text, or fits the pattern between two slashes."""
    if found is None:
        return False
    if len(expected) > 1 and expected.startswith("/") and expected.endswith("/"):
        return re.search(expected[1:-1], found) is not None
    return found == expected


def differing_record(expected: Mapping[str, Any], record: Any) -> list[str]:
    """Each expected value of run.json, by its path: ``rows.in``."""
    found = []
    for path, wanted in expected.items():
        value: Any = record
        for part in path.split("."):
            value = (
                value[int(part)] if isinstance(value, list) else value.get(part) if isinstance(value, dict) else None
            )
        if value != wanted:
            found.append(f"run.json: {path} is {value!r}, expected {wanted!r}")
    return found
