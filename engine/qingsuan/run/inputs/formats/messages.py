"""The messages of an Arrow IPC file, looked at without Arrow: what each says it holds, and whether its lengths fit its size.

Arrow believes what a message says of itself. Here only the flatbuffers of the messages are read, with every place checked
against the bytes that are there; what they say must fit the body that follows them. It is also the second count of rows.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.layout import Batch, Lies, unpacked_size
from qingsuan.run.inputs.formats.source import unreadable

__all__ = ["batches_of"]

_MAGIC = b"ARROW1"
_CONTINUES = 0xFFFFFFFF
_MOST_METADATA = 64 << 20
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_VERSION, _HEADER_TYPE, _HEADER, _BODY_LENGTH = 0, 1, 2, 3  # fields of a message
_LENGTH, _NODES, _BUFFERS, _COMPRESSION, _VARIADIC = 0, 1, 2, 3, 4  # fields of a record batch
_VALUES = 1  # field of a dictionary
_CODEC = 0  # field of a compression
_BLOCK = struct.Struct("<qiiq")
_PAIR = struct.Struct("<qq")
_LONG = struct.Struct("<q")


def batches_of(path: Path) -> Iterator[Batch]:
    """Give each record batch and dictionary of a file or stream as its message tells of it, in the order in which they are read.

    Raises
    ------
    InputError
        A message is cut short, or says something that does not fit its size.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            if file.read(len(_MAGIC)) == _MAGIC:
                for place in _blocks(file, size):
                    yield _batch_at(file, place, size)
            else:
                file.seek(0)
                yield from _batches_of_stream(file, size)
        except (struct.error, OverflowError) as error:
            raise _wrong(path, f"a message is cut short: {error}") from error
        except Lies as error:
            raise _wrong(path, str(error)) from error


def _wrong(path: Path, found: str) -> InputError:
    return unreadable(path, "ipc", found)


class _Table:
    """A table of a flatbuffer; every place in it is checked by ``struct``, which refuses to read beyond the bytes."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self._fields = at - self._unpacked("<i", at)
        self._size = self._unpacked("<H", self._fields)

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _unpacked(self, form: str, at: int) -> int:
        if at < 0:
            raise Lies("an offset points before its message")
        value: int = struct.unpack_from(form, self.data, at)[0]
        return value

    def _place(self, field: int) -> int:
        """Where a field is; 0 if it is not there."""
        at = 4 + 2 * field
        offset = self._unpacked("<H", self._fields + at) if at + 2 <= self._size else 0
        return self.at + offset if offset else 0

    def number(self, field: int, form: str) -> int:
        place = self._place(field)
        return self._unpacked(form, place) if place else 0

    def has(self, field: int) -> bool:
        return bool(self._place(field))

    def table(self, field: int) -> _Table:
        place = self._place(field)
        if not place:
            raise Lies("a message without content")
        return _Table(self.data, place + self._unpacked("<I", place))

    def structs(self, field: int, form: struct.Struct) -> list[tuple[int, ...]]:
        place = self._place(field)
        if not place:
            return []
        begin = place + self._unpacked("<I", place)
        count = self._unpacked("<I", begin)
        if begin + 4 + count * form.size > len(self.data):
            raise Lies("a list is longer than its message")
        return list(form.iter_unpack(self.data[begin + 4 : begin + 4 + count * form.size]))


def _blocks(file: BinaryIO, size: int) -> Iterator[int]:
    """Where the record batches of a file are, as its footer lists them."""
    file.seek(max(0, size - 4 - len(_MAGIC)))
    length, magic = struct.unpack("<i6s", file.read(4 + len(_MAGIC)))
    if magic != _MAGIC or not 0 < length <= size - 2 * len(_MAGIC) - 4:
        raise Lies("the file does not end as an Arrow file does: it was cut short")
    file.seek(size - 4 - len(_MAGIC) - length)
    footer = _Table.root(file.read(length))
    for field in (2, 3):  # dictionaries and record batches
        for place, metadata, _, body in footer.structs(field, _BLOCK):
            if place < len(_MAGIC) or metadata <= 0 or body < 0 or place + metadata + body > size:
                raise Lies("the footer names a part that lies outside the file")
            yield place


def _batch_at(file: BinaryIO, place: int, size: int) -> Batch:
    file.seek(place)
    _, batch, _ = _message(file, size)
    if batch is None:
        raise Lies("the footer names a part that is neither a record batch nor a dictionary")
    return batch


def _batches_of_stream(file: BinaryIO, size: int) -> Iterator[Batch]:
    while True:
        kind, batch, end = _message(file, size)
        if kind == 0:
            return
        if batch is not None:
            yield batch
        file.seek(end)


def _message(file: BinaryIO, size: int) -> tuple[int, Batch | None, int]:
    """Kind, record batch if it is one, and end of the message that begins here; kind 0 at the end of a stream."""
    prefix = file.read(4)
    if not prefix:
        return 0, None, 0
    (length,) = struct.unpack("<I", prefix)
    if length == _CONTINUES:
        (length,) = struct.unpack("<I", file.read(4))
    if length == 0:
        return 0, None, 0
    if length > min(_MOST_METADATA, size):
        raise Lies("a message is longer than the file, or than any message is")
    message = _Table.root(file.read(length))
    kind, body = message.number(_HEADER_TYPE, "<B"), message.number(_BODY_LENGTH, "<q")
    begin = file.tell()
    if not 0 <= body <= size - begin:
        raise Lies(f"a part of {body} bytes that the file does not have: it was cut short")
    version = message.number(_VERSION, "<h")
    if kind not in (_DICTIONARY, _BATCH):
        return kind, None, begin + body
    header = message.table(_HEADER)
    batch = _batch(header if kind == _BATCH else header.table(_VALUES), file, body, version)
    return kind, batch._replace(is_dictionary=kind == _DICTIONARY), begin + body


def _batch(batch: _Table, file: BinaryIO, body: int, version: int) -> Batch:
    """The record batch whose body begins here; its columns and buffers fit."""
    rows, nodes = batch.number(_LENGTH, "<q"), batch.structs(_NODES, _PAIR)
    if rows < 0:
        raise Lies(f"a record batch of {rows} rows")
    for length, nulls in nodes:
        if length < 0 or not 0 <= nulls <= length:
            raise Lies(f"a column of {length} cells, {nulls} of them null")
    buffers = batch.structs(_BUFFERS, _PAIR)
    for begin, length in buffers:
        if begin < 0 or length < 0 or begin + length > body:
            raise Lies("a column's bytes lie outside its record batch")
    sizes = [length for _, length in buffers]
    if batch.has(_COMPRESSION):
        codec, place = batch.table(_COMPRESSION).number(_CODEC, "<b"), file.tell()
        sizes = [_unpacked_at(file, place + begin, length, codec) if length else 0 for begin, length in buffers]
    return Batch(rows, nodes, sizes, [count for (count,) in batch.structs(_VARIADIC, _LONG)], version)


def _unpacked_at(file: BinaryIO, place: int, size: int, codec: int) -> int:
    """How many bytes a packed buffer holds; they stand before it."""
    file.seek(place)
    (told,) = _LONG.unpack(file.read(min(size, _LONG.size)))
    return unpacked_size(codec, size - _LONG.size, told)
