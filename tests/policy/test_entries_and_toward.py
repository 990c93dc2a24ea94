"""Parts of a bill in a column, and payments that count toward a deductible: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.model import Entry, RuleSet, Toward
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[groups]
clinic = "year"
[layers.first]
fund = "maf_pay"
entry = [{ part = "inscp_scp_amt" }, { column = "mutual_amt", percent = -50, source = "X" }]
bands = { percent = [20], source = "X" }
counts_toward = { group = "clinic", source = "X" }
[layers.clinic]
fund = "hifp_pay"
deductible = { per = "period", group = "clinic", yuan = 900, source = "X" }
bands = { percent = [50], source = "X" }
[[rules]]
id = "all"
when = {}
layers = ["first", "clinic"]
"""
)
COLUMN = '{ column = "mutual_amt", percent = -50, source = "X" }'


def read(tmp_path: Path, text: str = RULES) -> RuleSet:
    file = tmp_path / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def refusal(tmp_path: Path, old: str, new: str) -> str:
    assert RULES.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, RULES.replace(old, new))
    return str(caught.value)


def test_both_are_read(tmp_path: Path) -> None:
    case = read(tmp_path).layers["first"].cases[0]
    amount = Amount("claims.mutual_amt", column="mutual_amt", table="claims", of_bill=True)
    assert case.entry == (Entry("inscp_scp_amt"), Entry("column", -5000, None, "X", amount))
    assert case.counts_toward == Toward("clinic", "X")


@pytest.mark.parametrize("percent", ["-101", "101"])
def test_a_percentage_beyond_the_whole_is_refused(tmp_path: Path, percent: str) -> None:
    said = refusal(tmp_path, "percent = -50", f"percent = {percent}")
    assert "entry[2].percent" in said
    assert "from -100 to 100 %" in said


def test_only_a_column_is_taken_off(tmp_path: Path) -> None:
    said = refusal(tmp_path, '{ part = "inscp_scp_amt" }', '{ part = "inscp_scp_amt", percent = -50, source = "X" }')
    assert "from 0 to 100 %" in said


def test_what_is_only_taken_off_enters_nothing(tmp_path: Path) -> None:
    said = refusal(tmp_path, '{ part = "inscp_scp_amt" }, ', "")
    assert "layers.first.entry: only percentages below 0" in said
    assert '{ part = "inscp_scp_amt" }' in said


@pytest.mark.parametrize(
    ("new", "found", "do"),
    [
        (
            '{ column = "mutual_amt", part = "preselfpay_amt", source = "X" }',
            "a column beside a part",
            "take one of the two out",
        ),
        ('{ column = "med_type", source = "X" }', '"med_type", which holds a', "name that column"),
        ('{ column = "mutual_amt", table = "insured", source = "X" }', 'unknown key "table"', "take the key out"),
        ('{ column = "mutual_amt" }', "source", "source"),
        ('{ column = "mutual_amt", percent = "-0.5", source = "X" }', '"-0.5"', "exact = true"),
    ],
)
def test_what_is_no_part_in_a_column_is_refused(tmp_path: Path, new: str, found: str, do: str) -> None:
    said = refusal(tmp_path, COLUMN, new)
    assert found in said
    assert do in said


def test_a_payment_counts_toward_a_deductible_that_is_there(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'deductible = { per = "period", group = "clinic", yuan = 900, source = "X" }\n', "")
    assert 'layers.first.counts_toward.group: "clinic", of which no layer has a deductible per period' in said
    assert "(no layer has such a deductible)" in said


def test_a_deductible_per_visit_is_none_of_a_group(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, 'per = "period", group = "clinic", yuan = 900', 'per = "visit", group = "clinic", yuan = 900'
    )
    assert "the payment would count for nothing" in said


def test_a_group_that_nobody_declares_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'counts_toward = { group = "clinic"', 'counts_toward = { group = "clinics"')
    assert "counts_toward.group" in said
    assert "clinic" in said
