"""The rows of whole lines of books: vouchers that stand twice, refunds held against what they take back, and sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import decimals
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import numbers
from qingsuan.money import yuan
from qingsuan.settlement import Settled

__all__ = ["SUMS", "settle_lines"]

SUMS = ("fund", "admdvs", "line", "basis", "origin")
"""What amounts are added up by; ``origin`` is ``entries`` or ``settle``."""

_ORDER = ("fund", "admdvs", "line", "basis", "day", "voucher", "takes_back", "fen", "file", "row")
_LINE = ("fund", "admdvs", "line", "basis")


def settle_lines(entries: pa.Table, claims: pa.Table) -> Settled:
    """Settle the rows of a partition.

    A voucher counts once on a line of a book: the first by day. A refund takes back a voucher of the same line that counts, and all
    refunds of it together no more than its amount.
    """
    rows = entries.sort_by([(name, "ascending") for name in _ORDER]).combine_chunks()
    refusals = Refusals(numbers(rows["file"]).astype(np.int32), numbers(rows["row"]).astype(np.int64))
    told = pc.binary_join_element_wise(*(rows[name] for name in (*_LINE, "voucher")), " ").combine_chunks()
    first = _first_places(told)
    again = first != np.arange(len(rows))
    refusals.add(
        again, "E_DUPLICATE", "voucher", rows["voucher"].combine_chunks(), "each voucher once on a line of a book"
    )
    _refunds(rows, told, first, refusals)
    good = pa.array(~refusals.refused)
    accepted = rows.filter(good)
    counts = {
        "accepted": accepted.num_rows,
        "accepted_fen": int(numbers(accepted["fen"]).sum()) if len(accepted) else 0,
    }
    return Settled(
        {"entries": _told(accepted)},
        counts,
        {"sums": pa.concat_tables([_sums(accepted), _of_claims(claims)])},
        refusals.table(),
    )


def _first_places(told: pa.Array) -> npt.NDArray[np.int64]:
    """For each row, where the first row of the same voucher of the same line stands."""
    encoded = told.dictionary_encode()
    indices = numbers(encoded.indices)
    where = np.full(len(encoded.dictionary), len(told), np.int64)
    np.minimum.at(where, indices, np.arange(len(told)))
    found: npt.NDArray[np.int64] = where[indices]
    return found


@dataclass(slots=True)
class _Left:
    """What of a voucher is not taken back yet."""

    fen: int


def _refunds(rows: pa.Table, told: pa.Array, first: npt.NDArray[np.int64], refusals: Refusals) -> None:
    """Refuse refunds of what is not there, and of more than is left; one after the other, by day."""
    is_refund = pc.not_equal(rows["takes_back"], "").combine_chunks()
    places = np.flatnonzero(is_refund.to_numpy(zero_copy_only=False) & ~refusals.refused)
    if not len(places):
        return
    meant = pc.binary_join_element_wise(*(rows[name] for name in (*_LINE, "takes_back")), " ").combine_chunks()
    where = pc.index_in(meant.take(pa.array(places)), told)
    left: dict[int, _Left] = {}
    for place, found in zip(places.tolist(), where.to_pylist(), strict=True):
        for code, said, expected in _faults(rows, int(first[found]) if found is not None else None, place, left):
            mask = np.zeros(len(rows), np.bool_)
            mask[place] = True
            refusals.add(mask, code, "takes_back", said, expected)


def _faults(rows: pa.Table, original: int | None, place: int, left: dict[int, _Left]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a refund; what it takes back is booked where nothing is."""
    named = rows["takes_back"][place].as_py()
    if original is None or rows["takes_back"][original].as_py():
        found = f'"{named}", which is a refund itself' if original is not None else f'"{named}": no such voucher'
        yield "E_REVERSAL_ORPHAN", found, "a voucher of the same fund, place, line and basis that counts"
        return
    fen = -int(rows["fen"][place].as_py())
    mine = left.setdefault(original, _Left(int(rows["fen"][original].as_py())))
    if fen > mine.fen:
        yield "E_REVERSAL_MISMATCH", f'{yuan(fen)} of "{named}"', f"at most {yuan(mine.fen)}, which is left of it"
        return
    mine.fen -= fen


def _told(rows: pa.Table) -> pa.Table:
    """Accepted entries as they are written."""
    days = rows["day"].combine_chunks().cast(pa.date32())
    fen = decimals(numbers(rows["fen"]).astype(np.int64), 20)
    back = pc.if_else(pc.equal(rows["takes_back"], ""), None, rows["takes_back"])
    names = ["fund", "insu_admdvs", "line", "basis", "date", "amount", "voucher", "takes_back"]
    columns = [rows["fund"], rows["admdvs"], rows["line"], rows["basis"], days, fen, rows["voucher"], back]
    return pa.table(columns, names=names)


def _sums(rows: pa.Table) -> pa.Table:
    origin = pa.repeat("entries", len(rows))
    return _added(rows.select([*_LINE, "fen"]).append_column("origin", origin))


def _of_claims(rows: pa.Table) -> pa.Table:
    """What funds owe for settled claims: due, not paid."""
    due, origin = pa.repeat("due", len(rows)), pa.repeat("settle", len(rows))
    return _added(rows.drop_columns(["book_line"]).append_column("basis", due).append_column("origin", origin))


def _added(rows: pa.Table) -> pa.Table:
    added = rows.group_by(list(SUMS), use_threads=False).aggregate([("fen", "sum")])
    return added.rename_columns([*SUMS, "fen"]).sort_by([(name, "ascending") for name in SUMS])
