"""Rounding to another unit than the fen in a rule set: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.model import Rounding
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[groups]
pooled = "year"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [65], source = "X" }
caps = [{ group = "pooled", yuan = 900, source = "X" }]
rounding = { to = "jiao", side = "half", of = "own_share", source = "X" }
[layers.large]
fund = "hifob_pay"
entry = [{ part = "cut_by_cap", layer = "pooled" }]
bands = { percent = [50], source = "X" }
[[rules]]
id = "all"
when = {}
layers = ["pooled", "large"]
"""
)


def refusal(tmp_path: Path, old: str, new: str) -> str:
    assert RULES.count(old) == 1
    file = tmp_path / "a.toml"
    file.write_text(RULES.replace(old, new), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_rule_set(file)
    return str(caught.value)


def test_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(RULES, "utf-8")
    assert read_rule_set(file).layers["pooled"].cases[0].rounding == Rounding(10, "half", "own_share", "X")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('to = "cent", side = "half"', '"fen" | "jiao" | "yuan" | "ten_yuan"'),
        ('to = "jiao", side = "nearest"', '"down" | "half" | "up"'),
        ('to = "jiao"', "side"),
    ],
)
def test_a_unit_or_side_that_is_none_is_refused(tmp_path: Path, new: str, said: str) -> None:
    assert said in refusal(tmp_path, 'to = "jiao", side = "half"', new)


def test_what_is_done_anyway_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'to = "jiao", side = "half", of = "own_share"', 'to = "fen", side = "half"')
    assert "a rounding that is done anyway" in said
    assert "half up to the fen" in said


def test_nobody_asks_for_the_cost_above_a_cap_of_what_is_rounded(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'part = "cut_by_cap"', 'part = "cost_above_cap"')
    assert 'layers.large.entry[1]: cost_above_cap of "pooled", whose payment is rounded' in said
    assert "ask for cut_by_cap" in said
