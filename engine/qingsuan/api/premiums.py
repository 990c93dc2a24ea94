"""Premiums held against what is due (个人缴费): ``qingsuan.premium``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingsuan.api.arguments import PathLike, check_how, folder_for, opened, options_of, texts
from qingsuan.finished import FinishedRun, Premium
from qingsuan.premiums.bureau import BureauTables
from qingsuan.premiums.rules import resolve
from qingsuan.premiums.settlement import TABLES, PremiumSettlement
from qingsuan.run.bounds import FIRST_YEAR, LAST_SUBSIDY_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.opening import open_carried
from qingsuan.run.setting_up import regions_at_hand
from qingsuan.run.settle import settle as run_settlement

__all__ = ["premium"]


def premium(
    insured: Given,
    identities: Given | None = None,
    premiums: Given | None = None,
    *,
    year: int,
    out: PathLike | None = None,
    carried: PathLike | Premium | None = None,
    standards: PathLike | None = None,
    must_insure: PathLike | None = None,
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
) -> Premium:
    """Hold the premiums of a year against what is due (个人缴费).

    Parameters
    ----------
    insured, identities, premiums
        The insured people, what they were, and the premiums received; likewise, and all other arguments, as in
        :func:`qingsuan.api.benefits.settle`.
    carried
        A finished run of an earlier year, or its folder, whose shortfalls are made up in this one (补缴).
    standards, must_insure
        The bureau's tables: CSV files, by their paths, as ``docs/premium.md`` has them.

    Returns
    -------
    Premium
        The record and the tables.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a table of the bureau that cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_SUBSIDY_YEAR)
    options = options_of(workers, memory, partitions)
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {
            "insured": spool.parted(insured, "insured"),
            "identities": spool.parted(identities, "identities", optional=True),
            "premiums": spool.parted(premiums, "premiums", optional=True),
        }
        installed = regions_at_hand(texts(require), allow=allow).installed
        tables = BureauTables.read(*(None if file is None else Path(file) for file in (standards, must_insure)))
        earlier = carried.path if isinstance(carried, FinishedRun) else None if carried is None else Path(carried)
        paths = [path for files, _ in given.values() for path in files]
        others = [*tables.paths, *([] if earlier is None else [earlier])]
        check_apart(place.path, TABLES, (*paths, *others))
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        broken = [f"{plugin.title} is refused: {plugin.problem}" for plugin in installed.broken]
        rules = resolve(installed.regions, year, tables, broken)
        titles = [plugin.title for plugin in installed.broken]
        settlement = PremiumSettlement(rules, tables, skip_unserved=skip_unserved, broken=titles)
        brought = () if earlier is None else open_carried(earlier, year, csv_encoding)
        inputs = opened(given, csv_encoding, {"shortfalls": brought}, intake)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Premium(place)
        run.seconds = record.get("seconds", {})
        return run
