"""A child whose disease becomes a special one, or is registered, within the time of its claims: before, on the day, and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distributions import leave_behind
from explained_cases import Explained

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "plugins" / "jilin" / "tests" / "cases" / "changchun-residents"
CITIES = ROOT / "tests" / "plugins" / "cities"


def unmet(rule: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["dimension"], one["says"], one["value"]) for one in rule["conditions"] if not one["met"]]


def test_the_day_before_a_disease_becomes_special_only_the_date_is_not_met(tmp_path: Path) -> None:
    claim = Explained(CASES / "dated-diseases-2022.toml", tmp_path).claim("S-autism")
    rules = {one["rule_id"].rpartition(":")[2]: one for one in claim["rejection"]["rules"]}
    assert unmet(rules["special-from-2023"]) == [("date", "自 2023-01-01", "2022-12-31")]
    assert unmet(rules["special"]) == [("dise_code", "除 M02207、M07109", "M02207")]


def test_from_the_day_on_the_rule_and_its_document_are_those_of_the_disease(tmp_path: Path) -> None:
    explained = Explained(CASES / "dated-diseases-2023.toml", tmp_path)
    for setl_id, paid in (("S-autism", 70_000), ("begun-before", 7_000)):
        claim = explained.claim(setl_id)
        assert claim["rule"]["rule_id"].endswith("special-from-2023")
        assert ("date", "自 2023-01-01") in [(one["dimension"], one["says"]) for one in claim["rule"]["conditions"]]
        assert "吉医保联〔2022〕25号" in [one["document"] for one in claim["rule"]["sources"]]
        assert claim["sums"]["fund_pay_sumamt_fen"] == paid


def test_a_claim_from_before_the_registration_says_which_one_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    leave_behind(tmp_path / "site", "cities")
    for path in (tmp_path / "site", CITIES / "src"):
        monkeypatch.syspath_prepend(str(path))
    explained = Explained(CITIES / "cases" / "9910.toml", tmp_path / "9910")
    before, first_day = explained.claim("V1"), explained.claim("V2")
    assert before["rejection"]["found"] == "2021-03-01，M07109；已备案（chronic）：M07109，自 2021-03-02 至 2021-06-30"
    assert before["rejection"]["expected"] == "当日有效的备案（chronic）：规则“drugs”要求备案"
    assert [one["why"] for one in before["registrations"] if one["row"]["reg_type"] == "chronic"] == ["not-begun"]
    assert first_day["sums"]["fund_pay_sumamt_fen"] == 70_000
    english = explained.claim("V1", "en")["rejection"]["found"]
    assert english == "M07109 on 2021-03-01; registered for chronic: M07109 from 2021-03-02 until 2021-06-30"
