"""What institutions are due for a year by their contracts (医疗机构清算): ``qingsuan.clear``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.api.arguments import PathLike, check_how, folder_for, is_nothing, opened, options_of, texts
from qingsuan.api.earlier import place_of, table_of
from qingsuan.clearing.contracts.bureau import read_bureau
from qingsuan.clearing.contracts.procured import Procured
from qingsuan.clearing.settlement import TABLES, ContractClearing, contracts_table
from qingsuan.errors import InputError
from qingsuan.finished import Clearing, Procurement, Settlement
from qingsuan.listing import files_in
from qingsuan.money import fen_of_yuan
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RECORD, RunFolder, is_file
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool, digest_of
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
    procurement: PathLike | Procurement | None = None,
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
    procurement
        A finished run of procurement of the year, or its folder: what institutions keep is cleared with the contracts that say so.

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
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"settled": spool.parted(table_of(place_of(settled), "benefits", "settled", year), "settled")}
        if not is_nothing(cases):
            given["cases"] = spool.parted(cases, "cases")
        regions = regions_at_hand(texts(require), allow=allow)
        installed, ways = regions.installed, [rule for one in regions.rules.values() for rule in one.ways]
        procured = Procured() if procurement is None else _procured(Path(place_of(procurement)), year)
        bureau = read_bureau(Path(contracts), year, procured)
        given["contracts"] = spool.parted(contracts_table(bureau), "contracts")
        check_apart(
            place.path,
            TABLES,
            [*bureau.paths, *_folders(procurement), *(each for files, _ in given.values() for each in files)],
        )
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        settlement = ContractClearing(bureau, installed.regions, ways, skip_unserved=skip_unserved)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Clearing(place)
        run.seconds = record.get("seconds", {})
        return run


def _folders(procurement: PathLike | Procurement | None) -> list[Path]:
    return [] if procurement is None else [Path(place_of(procurement))]


def _procured(folder: Path, year: int) -> Procured:
    """What institutions keep by a finished run of procurement, by institution and scheme.

    Raises
    ------
    InputError
        It is no finished run of procurement of that year.
    """
    table = Path(table_of(folder, "procurement", "kept", year))
    if not is_file(folder / RECORD):
        raise _not_procurement(folder, year, f"no {RECORD}")
    kept = Counter[tuple[str, str]]()
    try:
        for path in files_in(table):
            for row in pq.read_table(path, columns=["fixmedins_code", "insutype", "kept"]).to_pylist():
                kept[row["fixmedins_code"], row["insutype"]] += fen_of_yuan(str(row["kept"]))
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise _not_procurement(folder, year, f"nothing that institutions keep: {error}") from error
    return Procured(digest_of(folder / RECORD), dict(sorted(kept.items())))


def _not_procurement(folder: Path, year: int, found: str) -> InputError:
    return InputError(
        str(folder),
        found=found,
        expected=f"the folder of a finished “qingsuan procurement” of {year}",
        do="give the folder that --out of that run named",
    )
