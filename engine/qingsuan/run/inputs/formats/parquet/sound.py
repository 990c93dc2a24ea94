"""What PyArrow decoded of a Parquet file, checked: it believes of a page what nobody made sure of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from qingsuan import _sound
from qingsuan.columns.rows import has_its_digits

__all__ = ["check_sound", "check_table_sound"]


def check_sound(batch: pa.RecordBatch) -> None:
    """Check every column of a batch; those that are seen to be in order at little cost are not looked at twice.

    Raises
    ------
    ArrowInvalid
        A text is no UTF-8, a number is none of its dictionary, a decimal has more digits than its type.
    """
    for at in _sound.unsound(*batch.__arrow_c_array__()):
        _validate(batch.column(at))


def check_table_sound(table: pa.Table) -> None:
    """Check every column of many small batches that PyArrow decoded, as :func:`check_sound` does of each of them.

    Raises
    ------
    ArrowInvalid
        As :func:`check_sound`.
    """
    for at in _sound.unsound_among(table.__arrow_c_stream__()):
        for chunk in table.column(at).chunks:
            _validate(chunk)


def _validate(column: pa.Array) -> None:
    """Check what PyArrow believes of a page, in full but for what its own decoder makes sure of.

    Offsets of texts are the decoder's, so that bytes which are all ASCII are whole texts however they are cut; numbers of a
    dictionary are in order when the largest is, read as one without a sign.

    Raises
    ------
    ArrowInvalid
        A text is no UTF-8, a number is none of its dictionary, a decimal has more digits than its type.
    """
    if pa.types.is_dictionary(column.type):
        column.dictionary.validate(full=True)
        indices = column.indices
        if indices.type != pa.int32() or not _are_below(indices, len(column.dictionary)):
            column.validate(full=True)
    elif not _is_good(column):
        column.validate(full=True)


def _is_good(column: pa.Array) -> bool:
    """Whether a column is seen to be in order at little cost; of others that is not said."""
    if pa.types.is_string(column.type):
        return _is_ascii(column)
    return pa.types.is_decimal128(column.type) and has_its_digits(column)


def _are_below(numbers: pa.Array, end: int) -> bool:
    """Whether numbers of 32 bits are all from 0 to ``end`` without it, what stands in the place of nulls too."""
    words = np.frombuffer(numbers.buffers()[1], np.uint32)[numbers.offset : numbers.offset + len(numbers)]
    return not len(words) or int(words.max()) < end


def _is_ascii(column: pa.Array) -> bool:
    data = column.buffers()[2]
    return data is None or not len(data) or int(np.frombuffer(data, np.uint8).max()) < 0x80
