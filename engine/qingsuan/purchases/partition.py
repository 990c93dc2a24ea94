"""Institutions of a partition settled: copies of purchases refused, quantities added up, savings and ledgers reckoned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.purchases.bureau import KINDS, Bureau
from qingsuan.purchases.institution import Institution
from qingsuan.purchases.ledger import ledger_of
from qingsuan.purchases.model import OUTCOMES, Item
from qingsuan.purchases.results import institution_tables
from qingsuan.purchases.saving import Bought, save
from qingsuan.settlement import Settled

__all__ = ["AGREEMENTS", "settle_institutions"]

AGREEMENTS = "agreements"
"""A total of each partition: which institutions have an agreement in which batch."""

_JANUARY_1970 = 1970 * 12
_SUMS = ("quantity", "fen")


def settle_institutions(bureau: Bureau, purchases: pa.Table, agreed: pa.Table) -> Settled:
    """Settle the institutions of a partition."""
    rows = purchases.combine_chunks().sort_by(
        [("fixmedins_code", "ascending"), ("file", "ascending"), ("row", "ascending")]
    )
    copies = _copies(rows)
    refused = _refused(rows.filter(pa.array(copies)))
    sound = rows.filter(pa.array(~copies))
    found = _institutions(tuple(bureau.items.values()), agreed, sound)
    for one in found:
        batch = bureau.batches[one.batch]
        if one.items:
            one.saving = save(batch, tuple(one.items.values()), bureau.scores.get((one.batch, one.code)))
            advanced, repaid = (bureau.moved.get((one.batch, one.code, kind), {}) for kind in KINDS)
            if advanced or repaid:
                one.ledger = ledger_of(advanced, repaid, one.months, batch.offset_bp)
    tables, totals = institution_tables(found)
    pairs = sorted((one.batch, one.code) for one in found if one.items)
    totals[AGREEMENTS] = pa.table(
        {name: pa.array([pair[place] for pair in pairs], pa.string()) for place, name in enumerate(("batch", "code"))}
    )
    counts = {
        "counted": sound.num_rows,
        "fen": int(pc.sum(sound["fen"]).as_py() or 0),
        "copies_fen": int(pc.sum(rows["fen"]).as_py() or 0) - int(pc.sum(sound["fen"]).as_py() or 0),
        "agreed": agreed.num_rows,
        "unagreed": sum(len(one.unagreed) for one in found),
        **{f"outcome.{name}": sum(one.saving.outcome == name for one in found if one.saving) for name in OUTCOMES},
    }
    return Settled(tables, counts, totals, refused)


def _copies(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows have a number that an earlier one of the institution has."""
    copies = np.ones(rows.num_rows, np.bool_)
    if rows.num_rows:
        numbers = [rows[name].combine_chunks().dictionary_encode() for name in ("fixmedins_code", "purchase_id")]
        whose, number = (each.indices.to_numpy().astype(np.int64) for each in numbers)
        _, first = np.unique(whose * len(numbers[1].dictionary) + number, return_index=True)
        copies[first] = False
    return copies


def _refused(copies: pa.Table) -> pa.Table:
    if not copies.num_rows:
        return REJECT_SCHEMA.empty_table()
    size = copies.num_rows
    columns = [copies["file"], copies["row"], *(pa.array([text] * size) for text in ("E_DUPLICATE", "purchase_id"))]
    columns += [
        copies["purchase_id"],
        pa.array(["each purchase once: an earlier row of the institution has this number"] * size),
    ]
    return pa.table(
        [column.cast(kind.type) for column, kind in zip(columns, REJECT_SCHEMA, strict=True)], schema=REJECT_SCHEMA
    )


def _institutions(items: tuple[Item, ...], agreed: pa.Table, purchases: pa.Table) -> list[Institution]:
    """Agreed and bought quantities by institution and batch, in their order."""
    found: dict[tuple[str, str], Institution] = {}

    def of(code: str, item: Item) -> Institution:
        return found.setdefault((code, item.batch), Institution(code, item.batch))

    for row in sorted(agreed.to_pylist(), key=lambda row: (row["fixmedins_code"], row["item"])):
        item = items[row["item"]]
        of(row["fixmedins_code"], item).items[item.code] = Bought(item, row["agreed"], row["last_year"])
    for code, place, winning, quantity, fen in _grouped(purchases, "item", "winning"):
        one = of(code, items[place])
        mine = one.items if items[place].code in one.items else one.unagreed
        before = mine.get(items[place].code, Bought(items[place], 0, 0))
        if winning:
            mine[items[place].code] = replace(before, bought=quantity, bought_fen=fen)
        else:
            mine[items[place].code] = replace(before, others=quantity, others_fen=fen)
    winning = purchases.filter(pc.equal(purchases["winning"], 1))
    for code, place, month, _, fen in _grouped(winning, "item", "month"):
        months = of(code, items[place]).months
        name = _month(month)
        months[name] = months.get(name, 0) + fen
    return [found[key] for key in sorted(found)]


def _grouped(rows: pa.Table, *keys: str) -> Iterator[tuple[str, int, int, int, int]]:
    """Quantity and amount by institution and two more keys."""
    names = ("fixmedins_code", *keys)
    grouped = rows.group_by(list(names), use_threads=False).aggregate([(name, "sum") for name in _SUMS])
    columns = (grouped[name].to_pylist() for name in (*names, *(f"{name}_sum" for name in _SUMS)))
    return iter(sorted(zip(*columns, strict=True)))


def _month(number: int) -> str:
    year, month = divmod(_JANUARY_1970 + number, 12)
    return f"{year}-{month + 1:02d}"
