"""What a finished run was asked, read from its record and the header of its ledger, as arguments of the front door.

Its inputs, tables of the bureau and earlier runs are there by name and digest, its options in the header. So nobody has to
remember the command that was given, and nobody can change it without another result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from qingsuan.again.places import Places
from qingsuan.errors import InputError
from qingsuan.finished import FinishedRun
from qingsuan.run.inputs import intake_of, names_of

__all__ = ["Asked", "asked_of"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a settlement is asked for.

    Attributes
    ----------
    function : module and name of what settles it in :mod:`qingsuan.api`.
    inputs : input tables whose argument has another name; None for one that no argument gives.
    runs : finished runs that it took -> the argument that takes the folder.
    flags : options of the header -> the argument that they are.
    in_a_folder : the argument that takes the folder in which all tables of the bureau lie; each has its own otherwise.
    takes_plugins : whether it takes plugins, and so ``--allow``.
    takes_rules : whether a working folder may stand in for its rules.
    """

    function: tuple[str, str]
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    in_a_folder: str = ""
    takes_plugins: bool = True
    takes_rules: bool = False


_SKIP = {"skip unserved regions": "skip_unserved"}
_KINDS = {
    "benefits": _Kind(
        ("benefits", "settle"),
        inputs={"opening": None},
        flags={
            "skip unserved pools": "skip_unserved",
            "accumulators": "accumulators",
            "strict": "strict",
            "setldetail": "detail",
        },
        takes_rules=True,
    ),
    "subsidy": _Kind(("subsidies", "subsidy"), flags=_SKIP),
    "premium": _Kind(("premiums", "premium"), inputs={"shortfalls": None}, flags=_SKIP),
    "account": _Kind(("accounts", "account"), flags=_SKIP),
    "clearing": _Kind(
        ("clearing", "clear"),
        inputs={"contracts": None},
        runs={"procurement": "procurement"},
        flags=_SKIP,
        in_a_folder="contracts",
    ),
    "fund": _Kind(
        ("closing.funds", "fund"),
        inputs={"claims": "settled", "people": None},
        runs={
            "settle": "settled",
            "premium": "premiums",
            "subsidy": "subsidies",
            "account": "accounts",
            "operator": "operators",
            "clearing": "clearing",
            "fund": "earlier",
        },
        flags=_SKIP,
    ),
    "operator": _Kind(("agreements.operators", "operator"), takes_plugins=False),
    "outside": _Kind(("agreements.outside", "outside"), takes_plugins=False),
    "procurement": _Kind(("agreements.procurement", "procurement"), takes_plugins=False),
}
"""By how ``run.json`` begins to name the settlement."""

_NAMED = 5

_FOLDER_OF = {"opening": "opening", "shortfalls": "carried"}
"""Input tables that come in the folder of an earlier run -> the argument that takes it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as it was asked for.

    Attributes
    ----------
    arguments : of the function in :mod:`qingsuan.api`, without those that say where it writes and how much it may use.
    year : the prepared year that it takes; None if it reads its files.
    """

    kind: _Kind
    arguments: Mapping[str, Any]
    year: Path | None

    @property
    def takes_rules(self) -> bool:
        """Whether a working folder may stand in for its rules."""
        return self.kind.takes_rules

    def settle(self, **how: Any) -> FinishedRun:
        """Settle it; arguments and errors are those of its function."""
        module, name = self.kind.function
        run: FinishedRun = getattr(import_module(f"qingsuan.api.{module}"), name)(**self.arguments, **how)
        return run


def asked_of(folder: Path, record: Mapping[str, Any], header: Mapping[str, Any], places: Sequence[Path]) -> Asked:
    """What a run was asked.

    Parameters
    ----------
    folder
        Its folder: a prepared year is named from there on.
    record, header
        ``run.json``, and the first line of the ledger.
    places
        Where its inputs lie; a prepared year is found where it lay, too.

    Raises
    ------
    InputError
        An input is not there, or was no file.
    """
    kind = next((kind for name, kind in _KINDS.items() if record["settlement"].startswith(name)), None)
    if kind is None:
        raise InputError(str(folder), found=f"a run of {record['settlement']}", expected=f"one of {', '.join(_KINDS)}")
    where = Places(places)
    options = header["options"]
    arguments: dict[str, Any] = {"year": record["year"], "partitions": record["partitions"]}
    arguments |= {argument: bool(options.get(name, False)) for name, argument in kind.flags.items()}
    if "as of" in options:
        arguments["as_of"] = dt.date.fromisoformat(options["as of"])
    arguments |= _written(record, options)
    if kind.takes_plugins and "allowed" in record:
        allowed = record["allowed"]
        arguments["allow"] = where.file("--allow", allowed["file"], allowed["sha256"])
    inputs, year = _rows_of(folder, record, kind, where)
    arguments |= inputs
    arguments |= _tables(header, kind, where)
    for name, sha256 in header.get("finished runs", {}).items():
        arguments[kind.runs[name]] = where.run(f"the run of {name}", sha256)
    if options.get("carried in"):
        arguments["carried"] = where.run_of("operator", record["year"] - 1)
    return Asked(kind, arguments, year)


def _written(record: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """How its tables are written: the encoding of CSV files, and the intake file, whose text the record has."""
    encodings: list[str] = options["encoding of CSV"]
    if "intake" not in options:
        return {"csv_encoding": encodings[0]} if encodings else {}
    (said,) = record["intake"]
    intake = intake_of(said["text"], said["file"])
    others = [name for name in encodings if name not in intake.encodings]
    return {"intake": intake, **({"csv_encoding": others[0]} if others else {})}


def _rows_of(folder: Path, record: Mapping[str, Any], kind: _Kind, where: Places) -> tuple[dict[str, Any], Path | None]:
    """The arguments from which rows come: files, or the prepared year; and that year, if it is one.

    A run from a prepared year is settled again from its files where they are all there and in an order that gives the same names.
    """
    if "prepared" not in record:
        return _inputs(record, kind, where), None
    if "intake" not in record:  # with one, each delivery may have had its own
        with suppress(InputError):
            return _inputs(record, kind, where), None
    year = _year_of(folder, record, where)
    return {"claims": year, **_brought(record, where)}, year


def _year_of(folder: Path, record: Mapping[str, Any], where: Places) -> Path:
    said = record["prepared"]
    found = where.year(said["sha256"])
    if found is None:
        found = Places([place]).year(said["sha256"]) if (place := folder / said["folder"]).is_dir() else None
    if found is None:
        raise InputError(
            str(folder / said["folder"]),
            found="not the prepared year from which it was settled",
            expected=f"one whose year.json has the SHA-256 {said['sha256']}",
            do="give it, or the files from which it was prepared, with --inputs",
        )
    return found


def _inputs(record: Mapping[str, Any], kind: _Kind, where: Places) -> dict[str, Any]:
    """The input tables as lists of their files, and the folders of earlier runs."""
    found: dict[str, Any] = {**_brought(record, where)}
    for table, files in record["inputs"].items():
        argument = kind.inputs.get(table, table)
        if argument is not None and files:
            found[argument] = _in_order(table, files, where)
    return found


def _in_order(table: str, files: Sequence[Mapping[str, Any]], where: Places) -> list[Path]:
    """The files of a table; a run takes them in the order of their paths, and names them by what tells these apart.

    Raises
    ------
    InputError
        One is not there, or they lie in another order than they did.
    """
    paths = [where.file(table, one["file"], one["sha256"]) for one in files]
    names = [one["file"] for one in files]
    if sorted(paths) != paths or names_of(paths) != names:
        raise InputError(
            f"the files of {table}",
            found=f"in the order of their paths: {', '.join(names_of(sorted(paths))[:_NAMED])}",
            expected=f"as the run took them: {', '.join(names[:_NAMED])}",
            do="lay the files into one folder as they lay when the run read them",
        )
    return sorted({_place_of(path) for path in paths})


def _place_of(path: Path) -> Path:
    """What has to be named for a file to be read as it was: the folder above those whose names give a column its value."""
    keys = [folder for folder in path.parents if "=" in folder.name]
    return keys[-1].parent if keys else path


def _brought(record: Mapping[str, Any], where: Places) -> dict[str, Path]:
    """What an earlier run left for this one: its folder, or that of the files alone."""
    found = {}
    if "opening" in record:
        return {"opening": where.run("the run of --opening", record["opening"]["run.json"])}
    for table in _FOLDER_OF.keys() & record["inputs"].keys():
        files = record["inputs"][table]
        is_brought = table == "shortfalls" or record["settlement"].startswith("benefits")
        if files and is_brought:
            place = where.file(table, files[0]["file"], files[0]["sha256"])
            found[_FOLDER_OF[table]] = place if len(files) == 1 else place.parent
    return found


def _tables(header: Mapping[str, Any], kind: _Kind, where: Places) -> dict[str, Path]:
    """The tables of the bureau, each by its argument, or the folder in which they lie."""
    found = {}
    for name, sha256 in header.get("tables of the bureau", {}).items():
        table, _, file = name.partition(" ")
        path = where.file(table, file, sha256)
        found[kind.in_a_folder or table] = path.parent if kind.in_a_folder else path
    return found
