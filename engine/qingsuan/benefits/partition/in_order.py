"""A partition's rows in the order in which they are settled, as a prepared year keeps them: nothing is ordered again then."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.columns import Columns
from qingsuan.benefits.order import order_rows
from qingsuan.benefits.partition.explanations import by_content_of, content_of
from qingsuan.benefits.setup import Setup
from qingsuan.columns.rows import Taker, arrow
from qingsuan.people import Numbering, Texts

__all__ = ["PERSON", "claims_in_order", "order_keys", "rows_by_person"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

PERSON = "person"
"""The column of ordered claims that numbers their people, from 0 on in the order in which they come."""


def order_keys(columns: Columns, accounts: int = 0) -> tuple[Int32, Int64]:
    """What a person's rows are ordered by: the day of the benefit and the time of the settlement.

    Parameters
    ----------
    accounts
        How many accounts brought along stand behind the claims; they come before every claim.
    """
    benefit, setl_time = columns.raw("benefit").astype(np.int32, copy=False), columns.raw("setl_time")
    if accounts:
        benefit = np.concatenate([benefit, np.full(accounts, np.iinfo(np.int32).min, np.int32)])
        setl_time = np.concatenate([setl_time, np.zeros(accounts, np.int64)])
    return benefit, setl_time


def claims_in_order(setup: Setup, claims: pa.Table) -> pa.Table:
    """Claims person after person, in the order in which they are settled; codes as ranks of the frozen vocabularies."""
    columns = Columns(setup, claims)
    setl_id, people = (Texts.of(columns.table.column(name)) for name in ("setl_id", "psn_no"))
    numbering = Numbering(people, keys=order_keys(columns))
    ordered = order_rows(numbering, setl_id, content_of(columns), by_content_of(columns))
    rows = _taken(columns, ordered.rows, {"setl_id": setl_id, "psn_no": people})
    person = np.repeat(np.arange(numbering.count, dtype=np.int32), np.diff(ordered.starts))
    return rows.append_column(PERSON, arrow(person))


def rows_by_person(setup: Setup, table: pa.Table) -> pa.Table:
    """Rows of another table person after person, those of one as they came; codes as ranks of the frozen vocabularies."""
    columns = Columns(setup, table)
    people = Texts.of(columns.table.column("psn_no"))
    return _taken(columns, Numbering(people).rows, {"psn_no": people})


def _taken(columns: Columns, rows: Int32, hashed: dict[str, Texts]) -> pa.Table:
    taker = Taker(rows, len(columns))
    arrays = []
    for name in columns.table.schema.names:
        column = columns.table.column(name)
        if pa.types.is_string(column.type):
            arrays.append(taker.texts(hashed.get(name) or Texts.plain(column)))
        elif name in columns.setup.vocabularies:
            arrays.append(arrow(taker.numbers(columns.code(name))))
        else:
            arrays.append(arrow(taker.numbers(columns.raw(name)), column.type))
    return pa.Table.from_arrays(arrays, names=columns.table.schema.names)
