"""Tables that the parts of a year wrote, read row by row; amounts become fen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.listing import files_in

__all__ = ["fen", "parts_of", "rows_of"]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one file.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        rows = pq.read_table(path, partitioning=None).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="a table of a finished settlement",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error
    yield from rows


def parts_of(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table: those of its files, in the order of their names."""
    for path in files_in(folder):
        yield from rows_of(path)


def fen(amount: Decimal | None) -> int:
    """An amount in yuan as fen; nothing is 0."""
    return 0 if amount is None else int(amount.scaleb(2))
