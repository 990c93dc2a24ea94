"""Tables of a page before they are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["filled"]


def filled(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Leave out the columns that have a header and no cell.

    >>> filled(["a", "b"], [["1", ""], ["2", ""]])
    (['a'], [['1'], ['2']])
    """
    kept = [at for at in range(len(headers)) if any(row[at] for row in rows)]
    return [headers[at] for at in kept], [[row[at] for at in kept] for row in rows]
