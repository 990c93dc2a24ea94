"""A file's columns, judged before a row is read: which must be there, of which type, and under which name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

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
                do=_how_it_is_called(source, column.name),
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


def _how_it_is_called(source: Source, name: str) -> str:
    """What to do about a column that is missing: of CSV in one column, another delimiter may be what it has."""
    names = source.schema.names
    other = next((sign for sign in (";", "\t", "|") if len(names) == 1 and sign in names[0]), "")
    if source.kind == "csv" and other:
        return f"say in an intake file what is between cells: csv.delimiter = {json.dumps(other)}"
    return f'check the extract; columns are bound by name, or by an intake file: columns."THEIRS" = "{name}"'


def _how_it_is_said(column: Column, kind: pa.DataType) -> str:
    """The line of an intake file by which a column of this type could be read; empty if there is none."""
    line = ""
    if column.kind == "money":
        line = 'money.from_float = "exact-to-the-fen"' if pa.types.is_floating(kind) else line
        line = 'money.unit = "fen", or "yuan"' if pa.types.is_integer(kind) else line
    elif column.kind in ("date", "time"):
        key = f"{column.kind}s"
        line = f'{key} = "%Y%m%d"' if pa.types.is_integer(kind) else line
        line = f'{key} = {{ zone = "Asia/Shanghai" }}' if pa.types.is_timestamp(kind) else line
    elif pa.types.is_integer(kind) and column.kind in ("code", "flag"):
        line = f'codes.{column.name} = {{ "1" = "1", … }}'
    return f"; or say in an intake file {line}" if line else ""


@lru_cache(maxsize=4096)
def _try_type(kind: str, type_: pa.DataType) -> None:
    """Read no cell of a type; of thousands of files that are alike, once."""
    READERS[kind](pa.nulls(0, type_))


def _check_type(where: str, column: Column, kind: pa.DataType) -> None:
    try:
        _try_type(column.kind, kind)
    except (TypeRefused, pa.ArrowException) as error:
        expected = str(error) if isinstance(error, TypeRefused) else f"a type that holds {column.kind}"
        raise InputError(
            f"{where}: column {column.name}",
            found=f"type {kind}",
            expected=expected,
            do="write the extract again with the column's true type" + _how_it_is_said(column, kind),
        ) from None
