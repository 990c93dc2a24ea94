"""Central procurement settled (集中带量采购): ``qingsuan.procurement``."""

from __future__ import annotations

from pathlib import Path

from qingsuan.api.arguments import PathLike, check_how, folder_for, opened, options_of
from qingsuan.finished import Procurement
from qingsuan.plugins import Installed
from qingsuan.purchases.bureau import read_bureau
from qingsuan.purchases.settlement import TABLES, CentralProcurement
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.settle import settle as run_settlement

__all__ = ["procurement"]


def procurement(
    purchases: Given,
    *,
    year: int,
    agreed: Given,
    batches: PathLike,
    items: PathLike,
    scores: PathLike | None = None,
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
) -> Procurement:
    """Settle the batches of central procurement (集中带量采购) whose agreements end in a year.

    Parameters
    ----------
    purchases, agreed
        Purchases of institutions, and the quantities that they agreed on, with the columns of ``docs/procurement.md``.
    batches, items, scores, movements
        The bureau's batches (TOML), prices, scores of institutions, and advances paid and given back (CSV), as there.
    out, csv_encoding, intake, workers, memory, partitions, resume, overwrite, progress
        As in :func:`qingsuan.api.benefits.settle`.

    Returns
    -------
    Procurement
        The record and the tables: quantities, what of saved money is kept by scheme, ledgers of advances.

    Raises
    ------
    UsageError, InputError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a file of the bureau that cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"purchases": spool.parted(purchases, "purchases"), "agreed": spool.parted(agreed, "agreed")}
        scored, moved = (None if file is None else Path(file) for file in (scores, movements))
        bureau = read_bureau(Path(batches), Path(items), scored, moved, year)
        check_apart(place.path, TABLES, (*given["purchases"][0], *given["agreed"][0], *bureau.paths))
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(CentralProcurement(bureau), inputs, folder, options, Installed(()), progress)
        prove(place.path, record)
        run = Procurement(place)
        run.seconds = record.get("seconds", {})
        return run
