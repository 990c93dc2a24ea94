"""What follows from the columns of a file, worked out once for files that come one after another and have the same columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import pyarrow as pa

__all__ = ["for_alike"]

_Made = TypeVar("_Made")


class for_alike(Generic[_Made]):  # noqa: N801 - a decorator
    """A function of a schema that remembers what it made of the last one.

    Of two schemas that are equal, metadata included, it gives the same object. Threads may call it side by side.
    """

    def __init__(self, make: Callable[[pa.Schema], _Made]) -> None:
        self._make, self.__doc__ = make, make.__doc__
        self._last: tuple[pa.Schema, _Made] | None = None

    def __call__(self, schema: pa.Schema) -> _Made:
        """What the function makes of a schema."""
        last = self._last
        if last is not None and (last[0] is schema or last[0].equals(schema, check_metadata=True)):
            return last[1]
        made = self._make(schema)
        self._last = schema, made
        return made
