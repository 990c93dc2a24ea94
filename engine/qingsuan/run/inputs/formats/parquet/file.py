"""Parquet files: page checksums are checked, texts validated, rows of a row group held against the footer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.columns.alike import for_alike
from qingsuan.run.inputs.formats.dictionaries import batch_with_used
from qingsuan.run.inputs.formats.limits import check_cells, is_too_long, longest_cell, may_be_large
from qingsuan.run.inputs.formats.parquet.amounts import are_many, narrow_schema
from qingsuan.run.inputs.formats.parquet.footers import Footer, columns_of, footer_of, saying, standing_alone
from qingsuan.run.inputs.formats.parquet.pages import check_sizes, footer_bytes, longest_in_dictionaries, rows_of_pages
from qingsuan.run.inputs.formats.parquet.sound import check_sound, check_table_sound
from qingsuan.run.inputs.formats.parquet.thrift import Garbled
from qingsuan.run.inputs.formats.source import (
    BATCH_BYTES,
    BATCH_ROWS,
    BROKEN,
    LEAST_ROWS,
    SMALL_BYTES,
    Source,
    check_beginning,
    content_of_small,
    unreadable,
)
from qingsuan.run.inputs.formats.views import batch_without_views, without_views
from qingsuan.run.inputs.intake.said import CsvForm

__all__ = [
    "IDENTIFIERS",
    "count_parquet_rows",
    "open_parquet",
    "open_to_read",
    "opened",
    "read_parquet",
    "row_groups",
    "texts_of",
]

_CELL_BYTES = 8
"""What a cell takes in memory that is a number, or one of a dictionary."""

IDENTIFIERS = frozenset({"psn_no", "setl_id", "init_setl_id", "mdtrt_id"})
"""Columns whose texts seldom repeat, and become no dictionary."""

_FEW_GROUPS = 4
"""The footer of a small file of so many row groups is read again sooner than kept: there may be thousands of such files."""

_KEPT = 16
"""So many footers are kept: some are as large as their files."""


def open_parquet(number: int, path: Path, _encoding: str = "", _form: CsvForm | None = None) -> Source:
    """Read a file's footer.

    Raises
    ------
    InputError
        Footer and row groups do not say the same, or pages hold other rows.
    """
    stamp = _stamp(path)
    content = content_of_small(path, stamp.size)
    alike = None if content is None else _small_files.alike(content)
    if alike is not None:
        footer, schema, int96 = alike
        _groups_of(path, stamp, footer.groups)
        return Source(number, path, "parquet", schema, footer.rows, int96=int96)
    check_beginning(path)
    with _file(path, stamp, content=content) as file:
        metadata, schema, int96 = file.metadata, without_views(file.schema_arrow), _int96(file.schema)
    groups = _groups_of(path, stamp, _groups_in(metadata))
    if _is_kept(path, stamp):
        _metadata_of(path, stamp, metadata)
    rows = [rows for rows, _ in groups]
    if sum(rows) != metadata.num_rows or metadata.num_rows < 0:
        found = f"its footer says {metadata.num_rows} rows, its row groups {sum(rows)}"
        raise unreadable(path, "parquet", found)
    _check_pages(path, rows, content)
    check_sizes(path, metadata)
    if content is not None:
        _small_files.opened(content, schema, int96)
    return Source(number, path, "parquet", schema, metadata.num_rows, int96=int96)


class _SmallFiles:
    """Small files that come one after another with the same columns, by the same writer: PyArrow is asked of the first one.

    Of the others the footer is read, held against the pages of all columns, and has to say the same of them.
    """

    def __init__(self) -> None:
        self._last: tuple[Footer, int, pa.Schema, frozenset[str]] | None = None

    def opened(self, content: bytes, schema: pa.Schema, int96: frozenset[str]) -> None:
        """Remember what a file is that was opened, unless it has columns of lists, or within others."""
        try:
            columns = columns_of(content)
            self._last = footer_of(content, columns), columns, schema, int96
        except Garbled:
            self._last = None

    def alike(self, content: bytes) -> tuple[Footer, pa.Schema, frozenset[str]] | None:
        """The footer, the columns and those of INT96 of a file that is as the last one was; None if it is not known to be."""
        last = self._last
        if last is None:
            return None
        expected, columns, schema, int96 = last
        try:
            footer = footer_of(content, columns)
        except Garbled:
            return None
        is_alike = (footer.before, footer.after) == (expected.before, expected.after)
        return (
            (footer, schema, int96) if is_alike and not any(may_be_large(size) for _, size in footer.groups) else None
        )


_small_files = _SmallFiles()


def _check_pages(path: Path, said: list[int], content: bytes | None) -> None:
    """Hold the rows that the footer says of each row group against the headers of its pages."""
    try:
        counted = rows_of_pages(path, content)
    except Garbled as error:
        raise unreadable(path, "parquet", f"its pages cannot be followed: {error}") from error
    for group, (rows, there) in enumerate(zip(said, said if counted is None else counted, strict=True), 1):
        if rows != there:
            found = f"row group {group} has {there} rows in its pages, and {rows} as the footer says"
            raise unreadable(path, "parquet", found)


class _Stamp(NamedTuple):
    """What a file is known by: as long as none of it changes, what was read of it holds."""

    changed: int
    size: int
    number: int


def _stamp(path: Path) -> _Stamp:
    state = path.stat()
    return _Stamp(state.st_mtime_ns, state.st_size, state.st_ino)


def _file(
    path: Path,
    stamp: _Stamp,
    metadata: pq.FileMetaData | None = None,
    codes: Sequence[str] = (),
    content: bytes | None = None,
) -> pq.ParquetFile:
    """The opened file; of a small one that was read already, its ``content``."""
    if content is None:
        content = content_of_small(path, stamp.size)
    return opened(path if content is None else pa.BufferReader(content), metadata, codes)


def opened(
    file: Path | pa.BufferReader, metadata: pq.FileMetaData | None = None, codes: Sequence[str] = ()
) -> pq.ParquetFile:
    """A file as it is always opened, with columns that become dictionaries."""
    return pq.ParquetFile(
        file,
        metadata=metadata,
        read_dictionary=list(codes),
        page_checksum_verification=True,
        coerce_int96_timestamp_unit="us",
    )


def row_groups(path: Path) -> list[tuple[int, int]]:
    """Rows and bytes of each row group, bytes as they are before they are packed."""
    return list(_groups_of(path, _stamp(path)))


def _groups_of(path: Path, stamp: _Stamp, said: Sequence[tuple[int, int]] | None = None) -> tuple[tuple[int, int], ...]:
    """Rows and bytes of each row group, found once; as its footer says, if that was read already."""
    known = _known_groups(path, stamp)
    if not known:
        known.append(tuple(_groups_in(_metadata_of(path, stamp)) if said is None else said))
    return known[0]


def _groups_in(metadata: pq.FileMetaData) -> list[tuple[int, int]]:
    groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
    return [(group.num_rows, group.total_byte_size) for group in groups]


@lru_cache(maxsize=65_536)
def _known_groups(_: Path, __: _Stamp) -> list[tuple[tuple[int, int], ...]]:
    """A place for the row groups of a file: empty until they are known."""
    return []


def _metadata(path: Path, stamp: _Stamp) -> pq.FileMetaData | None:
    """The footer of a large file, or of one with many row groups, for it lists them all; that of another is read anew with the file."""
    return _metadata_of(path, stamp) if _is_kept(path, stamp) else None


def _is_kept(path: Path, stamp: _Stamp) -> bool:
    """Whether the footer of a file is read once, and kept: a large file may have ten thousand columns."""
    return stamp.size > SMALL_BYTES or len(_groups_of(path, stamp)) > _FEW_GROUPS


def _narrow_metadata(path: Path, stamp: _Stamp) -> pq.FileMetaData | None:
    """Like :func:`_metadata`, saying that decimals are numbers of 64 bits where these hold them."""
    if not _is_kept(path, stamp):
        return _narrowed(path)
    return _narrow_metadata_of(path, stamp) or _metadata_of(path, stamp)


@lru_cache(maxsize=_KEPT)
def _narrow_metadata_of(path: Path, _: _Stamp) -> pq.FileMetaData | None:
    return _narrowed(path)


def _narrowed(path: Path) -> pq.FileMetaData | None:
    """The footer of a file, saying so; None if it has no such columns, or cannot be made to say it."""
    try:
        with path.open("rb") as file:
            footer = footer_bytes(file, file.seek(0, os.SEEK_END))
        with opened(pa.BufferReader(standing_alone(footer))) as written:
            narrow = narrow_schema(written.schema, written.schema_arrow)
        if narrow is None:
            return None
        with opened(pa.BufferReader(standing_alone(saying(footer, narrow)))) as said:
            return said.metadata if said.schema_arrow.equals(narrow) else None
    except BROKEN:  # what is broken is broken again where the file is read
        return None


def _metadata_of(path: Path, stamp: _Stamp, said: pq.FileMetaData | None = None) -> pq.FileMetaData:
    """The footer of a file, kept; as it was read already, if it was."""
    known = _known_metadata(path, stamp)
    if not known and said is not None:
        known.append(said)
    if not known:
        with _file(path, stamp) as file:
            known.append(file.metadata)
    return known[0]


@lru_cache(maxsize=_KEPT)
def _known_metadata(_: Path, __: _Stamp) -> list[pq.FileMetaData]:
    """A place for the footer of a file: empty until it is read."""
    return []


def _int96(schema: pq.ParquetSchema) -> frozenset[str]:
    """The columns whose times are INT96."""
    columns = map(schema.column, range(len(schema)))
    return frozenset(column.path for column in columns if column.physical_type == "INT96")


def open_to_read(source: Source, parts: tuple[int, ...]) -> pq.ParquetFile:
    """Open a file of which :func:`read_parquet` is asked for one block of columns after another: its footer is read once for all."""
    stamp = _stamp(source.path)
    rows = sum(_groups_of(source.path, stamp)[part][0] for part in parts)
    return _opened_to_read(source, stamp, rows, _codes_of(source), is_asked=True)


def read_parquet(
    source: Source, parts: tuple[int, ...], columns: Sequence[str] | None, file: pq.ParquetFile | None = None
) -> Iterator[pa.RecordBatch]:
    """Give the rows of some row groups; of columns that are asked for, texts that repeat as dictionaries, where PyArrow can make some.

    Parameters
    ----------
    file
        What :func:`open_to_read` opened for these row groups; without one the file is opened here.
    """
    codes = [] if columns is None else _codes_of(source)
    done = 0
    try:
        for batch in _batches(source, parts, columns, codes, file):
            yield batch
            done += batch.num_rows
        return
    except (pa.ArrowException, OSError) as error:
        if not codes or getattr(error, "errno", None):  # what the machine could not read is not read otherwise
            raise
    # Of texts written as differences PyArrow makes no dictionary, and to ask which they are may end the process: the
    # metadata of a column that lies about its size throws where nothing catches it. What is broken is broken again.
    row = 0
    for batch in _batches(source, parts, columns, [], None):
        row += batch.num_rows
        if row > done:
            yield batch.slice(max(0, batch.num_rows - (row - done)))


def _codes_of(source: Source) -> list[str]:
    """The columns whose texts become dictionaries where they are asked for."""
    ours = {} if source.reading is None else source.reading.called
    return [name for name in texts_of(source.written) if ours.get(name, name) not in IDENTIFIERS]


def _opened_to_read(source: Source, stamp: _Stamp, rows: int, codes: Sequence[str], is_asked: bool) -> pq.ParquetFile:
    """The file, opened to read so many rows of columns that are asked for, or of all.

    Of columns that are asked for, and are not made into others first, decimals of few digits come as numbers of 64 bits.
    """
    is_narrow = is_asked and source.reading is None and are_many(rows, source.written)
    metadata = (_narrow_metadata if is_narrow else _metadata)(source.path, stamp)
    return _file(source.path, stamp, metadata, codes)


def _batches(
    source: Source,
    parts: tuple[int, ...],
    columns: Sequence[str] | None,
    codes: Sequence[str],
    file: pq.ParquetFile | None,
) -> Iterator[pa.RecordBatch]:
    """The rows of some row groups, checked, with dictionaries of the columns ``codes``."""
    stamp = _stamp(source.path)
    sizes = _groups_of(source.path, stamp)
    rows, size_bytes = (sum(sizes[part][at] for part in parts) for at in (0, 1))
    longest = _longest_id(source, stamp, parts, columns, codes)
    fitting = _rows_of(source, longest, columns, codes) if rows > LEAST_ROWS else rows
    batch_rows = max(LEAST_ROWS, min(BATCH_ROWS, BATCH_BYTES * rows // max(1, size_bytes), fitting))
    own = _opened_to_read(source, stamp, rows, codes, columns is not None) if file is None else nullcontext(file)
    with own as opened_file:
        # small row groups are joined: each batch costs as much as some thousand rows
        if parts and rows <= batch_rows:
            table = opened_file.read_row_groups(list(parts), columns, use_threads=False)
            if len(parts) > 1:
                check_table_sound(table)
                table = table.unify_dictionaries().combine_chunks()
            batches: Iterator[pa.RecordBatch] = iter(table.to_batches())
        elif parts:
            batches = opened_file.iter_batches(batch_rows, row_groups=list(parts), columns=columns, use_threads=False)
        else:
            return
        for batch in batches:
            check_sound(batch)
            plain = batch_with_used(batch_without_views(batch))
            check_cells(source.path, plain)
            yield plain


def _rows_of(source: Source, longest: int, columns: Sequence[str] | None, codes: Sequence[str]) -> int:
    """How many rows a batch may have by what their columns take once they are no longer packed."""
    names = source.written.names if columns is None else columns
    long = set(texts_of(source.written)).difference(codes)
    wide = sum(longest if name in long else _CELL_BYTES for name in names)
    return BATCH_BYTES // 2 // max(1, wide)


@for_alike
def texts_of(schema: pa.Schema) -> tuple[str, ...]:
    """The columns of texts."""
    return tuple(field.name for field in schema if pa.types.is_string(field.type))


def _longest_id(
    source: Source, stamp: _Stamp, parts: tuple[int, ...], columns: Sequence[str] | None, codes: Sequence[str]
) -> int:
    """How long texts are at most that PyArrow would write out though the file says them once, in a dictionary.

    Of a part that could not become large with the longest text its column holds nothing is asked.
    """
    sizes = _groups_of(source.path, stamp)
    large = [part for part in parts if sizes[part][0] * sizes[part][1] > BATCH_BYTES]
    if not large:
        return 0
    names = [name for name in texts_of(source.written) if name not in codes]
    ids = [name for name in names if columns is None or name in columns]
    if not ids:
        return 0
    longest = _longest_said(source, stamp, large, ids)
    return _longest_read(source, stamp, large, ids) if longest is None else longest


def _longest_said(source: Source, stamp: _Stamp, parts: Sequence[int], ids: Sequence[str]) -> int | None:
    """How long the longest text is that a dictionary of these columns says, by its page alone; None where that does not tell all."""
    metadata = _metadata_of(source.path, stamp)
    try:
        places = [_place_of(name, source.written, metadata.schema) for name in ids]
        groups = map(metadata.row_group, parts)
        longest = longest_in_dictionaries(source.path, (group.column(place) for group in groups for place in places))
    except (*BROKEN, LookupError, TypeError, StopIteration):
        return None
    return None if is_too_long(longest) else longest


def _place_of(name: str, columns: pa.Schema, leaves: pq.ParquetSchema) -> int:
    """The place of a column among those that have values: its own, where no column before it has others within."""
    place = columns.get_field_index(name)
    if 0 <= place < len(leaves) and leaves.column(place).path == name:
        return int(place)
    return next(at for at in range(len(leaves)) if leaves.column(at).path == name)


def _longest_read(source: Source, stamp: _Stamp, parts: Sequence[int], ids: Sequence[str]) -> int:
    """The same as PyArrow decodes it.

    Raises
    ------
    InputError
        A text is longer than the limit.
    """
    longest = 0
    try:
        with _file(source.path, stamp, _metadata(source.path, stamp), ids) as file:
            for part in parts:
                for first in file.iter_batches(1, row_groups=[part], columns=ids, use_threads=False):
                    longest = max(longest, longest_cell(source.path, first))
                    break
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise
        return 0  # texts written as differences are in no dictionary; what is broken is met again
    return longest


def count_parquet_rows(path: Path) -> int:
    """How many rows the first column of a file really has."""
    with _file(path, _stamp(path)) as file:
        if not len(file.schema_arrow):
            return 0
        first = [file.schema_arrow.names[0]]
        return sum(batch.num_rows for batch in file.iter_batches(BATCH_ROWS, columns=first, use_threads=False))
