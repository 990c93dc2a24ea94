"""Cases that stand beside the parameters of a region: found, and settled as the front door settles any year."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qingsuan.api.benefits import settle_by
from qingsuan.benefits.setup import Setup
from qingsuan.cases.casefile import CaseFile, Row
from qingsuan.cases.outcome import Result
from qingsuan.plugins import Installed
from qingsuan.policy.model import Region
from qingsuan.run.setting_up import set_up
from qingsuan.tables import IDENTITIES, REGISTRATIONS

__all__ = ["CaseRules", "cases_beside", "write_tables"]

_UPWARDS = 4
"""So many folders above a ``rules/`` folder are looked into: those of a package below ``src/``, and its distribution."""


def cases_beside(region: Region, rules_dir: Path | None = None) -> Path | None:
    """The folder of case files of a region: beside a working folder, else beside the rules it was installed with.

    Beside a working folder it is ``cases/`` in it or next to it; beside the rules of a plugin ``tests/cases/`` of its distribution, which
    is at hand where the plugin is installed from its source. None if there is none.
    """
    if rules_dir is not None:
        folder = rules_dir.resolve()
        for place in (folder / "cases", folder.parent / "cases", folder.parent / "tests" / "cases"):
            if place.is_dir():
                return place
    if isinstance(region.rules, str | os.PathLike):
        for above in list(Path(region.rules).parents)[:_UPWARDS]:
            if (above / "pyproject.toml").is_file() and (above / "tests" / "cases").is_dir():
                return above / "tests" / "cases"
    return None


def write_tables(case: CaseFile, folder: Path) -> dict[str, Path]:
    """Write the tables of a case as CSV files; returns them by table."""
    files = {name: folder / f"{name}.csv" for name in ("claims", "insured", "identities", "registrations")}
    _write(files["claims"], case.claims)
    _write(files["insured"], case.insured)
    _write(files["identities"], case.identities, [column.name for column in IDENTITIES])
    _write(files["registrations"], case.registrations, [column.name for column in REGISTRATIONS])
    return files


def _write(file: Path, rows: Sequence[Row], header: Iterable[str] = ()) -> None:
    names = list(dict.fromkeys([*header, *(name for row in rows for name in row)]))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


class CaseRules:
    """The rules by which cases are settled, those of a working folder if one is given: read and compiled once for each year."""

    def __init__(self, rules_dir: Path | None = None) -> None:
        self.rules_dir = rules_dir
        self._years: dict[int, tuple[Setup, Installed]] = {}

    def settle(self, case: CaseFile) -> Result:
        """Settle the year of a case.

        Raises
        ------
        QingsuanError
            The run was refused, as :func:`qingsuan.api.benefits.settle` says.
        """
        if case.year not in self._years:
            self._years[case.year] = set_up(case.year, rules_dir=self.rules_dir)
        setup, installed = self._years[case.year]
        with tempfile.TemporaryDirectory(prefix="qingsuan-case-") as folder:
            files = write_tables(case, Path(folder))
            run = settle_by(
                setup,
                installed,
                files["claims"],
                files["insured"],
                files["identities"],
                files["registrations"],
            )
        return Result(*(_rows(table) for table in (run.settled, run.reversed, run.rejected)))


def _rows(table: Any) -> tuple[dict[str, Any], ...]:
    return tuple(table.to_arrow().to_pylist())
