"""Alternatives in a condition (``any_of``): how they are read, and what is said of a list that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import AnyOf, Codes, Interval, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.when.values import written_out
from rule_heads import head

TEXT = (
    head(source="X1", levels=("1", "2"))
    + """\
[identities]
poor = { title = "特困", codes = ["2304"], source = "X1" }
[[rules]]
id = "outpatient"
when = { WHEN, med_type = ["11"] }
layers = []
"""
)


def read(folder: Path, when: str) -> RuleSet:
    file = folder / "a.toml"
    file.write_text(TEXT.replace("WHEN", when), "utf-8")
    return read_rule_set(file)


def test_alternatives_are_read_beside_other_conditions(tmp_path: Path) -> None:
    when = 'any_of = [{ age = { from = 60 } }, { psn_type = ["14*"], dedc_hosp_lv = ["1"] }, { psn_idet_type = { any = ["poor"] } }]'
    rule_set = read(tmp_path, when)
    found = rule_set.rules[0].when
    choice = found["any_of"]
    assert isinstance(choice, AnyOf)
    assert choice.alternatives[:2] == (
        {"age": Interval(60, None)},
        {"psn_type": Codes(("14*",)), "dedc_hosp_lv": Codes(("1",))},
    )
    assert [set(one) for one in written_out(found)] == [
        {"age", "med_type"},
        {"psn_type", "dedc_hosp_lv", "med_type"},
        {"psn_idet_type", "med_type"},
    ]
    with pytest.raises(TypeError):
        choice.alternatives[0]["age"] = Interval(61, None)  # type: ignore[index]
    assert compile_rule_sets([rule_set]).rule_id(0).endswith(":outpatient")


OLD, MINOR, POOR = "{ age = { from = 60 } }", '{ psn_type = ["14*"] }', '{ psn_idet_type = { any = ["poor"] } }'


@pytest.mark.parametrize(
    ("alternatives", "said"),
    [
        ("[]", ("when.any_of: an empty list", "at least two tables of conditions", "take it out")),
        (f"[{OLD}, {POOR}, {{}}]", ("when.any_of[3]: an alternative without a condition", "leave any_of out")),
        (f"[{POOR}]", ("when.any_of: one alternative", "at least two tables", "beside the others, without any_of")),
        (POOR, ("when.any_of: a table", "a list of tables", "[[double brackets]]")),
        (f'["{60}", {POOR}]', ('when.any_of[1]: the text "60"', "a table")),
        (f"[{POOR}, {{ any_of = [{OLD}, {MINOR}] }}]",
         ("when.any_of[2].any_of: alternatives inside an alternative", "write each combination")),
        (f"[{POOR}, {{ agee = {{ from = 60 }} }}]", ('when.any_of[2].agee: unknown dimension "agee"', 'did you mean "age"?')),
        (f"[{POOR}, {{ psn_type = [] }}]", ("when.any_of[2].psn_type: an empty list", "at least one code")),
        (f'[{POOR}, {{ psn_type = ["X9"] }}]', ('when.any_of[2].psn_type[1]: "X9" is no psn_type here',)),
        (f"[{POOR}, {{ age = {{ from = 60, below = 60 }} }}]", ("when.any_of[2].age: an interval that holds no value",)),
        (f'[{OLD}, {{ psn_idet_type = {{ any = ["poo"] }} }}, {POOR}]',
         ('when.any_of[2].psn_idet_type.any[1]: no identity class "poo"', 'did you mean "poor"?')),
        (f'[{POOR}, {{ med_type = ["11"], psn_type = ["14*"] }}]',
         ("when.any_of[2].med_type: med_type, which also stands beside any_of", "write the whole condition on it in each")),
        # alternatives that repeat each other
        (f"[{POOR}, {OLD}, {POOR}]", ("when.any_of[3]: an alternative that holds only where any_of[1] holds", "take it out")),
        (f'[{POOR}, {{ psn_type = ["1401", "1402"] }}, {MINOR}]', ("when.any_of[2]: an alternative that holds only where any_of[3] holds",)),
        (f"[{POOR}, {OLD}, {{ age = {{ from = 60, below = 80 }}, dedc_hosp_lv = [\"1\"] }}]",
         ("when.any_of[3]: an alternative that holds only where any_of[2] holds", "each adds something")),
        (f'[{POOR}, {{ psn_type = {{ not = ["14*"] }} }}, {{ psn_type = {{ not = ["15*", "14*"] }} }}]',
         ("when.any_of[3]: an alternative that holds only where any_of[2] holds",)),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, alternatives: str, said: tuple[str, ...]) -> None:
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, f"any_of = {alternatives}")
    text = str(caught.value)
    assert "expected: " in text
    for each in ("rules[1]", *said):
        assert each in text


@pytest.mark.parametrize(
    "alternatives",
    [
        f"[{OLD}, {MINOR}, {POOR}]",
        f'[{{ age = {{ from = 60 }}, dedc_hosp_lv = ["1"] }}, {{ age = {{ from = 50 }}, dedc_hosp_lv = ["2"] }}, {POOR}]',
        f'[{{ psn_type = {{ not = ["14*"] }} }}, {{ psn_type = ["14*"], dedc_hosp_lv = ["1"] }}, {POOR}]',
    ],
)
def test_alternatives_that_each_add_something_are_sound(tmp_path: Path, alternatives: str) -> None:
    assert len(written_out(read(tmp_path, f"any_of = {alternatives}").rules[0].when)) == 3


def test_a_dimension_cannot_have_the_name(tmp_path: Path) -> None:
    own = '[dimensions.any_of]\nkind = "code"\ncolumn = "x"\n[[rules]]'
    file = tmp_path / "a.toml"
    file.write_text(TEXT.replace("WHEN", f"any_of = [{OLD}, {POOR}]").replace("[[rules]]", own), "utf-8")
    with pytest.raises(PolicyError, match=r'dimensions\.any_of: "any_of", which holds alternatives'):
        read_rule_set(file)
