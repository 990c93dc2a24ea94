"""The table ``[waiting]`` of a rule set: how it is read, and what is said of one that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import Codes, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.when.waiting import Exemption, Waiting
from rule_heads import head

TEXT = (
    head(("310", "390"), source="X1", levels=("1",), sources={"X1": "1", "X2": "2"})
    + """\
[identities]
poor = { title = "特困", codes = ["2304"], source = "X1" }
[waiting]
column = "wait_end_date"
schemes = ["390"]
exempt = [
    { when = { psn_type = ["1401"] }, source = "X2" },
    { when = { psn_idet_type = { any = ["poor"] } }, source = "X1", reading = "X2" },
]
source = "X1"
[[rules]]
id = "any"
when = {}
layers = []
"""
)


def read(folder: Path, text: str) -> RuleSet:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def test_it_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT).waiting
    assert isinstance(found, Waiting)
    assert (found.column, found.schemes, found.source) == ("wait_end_date", ("390",), "X1")
    assert found.exempt[0] == Exemption({"psn_type": Codes(("1401",))}, "X2")
    assert found.exempt[1].source == "X1, X2"
    everybody = read(tmp_path, TEXT.replace('schemes = ["390"]\n', "")).waiting
    assert everybody is not None
    assert everybody.schemes == ("310", "390")


def test_what_it_says_is_in_the_digest_of_the_rules(tmp_path: Path) -> None:
    texts = [TEXT, TEXT.replace('["1401"]', '["1402"]'), TEXT.replace('schemes = ["390"]\n', "")]
    assert len({compile_rule_sets([read(tmp_path, text)]).digest for text in texts}) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('column = "wait_end_date"', 'column = "wait_end"', ('waiting.column: the text "wait_end"', '"wait_end_date"')),
        ('column = "wait_end_date"\n', "", ("waiting.column: this key is missing", "the key column")),
        ('schemes = ["390"]\nexempt', 'schemes = ["340"]\nexempt',
         ('waiting.schemes[1]: "340", which is no scheme of this rule set', "one of 310, 390")),
        ('schemes = ["390"]\nexempt', "schemes = []\nexempt", ("waiting.schemes: an empty list", "leave schemes out for all")),
        (']\nsource = "X1"', "]", ("waiting.source: this key is missing",)),
        (', source = "X2" }', " }", ("waiting.exempt[1].source: this key is missing",)),
        ('{ when = { psn_type = ["1401"] }, ', "{ ", ("waiting.exempt[1].when: this key is missing",)),
        ('["1401"]', '["X1"]', ('waiting.exempt[1].when.psn_type[1]: "X1" is no psn_type here',)),
        ('any = ["poor"]', 'any = ["pour"]', ('waiting.exempt[2].when.psn_idet_type.any[1]: no identity class "pour"',)),
        ('source = "X1", reading = "X2" },', 'source = "X3" },', ("waiting.exempt[2]", 'no source "X3"')),
        ("when = { psn_type", "from = 2021-01-01, when = { psn_type", ('waiting.exempt[1].from: unknown key "from"',)),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, TEXT.replace(old, new))
    for each in ("expected: ", *said):
        assert each in str(caught.value)
