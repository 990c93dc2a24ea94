"""Groups that carry over and groups that count periods, amounts that a counter selects: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets, sorted_by
from qingsuan.policy.model import CarryOver, RuleSet, Select
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

RULES = (
    head()
    + """\
[groups]
purse = { period = "month", carry_over = { yuan = 300, source = "X" } }
relief = "month"
months = { period = "year", counts = "relief" }
year = "year"
[layers.first]
fund = "maf_pay"
bands = { percent = [100], source = "X" }
deductible = { per = "visit", yuan = { counter = "paid", group = "year", upto = ["90.50", 300], yuan = [30, 20, 10] }, source = "X" }
caps = [{ group = "purse", yuan = 200, source = "X" }, { group = "relief", source = "X" }]
[layers.second]
fund = "hifp_pay"
bands = { percent = [50, 60], select = { group = "months", counter = "visits" }, upto = [2], source = "X" }
caps = [{ group = "year", yuan = { counter = "visits", group = "months", upto = [3], yuan = [500, 900] }, source = "X" }]
[[rules]]
id = "all"
when = {}
layers = ["first", "second"]
"""
)
PURSE = 'purse = { period = "month", carry_over = { yuan = 300, source = "X" } }'
CAP = '{ group = "purse", yuan = 200, source = "X" }'
MONTHS = 'months = { period = "year", counts = "relief" }'
BY_VISITS = '{ counter = "visits", group = "months", upto = [3], yuan = [500, 900] }'
SECOND = 'fund = "hifp_pay"'


def read(tmp_path: Path, *changes: tuple[str, str]) -> RuleSet:
    text = RULES
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = tmp_path / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def refusal(tmp_path: Path, *changes: tuple[str, str]) -> str:
    with pytest.raises(PolicyError) as caught:
        compile_rule_sets([read(tmp_path, *changes)])
    return str(caught.value)


def test_groups_and_amounts_are_read(tmp_path: Path) -> None:
    rule_set = read(tmp_path)
    assert rule_set.carry_over == {"purse": CarryOver(30_000, "X")}
    assert rule_set.group_counts == {"months": "relief"}
    cap = (rule_set.layers["second"].cases[0].caps or ())[0]
    assert cap.of_claim == Amount("", select=Select("months", "visits", (3,)), amounts_fen=(50_000, 90_000))
    deductible = rule_set.layers["first"].cases[0].deductible
    assert deductible is not None
    assert deductible.of_claim is not None
    assert deductible.of_claim.select == Select("year", "paid", ("90.50", 300))
    everything = read(tmp_path, ("yuan = 300, source", "all = true, source"))
    assert everything.carry_over == {"purse": CarryOver(None, "X")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((PURSE, PURSE.replace("month", "day")), ("groups.purse.carry_over: a group that counts a day", "a day's limit is that day's")),
        ((PURSE, PURSE.replace("month", "year")), ("a group that counts a year", "nothing is carried beyond the benefit year")),
        ((PURSE, PURSE.replace("yuan = 300, ", "")), ("groups.purse.carry_over: neither all nor yuan", "all = true where everything")),
        ((PURSE, PURSE.replace("300", "0")), ("groups.purse.carry_over.yuan: 0", "take carry_over out where nothing")),
        ((PURSE, PURSE.replace("yuan = 300", "yuan = 300, all = true")), ("both all and yuan",)),
        ((PURSE, PURSE.replace(", source = \"X\"", "")), ("groups.purse.carry_over.source: this key is missing",)),
        ((PURSE, PURSE.replace("carry_over", "carryover")), ('groups.purse.carryover: unknown key "carryover"', '"carry_over"')),
        ((CAP, '{ group = "purse", source = "X" }'), ("no cap per period draws on this group", 'caps = [{ group = "purse", yuan')),
        ((CAP, CAP.replace("200", '{ counter = "visits", group = "year", upto = [1], yuan = [1, 2] }')),
         ("layers.first.caps[1]: an amount that each claim has for itself", "nobody can say what an earlier period left")),
        ((SECOND, SECOND + '\nlimit = { per = "period", group = "purse", yuan = 9, source = "X" }'),
         ('layers.second.limit.group: "purse", which carries over', "give the limit a group of its own")),
        (('counter = "paid", group = "year"', 'counter = "paid", group = "purse"'),
         ('layers.first.deductible.select.counter: "paid" of "purse"', "draw on a second group")),
        (('deductible = { per = "visit"', 'adjust = { lift_caps = ["purse"], source = "X" }\ndeductible = { per = "visit"'),
         ('layers.first.adjust.lift_caps: the cap "purse" lifted', "a layer without it")),
        ((MONTHS, MONTHS.replace("year", "quarter")), ('groups.months.period: "quarter"', "within the benefit year")),
        ((MONTHS, MONTHS.replace("relief", "releif")), ('groups.months.counts: no group "releif"', 'did you mean "relief"?')),
        ((MONTHS, MONTHS.replace("relief", "year")), ('groups.months.counts: "year", which counts a year', "one of purse, relief")),
        ((MONTHS, MONTHS.replace("relief", "purse")), ('groups.months.counts: "purse", which carries over', "a second group too")),
        ((MONTHS, MONTHS + "\nagain" + MONTHS[6:]), ('groups.again.counts: "relief", which "months" counts already', "use that one")),
        ((MONTHS, MONTHS.replace("counts", 'by = "dise_code", counts')),
         ("groups.months.by: kept apart by dise_code", "kept apart by no key, as “relief” is")),
        ((', { group = "relief", source = "X" }', ""), ('groups.months.counts: "relief", on which no layer draws', "that caps name")),
        ((SECOND, SECOND + '\nvisits = { group = "months", source = "X" }'),
         ('layers.second.visits.group: "months", which counts periods of "relief" and nothing else', "name another group")),
        ((BY_VISITS, BY_VISITS.replace("visits", "paid").replace("[3]", '["3"]')), ("layers.second.caps[1].select.counter: \"months\"",)),
        ((BY_VISITS, BY_VISITS.replace("[3]", "[3, 5]")), ("layers.second.caps[1].yuan.upto: 2 inner bounds for 2 amounts", "one bound fewer")),
        ((BY_VISITS, BY_VISITS.replace("[3]", "[3, 3]").replace("500", "500, 600")), ("yuan.upto[2]: 3 after 3", "a number of visits above 3")),
        ((BY_VISITS, BY_VISITS.replace("[3]", '["3.5"]')), ("upto[1]", "visits are counted here, not yuan")),
        (('upto = ["90.50", 300]', 'upto = [300, "90.50"]'), ("upto[2]: 90.50 after 300.00", "an amount above 300.00")),
        ((BY_VISITS, BY_VISITS.replace('"months"', '"moons"')), ('layers.second.caps[1].select.group: no group "moons"', 'did you mean "months"?')),
        ((BY_VISITS, BY_VISITS.replace('"visits"', '"visit"')), ("yuan.counter", '"visits"')),
        ((BY_VISITS, BY_VISITS.replace("yuan =", "amounts =")), ("caps[1].yuan.yuan: this key is missing",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, change: tuple[str, str], said: tuple[str, ...]) -> None:
    text = refusal(tmp_path, change)
    for words in said:
        assert words in text


def test_a_rule_has_one_amount_of_which_something_can_be_left(tmp_path: Path) -> None:
    second = 'caps = [{ group = "purse", yuan = 150, source = "X" }, { group = "year"'
    text = refusal(tmp_path, ('caps = [{ group = "year"', second))
    assert "groups.purse.carry_over: rule “all”" in text
    assert "has 150.00 and 200.00 yuan as the limit of a period" in text
    assert "what to do: let all layers of the rule that draw on the group have one cap" in text
    others = """layers = ["first", "second"]
[layers.third]
fund = "oth_pay"
visits = { group = "purse", source = "X" }
bands = { percent = [10], source = "X" }
[[rules]]
id = "other"
overrides = ["all"]
when = { med_type = ["41"] }
layers = ["third"]"""
    text = refusal(tmp_path, ('layers = ["first", "second"]', others))
    assert "rule “other”" in text
    assert "has no yuan as the limit of a period" in text


def test_what_groups_leave_is_no_term_of_a_variant_but_tells_programs_apart(tmp_path: Path) -> None:
    """Who simulates changed rules looks at terms only where programs sort alike: a purse that grew would have changed nothing."""
    made = {
        sorted_by(compile_rule_sets([read(tmp_path, *changes)]))
        for changes in ((), (("yuan = 300, source", "yuan = 301, source"),), ((PURSE, 'purse = "month"'),))
    }
    assert len(made) == 3


def test_successive_rule_sets_carry_over_alike(tmp_path: Path) -> None:
    first = read(tmp_path)
    text = RULES.replace("effective = 2021-01-01", "effective = 2021-07-01")
    for old, new, said in (
        (PURSE, 'purse = "month"', "groups.purse: what is not used is not carried over"),
        (MONTHS, 'months = "year"', "groups.months: what is not used is not carried over"),
    ):
        file = tmp_path / "b.toml"
        file.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(PolicyError) as caught:
            compile_rule_sets([first, read_rule_set(file)])
        assert said in str(caught.value)
        assert "as in" in str(caught.value)


def test_a_relief_lowers_every_amount_that_a_counter_selects(tmp_path: Path) -> None:
    case = '[[layers.first.cases]]\nwhen = { med_type = ["41"] }\nadjust = { deductible_percent = 50, source = "X" }\n'
    steps = compile_rule_sets([read(tmp_path, ("[layers.second]", case + "[layers.second]"))]).tables.steps.tolist()
    assert [0, 3000] in steps
    assert {(0, 1500), (9050, 1000), (30_000, 500)} <= set(map(tuple, steps))
