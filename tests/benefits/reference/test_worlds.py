"""The random worlds themselves: every setting occurs, every kind of row occurs, and every rule of the twin matters there."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import qingsuan.benefits.reference.layers as layers_module
import qingsuan.benefits.reference.periods as periods_module
import qingsuan.benefits.reference.steps as steps_module
from qingsuan.benefits.reference import twin
from qingsuan.benefits.reference.twin import Outcome, Places, settle_year
from qingsuan.policy.model import (
    COLUMN_PART,
    COUNTERS,
    ENTRY_PARTS,
    FUNDS,
    LAYER_PARTS,
    PERSONAL_ACCOUNT,
    Case,
    Codes,
    RuleSet,
)
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS
from qingsuan.policy.per_claim.rounding import SIDES
from qingsuan.tables import PLACES
from worlds import KEYS, World, world

SEEDS = (*range(100, 148), 11, 21)


@pytest.fixture(scope="module")
def made() -> list[tuple[World, Outcome]]:
    return [(one, settle(one)) for one in (world(seed, 16, 260) for seed in SEEDS)]


def settle(one: World) -> Outcome:
    return twin.settle_year(one.claims, one.insured, one.identities, Places(one.regions), one.rule_sets, one.year)


def settings(rule_set: RuleSet) -> Iterator[str]:
    """The name of every setting in a rule set."""
    yield from ["missing"] * bool(rule_set.missing)
    yield from ["until"] * (rule_set.until is not None)
    yield from (f"group {period}" for period in rule_set.groups.values())
    yield from ["other year"] * (rule_set.year_begins != (1, 1))
    yield from (f"key {by}" for by in rule_set.group_keys.values())
    yield from (f"carries {'all' if one.most_fen is None else 'some'}" for one in rule_set.carry_over.values())
    yield from (f"counts a {rule_set.groups[counted]}" for counted in rule_set.group_counts.values())
    yield f"benefit {rule_set.benefit_date}"
    yield f"identity {rule_set.identity_date}"
    for rule in rule_set.rules:
        yield from (f"condition {name}" for name in rule.when)
        yield f"rule of {'no' if not rule.layers else 'some'} layers"
        yield from ["override"] * bool(rule.overrides)
        yield from ["entry share"] * (rule.entry_bp != 10_000)
        if rule.ceiling is not None:
            yield f"ceiling {rule.ceiling.of}"
        if rule.guarantee is not None:
            yield f"guarantee {rule.guarantee.of}"
    for layer in rule_set.layers.values():
        yield f"fund {layer.fund}"
        for case in layer.cases:
            yield from case_settings(case)


def case_settings(case: Case) -> Iterator[str]:
    yield from (f"case {name}" for name in case.when)
    yield from ["negated"] * any(isinstance(meets, Codes) and meets.negated for meets in case.when.values())
    if case.visits is not None:
        yield f"visits {case.visits.counts}"
    bounds = (("deductible", case.deductible), ("limit", case.limit), *(("cap", cap) for cap in case.caps or ()))
    for name, bound in bounds:
        if bound is not None and (own := bound.of_claim) is not None:
            chosen = f"chosen {name} {bound.per} by {own.select and own.select.counter == 'visits'}"
            yield f"own {name} {bound.per} of {own.value}" if own.select is None else chosen
    if (taken := case.deductible) is not None:
        yield f"deductible {taken.per} {taken.group is not None} {taken.exempt} {taken.credits}"
        yield from ["schedule"] * (len(taken.amounts_fen) > 1)
    if (bands := case.bands) is not None:
        select = bands.select
        crossed = f"bands {bands.per} {bands.measured} {bands.group is not None}"
        yield crossed if select is None else f"select {select.counter}"
    yield from (f"limit {limit.per}" for limit in (case.limit,) if limit is not None)
    yield from (f"cap {cap.per} {cap.group is not None} {cap.amount_fen is not None}" for cap in case.caps or ())
    yield from (f"entry {entry.part}" + " off" * (entry.ratio_bp < 0) for entry in case.entry or ())
    yield from (f"rounding {one.side} {one.of}" for one in (case.rounding,) if one is not None)
    yield from ["counts toward"] * (case.counts_toward is not None)
    if (adjust := case.adjust) is not None:
        yield from ["relief"] * (adjust.deductible_bp is not None)
        yield from ["own share"] * (adjust.own_bp is not None)
        yield f"points {(adjust.points_bp > 0) - (adjust.points_bp < 0)}"
        yield from (f"lift {'visit' if name == 'visit' else 'group'}" for name in adjust.lift_caps)


EXPECTED = {
    *(f"{kind} {name}" for kind in ("condition", "case") for name in ("age", "medfee_sumamt", "date", "days", "years")),
    *(f"{kind} {name}" for kind in ("condition", "case") for name in ("insutype", "psn_type", "med_type", "dise_code")),
    *(f"{kind} {name}" for kind in ("condition", "case") for name in ("dedc_hosp_lv", "psn_idet_type", "place")),
    *(f"{kind} {name}" for kind in ("condition", "case") for name in ("referral", "ward", "tier", "named", "half")),
    *(f"{kind} any_of" for kind in ("condition", "case")),
    *(f"rule of {how} layers" for how in ("no", "some")),
    *(f"guarantee {of}" for of in ("medfee_sumamt", "inscp_scp_amt")),
    *(f"own {name} visit of {of}" for name in ("deductible", "limit", "cap") for of in (DAYS, "years")),
    *(f"own cap visit of {of}" for of in BILL_VALUES),
    *(f"own {name} period of days" for name in ("deductible", "limit", "cap")),
    *(
        f"own {name} {per} of {column}"
        for name in ("deductible", "limit", "cap")
        for per in ("visit", "period")
        for column in ("claims.x_approved", "insured.x_quota")
    ),
    *(f"ceiling {of}" for of in ("medfee_sumamt", "inscp_scp_amt")),
    *(f"key {by}" for by in KEYS),
    "other year",
    *("carries all", "carries some", "counts a month", "counts a quarter", "counts a day"),
    *(
        f"chosen {name} {per} by {visits}"
        for name in ("deductible", "limit", "cap")
        for per in ("visit", "period")
        for visits in (True, False)
    ),
    *(f"group {period}" for period in ("year", "quarter", "month", "day")),
    *(f"{kind} {date}" for kind in ("benefit", "identity") for date in ("setl_time", "begndate", "enddate")),
    *(f"fund {fund}" for fund in (*FUNDS, PERSONAL_ACCOUNT)),
    *(f"visits {counts}" for counts in (True, False)),
    *(f"deductible period True {how}" for how in ("False False", "True False", "True True")),
    *(
        f"deductible visit {how}"
        for how in ("False False False", "True False False", "True True True", "False True False")
    ),
    *(f"bands {per} {how}" for per in ("visit", "period") for how in ("absolute True", "excess True")),
    *(f"bands visit {how} False" for how in ("absolute", "excess")),
    *(f"select {counter}" for counter in COUNTERS),
    *("limit visit", "limit period", "cap period True True", "cap period True False"),
    *("cap visit True True", "cap visit False True", "relief", "own share", "lift visit", "lift group", "negated"),
    *(f"entry {part}" for part in (*ENTRY_PARTS, *LAYER_PARTS, COLUMN_PART, f"{COLUMN_PART} off")),
    "counts toward",
    *(f"rounding {side} {of}" for side in SIDES for of in ("payment", "own_share")),
    *(f"points {sign}" for sign in (-1, 0, 1)),
    *("override", "entry share", "missing", "until", "schedule"),
}


def test_every_setting_occurs(made: list[tuple[World, Outcome]]) -> None:
    found = {name for one, _ in made for rule_set in one.rule_sets for name in settings(rule_set)}
    assert EXPECTED - found == set()


def test_every_kind_of_row_occurs(made: list[tuple[World, Outcome]]) -> None:
    rejected = Counter(row.code for _, outcome in made for row in outcome.rejected)
    codes = {"E_POOL", "E_DUPLICATE", "E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH", "E_PERSON", "E_NO_RULE"}
    codes |= {"E_REVERSAL_OPEN", "E_MISSING", "E_FORM", "E_CODE", "E_NEGATIVE", "E_COMPOSITION", "E_DATE", "E_RANGE"}
    assert set(rejected) == codes
    assert any(outcome.reversed for _, outcome in made)
    settled = [row for _, outcome in made for row in outcome.settled]
    assert {"waiting-period", "r00"} <= {row.rule_id.split(":")[-1] for row in settled}
    assert any(row.acct_pay for row in settled)
    assert any(row.claim.medfee_sumamt >= 10**13 - 1 for row in settled)
    assert {
        Places(one.regions).place(row.claim.fix_blng_admdvs, row.pool)
        for one, outcome in made
        for row in outcome.settled
    } == set(PLACES)


def test_nothing_is_lost_and_every_identity_of_a_claim_holds(made: list[tuple[World, Outcome]]) -> None:
    for one, outcome in made:
        rows = len(outcome.settled) + 2 * len(outcome.reversed) + len(outcome.rejected)
        assert rows == len(one.claims)
        for row in outcome.settled:
            bill = row.claim
            assert bill.medfee_sumamt == row.fund_pay_sumamt + row.psn_part_amt
            assert row.psn_part_amt == row.acct_pay + row.psn_cash_pay
            assert min(*row.funds.values(), row.psn_cash_pay, row.acct_pay, row.balc) >= 0
            assert 0 <= row.act_pay_dedc <= bill.inscp_scp_amt
            assert 0 <= row.pool_prop_selfpay_bp <= 10_000


def test_the_order_of_rows_changes_nothing() -> None:
    one = world(7, 20, 200)
    turned = settle_year(
        one.claims[::-1], one.insured[::-1], one.identities[::-1], Places(one.regions), one.rule_sets[::-1], one.year
    )
    assert turned.settled == settle(one).settled


def test_half_a_year_and_its_counters_and_the_other_half_are_the_year() -> None:
    for seed in (2, 3, 4):
        one = world(seed, 20, 400)
        rule_sets = [replace(rule_set, benefit_date="setl_time") for rule_set in one.rule_sets]
        whole_visits = [replace(claim, mdtrt_id="", mid_setl_flag="") for claim in one.claims]  # no stay over the cut
        alone = {(claim.psn_no, claim.setl_id): claim for claim in whole_visits if claim.refd_setl_flag != "1"}
        first = [claim for claim in alone.values() if claim.setl_time.isoformat() < f"{one.year}-07"]
        second = [claim for claim in alone.values() if claim.setl_time.isoformat() >= f"{one.year}-07"]
        known = (one.insured, one.identities, Places(one.regions), rule_sets, one.year)
        whole = settle_year(alone.values(), *known)
        half = settle_year(first, *known)
        rest = settle_year(second, *known, opening=half.accounts)
        assert sorted([*half.settled, *rest.settled], key=claim_key) == sorted(whole.settled, key=claim_key)
        assert rest.accounts == whole.accounts
        assert len(half.settled) > 40 < len(rest.settled)


def claim_key(row: twin.Settled) -> tuple[str, str]:
    return row.claim.psn_no, row.claim.setl_id


MUTATIONS = [
    ("(fen_bp + BP_ONE // 2) // BP_ONE", "fen_bp // BP_ONE"),
    ("min(visit_number, len", "min(visit_number + 1, len"),
    ("of(group).visits += 1", "of(group).visits += 2"),
    ("deductible_used + running.used.get(group, 0)", "deductible_used"),
    ("NOTHING).base + running.let_in.get(group, 0)", "NOTHING).base"),
    ("drawn_fen = running.drawn.get(cap.group, 0)", "drawn_fen = 0"),
    ("raw_fen = min(raw_fen, left_of_bill_fen)", "pass"),
    ("so_far.base + d_fen if absolute", "so_far.base if absolute"),
    (
        "return of_stay.base + d_fen if absolute else of_stay.excess",
        "return of_stay.base if absolute else of_stay.excess",
    ),
    ("limit_group != setting.bands.group", "True"),
    (
        "list(dict.fromkeys(cap.group for cap in caps if cap.group is not None))",
        "[cap.group for cap in caps if cap.group is not None]",
    ),
    ("for step in reversed(named)", "for step in named"),
    ('("visit" if cap.per == "visit" else cap.group) in setting.lifted', "cap.group in setting.lifted"),
    ('("visit" if cap.per == "visit" else cap.group) in setting.lifted', "False"),
    ("bisect_right(_steps(bands.select), value)", "bisect_right(_steps(bands.select), value - 1)"),
    ('if select.counter == "visits":', "if not select.counter:"),
    ("ratio_bp[bisect_right(bands.upto_fen, p0_fen)]", "ratio_bp[bisect_right(bands.upto_fen, p0_fen - 1)]"),
    ("(2 * (high - low) + x_fen) // (2 * x_fen)", "(high - low) // x_fen"),
    ("would_take_fen if is_credited else d_fen", "d_fen"),
    ("self.raw_fen - (self.pay_fen + self.taken_back_fen - self.made_up_fen)", "self.raw_fen - self.pay_fen - 1"),
    ("apply_bp(bill.inscp_scp_amt, plan.rule.entry_bp)", "bill.inscp_scp_amt"),
    ("max(0, entered_fen - running.paid_fen)", "entered_fen"),
    ("account_fen = running.account_fen if", "account_fen = 10**15 if"),
    ("running.account_fen -= step.pay_fen", "pass"),
    ("-share_fen if entry.ratio_bp < 0 else share_fen", "share_fen"),
    ("max(0, sum(components_fen)), None", "sum(components_fen), None"),
    ("[*taken, (toward.group, step.pay_fen)]", "taken"),
]


@pytest.mark.parametrize(("old", "new"), MUTATIONS, ids=[old[:40] for old, _ in MUTATIONS])
def test_worlds_tell_a_mutated_twin_apart(
    old: str, new: str, made: list[tuple[World, Outcome]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the worlds cannot tell apart in the twin, they could not tell apart in the core."""
    modules = (layers_module, steps_module, periods_module)
    module = next(one for one in modules if old in Path(str(one.__file__)).read_text(encoding="utf-8"))
    mutant = mutated(module, old, new, tmp_path)
    for user in (layers_module, twin):
        for name in module.__all__:
            if hasattr(user, name) and name != "periods_of":
                monkeypatch.setattr(user, name, getattr(mutant, name))
    assert any(is_other(one, outcome) for one, outcome in made)


def is_other(one: World, outcome: Outcome) -> bool:
    """Whether a mutated twin settles a world otherwise; or cannot, as it asks for an amount that the claim has not."""
    try:
        settled = settle(one).settled
    except KeyError:
        return True
    return [figures(row) for row in settled] != [figures(row) for row in outcome.settled]


def figures(row: twin.Settled) -> tuple[object, ...]:
    return tuple(row.funds.items()), row.act_pay_dedc, row.pool_prop_selfpay_bp, row.acct_pay, row.balc


def mutated(module: ModuleType, old: str, new: str, folder: Path) -> ModuleType:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(old) == 1
    file = folder / "mutant.py"
    file.write_text(source.replace(old, new), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mutant", file)
    assert spec is not None
    assert spec.loader is not None
    mutant = importlib.util.module_from_spec(spec)
    sys.modules["mutant"] = mutant  # dataclasses look their module up
    spec.loader.exec_module(mutant)
    return mutant
