"""What became of a claim in a run where it was not settled: reversed, rejected and why, or not there at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.differing.matching import match
from qingsuan.differing.runs import IDS, Side

__all__ = ["ABSENT", "FATES", "SETTLED", "TOLD", "unsettled"]

FATES = ("settled", "reversed", "rejected", "absent")
SETTLED, ABSENT = 0, 3
TOLD = ("insutype", "insu_admdvs", "med_type", "fixmedins_code")
"""What is told of a claim that was not settled, as it came."""

_SCHEMA = pa.schema(
    [*((name, pa.string()) for name in (*IDS, *TOLD, "code")), ("fate", pa.int8())],
)


def unsettled(side: Side, settled: pa.Table, piece: int, pieces: int) -> pa.Table:
    """The claims of a piece that a run reversed or rejected, each once, with ``fate`` and ``code``; those that it settled are left out.

    A row without readable ids is nobody's claim and is left out too.
    """
    parts = [_SCHEMA.empty_table()]
    for table, fate in (("reversed", 1), ("rejected", 2)):
        rows = side.read(table, (*IDS, *TOLD, "code"), piece, pieces)
        if rows is not None and rows.num_rows:
            parts.append(_plain(rows, fate))
    found = pa.concat_tables(parts)
    found = found.filter(pc.and_(*(pc.not_equal(found.column(name), "") for name in IDS)))
    first = _first_of_each(found)
    found = found.take(pa.array(first))
    return found.filter(pa.array(match(found, settled) < 0)) if settled.num_rows else found


def _plain(rows: pa.Table, fate: int) -> pa.Table:
    columns = {}
    for name in (*IDS, *TOLD, "code"):
        if name in rows.schema.names:
            text = rows.column(name).cast(pa.string())
            columns[name] = pc.fill_null(text, "") if name in IDS else text
        else:
            columns[name] = pa.nulls(rows.num_rows, pa.string())
    columns["fate"] = pa.array(np.full(rows.num_rows, fate, np.int8))
    return pa.table(columns, schema=_SCHEMA)


def _first_of_each(rows: pa.Table) -> npt.NDArray[np.int64]:
    """The first row with each pair of ids; what was reversed comes before what was rejected."""
    numbered = rows.select(IDS).append_column("row", pa.array(np.arange(rows.num_rows)))
    grouped = numbered.group_by(list(IDS), use_threads=False).aggregate([("row", "min")])
    return np.sort(grouped.column("row_min").to_numpy().astype(np.int64))
