"""The settlement against the slow twin: random years under random rules, equal to the fen, row by row.

``QINGSUAN_ACCOUNT_ROWS`` says how many rows at least (``make differential-accounts``).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from account_years import YEAR, AccountYear, account_year, table_of
from qingsuan.accounts import reference
from qingsuan.accounts.intake.columns import KEY
from qingsuan.accounts.results import AMOUNTS
from qingsuan.accounts.rule.year import rules_of
from qingsuan.accounts.settlement import PersonalAccounts
from qingsuan.settlement import Settled

ROWS = int(os.environ.get("QINGSUAN_ACCOUNT_ROWS", "8000"))


def settled(year: AccountYear, random: Random, partitions: int) -> list[Settled]:
    """What a run does, without files: rows in any order and any batches, spread by their key."""
    settlement = PersonalAccounts(rules_of({"990000": year.rules}, [year.region], YEAR), [year.region])
    tables = {
        table.name: table_of(table.name, random.sample(rows := year.rows[table.name], len(rows)))
        for table in settlement.inputs
    }
    file: Any = SimpleNamespace(number=0, name="a", where="a", schema=None)
    for batch in tables["families"].to_batches(max_chunksize=7):
        settlement.tie("families", batch)
    spread = []
    for name, table in tables.items():
        taken = [
            settlement.take(name, batch, file, 0) for batch in table.to_batches(max_chunksize=random.randint(3, 90))
        ]
        assert not any(len(one.refusals) for one in taken), taken
        rows = pa.Table.from_batches([one.rows for one in taken] or [settlement.empty(name)])
        place = rows[KEY].to_numpy().view(np.uint64) % np.uint64(partitions)
        spread.append([rows.filter(pa.array(place == number)) for number in range(partitions)])
    settle = settlement.settler()
    return [settle(*tables) for tables in zip(*spread, strict=True)]


def fen(value: Any) -> int:
    return int(value.scaleb(2))


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        row[name]
        for name in ("psn_no", "payer_psn_no", "date", "use", "amount", "setl_id", "of_claim", "code", "paid", "balc")
    )


def use_of_twin(one: reference.Told) -> tuple[Any, ...]:
    row = one.row
    payer = row["psn_no"] if row.get("payer_psn_no") is None else row["payer_psn_no"]
    return (
        *(row["psn_no"], payer, row["date"], row["use"], row["amount"], row.get("setl_id") or "", str(row["of_claim"])),
        *(one.code or None, one.paid, one.balance),
    )


def agree(seed: int, folder: Path) -> tuple[int, Counter[str]]:
    year = account_year(seed, folder)
    random = Random(-seed)
    parts = settled(year, random, random.choice((1, 1, 3)))
    twin = reference.settle(YEAR, year.rules, **year.rows)
    found = {}
    for part in parts:
        for row in part.tables["ledger"].to_pylist():
            month = (row["credited_as"], *(fen(row[name]) for name in AMOUNTS))
            found.setdefault((row["psn_no"], row["pool"]), []).append(month)
    expected = {
        key: [(month.credited_as, *(getattr(month, name) for name in AMOUNTS)) for month in months]
        for key, months in twin.accounts.items()
    }
    assert found == expected, seed
    uses = [
        told(
            {**row, **{name: row[name] if row[name] is None else fen(row[name]) for name in ("amount", "paid", "balc")}}
        )
        for part in parts
        for row in part.tables["uses"].to_pylist()
    ]
    assert Counter(uses) == Counter(use_of_twin(one) for one in twin.uses), seed
    refused = Counter((row["code"], row["column"]) for part in parts for row in part.refused.to_pylist())
    rows = Counter(row["psn_no"] for row in year.rows["insured"])
    assert refused == sum((Counter({why: rows[person]}) for person, why in twin.refused.items()), Counter()), seed
    return year.size, Counter(one.code for one in twin.uses) + Counter(code for code, _ in twin.refused.values())


def test_random_years_agree_with_the_slow_twin(tmp_path: Path) -> None:
    rows, seed, codes = 0, 0, Counter[str]()
    while rows < ROWS:
        size, seen = agree(seed, tmp_path / str(seed))
        rows, seed, codes = rows + size, seed + 1, codes + seen
    every = ("", "E_PERSON", "E_NO_RULE", "E_USE", "E_FAMILY", "E_COMPOSITION", "E_DUPLICATE", "E_BALANCE")
    every += ("E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH", "E_MISSING", "E_CONTRADICTION")
    assert all(codes[code] for code in every), codes
