"""An amount may be a multiple of a figure that the bureau publishes; without its value, what would need it is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.model import RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.when.figures import Figure, Multiple
from rule_heads import head

PAGE = (Path(__file__).parents[2] / "plugins" / "README.md").read_text("utf-8")

HEAD = head(levels=("1", "2"), source="X1")

TEXT = """\
[figures]
average_wage = { yuan = "92160.10", year = 2020, source = "X1" }
[groups]
pooled = "year"
[who]
minors = { psn_type = ["14*"] }
[layers.pooled]
fund = "hifp_pay"
limit = { yuan = { percent = 250, figure = "average_wage" }, source = "X1" }
[layers.pooled.deductible]
columns = { dedc_hosp_lv = ["1", "2"] }
rows.minors = [{ percent = 5, figure = "average_wage" }, 600]
rows.others = [700, { times = "0.01", figure = "average_wage" }]
per = "visit"
source = "X1"
[layers.pooled.bands]
upto = [10000, { times = 1, figure = "average_wage" }]
percent = [60, 70, 80]
per = "visit"
measured = "absolute"
source = "X1"
[[layers.pooled.caps]]
group = "pooled"
yuan = { times = 6, figure = "average_wage" }
source = "X1"
[rules]
inpatient = { when = { med_type = ["21"], dedc_hosp_lv = ["1", "2"] }, layers = ["pooled"] }
"""

UNKNOWN = TEXT.replace(
    'yuan = "92160.10", year = 2020, source = "X1"', 'year = 2020, why = "the wage of 2020 was not found"'
)


def read(folder: Path, text: str) -> tuple[RuleSet, Program]:
    file = folder / "a.toml"
    file.write_text(HEAD + text, "utf-8")
    rule_set = read_rule_set(file)
    return rule_set, compile_rule_sets([rule_set])


def message(folder: Path, text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        read(folder, text)
    return str(caught.value)


def test_amounts_are_worked_out_once_and_rounded_to_the_fen(tmp_path: Path) -> None:
    rules, _ = read(tmp_path, TEXT)
    own, *cells = rules.layers["pooled"].cases
    assert own.caps is not None
    assert own.limit is not None
    assert own.bands is not None
    assert own.caps[0].amount_fen == 55_296_060
    assert own.limit.amount_fen == 23_040_025
    assert own.bands.upto_fen == (1_000_000, 9_216_010)
    deductibles = {case.cell: case.deductible.amounts_fen for case in cells if case.deductible is not None}
    assert deductibles == {
        "layers.pooled.deductible.rows.minors[1]": (460_801,),  # 4608.005: half a fen goes up
        "layers.pooled.deductible.rows.minors[2]": (60_000,),
        "layers.pooled.deductible.rows.others[1]": (70_000,),
        "layers.pooled.deductible.rows.others[2]": (92_160,),  # 921.601
    }
    assert rules.figures == (Figure("average_wage", 2020, 9_216_010, "", "X1"),)
    assert Multiple("layers.pooled.caps[1].yuan", "average_wage", 60_000) in rules.multiples
    assert {one.place for one in rules.multiples} >= {
        "layers.pooled.limit.yuan", "layers.pooled.bands.upto[2]", "layers.pooled.deductible.rows.minors[1].yuan",
    }  # fmt: skip


def test_a_multiple_is_the_amount_itself(tmp_path: Path) -> None:
    _, by_figure = read(tmp_path, TEXT)
    written = TEXT.replace('{ times = 6, figure = "average_wage" }', '"552960.60"', 1)
    written = written.replace('{ percent = 250, figure = "average_wage" }', '"230400.25"')
    written = written.replace('{ percent = 5, figure = "average_wage" }', '"4608.01"')
    _, by_amount = read(tmp_path, written)
    names = [sorted(one.variant_id(v) for v in range(len(one.resolved))) for one in (by_figure, by_amount)]
    assert names[0] == names[1]


def test_without_a_value_the_claims_that_need_it_are_refused_and_no_others(tmp_path: Path) -> None:
    text = UNKNOWN.replace('limit = { yuan = { percent = 250, figure = "average_wage" }, source = "X1" }\n', "")
    text = text.replace('upto = [10000, { times = 1, figure = "average_wage" }]', "upto = [10000, 20000]")
    text = text.replace('yuan = { times = 6, figure = "average_wage" }', "yuan = 5")
    rules, program = read(tmp_path, text)
    assert {(one.parameter, one.why, one.overrides) for one in rules.missing} == {
        ("figures.average_wage", "the wage of 2020 was not found", ("inpatient",))
    }
    assert [one.layers[0].deductible.amounts_fen for one in program.resolved if one.layers[0].deductible] in (
        [[(60_000,), (70_000,)], [(70_000,), (60_000,)]]
    )


def test_a_cap_without_a_value_refuses_every_claim_of_its_rule(tmp_path: Path) -> None:
    text = UNKNOWN.replace(', { times = 1, figure = "average_wage" }]', ", 20000]")
    rules, program = read(tmp_path, text)
    assert program.resolved == ()
    assert {one.parameter for one in rules.missing} == {"figures.average_wage"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('times = 6, figure = "average_wage"', 'times = 6, figure = "average_wages"',
         ('layers.pooled.caps[1].yuan.figure: no figure "average_wages"', 'did you mean "average_wage"?')),
        ('times = 6, figure', 'times = 6, percent = 5, figure', ("both times and percent", "one of the two")),
        ('times = 6, figure', "figure", ("neither times nor percent",)),
        ('times = 6, figure', 'time = 6, figure', ("neither times nor percent",)),
        ('times = 6, figure', 'times = 0, figure', ("layers.pooled.caps[1].yuan.times: 0", "above 0, at most 1000")),
        ('times = 6, figure', 'times = 1.5, figure', ("caps[1].yuan.times:", "a text with at most two decimals")),
        ('times = 6, figure', 'times = 6, why = "x", figure', ('yuan.why: unknown key "why"',)),
        ('percent = 5, figure', 'percent = 1, figure', ("rows.minors[1].yuan.percent: the whole number 1", "exact = true")),
        ('yuan = "92160.10", year', "year", ("figures.average_wage.yuan: no value, and no word why", "claims that need it")),
        ('yuan = "92160.10", year', 'yuan = 0, year', ("figures.average_wage.yuan: 0", "above 0")),
        ('year = 2020, source', "source", ("figures.average_wage.year: this key is missing",)),
        ('year = 2020, source = "X1"', "year = 2020", ("figures.average_wage.source: this key is missing",)),
        ("[figures]", '[figures]\nother = { yuan = 5, year = 2020, source = "X1" }', ("figures.other: this figure is used nowhere",)),
        ('yuan = "92160.10", year = 2020, source = "X1"', 'year = 2020, why = "not found"',
         ('layers.pooled.bands.upto: bounds by the figure "average_wage", which has no value',)),
    ],
)  # fmt: skip
def test_a_figure_that_says_nothing_or_two_things_is_refused(
    tmp_path: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    assert old in TEXT
    found = message(tmp_path, TEXT.replace(old, new, 1))
    for words in said:
        assert words in found, found


def test_the_example_of_the_page(tmp_path: Path) -> None:
    example = PAGE[PAGE.index("# 9901-figures\n") :].partition("```")[0]
    rules, _ = read(
        tmp_path, example + '[rules]\nany = { when = {}, layers = ["pooled"] }\n[groups]\npooled = "year"\n'
    )
    caps = rules.layers["pooled"].cases[0].caps
    assert caps is not None
    assert caps[0].amount_fen == 55_296_000


def test_a_condition_needs_a_figure_with_a_value(tmp_path: Path) -> None:
    condition = 'dedc_hosp_lv = ["1", "2"], medfee_sumamt = { above = { percent = 10, figure = "average_wage" } } }'
    text = TEXT.replace('dedc_hosp_lv = ["1", "2"] }, layers', f"{condition}, layers")
    rules, _ = read(tmp_path, text)
    assert rules.multiples[-1].place == "rules.inpatient.when.medfee_sumamt.above"
    bare = """\
[figures]
wage = { year = 2020, why = "not found" }
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [80], source = "X1" }
[rules]
any = { when = { medfee_sumamt = { above = { percent = 10, figure = "wage" } } }, layers = ["pooled"] }
"""
    said = message(tmp_path, bare)
    assert 'rules.any.when.medfee_sumamt.above.figure: the figure "wage", which has no value' in said


def test_the_source_of_a_figure_is_used_by_it(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    sources = head(levels=("1", "2"), source="X1", sources={"X1": "1", "W": "the wage"})
    file.write_text(sources + TEXT.replace('year = 2020, source = "X1"', 'year = 2020, source = "W"'), "utf-8")
    assert read_rule_set(file).figures[0].source == "W"
