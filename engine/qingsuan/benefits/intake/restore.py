"""A claim's row as it came, made again from internal columns: few rows are rejected late, and files are long.

Internal columns hold all of a row that came in the types of the national interface, but for one thing: whether a cell was
null. ``blank`` says that, a bit for each column of :data:`qingsuan.tables.CLAIMS` that may be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE
from qingsuan.benefits.setup import CLAIM_CODES
from qingsuan.columns.alike import for_alike
from qingsuan.columns.cells import Cells, decimals
from qingsuan.columns.rows import Taker, arrow
from qingsuan.tables import CLAIMS, Column

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns

__all__ = ["LOST", "blanks", "is_blank", "is_restorable", "restored"]

LOST = -1
"""``blank`` of a row that cannot be made again: one of its texts is there, and empty."""

_FLAGS = {
    "refd_setl_flag": ("role", ROLE["reversal"] | ROLE["marked"]),
    "refl_flag": ("referral", 1),
    "er_flag": ("referral", 2),
    "acct_used_flag": ("acct_used", 1),
    "mid_setl_flag": ("mid_setl", 1),
}
_MAY_BE_ABSENT = tuple(column for column in CLAIMS if not column.must)
_BITS = {column.name: bit for bit, column in enumerate(_MAY_BE_ABSENT)}
assert len(_BITS) < 31, "blank is an int32, and -1 means something else"
_TYPES = {"date": pa.date32(), "time": pa.timestamp("us"), "money": pa.decimal128(16, 2)}
_FLAG_TEXTS = pa.array(["0", "1"], pa.string())


@for_alike
def is_restorable(schema: pa.Schema) -> bool:
    """Whether a file's claims can be made again: it has no other columns, and each in the interface's own type."""
    kinds = {column.name: column.kind for column in CLAIMS}
    return all(field.name in kinds and _is_own_type(kinds[field.name], field.type) for field in schema)


def _is_own_type(kind: str, given: pa.DataType) -> bool:
    if kind == "money":
        return bool(pa.types.is_decimal128(given) and given.scale == 2)
    if kind in _TYPES:
        return bool(given == _TYPES[kind])
    return bool(pa.types.is_string(given.value_type if pa.types.is_dictionary(given) else given))


def blanks(batch: pa.RecordBatch, cells: dict[str, Cells | None]) -> npt.NDArray[np.int32]:
    """``blank`` of each row of a batch of claims, from its cells as they were read."""
    found = np.zeros(batch.num_rows, np.int32)
    lost = np.zeros(batch.num_rows, np.bool_)
    everywhere = 0
    for place, column in enumerate(_MAY_BE_ABSENT):
        read = cells[column.name]
        if read is None or batch.column(column.name).null_count == batch.num_rows:
            everywhere |= 1 << place
        elif read.absent.any():
            given = batch.column(column.name)
            found |= read.absent.astype(np.int32) << np.int32(place)
            if int(read.absent.sum()) != given.null_count:
                lost |= read.absent & ~given.is_null().to_numpy(zero_copy_only=False)
    found |= np.int32(everywhere)
    found[lost] = LOST
    return found


def is_blank(blank: int, column: str) -> bool:
    """Whether a row's cell of a column was null; what of a row is lost (:data:`LOST`) is not known to be."""
    return blank != LOST and column in _BITS and bool(blank >> _BITS[column] & 1)


def restored(columns: Columns, rows: npt.NDArray[np.int32]) -> pa.RecordBatch:
    """Rows of a partition as they came, every column of the interface, and ``blank``."""
    taker = Taker(rows, len(columns))
    blank = taker.numbers(columns.raw("blank"))
    arrays = []
    for column in CLAIMS:
        bit = _BITS.get(column.name)
        null = np.zeros(len(rows), np.bool_) if bit is None else (blank >> bit & 1).astype(np.bool_)
        arrays.append(_column(columns, taker, column, null))
    names = [*(column.name for column in CLAIMS), "blank"]
    return pa.RecordBatch.from_arrays([*arrays, arrow(blank)], names=names)


def _column(columns: Columns, taker: Taker, column: Column, null: npt.NDArray[np.bool_]) -> pa.Array:
    kind = _TYPES.get(column.kind, pa.string())
    if null.all():
        return pa.nulls(len(null), kind)
    values = _values(columns, taker, column, null)
    return pc.if_else(pa.array(null), pa.scalar(None, kind), values) if null.any() else values


def _values(columns: Columns, taker: Taker, column: Column, null: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of the interface; where a cell is null any value will do."""
    name = column.name
    if name in CLAIM_CODES:
        return columns.setup.vocabularies[name].decode(taker.numbers(columns.code(name))).cast(pa.string())
    if name == "vali_flag":  # void rows never come this far
        return pa.repeat(pa.scalar("1"), len(null))
    if column.kind == "flag":
        internal, bits = _FLAGS[name]
        return _FLAG_TEXTS.take(arrow(((taker.numbers(columns.raw(internal)) & bits) != 0).astype(np.int8)))
    if column.kind == "text":
        return taker.texts(columns.texts(name))
    values = taker.numbers(columns.raw(name))
    if column.kind == "money":
        return decimals(np.where(null, 0, values)).cast(_TYPES["money"])
    return arrow(values, _TYPES[column.kind])
