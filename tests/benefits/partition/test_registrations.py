"""Registrations (备案) by the command: which hold on the day, who is refused without, and a run that lacks the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import qingsuan
from qingsuan.errors import UsageError
from settling import RULES, claim, install, insured, only, read, run, settle, write

DIMENSIONS = """\
[dimensions.chronic]
kind = "registered"
reg_type = "chronic"
column = "dise_code"
[dimensions.resettled]
kind = "registered"
reg_type = "resettled"
column = "fix_blng_admdvs"
[[rules]]
id = "chronic"
when = { med_type = ["41"] }
layers = ["pooled"]
registered = ["chronic"]
[[rules]]
id = "resettled"
when = { med_type = ["51"], resettled = ["yes"] }
layers = ["pooled"]
"""
CHRONIC = {"psn_no": "p1", "reg_type": "chronic", "reg_value": "M1", "begndate": "2022-03-05", "enddate": "2022-03-07"}
RESETTLED = {**CHRONIC, "reg_type": "resettled", "reg_value": "310000", "enddate": ""}
OPTION = "--registrations"


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(f"{RULES}\n{DIMENSIONS}", "utf-8")


def files(folder: Path, *claims: dict[str, str]) -> list[Path]:
    rows = [claim(setl_id=f"s{n}", **one) for n, one in enumerate(claims, 1)]
    return [write(folder / "c.csv", rows), write(folder / "i.csv", [insured()])]


def of_day(day: int, **columns: str) -> dict[str, str]:
    date = f"2022-03-{day:02d}"
    return {"med_type": "41", "dise_code": "M1", "begndate": date, "enddate": date, **columns}


def outcome(folder: Path) -> dict[str, str]:
    found = {row["setl_id"]: row["rule_id"].rpartition(":")[2] for row in read(folder, "settled")}
    return found | {row["setl_id"]: row["code"] for row in read(folder, "rejected")}


def test_a_registration_holds_from_its_first_day_to_its_last_for_its_value(tmp_path: Path) -> None:
    given = files(tmp_path, *map(of_day, (4, 5, 7, 8)), of_day(6, dise_code="M2"), of_day(6, dise_code=""))
    table = write(tmp_path / "r.csv", [CHRONIC])
    ran = settle(*given, tmp_path / "out", OPTION, str(table))
    assert ran.status == 0, ran.err
    refused = dict.fromkeys(("s1", "s4", "s5", "s6"), "E_UNREGISTERED")
    assert outcome(tmp_path / "out") == {"s2": "chronic", "s3": "chronic", **refused}
    first = next(row for row in read(tmp_path / "out", "rejected") if row["setl_id"] == "s1")
    assert first["column"] == "dise_code"
    assert first["found"] == "M1 on 2022-03-04; registered for chronic: M1 from 2022-03-05 until 2022-03-07"
    assert "a registration (备案) chronic" in first["expected"]
    assert "rule “chronic” asks for one" in first["expected"]


def test_an_area_is_registered_with_all_that_lies_in_it(tmp_path: Path) -> None:
    places = ("310115", "310000", "320100", "")
    given = files(tmp_path, *(of_day(9, med_type="51", fix_blng_admdvs=place) for place in places))
    assert settle(*given, tmp_path / "out", OPTION, str(write(tmp_path / "r.csv", [RESETTLED]))).status == 0
    none = dict.fromkeys(("s3", "s4"), "E_NO_RULE")
    assert outcome(tmp_path / "out") == {"s1": "resettled", "s2": "resettled", **none}


def test_rows_that_cannot_be_trusted_are_rejected_and_decide_nothing(tmp_path: Path) -> None:
    bad = [
        {**CHRONIC, "enddate": "2022-03-04"},
        {**CHRONIC, "begndate": "2022/3/5"},
        {**CHRONIC, "psn_no": ""},
        {**CHRONIC, "reg_value": ""},
    ]
    given = files(tmp_path, of_day(6))
    assert settle(*given, tmp_path / "out", OPTION, str(write(tmp_path / "r.csv", bad))).status == 0
    assert outcome(tmp_path / "out") == {"s1": "E_UNREGISTERED"}
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["rejected"]["registrations"] == {"E_DATE": 1, "E_FORM": 1, "E_MISSING": 2}
    assert len(record["inputs"]["registrations"]) == 1
    assert len(qingsuan.open(tmp_path / "out").rejected_registrations) == 4


def test_a_run_whose_rules_ask_is_refused_without_the_table(tmp_path: Path) -> None:
    given = files(tmp_path, of_day(6))
    ran = settle(*given, tmp_path / "out")
    assert ran.status == 2
    assert "--registrations: nothing" in ran.err
    assert "asks for chronic, resettled" in ran.err
    with pytest.raises(UsageError, match="--registrations"):
        qingsuan.settle(given[0], given[1], year=2022)
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_prepared_year_has_its_registrations_and_settles_to_the_same(tmp_path: Path) -> None:
    given = files(tmp_path, *map(of_day, (4, 5)))
    table = write(tmp_path / "r.csv", [CHRONIC, CHRONIC])
    whole = qingsuan.settle(given[0], given[1], registrations=table, year=2022, out=tmp_path / "whole")
    qingsuan.prepare(given[0], given[1], registrations=table, year=2022, out=tmp_path / "year")
    prepared = qingsuan.settle(tmp_path / "year", year=2022, out=tmp_path / "out")
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole") == {"s1": "E_UNREGISTERED", "s2": "chronic"}
    assert prepared.record["rows"] == whole.record["rows"]
    qingsuan.prepare(
        registrations=write(tmp_path / "more.csv", [{**CHRONIC, "begndate": "2022-03-01"}]),
        year=2022,
        out=tmp_path / "year",
        add=True,
    )
    qingsuan.settle(tmp_path / "year", year=2022, out=tmp_path / "later")
    assert outcome(tmp_path / "later") == {"s1": "chronic", "s2": "chronic"}
    with pytest.raises(UsageError, match="given with a prepared year"):
        qingsuan.settle(tmp_path / "year", registrations=table, year=2022)
    ran = run("verify", tmp_path / "whole", "--inputs", tmp_path)
    assert ran.status == 0, ran.err
