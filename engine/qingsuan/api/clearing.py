"""What institutions are due for a year by their contracts (医疗机构清算): ``qingsuan.clear``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingsuan.api.arguments import PathLike, check_how, folder_for, is_nothing, opened, options_of, texts
from qingsuan.api.earlier import table_of
from qingsuan.clearing.contracts.bureau import read_bureau
from qingsuan.clearing.settlement import TABLES, ContractClearing, contracts_table
from qingsuan.finished import Clearing, FinishedRun, Settlement
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.setting_up import regions_at_hand
from qingsuan.run.settle import settle as run_settlement

__all__ = ["clear"]


def clear(
    settled: Given | Settlement,
    *,
    year: int,
    contracts: PathLike,
    cases: Given | None = None,
    out: PathLike | None = None,
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
) -> Clearing:
    """Clear a year with the institutions (医疗机构清算).

    Parameters
    ----------
    settled
        A finished settlement of benefits of the year, its folder, or a table with the columns of its ``settled``.
    contracts
        The folder of the bureau's contracts, as ``docs/clearing.md`` has it.
    cases
        What cases of contracts that go by cases are: a table ``setl_id, pool, insutype, group, days``; likewise, and all other
        arguments, as in :func:`qingsuan.api.benefits.settle`.

    Returns
    -------
    Clearing
        The record and the tables.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a file of the contracts that cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    place_of = settled.path if isinstance(settled, FinishedRun) else settled
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"settled": spool.parted(table_of(place_of, "benefits", "settled", year), "settled")}
        if not is_nothing(cases):
            given["cases"] = spool.parted(cases, "cases")
        regions = regions_at_hand(texts(require), allow=allow)
        installed, ways = regions.installed, [rule for one in regions.rules.values() for rule in one.ways]
        bureau = read_bureau(Path(contracts), year)
        given["contracts"] = spool.parted(contracts_table(bureau), "contracts")
        check_apart(place.path, TABLES, [*bureau.paths, *(each for files, _ in given.values() for each in files)])
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        settlement = ContractClearing(bureau, installed.regions, ways, skip_unserved=skip_unserved)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Clearing(place)
        run.seconds = record.get("seconds", {})
        return run
