"""Dictionaries less the values that no row of a batch has: a file may say millions of them, and each one would be looked at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from qingsuan.columns.alike import for_alike

__all__ = ["batch_with_used"]


def batch_with_used(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows; of a dictionary with more values than there are rows those that rows have, in their order."""
    columns = {at: batch.column(at) for at in _dictionaries_of(batch.schema)}
    long = {at: _with_used(column) for at, column in columns.items() if len(column.dictionary) > len(column)}
    if not long:
        return batch
    return pa.RecordBatch.from_arrays(
        [long.get(at, column) for at, column in enumerate(batch.columns)], schema=batch.schema
    )


@for_alike
def _dictionaries_of(schema: pa.Schema) -> tuple[int, ...]:
    """The places of columns with a dictionary."""
    return tuple(at for at, kind in enumerate(schema.types) if pa.types.is_dictionary(kind))


def _with_used(column: pa.DictionaryArray) -> pa.DictionaryArray:
    indices, is_null = column.indices, column.indices.is_null().to_numpy(zero_copy_only=False)
    used = indices.unique().drop_null().sort()
    places = np.searchsorted(used.to_numpy(), indices.fill_null(0).to_numpy())
    places = np.where(is_null, 0, places).astype(indices.type.to_pandas_dtype())
    mine = pa.array(places, indices.type, mask=is_null)
    return pa.DictionaryArray.from_arrays(mine, column.dictionary.take(used), ordered=column.type.ordered)
