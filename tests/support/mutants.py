"""Break the core and its plan on purpose, one fault at a time, and see the differential suite turn red.

Where a fault lies in what comes before the core or after it (how rules are read, what is carried from run to run), other tests judge it.

Each mutant is a copy of the sources in a folder of its own, with one text changed (it must be there exactly once), built
there, and tested there: the installed engine is not touched. The unchanged copy must pass first, or a red suite would
prove nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = ("tests/benefits/reference/test_twin_differential.py",)
FAMILIES = ("tests/benefits/partition/test_families.py", *SUITE)
YEAR_ENDS = ("tests/benefits/reference/test_twin_differential.py::test_core_and_twin_agree_on_the_end_of_the_year",)
YEAR_END_RULES = ("tests/policy/test_year_end.py",)
CARRIED = ("tests/benefits/accumulators/test_opening.py::test_keys_and_a_year_of_its_own_are_carried",)
COUNTING = ("tests/policy/test_counting.py",)
OPENED = ("tests/benefits/accumulators/test_carried_over.py", "tests/benefits/accumulators/test_opening_twin.py")
FIGURES = ("tests/benefits/reference/test_figures_differential.py",)
SELECTED = ("tests/benefits/partition/test_selected_bands.py",)
WAITING = ("tests/benefits/partition/test_waiting.py",)
AUTHORITY = ("tests/policy/test_authority.py",)
PERMITTED = ("tests/simulation/permitted/test_permitted_changes.py",)
REGISTER = ("tests/differing/test_diff.py::test_who_gets_less_than_before",)
GROWING = ("tests/policy/test_growing_points.py",)
PREMIUMS = ("tests/premiums/test_twin_agrees.py",)
OPERATORS = ("tests/operators/test_operator_twin.py",)
FUNDS = ("tests/funds/test_fund_twin.py",)
OUTSIDE = ("tests/elsewhere/test_outside_twin.py",)
GAPS = ("tests/funds/test_gaps.py",)
BURDEN = ("tests/funds/test_burden.py",)
WATCHED = ("tests/funds/test_watch.py",)
PROCUREMENT = ("tests/purchases/test_procurement_twin.py",)
ACCOUNTS = ("tests/accounts/test_account_twin.py",)
CLEARING = ("tests/clearing/test_clearing_twin.py",)
CLEARED_CASES = ("tests/clearing/test_clear_command.py::test_a_case_comes_out",)
YEAR_END = ("tests/closing/test_year_end.py",)
AGREED = ("tests/closing/test_agreed.py",)
OPERATORS_BOOKED = ("tests/funds/test_fund_command.py::test_premiums_of_operators_stand_in_the_books_of_both_funds",)
INTAKE = ("tests/run/inputs/test_intake_twin.py",)
SERVED = ("tests/served/test_served_hostile.py",)
LET_IN = ("tests/served/test_served_pages.py::test_only_the_whole_token_lets_in",)
COPIED = ("engine", "ext", "tests", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md")


@dataclass(frozen=True)
class Mutant:
    """One deliberate fault: ``old`` becomes ``new`` in a source: of ``ext/qingsuan``, or if it is Python, of ``engine/qingsuan``.

    ``suite`` has the tests that must turn red.
    """

    name: str
    source: str
    old: str
    new: str
    suite: tuple[str, ...] = SUITE

    @property
    def path(self) -> Path:
        """Where the source lies below the root."""
        return Path("engine" if self.source.endswith(".py") else "ext", "qingsuan", self.source)


MUTANTS = (
    Mutant(
        "rounding: an exact half goes down",
        "_rules.pxd",
        "(layer.ratio_bp * value + HALF + second + third)",
        "(layer.ratio_bp * value + HALF - 1 + second + third)",
    ),
    Mutant(
        "band bound: it belongs to the band below",
        "_rules.pxd",
        "while value >= band.upper_fen:",
        "while value > band.upper_fen:",
    ),
    Mutant(
        "bands: the third is as far above the second as the second above the first",
        "_rules.pxd",
        "layer.third_bp * above_zero(value - layer.third_fen)",
        "layer.second_bp * above_zero(value - layer.third_fen)",
    ),
    Mutant(
        "cap: what earlier layers of the claim drew is forgotten",
        "_rules.pxd",
        "left -= drawn(claim, layer.cap_mask)",
        "left -= 0",
    ),
    Mutant(
        "cost above a cap: an exact half is not yet paid",
        "_rules.pxd",
        "whole % ratio * WHOLE - HALF - rest",
        "whole % ratio * WHOLE - rest",
    ),
    Mutant(
        "cost above a cap: it is looked for in the band where x starts",
        "_rules.pxd",
        "and rounded_up_to(rules, layer, band.upper_fen) < paid_at:",
        "and False:",
    ),
    Mutant(
        "cost above a limit: the layer that is asked for it need not keep it",
        "benefits/core/plan.py",
        'layers[of_layer]["traits"] |= TRAITS["other_base"]',
        "pass",
    ),
    Mutant(
        "visit count: a visit that no fund paid does not count",
        "_rules.pxd",
        "claim.account[variant.visit_cell] += 1",
        "claim.account[variant.visit_cell] += claim.paid > 0",
    ),
    Mutant(
        "order: of one day the later claim goes first",
        "_people.pyx",
        "return a.second > b.second",
        "return a.second < b.second",
    ),
    Mutant(
        "copies: a row is a copy of a refused one",
        "_order.pyx",
        "return not ((a ^ b) & REVERSAL or (a | b) & REFUSED)",
        "return not (a ^ b) & REVERSAL",
    ),
    Mutant(
        "deductible: an exempt visit credits nothing",
        "_rules.pxd",
        "used = used if layer.credits else deductible",
        "used = deductible",
    ),
    Mutant(
        "ceiling: taken back from the first layer",
        "_rules.pxd",
        "for k in range(count - 1, -1, -1):",
        "for k in range(count):",
    ),
    Mutant(
        "carried over: a period without a claim leaves nothing",
        "_stays.pxd",
        " + (key - slot[PERIOD_KEY] - 1) * period.limit_fen",
        "",
    ),
    Mutant(
        "carried over: without a bound",
        "_stays.pxd",
        "return least(left, period.most_fen)",
        "return left",
    ),
    Mutant(
        "carried over: counted as paid",
        "_stays.pxd",
        "slot[PAID] = -left",
        "slot[PAID] = left",
    ),
    Mutant(
        "carried over: a group in which nothing is left is forgotten",
        "benefits/core/accounts.py",
        " | (carries & (groups[:, :, len(COUNTERS)] > 1))",
        "",
        OPENED,
    ),
    Mutant(
        "carried over: what a period left goes with it",
        "benefits/accumulators/carry.py",
        "(now & something) | carries |",
        "(now & something) |",
        OPENED,
    ),
    Mutant(
        "periods counted: also those in which nothing was paid",
        "_stays.pxd",
        "+= slot[PAID] > 0",
        "+= 1",
    ),
    Mutant(
        "periods counted: only the last",
        "_stays.pxd",
        "+= slot[PAID] > 0",
        "= slot[PAID] > 0",
    ),
    Mutant(
        "periods counted: one that has paid is not carried on",
        "benefits/accumulators/carry.py",
        " | (counted & (held.counters[:, _PAID] > 0))",
        "",
        OPENED,
    ),
    Mutant(
        "amounts by a counter: a bound belongs to the amount below",
        "_stays.pxd",
        "value >= stays.steps[k + 1].from_value",
        "value > stays.steps[k + 1].from_value",
    ),
    Mutant(
        "amounts by a counter: the visit at hand is counted",
        "_stays.pxd",
        "value = stay[choice.number_cell] - 1",
        "value = stay[choice.number_cell]",
    ),
    Mutant(
        "amounts by a counter: without the relief",
        "policy/numeric.py",
        "apply_bp(fen, amount.ratio_bp) for fen",
        "fen for fen",
        COUNTING,
    ),
    Mutant(
        "own amounts: a limit of the claim's own is that of all",
        "_stays.pxd",
        "own_or(stays, claim, of_stay.limit_of, layer.limit_fen, stay)",
        "layer.limit_fen",
    ),
    Mutant(
        "own amounts: a deductible of the claim's own is that of all",
        "_stays.pxd",
        "own_or(stays, claim, of_stay.deductible_of, layer.deductible_fen, stay)",
        "layer.deductible_fen",
    ),
    Mutant(
        "own amounts: the second is the first",
        "_stays.pxd",
        "claim.own[of_claim * claim.next_fund]",
        "claim.own[0]",
    ),
    Mutant(
        "own amounts: a visit goes on with the one before",
        "_kernel.pyx",
        "memset(stay, 0, of.stays.width * sizeof(int64_t))",
        "pass",
    ),
    Mutant(
        "own amounts: one that stands in no cell is 0",
        "benefits/intake/intake.py",
        "np.where(cells.absent, NO_AMOUNT, cells.values)\n\n\ndef _dates",
        "cells.values\n\n\ndef _dates",
    ),
    Mutant(
        "own amounts: below the first number they shrink",
        "benefits/partition/amounts/own.py",
        "np.clip(values - amount.first, 0,",
        "np.clip(values - amount.first, -amount.first,",
    ),
    Mutant(
        "account's turn: it pays what the claim does not let it pay",
        "_kernel.pyx",
        "own.balance if of.may_use_account[row] else 0",
        "own.balance",
    ),
    Mutant(
        "account's turn: its balance is no bound",
        "_stays.pxd",
        "layer.cap_fen = least(layer.cap_fen, claim.spendable)",
        "pass",
    ),
    Mutant(
        "account's turn: a second one has the whole balance again",
        "_stays.pxd",
        "claim.spendable -= taken.pay",
        "claim.spendable -= 0",
    ),
    Mutant(
        "account's turn: the balance does not fall",
        "_kernel.pyx",
        "own.balance -= before - claim.spendable",
        "pass",
    ),
    Mutant(
        "account's turn: what it paid is nowhere",
        "benefits/core/core.py",
        "from_account = from_account + payments[-1]",
        "from_account = from_account.copy()",
    ),
    Mutant(
        "account's turn: a rule with one runs like any other",
        "benefits/core/apart.py",
        "turns[last] > turns[first]",
        "turns[last] < turns[first]",
    ),
    Mutant(
        "part in a column: it is added where it is taken off",
        "_stays.pxd",
        "found -= share(amount, -column.entry_ratio_bp)",
        "found += share(amount, -column.entry_ratio_bp)",
    ),
    Mutant(
        "part in a column: a base below 0",
        "_stays.pxd",
        "return found if found >= 0 else -least(-found, entering(rules, claim, layer))",
        "return found",
    ),
    Mutant(
        "part in a column: it is the first amount of the claim",
        "_stays.pxd",
        "claim.own[column.of_claim * claim.next_fund]",
        "claim.own[0]",
    ),
    Mutant(
        "part in a column: it may be more than the bill",
        "benefits/partition/amounts/own.py",
        "if amount.of_bill else MAX_FEN\n            mask",
        "if False else MAX_FEN\n            mask",
    ),
    Mutant(
        "rounding to a unit: what was rounded to the fen is rounded again",
        "_stays.pxd",
        "whole += (rest > 0) + unit - 1",
        "whole += unit - 1",
    ),
    Mutant(
        "rounding to a unit: an exact half goes down",
        "_stays.pxd",
        "whole += unit // 2 if unit > 1 else <int64_t>(rest >= HALF)",
        "whole += (unit - 1) // 2 if unit > 1 else <int64_t>(rest > HALF)",
    ),
    Mutant(
        "rounding to a unit: the payment is rounded, not the person's share",
        "_stays.pxd",
        "if of_stay.unit_of_own:\n        return",
        "if False:\n        return",
    ),
    Mutant(
        "rounding to a unit: caps do not bind what is rounded",
        "_stays.pxd",
        "taken.pay = least(taken.raw, above_zero(room_of(rules, claim, layer, layer.traits)))",
        "taken.pay = taken.raw",
    ),
    Mutant(
        "rounding to a unit: a claim of its rule runs like any other",
        "benefits/core/apart.py",
        "| (unit > 0)",
        "| (unit < 0)",
    ),
    Mutant(
        "the end of the year: its payment falls to the first claim first",
        "benefits/core/years/ended.py",
        "np.repeat(until[self.last], length) - until",
        "until - self.left - np.repeat((until - self.left)[self.first], length)",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: the first claim decides which cases hold",
        "benefits/core/years/ended.py",
        "claims.variant[years.row[years.last]]",
        "claims.variant[years.row[years.first]]",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: what funds have paid is counted as borne",
        "benefits/core/years/ended.py",
        "np.maximum(entered - funds[:, row].sum(axis=0), 0)",
        "entered",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: all in scope enters, whatever share the rule lets in",
        "benefits/core/years/ended.py",
        "* self.ends.entry_bp[variant] + BP_ONE // 2",
        "* BP_ONE + BP_ONE // 2",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: the personal account has paid and does not pay anew",
        "benefits/core/years/ended.py",
        "years.row[back > 0], funds, result)",
        "years.row[:0], funds, result)",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: bands do not see the sum by which they are selected",
        "benefits/core/years/ended.py",
        "variant[1::2] = by",
        "variant[:] = np.repeat(by, 2)",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: its layer pays claim by claim, too",
        "policy/year_end/tables.py",
        "tuple(one for one in resolved.layers if one.year_end is None)",
        "resolved.layers",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: no cap binds",
        "policy/year_end/tables.py",
        'tuple(replace(cap, per="visit", group=None) for cap in layer.caps if cap.amount_fen is not None)',
        "()",
        suite=YEAR_ENDS,
    ),
    Mutant(
        "the end of the year: a turn of the account beside it is let pass",
        "policy/year_end/tables.py",
        "if ends and turns:",
        "if ends and turns and ends[0][0] is turns[0][0]:",
        suite=YEAR_END_RULES,
    ),
    Mutant(
        "the end of the year: a year settled in parts is let pass",
        "benefits/settlement.py",
        "            _refuse_year_ends(setup)\n",
        "            pass\n",
        suite=YEAR_END_RULES,
    ),
    Mutant(
        "toward a deductible: later layers of the claim do not see it",
        "_stays.pxd",
        "layer.deductible_fen -= drawn(claim, of_stay.toward_mask)",
        "layer.deductible_fen -= 0",
    ),
    Mutant(
        "toward a deductible: later claims do not see it",
        "_stays.pxd",
        "claim.account[of_stay.toward_cell] += taken.pay",
        "claim.account[of_stay.toward_cell] += 0",
    ),
    Mutant(
        "toward a deductible: what a ceiling takes back counts",
        "_stays.pxd",
        "claim.account[of_stay.toward_cell] += taken.pay",
        "claim.account[of_stay.toward_cell] += taken.raw",
    ),
    Mutant(
        "guarantee: what it adds is more than the bill holds",
        "_rules.pxd",
        "least(lacking - drawn(claim, variant.guarantee_mask), claim.total - claim.paid)",
        "lacking - drawn(claim, variant.guarantee_mask)",
    ),
    Mutant(
        "guarantee: what other layers paid is not looked at",
        "_rules.pxd",
        "least(lacking - drawn(claim, variant.guarantee_mask),",
        "least(lacking,",
    ),
    Mutant(
        "guarantee: the ceiling comes first",
        "_rules.pxd",
        "    if variant.guarantee_bp != NONE:\n        make_up(claim, variant)\n    if variant.ceiling_bp != NONE:\n        take_back(claim, variant, count)\n",
        "    if variant.ceiling_bp != NONE:\n        take_back(claim, variant, count)\n    if variant.guarantee_bp != NONE:\n        make_up(claim, variant)\n",
    ),
    Mutant(
        "counters: a layer counts before a later one has read them",
        "_rules.pxd",
        "run_layer(rules, claim, layer, layer.traits, taken, variant.apart)",
        "run_layer(rules, claim, layer, layer.traits, taken, variant.ceiling_bp == NONE)",
    ),
    Mutant(
        "lines: what caps left is told after the payment",
        "_turns.pxd",
        "room_of(rules, claim, layer, layer.traits))",
        "room_of(rules, claim, layer, layer.traits) - taken.pay)",
    ),
    Mutant(
        "lines: a layer that paid nothing is not told",
        "_turns.pxd",
        "at += (taken.base | taken.pay) != 0",
        "at += taken.pay != 0",
    ),
    Mutant(
        "lines: the deductible is told as what the group is credited with",
        "_turns.pxd",
        "turns.deductible[at] = taken.deductible",
        "turns.deductible[at] = taken.used",
    ),
    Mutant(
        "period: the quarter is the month",
        "_rules.pxd",
        "<uint32_t>claim.day // <uint32_t>rules.periods[k].length",
        "<uint32_t>claim.day // <uint32_t>(rules.periods[k].length if rules.periods[k].length == 1 else 31)",
    ),
    Mutant(
        "benefit year: months begin on the first, whenever the year begins",
        "benefits/core/calendar.py",
        "date.month - month - (date.day < first)",
        "date.month - month",
    ),
    Mutant(
        "benefit year: claims of every pool lie in the year of the calendar",
        "benefits/intake/dates.py",
        "return Years(years, table[areas, types])",
        "return Years(years[:1], 0 * table[areas, types])",
    ),
    Mutant(
        "benefit year: the balance of 1 January opens the account",
        "benefits/partition/insured_rows.py",
        "first_day = self.setup.first_days(self.pool[rows], self.scheme[rows])",
        "first_day = self.setup.first_day",
    ),
    Mutant(
        "keys: what a key has counted is forgotten",
        "_keys.pxd",
        "memcpy(block + group.slot_cell, claim.account + group.slot_cell, COUNTERS * sizeof(int64_t))",
        "memcpy(block + group.slot_cell, keyed.blank + group.slot_cell, COUNTERS * sizeof(int64_t))",
    ),
    Mutant(
        "keys: the next person goes on with the counters of the one before",
        "_keys.pxd",
        "if block[OPENED_FOR] != whose:",
        "if block[OPENED_FOR] == 0:",
    ),
    Mutant(
        "keys: all values of a key are one",
        "benefits/core/keys.py",
        "columns = [np.concatenate([value for _, _, value in claims]), key,",
        "columns = [0 * np.concatenate([value for _, _, value in claims]), key,",
    ),
    Mutant(
        "keys: a group is not kept apart",
        "benefits/core/keys.py",
        "if key_of[slot] >= 0]",
        "if key_of[slot] > 0]",
    ),
    Mutant(
        "keys: a claim without its key has one of its own",
        "benefits/partition/explanations.py",
        "mask[key.places[key.absent]] = True",
        "mask[key.places[key.absent]] = False",
    ),
    Mutant(
        "families: each of them has counters of their own",
        "benefits/core/keys.py",
        "shared_in.get(number, account)[at]",
        "account[at]",
    ),
    Mutant(
        "families: claims of one day are settled one person after the other",
        "benefits/partition/who/together.py",
        '"benefit": benefit, "setl_time": setl_time',
        '"benefit": benefit, "person": work.person, "setl_time": setl_time',
        FAMILIES,
    ),
    Mutant(
        "families: of two at once the sum of their numbers is one",
        "benefits/partition/who/families.py",
        "absent = first - over != 1",
        "absent = first - over < 1",
    ),
    Mutant(
        "families: what was paid stays where the family stood",
        "benefits/partition/who/together.py",
        "found[..., self.order] = values",
        "found[...] = values",
    ),
    Mutant(
        "families: people who are tied are spread by person",
        "benefits/settlement.py",
        "self._tie(person.filter(mine), value.filter(mine))",
        "pass",
        FAMILIES,
    ),
    Mutant(
        "families: a prepared year is settled by person",
        "run/executors/prepared.py",
        "run.settlement.tie_kept(table.name, rows)",
        "pass",
        FAMILIES,
    ),
    Mutant(
        "carried keys: what an earlier run counted by a key is forgotten",
        "benefits/core/accounts.py",
        "self._bring(self._apart, block - 1 - self._first_block, before, cut, ~whole)",
        "pass",
        CARRIED,
    ),
    Mutant(
        "carried keys: what the last key of a group has counted is the whole account's",
        "benefits/core/accounts.py",
        "held[of_block - self._first, slot_apart] = False",
        "pass",
        CARRIED,
    ),
    Mutant(
        "carried years: months are those of the calendar year",
        "benefits/core/calendar.py",
        "first = self.year * _MONTHS + self.begins[0] - 1",
        "first = self.year * _MONTHS",
        CARRIED,
    ),
    Mutant(
        "figures: an exact half of a fen goes down",
        "policy/figures/reading.py",
        "apply_bp(self.known[name].amount_fen or 0, factor_bp)",
        "((self.known[name].amount_fen or 0) * factor_bp + 4999) // BP_ONE",
        FIGURES,
    ),
    Mutant(
        "figures: so many times is so many percent",
        "policy/figures/reading.py",
        "return hundredths * 100",
        "return hundredths",
        FIGURES,
    ),
    Mutant(
        "figures: without a value nobody is refused",
        "policy/figures/reading.py",
        "return tuple(one for number, one in enumerate(found) if one not in found[:number])",
        "return ()",
        FIGURES,
    ),
    Mutant(
        "figures: a case without a value refuses all claims of its rule",
        "policy/figures/reading.py",
        "return meet(rule, cases[number].when)",
        "return (rule,)",
        FIGURES,
    ),
    Mutant(
        "authority: of several values one within the bounds is enough",
        "policy/authority/check.py",
        "all(map(bounds.hold, numbers))",
        "any(map(bounds.hold, numbers))",
        AUTHORITY,
    ),
    Mutant(
        "permitted: a value that is one fen short closes the gap",
        "simulation/permitted/closing.py",
        "return _neighbours(lambda place: (self.at(place) or 0) <= -fen, most)[1]",
        "return _neighbours(lambda place: (self.at(place) or 0) <= -fen, most)[0]",
        PERMITTED,
    ),
    Mutant(
        "permitted: what one claim is authorised for, all are",
        "simulation/permitted/numbers.py",
        "if not moved or any(not one.by for one in moved):",
        "if not moved or not any(one.by for one in moved):",
        PERMITTED,
    ),
    Mutant(
        "permitted: what other schemes of the rule set are paid closes the gap, too",
        "simulation/permitted/finding.py",
        "of = self._of_fund(gap) if mixed else None",
        "of = None",
        PERMITTED,
    ),
    Mutant(
        "register: whose claim one run did not settle is said to get less",
        "differing/register.py",
        'outcome[is_unknown] = OUTCOMES.index("not known")',
        "pass",
        REGISTER,
    ),
    Mutant(
        "authority: the lowest value that is allowed is refused",
        "policy/authority/model.py",
        "value >= self.least",
        "value > self.least",
        AUTHORITY,
    ),
    Mutant(
        "authority: any setting is authorised where one is",
        "policy/authority/check.py",
        "return value.setting in one.settings and",
        "return bool(one.settings) and",
        AUTHORITY,
    ),
    Mutant(
        "points that grow: each number has those of the next",
        "policy/layers/points.py",
        "yield Interval(low, number + 1), points",
        "yield Interval(low, number), points",
        GROWING,
    ),
    Mutant(
        "dates of the plugin's own: one that stands in no cell is long ago",
        "benefits/intake/intake.py",
        "np.where(cells.values == NO_DATE, NO_AMOUNT, cells.values.astype(np.int64))",
        "cells.values.astype(np.int64)",
        WAITING,
    ),
    Mutant(
        "identities: of several that hold the last decides",
        "_classify.pyx",
        "found |= bits[rule_set[i], row_code[row]]",
        "found = bits[rule_set[i], row_code[row]]",
    ),
    Mutant(
        "identities: all are needed where several hold",
        "_classify.pyx",
        "found |= bits[rule_set[i], row_code[row]]",
        "found = found & bits[rule_set[i], row_code[row]] if found else bits[rule_set[i], row_code[row]]",
    ),
    Mutant(
        "identities: the bit of the class beside",
        "_classify.pyx",
        "held[i] >> step[S_COLUMN] & 1",
        "held[i] >> (step[S_COLUMN] ^ 1) & 1",
    ),
    Mutant(
        "identities: the first day does not belong to it",
        "_classify.pyx",
        "if row_begin[row] <= date[i] <= row_end[row]:",
        "if row_begin[row] < date[i] <= row_end[row]:",
    ),
    Mutant(
        "identities: the last day does not belong to it",
        "_classify.pyx",
        "if row_begin[row] <= date[i] <= row_end[row]:",
        "if row_begin[row] <= date[i] < row_end[row]:",
    ),
    Mutant(
        "identities: the classes of the rule set beside",
        "_classify.pyx",
        "found |= bits[rule_set[i], row_code[row]]",
        "found |= bits[rule_set[i] - (rule_set[i] > 0), row_code[row]]",
    ),
    Mutant(
        "registrations: the last day does not belong to it",
        "_classify.pyx",
        "< row_codes[1, row] and row_begin[row] <= date[i] <= row_end[row]:",
        "< row_codes[1, row] and row_begin[row] <= date[i] < row_end[row]:",
    ),
    Mutant(
        "registrations: of two approved sums the one with the greater number holds",
        "benefits/partition/who/registrations.py",
        "holds = places[self._count(own, places, by_person, number, codes) == 1]",
        "holds = places[self._count(own, places, by_person, number, codes) >= 1]",
    ),
    Mutant(
        "registrations: a sum that was approved for another disease is the claim's",
        "benefits/partition/who/registrations.py",
        "asked = work.code(own.asked)[places] if own.asked else",
        "asked = work.code(own.asked)[places] if own.asked and not own.is_amount else",
    ),
    Mutant(
        "registrations: two rows of one value count twice",
        "_classify.pyx",
        "if row_value[row] == counted:",
        "if row_value[row] == NONE:",
    ),
    Mutant(
        "registrations: an area is registered without what lies in it",
        "benefits/partition/who/registrations.py",
        'while len(area) > 2 and area.endswith("00"):',
        'while len(area) > 6 and area.endswith("00"):',
    ),
    Mutant(
        "alternatives: the first of them decides alone",
        "policy/diagram/items.py",
        "for one in written_out(when):",
        "for one in written_out(when)[:1]:",
    ),
    Mutant(
        "alternatives: of two that hold, the one that asks more stands",
        "policy/diagram/items.py",
        "mask &= ~idle",
        "mask &= ~lives",
    ),
    Mutant(
        "waiting period: nobody is spared",
        "benefits/partition/who/waiting.py",
        "return leaves >= 0",
        "return leaves > 0",
    ),
    Mutant(
        "waiting period: it holds for every scheme of the rule set",
        "benefits/partition/who/waiting.py",
        "scheme in one.schemes for scheme",
        "True for scheme",
    ),
    Mutant(
        "account: a person goes on with the one before",
        "_kernel.pyx",
        "if opens and not keep:",
        "if opens and keep:",
    ),
    Mutant(
        "stay: each part bears the whole deductible",
        "_stays.pxd",
        "    layer.deductible_fen -= stay[of_stay.used_cell]\n",
        "",
    ),
    Mutant(
        "stay: each part counts as a visit",
        "_stays.pxd",
        "if group.counts and not stay[group.first_cell + COUNTED]:",
        "if group.counts:",
    ),
    Mutant(
        "stay: its visit number moves with other visits",
        "_stays.pxd",
        "if stay[group.first_cell + NUMBER] == 0:",
        "if True:",
    ),
    Mutant(
        "stay: each part may draw a cap per visit anew",
        "_stays.pxd",
        "- drawn(claim, cap.cap_mask) - stay[cap.paid_cell]",
        "- drawn(claim, cap.cap_mask)",
    ),
    Mutant(
        "stay: each part has the limit per visit anew",
        "_stays.pxd",
        "layer.limit_fen, stay) - stay[of_stay.limit_cell]",
        "layer.limit_fen, stay)",
    ),
    Mutant(
        "stay: each part begins on the lowest band",
        "_stays.pxd",
        "claim.account[stays.handed] = stay[of_stay.handed_cell] - of_stay.handed_less",
        "claim.account[stays.handed] = 0",
    ),
    Mutant(
        "stay: bands go on from the base",
        "_stays.pxd",
        "cells[STAY_EXCESS] += taken.excess",
        "cells[STAY_EXCESS] += taken.base",
    ),
    Mutant(
        "stay: what was drawn together is what would have been paid",
        "_stays.pxd",
        "stay[stays.draws[d]] += taken.pay",
        "stay[stays.draws[d]] += taken.raw",
    ),
    Mutant(
        "stay: a person goes on with that of the one before",
        "_stays.pxd",
        "if stay[OPENED_FOR] != whose:",
        "if stay[OPENED_FOR] == 0:",
    ),
    Mutant(
        "plan: a rule counts its visits in one group only",
        "benefits/core/plan.py",
        'row["visits_start"] + len(visits[:1])',
        'row["visits_end"]',
    ),
    Mutant(
        "plan: what a layer draws on is counted twice",
        "benefits/core/plan.py",
        'row["draw_start"] + len(draws[:1])',
        'row["draw_start"]',
    ),
    Mutant(
        "plan: of several caps the first alone binds",
        "benefits/core/plan.py",
        'row["cap_start"] + len(caps[:1])',
        'row["cap_end"]',
    ),
    Mutant(
        "plan: absolute bands of a period go on from the excess",
        "benefits/core/plan.py",
        "_BASE if kind in _ABSOLUTE else _EXCESS",
        "_EXCESS",
    ),
    Mutant(
        "plan: a layer that selects by a counter reads it too late",
        "benefits/core/plan.py",
        '_READ = ("limit_cell", "visits_cell", "used_cell", "start_cell", "select_cell", "cap_cell")',
        '_READ = ("limit_cell", "visits_cell", "used_cell", "start_cell", "cap_cell")',
        SELECTED,
    ),
    Mutant(
        "plan: the quarter is the month, and the month the quarter",
        "benefits/core/calendar.py",
        "PERIOD_DAYS = (_MONTHS * _DAYS, 3 * _DAYS, _DAYS, 1)",
        "PERIOD_DAYS = (_MONTHS * _DAYS, _DAYS, 3 * _DAYS, 1)",
    ),
    Mutant(
        "plan: a month's counters are never emptied",
        "benefits/core/plan.py",
        "sorted(references - left.keys()) if one & 3",
        "sorted(references - left.keys()) if one & 3 == 1",
    ),
    Mutant(
        "plan: a day's counters are never emptied",
        "benefits/core/plan.py",
        "sorted(references - left.keys()) if one & 3",
        "sorted(references - left.keys()) if one & 3 and one & 3 != 3",
    ),
    Mutant(
        "period: a day is a month",
        "benefits/core/calendar.py",
        "PERIOD_DAYS = (_MONTHS * _DAYS, 3 * _DAYS, _DAYS, 1)",
        "PERIOD_DAYS = (_MONTHS * _DAYS, 3 * _DAYS, _DAYS, _DAYS)",
    ),
    Mutant(
        "plan: a cap per visit is a cap per period",
        "benefits/core/plan.py",
        'when=row["per_period"] == 1',
        "when=True",
    ),
    Mutant(
        "plan: a deductible by visit asks the first amount always",
        "benefits/core/plan.py",
        "by_visit = kind == _PER_VISIT and last > start and",
        "by_visit = kind == _PER_VISIT and last > start + 9 and",
    ),
    Mutant(
        "insured rows: of several that hold the earliest decides",
        "_classify.pyx",
        "return begin[a] > begin[b]",
        "return begin[a] < begin[b]",
    ),
    Mutant(
        "insured rows: the last day does not belong to one",
        "_classify.pyx",
        "elif not row_begin[row] <= date[i] <= row_end[row]:",
        "elif not row_begin[row] <= date[i] < row_end[row]:",
    ),
    Mutant(
        "rule sets: on its first day the one before holds",
        "_classify.pyx",
        "if begin[numbers[k]] <= date[i]:",
        "if begin[numbers[k]] < date[i]:",
    ),
    Mutant(
        "conditions: a bound belongs to the numbers below it",
        "_classify.pyx",
        "breaks[k] <= value",
        "breaks[k] < value",
    ),
    Mutant(
        "reversals: a claim is taken back as often as it is named",
        "_order.pyx",
        "if taken[first] >= 0 or taken[head[i]] >= 0:",
        "if taken[head[i]] >= 0:",
    ),
    Mutant(
        "reversals: what a refused one names is paid",
        "_order.pyx",
        "if first >= 0 and all.role[all.rows[i]] & REFUSED and status[first] == COUNTS:",
        "if first >= 0 and all.role[all.rows[i]] & MARKED and status[first] == COUNTS:",
    ),
    Mutant(
        "operators: an amount at the bound of a band belongs to the next one",
        "operators/settling.py",
        "end is None or fen <= end",
        "end is None or fen < end",
        suite=OPERATORS,
    ),
    Mutant(
        "operators: profit is taken where nothing is left",
        "operators/settling.py",
        "profit = min(max(0, left), apply_bp(premium, contract.off.profit_bp))",
        "profit = apply_bp(premium, contract.off.profit_bp)",
        suite=OPERATORS,
    ),
    Mutant(
        "operators: what policy caused is shared by bands once more",
        "operators/settling.py",
        'yield from _parts("overrun", contract.overrun, overrun - caused, premium)',
        'yield from _parts("overrun", contract.overrun, overrun, premium)',
        suite=OPERATORS,
    ),
    Mutant(
        "operators: a party takes more than is left of a band",
        "operators/settling.py",
        "by_party[share.party] = min(left, apply_bp(fen, share.bp))",
        "by_party[share.party] = apply_bp(fen, share.bp)",
        suite=OPERATORS,
    ),
    Mutant(
        "operators: the premium per head falls below that of the year before",
        "operators/premium.py",
        "fen = max(fen, proposal.before_fen)",
        "fen = max(fen, 0)",
        suite=OPERATORS,
    ),
    Mutant(
        "funds: a refund may take back more than is left",
        "funds/partition.py",
        "    mine.fen -= fen\n",
        "",
        suite=FUNDS,
    ),
    Mutant(
        "funds: a voucher stands once in a book, whatever the line",
        "funds/partition.py",
        '_LINE = ("fund", "admdvs", "line", "basis")',
        '_LINE = ("fund", "admdvs", "basis")',
        suite=FUNDS,
    ),
    Mutant(
        "funds: what was due before is due no more",
        "funds/statement.py",
        "self.opened + self.due - self.cash",
        "self.due - self.cash",
        suite=FUNDS,
    ),
    Mutant(
        "funds: expense is added to the balance",
        "funds/statement.py",
        "return self.opening + self.income - self.expense",
        "return self.opening + self.income + self.expense",
        suite=FUNDS,
    ),
    Mutant(
        "outside: a place of the region is another region's",
        "elsewhere/bureau.py",
        "if place[:2] != pool[:2]:",
        "if place[:4] != pool[:4]:",
        suite=OUTSIDE,
    ),
    Mutant(
        "outside: a transfer of the next month counts at the end of this one",
        "elsewhere/advances.py",
        "if one.date is not None and one.date <= end)",
        "if one.date is not None and one.date <= end + dt.timedelta(days=9))",
        suite=OUTSIDE,
    ),
    Mutant(
        "outside: a month's use is that of the month alone",
        "elsewhere/advances.py",
        "so_far += sum(months.get(month, 0) for months in sums)",
        "so_far = sum(months.get(month, 0) for months in sums)",
        suite=OUTSIDE,
    ),
    Mutant(
        "outside: an advance of the region covers no pool of it",
        "elsewhere/model.py",
        'return payer == pool or (payer.endswith("0000") and payer[:2] == pool[:2])',
        "return payer == pool",
        suite=OUTSIDE,
    ),
    Mutant(
        "outside: institutions of one place are one line",
        "elsewhere/clearing.py",
        "_add(cleared.treating, (treating, pool, place, institution, scheme), numbers)",
        "_add(cleared.treating, (treating, pool, place, treating, scheme), numbers)",
        suite=OUTSIDE,
    ),
    Mutant(
        "funds: what was not met shares in the surplus",
        "funds/gaps/sharing.py",
        'rule.not_met == "as-met"\n',
        "True\n",
        suite=GAPS,
    ),
    Mutant(
        "funds: own fault is borne beyond the gap",
        "funds/gaps/sharing.py",
        "min(gap, sum(faults.values()))",
        "sum(faults.values())",
        suite=GAPS,
    ),
    Mutant(
        "funds: a provincial fund gives its bound to every county",
        "funds/gaps/sharing.py",
        "            bound -= given\n",
        "",
        suite=GAPS,
    ),
    Mutant(
        "funds: an exact half of a spread surplus goes down",
        "funds/gaps/sharing.py",
        "(2 * lacking * available + total) // (2 * total)",
        "(lacking * available) // total",
        suite=GAPS,
    ),
    Mutant(
        "funds: a difference of one unit of the last place is one too many",
        "funds/watch/printed.py",
        "away <= printed.last_place",
        "away < printed.last_place",
        suite=WATCHED,
    ),
    Mutant(
        "funds: an exact half of a month is rounded down",
        "funds/watch/printed.py",
        "(2 * abs(closing) * 1_200 + expense) // (2 * expense)",
        "abs(closing) * 1_200 // expense",
        suite=WATCHED,
    ),
    Mutant(
        "funds: a value on a bound crosses it",
        "funds/watch/lines.py",
        "value < self.low",
        "value <= self.low",
        suite=WATCHED,
    ),
    Mutant(
        "procurement: the bound of what is kept is forgotten",
        "purchases/model.py",
        "return min(grade.share_bp, self.most_bp)",
        "return grade.share_bp",
        suite=PROCUREMENT,
    ),
    Mutant(
        "procurement: products that did not win cost nothing",
        "purchases/saving.py",
        "else one.bought_fen) + one.others_fen",
        "else one.bought_fen)",
        suite=PROCUREMENT,
    ),
    Mutant(
        "procurement: a return gives more back to an advance than was offset",
        "purchases/ledger.py",
        "offset = max(-so_far, min(there, apply_bp(bought, offset_bp)))",
        "offset = min(there, apply_bp(bought, offset_bp))",
        suite=PROCUREMENT,
    ),
    Mutant(
        "procurement: of two purchases with one number the later one counts",
        "purchases/partition.py",
        '("fixmedins_code", "ascending"), ("file", "ascending"), ("row", "ascending")',
        '("fixmedins_code", "ascending"), ("file", "ascending"), ("row", "descending")',
        suite=PROCUREMENT,
    ),
    Mutant(
        "procurement: one completed item completes all of them",
        "purchases/saving.py",
        "return all(one.is_completed(batch) for one in items)",
        "return any(one.is_completed(batch) for one in items)",
        suite=PROCUREMENT,
    ),
    Mutant(
        "funds: a burden on the line exceeds it",
        "funds/burden/people.py",
        "if burden > line.fen:",
        "if burden >= line.fen:",
        suite=BURDEN,
    ),
    Mutant(
        "funds: who is whose class is asked at the year's end",
        "funds/burden/people.py",
        'if row["first"] <= day <= row["last"]}',
        'if row["first"] <= day}',
        suite=BURDEN,
    ),
    Mutant(
        "funds: of two lines of a kind the widest decides",
        "funds/burden/lines.py",
        "key=lambda one: len(one.prefix)",
        "key=lambda one: -len(one.prefix)",
        suite=BURDEN,
    ),
    Mutant(
        "premiums: a floor is above the standard",
        "premiums/assistance.py",
        "return min(standard_fen, max(group.floor_fen,",
        "return max(0, max(group.floor_fen,",
        suite=PREMIUMS,
    ),
    Mutant(
        "premiums: a payer of an amount bears it though less is left",
        "premiums/assistance.py",
        "parts[payer.bearer] = min(asked, left)",
        "parts[payer.bearer] = asked",
        suite=PREMIUMS,
    ),
    Mutant(
        "premiums: of several groups the last one decides",
        "premiums/partition.py",
        "np.minimum.at(found, place[mine], number[mine])",
        "found[place[mine]] = number[mine]",
        suite=PREMIUMS,
    ),
    Mutant(
        "premiums: a shortfall is netted with what is made up",
        "premiums/partition.py",
        "due = standard - assisted + owed.fen",
        "due = np.maximum(standard - assisted, owed.fen)",
        suite=PREMIUMS,
    ),
    Mutant(
        "premiums: an identity holds until the day before its last",
        "premiums/partition.py",
        "holds |= here & (first <= day) & (last >= day)",
        "holds |= here & (first <= day) & (last > day)",
        suite=PREMIUMS,
    ),
    Mutant(
        "premiums: a gap of one day is none",
        "premiums/gaps.py",
        "same & (follows > until + 1)",
        "same & (follows > until + 2)",
        suite=PREMIUMS,
    ),
    Mutant(
        "intake: numbers of a date that stand side by side need not have all their digits",
        "run/inputs/intake/days.py",
        "most if touches and name != 'f' else least",
        "least",
        INTAKE,
    ),
    Mutant(
        "intake: a float is taken within half a fen",
        "run/inputs/intake/amounts.py",
        "_PER_FEN = 1_000_000",
        "_PER_FEN = 2",
        INTAKE,
    ),
    Mutant(
        "intake: a code that nobody named stays what it is",
        "run/inputs/intake/texts.py",
        'one not in codes and one != ""',
        'one not in codes and one == "?"',
        INTAKE,
    ),
    Mutant(
        "what an institution keeps of procurement is taken off",
        "clearing/lines.py",
        "shared + self.procurement - self.audit",
        "shared - self.procurement - self.audit",
        CLEARING,
    ),
    Mutant(
        "claims of no contract are left out of what operators pay for",
        "closing/agreed.py",
        """        funds.add(row["fund"])
        found[row["pool"]] += fen(row["amount"])
""",
        """        funds.add(row["fund"])
""",
        AGREED,
    ),
    Mutant(
        "an overrun counts as a surplus in the close",
        "closing/agreed.py",
        '(1 if row["side"] == "surplus" else -1)',
        "1",
        AGREED,
    ),
    Mutant(
        "a premium is booked as paid when it is due",
        "funds/runs.py",
        '(("due", premium), ("cash", advanced))',
        '(("due", premium), ("cash", premium))',
        OPERATORS_BOOKED,
    ),
    Mutant(
        "year-end: what came beyond what is due pays for what is outstanding",
        "closing/identities.py",
        'yield f"{region} {level}", one, mine["outstanding"] - mine["beyond"], tables',
        'yield f"{region} {level}", one, max(one, mine["outstanding"] - mine["beyond"]), tables',
        YEAR_END,
    ),
    Mutant(
        "year-end: rejected rows are not counted as rows out",
        "closing/identities.py",
        'yield "entries", None, rows["accepted"] + sum(rows["rejected"].values())',
        'yield "entries", None, rows["in"]',
        YEAR_END,
    ),
    Mutant(
        "year-end: a year whose numbers differ is closed",
        "closing/year.py",
        "wrong = [one for one in identities if not one.holds]",
        "wrong = [one for one in identities if one.one < one.other]",
        YEAR_END,
    ),
    Mutant(
        "clearing: the fund's share of a disease's standard is cut off, not rounded",
        "clearing/standards.py",
        "(fen * terms.disease_share_bp + BP_ONE // 2) // BP_ONE",
        "(fen * terms.disease_share_bp) // BP_ONE",
        CLEARING,
    ),
    Mutant(
        "clearing: the last day of a stretch is paid twice",
        "clearing/standards.py",
        "np.minimum(days, min(later) - 1)",
        "np.minimum(days, min(later))",
        CLEARING,
    ),
    Mutant(
        "clearing: a contract ends a month early",
        "clearing/intake/places.py",
        "rows.append(slice(cells + one.first_month - 1, cells + one.last_month))",
        "rows.append(slice(cells + one.first_month - 1, max(cells + 1, cells + one.last_month - 1)))",
        CLEARING,
    ),
    Mutant(
        "clearing: a cost of just the bound is beyond it",
        "clearing/points.py",
        "return cost >= bound if outlier.at else cost > bound",
        "return cost >= bound",
        CLEARED_CASES,
    ),
    Mutant(
        "clearing: a factor that replaces the one whole multiplies, too",
        "clearing/points.py",
        'used = factor if outlier.factor == "multiply" else ONE',
        'used = factor if outlier.factor != "drop" else ONE',
        CLEARING,
    ),
    Mutant(
        "clearing: cases that are paid their cost are paid out of the budget once more",
        "clearing/pools.py",
        "- self.budget.outside_fen - self.cases_fen",
        "- self.budget.outside_fen",
        CLEARING,
    ),
    Mutant(
        "clearing: the first table of ways of payment holds for ever",
        "clearing/ways/reader.py",
        "return max(mine, key=lambda rule: rule.effective, default=None)",
        "return min(mine, key=lambda rule: rule.effective, default=None)",
        ("tests/clearing/test_payment_ways.py",),
    ),
    Mutant(
        "clearing: a way that a document only promotes is ordered",
        "clearing/ways/holding.py",
        'if says.holds != "must":',
        'if says.holds not in ("must", "may"):',
        ("tests/clearing/test_payment_ways.py",),
    ),
    Mutant(
        "clearing: contracts are held against the table of their first month",
        "clearing/ways/holding.py",
        "for month in range(one.first_month, one.last_month + 1):",
        "for month in range(one.first_month, one.first_month + 1):",
        ("tests/clearing/test_payment_ways.py",),
    ),
    Mutant(
        "clearing: a listed claim is cleared with the others, too",
        "clearing/intake/listed.py",
        "kind[place] = self._kind_of[key]",
        "kind[place] = kind[place]",
        CLEARING,
    ),
    Mutant(
        "clearing: the last payer's part is rounded, too",
        "clearing/special/claims.py",
        "for payer in payers[:-1]]",
        "for payer in payers]",
        CLEARING,
    ),
    Mutant(
        "clearing: a claim that shares its id with another one is borne all the same",
        "clearing/special/claims.py",
        "np.bincount(number, minlength=most)[number] > 1",
        "np.bincount(number, minlength=most)[number] > 2",
        CLEARING,
    ),
    Mutant(
        "clearing: care that an alliance's own members give its people is spent outside, too",
        "clearing/intake/crossing.py",
        "_add(self.outside, people, funds, crosses & pays)",
        "_add(self.outside, people, funds, rows.good & pays)",
        CLEARING,
    ),
    Mutant(
        "clearing: care of a kind that an alliance's sum does not pay for is taken off it",
        "clearing/intake/crossing.py",
        "_add(self.outside, people, funds, crosses & pays)",
        "_add(self.outside, people, funds, crosses & (people != none))",
        CLEARING,
    ),
    Mutant(
        "clearing: care of other people is paid beside a sum that has it within",
        "clearing/alliances.py",
        'if line.contract.terms.others == "item":',
        "if line.contract.terms.others:",
        CLEARING,
    ),
    Mutant(
        "clearing: the first institution takes the remainder",
        "clearing/pools.py",
        "place in reversed(range(len(found)))",
        "place in range(len(found))",
        CLEARING,
    ),
    Mutant(
        "clearing: a slice begins where the budget does",
        "clearing/sharing.py",
        "below = max(below, bound)",
        "below = 0",
        CLEARING,
    ),
    Mutant(
        "clearing: what is kept has no bound",
        "clearing/sharing.py",
        "return found if share.most_bp is None else min(found, apply_bp(budget, share.most_bp))",
        "return found",
        CLEARING,
    ),
    Mutant(
        "clearing: an index of just the upper bound is above it",
        "clearing/sharing.py",
        "index * BP_ONE > whole * deposit.high_bp",
        "index * BP_ONE >= whole * deposit.high_bp",
        ("tests/clearing/test_clear_command.py",),
    ),
    Mutant(
        "accounts: interest is cut off, not rounded",
        "_ledger.pyx",
        "(product * rate_bp + YEAR_BP // 2) // YEAR_BP",
        "product * rate_bp // YEAR_BP",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: interest once added is added again",
        "_ledger.pyx",
        "    balance.carried_product = 0\n    return interest",
        "    return interest",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: uses take carried money last where it goes first",
        "_ledger.pyx",
        "of_carried = least(balance.carried, paid)",
        "of_carried = paid - least(balance.current, paid)",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: what is given back is money of this year",
        "_ledger.pyx",
        "of_carried[use] = -of_carried[back]\n                        balance.carried += of_carried[back]\n"
        "                        balance.current += paid[back] - of_carried[back]",
        "of_carried[use] = 0\n                        balance.current += paid[back]",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: a use that must be paid whole is paid as far as the account reaches",
        "_ledger.pyx",
        "return there if part else 0",
        "return there",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: money carried bears the rate of money of this year",
        "_ledger.pyx",
        "interest_on(balance.carried_product, carried_bp)",
        "interest_on(balance.carried_product, current_bp)",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: an account goes on with the products of the one before",
        "_ledger.pyx",
        "balance.current = balance.current_product = balance.carried_product = 0",
        "balance.current = 0",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: what is withheld is credited",
        "_ledger.pyx",
        "credit[cell] - withheld[cell]",
        "credit[cell]",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: the month's interest is on its credit too",
        "_ledger.pyx",
        "balance.current_product += balance.current\n",
        "balance.current_product += balance.current + credit[cell]\n",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: an exact half of a credit goes down",
        "accounts/credits.py",
        "np.maximum(ratio_bp, 0) + BP_ONE // 2)",
        "np.maximum(ratio_bp, 0) + BP_ONE // 2 - 1)",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: who retires changes in the month itself",
        "accounts/credits.py",
        "self.first > retires",
        "self.last >= retires",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: a relation holds from the one who registers only",
        "accounts/relations.py",
        "other * people.count + one]",
        "one * people.count + other]",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: a reversal takes back what is paid after it",
        "accounts/uses.py",
        "(self.why[heads] == 0) & (heads < backs)",
        "(self.why[heads] == 0)",
        ACCOUNTS,
    ),
    Mutant(
        "accounts: a claim finds its payer in any family",
        "accounts/uses.py",
        "inside & np.asarray(whose, np.bool_)",
        "np.asarray(whose, np.bool_)",
        ACCOUNTS,
    ),
    Mutant(
        "served pages: whatever host leads here is let in",
        "served/door.py",
        'if request.headers.get("Host", "") not in {f"{name}:{self.port}" for name in _NAMES}:',
        'if not request.headers.get("Host", ""):',
        SERVED,
    ),
    Mutant(
        "served pages: a token that begins right is right",
        "served/door.py",
        'if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):',
        "if not self.token.startswith(token):",
        LET_IN,
    ),
    Mutant(
        "served pages: a method that writes is answered",
        "served/door.py",
        '_METHODS = ("GET", "HEAD")',
        '_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")',
        SERVED,
    ),
)


def build(folder: Path, mutant: Mutant | None) -> None:
    """Copy the sources, change one text, and compile the module that has it, itself or by including it.

    The other compiled modules are taken as they were built.
    """
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    if mutant is None:
        return
    changed = folder / mutant.path
    text = changed.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: the text to change is {text.count(mutant.old)} times in {mutant.source}")
    changed.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    if changed.suffix != ".py":
        compile_again(folder, mutant, changed)


def compile_again(folder: Path, mutant: Mutant, changed: Path) -> None:
    """Compile the modules that a changed source makes, and no others."""
    for module in changed.parent.glob("*.pyx"):
        if module == changed or f"qingsuan.{changed.stem} cimport" in module.read_text(encoding="utf-8"):
            for built in (folder / "engine" / "qingsuan").glob(f"{module.stem}.*.so"):
                built.unlink()
        else:
            module.unlink()
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{mutant.name}: does not build\n{done.stdout}{done.stderr}")


def suite_passes(folder: Path, suite: Sequence[str]) -> bool:
    """Run tests on the copy; it must import the copy, not the installed engine. A core that crashes does not pass."""
    environment = os.environ | {
        "PYTHONPATH": str(folder / "engine"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "QINGSUAN_CASES": "10000",
    }
    probe = "import qingsuan._kernel as k, sys; sys.exit(not k.__file__.startswith(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", probe, str(folder)], cwd=folder, env=environment, check=True)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *suite]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise SystemExit(f"the suite did not run: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def survives(mutant: Mutant | None, suite: Sequence[str]) -> bool:
    """Build a mutant (None: the sources as they are) and see whether the tests let it pass."""
    with tempfile.TemporaryDirectory(prefix="qingsuan-mutant-") as name:
        folder = Path(name)
        build(folder, mutant)
        return suite_passes(folder, suite)


def a_part(text: str) -> tuple[int, int]:
    """Read ``2/6`` as the second of six parts.

    Raises
    ------
    ValueError
        There is no such part.
    """
    number, parts = map(int, text.split("/", 1))
    if not 1 <= number <= parts:
        raise ValueError(f"part {text}: expected a number of parts, and one of them, such as 2/6")
    return number, parts


def chosen(names: Sequence[str], part: tuple[int, int]) -> list[Mutant]:
    """The mutants with these names, or all: of these every ``parts``-th from the one with the number of the part on."""
    named = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    number, parts = part
    return named[number - 1 :: parts]


def main() -> int:
    """Judge all mutants, those named, or a part of them, as many at once as there are processors; exit status 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=a_part, default=(1, 1), help="2/6: the second of six parts")
    parser.add_argument("names", nargs="*", help="names of mutants")
    asked = parser.parse_args()
    mutants = chosen(asked.names, asked.part)
    if not survives(None, list(dict.fromkeys(test for mutant in mutants for test in mutant.suite))):
        print("the suite fails on the unchanged sources: nothing can be said about mutants")
        return 1
    survivors = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, survived in zip(mutants, pool.map(survives, mutants, [one.suite for one in mutants]), strict=True):
            survivors += survived
            word = "SURVIVED" if survived else "caught"
            print(f"{word:9} {mutant.name}: {mutant.old!r} -> {mutant.new!r}", flush=True)
    print(f"{len(mutants) - survivors} of {len(mutants)} caught; there are {len(MUTANTS)}")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
