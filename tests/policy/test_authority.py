"""What a region authorises its pools to set (待遇清单): made-up files, and each message in full."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from authorised_region import AUTHORITY, FUNDING, RULES, region_of
from qingsuan.errors import PolicyError
from qingsuan.plugins import Installed, Plugin
from qingsuan.policy.authority.model import SETTINGS, STANDARDS
from qingsuan.policy.findings import Finding, findings_of
from qingsuan.policy.model import Case, Pool, Region, Rule
from qingsuan.policy.reader import read_rule_sets
from qingsuan.run.regions import hold_to_authority, read_regions
from qingsuan.subsidies.reader import read_region

BEYOND = """
[[beyond]]
parameter = "%s"
why = "a trial that the province approved"
source = "C1"
"""


def held(region: Region) -> tuple[Finding, ...]:
    try:
        hold_to_authority(region, read_rule_sets(region), read_region(region).values())
    except PolicyError as error:
        return findings_of(error)
    return ()


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_what_is_authorised_and_within_its_bounds_is_trusted(tmp_path: Path) -> None:
    assert held(region_of(tmp_path)) == ()


def test_a_region_without_authority_is_asked_for_nothing(tmp_path: Path) -> None:
    rules = changed(RULES, "percent = [55]", "percent = [40]")
    assert held(region_of(tmp_path, rules, authority=None)) == ()


def test_a_value_outside_its_bounds_names_both_documents_and_both_values(tmp_path: Path) -> None:
    rules = changed(changed(RULES, "percent = [55]", 'percent = ["49.99"]'), "percent = [57]", 'percent = ["51.99"]')
    (finding,) = held(region_of(tmp_path, rules))
    assert finding.where.endswith("rules/a.toml: layers.outpatient.bands")
    assert finding.found.startswith("49.99 % for rule “outpatient”, insutype=310, med_type=11, ")
    assert "date=2022-01-01" in finding.found
    assert finding.found.endswith("; from 例医保发〔2021〕3号 (made up), 第三条 (grade made-up)")
    assert finding.expected.startswith("at least 50.00 %: “outpatient-ratio” of 示例省清单 (")
    assert finding.expected.endswith("authority/a.toml), from 示政办发〔2021〕9号 (made up), (四) (grade made-up)")
    assert finding.do == (
        'correct it, or write [[beyond]] with parameter = "outpatient-ratio", why, and the source that lets this pool go beyond'
    )
    assert finding.source == "C1"


@pytest.mark.parametrize(("value", "within"), [("50", True), ('"49.99"', False)])
def test_a_bound_belongs_to_what_it_allows(tmp_path: Path, value: str, within: bool) -> None:
    rules = changed(RULES, "percent = [55]", f"percent = [{value}]")
    points = 'percent = ["51.99"]' if "49" in value else "percent = [52]"
    assert (held(region_of(tmp_path, changed(rules, "percent = [57]", points))) == ()) is within


def test_a_rule_that_ends_before_the_bound_begins_is_not_held_to_it(tmp_path: Path) -> None:
    rules = changed(RULES, "percent = [55]", "percent = [40]")
    rules = changed(
        changed(rules, "percent = [57]", "percent = [42]"), "effective = 2021", "until = 2021-12-31\neffective = 2021"
    )
    assert held(region_of(tmp_path, rules)) == ()
    assert held(region_of(tmp_path, changed(rules, "until = 2021-12-31", "until = 2022-01-01"))) != ()


def test_the_file_that_is_in_force_decides(tmp_path: Path) -> None:
    """From 2023 on the floor is 60: what 2022 allowed is refused from that day, and for no other reason."""
    region = region_of(tmp_path)
    later = changed(
        changed(AUTHORITY, "effective = 2021-01-01", "effective = 2023-01-01"), "{ least = 50 }", "{ least = 60 }"
    )
    (tmp_path / "authority" / "b.toml").write_text(later, "utf-8")
    findings = held(region)
    assert {(one.key, one.found.partition(" for ")[0]) for one in findings} == {
        ("layers.outpatient.bands", "55.00 %"),
        ("layers.outpatient.bands", "57.00 %"),
    }
    assert all("date=2023-01-01" in one.found and "authority/b.toml" in one.expected for one in findings)


def test_every_amount_of_a_schedule_is_held_to_the_bound(tmp_path: Path) -> None:
    (finding,) = held(region_of(tmp_path, changed(RULES, "[1000, 500]", "[1000, 99]")))
    assert finding.key == "layers.inpatient.deductible"
    assert finding.found.startswith("1000.00, 99.00 yuan for")
    assert finding.expected.startswith("at least 100.00 yuan and at most 2000.00 yuan: “stay-deductible”")


@pytest.mark.parametrize(
    ("tilt", "said"),
    [
        (
            'deductible_percent = 60, points = 5, lift_caps = ["critical"]',
            "deductible times 60.00 %, 5.00 points more, caps lifted",
        ),
        (
            'deductible_percent = 50, points = 4, lift_caps = ["critical"]',
            "deductible times 50.00 %, 4.00 points more, caps lifted",
        ),
        ("deductible_percent = 50, points = 5", "deductible times 50.00 %, 5.00 points more, caps kept"),
        ('points = 5, lift_caps = ["critical"]', "deductible times 100.00 %, 5.00 points more, caps lifted"),
        (
            'deductible_percent = 50, points = 5, lift_caps = ["critical"], own_percent = 90',
            "deductible times 50.00 %, 5.00 points more, caps lifted, own share times 90.00 %",
        ),
    ],
)
def test_the_tilt_is_one_thing(tmp_path: Path, tilt: str, said: str) -> None:
    rules = changed(RULES, 'deductible_percent = 50, points = 5, lift_caps = ["critical"]', tilt)
    (finding,) = held(region_of(tmp_path, rules))
    assert finding.key == "layers.critical.adjust"
    assert finding.found.startswith(f"{said} for rule “inpatient”")
    assert finding.expected.startswith("deductible times 50.00 %, 5.00 points more, caps lifted: “tilt”")


@pytest.mark.parametrize(("first", "within"), [("2000", True), ('"2000.01"', False), ("100", True), ('"99.99"', False)])
def test_both_bounds_of_an_amount_belong_to_what_they_allow(tmp_path: Path, first: str, within: bool) -> None:
    assert (held(region_of(tmp_path, changed(RULES, "[1000, 500]", f"[{first}, 500]"))) == ()) is within


def test_a_tilt_that_leaves_one_of_two_caps_is_not_whole(tmp_path: Path) -> None:
    one = '{ group = "critical", yuan = 100000, source = "C1" }'
    rules = changed(RULES, f"caps = [{one}]", f'caps = [{one}, {{ per = "visit", yuan = 50000, source = "C1" }}]')
    (finding,) = held(region_of(tmp_path, rules))
    assert finding.found.startswith("deductible times 50.00 %, 5.00 points more, caps kept for rule “inpatient”")


def test_a_setting_that_nobody_authorises_is_refused(tmp_path: Path) -> None:
    ceiling = 'layers = ["inpatient", "critical"]\nceiling = { percent = 90, of = "medfee_sumamt", layers = ["critical"], source = "C1" }'
    (finding,) = held(region_of(tmp_path, changed(RULES, 'layers = ["inpatient", "critical"]', ceiling)))
    assert finding.key == "rules “inpatient”.ceiling"
    assert finding.found.startswith("90.00 % for rule “inpatient”")
    assert "it names no ceiling of a rule for such claims" in finding.expected
    assert 'parameter = "ceiling"' in finding.do


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (
            'layers = ["outpatient"]',
            'layers = ["outpatient"]\nentry_percent = 85\nsource = "C1"',
            "rules “outpatient”.entry_percent",
        ),
        (
            '[[layers.outpatient.cases]]\nwhen = { psn_type = ["12*"] }\n',
            'entry = [{ part = "preselfpay_amt" }]\n[[layers.outpatient.cases]]\nwhen = { psn_type = ["12*"] }\n',
            "layers.outpatient.entry",
        ),
        (
            '[[layers.outpatient.cases]]\nwhen = { psn_type = ["12*"] }\n',
            'adjust = { points = 5, source = "C1" }\n[[layers.outpatient.cases]]\nwhen = { psn_type = ["12*"] }\n',
            "layers.outpatient.adjust",
        ),
    ],
)
def test_every_kind_of_setting_needs_its_authority(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert key in {finding.key for finding in held(region_of(tmp_path, changed(RULES, old, new)))}


def test_a_guarantee_needs_its_authority_too(tmp_path: Path) -> None:
    guarantee = (
        'guarantee = { percent = 40, of = "medfee_sumamt", layers = ["outpatient"], to = "outpatient", source = "C1" }'
    )
    rules = changed(RULES, 'layers = ["outpatient"]', f'layers = ["outpatient"]\n{guarantee}')
    (finding,) = held(region_of(tmp_path, rules))
    assert finding.found.startswith("40.00 % for rule “outpatient”")
    assert "it names no guarantee of a rule for such claims" in finding.expected


def test_whatever_a_file_can_set_can_be_authorised() -> None:
    """A new setting of layers or rules is a new word of the authority, or decides no amount."""
    called = {"bands": "ratio", "caps": "cap", "entry_bp": "entry_percent"}
    no_amount = {"when", "cell", "visits", "id", "layers", "overrides", "registered", "source"}
    names = {one.name for owner in (Case, Rule) for one in fields(owner)} - no_amount
    of_groups = {"carry_over"}
    assert {called.get(name, name) for name in names} | of_groups == set(SETTINGS) - {*STANDARDS}


def test_retirees_are_favoured_alike_in_both_kinds_of_care(tmp_path: Path) -> None:
    findings = held(region_of(tmp_path, changed(RULES, "percent = [57]", "percent = [58]")))
    said = (
        "at level {} psn_type 12* is favoured by 3.00 points in med_type 11, but by 2.00 points in med_type 21; "
        "from 例医保发〔2021〕3号 (made up), 第三条 (grade made-up)"
    )
    assert [finding.found for finding in findings] == [said.format(1), said.format(3)]
    assert findings[0].expected.startswith("the same points in both: “retirees” of 示例省清单")


def test_points_are_compared_on_the_lowest_and_on_the_highest_ratio(tmp_path: Path) -> None:
    """Two points more in the first band of inpatient care, three in the second: outpatient care cannot equal both."""
    bands = 'bands = {{ per = "visit", measured = "excess", upto = [10000], percent = [{}, {}], source = "C1" }}'
    rules = changed(RULES, 'bands = { percent = [82], source = "C1" }', bands.format(82, 93))
    rules = changed(rules, 'bands = { percent = [80], source = "C1" }', bands.format(80, 90))
    found = held(region_of(tmp_path, rules))[0].found
    assert (
        "by 2.00 points in med_type 11, but by 2.00 points on the lowest ratio and 3.00 on the highest in med_type 21"
        in found
    )


def test_care_without_a_ratio_is_not_compared(tmp_path: Path) -> None:
    rules = changed(RULES, 'when = { med_type = ["11"] }', 'when = { med_type = ["11"], psn_type = ["11*"] }')
    assert held(region_of(tmp_path, rules)) == ()


def test_a_rule_set_may_go_beyond_with_a_reason_and_a_source(tmp_path: Path) -> None:
    rules = changed(RULES, "percent = [57]", "percent = [58]")
    assert held(region_of(tmp_path, rules + BEYOND % "retirees")) == ()
    (read,) = read_rule_sets(region_of(tmp_path, rules + BEYOND % "retirees"))
    assert [(one.parameter, one.why, one.source) for one in read.beyond] == [
        ("retirees", "a trial that the province approved", "C1")
    ]


@pytest.mark.parametrize("key", ["why", "source"])
def test_going_beyond_without_reason_or_source_is_refused(tmp_path: Path, key: str) -> None:
    lines = [line for line in (BEYOND % "retirees").splitlines() if not line.startswith(key)]
    with pytest.raises(PolicyError, match=rf"beyond\[1\]\.{key}: this key is missing"):
        read_rule_sets(region_of(tmp_path, RULES + "\n".join(lines)))


@pytest.mark.parametrize(
    ("parameter", "found", "do"),
    [
        ("retirees", '"retirees", beyond which no value of this file goes', "take it out"),
        ("retiree", '"retiree", which nobody authorises', 'did you mean "retirees"?'),
    ],
)
def test_going_beyond_in_vain_is_refused(tmp_path: Path, parameter: str, found: str, do: str) -> None:
    (finding,) = held(region_of(tmp_path, RULES + BEYOND % parameter))
    assert (finding.key, finding.found, finding.do) == ("beyond[1].parameter", found, do)


def test_going_beyond_where_nothing_is_authorised_is_refused(tmp_path: Path) -> None:
    (finding,) = held(region_of(tmp_path, RULES + BEYOND % "retirees", authority=None))
    assert "(no authority file is in force)" in finding.expected


def test_a_standard_below_the_bound_names_both_documents(tmp_path: Path) -> None:
    (finding,) = held(region_of(tmp_path, funding=changed(FUNDING, "yuan = 580", 'yuan = "579.99"')))
    assert (finding.key, finding.found) == (
        "standard.yuan",
        "579.99 per head and year; from 示财社〔2021〕1号 (made up), 一 (grade made-up)",
    )
    assert finding.expected.startswith("at least 580.00 yuan: “standard” of 示例省清单")
    assert "示医保发〔2020〕1号 (made up)" in finding.expected
    other_year = changed(changed(FUNDING, "yuan = 580", "yuan = 1"), "year = 2021", "year = 2022")
    assert held(region_of(tmp_path, funding=other_year)) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'settings = ["adjust"]',
            'settings = ["adjustment"]',
            ('authorise[3].settings[1]: "adjustment"', 'did you mean "adjust"?'),
        ),
        ('funds = ["hifmi_pay"]', 'funds = ["hifmi"]', ('authorise[3].funds[1]: "hifmi"', 'did you mean "hifmi_pay"?')),
        ('settings = ["adjust"]', "settings = []", ("authorise[3].settings: an empty list",)),
        (
            "{ least = 50 }",
            "{ least = 50, exactly = 60 }",
            ("authorise[2].percent: bounds that bound nothing or contradict",),
        ),
        ("{ least = 50 }", "{}", ("authorise[2].percent: bounds that bound nothing or contradict",)),
        (
            "{ least = 100, most = 2000 }",
            "{ least = 100, most = 99 }",
            ("authorise[4].yuan: bounds that bound nothing",),
        ),
        ("percent = { least = 50 }", "yuan = { least = 50 }", ("authorise[2].yuan: bounds in yuan of ratio",)),
        ('settings = ["adjust"]', 'settings = ["adjust", "cap"]', ("authorise[3].tilt: a tilt of cap, adjust",)),
        (
            '["subsidy_standard"]',
            '["subsidy_standard", "cap"]',
            ("authorise[5].settings: subsidy_standard beside others",),
        ),
        ('id = "tilt"', 'id = "rules"', ('authorise[3].id: the id "rules" again',)),
        ('id = "tilt"', 'id = "ratio"', ('the id "ratio" which is also the name of a setting',)),
        (
            'med_type = ["11"], date',
            'med_type = ["111"], date',
            ('authorise[2].when.med_type: "111"', "a code of med_type"),
        ),
        (
            'med_type = ["11"], date',
            'dedc_hosp_lv = ["1"], date',
            ("authorise[2].when.dedc_hosp_lv: a dimension whose codes each pool",),
        ),
        (
            'when = { med_type = ["21"] }',
            'when = { any_of = [{ age = { from = 60 } }, { med_type = ["21"] }] }',
            ("when.any_of: alternatives",),
        ),
        ('care = [{ med_type = ["11"] }, ', "care = [", ("equal_tilts[1].care: 1 conditions", "two kinds of care")),
        (
            'when = { insutype = ["310"] }',
            'when = { med_type = ["11"] }',
            ("equal_tilts[1].when.med_type: med_type again",),
        ),
        ('source = "P2"\n[sources', 'source = "P1"\nx = 1\n[sources', ('unknown key "x"',)),
        (
            'region = "990000"',
            'region = "980000"',
            ('authority.region: "980000"', '"990000", the region of the plugin'),
        ),
        ('grade = "made-up"\n[sources.P2]', 'grade = "D"\n[sources.P2]', ("sources.P1.grade",)),
        (
            "[sources.P1]",
            '[sources.P0]\ndocument = "x"\narticle = "x"\ngrade = "A"\n[sources.P1]',
            ("sources.P0: this source is used nowhere",),
        ),
    ],
)
def test_an_authority_file_that_cannot_be_trusted(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    region = region_of(tmp_path, authority=changed(AUTHORITY, old, new))
    with pytest.raises(PolicyError) as refused:
        hold_to_authority(region, read_rule_sets(region), ())
    for text in ("authority/a.toml", *said):
        assert text in str(refused.value)


def test_a_file_that_authorises_nothing_is_refused(tmp_path: Path) -> None:
    head = AUTHORITY.partition("[[authorise]]")[0]
    region = region_of(tmp_path, authority=head)
    with pytest.raises(PolicyError, match="authorise: nothing is authorised"):
        hold_to_authority(region, read_rule_sets(region), ())


def test_two_files_of_one_day_are_refused(tmp_path: Path) -> None:
    region = region_of(tmp_path)
    (tmp_path / "authority" / "b.toml").write_text(AUTHORITY, "utf-8")
    assert [(one.key, one.found.partition(" of ")[0]) for one in held(region)] == [
        ("authority.effective", "2021-01-01 is also the date")
    ]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    pools = (Pool("990100", "示例市", ("9901",)),)
    region = Region("990000", "示例省", pools, authority=str(tmp_path / "nowhere"))
    with pytest.raises(PolicyError, match="the authority folder of 990000 示例省 cannot be read"):
        hold_to_authority(region, (), ())


def test_a_region_that_goes_beyond_is_refused_whole(tmp_path: Path) -> None:
    """Its pools are unserved, whether or not the rules are compiled region by region; the finding is there as data."""
    region = region_of(tmp_path, changed(RULES, "percent = [57]", "percent = [58]"))
    installed = Installed((Plugin("example", "qingsuan-example", "2022.1", region),))
    for compiled in (True, False):
        (plugin,) = read_regions(installed, compiled=compiled).installed.plugins
        assert plugin.region is None
        assert "held against what the region authorises (待遇清单), cannot be trusted" in str(plugin.problem)
        assert [finding.key for finding in plugin.findings] == ["layers of hifp_pay", "layers of hifp_pay"]
