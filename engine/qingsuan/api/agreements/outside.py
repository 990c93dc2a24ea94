"""Care outside the pool cleared (异地就医清算): ``qingsuan.outside``."""

from __future__ import annotations

from pathlib import Path

from qingsuan.api.arguments import PathLike, check_how, folder_for, opened, options_of
from qingsuan.api.earlier import place_of, table_of
from qingsuan.elsewhere.bureau import read_bureau
from qingsuan.elsewhere.settlement import TABLES, CareOutside
from qingsuan.finished import Outside, Settlement
from qingsuan.plugins import Installed
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.settle import settle as run_settlement

__all__ = ["outside"]


def outside(
    settled: Given | Settlement,
    *,
    year: int,
    arrangement: PathLike,
    institutions: PathLike,
    pools: PathLike,
    movements: PathLike | None = None,
    out: PathLike | None = None,
    csv_encoding: str = "utf8",
    intake: PathLike | None = None,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Outside:
    """Clear care outside the pool apart (异地就医清算), by place of treatment.

    Parameters
    ----------
    settled
        A finished settlement of benefits of the year, its folder, or a table with the columns of its ``settled``.
    arrangement, institutions, pools, movements
        What is cleared, and advances (TOML); where institutions lie, which pool a place belongs to, and money that moved (CSV), as
        ``docs/outside.md`` has them.
    out, csv_encoding, intake, workers, memory, partitions, resume, overwrite, progress
        As in :func:`qingsuan.api.benefits.settle`.

    Returns
    -------
    Outside
        The record and the tables: that of the paying pools and that of the places of treatment, which mirror each other.

    Raises
    ------
    UsageError, InputError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; an arrangement or a table that cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    claims = table_of(place_of(settled), "benefits", "settled", year)
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"settled": spool.parted(claims, "settled")}
        moved = None if movements is None else Path(movements)
        bureau = read_bureau(Path(arrangement), Path(institutions), Path(pools), moved, year)
        check_apart(place.path, TABLES, (*given["settled"][0], *bureau.paths))
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(CareOutside(bureau), inputs, folder, options, Installed(()), progress)
        prove(place.path, record)
        run = Outside(place)
        run.seconds = record.get("seconds", {})
        return run
