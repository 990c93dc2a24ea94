"""Which columns may leave: pseudonyms, codes of places and care, amounts and days; of what is not known to tell nobody, nothing."""

from __future__ import annotations

import pyarrow as pa

from qingsuan import tables
from qingsuan.exported.pseudonyms import IDS, Pseudonyms

__all__ = ["is_about_people", "without_people"]

_CODES = frozenset(
    column.name
    for one in (tables.CLAIMS, tables.INSURED, tables.IDENTITIES)
    for column in one
    if column.kind in ("code", "flag")
) | {
    "fixmedins_code",
    "pool",
    "rule_id",
    "variant",
    "code",
    "column",
    "source_file",
    "kind",
    "fund",
    "level",
}
"""Texts that stand for many."""

_LEFT_OUT = frozenset({"brdy", "retire_date", "found", "expected"})
"""A date that tells one of few; what stood in a cell that could not be read, and what should have stood there: it may name a settlement."""

_KNOWN = frozenset(column.name for one in (tables.CLAIMS, tables.INSURED, tables.IDENTITIES) for column in one) | {
    "source_row"
}
REJECTED = "rejected/"


def is_about_people(name: str, schema: pa.Schema) -> bool:
    """Whether rows of a file, named from the run folder on, are of people; others leave as they are."""
    return name.startswith(REJECTED) or bool(IDS.keys() & set(schema.names))


def without_people(name: str, batch: pa.RecordBatch, pseudonyms: Pseudonyms) -> pa.RecordBatch:
    """The columns of a batch that may leave, ids as pseudonyms."""
    columns = {
        column: pseudonyms.of(column, batch[column]) if column in IDS else batch[column]
        for column in batch.schema.names
        if column in IDS or _may_leave(name, batch.schema.field(column))
    }
    return pa.RecordBatch.from_pydict(columns)


def _may_leave(name: str, field: pa.Field) -> bool:
    if field.name in _LEFT_OUT:
        return False
    if name.startswith(REJECTED) and field.name not in _KNOWN | _CODES:
        return False  # a column of the input that nobody reads
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind)
    return field.name in _CODES or is_number or pa.types.is_date(kind) or pa.types.is_timestamp(kind)
