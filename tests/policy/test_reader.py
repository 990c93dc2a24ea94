"""A rule file is read as it stands, or refused with file, key, what was found and what was expected."""

import datetime as dt
from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.model import (
    Adjust,
    Bands,
    Cap,
    Ceiling,
    Codes,
    Deductible,
    Dimension,
    Entry,
    Function,
    Held,
    IdentityClass,
    IdentityRank,
    Interval,
    Limit,
    Pool,
    Region,
    Select,
    Visits,
)
from qingsuan.policy.reader import read_rule_set, read_rule_sets

TEXT = """\
format = 1

[ruleset]
pool = "990100"
schemes = ["390"]
title = "made up"
effective = 2021-01-01
until = 2022-12-31
source = "X1"
benefit_date = "setl_time"
identity_date = "begndate"
levels = ["1", "2"]
identities_without_effect = ["21*", "2201"]

[sources.X1]
document = "made up"
article = "1"
grade = "made-up"

[sources.R1]
document = "made up"
article = "how it is read"
grade = "reading"

[groups]
pooled = "year"
quarter = { period = "quarter", by = "fixmedins_code" }

[dimensions.tier]
kind = "code"
table = "insured"
column = "prem_tier"

[dimensions.years]
kind = "number"
table = "insured"
column = "cntn_years"

[dimensions.named]
kind = "list"
column = "fixmedins_code"
file = "named.txt"

[dimensions.season]
kind = "function"
function = "season"

[layers.pooled]
fund = "hifp_pay"
visits = { group = "pooled", counts = false }
deductible = { per = "visit", yuan = [1000, "700.5", 0], source = "X1", reading = "R1" }
bands = { per = "visit", measured = "absolute", upto = [30000, 60000], percent = [55, "60.25", 65], source = "X1" }
limit = { yuan = 250000, source = "X1" }
caps = [{ group = "pooled", yuan = 200000, source = "X1" }, { group = "quarter" }, { per = "visit", yuan = 90000, source = "X1" }]

[[layers.pooled.cases]]
when = { tier = ["a*", ""], years = { from = 5, below = 10 }, named = ["in"], season = { not = ["dry"] } }
deductible = { exempt = true, source = "X1" }
adjust = { deductible_percent = 50, points = "-0.5", exact = true, own_percent = 131, lift_caps = ["pooled", "visit"], source = "X1" }

[layers.critical]
fund = "hifmi_pay"
deductible = { per = "period", group = "quarter", yuan = 14000, source = "X1" }
bands = { percent = [60, 70], upto = [100], select = { group = "pooled", counter = "paid" }, source = "X1" }
entry = [{ part = "preselfpay_amt", percent = "12.5", source = "X1" }, { part = "cut_by_cap", layer = "pooled" }]

[identities]
poor = { title = "特困", codes = ["2304"], source = "X1" }
low = { title = "低保", codes = ["2303", "7019"], source = "X1", reading = "R1" }

[identity_rank]
order = ["poor", "low"]
source = "X1"

[[rules]]
id = "inpatient"
when = { med_type = ["21"], medfee_sumamt = { above = 30000, upto = "30000.01" }, age = { below = 18 }, psn_idet_type = { any = ["poor", "low"], all = ["low"] } }
entry_percent = 85
source = "X1"
layers = ["pooled", "critical"]
ceiling = { percent = 90, of = "medfee_sumamt", layers = ["critical"], source = "X1" }

[[rules]]
id = "other"
when = { date = { from = 1970-01-02, until = 1970-01-03 }, psn_idet_type = { none = ["poor"], highest = ["low"] } }
layers = []
overrides = ["inpatient"]

[[missing]]
parameter = "ratio"
why = "not printed"
when = { med_type = ["11"] }
overrides = ["other"]

[[missing]]
parameter = "other"
why = "not printed"

[[covers]]
when = { med_type = ["21"] }
"""

FUNCTIONS = ("season",)


def write(folder: Path, text: str = TEXT, name: str = "a.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "named.txt").write_text("# made up\nH1\n\nH2  # the second\n", "utf-8")
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def message(folder: Path, old: str, new: str) -> str:
    """What is said about the rule file with one thing changed."""
    assert TEXT.count(old) >= 1, f"not in the text: {old}"
    with pytest.raises(PolicyError) as caught:
        read_rule_set(write(folder, TEXT.replace(old, new, 1)), functions=FUNCTIONS)
    text = str(caught.value)
    assert "a.toml: " in text.splitlines()[0]
    assert caught.value.exit_status == 4
    return text


def test_every_word_of_the_format_reaches_the_model(tmp_path: Path) -> None:
    got = read_rule_set(write(tmp_path / "rules"), functions=FUNCTIONS)
    assert got.name == "990100/390/2021-01-01"
    assert got.file.endswith("/rules/a.toml")
    assert not got.file.startswith("/")
    assert (got.until, got.benefit_date, got.identity_date) == (dt.date(2022, 12, 31), "setl_time", "begndate")
    assert got.levels == ("1", "2")
    assert got.identities == (
        IdentityClass("poor", "特困", ("2304",), "X1"),
        IdentityClass("low", "低保", ("2303", "7019"), "X1, R1"),
    )
    assert got.identity_rank == IdentityRank(("poor", "low"), "X1")
    assert got.identities_without_effect == ("21*", "2201")
    assert got.groups == {"pooled": "year", "quarter": "quarter"}
    assert got.group_keys == {"quarter": "fixmedins_code"}
    assert got.dimensions == (
        Dimension("tier", "code", "insured", "prem_tier"),
        Dimension("years", "number", "insured", "cntn_years"),
        Dimension("named", "list", "claims", "fixmedins_code", frozenset({"H1", "H2"})),
        Dimension("season", "function", function="season"),
    )
    own, case = got.layers["pooled"].cases
    assert own.when == {}
    assert own.visits == Visits("pooled", counts=False)
    assert own.deductible == Deductible("visit", (100_000, 70_050, 0), source="X1, R1")
    assert own.bands == Bands((5500, 6025, 6500), (3_000_000, 6_000_000), "visit", "absolute", source="X1")
    assert own.limit == Limit(25_000_000, source="X1")
    assert own.caps == (
        Cap(20_000_000, "period", "pooled", "X1"),
        Cap(None, "period", "quarter"),
        Cap(9_000_000, "visit", None, "X1"),
    )
    assert (own.entry, own.adjust) == (None, None)
    assert case.when == {
        "tier": Codes(("a*", "")),
        "years": Interval(5, 10),
        "named": Codes(("in",)),
        "season": Codes(("dry",), negated=True),
    }
    assert case.deductible == Deductible("visit", (0,), exempt=True, source="X1")
    assert case.adjust == Adjust(5000, -50, 13_100, ("pooled", "visit"), "X1")
    critical = got.layers["critical"].cases[0]
    assert critical.deductible == Deductible("period", (1_400_000,), "quarter", source="X1")
    assert critical.bands == Bands((6000, 7000), select=Select("pooled", "paid", (100,)), source="X1")
    assert critical.entry == (Entry("preselfpay_amt", 1250, None, "X1"), Entry("cut_by_cap", 10_000, "pooled"))
    inpatient, other = got.rules
    assert inpatient.when["medfee_sumamt"] == Interval(3_000_001, 3_000_002)
    assert inpatient.when["age"] == Interval(None, 18)
    assert (inpatient.entry_bp, inpatient.source) == (8500, "X1")
    assert inpatient.ceiling == Ceiling(9000, "medfee_sumamt", ("critical",), "X1")
    assert other.when["date"] == Interval(1, 3)
    assert inpatient.when["psn_idet_type"] == Held(any=("poor", "low"), all=("low",))
    assert other.when["psn_idet_type"] == Held(none=("poor",), highest=("low",), rank=("poor", "low"))
    assert (other.layers, other.overrides, other.entry_bp) == ((), ("inpatient",), 10_000)
    assert [missing.when for missing in got.missing] == [{"med_type": Codes(("11",))}, None]
    assert [missing.overrides for missing in got.missing] == [("other",), ()]
    assert len(got.covers) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("yuan = 14000", "yuan = 92.80", ("layers.critical.deductible.yuan: the float 92.80", "two decimals", "in quotes")),
        ("percent = 90", "percent = 90.0", ("rules[1].ceiling.percent: the float 90.0", "a percentage", 'write "90.0" in quotes')),
        # a share of one is asked for its percentage, whatever it is written as; below 2 % a word is needed
        ("percent = 90", "percent = 0.60", ("rules[1].ceiling.percent: the float 0.60", "60? write 60 if 60 % is meant")),
        ("percent = 90", "percent = 0.625", ("ceiling.percent: the float 0.625", "62.5? write 62.5 if 62.5 % is meant")),
        ("percent = 90", "percent = 1.0", ("ceiling.percent: the float 1.0", "100? write 100 if 100 % is meant")),
        ("percent = 90", 'percent = "0.60"', ('ceiling.percent: the text "0.60"', "write 60 if 60 % is meant, exact = true beside it if 0.6 % is")),
        ("percent = 90", "percent = 1", ("ceiling.percent: the whole number 1", "write 100 if 100 % is meant", "if 1 % is")),
        ("percent = 90", 'percent = "1.99"', ('ceiling.percent: the text "1.99"', "at least 2, or exact = true")),
        ("percent = [60, 70]", "percent = [60, 1]", ("layers.critical.bands.percent[2]: the whole number 1", "exact = true")),
        ("entry_percent = 85", 'entry_percent = "0.85"', ('rules[1].entry_percent: the text "0.85"', "write 85 if 85 % is meant")),
        ("percent = 90", "percent = 90, exact = true", ("rules[1].ceiling.exact: no percentage below 2 beside it", "take it out")),
        ('exact = true, own_percent = 131', 'exact = "yes", own_percent = 131', ('adjust.exact: the text "yes"', "true or false")),
        ('"-0.5", exact = true', '"-0.5"', ('adjust.points: the text "-0.5"', "at least 1, or exact = true", "write -50 if -50 % is meant")),
        ('"700.5"', '"700.555"', ('layers.pooled.deductible.yuan[2]: the text "700.555"', "at most two decimals")),
        ("yuan = 14000", 'yuan = "x"', ('yuan: the text "x"', "an amount in yuan")),
        ("yuan = 14000", "yuan = true", ("yuan: the flag true", "an amount in yuan")),
        ("yuan = 14000", "yuan = -1", ("yuan: the whole number -1", "from 0 to 100000000000.00 yuan")),
        ("yuan = 14000", "yuan = 100000000001", ("yuan: the whole number 100000000001", "from 0 to")),
        ("yuan = 14000", "yuan = [14000]", ("layers.critical.deductible.yuan: a list of 1", "an amount in yuan")),
        ("percent = [60, 70]", "percent = [60, 101]", ("layers.critical.bands.percent[2]: the whole number 101", "from 0 to 100 %")),
        ("percent = [60, 70]", "percent = [-1, 70]", ("percent[1]: the whole number -1", "from 0 to 100 %")),
        ("percent = [60, 70]", "percent = 60", ("percent: the whole number 60", "a list of percentages")),
        ("own_percent = 131", "own_percent = 1001", ("adjust.own_percent: the whole number 1001", "from 0 to 1000 %")),
        ('points = "-0.5"', "points = -101", ("adjust.points: the whole number -101", "from -100 to 100 %")),
        ("yuan = 14000", "yaun = 14000", ("layers.critical.deductible.yuan: this key is missing", 'there is "yaun" here')),
        ('title = "made up"', "", ("ruleset.title: this key is missing", "add title")),
        ('title = "made up"', 'title = ""', ('ruleset.title: the text ""', "not empty")),
        ('title = "made up"', 'title = " x"', ('ruleset.title: the text " x"', "without blanks")),
        ('title = "made up"', "title = 1", ("ruleset.title: the whole number 1", "a text")),
        ('title = "made up"', 'title = "x"\nnote = "x"', ('ruleset.note: unknown key "note"', "one of benefit_date, ")),
        ("counts = false", "count = false", ('layers.pooled.visits.count: unknown key "count"', 'did you mean "counts"?')),
        ("counts = false", 'counts = "no"', ('visits.counts: the text "no"', "true or false")),
        ("format = 1", "format = 2", ("format: format 2", "format = 1")),
        ("format = 1", 'format = "1"', ('format: the text "1"', "a whole number")),
        ("format = 1", "", ("format: this key is missing", "format")),
        ("format = 1", "format = ", ("not TOML: ", "line 1", "TOML 1.0")),
        ("effective = 2021-01-01", 'effective = "2021-01-01"', ('effective: the text "2021-01-01"', "a date such as", "quotes")),
        ("effective = 2021-01-01", "effective = 2021-01-01T00:00:00", ("effective: the time 2021-01-01T00:00:00", "a date")),
        ("effective = 2021-01-01", "effective = 2021-02-30", ("not TOML: ", "line")),
        ("format = 1", f"format = {'9' * 4301}", ("not TOML: ", "4301 digits")),
        ("format = 1", f"format = 1e{'9' * 50}", ("not TOML: ",)),
        ('benefit_date = "setl_time"', 'benefit_date = "setltime"', ('benefit_date: the text "setltime"', 'did you mean "setl_time"')),
        ('fund = "hifp_pay"', 'fund = "hifp"', ('layers.pooled.fund: the text "hifp"', '"maf_pay"', "did you mean")),
        ('schemes = ["390"]', 'schemes = "390"', ('ruleset.schemes: the text "390"', "a list of texts")),
        ('schemes = ["390"]', "schemes = [390]", ("ruleset.schemes[1]: the whole number 390", "a text")),
        ('levels = ["1", "2"]', 'levels = ["1", "1"]', ('ruleset.levels[2]: "1" twice', "once")),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nyear_begins = "07-01"', ("ruleset.year_begins: no table", "day and source")),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nyear_begins = { day = "07-01" }', ("ruleset.year_begins.source: this key is missing",)),
        *(
            ('levels = ["1", "2"]', f'levels = ["1", "2"]\nyear_begins = {{ day = "{day}", source = "X1" }}',
             (f'ruleset.year_begins.day: "{day}"', "from 01-01 to 12-28", "what to do: write for example"))
            for day in ("13-01", "02-29", "7-1", "01-00", "2021-07-01")
        ),
        ('pooled = "year"', 'pooled = "week"', ('groups.pooled: the text "week"', '"quarter"')),
        ('pooled = "year"', 'pooled = { period = "week", by = "dise_code" }', ('groups.pooled.period: the text "week"', '"day"')),
        ('pooled = "year"', 'pooled = { period = "year" }', ("groups.pooled: a table that says a period alone", 'write pooled = "year"')),
        ('pooled = "year"', 'pooled = { period = "year", by = ["dise_code"] }', ("groups.pooled.by: ", "a text")),
        ('pooled = "year"', 'pooled = { period = "year", by = "dise_code", per = 1 }', ("groups.pooled.per",)),
        ('pooled = "year"', 'visit = "year"', ("groups.visit: a group named", "lift_caps")),
        ('grade = "made-up"', 'grade = "D"', ('sources.X1.grade: grade "D": unverified', '"A" | "B"', "[[missing]]")),
        ('grade = "made-up"', 'grade = "F"', ('sources.X1.grade: the text "F"', '"A" | "B"')),
        ('article = "1"', "", ("sources.X1.article: this key is missing", "article")),
        ('source = "X1", reading = "R1"', 'source = "X2", reading = "R1"', ('deductible.source: no source "X2"', '"X1"')),
        ('reading = "R1"', 'reading = "RR1"', ('deductible.reading: no source "RR1"', "[sources]", 'did you mean "R1"?')),
        ('counts = false }', 'counts = false, reading = "R1" }', ("visits.reading: a reading without a source", "source")),
        ('yuan = 14000, source = "X1"', "yuan = 14000", ("layers.critical.deductible.source: this key is missing", '"X1"')),
        ('counter = "paid" }, source = "X1"', 'counter = "paid" }', ("layers.critical.bands.source", "missing")),
        ('limit = { yuan = 250000, source = "X1" }', "limit = { yuan = 250000 }", ("layers.pooled.limit.source", "missing")),
        (
            'limit = { yuan = 250000, source = "X1" }',
            'limit = { yuan = 250000, group = "pooled", source = "X1" }',
            ("layers.pooled.limit.group", "a group beside a limit per visit", 'per = "period"'),
        ),
        ('yuan = 200000, source = "X1"', "yuan = 200000", ("layers.pooled.caps[1].source", "missing")),
        ('lift_caps = ["pooled", "visit"], source = "X1"', 'lift_caps = ["pooled"]', ("layers.pooled.cases[1].adjust.source", "missing")),
        ('layers = ["critical"], source = "X1"', 'layers = ["critical"]', ("rules[1].ceiling.source", "missing")),
        ('percent = "12.5", source = "X1"', 'percent = "12.5"', ("layers.critical.entry[1].source", "missing")),
        ('entry_percent = 85\nsource = "X1"', "entry_percent = 85", ("rules[1].source", "missing")),
        ('part = "cut_by_cap", layer', 'part = "cutbycap", layer', ('entry[2].part: the text "cutbycap"', '"left_by_ratio"')),
        ('part = "preselfpay_amt"', 'part = "cut_by_cap"', ('entry[1].part: the text "cut_by_cap"', '"inscp_scp_amt"')),
        # bounds of visits are visits
        ('upto = [100], select = { group = "pooled", counter = "paid" }', 'upto = [2.5], select = { group = "pooled", counter = "visits" }',
         ("layers.critical.bands.upto[1]: the float 2.5", "a whole number from 1 to 1000000: visits are counted here, not yuan")),
        ('upto = [100], select = { group = "pooled", counter = "paid" }', 'upto = ["3"], select = { group = "pooled", counter = "visits" }',
         ('layers.critical.bands.upto[1]: the text "3"', "write it without point and quotes")),
        ('counter = "paid"', 'counter = "pay"', ('bands.select.counter: the text "pay"', '"deductible_used"')),
        ('measured = "absolute", ', "", ("layers.pooled.bands.measured: this key is missing", "measured")),
        ('bands = { per = "visit", ', "bands = { ", ("layers.pooled.bands.per: this key is missing", "per")),
        ("entry = [{", "entry = []\nother = [{", ("layers.critical.entry: an empty list", "at least one part")),
        ("when = { tier", "when = {}\nother = { tier", ("layers.pooled.cases[1].when: no condition", "own keys")),
        ('med_type = ["21"], med', 'medtype = ["21"], med', ('rules[1].when.medtype: unknown dimension', 'did you mean "med_type"')),
        ("years = { from = 5, below = 10 }", 'years = ["5"]', ("cases[1].when.years: a list of 1", "a table")),
        ("years = { from = 5, below = 10 }", "years = {}", ("cases[1].when.years: no bound", "a lower bound")),
        ("years = { from = 5, below = 10 }", "years = { form = 5 }", ('when.years.form: unknown key "form"', 'did you mean "from"?')),
        ("age = { below = 18 }", "age = { below = 18, above = 1 }",
         ("rules[1].when.age.above: the bound above", "from (this or more) and below (less than this)", "write from, and the bound as from means it: this or more")),
        ("age = { below = 18 }", "age = { until = 2021-01-01 }", ("rules[1].when.age.until: the bound until", "write below, and the bound as below means it: less than this")),
        ("age = { below = 18 }", "age = { below = 18, belo = 1 }", ('rules[1].when.age.belo: unknown key "belo"',)),
        ('medfee_sumamt = { above = 30000, upto = "30000.01" }', "medfee_sumamt = { from = 18 }", ("medfee_sumamt.from: the bound from", "write above, and the bound as above means it: more than this")),
        ("age = { below = 18 }", "date = { upto = 2021-01-01 }", ("date.upto: the bound upto", "write until, and the bound as until means it: this day or earlier")),
        ('named = ["in"]', "named = []", ("cases[1].when.named: an empty list", "at least one code")),
        ('named = ["in"]', 'named = { not = "in" }', ('when.named.not: the text "in"', "a list of texts")),
        ('tier = ["a*", ""]', 'tier = ["*"]', ('when.tier[1]: the pattern "*"', "ending in *", "leave the dimension out")),
        ('tier = ["a*", ""]', 'tier = ["a*b"]', ('when.tier[1]: the pattern "a*b"', "ending in *")),
        ('psn_idet_type = { none = ["poor"], highest = ["low"] }', 'psn_idet_type = ["2304"]',
         ("rules[2].when.psn_idet_type: a condition that is not a table", "{ any = […] }", "as a class under [identities]")),
        ('{ none = ["poor"], highest = ["low"] }', '{ not = ["2304"] }', ("psn_idet_type.not: the key not", "write none = […]")),
        ('{ none = ["poor"], highest = ["low"] }', "{ none = [] }", ("psn_idet_type.none: an empty list", "at least one class")),
        ('{ none = ["poor"], highest = ["low"] }', "{}", ("rules[2].when.psn_idet_type: no class", "any, all, none or highest")),
        ('{ none = ["poor"], highest = ["low"] }', '{ nine = ["low"] }', ('rules[2].when.psn_idet_type.nine: unknown key "nine"',)),
        ('{ none = ["poor"], highest = ["low"] }', '{ any = ["low"], nine = ["low"] }', ('unknown key "nine"', 'mean "none"?')),
        ('[identity_rank]\norder = ["poor", "low"]\nsource = "X1"', "",
         ("rules[2].when.psn_idet_type.highest: highest, where no rank is stated", "add [identity_rank]")),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nidentities = ["2304"]',
         ("ruleset.identities: a list of codes", "a table [identities]", 'codes = ["2303", "7019"]')),
        ('codes = ["2304"], source = "X1"', 'codes = ["2304"]', ("identities.poor.source: this key is missing",)),
        ('file = "named.txt"', 'file = "no.txt"', ('dimensions.named.file: no file "no.txt"', "beside the rule set")),
        ('file = "named.txt"', 'file = "../named.txt"', ('dimensions.named.file: the path "../named.txt"', "a file name")),
        ('kind = "function"', 'kind = "func"', ('dimensions.season.kind: the text "func"', '"number"', 'did you mean "function"')),
        ("[dimensions.tier]", "[dimensions.age]", ('dimensions.age: "age" is a dimension of the engine', "another name")),
        ("[[rules]]", "[rules]", ("not TOML: Cannot overwrite a value", "TOML 1.0")),
        ("[[covers]]", "[covers.when.when]", ('covers.when.when: unknown dimension "when"',)),
        ("[[covers]]\nwhen", "[[covers]]\nwhere", ("covers[1].when: this key is missing", 'there is "where" here')),
        ('parameter = "ratio"', "", ("missing[1].parameter: this key is missing", "parameter")),
        ("[ruleset]", "[rulesets]", ("ruleset: this key is missing", 'there is "rulesets" here')),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_key_found_and_expected(
    tmp_path: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    text = message(tmp_path, old, new)
    for words in said:
        assert words in text


def test_an_adjustment_of_nothing_and_a_case_that_sets_nothing_are_refused(tmp_path: Path) -> None:
    old = 'deductible_percent = 50, points = "-0.5", exact = true, own_percent = 131, lift_caps = ["pooled", "visit"], '
    assert "layers.pooled.cases[1].adjust: an adjustment of nothing" in message(tmp_path, old, "")
    start = TEXT.index("deductible = { exempt")
    text = message(tmp_path, TEXT[start : TEXT.index("[layers.critical]")], "\n")
    assert "layers.pooled.cases[1]: a case that sets nothing" in text
    assert "adjust" in text


def test_a_file_that_is_not_utf8_or_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    with pytest.raises(PolicyError, match=r"a\.toml: the file cannot be read .*\n  expected: a readable UTF-8"):
        read_rule_set(file)
    file.write_bytes("title = '长春'".encode("gbk"))
    with pytest.raises(PolicyError, match=r"a\.toml: byte 10 \(0xb3\) is not UTF-8\n  expected: a UTF-8 text file"):
        read_rule_set(file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_rule_set(file, functions=FUNCTIONS).pool == "990100"


@pytest.mark.parametrize(
    ("content", "said"),
    [("# nothing\n", 'no value in "named.txt"'), ("H1\nH2\nH1\n", 'named.txt: line 3: "H1" again, first on line 1')],
)
def test_a_list_that_is_empty_or_repeats_itself_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = write(tmp_path)
    (tmp_path / "named.txt").write_text(content, "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_rule_set(file, functions=FUNCTIONS)
    assert said in str(caught.value)


# ---- the files of one region


def region(folder: Path | str | None) -> Region:
    pools = (Pool("990100", "one", ("9901",)),)
    return Region("990000", "made up", pools, rules=folder, functions={"season": Function(len, ("setl_time",))})


def later(text: str = TEXT) -> str:
    return text.replace("effective = 2021-01-01\nuntil = 2022-12-31", "effective = 2023-01-01")


def test_the_rule_sets_of_a_region_are_read_by_file_name(tmp_path: Path) -> None:
    write(tmp_path, later(), "b.toml")
    write(tmp_path, TEXT, "c.toml")
    (tmp_path / "notes.md").write_text("not a rule set", "utf-8")
    for folder in (tmp_path, str(tmp_path)):
        assert [each.effective.year for each in read_rule_sets(region(folder))] == [2023, 2021]
    assert read_rule_sets(region(None)) == ()


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (TEXT, ("b.toml: ruleset.effective: pool 990100, scheme 390: 2021-01-01", "a.toml", "one file per pool")),
        (
            later().replace("2023-01-01", "2022-12-31"),
            ("a.toml: ruleset.until", "until 2022-12-31", "b.toml", "until = 2022-12-30 or earlier"),
        ),
        (
            later().replace('benefit_date = "setl_time"', 'benefit_date = "enddate"'),
            (
                'b.toml: ruleset.benefit_date: pool 990100, scheme 390: "enddate"',
                'a.toml has "setl_time"',
                "same column",
            ),
        ),
        (
            later().replace('"990100"', '"990200"'),
            ('b.toml: ruleset.pool: pool "990200"', "990000 made up", "one of 990100"),
        ),
    ],
)
def test_two_files_that_contradict_each_other_are_refused(tmp_path: Path, second: str, said: tuple[str, ...]) -> None:
    write(tmp_path, TEXT, "a.toml")
    write(tmp_path, second, "b.toml")
    with pytest.raises(PolicyError) as caught:
        read_rule_sets(region(tmp_path))
    for words in said:
        assert words in str(caught.value)


def test_schemes_overlap_even_if_the_lists_differ(tmp_path: Path) -> None:
    write(tmp_path, TEXT, "a.toml")
    write(tmp_path, TEXT.replace('["390"]', '["310", "390"]'), "b.toml")
    with pytest.raises(PolicyError, match=r"scheme 390: 2021-01-01 is also the date of .*a\.toml"):
        read_rule_sets(region(tmp_path))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"(?s)the folder of rule sets of 990000 made up .*package-data"):
        read_rule_sets(region(tmp_path / "none"))
