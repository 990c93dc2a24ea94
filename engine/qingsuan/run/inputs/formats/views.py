"""Texts and bytes as views (what Polars writes) become what they are views of: Arrow cannot take rows of views."""

from __future__ import annotations

import pyarrow as pa

from qingsuan.columns.alike import for_alike

__all__ = ["VIEWS", "batch_without_views", "without_views"]


_PLAIN = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
VIEWS = frozenset(kind.id for kind in _PLAIN)
"""The types of views, by number: to compare numbers is quick where there are ten thousand columns."""


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _plain_type(kind.value_type), kind.ordered)
    return _PLAIN.get(kind, kind)


@for_alike
def without_views(schema: pa.Schema) -> pa.Schema:
    """The same columns, texts and bytes as views being plain ones."""
    plain = {at: _plain_type(kind) for at, kind in enumerate(schema.types) if _is_view(kind)}
    if not plain:
        return schema.remove_metadata()
    return pa.schema([field.with_type(plain[at]) if at in plain else field for at, field in enumerate(schema)])


def _is_view(kind: pa.DataType) -> bool:
    return (kind.value_type if pa.types.is_dictionary(kind) else kind).id in VIEWS


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
