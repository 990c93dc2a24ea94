"""What the differences add up to: by rule and cause, by institution, by person; and that they are the difference of the two runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.benefits.results import merge_totals
from qingsuan.columns.cells import decimals, read_money
from qingsuan.differing.causes import CAUSES
from qingsuan.differing.fates import FATES
from qingsuan.differing.piece import Block
from qingsuan.differing.runs import Pair, Side
from qingsuan.errors import InputError, RunError
from qingsuan.money import yuan
from qingsuan.policy.model import FUNDS
from qingsuan.policy.numeric import PAYERS

__all__ = ["TOTALS", "Sums", "entries_of", "in_yuan", "people_of"]

Int64 = npt.NDArray[np.int64]

TOTALS = {
    "causes": ("pool", "insutype", "rule_id", "cause", "fund"),
    "institutions": ("pool", "insutype", "fixmedins_code", "fund"),
}
"""Totals by name: what they are by."""

_MOST_TOTAL = 1 << 62
_KEYS = ("psn_no", "insutype", "pool", "fixmedins_code", "rule_id")
_PEOPLE = ("psn_no", "insutype", "pool")
_SUMS = ("claims", "to_pay", "to_take_back")


def entries_of(block: Block) -> pa.Table:
    """What is to be booked for a block: a row for each claim, with what it is by and the difference of each fund in fen.

    A claim that is of another pool, scheme or institution now is booked twice: taken back there, and paid out here.
    """
    sides = [_keys(side, block) for side in (block.first, block.second)]
    moved = np.zeros(len(block), np.bool_)
    for name in ("insutype", "pool", "fixmedins_code"):
        unlike = pc.not_equal(sides[0].column(name), sides[1].column(name)).to_numpy(zero_copy_only=False)
        moved |= unlike.astype(np.bool_)
    moved &= (block.outcomes == 0).all(axis=0)
    cause = pa.array(CAUSES).take(pa.array(block.causes))
    paid, due = block.fen
    back = _booked(sides[0], cause, -paid).filter(pa.array(moved))
    here = _booked(sides[1], cause, np.where(moved, due, due - paid))
    return pa.concat_tables([back, here])


def _keys(side: pa.Table | None, block: Block) -> pa.Table:
    """What a claim is by in one run; where that run did not settle it, as the other one has it."""
    told = block.told if side is None else side
    columns = {}
    for name in _KEYS:
        column = pa.nulls(len(block), pa.string())
        for table in (told, block.second, block.first):
            if table is not None and name in table.schema.names:
                column = pc.coalesce(column, _text(table, name))
        columns[name] = pc.fill_null(column, "")
    return pa.table(columns)


def _text(table: pa.Table, name: str) -> pa.Array:
    found = table.column(name).cast(pa.string()).combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def _booked(keys: pa.Table, cause: pa.Array, fen: Int64) -> pa.Table:
    table = keys.append_column("cause", cause)
    for name, amounts in zip(PAYERS, fen, strict=True):
        table = table.append_column(name, pa.array(np.ascontiguousarray(amounts)))
    return table


def people_of(entries: pa.Table) -> pa.Table:
    """One row for each person, scheme and pool of a piece, in yuan: the difference of each fund, and what is to be paid and taken back.

    A person's whole row is of this piece. Account money is the person's own: it is in its column, and in neither sum.
    """
    funds = (
        np.stack([entries.column(name).to_numpy() for name in FUNDS])
        if entries.num_rows
        else np.zeros((len(FUNDS), 0), np.int64)
    )
    table = entries.select([*_PEOPLE, *PAYERS])
    table = table.append_column("claims", pa.array(np.ones(entries.num_rows, np.int64)))
    table = table.append_column("to_pay", pa.array(np.maximum(funds, 0).sum(axis=0)))
    table = table.append_column("to_take_back", pa.array(np.maximum(-funds, 0).sum(axis=0)))
    merged = merge_totals([table], _PEOPLE).select([*_PEOPLE, *_SUMS, *PAYERS])
    return in_yuan(merged.rename_columns([f"diff_{name}" if name in PAYERS else name for name in merged.schema.names]))


def in_yuan(table: pa.Table) -> pa.Table:
    """Sums in fen as decimal128(20, 2); numbers of claims stay numbers."""
    columns = {}
    for name in table.schema.names:
        column = table.column(name)
        is_amount = pa.types.is_int64(column.type) and name != "claims"
        columns[name] = decimals(column.to_numpy().astype(np.int64), 20) if is_amount else column
    return pa.table(columns)


class Sums:
    """What all pieces come to; given one piece after another."""

    def __init__(self) -> None:
        self.rows = 0
        self.causes: Counter[str] = Counter()
        self.fates: Counter[tuple[str, str]] = Counter()
        self.fen: Counter[str] = Counter()
        self._parts: dict[str, list[pa.Table]] = {name: [_empty(by)] for name, by in TOTALS.items()}

    def add(self, blocks: list[Block], entries: pa.Table) -> None:
        """Add a piece."""
        for block in blocks:
            self.rows += len(block)
            for number, cause in enumerate(CAUSES):
                self.causes[cause] += int((block.causes == number).sum())
            for before, after in {tuple(pair) for pair in block.outcomes.T.tolist() if pair[0] != pair[1]}:
                count = int(((block.outcomes[0] == before) & (block.outcomes[1] == after)).sum())
                self.fates[FATES[before], FATES[after]] += count
        for name in PAYERS:
            self.fen[name] += int(pc.sum(entries.column(name)).as_py() or 0)
        for name, by in TOTALS.items():
            self._parts[name] = [merge_totals([*self._parts[name], _by_fund(entries, by)], by)]

    def tables(self) -> dict[str, pa.Table]:
        """The totals by name, in yuan; funds without a difference have no row."""
        return {name: in_yuan(merge_totals(parts, TOTALS[name])) for name, parts in self._parts.items()}

    def by_cause(self) -> list[dict[str, Any]]:
        """Sums in fen by pool, scheme, fund and cause."""
        by = ("pool", "insutype", "fund", "cause")
        found: list[dict[str, Any]] = merge_totals([self._parts["causes"][0].drop_columns(["rule_id"])], by).to_pylist()
        return found

    def check(self, pair: Pair) -> dict[str, dict[str, str]]:
        """What each fund, and the account, paid in both runs and the difference in yuan, which is the sum of the differences.

        Raises
        ------
        RunError
            It is not.
        InputError
            The totals of a run cannot be read.
        """
        first, second = _paid(pair.first), _paid(pair.second)
        found = {}
        for name in PAYERS:
            if second[name] - first[name] != self.fen[name]:
                raise RunError(
                    f"{pair.first.path}, {pair.second.path}: {name}",
                    found=f"differences that add up to {yuan(self.fen[name])} yuan",
                    expected=f"{yuan(second[name])} - {yuan(first[name])} = {yuan(second[name] - first[name])}, by the totals of the runs",
                    do="see “qingsuan verify” for both folders; if they are whole, report this",
                )
            amounts = {"first": first[name], "second": second[name], "difference": self.fen[name]}
            found[name] = {what: yuan(fen) for what, fen in amounts.items()}
        return found


def _empty(by: tuple[str, ...]) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in by]
    return pa.schema([*fields, *(pa.field(name, pa.int64()) for name in _SUMS)]).empty_table()


def _by_fund(entries: pa.Table, by: tuple[str, ...]) -> pa.Table:
    """Entries as rows of each fund that differs."""
    parts = [_empty(by)]
    for fund in PAYERS:
        fen = entries.column(fund).to_numpy()
        some = np.flatnonzero(fen)
        if not len(some):
            continue
        rows = entries.select([name for name in by if name != "fund"]).take(pa.array(some))
        rows = rows.append_column("fund", pa.repeat(pa.scalar(fund), len(some)))
        sums = (np.ones(len(some), np.int64), np.maximum(fen[some], 0), np.maximum(-fen[some], 0))
        for name, values in zip(_SUMS, sums, strict=True):
            rows = rows.append_column(name, pa.array(values))
        parts.append(merge_totals([rows.select([*by, *_SUMS])], by))
    return pa.concat_tables(parts)


def _paid(side: Side) -> dict[str, int]:
    path = Path(side.path) / "totals/care.parquet"
    try:
        table = pq.read_table(path, columns=list(PAYERS))
        return {name: int(read_money(table.column(name), _MOST_TOTAL).values.sum()) for name in PAYERS}
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="the totals of a finished run",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error
