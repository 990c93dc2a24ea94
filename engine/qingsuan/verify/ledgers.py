"""The rows of finished personal accounts (个人账户), checked without their inputs: ledgers, uses, balances, totals and the record.

A part of the ledger and the part of uses of the same number are of the same accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.contents import content
from qingsuan.money import fen_of_yuan
from qingsuan.run.folder import RECORD
from qingsuan.verify.findings import Findings

__all__ = ["NEEDED", "CheckedLedgers", "check_ledgers"]

NEEDED = ("year", "partitions", "inputs", "rows", "accounts", "people", "amounts", "identities", "refused_uses")
"""What the record of personal accounts has to hold so that its rows can be checked."""

_MONTHS = 12
_FLOWS = ("interest", "withheld", "own_uses", "family_uses", "transfers")
_AMOUNTS = ("opening", "credit", *_FLOWS, "closing")
_TRANSFERS = ("moving", "death")

Amounts = dict[str, npt.NDArray[np.int64]]


@dataclass(slots=True)
class CheckedLedgers:
    """What was looked at: accounts, and uses, the refused ones too."""

    accounts: int = 0
    uses: int = 0
    refused: int = 0


def check_ledgers(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedLedgers:
    """Check every account and every use of a run folder.

    Raises
    ------
    Exception
        Of what reading damaged files raises; :func:`qingsuan.verify.findings.checking` makes findings of it.
    """
    found, sums = CheckedLedgers(), dict[str, dict[str, int]]()
    for number in range(int(record["partitions"])):
        part = f"part-{number:05d}.parquet"
        ledger, balances, uses = (pq.read_table(folder / name / part) for name in ("ledger", "balances", "uses"))
        amounts = {name: _fen(ledger[name]) for name in _AMOUNTS}
        found.accounts += len(balances)
        found.uses += len(uses)
        found.refused += len(uses) - uses["code"].null_count
        _check_ledger(f"ledger/{part}", ledger, amounts, int(record["year"]), findings)
        _check_balances(f"balances/{part}", ledger, balances, amounts, findings)
        _check_uses(f"uses/{part}", uses, findings)
        _check_together(f"uses/{part}", ledger, uses, amounts, findings)
        _add_up(sums, ledger, amounts)
    _check_sums(folder, record, sums, findings)
    findings.same(RECORD, "accounts are those of the ledger", record["accounts"], found.accounts)
    codes = sum(int(one["uses"]) for one in record["refused_uses"].values())
    findings.same(RECORD, "refused uses are those of uses", codes, found.refused)
    return found


def _fen(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Yuan as fen; absent amounts as 0."""
    hundredth = pc.multiply_checked(column.cast(pa.decimal128(28, 2)), pa.scalar(100, pa.decimal128(3, 0)))
    fen: npt.NDArray[np.int64] = pc.fill_null(hundredth.cast(pa.int64()), 0).to_numpy()
    return fen


def _check_ledger(file: str, ledger: pa.Table, amounts: Amounts, year: int, findings: Findings) -> None:
    out = sum((amounts[name] for name in _FLOWS[1:]), np.zeros(len(ledger), np.int64))
    closing = amounts["opening"] + amounts["credit"] + amounts["interest"] - out
    findings.rows(file, 0, "opening + credit + interest - uses = closing", closing != amounts["closing"], amounts)
    findings.rows(file, 0, "no balance is below zero", amounts["closing"] < 0, {"closing": amounts["closing"]})
    months = [f"{year}-{month:02d}" for month in range(1, _MONTHS + 1)]
    told = ledger["month"].cast(pa.string()).to_pylist() if len(ledger) <= _MONTHS else None
    if len(ledger) % _MONTHS or (told is not None and told != months[: len(told)]):
        findings.add(file, "each account has its twelve months", f"{len(ledger)} rows", "twelve for each account")
        return
    expected = pa.chunked_array([pa.array(months * (len(ledger) // _MONTHS), pa.string())])
    wrong = pc.not_equal(ledger["month"].cast(pa.string()), expected).to_numpy()
    findings.rows(file, 0, "each account has its twelve months in order", wrong, {})
    goes_on = np.zeros(len(ledger), np.bool_)
    goes_on[1:] = amounts["opening"][1:] != amounts["closing"][:-1]
    goes_on[::_MONTHS] = False
    findings.rows(
        file, 0, "a month opens with what the one before it closed with", goes_on, {"opening": amounts["opening"]}
    )


def _check_balances(file: str, ledger: pa.Table, balances: pa.Table, amounts: Amounts, findings: Findings) -> None:
    last = np.arange(_MONTHS - 1, len(ledger), _MONTHS)
    if len(balances) != len(last):
        findings.add(file, "one row for each account of the ledger", len(balances), len(last))
        return
    december = ledger.take(pa.array(last))
    for name in ("psn_no", "pool"):
        wrong = pc.not_equal(december[name].cast(pa.string()), balances[name].cast(pa.string())).to_numpy()
        findings.rows(file, 0, f"its {name} is that of the ledger", wrong, {})
    balance = _fen(balances["balc"])
    findings.rows(file, 0, "balc = closing of December", balance != amounts["closing"][last], {"balc": balance})


def _check_uses(file: str, uses: pa.Table, findings: Findings) -> None:
    paid, amount, balance = (_fen(uses[name]) for name in ("paid", "amount", "balc"))
    refused = pc.is_valid(uses["code"]).to_numpy()
    findings.rows(file, 0, "what is refused pays nothing", refused & (paid != 0), {"paid": paid})
    wrong = ~refused & ((paid == 0) | (np.abs(paid) > np.abs(amount)) | (np.sign(paid) != np.sign(amount)))
    findings.rows(
        file, 0, "what is accepted is paid, and no more than its amount", wrong, {"paid": paid, "amount": amount}
    )
    findings.rows(file, 0, "no balance is below zero", balance < 0, {"balc": balance})


def _check_together(file: str, ledger: pa.Table, uses: pa.Table, amounts: Amounts, findings: Findings) -> None:
    """Hold the ledger's uses against those that were paid, by account and month."""
    accepted = uses.filter(pc.is_null(uses["code"]))
    transfer = pc.is_in(accepted["use"].cast(pa.string()), value_set=pa.array(_TRANSFERS))
    own = pc.equal(accepted["psn_no"], accepted["payer_psn_no"])
    column = pc.if_else(transfer, "transfers", pc.if_else(own, "own_uses", "family_uses"))
    keys = {
        "psn_no": accepted["payer_psn_no"],
        "pool": accepted["pool"].cast(pa.string()),
        "month": pc.strftime(accepted["date"], "%Y-%m"),
    }
    for name in ("own_uses", "family_uses", "transfers"):
        mine = pa.table({**keys, "paid": pa.array(_fen(accepted["paid"]))}).filter(pc.equal(column, name))
        paid = mine.group_by(list(keys)).aggregate([("paid", "sum")])
        booked = pa.table(
            {**{key: ledger[key].cast(pa.string()) for key in keys}, "booked": pa.array(amounts[name])}
        ).filter(pa.array(amounts[name] != 0))
        joined = booked.join(paid.filter(pc.not_equal(paid["paid_sum"], 0)), list(keys), join_type="full outer")
        wrong = joined.filter(pc.not_equal(pc.fill_null(joined["booked"], 0), pc.fill_null(joined["paid_sum"], 0)))
        for row in wrong.sort_by([(key, "ascending") for key in keys]).to_pylist():
            paid_sum, booked_sum = row["paid_sum"] or 0, row["booked"] or 0
            found = f"psn_no {content(row['psn_no'])}, {row['pool']}, {row['month']}: {paid_sum} (fen)"
            findings.add(file, f"{name} of the ledger", found, f"{booked_sum} (fen)")


def _add_up(sums: dict[str, dict[str, int]], ledger: pa.Table, amounts: Amounts) -> None:
    """Add an account's months up by pool, as ``totals/pools`` has them."""
    how, months = ledger["credited_as"].cast(pa.string()), np.arange(len(ledger)) % _MONTHS
    pools = ledger["pool"].cast(pa.string())
    for pool in pc.unique(pools).to_pylist():
        mine = pc.equal(pools, pool).to_numpy()
        one = sums.setdefault(pool, {})
        parts = {
            "accounts": mine & (months == 0),
            "opening": mine & (months == 0),
            "credit_in_service": mine & pc.equal(how, "in-service").to_numpy(),
            "credit_retired": mine & pc.equal(how, "retired").to_numpy(),
            **dict.fromkeys(_FLOWS, mine),
            "closing": mine & (months == _MONTHS - 1),
        }
        for name, rows in parts.items():
            column = amounts.get("credit" if name.startswith("credit") else name)
            added = int(rows.sum()) if column is None else int(column[rows].sum())
            one[name] = one.get(name, 0) + added


def _check_sums(
    folder: Path, record: Mapping[str, Any], sums: Mapping[str, Mapping[str, int]], findings: Findings
) -> None:
    """Hold totals and the record against the ledger, and both sides of each identity against each other."""
    file = "totals/pools.parquet"
    findings.same(file, "sums of the ledger by pool", _told(pq.read_table(folder / file).to_pylist()), sums)
    findings.same(RECORD, "sums of the ledger by pool", _told(record["amounts"]), sums)
    for one in record["identities"]:
        findings.same(RECORD, one["identity"], one["one"], one["other"])


def _told(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        row["pool"]: {
            name: int(value) if name == "accounts" else fen_of_yuan(str(value))
            for name, value in row.items()
            if name != "pool"
        }
        for row in rows
    }
