"""What an explanation stands on: a finished run, the rules that are installed, and the prepared year of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qingsuan.benefits.settlement import Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.errors import InputError, PluginError, UsageError
from qingsuan.explain.document import Plugin, Run
from qingsuan.listing import names_in
from qingsuan.plugins import Installed
from qingsuan.prepared import is_prepared
from qingsuan.report.summary import read_record
from qingsuan.report.wording.names import pool_names
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.folder import LEDGER, RECORD
from qingsuan.run.model import Inputs
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.restart.fingerprint import by_what, changes
from qingsuan.run.restart.ledger import read_lines
from qingsuan.run.setting_up import set_up

__all__ = ["Opened", "open_run", "prepared_of"]

_TABLES = ("claims", "insured", "identities", "registrations")


@dataclass(frozen=True, slots=True)
class Opened:
    """A finished run of benefits, with what it was settled by and from.

    Attributes
    ----------
    folder : the run folder.
    record : what ``run.json`` says.
    run : what the document says of it.
    """

    folder: Path
    record: Mapping[str, Any]
    run: Run
    setup: Setup
    year: PreparedYear


def open_run(folder: Path, prepared: Path | None, rules_dir: Path | None) -> Opened:
    """Open a finished run to explain what is in it.

    Parameters
    ----------
    prepared
        The prepared year; None for the one that the run names.
    rules_dir
        A working folder of rules in place of installed ones, where the run had one.

    Raises
    ------
    InputError
        There is no finished run of benefits, or more than one; the prepared year is gone, or is not that of the run.
    UsageError
        The run names no prepared year, and none is given.
    PluginError, PolicyError
        What is installed is not what the run was settled by.
    """
    _refuse_several(folder)
    record = read_record(folder)
    if not str(record.get("settlement")).startswith("benefits"):
        raise InputError(
            str(folder),
            found=f"a run of {record.get('settlement')}",
            expected="a finished settlement of benefits (待遇结算)",
            do="give the folder that “qingsuan settle” wrote",
        )
    year = _trimmed(folder, record, _year(folder, record, prepared))
    setup, installed = set_up(int(record["year"]), rules_dir=rules_dir)
    setup.registrations = "registrations" in record["inputs"]
    _refuse_other_rules(folder, setup, installed)
    digest = hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()
    run = Run(str(folder), digest, setup.year, setup.program.digest, _plugins(record), pool_names(record))
    return Opened(folder, record, run, setup, year)


def prepared_of(folder: Path, record: Mapping[str, Any]) -> Path | None:
    """The prepared year that a run names, if it names one and that is there."""
    named = record.get("prepared")
    path = None if named is None else folder / named["folder"]
    return path if path is not None and is_prepared(path) else None


def _refuse_several(folder: Path) -> None:
    """A folder of several runs is none: which of them is meant is not guessed."""
    if (folder / RECORD).is_file() or not folder.is_dir():
        return
    runs = [name for name in names_in(folder) if (folder / name / RECORD).is_file()]
    if runs:
        raise InputError(
            str(folder),
            found=f"{len(runs)} runs in it: {', '.join(runs[:10])}",
            expected="the folder of one finished run",
            do=f"give one of them, such as {folder / runs[0]}",
        )


def _plugins(record: Mapping[str, Any]) -> tuple[Plugin, ...]:
    return tuple(
        Plugin(one["plugin"], one["version"], one["region"], "working_copy" in one)
        for one in record["plugins"]
        if one["region"] is not None
    )


def _refuse_other_rules(folder: Path, setup: Setup, installed: Installed) -> None:
    """Refuse plugins and rules that are not those of the run: their numbers would be those of another run."""
    header = read_lines(folder).header
    if header is None:
        raise InputError(
            str(folder / LEDGER),
            found="no first line that says by what the run was settled",
            expected="the ledger of a finished run",
            do="fetch the folder again, or settle anew",
        )
    now = by_what(Benefits(setup), installed)
    for kind in ("plugins", "rules"):
        found = list(changes(header.get(kind, {}), now[kind]))
        if found:
            raise PluginError(
                str(folder),
                found=f"a run that was settled by other {kind}: {'; '.join(found[:10])}",
                expected="the plugins and rules that are installed now",
                do="install the versions that the run names in run.json, or give --rules-dir if it was settled by a working folder",
            )


def _year(folder: Path, record: Mapping[str, Any], given: Path | None) -> PreparedYear:
    if given is not None:
        return PreparedYear.open(given)
    named = record.get("prepared")
    if named is None:
        raise UsageError(
            str(folder),
            found="a run that kept no prepared year: it has the results, not what came in",
            expected="what came in: --claims, --insured, --identities and --registrations as the run had them, or --prepared YEAR",
            do="settle with --keep YEAR the next time, or settle a prepared year: then nothing is asked for",
        )
    path = folder / named["folder"]
    if not is_prepared(path):
        raise InputError(
            str(folder),
            found=f"a run of the prepared year {named['folder']}, which is not there",
            expected=f"its folder, with the year.json whose SHA-256 is {named['sha256']}",
            do="put it back, or say where it is with --prepared YEAR",
        )
    return PreparedYear.open(path)


def _trimmed(folder: Path, record: Mapping[str, Any], year: PreparedYear) -> PreparedYear:
    """The year as the run had it: what was delivered later is left out.

    Raises
    ------
    InputError
        Its files are not those of the run.
    """
    wanted = {table: _digests(record["inputs"].get(table, ())) for table in _TABLES}
    for count in range(len(year.deliveries), 0, -1):
        first = replace(year, deliveries=year.deliveries[:count])
        if _files(inputs_of(first)) == wanted:
            return first
    there = _files(inputs_of(year))
    other = [
        f"{table}: {len(there[table] - wanted[table])} files that the run did not have, "
        f"{len(wanted[table] - there[table])} of the run that are not in it"
        for table in _TABLES
        if there[table] != wanted[table]
    ]
    raise InputError(
        str(year.path),
        found=f"a prepared year that is not the one of {folder}: {'; '.join(other)}",
        expected="the files whose SHA-256 stand in run.json, inputs",
        do="give the year that the run was settled from, or the files that it had",
    )


def _digests(files: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(f"{one['sha256']} {one['rows']}" for one in files)


def _files(inputs: Inputs) -> dict[str, frozenset[str]]:
    return {table: frozenset(f"{one.sha256} {one.rows}" for one in inputs.of(table)) for table in _TABLES}
