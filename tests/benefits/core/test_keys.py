"""Groups kept apart by a key: how blocks are numbered, and what the door refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qingsuan.benefits.core.core import Core
from qingsuan.benefits.core.keys import check_keyed, number_blocks
from qingsuan.benefits.core.plan import SLOT_WIDTH, Plan
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.numeric import Tables
from qingsuan.policy.reader import read_rule_set
from settling import RULES

KEYED = RULES.replace('stay = "year"', 'stay = { period = "year", by = "dise_code" }')
"""One deductible a year for each disease."""


def ints(*values: int) -> Any:
    return np.array(values, np.int32)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    file: Path = tmp_path_factory.mktemp("rules") / "a.toml"
    file.write_text(KEYED, "utf-8")
    return compile_rule_sets([read_rule_set(file)]).tables


def rows(**changes: Any) -> dict[str, Any]:
    """Four claims of 1000 yuan of two people; the first person's are of two diseases."""
    bill = np.array([[100_000, 0, 0, 0, 100_000]] * 4, np.int64).T.copy()
    given = {
        "person": ints(0, 0, 0, 1),
        "account": ints(0, 0, 0, 0),
        "variant": ints(0, 0, 0, 0),
        "day": np.zeros(4, np.int16),
        "bill": bill,
        "may_use_account": np.zeros(4, np.int8),
        "balance": np.zeros(4, np.int64),
        "keys": np.array([[1, 2, 1, 1]], np.int32),
    }
    return {**given, **changes}


def test_blocks_are_numbered_within_a_person() -> None:
    person, account = ints(0, 0, 0, 0, 3, 3), ints(0, 0, 1, 0, 0, 0)
    disease = (0, ints(0, 1, 2, 3, 4, 5), ints(7, 9, 7, 7, 7, 2))
    care = (1, ints(0, 4), ints(7, 7))
    found = number_blocks(person, account, [disease, care], 3)
    assert found.shape == (3, 6)
    assert found[0, 0] == found[0, 3]  # the same disease
    of_first = {int(found[0, at]) for at in (0, 1, 2)} | {int(found[1, 0])}
    assert of_first == {1, 2, 3, 4}  # another disease, another account, another key
    assert {int(found[0, 4]), int(found[0, 5]), int(found[1, 4])} == {1, 2, 3}
    assert found[1, [1, 2, 3, 5]].tolist() == [0, 0, 0, 0]
    assert not found[2].any()
    assert number_blocks(person, account, [], 2).tolist() == [[0] * 6] * 2


def test_each_key_has_counters_of_its_own(tables: Tables) -> None:
    """Each disease and person bears the first deductible once; a block goes on where it was left."""
    plan = Plan.of(tables)
    amounts = tables.amounts.tolist()
    first, second = amounts[:2]
    paid = Core(tables).settle(**rows())
    assert paid.act_pay_dedc.tolist() == [first, first, second, first]
    one = Core(replace(tables, keys=np.zeros((0, tables.slots), np.int64))).settle(
        **rows(keys=np.zeros((0, 0), np.int32))
    )
    assert one.act_pay_dedc.tolist() == [first, second, second, first]
    assert plan.keyed.needs.tolist() == [[True], [True]]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([[1, 0, 1, 1]], "counts by a key has none"),
        ([[1, -1, 1, 1]], "counts by a key has none"),
        ([[1, 1, 1]], "as many columns as there are claims"),
        ([[1, 1, 1, 1]] * 2, "a row for each key"),
    ],
)
def test_a_claim_without_its_key_is_refused(tables: Tables, keys: list[list[int]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Core(tables).settle(**rows(keys=np.array(keys, np.int32)))


def test_a_claim_that_no_fund_pays_needs_no_key(tables: Tables) -> None:
    paid = Core(tables).settle(**rows(variant=ints(0, -1, 0, 0), keys=np.array([[1, 0, 1, 1]], np.int32)))
    assert paid.funds[:, 1].sum() == 0


def test_a_block_of_two_accounts_is_refused(tables: Tables) -> None:
    with pytest.raises(ValueError, match="row 1: a block of two accounts"):
        Core(tables).settle(**rows(account=ints(0, 1, 0, 0), keys=np.array([[1, 1, 1, 1]], np.int32)))


@pytest.fixture(scope="module")
def by_family(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    file: Path = tmp_path_factory.mktemp("rules") / "b.toml"
    file.write_text(KEYED.replace("dise_code", "family"), "utf-8")
    return compile_rule_sets([read_rule_set(file)]).tables


def test_people_who_share_a_key_bear_its_first_deductible_once(by_family: Tables) -> None:
    """They stand at the door as one person, each with an account; what the block counts is of none of them."""
    given = {"person": ints(0, 0, 0, 1), "account": ints(0, 1, 0, 0), "keys": np.array([[1, 1, 2, 1]], np.int32)}
    first, second = by_family.amounts.tolist()[:2]
    assert Core(by_family).settle(**rows(**given)).act_pay_dedc.tolist() == [first, second, first, first]


def test_what_people_share_is_counted_in_the_order_of_days(by_family: Tables) -> None:
    """Each account's days rise, and the block's do not."""
    days = np.array([5, 4, 5, 0], np.int16)
    given = {"account": ints(0, 1, 0, 0), "keys": np.array([[1, 1, 1, 1]], np.int32), "day": days}
    with pytest.raises(ValueError, match="row 1: a block of two accounts, or one that people share"):
        Core(by_family).settle(**rows(**given))


def test_what_people_share_is_not_carried(by_family: Tables) -> None:
    given = rows()
    core = Core(by_family)
    with pytest.raises(ValueError, match="not carried from run to run"):
        core.settle_on(*(given[name] for name in list(given)[:-1]), before=None, kind=np.zeros(0, np.int8))  # type: ignore[arg-type]


def test_a_number_takes_the_place_of_the_account_of_what_people_share() -> None:
    claims = [(0, ints(0, 1), ints(7, 7)), (1, ints(0, 1), ints(7, 7))]
    found = number_blocks(ints(0, 0), ints(0, 1), claims, 2, {1: ints(4, 4)})
    assert found[0, 0] != found[0, 1]
    assert found[1, 0] == found[1, 1]
    assert len(set(found.ravel().tolist())) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shared": np.ones(1, np.bool_)}, "a group is shared, and its key is not"),
        ({"width": 1}, "1 cells, expected those of"),
        ({"needs": np.zeros((1, 1), np.bool_)}, "rows of variants, expected none or 2"),
        ({"needs": np.zeros((2, 1), np.bool_)}, "counts by a key that it does not need"),
    ],
)
def test_a_plan_that_is_wrong_is_refused(tables: Tables, changes: dict[str, Any], said: str) -> None:
    plan = Plan.of(tables).keyed
    check_keyed(plan, 2, SLOT_WIDTH, tables.slots)
    with pytest.raises(ValueError, match=said):
        check_keyed(replace(plan, **changes), 2, SLOT_WIDTH, tables.slots)


def test_tables_with_a_key_too_many_are_refused(tables: Tables) -> None:
    for keys, said in ((tables.keys[:, :0], "table keys has shape"), (tables.keys - 2, "key out of range")):
        with pytest.raises(ValueError, match=said):
            Core(replace(tables, keys=keys))
