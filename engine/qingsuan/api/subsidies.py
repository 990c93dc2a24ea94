"""Heads counted and their subsidy split (财政补助): ``qingsuan.subsidy``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from qingsuan.api.arguments import PathLike, check_how, folder_for, opened, options_of, texts
from qingsuan.errors import UsageError
from qingsuan.finished import Subsidy
from qingsuan.run.bounds import FIRST_YEAR, LAST_SUBSIDY_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.setting_up import regions_at_hand
from qingsuan.run.settle import settle as run_settlement
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import resolve
from qingsuan.subsidies.receipts.reading import Money, read_money_tables
from qingsuan.subsidies.settlement import TABLES, Subsidies

__all__ = ["subsidy"]


def subsidy(
    insured: Given,
    *,
    year: int,
    out: PathLike | None = None,
    classes: PathLike | None = None,
    standards: PathLike | None = None,
    local_split: PathLike | None = None,
    receipts: PathLike | None = None,
    as_of: dt.date | None = None,
    budgets: PathLike | None = None,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    skip_unserved: bool = False,
    csv_encoding: str = "utf8",
    intake: PathLike | None = None,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Subsidy:
    """Count the insured of a year and split the subsidy for them (财政补助).

    Parameters
    ----------
    insured
        The insured people; likewise, and all other arguments, as in :func:`qingsuan.api.benefits.settle`.
    classes, standards, local_split
        The bureau's tables: CSV files, by their paths, as ``docs/subsidy.md`` has them.

    receipts, as_of, budgets
        Money that has arrived (到位), the day up to which it counts, and what was budgeted: CSV files likewise, as ``docs/receipts.md``
        has them.

    Returns
    -------
    Subsidy
        The record and the tables.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a table of the bureau that is needed or cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_SUBSIDY_YEAR)
    options = options_of(workers, memory, partitions)
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"insured": spool.parted(insured, "insured")}
        installed = regions_at_hand(texts(require), allow=allow).installed
        tables = BureauTables.read(
            *(None if file is None else Path(file) for file in (classes, standards, local_split))
        )
        money = _money(receipts, as_of, budgets)
        paths = (*tables.paths, *(() if money is None else money.paths))
        check_apart(place.path, TABLES, (*given["insured"][0], *paths))
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        broken = [f"{plugin.title} is refused: {plugin.problem}" for plugin in installed.broken]
        funding = resolve(installed.regions, year, tables, broken)
        titles = [plugin.title for plugin in installed.broken]
        settlement = Subsidies(funding, tables, skip_unserved=skip_unserved, broken=titles, money=money)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Subsidy(place)
        run.seconds = record.get("seconds", {})
        return run


def _money(receipts: PathLike | None, as_of: dt.date | None, budgets: PathLike | None) -> Money | None:
    """The tables of money that has arrived; None where they are not asked for.

    Raises
    ------
    UsageError
        Receipts without a day, or a day or budgets without receipts.
    """
    if receipts is None and as_of is None and budgets is None:
        return None
    if receipts is None or as_of is None:
        missing = "--as-of" if receipts is not None else "--receipts"
        raise UsageError(missing, found="not given", expected="receipts and the day up to which they count, together")
    return read_money_tables(Path(receipts), as_of, None if budgets is None else Path(budgets))
