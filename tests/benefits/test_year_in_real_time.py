"""A year settled claim by claim as it went, with identities that were recognised late, and settled whole at its end (补退).

What was paid along the year is what the slow twin paid for each claim when it came, by what was known then. What is due is what the
engine pays for the whole year. Per fund the differences are the one less the other, whatever became of a row.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from differential import of_world
from qingsuan.benefits.reference.twin import Claim, Identity, Places, settle_year
from qingsuan.benefits.settlement import TABLES
from qingsuan.plugins import Installed
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.settle import settle
from qingsuan.tables import PAID_COLUMNS
from sealing import found
from world_tables import claims_table, identities_table, insured_table, money
from worlds import World, world

Paid = dict[str, int]
PEOPLE, CLAIMS = 12, 150


def paid_in_real_time(made: World, known: dict[int, dt.datetime]) -> list[Paid]:
    """What was paid for each claim, by fund in fen, when it came: after its person's earlier ones, by the identities known then."""
    places = Places(made.regions)
    found: list[Paid] = []
    for claim in made.claims:
        so_far = [one for one in made.claims if one.psn_no == claim.psn_no and came_before(one, claim)]
        identities = [
            one
            for number, one in enumerate(made.identities)
            if one.psn_no == claim.psn_no and known[number] <= claim.setl_time
        ]
        insured = [one for one in made.insured if one.psn_no == claim.psn_no]
        outcome = settle_year([*so_far, claim], insured, identities, places, made.rule_sets, made.year)
        mine = [row for row in outcome.settled if row.claim is claim]
        found.append({**mine[0].funds, "acct_pay": mine[0].acct_pay} if mine else {})
    return found


def came_before(one: Claim, other: Claim) -> bool:
    return one is not other and (one.setl_time, one.setl_id) < (other.setl_time, other.setl_id)


def late(made: World, dice: Random) -> dict[int, dt.datetime]:
    """When each identity was recognised: at once, or some time after it began."""
    days = {number: dice.choice([0, 0, 30, 120]) for number in range(len(made.identities))}

    def day(one: Identity) -> dt.datetime:
        return dt.datetime.combine(one.begntime, dt.time(), tzinfo=None)

    return {number: day(one) + dt.timedelta(days[number]) for number, one in enumerate(made.identities)}


@pytest.mark.parametrize("seed", [4101, 4102, 4103])
def test_the_differences_are_what_is_due_less_what_was_paid(seed: int, tmp_path: Path) -> None:
    made = world(seed, PEOPLE, CLAIMS)
    paid = paid_in_real_time(made, late(made, Random(seed)))
    assert any(any(one.values()) for one in paid)
    out = whole_year(made, paid, tmp_path)
    settled = pa.concat_tables(pq.read_table(part) for part in sorted((out / "settled").glob("part-*.parquet")))
    rows = [row for part in sorted((out / "differences").glob("*.parquet")) for row in pq.read_table(part).to_pylist()]
    totals = pq.read_table(out / "totals/differences.parquet").to_pylist()
    pooled: Counter[tuple[str, str]] = Counter()
    for name in PAID_COLUMNS:
        fund = name.removeprefix("paid_")
        due = sum(int(one * 100) for one in settled.column(fund).to_pylist())
        was_paid = sum(one.get(fund, 0) for one in paid)
        assert sum(int(row[f"diff_{fund}"] * 100) for row in rows if row[f"diff_{fund}"] is not None) == due - was_paid
        mine = [row for row in totals if row["fund"] == fund]
        assert sum(int((row["to_pay"] - row["to_take_back"]) * 100) for row in mine) == due - was_paid
        for row in rows:
            pooled[row["pool"] or "", fund] += int((row[f"diff_{fund}"] or 0) * 100)
        for row in mine:
            pooled[row["pool"], fund] -= int((row["to_pay"] - row["to_take_back"]) * 100)
    assert set(pooled.values()) == {0}, "the pool of each row is the one that its total is under"
    assert any(row[f"diff_{fund}"] for row in rows for fund in ("hifp_pay", "hifmi_pay", "maf_pay")), (
        "late identities cost something"
    )
    of_ids = {"one setl_id belongs to one person", "a settlement occurs once"}  # worlds use ids twice on purpose
    assert {one["check"] for one in found(out)} <= of_ids


def whole_year(made: World, paid: list[Paid], folder: Path) -> Path:
    """Settle the year at its end: everything known, every claim with what was paid for it."""
    claims = claims_table(made)
    for name in PAID_COLUMNS:
        claims = claims.append_column(
            name, money([one.get(name.removeprefix("paid_"), 0) for one in paid], [False] * len(paid))
        )
    files = {"claims": claims, "insured": insured_table(made), "identities": identities_table(made)}
    inputs = {}
    for name, table in files.items():
        pq.write_table(table, folder / f"{name}.parquet")
        inputs[name] = open_sources([folder / f"{name}.parquet"], name)
    settle(of_world(made), Inputs(inputs), RunFolder(folder / "out", TABLES), Options(partitions=2), Installed(()))
    return folder / "out"
