"""``qingsuan premium`` from files to the run folder: amounts worked out by hand, and what each bad input is told."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import qingsuan
from premium_worlds import RULE
from settling import Ran, declared, install, only, run, write_csv

PEOPLE = {
    "full": "2304",
    "returned": "7202",
    "low": "2303",
    "low-newer": "7019",
    "risk": "7299",
    "half": "7300",
    "plain": None,
    "both": "2303",
}


def insured(psn_no: str, **changes: str) -> dict[str, str]:
    row = {"psn_no": psn_no, "insutype": "390", "insu_admdvs": "990101", "begndate": "2022-01-01", "enddate": ""}
    return row | changes


def identity(psn_no: str, code: str, **changes: str) -> dict[str, str]:
    return {"psn_no": psn_no, "psn_idet_type": code, "begntime": "2021-01-01", "endtime": ""} | changes


def payment(psn_no: str, amount: str, **changes: str) -> dict[str, str]:
    row = {
        "psn_no": psn_no,
        "insutype": "390",
        "insu_admdvs": "",
        "year": "2022",
        "psn_clct_amt": amount,
        "revs_flag": "",
    }
    return row | changes


class Year:
    """A made-up region and a folder of inputs."""

    def __init__(self, folder: Path, rule: str = RULE) -> None:
        self.folder, self.rows = folder, {"insured": [], "identities": [], "premiums": []}
        install(folder / "site", declared("premiums", pools=[("990100", "one", "9901")]), rule, folder="premiums")

    def run(self, *more: object, year: int = 2022, out: str = "out") -> Ran:
        files = {name: write_csv(self.folder / f"{name}.csv", rows) for name, rows in self.rows.items() if rows}
        options = [part for name in ("identities", "premiums") if name in files for part in (f"--{name}", files[name])]
        return run("premium", files["insured"], *options, "--year", year, "--out", self.folder / out, *more)

    def table(self, name: str, out: str = "out") -> list[dict[str, Any]]:
        found = sorted((self.folder / out).glob(f"{name}/part-*.parquet"))
        return [row for file in found for row in pq.read_table(file).to_pylist()]

    def people(self, out: str = "out") -> dict[str, dict[str, Any]]:
        return {row["psn_no"]: row for row in self.table("premiums", out)}


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    made = Year(tmp_path)
    only(tmp_path / "site", monkeypatch)
    made.rows["insured"] = [insured(name) for name in PEOPLE]
    made.rows["identities"] = [identity(name, code) for name, code in PEOPLE.items() if code]
    return made


def amounts(row: dict[str, Any], *names: str) -> list[Decimal]:
    return [row[name] for name in names]


def yuan(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


# ---- by hand


def test_the_published_example_of_yangqu_comes_out(year: Year) -> None:
    # 320: 特困 full; 返贫致贫 90 % = 288; 低保 80 % = 256, not below 280; at risk 280 fixed; low income 50 % = 160
    year.rows["identities"].append(identity("both", "7202"))  # two groups: the one of higher rank decides
    assert year.run().status == 0
    assisted = {name: row["assisted"] for name, row in year.people().items()}
    assert assisted == {
        name: Decimal(amount)
        for name, amount in {
            "full": "320.00",
            "returned": "288.00",
            "low": "280.00",
            "low-newer": "280.00",
            "risk": "280.00",
            "half": "160.00",
            "plain": "0.00",
            "both": "288.00",
        }.items()
    }
    assert {name: row["due"] for name, row in year.people().items()} == {
        name: Decimal("320.00") - amount for name, amount in assisted.items()
    }
    assert year.people()["both"]["assist_group"] == "returned"


def test_several_payers_bear_it_in_their_order(year: Year) -> None:
    assert year.run().status == 0
    people = year.people()
    columns = [f"{bearer}_amt" for bearer in ("assistance", "finance", "province", "prefecture", "county")]
    # 288: assistance 50 % = 144; the province 100 of the 144 left; the county the last 44
    assert amounts(people["returned"], *columns) == yuan("144.00", "0.00", "100.00", "0.00", "44.00")
    assert amounts(people["risk"], *columns) == yuan("150.00", "0.00", "0.00", "0.00", "130.00")
    assert amounts(people["half"], *columns) == yuan("0.00", "160.00", "0.00", "0.00", "0.00")
    bearers = pq.read_table(year.folder / "out/totals/bearer.parquet").to_pylist()
    assert [(row["assist_group"], row["bearer"], row["heads"], row["amount"]) for row in bearers][:3] == [
        ("full", "assistance", 1, Decimal("320.00")),
        ("returned", "assistance", 1, Decimal("144.00")),
        ("returned", "province", 1, Decimal("100.00")),
    ]


@pytest.mark.parametrize(
    ("standard", "assisted"),
    [
        ("320.01", "288.01"),
        ("320.05", "288.05"),
        ("320.06", "288.05"),
        ("350", "315.00"),
    ],  # 90 %: an exact half goes up
)
def test_a_percentage_is_rounded_once_half_away_from_zero(year: Year, standard: str, assisted: str) -> None:
    own = year.folder / "standards.csv"
    own.write_text(f"admdvs,standard\n9901,{standard}\n", "utf-8")
    assert year.run("--standards", own).status == 0
    assert year.people()["returned"]["assisted"] == Decimal(assisted)
    assert year.people()["full"]["due"] == 0


def test_what_is_paid_is_held_against_what_is_due(year: Year) -> None:
    year.rows["premiums"] = [
        payment("plain", "319.99"),
        payment("low", "40.00"),
        payment("half", "100.00", insu_admdvs="990102"),
        payment("half", "100.00"),
        payment("half", "-20.00", revs_flag="1"),
        payment("full", "0.01"),
    ]
    assert year.run().status == 0
    names = ("due", "paid", "paid_elsewhere", "shortfall", "overpaid", "carried_out")
    people = year.people()
    assert amounts(people["plain"], *names) == yuan("320.00", "319.99", "0.00", "0.01", "0.00", "0.01")
    assert amounts(people["low"], *names) == yuan("40.00", "40.00", "0.00", "0.00", "0.00", "0.00")
    assert amounts(people["half"], *names) == yuan("160.00", "180.00", "100.00", "0.00", "20.00", "0.00")
    assert amounts(people["full"], *names) == yuan("0.00", "0.01", "0.00", "0.00", "0.01", "0.00")


def test_shortfalls_go_into_the_year_that_the_rule_names(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    year.rows["premiums"] = [payment(name, "280.00") for name in PEOPLE if name != "plain"]
    assert year.run().status == 0
    assert [(row["psn_no"], row["year"], row["into"], row["amount"]) for row in year.table("carried")] == [
        ("plain", 2022, 2023, Decimal("320.00"))
    ]
    later = Year(
        year.folder / "later",
        RULE.replace("year = 2022", "year = 2023")
        .replace("into = 2023", "into = 2024")
        .replace("2021-12-31, 2022-06-30", "2023-01-01"),
    )
    only(later.folder / "site", monkeypatch)
    later.rows["insured"] = [insured("plain"), insured("other")]
    later.rows["premiums"] = [payment("plain", "640.00", year="2023"), payment("other", "320", year="2023")]
    ran = later.run("--carried", year.folder / "out", year=2023)
    assert ran.status == 0, ran
    names = ("standard", "carried_in", "due", "paid", "shortfall")
    assert amounts(later.people()["plain"], *names) == yuan("320.00", "320.00", "640.00", "640.00", "0.00")
    assert amounts(later.people()["other"], *names) == yuan("320.00", "0.00", "320.00", "320.00", "0.00")
    later.rows["insured"] = [insured("other")]
    assert later.run("--carried", year.folder / "out", "--overwrite", year=2023).status == 0
    aside = [(row["psn_no"], row["table"], row["reason"], row["amount"]) for row in later.table("unapplied")]
    assert aside == [
        ("plain", "premiums", "not-counted", Decimal("640.00")),
        ("plain", "shortfalls", "not-counted", Decimal("320.00")),
    ]
    wrong = later.run("--carried", year.folder / "out", "--overwrite")
    assert (wrong.status, "no premium rule for 2022" in wrong.err) == (4, True)


def test_who_is_not_insured_any_more_is_listed(year: Year) -> None:
    year.rows["insured"] = [
        insured("gone", begndate="2021-01-01", enddate="2021-12-31"),
        insured("long-gone", begndate="2019-01-01", enddate="2020-12-31"),
        insured("hole", begndate="2021-01-01", enddate="2022-03-31"),
        insured("hole", begndate="2022-05-01"),
        insured("bridged", begndate="2021-01-01", enddate="2022-03-31"),
        insured("bridged", insutype="310", begndate="2022-04-01", enddate="2022-04-30"),
        insured("bridged", begndate="2022-05-01"),
        insured("late", begndate="2021-01-01", enddate="2021-11-30"),
        insured("late", begndate="2022-02-01"),
        insured("new", begndate="2022-07-01"),
        insured("died", begndate="2022-01-01", enddate="2022-07-01"),
    ]
    assert year.run().status == 0
    listed = sorted(
        (row["psn_no"], row["kind"], str(row["last_day"]), str(row["next_day"])) for row in year.table("gaps")
    )
    assert listed == [
        ("gone", "not-insured", "2021-12-31", "None"),
        ("hole", "interrupted", "2022-03-31", "2022-05-01"),
        ("late", "interrupted", "2021-11-30", "2022-02-01"),
    ]


def test_insured_over_must_be_insured(year: Year) -> None:
    must = year.folder / "must.csv"
    must.write_text("admdvs,people\n990101,9\n990102,3\n", "utf-8")
    assert year.run("--must-insure", must).status == 0
    rows = pq.read_table(year.folder / "out/totals/coverage.parquet").to_pylist()
    assert [(row["admdvs"], row["heads"], row["must_insure"], row["share"]) for row in rows] == [
        ("990101", 8, 9, Decimal("0.8889")),
        ("990102", 0, 3, Decimal("0.0000")),
    ]


# ---- what cannot be settled


def test_an_unknown_group_is_set_aside_by_name_and_the_others_are_settled(year: Year) -> None:
    year.rows["insured"].append(insured("orphan"))
    year.rows["identities"].append(identity("orphan", "7041"))
    year.rows["premiums"] = [payment("orphan", "320")]
    ran = year.run()
    assert ran.status == 0
    assert "orphan" not in year.people()
    (row,) = year.table("rejected")
    assert (row["psn_no"], row["code"], row["expected"]) == (
        "orphan",
        "E_NO_RULE",
        "the missing parameter 990000.2022.premium.orphans: made up: not found",
    )
    (aside,) = year.table("unapplied")
    assert (aside["psn_no"], aside["reason"], aside["amount"]) == ("orphan", "not-settled", Decimal("320.00"))
    assert "990000.2022.premium.orphans is missing" in ran.out
    assert run("verify", year.folder / "out", "--inputs", year.folder).status == 0


@pytest.mark.parametrize(
    ("change", "code", "expected"),
    [
        ({"psn_clct_amt": "-1"}, "E_NEGATIVE", "0 or more, or revs_flag = 1 beside it"),
        ({"psn_clct_amt": "1", "revs_flag": "1"}, "E_NEGATIVE", "0 or less: revs_flag = 1 takes back"),
        ({"psn_clct_amt": "1.005"}, "E_SCALE", "an amount in yuan with at most two decimals, such as 1234.50"),
        ({"psn_clct_amt": ""}, "E_MISSING", "a value: paid by the person 个人缴费金额; negative in a reversal"),
        ({"psn_clct_amt": "1000000.01"}, "E_RANGE", "at most 1000000.00 yuan: what one person pays"),
        ({"insutype": "xyz"}, "E_CODE", "a scheme of the national code table, such as 390"),
        ({"insu_admdvs": "99"}, "E_FORM", "an area code of six digits"),
        ({"year": "22"}, "E_DATE", "a year from 2000 to 2999"),
        ({"year": "2022.0"}, "E_FORM", "a whole number from 0 to 999999999"),
        ({"psn_no": ""}, "E_MISSING", "a value: person 人员编号"),
    ],
)
def test_a_payment_that_cannot_be_trusted_is_rejected(
    year: Year, change: dict[str, str], code: str, expected: str
) -> None:
    year.rows["premiums"] = [payment("plain", "320", insu_admdvs=""), payment("low", "40") | change]
    assert year.run().status == 0
    (file,) = (year.folder / "out/rejected").glob("premiums-part-*.parquet")
    (row,) = pq.read_table(file).to_pylist()
    assert (row["code"], row["expected"]) == (code, expected)
    assert year.people()["plain"]["paid"] == Decimal("320.00")


def test_money_of_other_years_schemes_and_people_is_told_apart(year: Year) -> None:
    year.rows["premiums"] = [
        payment("plain", "1", year="2021"),
        payment("plain", "2", insutype="310"),
        payment("nobody", "4"),
        payment("low", "8"),
        payment("low", "-8.01", revs_flag="1"),
    ]
    assert year.run().status == 0
    came = json.loads((year.folder / "out/run.json").read_text("utf-8"))["received"]
    assert (came["other_year"], came["other_scheme"]) == ({"rows": 1, "amount": "1.00"}, {"rows": 1, "amount": "2.00"})
    assert sorted((row["psn_no"], row["reason"], row["amount"]) for row in year.table("unapplied")) == [
        ("low", "more-taken-back-than-paid", Decimal("-8.01")),
        ("low", "more-taken-back-than-paid", Decimal("8.00")),
        ("nobody", "not-counted", Decimal("4.00")),
    ]
    assert run("verify", year.folder / "out", "--inputs", year.folder).status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("admdvs,standard\n9901,319.99\n", "at least 320.00 per head in 2022"),
        ("admdvs,standard\n9901,0\n", "above 0"),
        ("admdvs,standard\n9901,320\n990100,330\n", "again, first in line 2"),
        ("admdvs\n9901\n", "no column standard"),
    ],
)
def test_a_standard_of_the_bureau_that_is_not_allowed(year: Year, text: str, said: str) -> None:
    own = year.folder / "standards.csv"
    own.write_text(text, "utf-8")
    ran = year.run("--standards", own)
    assert (ran.status, said in ran.err) == (4, True), ran
    assert not (year.folder / "out").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("amount", "0"), "an amount above 0"),
        (("into", "2024"), "2022, the year that is settled"),
        (("year", "2022"), "a year before the one in which it is made up"),
        (("amount", "x"), "an amount in yuan"),
    ],
)
def test_a_shortfall_that_cannot_be_trusted_stops_the_run(year: Year, change: tuple[str, str], said: str) -> None:
    row = {"psn_no": "plain", "year": "2021", "into": "2022", "amount": "1.00"} | dict([change])
    ran = year.run("--carried", write_csv(year.folder / "shortfalls.csv", [row]))
    assert (ran.status, said in ran.err) == (3, True), ran
    assert not (year.folder / "out").exists()


def test_what_another_settlement_or_year_left_is_not_carried_in(year: Year) -> None:
    assert year.run().status == 0
    ran = year.run("--carried", year.folder / "out", out="again")
    assert (ran.status, "give a run of a year before 2022" in ran.err) == (3, True), ran
    (next((year.folder / "out/carried").glob("*"))).write_bytes(b"PAR1")
    again = year.run("--carried", year.folder / "out", out="again")
    assert again.status == 3


# ---- the frame


def test_order_partitions_and_workers_do_not_matter_and_a_run_goes_on(year: Year) -> None:
    year.rows["premiums"] = [payment(name, "300.00") for name in PEOPLE]
    assert year.run("--partitions", 1).status == 0
    whole = year.people()
    for rows in year.rows.values():
        rows.reverse()
    assert year.run("--partitions", 5, "--workers", 3, out="five").status == 0
    assert year.people("five") == whole
    assert list(year.people("five")) == list(whole)
    (year.folder / "five/run.json").unlink()
    shutil.rmtree(year.folder / "five/totals")
    before = {file.name: file.read_bytes() for file in (year.folder / "five/premiums").iterdir()}
    assert year.run("--partitions", 5, "--resume", out="five").status == 0
    assert {file.name: file.read_bytes() for file in (year.folder / "five/premiums").iterdir()} == before
    assert run("verify", year.folder / "five", "--inputs", year.folder).status == 0


def test_a_changed_amount_is_found_by_verify(year: Year) -> None:
    assert year.run("--partitions", 1).status == 0
    (file,) = (year.folder / "out/premiums").iterdir()
    table = pq.read_table(file)
    place = table.schema.get_field_index("shortfall")
    pq.write_table(
        table.set_column(place, "shortfall", table["due"]).set_column(place + 1, "overpaid", table["due"]), file
    )
    ran = run("verify", year.folder / "out")
    assert ran.status == 3
    for said in ("overpaid = max(0, paid − due)", "amounts in fen by region as the people add up", "its SHA-256"):
        assert said in ran.out


def test_from_python(year: Year) -> None:
    assert year.run().status == 0
    made = qingsuan.premium(year.folder / "insured.csv", year.folder / "identities.csv", year=2022)
    assert len(made.premiums) == len(PEOPLE)
    assert made.premiums.to_arrow().to_pylist() == list(year.people().values())
    opened = qingsuan.open(year.folder / "out")
    assert opened.record["heads"] == len(PEOPLE)
    assert "Premiums 2022" in opened.summary()
    assert "shortfall" in opened._repr_html_()


# ---- our own plugins


@pytest.mark.parametrize(("of", "least", "carried"), [(2021, "320.00", "320.00"), (2022, "360.00", "0.00")])
def test_inner_mongolia_asks_for_the_least_premium(tmp_path: Path, of: int, least: str, carried: str) -> None:
    people = [insured(name, insu_admdvs="150102", begndate="2021-01-01") for name in ("plain", "poor")]
    files = (
        write_csv(tmp_path / "insured.csv", people),
        write_csv(tmp_path / "identities.csv", [identity("poor", "2303")]),
    )
    ran = run("premium", files[0], "--identities", files[1], "--year", of, "--out", tmp_path / "out")
    assert ran.status == 0, ran
    (row,) = pq.read_table(tmp_path / "out/premiums/part-00000.parquet").to_pylist()
    assert amounts(row, "due", "carried_out") == yuan(least, carried)
    (refused,) = pq.read_table(tmp_path / "out/rejected/part-00000.parquet").to_pylist()
    assert (refused["psn_no"], refused["code"]) == ("poor", "E_NO_RULE")
    assert f"150000.{of}.premium.assisted is missing" in ran.out


def test_jilin_names_what_is_missing(tmp_path: Path) -> None:
    people = write_csv(tmp_path / "insured.csv", [insured("p", insu_admdvs="220102", begndate="2021-01-01")])
    ran = run("premium", people, "--year", 2021, "--out", tmp_path / "out")
    assert (ran.status, "220000.2021.premium.standard" in ran.err) == (4, True), ran
