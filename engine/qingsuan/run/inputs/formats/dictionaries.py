"""Dictionaries less the values that no row of a batch has: a file may say millions of them, and each one would be looked at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["batch_with_used"]


def batch_with_used(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows; of a dictionary with more values than there are rows those that rows have, in their order."""
    given = batch.columns
    columns = [_with_used(column) for column in given]
    if all(one is other for one, other in zip(columns, given, strict=True)):
        return batch
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _with_used(column: pa.Array) -> pa.Array:
    if not pa.types.is_dictionary(column.type) or len(column.dictionary) <= len(column):
        return column
    indices, is_null = column.indices, column.indices.is_null().to_numpy(zero_copy_only=False)
    used = indices.unique().drop_null().sort()
    places = np.searchsorted(used.to_numpy(), indices.fill_null(0).to_numpy())
    places = np.where(is_null, 0, places).astype(indices.type.to_pandas_dtype())
    mine = pa.array(places, indices.type, mask=is_null)
    return pa.DictionaryArray.from_arrays(mine, column.dictionary.take(used), ordered=column.type.ordered)
