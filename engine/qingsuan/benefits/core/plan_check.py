"""Every place to which the core goes from a plan, and every number that it takes from one, checked on the plan itself.

The tables of which a plan is made are checked before (:mod:`qingsuan.benefits.core.tables_check`), but the core follows what was
made of them, through pointers: a mistake in :mod:`qingsuan.benefits.core.plan` has to be an error here, and never becomes a number
written into another account. It is done once per run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import PERIOD_DAYS
from qingsuan.benefits.core.cells import AccountCells, StayCells
from qingsuan.benefits.core.keys import check_keyed
from qingsuan.benefits.core.plan import (
    BAND_FIELDS,
    CAP_FIELDS,
    ENTRY_FIELDS,
    FREE_FEN,
    LAYER_FIELDS,
    NO_BOUND,
    PERIOD_FIELDS,
    SLOT_WIDTH,
    TRAITS,
    VARIANT_FIELDS,
    Plan,
)
from qingsuan.benefits.core.plan_stays_check import check_stays
from qingsuan.benefits.core.ranges import Ranges, columns_of, least_of_owners
from qingsuan.money import BP_ONE, MAX_FEN
from qingsuan.policy.numeric import COLUMN_NUMBER, MAX_LAYERS, MOST_PART

__all__ = ["check_plan"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Columns = dict[str, Int64]

_VISITS, _USED, _BASE, _EXCESS, _PAID, _KEY = range(SLOT_WIDTH)
_IN_SCOPE = 0
_OF_A_LAYER = 4
_COST_ABOVE_LIMIT = 8
_PLAN = Ranges("plan")
_COUNTED = {"count_used": _USED, "count_base": _BASE, "count_excess": _EXCESS, "count_paid": _PAID}
_READ = {
    "used_cell": (_USED,),
    "start_cell": (_BASE, _EXCESS),
    "cap_cell": (_PAID,),
    "limit_cell": (_BASE,),
    "visits_cell": (_VISITS,),
    "select_cell": (_VISITS, _USED, _BASE, _EXCESS, _PAID),
}


def check_plan(plan: Plan, slots: int, names: int, own_amounts: int, payers: int) -> None:
    """Check that no row of a plan leads the core outside of its tables or of an account, and that every number is in its range.

    Parameters
    ----------
    slots
        How many groups an account has.
    names
        How many different layers a pool has.
    own_amounts
        How many amounts a claim may have for itself.
    payers
        How many rows of payments there are: funds, and the personal account where it has a turn.

    Raises
    ------
    ValueError
        One does, or is not: a mistake in what made the plan.
    """
    cells = AccountCells(slots)
    _check_blank(plan.blank, cells.blank)
    variants, layers = columns_of(plan.variants, VARIANT_FIELDS), columns_of(plan.layers, LAYER_FIELDS)
    bands, caps = columns_of(plan.bands, BAND_FIELDS), columns_of(plan.caps, CAP_FIELDS)
    entries = columns_of(plan.entries, ENTRY_FIELDS)
    earlier = _check_variants(plan, variants, cells)
    _check_periods(columns_of(plan.periods, PERIOD_FIELDS), cells)
    _check_cells(plan, layers, cells)
    _check_layers(plan, layers, payers)
    _check_amounts(layers)
    _check_bands(bands)
    _check_bands_beside(layers, bands)
    _check_caps(layers, caps, earlier, cells)
    _check_entries(layers, entries, earlier, own_amounts)
    _check_traits(layers, entries, cells)
    _PLAN.within("amounts", plan.amounts, 0, MAX_FEN)
    check_keyed(plan.keyed, len(plan.variants), SLOT_WIDTH, slots)
    check_stays(plan, cells, StayCells(slots, names), earlier, own_amounts)


def _check_blank(blank: Int64, expected: Int64) -> None:
    if len(blank) != len(expected):
        raise ValueError(f"plan: blank: {len(blank)} cells, expected {len(expected)}")
    _PLAN.within("blank", blank, expected, expected)


def _check_variants(plan: Plan, variants: Columns, cells: AccountCells) -> Int64:
    """Check rules; returns how many layers stand before each in its rule."""
    start, count = variants["layer_start"], variants["layer_count"]
    _PLAN.within("layer_count", count, 0, MAX_LAYERS)
    follows = np.cumsum(count) - count
    _PLAN.within("layer_start", start, follows, follows)
    if int(count.sum()) != len(plan.layers):
        raise ValueError(f"plan: layers: {len(plan.layers)} rows, expected the {count.sum()} of all rules")
    guaranteed = variants["guarantee_bp"] != -1
    for name, low, high in (
        ("entry_bp", 0, BP_ONE),
        ("ceiling_bp", -1, BP_ONE),
        ("ceiling_on_total", 0, 1),
        ("ceiling_mask", 0, (1 << count) - 1),
        ("guarantee_bp", -1, BP_ONE),
        ("guarantee_on_total", 0, 1),
        ("guarantee_mask", 0, (1 << count) - 1),
        ("guarantee_to", np.where(guaranteed, 0, -1), np.where(guaranteed, count - 1, -1)),
        ("apart", 0, np.where((variants["ceiling_bp"] == -1) & ~guaranteed, 1, 0)),
    ):
        _PLAN.within(name, variants[name], low, high)
    _PLAN.must("visit_cell", variants["visit_cell"], cells.counted(variants["visit_cell"], _VISITS), "a visit count")
    _PLAN.must("visits", plan.visits, cells.of_group(plan.visits, _VISITS), "a group's visit count")
    _PLAN.spans("visits", variants["visits_start"], variants["visits_end"], len(plan.visits))
    _PLAN.spans("periods", variants["periods_start"], variants["periods_end"], len(plan.periods))
    return np.arange(len(plan.layers)) - np.repeat(start, count)


def _check_periods(periods: Columns, cells: AccountCells) -> None:
    first, length = periods["slot_cell"], periods["length"]
    _PLAN.must("slot_cell", first, cells.of_group(first, 0), "the first cell of a group")
    _PLAN.must("length", length, np.isin(length, PERIOD_DAYS[1:]), "the days of a quarter, a month or a day")


def _check_cells(plan: Plan, layers: Columns, cells: AccountCells) -> None:
    """Check which cells of the account layers read, and on which they count."""
    for name, counters in _READ.items():
        _PLAN.must(name, layers[name], cells.read(layers[name], *counters), "that counter of a group, or none")
    for name, counter in _COUNTED.items():
        _PLAN.must(name, layers[name], cells.counted(layers[name], counter), "that counter of a group")
    limit = layers["count_limit"]
    on_a_limit = cells.of_group(limit, _BASE) | (limit == cells.spare + _VISITS)
    _PLAN.must("count_limit", limit, on_a_limit, "the base of a group, or none")
    _PLAN.must("draws", plan.draws, cells.of_group(plan.draws, _PAID), "the payments of a group")


def _check_layers(plan: Plan, layers: Columns, payers: int) -> None:
    for name, most in (
        ("traits", sum(TRAITS.values())),
        ("fund", payers - 1),
        ("by_visit", 1),
        ("exempt", 1),
        ("credits", 1),
        ("absolute", 1),
        ("selected", 1),
        ("band_start", len(plan.bands) - 1),
    ):
        _PLAN.within(name, layers[name], 0, most)
    _PLAN.spans("amounts", layers["amount_start"], layers["amount_last"] + 1, len(plan.amounts))
    amounts = layers["amount_last"] - layers["amount_start"]
    _PLAN.within("amount_last", amounts, 0, len(plan.amounts))
    _PLAN.spans("entries", layers["entry_start"], layers["entry_end"], len(plan.entries))
    _PLAN.spans("caps", layers["cap_start"], layers["cap_end"], len(plan.caps))
    _PLAN.spans("draws", layers["draw_start"], layers["draw_end"], len(plan.draws))


def _check_amounts(layers: Columns) -> None:
    """Check that amounts leave the room below 2**63 on which the core counts."""
    _PLAN.within("deductible_fen", layers["deductible_fen"], 0, MAX_FEN)
    for name in ("limit_fen", "cap_fen"):
        _PLAN.must(name, layers[name], _is_amount(layers[name]) | (layers[name] == FREE_FEN), "an amount, or none")


def _is_amount(fen: Int64) -> Bool:
    return (fen >= 0) & (fen <= MAX_FEN)


def _check_bands(bands: Columns) -> None:
    """Check that whoever looks for a band finds one before the table ends: each goes up to where the next begins."""
    lower, upper = bands["lower_fen"], bands["upper_fen"]
    _PLAN.within("lower_fen", lower, 0, MAX_FEN)
    _PLAN.within("band's ratio_bp", bands["ratio_bp"], 0, BP_ONE)
    _PLAN.within("below_fen", bands["below_fen"], 0, MAX_FEN)
    _PLAN.within("below_rest", bands["below_rest"], 0, BP_ONE - 1)
    following = np.append(lower[1:], 0)  # none follows the last
    goes_on = (upper == following) & (upper > lower)
    _PLAN.must("upper_fen", upper, goes_on | (upper == NO_BOUND), "where the next band begins, or no bound")
    first = np.append(True, upper[:-1] == NO_BOUND)[: len(lower)]
    _PLAN.within("lower_fen of a first band", np.where(first, lower, 0), 0, 0)


def _check_bands_beside(layers: Columns, bands: Columns) -> None:
    """Check that what stands of bands in a layer's own row is what its bands say, and that more than those are looked for."""
    lower, upper, ratio = bands["lower_fen"], bands["upper_fen"], bands["ratio_bp"]
    first = layers["band_start"]
    _PLAN.within("lower_fen of band_start", lower[first], 0, 0)
    second = first + (upper[first] != NO_BOUND)
    third = second + (upper[second] != NO_BOUND)
    for name, expected in (
        ("second_fen", upper[first]),
        ("third_fen", upper[second]),
        ("ratio_bp", ratio[first]),
        ("second_bp", ratio[second] - ratio[first]),
        ("third_bp", ratio[third] - ratio[second]),
    ):
        _PLAN.within(name, layers[name], expected, expected)
    _has_trait(layers, "other_bands", upper[third] != NO_BOUND)


def _check_caps(layers: Columns, caps: Columns, earlier: Int64, cells: AccountCells) -> None:
    reach = least_of_owners(layers["cap_start"], layers["cap_end"], earlier, len(caps["cap_fen"]), MAX_LAYERS)
    _PLAN.within("cap's cap_fen", caps["cap_fen"], 0, MAX_FEN)
    _PLAN.must(
        "cap's cap_cell", caps["cap_cell"], cells.read(caps["cap_cell"], _PAID), "the payments of a group, or none"
    )
    _PLAN.within("cap's cap_mask", caps["cap_mask"], 0, (1 << reach) - 1)
    for name in ("cap_mask", "limit_mask", "deductible_mask"):
        _PLAN.within(name, layers[name], 0, (1 << earlier) - 1)


def _check_entries(layers: Columns, entries: Columns, earlier: Int64, own_amounts: int) -> None:
    part = entries["part"]
    in_a_column = part == COLUMN_NUMBER
    reach = least_of_owners(layers["entry_start"], layers["entry_end"], earlier, len(part), MAX_LAYERS)
    _PLAN.within("part", part, 0, MOST_PART)
    _PLAN.within(
        "of_layer",
        entries["of_layer"],
        np.where((part >= _OF_A_LAYER) & ~in_a_column, 0, -1),
        np.where(in_a_column, 0, reach) - 1,
    )
    _PLAN.within("entry_ratio_bp", entries["entry_ratio_bp"], np.where(in_a_column, -BP_ONE, 0), BP_ONE)
    _PLAN.within(
        "of_claim", entries["of_claim"], np.where(in_a_column, 0, -1), np.where(in_a_column, own_amounts, 0) - 1
    )
    elsewhere = least_of_owners(layers["entry_start"], layers["entry_end"], np.zeros_like(earlier), len(part), 1) > 0
    _PLAN.must(
        "part", part, elsewhere | ~in_a_column, "no part in a column: the core adds those up where a claim runs apart"
    )
    _PLAN.within("beside_fen", layers["beside_fen"], 0, 0)
    _check_layers_read(layers, entries, earlier)


def _check_layers_read(layers: Columns, entries: Columns, earlier: Int64) -> None:
    """Check that each entry of an earlier layer names that layer's row, and that a layer asked for the cost above its limit keeps it."""
    rows = np.arange(len(earlier)) - earlier
    for first, last, start in zip(
        layers["entry_start"].tolist(), layers["entry_end"].tolist(), rows.tolist(), strict=True
    ):
        of_layer, of_row = entries["of_layer"][first:last], entries["of_row"][first:last]
        expected = np.where(of_layer < 0, -1, start + of_layer)
        _PLAN.within("of_row", of_row, expected, expected)
    of_no_layer = entries["of_layer"] < 0
    _PLAN.must("of_row", entries["of_row"], ~of_no_layer | (entries["of_row"] == -1), "none, as it names no layer")
    read = entries["of_row"][entries["part"] == _COST_ABOVE_LIMIT]
    said = layers["traits"][read] & TRAITS["other_base"] != 0
    _PLAN.must("traits", layers["traits"][read], said, "other_base, as the cost above its limit is asked for")


def _check_traits(layers: Columns, entries: Columns, cells: AccountCells) -> None:
    """Check that a layer with more than the plain one says so: the core would leave the rest away."""
    whole = np.append((entries["part"] == _IN_SCOPE) & (entries["entry_ratio_bp"] == BP_ONE), False)
    plain_entry = (layers["entry_end"] - layers["entry_start"] == 1) & whole[layers["entry_start"]]
    for name, more in {
        "other_base": (layers["limit_fen"] != FREE_FEN) | ~plain_entry,
        "other_deductible": (layers["by_visit"] | layers["exempt"] | layers["deductible_mask"]) != 0,
        "other_bands": (layers["selected"] | layers["absolute"]) != 0,
        "other_caps": (layers["cap_mask"] != 0) | (layers["cap_end"] > layers["cap_start"]),
        "other_counts": (layers["count_limit"] < cells.spare) | (layers["draw_end"] > layers["draw_start"]),
    }.items():
        _has_trait(layers, name, more)


def _has_trait(layers: Columns, name: str, more: Bool) -> None:
    said = layers["traits"] & TRAITS[name] != 0
    _PLAN.must("traits", layers["traits"], said | ~more, f"{name}, which the layer has")
