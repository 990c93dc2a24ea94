"""Settled rows read strictly, and added up by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from qingsuan.columns.cells import READERS, Cells, Torn
from qingsuan.columns.forms import form_of, quoted
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.errors import InputError
from qingsuan.paid.columns import paid_columns
from qingsuan.policy.model import FUNDS
from qingsuan.settlement import InputFile, Taken

__all__ = ["CLAIMS", "PaidSums", "added_up", "internal", "sums_table", "take_paid"]

CLAIMS = "claims"
"""How many settled rows an internal row stands for."""

PaidSums = dict[tuple[str, ...], list[int]]
"""By key: the number of claims, then what each fund paid in fen, in the order of :data:`~qingsuan.policy.model.FUNDS`."""


def internal(keys: Sequence[str]) -> pa.Schema:
    """Internal rows: the keys, how many settled rows they stand for, and what each fund paid for them in fen."""
    return pa.schema([*((key, pa.string()) for key in keys), *((name, pa.int64()) for name in (CLAIMS, *FUNDS))])


def take_paid(
    batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn], keys: Sequence[str], year: int
) -> Taken:
    """Add a batch of settled rows up by ``keys``.

    Raises
    ------
    InputError
        A row is not as a settlement of the year writes it: what it stands for is money that was paid.
    """
    if torn:
        raise _untrusted(file, first_row + torn[0].row, "", torn[0].found, torn[0].expected)
    cells = {column.name: READERS[column.kind](batch[column.name]) for column in paid_columns(*keys)}
    _check(cells, batch, file, first_row, keys, year)
    texts = [cells[key].values.cast(pa.string()) for key in keys]
    amounts = [pa.array(np.ascontiguousarray(cells[fund].values, np.int64)) for fund in FUNDS]
    rows = pa.table([*texts, *amounts], names=[*keys, *FUNDS])
    grouped = rows.group_by(list(keys), use_threads=False).aggregate(
        [(keys[0], "count"), *((fund, "sum") for fund in FUNDS)]
    )
    columns = [grouped[name] for name in (*keys, f"{keys[0]}_count", *(f"{fund}_sum" for fund in FUNDS))]
    schema = internal(keys)
    arrays = [column.combine_chunks().cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return Taken(pa.RecordBatch.from_arrays(arrays, schema=schema), _NONE, {CLAIMS: batch.num_rows, **_sums(cells)})


def added_up(tables: Iterable[pa.Table], keys: Sequence[str]) -> PaidSums:
    """Internal rows added up by their keys, in the order of these."""
    found: PaidSums = {}
    for table in tables:
        numbers = zip(*(table[name].to_pylist() for name in (CLAIMS, *FUNDS)), strict=True)
        for key, row in zip(zip(*(table[key].to_pylist() for key in keys), strict=True), numbers, strict=True):
            mine = found.setdefault(key, [0] * len(row))
            for place, number in enumerate(row):
                mine[place] += number
    return dict(sorted(found.items()))


def sums_table(sums: PaidSums, keys: Sequence[str]) -> pa.Table:
    """Sums as internal rows."""
    rows = [(*key, *numbers) for key, numbers in sums.items()]
    columns = list(zip(*rows, strict=True)) if rows else [()] * (len(keys) + 1 + len(FUNDS))
    return pa.table([list(column) for column in columns], schema=internal(keys))


_NONE = REJECT_SCHEMA.empty_table()


def _check(
    cells: Mapping[str, Cells], batch: pa.RecordBatch, file: InputFile, first_row: int, keys: Sequence[str], year: int
) -> None:
    """Every cell is there and of its form, no amount is negative, every date is of the year."""
    for column in paid_columns(*keys):
        mine = cells[column.name]
        wrong = mine.absent.copy()
        for mask in mine.faults.values():
            wrong |= mask
        expected = form_of(column)
        if column.kind == "money":
            wrong |= mine.values < 0
            expected = f"{expected}, not negative"
        elif column.kind == "date":
            years = mine.values.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
            wrong |= years != year
            expected = f"a day of {year}, the year that is settled, as YYYY-MM-DD"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            found = "nothing" if mine.absent[row] else quoted(batch[column.name][row])
            raise _untrusted(file, first_row + row, column.name, found, expected)


def _sums(cells: Mapping[str, Cells]) -> dict[str, int]:
    return {fund: int(cells[fund].values.sum()) for fund in FUNDS}


def _untrusted(file: InputFile, row: int, column: str, found: str, expected: str) -> InputError:
    return InputError(
        f"{file.where}: row {row + 1}: {column or 'the row'}",
        found=found,
        expected=expected,
        do="give the folder of the finished settlement as the run wrote it: what stands there was paid",
    )
