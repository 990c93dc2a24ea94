"""The waiting period (等待期) by the command: whom a rule set spares, to the day, and what is refused where nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from settling import RULES, claim, install, insured, only, read, settle, write

SAID = '[waiting]\ncolumn = "wait_end_date"\nsource = "X"\n'
OWN = '[dimensions.tier]\nkind = "code"\ntable = "insured"\ncolumn = "x_tier"\n'
SPARED = (
    OWN
    + SAID
    + """\
[[waiting.exempt]]
when = { psn_idet_type = { any = ["low"] } }
source = "X"
[[waiting.exempt]]
when = { any_of = [{ psn_type = ["14*"] }, { tier = ["T1"], age = { from = 60 } }] }
source = "X"
"""
)
WAITS = "waiting-period"
PAID = "990100/310+390/2021-02-01:inpatient"


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def outcome(
    folder: Path, rules: str, person: dict[str, str], *claims: dict[str, str], identity: str = ""
) -> dict[str, str]:
    """Settle one person's claims, in care on the day that each begins; what decided each, or how it was refused."""
    (folder / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    rows = [claim(setl_id=f"s{n}", **one) for n, one in enumerate(claims, 1)]
    row = insured(**{"wait_end_date": "2022-03-08", "x_tier": "T1", "brdy": "1990-01-01", **person})
    files = [write(folder / "c.csv", rows), write(folder / "i.csv", [row]), folder / "out"]
    options = ["--overwrite"]
    if identity:
        (folder / "id.csv").write_text(
            f"psn_no,psn_idet_type,begntime,endtime\n{row['psn_no']},{identity},2022-03-02,\n", "utf-8"
        )
        options += ["--identities", str(folder / "id.csv")]
    ran = settle(*files, *options)
    assert ran.status == 0, ran.err
    found = {row["setl_id"]: row["rule_id"] for row in read(folder / "out", "settled")}
    for row in read(folder / "out", "rejected"):
        found[row["setl_id"]] = f"{row['code']} {row['column']}: {row['found']}; {row['expected']}"
    return found


def test_no_fund_pays_up_to_the_last_day_and_every_fund_from_the_next(tmp_path: Path) -> None:
    days = ({"begndate": f"2022-03-0{day}", "enddate": f"2022-03-0{day}"} for day in (7, 8, 9))
    assert outcome(tmp_path, RULES, {}, *days) == {"s1": WAITS, "s2": WAITS, "s3": PAID}
    first = read(tmp_path / "out", "settled")[0]
    assert first["fund_pay_sumamt"] == 0
    assert first["psn_part_amt"] == first["medfee_sumamt"]


@pytest.mark.parametrize(
    ("person", "identity", "decided"),
    [
        ({}, "", WAITS),
        ({}, "2303", PAID),  # 低保, by the older series
        ({}, "7019", PAID),  # and by the newer one
        ({}, "2304", WAITS),
        ({"psn_type": "1401"}, "", PAID),
        ({"brdy": "1962-03-01"}, "", PAID),  # 60 on the day of settlement
        ({"brdy": "1962-03-01", "x_tier": "T2"}, "", WAITS),
    ],
)
def test_whom_the_rule_set_spares_is_paid(tmp_path: Path, person: dict[str, str], identity: str, decided: str) -> None:
    rules = RULES.replace(SAID, SPARED)
    day = {"begndate": "2022-03-05", "enddate": "2022-03-05", "setl_time": "2022-03-05 10:00:00"}
    assert outcome(tmp_path, rules, person, day, identity=identity) == {"s1": decided}


def test_where_nothing_is_said_the_column_is_refused_by_name(tmp_path: Path) -> None:
    days = ({"begndate": f"2022-03-0{day}", "enddate": f"2022-03-0{day}"} for day in (8, 9))
    found = outcome(tmp_path, RULES.replace(SAID, ""), {}, *days)
    assert found["s2"] == PAID
    assert found["s1"] == (
        "E_NO_RULE wait_end_date: wait_end_date 2022-03-08, begndate 2022-03-08; parameter waiting, which the bureau must supply: "
        "the rule set does not say whether a waiting period (等待期) holds for this scheme, and whom it spares"
    )


def test_a_scheme_that_the_rule_set_leaves_out_is_one_of_which_nothing_is_said(tmp_path: Path) -> None:
    day = {"begndate": "2022-03-05", "enddate": "2022-03-05"}
    rules = RULES.replace(SAID, f'{SAID}schemes = ["310"]\n')
    assert outcome(tmp_path, rules, {}, day)["s1"].startswith("E_NO_RULE wait_end_date: ")
    in_service = {"insutype": "310", "psn_type": "1101"}
    assert outcome(tmp_path, rules, in_service, {**day, "insutype": "310"}) == {"s1": WAITS}


def test_a_pool_without_a_waiting_period_spares_everybody(tmp_path: Path) -> None:
    rules = RULES.replace(SAID, f'{SAID}exempt = [{{ when = {{}}, source = "X" }}]\n')
    assert outcome(tmp_path, rules, {}, {"begndate": "2022-03-05", "enddate": "2022-03-05"}) == {"s1": PAID}


ENROLLED = """\
[dimensions.enrolled]
kind = "date"
table = "insured"
column = "enrl_date"
[waiting]
column = "wait_end_date"
source = "X"
[[waiting.exempt]]
when = { enrolled = { from = 2021-09-01, until = 2021-12-31 } }
source = "X"
"""
DAY = {"begndate": "2022-03-05", "enddate": "2022-03-05", "setl_time": "2022-03-05 10:00:00"}
LATER = {"begndate": "2022-03-09", "enddate": "2022-03-09", "setl_time": "2022-03-09 10:00:00"}


@pytest.mark.parametrize(
    ("day", "decided"),
    [("2021-08-31", WAITS), ("2021-09-01", PAID), ("2021-12-31", PAID), ("2022-01-01", WAITS), ("", WAITS)],
)
def test_who_enrolled_in_the_collection_window_is_spared(tmp_path: Path, day: str, decided: str) -> None:
    assert outcome(tmp_path, RULES.replace(SAID, ENROLLED), {"enrl_date": day}, DAY) == {"s1": decided}


def test_a_day_that_nobody_wrote_down_is_not_long_ago(tmp_path: Path) -> None:
    rules = RULES.replace(SAID, ENROLLED.replace("from = 2021-09-01, ", ""))
    assert outcome(tmp_path, rules, {"enrl_date": ""}, DAY) == {"s1": WAITS}


def test_a_column_that_says_only_who_is_spared_is_asked_of_those_who_wait(tmp_path: Path) -> None:
    found = outcome(tmp_path, RULES.replace(SAID, ENROLLED), {}, DAY, LATER)
    assert found["s2"] == PAID
    assert found["s1"].startswith("E_MISSING enrl_date: no such column; a column “enrl_date” in the insured")


def test_a_day_of_enrolment_that_is_none_refuses_the_row(tmp_path: Path) -> None:
    found = outcome(tmp_path, RULES.replace(SAID, ENROLLED), {"enrl_date": "2021-02-30"}, LATER)
    assert found["s1"].startswith("E_PERSON")
    (row,) = read(tmp_path / "out", "rejected", "insured-*.parquet")
    assert (row["code"], row["column"]) == ("E_FORM", "enrl_date")


def test_a_date_takes_the_words_of_dates(tmp_path: Path) -> None:
    rules = RULES.replace(SAID, ENROLLED.replace("until = 2021-12-31", "below = 2022-01-01"))
    install(tmp_path / "site", rules=rules)
    refused = settle(write(tmp_path / "c.csv", [claim()]), write(tmp_path / "i.csv", [insured()]), tmp_path / "out")
    assert refused.status == 4
    assert "waiting.exempt[1].when.enrolled.below: the bound below" in refused.err
