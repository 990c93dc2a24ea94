"""Institutions settled from columns come out as the slow twin has them, scheme by scheme and month by month, to the fen.

``QINGSUAN_PROCUREMENT_ROWS`` says on how many random rows (``make differential-agreements``).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from decimal import Decimal

import pyarrow as pa
import pytest

from paid_rows import FILE
from qingsuan.columns.cells import read_money
from qingsuan.movements.model import Movement
from qingsuan.purchases.bureau import KINDS, Bureau, moved_by_month
from qingsuan.purchases.model import COMPLETED, NEEDED, SPENT, Grade, Item, Procurement, ProcurementBatch, SchemeTerms
from qingsuan.purchases.reference import Agreed, Moved, Purchase, ReferenceInstitution, settle
from qingsuan.purchases.saving import Bought, save
from qingsuan.purchases.settlement import CentralProcurement
from qingsuan.settlement import Settled

ROWS = int(os.environ.get("QINGSUAN_PROCUREMENT_ROWS", "4000"))
WORLDS = 20 if ROWS < 100_000 else 120
YEAR = 2022
ITEMS = ("D1", "D2", "D3")


def batch_of(dice: random.Random, name: str) -> ProcurementBatch:
    schemes = dice.sample(("310", "390", "340"), dice.randrange(1, 3))
    lines = sorted(dice.sample((3_333, 6_000, 8_000, 9_050), dice.randrange(4)), reverse=True)
    shares = sorted((dice.choice((1, 3_000, 8_000, 10_000)) for _ in lines), reverse=True)
    grades = [Grade(line, share) for line, share in zip(lines, shares, strict=True)]
    return ProcurementBatch(
        id=name,
        begins=dt.date(YEAR - 1, 7, 1),
        ends=dt.date(YEAR, 6, 30),
        needed=dice.choice(NEEDED),
        demand_bp=dice.choice((10_000, 10_500, 3_333)),
        spent=dice.choice(SPENT),
        completed=dice.choice(COMPLETED),
        completed_bp=dice.choice((1, 8_000, 10_000)),
        schemes=tuple(
            SchemeTerms(scheme, dice.choice((1_777, 4_500, 5_000)), dice.choice((6_000, 10_000))) for scheme in schemes
        ),
        full_score=10_000,
        grades=(*grades, Grade(0, dice.choice((0, 1)))),
        most_bp=dice.choice((3_500, 5_000, 10_000)),
        advance_bp=dice.choice((None, 4_000)),
        offset_bp=dice.choice((10_000, 3_333)),
        source="X",
    )


class World:
    """Batches with their items, agreed quantities, purchases and money that moved."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        hospitals = [f"H{number:02d}" for number in range(max(4, ROWS // WORLDS // 25))]
        batches = tuple(batch_of(dice, name) for name in ("B1", "B2")[: dice.randrange(1, 3)])
        self.items = {
            (batch.id, item): Item(batch.id, item, dice.randrange(1, 60_000), dice.randrange(1, 30_000))
            for batch in batches
            for item in ITEMS
        }
        pairs = [(hospital, key) for hospital in hospitals for key in self.items if dice.random() < 0.5]
        self.agreed = [
            Agreed(batch, item, who, dice.choice((0, 1, dice.randrange(400))), dice.randrange(400))
            for who, (batch, item) in pairs
        ]
        known = sorted({(one.batch, one.institution) for one in self.agreed})
        scores = {pair: dice.choice((0, 3_333, 6_000, 9_050, 10_000, dice.randrange(10_001))) for pair in known}
        scores = {pair: score for pair, score in scores.items() if dice.random() < 0.7}
        self.purchases = [self._purchase(dice, number, hospitals) for number in range(ROWS // WORLDS)]
        self.moved = [self._moved(dice, number, known) for number in range(len(known) // 2)]
        made = Procurement("made up", YEAR, "X", batches, {})
        moved = tuple(self.moved)
        self.bureau = Bureau(made, self.items, scores, moved, moved_by_month(moved, YEAR), ())

    def _purchase(self, dice: random.Random, number: int, hospitals: list[str]) -> Purchase:
        batch, item = dice.choice(list(self.items))
        day = dt.date(YEAR - 1, 7, 1) + dt.timedelta(days=dice.randrange(365))
        name = f"P{number if dice.random() < 0.95 else number // 2}"
        quantity, fen = dice.randrange(200), dice.randrange(100_000)
        flags = dice.random() < 0.8, dice.random() < 0.1
        return Purchase(name, dice.choice(hospitals), batch, item, day, quantity, fen, *flags)

    def _moved(self, dice: random.Random, number: int, known: list[tuple[str, str]]) -> Movement:
        batch, who = dice.choice(known)
        day = dt.date(YEAR - 1, 6, 1) + dt.timedelta(days=dice.randrange(500))
        kind = dice.choice((*KINDS, "advance"))
        fen = dice.randrange(1, 300_000 if kind == "advance" else 30_000)
        year = dice.choice((YEAR, YEAR, YEAR, YEAR - 1))
        return Movement(number, {"batch": batch, "fixmedins_code": who, "kind": kind}, day, fen, year)

    def by_columns(self) -> Settled:
        settlement = CentralProcurement(self.bureau)
        rows = self.purchases
        columns = {
            "purchase_id": [one.number for one in rows],
            "fixmedins_code": [one.institution for one in rows],
            "batch": [one.batch for one in rows],
            "item": [one.item for one in rows],
            "winning_flag": ["1" if one.is_winning else "0" for one in rows],
            "refd_flag": ["1" if one.is_return else None for one in rows],
        }
        batch = pa.RecordBatch.from_pydict(
            {
                **{name: pa.array(values, pa.string()) for name, values in columns.items()},
                "date": pa.array([one.day for one in rows], pa.date32()),
                "quantity": pa.array([one.quantity for one in rows], pa.int64()),
                "amount": pa.array([Decimal(one.fen).scaleb(-2) for one in rows], pa.decimal128(16, 2)),
            }
        )
        agreed = pa.RecordBatch.from_pydict(
            {
                "batch": [one.batch for one in self.agreed],
                "item": [one.item for one in self.agreed],
                "fixmedins_code": [one.institution for one in self.agreed],
                "agreed": [one.quantity for one in self.agreed],
                "last_year": [one.last_year for one in self.agreed],
            }
        )
        cut = batch.num_rows // 3
        pieces = ((batch.slice(0, cut), 0), (batch.slice(cut), cut))
        taken = [settlement.take("purchases", piece, FILE, first).rows for piece, first in pieces]
        quantities = pa.Table.from_batches([settlement.take("agreed", agreed, FILE, 0).rows])
        return settlement.settler()(pa.Table.from_batches(taken[::-1]), quantities)

    def by_hand(self) -> dict[tuple[str, str], ReferenceInstitution]:
        moved = [
            Moved(one.date, one.cells["batch"], one.cells["fixmedins_code"], one.cells["kind"], one.fen)
            for one in self.moved
            if one.year == YEAR and one.date is not None and one.fen is not None
        ]
        given = self.bureau
        return settle(given.batches, given.items, given.scores, self.agreed, self.purchases, moved)


def fen(table: pa.Table, name: str) -> list[int]:
    return read_money(table[name]).values.tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", range(WORLDS))
def test_columns_and_twin_agree(seed: int) -> None:
    world = World(seed)
    settled, wanted = world.by_columns(), world.by_hand()
    one = settled.tables["institutions"]
    pairs = zip(one["batch"].to_pylist(), one["fixmedins_code"].to_pylist(), strict=True)
    assert dict(zip(pairs, one["outcome"].to_pylist(), strict=True)) == {p: each.outcome for p, each in wanted.items()}
    kept = settled.tables["kept"]
    keys = zip(*(kept[name].to_pylist() for name in ("batch", "fixmedins_code", "insutype")), strict=True)
    amounts = zip(*(fen(kept, name) for name in ("budget", "spent", "kept")), strict=True)
    assert dict(zip(keys, amounts, strict=True)) == {
        (*pair, scheme): (each.budget[scheme], each.spent[scheme], each.kept[scheme])
        for pair, each in wanted.items()
        for scheme in each.budget
    }
    ledger = settled.tables["ledger"]
    keys = zip(*(ledger[name].to_pylist() for name in ("batch", "fixmedins_code", "month")), strict=True)
    months = zip(fen(ledger, "offset"), fen(ledger, "closing"), strict=True)
    assert dict(zip(keys, months, strict=True)) == {
        (*pair, month): each.ledger[month] for pair, each in wanted.items() for month in each.ledger
    }


@pytest.mark.parametrize("seed", range(2000, 2000 + WORLDS))
def test_they_agree_at_every_grade_and_a_hundredth_beside(seed: int) -> None:
    batch = batch_of(random.Random(seed), "B1")
    item = Item("B1", "D1", 30_000, 10_000)
    agreed, key = [Agreed("B1", "D1", "H1", 1_000, 1_000)], ("B1", "H1")
    bought = [Purchase("P", "H1", "B1", "D1", batch.ends, 1_000, 100_000, True, False)]
    bounds = {grade.from_bp + beside for grade in batch.grades for beside in (-1, 0, 1)}
    for score in sorted(bounds & {*range(10_001)}):
        saving = save(batch, (Bought(item, 1_000, 1_000, 1_000, 100_000),), score)
        wanted = settle({"B1": batch}, {("B1", "D1"): item}, {key: score}, agreed, bought, [])[key]
        assert {one.terms.scheme: one.kept for one in saving.schemes} == wanted.kept


@pytest.mark.parametrize("seed", range(1000, 1000 + WORLDS))
def test_everything_adds_up_to_the_fen(seed: int) -> None:
    world = World(seed)
    settled = world.by_columns()
    counts, quantities = settled.counts, settled.tables["quantities"]
    came = sum(-one.fen if one.is_return else one.fen for one in world.purchases)
    assert counts["fen"] + counts["copies_fen"] == came
    assert sum(fen(quantities, "bought_amount")) + sum(fen(quantities, "others_amount")) == counts["fen"]
    assert counts["counted"] + settled.refused.num_rows == len(world.purchases)
    institutions, kept = settled.tables["institutions"], settled.tables["kept"]
    for name in ("budget", "spent", "saved", "kept"):
        assert sum(fen(institutions, name)) == sum(fen(kept, name)) == sum(settled.totals["sums"][name].to_pylist())
    assert all(0 <= part <= whole for part, whole in zip(fen(kept, "kept"), fen(kept, "saved"), strict=True))
    names = ("advanced", "repaid", "offset", "left")
    for row in zip(*(fen(institutions, name) for name in names), strict=True):
        assert row[0] == row[1] + row[2] + row[3]


def test_the_random_worlds_are_many_enough_and_say_everything() -> None:
    settled = [World(seed).by_columns() for seed in range(WORLDS)]
    assert sum(one.counts["counted"] + one.refused.num_rows for one in settled) >= ROWS * 0.99
    for name in ("kept", "nothing-saved", "not-completed", "no-score"):
        assert sum(one.counts[f"outcome.{name}"] for one in settled) > 2, name
    assert sum(one.refused.num_rows for one in settled) > 10
    assert any(min(fen(one.tables["ledger"], "offset"), default=0) < 0 for one in settled)
    assert any(one.counts["unagreed"] for one in settled)
