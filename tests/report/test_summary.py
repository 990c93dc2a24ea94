"""What the summary of a run says beside its sums: rejections of every table, warnings, and how loudly; ``--max-rejected``."""

from __future__ import annotations

import json
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qingsuan.messages import Words
from qingsuan.report.summary import settle_summary
from settling import RULES, Ran, claim, declared, install, insured, only, run, settle, write

NOT_KNOWN = """\
[[missing]]
parameter = "critical.layer"
why = "no document found"
[[missing]]
parameter = "critical.layer"
why = "and its tilt neither"
[[missing]]
parameter = "critical.layer"
why = "no document found"
when = { med_type = ["41"] }
"""
BEYOND = """\
[[beyond]]
parameter = "adjust"
why = "the province let the pool try it"
source = "X"
"""
AUTHORITY = """\
format = 1
[authority]
region = "990000"
title = "made up"
effective = 2021-01-01
[[authorise]]
id = "all-but-adjust"
settings = ["deductible", "ratio", "cap"]
source = "X"
[sources.X]
document = "made up"
article = "1"
grade = "made-up"
"""
PEOPLE = [insured(), insured(psn_no="p2", insu_admdvs="990201")]


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    install(site, rules=RULES + NOT_KNOWN)
    other = site / "qingsuan_settling" / "rules" / "b.toml"
    other.write_text((RULES + NOT_KNOWN).replace('"990100"', '"990200"'), "utf-8")
    only(site, monkeypatch)


def settled(tmp_path: Path, claims: list[dict[str, Any]], *more: object, people: list[Any] | None = None) -> Ran:
    rows = write(tmp_path / "claims.csv", claims)
    return settle(rows, write(tmp_path / "insured.csv", people or PEOPLE), tmp_path / "out", *more)


def record(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))


def test_unknown_parameters_of_pools_with_claims_are_warned_of_once_and_those_of_others_not(tmp_path: Path) -> None:
    ran = settled(tmp_path, [claim()])
    told = " ".join(ran.out.split())
    said = "990100/310+390/2021-02-01: 1 parameter is not known: critical.layer (why: rule_sets, missing, in run.json)"
    assert told.count("critical.layer") == told.count(f"warning: {said}") == 1
    assert "990200/" not in told
    assert said in record(tmp_path)["warnings"]
    (missing,) = [one["missing"] for one in record(tmp_path)["rule_sets"] if one["rule_set"].startswith("990100")]
    why = {one["parameter"]: one["why"] for one in missing}
    assert why["critical.layer"] == ["no document found", "and its tilt neither"], "no reason is left out"


def test_a_pool_is_called_what_its_plugin_calls_it(tmp_path: Path) -> None:
    """No list of places has it; in English its code stands alone."""
    assert "990100 one " in settled(tmp_path, [claim()], "--lang", "zh").out
    assert " one " not in settled(tmp_path, [claim()], "--lang", "en", "--overwrite").out
    assert record(tmp_path)["plugins"][0]["pools"] == {"990100": "one", "990200": "two"}
    (tmp_path / "out").rename(tmp_path / "first")
    settled(tmp_path, [claim(), claim(setl_id="s2")])
    told = run("diff", tmp_path / "first", tmp_path / "out", "--out", tmp_path / "changes").out
    assert "990100 one " in told


def test_a_pool_that_an_older_run_names_nowhere_is_its_code(tmp_path: Path) -> None:
    settled(tmp_path, [claim()])
    older = record(tmp_path)
    del older["plugins"][0]["pools"]
    (tmp_path / "out" / "run.json").write_text(json.dumps(older), "utf-8")
    told = settle_summary(tmp_path / "out", Words("zh"))
    assert ("  990100 " in told, "990100 990100" in told, "one" in told) == (True, False, False)


def test_several_unknown_parameters_of_a_rule_set_are_one_line_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = '[[missing]]\nparameter = "large.cap"\nwhy = "nobody found it"\n'
    install(tmp_path / "more", rules=RULES + NOT_KNOWN + more)
    only(tmp_path / "more", monkeypatch)
    told = " ".join(settled(tmp_path, [claim()]).out.split())
    assert "warning: 990100/310+390/2021-02-01: 2 parameters are not known: critical.layer, large.cap (why:" in told
    assert "nobody found it" not in told
    assert {"parameter": "large.cap", "why": ["nobody found it"]} in record(tmp_path)["rule_sets"][0]["missing"]


def test_a_pool_all_of_whose_claims_were_rejected_is_at_hand_too(tmp_path: Path) -> None:
    told = " ".join(settled(tmp_path, [claim(psn_no="p2", insu_admdvs="990201", med_type="11")]).out.split())
    assert "warning: 990200/310+390/2021-02-01: 1 parameter is not known: critical.layer" in told
    assert "990100/" not in told


def test_what_goes_beyond_the_list_stands_in_the_record_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "beyond"
    install(site, declared("rules", "authority"), RULES + BEYOND)
    (site / "qingsuan_settling" / "authority").mkdir()
    (site / "qingsuan_settling" / "authority" / "a.toml").write_text(AUTHORITY, "utf-8")
    only(site, monkeypatch)
    settled(tmp_path, [claim()])
    ((told,),) = [one["beyond"] for one in record(tmp_path)["rule_sets"]]
    assert (told["parameter"], told["why"]) == ("adjust", "the province let the pool try it")
    assert told["source"].endswith("(grade made-up)")


def test_a_missing_parameter_stands_in_the_record_once_with_its_reasons(tmp_path: Path) -> None:
    settled(tmp_path, [claim()])
    assert record(tmp_path)["rule_sets"][0]["missing"] == [
        {"parameter": "outpatient.ratio", "why": ["the document names no number"]},
        {"parameter": "critical.layer", "why": ["no document found", "and its tilt neither"]},
    ]


def test_rejections_of_every_table_are_told_with_their_files(tmp_path: Path) -> None:
    identities = write(
        tmp_path / "identities.csv", [{"psn_no": "p1", "psn_idet_type": "2303", "begntime": "2022/1/1", "endtime": ""}]
    )
    people = [*PEOPLE, insured(psn_no="p3", begndate="2022/1/1")]
    ran = settled(tmp_path, [claim(), claim(setl_id="s2", med_type="11")], "--identities", identities, people=people)
    found = ran.out.replace(str(tmp_path / "out"), "OUT")
    for name, files in (
        ("settlement records", "part"),
        ("insured rows", "insured-part"),
        ("identity rows", "identities-part"),
    ):
        told = found.split(f"Rejected by code: {name}")[1]
        assert f"OUT/rejected/{files}-*.parquet" in told.split("Rejected")[0]
    assert record(tmp_path)["rejected"]["insured"] == {"E_FORM": 1}


def test_identity_rows_of_nobody_are_counted_by_class(tmp_path: Path) -> None:
    rows = [("p1", "2303"), ("p9", "2303"), ("p8", "2303"), ("p8", "7777"), ("p2", "7777")]
    identities = [{"psn_no": who, "psn_idet_type": code, "begntime": "2022-01-01", "endtime": ""} for who, code in rows]
    for partitions in (1, 3):
        more = ("--identities", write(tmp_path / "identities.csv", identities), "--partitions", partitions)
        ran = settled(tmp_path, [claim()], *more, "--overwrite")
        assert record(tmp_path)["identities_of_nobody"] == {"2303": 2, "7777": 1}
        told = ran.out.split("Identity rows whose psn_no no insured row has")[1].split("warning:")[0]
        assert [line.split() for line in told.splitlines() if "2303" in line or "7777" in line] == [
            ["2303", "2"],
            ["7777", "1"],
        ]
    assert "Identity rows whose" not in settled(tmp_path, [claim()], "--overwrite").out


def test_identity_codes_that_no_rule_set_knows_are_counted_and_warned_of(tmp_path: Path) -> None:
    """9999 is nobody's; 2101 is known to decide nothing; 低保 is no code, nor is one without its zero or with a blank."""
    codes = ["2303", "9999", "9999", "2101", "低保", "303", "23 03", "２３０３"]
    identities = [{"psn_no": "p1", "psn_idet_type": code, "begntime": "2022-01-01", "endtime": ""} for code in codes]
    more = ("--identities", write(tmp_path / "identities.csv", identities))
    install(
        tmp_path / "site", rules=RULES.replace("[sources.X]", 'identities_without_effect = ["21*"]\n[sources.X]', 1)
    )
    for partitions in (1, 3):
        ran = settled(tmp_path, [claim()], *more, "--partitions", partitions, "--overwrite")
        assert record(tmp_path)["identities_unknown"] == {"9999": 2}
        assert record(tmp_path)["rejected"]["identities"] == {"E_FORM": 4}
        warning = (
            "2 identity rows changed nothing: no rule set of the pools at hand knows their psn_idet_type: 9999 (2)"
        )
        assert warning in " ".join(ran.out.split())
    parts = (tmp_path / "out" / "rejected").glob("identities-part-*.parquet")
    rows = sorted((row for part in parts for row in pq.read_table(part).to_pylist()), key=itemgetter("source_row"))
    assert [row["psn_idet_type"] for row in rows] == ["低保", "303", "23 03", "２３０３"]
    assert {row["column"] for row in rows} == {"psn_idet_type"}
    assert rows[1]["expected"] == "an identity class of four digits, such as 2303"


def test_a_run_that_rejects_half_of_the_claims_says_so_loudly_and_one_below_does_not(tmp_path: Path) -> None:
    good = [claim(setl_id=f"g{n}", setl_time=f"2022-03-0{n} 10:00:00", begndate="2022-03-01") for n in (1, 2)]
    bad = [claim(setl_id=f"b{n}", med_type="11") for n in (1, 2)]
    loud = settled(tmp_path, [*good, *bad]).out
    assert loud.startswith("!!! 2 of 4 claims were rejected (50.0 %), 2 of them with E_NO_RULE")
    assert loud.count("!!!") == 2
    assert "!!!" not in settled(tmp_path, [*good, bad[0]], "--overwrite").out
    wrong_year = settled(tmp_path, good, "--overwrite", "--year", 2023)
    assert wrong_year.status == 0
    assert wrong_year.out.startswith("!!! 2 of 2 claims were rejected (100.0 %), 2 of them with E_DATE")


@pytest.mark.parametrize(
    ("accepted", "status"),
    [("1", 0), ("0", 6), ("33.34%", 0), ("33.33%", 6), ("100%", 0), ("0%", 6), ("101%", 2), ("-1", 2), ("1.5", 2)],
)
def test_too_many_rejected_claims_end_with_a_status_of_their_own(tmp_path: Path, accepted: str, status: int) -> None:
    claims = [claim(setl_id="b", med_type="11"), claim(), claim(setl_id="s2", setl_time="2022-03-06 10:00:00")]
    ran = settled(tmp_path, claims, "--max-rejected", accepted)
    assert ran.status == status
    assert (tmp_path / "out" / "run.json").exists() == (status != 2)
    if status == 6:
        assert f"1 of 3 claims were rejected: E_NO_RULE 1\n  expected: at most {accepted} (--max-rejected)" in ran.err
        assert record(tmp_path)["rows"] == {"in": 3, "settled": 2, "reversed": 0, "rejected": 1}


def test_a_finished_run_that_is_resumed_is_judged_too(tmp_path: Path) -> None:
    assert settled(tmp_path, [claim(med_type="11")]).status == 0
    again = settled(tmp_path, [claim(med_type="11")], "--resume", "--max-rejected", "0", "--json")
    assert again.status == 6
    assert json.loads(again.out)["rows"]["rejected"] == 1
