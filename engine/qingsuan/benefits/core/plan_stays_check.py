"""What a plan says of stays, checked on the plan itself: every cell of a stay and of its account, every index, every number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import PERIOD_DAYS
from qingsuan.benefits.core.cells import AccountCells, StayCells
from qingsuan.benefits.core.plan import ENTRY_FIELDS, FREE_FEN, LAYER_FIELDS, SLOT_WIDTH, TRAITS, VARIANT_FIELDS, Plan
from qingsuan.benefits.core.plan_stays import (
    STAY_CAP_FIELDS,
    STAY_CHOICE_FIELDS,
    STAY_GROUP_FIELDS,
    STAY_LAYER_CELLS,
    STAY_LAYER_FIELDS,
    STAY_PERIOD_FIELDS,
    STAY_VARIANT_FIELDS,
    StayPlan,
)
from qingsuan.benefits.core.ranges import Ranges, columns_of, least_of_owners
from qingsuan.money import MAX_FEN
from qingsuan.policy.numeric import COLUMN_NUMBER, MAX_LAYERS, STEP_FIELDS
from qingsuan.policy.per_claim.rounding import SIDES, UNITS

__all__ = ["check_stays"]

Int64 = npt.NDArray[np.int64]
Columns = dict[str, Int64]

_VISITS, _USED, _BASE, _EXCESS, _PAID, _KEY = range(SLOT_WIDTH)
_STAYS = Ranges("plan: stays")


def check_stays(plan: Plan, account: AccountCells, stay: StayCells, earlier: Int64, own_amounts: int) -> None:
    """Check what a plan says of stays.

    Parameters
    ----------
    account, stay
        The cells of an account, and of a stay.
    earlier
        How many layers stand before each of the plan's in its rule.
    own_amounts
        How many amounts a claim may have for itself.

    Raises
    ------
    ValueError
        Something leads outside, or is not in its range: a mistake in what made the plan.
    """
    stays = plan.stays
    if len(stays.variants) != len(plan.variants) or len(stays.layers) != len(plan.layers):
        raise ValueError("plan: stays: rows of variants and layers, expected as many as the plan has")
    sizes = np.array([stay.width, account.nothing, account.handed])
    _STAYS.within("sizes", stays.sizes, sizes, sizes)
    variants, groups = columns_of(stays.variants, STAY_VARIANT_FIELDS), columns_of(stays.groups, STAY_GROUP_FIELDS)
    layers, caps = columns_of(stays.layers, STAY_LAYER_FIELDS), columns_of(stays.caps, STAY_CAP_FIELDS)
    _STAYS.spans("groups", variants["group_start"], variants["group_end"], len(stays.groups))
    _check_groups(groups, account, stay)
    _check_layers(stays, layers, account, stay)
    _STAYS.within("toward_mask", layers["toward_mask"], 0, (1 << earlier) - 1)
    _check_numbers(plan, layers)
    _check_columns(plan, layers)
    _check_caps(layers, caps, account, stay, earlier)
    for of_claim in (layers["limit_of"], layers["deductible_of"], caps["cap_of"]):
        _STAYS.within("amount of the claim", of_claim, -1 - len(stays.choices), own_amounts - 1)
    _STAYS.spans("periods", variants["period_start"], variants["period_end"], len(stays.periods))
    _check_periods(columns_of(stays.periods, STAY_PERIOD_FIELDS), account)
    _check_choices(stays, account, stay)
    _STAYS.must("draws", stays.draws, stay.of_group(stays.draws, "drawn"), "what a group has drawn")


def _check_periods(periods: Columns, account: AccountCells) -> None:
    """Check groups of which something is left when their period is over."""
    first, length = periods["slot_cell"], periods["length"]
    limit, most, counted = (periods[name] for name in ("limit_fen", "most_fen", "counted_cell"))
    _STAYS.must("slot_cell", first, account.of_group(first, 0), "the first cell of a group")
    _STAYS.must("length", length, np.isin(length, PERIOD_DAYS[1:]), "the days of a quarter, a month or a day")
    _STAYS.within("limit_fen of a period", limit, -1, MAX_FEN)
    _STAYS.must("most_fen", most, ((most >= 0) & (most <= MAX_FEN)) | (most == FREE_FEN), "an amount, or none")
    _STAYS.must("limit_fen", limit, (limit == -1) | (length > 1), "none, as nothing of a day is carried over")
    _STAYS.must("counted_cell", counted, account.counted(counted, _VISITS), "a visit count")
    _STAYS.must("counted_cell", counted, (counted - first) // SLOT_WIDTH != 0, "that of another group")


def _check_choices(stays: StayPlan, account: AccountCells, stay: StayCells) -> None:
    """Check that an amount that a counter selects finds counter and amounts, and of visits the number that the stay keeps."""
    choices, steps = columns_of(stays.choices, STAY_CHOICE_FIELDS), columns_of(stays.steps, STEP_FIELDS)
    cell, number = choices["counter_cell"], choices["number_cell"]
    _STAYS.must("counter_cell", cell, account.of_group(cell, *range(_KEY)), "a counter of a group")
    by_visits = cell % SLOT_WIDTH == _VISITS
    numbered = np.where(by_visits, stay.of_group(number, "number"), number == -1)
    _STAYS.must("number_cell of a choice", number, numbered, "a visit number where visits select, or none")
    _STAYS.spans("steps", choices["step_start"], choices["step_end"], len(stays.steps))
    _STAYS.within("steps of a choice", choices["step_end"] - choices["step_start"], 1, max(1, len(stays.steps)))
    _STAYS.within("amount of a step", steps["fen"], 0, MAX_FEN)
    _STAYS.within("value of a step", steps["from_value"], 0, MAX_FEN)


def _check_groups(groups: Columns, account: AccountCells, stay: StayCells) -> None:
    visits, first = groups["visits_cell"], groups["first_cell"]
    _STAYS.must("visits_cell", visits, account.of_group(visits, _VISITS), "a group's visit count")
    _STAYS.must("group's first_cell", first, stay.of_group(first, "number"), "the first cell of a group")
    _STAYS.within("counts", groups["counts"], 0, 1)


def _check_layers(stays: StayPlan, layers: Columns, account: AccountCells, stay: StayCells) -> None:
    first, handed = layers["first_cell"], layers["handed_cell"]
    _STAYS.must("first_cell", first, stay.of_layer(first, "stay_used"), "the first cell of a layer")
    for name, cell in (("limit_cell", "stay_base"), ("used_cell", "stay_used")):
        own = layers[name] == first + STAY_LAYER_CELLS.index(cell)
        _STAYS.must(name, layers[name], own | stay.nothing(layers[name]), f"{cell} of the layer, or none")
    number = layers["number_cell"]
    _STAYS.must(
        "number_cell", number, stay.of_group(number, "number") | stay.nothing(number), "a visit number, or none"
    )
    crossed = stay.of_layer(handed, "stay_base") | stay.of_layer(handed, "stay_excess")
    known = crossed | stay.of_group(handed, "number") | stay.nothing(handed)
    _STAYS.must("handed_cell", handed, known, "a visit number, where the bands start, or none")
    _STAYS.within("handed_less", layers["handed_less"], 0, 1)
    for name, counters in (
        ("start_cell", (_BASE, _EXCESS)),
        ("select_cell", (_VISITS, _USED, _BASE, _EXCESS, _PAID)),
    ):
        fine = account.read(layers[name], *counters) | (layers[name] == account.handed)
        _STAYS.must(name, layers[name], fine, "a counter of a group, what the stay hands over, or none")
    _STAYS.spans("caps", layers["cap_start"], layers["cap_end"], len(stays.caps))
    _STAYS.spans("draws", layers["draw_start"], layers["draw_end"], len(stays.draws))
    _STAYS.must("unit_fen", layers["unit_fen"], np.isin(layers["unit_fen"], (0, *UNITS.values())), "a unit, or none")
    _STAYS.within("unit_side", layers["unit_side"], 0, len(SIDES) - 1)
    _STAYS.within("unit_of_own", layers["unit_of_own"], 0, 1)
    toward = layers["toward_cell"]
    _STAYS.must("toward_cell", toward, account.counted(toward, _USED), "the deductible used of a group")


def _check_columns(plan: Plan, layers: Columns) -> None:
    """Check that what enters from columns are parts in columns, and that a layer with some says so: they would be left away."""
    start, end = layers["column_start"], layers["column_end"]
    _STAYS.spans("columns", start, end, len(plan.entries))
    part, traits = plan.entries[:, ENTRY_FIELDS.index("part")], plan.layers[:, LAYER_FIELDS.index("traits")]
    outside = least_of_owners(start, end, np.zeros_like(start), len(part), 1) > 0
    _STAYS.must("columns", part, outside | (part == COLUMN_NUMBER), "a part in a column")
    said = traits & TRAITS["other_base"] != 0
    _STAYS.must("traits", traits, said | (end == start), "other_base, for a part in a column")


def _check_numbers(plan: Plan, layers: Columns) -> None:
    """Check that a deductible by visit finds its amount: the visit's number is one that its rule gives, and so not 0."""
    numbered = np.zeros(len(plan.layers), np.bool_)
    given = plan.stays.groups[:, STAY_GROUP_FIELDS.index("first_cell")]
    variants, number = columns_of(plan.variants, VARIANT_FIELDS), layers["number_cell"]
    for start, count, groups in zip(
        variants["layer_start"].tolist(), variants["layer_count"].tolist(), plan.stays.variants.tolist(), strict=True
    ):
        numbered[start : start + count] = np.isin(number[start : start + count], given[slice(*groups[:2])])
    by_visit = plan.layers[:, LAYER_FIELDS.index("by_visit")] == 1
    _STAYS.must(
        "number_cell", number, numbered | ~by_visit, "a number that its rule gives, as its deductible is by visit"
    )


def _check_caps(layers: Columns, caps: Columns, account: AccountCells, stay: StayCells, earlier: Int64) -> None:
    reach = least_of_owners(layers["cap_start"], layers["cap_end"], earlier, len(caps["cap_fen"]), MAX_LAYERS)
    paid = caps["paid_cell"]
    _STAYS.within("cap_fen", caps["cap_fen"], 0, MAX_FEN)
    _STAYS.must("cap_cell", caps["cap_cell"], account.read(caps["cap_cell"], _PAID), "payments of a group, or none")
    _STAYS.within("cap_mask", caps["cap_mask"], 0, (1 << reach) - 1)
    fine = stay.of_group(paid, "drawn") | stay.of_layer(paid, "stay_paid") | stay.nothing(paid)
    _STAYS.must("paid_cell", paid, fine, "what was drawn or paid on the stay, or none")
