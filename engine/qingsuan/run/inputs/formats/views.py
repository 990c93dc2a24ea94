"""Texts and bytes as views (what Polars writes) become what they are views of: Arrow cannot take rows of views."""

from __future__ import annotations

import pyarrow as pa

from qingsuan.columns.alike import for_alike

__all__ = ["batch_without_views", "without_views"]


_PLAIN = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _plain_type(kind.value_type), kind.ordered)
    return _PLAIN.get(kind, kind)


@for_alike
def without_views(schema: pa.Schema) -> pa.Schema:
    """The same columns, texts and bytes as views being plain ones."""
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def batch_without_views(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows without views."""
    schema = without_views(batch.schema)
    if schema == batch.schema:
        return batch
    return pa.RecordBatch.from_arrays(
        [_plain_array(array, field.type) for array, field in zip(batch.columns, schema, strict=True)], schema=schema
    )


def _plain_array(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            array.indices, array.dictionary.cast(kind.value_type), ordered=kind.ordered
        )
    return array.cast(kind)
