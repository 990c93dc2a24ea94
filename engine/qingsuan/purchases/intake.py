"""Purchases and agreed quantities as they come: rows checked on their own and made small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.batch import Batch
from qingsuan.columns.cells import Torn, day_text
from qingsuan.columns.rows import recoded
from qingsuan.errors import InputError
from qingsuan.purchases.bureau import Bureau
from qingsuan.settlement import InputFile, Taken
from qingsuan.tables import Column

__all__ = ["AGREED", "INTERNAL", "PURCHASES", "Intake"]

PURCHASES: tuple[Column, ...] = (
    Column("purchase_id", "text", True, "the purchase's own number 采购单号"),
    Column("fixmedins_code", "text", True, "institution 定点医药机构编号"),
    Column("batch", "code", True, "batch 采购批次, by its id in the bureau's file"),
    Column("item", "code", True, "drug or material 采购品种, by its code in the table of items"),
    Column("date", "date", True, "day of the purchase 采购日期"),
    Column("quantity", "count", True, "how many units 数量"),
    Column("amount", "money", True, "what they cost 金额"),
    Column("winning_flag", "flag", True, "a winning product 中选产品; 0 = another one of the same item"),
    Column("refd_flag", "flag", False, "return 退货: quantity and amount are taken off"),
)
AGREED: tuple[Column, ...] = (
    Column("batch", "code", True, "batch 采购批次"),
    Column("item", "code", True, "drug or material 采购品种"),
    Column("fixmedins_code", "text", True, "institution 定点医药机构编号"),
    Column("agreed", "count", True, "agreed quantity 约定采购量"),
    Column("last_year", "count", False, "last year's use 上年使用量; asked for where the budget is for it"),
)

_KEY = ("fixmedins_code", pa.string())
INTERNAL: dict[str, pa.Schema] = {
    "purchases": pa.schema(
        [
            _KEY,
            ("file", pa.int32()),
            ("row", pa.int64()),
            ("purchase_id", pa.string()),
            ("item", pa.int32()),  # its place in the table of items: it says the batch, too
            ("month", pa.int32()),  # since 1970-01
            ("winning", pa.int8()),
            ("quantity", pa.int64()),  # below 0 for a return
            ("fen", pa.int64()),
        ]
    ),
    "agreed": pa.schema([_KEY, ("item", pa.int32()), ("agreed", pa.int64()), ("last_year", pa.int64())]),
}
"""Internal rows, without nulls, by input table."""

_NOWHERE = -1
Places = npt.NDArray[np.int32]


class Intake:
    """Reads batches of both tables; ``bureau`` says which items there are."""

    def __init__(self, bureau: Bureau) -> None:
        self._batches = bureau.batches
        self._items: Mapping[tuple[str, str], int] = {key: place for place, key in enumerate(bureau.items)}
        of_item = [self._batches[batch] for batch, _ in bureau.items]
        self._days = np.array(
            [[(day - _EPOCH).astype(int) for day in map(np.datetime64, (one.begins, one.ends))] for one in of_item],
            np.int64,
        )
        self._needs_last_year = np.array([one.needed == "last-year" for one in of_item], np.bool_)

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Read a batch.

        Raises
        ------
        InputError
            An agreed quantity cannot be trusted: it decides what is kept of everything else.
        """
        if table == "agreed":
            return self._take_agreed(Batch(batch, AGREED, file.number, first_row, torn), file)
        rows = Batch(batch, PURCHASES, file.number, first_row, torn)
        rows.refuse_negative("amount")
        places = self._places(rows)
        days = rows.values("date")
        spans = self._days[np.maximum(places, 0)]
        outside = (places != _NOWHERE) & ((days < spans[:, 0]) | (days > spans[:, 1]))
        rows.refusals.add(
            outside,
            "E_DATE",
            "date",
            lambda row: day_text(int(days[row])),
            lambda row: f"a day of the agreement: {day_text(int(spans[row, 0]))} to {day_text(int(spans[row, 1]))}",
        )
        sign = np.where(rows.values("refd_flag") == 1, -1, 1)
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        size = np.arange(first_row, first_row + rows.size)
        fen = rows.values("amount") * sign
        columns = (np.full(rows.size, file.number), size, None, places, months, rows.values("winning_flag"))
        taken = self._taken("purchases", rows, (*columns, rows.values("quantity") * sign, fen))
        return Taken(taken, rows.refusals.table(), {"purchases": taken.num_rows, "fen": int(fen[rows.good].sum())})

    def _take_agreed(self, rows: Batch, file: InputFile) -> Taken:
        places = self._places(rows)
        unsaid = self._needs_last_year[np.maximum(places, 0)] & rows.absent("last_year")
        rows.refusals.add(unsaid, "E_MISSING", "last_year", "nothing", "last year's use: the batch's budget is for it")
        refused = rows.refusals.table()
        if refused.num_rows:
            first = refused.sort_by("row").slice(0, 1).to_pylist()[0]
            raise InputError(
                f"{file.where}: row {first['row'] + 1}: {first['column'] or 'the row'}",
                found=f"{first['code']}: {first['found']}",
                expected=first["expected"],
                do="correct the agreed quantities: they decide what is kept of everything else",
            )
        taken = self._taken("agreed", rows, (places, rows.values("agreed"), rows.values("last_year")))
        return Taken(taken, refused, {"agreed": taken.num_rows})

    def _places(self, rows: Batch) -> Places:
        """Each row's item by its place; rows of an unknown batch or item are refused."""
        batches, items = rows.codes("batch"), rows.codes("item")
        known = np.array([text in self._batches for text in batches.dictionary.to_pylist()] or [False], np.bool_)
        is_known = recoded(batches.indices, known.astype(np.int8)) == 1
        rows.refuse(~is_known & rows.good, "E_CODE", "batch", f"one of {', '.join(self._batches)}")
        names = (batches.dictionary.to_pylist(), items.dictionary.to_pylist())
        table = np.array(
            [self._items.get((batch, item), _NOWHERE) for batch in names[0] for item in names[1]] or [_NOWHERE],
            np.int32,
        )
        place = batches.indices.to_numpy().astype(np.int64) * len(names[1]) + items.indices.to_numpy()
        found: Places = table[place]
        rows.refuse((found == _NOWHERE) & rows.good, "E_CODE", "item", "an item of its batch in the table of items")
        return found

    def _taken(self, table: str, rows: Batch, columns: Sequence[npt.NDArray[np.generic] | None]) -> pa.RecordBatch:
        """The rows that are kept; None stands for the purchase's number."""
        schema, good = INTERNAL[table], rows.good
        arrays = [rows.texts("fixmedins_code")]
        arrays += [
            rows.texts("purchase_id") if column is None else pa.array(column.astype(field.type.to_pandas_dtype()))
            for column, field in zip(columns, list(schema)[1:], strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        return batch if good.all() else batch.filter(pa.array(good))


_EPOCH = np.datetime64("1970-01-01")
