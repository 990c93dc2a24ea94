"""Structs of Thrift's compact protocol, as the footer and the page headers of a Parquet file are written. The door of ``_thrift``."""

from __future__ import annotations

from typing import Any

from qingsuan import _thrift

__all__ = ["Fields", "Garbled", "Struct", "read_struct"]

Struct = dict[int, Any]
"""Values by the numbers of their fields."""


Fields = dict[int, "Fields | None"]
"""Numbers of fields, each with those that are asked for within its struct or its list of structs: None for all of them."""


class Garbled(ValueError):
    """These bytes are no struct, or are cut short."""


def read_struct(data: bytes, at: int = 0, wanted: Fields | None = None) -> tuple[Struct, int]:
    """Read the struct that begins at a place; returns it, and where it ends.

    Parameters
    ----------
    wanted
        The fields that are asked for, others being passed by: all unless given.

    Raises
    ------
    Garbled
        There is none, or not all of it.
    """
    try:
        return _thrift.read_struct(data, min(at, len(data)), wanted)
    except ValueError as error:
        raise Garbled(str(error)) from error
