"""Whose own burden exceeds a monitoring line: by hand through the public command, against the slow twin, and for the owner's eyes alone."""

from __future__ import annotations

import datetime as dt
import os
import random
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from account_years import installed_as
from qingsuan.funds.burden.columns import AMOUNTS, HELD, PERSON
from qingsuan.funds.burden.lines import KINDS, Monitoring, MonitoringLine
from qingsuan.funds.burden.people import own_of, watch_people
from qingsuan.funds.reference import watch
from settling import RULES, Ran, claim, insured, run, write_csv

ROWS = int(os.environ.get("QINGSUAN_FUND_ROWS", "3000"))
WORLDS = 10 if ROWS < 100_000 else 100
COUNTIES = ("990101", "990102", "990201")
CODES = ("2303", "7202", "7019")
EPOCH = dt.date(1970, 1, 1)
FIRST = (dt.date(2022, 1, 1) - EPOCH).days


def world(dice: random.Random, rows: int) -> tuple[list[dict[str, Any]], list[tuple[str, str, int, int]], Monitoring]:
    """Random claims, identities and lines."""
    claims = []
    for _ in range(rows):
        whole, scope = dice.choice((0, 1, 5_000, 99_999)), dice.choice((0, 2_000, 100_000))
        amounts = dict.fromkeys(AMOUNTS, 0) | {
            "psn_part_amt": whole,
            "inscp_scp_amt": scope,
            "fund_pay_sumamt": dice.choice((0, scope // 2)),
        }
        person = f"P{dice.randrange(rows // 6):05d}"
        claims.append({"psn_no": person, "admdvs": dice.choice(COUNTIES), "day": FIRST + dice.randrange(60), **amounts})
    held = [
        (
            f"P{dice.randrange(rows // 6):05d}",
            dice.choice(CODES),
            FIRST + dice.randrange(-5, 60),
            FIRST + dice.randrange(30, 99),
        )
        for _ in range(rows // 4)
    ]
    codes = dice.choice(((), ("7202",), ("7202", "2303")))
    prefixes = dice.sample(("99", "9901", "990101"), 2)
    lines = [
        MonitoringLine(
            "thrown-back", one, dice.choice(("in-scope", "all")), dice.choice((1, 9_999, 10_000)), codes, "7202"
        )
        for one in prefixes
    ]
    lines.append(
        MonitoringLine("made-poor", "99", dice.choice(("in-scope", "all")), dice.choice((10_000, 50_000)), (), "")
    )
    return claims, held, Monitoring(tuple(lines))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_random_people_agree_with_the_twin(seed: int) -> None:
    claims, held, monitoring = world(random.Random(seed), -(-ROWS // WORLDS))
    identities = pa.table([list(column) for column in zip(*held, strict=True)], schema=HELD)
    settled = watch_people(pa.Table.from_pylist(claims, PERSON), identities, monitoring)
    rows = settled.tables["burden"].to_pylist()
    found = {
        (row["psn_no"], row["line"]): (
            row["insu_admdvs"],
            int(row["burden"].scaleb(2)),
            (row["recognised"] - EPOCH).days,
        )
        for row in rows
    }
    assert found == watch(
        [(one["psn_no"], one["admdvs"], one["day"], own_of(one, "in-scope"), own_of(one, "all")) for one in claims],
        held,
        [(one.line, one.prefix, one.measure, one.fen, one.codes) for one in monitoring.lines],
    )
    assert len(found) == len(rows) > 3
    for row in rows:
        assert row["over"] == row["burden"] - row["amount"] > 0
        assert row["own_in_scope"] <= row["psn_part_amt"]
    assert settled.counts == {
        **{f"burden.{kind}": sum(row["line"] == kind for row in rows) for kind in KINDS},
        "burden.candidates": sum(row["line"] == "thrown-back" for row in rows),
    }


# ---- through the command


class Year:
    """Three people of a made-up pool, settled: p1 with two stays, p2 with one and an identity, p3 with a cheap one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = [
            claim(setl_id="s1", psn_no="p1"),
            claim(setl_id="s2", psn_no="p1", begndate="2022-06-01", enddate="2022-06-05", setl_time="2022-06-05 10:00:00"),
            claim(setl_id="s3", psn_no="p2"),
            claim(setl_id="s4", psn_no="p3", medfee_sumamt="100.00", fulamt_ownpay_amt="0.00", overlmt_selfpay="0.00", preselfpay_amt="0.00", inscp_scp_amt="100.00"),
        ]  # fmt: skip
        people = [insured(psn_no=name) for name in ("p1", "p2", "p3")]
        files = [write_csv(folder / f"{name}.csv", rows) for name, rows in (("claims", rows), ("insured", people))]
        assert run("settle", files[0], "--insured", files[1], "--year", 2022, "--out", folder / "settled").status == 0
        held = [
            {"psn_no": "p2", "psn_idet_type": "7202", "begntime": "2022-01-01"},
            {"psn_no": "p1", "psn_idet_type": "9999", "begntime": "2022-01-01"},
        ]
        self.held = write_csv(folder / "held.csv", held)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def run(self, lines: str, *more: object) -> Ran:
        head = "line,admdvs,measure,amount,codes,becomes\n"
        entries = self.file("entries.csv", "fund,insu_admdvs,line,basis,date,amount,voucher\n")
        opening = self.file(
            "opening.csv",
            "fund,insu_admdvs,line,amount\nresident,990101,balance,0\ncritical-illness,990101,balance,0\n",
        )
        options = (
            "--opening",
            opening,
            "--settled",
            self.folder / "settled",
            "--burden",
            self.file("lines.csv", head + lines),
        )
        return run("fund", entries, *options, "--year", 2022, "--out", self.folder / "out", *more)

    def table(self, name: str) -> list[dict[str, Any]]:
        files = sorted((self.folder / "out" / name).glob("part-*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.toml").write_text(RULES, "utf-8")
    installed_as(
        monkeypatch,
        qingsuan.Region("990000", "made up", (qingsuan.Pool("990100", "one", ("9901",)),), rules=tmp_path / "rules"),
    )
    return Year(tmp_path)


LINES = "made-poor,9901,in-scope,450.00,,\nthrown-back,9901,all,649.99,7202 7203,7202\n"


def test_two_lines_by_hand(year: Year) -> None:
    # of 800 in scope the fund pays 350, then 375 (a deductible of 100, then 50): own in scope 450 and 425, own in all 650 and 625
    assert year.run(LINES, "--identities", year.held).status == 0
    found = [
        (row["psn_no"], row["line"], str(row["burden"]), str(row["over"]), str(row["recognised"]), row["codes"])
        for row in year.table("burden")
    ]
    assert sorted(found) == [
        ("p1", "made-poor", "875.00", "425.00", "2022-06-05", None),  # 450.00 on 2022-03-05 lies on the line, not above
        ("p2", "thrown-back", "650.00", "0.01", "2022-03-05", "7202"),
    ]
    [row] = [row for row in year.table("burden") if row["psn_no"] == "p2"]
    names = (
        "medfee_sumamt",
        "inscp_scp_amt",
        "hifp_pay",
        "fund_pay_sumamt",
        "psn_part_amt",
        "psn_cash_pay",
        "own_in_scope",
    )
    assert [str(row[name]) for name in names] == ["1000.00", "800.00", "350.00", "350.00", "650.00", "650.00", "450.00"]
    assert row["claims"] == 1
    assert year.table("candidates") == [
        {
            "psn_no": "p2",
            "psn_idet_type": "7202",
            "begntime": dt.date(2022, 3, 5),
            "endtime": None,
            "line": "thrown-back",
        }
    ]
    assert run("verify", year.folder / "out").status == 0


def test_rows_about_people_are_for_their_owner_alone(year: Year) -> None:
    year.run(LINES, "--identities", year.held)
    for name in ("burden", "candidates"):
        folder = year.folder / "out" / name
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    record = (year.folder / "out/run.json").read_text("utf-8")
    assert '"made-poor": 1' in record
    assert "p2" not in record


def test_candidates_are_next_runs_identities_from_the_day_of_application(year: Year) -> None:
    applied = year.file("applied.csv", "psn_no,date\np2,2022-07-01\n")
    assert year.run(LINES, "--identities", year.held, "--applications", applied).status == 0
    assert [row["begntime"] for row in year.table("candidates")] == [dt.date(2022, 7, 1)]
    other = year.file("applied.csv", "psn_no,date\np1,2022-01-01\n")
    assert year.run(LINES, "--identities", year.held, "--applications", other, "--overwrite").status == 0
    assert year.table("candidates") == []
    files = [year.folder / f"{name}.csv" for name in ("claims", "insured")]
    candidates = year.folder / "out/candidates"
    ran = run(
        "settle",
        files[0],
        "--insured",
        files[1],
        "--identities",
        candidates,
        "--year",
        2022,
        "--out",
        year.folder / "again",
    )
    assert ran.status == 0, ran.err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("poor,9901,all,1,,\n", 'line "poor"'),
        ("made-poor,9901,scope,1,,\n", 'measure "scope"'),
        ("made-poor,9901,all,0,,\n", "amount 0.00"),
        ("made-poor,9901,all,1,72,\n", 'identity class "72"'),
        ("made-poor,9901,all,1,,\nmade-poor,990100,all,2,,\n", "made-poor of 9901 again"),
        ("", "no line"),
    ],
)
def test_a_bad_line_is_named(year: Year, lines: str, said: str) -> None:
    ran = year.run(lines)
    assert ran.status == 4
    assert "lines.csv" in ran.err
    assert said in ran.err


def test_what_lines_need_is_asked_for(year: Year) -> None:
    ran = year.run(LINES)
    assert ran.status == 2
    assert "a monitoring line is for holders of 7202, 7203" in ran.err
    entries = year.folder / "entries.csv"
    ran = run(
        "fund",
        entries,
        "--opening",
        year.folder / "opening.csv",
        "--identities",
        year.held,
        "--year",
        2022,
        "--out",
        year.folder / "x",
    )
    assert ran.status == 2
    assert "no --burden beside it" in ran.err
    ran = run(
        "fund",
        entries,
        "--opening",
        year.folder / "opening.csv",
        "--burden",
        year.folder / "lines.csv",
        "--identities",
        year.held,
        "--year",
        2022,
        "--out",
        year.folder / "x",
    )
    assert ran.status == 2
    assert "no settled claims" in ran.err
    bad = year.file("applied.csv", "psn_no,date\np2,2022-13-01\n")
    ran = year.run(LINES, "--identities", year.held, "--applications", bad)
    assert ran.status == 4
    assert "applied.csv: line 2" in ran.err


def test_a_bad_identity_is_refused_and_the_others_count(year: Year) -> None:
    rows = "psn_no,psn_idet_type,begntime,endtime,vali_flag\np2,7202,2022-01-01,,\np2,7202,2022-05-01,2022-01-01,\np2,7202,2022-01-01,,0\np2,7202,,,\n"
    assert year.run(LINES, "--identities", year.file("held.csv", rows)).status == 0
    files = sorted((year.folder / "out/rejected").glob("identities-part-*.parquet"))
    assert sorted(row["code"] for file in files for row in pq.read_table(file).to_pylist()) == [
        "E_DATE",
        "E_MISSING",
        "E_VOID",
    ]
    assert Decimal("650.00") in {row["burden"] for row in year.table("burden")}
