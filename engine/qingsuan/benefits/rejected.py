"""Rejected rows before they are written: what else their reasons say, what they carry as paid, and which pools they are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.books import REJECTED_BY
from qingsuan.benefits.differences import BY, DIFFERENCES, OUTCOMES, Differences
from qingsuan.benefits.results import merge_totals
from qingsuan.benefits.settled_elsewhere import Elsewhere, with_settled_elsewhere
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_AMOUNT, read_money
from qingsuan.columns.rows import arrow, numbers
from qingsuan.settlement import Rejected

__all__ = ["RejectedRows", "paid_of", "with_rejected_insured"]

_CODES = ("insutype", "insu_admdvs", "fixmedins_code")
_IDS = ("psn_no", "setl_id", *_CODES)
_BY = ("insutype", "fixmedins_code")


class RejectedRows:
    """The rejected rows of one run, partition by partition.

    Parameters
    ----------
    elsewhere
        The rejected reversals whose settlement is settled under another person's number.
    """

    def __init__(self, setup: Setup, elsewhere: Elsewhere) -> None:
        self.setup, self.elsewhere = setup, elsewhere

    def __call__(
        self, table: str, rows: pa.Table, beside: Mapping[str, pa.Array], insured: Callable[[], pa.Table | None]
    ) -> Rejected:
        """See :meth:`qingsuan.settlement.Settlement.rejecter`."""
        if table != "claims":
            return Rejected(rows)
        differences, sums = self._differences(rows, beside)
        said = with_settled_elsewhere(with_rejected_insured(rows, insured), self.elsewhere)
        totals = {REJECTED_BY: self._by_pool(rows)}
        if differences is None or sums is None:
            return Rejected(said, {}, totals)
        return Rejected(said, {DIFFERENCES: differences}, totals | {DIFFERENCES: sums})

    def _by_pool(self, rows: pa.Table) -> pa.Table:
        """How many claims were rejected, by pool, scheme and code."""
        by = ["insu_admdvs", "insutype", "code"]
        counted = rows.select(by).group_by(by, use_threads=False).aggregate([([], "count_all")])
        pools = [self._pool(area) for area in counted.column("insu_admdvs").to_pylist()]
        schemes = [str(scheme or "") for scheme in counted.column("insutype").to_pylist()]
        columns = {
            "pool": pa.array(pools, pa.string()),
            "insutype": pa.array(schemes, pa.string()),
            "code": counted.column("code"),
            "rows": counted.column("count_all"),
        }
        return merge_totals([pa.table(columns)], ("pool", "insutype", "code"))

    def _pool(self, area: object) -> str:
        number = self.setup.places.pool_of(str(area))
        return self.setup.places.pools[number].code if number >= 0 else ""

    def _differences(self, rows: pa.Table, beside: Mapping[str, pa.Array]) -> tuple[pa.Table | None, pa.Table | None]:
        """What rejected rows carry as paid: nothing is due for them; and its sums."""
        if not beside:
            return None, None
        alike = pa.table({**{name: _text(rows, name) for name in _IDS}, **beside})
        order = pc.sort_indices(alike, [(name, "ascending") for name in alike.schema.names])  # not by file
        rows = rows.take(order)
        paid = {name: numbers(fen.take(order)) for name, fen in beside.items()}
        found = Differences(paid, {}, np.full(rows.num_rows, OUTCOMES.index("rejected"), np.int32))
        texts = {name: _text(rows, name) for name in _IDS}
        some = pa.array(found.some)
        fields = {name: texts[name].filter(some) for name in ("setl_id", "psn_no", *_CODES)}
        codes = [self._pool(area) for area in texts["insu_admdvs"].to_pylist()]
        fields["pool"] = pa.array(codes, pa.string()).filter(some)
        for name in (*_CODES, "pool"):
            codes_of_rows = fields[name]
            given = pc.not_equal(codes_of_rows, "")
            fields[name] = pc.if_else(given, codes_of_rows, pa.scalar(None, pa.string())).dictionary_encode()
        keys = pa.table({"pool": pa.array(codes, pa.string()), **{name: texts[name] for name in _BY}})
        sums = found.summed(np.arange(rows.num_rows, dtype=np.int32), keys)
        return found.completed(fields), merge_totals([sums], BY)


def paid_of(rows: pa.RecordBatch, name: str) -> pa.Array:
    """What rows carry as paid in fen, as far as cells can be read; ``NO_AMOUNT`` where they say nothing."""
    if name not in rows.schema.names:
        return pa.repeat(pa.scalar(NO_AMOUNT, pa.int64()), rows.num_rows)
    cells = read_money(rows.column(name))
    unknown = cells.absent.copy()
    for fault in cells.faults.values():
        unknown |= fault
    return arrow(np.where(unknown, NO_AMOUNT, cells.values).astype(np.int64))


def _text(rows: pa.Table, name: str) -> pa.Array:
    if name not in rows.schema.names:
        return pa.repeat(pa.scalar(""), rows.num_rows)
    found = rows.column(name).cast(pa.string())
    found = found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)
    return pc.fill_null(found, "")


def with_rejected_insured(rows: pa.Table, insured: Callable[[], pa.Table | None]) -> pa.Table:
    """Add to the reason of each claim without an insured person which insured row of that person was rejected.

    Parameters
    ----------
    rows
        Rejected claims of a partition, as they are written.
    insured
        Gives the rejected insured rows of the same partition's people; None if there are none.
    """
    stranger = pc.equal(rows.column("code"), "E_PERSON")
    found = insured() if pc.any(stranger).as_py() else None
    if found is None:
        return rows
    people = pc.unique(rows.column("psn_no").filter(stranger).cast(pa.string()))
    of_them = found.filter(pc.is_in(found.column("psn_no").cast(pa.string()), value_set=people))
    reasons: dict[str, str] = {}
    for row in of_them.sort_by([("source_file", "ascending"), ("source_row", "ascending")]).to_pylist():
        where = f"{row['source_file']} row {row['source_row']}"
        reasons.setdefault(
            str(row["psn_no"]), f"; its insured row was rejected: {where}: {row['code']} {row['column']}"
        )
    if not reasons:
        return rows
    texts = zip(
        rows.column("psn_no").to_pylist(), stranger.to_pylist(), rows.column("expected").to_pylist(), strict=True
    )
    said = [f"{text}{reasons.get(str(person), '')}" if missed else text for person, missed, text in texts]
    return rows.set_column(rows.schema.get_field_index("expected"), "expected", pa.array(said, pa.string()))
