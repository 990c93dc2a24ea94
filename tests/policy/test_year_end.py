"""Layers that are settled at the end of the year (年终二次报销) in a rule set: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.benefits.settlement import Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.errors import PolicyError, UsageError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import Pool, Region, RuleSet, YearEnd
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[groups]
pooled = "year"
second = "year"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [60], source = "X" }
caps = [{ group = "pooled", yuan = 900, source = "X" }]
[layers.second]
fund = "hifob_pay"
year_end = { group = "second", source = "X" }
deductible = { per = "period", group = "second", yuan = 8000, source = "X" }
bands = { per = "period", group = "second", measured = "excess", upto = [20000], percent = [50, 60], source = "X" }
limit = { per = "period", group = "second", yuan = 90000, source = "X" }
[[rules]]
id = "all"
when = {}
layers = ["pooled", "second"]
ceiling = { percent = 90, of = "medfee_sumamt", layers = ["pooled"], source = "X" }
"""
)
BANDS = 'bands = { per = "period", group = "second", measured = "excess", upto = [20000], percent = [50, 60], source = "X" }'


def read(tmp_path: Path, text: str = RULES) -> RuleSet:
    file = tmp_path / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def refusal(tmp_path: Path, old: str, new: str) -> str:
    assert RULES.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, RULES.replace(old, new))
    return str(caught.value)


def test_it_is_read(tmp_path: Path) -> None:
    layers = read(tmp_path).layers
    assert layers["second"].year_end == YearEnd("second", "X")
    assert layers["pooled"].year_end is None


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('second = "year"', 'second = "month"', "year_end.group", '"second", which counts a month'),
        (
            'second = "year"',
            'second = { period = "year", by = "dise_code" }',
            "year_end.group",
            "kept apart by dise_code",
        ),
        ('year_end = { group = "second"', 'year_end = { group = "third"', "year_end", 'no group "third"'),
        ('{ group = "pooled", yuan', '{ group = "second", yuan', "year_end.group", 'layer "pooled" counts too'),
        (
            'deductible = { per = "period", group = "second"',
            'deductible = { per = "visit"',
            "deductible",
            'per = "visit"',
        ),
        (
            'limit = { per = "period", group = "second"',
            'limit = { per = "period", group = "pooled"',
            "limit",
            'group = "pooled"',
        ),
        (
            "yuan = 90000",
            'yuan = { column = "x" }',
            "limit",
            "an amount that each claim has for itself, or that a counter selects",
        ),
        ('bands = { per = "period", group = "second"', 'bands = { per = "visit"', "bands", 'per = "visit"'),
        (
            BANDS,
            'bands = { select = { group = "second", counter = "paid" }, upto = [9], percent = [0, 9], source = "X" }',
            "bands.select",
            '"paid" of "second"',
        ),
        (BANDS, f'{BANDS}\nvisits = {{ group = "pooled" }}', "visits", "visits, which is of one claim"),
        (BANDS, f'{BANDS}\nentry = [{{ part = "preselfpay_amt" }}]', "entry", "entry, which is of one claim"),
        ('fund = "hifob_pay"', 'fund = "acct_pay"', "fund", "the personal account, at the end of the year"),
        (
            'layers = ["pooled", "second"]',
            'layers = ["second", "pooled"]',
            'rules[1] "all".layers[1]',
            'before "pooled"',
        ),
        ('layers = ["pooled"], source', 'layers = ["second"], source', "ceiling.layers[1]", "settled at the end"),
    ],
)
def test_what_a_year_has_not_is_refused(tmp_path: Path, old: str, new: str, where: str, said: str) -> None:
    found = refusal(tmp_path, old, new)
    assert where in found
    assert said in found


def test_the_account_has_no_turn_beside_it(tmp_path: Path) -> None:
    """Its turn may stand in another rule set of the pool and scheme: what it may spend hangs together over the year."""
    first = read(tmp_path)
    text = RULES[: RULES.index("[layers.second]")] + '[[rules]]\nid = "all"\nwhen = {}\nlayers = ["pooled"]\n'
    text = text.replace('second = "year"\n', "").replace("2021-01-01", "2021-07-01").replace("hifp_pay", "acct_pay")
    with pytest.raises(PolicyError) as caught:
        compile_rule_sets([first, read(tmp_path, text)])
    assert "a layer of the year's end, and layer “pooled” of" in str(caught.value)
    assert "one or the other" in str(caught.value)


def test_a_year_that_is_settled_in_parts_has_no_end(tmp_path: Path) -> None:
    rules = read(tmp_path)
    regions = (Region("990000", "示例省 (made up)", (Pool(rules.pool, "示例市", ("9901",)),)),)
    with pytest.raises(UsageError) as caught:
        Benefits(Setup(regions, (rules,), 2021, accumulators=True))
    assert "--accumulators, --opening" in str(caught.value)
    assert "layer “second” of" in str(caught.value)
    assert "a.toml, which is settled at the end of the year" in str(caught.value)
