"""What is wrong with a rule set before anything is compiled: each finding names file, key, found, expected."""

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.findings import PolicyFindings
from qingsuan.policy.model import RuleSet
from qingsuan.policy.reader import read_rule_set
from rule_heads import head

TEXT = (
    head(source="X2", levels=("1", "2"), sources={"X1": "1", "X2": "why it is in force"})
    + """\
[identities]
poor = { title = "特困", codes = ["2304"], source = "X1" }
low = { title = "低保", codes = ["2303", "7019"], source = "X1" }
[identity_rank]
order = ["poor", "low"]
source = "X1"
[groups]
stay = "year"
pooled = "year"
quarter = "quarter"
[dimensions.named]
kind = "list"
column = "fixmedins_code"
file = "named.txt"
[dimensions.season]
kind = "function"
function = "season"
[layers.pooled]
fund = "hifp_pay"
visits = { group = "stay" }
deductible = { per = "visit", yuan = [1000, 700], source = "X1" }
bands = { per = "visit", measured = "absolute", upto = [30000, 60000], percent = [55, 60, 65], source = "X1" }
limit = { yuan = 250000, source = "X1" }
caps = [{ group = "pooled", yuan = 200000, source = "X1" }]
[[layers.critical.cases]]
when = { psn_idet_type = { highest = ["low"] } }
adjust = { points = 5, source = "X1" }
[[layers.pooled.cases]]
when = { dedc_hosp_lv = ["1"], named = ["in"], season = ["wet"] }
deductible = { per = "visit", yuan = [200], source = "X1" }
adjust = { lift_caps = ["pooled"], source = "X1" }
[layers.critical]
fund = "hifmi_pay"
deductible = { per = "period", group = "quarter", yuan = 14000, source = "X1" }
bands = { percent = [60], source = "X1" }
entry = [{ part = "cut_by_cap", layer = "pooled" }]
[[rules]]
id = "inpatient"
when = { insutype = ["390"], med_type = ["21"], psn_type = ["14*"], psn_idet_type = { any = ["poor", "low"] } }
layers = ["pooled", "critical"]
ceiling = { percent = 90, of = "medfee_sumamt", layers = ["critical"], source = "X1" }
[[rules]]
id = "abroad"
when = { place = ["outside"], referral = ["none"], age = { from = 5, below = 6 } }
layers = []
overrides = ["inpatient"]
[[missing]]
parameter = "ratio"
why = "not printed"
when = { med_type = ["11"] }
[[covers]]
when = { med_type = ["21"], dedc_hosp_lv = ["1", "2"] }
"""
)


def read(folder: Path, text: str, **more: object) -> RuleSet:
    (folder / "named.txt").write_text("H1\n", "utf-8")
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file, functions=("season",), **more)  # type: ignore[arg-type]


def test_a_sound_rule_set_passes(tmp_path: Path) -> None:
    assert len(read(tmp_path, TEXT).rules) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # names that lead nowhere
        ('layers = ["pooled", "critical"]', 'layers = ["poled", "critical"]',
         ('rules[1] "inpatient".layers[1]: no layer "poled"', "one of pooled, critical", 'did you mean "pooled"?')),
        ('layers = ["pooled", "critical"]', 'layers = ["pooled", "critical", "pooled"]',
         ('rules[1].layers[3]: "pooled" twice', "write it once")),
        ('layers = ["pooled", "critical"]', 'layers = ["critical", "pooled"]',
         ('rules[1] "inpatient".layers[1]: "pooled" is not before "critical"', '"pooled" earlier', "layers.critical")),
        ('layer = "pooled" }', 'layer = "pool" }', ('layers.critical.entry[1].layer: no layer "pool"', "one of pooled")),
        ('layers = ["critical"], source', 'layers = ["crit"], source',
         ('rules[1] "inpatient".ceiling.layers[1]: "crit" is not a layer of this rule', "one of pooled, critical")),
        ('layers = ["critical"], source', "layers = [], source", ("ceiling.layers: an empty list", "at least one")),
        ('visits = { group = "stay" }', 'visits = { group = "stays" }',
         ('layers.pooled.visits.group: no group "stays"', "one of stay, pooled, quarter", "did you mean")),
        ('caps = [{ group = "pooled"', 'caps = [{ group = "pool"', ('layers.pooled.caps[1].group: no group "pool"', "pooled")),
        ('group = "quarter", yuan', 'group = "quarters", yuan', ('layers.critical.deductible.group: no group', "quarter")),
        ('"season"\n[layers', '"saison"\n[layers', ('dimensions.season.function: no function "saison"', "one of season")),
        ('overrides = ["inpatient"]', 'overrides = ["in-patient"]',
         ('rules[2] "abroad".overrides[1]: no other rule "in-patient"', 'did you mean "inpatient"?')),
        ('overrides = ["inpatient"]', 'overrides = ["abroad"]', ('no other rule "abroad"', "the id of another rule")),
        ('source = "X1" }\n[[rules]]\nid = "abroad"', 'source = "X1" }\noverrides = ["abroad"]\n[[rules]]\nid = "abroad"',
         ('rules[1] "inpatient".overrides[1]: "abroad" overrides "inpatient" too', "one rule that yields")),
        ('id = "abroad"', 'id = "inpatient"', ('rules[2] "inpatient".id: the id "inpatient" of rules[1] again', "once")),
        # names nobody uses
        ('[groups]\n', '[groups]\nspare = "year"\n', ("groups.spare: this group is used nowhere", "take it out")),
        ('[sources.X1]', '[sources.X9]\ndocument = "x"\narticle = "x"\ngrade = "A"\n[sources.X1]',
         ("sources.X9: this source is used nowhere", "a source that something names")),
        ('[dimensions.season]', '[dimensions.tier]\nkind = "code"\ncolumn = "tier"\n[dimensions.season]',
         ("dimensions.tier: this dimension is used nowhere",)),
        ('[layers.critical]', '[layers.spare]\nfund = "maf_pay"\nbands = { percent = [2], source = "X1" }\n[layers.critical]',
         ("layers.spare: this layer is used nowhere", "a layer that something names")),
        # codes outside their vocabulary
        ('schemes = ["390"]', 'schemes = ["395"]', ('ruleset.schemes[1]: no scheme "395"', "310, 320", "Region(codes")),
        ('schemes = ["390"]', "schemes = []", ("ruleset.schemes: an empty list", "at least one scheme")),
        ('insutype = ["390"]', 'insutype = ["310"]', ('rules[1] "inpatient".when.insutype[1]: "310" is no insutype here', "ruleset.schemes")),
        ('dedc_hosp_lv = ["1"]', 'dedc_hosp_lv = ["3"]', ('layers.pooled.cases[1].when.dedc_hosp_lv[1]: "3"', "1, 2 (ruleset.levels)")),
        # identity classes
        ('any = ["poor", "low"]', 'any = ["poor", "lo"]',
         ('rules[1] "inpatient".when.psn_idet_type.any[2]: no identity class "lo"', "one of poor, low", 'mean "low"?')),
        ('any = ["poor", "low"]', 'none = ["2303"]', ('when.psn_idet_type.none[1]: no identity class "2303"', "under [identities]")),
        ('any = ["poor", "low"]', 'all = ["poor"], none = ["poor"]', ("psn_idet_type: a condition that nobody meets",)),
        ('highest = ["low"]', 'highest = ["low"], any = ["poor"], none = ["low"]', ("a condition that nobody meets", "out of one")),
        ('highest = ["low"]', 'any = ["low"]', ("identity_rank: a rank that no condition uses", "{ highest = […] }")),
        ('order = ["poor", "low"]', 'order = ["poor"]', ('psn_idet_type.highest[1]: no identity class "low"', "under [identity_rank]")),
        ('order = ["poor", "low"]', 'order = ["poor", "low", "x"]', ('identity_rank.order[3]: no identity class "x"',)),
        ('[identity_rank]', 'five = { title = "五保", codes = ["2307"], source = "X1" }\n[identity_rank]',
         ("identities.five: this class is used nowhere", "ruleset.identities_without_effect")),
        ('codes = ["2304"]', 'codes = ["2304", "7019"]',
         ('identities.low.codes[2]: "7019", which is in class "poor"', "a condition can name several classes")),
        ('codes = ["2304"]', 'codes = []', ("identities.poor.codes: an empty list",)),
        ('codes = ["2304"]', 'codes = ["23*"]', ('identities.poor.codes[1]: "23*"', "four digits")),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nidentities_without_effect = ["230*"]',
         ('ruleset.identities_without_effect[1]: "230*", but "2304" is in a class',)),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nidentities_without_effect = ["优抚"]',
         ('ruleset.identities_without_effect[1]: "优抚"', "a prefix ending in *")),
        ('why = "not printed"', 'why = "not printed"\noverrides = ["in-patient"]',
         ('missing[1].overrides[1]: no rule "in-patient"', 'did you mean "inpatient"?')),
        ('why = "not printed"\nwhen = { med_type = ["11"] }', 'why = "not printed"\noverrides = ["inpatient"]',
         ("missing[1].overrides: overrides without when", "the key when")),
        ('place = ["outside"]', 'place = ["outsid"]', ('rules[2] "abroad".when.place[1]: "outsid"', "pool, region, outside")),
        ('referral = ["none"]', 'referral = ["no"]', ('when.referral[1]: "no"', "none, referred, emergency, both")),
        ('psn_type = ["14*"]', 'psn_type = ["19*"]', ('when.psn_type[1]: "19*" is no psn_type here', "national codes")),
        ('when = { med_type = ["11"] }', 'when = { med_type = ["99"] }', ('missing[1].when.med_type[1]: "99"', "Region.codes")),
        ('med_type = ["21"], dedc', 'med_type = { not = ["2"] }, dedc', ('covers[1].when.med_type[1]: "2"', "21, 22")),
        ('named = ["in"]', 'named = ["H1"]', ('layers.pooled.cases[1].when.named[1]: "H1" is no named here', "in, out")),
        ('levels = ["1", "2"]', 'levels = ["1", "2*"]', ('ruleset.levels[2]: "2*"', "a code")),
        ("from = 5, below = 6", "from = 6, below = 6", ('rules[2] "abroad".when.age: an interval that holds no value', "lower bound")),
        ("effective = 2021-01-01", "effective = 2021-01-01\nuntil = 2020-12-31",
         ("ruleset.until: until 2020-12-31, before effective 2021-01-01", "not before effective")),
        # bands, schedules
        ("upto = [30000, 60000]", "upto = [60000, 30000]",
         ("layers.pooled.bands.upto[2]: 30000.00 after 60000.00: the bands do not ascend", "an amount above 60000.00")),
        ("upto = [30000, 60000]", "upto = [30000, 30000]", ("bands.upto[2]: 30000.00 after 30000.00",)),
        ("upto = [30000, 60000]", "upto = [0, 60000]", ("bands.upto[1]: 0.00 after 0.00", "above 0.00")),
        ("upto = [30000, 60000]", "upto = [30000]", ("layers.pooled.bands.upto: 1 inner bounds for 3 percentages", "one bound fewer")),
        ('quarter = "quarter"', 'quarter = { period = "quarter", by = "dise_cod" }',
         ('groups.quarter.by: no column "dise_cod"', "one of dise_code, fixmedins_code, med_type, dedc_hosp_lv, mdtrt_id, family, season", 'did you mean "dise_code"')),
        ('quarter = "quarter"', 'quarter = { period = "quarter", by = "named" }',
         ('groups.quarter.by: "named", a dimension of kind list', "a group is kept apart by a code")),
        ("percent = [60]", "percent = []", ("layers.critical.bands.upto: 0 inner bounds for 0 percentages",)),
        ("yuan = [1000, 700]", "yuan = []", ("layers.pooled.deductible.yuan: an empty list", "at least one amount")),
        ('bands = { percent = [60], source = "X1" }\n', "", ("layers.critical: no bands in the layer or its cases", "add bands")),
        ("percent = [60]", 'per = "period", percent = [60]', ("layers.critical.bands: a period without a group", "the key group")),
        ("percent = [60]", 'per = "period", group = "pooled", select = { group = "pooled", counter = "paid" }, percent = [60]',
         ('layers.critical.bands.per: "period" beside select', "select alone")),
        ('per = "period", group = "quarter", yuan', 'per = "period", yuan', ("layers.critical.deductible: a period without a group", "group")),
        ('{ per = "visit", yuan = [200]', '{ per = "visit", credits = true, group = "stay", yuan = [200]',
         ("layers.pooled.cases[1].deductible.credits: credits without exempt", "exempt = true")),
        ('limit = { yuan', 'limit = { per = "period", yuan', ("layers.pooled.limit: a period without a group", "group")),
        ('caps = [{ group = "pooled", yuan', "caps = [{ yuan", ("layers.pooled.caps[1]: a period without a group", "group")),
        ('caps = [{ group = "pooled", yuan = 200000, source = "X1" }]', 'caps = [{ per = "visit" }]',
         ("layers.pooled.caps[1]: neither an amount nor a group", "yuan, group, or both")),
        ('lift_caps = ["pooled"]', 'lift_caps = ["visit"]',
         ('layers.pooled.cases[1].adjust.lift_caps[1]: layer "pooled" has no cap "visit"', "one of pooled")),
        # bounds below the deductible of the same scope
        ("limit = { yuan = 250000", 'limit = { yuan = "999.99"',
         ("layers.pooled.limit.yuan: 999.99 yuan per visit enter at most, and 1000.00 yuan per visit are deducted", "or 0", "under caps")),
        ('entry = [{ part = "cut', 'limit = { per = "period", group = "quarter", yuan = "13999.99", source = "X1" }\nentry = [{ part = "cut',
         ("layers.critical.limit.yuan: 13999.99 yuan per quarter enter at most, and 14000.00 yuan per quarter are deducted",)),
        ('yuan = [200], source', "yuan = [250001], source",
         ("layers.pooled.cases[1].limit.yuan: 250000.00 yuan per visit enter at most, and 250001.00 yuan",)),
    ],
)  # fmt: skip
def test_each_finding_names_key_found_and_expected(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    assert TEXT.count(old) == 1, old
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, TEXT.replace(old, new))
    text = str(caught.value)
    assert "/a.toml: " in text.splitlines()[0]
    for words in said:
        assert words in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("limit = { yuan = 250000", "limit = { yuan = 1000"),  # equal to the deductible
        ("limit = { yuan = 250000", "limit = { yuan = 0"),  # nothing enters, and says so
        ('yuan = 200000, source = "X1" }]', 'yuan = 1, source = "X1" }]'),  # per year; the deductible is per visit
        ('entry = [{ part = "cut', 'caps = [{ group = "pooled", yuan = 1, source = "X1" }]\nentry = [{ part = "cut'),  # year
        ('entry = [{ part = "cut', 'caps = [{ group = "quarter", yuan = 1, source = "X1" }]\nentry = [{ part = "cut'),  # what is paid
        ("caps = [{", 'caps = [{ per = "visit", yuan = 999, source = "X1" }, {'),  # a payment below the deductible
        ("deductible = { per = \"visit\", yuan = [200], ", "deductible = { exempt = true, "),
        ("when = { med_type = [\"11\"] }", "when = { med_type = [\"14*\"] }"),
        ("when = { med_type = [\"11\"] }", "when = { med_type = { not = [\"\"] } }"),
        ("upto = [30000, 60000]", 'upto = ["0.01", "0.02"]'),
    ],
)  # fmt: skip
def test_what_is_just_inside_passes(tmp_path: Path, old: str, new: str) -> None:
    assert TEXT.count(old) == 1, old
    read(tmp_path, TEXT.replace(old, new))


def test_sixty_two_identity_classes_and_no_more(tmp_path: Path) -> None:
    for count in (60, 61):
        names = [f"c{number}" for number in range(count)]
        classes = "".join(
            f'{name} = {{ title = "x", codes = ["{n:04}"], source = "X1" }}\n' for n, name in enumerate(names)
        )
        listed = ", ".join(f'"{name}"' for name in names)
        text = TEXT.replace("[identity_rank]", f"{classes}[identity_rank]").replace(
            'any = ["poor", "low"]', f"any = [{listed}]"
        )
        if count == 60:
            assert len(read(tmp_path, text).identities) == 62
        else:
            with pytest.raises(PolicyError, match=r"identities: 63 classes\n  expected: at most 62"):
                read(tmp_path, text)


def test_a_region_may_add_codes_and_nothing_else_makes_them_known(tmp_path: Path) -> None:
    text = TEXT.replace('when = { med_type = ["11"] }', 'when = { med_type = ["15"] }')
    with pytest.raises(PolicyError, match=r'med_type\[1\]: "15" is no med_type here'):
        read(tmp_path, text)
    read(tmp_path, text, codes={"med_type": {"15": "特药"}})


def test_a_disease_code_is_checked_where_the_region_has_a_table(tmp_path: Path) -> None:
    text = TEXT.replace('when = { med_type = ["11"] }', 'when = { dise_code = ["M022*"] }')
    read(tmp_path, text)
    read(tmp_path, text, codes={"dise_code": {"M02207": "made up"}})
    with pytest.raises(PolicyError, match=r'missing\[1\]\.when\.dise_code\[1\]: "M022\*" is no dise_code here'):
        read(tmp_path, text, codes={"dise_code": {"M07109": "made up"}})


@pytest.mark.parametrize(
    ("part", "without", "said"),
    [
        ("cost_above_cap", 'caps = [{ group = "pooled", yuan = 200000, source = "X1" }]\n',
         ('layers.critical.entry[1]: cost_above_cap of "pooled", which has no cap', 'a cap in layer "pooled"',
          "as it has a limit, ask for cost_above_limit")),
        ("cost_above_limit", 'limit = { yuan = 250000, source = "X1" }\n',
         ('layers.critical.entry[1]: cost_above_limit of "pooled", which has no limit', "nothing would ever enter",
          "as it has a cap, ask for cost_above_cap")),
    ],
)  # fmt: skip
def test_cost_above_what_an_earlier_layer_has_not_is_refused(
    tmp_path: Path, part: str, without: str, said: tuple[str, ...]
) -> None:
    text = TEXT.replace('part = "cut_by_cap"', f'part = "{part}"')
    read(tmp_path, text)
    with pytest.raises(PolicyFindings) as caught:
        read(tmp_path, text.replace(without, ""))
    (finding,) = (str(one) for one in caught.value.findings if "entry" in one.key)
    assert all(words in finding for words in said), finding


@pytest.mark.parametrize(
    ("guarantee", "said"),
    [
        ('percent = 50, of = "medfee_sumamt", layers = [], to = "critical"',
         ("guarantee.layers: an empty list", "at least one layer")),
        ('percent = 50, of = "medfee_sumamt", layers = ["critical", "poled"], to = "critical"',
         ('guarantee.layers[2]: "poled" is not a layer of this rule', "one of pooled, critical", 'did you mean "pooled"?')),
        ('percent = 50, of = "medfee_sumamt", layers = ["critical"], to = "pooled"',
         ('guarantee.to: "pooled", whose payments the guarantee does not count', "one of its layers: critical")),
        ('percent = "90.01", of = "medfee_sumamt", layers = ["critical"], to = "critical"',
         ("guarantee.percent: a guarantee above the ceiling", "not above that of the ceiling")),
    ],
)  # fmt: skip
def test_a_guarantee_that_cannot_be_meant_is_refused(tmp_path: Path, guarantee: str, said: tuple[str, ...]) -> None:
    rule = 'layers = ["pooled", "critical"]\nceiling'
    assert TEXT.count(rule) == 1
    with pytest.raises(PolicyFindings) as caught:
        read(tmp_path, TEXT.replace(rule, rule.replace("\n", f'\nguarantee = {{ {guarantee}, source = "X1" }}\n')))
    finding = str(caught.value.findings[0])
    assert 'rules[1] "inpatient".' in finding
    assert all(words in finding for words in said), finding


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ('yuan = { number = "tiers", base = 10, step = 5, from = 1 }',
         ('layers.pooled.limit.yuan.number: no number "tiers"', "kind number")),
        ('yuan = { number = "days", base = 10, step = 5, from = 1 }',
         ('layers.pooled.limit.yuan.number: no number "days"', "[dimensions.days]")),
        ('yuan = 50, times = "day"', ('layers.pooled.limit.times: no number "day"', "one of days", 'did you mean "days"?')),
        ('yuan = 50, times = "named"', ('layers.pooled.limit.times: no number "named"', "one of days")),
        ('yuan = 50, times = "days", per = "period", group = "stay"',
         ('layers.pooled.limit.per: "period", of an amount that each settlement has for itself', 'per = "visit"')),
    ],
)  # fmt: skip
def test_an_amount_of_a_claim_that_cannot_be_is_refused(tmp_path: Path, limit: str, said: tuple[str, ...]) -> None:
    assert TEXT.count("limit = { yuan = 250000,") == 1
    with pytest.raises(PolicyFindings) as caught:
        read(tmp_path, TEXT.replace("limit = { yuan = 250000,", f"limit = {{ {limit},"))
    finding = str(caught.value.findings[0])
    assert all(words in finding for words in said), finding


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ('group = "pooled", percent = 90, of = "inscp_scp_amt"', ('caps[1].per: "period"', 'per = "visit"')),
        ('per = "visit", percent = 90, of = "hifp_pay"', ("caps[1].of", '"medfee_sumamt"')),
        ('per = "visit", percent = 90', ("caps[1].of", "missing")),
        ('group = "pooled", yuan = { number = "n", base = 10, step = 5, from = 1, upto = 9 }', ("caps[1].yuan.upto: less than base",)),
        ('group = "pooled", yuan = { number = "n", base = 10, step = 5 }', ("caps[1].yuan.from", "missing")),
        ('group = "pooled", yuan = { column = "psn_no", table = "insured" }', ("caps[1].yuan.column", "holds a text", "amounts in yuan")),
        ('group = "pooled", yuan = { column = "setl_time" }', ("caps[1].yuan.column", "holds a time")),
        ('group = "pooled", yuan = { column = "x", table = "identities" }', ("caps[1].yuan.table", '"claims"', '"insured"')),
        ('group = "pooled", yuan = { column = "x", step = 5 }', ("caps[1].yuan.step", "unknown key")),
        ('group = "pooled", yuan = { column = "" }', ("caps[1].yuan.column",)),
        ('group = "pooled", yuan = { table = "insured" }', ("caps[1].yuan.number", "missing")),
        ('group = "pooled", yuan = { number = "n", base = 10, step = 5, from = 1, until = 9 }', ("caps[1].yuan.until", "unknown key")),
    ],
)  # fmt: skip
def test_a_cap_of_a_claim_that_cannot_be_is_refused(tmp_path: Path, cap: str, said: tuple[str, ...]) -> None:
    old, dimension = (
        'caps = [{ group = "pooled", yuan = 200000,',
        '[dimensions.n]\nkind = "number"\ncolumn = "n"\n[dimensions.season]',
    )
    assert TEXT.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, TEXT.replace(old, f"caps = [{{ {cap},").replace("[dimensions.season]", dimension))
    findings = caught.value.findings if isinstance(caught.value, PolicyFindings) else [caught.value]
    assert any(all(words in str(one) for words in said) for one in findings), [str(one) for one in findings]


def test_an_amount_in_a_column_is_read_as_no_dimension_of_the_file(tmp_path: Path) -> None:
    old = 'caps = [{ group = "pooled", yuan = 200000,'
    new = 'caps = [{ group = "pooled", yuan = { column = "x_sum", table = "insured" },'
    found = read(tmp_path, TEXT.replace(old, new)).dimensions[-1]
    assert (found.name, found.kind, found.table, found.column) == ("insured.x_sum", "amount", "insured", "x_sum")
    also = '[dimensions."insured.x_sum"]\nkind = "code"\ncolumn = "n"\n[dimensions.season]'
    with pytest.raises(PolicyError, match=r'a dimension called "insured\.x_sum"'):
        read(tmp_path, TEXT.replace(old, new).replace("[dimensions.season]", also))
    asked = TEXT.replace(old, new).replace('when = { med_type = ["11"] }', 'when = { "insured.x_sum" = ["1"] }', 1)
    assert asked != TEXT.replace(old, new)
    with pytest.raises(PolicyError, match=r'unknown dimension "insured\.x_sum"'):
        read(tmp_path, asked)
