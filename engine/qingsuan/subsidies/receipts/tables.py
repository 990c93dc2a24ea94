"""What has arrived, as tables and as the run record says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from qingsuan.money import yuan
from qingsuan.movements.tables import money, movements_table
from qingsuan.subsidies.receipts.arrived import Arrival, Arrived
from qingsuan.subsidies.receipts.model import OUTCOMES
from qingsuan.subsidies.receipts.reading import RECEIPT_COLUMNS

__all__ = ["arrival_record", "arrived_table", "receipts_table"]

_RATIO = pa.decimal128(12, 4)


def arrived_table(arrival: Arrival) -> pa.Table:
    """``arrived``: one row per payer and place."""
    rows = arrival.claims
    texts = ("region", "level", "prefecture", "prefecture_name", "place", "name")
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(row.claim, name) for row in rows], pa.string()) for name in texts
    }
    columns["as_of"] = pa.array([arrival.as_of] * len(rows), pa.date32())
    columns["due"] = money(row.claim.due_fen for row in rows)
    for name in ("received", "account_fen", "outstanding", "beyond"):
        columns[name.replace("account_fen", "in_the_account")] = money(getattr(row, name) for row in rows)
    columns["share"] = pa.array([_share(row) for row in rows], _RATIO)
    columns["last_day"] = pa.array([row.last_day for row in rows], pa.date32())
    columns["days_late"] = pa.array([row.days_late for row in rows], pa.int64())
    for name in ("budgeted", "short_of_due", "off_next_year"):
        columns[name] = money(getattr(row, name) for row in rows)
    return pa.table(columns)


def receipts_table(arrival: Arrival) -> pa.Table:
    """``receipts``: every line of the table as it came, with what became of it."""
    return movements_table(arrival.receipts, RECEIPT_COLUMNS)


def arrival_record(arrival: Arrival) -> dict[str, Any]:
    """What the run record says of it: lines by outcome with their amounts, and sums by region and level."""
    lines, fen = Counter[str](), Counter[str]()
    for row in arrival.receipts:
        lines[row.outcome] += 1
        fen[row.outcome] += 0 if row.outcome == "refused" else row.fen or 0
    codes = Counter(row.fault.code for row in arrival.receipts if row.fault)
    return {
        "as_of": arrival.as_of.isoformat(),
        "lines": {
            name: {"rows": lines[name], **({} if name == "refused" else {"amount": yuan(fen[name])})}
            for name in OUTCOMES
        },
        "refused": dict(sorted(codes.items())),
        "levels": _levels(arrival.claims),
    }


def _levels(claims: Iterable[Arrived]) -> list[dict[str, Any]]:
    """Σ due − Σ received = Σ outstanding − Σ beyond, by region and level."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in claims:
        mine = sums.setdefault((row.claim.region, row.claim.level), Counter())
        mine.update(due=row.claim.due_fen, received=row.received, outstanding=row.outstanding, beyond=row.beyond)
    return [
        {"region": region, "level": level, **{name: yuan(fen) for name, fen in mine.items()}}
        for (region, level), mine in sorted(sums.items())
    ]


def _share(row: Arrived) -> Decimal | None:
    """Received ÷ due, four decimals, half away from zero; None where nothing is due."""
    due = row.claim.due_fen
    return Decimal((row.received * 20_000 + due) // (2 * due)).scaleb(-4) if due else None
