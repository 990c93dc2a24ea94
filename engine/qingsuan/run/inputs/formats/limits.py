"""Limits of what a file may hold, so that a small one cannot stand for more than there is memory: the longest cell, the largest page.

A file of a few thousand bytes can say one text of a megabyte twenty thousand times, or pack a page of gigabytes. What exceeds a limit is
refused (exit status 3) by a message that names the limit and the variable that raises it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.alike import for_alike
from qingsuan.errors import InputError, UsageError
from qingsuan.run.inputs.formats.views import VIEWS

__all__ = ["CELL", "PAGE", "check_cells", "check_page", "is_too_long", "longest_cell", "may_be_large"]

CELL = "QINGSUAN_CELL_BYTES"
"""The environment variable that says how many bytes a text may have; 65,536 unless given, twice what a spreadsheet's cell holds."""

PAGE = "QINGSUAN_PAGE_BYTES"
"""How many bytes a page of a Parquet file may have, unpacked; 64 MiB unless given, where writers make pages of one."""

_USUAL = {CELL: 65_536, PAGE: 64 << 20}
_TEXTS = VIEWS | {kind.id for kind in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())}


def check_cells(path: Path, batch: pa.RecordBatch) -> None:
    """Check that no text of a batch is longer than the limit; where all texts of a column together are not, none is measured.

    Raises
    ------
    InputError
        One is.
    """
    limit = _limit(CELL)
    for at in _texts_of(batch.schema):
        column = batch.column(at)
        data = (column.dictionary if pa.types.is_dictionary(column.type) else column).buffers()[2]
        if data is not None and data.size > limit:
            longest_cell(path, batch)
            return


def longest_cell(path: Path, batch: pa.RecordBatch) -> int:
    """How long the longest text of a batch is, in bytes; of a column with a dictionary those of the dictionary count.

    Raises
    ------
    InputError
        It is longer than the limit.
    """
    limit, most = _limit(CELL), 0
    for at in _texts_of(batch.schema):
        name, column = batch.schema.names[at], batch.column(at)
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not len(values):
            continue
        longest = _longest_view(values) if values.type.id in VIEWS else pc.max(pc.binary_length(values)).as_py() or 0
        if longest > limit:
            raise InputError(
                f"{path}: column {name}",
                found=f"a cell of {longest:,} bytes",
                expected=f"at most {limit:,} bytes in a cell",
                do=f"write the extract without it; if such cells are right, set {CELL}={longest}",
            )
        most = max(most, longest)
    return most


def is_too_long(size_bytes: int) -> bool:
    """Whether a text of so many bytes is longer than the limit."""
    return size_bytes > _limit(CELL)


def may_be_large(size_bytes: int) -> bool:
    """Whether there may be a page beyond the limit in so many bytes, unpacked."""
    return size_bytes > _limit(PAGE)


def check_page(path: Path, column: str, size_bytes: int) -> None:
    """Check how large a page says that it is, unpacked.

    Raises
    ------
    InputError
        It is larger than the limit.
    """
    limit = _limit(PAGE)
    if size_bytes > limit:
        raise InputError(
            f"{path}: column {column}",
            found=f"a page of {size_bytes:,} bytes, unpacked",
            expected=f"pages of at most {limit:,} bytes: a page is held in memory whole",
            do=f"write the file again with smaller pages; if there is memory for them, set {PAGE}={size_bytes}",
        )


@for_alike
def _texts_of(schema: pa.Schema) -> tuple[int, ...]:
    """The places of columns of texts, those with a dictionary of texts among them."""
    kinds = (kind.value_type if pa.types.is_dictionary(kind) else kind for kind in schema.types)
    return tuple(at for at, kind in enumerate(kinds) if kind.id in _TEXTS)


def _longest_view(values: pa.Array) -> int:
    """The longest text that a view says it is of: many may be of one that the file holds once."""
    lengths = np.frombuffer(values.buffers()[1], np.int32)[::4][values.offset : values.offset + len(values)]
    return int(lengths[values.is_valid().to_numpy(zero_copy_only=False)].max(initial=0))


def _limit(name: str) -> int:
    said = os.environ.get(name) or str(_USUAL[name])
    if not said.isdecimal():
        raise UsageError(name, found=f"“{said}”", expected="a number of bytes", do=f"unset {name}, or give it a number")
    return int(said)
