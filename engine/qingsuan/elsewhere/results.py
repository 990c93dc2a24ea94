"""What comes out: both sides' tables, balances, advances and alarms, and care of no known place, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from qingsuan.elsewhere.clearing import Cleared
from qingsuan.elsewhere.model import AMOUNTS
from qingsuan.elsewhere.outcome import Outcome
from qingsuan.movements.tables import money
from qingsuan.paid.rows import Sums

__all__ = ["tables_of"]

_RATIO = pa.decimal128(20, 4)


def tables_of(outcome: Outcome) -> dict[str, pa.Table]:
    """Every table, by its name."""
    cleared = outcome.cleared
    return {
        "paying": _sums(cleared.paying, ("paying", "treating", "place", "insutype"), cleared),
        "treating": _sums(cleared.treating, ("treating", "paying", "place", "fixmedins_code", "insutype"), cleared),
        "unplaced": _sums(cleared.unplaced, ("pool", "insutype", "fixmedins_code", "why"), cleared),
        "balances": _balances(outcome),
        "advances": _advances(outcome),
        "alarms": _alarms(outcome),
    }


def _sums(sums: Sums, keys: Sequence[str], cleared: Cleared) -> pa.Table:
    """Sums by their keys, with what of them is cleared."""
    columns = {name: pa.array([key[place] or None for key in sums], pa.string()) for place, name in enumerate(keys)}
    columns["claims"] = pa.array([numbers[0] for numbers in sums.values()], pa.int64())
    for place, name in enumerate(AMOUNTS, 1):
        columns[name] = money(numbers[place] for numbers in sums.values())
    columns["cleared"] = money(cleared.fen(numbers) for numbers in sums.values())
    return pa.table(columns)


def _balances(outcome: Outcome) -> pa.Table:
    rows = outcome.balances
    columns = {
        name: pa.array([getattr(one, name) for one in rows], pa.string()) for name in ("paying", "treating", "place")
    }
    columns |= {name: money(getattr(one, name) for one in rows) for name in ("cleared", "transferred", "to_pay")}
    return pa.table(columns)


def _advances(outcome: Outcome) -> pa.Table:
    rows = outcome.advances
    columns = {
        name: pa.array([getattr(one.advance, name) for one in rows], pa.string()) for name in ("payer", "receiver")
    }
    columns["last_year"] = money(one.advance.last_year_fen for one in rows)
    columns["months"] = pa.array([one.advance.months for one in rows], pa.int64())
    columns |= {name: money(getattr(one, name) for one in rows) for name in ("required", "held", "adjust")}
    return pa.table(columns)


def _alarms(outcome: Outcome) -> pa.Table:
    rows = outcome.uses
    columns = {
        name: pa.array([getattr(one.advance, name) for one in rows], pa.string()) for name in ("payer", "receiver")
    }
    columns["month"] = pa.array([one.month for one in rows], pa.string())
    columns |= {name: money(getattr(one, name) for one in rows) for name in ("cleared", "transferred", "used", "held")}
    columns["rate"] = pa.array([None if one.rate is None else Decimal(one.rate).scaleb(-4) for one in rows], _RATIO)
    columns["level"] = pa.array([one.level for one in rows], pa.string())
    return pa.table(columns)
