"""Opening balances through the public command: parts of a year with carried accounts are the year at once, row for row."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quarterly import QUARTERLY, Claims, visit, year
from settling import Ran, claim, install, insured, only, read, settle, write, write_csv
from settling import run as command


@pytest.fixture(autouse=True)
def _region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=QUARTERLY)
    only(tmp_path / "site", monkeypatch)


def run(tmp_path: Path, name: str, rows: Claims, people: Claims, *more: object, suffix: str = ".parquet") -> Path:
    out = tmp_path / name
    files = write(tmp_path / f"{name}-in" / f"c{suffix}", rows), write(tmp_path / f"{name}-in" / f"i{suffix}", people)
    ran = settle(*files, out, "--accumulators", *more)
    assert ran.status == 0, ran.err
    return out


def by_id(*runs: Path) -> dict[str, dict[str, Any]]:
    rows = [row for out in runs for row in read(out, "settled")]
    found = {row["setl_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


KEYED = QUARTERLY.replace(
    'moon = "month"\ntoday = "day"',
    'moon = { period = "month", by = "dise_code" }\ntoday = { period = "day", by = "fixmedins_code" }',
).replace('levels = ["1", "2"]', 'levels = ["1", "2"]\nyear_begins = { day = "07-01", source = "X" }')


def half_a_year_later(rows: Claims) -> Claims:
    """Claims of 2022 in the year from July 2022 on, for three diseases at two institutions, one without a disease."""
    later = []
    for number, row in enumerate(rows):
        day = str(date.fromisoformat(str(row["begndate"])) + timedelta(days=181))
        disease = ("M1", "M2", "M10", "M1", "")[number % 5]
        dates = {"begndate": day, "enddate": day, "setl_time": f"{day} 10:00:00"}
        later.append({**row, **dates, "dise_code": disease, "fixmedins_code": f"H{number % 2}"})
    return later


def test_keys_and_a_year_of_its_own_are_carried(tmp_path: Path) -> None:
    """Counters by disease and institution of a year from July to June: four runs are one, and the runs are verified."""
    install(tmp_path / "site", rules=KEYED)
    rows, people = year()
    rows = half_a_year_later(rows)
    cuts = ["", "2022-09-14", "2022-12-31", "2023-04-15", "2023-06-30"]
    runs: list[Path] = []
    for number, (after, until) in enumerate(pairwise(cuts)):
        part = [row for row in rows if after < str(row["begndate"]) <= until]
        assert len(part) > 40
        more = ["--partitions", 1 + number] + (["--opening", runs[-1]] if runs else [])
        runs.append(run(tmp_path, f"part{number}", part, people, *more))
    whole = run(tmp_path, "whole", rows, people, "--partitions", 2)
    assert by_id(*runs) == by_id(whole)
    rejected = [row for out in (*runs, whole) for row in read(out, "rejected")]
    assert {(row["code"], row["column"]) for row in rejected} == {("E_MISSING", "dise_code")}
    assert len(by_id(whole)) > len(rows) * 2 // 3
    assert read(runs[-1], "accumulators") == read(whole, "accumulators")
    found = {(row["group"], row["key"], row["period"]) for row in read(runs[1], "accumulators")}
    assert found >= {
        *((None, None, "2022"), ("stay", None, "2022"), ("third", None, "2022Q2")),
        *(("moon", "M1", "2022-12"), ("moon", "M10", "2022-12"), ("moon", "M2", "2022-12")),
    }
    assert {key for group, key, _ in found if group == "today"} == {"H0", "H1"}
    # and the parts would not be the year without what they carry
    alone = run(tmp_path, "alone", [row for row in rows if str(row["begndate"]) > "2022-12-31"], people)
    assert by_id(alone) != {name: row for name, row in by_id(whole).items() if name in by_id(alone)}
    inputs = [one for out in (runs[0], tmp_path / "part1-in") for one in ("--inputs", out)]
    verified = command("verify", runs[1], *inputs)
    assert (verified.status, "accumulators are not counted" in verified.out) == (0, False), verified.out


@pytest.mark.parametrize(("suffix", "partitions"), [(".csv", 1), (".parquet", 3)])
def test_parts_of_a_year_are_the_year_row_for_row(tmp_path: Path, suffix: str, partitions: int) -> None:
    rows, people = year()
    cuts = ["", "2022-02-14", "2022-06-30", "2022-08-31", "2022-12-31"]
    runs: list[Path] = []
    for number, (after, until) in enumerate(pairwise(cuts)):
        part = [row for row in rows if after < str(row["begndate"]) <= until]
        assert len(part) > 40
        more = ["--partitions", partitions + number] + (["--opening", runs[-1]] if runs else [])
        runs.append(run(tmp_path, f"part{number}", part, people, *more, suffix=suffix))
    whole = run(tmp_path, "whole", rows, people, "--partitions", partitions + 3)
    assert by_id(*runs) == by_id(whole)
    assert len(by_id(whole)) == len(rows)
    assert read(runs[-1], "accumulators") == read(whole, "accumulators")
    assert {(row["group"], row["period"]) for row in read(whole, "accumulators")} >= {
        (None, "2022"),
        ("stay", "2022"),
        ("third", "2022Q4"),
        ("moon", "2022-12"),
    }
    # and the parts would not be the year without what they carry
    alone = run(tmp_path, "alone", [row for row in rows if str(row["begndate"]) > "2022-08-31"], people)
    assert by_id(alone) != {name: row for name, row in by_id(whole).items() if name in by_id(alone)}


def test_accumulators_are_what_the_claims_add_up_to(tmp_path: Path) -> None:
    rows = [visit(1, "2022-05-30"), visit(2, "2022-05-31"), visit(3, "2022-06-30", acct_used_flag="1")]
    out = run(tmp_path, "out", rows, [insured(), insured(psn_no="p2")])
    found = read(out, "accumulators")
    assert [list(row) for row in found[:1]] == [pq.read_schema(next((out / "accumulators").iterdir())).names]
    nothing = dict.fromkeys(("visits", "deductible_used", "base", "excess", "paid"))
    who = {"psn_no": "p1", "insutype": "390", "pool": "990100"}
    itself = {"group": None, "period": "2022", **nothing, "balc": Decimal("0.00"), "settled_until": date(2022, 6, 30)}
    groups = [{name: row[name] for name in ("group", "period", "visits")} for row in found[1:]]
    assert found[0] == {**who, **itself}
    assert groups == [
        {"group": "moon", "period": "2022-06", "visits": 0},
        {"group": "stay", "period": "2022", "visits": 3},
        {"group": "third", "period": "2022Q2", "visits": 0},
        {"group": "today", "period": "2022-06-30", "visits": 0},
    ]
    moon, stay, third, _ = found[1:]
    assert (moon["base"], third["deductible_used"]) == (Decimal("100.00"), Decimal("120.00"))
    settled = read(out, "settled")
    assert stay["paid"] == sum(row["hifp_pay"] for row in settled)
    assert stay["excess"] == stay["base"] - sum(row["act_pay_dedc"] for row in settled)


def test_a_usual_run_writes_none(tmp_path: Path) -> None:
    files = write(tmp_path / "c.csv", [visit(1, "2022-05-30")]), write(tmp_path / "i.csv", [insured()])
    assert settle(*files, tmp_path / "out").status == 0
    assert not (tmp_path / "out" / "accumulators").exists()
    assert "opening" not in json.loads((tmp_path / "out" / "run.json").read_text("utf8"))


def test_people_without_claims_are_carried_on(tmp_path: Path) -> None:
    rows, people = year()
    first = run(tmp_path, "first", [row for row in rows if str(row["begndate"]) <= "2022-06-30"], people)
    later = run(
        tmp_path, "later", [visit(9000, "2022-12-31", psn_no="new")], [insured(psn_no="new")], "--opening", first
    )
    kept = [row for row in read(later, "accumulators") if row["psn_no"] != "new"]
    assert sorted(kept, key=str) == sorted(read(first, "accumulators"), key=str)
    record = json.loads((later / "run.json").read_text("utf8"))
    assert [one["file"] for one in record["inputs"]["opening"]] == ["part-00000.parquet"]
    assert len(record["opening"]["run.json"]) == 64
    assert not any("other rules" in text for text in record["warnings"])


def test_claims_that_are_settled_already_or_come_late_are_refused(tmp_path: Path) -> None:
    first = run(tmp_path, "first", [visit(1, "2022-05-30"), visit(2, "2022-06-30")], [insured()])
    amounts = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    negated = {name: f"-{claim()[name]}" for name in amounts}
    rows = [
        visit(2, "2022-06-30"),
        visit(3, "2022-06-29"),
        visit(4, "2022-07-01"),
        visit(5, "2022-07-02", refd_setl_flag="1", init_setl_id="s2", **negated),
        visit(6, "2022-01-01", insutype="310"),
    ]
    rest = run(tmp_path, "rest", rows, [insured(), insured(insutype="310")], "--opening", first)
    rejected = {row["setl_id"]: row for row in read(rest, "rejected")}
    assert {name: row["code"] for name, row in rejected.items()} == {
        "s2": "E_DATE",
        "s3": "E_DATE",
        "s5": "E_REVERSAL_ORPHAN",
    }
    assert rejected["s3"]["column"] == "setl_time"
    assert rejected["s3"]["found"] == "2022-06-29"
    assert "2022-06-30" in rejected["s3"]["expected"]
    assert sorted(by_id(rest)) == ["s4", "s6"]


def test_other_rules_than_those_that_counted_are_named(tmp_path: Path) -> None:
    first = run(tmp_path, "first", [visit(1, "2022-05-30")], [insured()])
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(
        QUARTERLY.replace("20000", "30000"), "utf8"
    )
    rest = run(tmp_path, "rest", [visit(2, "2022-07-30")], [insured()], "--opening", first)
    assert "counted by other rules" in str(json.loads((rest / "run.json").read_text("utf8"))["warnings"])


def rest_of(tmp_path: Path, opening: Path, *more: object) -> Ran:
    files = write(tmp_path / "c.csv", [visit(9, "2022-12-30")]), write(tmp_path / "i.csv", [insured()])
    return settle(*files, tmp_path / "rest", "--opening", opening, *more)


def refused(tmp_path: Path, opening: Path, said: str) -> None:
    ran = rest_of(tmp_path, opening)
    assert (ran.status, said in ran.err) == (3, True), ran.err
    assert not (tmp_path / "rest").exists()


def as_text(value: object) -> str:
    return "" if value is None else str(value)


ACCOUNT, MOON, STAY, THIRD = range(4)


def change(row: int, name: str, value: str) -> Callable[[list[dict[str, str]]], None]:
    def to(rows: list[dict[str, str]]) -> None:
        rows[row][name] = value

    return to


SPOILT: dict[str, tuple[Callable[[list[dict[str, str]]], Any], str]] = {
    "nobody": (change(STAY, "psn_no", ""), "row 3: column psn_no: nothing"),
    "pool": (change(STAY, "pool", "990900"), 'column pool: "990900"'),
    "pool without rules": (change(STAY, "pool", "990200"), "a pool with rules for scheme 390"),
    "scheme": (change(STAY, "insutype", "510"), "a pool with rules for scheme 510"),
    "group": (change(STAY, "group", "stays"), "moon, stay, third, today"),
    "other year": (change(STAY, "period", "2021"), "a period of 2022"),
    "month 13": (change(MOON, "period", "2022-13"), "a period of 2022"),
    "quarter of a month": (change(MOON, "period", "2022Q2"), "a month, by which group “moon” counts"),
    "month over": (change(MOON, "period", "2022-05"), "a period in which settled_until does not lie"),
    "quarter to come": (change(THIRD, "period", "2022Q3"), "a period in which settled_until does not lie"),
    "account of a quarter": (change(ACCOUNT, "period", "2022Q2"), "a year, by which"),
    "no visits": (change(STAY, "visits", ""), "column visits: nothing"),
    "half a visit": (change(STAY, "visits", "1.5"), 'column visits: "1.5"'),
    "negative visits": (change(STAY, "visits", "-1"), "a whole number from 0 to 999999999"),
    "negative base": (change(STAY, "base", "-0.01"), "0 or more"),
    "three decimals": (change(STAY, "paid", "1.001"), 'column paid: "1.001"'),
    "too much": (change(STAY, "excess", "720575940379279.37"), "at most 720"),
    "no amount": (change(STAY, "excess", "x"), 'column excess: "x"'),
    "balance of a group": (change(STAY, "balc", "1.00"), "the other kind of row"),
    "counters of an account": (change(ACCOUNT, "paid", "1.00"), "the other kind of row"),
    "no balance": (change(ACCOUNT, "balc", ""), "column balc: nothing"),
    "negative balance": (change(ACCOUNT, "balc", "-1.00"), "0 or more"),
    "until another year": (change(ACCOUNT, "settled_until", "2021-12-31"), "a date in 2022"),
    "until nonsense": (change(ACCOUNT, "settled_until", "30.6.2022"), 'column settled_until: "30.6.2022"'),
    "twice": (lambda rows: rows.append(rows[STAY]), "the same group twice"),
    "account twice": (lambda rows: rows.append(rows[ACCOUNT]), "the same group twice"),
    "account gone": (lambda rows: rows.pop(ACCOUNT), "groups without the row of their account"),
}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return run(tmp_path, "first", [visit(1, "2022-05-30"), visit(2, "2022-06-30")], [insured()])


@pytest.mark.parametrize("name", SPOILT)
def test_accumulators_that_cannot_be_trusted_stop_the_run(name: str, first: Path, tmp_path: Path) -> None:
    rows = [{key: as_text(value) for key, value in row.items()} for row in read(first, "accumulators")]
    good = tmp_path / "good.csv"
    with good.open("w", encoding="utf8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    spoil, said = SPOILT[name]
    spoil(rows)
    refused(tmp_path, write_csv(tmp_path / "bad.csv", rows), said)
    assert rest_of(tmp_path, good).status == 0  # what was spoilt is the only thing that was wrong


def test_files_that_cannot_be_trusted_stop_the_run(first: Path, tmp_path: Path) -> None:
    part = first / "accumulators" / "part-00000.parquet"
    whole = part.read_bytes()
    table = pq.read_table(part)
    for name, spoilt in {
        "one column “paid”": table.drop_columns(["paid"]),
        "type double": table.set_column(8, "excess", table.column("excess").cast(pa.float64())),
        "float could have been rounded": table.set_column(5, "visits", table.column("visits").cast(pa.float64())),
    }.items():
        (tmp_path / "bad").mkdir(exist_ok=True)
        pq.write_table(spoilt, tmp_path / "bad" / "a.parquet")
        refused(tmp_path, tmp_path / "bad", name)
    plain = write_csv(
        tmp_path / "plain.csv", [{name: as_text(cell) for name, cell in row.items()} for row in table.to_pylist()]
    )
    plain.write_text(plain.read_text("utf-8") + "p1,390\n", "utf-8")
    refused(
        tmp_path, plain, f"row {table.num_rows + 1}: line {table.num_rows + 2}, 2 cells: (6 characters: --show-values)"
    )
    (tmp_path / "bad" / "_more.parquet").write_bytes(whole)
    refused(tmp_path, tmp_path / "bad", "files that would be left out by their names: bad/_more.parquet")
    part.write_bytes(whole[:-1])
    refused(tmp_path, first, "changed since the run wrote it")
    part.unlink()
    refused(tmp_path, first, "changed since the run wrote it")
    part.write_bytes(whole)
    (first / "accumulators" / "part-00001.parquet").write_bytes(whole)
    refused(tmp_path, first, "not of it: accumulators/part-00001.parquet")


def test_folders_that_are_no_finished_run_of_the_year_stop_the_run(first: Path, tmp_path: Path) -> None:
    refused(tmp_path, tmp_path / "nowhere", "no accumulators there")
    record = first / "run.json"
    text = record.read_text("utf8")
    record.write_text(text.replace('"year": 2022', '"year": 2021'), "utf8")
    refused(tmp_path, first, "the year 2021")
    record.write_text(text.replace("benefits", "subsidy"), "utf8")
    refused(tmp_path, first, "a run of subsidy")
    record.write_text(text[:50], "utf8")
    refused(tmp_path, first, "cannot be read")
    record.unlink()
    refused(tmp_path, first, "did not finish")
    files = write(tmp_path / "c.csv", [visit(1, "2022-01-30")]), write(tmp_path / "i.csv", [insured()])
    assert settle(*files, tmp_path / "plain").status == 0
    refused(tmp_path, tmp_path / "plain", "a run without accumulators")


def test_an_account_that_has_counted_too_much_is_named(first: Path, tmp_path: Path) -> None:
    """2**56 fen may be carried in and is too much to carry out again once a claim has come on top."""
    rows = [{key: as_text(value) for key, value in row.items()} for row in read(first, "accumulators")]
    change(STAY, "base", "720575940379279.36")(rows)
    ran = rest_of(tmp_path, write_csv(tmp_path / "full.csv", rows))
    assert ran.status == 3
    assert (
        "accumulators of person (2 characters: --show-values), pool 990100, scheme 390, group stay: 720575940380079.36 yuan counted"
        in ran.err
    )
    assert "at most 720575940379279.36 yuan" in ran.err
    assert "what to do: correct this person's amounts" in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "rest" / "run.json").exists()


@pytest.mark.parametrize("more", [(), ("--accumulators",)])
def test_bills_of_one_account_that_no_person_can_have_stop_the_run(tmp_path: Path, more: tuple[str, ...]) -> None:
    most = {"medfee_sumamt": "100000000000.00", "inscp_scp_amt": "100000000000.00"}
    nothing = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
    known = [insured(), insured(psn_no="p2")]
    rows = [visit(0, "2022-05-01", psn_no="p2")]
    rows += [visit(number, "2022-05-30", **most, **nothing) for number in range(1, 2**56 // 10**13 + 2)]
    files = write(tmp_path / "c.parquet", rows), write(tmp_path / "i.parquet", known)
    ran = settle(*files, tmp_path / "out", "--workers", 1, *more)
    assert ran.status == 3
    assert "psn_no (2 characters: --show-values), setl_id (" in ran.err
    assert "pool 990100, insutype 390: bills of one person, scheme and pool" in ran.err
    assert "more than 720 trillion yuan" in ran.err
    assert "what to do: correct this person's amounts in the extract" in ran.err
    assert not (tmp_path / "out" / "run.json").exists()
    rows.pop()
    files = write(tmp_path / "c.parquet", rows), files[1]
    ran = settle(*files, tmp_path / "out", "--overwrite", *more)
    assert ran.status == 0, ran.err


def test_a_run_is_not_opened_with_itself(first: Path, tmp_path: Path) -> None:
    files = write(tmp_path / "c.csv", [visit(9, "2022-12-30")]), write(tmp_path / "i.csv", [insured()])
    ran = settle(*files, first, "--opening", first, "--overwrite")
    assert ran.status == 2
    assert (first / "run.json").exists()


SPOILT_KEYS: dict[str, tuple[Callable[[list[dict[str, str]]], Any], str]] = {
    "no key": (change(MOON, "key", ""), "column key: nothing\n  expected: a value of dise_code, by which group “moon”"),
    "key of an account": (change(ACCOUNT, "key", "M1"), "an account is kept apart by no key"),
    "key of a group without": (change(STAY, "key", "M1"), "group “stay” is kept apart by no key"),
    "key twice": (lambda rows: rows.append(rows[MOON]), "group moon (M1): the same group twice"),
    "no such column": (lambda rows: [row.pop("key") for row in rows], "a value of dise_code"),
    "calendar": (
        change(MOON, "period", "2022-06"),
        "a period of 2022, the year that is settled: 2022, 2022Q1, 2022-07,",
    ),
    "until": (change(ACCOUNT, "settled_until", "2022-06-30"), "a date from 2022-07-01 to 2023-06-30"),
}


@pytest.mark.parametrize("name", SPOILT_KEYS)
def test_keys_that_cannot_be_trusted_stop_the_run(name: str, tmp_path: Path) -> None:
    install(tmp_path / "site", rules=KEYED)
    codes = {"dise_code": "M1", "fixmedins_code": "H1"}
    first = run(tmp_path, "first", [visit(1, "2022-09-30", **codes)], [insured(enddate=None)])
    rows = [{key: as_text(value) for key, value in row.items()} for row in read(first, "accumulators")]
    spoil, said = SPOILT_KEYS[name]
    spoil(rows)
    refused(tmp_path, write_csv(tmp_path / "bad.csv", rows), said)


def test_a_key_where_no_group_has_one_stops_the_run(first: Path, tmp_path: Path) -> None:
    """Accumulators of a run without keys have no column for them."""
    rows = [{key: as_text(value) for key, value in row.items()} for row in read(first, "accumulators")]
    assert "key" not in rows[0]
    rows = [{**row, "key": "M1" if row["group"] == "moon" else ""} for row in rows]
    refused(tmp_path, write_csv(tmp_path / "bad.csv", rows), "group “moon” is kept apart by no key")
