"""What comes out: quantities, institutions, what is kept by scheme, and ledgers, as tables; and sums of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import pyarrow as pa

from qingsuan.money import BP_ONE, divided
from qingsuan.movements.tables import money
from qingsuan.purchases.institution import Institution
from qingsuan.purchases.model import PRICE_ONE
from qingsuan.purchases.saving import Bought, Kept, Saving

__all__ = ["KEPT", "LEDGER", "SUMS", "institution_tables", "sums_of", "totals_table"]

KEPT = ("budget", "spent", "saved", "kept")
"""Amounts of a scheme."""

LEDGER = ("advanced", "repaid", "offset", "left")
"""Amounts of an advance over its whole time."""

SUMS = "sums"
"""A total of each partition: :data:`KEPT` by batch and scheme."""

_RATIO = pa.decimal128(20, 4)


def institution_tables(found: Sequence[Institution]) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """The tables of a partition, and its totals."""
    settled = [(one, one.saving) for one in found if one.saving is not None]
    tables = {
        "quantities": _quantities(found),
        "institutions": _institution_table(settled),
        "kept": _kept(settled),
        "ledger": _ledger(found),
    }
    sums: dict[tuple[str, str], list[int]] = {}
    for one, saving in settled:
        for kept in saving.schemes:
            mine = sums.setdefault((one.batch, kept.terms.scheme), [0] * len(KEPT))
            sums[one.batch, kept.terms.scheme] = [
                had + getattr(kept, name) for had, name in zip(mine, KEPT, strict=True)
            ]
    return tables, {SUMS: _sums_table(sums), "advances": _advances(settled)}


def sums_of(parts: Iterable[pa.Table]) -> dict[tuple[str, str], dict[str, int]]:
    """:data:`KEPT` of all partitions in fen, by batch and scheme."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for part in parts:
        for row in part.to_pylist():
            mine = found.setdefault((row["batch"], row["insutype"]), dict.fromkeys(KEPT, 0))
            for name in KEPT:
                mine[name] += row[name]
    return dict(sorted(found.items()))


def totals_table(sums: dict[tuple[str, str], dict[str, int]]) -> pa.Table:
    """``totals/scheme``: what is kept by batch and scheme."""
    columns = {
        name: pa.array([key[place] for key in sums], pa.string()) for place, name in enumerate(("batch", "insutype"))
    }
    return pa.table({**columns, **{name: money(row[name] for row in sums.values()) for name in KEPT}})


def _sums_table(sums: dict[tuple[str, str], list[int]]) -> pa.Table:
    columns = {
        name: pa.array([key[place] for key in sums], pa.string()) for place, name in enumerate(("batch", "insutype"))
    }
    numbers = {name: pa.array([row[place] for row in sums.values()], pa.int64()) for place, name in enumerate(KEPT)}
    return pa.table({**columns, **numbers})


def _advances(settled: Sequence[tuple[Institution, Saving]]) -> pa.Table:
    rows = [_of_advance(one) for one, _ in settled]
    return pa.table({name: pa.array([sum(row[place] for row in rows)]) for place, name in enumerate(LEDGER)})


def _of_advance(one: Institution) -> tuple[int, ...]:
    """:data:`LEDGER` of an institution."""
    sums = (sum(getattr(month, name) for month in one.ledger) for name in LEDGER[:3])
    return (*sums, one.ledger[-1].closing if one.ledger else 0)


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _quantities(found: Sequence[Institution]) -> pa.Table:
    """``quantities``: agreed and bought, by institution, batch and item; null where nothing is agreed."""
    rows: list[tuple[Institution, Bought, bool]] = []
    for one in found:
        every = [(item, True) for item in one.items.values()] + [(item, False) for item in one.unagreed.values()]
        rows += [(one, item, agreed) for item, agreed in sorted(every, key=lambda each: each[0].item.code)]
    columns = {
        "batch": _texts(one.batch for one, _, _ in rows),
        "fixmedins_code": _texts(one.code for one, _, _ in rows),
        "item": _texts(item.item.code for _, item, _ in rows),
        "price_before": _prices(item.item.before for _, item, _ in rows),
        "price": _prices(item.item.price for _, item, _ in rows),
    }
    for name in ("agreed", "last_year"):
        columns[name] = pa.array([getattr(item, name) if agreed else None for _, item, agreed in rows], pa.int64())
    for name in ("bought", "others"):
        columns[name] = pa.array([getattr(item, name) for _, item, _ in rows], pa.int64())
    columns["completion"] = pa.array([_completion(item) if agreed else None for _, item, agreed in rows], _RATIO)
    columns["bought_amount"] = money(item.bought_fen for _, item, _ in rows)
    columns["others_amount"] = money(item.others_fen for _, item, _ in rows)
    return pa.table(columns)


def _prices(prices: Iterable[int]) -> pa.Array:
    places = len(str(PRICE_ONE)) - 1
    return pa.array([Decimal(price).scaleb(-places) for price in prices], _RATIO)


def _completion(item: Bought) -> Decimal | None:
    """Bought ÷ agreed, four decimals, half away from zero; None where nothing is agreed."""
    return Decimal(divided(item.bought * BP_ONE, item.agreed)).scaleb(-4) if item.agreed else None


def _institution_table(settled: Sequence[tuple[Institution, Saving]]) -> pa.Table:
    """``institutions``: one row per batch and institution."""
    savings = [saving for _, saving in settled]
    columns = {
        "batch": _texts(one.batch for one, _ in settled),
        "fixmedins_code": _texts(one.code for one, _ in settled),
        "items": pa.array([len(one.items) for one in savings], pa.int64()),
        "completed_items": pa.array(
            [sum(item.is_completed(one.batch) for item in one.items) for one in savings], pa.int64()
        ),
        "before": money(one.before for one in savings),
        "after": money(one.after for one in savings),
        "score": money(one.score for one in savings),
        "share": pa.array([Decimal(one.share_bp).scaleb(-4) for one in savings], _RATIO),
        "outcome": _texts(one.outcome for one in savings),
    }
    for name in KEPT:
        columns[name] = money(sum(getattr(kept, name) for kept in one.schemes) for one in savings)
    columns["advance_due"] = money(one.advance_due for one in savings)
    advances = [_of_advance(one) for one, _ in settled]
    columns |= {name: money(row[place] for row in advances) for place, name in enumerate(LEDGER)}
    return pa.table(columns)


def _kept(settled: Sequence[tuple[Institution, Saving]]) -> pa.Table:
    """``kept``: one row per batch, institution and scheme."""
    rows: list[tuple[Institution, Kept]] = [(one, kept) for one, saving in settled for kept in saving.schemes]
    columns = {
        "batch": _texts(one.batch for one, _ in rows),
        "fixmedins_code": _texts(one.code for one, _ in rows),
        "insutype": _texts(kept.terms.scheme for _, kept in rows),
    }
    return pa.table({**columns, **{name: money(getattr(kept, name) for _, kept in rows) for name in KEPT}})


def _ledger(found: Sequence[Institution]) -> pa.Table:
    """``ledger``: one row per batch, institution and month in which something moved."""
    rows = [(one, month) for one in found for month in one.ledger]
    columns = {
        "batch": _texts(one.batch for one, _ in rows),
        "fixmedins_code": _texts(one.code for one, _ in rows),
        "month": _texts(month.month for _, month in rows),
    }
    names = ("opening", "advanced", "repaid", "purchases", "offset", "closing")
    return pa.table({**columns, **{name: money(getattr(month, name) for _, month in rows) for name in names}})
