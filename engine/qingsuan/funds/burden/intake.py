"""Claims and identities as they come, for the people in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from qingsuan.columns.cells import OPEN_END, Torn, day_text
from qingsuan.columns.rows import arrow
from qingsuan.funds.burden.columns import AMOUNTS, HELD, IDENTITY_COLUMNS, PEOPLE, PERSON
from qingsuan.funds.rows import Rows
from qingsuan.settlement import InputFile, Taken

__all__ = ["take_identities", "take_people"]


def take_people(batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
    """Take claims.

    Raises
    ------
    InputError
        One is not as a settlement writes it.
    """
    rows = Rows(PEOPLE, batch, file, first_row, torn)
    rows.check_forms()
    rows.trust()
    arrays = [rows.texts("psn_no"), rows.texts("insu_admdvs"), arrow(rows.values("benefit_date").astype(np.int32))]
    arrays += [arrow(np.ascontiguousarray(rows.values(name))) for name in AMOUNTS]
    return Taken(pa.RecordBatch.from_arrays(arrays, schema=PERSON), rows.refusals.table(), {"people": rows.size})


def take_identities(
    batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn], codes: frozenset[str]
) -> Taken:
    """Take identities; those of classes that no line names decide nothing, and are counted."""
    rows = Rows(IDENTITY_COLUMNS, batch, file, first_row, torn)
    flag = rows.cells["vali_flag"]
    void = (flag.values == 0) & ~flag.absent & ~flag.faults.get("E_FORM", np.False_)
    rows.refuse(void, "E_VOID", "vali_flag", "1, or nothing: a void row decides nothing")
    rows.check_forms()
    begin, end = rows.values("begntime"), rows.cells["endtime"]
    last = np.where(end.absent, OPEN_END, end.values).astype(np.int32)
    before = ~end.absent & (last < begin)
    rows.refuse(before, "E_DATE", "endtime", "a date not before begntime", lambda row: day_text(int(end.values[row])))
    named = rows.by_value("psn_idet_type", codes.__contains__, np.bool_)
    arrays = [rows.texts("psn_no"), rows.texts("psn_idet_type"), arrow(begin.astype(np.int32)), arrow(last)]
    kept = pa.RecordBatch.from_arrays(arrays, schema=HELD).filter(pa.array(rows.good & named))
    return Taken(kept, rows.refusals.table(), {"identities": int(rows.good.sum())})
