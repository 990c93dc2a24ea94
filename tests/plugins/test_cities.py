"""Ten made-up cities: every construct of the rule model is used by one, reckoned by hand, and equal to the slow twin."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from distributions import leave_behind
from model_use import constructs, used
from qingsuan.benefits.reference.twin import Claim, Outcome
from qingsuan.cases.casefile import read_case
from qingsuan.cases.outcome import Result
from qingsuan.policy.model import FUNDS, Function, Pool, Region, RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.testing import CaseFailedError, collect_cases, run_case
from twin_cases import settle_with_twin

HERE = Path(__file__).parent / "cities"
CASES = collect_cases(HERE / "cases")
POOLS = tuple(Pool(code, code, (code[:4],)) for code in (*(f"990{n}00" for n in range(1, 10)), "991000"))
REGION = Region(
    "990000",
    "made up",
    POOLS,
    rules=HERE / "src/qingsuan_cities/rules",
    functions={"season": Function(len, ("setl_time",))},
)
COMPARED = ("act_pay_dedc", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay", "balc")


@pytest.fixture(scope="module")
def rule_sets() -> tuple[RuleSet, ...]:
    return read_rule_sets(REGION)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Install the made-up plugin the way pip leaves a distribution behind; its paths."""
    site = tmp_path_factory.mktemp("site")
    leave_behind(site, "cities")
    return [site, HERE / "src"]


def season(claim: Claim) -> str:
    """What the function of the plugin says, for one claim."""
    return "warm" if 5 <= claim.setl_time.month <= 10 else "cold"


def fen(value: Any) -> int:
    return int(value * 100)


def of_engine(result: Result) -> dict[str, tuple[object, ...]]:
    """What the command settled, amounts in fen."""
    return {
        row["setl_id"]: (row["rule_id"], row["variant"], *(fen(row[name]) for name in (*COMPARED, *FUNDS)))
        for row in result.settled
    }


def of_twin(outcome: Outcome) -> dict[str, tuple[object, ...]]:
    return {
        row.claim.setl_id: (
            row.rule_id,
            row.variant,
            *(getattr(row, name) for name in COMPARED),
            *(row.funds[fund] for fund in FUNDS),
        )
        for row in outcome.settled
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_city_settles_as_it_was_reckoned_and_as_the_twin_does(
    case: Path, paths: list[Path], rule_sets: tuple[RuleSet, ...]
) -> None:
    result = run_case(case, require=["qingsuan-cities"], paths=paths)
    twin = settle_with_twin(read_case(case), REGION, rule_sets, {"season": season})
    assert of_engine(result) == of_twin(twin)
    assert Counter((row["setl_id"], row["code"]) for row in result.rejected) == Counter(
        (row.claim.setl_id, row.code) for row in twin.rejected
    )
    assert len(result.reversed) == 2 * len(twin.reversed)


def test_every_city_has_rules_and_a_case_with_every_rule(paths: list[Path], rule_sets: tuple[RuleSet, ...]) -> None:
    assert {rule_set.pool for rule_set in rule_sets} == {pool.code for pool in POOLS}
    met = {
        row.rule_id
        for case in CASES
        for row in settle_with_twin(read_case(case), REGION, rule_sets, {"season": season}).settled
    }
    assert {f"{rule_set.name}:{rule.id}" for rule_set in rule_sets for rule in rule_set.rules} - met == set()


def test_every_construct_of_the_model_is_used(rule_sets: tuple[RuleSet, ...]) -> None:
    found = {name for rule_set in rule_sets for name in used(rule_set)}
    assert constructs() - found == set()


def test_a_construct_that_no_city_uses_is_noticed(rule_sets: tuple[RuleSet, ...]) -> None:
    without = [dataclasses.replace(rule_set, covers=()) for rule_set in rule_sets]
    found = {name for rule_set in without for name in used(rule_set)}
    assert {"RuleSet.covers", "Covers.when"} <= constructs() - found


def test_a_case_notices_another_amount(paths: list[Path], tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    text = CASES[0].read_text("utf-8")
    assert text.count('hifp_pay = "24400.00"') == 1
    case.write_text(text.replace('hifp_pay = "24400.00"', 'hifp_pay = "24400.01"'), "utf-8")
    with pytest.raises(CaseFailedError, match=r"found 24400.00, expected 24400.01"):
        run_case(case, paths=paths)
