"""A finished run written into PostgreSQL: a table for each of its tables, each in one transaction with the mark of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from qingsuan.databases.tables import batches_of, schema_of, tables_of
from qingsuan.errors import InputError, RunError, UsageError
from qingsuan.needed import need
from qingsuan.run.folder import RECORD
from qingsuan.run.inputs import digest_of
from qingsuan.run.inputs.database import connected, is_database, quoted_name, said_of

__all__ = ["Exported", "export"]


class Exported(NamedTuple):
    """A table of the run in the database: its name, its rows, and whether it was written now or was there from this run."""

    table: str
    rows: int
    is_new: bool


def export(folder: Path, address: str, schema: str = "public") -> list[Exported]:
    """Write every table of a finished run; those that this run wrote before stay as they are.

    Parameters
    ----------
    folder
        The run folder.
    schema
        Of the database; it is made if it is not there.

    Raises
    ------
    InputError
        The folder holds no finished run.
    UsageError
        It is no address of a database, nobody answers, or a table is there that this run did not write.
    RunError
        The database gave up; no table is there in part.
    """
    if not is_database(address):
        raise UsageError(
            said_of(address), found=address, expected="postgresql://HOST/NAME", do="give the address of a database"
        )
    if "." in schema:
        raise UsageError("--schema", found=schema, expected="one name, with no dot in it", do="give another name")
    if not (folder / RECORD).is_file():
        raise InputError(
            str(folder), found=f"no {RECORD}", expected="the folder of a finished run", do="finish it with --resume"
        )
    mark = f"qingsuan {RECORD} {digest_of(folder / RECORD)}"
    tables = tables_of(folder)
    driver = need("adbc_driver_postgresql.dbapi")
    try:
        with connected(address) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted_name(schema)}")
            connection.commit()
            there = {table: _mark_of(cursor, schema, table) for table in tables}
            _check(there, mark, said_of(address), schema)
            return [
                Exported(table, _rows(cursor, schema, table), is_new=False)
                if there[table] == mark
                else _write(connection, cursor, schema, table, tables[table], mark)
                for table in tables
            ]
    except driver.Error as error:
        raise RunError(
            said_of(address),
            found=f"the database gave up: {' '.join(str(error).split())[:300]}",
            expected="a database that takes the tables",
            do="give the same command again: what was written stays, and no table is there in part",
        ) from error


def _name(schema: str, table: str) -> str:
    return f"{quoted_name(schema)}.{quoted_name(table)}"


def _mark_of(cursor: Any, schema: str, table: str) -> str | None:
    """The mark of the run that wrote a table: empty if it has none, None if there is no such table."""
    cursor.execute(
        "SELECT to_regclass($1)::text, obj_description(to_regclass($1), 'pg_class')", (_name(schema, table),)
    )
    name, mark = cursor.fetchone()
    return None if name is None else mark or ""


def _check(there: dict[str, str | None], mark: str, where: str, schema: str) -> None:
    for table, found in there.items():
        if found not in (None, mark):
            raise UsageError(
                f"{where}: {schema}.{table}",
                found="a table that another run wrote"
                if str(found).startswith("qingsuan ")
                else "a table that no run wrote",
                expected="no such table, or the one that this run wrote: nothing is appended to it",
                do="give another --schema, or drop the table",
            )


def _rows(cursor: Any, schema: str, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {_name(schema, table)}")  # noqa: S608
    return int(cursor.fetchone()[0])


def _write(connection: Any, cursor: Any, schema: str, table: str, files: list[Path], mark: str) -> Exported:
    """Write a table, its rows counted twice, and mark it, in one transaction."""
    columns = schema_of(files)
    rows = 0

    def counted() -> Any:
        nonlocal rows
        for batch in batches_of(files, columns):
            rows += batch.num_rows
            yield batch

    reader = pa.RecordBatchReader.from_batches(columns, counted())
    try:
        cursor.adbc_ingest(table, reader, mode="create", db_schema_name=schema)
        cursor.execute(f"COMMENT ON TABLE {_name(schema, table)} IS '{mark}'")
        if _rows(cursor, schema, table) != rows:
            raise RunError(f"{schema}.{table}", found="other rows than were sent", expected=f"{rows}", do="report this")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return Exported(table, rows, is_new=True)
