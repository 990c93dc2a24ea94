"""A settlement made up for the tests: what the institutions of a year are owed for visits, ten yuan for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import Torn, read_texts
from qingsuan.columns.rejects import Refusals
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.tables import Column

__all__ = ["Visits"]

_KEY, _FEN = "fixmedins_code", 1000


class Visits(Settlement):
    name, year = "visits (made up)", 2021
    inputs = (InputTable("visits", (Column(_KEY, "code", True, "institution"),), key=_KEY, row_bytes=400),)
    tables, always = ("owed", "rejected", "totals", ".shuffle"), ("owed",)

    def identity(self) -> dict[str, dict[str, Any]]:
        return {"options": {"year": self.year}, "rules": {"fen of a visit": _FEN}}

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        cells, rows = read_texts(batch.column(_KEY)), np.arange(batch.num_rows) + first_row
        refusals = Refusals(np.full(batch.num_rows, file.number, np.int32), rows)
        refusals.add(cells.absent, "E_MISSING", _KEY, "nothing", "an institution")
        texts = pa.RecordBatch.from_arrays([pc.cast(cells.values, pa.string())], names=[_KEY])
        return Taken(texts.filter(pa.array(~refusals.refused)), refusals.table(), {})

    def empty(self, table: str) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([pa.array([], pa.string())], names=[_KEY])

    def settler(self) -> Callable[..., Settled]:
        return self._settle

    def _settle(self, visits: pa.Table) -> Settled:
        owed = visits.group_by(_KEY, use_threads=False).aggregate([([], "count_all")]).sort_by(_KEY)
        owed = owed.append_column("owed_fen", pc.multiply(owed.column("count_all"), _FEN))
        return Settled({"owed": owed}, {"visits": visits.num_rows}, {"institutions": owed})

    def check(self, books: Books) -> None:
        books.check_balance("visits", {"visits": books.counts["visits"]})

    def totals(self, books: Books) -> dict[str, pa.Table]:
        return {"totals/institutions.parquet": pa.concat_tables(books.totals["institutions"]).sort_by(_KEY)}

    def record(self, books: Books) -> dict[str, Any]:
        return {"visits": books.counts["visits"], "rejected": books.rejected_rows("visits"), "warnings": []}
