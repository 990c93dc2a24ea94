"""A year cut at a date, its accounts carried across: core = slow twin, which is given the whole year or its own accounts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from differential import Key, result_of, twin_row
from qingsuan.benefits.accumulators.opening import Groups, check_opening, empty_opening, take_opening
from qingsuan.benefits.intake.intake import take_claims, take_identities, take_insured
from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.reference.periods import periods_of
from qingsuan.benefits.reference.rows import AccountKey
from qingsuan.benefits.reference.rows import Outcome as TwinOutcome
from qingsuan.benefits.reference.steps import Counters
from qingsuan.benefits.reference.twin import Account, Claim, Places, settle_year
from qingsuan.columns.pieces import Pieces
from qingsuan.policy.model import COUNTERS
from world_tables import claims_table, identities_table, insured_table
from worlds import World, world

SEEDS = range(24) if "QINGSUAN_CASES" in os.environ else range(1, 3)
"""Half a year's twin takes as long as a year's: ``make differential`` asks all, every change some."""
CUTS = ((6, 30), (2, 14), (11, 30), (8, 31), (7, 1), (3, 31))


def alone(seed: int, people: int = 30, claims: int = 400) -> World:
    """A world in which nothing but accounts reaches over a cut: no reversals, copies, stays in parts; one date decides."""
    made = world(seed, people, claims)
    kept: dict[Key, Claim] = {}
    for claim in made.claims:
        if claim.refd_setl_flag != "1":
            kept[claim.psn_no, claim.setl_id] = replace(claim, mdtrt_id="", mid_setl_flag="")
    rule_sets = tuple(replace(rule_set, benefit_date="setl_time") for rule_set in made.rule_sets)
    return replace(
        made, claims=[replace(one, mdtrt_id="", mid_setl_flag="") for one in kept.values()], rule_sets=rule_sets
    )


def settle(made: World, claims: Sequence[Claim], opening: pa.Table | None = None) -> Outcome:
    setup = made.setup(accumulators=True, insured_files=("", "insured"))
    part = replace(made, claims=list(claims))
    taken = []
    takes = (
        (claims_table(part), take_claims),
        (insured_table(part), take_insured),
        (identities_table(part), take_identities),
    )
    for file, (table, take) in enumerate(takes):
        batch = pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], table.schema.names)
        taken.append(pa.Table.from_batches([take(setup, batch, Pieces.of(file, 0))[0]]))
    setup.learned.freeze()
    carried = None
    if opening is not None:
        groups = Groups(setup)
        batches = [empty_opening(groups), *(take_opening(groups, batch, "", 0) for batch in opening.to_batches())]
        carried = pa.Table.from_batches(batches)
        check_opening(groups, carried)
    return Settler(setup).settle(*taken, carried)


def rows_of(outcome: Outcome) -> dict[Key, tuple[Any, ...]]:
    return result_of(outcome.settled, outcome.reversed_rows).settled


def accounts_of(table: pa.Table) -> dict[AccountKey, Account]:
    """The table accumulators as the twin writes it down."""
    found: dict[AccountKey, Account] = {}
    for row in table.to_pylist():
        account = found.setdefault((row["psn_no"], row["insutype"], row["pool"]), Account())
        if row["group"] is None:
            account.balance = int(row["balc"] * 100)
        else:
            amounts = (int(row[name] * 100) for name in COUNTERS[1:])
            place = (row["group"], row["period"], *([row["key"]] if row.get("key") else []))
            account.groups[place] = Counters(row["visits"], *amounts, int((row.get("carried") or 0) * 100))
    return found


def going_on(made: World, outcome: TwinOutcome) -> dict[AccountKey, Account]:
    """What the twin holds where anything was counted: of the period of each account's last claim, or where one leaves something of its last."""
    of = {(one.pool, scheme): one for one in made.rule_sets for scheme in one.schemes}
    last: dict[AccountKey, dt.date] = {}
    for row in outcome.settled:
        key = row.claim.psn_no, row.claim.insutype, row.pool
        last[key] = max(last.get(key, dt.date.min), row.claim.setl_time.date())
    found = {}
    for key, account in outcome.accounts.items():
        rules = of[key[2], key[1]]
        now = set(periods_of(last[key], rules.year_begins).values())
        first = set(periods_of(dt.date(made.year, *rules.year_begins), rules.year_begins).values())
        latest = {(at[0], at[2:]): at[1] for at in sorted(account.groups)}
        groups = {}
        for at, counters in account.groups.items():
            name, period, *_ = at
            carries, counted = name in rules.carry_over, name in rules.group_counts.values()
            begun = period == latest[name, at[2:]] and (counters != Counters() or period not in first)
            going = counters != Counters() and (period in now or (counted and counters.paid > 0))
            if begun if carries else going:
                groups[at] = counters
        found[key] = Account(groups, account.balance)
    return found


def test_the_worlds_have_keys_and_years_of_their_own() -> None:
    made = [alone(seed, 1, 1) for seed in range(24)]
    rule_sets = [rule_set for one in made for rule_set in one.rule_sets]
    assert sum(bool(rule_set.group_keys) for rule_set in rule_sets) > 5
    assert sum(rule_set.year_begins != (1, 1) for rule_set in rule_sets) > 5
    assert sum(bool(rule_set.carry_over) for rule_set in rule_sets) > 5
    assert sum(bool(rule_set.group_counts) for rule_set in rule_sets) > 5
    assert any(rule_set.group_keys for seed in SEEDS for rule_set in made[seed].rule_sets)
    assert any(rule_set.year_begins != (1, 1) for seed in SEEDS for rule_set in made[seed].rule_sets)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_runs_are_the_year_of_the_twin(seed: int) -> None:
    made = alone(seed)
    cut = dt.date(made.year, *CUTS[seed % len(CUTS)])
    first = [claim for claim in made.claims if claim.setl_time.date() <= cut]
    second = [claim for claim in made.claims if claim.setl_time.date() > cut]
    half = settle(made, first)
    assert half.accumulators is not None
    rest = settle(made, second, half.accumulators)
    assert rest.accumulators is not None
    whole = settle(made, made.claims)
    known = (made.insured, made.identities, Places(made.regions), made.rule_sets, made.year)
    slow = settle_year(made.claims, *known)
    ours = rows_of(half) | rows_of(rest)
    assert ours == {(row.claim.psn_no, row.claim.setl_id): twin_row(row) for row in slow.settled}
    assert ours == rows_of(whole)
    assert rest.accumulators.equals(whole.accumulators)
    assert accounts_of(rest.accumulators) == going_on(made, slow)
    # and the twin, given the engine's accounts, goes on as the engine does
    accounts = accounts_of(half.accumulators)
    second_slow = settle_year(second, *known, opening=accounts)
    assert rows_of(rest) == {(row.claim.psn_no, row.claim.setl_id): twin_row(row) for row in second_slow.settled}


def test_accounts_that_hold_nothing_change_nothing() -> None:
    made = alone(50)
    nothing = settle(made, [])
    assert nothing.accumulators is not None
    assert nothing.accumulators.num_rows == 0
    kept, plain = settle(made, made.claims, nothing.accumulators), settle(made, made.claims)
    assert kept.settled.equals(plain.settled)
    assert kept.accumulators is not None
    assert kept.accumulators.equals(plain.accumulators)


def test_people_without_claims_are_carried_on_as_they_are() -> None:
    made = alone(52)
    half = settle(made, made.claims)
    assert half.accumulators is not None
    assert half.accumulators.num_rows > 60
    assert {row["group"] for row in half.accumulators.to_pylist()} >= {None, "g0", "g1", "g2", "g3"}
    rest = settle(made, [], half.accumulators)
    assert rest.accumulators is not None
    assert rest.accumulators.equals(half.accumulators)
