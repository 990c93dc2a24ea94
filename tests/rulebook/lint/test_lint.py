"""``policy lint``: each oddity planted into a sound file is found, named with its place, and can be explained; nothing else is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qingsuan.plugins import load
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.reader import read_rule_set, read_rule_sets
from qingsuan.rulebook.lint.asking import oddities
from qingsuan.rulebook.lint.oddity import KINDS

SOUND = """format = 1

[ruleset]
pool = "990100"
schemes = ["390"]
title = "示例市城乡居民医保待遇 (made up)"
effective = 2021-01-01
source = "X1"
benefit_date = "setl_time"
identity_date = "begndate"
levels = ["1", "2", "3"]

[sources.X1]
document = "示医保发〔2020〕1号 (made up)"
article = "第三条"
grade = "made-up"

[sources.R1]
document = "readings of the bureau (made up)"
article = "the cap is one for both layers"
grade = "reading"
owner = "示例市医疗保障局待遇保障科 (made up)"

[groups]
stays = "year"
pooled = "year"
chronic = "year"

[layers.pooled]
fund = "hifp_pay"
visits = { group = "stays", source = "X1" }
caps = [{ group = "pooled", yuan = 200000, source = "X1", reading = "R1" }]

[[layers.pooled.cases]]
when = { dedc_hosp_lv = ["1"] }
deductible = { per = "visit", yuan = [200, 100], source = "X1" }
bands = { per = "visit", measured = "absolute", upto = [30000, 60000], percent = [80, 85, 90], source = "X1" }

[[layers.pooled.cases]]
when = { dedc_hosp_lv = ["2"] }
deductible = { per = "visit", yuan = [600, 300], source = "X1" }
bands = { per = "visit", measured = "absolute", upto = [30000, 60000], percent = [70, 75, 80], source = "X1" }

[[layers.pooled.cases]]
when = { dedc_hosp_lv = ["3"] }
deductible = { per = "visit", yuan = [1000, 500], source = "X1" }
bands = { per = "visit", measured = "absolute", upto = [30000, 60000], percent = [60, 65, 70], source = "X1" }

[layers.large]
fund = "hifob_pay"
entry = [{ layer = "pooled", part = "cut_by_cap", source = "X1" }]
bands = { percent = [90], source = "X1" }
caps = [{ group = "pooled", yuan = 400000, source = "X1", reading = "R1" }]

[layers.chronic]
fund = "hifp_pay"
limit = { per = "period", group = "chronic", yuan = 5000, source = "X1" }
bands = { percent = [60], source = "X1" }
caps = [{ group = "chronic", yuan = 2400, source = "X1" }]

[[rules]]
id = "inpatient"
when = { med_type = ["21"], dedc_hosp_lv = ["1", "2", "3"] }
layers = ["pooled", "large"]

[[rules]]
id = "chronic"
when = { med_type = ["140104"] }
layers = ["chronic"]
"""
MET = {"990100/390/2021-01-01:inpatient", "990100/390/2021-01-01:chronic"}

PLANTED = {
    "a ratio that falls with the band": (
        ("percent = [60, 65, 70]", "percent = [60, 65, 64]"),
        "ratio-falls: layers.pooled.bands: dedc_hosp_lv 3",
        "60% / 65% / 64%",
    ),
    "a higher level that pays more": (
        ("percent = [60, 65, 70]", "percent = [60, 65, 95]"),
        "level-pays-more: layers.pooled.bands",
        "level 3 has 60% / 65% / 95%, more than 80% / 85% / 90% of level 1",
    ),
    "bounds in 万": (
        ("upto = [30000, 60000], percent = [60", "upto = [3, 6], percent = [60"),
        "looks-like-wan: layers.pooled.bands: dedc_hosp_lv 3",
        "bounds of 3, 6 yuan",
    ),
    "a cap in 万": (
        ("yuan = 2400", "yuan = 24"),
        "looks-like-wan: layers.chronic.caps",
        "24 yuan for a whole period",
    ),
    "6000 among falling deductibles": (
        ("yuan = [600, 300]", "yuan = [600, 6000]"),
        "deductible-rises-by-visit: layers.pooled.deductible: dedc_hosp_lv 2",
        "600 / 6,000",
    ),
    "a lower deductible at a higher level": (
        ("yuan = [1000, 500]", "yuan = [100, 50]"),
        "deductible-falls-with-level: layers.pooled.deductible",
        "level 3 has a deductible of 100, less than 200 of level 1",
    ),
    "a cap that nothing reaches": (
        ("yuan = 2400", "yuan = 30001"),
        "cap-out-of-reach: layers.chronic.caps",
        "a cap of 30,001, where at most 3,000 can be paid",
    ),
    "a layer whose turn comes when its group is full": (
        ("yuan = 400000", "yuan = 200000"),
        "pays-nothing: rules.inpatient.layers: large",
        "by then the group pooled is full",
    ),
    "a layer after one without a cap": (
        (
            'entry = [{ layer = "pooled", part = "cut_by_cap", source = "X1" }]',
            'entry = [{ layer = "pooled", part = "deductible", source = "X1" }]\nlimit = { yuan = 0, source = "X1" }',
        ),
        "pays-nothing: rules.inpatient.layers: large",
        "a limit of 0",
    ),
    "a reading without an owner": (
        ('owner = "示例市医疗保障局待遇保障科 (made up)"\n', ""),
        "reading-without-owner: sources.R1",
        "no owner: neither here nor of its document",
    ),
    "an explanation of nothing": (
        ("[groups]", '[[explained]]\noddity = "ratio-falls: layers.pooled.bands"\nwhy = "so printed"\n\n[groups]'),
        "explains-nothing: explained[1]",
        'nothing here is "ratio-falls: layers.pooled.bands"',
    ),
    "a source whose numbers are overridden everywhere": (
        (
            '[layers.pooled]\nfund = "hifp_pay"\n',
            (
                '[sources.OLD]\ndocument = "old (made up)"\narticle = "1"\ngrade = "made-up"\n\n'
                '[layers.pooled]\nfund = "hifp_pay"\nbands = { percent = [50], source = "OLD" }\n'
            ),
        ),
        "source-decides-nothing: sources.OLD",
        "no claim meets a value that names it",
    ),
}


def read(folder: Path, text: str, name: str = "a.toml") -> RuleSet:
    (folder / name).write_text(text, "utf-8")
    return read_rule_set(folder / name)


def planted(name: str) -> str:
    (old, new), _, _ = PLANTED[name]
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


def test_nothing_is_asked_about_a_sound_file(tmp_path: Path) -> None:
    assert oddities([read(tmp_path, SOUND)], MET) == ()


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_oddity_is_found_and_nothing_else(tmp_path: Path, name: str) -> None:
    found = oddities([read(tmp_path, planted(name))], MET)
    _, expected, said = PLANTED[name]
    assert [one.name for one in found] == [expected]
    assert said in found[0].found
    assert found[0].file.endswith("a.toml")
    assert found[0].kind in KINDS
    (chinese,) = oddities([read(tmp_path, planted(name))], MET, "zh")
    assert chinese.name == expected, "what is typed is the same"
    assert re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", re.sub("“[^”]*”", "", chinese.found)) == []


@pytest.mark.parametrize("region", load().regions, ids=lambda one: one.code)
def test_nothing_of_the_shipped_plugins_is_left_unexplained(region: Region) -> None:
    """Whether each of their rules is met by a case, their own tests ask."""
    assert [one.name for one in oddities(read_rule_sets(region), None) if not one.why] == []


def test_a_row_of_a_table_is_named_as_the_file_names_it(tmp_path: Path) -> None:
    (region,) = [one for one in load().regions if one.code == "220000"]
    file = region.rules / "2201-390-2021-01-01.toml"
    text = file.read_text("utf-8")
    row = "rows.minors = [100, 200, 400, 600]"
    assert text.count(row) == 1
    (tmp_path / "a.toml").write_text(text.replace(row, "rows.minors = [100, 200, 400, 60]"), "utf-8")
    one = read_rule_set(tmp_path / "a.toml", codes=region.codes)
    found = [each.name for each in oddities([one], None)]
    assert found == [
        "deductible-falls-with-level: layers.inpatient.deductible: minors",
        "deductible-falls-with-level: layers.special.deductible: minors",
    ]


def test_a_rule_that_no_case_meets_is_found(tmp_path: Path) -> None:
    (found,) = oddities([read(tmp_path, SOUND)], MET - {"990100/390/2021-01-01:chronic"})
    assert found.name == "rule-without-case: rules.chronic"
    assert oddities([read(tmp_path, SOUND)], None) == (), "not asked where no case is at hand"


def test_a_source_that_says_that_there_is_no_cap_decides_something(tmp_path: Path) -> None:
    cap = 'caps = [{ group = "chronic", yuan = 2400, source = "X1" }]'
    assert SOUND.count(cap) == 1
    text = SOUND.replace(cap, 'caps = [{ none = true, source = "NO_CAP" }]')
    source = '[sources.NO_CAP]\ndocument = "示医保发〔2020〕2号 (made up)"\narticle = "不设封顶线"\ngrade = "made-up"\n\n[groups]'
    assert oddities([read(tmp_path, text.replace("[groups]", source))], MET) == ()


def test_days_without_rules_are_found(tmp_path: Path) -> None:
    first = SOUND.replace("effective = 2021-01-01", "effective = 2021-01-01\nuntil = 2021-06-30")
    later = SOUND.replace("effective = 2021-01-01", "effective = 2021-07-02")
    sets = [read(tmp_path, first), read(tmp_path, later, "b.toml")]
    (found,) = oddities(sets, None)
    assert found.name == "dates-gap: ruleset.effective: 390"
    assert found.file.endswith("b.toml")
    next_day = read(tmp_path, later.replace("2021-07-02", "2021-07-01"), "c.toml")
    assert oddities([sets[0], next_day], None) == ()


@pytest.mark.parametrize("name", [name for name in PLANTED if name != "an explanation of nothing"])
def test_what_is_explained_is_asked_no_more(tmp_path: Path, name: str) -> None:
    _, expected, _ = PLANTED[name]
    explained = f'\n[[explained]]\noddity = "{expected}"\nwhy = "printed so (made up)"\nsource = "X1"\n'
    (found,) = oddities([read(tmp_path, planted(name) + explained)], MET)
    assert (found.name, found.why, found.source) == (expected, "printed so (made up)", "X1")
    twice = oddities([read(tmp_path, planted(name) + explained * 2)], MET)
    assert [one.kind for one in twice if not one.why] == ["explains-nothing"]


def test_a_rule_without_a_case_can_be_explained_and_needs_no_case_at_hand(tmp_path: Path) -> None:
    explained = '\n[[explained]]\noddity = "rule-without-case: rules.chronic"\nwhy = "one case shows both (made up)"\n'
    one = read(tmp_path, SOUND + explained)
    for met in (MET - {"990100/390/2021-01-01:chronic"}, None):
        (found,) = oddities([one], met)
        assert found.why == "one case shows both (made up)"
    assert [each.kind for each in oddities([one], MET)] == ["explains-nothing"]


def test_the_owner_of_a_document_answers_for_its_sources(tmp_path: Path) -> None:
    document = '[documents]\nREADINGS = { title = "readings (made up)", grade = "reading", owner = "示例市 (made up)" }\n\n[sources.X1]'
    text = planted("a reading without an owner").replace("[sources.X1]", document)
    text = text.replace('document = "readings of the bureau (made up)"', 'document = "READINGS"')
    text = text.replace('both layers"\ngrade = "reading"\n', 'both layers"\n')
    one = read(tmp_path, text)
    assert one.sources["R1"].owner == "示例市 (made up)"
    assert oddities([one], MET) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('[[explained]]\noddity = "x"\nwhy = "y"\nsource = "X9"\n', None, 'no source "X9"'),
        ('[[explained]]\noddity = "x"\n', None, "explained[1].why"),
        ('[[explained]]\noddity = "x"\nwhy = "y"\nbecause = "z"\n', None, "because"),
    ],
)
def test_an_explanation_is_read_strictly(tmp_path: Path, old: str, new: None, said: str) -> None:
    with pytest.raises(Exception, match=said.replace("[", r"\[").replace("]", r"\]")):
        read(tmp_path, f"{SOUND}\n{old}")


def test_the_page_names_every_oddity() -> None:
    page = (Path(__file__).parents[3] / "docs/policy.md").read_text("utf-8")
    lint = page.partition("## Lint")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", lint, re.MULTILINE)) == sorted(KINDS)
    planted_kinds = {name.partition(":")[0] for _, name, _ in PLANTED.values()}
    assert planted_kinds | {"rule-without-case", "dates-gap"} == set(KINDS), "each is planted by a test of this page"
