"""Funding rules: reading them strictly, and splitting the standard per head, to the fen."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.model import Region
from qingsuan.subsidies.amounts import PerHead, check_tables, per_head
from qingsuan.subsidies.bureau import BureauTables, PoolStandard, read_classes, read_local_split, read_standards
from qingsuan.subsidies.funding import resolve
from qingsuan.subsidies.model import Fixed, FundingRule, Standard, Step
from qingsuan.subsidies.reader import read_funding, read_region

ROOT = Path(__file__).parents[2]
JILIN = ROOT / "plugins/jilin/src/qingsuan_jilin/funding"
NEIMENGGU = ROOT / "plugins/neimenggu/src/qingsuan_neimenggu/funding"
BANNERS = {"150121": "一", "150123": "二", "150125": "三"}


def tables(classes: dict[str, str] | None = None, **more: Any) -> BureauTables:
    return BureauTables(
        None if classes is None else {code: (name, "t.csv: line 2") for code, name in classes.items()}, **more
    )


def jilin(year: int) -> FundingRule:
    return read_funding(JILIN / f"{year}-01-01.toml")


def neimenggu() -> FundingRule:
    return read_funding(NEIMENGGU / "2021-01-01.toml")


def amounts(split: PerHead) -> tuple[int, int, int]:
    return split.central_fen, split.province_fen, split.local_fen


@pytest.mark.parametrize(
    ("year", "admdvs", "expected"),
    [  # the notices of Jilin for 2021 and 2022
        (2021, "220102", (34800, 13920, 9280)),
        (2021, "220581", (34800, 13920, 9280)),
        (2021, "222401", (46400, 6960, 4640)),
        (2021, "222426", (46400, 6960, 4640)),
        (2021, "222499", (46400, 6960, 4640)),
        (2021, "220323", (34800, 18560, 4640)),
        (2021, "220623", (34800, 18560, 4640)),
        (2021, "220721", (34800, 18560, 4640)),
        (2021, "220322", (34800, 13920, 9280)),
        (2022, "220102", (36600, 14640, 9760)),
        (2022, "222401", (48800, 7320, 4880)),
        (2022, "220323", (36600, 19520, 4880)),
        (2022, "220623", (36600, 19520, 4880)),
        (2022, "220721", (36600, 19520, 4880)),
    ],
)
def test_jilin_per_head(year: int, admdvs: str, expected: tuple[int, int, int]) -> None:
    split = per_head(jilin(year), tables(), admdvs)
    assert amounts(split) == expected
    assert sum(expected) == split.standard_fen == {2021: 58000, 2022: 61000}[year]


@pytest.mark.parametrize(
    ("admdvs", "expected"),
    [("150121", (46400, 3480, 8120)), ("150123", (46400, 5800, 5800)), ("150125", (46400, 8120, 3480))],
)
def test_inner_mongolia_per_head(admdvs: str, expected: tuple[int, int, int]) -> None:
    assert amounts(per_head(neimenggu(), tables(BANNERS), admdvs)) == expected


def test_every_value_of_our_rules_names_a_known_source() -> None:
    for rule in (jilin(2021), jilin(2022), neimenggu()):
        cited = [rule.count_source, rule.standard.source, *(each.source for each in (*rule.fixed, *rule.steps))]
        assert {key for text in cited for key in text.split(", ")} <= set(rule.sources)
        assert all(source.grade in ("A", "reading") for source in rule.sources.values())


# ---- sums, for rules and tables nobody thought of


def random_rule(dice: random.Random) -> tuple[FundingRule, BureauTables]:
    """A rule with amounts or nested ratios, classes, an awkward standard, perhaps a higher one and a split."""
    base = neimenggu()
    standard = dice.choice([1, 2, 3, 99, 58000, 60137, 61001, dice.randrange(1, 10**8)])
    names = tuple("一二三四五"[: dice.randrange(1, 6)])
    minimum = dice.random() < 0.7
    if dice.random() < 0.4:
        central = dice.randrange(standard + 1)
        province = dice.randrange(standard - central + 1)
        shares = (Fixed("all", ("15",), (central, province, standard - central - province), "S001"),)
        rule = replace(base, standard=Standard(standard, minimum, "S001"), fixed=shares, steps=())
    else:
        by_class = {name: dice.randrange(10_001) for name in names}
        central_step = (
            Step("central", dice.randrange(10_001), {}) if dice.random() < 0.7 else Step("central", None, by_class)
        )
        steps = (central_step, Step("province", None, {name: dice.randrange(10_001) for name in names}))
        rule = replace(base, standard=Standard(standard, minimum, "S001"), steps=steps)
    split = {"15": dice.randrange(10_001)} if dice.random() < 0.5 else None
    bearers = [
        "central",
        "province",
        "local",
        *(["shares"] if rule.steps else []),
        *(["prefecture", "county"] if split else []),
    ]
    higher = {}
    if minimum and dice.random() < 0.5:
        higher = {
            "15": PoolStandard(
                standard + dice.choice([1, 137, dice.randrange(1, 10**6)]), dice.choice(bearers), "s.csv"
            )
        }
    return rule, tables({"150121": dice.choice(names)}, standards=higher, prefecture_bp=split)


def test_levels_always_add_up_to_standard_times_heads() -> None:
    dice = random.Random(20210708)
    for _ in range(6_000):
        rule, given = random_rule(dice)
        split = per_head(rule, given, "150121")
        heads = dice.choice([0, 1, 7, 100_000, 1_400_000_000])
        assert sum(amounts(split)) * heads == split.standard_fen * heads
        assert min(amounts(split)) >= 0
        own = given.standards.get("15")
        assert split.standard_fen == (own.fen if own else rule.standard.fen)
        if given.prefecture_bp is not None:
            assert split.prefecture_fen is not None
            assert split.county_fen is not None
            assert split.prefecture_fen + split.county_fen == split.local_fen
            assert min(split.prefecture_fen, split.county_fen) >= 0
        else:
            assert split.prefecture_fen is split.county_fen is None


def test_nested_ratios_round_half_up_once_per_head_and_local_takes_the_rest() -> None:
    rule = replace(neimenggu(), standard=Standard(60137, True, "S001"))
    # central 48109.6 -> 48110; of the other 12027: 3608.1 -> 3608, 6013.5 -> 6014 (a half), 8418.9 -> 8419
    expected = {"150121": (48110, 3608, 8419), "150123": (48110, 6014, 6013), "150125": (48110, 8419, 3608)}
    assert {code: amounts(per_head(rule, tables(BANNERS), code)) for code in BANNERS} == expected


# ---- above the minimum


@pytest.mark.parametrize(
    ("bearer", "expected"),
    [
        ("central", (48537, 5800, 5800)),
        ("province", (46400, 7937, 5800)),
        ("local", (46400, 5800, 7937)),
        ("shares", (48110, 6014, 6013)),
    ],
)
def test_who_bears_the_excess_above_the_minimum(bearer: str, expected: tuple[int, int, int]) -> None:
    given = tables(BANNERS, standards={"1501": PoolStandard(60137, bearer, "s.csv: line 2")})
    split = per_head(neimenggu(), given, "150123")
    assert (split.standard_fen, amounts(split)) == (60137, expected)


@pytest.mark.parametrize(("bearer", "expected"), [("prefecture", (7937, 4071, 3866)), ("county", (7937, 1934, 6003))])
def test_a_part_of_the_local_share_may_bear_it(bearer: str, expected: tuple[int, int, int]) -> None:
    given = tables(BANNERS, standards={"1501": PoolStandard(60137, bearer, "s.csv")}, prefecture_bp={"1501": 3334})
    split = per_head(neimenggu(), given, "150123")  # 33.34 % of 58.00 is 19.3372
    assert (split.local_fen, split.prefecture_fen, split.county_fen) == expected
    with pytest.raises(PolicyError, match="--local-split"):
        per_head(neimenggu(), replace(given, prefecture_bp=None), "150123")


def test_the_longest_prefix_has_the_say() -> None:
    given = tables(
        BANNERS,
        standards={
            "15": PoolStandard(58001, "local", "s"),
            "1501": PoolStandard(58002, "local", "s"),
            "150123": PoolStandard(58000, "", "s"),
        },
    )
    found = {code: per_head(neimenggu(), given, code).standard_fen for code in BANNERS}
    assert found == {"150121": 58002, "150123": 58000, "150125": 58002}


@pytest.mark.parametrize(
    ("fen", "bearer", "message"),
    [
        (57999, "local", r"standard of 579\.99\n  expected: at least 580\.00"),
        (58001, "", r"0\.01 above the minimum, and nobody who bears it"),
    ],
)
def test_a_standard_that_is_not_allowed(fen: int, bearer: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        check_tables(neimenggu(), tables(BANNERS, standards={"1501": PoolStandard(fen, bearer, "s.csv: line 2")}))


def test_jilin_is_exact_not_a_minimum() -> None:
    for fen in (57999, 58001):
        with pytest.raises(PolicyError, match=r"exactly 580\.00"):
            check_tables(jilin(2021), tables(standards={"22": PoolStandard(fen, "local", "s.csv: line 2")}))


def test_amounts_cannot_be_shared_by_ratios_that_are_not_stated() -> None:
    rule = replace(jilin(2021), standard=Standard(58000, True, "S000"))
    with pytest.raises(PolicyError, match="states amounts, not ratios"):
        per_head(rule, tables(standards={"22": PoolStandard(58001, "shares", "s.csv")}), "220102")


def test_a_class_the_rule_does_not_know() -> None:
    with pytest.raises(PolicyError, match=r't\.csv: line 2: class "四"\n  expected: .*一, 二, 三'):
        check_tables(neimenggu(), tables({"150121": "四"}))


def test_classes_of_another_encoding_say_which(tmp_path: Path) -> None:
    """The bytes of 一 in GB18030 are a Cyrillic letter in UTF-8: nothing else tells."""
    (tmp_path / "c.csv").write_bytes("admdvs,class\n150121,一\n".encode("gb18030"))
    classes = BureauTables(classes=read_classes(tmp_path / "c.csv"))
    with pytest.raises(PolicyError, match="in gb18030 its bytes are 一: save the file as UTF-8"):
        check_tables(neimenggu(), classes)


def test_no_class_is_ever_assumed() -> None:
    for given in (tables(None), tables({"150122": "一"})):
        with pytest.raises(PolicyError, match=r"(?s)150121.*admdvs,class.*no default class"):
            per_head(neimenggu(), given, "150121")


# ---- the bureau's files


def test_the_bureaus_tables_are_read(tmp_path: Path) -> None:
    classes, standards, split = tmp_path / "c.csv", tmp_path / "s.csv", tmp_path / "l.csv"
    classes.write_text("\ufeff# made up\nname,admdvs,class\n土默特左旗, 150121 ,一\n", "utf-8")
    standards.write_text("admdvs,standard,excess_bearer\n150100,601.37,local\n15,580,\n", "utf-8")
    split.write_text("admdvs,prefecture_percent\n1501,33.34\n", "utf-8")
    given = BureauTables.read(classes, standards, split)
    assert given.classes == {"150121": ("一", f"{classes}: line 3")}
    assert given.standards["1501"] == PoolStandard(60137, "local", f"{standards}: line 2")
    assert given.standards["15"].fen == 58000
    assert given.prefecture_bp == {"1501": 3334}
    assert [(file.table, file.name, file.comments) for file in given.files] == [
        ("classes", "c.csv", ("made up",)),
        ("standards", "s.csv", ()),
        ("local_split", "l.csv", ()),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column admdvs, class"),
        ("admdvs\n150121\n", "no column class"),
        ("admdvs,class\n15012,一\n", 'line 2: admdvs "15012"'),
        ("admdvs,class\n1501,一\n", "six digits of a county"),
        ("admdvs,class\n150121,一\n150121,二\n", "line 3: admdvs .* again, first in line 2"),
        ("admdvs,class\n150121\n", "line 2: 1 cells"),
        ("admdvs,class\n150121,一,x\n", "line 2: 3 cells"),
        ('admdvs,class\n150121,"一\n', "not CSV"),
        ("admdvs,class,class\n", "a column twice"),
    ],
)
def test_a_class_table_that_cannot_be_trusted(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "classes.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=message):
        read_classes(file)


def test_bytes_that_are_no_table(tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    file.write_bytes("admdvs,class\n150121,三\n".encode("gbk"))
    with pytest.raises(PolicyError, match="not UTF-8"):
        read_classes(file)
    file.write_bytes(b"admdvs,class\n\x00\xff\xfe")
    with pytest.raises(PolicyError):
        read_classes(file)
    with pytest.raises(PolicyError, match="cannot be read"):
        BureauTables.read(tmp_path / "absent.csv", None, None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1501,580.001,local", 'standard "580.001"'),
        ("1501,0,local", "above 0"),
        ("1501,1000000.01,local", "at most 1000000"),
        ("1501,600,lokal", '(?s)excess_bearer "lokal".*did you mean "local"'),
        ("1501,,local", 'standard ""'),
    ],
)
def test_standards_that_cannot_be_trusted(tmp_path: Path, row: str, message: str) -> None:
    file = tmp_path / "standards.csv"
    file.write_text(f"admdvs,standard,excess_bearer\n{row}\n", "utf-8")
    with pytest.raises(PolicyError, match=message):
        read_standards(file)


@pytest.mark.parametrize("bearer", ["central", "province", "local", "prefecture", "county", "shares", ""])
def test_everybody_who_may_bear_an_excess(tmp_path: Path, bearer: str) -> None:
    file = tmp_path / "standards.csv"
    file.write_text(f"admdvs,standard,excess_bearer\n150123,600,{bearer}\n", "utf-8")
    assert read_standards(file)["150123"].bearer == bearer


@pytest.mark.parametrize("percent", ["100.01", "-1", "1/3", ""])
def test_a_split_that_cannot_be_trusted(tmp_path: Path, percent: str) -> None:
    file = tmp_path / "split.csv"
    file.write_text(f"admdvs,prefecture_percent\n1501,{percent}\n", "utf-8")
    with pytest.raises(PolicyError, match="line 2: prefecture_percent"):
        read_local_split(file)


@pytest.mark.parametrize(("percent", "asked", "meant"), [("0.60", "60", 60), ("1", "100", 100), ("1.99", "199", 199)])
def test_a_split_that_looks_like_a_share_of_one_needs_a_word(
    tmp_path: Path, percent: str, asked: str, meant: int
) -> None:
    file = tmp_path / "split.csv"
    file.write_text(f"admdvs,prefecture_percent,exact\n1501,{percent},\n", "utf-8")
    with pytest.raises(PolicyError, match=f"line 2: prefecture_percent {percent}(.|\n)*write {asked} if {asked} % is"):
        read_local_split(file)
    file.write_text(f"admdvs,prefecture_percent,exact\n1501,{percent},1\n1502,2,\n1503,0,\n", "utf-8")
    assert read_local_split(file) == {"1501": meant, "1502": 200, "1503": 0}


# ---- funding files


def changed(tmp_path: Path, old: str, new: str, *, base: Path = JILIN / "2021-01-01.toml") -> Path:
    text = base.read_text("utf-8")
    assert old in text
    file = tmp_path / "funding.toml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('province = "139.20"', 'province = "139.21"', r"shares\[1\]\.yuan: 348\.00 \+ 139\.21 \+ 92\.80 = 580\.01"),
        ('province = "139.20"', "province = 139.2", "float"),
        ('province = "139.20", ', "", r"(?s)province.*missing"),
        ('admdvs = ["2224"]', 'admdvs = ["1501"]', "2, 4 or 6 digits beginning with 22"),
        ('admdvs = ["2224"]', 'admdvs = ["22"]', '"22", which "general" has too'),
        ('admdvs = ["2224"]', 'admdvs = ["222"]', "2, 4 or 6 digits"),
        ('id = "yanbian"', 'id = "general"', '"general" twice'),
        ("minimum = false", "", r"standard\.minimum"),
        ("yuan = 580", "yuan = 0", "above 0"),
        ("year = 2021", "year = 21", "2000 to 2999"),
        ('count = "year"', 'count = "day"', '"year" | "month"'),
        ('schemes = ["390"]', 'schemes = ["39"]', r"schemes\[1\]"),
        ('schemes = ["390"]', "schemes = []", "at least one scheme"),
        ('region = "220000"', 'region = "220100"', "ending in 0000"),
        ("[apart]", "[aprat]", "aprat"),
        ('admdvs = ["220581"]', 'admdvs = ["2205"]', "6 digits beginning with 22"),
        ('grade = "A"', 'grade = "D"', "unverified"),
        ('source = "S000"', 'source = "S009"', 'no source "S009"'),
    ],
)
def test_a_funding_file_that_cannot_be_trusted(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        read_funding(changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("percent = 80", "percent = 101", "0 to 100"),
        ("percent = 80", "percent = 0.80", "write 80 if 80 % is meant"),
        ("percent = 80", 'percent = "0.8"', "write 80 if 80 % is meant, exact = true beside it if 0.8 % is"),
        ('"一" = 30', '"一" = "0.3"', "write 30 if 30 % is meant"),
        (
            'percent_by_class = { "一" = 30, "二" = 50, "三" = 70 }',
            "percent_by_class = {}",
            "percent_by_class: no class",
        ),
        ('percent_by_class = { "一" = 30,', 'percent = 5, percent_by_class = { "一" = 30,', "percent beside it"),
        (
            "percent = 80",
            'percent_by_class = { "甲" = 80 }',
            "classes 一, 二, 三\n  expected: the classes of central: 甲",
        ),
        (
            "[ratios]",
            (
                '[[shares]]\nid = "x"\nadmdvs = ["15"]\nyuan = { central = 580, province = 0, local = 0 }\n'
                'source = "S001"\n\n[ratios]'
            ),
            "both",
        ),
    ],
)
def test_ratios_that_cannot_be_trusted(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        read_funding(changed(tmp_path, old, new, base=NEIMENGGU / "2021-01-01.toml"))


def region(folder: Path, code: str = "220000") -> Region:
    return Region(code=code, name="省", funding=folder)


def test_a_plugin_brings_its_own_region_one_file_a_year(tmp_path: Path) -> None:
    assert sorted(read_region(region(JILIN))) == [2021, 2022]
    with pytest.raises(PolicyError, match=r'(?s)"220000".*the region of the plugin'):
        read_region(region(JILIN, "150000"))
    text = (JILIN / "2021-01-01.toml").read_text("utf-8")
    (tmp_path / "a.toml").write_text(text, "utf-8")
    (tmp_path / "b.toml").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match="2021 again"):
        read_region(region(tmp_path))
    with pytest.raises(PolicyError, match="cannot be read"):
        read_region(region(tmp_path / "absent"))


def test_a_year_without_a_rule_names_the_missing_parameter() -> None:
    installed = (region(JILIN), region(NEIMENGGU, "150000"))
    with pytest.raises(PolicyError, match=r"(?s)no installed region.*150000\.2023\.standard.*220000\.2023\.standard"):
        resolve(installed, 2023, tables())
    funding = resolve(installed, 2022, tables())
    assert set(funding.rules) == {"22"}
    assert re.search(r"(?s)150000\.2022\.standard: .*was not found", str(funding.refused["15"]))
    with pytest.raises(PolicyError, match="no region is installed"):
        resolve((), 2021, tables())
    with pytest.raises(PolicyError, match=r"qingsuan-x is broken: rules/a.toml: no such word"):
        resolve((), 2021, tables(), ["qingsuan-x is broken: rules/a.toml: no such word"])


def test_a_broken_funding_file_refuses_its_own_region_only(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text("format = 1\n", "utf-8")
    funding = resolve((region(JILIN), region(tmp_path, "150000")), 2021, tables())
    assert set(funding.rules) == {"22"}
    assert "f.toml" in str(funding.refused["15"])
    with pytest.raises(PolicyError, match=r"no installed region.*f\.toml"):
        resolve((region(tmp_path, "150000"),), 2021, tables())


def test_units_that_do_not_mix_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text(
        (NEIMENGGU / "2021-01-01.toml").read_text("utf-8").replace('"year"', '"month"'), "utf-8"
    )
    with pytest.raises(PolicyError, match="150000 by month, 220000 by year"):
        resolve((region(JILIN), region(tmp_path, "150000")), 2021, tables(BANNERS))


def test_the_page_for_plugin_authors_is_true(tmp_path: Path) -> None:
    page = (ROOT / "plugins/README.md").read_text("utf-8").split("## 4. ")[1]
    head, fixed, ratios, rest = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[:4]
    for number, shares in enumerate((fixed, ratios)):
        file = tmp_path / f"{number}.toml"
        file.write_text(head + shares + rest, "utf-8")
        rule = read_funding(file)
        assert (rule.region, rule.year, rule.standard.fen, rule.standard.minimum) == ("990000", 2021, 58000, True)
        assert rule.counties == {"990123": "示例县", "990181": "示例市"}
        assert bool(rule.fixed) != bool(rule.steps)
