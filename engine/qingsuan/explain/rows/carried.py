"""Accounts that an earlier run left (``--opening``), of one person: with them the person's year goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.benefits.reference.rows import Account, AccountKey
from qingsuan.benefits.reference.steps import Counters
from qingsuan.errors import InputError, UsageError
from qingsuan.explain.document import CarriedIn, CounterMove
from qingsuan.explain.rows.counters import counters_of
from qingsuan.report.summary import read_record
from qingsuan.run.inputs import digest_of
from qingsuan.run.opening import FOLDER
from qingsuan.run.prepared.bounds import placed

__all__ = ["Carried", "carried_into"]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a person brings along: as the twin takes it, and as the document tells it."""

    accounts: Mapping[AccountKey, Account] = field(default_factory=dict)
    told: tuple[CarriedIn, ...] = ()


def carried_into(record: Mapping[str, Any], folder: Path, opening: Path | None, psn_no: str) -> Carried:
    """Read the accounts of a person, where the run went on with some.

    Raises
    ------
    UsageError
        It did, and ``opening`` does not say with which.
    InputError
        The folder is not that of the earlier run.
    """
    wanted = {one["sha256"] for one in record["inputs"].get("opening", ())}
    if not wanted:
        return Carried()
    if opening is None:
        raise UsageError(
            str(folder),
            found="a run that went on with the accumulators of an earlier one",
            expected="its folder: --opening FOLDER",
            do="give the folder that was given to settle",
        )
    part = f"{FOLDER}/part-{placed(psn_no, int(read_record(opening)['partitions']))[0]:05d}.parquet"
    path = opening / part
    if not path.is_file() or digest_of(path) not in wanted:
        raise InputError(
            str(path),
            found="it is gone" if not path.is_file() else "its SHA-256 is none of those that the run went on with",
            expected=f"the accumulators that {folder} names in run.json, inputs, opening",
            do="give the folder of the earlier run as it was",
        )
    try:
        rows = pq.read_table(path, filters=[("psn_no", "=", psn_no)], use_threads=False).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            str(path), found=f"cannot be read: {error}", expected="accumulators as they were written"
        ) from error
    return _carried(rows)


def _carried(rows: list[dict[str, Any]]) -> Carried:
    accounts: dict[AccountKey, Account] = {}
    moves: dict[AccountKey, list[CounterMove]] = {}
    for row in rows:
        whose = row["psn_no"], row["insutype"], row["pool"]
        account, told = accounts.setdefault(whose, Account()), moves.setdefault(whose, [])
        if row["group"] is None:
            account.balance = _fen(row["balc"])
            continue
        key = row.get("key") or ""
        amounts = (_fen(row[name]) for name in ("deductible_used", "base", "excess", "paid"))
        counters = Counters(int(row["visits"]), *amounts)
        counters.carried = _fen(row.get("carried") or Decimal(0))
        account.groups[(row["group"], row["period"], key) if key else (row["group"], row["period"])] = counters
        told.append(CounterMove(row["group"], row["period"], key, counters_of(counters), counters_of(counters)))
    return Carried(
        accounts,
        tuple(
            CarriedIn(scheme, pool, account.balance or 0, tuple(moves[_, scheme, pool]))
            for (_, scheme, pool), account in accounts.items()
        ),
    )


def _fen(yuan: Any) -> int:
    return int(yuan.scaleb(2))
