"""A folder of a finished run, its record and its tables: what every finished run has.

Nothing is held in memory: tables are read from the run folder when they are asked for, a batch at a time.
"""

from __future__ import annotations

import hashlib
import shutil
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.messages import Lang
from qingsuan.report.summary import read_record
from qingsuan.run.folder import DIGESTS, RECORD, is_file
from qingsuan.run.inputs import digest_of
from qingsuan.run.rejections.refused import REASON_COLUMNS

__all__ = ["REASONS", "FinishedRun", "Folder", "Rows", "digests_of", "not_whole"]

_BATCH_ROWS = 65_536
_SHOWN = 10
"""So many rows of a table are shown in a notebook."""

REASONS = pa.schema([(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS])
"""The columns of rejected rows that say why, where a run has none."""


class Folder:
    """A run folder; a temporary one is removed as soon as nobody has this object any more.

    Parameters
    ----------
    path
        The run folder.
    temporary
        What is removed in the end; None leaves everything where it is.
    """

    def __init__(self, path: Path, temporary: Path | None = None) -> None:
        self.path = path
        self._place = path.absolute()
        self._end = None if temporary is None else weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)

    def file(self, name: str) -> Path:
        """A file in it, wherever this process goes meanwhile."""
        return self._place / name

    def discard(self) -> None:
        """Remove a temporary folder now; others stay."""
        if self._end is not None:
            self._end()


class Rows:
    """A table of a finished run, in the files of its parts. It keeps a temporary run folder alive.

    Anything that takes objects with ``__arrow_c_stream__`` takes it: ``polars.DataFrame(rows)``, ``pyarrow.table(rows)``, DuckDB.
    Amounts are ``decimal128`` in yuan, dates ``date32``, times ``timestamp`` without a zone, codes texts.

    Attributes
    ----------
    name : of the table in the run folder.
    """

    def __init__(self, folder: Folder, name: str, files: Sequence[str], schema: pa.Schema) -> None:
        self.name, self._folder, self._files, self._without = name, folder, tuple(files), schema

    @cached_property
    def schema(self) -> Any:
        """Names and types of its columns (:class:`pyarrow.Schema`); none where the run had no reason to write the table."""
        if not self._files:
            return self._without
        with self._opened(self._files[0]) as parts:
            return parts.schema_arrow

    def __len__(self) -> int:
        return sum(map(self._rows_of, self._files))

    def to_reader(self) -> Any:
        """Read it a batch at a time, in bounded memory.

        Returns
        -------
        pyarrow.RecordBatchReader

        Raises
        ------
        InputError
            While it is read: a file of it cannot be read any more.
        """
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def to_arrow(self) -> Any:
        """All of it in memory, as a :class:`pyarrow.Table`; like :meth:`to_reader`."""
        return pa.Table.from_batches(self._batches(), self.schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for file in self._files:
            with self._opened(file) as parts:
                for batch in parts.iter_batches(_BATCH_ROWS, use_threads=False):
                    yield batch.cast(self.schema)

    def _rows_of(self, file: str) -> int:
        with self._opened(file) as parts:
            return int(parts.metadata.num_rows)

    @contextmanager
    def _opened(self, file: str) -> Iterator[Any]:
        path = self._folder.file(file)
        try:
            with pq.ParquetFile(path) as parts:
                yield parts
        except (OSError, pa.ArrowException) as error:
            raise not_whole(path, f"cannot be read: {error}") from error

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows, {len(self.schema)} columns>"

    def _repr_html_(self) -> str:
        head: list[dict[str, Any]] = []
        for batch in self._batches():
            head += batch.slice(0, _SHOWN - len(head)).to_pylist()
            if len(head) == _SHOWN:
                break
        rows = [["" if row[name] is None else str(row[name]) for name in self.schema.names] for row in head]
        return _html(f"{self.name}: {len(self):,} rows", self.schema.names, rows)


class FinishedRun(ABC):
    """What every finished run has.

    Attributes
    ----------
    record : what ``run.json`` holds.
    record_sha256 : the digest of that file, as hexadecimal text.
    seconds : how long each stage took, where this process settled it.

    Raises
    ------
    InputError
        The folder holds no finished run, or not the files that it lists.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.record: dict[str, Any] = read_record(folder.path)
        self.record_sha256 = digest_of(folder.path / RECORD)
        self.seconds: Mapping[str, float] = {}
        self._files = _listed(folder.path, self.record)

    @property
    def path(self) -> Path:
        """The run folder: a temporary one lives as long as this object and the tables that were taken from it."""
        return self._folder.path

    @property
    def year(self) -> int:
        """The year that was settled."""
        return int(self.record["year"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the numbers should know."""
        return tuple(self.record["warnings"])

    @cached_property
    def totals(self) -> Mapping[str, Rows]:
        """Sums over all rows, by name."""
        names = [Path(file).stem for file in self._files if file.startswith("totals/")]
        return MappingProxyType({name: self._rows("totals", f"{name}.parquet") for name in names})

    @abstractmethod
    def summary(self, lang: Lang | None = None) -> str:
        """What the command prints when it is done, as plain text in a language; by default that of the environment.

        Raises
        ------
        UsageError
            ``QINGSUAN_LANG`` names no language.
        """

    def _rows(self, table: str, beginning: str = "part-", schema: pa.Schema | None = None) -> Rows:
        files = [file for file in self._files if file.startswith(f"{table}/{beginning}")]
        name = table if beginning in ("", "part-") else f"{table} {beginning.removesuffix('.parquet').split('-')[0]}"
        return Rows(self._folder, name, files, pa.schema([]) if schema is None else schema)

    def __repr__(self) -> str:
        return f"<{self.record['settlement']} {self.year}: {self.path}>"

    def _repr_html_(self) -> str:
        warnings = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        title = f"{self.record['settlement']} {self.year}"
        return _html(title, *self._told()) + (f"<ul>{warnings}</ul>" if warnings else "")

    @abstractmethod
    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Headings and rows of the table that a notebook shows."""


def _listed(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The files of a finished run, as it wrote them down; all are there."""
    content = digests_of(folder)
    try:
        is_its_own = hashlib.sha256(content.encode()).hexdigest() == record["digests"]["sha256"]
    except (KeyError, TypeError) as error:
        raise not_whole(folder / RECORD, f"cannot be read: {error}") from error
    if not is_its_own:
        raise not_whole(folder / DIGESTS, f"its SHA-256 is not the one in {RECORD}")
    names = [line.partition("  ")[2] for line in content.splitlines()]
    for name in names:
        if not is_file(folder / name):
            raise not_whole(folder / name, "it is gone")
    return sorted(names)


def digests_of(folder: Path) -> str:
    """What stands in the ``SHA256SUMS`` of a finished run.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return (folder / DIGESTS).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise not_whole(folder / DIGESTS, f"cannot be read: {error}") from error


def not_whole(where: Path, found: str) -> InputError:
    """What is said of a folder that is not as its run wrote it."""
    return InputError(
        str(where),
        found=found,
        expected="a finished run as it was written",
        do="see “qingsuan verify”; fetch the folder again, or settle anew",
    )


def _html(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
