"""The slow twin against figures computed by hand: published examples, and every bound ± 1 fen."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import pytest

from qingsuan.benefits.reference.twin import Account, Claim, Identity, Insured, Outcome, Places, Settled, settle_year
from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import (
    Adjust,
    Bands,
    Cap,
    Case,
    Ceiling,
    Codes,
    Deductible,
    Entry,
    Guarantee,
    Held,
    IdentityClass,
    Interval,
    Layer,
    Limit,
    Missing,
    Pool,
    Region,
    Rule,
    RuleSet,
    Select,
    Visits,
)
from qingsuan.policy.when.waiting import Exemption, Waiting

REGIONS = (
    Region("990000", "示例省 (made up)", (Pool("990100", "示例市", ("9901",)), Pool("990200", "另例市", ("9902",)))),
)
PLACES = Places(REGIONS)
PERSON = Insured("p", "390", "990100", "1501", dt.date(2020, 1, 1))
GROUPS = {"g": "year", "h": "year", "q": "quarter", "m": "month"}


def layer(name: str = "pooled", fund: str = "hifp_pay", *cases: Case, **own: object) -> Layer:
    own.setdefault("bands", Bands((10_000,)))
    return Layer(name, fund, (Case(**own), *cases))  # type: ignore[arg-type]


def rules(*layers: Layer, rule: Rule | None = None, **changes: object) -> RuleSet:
    """A rule set whose one rule runs all layers."""
    found = RuleSet(
        file="made-up.toml",
        pool="990100",
        schemes=("390",),
        title="示例 (made up)",
        effective=dt.date(2021, 1, 1),
        until=None,
        benefit_date="setl_time",
        identity_date="begndate",
        levels=("1", "2", "3"),
        identities=(IdentityClass("poor", "特困", ("2304",)), IdentityClass("low", "低保", ("2303", "7019"))),
        sources={},
        groups=GROUPS,  # type: ignore[arg-type]
        dimensions=(),
        layers={one.name: one for one in layers},
        rules=(rule or Rule("all", {}, tuple(one.name for one in layers)),),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def claim(number: int, scope_fen: int, **changes: object) -> Claim:
    """The ``number``-th claim of the year: on that day, wholly in scope unless said otherwise."""
    day = dt.date(2021, 1, 1) + dt.timedelta(days=number)
    parts = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), 0)
    parts |= {name: changes.pop(name) for name in list(parts) if name in changes}  # type: ignore[misc]
    found = Claim(
        setl_id=f"c{number:03d}",
        psn_no="p",
        insutype="390",
        med_type="21",
        insu_admdvs="990100",
        begndate=day,
        setl_time=dt.datetime.combine(day, dt.time(12)),
        medfee_sumamt=scope_fen + sum(parts.values()),
        inscp_scp_amt=scope_fen,
        **parts,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def settle(
    rule_set: RuleSet | tuple[RuleSet, ...],
    *claims: Claim,
    insured: tuple[Insured, ...] = (PERSON,),
    identities: tuple[Identity, ...] = (),
    opening: dict[tuple[str, str, str], Account] | None = None,
) -> Outcome:
    rule_sets = (rule_set,) if isinstance(rule_set, RuleSet) else rule_set
    return settle_year(claims, insured, identities, PLACES, rule_sets, 2021, opening)


def funds(outcome: Outcome) -> list[int]:
    assert not outcome.rejected
    return [one.fund_pay_sumamt for one in outcome.settled]


def pays(outcome: Outcome) -> list[tuple[int, ...]]:
    """Each claim's payments, layer by layer."""
    assert not outcome.rejected
    return [tuple(step.pay_fen for step in one.steps) for one in outcome.settled]


def one(outcome: Outcome) -> Settled:
    assert not outcome.rejected
    (found,) = outcome.settled
    return found


# Published examples; the last two were constructed from published parameters.


def test_critical_illness_with_absolute_bands() -> None:
    bands = Bands((6000, 6500, 7500), (3_000_000, 10_000_000), measured="absolute")
    big = layer(fund="hifmi_pay", deductible=Deductible("visit", (1_200_000,)), bands=bands)
    assert funds(settle(rules(big), claim(1, 15_000_000))) == [9_380_000]


def test_residents_second_fund_with_bands_on_the_excess() -> None:
    basic = layer(bands=Bands((10_000,)), caps=(Cap(4_000_000, "visit"),))
    bands = Bands((3000, 4000), (2_000_000,))
    big = layer("big", "hifmi_pay", deductible=Deductible("visit", (2_000_000,)), bands=bands)
    found = one(settle(rules(basic, big), claim(1, 9_000_000, fulamt_ownpay_amt=1_000_000)))
    assert (found.funds["hifp_pay"], found.funds["hifmi_pay"]) == (4_000_000, 1_000_000)


@pytest.mark.parametrize(("own_first", "fund"), [(0, 800), (100, 720)])
def test_two_classes_of_drugs(own_first: int, fund: int) -> None:
    found = one(settle(rules(layer(bands=Bands((8000,)))), claim(1, 1000 - own_first, preselfpay_amt=own_first)))
    assert (found.fund_pay_sumamt, found.psn_part_amt) == (fund, 1000 - fund)


@pytest.mark.parametrize(("level", "fund"), [("1", 994_500), ("2", 855_000), ("3", 721_500)])
def test_three_levels_of_hospital(level: str, fund: int) -> None:
    cases = [
        Case({"dedc_hosp_lv": Codes((at,))}, deductible=Deductible("visit", (fen,)), bands=Bands((ratio,)))
        for at, fen, ratio in (("1", 30_000, 8500), ("2", 60_000, 7500), ("3", 90_000, 6500))
    ]
    assert funds(settle(rules(layer("pooled", "hifp_pay", *cases)), claim(1, 1_200_000, dedc_hosp_lv=level))) == [fund]


def test_the_platforms_own_rounding() -> None:
    assert funds(settle(rules(layer(bands=Bands((8400,)))), claim(1, 1_202_848))) == [1_010_392]


def test_constructed_changchun_first_stay() -> None:
    bands = Bands((5500, 6000, 6500), (3_000_000, 6_000_000), measured="absolute")
    found = one(settle(rules(layer(deductible=Deductible("visit", (120_000,)), bands=bands)), claim(1, 8_000_000)))
    assert (found.fund_pay_sumamt, found.act_pay_dedc) == (4_684_000, 120_000)


def test_constructed_hohhot_first_stay() -> None:
    bands = Bands((7000, 7500, 7800), (1_000_000, 3_000_000), measured="absolute")
    schedule = Deductible("visit", (150_000, 100_000, 80_000))
    stays = layer(visits=Visits("g"), deductible=schedule, bands=bands)
    assert funds(settle(rules(stays), claim(1, 5_000_000))) == [3_655_000]


# Rounding and what enters.


@pytest.mark.parametrize(("scope", "fund"), [(0, 0), (1, 1), (2, 1), (3, 2), (99, 50), (10**13, 5 * 10**12)])
def test_an_exact_half_fen_is_rounded_up(scope: int, fund: int) -> None:
    assert funds(settle(rules(layer(bands=Bands((5000,)))), claim(1, scope))) == [fund]


def test_the_share_that_enters_is_rounded_and_the_rest_stays_with_the_person() -> None:
    rule = Rule("all", {}, ("pooled", "big"), entry_bp=5000)
    second = layer("big", "hifmi_pay")
    found = one(settle(rules(layer(bands=Bands((5000,))), second, rule=rule), claim(1, 5)))
    assert [step.base_fen for step in found.steps] == [3, 1]  # half of 5 is 3; of that 2 are paid, 1 is left
    assert found.fund_pay_sumamt == 3


def test_each_entry_is_rounded_on_its_own() -> None:
    parts = tuple(
        Entry(part, 5000) for part in ("inscp_scp_amt", "preselfpay_amt", "overlmt_selfpay", "fulamt_ownpay_amt")
    )
    bill = {"preselfpay_amt": 1, "overlmt_selfpay": 3, "fulamt_ownpay_amt": 5}
    found = one(settle(rules(layer(entry=parts)), claim(1, 7, **bill)))
    assert found.steps[0].components_fen == (4, 1, 2, 3)


def test_what_an_earlier_layer_left_can_enter() -> None:
    first = layer(deductible=Deductible("visit", (100,)), bands=Bands((8000,)), caps=(Cap(500, "visit"),))
    entry = (
        Entry("left_by_ratio", layer="pooled"),
        Entry("cut_by_cap", 9500, "pooled"),
        Entry("deductible", 5000, "pooled"),
    )
    found = one(settle(rules(first, layer("big", "hifob_pay", entry=entry)), claim(1, 1100)))
    assert found.steps[1].components_fen == (200, 285, 50)  # x 1000: 200 left, 800 paid but for the cap of 500


@pytest.mark.parametrize(
    ("first", "scope", "above"),
    [
        (layer(bands=Bands((8000,)), caps=(Cap(800, "visit"),)), 1000, 0),  # on the cap
        (
            layer(bands=Bands((8000,)), caps=(Cap(800, "visit"),)),
            1001,
            1,
        ),  # 999 fen give 799.2, and so 799: 1000 are needed
        (layer(bands=Bands((5000,)), caps=(Cap(500, "visit"),)), 1002, 3),  # 999 x 50 % is an exact half, and so 500
        (layer(bands=Bands((8000,)), caps=(Cap(800, "visit"), Cap(0, "period", "g"))), 1000, 1000),  # none is left
        (layer(deductible=Deductible("visit", (300,)), bands=Bands((8000,)), caps=(Cap(80, "visit"),)), 1000, 600),
        (
            layer(bands=Bands((5000, 0, 10_000), (100, 300)), caps=(Cap(50, "visit"),)),
            400,
            301,
        ),  # at 99, not after the gap
        (layer(bands=Bands((5000, 0, 10_000), (100, 300)), caps=(Cap(51, "visit"),)), 400, 99),
    ],
)
def test_cost_above_a_cap_is_what_the_bands_did_not_need(first: Layer, scope: int, above: int) -> None:
    big = layer("big", "hifob_pay", entry=(Entry("cost_above_cap", layer="pooled"),))
    found = one(settle(rules(first, big), claim(1, scope)))
    assert found.steps[1].components_fen == (above,)


def test_cost_above_a_limit_is_what_it_kept_out() -> None:
    big = layer("big", "hifob_pay", entry=(Entry("cost_above_limit", layer="pooled"),))
    found = settle(rules(layer(limit=Limit(1000, "period", "g")), big), claim(1, 900), claim(2, 150), claim(3, 7))
    assert pays(found) == [(900, 0), (100, 50), (0, 7)]


@pytest.mark.parametrize(("measured", "paid"), [("excess", 1), ("absolute", 0)])
def test_one_ratio_still_lies_where_it_is_measured(measured: Literal["excess", "absolute"], paid: int) -> None:
    """Decision 0034: 2 fen above the deductible are 0.821 fen; on the base they lie between 51 312.5 and 51 313.321 fen."""
    care = layer(deductible=Deductible("visit", (125_000,)), bands=Bands((4105,), measured=measured))
    assert funds(settle(rules(care), claim(1, 125_002))) == [paid]


def test_no_layer_pays_more_than_the_bill_still_holds() -> None:
    twice = layer("twice", "maf_pay", entry=(Entry("inscp_scp_amt"), Entry("left_by_ratio", layer="pooled")))
    found = one(settle(rules(layer(bands=Bands((4000,))), twice), claim(1, 1000)))
    assert [step.base_fen for step in found.steps] == [1000, 1200]
    assert (found.fund_pay_sumamt, found.steps[1].left_by_ratio_fen, found.psn_cash_pay) == (1000, 600, 0)


# Limits.


@pytest.mark.parametrize(("scope", "base"), [(999, 999), (1000, 1000), (1001, 1000)])
def test_a_limit_per_visit(scope: int, base: int) -> None:
    assert funds(settle(rules(layer(limit=Limit(1000))), claim(1, scope))) == [base]


def test_a_limit_per_period_counts_what_it_let_in_also_inside_the_claim() -> None:
    shared = Limit(1000, "period", "g")
    half = layer(limit=shared, bands=Bands((5000,)))
    rest = layer("rest", "oth_pay", limit=shared)
    assert pays(settle(rules(half, rest), claim(1, 600), claim(2, 600))) == [(300, 300), (50, 0)]


def test_a_base_counted_for_limit_and_bands_counts_once() -> None:
    both = layer(limit=Limit(1000, "period", "g"), bands=Bands((5000,), per="period", group="g"))
    assert funds(settle(rules(both), claim(1, 600), claim(2, 600))) == [300, 200]


# Deductibles and visits.


@pytest.mark.parametrize(("scope", "fund", "taken"), [(999, 0, 999), (1000, 0, 1000), (1001, 1, 1000), (0, 0, 0)])
def test_a_deductible_takes_no_more_than_the_base(scope: int, fund: int, taken: int) -> None:
    found = one(settle(rules(layer(deductible=Deductible("visit", (1000,)))), claim(1, scope)))
    assert (found.fund_pay_sumamt, found.act_pay_dedc) == (fund, taken)


def test_the_last_of_a_schedule_repeats_and_a_visit_without_cost_counts() -> None:
    stays = layer(visits=Visits("g"), deductible=Deductible("visit", (100, 70, 10)))
    found = settle(rules(stays), claim(1, 1000), claim(2, 0), claim(3, 1000), claim(4, 1000))
    assert funds(found) == [900, 0, 990, 990]


def test_a_visit_counts_once_however_many_layers_count_it() -> None:
    stays = layer(visits=Visits("g"), deductible=Deductible("visit", (100, 70)), bands=Bands((0,)))
    again = layer("again", "maf_pay", visits=Visits("g"), deductible=Deductible("visit", (100, 70, 10)))
    assert pays(settle(rules(stays, again), *(claim(n, 1000) for n in range(3)))) == [(0, 900), (0, 930), (0, 990)]


def test_a_visit_that_does_not_count_still_reads_the_number() -> None:
    outpatient = Case({"med_type": Codes(("14*",))}, visits=Visits("g", counts=False))
    stays = layer("pooled", "hifp_pay", outpatient, visits=Visits("g"), deductible=Deductible("visit", (100, 70, 10)))
    found = settle(rules(stays), claim(1, 1000), claim(2, 1000, med_type="1401"), claim(3, 1000), claim(4, 1000))
    assert funds(found) == [900, 930, 930, 990]


def test_a_deductible_of_a_period_starts_anew_with_it() -> None:
    quarterly = layer(deductible=Deductible("period", (100,), "q"))
    days = (0, 30, 89, 90)  # 1 January, 31 January, 31 March, 1 April
    found = settle(rules(quarterly), *(claim(day, 60) for day in days))
    assert [pair.steps[0].d_fen for pair in found.settled] == [60, 40, 0, 60]
    monthly = layer(deductible=Deductible("period", (100,), "m"))
    found = settle(rules(monthly), *(claim(day, 60) for day in days))
    assert [pair.steps[0].d_fen for pair in found.settled] == [60, 40, 60, 60]


def test_a_deductible_shared_inside_a_claim_is_taken_once() -> None:
    first = layer(deductible=Deductible("period", (100,), "g"), bands=Bands((0,)))
    second = layer("second", "maf_pay", deductible=Deductible("period", (150,), "g"))
    found = one(settle(rules(first, second), claim(1, 1000)))
    assert [step.d_fen for step in found.steps] == [100, 50]


def test_a_deductible_per_visit_adds_to_its_group() -> None:
    stays = layer(deductible=Deductible("visit", (80,), "g"), bands=Bands((0,)))
    care = layer("care", "maf_pay", deductible=Deductible("period", (100,), "g"))
    assert pays(settle(rules(stays, care), claim(1, 1000), claim(2, 1000))) == [(0, 980), (0, 1000)]


@pytest.mark.parametrize(("credited", "second"), [(False, 900), (True, 1000)])
def test_an_exempt_visit_takes_nothing_and_may_credit_the_group(credited: bool, second: int) -> None:
    exempt = Case(
        {"med_type": Codes(("14",))}, deductible=Deductible("period", (100,), "g", exempt=True, credits=credited)
    )
    care = layer("pooled", "hifp_pay", exempt, deductible=Deductible("period", (100,), "g"))
    assert funds(settle(rules(care), claim(1, 1000, med_type="14"), claim(2, 1000))) == [1000, second]


def test_relief_lowers_the_standard_before_what_was_used_is_taken_off() -> None:
    relief = Case({"psn_idet_type": Held(any=("low",))}, adjust=Adjust(deductible_bp=5000))
    care = layer("pooled", "hifp_pay", relief, deductible=Deductible("period", (101,), "g"))
    poor = (Identity("p", "2303", dt.date(2021, 1, 3)),)
    found = settle(rules(care), claim(1, 40), claim(2, 40), identities=poor)
    assert [pair.steps[0].d_fen for pair in found.settled] == [40, 11]  # half of 101 is 51


# Bands.


@pytest.mark.parametrize(("scope", "fund"), [(999, 500), (1000, 500), (1001, 501), (1002, 501), (1003, 502)])
def test_a_band_bound_on_one_visit(scope: int, fund: int) -> None:
    assert funds(settle(rules(layer(bands=Bands((5000, 6000), (1000,)))), claim(1, scope))) == [fund]


def test_absolute_bands_hold_the_deductible_inside() -> None:
    for measured, fund in (("absolute", 30 * 5 + 60 * 10), ("excess", 40 * 5 + 50 * 10)):
        bands = Bands((500, 1000), (4000,), measured=measured)  # type: ignore[arg-type]
        care = layer(deductible=Deductible("visit", (1000,)), bands=bands)
        assert funds(settle(rules(care), claim(1, 10_000))) == [fund]


def test_bands_of_a_period_telescope() -> None:
    whole = [7, 1, 992, 1, 1, 998, 3]
    for measured in ("absolute", "excess"):
        bands = Bands((3333, 5000, 6150), (1000, 2000), "period", measured, "g")  # type: ignore[arg-type]
        care = layer(deductible=Deductible("period", (5,), "g"), bands=bands)
        cut = funds(settle(rules(care), *(claim(n, scope) for n, scope in enumerate(whole))))
        assert sum(cut) == sum(funds(settle(rules(care), claim(1, sum(whole)))))


def test_period_bands_start_where_the_period_stands() -> None:
    deductible = Deductible("visit", (100,))
    excess = layer(deductible=deductible, bands=Bands((0, 10_000), (150,), "period", "excess", "g"))
    assert funds(settle(rules(excess), claim(1, 200), claim(2, 200))) == [0, 50]
    absolute = layer(deductible=deductible, bands=Bands((0, 10_000), (350,), "period", "absolute", "g"))
    assert funds(settle(rules(absolute), claim(1, 200), claim(2, 200))) == [0, 50]


@pytest.mark.parametrize(("before", "ratio"), [(999, 5000), (1000, 9500), (1001, 9500)])
def test_a_bound_belongs_to_the_band_above_when_bands_are_selected(before: int, ratio: int) -> None:
    pooled = layer(caps=(Cap(10**6, group="g"),))
    selected = Bands((5000, 9500), select=Select("g", "paid", (10,)))
    big = layer("big", "hifob_pay", entry=(Entry("preselfpay_amt"),), bands=selected)
    found = settle(rules(pooled, big), claim(1, before), claim(2, 5000, preselfpay_amt=1000))
    assert found.settled[1].funds["hifob_pay"] == ratio // 10
    assert found.settled[0].funds["hifob_pay"] == 0


@pytest.mark.parametrize(
    ("adjust", "ratio"),
    [
        (Adjust(points_bp=500), 7500),
        (Adjust(points_bp=4000), 10_000),
        (Adjust(points_bp=-8000), 0),
        (Adjust(own_bp=13_100), 10_000 - 3930),
        (Adjust(own_bp=13_335), 10_000 - 4001),  # 4000.5 rounds up
        (Adjust(points_bp=500, own_bp=20_000), 5000),
        (Adjust(own_bp=40_000), 0),
        (Adjust(points_bp=-9000, own_bp=5000), 5000),
    ],
)
def test_points_then_the_own_share_never_beyond_the_whole(adjust: Adjust, ratio: int) -> None:
    found = one(settle(rules(layer(bands=Bands((7000,)), adjust=adjust)), claim(1, 10_000)))
    assert (found.fund_pay_sumamt, found.pool_prop_selfpay_bp) == (ratio, ratio)


def test_points_of_several_cases_add_up() -> None:
    cases = [Case({"med_type": Codes(("21",))}, adjust=Adjust(points_bp=points)) for points in (500, 300)]
    assert funds(settle(rules(layer("pooled", "hifp_pay", *cases, bands=Bands((7000,)))), claim(1, 10_000))) == [7800]


# Caps and the ceiling.


@pytest.mark.parametrize(("scope", "fund"), [(999, 999), (1000, 1000), (1001, 1000)])
def test_a_cap_per_visit(scope: int, fund: int) -> None:
    assert funds(settle(rules(layer(caps=(Cap(1000, "visit"),))), claim(1, scope), claim(2, scope))) == [fund, fund]


def test_a_cap_of_a_period_shared_by_layers_is_never_overdrawn() -> None:
    half = layer(bands=Bands((5000,)), caps=(Cap(1000, group="g"),))
    rest = layer("rest", "maf_pay", caps=(Cap(900, group="g"),))
    assert pays(settle(rules(half, rest), claim(1, 1000), claim(2, 1000))) == [(500, 400), (100, 0)]


def test_a_cap_per_visit_shared_by_layers() -> None:
    shared = (Cap(700, "visit", "g"),)
    found = settle(
        rules(layer(bands=Bands((5000,)), caps=shared), layer("rest", "maf_pay", caps=shared)),
        *map(claim, (1, 2), (1000, 1000)),
    )
    assert pays(found) == [(500, 200), (500, 200)]


def test_a_lifted_cap_does_not_bind_but_counts() -> None:
    lift = Case({"psn_idet_type": Held(any=("low",))}, adjust=Adjust(lift_caps=("g",)))
    care = layer("pooled", "hifp_pay", lift, caps=(Cap(1000, group="g"),))
    poor = (Identity("p", "2303", dt.date(2021, 1, 1), dt.date(2021, 1, 2)),)
    assert funds(settle(rules(care), claim(1, 1500), claim(2, 1500), identities=poor)) == [1500, 0]


def test_lifting_visit_caps_leaves_the_caps_of_a_period() -> None:
    lifted = layer(adjust=Adjust(lift_caps=("visit",)), caps=(Cap(100, "visit"), Cap(1200, group="g")))
    assert funds(settle(rules(lifted), claim(1, 1000), claim(2, 1000))) == [1000, 200]


@pytest.mark.parametrize(("lifted", "fund"), [("g", 100), ("visit", 1000)])
def test_a_cap_per_visit_is_lifted_by_that_word_even_where_it_names_a_group(lifted: str, fund: int) -> None:
    care = layer(adjust=Adjust(lift_caps=(lifted,)), caps=(Cap(100, "visit", "g"),))
    assert funds(settle(rules(care), claim(1, 1000))) == [fund]


def test_a_cap_without_an_amount_draws_on_the_group() -> None:
    free = layer(caps=(Cap(None, group="g"),), bands=Bands((6000,)))
    bound = layer("bound", "maf_pay", caps=(Cap(1000, group="g"),))
    assert pays(settle(rules(free, bound), claim(1, 1000), claim(2, 1000))) == [(600, 400), (600, 0)]


@pytest.mark.parametrize("change", [{"bands": Bands((0,))}, {"caps": (Cap(0, "visit"),)}])
def test_a_layer_that_pays_nothing_changes_nothing_else(change: dict[str, object]) -> None:
    first, last = layer(bands=Bands((6150,))), layer("last", "oth_pay", bands=Bands((5000,)))
    without = pays(settle(rules(first, last), *(claim(n, 777) for n in range(5))))
    between = pays(settle(rules(first, layer("none", "maf_pay", **change), last), *(claim(n, 777) for n in range(5))))
    assert [(one, other) for one, _, other in between] == without


@pytest.mark.parametrize(
    ("ratio", "paid"),
    [(9000, (500, 400, 0)), (8999, (500, 400, 0)), (10_000, (500, 400, 100)), (4000, (400, 0, 0)), (0, (0, 0, 0))],
)
def test_a_ceiling_takes_back_from_the_last_layer_first(ratio: int, paid: tuple[int, ...]) -> None:
    steps = (layer(bands=Bands((5000,))), layer("big", "hifmi_pay", bands=Bands((8000,))), layer("aid", "maf_pay"))
    rule = Rule("all", {}, ("pooled", "big", "aid"), ceiling=Ceiling(ratio, "inscp_scp_amt", ("aid", "pooled", "big")))
    assert pays(settle(rules(*steps, rule=rule), claim(1, 1000))) == [paid]


def test_what_a_ceiling_takes_back_does_not_draw_on_the_cap() -> None:
    rule = Rule("all", {}, ("pooled",), ceiling=Ceiling(5000, "medfee_sumamt", ("pooled",)))
    care = layer(caps=(Cap(1000, group="g"),))
    assert funds(settle(rules(care, rule=rule), claim(1, 1000), claim(2, 1000), claim(3, 1000))) == [500, 500, 0]


@pytest.mark.parametrize(
    ("ratio", "paid"),
    [
        (7000, (500, 200)),
        (7001, (500, 200)),
        (7005, (500, 201)),
        (9000, (500, 400)),
        (10_000, (500, 500)),
        (6000, (500, 200)),
    ],
)
def test_a_guarantee_adds_what_is_lacking_to_one_layer(ratio: int, paid: tuple[int, ...]) -> None:
    steps = (layer(bands=Bands((5000,))), layer("big", "hifmi_pay", caps=(Cap(200, "visit"),)))
    rule = Rule("all", {}, ("pooled", "big"), guarantee=Guarantee(ratio, "inscp_scp_amt", ("pooled", "big"), "big"))
    found = settle(rules(*steps, rule=rule), claim(1, 1000))
    assert pays(found) == [paid]
    assert [step.cut_by_cap_fen for step in one(found).steps] == [0, 300]


def test_a_guarantee_never_pays_more_than_the_bill() -> None:
    steps = (layer(bands=Bands((2000,))), layer("big", "hifmi_pay", bands=Bands((9000,))))
    rule = Rule("all", {}, ("pooled", "big"), guarantee=Guarantee(9000, "medfee_sumamt", ("pooled",), "pooled"))
    assert pays(settle(rules(*steps, rule=rule), claim(1, 1000))) == [(280, 720)]


def test_a_ceiling_takes_back_of_what_a_guarantee_added_too() -> None:
    guarantee = Guarantee(8000, "inscp_scp_amt", ("pooled",), "pooled")
    ceiling = Ceiling(6000, "medfee_sumamt", ("pooled",))
    rule = Rule("all", {}, ("pooled",), ceiling=ceiling, guarantee=guarantee)
    assert pays(settle(rules(layer(bands=Bands((5000,))), rule=rule), claim(1, 1000))) == [(600,)]


def test_what_a_guarantee_adds_draws_on_the_cap() -> None:
    guarantee = Guarantee(8000, "inscp_scp_amt", ("pooled",), "pooled")
    rule = Rule("all", {}, ("pooled",), guarantee=guarantee)
    care = layer(bands=Bands((5000,)), caps=(Cap(1200, group="g"),))
    assert funds(settle(rules(care, rule=rule), claim(1, 1000), claim(2, 1000))) == [800, 800]


# People, dates, accounts.


def test_the_waiting_period_pays_nothing_and_counts_nothing() -> None:
    stays = layer(visits=Visits("g"), deductible=Deductible("visit", (100, 0)))
    waiting = (replace(PERSON, wait_end_date=dt.date(2021, 1, 3)),)
    honoured = rules(stays, waiting=Waiting("wait_end_date", ("390",)))
    found = settle(honoured, claim(1, 1000), claim(2, 1000), claim(3, 1000), insured=waiting)
    assert funds(found) == [0, 0, 900]
    assert [pair.rule_id for pair in found.settled] == ["waiting-period", "waiting-period", "990100/390/2021-01-01:all"]


def test_the_waiting_period_spares_whom_it_says_and_is_unknown_where_nothing_is_said() -> None:
    waiting = (replace(PERSON, wait_end_date=dt.date(2021, 1, 2)),)
    poor, minor = {"psn_idet_type": Held(any=("poor",))}, {"psn_type": Codes(("14*",))}
    said = Waiting("wait_end_date", ("390",), (Exemption(poor), Exemption(minor)))
    held = (Identity("p", "2304", dt.date(2021, 1, 2)),)
    spared = settle(rules(layer(), waiting=said), claim(1, 1000), insured=waiting, identities=held)
    assert [row.rule_id for row in spared.settled] == ["990100/390/2021-01-01:all"]
    assert [row.rule_id for row in settle(rules(layer(), waiting=said), claim(1, 1000), insured=waiting).settled] == [
        "waiting-period"
    ]
    for unsaid in (rules(layer()), rules(layer(), schemes=("310", "390"), waiting=replace(said, schemes=("310",)))):
        found = settle(unsaid, claim(1, 1000), claim(2, 1000), insured=waiting)
        assert [(row.claim.setl_id, row.code, row.column) for row in found.rejected] == [
            ("c001", "E_NO_RULE", "wait_end_date")
        ]
        assert len(found.settled) == 1


def test_the_account_pays_what_it_can_where_the_claim_allows() -> None:
    half = rules(layer(bands=Bands((5000,))))
    rich = (replace(PERSON, acct_balc=700),)
    claims = [claim(n, 1000, acct_used_flag=flag) for n, flag in enumerate(("1", "0", "1", "1"))]
    found = settle(half, *claims, insured=rich).settled
    assert [(pair.acct_pay, pair.balc, pair.psn_cash_pay) for pair in found] == [
        (500, 200, 0),
        (0, 200, 500),
        (200, 0, 300),
        (0, 0, 500),
    ]


def test_the_highest_identity_that_holds_on_the_date_decides() -> None:
    cases = [
        Case({"psn_idet_type": Held(highest=(name,), rank=("poor", "low"))}, bands=Bands((ratio,)))
        for name, ratio in (("poor", 9000), ("low", 8000))
    ]
    care = rules(layer("pooled", "hifp_pay", *cases, bands=Bands((5000,))))
    identities = (
        Identity("p", "2303", dt.date(2021, 1, 3)),
        Identity("p", "2304", dt.date(2021, 1, 4), dt.date(2021, 1, 4)),
        Identity("p", "9999", dt.date(2021, 1, 1)),
    )
    assert funds(settle(care, *(claim(n, 1000) for n in (1, 2, 3, 4)), identities=identities)) == [500, 800, 900, 800]


@pytest.mark.parametrize(
    ("condition", "paid"),
    [
        (Held(any=("poor", "low")), [500, 900, 900, 900]),
        (Held(all=("poor", "low")), [500, 500, 900, 500]),
        (Held(none=("poor", "low")), [900, 500, 500, 500]),
        (Held(any=("low",), none=("poor",)), [500, 900, 500, 500]),
        (Held(any=("poor",), highest=("low",), rank=("low", "poor")), [500, 500, 900, 500]),
    ],
)
def test_a_condition_asks_which_classes_are_held_together(condition: Held, paid: list[int]) -> None:
    """Nobody, 低保 by the newer code, 低保 and 特困, 特困: one a day; both days of a period belong to it."""
    care = rules(
        layer("pooled", "hifp_pay", Case({"psn_idet_type": condition}, bands=Bands((9000,))), bands=Bands((5000,)))
    )
    identities = (
        Identity("p", "7019", dt.date(2021, 1, 3), dt.date(2021, 1, 4)),
        Identity("p", "2304", dt.date(2021, 1, 4)),
    )
    assert funds(settle(care, *(claim(n, 1000) for n in (1, 2, 3, 4)), identities=identities)) == paid


def test_a_missing_parameter_refuses_only_what_the_rules_that_it_overrides_would_pay() -> None:
    missing = Missing("ratio", "of the poor", {"psn_idet_type": Held(any=("poor",))}, ("stay",))
    stay, visit = (
        Rule("stay", {"med_type": Codes(("21",))}, ("pooled",)),
        Rule("visit", {"med_type": Codes(("11",))}, ()),
    )
    care = rules(layer("pooled", "hifp_pay", bands=Bands((5000,))), rules=(stay, visit), missing=(missing,))
    identities = (Identity("p", "2304", dt.date(2021, 1, 3)),)
    found = settle(care, claim(1, 1000), claim(2, 1000), claim(3, 1000, med_type="11"), identities=identities)
    assert [(row.claim.setl_id, row.fund_pay_sumamt) for row in found.settled] == [("c001", 500), ("c003", 0)]
    assert [(row.claim.setl_id, row.expected) for row in found.rejected] == [
        ("c002", "parameter ratio, which is not known: of the poor")
    ]


@pytest.mark.parametrize(
    ("birth", "fund"),
    [((1961, 1, 2), 700), ((1961, 1, 3), 600), (None, 0), ((2021, 1, 2), 600), ((2021, 1, 3), 0), ((2121, 1, 2), 0)],
)
def test_age_is_completed_years_on_the_benefit_date(birth: tuple[int, int, int] | None, fund: int) -> None:
    cases = [
        Case({"age": Interval(60, None)}, bands=Bands((7000,))),
        Case({"age": Interval(None, 60)}, bands=Bands((6000,))),
    ]
    old = (replace(PERSON, brdy=None if birth is None else dt.date(*birth)),)
    care = layer("pooled", "hifp_pay", *cases, bands=Bands((0,)))
    assert funds(settle(rules(care), claim(1, 1000), insured=old)) == [fund]


@pytest.mark.parametrize(
    ("where", "place"),
    [("", "pool"), ("990109", "pool"), ("990200", "region"), ("990300", "region"), ("110101", "outside")],
)
def test_the_place_of_care_as_seen_from_the_pool(where: str, place: str) -> None:
    assert PLACES.place(where, "990100") == place


def test_of_two_insured_rows_the_later_decides() -> None:
    case = Case({"psn_type": Codes(("14*",))}, bands=Bands((9000,)))
    rows = (PERSON, replace(PERSON, psn_type="1401", begndate=dt.date(2021, 1, 2), enddate=dt.date(2021, 1, 2)))
    care = layer("pooled", "hifp_pay", case, bands=Bands((5000,)))
    assert funds(settle(rules(care), claim(0, 1000), claim(1, 1000), claim(2, 1000), insured=rows)) == [500, 900, 500]


def test_successive_rule_sets_share_their_counters() -> None:
    first = rules(layer(caps=(Cap(1000, group="g"),)))
    then = rules(layer(caps=(Cap(1500, group="g"),)), effective=dt.date(2021, 1, 3))
    assert funds(settle((first, then), claim(1, 2000), claim(2, 2000))) == [1000, 500]


def test_a_rule_set_that_has_ended_settles_nothing() -> None:
    ended = rules(layer(), until=dt.date(2021, 1, 2))
    found = settle(ended, claim(1, 1000), claim(2, 1000))
    assert (len(found.settled), [pair.code for pair in found.rejected]) == (1, ["E_NO_RULE"])


def test_accounts_of_two_pools_never_meet() -> None:
    both = [rules(layer(caps=(Cap(1000, group="g"),)), pool=pool) for pool in ("990100", "990200")]
    rows = (PERSON, replace(PERSON, insu_admdvs="990200"))
    found = settle(tuple(both), claim(1, 800), claim(2, 800, insu_admdvs="990200"), claim(3, 800), insured=rows)
    assert funds(found) == [800, 800, 200]


def test_a_year_in_two_halves_with_carried_counters_is_the_same_year() -> None:
    bands = Bands((3333, 6150), (2000,), "period", "absolute", "g")
    care = layer(
        visits=Visits("g"), deductible=Deductible("visit", (300, 100), "g"), bands=bands, caps=(Cap(3000, group="g"),)
    )
    rich = (replace(PERSON, acct_balc=2500),)
    claims = [claim(40 * n, 777, acct_used_flag="1") for n in range(9)]
    whole = settle(rules(care), *claims, insured=rich)
    first = settle(rules(care), *claims[:4], insured=rich)
    second = settle(rules(care), *claims[4:], insured=rich, opening=first.accounts)
    assert [*first.settled, *second.settled] == whole.settled
    assert second.accounts == whole.accounts


def test_more_cost_is_never_paid_less() -> None:
    chain = (
        layer(
            deductible=Deductible("visit", (300,)), bands=Bands((5550, 6150, 3333), (700, 1500), measured="absolute")
        ),
        layer("big", "hifmi_pay", deductible=Deductible("visit", (77,)), bands=Bands((6000, 9950), (500,))),
        layer("aid", "maf_pay", bands=Bands((7000,)), limit=Limit(400), caps=(Cap(250, "visit"),)),
    )
    paid = [one(settle(rules(*chain), claim(1, scope))).fund_pay_sumamt for scope in range(3000)]
    assert all(0 <= after - before <= 1 for before, after in pairwise(paid))
    assert paid[-1] > 2000


# What is not settled.


def back(original: Claim, setl_id: str, **changes: object) -> Claim:
    names = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    negated = {name: -getattr(original, name) for name in names}
    found = replace(original, setl_id=setl_id, refd_setl_flag="1", init_setl_id=original.setl_id, **negated)
    return replace(found, **changes)  # type: ignore[arg-type]


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    return sorted((row.claim.setl_id, row.code) for row in outcome.rejected)


def test_a_reversed_claim_counts_nothing() -> None:
    stays = rules(layer(visits=Visits("g"), deductible=Deductible("visit", (100, 0))))
    first = claim(1, 1000)
    found = settle(stays, first, claim(2, 1000), back(first, "c009"))
    assert (funds(found), [pair.original.setl_id for pair in found.reversed]) == ([900], ["c001"])


def test_reversals_that_do_not_fit() -> None:
    first, second, third = (claim(n, 1000) for n in (1, 2, 3))
    rows = [
        back(first, "again"),
        back(first, "back"),
        back(second, "unlike", inscp_scp_amt=-999),
        back(third, "orphan", init_setl_id="nobody"),
        back(third, "other", psn_no="q"),
        back(back(third, "x"), "of-reversal", init_setl_id="back"),
    ]
    found = settle(rules(layer()), first, second, third, *rows)
    assert codes(found) == [
        ("back", "E_REVERSAL_ORPHAN"),
        ("c002", "E_REVERSAL_MISMATCH"),
        ("of-reversal", "E_REVERSAL_ORPHAN"),
        ("orphan", "E_REVERSAL_ORPHAN"),
        ("other", "E_REVERSAL_ORPHAN"),
        ("unlike", "E_REVERSAL_MISMATCH"),
    ]
    assert [(pair.original.setl_id, pair.reversal.setl_id) for pair in found.reversed] == [("c001", "again")]
    assert [row.claim.setl_id for row in found.settled] == ["c003"]


def test_a_reversal_of_nobody_holds_the_claim_that_it_names() -> None:
    first, second, third, fourth = (claim(n, 1000) for n in (1, 2, 3, 4))
    rows = [
        back(first, "nobody", psn_no="", refused=("E_MISSING", "psn_no")),
        back(second, "c002", psn_no="NULL", init_setl_id="", refused=("E_FORM", "psn_no")),
        back(third, "nobody-too", psn_no="", refused=("E_MISSING", "psn_no")),
        back(third, "good"),
        back(fourth, "stranger", psn_no="q"),
    ]
    found = settle(rules(layer()), first, second, third, fourth, *rows)
    assert codes(found) == [
        ("c001", "E_REVERSAL_OPEN"),
        ("c002", "E_FORM"),
        ("c002", "E_REVERSAL_OPEN"),
        ("nobody", "E_MISSING"),
        ("nobody-too", "E_MISSING"),
        ("stranger", "E_REVERSAL_ORPHAN"),
    ]
    assert [(pair.original.setl_id, pair.reversal.setl_id) for pair in found.reversed] == [("c003", "good")]
    assert [row.claim.setl_id for row in found.settled] == ["c004"]


def test_the_first_of_two_with_one_id_stays() -> None:
    first, later = claim(1, 1000), claim(2, 500, setl_id="c001")
    found = settle(rules(layer()), later, first, first)
    assert [row.claim.medfee_sumamt for row in found.settled] == [1000]
    assert [row.found for row in found.rejected] == ["c001, an identical copy", "c001, a differing copy"]


def test_strangers_and_pools_that_nobody_serves() -> None:
    strangers = [
        claim(1, 1, psn_no="q"),
        claim(2, 1, insutype="310"),
        claim(3, 1, insu_admdvs="990200"),
        claim(4, 1, insu_admdvs="110101"),
        claim(5, 1, begndate=dt.date(2019, 12, 31)),
    ]
    found = settle(rules(layer()), *strangers)
    assert codes(found) == [
        ("c001", "E_PERSON"),
        ("c002", "E_PERSON"),
        ("c003", "E_PERSON"),
        ("c004", "E_POOL"),
        ("c005", "E_PERSON"),
    ]


def test_a_combination_without_a_rule_and_a_parameter_that_is_missing() -> None:
    missing = (Missing("the.ratio", "no number", {"med_type": Codes(("14",))}),)
    only = Rule("stays", {"med_type": Codes(("21", "14"))}, ("pooled",))
    found = settle(rules(layer(), rule=only, missing=missing), claim(1, 1, med_type="11"), claim(2, 1, med_type="14"))
    assert [row.code for row in found.rejected] == ["E_NO_RULE", "E_NO_RULE"]
    assert "the.ratio" in found.rejected[1].expected


def test_a_rule_may_override_another() -> None:
    yields = Rule("all", {}, ("pooled",))
    narrow = Rule("poor", {"med_type": Codes(("21",))}, (), overrides=("all",))
    found = settle(rules(layer(), rules=(yields, narrow)), claim(1, 1000), claim(2, 1000, med_type="11"))
    assert [row.rule_id.partition(":")[2] for row in found.settled] == ["poor", "all"]


@pytest.mark.parametrize(
    ("rule_set", "message"),
    [
        (
            rules(layer(), rules=(Rule("a", {}, ()), Rule("b", {"med_type": Codes(("2*",))}, ()))),
            "'a' and 'b' both match",
        ),
        (rules(layer("x", "maf_pay", Case({}, limit=Limit(1)), Case({}, limit=Limit(2)))), "two cases"),
        (
            rules(layer("x", "maf_pay", Case({}, adjust=Adjust(own_bp=1)), Case({}, adjust=Adjust(own_bp=2)))),
            "two adjust",
        ),
        (rules(Layer("x", "maf_pay", (Case(),))), "no bands"),
    ],
)
def test_rules_that_contradict_themselves_stop_the_twin_at_a_claim_and_the_core_at_load(
    rule_set: RuleSet, message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        settle(rule_set, claim(1, 1000))
    with pytest.raises(PolicyError):
        compile_rule_sets([rule_set])


def test_the_twin_shares_nothing_with_the_core() -> None:
    forbidden = "numpy pyarrow qingsuan._kernel qingsuan._order qingsuan._classify qingsuan.policy.compile"
    program = (
        f"import sys, qingsuan.benefits.reference.twin; sys.exit(bool(set({forbidden.split()}) & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_claim_outside_the_year_is_not_settled() -> None:
    assert codes(settle(rules(layer()), claim(400, 1000))) == [("c400", "E_DATE")]
