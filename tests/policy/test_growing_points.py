"""Points that grow with a number, as a file says them: the cases that they are, and what is said of those that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import RuleSet
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

POINTS = 'points = { number = "years", base = 1, step = "1.5", from = 2, upto = 5 }'
TEXT = f"""{head()}
[dimensions.years]
kind = "number"
table = "insured"
column = "cntn_years"
[layers.pooled]
fund = "hifp_pay"
bands = {{ percent = [50], source = "X" }}
adjust = {{ {POINTS}, source = "X" }}
[[rules]]
id = "inpatient"
when = {{ med_type = ["21"], years = {{ from = 0 }} }}
layers = ["pooled"]
"""
WRITTEN_OUT = [
    ("{ below = 3 }", "1"),
    ("{ from = 3, below = 4 }", '"2.5"'),
    ("{ from = 4, below = 5 }", "4"),
    ("{ from = 5 }", "5"),
]  # fmt: skip


def read(folder: Path, text: str) -> RuleSet:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def by_cases(extra: str = "") -> str:
    cases = "".join(
        f'[[layers.pooled.cases]]\nwhen = {{ {extra}years = {years} }}\nadjust = {{ points = {points}, source = "X" }}\n'
        for years, points in WRITTEN_OUT
    )
    return TEXT.replace(f'adjust = {{ {POINTS}, source = "X" }}\n', "").replace("[[rules]]", f"{cases}[[rules]]")


def test_they_are_a_case_for_each_number_of_points(tmp_path: Path) -> None:
    grown, written = read(tmp_path, TEXT), read(tmp_path, by_cases())
    assert grown.layers == written.layers
    assert compile_rule_sets([grown]).digest == compile_rule_sets([written]).digest


def test_in_a_case_they_grow_for_those_whom_it_is_about(tmp_path: Path) -> None:
    of_a_case = TEXT.replace(
        f'adjust = {{ {POINTS}, source = "X" }}',
        f'[[layers.pooled.cases]]\nwhen = {{ psn_type = ["12*"] }}\nadjust = {{ {POINTS}, source = "X" }}',
    )
    assert read(tmp_path, of_a_case).layers == read(tmp_path, by_cases('psn_type = ["12*"], ')).layers


def test_what_is_adjusted_beside_them_holds_for_every_number(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT.replace(POINTS, f"{POINTS}, own_percent = 90"))
    own, *grown = found.layers["pooled"].cases
    assert own.adjust is not None
    assert (own.adjust.own_bp, own.adjust.points_bp) == (9000, 0)
    assert [case.adjust.points_bp for case in grown if case.adjust is not None] == [100, 250, 400, 500]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('number = "years"', 'number = "year"', 'points.number: no number "year"\n  expected: one of years'),
        ('step = "1.5"', "step = 0", "points.step: points that do not grow"),
        ("upto = 5", "upto = 1", "points.upto: not more than base"),
        ('step = "1.5", from = 2, upto = 5', 'step = "0.01", exact = true, from = 2, upto = 5', "points that grow too often"),
        (", upto = 5", "", "points.upto: this key is missing"),
        (", from = 2", ", from = 2, until = 9", "points.until: unknown key"),
        (", years = { from = 0 }", "", "any years, an unknown one too, where points of layer “pooled” grow with it"),
    ],
)  # fmt: skip
def test_points_that_cannot_be_meant_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(PolicyError) as refused:
        read(tmp_path, TEXT.replace(old, new))
    assert said in str(refused.value)


def test_a_case_by_the_number_itself_is_refused(tmp_path: Path) -> None:
    case = f'[[layers.pooled.cases]]\nwhen = {{ years = {{ from = 9 }} }}\nadjust = {{ {POINTS}, source = "X" }}'
    with pytest.raises(PolicyError, match="a case by years, whose points grow with it"):
        read(tmp_path, TEXT.replace(f'adjust = {{ {POINTS}, source = "X" }}', case))
