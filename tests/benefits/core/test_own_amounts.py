"""The door to the core for amounts that claims have for themselves: what it takes on trust is refused here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qingsuan.benefits.core.core import Core
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[dimensions.n]
kind = "number"
column = "n"
[layers.own]
fund = "hifp_pay"
limit = { yuan = { number = "n", base = 1, step = 1, from = 0 }, source = "X" }
bands = { percent = [100], source = "X" }
[layers.plain]
fund = "maf_pay"
bands = { percent = [50], source = "X" }
[[rules]]
id = "own"
when = { med_type = ["21"] }
layers = ["own"]
[[rules]]
id = "plain"
when = { med_type = ["11"] }
layers = ["plain"]
"""
)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    file = tmp_path_factory.mktemp("rules") / "a.toml"
    file.write_text(RULES, "utf-8")
    program = compile_rule_sets([read_rule_set(file)])
    assert [program.rule_id(number).rpartition(":")[2] for number in range(2)] in (["own", "plain"], ["plain", "own"])
    made = Core(program.tables)
    made.own_variant = [program.rule_id(n).endswith(":own") for n in range(2)].index(True)  # type: ignore[attr-defined]
    return made


def settle(core: Core, own: Any, *, variants: tuple[int, ...] = (0, 1), stay: tuple[int, ...] = ()) -> list[int]:
    """Settle claims of 10 yuan by variants: 0 is the one with an amount of the claim's own, 1 the plain one."""
    n, mine = len(variants), core.own_variant  # type: ignore[attr-defined]
    bill = np.array([[1000] * n, [0] * n, [0] * n, [0] * n, [1000] * n], np.int64)
    return (
        core.settle(
            np.zeros(n, np.int32),
            np.zeros(n, np.int32),
            np.array(
                [mine if variant == 0 else 1 - mine if variant == 1 else variant for variant in variants], np.int32
            ),
            np.zeros(n, np.int16),
            bill,
            np.zeros(n, np.int8),
            np.zeros(n, np.int64),
            stay=np.array(stay, np.int32),
            own=np.array(own, np.int64).reshape(-1, n) if len(own) else np.zeros((0, 0), np.int64),
        )
        .funds.sum(axis=0)
        .tolist()
    )


def test_each_claim_is_paid_by_its_own_amount_and_others_by_none(core: Core) -> None:
    assert settle(core, [300, 0, 700], variants=(0, 1, 0)) == [300, 500, 700]
    assert settle(core, [300, 999, 700], variants=(0, -1, 0)) == [300, 0, 700]


def test_parts_of_a_stay_share_the_amount_of_the_one_at_hand(core: Core) -> None:
    assert settle(core, [300, 500, 700], variants=(0, 0, 0), stay=(1, 1, 0)) == [300, 200, 700]


def test_nothing_is_wanted_where_no_claim_asks(core: Core) -> None:
    assert settle(core, [], variants=(1, -1)) == [500, 0]


@pytest.mark.parametrize(
    ("own", "stay", "said"),
    [
        ([], (), "columns differ in length"),
        ([[1, 2], [3, 4]], (), "columns differ in length"),
        ([-1, 0], (), "amount outside"),
        ([10**13 + 1, 0], (), "amount outside"),
        ([0, 10**13 + 1], (), "amount outside"),
        ([1, 2], (-1, 0), "stay below 0"),
    ],
)
def test_what_the_core_would_take_on_trust_is_refused(core: Core, own: Any, stay: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        settle(core, own, stay=stay)


def test_the_largest_amount_is_taken(core: Core) -> None:
    assert settle(core, [10**13, 0]) == [1000, 500]


def test_a_variant_that_is_none_is_found_by_the_core(core: Core) -> None:
    with pytest.raises(ValueError, match="variant outside"):
        settle(core, [1, 1], variants=(0, 7))
