"""Contracts with operators of critical illness insurance settled (大病保险承办): ``qingsuan.operator``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.api.arguments import PathLike, check_how, folder_for, opened, options_of
from qingsuan.api.earlier import place_of, table_of
from qingsuan.errors import InputError
from qingsuan.finished import Operators, Settlement
from qingsuan.money import fen_of_yuan
from qingsuan.operators.bureau import read_bureau
from qingsuan.operators.settlement import TABLES, OperatorContracts
from qingsuan.plugins import Installed
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.settle import settle as run_settlement

__all__ = ["operator"]


def operator(
    settled: Given | Settlement,
    *,
    year: int,
    contracts: PathLike,
    heads: PathLike,
    movements: PathLike | None = None,
    carried: PathLike | Operators | None = None,
    out: PathLike | None = None,
    csv_encoding: str = "utf8",
    intake: PathLike | None = None,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Operators:
    """Settle a pool's contracts with operators of critical illness insurance (大病保险承办合同).

    Parameters
    ----------
    settled
        A finished settlement of benefits of the year, its folder, or a table with the columns of its ``settled``.
    contracts, heads, movements
        The bureau's contracts (TOML), how many people each pool insures, and money that moved (CSV), as ``docs/operator.md`` has them.
    carried
        A finished run of the year before, or its folder, whose contracts carry something on.
    out, csv_encoding, intake, workers, memory, partitions, resume, overwrite, progress
        As in :func:`qingsuan.api.benefits.settle`.

    Returns
    -------
    Operators
        The record and the tables: premium - claims - costs = surplus - overrun, and whose they are.

    Raises
    ------
    UsageError, InputError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a contract or a table that cannot be trusted is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    claims = table_of(place_of(settled), "benefits", "settled", year)
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"settled": spool.parted(claims, "settled")}
        moved = None if movements is None else Path(movements)
        bureau = read_bureau(Path(contracts), Path(heads), moved, year, _carried(carried, year))
        others = [*bureau.paths, *([] if carried is None else [place_of(carried)])]
        check_apart(place.path, TABLES, (*given["settled"][0], *others))
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        settlement = OperatorContracts(bureau)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, Installed(()), progress)
        prove(place.path, record)
        run = Operators(place)
        run.seconds = record.get("seconds", {})
        return run


def _carried(given: PathLike | Operators | None, year: int) -> Mapping[str, int]:
    """What the year before carries on, by contract.

    Raises
    ------
    InputError
        It is no finished run of operators' contracts of that year.
    """
    if given is None:
        return {}
    place = table_of(place_of(given), "operator", "contracts", year - 1)
    try:
        rows = pq.read_table(place, columns=["contract", "carried_out"]).to_pylist()
        found = {str(row["contract"]): fen_of_yuan(str(row["carried_out"])) for row in rows}
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise InputError(
            str(given),
            found=f"no contracts that carry something on: {error}",
            expected=f"the folder of a finished “qingsuan operator” of {year - 1}",
            do="give the folder that --out of that run named",
        ) from error
    return {name: fen for name, fen in sorted(found.items()) if fen}
