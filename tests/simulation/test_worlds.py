"""Random rule sets, changed at random: a simulation comes to what settling by each and taking the difference comes to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from differential import AMOUNTS, Result, of_world, run_engine
from qingsuan.benefits.partition import Settler
from qingsuan.benefits.settlement import Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.plugins import Installed
from qingsuan.policy.model import FUNDS, Adjust, Bands, Cap, Deductible, Layer, Limit, RuleSet
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.executors.prepared import YearRows
from qingsuan.run.inputs import Source, find_files, open_files
from qingsuan.run.model import Inputs, Options, Progress
from qingsuan.run.prepare import prepare
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.simulation.adding import Added
from qingsuan.simulation.passing import Passing
from qingsuan.simulation.telling.effects import Told, tables_of
from qingsuan.simulation.variants import Base, Variant, changed_series, variant_of
from qingsuan.simulation.views import Cells
from world_tables import claims_table, identities_table, insured_table, registrations_table
from worlds import World, world

SEEDS = [3, *range(4, int(os.environ.get("SIMULATIONS", "0")))]
"""Its rule sets are small; more of them with ``make simulations``."""


def prepared(made: World, folder: Path, partitions: int, deliveries: int) -> PreparedYear:
    """A world's year; of several deliveries rows do not lie person after person."""
    tables = {"insured": insured_table(made), "identities": identities_table(made)}
    if made.registrations:
        tables["registrations"] = registrations_table(made)
    folder.mkdir()
    claims = claims_table(made)
    half = claims.num_rows // deliveries
    for number in range(deliveries):
        pq.write_table(claims.slice(number * half, half + deliveries), folder / f"{number}.parquet")
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    for number in range(deliveries):
        inputs = {"claims": sources(folder / f"{number}.parquet", "claims")}
        if not number:
            inputs |= {name: sources(folder / f"{name}.parquet", name) for name in tables}
        options = Options(partitions=partitions)
        prepare(of_world(made), Inputs(inputs), folder / "year", options, Installed(()), add=number > 0)
    return PreparedYear.open(folder / "year")


def sources(path: Path, table: str) -> tuple[Source, ...]:
    return open_files(find_files([str(path)], table), "utf8")


def passing_of(
    made: World, year: PreparedYear, changed: list[tuple[RuleSet, ...]], workers: int
) -> tuple[Passing, list[Variant]]:
    setup = Setup(made.regions, made.rule_sets, made.year, skip_unserved=True, apart=True)
    setup.registrations = bool(made.registrations)
    settlement = Benefits(setup)
    inputs = inputs_of(year)
    settlement.begin({table.name: inputs.of(table.name) for table in settlement.inputs})
    rows = YearRows(year, settlement)
    settlement.freeze(())
    base = Base.of(Settler(setup))
    variants = [variant_of(base, one, number, "", "test") for number, one in enumerate(changed, 1)]
    scope = frozenset[tuple[str, str]]().union(*(changed_series(made.rule_sets, one) for one in changed))
    return Passing(rows, base, scope, Cells(base.settler), workers, Progress()), variants


# ---- changes at random


def other_amounts(random: Random, rule_sets: tuple[RuleSet, ...]) -> tuple[RuleSet, ...]:
    """Other amounts in one rule set: every layer's bands, deductible, limit, caps or adjustment is another with some probability."""
    at = random.randrange(len(rule_sets))
    one = rule_sets[at]
    layers = {name: other_layer(random, layer) for name, layer in one.layers.items()}
    return (*rule_sets[:at], replace(one, layers=layers), *rule_sets[at + 1 :])


def other_layer(random: Random, layer: Layer) -> Layer:
    return replace(layer, cases=tuple(replace(case, **dict(other_settings(random, case))) for case in layer.cases))


def other_settings(random: Random, case: Any) -> Iterator[tuple[str, Any]]:
    for name in ("deductible", "bands", "limit", "adjust", "caps"):
        value = getattr(case, name)
        if value is not None and random.random() < 0.4:
            yield name, tuple(other(random, one) for one in value) if name == "caps" else other(random, value)


def other(random: Random, value: Any) -> Any:
    match value:
        case Bands():
            return replace(
                value, ratio_bp=tuple(max(0, min(10_000, bp + random.choice((-777, 500)))) for bp in value.ratio_bp)
            )
        case Deductible() if value.of_claim is None and not value.exempt:
            return replace(value, amounts_fen=tuple(fen + random.choice((0, 10_000)) for fen in value.amounts_fen))
        case Limit() | Cap() if value.of_claim is None and value.amount_fen:
            return replace(value, amount_fen=value.amount_fen * random.choice((1, 2)) // random.choice((1, 3)) + 1)
        case Adjust() if value.points_bp:
            return replace(value, points_bp=value.points_bp + 100)
    return value


def other_conditions(random: Random, rule_sets: tuple[RuleSet, ...]) -> tuple[RuleSet, ...]:
    """A rule set that sorts claims otherwise: one rule more is missing, and it is in force a day longer or less."""
    at = random.randrange(len(rule_sets))
    one = rule_sets[at]
    rules = one.rules[:-1] if len(one.rules) > 1 and not any(rule.overrides for rule in one.rules) else one.rules
    return (*rule_sets[:at], replace(one, rules=rules, covers=()), *rule_sets[at + 1 :])


# ---- what settling twice comes to


def funds_of(result: Result) -> dict[tuple[str, str], np.ndarray[Any, Any]]:
    """By claim what each fund pays."""
    first = len(next(iter(result.settled.values()))) - len(AMOUNTS) if result.settled else 0
    places = [first + AMOUNTS.index(fund) for fund in FUNDS]
    return {key: np.array([row[place] for place in places], np.int64) for key, row in result.settled.items()}


def expected(before: Result, after: Result) -> tuple[list[int], dict[str, int], int]:
    """By how much each fund pays more; by how much together for each person; how many claims are paid otherwise."""
    old, new = funds_of(before), funds_of(after)
    nothing = np.zeros(len(FUNDS), np.int64)
    sums, people, claims = nothing.copy(), Counter[str](), 0
    for key in {*old, *new}:
        change = new.get(key, nothing) - old.get(key, nothing)
        sums += change
        people[key[0]] += int(change.sum())
        claims += bool(change.any())
    return sums.tolist(), {name: change for name, change in people.items() if change}, claims


def check(added: Added, place: int, before: Result, after: Result) -> None:
    sums, people, claims = expected(before, after)
    assert added.by_cell[place].sum(axis=0)[2:].tolist() == sums
    assert added.by_bucket[place].sum(axis=0).tolist() == added.by_cell[place].sum(axis=0).tolist()
    _, winners, losers, gained, lost = added.of_people[place].sum(axis=0).tolist()
    gains = [change for change in people.values() if change > 0]
    assert (winners, gained) == (len(gains), sum(gains))
    assert (losers, lost) == (len(people) - len(gains), sum(people.values()) - sum(gains))
    assert added.claims_changed[place] == claims
    biggest = sorted(people.items(), key=lambda one: (-abs(one[1]), one[0]))[:20]
    assert [(one.psn_no, one.change) for one in added.biggest[place]] == biggest


@pytest.mark.parametrize("seed", SEEDS)
def test_random_changes_come_to_the_difference_of_two_settlements(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    made = world(seed, 60, 400, registrations=seed % 2 == 0)
    changed = [made.rule_sets, other_amounts(random, made.rule_sets)]
    changed.append(other_conditions(random, made.rule_sets))
    before = run_engine(made)
    afters = [run_engine(replace(made, rule_sets=one)) for one in changed]
    told = []
    for partitions, deliveries, workers in ((1, 1, 1), (3, 2, 2)):
        year = prepared(made, tmp_path / str(partitions), partitions, deliveries)
        passing, variants = passing_of(made, year, changed, workers)
        assert variants[0].settler is None
        assert not variants[0].touched.any()
        added = passing.over(variants)
        for place, after in enumerate(afters, 1):
            check(added, place, before, after)
        tables = tables_of(added, passing.cells, [Told(str(number)) for number in range(len(variants))])
        told.append({name: table.to_pylist() for name, table in tables.items()})
    assert told[0] == told[1], "the result depends on partitions, deliveries or workers"


def test_random_changes_touch_some_and_leave_others() -> None:
    """The trials above are worth something: amounts change what is paid, and some change sorts claims otherwise."""
    made = world(3, 60, 400)
    changed = other_amounts(Random(1), made.rule_sets)
    sums, people, _ = expected(run_engine(made), run_engine(replace(made, rule_sets=changed)))
    assert any(sums)
    assert 0 < len(people) < 60
