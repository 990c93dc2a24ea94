"""Contracts settled from columns come out as the slow twin has them, term by term, to the fen.

``QINGSUAN_OPERATOR_ROWS`` says on how many random rows (``make differential-agreements``).
"""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pyarrow as pa
import pytest

from paid_rows import FILE, batch_of
from qingsuan.columns.cells import read_money
from qingsuan.money import apply_bp
from qingsuan.movements.model import Movement
from qingsuan.operators.bureau import KINDS, Bureau
from qingsuan.operators.model import (
    MEASURES,
    OFF,
    PARTIES,
    Band,
    Contract,
    Contracts,
    Measured,
    PolicyLoss,
    Proposal,
    Share,
    Side,
    TakenOff,
    YearOfClaims,
)
from qingsuan.operators.outcome import Outcome
from qingsuan.operators.reference import Line, settle
from qingsuan.operators.settlement import OperatorContracts
from qingsuan.operators.settling import Figures, settle_contract
from qingsuan.paid.rows import Adding
from qingsuan.policy.model import FUNDS

ROWS = int(os.environ.get("QINGSUAN_OPERATOR_ROWS", "4000"))
WORLDS = 20 if ROWS < 100_000 else 120
YEAR = 2022
POOLS = ("990100", "990200", "990300", "990400")
SCHEMES = ("310", "390")


def side(dice: random.Random) -> Side:
    bounds = sorted(dice.sample((1, 150, 200, 400, 1_000, 3_333), dice.randrange(3)))
    measured: Measured = dice.choice(MEASURES)
    return Side(measured, tuple(Band(bound, shares(dice)) for bound in (*bounds, None)), "X")


def shares(dice: random.Random) -> tuple[Share, ...]:
    parties = dice.sample(PARTIES, dice.randrange(1, 4))
    left, found = 10_000, []
    for party in parties[:-1]:
        found.append(Share(party, dice.choice((0, 1, left // 2, left // 3, left))))
        left -= found[-1].bp
    return (*found, Share(parties[-1], left))


def proposal(dice: random.Random, about: int) -> Proposal:
    stated = dice.random() < 0.5
    before = dice.choice((0, about, about // 2))
    years = tuple(YearOfClaims(YEAR - n, dice.randrange(1, 5_000), dice.randrange(10**8)) for n in (3, 2, 1))
    most = dice.choice((None, before + dice.randrange(about + 1)))
    return Proposal(
        stated_fen=about if stated else None,
        years=() if stated else years,
        loading_bp=0 if stated else dice.choice((0, 1, 250, 3_333)),
        balance_fen=0 if stated else dice.choice((0, 1, -1, dice.randrange(10**8), -dice.randrange(10**8))),
        before_fen=before,
        lowered_by=dice.choice(("", "X")),
        most_fen=None if stated else most,
        source="X",
    )


def contract(dice: random.Random, number: int, about: int) -> Contract:
    which = tuple(name for name in OFF if dice.random() < 0.5)
    return Contract(
        id=f"c{number}",
        operator="made up",
        pool=POOLS[number],
        schemes=tuple(dice.sample(SCHEMES, dice.randrange(1, 3))),
        pays=tuple(dice.sample(FUNDS, dice.randrange(1, 3))),
        by_settled=dice.random() < 0.7,
        first_year=YEAR,
        last_year=YEAR,
        source="X",
        premium=proposal(dice, about),
        off=TakenOff(
            which,
            reserve_fen=dice.randrange(10**7) if "reserve" in which else 0,
            operating_fen=dice.randrange(10**7) if "operating" in which else 0,
            operating_most_bp=dice.choice((None, 0, 101)) if "operating" in which else None,
            profit_bp=dice.choice((1, 200, 5_000)) if "profit" in which else 0,
        ),
        policy_loss=PolicyLoss(dice.randrange(10**8), dice.choice(PARTIES)) if dice.random() < 0.3 else None,
        surplus=side(dice),
        overrun=side(dice),
    )


class World:
    """Contracts of four pools, settled rows, and money that moved."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        rows = ROWS // WORLDS
        self.batch = batch_of(dice, rows, YEAR, pool=POOLS, insutype=SCHEMES)
        heads = {(pool, scheme): dice.randrange(1, 2_000) for pool in POOLS for scheme in SCHEMES}
        about = max(1, rows * 2_500_000 // 8 // 1_000 * dice.choice((1, 1, 2, 3)))
        contracts = tuple(contract(dice, number, about) for number in range(dice.randrange(1, 5)))
        moved = [
            Movement(
                number,
                {"contract": dice.choice(contracts).id, "kind": dice.choice(tuple(KINDS))},
                fen=dice.randrange(1, 10**8),
                outcome=dice.choice(("counted", "counted", "refused")),
            )
            for number in range(12)
        ]
        carried = {one.id: dice.randrange(-(10**7), 10**7) for one in contracts if dice.random() < 0.5}
        made = Contracts("made up", YEAR, "X", contracts, (), {})
        self.bureau = Bureau(made, heads, tuple(moved), carried, ())

    def by_columns(self) -> Outcome:
        settlement = OperatorContracts(self.bureau)
        parts = [
            settlement.take("settled", piece, FILE, 0).rows
            for piece in (self.batch.slice(0, 100), self.batch.slice(100))
        ]
        settled = settlement.settler()(pa.Table.from_batches(parts))
        return Outcome.of(self.bureau, Adding(YEAR, ("pool", "insutype"), FUNDS).added_up([settled.totals["paid"]]))

    def lines(self) -> list[Line]:
        found = []
        keys = [self.batch[name].to_pylist() for name in ("pool", "insutype")]
        for fund in FUNDS:
            amounts = read_money(self.batch[fund]).values.tolist()
            found += [Line((pool, scheme, fund), fen) for pool, scheme, fen in zip(*keys, amounts, strict=True)]
        return found


@pytest.mark.parametrize("seed", range(WORLDS))
def test_columns_and_twin_agree(seed: int) -> None:
    world = World(seed)
    outcome, lines = world.by_columns(), world.lines()
    moved = [
        Line((one.cells["contract"], one.cells["kind"], ""), one.fen or 0)
        for one in world.bureau.movements
        if one.outcome == "counted"
    ]
    assert len(outcome.settled) == len(world.bureau.contracts.contracts)
    for one in outcome.settled:
        mine = one.contract
        wanted = settle(mine, one.figures.heads, lines, moved, world.bureau.carried.get(mine.id, 0))
        assert (one.each.fen, one.premium, one.counted) == (wanted.per_head, wanted.premium, wanted.counted)
        assert (one.surplus, one.overrun) == (wanted.surplus, wanted.overrun)
        for name, by in (("surplus", wanted.surplus_by), ("overrun", wanted.overrun_by)):
            assert {party: one.of(name, party) for party in PARTIES} == by
        assert one.operator_result == wanted.operator_result
        assert (one.carried_out, one.clearing) == (wanted.carried_out, wanted.clearing)


@pytest.mark.parametrize("seed", range(2000, 2000 + WORLDS))
def test_they_agree_at_every_bound_and_a_fen_beside(seed: int) -> None:
    dice = random.Random(seed)
    one = replace(contract(dice, 0, 7_777), by_settled=True, off=TakenOff(), policy_loss=None)
    heads = dice.randrange(1, 2_000)
    premium = settle_contract(one, Figures(heads, 0, 0, 0, 0, 0)).premium
    for side_of, sign in ((one.surplus, -1), (one.overrun, 1)):
        for band in side_of.bands:
            bound = apply_bp(premium, band.upto_bp or 0)
            for claims in {max(0, premium + sign * (bound + beside)) for beside in (-1, 0, 1)}:
                settled = settle_contract(one, Figures(heads, claims, 0, 0, 0, 0))
                wanted = settle(one, heads, [Line((one.pool, one.schemes[0], one.pays[0]), claims)], [], 0)
                for name, by in (("surplus", wanted.surplus_by), ("overrun", wanted.overrun_by)):
                    assert {party: settled.of(name, party) for party in PARTIES} == by


@pytest.mark.parametrize("seed", range(1000, 1000 + WORLDS))
def test_everything_adds_up_to_the_fen(seed: int) -> None:
    outcome = World(seed).by_columns()
    for name, one, other in outcome.identities():
        assert one == other, name
    for settled in outcome.settled:
        assert min(settled.surplus, settled.overrun) == 0
        assert all(min(part.by_party.values()) >= 0 and part.fen > 0 for part in settled.parts)
        assert all(sum(part.by_party.values()) == part.fen for part in settled.parts)
        premium = settled.contract.premium
        if not premium.lowered_by and premium.stated_fen is None:
            assert settled.each.fen >= premium.before_fen


def test_the_random_worlds_are_many_enough_and_say_everything() -> None:
    outcomes = [World(seed).by_columns() for seed in range(WORLDS)]
    assert sum(numbers[0] for one in outcomes for numbers in one.paid.values()) >= ROWS * 0.99
    contracts = [one for outcome in outcomes for one in outcome.settled]
    for side_of in ("surplus", "overrun"):
        sides = [part for one in contracts for part in one.parts if part.side == side_of]
        assert len(sides) >= 5
        assert {part.band for part in sides} >= {1, 2}
        for party in PARTIES:
            assert any(part.by_party[party] for part in sides), (side_of, party)
    assert any(part.band == 0 for one in contracts for part in one.parts)
    assert any(one.profit for one in contracts)
    assert any(one.each.fen == one.contract.premium.before_fen > 0 for one in contracts)
