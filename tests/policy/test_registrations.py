"""Registrations (备案) in a rule set: what is read, what is refused with its place, and what a rule that asks refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import Dimension, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.who.registrations import asked_types, asks
from settling import RULES

ASKED = """
[dimensions.chronic]
kind = "registered"
reg_type = "chronic"
column = "dise_code"
[dimensions.doctors]
kind = "registrations"
reg_type = "doctor"
[[rules]]
id = "chronic"
when = { med_type = ["41"], doctors = { from = 1 } }
layers = ["pooled"]
registered = ["chronic"]
"""


def reading(folder: Path, text: str) -> RuleSet:
    (folder / "a.toml").write_text(f"{RULES}\n{text}", "utf-8")
    return read_rule_set(folder / "a.toml")


def test_dimensions_over_registrations_are_read(tmp_path: Path) -> None:
    found = reading(tmp_path, ASKED)
    assert found.dimensions[-2:] == (
        Dimension("chronic", "registered", "registrations", "dise_code", reg_type="chronic"),
        Dimension("doctors", "registrations", "registrations", reg_type="doctor"),
    )
    assert found.rules[-1].registered == ("chronic",)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('["chronic"]\n', '["chronik"]\n', '.registered[1]: no registration "chronik"'),
        ('["chronic"]\n', '["chronic", "chronic"]\n', '.registered[2]: "chronic" twice'),
        ('["chronic"]\n', '["chronic", "doctors"]\n', '.registered[2]: no registration "doctors"'),
        ('column = "dise_code"', 'column = "med_type"', "dimensions.chronic.column"),
        ('column = "dise_code"', "", "dimensions.chronic.column: this key is missing"),
        ("doctors = { from = 1 }", 'doctors = { from = 1 }, chronic = ["maybe"]', '"maybe" is no chronic here'),
        ('reg_type = "doctor"', 'reg_type = "doctor"\ncolumn = "dise_code"', "dimensions.doctors"),
        ('registered = ["chronic"]', "", "dimensions.chronic: this dimension is used nowhere"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert ASKED.count(right) == 1
    with pytest.raises(PolicyError) as refused:
        reading(tmp_path, ASKED.replace(right, wrong))
    assert said in str(refused.value)


APPROVED = """
[layers.quota]
fund = "hifp_pay"
bands = { percent = [80], source = "X" }
caps = [{ group = "stay", yuan = { column = "appr_amt", table = "registrations", reg_type = "special", for = "dise_code" }, source = "X" }]
[[rules]]
id = "quota"
when = { med_type = ["41"] }
layers = ["quota"]
"""


def test_an_amount_of_a_registration_is_read(tmp_path: Path) -> None:
    """The column, of registrations of which type, and for what of the claim they are."""
    found = reading(tmp_path, APPROVED)
    assert asks([found]) is found
    assert asked_types(found) == ["special"]
    of_disease = found.dimensions[-1]
    assert (of_disease.kind, of_disease.table, of_disease.column) == ("amount", "registrations", "appr_amt")
    assert (of_disease.reg_type, of_disease.asked) == ("special", "dise_code")
    of_any = reading(tmp_path, APPROVED.replace(', for = "dise_code"', ""))
    assert of_any.dimensions[-1].asked == ""
    assert compile_rule_sets([found]).digest != compile_rule_sets([of_any]).digest


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('reg_type = "special", ', "", "yuan.reg_type: this key is missing"),
        ('for = "dise_code"', 'for = "med_type"', "yuan.for"),
        ('"appr_amt"', '"reg_value"', '"reg_value", which holds a code'),
        ('table = "registrations"', 'table = "insured"', "yuan.reg_type"),
        ('table = "registrations"', 'table = "identities"', "yuan.table"),
    ],
)
def test_an_amount_of_no_registration_is_refused_with_its_place(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    assert APPROVED.count(right) == 1
    with pytest.raises(PolicyError) as refused:
        reading(tmp_path, APPROVED.replace(right, wrong))
    assert said in str(refused.value)


def test_asking_changes_the_digest_of_the_rules(tmp_path: Path) -> None:
    other = ASKED.replace('registered = ["chronic"]', "").replace("from = 1 }", 'from = 1 }, chronic = ["yes"]')
    digests = {compile_rule_sets([reading(tmp_path, text)]).digest for text in ("", ASKED, other)}
    assert len(digests) == 3
