"""What is carried over from period to period, and how many periods have paid, carried from run to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarterly import visit
from rule_heads import head
from settling import install, insured, only, read, run, settle, write, write_csv

RULES = (
    head(levels=["1", "2"])
    + """\
[groups]
purse = { period = "month", carry_over = { all = true, source = "X" } }
relief = "month"
months = { period = "year", counts = "relief" }
[layers.purse]
fund = "hifp_pay"
bands = { percent = [100], source = "X" }
caps = [{ group = "purse", yuan = 100, source = "X" }]
[layers.relief]
fund = "oth_pay"
bands = { percent = [50], source = "X" }
limit = { yuan = { counter = "visits", group = "months", upto = [2], yuan = [40, 90] }, source = "X" }
caps = [{ group = "relief", source = "X" }]
[[rules]]
id = "all"
when = { med_type = { not = ["41"] } }
layers = ["purse", "relief"]
[[rules]]
id = "pharmacy"
when = { med_type = ["41"] }
layers = []
source = "X"
"""
)
COSTS = {
    "2022-01-20": 30,
    "2022-02-10": 500,
    "2022-04-05": 100,
    "2022-04-06": 130,
    "2022-05-15": 9,
    "2022-06-01": 70,
    "2022-09-09": 1000,
}
PHARMACY = "2022-05-15"
PURSE = {
    "2022-01-20": "30.00",
    "2022-02-10": "170.00",  # 100 and the 70 of January
    "2022-04-05": "100.00",  # 200: March left its 100, and that is used first
    "2022-04-06": "100.00",
    "2022-05-15": "0.00",
    "2022-06-01": "70.00",  # 200: May left its 100
    "2022-09-09": "430.00",  # 130 of June, 300 since
}
RELIEF = {
    "2022-01-20": "0.00",  # the purse pays all
    "2022-02-10": "20.00",  # 40 enter: half
    "2022-04-05": "0.00",
    "2022-04-06": "15.00",  # the other 30
    "2022-05-15": "0.00",
    "2022-06-01": "0.00",
    "2022-09-09": "45.00",  # February and April have paid: 90 enter
}


@pytest.fixture(autouse=True)
def _region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=RULES)
    only(tmp_path / "site", monkeypatch)


def settled(tmp_path: Path, name: str, days: list[str], *more: object) -> Path:
    rows = [
        visit(number, day, med_type="41" if day == PHARMACY else "21", **_bill(COSTS[day]))
        for number, day in enumerate(days, 1)
    ]
    files = write(tmp_path / f"{name}.csv", rows), write(tmp_path / f"{name}-i.csv", [insured()])
    ran = settle(*files, tmp_path / name, "--accumulators", *more)
    assert ran.status == 0, ran.err
    return tmp_path / name


def _bill(yuan: int) -> dict[str, str]:
    nothing = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
    return {"medfee_sumamt": f"{yuan}.00", "inscp_scp_amt": f"{yuan}.00", **nothing}


def paid(*runs: Path) -> dict[str, tuple[str, str]]:
    rows = [row for out in runs for row in read(out, "settled")]
    return {str(row["benefit_date"]): (str(row["hifp_pay"]), str(row["oth_pay"])) for row in rows}


def groups(out: Path) -> dict[str, tuple[Any, ...]]:
    rows = [row for row in read(out, "accumulators") if row["group"]]
    return {row["group"]: (row["period"], row["visits"], str(row["paid"]), str(row["carried"])) for row in rows}


def test_a_year_in_parts_is_the_year_at_once(tmp_path: Path) -> None:
    """Each cut lies elsewhere: where nothing is left, where something is, and months after the last claim."""
    days = list(COSTS)
    expected = {day: (PURSE[day], RELIEF[day]) for day in days}
    whole = settled(tmp_path, "whole", days)
    assert paid(whole) == expected
    assert groups(whole)["months"] == ("2022", 2, "0.00", "None")
    runs: list[Path] = []
    for number, part in enumerate((days[:2], days[2:3], days[3:5], days[5:6], days[6:])):
        more = ["--opening", runs[-1]] if runs else []
        runs.append(settled(tmp_path, f"part{number}", part, *more))
    assert paid(*runs) == expected
    assert read(runs[-1], "accumulators") == read(whole, "accumulators")
    # nothing is left of February, and that has to be known in April; of the 100 that May left June has used 70
    assert groups(runs[0]) == {"purse": ("2022-02", 0, "100.00", "0.00"), "relief": ("2022-02", 0, "20.00", "None")}
    # what was carried into April is used to the fen; a month later, at a pharmacy, both groups still hold what April left
    assert groups(runs[1])["purse"] == ("2022-04", 0, "0.00", "0.00")
    assert groups(runs[2])["purse"] == ("2022-04", 0, "100.00", "0.00")
    assert groups(runs[2])["relief"] == ("2022-04", 0, "15.00", "None")
    assert groups(runs[3])["purse"] == ("2022-06", 0, "0.00", "30.00")
    assert groups(runs[3])["months"] == ("2022", 2, "0.00", "None")
    for out, before in zip(runs[1:], runs, strict=False):
        inputs = (tmp_path / f"{out.name}.csv", tmp_path / f"{out.name}-i.csv", before)
        verified = run("verify", out, *(one for path in inputs for one in ("--inputs", path)))
        assert verified.status == 0, verified.out


SPOILT: dict[str, tuple[Callable[[dict[str, str]], object], str]] = {
    "absent": (lambda purse: purse.update(carried=""), "column carried: nothing"),
    "below 0": (lambda purse: purse.update(carried="-1.00"), "0 or more"),
    "both": (
        lambda purse: purse.update(paid="1.00"),
        "0.00, as something is paid: what was carried over is used first",
    ),
    "later": (lambda purse: purse.update(period="2022-07"), "a period in which settled_until does not lie"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_cannot_have_been_left_stops_the_run(name: str, tmp_path: Path) -> None:
    rows = rows_of(settled(tmp_path, "first", list(COSTS)[:6]))
    spoil, said = SPOILT[name]
    spoil(next(row for row in rows if row["group"] == "purse"))
    refused(tmp_path, rows, said)


def test_a_group_that_carries_nothing_over_has_nothing_left(tmp_path: Path) -> None:
    rows = rows_of(settled(tmp_path, "first", list(COSTS)[:6]))
    next(row for row in rows if row["group"] == "months")["carried"] = "1.00"
    refused(tmp_path, rows, "nothing: the group carries nothing over")


def rows_of(out: Path) -> list[dict[str, str]]:
    return [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in read(out, "accumulators")
    ]


def refused(tmp_path: Path, rows: list[dict[str, str]], said: str) -> None:
    files = write(tmp_path / "c.csv", [visit(9, "2022-12-30")]), write(tmp_path / "i.csv", [insured()])
    ran = settle(*files, tmp_path / "out", "--opening", write_csv(tmp_path / "bad.csv", rows))
    assert ran.status == 3
    assert said in ran.err
    assert not (tmp_path / "out" / "run.json").exists()
