"""The personal account's turn in a rule set: what is refused of it, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[groups]
mine = "year"
clinic = "year"
[layers.account]
fund = "acct_pay"
bands = { percent = [100], source = "X" }
caps = [{ group = "mine", yuan = 500, source = "X" }]
[layers.clinic]
fund = "hifp_pay"
bands = { percent = [50], source = "X" }
caps = [{ group = "clinic", yuan = 900, source = "X" }]
[layers.large]
fund = "hifob_pay"
bands = { percent = [50], source = "X" }
[[rules]]
id = "all"
when = {}
layers = ["account", "clinic", "large"]
"""
)


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "a.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_rule_set(file)
    return str(caught.value)


def test_a_turn_of_the_account_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(RULES, "utf-8")
    assert read_rule_set(file).layers["account"].fund == "acct_pay"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('ceiling = { percent = 90, of = "medfee_sumamt", layers = ["clinic", "account"], source = "X" }\n', "ceiling"),
        (
            'guarantee = { percent = 60, of = "medfee_sumamt", layers = ["clinic", "account"], to = "clinic", source = "X" }\n',
            "guarantee",
        ),
    ],
)
def test_no_bound_on_what_funds_pay_names_it(tmp_path: Path, more: str, key: str) -> None:
    said = refusal(tmp_path, RULES + more)
    assert f'rules[1] "all".{key}.layers[2]: "account", which the personal account pays' in said
    assert "layers of funds: what the account pays is the person's own" in said
    assert "take the name out" in said


def test_it_draws_on_no_cap_of_a_fund(tmp_path: Path) -> None:
    said = refusal(tmp_path, RULES.replace('group = "mine", yuan = 500', 'group = "clinic", yuan = 500'))
    assert 'layers.account.caps[1].group: "clinic", on which a layer of a fund draws too' in said
    assert "give the account a group of its own" in said


def test_a_fund_that_is_none_is_told_from_the_account(tmp_path: Path) -> None:
    assert "acct_pay" in refusal(tmp_path, RULES.replace('"acct_pay"', '"acct_mulaid_pay"'))
