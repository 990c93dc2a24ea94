"""GB/T 2260: names, levels, and the agencies' codes beside it."""

import pytest

from qingsuan.divisions import RETIRED, Division, children, find, name, prefecture, retired

ZONES = 14


def below(code: str) -> list[Division]:
    return [division for child in children(code) for division in (child, *below(child.code))]


def test_every_division_of_the_two_regions_is_there() -> None:
    jilin, neimenggu = below("220000"), below("150000")
    assert (len(children("220000")), len(jilin)) == (9, 69)
    assert (len(children("150000")), len(neimenggu)) == (12, 115)
    assert len({division.code for division in (*jilin, *neimenggu)}) == 69 + 115


def test_every_division_lies_below_its_parent() -> None:
    for division in (*below("220000"), *below("150000")):
        assert find(division.parent) is not None, division
        assert division.code[:2] == division.parent[:2]


def test_special_places_have_their_names() -> None:
    names = {
        "220323": "伊通满族自治县",
        "220623": "长白朝鲜族自治县",
        "220721": "前郭尔罗斯蒙古族自治县",
        "222400": "延边朝鲜族自治州",
        "220184": "公主岭市",
        "150900": "乌兰察布市",
        "150781": "满洲里市",
    }
    assert {code: name(code) for code in names} == names


def test_gongzhuling_moved_to_changchun() -> None:
    assert prefecture("220184") == "220100"
    assert find("220381") is None
    assert retired("220381") == "220381 公主岭市 is 220184 since 2020"


@pytest.mark.parametrize("code", RETIRED)
def test_a_retired_code_is_no_code_of_today_and_its_successor_is(code: str) -> None:
    place, since, _ = RETIRED[code]
    assert find(code) is None
    assert name(since) == place


def test_the_prefecture_of_a_county() -> None:
    assert prefecture("222401") == "222400"
    assert prefecture("222400") == "222400"
    assert prefecture("220172") == "220100"
    assert prefecture("220000") is None
    assert prefecture("990101") is None


def test_an_agency_of_a_level_itself_ends_in_99() -> None:
    assert find("220199") == Division("220199", "长春市本级", "220100")
    assert find("229900") == Division("229900", "吉林省本级", "220000")
    assert find("152599") == Division("152599", "锡林郭勒盟本级", "152500")
    assert prefecture("220199") == "220100"
    assert prefecture("229900") is None
    assert find("990199") is None
    assert find("2299") is None


def test_an_agency_and_a_statistical_zone_are_no_divisions() -> None:
    codes = [division.code for division in children("220100")]
    assert "220199" not in codes
    assert not any(code[4] == "7" for code in codes)
    assert name("220172") == "长春净月高新技术产业开发区"


def test_an_unknown_code_stands_for_itself() -> None:
    assert name("990100") == "990100"
    assert find("") is None
