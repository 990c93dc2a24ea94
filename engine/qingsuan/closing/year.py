"""A year closed: its parts settled one after the other, what must add up between them checked, one record written over them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan import __version__
from qingsuan.api.arguments import PathLike, options_of
from qingsuan.closing.case import Case, read_case
from qingsuan.closing.folder import CASE, NAME, YearFolder, read_year
from qingsuan.closing.identities import IDENTITIES, Identity, identities_of
from qingsuan.closing.parts import Part, part_called
from qingsuan.closing.superseding import corrections
from qingsuan.closing.telling import summary
from qingsuan.errors import InputError, NotBalanced, PluginError, QingsuanError
from qingsuan.finished import FinishedRun
from qingsuan.messages import Lang, Words
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.lock import held
from qingsuan.run.machine.given_back import give_back
from qingsuan.run.model import Progress

__all__ = ["ClosedYear", "check_identities", "close_year", "open_year"]


class ClosedYear:
    """A year that is closed.

    Attributes
    ----------
    path : its folder, with a run folder for each part.
    record : what its ``run.json`` holds.
    record_sha256 : the digest of that file, as hexadecimal text.
    tenths : how long each part took, in tenths of a second, where this process settled it.
    """

    def __init__(self, path: Path, record: dict[str, Any], record_sha256: str, tenths: Mapping[str, int]) -> None:
        self.path, self.record, self.record_sha256, self.tenths = path, record, record_sha256, tenths

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its parts, in the order in which they were settled: each is a folder of a finished run in its own."""
        return tuple(part["part"] for part in self.record["parts"])

    def summary(self, lang: Lang = "en") -> str:
        """The close of the year on one screen."""
        return summary(self.path, self.record, Words(lang))


def open_year(folder: Path) -> ClosedYear:
    """The year that lies closed in a folder.

    Raises
    ------
    InputError
        There is none, or a part of it is not what the year was closed with.
    """
    record, digest = read_year(folder)
    return ClosedYear(folder, record, digest, {})


def close_year(
    case: PathLike,
    out: PathLike,
    *,
    workers: int = 2,
    memory: int = 2 << 30,
    resume: bool = False,
    supersedes: PathLike | None = None,
    progress: Progress | None = None,
) -> ClosedYear:
    """Close a year: settle every part of a case file, check the identities of the year, write one record.

    Parameters
    ----------
    case
        The case file (``docs/year-end.md``).
    out
        The folder of the year: a new one, or with ``resume`` one that was begun and not closed.
    workers, memory
        As in :func:`qingsuan.settle`; each part has them to itself.
    supersedes
        The folder of a closed year that this one corrects: what differs is written down.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As the parts raise them, naming the part; a closed year is not settled again.
    NotBalanced
        The parts are settled, and do not add up together: the year is not closed.
    """
    options = options_of(workers, memory, None)
    told = progress or Progress()
    case, out = Path(case), Path(out)
    supersedes = None if supersedes is None else Path(supersedes)
    asked = read_case(case)
    earlier = None if supersedes is None else read_year(supersedes)
    _check_year(asked, supersedes, earlier)
    places = [str(case), *asked.places(), *([] if supersedes is None else [str(supersedes)])]
    check_apart(out, (), places)
    folder = YearFolder(out, asked, "" if earlier is None else earlier[1])
    with held(out):
        folder.begin(resume=resume)
        tenths: dict[str, int] = {}
        runs: dict[str, FinishedRun] = {}
        for number, (part, own) in enumerate(asked.parts, 1):
            told.part(part.name, number, len(asked.parts))
            since = time.monotonic_ns()
            runs[part.name] = _settle(
                part,
                asked,
                {**own, **_earlier_parts(part, runs)},
                out / part.name,
                options.workers,
                options.memory,
                resume,
                told,
            )
            give_back()
            tenths[part.name] = (time.monotonic_ns() - since) // 100_000_000
        return _close(folder, runs, supersedes, tenths, told)


def _check_year(case: Case, supersedes: Path | None, earlier: tuple[dict[str, Any], str] | None) -> None:
    if earlier is not None and int(earlier[0]["year"]) != case.year:
        raise InputError(
            f"--supersedes {supersedes}",
            found=f"the year {earlier[0]['year']}",
            expected=f"{case.year}, the year of {case.file}",
            do="give the folder of the year that is corrected",
        )


def _earlier_parts(part: Part, runs: Mapping[str, FinishedRun]) -> dict[str, Path]:
    return {argument: runs[name].path for argument, name in part.reads.items() if name in runs}


def _settle(
    part: Part,
    case: Case,
    own: Mapping[str, Any],
    out: Path,
    workers: int,
    memory: int,
    resume: bool,
    progress: Progress,
) -> FinishedRun:
    """Settle one part, or go on with it; one that is finished is held against what it wrote down.

    Raises
    ------
    QingsuanError
        As its settlement raises it; the message names the part, and speaks of the case file.
    """
    try:
        return part.settle(
            **case.common_to(part),
            **own,
            year=case.year,
            out=out,
            workers=workers,
            memory=memory,
            resume=resume,
            progress=progress,
        )
    except QingsuanError as error:
        do = error.do.replace("--skip-unserved", f"skip_unserved = true in [{part.name}]")
        do = do.replace("with --overwrite", "in a new --out").replace("--partitions", "--memory")
        raise type(error)(f"[{part.name}] {error.where}", found=error.found, expected=error.expected, do=do) from error


def _close(
    folder: YearFolder,
    runs: Mapping[str, FinishedRun],
    supersedes: Path | None,
    tenths: Mapping[str, int],
    progress: Progress,
) -> ClosedYear:
    """Check what must add up, and write the record; a year that was closed before is told as it is.

    Raises
    ------
    NotBalanced
        Something does not add up.
    """
    if folder.is_closed:
        record, digest = read_year(folder.path)
        progress.note(f"{folder.path}: the year is closed; nothing was left to do")
        return ClosedYear(folder.path, record, digest, tenths)
    _check_one_software(runs)
    identities, not_checked = identities_of(folder.path, tuple(runs))
    check_identities(folder.path, identities)
    differences = None
    if supersedes is not None:
        place = folder.without_corrections()
        differences = corrections(supersedes, folder.path, place, tuple(runs), progress)
    warnings = [f"{name}: {warning}" for name, run in runs.items() for warning in run.warnings]
    record = {
        "settlement": NAME,
        "year": folder.case.year,
        "engine": {"name": "qingsuan", "version": __version__},
        "case": {"file": CASE, "sha256": folder.case.sha256},
        "plugins": next((run.record["plugins"] for name, run in runs.items() if _takes_plugins(name)), []),
        "parts": [_part(name, run) for name, run in runs.items()],
        "identities": [one.record() for one in identities],
        "not_checked": [one.record() for one in not_checked],
        **({} if differences is None else {"supersedes": differences}),
        "files": folder.files(),
        "warnings": warnings,
    }
    return ClosedYear(folder.path, record, folder.finish(record), tenths)


def _check_one_software(runs: Mapping[str, FinishedRun]) -> None:
    """All parts must have been settled by the same software and plugins.

    Raises
    ------
    PluginError
        Something was installed, or taken away, while the year was being closed.
    """
    for what in ("engine", "plugins"):
        said = [(name, run.record[what]) for name, run in runs.items() if what == "engine" or _takes_plugins(name)]
        for name, other in said[1:]:
            if other != said[0][1]:
                raise PluginError(
                    f"[{name}]",
                    found=f"{what} other than those of [{said[0][0]}]",
                    expected="one version of everything for a whole year",
                    do="close the year in a new --out, and change nothing that is installed meanwhile",
                )


def _takes_plugins(name: str) -> bool:
    return part_called(name).takes_plugins


def _part(name: str, run: FinishedRun) -> dict[str, Any]:
    return {
        "part": name,
        "settlement": run.record["settlement"],
        "partitions": run.record["partitions"],
        "record_sha256": run.record_sha256,
    }


def check_identities(folder: Path, identities: list[Identity]) -> None:
    """Let a year be closed only where everything adds up.

    Raises
    ------
    NotBalanced
        An identity does not hold; the message has both numbers, and the tables that they are from.
    """
    wrong = [one for one in identities if not one.holds]
    if not wrong:
        return
    lines = [_told(one) for one in wrong[:10]]
    more = f" and {len(wrong) - len(lines)} more" if len(wrong) > len(lines) else ""
    raise NotBalanced(
        str(folder),
        found=f"the settlements do not add up: {'; '.join(lines)}{more}",
        expected="both numbers of each identity the same",
        do="look at the tables named; the parts stay as they are, and the year is not closed",
    )


def _told(one: Identity) -> str:
    numbers = one.record()
    of = f" ({one.of})" if one.of else ""
    return f"{IDENTITIES[one.name]}{of}: {numbers['one']} in {one.tables[0]}, {numbers['other']} in {one.tables[1]}"
