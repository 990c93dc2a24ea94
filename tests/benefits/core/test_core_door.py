"""The doors of the compiled modules: whatever the core would take on trust is checked, and refused, never computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from qingsuan import _kernel
from qingsuan.benefits.core import plan, plan_stays
from qingsuan.benefits.core.core import Core, Paid
from qingsuan.benefits.core.tables_check import check_tables
from qingsuan.benefits.order import Money, mark, order_rows
from qingsuan.benefits.partition.classify import PersonRows, find_identities, find_insured
from qingsuan.errors import InputError
from qingsuan.money import BP_ONE, MAX_FEN
from qingsuan.people import MAX_ROWS, Numbering, Texts, divide, spread
from qingsuan.policy import numeric
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import COUNTERS, FUNDS
from qingsuan.policy.numeric import PAYERS, Tables
from qingsuan.policy.reader import read_rule_set
from rule_heads import head
from worlds import compiled

EXT = Path(__file__).parents[3] / "ext" / "qingsuan"
SOURCES = "".join((EXT / name).read_text("utf-8") for name in ("_rules.pxd", "_stays.pxd", "_kernel.pyx"))
TEXT = (
    head()
    + """\
[groups]
stay = "year"
[layers.pooled]
fund = "hifp_pay"
visits = { group = "stay", source = "X" }
deductible = { per = "visit", yuan = [100, 50], group = "stay", source = "X" }
bands = { per = "period", group = "stay", measured = "excess", upto = [5000, 9000], percent = [50, "62.5", 70], source = "X" }
caps = [{ group = "stay", yuan = 20000, source = "X" }]
limit = { per = "period", group = "stay", yuan = 30000, source = "X" }
[layers.large]
fund = "hifob_pay"
deductible = { per = "period", group = "stay", yuan = 1000, source = "X" }
bands = { percent = [60, 70], upto = [4000], select = { group = "stay", counter = "paid" }, source = "X" }
caps = [{ group = "stay", yuan = 20000, source = "X" }, { per = "visit", yuan = 900, source = "X" }]
limit = { per = "period", group = "stay", yuan = 30000, source = "X" }
entry = [{ part = "cut_by_cap", layer = "pooled", source = "X" }, { part = "inscp_scp_amt", source = "X" }]
[[rules]]
id = "any"
when = {}
layers = ["pooled", "large"]
ceiling = { percent = 90, of = "medfee_sumamt", layers = ["pooled", "large"], source = "X" }
"""
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    file = tmp_path_factory.mktemp("rules") / "a.toml"
    file.write_text(TEXT, "utf-8")
    return compile_rule_sets([read_rule_set(file)]).tables


# ---- the two sides mean the same columns


def enum(of: str) -> list[str]:
    """The names of an enum in the compiled module's source, in order."""
    found = re.search(rf"cdef enum:  # {of}\b.*\n((?:    [A-Z_0-9=, ]+\n)+)", SOURCES)
    assert found is not None, of
    return [name.split("=")[0].strip() for name in found[1].replace("\n", ",").split(",") if name.strip()]


def struct(of: str) -> list[str]:
    """The names of a struct of whole numbers in the compiled module's source, in order."""
    found = re.search(rf"cdef struct {of}:\n((?:    .*\n)+)", SOURCES)
    assert found is not None, of
    lines = [line.split("#")[0].removeprefix("    int64_t") for line in found[1].splitlines()]
    return [name.strip() for name in ",".join(lines).split(",") if name.strip()]


@pytest.mark.parametrize(
    ("of", "table", "fields"),
    [
        ("Variant", "variants", plan.VARIANT_FIELDS),
        ("Layer", "layers", plan.LAYER_FIELDS),
        ("Band", "bands", plan.BAND_FIELDS),
        ("Cap", "caps", plan.CAP_FIELDS),
        ("Entry", "entries", plan.ENTRY_FIELDS),
        ("Period", "periods", plan.PERIOD_FIELDS),
        ("StayVariant", "stays.variants", plan_stays.STAY_VARIANT_FIELDS),
        ("StayGroup", "stays.groups", plan_stays.STAY_GROUP_FIELDS),
        ("StayLayer", "stays.layers", plan_stays.STAY_LAYER_FIELDS),
        ("StayCap", "stays.caps", plan_stays.STAY_CAP_FIELDS),
    ],
)
def test_columns_have_the_same_names_in_the_same_order(of: str, table: str, fields: tuple[str, ...]) -> None:
    assert struct(of) == list(fields)
    assert _kernel.FIELD_COUNTS[table] == len(fields)


def test_the_numbers_of_parts_and_counters_are_the_same_in_core_and_python() -> None:
    words = {"IN_SCOPE": "inscp_scp_amt", "FIRST_OWN": "preselfpay_amt", "ABOVE_LIMIT": "overlmt_selfpay"}
    words |= {"WHOLLY_OWN": "fulamt_ownpay_amt"}
    assert {words.get(name, name.lower()): number for number, name in enumerate(enum("Part"))} == numeric._PARTS
    assert [name.lower() for name in enum("Counter")[:5]] == [name.removeprefix("deductible_") for name in COUNTERS]
    assert len(enum("Counter")) == plan.SLOT_WIDTH + 1  # and their number
    assert struct("Own") == list(plan.OWN)
    for cells, names in (
        ("StayCell", plan_stays.STAY_CELLS),
        ("StayGroupCell", plan_stays.STAY_GROUP_CELLS),
        ("StayLayerCell", plan_stays.STAY_LAYER_CELLS),
    ):
        assert [name.lower() for name in enum(cells)[:-1]] == list(names)  # and their number
    assert [name.lower() for name in enum("Trait")] == list(plan.TRAITS)
    for name, bit in plan.TRAITS.items():
        assert f"{name.upper()} = {bit}\n" in SOURCES
    assert list(numeric._BANDS_KINDS.values()) == [0, 1, 2, 3]
    assert {numeric._BANDS_KINDS[kind] for kind in (("visit", "absolute"), ("period", "absolute"))} == {*plan._ABSOLUTE}
    assert {numeric._BANDS_KINDS[kind] for kind in (("period", "excess"), ("period", "absolute"))} == {*plan._BY_PERIOD}
    assert numeric._SELECTED == plan._SELECTED
    assert numeric._KINDS == {None: 0, "visit": plan._PER_VISIT, "period": plan._PER_PERIOD}
    assert f"MAX_LAYERS = {numeric.MAX_LAYERS}" in SOURCES
    assert f"WHOLE = {BP_ONE} " in SOURCES
    assert MAX_FEN == 10**13
    assert "MAX_FEN = 10 ** 13 " in SOURCES


# ---- tables


def test_every_compiled_world_passes() -> None:
    for seed in range(4):
        check_tables(compiled(seed).tables)


def changed(tables: Tables, table: str, row: int, column: str, value: int) -> Tables:
    names: dict[str, tuple[str, ...]] = {
        "variants": numeric.VARIANT_FIELDS,
        "layers": numeric.LAYER_FIELDS,
        "bands": numeric.BAND_FIELDS,
        "caps": numeric.CAP_FIELDS,
        "entries": numeric.ENTRY_FIELDS,
    }
    array = getattr(tables, table).copy()
    if table in names:
        array[row, names[table].index(column)] = value
    else:
        array[row] = value
    return replace(tables, **{table: array})


SHARED = 4  # the one slot's reference is 0; a second slot there is not
WRONG: list[tuple[str, int, str, list[int], str]] = [
    ("variants", 0, "entry_bp", [-1, BP_ONE + 1], "entry share"),
    ("variants", 0, "layer_start", [-1, 3], "layers of a rule"),
    ("variants", 0, "layer_end", [-1, 3], "layers of a rule"),
    ("variants", 0, "ceiling_bp", [-2, BP_ONE + 1], "ceiling"),
    ("variants", 0, "ceiling_mask", [-1, 1 << 16], "ceiling mask"),
    ("variants", 0, "visits_end", [2, -1], "visits"),
    ("variants", 0, "pooled_layer", [-2, 2], "pooled layer"),
    ("variants", 0, "ceiling_on_total", [-1, 2], "ceiling on the total"),
    ("layers", 0, "exempt", [-1, 2], "exempt"),
    ("layers", 0, "credits", [-1, 2], "credits"),
    ("layers", 0, "fund", [-1, len(PAYERS)], "fund"),
    ("layers", 0, "name", [-1, 2], "name of a layer"),
    ("layers", 0, "entry_start", [-1, 9], "entries"),
    ("layers", 0, "entry_end", [9], "entries"),
    ("layers", 0, "limit_kind", [-1, 3], "limit kind"),
    ("layers", 0, "limit_fen", [-1, MAX_FEN + 1], "limit"),
    ("layers", 0, "limit_slot", [-1, SHARED, -2], "limit slot"),
    ("layers", 1, "limit_mask", [-1, 2, 1 << 16, 1 << 62], "limit mask"),
    ("layers", 0, "limit_mask", [1], "limit mask"),
    ("layers", 0, "deductible_kind", [-1, 3], "deductible kind"),
    ("layers", 0, "amount_start", [-1, 2, 99], "amount"),
    ("layers", 0, "amount_last", [-1, 99], "amount"),
    ("layers", 1, "deductible_slot", [-1, SHARED], "deductible"),
    ("layers", 1, "deductible_mask", [2, 1 << 40], "deductible mask"),
    ("layers", 0, "visits_slot", [SHARED, -2], "visits slot"),
    ("layers", 0, "bands_kind", [-1, 5], "bands kind"),
    ("layers", 0, "band_start", [-1, 3], "band"),
    ("layers", 0, "band_end", [0, 99], "band"),
    ("layers", 0, "bands_slot", [-1, SHARED], "bands"),
    ("layers", 1, "select_slot", [-1, SHARED], "select"),
    ("layers", 1, "select_counter", [-1, len(COUNTERS)], "select counter"),
    ("layers", 0, "cap_end", [99, -1], "caps"),
    ("layers", 0, "draw_start", [-1, 99], "draws"),
    ("bands", 0, "lower_fen", [-1, 1, MAX_FEN + 1], "band"),
    ("bands", 1, "lower_fen", [0, 900_000, 900_001, 499_999, -1, MAX_FEN + 1], "band"),
    ("bands", 0, "ratio_bp", [-1, BP_ONE + 1, 5001, 4999], "ratio|amount to"),
    ("bands", 0, "below_fen", [-1, 1], "band"),
    ("bands", 1, "below_fen", [0, 249_999, 250_001, -1, 2**62], "lower bands amount to"),
    ("bands", 1, "below_rest", [-1, 1, BP_ONE], "lower bands amount to"),
    ("caps", 0, "per_period", [-1, 2], "cap kind"),
    ("caps", 0, "cap_fen", [-1, MAX_FEN + 1], "cap"),
    ("caps", 0, "cap_slot", [-1, SHARED], "cap slot"),
    ("caps", 0, "cap_mask", [1, -1], "cap mask"),
    ("caps", 1, "cap_mask", [2, 1 << 16], "cap mask"),
    ("variants", 0, "own_amounts", [-1, 1], "own amounts"),
    ("variants", 0, "guarantee_bp", [-2, BP_ONE + 1], "guarantee"),
    ("variants", 0, "guarantee_to", [0, -2], "guarantee to"),
    ("layers", 0, "limit_of", [-2, 0], "limit of the claim"),
    ("layers", 0, "deductible_of", [-2, 0], "deductible of the claim"),
    ("layers", 0, "limit_each", [-1, 2], "limit of each"),
    ("caps", 0, "cap_of", [-2, 0], "cap of the claim"),
    ("caps", 0, "cap_each", [-1, 2], "cap of each"),
    ("entries", 0, "part", [-1, 10], "part"),
    ("entries", 0, "part", [9], "entry of the claim"),
    ("entries", 0, "of_claim", [0], "entry of the claim"),
    ("entries", 0, "of_layer", [0, 16], "earlier layer"),  # the first layer has none before it
    ("entries", 1, "of_layer", [-1, 1, 16], "earlier layer"),
    ("entries", 1, "entry_ratio_bp", [-1, BP_ONE + 1], "entry ratio"),
    ("amounts", 0, "", [-1, MAX_FEN + 1], "deductible"),
    ("draws", 0, "", [-1, SHARED], "draw"),
    ("visits", 0, "", [-1, SHARED], "visits"),
]


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "said"),
    [(table, row, column, value, said) for table, row, column, values, said in WRONG for value in values],
)
def test_a_number_that_points_outside_is_refused(
    tables: Tables, table: str, row: int, column: str, value: int, said: str
) -> None:
    check_tables(tables)
    with pytest.raises(ValueError, match=f"^compiled rules: .*({said})"):
        Core(changed(tables, table, row, column, value))


def test_a_refusal_names_row_and_value(tables: Tables) -> None:
    said = "^compiled rules: entry share out of range: row 0 has 10001, expected 0 … 10000$"
    with pytest.raises(ValueError, match=said):
        Core(changed(tables, "variants", 0, "entry_bp", BP_ONE + 1))
    said = "^compiled rules: draws point outside their table: row 1 has 99 … 2 of 2$"
    with pytest.raises(ValueError, match=said):
        Core(changed(tables, "layers", 1, "draw_start", 99))
    said = "^compiled rules: draw: row 0 has 4, expected one of 1 groups, by a period$"
    with pytest.raises(ValueError, match=said):
        Core(changed(tables, "draws", 0, "", SHARED))


def test_a_table_of_another_shape_is_refused(tables: Tables) -> None:
    for bad in (tables.layers[:, :-1], tables.layers.astype(np.int32), tables.layers[0]):
        with pytest.raises(ValueError, match="table layers has shape"):
            Core(replace(tables, layers=bad))
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        Core(replace(tables, amounts=tables.amounts.astype(np.float64)))


def test_a_group_with_two_periods_in_one_rule_is_refused(tables: Tables) -> None:
    """It would be emptied at every claim."""
    bad = changed(tables, "draws", 0, "", 2)  # the year's group, by month
    check_tables(bad)
    with pytest.raises(ValueError, match="two periods in one rule"):
        Core(bad)


def test_layers_that_read_what_another_counts_are_not_apart(tables: Tables) -> None:
    """Both layers share a group, so neither counts before both have run; alone, the first may."""
    columns = plan.VARIANT_FIELDS
    assert not plan.Plan.of(tables).variants[0, columns.index("apart")]
    assert not plan.Plan.of(changed(tables, "variants", 0, "ceiling_bp", -1)).variants[0, columns.index("apart")]
    assert plan.Plan.of(_without_bounds(tables)).variants[0, columns.index("apart")]


def test_too_many_layers_are_refused(tables: Tables) -> None:
    many = replace(tables, layers=np.repeat(tables.layers[:1], 17, axis=0), variants=tables.variants.copy())
    many.variants[0, 2] = 17
    with pytest.raises(ValueError, match="number of layers"):
        Core(many)


# ---- rows

Columns = dict[str, Any]


def good() -> Columns:
    """Two people; the second with two accounts whose rows alternate."""
    bill = np.array([[1000, 0, 0, 0, 1000]] * 5, np.int64).T.copy()
    return {
        "person": np.array([0, 0, 1, 1, 1], np.int32),
        "account": np.array([0, 0, 0, 1, 0], np.int32),
        "variant": np.array([0, -1, 0, 0, 0], np.int32),
        "day": np.array([0, 11, 4, 3, 5], np.int16) * 31,
        "bill": bill,
        "may_use_account": np.ones(5, np.int8),
        "balance": np.full(5, 100, np.int64),
    }


def put(name: str, at: Any, value: int) -> Callable[[Columns], None]:
    def change(columns: Columns) -> None:
        columns[name][at] = value

    return change


ROWS: list[tuple[str, Callable[[Columns], None]]] = [
    ("account below 0, or variant outside", put("account", 0, -1)),
    ("account below 0, or variant outside", put("variant", 0, -2)),
    ("account below 0, or variant outside", put("variant", 0, 1)),
    ("day outside", put("day", 0, -1)),
    ("day outside", put("day", 1, 372)),
    ("amount outside", put("bill", (0, 0), -1)),
    ("amount outside", put("bill", (0, 4), MAX_FEN + 1)),
    ("amount outside", put("bill", (4, 0), -1)),
    ("amount outside", put("bill", (1, 3), 1 << 60)),
    ("do not add up", put("bill", (4, 0), MAX_FEN + 1)),
    ("amount outside", put("balance", 3, -1)),
    ("amount outside", put("balance", 3, MAX_FEN + 1)),
    ("do not add up", put("bill", (0, 2), 999)),
    ("do not add up", put("bill", (2, 2), 1)),
    ("not contiguous", put("person", 1, 2)),
    ("an account's rows are not in order", put("day", 2, 156)),
]


@pytest.mark.parametrize(("said", "change"), ROWS)
def test_a_row_that_cannot_be_is_refused(tables: Tables, said: str, change: Callable[[Columns], None]) -> None:
    columns = good()
    Core(tables).settle(**columns)
    change(columns)
    with pytest.raises(ValueError, match=said):
        Core(tables).settle(**columns)


def test_columns_of_another_length_or_type_are_refused(tables: Tables) -> None:
    for name in good():
        columns = good()
        columns[name] = columns[name][..., :-1]
        with pytest.raises(ValueError, match="columns differ in length"):
            Core(tables).settle(**columns)
        columns = good()
        columns[name] = columns[name].astype(np.float32)
        with pytest.raises(ValueError, match="dtype mismatch"):
            Core(tables).settle(**columns)
    columns = good()
    columns["bill"] = columns["bill"][:4]
    with pytest.raises(ValueError, match="columns differ in length"):
        Core(tables).settle(**columns)


@pytest.mark.parametrize("stay", [[0, 0, -1, 0, 0], [0, 0, 1, 1, 0], [1, 1, 2, 3, 3]])
def test_a_stay_that_cannot_be_is_refused(tables: Tables, stay: list[int]) -> None:
    """Rows 2 to 4 are one person's, row 3 another account's than 2 and 4."""
    Core(tables).settle(**good(), stay=np.array([1, 1, 1, 2, 1], np.int32))
    with pytest.raises(ValueError, match="stay below 0, or of two accounts"):
        Core(tables).settle(**good(), stay=np.array(stay, np.int32))
    with pytest.raises(ValueError, match="columns differ in length"):
        Core(tables).settle(**good(), stay=np.array(stay[:4], np.int32))


def test_a_stay_of_one_settlement_is_a_visit(tables: Tables) -> None:
    whole = Core(tables).settle(**good())
    alone = Core(tables).settle(**good(), stay=np.array([1, 0, 1, 2, 3], np.int32))
    for name in ("funds", "act_pay_dedc", "pool_prop_selfpay", "acct_pay", "balc", "psn_cash_pay"):
        assert (getattr(whole, name) == getattr(alone, name)).all(), name


def test_no_rows_are_settled_to_nothing(tables: Tables) -> None:
    columns = {name: column[..., :0].copy() for name, column in good().items()}
    assert Core(tables).settle(**columns).funds.shape == (len(FUNDS), 0)


def test_an_account_that_no_person_can_have_is_named(tables: Tables) -> None:
    n = (1 << 56) // MAX_FEN + 1
    columns = {
        "person": np.zeros(n, np.int32),
        "account": np.zeros(n, np.int32),
        "variant": np.full(n, -1, np.int32),
        "day": np.zeros(n, np.int16),
        "bill": np.array([[MAX_FEN, 0, 0, 0, MAX_FEN]] * n, np.int64).T.copy(),
        "may_use_account": np.zeros(n, np.int8),
        "balance": np.zeros(n, np.int64),
    }
    with pytest.raises(InputError, match=rf"^row {n - 1}: .*720 trillion"):
        Core(tables).settle(**columns)
    Core(tables).settle(**{name: np.ascontiguousarray(column[..., 1:]) for name, column in columns.items()})


# ---- the largest amounts, against whole numbers without a bound


def test_the_largest_amounts_many_times_are_exact(tables: Tables) -> None:
    """7000 bills at and beside 10**13 fen in one account: bands, limits and caps out of the way, then each in the way."""
    dice = Random(3)
    n = 7000
    scope = [MAX_FEN - dice.choice((0, 1, 9_999, 10_001, 5_000)) for _ in range(n)]
    wide = Core(_without_bounds(tables))
    paid = _run(wide, scope)
    bounds, ratios = (500_000, 900_000), (5000, 6250, 7000)

    def up_to(value: int) -> int:
        parts = (min(value, bounds[0]), max(0, min(value, bounds[1]) - bounds[0]), max(0, value - bounds[1]))
        return (sum(part * ratio for part, ratio in zip(parts, ratios, strict=True)) + 5000) // BP_ONE

    so_far, visits, total = 0, 0, 0
    for row, bill in enumerate(scope):
        excess = bill - (10_000, 5_000)[min(visits, 1)]
        wanted = up_to(so_far + excess) - up_to(so_far)
        assert paid.funds[0, row] == wanted, row
        so_far, visits, total = so_far + excess, visits + 1, total + wanted
    assert int(paid.funds.sum(dtype=object)) == total > 4 * 10**16
    assert (np.array(scope) - paid.funds.sum(axis=0) == paid.psn_cash_pay).all()
    capped = _run(Core(tables), scope)  # a limit of 30 000 and caps of 20 000 yuan a year
    assert int(capped.funds.sum()) <= 2_000_000
    assert (capped.funds[:, 5:] == 0).all()


def _without_bounds(tables: Tables) -> Tables:
    """The pooled layer alone, without limit, cap and ceiling."""
    layers, variants = tables.layers[:1].copy(), tables.variants.copy()
    fields = numeric.LAYER_FIELDS
    layers[0, fields.index("limit_kind")] = 0
    layers[0, fields.index("cap_end")] = layers[0, fields.index("cap_start")]
    variants[0, numeric.VARIANT_FIELDS.index("layer_end")] = 1
    variants[0, numeric.VARIANT_FIELDS.index("ceiling_bp")] = -1
    variants[0, numeric.VARIANT_FIELDS.index("ceiling_mask")] = 0
    caps = tables.caps[:0]
    entries = tables.entries[:1]
    bands = tables.bands[:3]
    return replace(tables, layers=layers, variants=variants, caps=caps, entries=entries, bands=bands)


def _run(core: Core, scope: list[int]) -> Paid:
    n = len(scope)
    amounts = np.array(scope, np.int64)
    bill = np.zeros((5, n), np.int64)
    bill[0] = bill[4] = amounts
    return core.settle(
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n, np.int16),
        bill,
        np.zeros(n, np.int8),
        np.zeros(n, np.int64),
    )


# ---- order and classify


def texts(*values: str) -> Texts:
    return Texts.of(pa.array(values, pa.string()))


def ints(*values: int) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32)


@pytest.mark.parametrize("rows", [ints(0, 0), ints(1, 0), ints(-1, 0), ints(0, 2)], ids=str)
def test_rows_that_do_not_rise_within_the_texts_are_not_numbered(rows: npt.NDArray[np.int32]) -> None:
    with pytest.raises(ValueError, match="rows must be rising"):
        Numbering(texts("a", "b"), rows=rows)


def _none(row: int) -> tuple[object, ...]:
    raise AssertionError("nothing is alike here")


def test_keys_and_columns_of_another_length_are_refused() -> None:
    keys = ints(1, 1), np.zeros(2, np.int64)
    for wrong_keys in ((keys[0][:1], keys[1][:1]), (keys[0], keys[1][:1]), (keys[0][:0], keys[1])):
        with pytest.raises(ValueError, match="keys must be as long as the texts"):
            Numbering(texts("p", "p"), wrong_keys)
    plain = Texts.plain(pa.array(["p", "p"]))
    for unhashed in (lambda: Numbering(plain), lambda: Numbering(texts("p")).find(plain), lambda: divide(plain, 2)):
        with pytest.raises(ValueError, match="hashes"):
            unhashed()
    with pytest.raises(ValueError, match="among 1 … "):
        divide(texts("p"), 0)
    with pytest.raises(ValueError, match="2 were numbered, there are 3 claims"):
        order_rows(Numbering(texts("p", "p"), keys), texts("a", "b", "c"), _none)
    ordered = order_rows(Numbering(texts("p", "p"), keys), texts("a", "b"), _none)
    ids, role = texts("a", "b"), np.zeros(2, np.int8)
    bill, two = np.zeros((5, 2), np.int64), np.zeros(2, np.int32)
    money = Money(bill, two, two, two, two)
    mark(ordered, ids, ids, role, money)
    for wrong in ((texts("a"), ids, role), (ids, texts("a"), role), (ids, ids, role[:1])):
        with pytest.raises(ValueError, match="columns must be as long"):
            mark(ordered, *wrong, money)
    short = [replace(money, bill=bill[:4]), replace(money, bill=[*bill[:4], bill[4, :1]])]
    short += [replace(money, **{name: two[:1]}) for name in ("scheme", "pool", "care", "institution")]
    for less in short:
        with pytest.raises(ValueError, match="columns must be as long"):
            mark(ordered, ids, ids, role, less)
    with pytest.raises(ValueError, match="columns must be as long"):
        mark(ordered, Texts.plain(pa.array(["a", "b"])), ids, role, money)


def test_numbers_outside_and_texts_out_of_order_are_refused() -> None:
    for numbers in (ints(0, 2), ints(-2, 0)):
        with pytest.raises(ValueError, match="numbers must lie in"):
            spread(numbers, 2)
    with pytest.raises(ValueError, match="must not hold nulls"):
        Texts.of(pa.array(["a", None]))
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 5, 2], np.int32)), pa.py_buffer(b"ab")]
    )
    with pytest.raises(ValueError, match="offsets are not in order"):
        Texts.of(broken)
    assert MAX_ROWS < 2**31


def test_people_and_rows_out_of_range_are_refused_at_the_join() -> None:
    one = ints(0)
    columns = (one, one, one, one, one.reshape(1, 1))
    insured = PersonRows(np.array([0, 1], np.int64), one)
    assert find_insured(one, one, one, one, insured, *columns)[0].tolist() == [0]
    for person in (ints(1), ints(-1)):
        with pytest.raises(ValueError, match="a person is out of range"):
            find_insured(person, one, one, one, insured, *columns)
    for bad in (PersonRows(np.array([0, 2], np.int64), one), PersonRows(np.array([1, 1], np.int64), one)):
        with pytest.raises(ValueError, match="rows by person are not in order"):
            find_insured(one, one, one, one, bad, *columns)
    with pytest.raises(ValueError, match="a row is out of range"):
        find_insured(one, one, one, one, PersonRows(np.array([0, 1], np.int64), ints(1)), *columns)
    with pytest.raises(ValueError, match="columns differ in length"):
        find_insured(one, ints(0, 0), one, one, insured, *columns)
    bits = np.ones((1, 1), np.int64)
    assert find_identities(one, one, one, insured, one, one, one, bits).tolist() == [1]
    for set_, code, said in ((ints(1), one, "a rule set is out of range"), (one, ints(1), "code is out of range")):
        with pytest.raises(ValueError, match=said):
            find_identities(one, set_, one, insured, code, one, one, bits)
    with pytest.raises(ValueError, match="code is out of range"):
        find_identities(one, one, one, insured, ints(-1), one, one, bits)
