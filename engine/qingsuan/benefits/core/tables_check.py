"""Every index and number of the compiled rules' tables, checked before the core's plan is made of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.ranges import Ranges, columns_of, least_of_owners
from qingsuan.money import BP_ONE, MAX_FEN
from qingsuan.policy.model import COUNTERS
from qingsuan.policy.numeric import (
    BAND_FIELDS,
    CAP_FIELDS,
    CHOICE_FIELDS,
    COLUMN_NUMBER,
    ENDED_FIELDS,
    ENTRY_FIELDS,
    LAYER_FIELDS,
    MAX_KEYS,
    MAX_LAYERS,
    MOST_PART,
    PAYERS,
    STEP_FIELDS,
    VARIANT_FIELDS,
    Tables,
)
from qingsuan.policy.per_claim.rounding import SIDES, UNITS

__all__ = ["check_tables"]

Int64 = npt.NDArray[np.int64]
Columns = dict[str, Int64]

_FIELDS = {
    "variants": VARIANT_FIELDS,
    "layers": LAYER_FIELDS,
    "bands": BAND_FIELDS,
    "caps": CAP_FIELDS,
    "entries": ENTRY_FIELDS,
    "ended": ENDED_FIELDS,
    "choices": CHOICE_FIELDS,
    "steps": STEP_FIELDS,
}
_RULES = Ranges("compiled rules")


def check_tables(tables: Tables) -> None:
    """Check every index and number of the compiled rules.

    Raises
    ------
    ValueError
        A table has another shape than the core reads, or a number points outside.
    """
    for name, fields in _FIELDS.items():
        table = getattr(tables, name)
        if table.ndim != 2 or table.shape[1] != len(fields) or table.dtype != np.int64:
            raise ValueError(f"table {name} has shape {table.shape}, the core reads {len(fields)} columns of int64")
    variants, layers, bands, caps, entries, ended, choices, steps = (
        columns_of(getattr(tables, name), fields) for name, fields in _FIELDS.items()
    )
    _check_variants(tables, variants)
    _check_layers(tables, layers)
    _check_period_slots(tables.slots, layers, caps)
    _check_bands(bands, layers)
    _check_caps(caps)
    _check_own_amounts(tables, variants, layers, caps, entries)
    _check_ended(tables, ended)
    _check_choices(tables, choices, steps)
    _check_reach(layers, caps, entries, _places(variants["layer_start"], variants["layer_end"], len(tables.layers)))
    _RULES.within("deductible", tables.amounts, 0, MAX_FEN)
    _check_references("draw", tables.draws, tables.slots)
    _check_references("visits", tables.visits, tables.slots)
    if tables.keys.shape not in ((0, tables.slots), (len(tables.variants), tables.slots)):
        raise ValueError(f"table keys has shape {tables.keys.shape}, expected a column for each slot")
    _RULES.within("key", tables.keys.ravel(), -1, MAX_KEYS - 1)
    _RULES.within("key that people share", tables.shared, 0, MAX_KEYS - 1)


def _check_variants(tables: Tables, variants: Columns) -> None:
    layers = variants["layer_end"] - variants["layer_start"]
    _RULES.within("entry share", variants["entry_bp"], 0, BP_ONE)
    _RULES.spans("layers of a rule", variants["layer_start"], variants["layer_end"], len(tables.layers))
    _RULES.within("number of layers", layers, 0, MAX_LAYERS)
    _RULES.within("ceiling", variants["ceiling_bp"], -1, BP_ONE)
    _RULES.within("ceiling on the total", variants["ceiling_on_total"], 0, 1)
    _RULES.within("ceiling mask", variants["ceiling_mask"], 0, (1 << MAX_LAYERS) - 1)
    _RULES.within("guarantee", variants["guarantee_bp"], -1, BP_ONE)
    _RULES.within("guarantee on the total", variants["guarantee_on_total"], 0, 1)
    _RULES.within("guarantee mask", variants["guarantee_mask"], 0, (1 << MAX_LAYERS) - 1)
    guaranteed = variants["guarantee_bp"] != -1
    _RULES.within(
        "guarantee to", variants["guarantee_to"], np.where(guaranteed, 0, -1), np.where(guaranteed, layers - 1, -1)
    )
    _RULES.spans("visits", variants["visits_start"], variants["visits_end"], len(tables.visits))
    _RULES.within("pooled layer", variants["pooled_layer"], -1, layers - 1)


def _check_layers(tables: Tables, layers: Columns) -> None:
    amounts = layers["amount_last"] - layers["amount_start"]
    _RULES.within("fund", layers["fund"], 0, len(PAYERS) - 1)
    _RULES.spans("entries", layers["entry_start"], layers["entry_end"], len(tables.entries))
    _RULES.within("limit kind", layers["limit_kind"], 0, 2)
    _RULES.within("limit", layers["limit_fen"], 0, MAX_FEN)
    _RULES.within("deductible kind", layers["deductible_kind"], 0, 2)
    _RULES.spans("amounts", layers["amount_start"], layers["amount_last"] + 1, len(tables.amounts))
    _RULES.within("deductible has an amount", amounts, 0, len(tables.amounts))
    _RULES.within("exempt", layers["exempt"], 0, 1)
    _RULES.within("credits", layers["credits"], 0, 1)
    _RULES.within("bands kind", layers["bands_kind"], 0, 4)
    _RULES.spans("bands", layers["band_start"], layers["band_end"], len(tables.bands))
    _RULES.within("a layer has bands", layers["band_end"] - layers["band_start"], 1, len(tables.bands))
    _RULES.within("select counter", layers["select_counter"], 0, len(COUNTERS) - 1)
    _RULES.spans("caps", layers["cap_start"], layers["cap_end"], len(tables.caps))
    _RULES.spans("draws", layers["draw_start"], layers["draw_end"], len(tables.draws))
    _RULES.must("unit", layers["unit_fen"], np.isin(layers["unit_fen"], (0, *UNITS.values())), "a unit, or none")
    _RULES.within("side", layers["unit_side"], 0, len(SIDES) - 1)
    _RULES.within("unit of the own share", layers["unit_of_own"], 0, 1)
    _RULES.within("name of a layer", layers["name"], 0, tables.names - 1)


def _check_period_slots(slots: int, layers: Columns, caps: Columns) -> None:
    """Check that groups are there, and that whatever is per period has one."""
    for name in ("limit", "deductible", "visits", "bands", "select", "toward"):
        _check_references(f"{name} slot", layers[f"{name}_slot"], slots, none=True)
    _check_references("cap slot", caps["cap_slot"], slots, none=True)
    kind = layers["bands_kind"]
    for what, per_period, slot in (
        ("limit slot of a period's limit", layers["limit_kind"] == 2, layers["limit_slot"]),
        ("slot of a period's deductible", layers["deductible_kind"] == 2, layers["deductible_slot"]),
        ("slot of a period's bands", (kind == 2) | (kind == 3), layers["bands_slot"]),
        ("slot of selected bands", kind == 4, layers["select_slot"]),
        ("cap slot of a period's cap", caps["per_period"] == 1, caps["cap_slot"]),
    ):
        _RULES.within(what, np.where(per_period, slot, 0), 0, 4 * slots)


def _check_bands(bands: Columns, layers: Columns) -> None:
    """Check that each layer's bands begin at 0 and ascend, and that what lower bands amount to is what they amount to."""
    lower, ratio, fen, rest = (bands[name] for name in BAND_FIELDS)
    _RULES.within("ratio", ratio, 0, BP_ONE)
    _RULES.within("band bound", lower, 0, MAX_FEN)
    _RULES.within("what lower bands amount to", fen, 0, MAX_FEN)
    _RULES.within("what lower bands amount to", rest, 0, BP_ONE - 1)
    first = np.zeros(len(lower), np.bool_)
    first[layers["band_start"]] = True
    amount, before = fen * BP_ONE + rest, np.arange(-1, len(lower) - 1)
    _RULES.within("first band", np.where(first, lower, 0), 0, 0)
    _RULES.within("below the first band", np.where(first, amount, 0), 0, 0)
    _RULES.must("a band belongs to no layer", lower[:1], first[:1], "a layer's first band")
    _RULES.within("band bounds ascend", np.where(first, 1, lower - lower[before]), 1, MAX_FEN)
    exact = np.where(first, 0, ratio[before] * (lower - lower[before]))
    _RULES.within("what lower bands amount to", np.where(first, 0, amount - amount[before]), exact, exact)


def _check_caps(caps: Columns) -> None:
    _RULES.within("cap kind", caps["per_period"], 0, 1)
    _RULES.within("cap", caps["cap_fen"], 0, MAX_FEN)


def _check_own_amounts(tables: Tables, variants: Columns, layers: Columns, caps: Columns, entries: Columns) -> None:
    """Check that what asks for an amount of the claim's own finds it, and that no rule without any asks for one.

    Below -1 an amount is one that a counter selects: one of those that are the rule's.
    """
    count, least = tables.own_amounts, -1 - len(tables.choices)
    _RULES.within("own amounts", variants["own_amounts"], 0, count)
    asked = np.zeros(len(layers["limit_of"]) + 1, np.int64)
    whose = np.full(len(layers["limit_of"]) + 1, -1, np.int64)
    for number, (first, last, own) in enumerate(
        zip(*(variants[name].tolist() for name in ("layer_start", "layer_end", "own_amounts")), strict=True)
    ):
        asked[first:last], whose[first:last] = own, number
    asked, whose = asked[:-1], whose[:-1]
    for name in ("limit", "deductible"):
        _RULES.within(f"{name} of the claim", layers[f"{name}_of"], least, asked - 1)
        _check_chosen(f"{name} of the claim", tables, layers[f"{name}_of"], whose)
        _RULES.within(f"{name} of each", layers[f"{name}_each"], 0, 1)
    size = len(caps["cap_of"])
    reach, owner = (
        least_of_owners(layers["cap_start"], layers["cap_end"], of_layer, size, none)
        for of_layer, none in ((asked, count), (whose, len(tables.variants)))
    )
    _RULES.within("cap of the claim", caps["cap_of"], least, reach - 1)
    _check_chosen("cap of the claim", tables, caps["cap_of"], owner)
    _RULES.within("cap of each", caps["cap_each"], 0, 1)
    reach = least_of_owners(layers["entry_start"], layers["entry_end"], asked, len(entries["of_claim"]), count)
    in_a_column = entries["part"] == COLUMN_NUMBER
    _RULES.within(
        "entry of the claim", entries["of_claim"], np.where(in_a_column, 0, -1), np.where(in_a_column, reach, 0) - 1
    )


def _check_chosen(what: str, tables: Tables, of_claim: Int64, whose: Int64) -> None:
    """Check that an amount that a counter selects is one of the rule that asks for it: else nobody has brought its counter in."""
    chosen = of_claim < -1
    rule = tables.choices[-2 - of_claim[chosen], CHOICE_FIELDS.index("variant")]
    _RULES.within(what, rule, whose[chosen], whose[chosen])


def _check_ended(tables: Tables, ended: Columns) -> None:
    """Check what becomes of groups whose period is over: each is there, is shorter than a year, and counts in one of a year."""
    _RULES.within("rule of an ended period", ended["variant"], 0, len(tables.variants) - 1)
    _check_references("ended slot", ended["slot"], tables.slots)
    _RULES.within("period of an ended slot", ended["slot"] & 3, 1, 3)
    _RULES.within("limit of an ended period", ended["limit_fen"], -1, MAX_FEN)
    _RULES.within("most that is carried over", ended["most_fen"], -1, MAX_FEN)
    counted_in = ended["counted_in"]
    _check_references("slot that counts periods", counted_in, tables.slots, none=True)
    of_year = (counted_in == -1) | (counted_in & 3 == 0)
    _RULES.must("slot that counts periods", counted_in, of_year, "a group of a year, or none")


def _check_choices(tables: Tables, choices: Columns, steps: Columns) -> None:
    """Check amounts that a counter selects: from 0 on, then ever later."""
    _RULES.within("rule of a choice", choices["variant"], 0, len(tables.variants) - 1)
    _check_references("slot of a choice", choices["slot"], tables.slots)
    _RULES.within("counter of a choice", choices["counter"], 0, len(COUNTERS) - 1)
    _RULES.spans("steps of a choice", choices["step_start"], choices["step_end"], len(tables.steps))
    _RULES.within("a choice has steps", choices["step_end"] - choices["step_start"], 1, len(tables.steps))
    _RULES.within("amount of a step", steps["fen"], 0, MAX_FEN)
    _RULES.within("value of a step", steps["from_value"], 0, MAX_FEN)


def _check_reach(layers: Columns, caps: Columns, entries: Columns, earlier: Int64) -> None:
    """Check that no mask and no component reaches a layer that is not before; ``earlier`` says how many are, by layer."""
    part, of_layer = entries["part"], entries["of_layer"]
    for_caps, for_entries = (
        least_of_owners(layers[f"{name}_start"], layers[f"{name}_end"], earlier, size, MAX_LAYERS)
        for name, size in (("cap", len(caps["cap_mask"])), ("entry", len(part)))
    )
    _RULES.within("limit mask", layers["limit_mask"], 0, (1 << earlier) - 1)
    _RULES.within("deductible mask", layers["deductible_mask"], 0, (1 << earlier) - 1)
    _RULES.within("mask of what counts toward it", layers["toward_mask"], 0, (1 << earlier) - 1)
    _RULES.within("cap mask", caps["cap_mask"], 0, (1 << for_caps) - 1)
    _RULES.within("part", part, 0, MOST_PART)
    _RULES.within("entry ratio", entries["entry_ratio_bp"], np.where(part == COLUMN_NUMBER, -BP_ONE, 0), BP_ONE)
    of_a_layer = (part >= 4) & (part != COLUMN_NUMBER)
    _RULES.within(
        "earlier layer", of_layer, np.where(of_a_layer, 0, -1), np.where(part == COLUMN_NUMBER, 0, for_entries) - 1
    )


def _places(start: Int64, end: Int64, size: int) -> Int64:
    """How many layers stand before each layer in its rule."""
    places = np.full(size, MAX_LAYERS, np.int64)
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        places[first:last] = np.minimum(places[first:last], np.arange(last - first))
    return places


def _check_references(what: str, values: Int64, slots: int, *, none: bool = False) -> None:
    """Check slot references (slot * 4 + period); ``none`` allows -1."""
    of_a_group = (values >= 0) & (values >> 2 < slots)
    _RULES.must(what, values, of_a_group | ((values == -1) & none), f"one of {slots} groups, by a period")
