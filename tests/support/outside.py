"""Seen from outside: the command as a process of its own, and files counted without the engine.

Nothing here imports the engine but for the names of its options: what judges a run must not read with the run's eyes.
"""

from __future__ import annotations

import csv
import ctypes
import glob
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "qingsuan"
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    arguments: tuple[str, ...]
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        said = "".join(f"\n--- {name}\n{text}" for name, text in (("stdout", self.out), ("stderr", self.err)) if text)
        return f"{' '.join(self.arguments)}\nended with {self.status}{said}"


def documented_statuses() -> set[int]:
    """The exit statuses that docs/rejections.md names, and 0."""
    page = (ROOT / "docs" / "rejections.md").read_text("utf-8")
    return {0, *map(int, re.findall(r"^(?:\| (?=\d+ \|)|One status says .*: )(\d+)", page, re.MULTILINE))}


def call(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    program: Sequence[str] = (str(COMMAND),),
    root: bool = True,
) -> Ended:
    """Run the command in a folder. Without ``root`` it may not pass over permissions, whoever runs the tests."""
    told = dict(environment or {})
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("QINGSUAN_")}
    if "PYTHONPATH" in told and "PYTHONPATH" in inherited:
        told["PYTHONPATH"] += os.pathsep + inherited["PYTHONPATH"]
    ran = subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env={**inherited, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", **told},
        capture_output=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        preexec_fn=None if root or os.geteuid() != 0 else keep_permissions,
    )
    out, err = (text.decode("utf-8", "backslashreplace") for text in (ran.stdout, ran.stderr))
    return Ended(("qingsuan", *arguments), ran.returncode, out, err)


def keep_permissions() -> None:
    """Give up root's right to read and write what permissions forbid; the next program that is started cannot regain it."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "root's rights cannot be given up here")


def options_of(arguments: Sequence[str]) -> dict[str, Any]:
    """The arguments of a command by the names of its options."""
    from qingsuan.cli import cli

    command = cli.get_command(None, arguments[0])  # type: ignore[arg-type]
    assert command is not None, arguments[0]
    return command.make_context(arguments[0], list(arguments[1:]), resilient_parsing=True).params


# ---- files


def contents(folder: Path, without: Sequence[Path] = ()) -> dict[str, str]:
    """What every file and link below a folder holds, but for some folders."""
    return {str(path.relative_to(folder)): _held(path) for path in _below(folder, {path.resolve() for path in without})}


def _below(folder: Path, without: set[Path]) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        here = Path(above)
        folders[:] = [name for name in folders if (here / name).resolve() not in without]
        yield from (here / name for name in (*folders, *files) if (here / name).is_symlink() or name in files)


def _held(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {os.readlink(path)}"
    if not stat.S_ISREG(path.lstat().st_mode):
        return "no regular file"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except PermissionError:
        return "not to be read"


def files_of(places: Sequence[str], folder: Path) -> list[Path]:
    """Every file that files, folders and globs name: nothing is left out but names that begin with a dot or ``_``."""
    found: dict[Path, None] = {}
    for place in places:
        named = (
            [folder / place] if (folder / place).exists() else map(Path, glob.glob(str(folder / place), recursive=True))
        )
        for path in sorted(named):
            for file in _files_in(path):
                found[file.resolve()] = None
    return list(found)


def _files_in(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for each in sorted(path.iterdir()):
        if not each.name.startswith((".", "_")):
            yield from _files_in(each)


def rows_in(path: Path, encoding: str = "utf8") -> int:
    """How many rows a file has, by the standard library or by what the file says of itself."""
    if path.suffix == ".parquet":
        return int(pq.ParquetFile(path).metadata.num_rows)
    if path.suffix != ".csv":
        return len(read_ipc(path))
    with path.open(encoding={"utf8": "utf-8-sig"}.get(encoding, encoding), newline="") as file:
        csv.field_size_limit(1 << 30)
        return sum(1 for row in csv.reader(file, strict=True) if row) - 1


def read_ipc(path: Path) -> pa.Table:
    """An Arrow file, or a stream."""
    with pa.OSFile(str(path)) as source:
        magic = source.read(6)
    with pa.OSFile(str(path)) as source:
        return (pa.ipc.open_file if magic == b"ARROW1" else pa.ipc.open_stream)(source).read_all()


def rows_of(out: Path, name: str) -> list[dict[str, str]]:
    """The rows of a result as texts: ``settled``, or ``rejected/insured``, or ``totals/care``."""
    folder, _, begin = name.partition("/")
    found: list[dict[str, str]] = []
    for path in sorted((out / folder).glob(f"{begin or 'part-'}*.parquet")):
        table = pq.read_table(path)
        columns = {column: _values(cells) for column, cells in zip(table.column_names, table.columns, strict=True)}
        found += [dict(zip(columns, map(as_text, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    return found


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Values of Python; of days and times that Python does not have, the numbers that stand there."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (OverflowError, ValueError):
        return [cell.value if cell.is_valid else None for cell in column]


def as_text(value: object) -> str:
    """A value as a case writes it: nothing for null, a time with a blank."""
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


# ---- what holds of every run


def broken_promises(ended: Ended, folder: Path, before: Mapping[str, Any]) -> list[str]:
    """What no command may do, whatever it is given; ``before`` is what :func:`remember` saw."""
    found = []
    if "Traceback (most recent call last)" in ended.out + ended.err:
        found.append("a traceback")
    if ended.status not in documented_statuses():
        found.append(f"the exit status {ended.status}, which no page names")
    if ended.status == 1 and "settle" in ended.arguments:
        found.append("the exit status 1 of what judges nothing")
    after = remember(ended.arguments[1:], folder)
    changed = {name for name, text in before["files"].items() if after["files"].get(name) != text}
    found += [f"{name} was changed or deleted, and is not below --out" for name in sorted(changed)]
    found += [f"{name} was written, and is not below --out" for name in sorted(after["files"].keys() - before["files"])]
    if ended.status in {2, 3, 4} and after["out"] != before["out"] and not before["resumes"]:
        found.append(f"the exit status {ended.status}, and yet something was written")
    if ended.status == 0 and "--json" in ended.arguments:
        try:
            json.loads(ended.out)
        except ValueError as error:
            found.append(f"--json printed no JSON: {error}")
    return found


def remember(arguments: Sequence[str], folder: Path) -> dict[str, Any]:
    """What lies in the folder and below ``--out`` before a command."""
    options = options_of(arguments)
    out = None if options.get("out") is None else folder / options["out"]
    return {
        "files": contents(folder, [] if out is None else [out]),
        "out": contents(out) if out is not None and out.is_dir() else {},
        "resumes": bool(options.get("resume")),
    }


def lost_rows(arguments: Sequence[str], folder: Path) -> list[str]:
    """Whether every row of the claims is in exactly one of the results of a settled year."""
    options = options_of(arguments)
    out = folder / options["out"]
    if not (out / "run.json").exists():
        return [f"exit status 0, and {options['out']} has no run.json"]
    came = sum(rows_in(path, options["csv_encoding"]) for path in files_of(options["claims"], folder))
    went = {table: len(rows_of(out, table)) for table in ("settled", "reversed", "rejected")}
    found = [] if came == sum(went.values()) else [f"{came} rows went in, and came out {went}"]
    twice = Counter((row["source_file"], row["source_row"]) for row in rows_of(out, "rejected"))
    return found + [f"{place} was rejected {times} times" for place, times in twice.items() if times > 1]


def findings_of_verify(arguments: Sequence[str], folder: Path, run: Callable[..., Any]) -> list[str]:
    """What ``verify`` has against a folder that was just written, with its inputs."""
    options = options_of(arguments)
    inputs = [place for name in ("claims", "insured", "identities") for place in options.get(name) or ()]
    files = [str(path) for path in files_of(inputs, folder)]
    files += [str(folder / options["opening"])] if options.get("opening") else []
    encoding = ["--csv-encoding", options["csv_encoding"]] if options.get("csv_encoding") else []
    with_inputs = [text for file in files for text in ("--inputs", file)]
    ended = run(["verify", str(folder / options["out"]), *with_inputs, *encoding])
    return [] if ended.status == 0 else [f"verify does not agree: {ended}"]
