"""What an Arrow record batch must hold for the rows that it says it has: the bytes of its columns, by their types.

Rows are counted by what messages say, and how a run is cut follows from that count. So a batch is held against its own
bytes before anybody believes it: a column of texts, or of a fixed width, has some for each of its cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import pyarrow as pa

from qingsuan.run.inputs.formats.source import BATCH_ROWS

__all__ = ["Batch", "Lies", "check_layout", "unpacked_size"]

_T = TypeVar("_T")
_TYPES = pa.types
_UNIONS_WITHOUT_NULLS = 4
"""The version of metadata (V5) from which on a union has no bits for its nulls."""

_MOST_UNPACKED = {0: 256, 1: 32_768}
"""How many bytes a packed one may stand for: of LZ4 a long match has a byte for 255, of zstd a block of one value 4 for 131,072."""

_LAST_BLOCK = 131_072


class Lies(ValueError):
    """A message says something that cannot be."""


class Batch(NamedTuple):
    """A record batch as its message tells of it.

    Attributes
    ----------
    nodes : cells, and nulls among them, of each column and of each column within one.
    buffers : bytes of each buffer once it is unpacked.
    variadic : how many buffers of text each column of views has.
    version : of the metadata.
    is_dictionary : whether it holds the values of a dictionary, and no rows.
    """

    rows: int
    nodes: list[tuple[int, ...]]
    buffers: list[int]
    variadic: list[int]
    version: int
    is_dictionary: bool = False

    @property
    def bytes(self) -> int:
        """What it takes of memory once it is unpacked."""
        return sum(self.buffers)


def unpacked_size(codec: int, packed: int, told: int) -> int:
    """How many bytes a packed buffer holds: those it tells of; -1 says that it was left as it is.

    Raises
    ------
    Lies
        No codec makes so many of it.
    """
    if told == -1:
        return packed
    if not 0 <= told <= packed * _MOST_UNPACKED.get(codec, 0) + _LAST_BLOCK:
        raise Lies(f"a packed part of {packed} bytes that says it holds {told}")
    return told


def check_layout(batch: Batch, schema: pa.Schema) -> None:
    """Check that each column has as many cells as the batch has rows, and bytes for all of them.

    Raises
    ------
    Lies
        One has not; or none has any bytes for its cells, and the batch says more rows than are read at once.
    """
    layout, is_shown = _Layout(batch), False
    for field in schema:
        cells, room = layout.column(field.type)
        if cells != batch.rows:
            raise Lies(f"column “{field.name}” has {cells} cells, and the batch says it has {batch.rows} rows")
        if room is not None and room < cells:
            raise Lies(f"column “{field.name}” has bytes for {room} cells, and the batch says it has {batch.rows} rows")
        is_shown = is_shown or room is not None
    if batch.rows > BATCH_ROWS and not is_shown:
        raise Lies(f"no column has bytes for its cells, and the batch says it has {batch.rows} rows")


class _Layout:
    """A walk over the nodes and buffers of a batch, in the order of its columns."""

    def __init__(self, batch: Batch) -> None:
        self._nodes, self._buffers, self._variadic = iter(batch.nodes), iter(batch.buffers), iter(batch.variadic)
        self._union_nulls = batch.version < _UNIONS_WITHOUT_NULLS

    def column(self, kind: pa.DataType) -> tuple[int, int | None]:
        """How many cells the next column has, and for how many its bytes suffice; None if it needs none."""
        while isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        cells = _next(self._nodes)[0]
        room = self._room(kind)
        for child in _children(kind):
            within, its_room = self.column(child)
            if its_room is not None and its_room < within:
                raise Lies(f"a column of {kind} has {within} cells in it, and bytes for {its_room}")
            if _TYPES.is_struct(kind) and its_room is not None:
                room = its_room if room is None else min(room, its_room)
            elif _TYPES.is_fixed_size_list(kind) and its_room is not None and kind.list_size:
                room = its_room // kind.list_size
        return cells, room

    def _room(self, kind: pa.DataType) -> int | None:
        if _TYPES.is_null(kind) or _TYPES.is_run_end_encoded(kind):
            return None
        if _TYPES.is_union(kind):
            return self._room_of_union(kind)
        _next(self._buffers)  # bits for its nulls: absent where there are none
        if _TYPES.is_struct(kind) or _TYPES.is_fixed_size_list(kind):
            return None
        if _is_view(kind):
            room = _next(self._buffers) // 16
            for _ in range(_next(self._variadic)):
                _next(self._buffers)
            return room
        return self._room_of_offsets(kind) if kind.num_fields or _has_offsets(kind) else self._room_of_width(kind)

    def _room_of_union(self, kind: pa.DataType) -> int:
        if self._union_nulls:
            _next(self._buffers)
        room = _next(self._buffers)
        return room if kind.mode == "sparse" else min(room, _next(self._buffers) // 4)

    def _room_of_offsets(self, kind: pa.DataType) -> int:
        """Of texts and lists: one offset more than cells, and the texts; of lists as views an offset and a length each."""
        size = 8 if _is_large(kind) else 4
        room = _next(self._buffers) // size
        if _TYPES.is_list_view(kind) or _TYPES.is_large_list_view(kind):
            return min(room, _next(self._buffers) // size)
        if not kind.num_fields:
            _next(self._buffers)
        return max(0, room - 1)

    def _room_of_width(self, kind: pa.DataType) -> int | None:
        size = _next(self._buffers)
        return size * 8 // kind.bit_width if kind.bit_width else None


def _next(numbers: Iterator[_T]) -> _T:
    for number in numbers:
        return number
    raise Lies("fewer columns than the file says it has")


def _children(kind: pa.DataType) -> list[pa.DataType]:
    if _TYPES.is_run_end_encoded(kind):
        return [kind.run_end_type, kind.value_type]
    return [kind.field(at).type for at in range(kind.num_fields)]


def _is_view(kind: pa.DataType) -> bool:
    return bool(_TYPES.is_string_view(kind) or _TYPES.is_binary_view(kind))


def _has_offsets(kind: pa.DataType) -> bool:
    return any(of(kind) for of in (_TYPES.is_string, _TYPES.is_binary, _TYPES.is_large_string, _TYPES.is_large_binary))


def _is_large(kind: pa.DataType) -> bool:
    return any(
        of(kind)
        for of in (_TYPES.is_large_string, _TYPES.is_large_binary, _TYPES.is_large_list, _TYPES.is_large_list_view)
    )
