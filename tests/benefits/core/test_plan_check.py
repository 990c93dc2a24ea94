"""A plan that would lead the core outside is refused, field by field: a mistake in plan.py never writes into another account."""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from qingsuan.benefits.core import keys, plan_stays
from qingsuan.benefits.core import plan as plans
from qingsuan.benefits.core.apart import Apart
from qingsuan.benefits.core.core import Core
from qingsuan.benefits.core.plan import Plan
from qingsuan.benefits.core.plan_check import check_plan
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import FUNDS
from qingsuan.policy.numeric import STEP_FIELDS, Tables
from qingsuan.policy.reader import read_rule_set
from worlds import compiled

TEXT = """\
format = 1
[ruleset]
pool = "990100"
schemes = ["390"]
title = "made up"
effective = 2021-01-01
source = "X"
benefit_date = "setl_time"
identity_date = "begndate"
levels = []
interim_settlements = { count_as = "one-visit", source = "X" }
[sources.X]
document = "made up"
article = "1"
grade = "made-up"
[groups]
stay = "year"
third = { period = "quarter", by = "dise_code" }
purse = { period = "month", carry_over = { yuan = 300, source = "X" } }
moon = "month"
moons = { period = "year", counts = "moon" }
[layers.pooled]
fund = "hifp_pay"
visits = { group = "stay", source = "X" }
deductible = { per = "visit", yuan = [100, 50], group = "stay", source = "X" }
bands = { per = "period", group = "stay", measured = "excess", upto = [5000, 9000, 20000], percent = [50, "62.5", 70, 80], source = "X" }
caps = [{ group = "stay", yuan = 20000, source = "X" }, { group = "third", yuan = 9000, source = "X" }, { per = "visit", yuan = 900, source = "X" }]
limit = { per = "period", group = "third", yuan = 30000, source = "X" }
[layers.large]
fund = "hifob_pay"
deductible = { per = "period", group = "stay", yuan = 1000, source = "X" }
bands = { per = "visit", measured = "absolute", upto = [4000], percent = [60, 70], source = "X" }
caps = [{ group = "stay", yuan = 20000, source = "X" }]
limit = { per = "visit", yuan = 30000, source = "X" }
entry = [{ part = "cut_by_cap", layer = "pooled", source = "X" }, { part = "inscp_scp_amt", source = "X" }, { column = "grant_amt", percent = -50, source = "X" }]
[layers.relief]
fund = "maf_pay"
deductible = { per = "visit", yuan = 200, exempt = true, credits = true, group = "third", source = "X" }
bands = { percent = [60, 70], upto = [2], select = { group = "stay", counter = "visits" }, source = "X" }
[layers.plain]
fund = "oth_pay"
bands = { percent = [10, 20], upto = [500], per = "visit", measured = "excess", source = "X" }
limit = { yuan = { counter = "visits", group = "moons", upto = [2], yuan = [900, 400] }, source = "X" }
caps = [{ group = "purse", yuan = 200, source = "X" }, { group = "moon", source = "X" }]
[[rules]]
id = "stay"
when = { med_type = ["21"] }
layers = ["pooled", "large", "relief"]
ceiling = { percent = 90, of = "medfee_sumamt", layers = ["pooled", "large"], source = "X" }
guarantee = { percent = 20, of = "inscp_scp_amt", layers = ["pooled", "large"], to = "large", source = "X" }
[[rules]]
id = "other"
when = { med_type = { not = ["21"] } }
layers = ["plain"]
"""

NAMES: dict[str, tuple[str, ...]] = {
    "variants": plans.VARIANT_FIELDS,
    "layers": plans.LAYER_FIELDS,
    "bands": plans.BAND_FIELDS,
    "caps": plans.CAP_FIELDS,
    "entries": plans.ENTRY_FIELDS,
    "periods": plans.PERIOD_FIELDS,
    "keyed.variants": keys.KEYED_VARIANT_FIELDS,
    "keyed.groups": keys.KEYED_GROUP_FIELDS,
    "stays.variants": plan_stays.STAY_VARIANT_FIELDS,
    "stays.groups": plan_stays.STAY_GROUP_FIELDS,
    "stays.layers": plan_stays.STAY_LAYER_FIELDS,
    "stays.caps": plan_stays.STAY_CAP_FIELDS,
    "stays.periods": plan_stays.STAY_PERIOD_FIELDS,
    "stays.choices": plan_stays.STAY_CHOICE_FIELDS,
    "stays.steps": STEP_FIELDS,
}
LISTS = ("amounts", "draws", "visits", "blank", "stays.draws", "stays.sizes")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    file = tmp_path_factory.mktemp("rules") / "a.toml"
    file.write_text(TEXT, "utf-8")
    return compile_rule_sets([read_rule_set(file)]).tables


@pytest.fixture(scope="module")
def plan(tables: Tables) -> Plan:
    return Plan.of(tables)


def put(plan: Plan, table: str, array: Any) -> Plan:
    part, _, name = table.rpartition(".")
    return replace(plan, **{part: replace(getattr(plan, part), **{name: array})} if part else {name: array})


def changed(plan: Plan, table: str, row: int, column: str, value: int) -> Plan:
    array = attrgetter(table)(plan).copy()
    array[(row, NAMES[table].index(column)) if column else row] = value
    return put(plan, table, array)


def value(plan: Plan, table: str, row: int, column: str) -> int:
    array = attrgetter(table)(plan)
    return int(array[row, NAMES[table].index(column)] if column else array[row])


def check(plan: Plan) -> None:
    check_plan(plan, slots=5, names=4, own_amounts=1, payers=len(FUNDS))


def test_plans_as_they_are_made_pass(plan: Plan) -> None:
    check(plan)
    for seed in range(3):
        tables = compiled(seed).tables
        check_plan(Plan.of(tables), tables.slots, tables.names, tables.own_amounts, Apart(tables).payers)


def test_every_array_of_a_plan_is_broken_here(plan: Plan) -> None:
    arrays = {field.name for field in fields(plan)} - {"stays", "keyed"}
    of_keys = {"keyed.variants", "keyed.groups"}  # what else a keyed plan says is broken in test_keys.py
    assert {*NAMES, *LISTS} == arrays | {f"stays.{field.name}" for field in fields(plan.stays)} | of_keys
    assert all(len(attrgetter(table)(plan)) for table in (*NAMES, *LISTS))  # each has a row to break


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column) for table in NAMES for column in NAMES[table]] + [(table, "") for table in LISTS],
)
def test_a_number_far_outside_is_refused_in_every_row(plan: Plan, table: str, column: str) -> None:
    for row in range(len(attrgetter(table)(plan))):
        for wrong in (-20_000, (1 << 62) + 1):
            with pytest.raises(ValueError, match=r"^plan: "):
                check(changed(plan, table, row, column, wrong))


NEAR: list[tuple[str, str, tuple[int, ...]]] = [
    ("variants", "layer_start", (-1, 1)),
    ("variants", "layer_count", (-1, 1)),
    ("variants", "ceiling_mask", (8,)),
    ("variants", "guarantee_mask", (8,)),
    ("variants", "guarantee_to", (3, -3)),
    ("variants", "visit_cell", (-1, 1, 36)),
    ("variants", "visits_end", (9,)),
    ("variants", "periods_start", (9,)),
    ("layers", "traits", (64,)),
    ("layers", "fund", (-8, 8)),
    ("layers", "used_cell", (-1, 1, 30)),
    ("layers", "start_cell", (-2, 2, 30)),
    ("layers", "cap_cell", (-1, 1, 30)),
    ("layers", "limit_cell", (-1, 1, 30)),
    ("layers", "visits_cell", (-1, 1, 30)),
    ("layers", "select_cell", (-1, 30)),
    ("layers", "count_used", (-1, 1, 36)),
    ("layers", "count_base", (-1, 1, 36)),
    ("layers", "count_excess", (-1, 1, 36)),
    ("layers", "count_paid", (-1, 1, 36)),
    ("layers", "count_limit", (-1, 1, 30)),
    ("layers", "entry_end", (9,)),
    ("layers", "limit_mask", (16,)),
    ("layers", "deductible_mask", (16,)),
    ("layers", "cap_mask", (16,)),
    ("layers", "amount_start", (-5, 2)),
    ("layers", "amount_last", (9,)),
    ("layers", "second_fen", (-1, 1)),
    ("layers", "third_fen", (-1,)),
    ("layers", "ratio_bp", (-1, 1)),
    ("layers", "second_bp", (-1, 1)),
    ("layers", "third_bp", (-1, 1)),
    ("layers", "cap_end", (9,)),
    ("layers", "draw_end", (9,)),
    ("bands", "lower_fen", (-1, 1)),
    ("bands", "upper_fen", (-1,)),
    ("caps", "cap_cell", (-1, 1, 30)),
    ("caps", "cap_mask", (1 << 16,)),
    ("entries", "part", (-7, 7)),
    ("entries", "of_layer", (3,)),
    ("entries", "of_row", (1,)),
    ("periods", "slot_cell", (-1, 1, 30)),
    ("periods", "length", (-1, 1)),
    ("stays.variants", "period_end", (9,)),
    ("stays.periods", "slot_cell", (-1, 1, 30)),
    ("stays.periods", "length", (-1, 1)),
    ("stays.periods", "limit_fen", (-400_00,)),
    ("stays.periods", "counted_cell", (-1, 1, 36)),
    ("draws", "", (-1, 1, 30)),
    ("visits", "", (-1, 1, 30)),
    ("blank", "", (-1, 1)),
    ("stays.variants", "group_end", (9,)),
    ("stays.groups", "visits_cell", (-1, 1, 30)),
    ("stays.groups", "first_cell", (-1, 1, 15)),
    ("stays.groups", "counts", (2, -2)),
    ("stays.layers", "first_cell", (-1, 1, 16)),
    ("stays.layers", "limit_cell", (-1, 1)),
    ("stays.layers", "used_cell", (-1, 1)),
    ("stays.layers", "number_cell", (-1,)),
    ("stays.layers", "handed_cell", (-2,)),
    ("stays.layers", "handed_less", (2, -2)),
    ("stays.layers", "cap_end", (9,)),
    ("stays.layers", "draw_end", (9,)),
    ("stays.layers", "column_start", (-1,)),
    ("stays.layers", "column_end", (9,)),
    ("stays.caps", "cap_cell", (-1, 1, 30)),
    ("stays.caps", "cap_mask", (16,)),
    ("stays.caps", "paid_cell", (-1,)),
    ("stays.choices", "counter_cell", (-1, 1, 30)),
    ("stays.choices", "number_cell", (-1, 1, 15)),
    ("stays.choices", "step_start", (-1, 2)),
    ("stays.choices", "step_end", (1, -2)),
    ("stays.draws", "", (-1, 1, 15)),
    ("stays.sizes", "", (-1, 1)),
]


@pytest.mark.parametrize(("table", "column", "steps"), NEAR)
def test_a_number_beside_the_right_one_is_refused(plan: Plan, table: str, column: str, steps: tuple[int, ...]) -> None:
    for row in range(len(attrgetter(table)(plan))):
        for step in steps:
            bad = changed(plan, table, row, column, value(plan, table, row, column) + step)
            with pytest.raises(ValueError, match=r"^plan: "):
                check(bad)


ONE_TOO_FEW = (
    ("layers", -1),
    ("stays.layers", -1),
    ("stays.variants", -1),
    ("blank", -1),
    ("amounts", 2),
    ("entries", 1),
)


@pytest.mark.parametrize(("table", "rows"), ONE_TOO_FEW)
def test_an_array_that_is_too_short_is_refused(plan: Plan, table: str, rows: int) -> None:
    with pytest.raises(ValueError, match=r"^plan: "):
        check(put(plan, table, attrgetter(table)(plan)[:rows]))


def layers_with(plan: Plan, trait: str) -> list[int]:
    traits = plan.layers[:, plans.LAYER_FIELDS.index("traits")]
    return np.flatnonzero(traits & plans.TRAITS[trait]).tolist()


@pytest.mark.parametrize("trait", [trait for trait in plans.TRAITS if trait != "pooled"])
def test_a_layer_that_hides_what_it_has_is_refused(plan: Plan, trait: str) -> None:
    found = layers_with(plan, trait)
    assert found
    for row in found:
        hidden = value(plan, "layers", row, "traits") - plans.TRAITS[trait]
        with pytest.raises(
            ValueError, match=rf"^plan: traits: row {row} has {hidden}, expected {trait}, which the layer has$"
        ):
            check(changed(plan, "layers", row, "traits", hidden))


def test_no_table_ends_before_its_last_band(plan: Plan) -> None:
    """Who looks for a band goes on until one has no bound: without one, to whatever lies behind the table."""
    last = len(plan.bands) - 1
    with pytest.raises(ValueError, match=r"^plan: upper_fen: row .* expected where the next band begins, or no bound$"):
        check(changed(plan, "bands", last, "upper_fen", 1_000_000))


def test_no_layer_reaches_itself_or_a_later_one(plan: Plan) -> None:
    """The masks' bits are of earlier layers: what a later one took is not known yet, and bits beyond all end nowhere."""
    start = value(plan, "variants", 1, "layer_start")
    for place in range(value(plan, "variants", 1, "layer_count")):
        for mask in ("limit_mask", "deductible_mask", "cap_mask"):
            with pytest.raises(
                ValueError, match=f"{mask} out of range: row {start + place} has {1 << place}, expected 0 … "
            ):
                check(changed(plan, "layers", start + place, mask, 1 << place))


def test_a_stay_without_a_number_has_no_deductible_by_visit(plan: Plan) -> None:
    """It would take the amount before the layer's first: another layer's, or what lies before the table."""
    row = plan.layers[:, plans.LAYER_FIELDS.index("by_visit")].tolist().index(1)
    for cell in (plan_stays.STAY_CELLS.index("nothing"), value(plan, "stays.layers", row, "number_cell") + 3):
        with pytest.raises(
            ValueError, match=f"^plan: stays: number_cell: row {row} has {cell}, expected a number that its rule"
        ):
            check(changed(plan, "stays.layers", row, "number_cell", cell))


def test_layers_under_a_ceiling_are_not_apart(plan: Plan) -> None:
    assert value(plan, "variants", 1, "ceiling_bp") == 9000
    with pytest.raises(ValueError, match=r"^plan: apart out of range: row 1 has 1, expected 0 … 0$"):
        check(changed(plan, "variants", 1, "apart", 1))


def test_the_door_checks_the_plan_that_it_opens_with(
    tables: Tables, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    Core(tables)
    bad = changed(plan, "layers", 0, "count_paid", len(plan.blank))
    monkeypatch.setattr(Plan, "of", lambda _: bad)
    with pytest.raises(ValueError, match=r"^plan: count_paid: row 0 has 41, expected that counter of a group$"):
        Core(tables)
