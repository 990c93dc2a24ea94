"""A deductible or a cap that one combination forgot is not "none": the file is refused until it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.model import Cap
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

HEAD = (
    head(levels=("1", "2"), source="X1")
    + """\
[groups]
pooled = "year"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [80], source = "X1" }
"""
)

RULES = """\
[[rules]]
id = "inpatient"
when = { med_type = ["21"], dedc_hosp_lv = ["1", "2"] }
layers = ["pooled"]
"""

ONE_CAP = """\
[[layers.pooled.cases]]
when = { psn_type = ["14*"] }
caps = [{ group = "pooled", yuan = 320000, source = "X1" }]
"""

OTHER_CAP = ONE_CAP.replace('["14*"]', '{ not = ["14*"] }')

ONE_DEDUCTIBLE = """\
[layers.pooled.deductible]
rows_by = "dedc_hosp_lv"
rows.1 = 200
per = "visit"
group = "pooled"
source = "X1"
"""


def program(folder: Path, text: str) -> Program:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return compile_rule_sets([read_rule_set(file)])


def message(folder: Path, text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        program(folder, text)
    return str(caught.value)


def test_a_cap_that_one_combination_forgot_is_refused_by_its_name(tmp_path: Path) -> None:
    said = message(tmp_path, HEAD + ONE_CAP + RULES)
    assert "layers.pooled: nothing sets caps for rule “inpatient”, med_type=21" in said
    assert "psn_type=absent" in said
    assert "case 1 does for other claims" in said
    assert "write caps = [{ none = true, source = … }]" in said


def test_a_deductible_that_one_row_forgot_is_refused_by_its_name(tmp_path: Path) -> None:
    said = message(tmp_path, HEAD + ONE_DEDUCTIBLE + RULES)
    assert "nothing sets deductible for rule “inpatient”, med_type=21, dedc_hosp_lv=2" in said
    assert "layers.pooled.deductible.rows.1 does for other claims" in said
    assert "write deductible = { exempt = true, source = … }" in said


def test_what_the_rules_of_a_layer_cannot_meet_may_be_left_out(tmp_path: Path) -> None:
    narrow = RULES.replace('["1", "2"] }', '["1"] }')
    assert len(program(tmp_path, HEAD + ONE_DEDUCTIBLE + narrow).resolved) == 1


def test_none_is_a_word_with_a_source_and_pays_as_if_there_were_no_cap(tmp_path: Path) -> None:
    none = OTHER_CAP.replace('group = "pooled", yuan = 320000', "none = true")
    said = program(tmp_path, HEAD + ONE_CAP + none + RULES)
    never = program(tmp_path, HEAD.replace('[groups]\npooled = "year"\n', "") + RULES)
    caps = [one.layers[0].caps for one in said.resolved]
    assert sorted(caps, key=len) == [(), (Cap(32_000_000, "period", "pooled", "X1"),)]
    assert never.variant_id(0) in {said.variant_id(variant) for variant in range(2)}
    assert said.rule_sets[0].layers["pooled"].cases[2].caps == (Cap(None, "visit", None, "X1"),)


def test_an_exempt_row_says_that_there_is_no_deductible(tmp_path: Path) -> None:
    whole = ONE_DEDUCTIBLE.replace("rows.1 = 200", "rows.1 = 200\nrows.2 = { exempt = true }")
    assert len(program(tmp_path, HEAD + whole + RULES).resolved) == 2


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        ("[]", ("layers.pooled.cases[2].caps: an empty list", "none = true")),
        ('[{ none = true, source = "X1" }, { group = "pooled", source = "X1" }]', ("none beside another cap",)),
        ("[{ none = true }]", ("layers.pooled.cases[2].caps[1].source: this key is missing",)),
        ('[{ none = true, yuan = 5, source = "X1" }]', ('layers.pooled.cases[2].caps[1].yuan: unknown key "yuan"',)),
        ('[{ none = false, source = "X1" }]', ("neither an amount nor a group", "none = true where there is no cap")),
        ('[{ per = "visit", source = "X1" }]', ("neither an amount nor a group",)),
    ],
)
def test_a_none_that_says_two_things_is_refused(tmp_path: Path, caps: str, said: tuple[str, ...]) -> None:
    text = OTHER_CAP.replace('[{ group = "pooled", yuan = 320000, source = "X1" }]', caps)
    found = message(tmp_path, HEAD + ONE_CAP + text + RULES)
    for words in said:
        assert words in found, found
