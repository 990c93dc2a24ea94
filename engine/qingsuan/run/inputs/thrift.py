"""Structs of Thrift's compact protocol, as the footer and the page headers of a Parquet file are written."""

from __future__ import annotations

from typing import Any

__all__ = ["Garbled", "Struct", "read_struct"]

Struct = dict[int, Any]
"""Values by the numbers of their fields."""

_MOST_WITHIN = 32
"""So many structs, lists and maps lie within each other, at most."""

_MOST_BITS = 70
_YES, _NO, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = 1, 2, 3, 7, 8, 9, 10, 11, 12, 13
_NUMBERS = (4, 5, 6)
_WIDTHS = {_YES: 1, _NO: 1, _BYTE: 1, _DOUBLE: 8, _UUID: 16}


class Garbled(ValueError):
    """These bytes are no struct, or are cut short."""


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """Read the struct that begins at a place; returns it, and where it ends.

    Raises
    ------
    Garbled
        There is none, or not all of it.
    """
    reader = _Reader(data, at)
    try:
        return reader.struct(0), reader.at
    except IndexError as error:
        raise Garbled("a struct is cut short") from error


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def struct(self, depth: int) -> Struct:
        found: Struct = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._number()
            kind = head & 0x0F
            found[field] = kind == _YES if kind in (_YES, _NO) else self._value(kind, depth + 1)
        return found

    def _byte(self) -> int:
        byte = self.data[self.at]
        self.at += 1
        return byte

    def _unsigned(self) -> int:
        value = shift = 0
        while shift < _MOST_BITS:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise Garbled("a number without an end")

    def _number(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _NUMBERS:
            return self._number()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in _WIDTHS:
            return self._bytes(_WIDTHS[kind])
        if depth > _MOST_WITHIN:
            raise Garbled("too many structs within each other")
        if kind == _STRUCT:
            return self.struct(depth)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _MAP:
            return self._map(depth)
        raise Garbled(f"a value of kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 0x0F else self._unsigned()
        return [self._value(head & 0x0F, depth + 1) for _ in range(size)]

    def _map(self, depth: int) -> list[tuple[Any, Any]]:
        size = self._unsigned()
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4, depth + 1), self._value(kinds & 0x0F, depth + 1)) for _ in range(size)]
