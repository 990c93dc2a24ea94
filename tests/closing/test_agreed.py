"""What is agreed with others in the close of a year: identities worked by hand on small tables, and a made-up year worked by hand."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from closing_years import close, record_of, sample_in
from made_up_regions import made_up_regions
from qingsuan import plugins
from qingsuan.closing import agreed
from settling import read

MONEY = pa.decimal128(20, 2)


def put(path: Path, **columns: list[Any]) -> None:
    """A small table; texts that are amounts become money, keys stay as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: pa.array([Decimal(each) for each in values], MONEY) if isinstance(values[0], float) else pa.array(values)
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), path)


def told(lines: Iterator[tuple[str, int, int, tuple[str, str]]]) -> dict[str, tuple[int, int]]:
    return {of: (one, other) for of, one, other, _ in lines}


# ---- by hand


def test_claims_of_operators_are_of_contracts_or_of_none(tmp_path: Path) -> None:
    put(
        tmp_path / "settle/totals/funds.parquet",
        pool=["990100", "990100", "990200", "990200"],
        fund=["hifmi_pay", "hifp_pay", "hifmi_pay", "maf_pay"],
        amount=[70.0, 1000.0, 30.0, 5.0],
    )
    put(
        tmp_path / "operator/contracts/part-00000.parquet",
        pool=["990100"],
        pays=["hifmi_pay+hifob_pay"],
        settled=[70.0],
    )
    put(
        tmp_path / "operator/uncovered/part-00000.parquet",
        pool=["990200", "990200"],
        fund=["hifmi_pay", "maf_pay"],
        amount=[30.0, 5.0],
    )
    assert told(agreed.operators_claims(tmp_path)) == {"990100": (7000, 7000), "990200": (3500, 3500)}


def test_premiums_are_due_in_the_books_of_both_funds(tmp_path: Path) -> None:
    """A contract over two funds is in no book, and one of a pool without books is in none either."""
    put(
        tmp_path / "operator/contracts/part-00000.parquet",
        pool=["990100", "990100", "990100", "990900"],
        schemes=["390", "310", "310+390", "390"],
        pays=["hifmi_pay", "hifob_pay", "hifmi_pay", "hifmi_pay"],
        premium=[100.0, 40.0, 7.0, 1.0],
    )
    put(
        tmp_path / "fund/statement/part-00000.parquet",
        pool=["990100"] * 5,
        fund=["resident", "critical-illness", "employee-pool", "large-sum", "resident"],
        line=["premium-to-fund", "premium-from-fund", "premium-to-fund", "premium-from-fund", "other-expense"],
        origin=["operator", "opening+operator", "operator", "operator", "entries"],
        due=[100.0, 100.0, 40.0, 39.0, 3.0],
    )
    assert told(agreed.operators_books(tmp_path)) == {
        "critical-illness 990100": (10000, 10000),
        "employee-pool 990100": (4000, 4000),
        "large-sum 990100": (4000, 3900),
        "resident 990100": (10000, 10000),
    }


def test_a_premium_is_claims_costs_and_what_bands_share(tmp_path: Path) -> None:
    put(
        tmp_path / "operator/contracts/part-00000.parquet",
        contract=["over", "saved"],
        premium=[100.0, 100.0],
        counted=[120.0, 80.0],
        reserve=[1.0, 1.0],
        operating=[2.0, 2.0],
        profit=[0.0, 3.0],
    )
    put(
        tmp_path / "operator/bands/part-00000.parquet",
        contract=["over", "over", "saved"],
        side=["overrun", "overrun", "surplus"],
        amount=[5.0, 18.0, 14.0],
    )
    assert told(agreed.operators(tmp_path)) == {"over": (-2300, -2300), "saved": (1400, 1400)}


def test_care_is_in_the_pool_elsewhere_or_of_no_known_place_and_both_tables_say_so(tmp_path: Path) -> None:
    put(tmp_path / "settle/totals/care.parquet", hifp_pay=[50.0, 30.0], maf_pay=[1.0, 2.0], acct_pay=[9.0, 9.0])
    amounts = {"amounts": {"in_the_pool": "60.00"}, "clears": ["hifp_pay", "maf_pay"]}
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/run.json").write_text(json.dumps(amounts), "utf-8")
    put(
        tmp_path / "outside/paying/part-00000.parquet",
        paying=["990100", "990100", "990200"],
        treating=["110000", "110000", "990100"],
        cleared=[8.0, 4.0, 6.0],
    )
    put(
        tmp_path / "outside/treating/part-00000.parquet",
        paying=["990100", "990200"],
        treating=["110000", "990100"],
        cleared=[12.0, 5.0],
    )
    put(tmp_path / "outside/unplaced/part-00000.parquet", cleared=[5.0])
    assert told(agreed.outside(tmp_path)) == {"": (8300, 8300)}
    assert told(agreed.mirrors(tmp_path)) == {"990100 110000": (1200, 1200), "990200 990100": (600, 500)}


def test_advances_of_procurement_are_given_back_offset_or_left(tmp_path: Path) -> None:
    put(
        tmp_path / "procurement/ledger/part-00000.parquet",
        batch=["A", "A", "B"],
        advanced=[100.0, 0.0, 10.0],
        repaid=[0.0, 5.0, 0.0],
        offset=[60.0, 20.0, 10.0],
    )
    put(tmp_path / "procurement/institutions/part-00000.parquet", batch=["A", "B"], left=[15.0, 0.0], kept=[7.0, 1.0])
    put(tmp_path / "procurement/totals/scheme.parquet", batch=["A", "A", "B"], kept=[3.0, 4.0, 2.0])
    assert told(agreed.procurement(tmp_path)) == {"A": (1500, 1500), "B": (0, 0)}
    assert told(agreed.kept(tmp_path)) == {"A": (700, 700), "B": (100, 200)}


def test_what_is_kept_of_procurement_is_in_contracts_or_not(tmp_path: Path) -> None:
    put(tmp_path / "procurement/kept/part-00000.parquet", kept=[7.0, 4.0, 2.0])
    put(tmp_path / "clear/clearing/part-00000.parquet", procurement=[7.0, 0.0])
    record = {"procurement": {"kept": "13.00", "cleared": "7.00", "of_unsettled": "4.00", "of_none": "1.00"}}
    (tmp_path / "clear/run.json").write_text(json.dumps(record), "utf-8")
    assert told(agreed.procured(tmp_path)) == {"": (1300, 1200)}


# ---- a made-up year


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agreed")
    installed = made_up_regions(folder / "rules")
    case = sample_in(folder / "sample", people=1200, seed=11)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "load", lambda: installed)
        ran = close(case, folder / "closed")
    assert ran.status == 0, ran.err
    for said in ("220100.operator.premium is missing", "150000.outside.110000.last_year is missing"):
        assert said in ran.out
    return folder / "closed"


def lines_of(closed: Path, name: str) -> dict[str, tuple[str, str]]:
    found = [one for one in record_of(closed)["identities"] if one["identity"] == name]
    return {one["of"]: (one["one"], one["other"]) for one in found}


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def test_premiums_of_the_year_are_heads_times_what_is_worked_by_hand(closed: Path) -> None:
    """One contract states 75.00; of the other 430.00 is the mean, 5 % more are 451.50, 9.00 come from the balance: 442.50."""
    sample = closed.parent / "sample"
    heads = {row["pool"]: int(row["heads"]) for row in csv_rows(sample / "operator_heads.csv")}
    premiums = {"150100": heads["150100"] * Decimal("75.00"), "150900": heads["150900"] * Decimal("442.50")}
    wanted = {
        f"{fund} {pool}": (f"{premium:.2f}", f"{premium:.2f}")
        for fund in ("resident", "critical-illness")
        for pool, premium in premiums.items()
    }
    assert lines_of(closed, "operators-books") == wanted
    advanced = Counter[str]()
    for row in csv_rows(sample / "operator_movements.csv"):
        advanced[row["contract"][3:]] += int(Decimal(row["amount"]).scaleb(2)) if row["kind"] == "advance" else 0
    books = {(row["fund"], row["insu_admdvs"], row["line"]): row for row in read(closed / "fund", "statement")}
    for pool, premium in premiums.items():
        for key in (("resident", pool, "premium-to-fund"), ("critical-illness", pool, "premium-from-fund")):
            assert (books[key]["due"], books[key]["cash"].scaleb(2)) == (premium, advanced[pool])


def test_care_elsewhere_is_that_of_institutions_elsewhere(closed: Path) -> None:
    settled = read(closed / "settle", "settled")
    funds = ("hifp_pay", "hifmi_pay", "hifob_pay", "cvlserv_pay", "maf_pay", "oth_pay", "acct_pay")
    away, every = Counter[str](), Decimal(0)
    for row in settled:
        paid = sum((row[name] for name in funds), Decimal(0))
        every += paid
        lies = row["fixmedins_code"][1:5]
        if lies != row["insu_admdvs"][:4]:
            place = f"{lies}00" if lies[:2] == row["insu_admdvs"][:2] else f"{lies[:2]}0000"
            away[f"{row['insu_admdvs'][:4]}00 {place}"] += int(paid.scaleb(2))
    assert len(away) > 1
    wanted = {pair: (f"{Decimal(fen).scaleb(-2):.2f}",) * 2 for pair, fen in away.items()}
    assert lines_of(closed, "mirrors") == wanted
    assert lines_of(closed, "outside") == {"": (f"{every:.2f}",) * 2}


def test_what_institutions_keep_of_procurement_is_worked_by_hand(closed: Path) -> None:
    """1,200 of each drug at 12.50, 34.00 and 8.60 are 66,120.00, at 4.80, 10.90 and 2.55 they are 21,900.00.

    Of both 90 % × 65 %: budget 38,680.20, spent 12,811.50, saved 25,868.70; half is 12,934.35, four tenths are 10,347.48. The third
    institution has not completed: nothing; of its advance of 8,760.00 half of 13,140.00 is offset, and 2,190.00 are left.
    """
    outcomes = Counter((row["score"], row["outcome"], row["kept"], row["left"]) for row in institutions(closed))
    amounts = [
        tuple(Decimal(each) if each[0].isdigit() else each for each in case)
        for case in (
            ("92", "kept", "12934.35", "0"),
            ("75", "kept", "10347.48", "0"),
            ("55", "not-completed", "0", "2190"),
        )
    ]
    assert set(outcomes) == set(amounts)
    left = sum((row["left"] for row in institutions(closed)), Decimal(0))
    kept = sum((row["kept"] for row in institutions(closed)), Decimal(0))
    assert lines_of(closed, "procured") == {"": (f"{kept:.2f}",) * 2}
    cleared = {
        (row["fixmedins_code"], row["insutype"]): row
        for row in read(closed / "clear", "clearing")
        if row["procurement"]
    }
    assert {row["procurement"] for row in cleared.values()} == {Decimal("12934.35"), Decimal("10347.48")}
    assert sum(row["procurement"] for row in cleared.values()) == kept
    both = [sum(Decimal(one[side]) for one in lines_of(closed, "procurement").values()) for side in (0, 1)]
    assert both == [left, left]


def institutions(closed: Path) -> list[dict[str, Any]]:
    return read(closed / "procurement", "institutions")
