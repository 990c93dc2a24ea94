"""One output file in any of the three formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from qingsuan.sample.columns import as_text

__all__ = ["FORMATS", "Output"]

FORMATS = {"parquet": ".parquet", "csv": ".csv", "ipc": ".arrow"}
"""Format -> file name suffix."""

_IDENTIFIERS = ("psn_no", "setl_id", "init_setl_id", "payer_psn_no", "member_psn_no")
"""Nearly every value differs, so a dictionary would only cost."""


class Output:
    """A file that is opened with the columns of the first table written to it.

    Dictionary columns become plain text in every format. ``label`` goes into the metadata of Parquet and IPC files.
    """

    def __init__(self, path: Path, kind: str, label: dict[str, str]) -> None:
        self._path, self._kind, self._label = path, kind, label
        self._writer: Any = None

    def write(self, table: pa.Table) -> int:
        """Append a table and return its rows."""
        if self._kind == "csv":
            table = as_text(table)
        elif self._kind == "ipc":
            table = table.cast(_plain(table.schema)).replace_schema_metadata(self._label)
        if self._writer is None:
            self._writer = self._open(table.schema)
        self._writer.write_table(table)
        return len(table)

    def _open(self, schema: pa.Schema) -> Any:
        if self._kind == "csv":
            return arrow_csv.CSVWriter(self._path, schema, write_options=arrow_csv.WriteOptions(quoting_style="none"))
        if self._kind == "ipc":
            return pa.ipc.new_file(self._path, schema)
        # Without the stored Arrow schema a reader gets plain text, though the codes are written from dictionaries.
        writer = parquet.ParquetWriter(
            self._path,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[one.name for one in schema if _is_text(one.type) and one.name not in _IDENTIFIERS],
            write_statistics=[one.name for one in schema if one.name == "setl_time"],
            store_schema=False,
            store_decimal_as_integer=True,
        )
        writer.add_key_value_metadata(self._label)
        return writer

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def _plain(schema: pa.Schema) -> pa.Schema:
    fields = [pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type) for one in schema]
    return pa.schema(fields)
