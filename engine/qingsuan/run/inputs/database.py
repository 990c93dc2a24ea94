"""Tables of a PostgreSQL database: one query, read once and in batches, by Arrow's own driver (ADBC)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pyarrow as pa

from qingsuan.errors import UsageError
from qingsuan.needed import need

__all__ = ["DatabaseTable", "connected", "database_table", "is_database", "quoted_name", "said_of"]

_SCHEMES = ("postgresql://", "postgres://")


def is_database(place: str) -> bool:
    """Whether what a caller names is a database and no file."""
    return place.startswith(_SCHEMES)


def said_of(address: str) -> str:
    """An address for messages: without user, password and options."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "postgresql://…"
    return f"postgresql://{host}{f':{port}' if port else ''}{parts.path}"


def quoted_name(name: str) -> str:
    """A name as SQL has it; ``schema.table`` is two of them."""
    return ".".join('"{}"'.format(part.replace('"', '""')) for part in name.split("."))


def connected(address: str) -> Any:
    """A connection; it begins a transaction by itself.

    Raises
    ------
    UsageError
        The driver is not installed, or nobody answers there.
    """
    driver = need("adbc_driver_postgresql.dbapi")
    try:
        return driver.connect(address)
    except driver.Error as error:
        raise UsageError(
            said_of(address),
            found=f"no connection: {' '.join(str(error).split())[:200]}",
            expected="a PostgreSQL database that answers",
            do="check host, port, name, user and password",
        ) from error


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """What a query gives, as an Arrow stream that can be asked for once."""

    address: str
    query: str

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows; the query is made when they are asked for, in a transaction that only reads."""
        batches = self._batches()
        schema = next(batches)
        return pa.RecordBatchReader.from_batches(schema, batches).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[Any]:
        """First the schema, then the batches."""
        with connected(self.address) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(self.query)
            reader = cursor.fetch_record_batch()
            yield pa.schema([pa.field(field.name, _plain_type(field.type)) for field in reader.schema])
            for batch in reader:
                columns = [_plain(column) for column in batch.columns]
                yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _plain(column: pa.Array) -> pa.Array:
    """A column without the database's own name of its type: a ``numeric`` is the text of its digits."""
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def database_table(place: str, called: str) -> DatabaseTable:
    """The table that an address names: ``postgresql://HOST/NAME?table=TABLE``, or ``?query=SELECT …``.

    Raises
    ------
    UsageError
        It names neither, or both.
    """
    parts = urlsplit(place)
    options = parse_qsl(parts.query, keep_blank_values=True)
    asked = {key: value for key, value in options if key in ("table", "query")}
    if len(asked) != 1 or not all(asked.values()):
        raise UsageError(
            f"{called}: {said_of(place)}",
            found=" and ".join(asked) or "neither table nor query",
            expected="postgresql://HOST/NAME?table=TABLE, or ?query=SELECT … (blanks as +)",
            do="name one of them",
        )
    left = urlencode([(key, value) for key, value in options if key not in asked])
    query = asked.get("query") or f"SELECT * FROM {quoted_name(asked['table'])}"  # noqa: S608
    return DatabaseTable(urlunsplit(parts._replace(query=left)), query)
