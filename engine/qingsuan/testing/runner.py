"""Send a case through the front door, and compare what comes out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.api.benefits import settle
from qingsuan.cases.casefile import CaseFile, read_case
from qingsuan.cases.outcome import FATES, CaseFailedError, Result, differences
from qingsuan.cases.settling import write_tables
from qingsuan.errors import RunError
from qingsuan.listing import files_in

__all__ = ["run_case"]

_COMMAND = (sys.executable, "-c", "from qingsuan.cli import main; main()")


def run_case(case: CaseFile | str | Path, *, require: Sequence[str] = (), paths: Sequence[str | Path] = ()) -> Result:
    """Settle a case (``qingsuan.settle``) and compare every expected cell, to the fen.

    Parameters
    ----------
    case
        A case, or its file.
    require
        Plugins that must be there, such as ``["qingsuan-jilin>=2022.1"]``.
    paths
        Folders to add to the module search path, where plugins are that pip did not install. With paths the command
        (``qingsuan settle``) runs in a process of its own.

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
        files = write_tables(read, Path(folder))
        if paths:
            _command(_arguments(read, files, out, require), paths)
        else:
            settle(
                files["claims"],
                files["insured"],
                files["identities"],
                registrations=files["registrations"],
                year=read.year,
                out=out,
                require=require,
            )
        result = Result(*(_rows(out / fate) for fate in FATES))
    found = differences(read, result)
    if found:
        raise CaseFailedError("\n".join([f"{read.file}: {read.title}", *map(str, found)]))
    return result


def _arguments(case: CaseFile, files: Mapping[str, Path], out: Path, require: Sequence[str]) -> list[str]:
    arguments = ["settle", str(files["claims"]), "--insured", str(files["insured"])]
    arguments += ["--identities", str(files["identities"]), "--registrations", str(files["registrations"])]
    arguments += ["--year", str(case.year), "--out", str(out)]
    for requirement in require:
        arguments += ["--require", requirement]
    return arguments


def _command(arguments: list[str], paths: Sequence[str | Path]) -> None:
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
    parts = files_in(folder)
    return tuple(row for part in parts for row in pq.read_table(part).to_pylist())
