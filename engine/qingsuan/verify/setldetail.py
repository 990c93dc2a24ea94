"""The table ``setldetail`` (基金分项) of a finished settlement, line by line and against the settled rows that it explains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.benefits.results import WAITING
from qingsuan.benefits.setldetail import SETLDETAIL
from qingsuan.columns.cells import read_money
from qingsuan.contents import content
from qingsuan.policy.model import PERSONAL_ACCOUNT
from qingsuan.policy.numeric import PAYERS
from qingsuan.verify.findings import Findings

__all__ = ["check_detail"]

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_IDS = ("psn_no", "setl_id")
_LINE = ("inscp_scp_amt", "act_pay_dedc", "fund_payamt")
_LIMIT = "crt_payb_lmt_amt"


def check_detail(folder: Path, record: Mapping[str, Any], findings: Findings) -> None:
    """Check every line, a partition at a time, where the run wrote some."""
    if SETLDETAIL not in record["rows"]:
        return
    lines = 0
    for number in range(int(record["partitions"])):
        part = f"part-{number:05d}.parquet"
        name = f"{SETLDETAIL}/{part}"
        try:
            settled = pq.read_table(folder / "settled" / part, columns=[*_IDS, "rule_id", *PAYERS], use_threads=False)
            lines += _check_part(name, pq.read_table(folder / name, use_threads=False), settled, findings)
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            findings.add(name, "it can be read", " ".join(str(error).split())[:200], f"a table “{SETLDETAIL}”")
    findings.same("run.json", f"rows of {SETLDETAIL}", record["rows"][SETLDETAIL], lines)


def _check_part(name: str, table: pa.Table, settled: pa.Table, findings: Findings) -> int:
    """Check the lines of a partition; gives how many there are."""
    claim = _claims(table, settled)
    fen = {column: _fen(table, column) for column in _LINE}
    known = pc.is_in(table.column("fund").cast(pa.string()), value_set=pa.array(PAYERS)).to_numpy()
    waiting = pc.equal(settled.column("rule_id").cast(pa.string()), WAITING).to_numpy()
    settled_one = claim >= 0
    checks: tuple[tuple[str, Mask, tuple[str, ...]], ...] = (
        ("a line is of a settled claim", ~settled_one, ()),
        ("lines lie in the order of settled claims", np.r_[False, claim[1:] < claim[:-1]][: len(claim)], ()),
        ("a line is of a fund, or of the account", ~known, ()),
        ("no layer runs in the waiting period", settled_one & waiting[claim] if len(waiting) else ~settled_one, ()),
        ("0 ≤ act_pay_dedc ≤ inscp_scp_amt", (fen["act_pay_dedc"] < 0) | (fen["act_pay_dedc"] > fen["inscp_scp_amt"]), _LINE[:2]),
        ("fund_payamt ≥ 0", fen["fund_payamt"] < 0, ("fund_payamt",)),
        ("crt_payb_lmt_amt ≥ 0", _fen(table, _LIMIT, may_be_absent=True) < 0, ()),
    )  # fmt: skip
    for check, wrong, shown in checks:
        findings.rows(name, 0, check, wrong, {column: fen[column] for column in shown})
    if (settled_one & known).all():
        _check_sums(name, table, fen["fund_payamt"], claim, settled, findings)
    return int(table.num_rows)


def _check_sums(name: str, table: pa.Table, paid: Int64, claim: Int64, settled: pa.Table, findings: Findings) -> None:
    """The lines of a claim and fund add up to what the fund pays for it; those of the account are not all that it pays."""
    fund = pc.index_in(table.column("fund").cast(pa.string()), value_set=pa.array(PAYERS)).to_numpy()
    sums = np.zeros((len(PAYERS), settled.num_rows), np.int64)
    np.add.at(sums, (fund, claim), paid)
    for number, one in enumerate(PAYERS):
        due = _fen(settled, one)
        wrong = sums[number] > due if one == PERSONAL_ACCOUNT else sums[number] != due
        for place in np.flatnonzero(wrong).tolist():
            who = f"setl_id {content(settled.column('setl_id')[place].as_py())}"
            found = f"{who}: {int(sums[number, place])} fen"
            findings.add(name, f"the lines of a claim add up to {one} of settled", found, f"{int(due[place])} fen")


def _claims(table: pa.Table, settled: pa.Table) -> Int64:
    """The settled row of each line; -1 where there is none."""
    keys = [pc.binary_join_element_wise(*(one.column(name) for name in _IDS), "\x00") for one in (table, settled)]
    found = pc.index_in(keys[0].combine_chunks(), value_set=keys[1].combine_chunks())
    places: Int64 = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _fen(table: pa.Table, column: str, *, may_be_absent: bool = False) -> Int64:
    """A column in fen.

    Raises
    ------
    ValueError
        A cell holds no amount.
    """
    cells = read_money(table.column(column))
    if (cells.absent.any() and not may_be_absent) or any(mask.any() for mask in cells.faults.values()):
        raise ValueError(f"column {column} has cells that hold no amount in yuan with two decimals")
    values: Int64 = cells.values
    return values
