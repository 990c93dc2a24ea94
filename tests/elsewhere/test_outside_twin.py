"""Care outside the pool cleared from columns comes out as the slow twin has it, pair by pair and month by month, to the fen.

``QINGSUAN_OUTSIDE_ROWS`` says on how many random rows (``make differential-agreements``).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from decimal import Decimal

import pyarrow as pa
import pytest

from paid_rows import FILE, batch_of
from qingsuan.columns.cells import read_money
from qingsuan.elsewhere.advances import LEVELS
from qingsuan.elsewhere.bureau import Bureau
from qingsuan.elsewhere.model import AMOUNTS, CLEARED, Advance, Arrangement
from qingsuan.elsewhere.outcome import Outcome
from qingsuan.elsewhere.reference import Claim, Moved, ReferenceYear, settle
from qingsuan.elsewhere.settlement import CareOutside
from qingsuan.movements.model import Movement
from qingsuan.paid.columns import MONTH
from qingsuan.paid.rows import Adding

ROWS = int(os.environ.get("QINGSUAN_OUTSIDE_ROWS", "4000"))
WORLDS = 20 if ROWS < 100_000 else 120
YEAR = 2022
POOLS = ("990100", "990200", "980100")
PLACES = ("990101", "990202", "990301", "980104", "980201", "110105", "120101")
PREFIXES = {"9901": "990100", "990202": "990200", "98": "980100", "9802": "980200"}
INSTITUTIONS = tuple(f"H{number}" for number in range(12))


class World:
    """An arrangement, lists of places, settled rows and money that moved."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        batch = batch_of(
            dice, ROWS // WORLDS, YEAR, pool=POOLS, insutype=("310", "390"), fixmedins_code=("", *INSTITUTIONS)
        )
        for name in ("medfee_sumamt", "acct_pay", "acct_mulaid_pay"):
            fen = [dice.choice((0, dice.randrange(10_000_000))) for _ in range(batch.num_rows)]
            amounts = pa.array([Decimal(one).scaleb(-2) for one in fen], pa.decimal128(16, 2))
            batch = batch.append_column(name, amounts)
        self.batch = batch
        institutions = {name: dice.choice(PLACES) for name in INSTITUTIONS[:-1]}
        pools = {prefix: pool for prefix, pool in PREFIXES.items() if dice.random() < 0.9}
        clears = tuple(dice.sample(CLEARED, dice.randrange(1, 5)))
        sides = dice.sample(
            [("990000", "110000"), ("990100", "120000"), ("990200", "990100"), ("980100", "990000")], dice.randrange(4)
        )
        advances = tuple(
            Advance(*side, dice.randrange(10**9), dice.randrange(1, 13), yellow, yellow + dice.choice((1, 2_000)), "X")
            for side in sides
            for yellow in [dice.choice((1, 5_000, 7_000))]
        )
        arrangement = Arrangement("made up", YEAR, clears, "X", advances, (), {})
        nobody = Bureau(arrangement, institutions, pools, (), ())
        pairs = list(Outcome.of(nobody, self.sums(nobody)).cleared.pairs)
        self.bureau = Bureau(arrangement, institutions, pools, tuple(self._moved(dice, pairs, sides)), ())

    def _moved(self, dice: random.Random, pairs: list[tuple[str, str]], sides: list[tuple[str, str]]) -> list[Movement]:
        known = [("transfer", pair) for pair in pairs] + 2 * [("advance", side) for side in sides]
        found = []
        for number in range(14 if known else 0):
            kind, (payer, receiver) = dice.choice(known)
            day = dt.date(YEAR, 1, 1) + dt.timedelta(days=dice.randrange(-20, 450))
            fen = dice.choice((1, dice.randrange(1, self.batch.num_rows * 10**6), -dice.randrange(1, 10**6)))
            cells = {"payer": payer, "receiver": receiver, "kind": kind}
            found.append(Movement(number, cells, day, fen, dice.choice((YEAR, YEAR, YEAR, YEAR - 1))))
        return found

    def sums(self, bureau: Bureau) -> list[tuple[tuple[str, ...], list[int]]]:
        settlement = CareOutside(bureau)
        cut = self.batch.num_rows // 3
        parts = [
            settlement.take("settled", piece, FILE, 0).rows
            for piece in (self.batch.slice(0, cut), self.batch.slice(cut))
        ]
        settled = settlement.settler()(pa.Table.from_batches(parts))
        keys = ("pool", "insutype", "fixmedins_code", MONTH)
        return list(Adding(YEAR, keys, AMOUNTS).each([settled.totals["paid"]]))

    def by_columns(self) -> Outcome:
        return Outcome.of(self.bureau, self.sums(self.bureau))

    def by_hand(self) -> ReferenceYear:
        texts = [self.batch[name].to_pylist() for name in ("pool", "insutype", "fixmedins_code", "benefit_date")]
        amounts = {name: read_money(self.batch[name]).values.tolist() for name in CLEARED}
        claims = [
            Claim(*row, {name: amounts[name][place] for name in CLEARED})
            for place, row in enumerate(zip(*texts, strict=True))
        ]
        moved = [
            Moved(one.date, one.cells["payer"], one.cells["receiver"], one.cells["kind"], one.fen)
            for one in self.bureau.movements
            if one.year == YEAR and one.date is not None and one.fen is not None
        ]
        given = self.bureau
        return settle(given.arrangement, given.institutions, given.pools, claims, moved)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_columns_and_twin_agree(seed: int) -> None:
    world = World(seed)
    outcome, wanted = world.by_columns(), world.by_hand()
    cleared = outcome.cleared
    assert not [one.fault for one in world.bureau.movements if one.fault is not None]
    owed = {(paying, at, scheme): cleared.fen(row) for (paying, at, _, scheme), row in cleared.paying.items()}
    assert owed == wanted.owed
    due_to = {
        (at, who, paying, scheme): cleared.fen(row) for (at, paying, _, who, scheme), row in cleared.treating.items()
    }
    assert due_to == wanted.due_to
    assert (cleared.total(cleared.local), cleared.total(cleared.unplaced)) == (wanted.local, wanted.unplaced)
    assert {(one.paying, one.treating): one.to_pay for one in outcome.balances} == wanted.to_pay
    assert {(one.advance.payer, one.advance.receiver): one.required for one in outcome.advances} == wanted.required
    uses = {
        (one.advance.payer, one.advance.receiver, one.month): (one.used, one.held, one.level) for one in outcome.uses
    }
    assert uses == wanted.alarms


@pytest.mark.parametrize("seed", range(1000, 1000 + WORLDS))
def test_both_sides_mirror_each_other(seed: int) -> None:
    outcome = World(seed).by_columns()
    for name, one, other in outcome.identities():
        assert one == other, name
    mirror: dict[tuple[str, str, str], list[int]] = {}
    for (treating, paying, _, _, scheme), row in outcome.cleared.treating.items():
        before = mirror.get((paying, treating, scheme), [0] * len(row))
        mirror[paying, treating, scheme] = [one + more for one, more in zip(before, row, strict=True)]
    assert mirror == {(key[0], key[1], key[3]): row for key, row in outcome.cleared.paying.items()}
    assert outcome.cleared.came[0] == outcome.record()["rows"]["in"]


def test_the_random_worlds_are_many_enough_and_say_everything() -> None:
    outcomes = [World(seed).by_columns() for seed in range(WORLDS)]
    assert sum(one.cleared.came[0] for one in outcomes) >= ROWS * 0.99
    assert {use.level for one in outcomes for use in one.uses} == set(LEVELS)
    assert {key[2] for one in outcomes for key in one.cleared.paying} == {"region", "beyond"}
    assert all(any(getattr(one.cleared, name) for one in outcomes) for name in ("local", "unplaced"))
    assert {key[3][:20] for one in outcomes for key in one.cleared.unplaced} == {
        "the settled claim na",
        "the list of institut",
        "the list of pools ha",
    }
