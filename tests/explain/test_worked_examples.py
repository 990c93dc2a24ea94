"""The published examples of single settlements, and those constructed from the rules of two cities: the intermediate figures are in the JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distributions import leave_behind
from explained_cases import Explained
from qingsuan.cases.casefile import read_case
from qingsuan.money import fen_of_yuan
from qingsuan.testing import collect_cases

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = {path.stem: path for path in collect_cases(ROOT / "tests" / "cases")}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The made-up plugin of the published examples, the way pip leaves a distribution behind."""
    site = tmp_path_factory.mktemp("site")
    leave_behind(site, "examples")
    return site, ROOT / "tests" / "plugins" / "examples" / "src"


@pytest.fixture
def published(examples: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for path in examples:
        monkeypatch.syspath_prepend(str(path))
    return lambda name: Explained(PUBLISHED[name], tmp_path / name)


def fen(yuan: str) -> int:
    return fen_of_yuan(yuan.replace(" ", ""))


def bands(layer: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Part in fen, ratio in basis points, product in fen, of each band; none of these products needs rounding."""
    found = [(one["part_fen"], one["ratio_bp"], one["product_fen_bp"]) for one in layer["bands"]["crossed"]]
    assert all(product % 10_000 == 0 for _, _, product in found)
    return [(part, ratio, product // 10_000) for part, ratio, product in found]


def test_inpatient_after_deductible(published: Any) -> None:
    """6.1: 9500 in scope, 8200 after the deductible of 1300, 80 % of it 6560; own 3440 = 1300 + 500 + 1640."""
    claim = published("6.1-inpatient").claim("S1")
    (layer,) = claim["layers"]
    assert (layer["entered_fen"], layer["base_fen"]) == (fen("9500.00"), fen("9500.00"))
    assert layer["deductible"]["standard_fen"] == layer["deductible"]["taken_fen"] == fen("1300.00")
    assert layer["x_fen"] == fen("8200.00")
    assert bands(layer) == [(fen("8200.00"), 8000, fen("6560.00"))]
    assert claim["claim"]["preselfpay_amt"] == "500.00"
    assert layer["x_fen"] - layer["raw_fen"] == fen("1640.00")
    assert claim["sums"]["psn_part_amt_fen"] == fen("3440.00")


def test_critical_illness_on_absolute_bands(published: Any) -> None:
    """6.2: 10 800 + 45 500 + 37 500 = 93 800."""
    claim = published("6.2-critical-absolute").claim("S1")
    layer = next(one for one in claim["layers"] if one["fund"] == "hifmi_pay")
    assert layer["bands"]["measured"] == "absolute"
    assert layer["bands"]["start_fen"] == layer["deductible"]["taken_fen"] == fen("12000.00")
    assert bands(layer) == [
        (fen("18000.00"), 6000, fen("10800.00")),
        (fen("70000.00"), 6500, fen("45500.00")),
        (fen("50000.00"), 7500, fen("37500.00")),
    ]
    assert layer["pay_fen"] == fen("93800.00")


def test_critical_illness_on_the_excess(published: Any) -> None:
    """6.4: basic 40 000; 50 000 enter, less 20 000; 6000 + 4000 = 10 000."""
    claim = published("6.4-critical-excess").claim("S1")
    basic, critical = (
        next(one for one in claim["layers"] if one["fund"] == fund) for fund in ("hifp_pay", "hifmi_pay")
    )
    assert basic["pay_fen"] == fen("40000.00")
    assert critical["base_fen"] == fen("50000.00")
    assert critical["deductible"]["taken_fen"] == fen("20000.00")
    assert critical["bands"]["measured"] == "excess"
    assert bands(critical) == [(fen("20000.00"), 3000, fen("6000.00")), (fen("10000.00"), 4000, fen("4000.00"))]
    assert critical["pay_fen"] == fen("10000.00")


def test_first_own_share(published: Any) -> None:
    """6.8: two items of 10, one with 10 % first own share, at 80 %: 8.00 and 7.20."""
    case = read_case(PUBLISHED["6.8-first-own-share"])
    explained = published("6.8-first-own-share")
    pays = [explained.claim(row["setl_id"])["sums"]["fund_pay_sumamt_fen"] for row in case.claims]
    assert {fen("8.00"), fen("7.20")} <= set(pays)


@pytest.mark.parametrize(
    ("setl_id", "deductible", "ratio", "pay"),
    [("S1", "300.00", 8500, "9945.00"), ("S2", "600.00", 7500, "8550.00"), ("S3", "900.00", 6500, "7215.00")],
)
def test_levels(published: Any, setl_id: str, deductible: str, ratio: int, pay: str) -> None:
    """6.9: 12 000 in scope at three levels."""
    (layer,) = published("6.9-levels").claim(setl_id)["layers"]
    assert layer["deductible"]["taken_fen"] == fen(deductible)
    assert layer["x_fen"] == fen("12000.00") - fen(deductible)
    assert bands(layer) == [(layer["x_fen"], ratio, fen(pay))]


def test_account_pays_what_the_deductible_took(published: Any) -> None:
    """6.11: first own share 0.23, in scope 4.29, all of it deductible; account 1378.15 to 1373.63."""
    claim = published("6.11-account").claim("S1")
    (layer,) = claim["layers"]
    assert (layer["entered_fen"], layer["deductible"]["taken_fen"], layer["x_fen"]) == (fen("4.29"), fen("4.29"), 0)
    assert layer["bands"]["crossed"] == []
    account = claim["account"]
    assert (account["before_fen"], account["paid_fen"], account["after_fen"]) == tuple(
        map(fen, ("1378.15", "4.52", "1373.63"))
    )
    assert claim["sums"]["fund_pay_sumamt_fen"] == claim["sums"]["psn_cash_pay_fen"] == 0


def test_a_product_is_shown_before_it_is_rounded(published: Any) -> None:
    """6.12: 84 % of 12 028.48 is 10 103.9232, rounded 10 103.92."""
    case = read_case(PUBLISHED["6.12-ratio"])
    claim = published("6.12-ratio").claim(case.claims[0]["setl_id"])
    layer = next(one for one in claim["layers"] if one["x_fen"] == fen("12028.48"))
    (band,) = layer["bands"]["crossed"]
    assert (band["ratio_bp"], band["product_fen_bp"]) == (8400, 10_103_923_200)
    assert layer["bands"]["gives_fen"] == fen("10103.92")


def test_a_reversal_and_its_claim_count_nowhere(published: Any) -> None:
    """6.13: both are reversed, and the claim after them finds the account as it was."""
    explained = published("6.13-reversal")
    taken_back, reversal, after = (explained.claim(name) for name in ("S1", "S2", "S3"))
    assert taken_back["reversal"] == {"takes_back": False, "other_setl_id": "S2"}
    assert reversal["reversal"] == {"takes_back": True, "other_setl_id": "S1"}
    assert (taken_back["layers"], taken_back["counters"], taken_back["sums"]) == ([], [], None)
    assert after["account"]["before_fen"] == fen("1378.15")


def constructed(case: str, folder: Path, in_scope: str) -> dict[str, Any]:
    """The claim of a case of a plugin with so much in scope."""
    path = ROOT / case
    explained = Explained(path, folder)
    wanted = next(row for row in read_case(path).claims if row.get("inscp_scp_amt") == in_scope)
    return explained.claim(wanted["setl_id"])


def test_changchun_resident_constructed(tmp_path: Path) -> None:
    """6.S1 (constructed): (30 000 - 1200) x 55 % + 30 000 x 60 % + 20 000 x 65 % = 46 840."""
    case = "plugins/jilin/tests/cases/changchun-residents/inpatient-bands.toml"
    layer = constructed(case, tmp_path / "s1", "80000.00")["layers"][0]
    assert layer["deductible"]["taken_fen"] == fen("1200.00")
    assert bands(layer) == [
        (fen("28800.00"), 5500, fen("15840.00")),
        (fen("30000.00"), 6000, fen("18000.00")),
        (fen("20000.00"), 6500, fen("13000.00")),
    ]
    assert layer["raw_fen"] == fen("46840.00")


def test_hohhot_resident_constructed(tmp_path: Path) -> None:
    """6.S2 (constructed): (10 000 - 1500) x 70 % + 20 000 x 75 % + 20 000 x 78 % = 36 550."""
    case = "plugins/neimenggu/tests/cases/hohhot-residents/inpatient.toml"
    layer = constructed(case, tmp_path / "s2", "50000.00")["layers"][0]
    assert layer["deductible"]["taken_fen"] == fen("1500.00")
    assert bands(layer) == [
        (fen("8500.00"), 7000, fen("5950.00")),
        (fen("20000.00"), 7500, fen("15000.00")),
        (fen("20000.00"), 7800, fen("15600.00")),
    ]
    assert layer["raw_fen"] == fen("36550.00")
