"""Send a case through the public command, and compare what comes out."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.cli import cli
from qingsuan.errors import RunError
from qingsuan.tables import IDENTITIES
from qingsuan.testing.casefile import CaseFile, Expectation, Row, read_case

__all__ = ["CaseFailedError", "Result", "run_case"]

_COMMAND = (sys.executable, "-c", "from qingsuan.cli import main; main()")
_FATES = ("settled", "reversed", "rejected")


class CaseFailedError(AssertionError):
    """A case came out otherwise than expected; the message shows claim, column, found and expected."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the command wrote: rows as dictionaries, money as ``Decimal``."""

    settled: tuple[dict[str, Any], ...]
    reversed: tuple[dict[str, Any], ...]
    rejected: tuple[dict[str, Any], ...]


def run_case(case: CaseFile | str | Path, *, require: Sequence[str] = (), paths: Sequence[str | Path] = ()) -> Result:
    """Run a case through ``qingsuan settle`` and compare every expected cell, to the fen.

    Parameters
    ----------
    case
        A case, or its file.
    require
        Plugins that must be there, such as ``["qingsuan-jilin>=2022.1"]``.
    paths
        Folders to add to the module search path, where plugins are that pip did not install. With paths the command
        runs in a process of its own.

    Raises
    ------
    InputError
        The case file is wrong.
    CaseFailedError
        Something came out otherwise than expected. All differences are listed.
    QingsuanError
        The command refused to run.
    """
    read = case if isinstance(case, CaseFile) else read_case(case)
    with tempfile.TemporaryDirectory(prefix="qingsuan-case-") as folder:
        out = Path(folder) / "out"
        _settle(_arguments(read, Path(folder), out, require), paths)
        result = Result(*(_rows(out / fate) for fate in _FATES))
    differences = [*_lost(read, result), *(line for one in read.expect for line in _compare(one, result))]
    if differences:
        raise CaseFailedError("\n".join([f"{read.file}: {read.title}", *differences]))
    return result


def _arguments(case: CaseFile, folder: Path, out: Path, require: Sequence[str]) -> list[str]:
    files = {name: folder / f"{name}.csv" for name in ("claims", "insured", "identities")}
    _write(files["claims"], case.claims)
    _write(files["insured"], case.insured)
    _write(files["identities"], case.identities or [], [column.name for column in IDENTITIES])
    arguments = ["settle", str(files["claims"]), "--insured", str(files["insured"])]
    arguments += ["--identities", str(files["identities"]), "--year", str(case.year), "--out", str(out)]
    for requirement in require:
        arguments += ["--require", requirement]
    return arguments


def _write(file: Path, rows: Sequence[Row], header: Iterable[str] = ()) -> None:
    names = list(dict.fromkeys([*header, *(name for row in rows for name in row)]))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _settle(arguments: list[str], paths: Sequence[str | Path]) -> None:
    if not paths:
        cli.main(args=arguments, prog_name="qingsuan", standalone_mode=False)
        return
    path = os.pathsep.join([*map(str, paths), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(  # noqa: S603 - our own command, our own arguments
        [*_COMMAND, *arguments], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RunError(
            f"qingsuan {' '.join(arguments)}",
            found=f"exit status {done.returncode}\n{done.stderr.strip()}",
            expected="exit status 0",
            do="see the message of the command above",
        )


def _rows(folder: Path) -> tuple[dict[str, Any], ...]:
    parts = sorted(folder.glob("part-*.parquet"))
    return tuple(row for part in parts for row in pq.read_table(part).to_pylist())


def _lost(case: CaseFile, result: Result) -> list[str]:
    """Rows in = settled + reversed + rejected, whatever the case expects."""
    out = len(result.settled) + len(result.reversed) + len(result.rejected)
    return [] if out == len(case.claims) else [f"  {len(case.claims)} claims went in, {out} came out"]


def _compare(expectation: Expectation, result: Result) -> list[str]:
    claim = f"  claim {expectation.setl_id} of {expectation.psn_no}"
    fate, row = _find(expectation, result)
    if fate != expectation.fate:
        why = f" ({_reason(row)})" if fate.startswith("E_") else ""
        return [f"{claim}: found {fate}{why}, expected {expectation.fate}"]
    if expectation.names and expectation.names not in _reason(row):
        return [f'{claim}: found {_reason(row)}, expected a reason that names "{expectation.names}"']
    return [
        f"{claim}: {column}: found {row.get(column, 'no such column')}, expected {text}"
        for column, text in expectation.columns.items()
        if column not in row or not _equal(row[column], text)
    ]


def _find(expectation: Expectation, result: Result) -> tuple[str, dict[str, Any]]:
    """Find what became of a claim; of a rejected copy and a settled original, the one that is expected."""
    who = expectation.psn_no, expectation.setl_id
    fates = zip(_FATES, (result.settled, result.reversed, result.rejected), strict=True)
    rows = [(fate, row) for fate, table in fates for row in table if (row["psn_no"], row["setl_id"]) == who]
    found = [(row["code"] if fate == "rejected" else fate, row) for fate, row in rows]
    return next((one for one in found if one[0] == expectation.fate), found[0] if found else ("nothing", {}))


def _reason(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {row[name]}" for name in ("column", "found", "expected") if row.get(name))


def _equal(found: Any, text: str) -> bool:
    """Compare a cell; amounts and ratios as numbers, so that 9945 is 9945.00."""
    if isinstance(found, Decimal):
        try:
            return found == Decimal(text)
        except InvalidOperation:
            return False
    return str("" if found is None else found) == text
