"""Rows of a prepared year go to the slow twin as the run took them: dates of a plugin's own, and areas that nobody serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parts_of_stays import HEAD, PLAIN, UNSAID, part
from settling import RULES_HEAD, claim, install, insured, only, run, settle, write

ENROLLED = """\
[dimensions.enrolled]
kind = "date"
table = "insured"
column = "x_enrolled"
[layers.early]
fund = "hifp_pay"
bands = { percent = [80], source = "X" }
[layers.late]
fund = "hifp_pay"
bands = { percent = [20], source = "X" }
[[rules]]
id = "early"
when = { enrolled = { until = 2022-01-31 } }
layers = ["early"]
[[rules]]
id = "late"
when = { enrolled = { from = 2022-02-01 } }
layers = ["late"]
"""


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def explained(folder: Path, rules: str, people: dict[str, str | None], *rows: dict[str, str | None]) -> dict[str, Any]:
    """Settle, and explain the person; the explanation agrees with the run."""
    (folder / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    tables = write(folder / "claims.csv", list(rows)), write(folder / "insured.csv", [people])
    ran = settle(*tables, folder / "out", "--keep", folder / "year", "--skip-unserved")
    assert ran.status == 0, ran.err
    ran = run("explain", folder / "out", "--psn-no", "p1", "--format", "json", "--lang", "en")
    assert ran.status in (0, 1), ran.err
    document = json.loads(ran.out)
    assert [one["differences"] for one in document["claims"]] == [[]] * len(rows)
    assert ran.status == 0
    return {one["setl_id"]: one for one in document["claims"]}


@pytest.mark.parametrize(("day", "rule"), [("2022-01-31", "early"), ("2022-02-01", "late")])
def test_a_date_of_the_rule_sets_own_decides_and_is_told_as_a_date(tmp_path: Path, day: str, rule: str) -> None:
    found = explained(tmp_path, RULES_HEAD + ENROLLED, insured(x_enrolled=day), claim())["s1"]
    assert found["rule"]["rule_id"].endswith(f":{rule}")
    assert [one["value"] for one in found["rule"]["conditions"]] == [day]
    assert [one["row"]["x_enrolled"] for one in found["insured"]] == [day]


@pytest.mark.parametrize("rules", [HEAD + PLAIN, UNSAID + PLAIN], ids=["one visit", "unsaid"])
def test_a_settlement_of_an_area_that_nobody_serves_is_no_part_of_a_stay_that_is_served(
    tmp_path: Path, rules: str
) -> None:
    found = explained(tmp_path, rules, insured(), part("s1", "1000.00"), part("s2", "500.00", insu_admdvs="880101"))
    assert {name: one["outcome"] for name, one in found.items()} == {"s1": "settled", "s2": "rejected"}


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"insu_admdvs": "99-1"}, "rejected"),
        ({"insu_admdvs": "9902xx"}, "settled"),  # it says of which pool it is, and of no other one
        ({"insu_admdvs": "99-1", "setl_time": "when"}, "rejected"),  # refused for the time: two faults, one is told
        ({"insutype": "39", "setl_time": "when"}, "rejected"),
    ],
)
def test_a_settlement_whose_scheme_or_pool_cannot_be_read_may_be_a_part_of_any_stay(
    tmp_path: Path, changes: dict[str, str], outcome: str
) -> None:
    found = explained(tmp_path, HEAD + PLAIN, insured(), part("s1", "1000.00"), part("s2", "500.00", **changes))
    assert {name: one["outcome"] for name, one in found.items()} == {"s1": outcome, "s2": "rejected"}
    assert found["s2"]["claim"].items() >= {name: text for name, text in changes.items() if name != "setl_time"}.items()


@pytest.mark.parametrize(("lang", "expected"), [("en", "a rule for this combination"), ("zh", "适用于该组合的规则")])
def test_what_no_rule_is_for_is_said_in_the_language_of_the_explanation(
    tmp_path: Path, lang: str, expected: str
) -> None:
    gap = ENROLLED.replace("from = 2022-02-01", "from = 2022-03-01")
    explained(tmp_path, RULES_HEAD + gap, insured(x_enrolled="2022-02-10"), claim())
    ran = run("explain", tmp_path / "out", "--psn-no", "p1", "--format", "json", "--lang", lang)
    (told,) = json.loads(ran.out)["claims"]
    assert (told["rejection"]["code"], told["rejection"]["expected"]) == ("E_NO_RULE", expected)
