"""Random settled rows, made up: as a finished settlement writes them, and as plain lines."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from qingsuan.policy.model import FUNDS

FILE: Any = SimpleNamespace(number=0, name="made up", where="made up", schema=pa.schema([]))


def batch_of(dice: random.Random, rows: int, year: int, **keys: Sequence[str]) -> pa.RecordBatch:
    """Rows with a key of each list, a day of the year, and a payment of each fund, often none."""
    columns: dict[str, pa.Array] = {
        name: pa.array([dice.choice(values) for _ in range(rows)], pa.string()) for name, values in keys.items()
    }
    days = [dt.date(year, 1, 1) + dt.timedelta(days=dice.randrange(365)) for _ in range(rows)]
    columns["benefit_date"] = pa.array(days, pa.date32())
    for fund in FUNDS:
        fen = [dice.choice((0, 0, 1, dice.randrange(10_000_000))) for _ in range(rows)]
        columns[fund] = pa.array([Decimal(one).scaleb(-2) for one in fen], pa.decimal128(16, 2))
    return pa.RecordBatch.from_pydict(columns)
