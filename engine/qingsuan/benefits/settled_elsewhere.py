"""Reversals (退费) that were rejected while the settlement that they name is settled under another ``psn_no``: both are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.partition.reversals.of_others import REVERSALS_WITHOUT_CLAIM, SETTLED_AND_NAMED

__all__ = ["Elsewhere", "Reversed", "settled_elsewhere", "with_settled_elsewhere"]


class Reversed(NamedTuple):
    """A settlement that is settled though a rejected reversal names it."""

    setl_id: str
    psn_no: str


Elsewhere = Mapping[tuple[str, int], Reversed]
"""By file and row (from 1) of a reversal, the settlement that it names."""


def settled_elsewhere(totals: Mapping[str, list[pa.Table]], files: Sequence[str]) -> Elsewhere:
    """Put the reversals that found no claim and the settled claims that some reversal names together, of all partitions.

    Parameters
    ----------
    totals
        Those of partitions, by name.
    files
        The names of the files of claims, by number.
    """
    if REVERSALS_WITHOUT_CLAIM not in totals or SETTLED_AND_NAMED not in totals:
        return {}
    settled = pa.concat_tables(totals[SETTLED_AND_NAMED]).sort_by([("setl_id", "ascending"), ("psn_no", "ascending")])
    reversals = pa.concat_tables(totals[REVERSALS_WITHOUT_CLAIM]).combine_chunks()
    ids, people = settled.column("setl_id").combine_chunks(), settled.column("psn_no")
    by_original, by_own = (pc.index_in(reversals.column(name), value_set=ids) for name in ("init_setl_id", "setl_id"))
    numbers = pc.coalesce(by_original, by_own)
    paired = reversals.filter(pc.is_valid(numbers))
    places = zip(paired.column("file").to_pylist(), paired.column("row").to_pylist(), strict=True)
    return {
        (files[file], row + 1): Reversed(ids[number].as_py(), people[number].as_py())
        for (file, row), number in zip(places, pc.drop_null(numbers).to_pylist(), strict=True)
    }


def with_settled_elsewhere(rows: pa.Table, elsewhere: Elsewhere) -> pa.Table:
    """Add to what was found in such a reversal which settlement it names, and whose it is.

    Parameters
    ----------
    rows
        Rejected claims, as they are written.
    """
    if not elsewhere:
        return rows
    where = pa.array(sorted({row for _, row in elsewhere}), pa.int64())
    if not pc.any(pc.is_in(rows.column("source_row"), value_set=where)).as_py():
        return rows
    said = []
    columns = (rows.column(name).to_pylist() for name in ("source_file", "source_row", "found"))
    for file, row, found in zip(*columns, strict=True):
        other = elsewhere.get((file, row))
        more = (
            ""
            if other is None
            else f"; the settlement {other.setl_id}, which it names, is settled under psn_no {other.psn_no}"
        )
        said.append(f"{found}{more}")
    return rows.set_column(rows.schema.get_field_index("found"), "found", pa.array(said, pa.string()))
