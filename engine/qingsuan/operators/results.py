"""What comes out: contracts with every term, bands, and payments of no contract, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from qingsuan.movements.tables import money
from qingsuan.operators.model import PARTIES
from qingsuan.operators.outcome import Uncovered
from qingsuan.operators.settling import SettledContract

__all__ = ["AMOUNTS", "bands_table", "contracts_table", "uncovered_table"]


def _of(side: str, party: str) -> Callable[[SettledContract], int]:
    return lambda one: one.of(side, party)


AMOUNTS: dict[str, Callable[[SettledContract], int | None]] = {
    "per_head_before": lambda one: one.contract.premium.before_fen,
    "mean_of_years": lambda one: one.each.mean,
    "loaded": lambda one: one.each.loaded,
    "drawn_from_balance": lambda one: one.each.drawn,
    "per_head": lambda one: one.each.fen,
    "premium": lambda one: one.premium,
    "settled": lambda one: one.figures.settled,
    "paid": lambda one: one.figures.paid,
    "unpaid": lambda one: one.figures.settled - one.figures.paid,
    "counted": lambda one: one.counted,
    "reserve": lambda one: one.reserve,
    "operating": lambda one: one.operating,
    "profit": lambda one: one.profit,
    "surplus": lambda one: one.surplus,
    **{f"surplus_{party.replace('-', '_')}": _of("surplus", party) for party in PARTIES},
    "overrun": lambda one: one.overrun,
    **{f"overrun_{party.replace('-', '_')}": _of("overrun", party) for party in PARTIES},
    "operator_result": lambda one: one.operator_result,
    "carried_in": lambda one: one.figures.carried_in,
    "carried_out": lambda one: one.carried_out,
    "due": lambda one: one.due,
    "advanced": lambda one: one.figures.advanced,
    "returned": lambda one: one.figures.returned,
    "clearing": lambda one: one.clearing,
}
"""The amounts of a contract in fen, by the columns in which they come out."""


def contracts_table(settled: Sequence[SettledContract]) -> pa.Table:
    """``contracts``: one row per contract."""
    texts: dict[str, list[Any]] = {
        "contract": [one.contract.id for one in settled],
        "operator": [one.contract.operator for one in settled],
        "pool": [one.contract.pool for one in settled],
        "schemes": ["+".join(one.contract.schemes) for one in settled],
        "pays": ["+".join(one.contract.pays) for one in settled],
    }
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns["heads"] = pa.array([one.figures.heads for one in settled], pa.int64())
    columns |= {name: money(amount(one) for one in settled) for name, amount in AMOUNTS.items()}
    return pa.table(columns)


def bands_table(settled: Sequence[SettledContract]) -> pa.Table:
    """``bands``: one row per part of a surplus or overrun; band 0 is the part that policy caused."""
    rows = [(one.contract.id, part) for one in settled for part in one.parts]
    columns = {
        "contract": pa.array([name for name, _ in rows], pa.string()),
        "side": pa.array([part.side for _, part in rows], pa.string()),
        "band": pa.array([part.band for _, part in rows], pa.int64()),
        "amount": money(part.fen for _, part in rows),
    }
    columns |= {party.replace("-", "_"): money(part.by_party[party] for _, part in rows) for party in PARTIES}
    return pa.table(columns)


def uncovered_table(uncovered: Sequence[Uncovered]) -> pa.Table:
    """``uncovered``: what funds paid for which no contract is settled."""
    texts = ("pool", "insutype", "fund", "contract", "why")
    columns = {name: pa.array([getattr(one, name) or None for one in uncovered], pa.string()) for name in texts}
    columns["amount"] = money(one.fen for one in uncovered)
    return pa.table(columns)
