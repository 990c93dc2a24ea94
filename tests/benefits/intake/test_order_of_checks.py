"""The order of the checks is the one that docs/rejections.md states: every two faults that one row can have, in one row."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from settling import claim, install, insured, only, read, settle, write

Row = dict[str, str | None]
PAGE = Path(__file__).parents[3] / "docs" / "rejections.md"
FAULTS: dict[str, Row] = {
    "E_VOID": {"vali_flag": "0"},
    "E_MISSING": {"dedc_hosp_lv": "1", "insutype": ""},
    "E_FORM": {"acct_used_flag": "x"},
    "E_CODE": {"med_type": "99"},
    "E_SCALE": {"preselfpay_amt": "90.001"},
    "E_RANGE": {"overlmt_selfpay": "200000000000"},
    "E_NEGATIVE": {"fulamt_ownpay_amt": "-100.00"},
    "E_COMPOSITION": {"medfee_sumamt": "5.00"},
    "E_DATE": {"setl_time": "2021-03-05 10:00:00"},
    "E_POOL": {"insu_admdvs": "880101"},
    "E_REVERSAL_ORPHAN": {"refd_setl_flag": "1", "init_setl_id": "nothing-there"},
    "E_REVERSAL_OPEN": {"refd_setl_flag": "1"},
    "E_PERSON": {"begndate": "2021-12-31"},
    "E_NO_RULE": {"med_type": "41"},
    "E_DUPLICATE": {},
}
"""One change of a good claim for each code; a duplicate has a good row before it."""

NOT_TOGETHER = {("E_NEGATIVE", "E_REVERSAL_ORPHAN"), ("E_NEGATIVE", "E_REVERSAL_OPEN")}
"""A negative amount makes a reversal of a flagged row. A reversal of another year is E_DATE, and no copy of a claim."""


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def pairs() -> list[tuple[str, str]]:
    """Codes in the order of the page, two by two, where one row can have both faults."""
    order = [code for code in re.findall(r"^\| `(E_\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE) if code in FAULTS]
    found = combinations(order, 2)
    apart = [pair for pair in found if pair not in NOT_TOGETHER and not FAULTS[pair[0]].keys() & FAULTS[pair[1]].keys()]
    return [pair for pair in apart if pair != ("E_REVERSAL_ORPHAN", "E_DUPLICATE")]


def test_of_two_faults_the_first_on_the_page_is_named(tmp_path: Path) -> None:
    rows: list[Row] = []
    for first, second in pairs():
        setl_id = f"{first}-{second}"
        good = claim(setl_id=setl_id, vali_flag="")
        if second == "E_DUPLICATE":
            rows.append({**good, "setl_time": "2022-03-05 09:00:00"})
        rows.append({**good, **FAULTS[second], **FAULTS[first]})
    out = tmp_path / "out"
    ran = settle(
        write(tmp_path / "claims.csv", rows), write(tmp_path / "insured.csv", [insured()]), out, "--skip-unserved"
    )
    assert ran.status == 0, ran.err
    codes: dict[str, set[str]] = {}
    for row in read(out, "rejected"):
        codes.setdefault(row["setl_id"], set()).add(row["code"])
    found = {name: sorted(of_row) for name, of_row in codes.items()}
    wanted = {f"{first}-{second}": [first] for first, second in pairs()}
    held = "E_REVERSAL_OPEN-E_DUPLICATE"  # the good row before it is a copy of a claim that is held
    wanted[held] = ["E_DUPLICATE", "E_REVERSAL_OPEN"]
    assert {name: found.get(name, []) for name in wanted} == wanted
    assert len(wanted) > 80
