"""A file's columns, judged before a row is read: which must be there, of which type, and under which name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import pyarrow as pa

from qingsuan.columns.cells import READERS, TypeRefused
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.source import Source
from qingsuan.run.inputs.names import check_names, names_unread
from qingsuan.run.inputs.types import check_types
from qingsuan.tables import Column

__all__ = ["check_columns", "check_door"]


def check_columns(source: Source, columns: Sequence[Column], known: Collection[str] = ()) -> list[str]:
    """Check that a file has every column that must be there, of a type that can be trusted.

    Parameters
    ----------
    known
        Further names that somebody reads, or that mean something and need not be read.

    Returns
    -------
    list of str
        The names that nobody reads: columns of the file, and keys of the folders it was found in.

    Raises
    ------
    InputError
        A column is missing, is there twice, has a type that cannot be trusted, or nearly the name of another one.
    """
    known = {*known, *(column.name for column in columns)}
    check_door(source, known, {column.name for column in columns if column.kind in ("date", "time")})
    where, names = source.where, source.schema.names
    for column in columns:
        if column.name not in names and column.must:
            raise InputError(
                where,
                found=f"no column “{column.name}”; columns: {', '.join(names)}",
                expected=f"one column “{column.name}” ({column.meaning})",
                do="check the extract; columns are bound by name",
            )
        if column.name in names:
            _check_type(where, column, source.schema.field(column.name).type)
    return names_unread(source, known)


def check_door(source: Source, known: Collection[str], stamps: Collection[str]) -> None:
    """Check what holds for every table: names once and not nearly others', types that are carried, times without INT96.

    Parameters
    ----------
    known
        Every name that somebody reads.
    stamps
        Those of them that are read as dates or times.

    Raises
    ------
    InputError
        Something of this does not hold.
    """
    names = source.schema.names
    for name, times in Counter(names).items():
        if times > 1:
            raise InputError(
                source.where,
                found=f"{times} columns “{name}”; columns: {', '.join(names)}",
                expected="each column once",
                do="check the extract; columns are bound by name",
            )
    check_names(source, known)
    for name in sorted(source.int96 & set(stamps)):
        raise InputError(
            f"{source.where}: column {name}",
            found="type INT96: some programs write these times in UTC, others in local time, and the file does not say which",
            expected="timestamp without a time zone, in local time (TIMESTAMP_MICROS)",
            do="write the extract again; of Spark, with spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS",
        )
    check_types(source)


def _check_type(where: str, column: Column, kind: pa.DataType) -> None:
    try:
        READERS[column.kind](pa.nulls(0, kind))
    except (TypeRefused, pa.ArrowException) as error:
        expected = str(error) if isinstance(error, TypeRefused) else f"a type that holds {column.kind}"
        raise InputError(
            f"{where}: column {column.name}",
            found=f"type {kind}",
            expected=expected,
            do="write the extract again with the column's true type",
        ) from None
