"""``qingsuan policy``: shown, tested and compared through the command, over a made-up region and the installed ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qingsuan.cases import settling as settling_of_cases
from qingsuan.run.setting_up import set_up
from settling import RULES, Ran, install, only, run

CASE = """format = 1
title = "a stay"
source = "made up"
constructed = true
year = 2022

[[insured]]
insutype = "390"
insu_admdvs = "990101"
psn_type = "1501"

[[claims]]
setl_id = "S1"
insutype = "390"
insu_admdvs = "990101"
med_type = "21"
inscp_scp_amt = "800"

[[expect]]                              # (800 - 100) x 50 %
setl_id = "S1"
hifp_pay = "350.00"
"""
HALF = 'percent = [50, "62.5"]'


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    return tmp_path


@pytest.fixture
def work(region: Path) -> Path:
    folder = region / "work"
    (folder / "cases").mkdir(parents=True)
    (folder / "a.toml").write_text(RULES, "utf-8")
    (folder / "cases" / "stay.toml").write_text(CASE, "utf-8")
    return folder


def refused(ran: Ran, status: int, *said: str) -> None:
    assert ran.status == status, ran
    assert all(one in ran.err for one in said), ran.err


def test_the_rules_are_shown_as_tables_with_their_sources(region: Path) -> None:
    ran = run("policy", "show", "990100", "--date", "2022-05-01")
    assert ran.status == 0, ran.err
    for said in (
        "bands: up to 5,000 / and above",
        "50% / 62.5%",
        "[X]",
        "outpatient.ratio: refuses med_type 11",
        "X (made-up): made up",
    ):
        assert said in ran.out, said
    assert run("policy", "show", "made up", "--date", "2022-05-01").out == ran.out, "by the name of the region"


def test_the_rules_are_shown_as_data(region: Path) -> None:
    (told,) = json.loads(run("policy", "show", "990100", "--date", "2022-05-01", "--json").out)
    assert told["effective"] == "2021-02-01"
    (table,) = [one for one in told["layers"]["pooled"]["tables"] if one["key"] == "deductible"]
    assert table["rows"] == [["any", ["100 / 50"]]]
    assert told["sources"]["X"]["grade"] == "made-up"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("990100", "--date", "2021-01-31"), ("no rules of 990100", "310+390 from 2021-02-01")),
        (("990100", "--date", "2022-01-01", "--scheme", "410"), ("scheme 410",)),
        (("990300", "--date", "2022-01-01"), ('no region or pool is called "990300"', "990000, 990100, 990200")),
        (("990100", "--date", "1 May"), ("--date",)),
    ],
)
def test_what_is_not_there_cannot_be_shown(region: Path, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    refused(run("policy", "show", *arguments), 2, *said)


def test_a_working_folder_is_shown_and_says_so(region: Path, work: Path) -> None:
    (work / "a.toml").write_text(RULES.replace(HALF, 'percent = [51, "62.5"]'), "utf-8")
    ran = run("policy", "show", "990100", "--date", "2022-05-01", "--rules-dir", work)
    assert "51% / 62.5%" in ran.out
    assert "working copy" in ran.out


def test_cases_that_come_out_pass(region: Path, work: Path) -> None:
    ran = run("policy", "test", "--rules-dir", work)
    assert ran.status == 0, ran
    assert "ok    stay.toml" in ran.out
    assert "1 cases, 0 failed" in ran.out


def test_a_case_that_fails_says_what_decided(region: Path, work: Path) -> None:
    (work / "a.toml").write_text(RULES.replace(HALF, 'percent = [60, "62.5"]'), "utf-8")
    ran = run("policy", "test", "990100", "--rules-dir", work)
    refused(ran, 4, "1 of 1 cases came out otherwise")
    for said in (
        "FAIL  stay.toml: a stay",
        "claim S1 of P1",
        "hifp_pay: expected 350.00, found 420.00 (+70.00)",
        "decided by 990100/310+390/2021-02-01:inpatient",
        "the first layer that differs is pooled, paid by hifp_pay",
        "deductible: 100 / 50, per visit   [X]",
        "up to 5,000: 60%",
    ):
        assert said in ran.out, said
    (told,) = json.loads(run("policy", "test", "--rules-dir", work, "--json").out)
    assert told["differences"][0]["found"] == "420.00"
    assert not told["passed"]


def test_a_case_that_is_rejected_or_cannot_be_settled_says_why(region: Path, work: Path) -> None:
    (work / "cases" / "stay.toml").write_text(CASE.replace('med_type = "21"', 'med_type = "11"'), "utf-8")
    ran = run("policy", "test", "--rules-dir", work)
    refused(ran, 4)
    assert "what became of it: expected settled, found E_NO_RULE" in ran.out
    assert "outpatient.ratio" in ran.out
    (work / "cases" / "stay.toml").write_text(CASE.replace("[[claims]]", "[[claims]]\nmedfee_sumamt = 1"), "utf-8")
    assert run("policy", "test", "--rules-dir", work).status != 0


def test_cases_that_are_not_there_are_asked_for(region: Path, work: Path) -> None:
    refused(run("policy", "test"), 2, "the cases of 990000", "--cases")
    (work / "cases" / "stay.toml").write_text(CASE.replace("990101", "990201"), "utf-8")
    refused(run("policy", "test", "990100", "--rules-dir", work), 2, "no case with a claim of 990100")
    refused(
        run("policy", "test", "--rules-dir", work, "--cases", region / "site" / "qingsuan_settling-2022.1.dist-info"),
        3,
        "no case file",
    )


def test_the_installed_plugins_cases_are_found_beside_their_source() -> None:
    ran = run("policy", "test", "150900", "--json")
    assert ran.status == 0, ran.err
    assert all(one["passed"] for one in json.loads(ran.out))


def test_two_folders_two_files_and_what_is_installed_are_compared(region: Path, work: Path) -> None:
    file = work / "a.toml"
    assert "no difference" in run("policy", "diff", "installed", work, "--of", "990000").out
    file.write_text(RULES.replace(HALF, 'percent = [50, "62.6"]'), "utf-8")
    for before, after, more in (
        ("installed", work, ("--of", "990100")),
        (region / "site" / "qingsuan_settling" / "rules" / "a.toml", file, ()),
        (region / "site" / "qingsuan_settling" / "rules", work, ()),
    ):
        ran = run("policy", "diff", before, after, *more)
        assert ran.status == 0, ran.err
        assert "layers.pooled.bands" in ran.out
        assert "50% / 62.5% → 50% / 62.6%" in ran.out
        assert "in made up, 1 (made-up)" in ran.out
    told = json.loads(run("policy", "diff", "installed", work, "--of", "990100", "--json").out)
    assert [(one["place"], one["key"]) for one in told[0]["changes"]] == [("layers.pooled", "bands")]


def test_two_dates_are_compared(region: Path) -> None:
    rules = region / "site" / "qingsuan_settling" / "rules"
    later = RULES.replace("2021-02-01", "2022-01-01").replace("yuan = 20000", "yuan = 30000")
    (rules / "b.toml").write_text(later, "utf-8")
    ran = run("policy", "diff", "2021-12-31", "2022-01-01", "--of", "990100")
    assert "20,000 → 30,000" in ran.out
    assert "2021-02-01 → 2022-01-01" in ran.out
    only_one = run("policy", "diff", "2021-01-31", "2022-01-01", "--of", "990100")
    assert "only in B" in only_one.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2021-02-01", "2022-01-01"), "add --of POOL"),
        (("somewhere", "2022-01-01"), "neither a date, a file nor a folder"),
        (("2020-01-01", "2020-02-01", "--of", "990100"), "no rule set on either side"),
    ],
)
def test_what_cannot_be_compared(region: Path, arguments: tuple[str, ...], said: str) -> None:
    refused(run("policy", "diff", *arguments), 2, said)


def test_what_is_odd_is_asked_about_and_an_explanation_answers(region: Path, work: Path) -> None:
    (work / "a.toml").write_text(RULES.replace(HALF, 'percent = [50, "42.5"]'), "utf-8")
    ran = run("policy", "lint", "--rules-dir", work)
    refused(ran, 4, "1 oddities that no file explains", "[[explained]]")
    assert "ratio-falls: layers.pooled.bands\n      50% / 42.5%" in ran.out
    assert "are two percentages exchanged?" in ran.out
    why = '\n[[explained]]\noddity = "ratio-falls: layers.pooled.bands"\nwhy = "printed so (made up)"\n'
    (work / "a.toml").write_text(RULES.replace(HALF, 'percent = [50, "42.5"]') + why, "utf-8")
    ran = run("policy", "lint", "990100", "--rules-dir", work)
    assert ran.status == 0, ran
    assert "explained: printed so (made up)" in ran.out
    (told,) = json.loads(run("policy", "lint", "--no-cases", "--rules-dir", work, "--json").out)
    assert told["name"] == "ratio-falls: layers.pooled.bands"


def test_a_rule_is_asked_for_its_case(region: Path, work: Path) -> None:
    (work / "cases" / "stay.toml").write_text(CASE.replace('med_type = "21"', 'med_type = "11"'), "utf-8")
    ran = run("policy", "lint", "--rules-dir", work)
    refused(ran, 4)
    assert "rule-without-case: rules.inpatient" in ran.out
    assert run("policy", "lint", "--rules-dir", work, "--no-cases").status == 0
    assert run("policy", "lint").status == 0, "no case is at hand of what is installed"


def test_a_table_of_the_notice_is_shown_as_it_stands_in_the_file() -> None:
    ran = run("policy", "show", "220100", "--date", "2021-06-01", "--scheme", "390")
    assert ran.status == 0, ran.err
    shown = ran.out.partition("layer inpatient")[2].partition("layer special")[0]
    lines = [line.split() for line in shown.splitlines()]
    assert ["dedc_hosp_lv", "1", "2", "3M", "3P"] in lines
    assert ["minors", "100", "200", "400", "600"] in lines
    assert "who.minors" in ran.out


def test_a_table_without_columns_has_no_line_of_headers() -> None:
    shown = run("policy", "show", "150900", "--date", "2021-06-01", "--scheme", "390").out
    (at,) = [n for n, line in enumerate(shown.splitlines()) if line.startswith("  adjust   [")]
    assert "deductible times 50%" in shown.splitlines()[at + 1]


def test_the_rules_are_set_up_once_for_all_cases_of_a_year(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    years: list[int] = []

    def counted(year: int, *, rules_dir: Path | None) -> object:
        years.append(year)
        return set_up(year, rules_dir=rules_dir)

    monkeypatch.setattr(settling_of_cases, "set_up", counted)
    (work / "cases" / "again.toml").write_text(CASE, "utf-8")
    (work / "cases" / "later.toml").write_text(CASE.replace("year = 2022", "year = 2023"), "utf-8")
    ran = run("policy", "test", "--rules-dir", str(work))
    assert ran.status == 0, ran.err
    assert "3 cases, 0 failed" in ran.out
    assert sorted(years) == [2022, 2023]


def test_a_case_of_a_year_that_nobody_settles_fails_alone(work: Path) -> None:
    (work / "cases" / "early.toml").write_text(CASE.replace("year = 2022", "year = 12"), "utf-8")
    ran = run("policy", "test", "--rules-dir", str(work))
    refused(ran, 4, "1 of 2 cases")
    assert "--year" in ran.out
