"""Structs of Thrift's compact protocol, as the footer and the page headers of a Parquet file are written. The door of ``_thrift``."""

from __future__ import annotations

from typing import Any

from qingsuan import _thrift

__all__ = ["Garbled", "Struct", "read_struct"]

Struct = dict[int, Any]
"""Values by the numbers of their fields."""


class Garbled(ValueError):
    """These bytes are no struct, or are cut short."""


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """Read the struct that begins at a place; returns it, and where it ends.

    Raises
    ------
    Garbled
        There is none, or not all of it.
    """
    try:
        return _thrift.read_struct(data, min(at, len(data)))
    except ValueError as error:
        raise Garbled(str(error)) from error
