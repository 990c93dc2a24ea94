"""A simulation that was made: its record, its tables, and the folder that it was written to."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.errors import RunError, UsageError
from qingsuan.listing import all_below
from qingsuan.messages import Lang, Words
from qingsuan.pages.files import write_page
from qingsuan.run.folder import is_file
from qingsuan.run.folder.apart import beside
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.simulation.explaining import Explained
from qingsuan.simulation.page.page import page_of
from qingsuan.simulation.telling.summary import summary
from qingsuan.simulation.telling.workbook import write_workbook

__all__ = ["PAGE", "RECORD", "WORKBOOK", "Simulation", "check_out", "replace_out"]

RECORD = "simulate.json"
WORKBOOK = "simulation.xlsx"
PAGE = "simulation.html"
RULES = "rules"
EXPLAINED = "explanations"


@dataclass(frozen=True)
class Simulation:
    """What changed rules would have come to.

    Attributes
    ----------
    record : what ``simulate.json`` says.
    tables : by name, as ``docs/simulate.md`` has them.
    rules : by region, the parameter files of the one variant, a folder for ``--rules-dir``; empty for a sweep.
    explained : the biggest changes by both rules, where that was asked for.
    lang : the language of workbook, explanations and summary.
    """

    record: Mapping[str, Any]
    tables: Mapping[str, pa.Table]
    rules: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    explained: Sequence[Explained] = field(default=(), repr=False)
    lang: Lang = "zh"

    def summary(self) -> str:
        """The summary that the command prints."""
        return summary(self.record, self.tables, Words(self.lang))

    def page(self, above: Any = "") -> str:
        """The simulation as one HTML page with pictures, in the language of the workbook.

        Parameters
        ----------
        above
            What stands above it where it is one of several pages (``Markup``).

        Raises
        ------
        UsageError
            Jinja2 or matplotlib is not installed.
        """
        return page_of(self.record, self.tables, self.lang, self.explained, above)

    def write(self, folder: Path, *, page: bool = False) -> None:
        """Write everything into a folder that is there; it holds people, so that only its owner may read it.

        ``page`` adds :meth:`page` as a file.

        Raises
        ------
        UsageError
            openpyxl is not installed.
        RunError
            It cannot be written.
        """
        with writing(folder):
            for name, rows in self.tables.items():
                write_parquet(rows, folder / f"{name}.parquet")
            for region, files in self.rules.items():
                (folder / RULES / region).mkdir(parents=True)
                for name, content in files.items():
                    (folder / RULES / region / name).write_bytes(content)
        if self.explained:
            self._write_explained(folder)
        write_workbook(folder / WORKBOOK, self.tables, Words(self.lang))
        if page:
            write_page(self.page(), folder / PAGE, private=True)
        with writing(folder):
            text = json.dumps(self.record, ensure_ascii=False, indent=2)
            (folder / RECORD).write_text(text + "\n", "utf-8")
            for path in [folder, *all_below(folder)]:
                path.chmod(0o700 if path.is_dir() else 0o600)

    def _write_explained(self, folder: Path) -> None:
        with writing(folder):
            (folder / EXPLAINED).mkdir()
            for one in self.explained:
                (folder / EXPLAINED / f"{one.rank:02d}.txt").write_text(one.text() + "\n", "utf-8")
            told = json.dumps([one.record() for one in self.explained], ensure_ascii=False, indent=1)
            (folder / f"{EXPLAINED}.json").write_text(told + "\n", "utf-8")


def check_out(out: Path, *, overwrite: bool, record: str = RECORD) -> Path:
    """The hidden folder, empty, in which a simulation is made before it gets its name.

    ``record`` is the file that an earlier one in its place has.

    Raises
    ------
    UsageError
        Something is there already that is no simulation, or one that is not to be replaced.
    RunError
        It cannot be made.
    """
    with looking_into(out):
        there = out.is_symlink() or out.exists()
        empty = there and out.is_dir() and not any(out.iterdir())
    if there and not empty:
        if not is_file(out / record):
            expected = "a folder that is not there, or is empty"
            raise UsageError(f"--out {out}", found="something that is no simulation", expected=expected)
        if not overwrite:
            do = "give another folder, or --overwrite"
            raise UsageError(f"--out {out}", found="a simulation that is there already", expected="a new folder", do=do)
    hidden = beside(out)
    with writing(hidden):
        if hidden.exists():
            shutil.rmtree(hidden)
        hidden.mkdir(mode=0o700, parents=True)
    return hidden


def replace_out(hidden: Path, out: Path) -> None:
    """Give a finished simulation its name; an earlier one, or an empty folder, makes way.

    Raises
    ------
    RunError
        It cannot be renamed.
    """
    with writing(out):
        if out.is_symlink():
            raise RunError(str(out), found="a link", expected="a folder", do="take it away")
        if out.exists():
            shutil.rmtree(out)
        os.replace(hidden, out)
