"""Premium files that can be trusted, and what is said of those that cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from premium_worlds import RULE, rule_of, rules_of
from qingsuan.errors import PolicyError
from qingsuan.heads.standards import Standard
from qingsuan.plugins import load
from qingsuan.policy.model import Region
from qingsuan.premiums.assistance import assisted_fen, borne_fen, terms_of
from qingsuan.premiums.bureau import BureauTables
from qingsuan.premiums.model import Group, Payer
from qingsuan.premiums.reader import read_premium, read_premiums
from qingsuan.premiums.rules import resolve
from qingsuan.run.regions import hold_to_authority, read_regions


def read(tmp_path: Path, text: str) -> object:
    file = tmp_path / "2022-01-01.toml"
    file.write_text(text, "utf-8")
    return read_premium(file)


def changed(old: str, new: str) -> str:
    assert old in RULE
    return RULE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("yuan = 320", "yuan = 0", "above 0"),
        ("minimum = true", "", "this key is missing"),
        ('schemes = ["390"]', 'schemes = ["39"]', "a code of insutype"),
        ("days = [2021-12-31, 2022-06-30]\n", "", "the key days"),
        ("days = [2021-12-31, 2022-06-30]", "days = []", "at least one day"),
        ("days = [2021-12-31, 2022-06-30]", "days = [2020-12-31]", "a day of 2022, or of the year before"),
        ("days = [2021-12-31, 2022-06-30]", "days = [2022-06-30, 2022-06-30]", "2022-06-30 twice"),
        ("days = [2021-12-31, 2022-06-30]", 'days = ["2022-06-30"]', "take the quotes away"),
        ("into = 2023", "into = 2022", "a whole number from 2023"),
        ('id = "returned"', 'id = "full"', '"full" twice'),
        ('codes = ["2304"]', "codes = []", "at least one code"),
        ('codes = ["2304"]', 'codes = ["23"]', "four digits"),
        ("full = true", "full = false", "full = true, or another form"),
        ("full = true", "full = true\nyuan = 3", "one of full = true, yuan = …, percent = …"),
        ("full = true", "", "no amount"),
        ("percent = 80\nfloor", "yuan = 80\nfloor", 'unknown key "floor"'),
        ('borne_by = [{ bearer = "finance" }]', "borne_by = []", "who bears it, in order"),
        ('{ bearer = "finance" }', '{ bearer = "bank" }', '"assistance" | "finance"'),
        ('{ bearer = "finance" }', '{ bearer = "finance", yuan = 3 }', "all but the last one"),
        ('{ bearer = "assistance", percent = 50 }', '{ bearer = "assistance" }', "all but the last one"),
        ('{ bearer = "assistance", percent = 50 }', '{ bearer = "assistance", percent = 50, yuan = 1 }', "50.00 %"),
        ('{ bearer = "province", yuan = 100 }', '{ bearer = "assistance", yuan = 100 }', '"assistance" twice'),
        ('region = "990000"', 'region = "9900"', "six digits ending in 0000"),
        ('codes = ["7041"]', "", "the key year"),
        ("[carry]", "[carry_on]", "unknown key"),
        ('source = "X"\n[carry]', 'source = "Y"\n[carry]', "Y"),
    ],
)
def test_a_premium_file_that_cannot_be_trusted(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, changed(old, new))
    assert said in str(caught.value)
    assert "2022-01-01.toml" in str(caught.value)


def test_a_file_that_only_says_what_is_missing(tmp_path: Path) -> None:
    head = 'format = 1\n[premium]\nregion = "990000"\nyear = 2022\n'
    gap = '[[missing]]\nyear = 2022\nparameter = "990000.2022.premium.standard"\nwhy = "made up"\n'
    assert read(tmp_path, head + gap) is None
    region = Region("990000", "made up", premiums=tmp_path)
    assert [gap.parameter for gap in read_premiums(region).missing] == ["990000.2022.premium.standard"]
    with pytest.raises(PolicyError, match=r"(?s)990000\.2022\.premium\.standard: made up"):
        resolve([region], 2022, BureauTables())
    with pytest.raises(PolicyError, match="neither a standard nor an entry"):
        read(tmp_path, head)
    with pytest.raises(PolicyError, match="a file with a rule"):
        read(tmp_path, head + gap.replace("year = 2022", 'codes = ["7041"]'))


def test_two_files_of_one_year_and_a_file_of_another_region(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(RULE, "utf-8")
    with pytest.raises(PolicyError, match="one file per year"):
        read_premiums(Region("990000", "made up", premiums=tmp_path))
    with pytest.raises(PolicyError, match="the region of the plugin that ships the file"):
        read_premiums(Region("980000", "made up", premiums=str(tmp_path)))
    assert read_premiums(Region("990000", "made up")).rules == {}


def test_a_premium_beyond_what_the_region_authorises_is_refused() -> None:
    (region,) = (region for region in load().regions if region.code == "150000")
    (rule,) = (rule for rule in read_premiums(region).rules.values() if rule.year == 2021)
    hold_to_authority(region, (), (), [rule])
    less = rule_of("150000", year=2021, standard=Standard(31_999, minimum=True, source="X1"))
    with pytest.raises(PolicyError, match=r"319\.99"):
        hold_to_authority(region, (), (), [less])


def test_a_plugin_whose_premium_file_cannot_be_trusted_is_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("format = 1\n", "utf-8")
    installed = load()
    plugin = next(one for one in installed.plugins if one.region is not None)
    broken = replace(plugin, region=Region("990000", "made up", premiums=tmp_path))
    (found,) = read_regions(replace(installed, plugins=(broken,))).installed.plugins
    assert "its premium rules cannot be trusted" in found.problem


def group(
    form: str, fen: int = 0, bp: int = 0, floor: int = 0, payers: tuple[Payer, ...] = (Payer("assistance"),)
) -> Group:
    return Group("g", "made up", ("2303",), ("22",), form, fen, bp, floor, payers, "X1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "standard", "assisted"),
    [
        (group("full"), 32_000, 32_000),
        (group("yuan", fen=22_000), 32_000, 22_000),  # 会宁 2022: 低保 220
        (group("yuan", fen=35_000), 32_000, 32_000),  # never above the standard
        (group("percent", bp=9_000), 32_000, 28_800),
        (group("percent", bp=8_000, floor=28_000), 32_000, 28_000),
        (group("percent", bp=8_000, floor=28_000), 40_000, 32_000),
        (group("percent", bp=5_000, floor=99_999), 32_000, 32_000),
        (group("percent", bp=5_000), 32_001, 16_001),  # 160.005: half away from zero
        (group("percent", bp=3_333), 1, 0),
    ],
)
def test_the_three_forms(one: Group, standard: int, assisted: int) -> None:
    assert assisted_fen(one, standard) == assisted


def test_linyi_the_county_pays_the_rest() -> None:
    # 临沂 2023: others 150 of 350, the county the rest
    one = group("full", payers=(Payer("assistance", fen=15_000), Payer("county")))
    assert borne_fen(one, assisted_fen(one, 35_000)) == (15_000, 0, 0, 0, 20_000)
    assert borne_fen(one, 10_000) == (10_000, 0, 0, 0, 0)


@pytest.mark.parametrize("assisted", [0, 1, 3, 32_000, 99_999])
def test_what_is_borne_adds_up_to_what_is_assisted(assisted: int) -> None:
    payers = (Payer("finance", bp=3_333), Payer("province", bp=3_333), Payer("prefecture", fen=2), Payer("county"))
    assert sum(borne_fen(group("full", payers=payers), assisted)) == assisted


def test_a_group_holds_in_its_own_counties() -> None:
    rule = rule_of("220000", groups=(group("full"),))
    other = rule_of(
        "220000", groups=(Group("g", "x", ("2303",), ("2224",), "full", 0, 0, 0, (Payer("county"),), "X1"),)
    )
    assert len(terms_of(rule, BureauTables(), "220102").groups) == 1
    assert len(terms_of(other, BureauTables(), "220102").groups) == 0
    assert rules_of(rule).county("220102")
