"""CSV files, strictly by RFC 4180: a compiled walk knows where records end, PyArrow reads whole records only.

A cell is text, whatever is in it; a bad one becomes a refused row and never a guess. Records end with LF, CR LF or CR; a
quoted cell may hold line ends, commas and doubled quotes. A blank line is no record. What is malformed, or well formed only
because one forgotten quote closes another, stops the run with file and line; a record on one line with too few or too many
cells is a row, a torn one, and refused. Every file is walked once when it is opened, and again while it is read: each block
of records must then give as many rows as the walk counts.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from qingsuan._csv import scan
from qingsuan.columns.cells import Torn
from qingsuan.errors import InputError, UsageError
from qingsuan.run.inputs.formats.packed import opened
from qingsuan.run.inputs.formats.source import Source, check_beginning, unreadable
from qingsuan.run.inputs.intake.said import CsvForm

__all__ = ["MOST_RECORD_BYTES", "check_encoding", "count_csv_rows", "open_csv", "read_csv"]

BLOCK_BYTES = 8 << 20
"""So many bytes are read into rows at once."""

WALK_BYTES = 1 << 20
"""So many are walked at once while a file is opened: they stay in the processor's cache."""

MOST_RECORD_BYTES = 16 << 20
"""A longer record is taken for a quote that nobody closed."""

MOST_TEXT = 2_000
"""So many characters of a torn record stand in its refusal."""

_TORN_PER_BLOCK = 4_096
_TORN_NUMBERS = 5
_BOM = codecs.BOM_UTF8
_RFC_4180 = CsvForm()
_NO_LIMIT = 2**62
_NO_QUOTE = 0xFF
"""A byte that no text of UTF-8 has."""
_QUOTES = "RFC 4180: a cell with quotes, commas or line ends stands in quotes, and a quote inside it is doubled"
_IN_ONE_LINE = "rows outside of cells; a note that is meant to look like rows has no line ends"
_WRONG = {
    1: ("the quote that opens a cell is never closed", _QUOTES),
    2: ("text behind the quote that closes a cell", _QUOTES),
    3: ("a quote inside a cell that does not begin with one", _QUOTES),
    4: ("a NUL byte", "text; of UTF-16 every second byte may be NUL: --csv-encoding utf-16le"),
    5: (f"a record of more than {MOST_RECORD_BYTES >> 20} MiB: is a quote open?", _QUOTES),
    6: ("a cell over several lines that holds what looks like whole rows: is a quote missing?", _IN_ONE_LINE),
    7: ("a record over several lines with too few or too many cells: is a quote missing?", _QUOTES),
}


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole records of a file as UTF-8, and what the walk found: how many, and which of them are torn."""

    data: bytes
    records: int
    lines_before: int
    torn: npt.NDArray[np.int64]


_WRITINGS = frozenset(
    {"idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape", "raw_unicode_escape"}
)
"""What Python calls encodings, and are ways to write names or program text: a backslash or a full stop would be another cell."""


def check_encoding(name: str) -> str:
    """The usual name of an encoding of texts.

    Raises
    ------
    UsageError
        Nobody knows it.
    """
    try:
        found = codecs.lookup(name)
        if found.name in _WRITINGS:
            raise LookupError(name)
        " ".encode(name)  # an encoding of something else than texts refuses
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        raise UsageError(
            f"--csv-encoding {name}",
            found="no encoding of this name",
            expected="an encoding such as utf8, gb18030, gbk, big5 or utf-16",
            do="check the spelling",
        ) from None
    return "utf-8" if found.name == "utf-8-sig" else found.name


def open_csv(number: int, path: Path, encoding: str, form: CsvForm = _RFC_4180) -> Source:
    """Walk a whole file: check its form and encoding, count its records.

    Raises
    ------
    InputError
        It is malformed, or is no text of this encoding; file and line are named.
    """
    check_beginning(path)
    with opened(path) as file:
        walk = _Walk(path, encoding, form, file, min(WALK_BYTES, BLOCK_BYTES))
        names = walk.header()
        rows = sum(block.records for block in walk.blocks(len(names)))
    return Source(number, path, "csv", pa.schema([(name, pa.string()) for name in names]), rows, encoding)


def read_csv(
    source: Source, _: tuple[int, ...], columns: Sequence[str] | None
) -> Iterator[tuple[pa.RecordBatch, tuple[Torn, ...]]]:
    """Give the rows of each block of whole records, all texts; the cells of a torn row are null."""
    with opened(source.path) as file:
        walk = _Walk(source.path, source.encoding, source.form, file, BLOCK_BYTES)
        names = walk.header()
        if names != source.written.names:
            raise unreadable(source.path, "csv", "its header changed since the run began")
        for block in walk.blocks(len(names)):
            yield _rows_of(block, names, columns, source)


class _Walk:
    """One walk through a file, from its header to its end."""

    def __init__(self, path: Path, encoding: str, form: CsvForm, file: BinaryIO, piece_bytes: int) -> None:
        self.path, self.encoding, self._piece_bytes = path, encoding, piece_bytes
        self._form, self._signs = form, (ord(form.delimiter), ord(form.quote) if form.quote else _NO_QUOTE)
        self.lines = 0
        self._rest = b""
        self._ended = False
        self._pieces = _pieces(file, encoding, piece_bytes)
        self._torn = np.zeros(_TORN_PER_BLOCK * _TORN_NUMBERS, np.int64)

    def header(self) -> list[str]:
        """The names in the first record."""
        head = next(self._walked(0, 1), None)
        if head is None:
            raise InputError(
                str(self.path),
                found="cannot be read: an empty file",
                expected="a CSV file whose first line names its columns",
                do="write the extract again; a table without rows has its header all the same",
            )
        text = io.StringIO(head.data.decode("utf-8"), newline="")
        return next(row for row in _rows_of_text(text, self._form) if row)

    def blocks(self, cells: int) -> Iterator[_Block]:
        """Whole records, some megabytes of them at a time, each of so many cells."""
        return self._walked(cells, _NO_LIMIT)

    def _walked(self, cells: int, most_records: int) -> Iterator[_Block]:
        while self._more():
            data = self._rest
            end, records, lines, torn, fault, fault_lines = scan(
                data, self._ended, cells, most_records, MOST_RECORD_BYTES, *self._signs, self._torn
            )
            whole = data[:end]
            self._check_text(data if fault else whole, final=not fault)
            if fault:
                found, expected = _WRONG[fault]
                raise self._refusal(fault_lines, found, expected)
            self._rest = data[end:]
            before, self.lines = self.lines, self.lines + lines
            if records:
                numbers = self._torn[: torn * _TORN_NUMBERS].reshape(-1, _TORN_NUMBERS).copy()
                yield _Block(whole, records, before, numbers)
            if end == 0 or len(self._rest) < self._piece_bytes:
                self._fill()

    def _more(self) -> bool:
        """Whether there is anything left to walk."""
        while not self._rest and not self._ended:
            self._fill()
        return bool(self._rest)

    def _fill(self) -> None:
        """Read one more piece behind what is left."""
        try:
            piece = next(self._pieces, None)
        except UnicodeError as error:
            raise self._not_text(error) from error
        if piece is None:
            self._ended = True
        elif self._rest:
            self._rest += piece
        else:
            self._rest = piece

    def _check_text(self, data: bytes, *, final: bool) -> None:
        """Check that bytes are UTF-8, if not ``final`` but for a last character cut short; others were decoded already."""
        if self.encoding != "utf-8" or data.isascii():
            return
        try:
            offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
            pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
        except pa.ArrowInvalid:
            try:
                codecs.utf_8_decode(data, "strict", final)
            except UnicodeDecodeError as error:
                raise self._not_text(error) from error

    def _not_text(self, error: UnicodeError) -> InputError:
        """The error that names the line, and the encoding that would read the file, if there is one."""
        lines, what = 0, str(error)
        if isinstance(error, UnicodeDecodeError):
            before = error.object[: error.start].decode(self.encoding, "ignore")
            if self.encoding != "utf-8":
                before = self._rest.decode("utf-8") + before
            lines = before.count("\n") + before.count("\r") - before.count("\r\n")
            what = f"byte 0x{error.object[error.start]:02x}"
        others = [other for other in ("utf-8", "gb18030", "utf-16") if _reads(self.path, other)]
        do = "write the file again in one encoding throughout, and name it with --csv-encoding"
        if others and others[0] != self.encoding:
            other = others[0].replace("utf-8", "utf8")
            do = f'its bytes are whole in another encoding: give --csv-encoding {other}, or say csv.encoding = "{other}" in an intake file'
        return self._refusal(lines, f"{what} is not {self.encoding}", f"text in {self.encoding}", do)

    def _refusal(
        self, lines: int, found: str, expected: str, do: str = "mend the file where it was written"
    ) -> InputError:
        where = f"{self.path}: line {self.lines + lines + 1}"
        return InputError(where, found=f"cannot be read: {found}", expected=expected, do=do)


def _pieces(file: BinaryIO, encoding: str, piece_bytes: int) -> Iterator[bytes]:
    """A file's bytes as UTF-8, without the mark at its beginning: as they are, or decoded piece by piece."""
    read = iter(partial(file.read, piece_bytes), b"")
    texts = read if encoding == "utf-8" else _decoded(read, encoding)
    first = True
    for piece in texts:
        yield piece.removeprefix(_BOM) if first else piece
        first = False


def _decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8")
    yield decoder.decode(b"", True).encode("utf-8")


def _reads(path: Path, encoding: str) -> bool:
    """Whether a whole file is text of an encoding."""
    with opened(path) as file:
        first = file.read(2)
        if encoding == "utf-16" and first not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return False
        try:
            for _ in _decoded(chain((first,), iter(partial(file.read, BLOCK_BYTES), b"")), encoding):
                continue
        except UnicodeError:
            return False
    return True


def _rows_of(
    block: _Block, names: Sequence[str], columns: Sequence[str] | None, source: Source
) -> tuple[pa.RecordBatch, tuple[Torn, ...]]:
    """A block's rows: PyArrow reads the records that are not torn, and must find as many as the walk counted."""
    good = _parsed(_without(block), names, columns, source.form)
    expected = block.records - len(block.torn)
    if good.num_rows != expected:
        raise InputError(
            f"{source.path}: behind line {block.lines_before}",
            found=f"{good.num_rows} rows where {expected} records are",
            expected="every record to be one row",
            do="report this, with the file if you may: its rows cannot be trusted",
        )
    if not len(block.torn):
        return good, ()
    at = np.ones(block.records, np.bool_)
    at[block.torn[:, 2]] = False
    places = np.cumsum(at) - 1
    rows = good.take(pa.array(places, mask=~at))
    return rows, tuple(_torn(block, numbers, len(names)) for numbers in block.torn.tolist())


def _without(block: _Block) -> bytes:
    """A block's bytes without its torn records."""
    if not len(block.torn):
        return block.data
    ends = [0, *block.torn[:, 1].tolist()]
    begins = [*block.torn[:, 0].tolist(), len(block.data)]
    return b"".join(block.data[end:begin] for end, begin in zip(ends, begins, strict=True))


def _parsed(data: bytes, names: Sequence[str], columns: Sequence[str] | None, form: CsvForm) -> pa.RecordBatch:
    wanted = list(names if columns is None else columns)
    if not data.strip(b"\r\n"):
        return pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in wanted})
    if data.startswith(_BOM):
        data = _BOM + data  # PyArrow takes one away, wherever a block begins
    table = pa.csv.read_csv(
        pa.BufferReader(data),
        pa.csv.ReadOptions(column_names=list(names), block_size=len(data) + 1, use_threads=False),
        pa.csv.ParseOptions(
            newlines_in_values=bool(form.quote), delimiter=form.delimiter, quote_char=form.quote or False
        ),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, include_columns=wanted
        ),
    )
    return table.combine_chunks().to_batches()[0]


def _torn(block: _Block, numbers: Sequence[int], expected: int) -> Torn:
    begin, end, row, cells, lines = numbers
    text = block.data[begin:end].decode("utf-8").rstrip("\r\n")
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}… ({len(text)} characters)"
    found = f"line {block.lines_before + lines + 1}, {cells} cell{'s' * (cells > 1)}: {text}"
    return Torn(row, found, f"{expected} cells, as the header has")


def _rows_of_text(text: Iterable[str], form: CsvForm) -> Any:
    """Rows by the standard library's reader, strictly."""
    if not form.quote:
        return csv.reader(text, strict=True, delimiter=form.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(text, strict=True, delimiter=form.delimiter, quotechar=form.quote)


def count_csv_rows(path: Path, encoding: str, form: CsvForm = _RFC_4180) -> int:
    """How many rows a file has, counted by the standard library's reader: a third way, slower than the other two.

    Raises
    ------
    InputError
        It finds a fault that the walk did not see.
    """
    csv.field_size_limit(MOST_RECORD_BYTES)
    with opened(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
        reader = _rows_of_text(text, form)
        try:
            return max(0, sum(1 for row in reader if row) - 1)
        except (csv.Error, UnicodeError) as error:
            raise unreadable(path, "csv", f"line {reader.line_num}: {error}") from error
