"""Input files: one Parquet, Arrow IPC or CSV file, a folder of them, or a glob, as batches that know where they come from.

CSV is read as text throughout, so that a bad cell becomes a refused row and never a guess.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from qingsuan.errors import InputError

__all__ = ["Chunk", "Source", "digest_of", "fetch_rows", "open_sources"]

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
    ".csv": "csv",
}
BATCH_ROWS = 262_144
CSV_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One input file.

    Attributes
    ----------
    number : its place among the inputs of its kind.
    rows : how many rows it has; for CSV how many lines that could be rows.
    name : the file's name for messages and records, with as many of its folders as tell all inputs of its kind apart.
    """

    number: int
    path: Path
    kind: str
    schema: pa.Schema
    rows: int
    encoding: str = "utf8"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file that can be read on its own, from ``first_row`` on (counted from 0); of Parquet some row groups."""

    source: Source
    first_row: int
    parts: tuple[int, ...] = ()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Give the part's batches with the number of their first row.

        Raises
        ------
        InputError
            The file stops being readable.
        """
        row = self.first_row
        try:
            for batch in _READERS[self.source.kind](self.source, self.parts, columns):
                yield row, batch
                row += batch.num_rows
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise _unreadable(self.source.path, error, f"from row {row + 1} on") from error


def _unreadable(path: Path, error: Exception, where: str = "") -> InputError:
    text = " ".join(str(error).split())
    return InputError(
        str(path),
        found=f"cannot be read {where}".strip() + f": {text[:300]}",
        expected="a whole Parquet, Arrow IPC or CSV (UTF-8) file",
        do="fetch the file again; for CSV in GBK or GB 18030 give --csv-encoding gb18030",
    )


def open_sources(places: Sequence[str | Path], what: str, encoding: str = "utf8") -> tuple[Source, ...]:
    """Find and open the files named by paths, folders and globs, in the order of their paths.

    Raises
    ------
    InputError
        Nothing is there, a file is named twice, has an unknown ending, or cannot be read.
    """
    paths: list[Path] = []
    for place in places:
        paths.extend(_expand(str(place), what))
    twice = {path for path in paths if paths.count(path) > 1}
    if twice:
        raise InputError(str(sorted(twice)[0]), found=f"named twice as {what}", expected="each file once")
    paths.sort()
    opened = [_open(number, path, encoding) for number, path in enumerate(paths)]
    return tuple(replace(source, name=name) for source, name in zip(opened, _names(paths), strict=True))


def _names(paths: list[Path]) -> list[str]:
    """The files' own names; where two share one, their paths from the folder on that holds them all."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    common = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(common).as_posix() for path in paths]


def _expand(place: str, what: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path))]
    elif path.exists():
        found = [path]
    else:
        found = [Path(match) for match in glob.glob(place, recursive=True) if Path(match).is_file()]
    if not found:
        raise InputError(
            place,
            found=f"no {what} there",
            expected="a file, a folder with files, or a glob that matches some",
            do="check the path",
        )
    for file in found:
        if file.suffix.lower() not in FORMATS:
            raise InputError(
                str(file),
                found=f"the ending “{file.suffix}”",
                expected=f"one of {' '.join(FORMATS)}",
                do="name the files themselves, or move the others away: nothing is left out silently",
            )
    return [file.resolve() for file in found]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _open(number: int, path: Path, encoding: str) -> Source:
    kind = FORMATS[path.suffix.lower()]
    try:
        if kind == "parquet":
            with pq.ParquetFile(path) as file:
                return Source(number, path, kind, file.schema_arrow, file.metadata.num_rows)
        if kind == "ipc":
            with pa.memory_map(str(path)) as mapped:
                reader = _ipc(mapped)
                rows = _ipc_rows(reader)
                return Source(number, path, kind, reader.schema, rows)
        schema = _csv(path, encoding, None).schema
        return Source(number, path, kind, schema, max(0, _lines(path) - 1), encoding)
    except (pa.ArrowException, OSError, UnicodeError, LookupError) as error:
        raise _unreadable(path, error) from error


def _lines(path: Path) -> int:
    """How many lines a file has, the last one with or without an end."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def _ipc(mapped: pa.NativeFile) -> Any:
    try:
        return pa.ipc.open_file(mapped)
    except pa.ArrowInvalid:
        mapped.seek(0)
        return pa.ipc.open_stream(mapped)


def _ipc_rows(reader: Any) -> int:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
    return sum(batch.num_rows for batch in reader)


def _csv(path: Path, encoding: str, columns: Sequence[str] | None) -> pa.csv.CSVStreamingReader:
    first = pa.csv.open_csv(path, read_options=pa.csv.ReadOptions(encoding=encoding, block_size=CSV_BLOCK_BYTES))
    names = first.schema.names
    first.close()
    return pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(encoding=encoding, block_size=CSV_BLOCK_BYTES, use_threads=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            include_columns=list(columns) if columns is not None else None,
        ),
    )


def chunks(source: Source) -> list[Chunk]:
    """Cut a file into parts that can be read side by side: Parquet by row groups, small ones together; others whole."""
    if source.kind != "parquet":
        return [Chunk(source, 0)]
    found, first_row, row = [], 0, 0
    groups: list[int] = []
    metadata = _metadata(source.path)
    for group in range(metadata.num_row_groups):
        groups.append(group)
        row += metadata.row_group(group).num_rows
        if row - first_row >= BATCH_ROWS // 2 or group + 1 == metadata.num_row_groups:
            found.append(Chunk(source, first_row, tuple(groups)))
            first_row, groups = row, []
    return found


def _metadata(path: Path) -> pq.FileMetaData:
    """A Parquet file's footer, read once: it lists every row group, and a file may have thousands."""
    state = path.stat()
    return _metadata_of(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=256)
def _metadata_of(path: Path, *_: int) -> pq.FileMetaData:
    with pq.ParquetFile(path) as file:
        return file.metadata


def _read_parquet(source: Source, parts: tuple[int, ...], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    texts = [name for name in source.schema.names if pa.types.is_string(source.schema.field(name).type)]
    codes = [name for name in texts if name not in ("psn_no", "setl_id", "init_setl_id", "mdtrt_id")]
    metadata = _metadata(source.path)
    with pq.ParquetFile(source.path, metadata=metadata, read_dictionary=codes) as file:
        # small row groups are joined: each batch costs as much as some thousand rows
        if len(parts) > 1 and sum(metadata.row_group(part).num_rows for part in parts) <= BATCH_ROWS:
            rows = file.read_row_groups(list(parts), columns, use_threads=False)
            yield from rows.unify_dictionaries().combine_chunks().to_batches()
        elif parts:
            yield from file.iter_batches(BATCH_ROWS, row_groups=list(parts), columns=columns, use_threads=False)


def _read_ipc(source: Source, _: tuple[int, ...], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(source.path)) as mapped:
        reader = _ipc(mapped)
        if isinstance(reader, pa.ipc.RecordBatchFileReader):
            batches: Any = (reader.get_batch(i) for i in range(reader.num_record_batches))
        else:
            batches = iter(reader)
        for batch in batches:
            for start in range(0, max(1, batch.num_rows), BATCH_ROWS):
                piece = batch.slice(start, BATCH_ROWS)
                yield piece if columns is None else piece.select(list(columns))


def _read_csv(source: Source, _: tuple[int, ...], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with _csv(source.path, source.encoding, columns) as reader:
        yield from reader


_READERS: dict[str, Callable[[Source, tuple[int, ...], Sequence[str] | None], Iterator[pa.RecordBatch]]] = {
    "parquet": _read_parquet,
    "ipc": _read_ipc,
    "csv": _read_csv,
}


def fetch_rows(
    source: Source, rows: npt.NDArray[np.int64], workers: int = 2
) -> Iterator[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
    """Fetch rows of a file with every column it has; ``rows`` ascending, counted from 0. Parts without any are skipped."""
    wanted: list[tuple[Chunk, npt.NDArray[np.int64]]] = []
    parts = chunks(source)
    ends = [part.first_row for part in parts[1:]] + [2**62]
    for part, end in zip(parts, ends, strict=True):
        wanted.append((part, rows[(rows >= part.first_row) & (rows < end)]))

    def fetch(item: tuple[Chunk, npt.NDArray[np.int64]]) -> list[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
        part, mine = item
        found = []
        for first_row, batch in part.batches() if len(mine) else ():
            here = mine[(mine >= first_row) & (mine < first_row + batch.num_rows)]
            if len(here):
                found.append((here, batch.take(pa.array(here - first_row))))
        return found

    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(fetch, wanted):
            yield from found


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
