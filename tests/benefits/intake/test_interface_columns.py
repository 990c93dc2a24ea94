"""Columns of the national interface that say more about a claim than is settled: refused, each with its reason; the rest is harmless."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.benefits.intake.interface import REFUSED_WHEN_SET
from qingsuan.tables import INTERFACE
from settling import RULES, claim, install, insured, only, read, settle, write

AWAY = {"fix_blng_admdvs": "110101"}


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def fate(folder: Path, *rows: dict[str, str | None], suffix: str = ".csv") -> dict[str, list[dict[str, Any]]]:
    """Settle rows, and give what became of them."""
    out = folder / "out"
    ran = settle(write(folder / f"claims{suffix}", list(rows)), write(folder / "insured.csv", [insured()]), out)
    assert ran.status == 0, ran.err
    return {name: read(out, name) for name in ("settled", "rejected", "reversed")}


SAYS_MORE: list[tuple[str, str, dict[str, str]]] = [
    ("hosp_part_amt", "500.00", {}),
    ("hosp_part_amt", "-0.01", {}),
    ("ownpay_hosp_part", "0.01", {}),
    ("crov_old_balc", "12", {}),
    ("crov_new_balc", "1E2", {}),
    ("pay_loc", "3", {}),
    ("pay_loc", "4", {"fix_blng_admdvs": "990102"}),
    ("pay_loc", "9", AWAY),
    ("out_flag", "1", {}),
    ("out_flag", "2", {"fix_blng_admdvs": "990102"}),
    ("nwb_flag", "1", {}),
    ("psn_setlway", "02", {}),
    ("psn_setlway", "0201", {}),
    ("cal_ipt_cnt", "0", {}),
    ("cal_ipt_cnt", "2", {"med_type": "11"}),
    ("year", "2021", {}),
    ("poolarea_no", "990200", {}),
    ("poolarea_no", "220100", {}),
    ("dise_no", "M02207", {}),
    ("fund_pay_type", "310100", {}),
    ("fund_payamt", "0", {}),
]


@pytest.mark.parametrize(("name", "value", "more"), SAYS_MORE)
def test_a_row_is_refused_where_a_column_says_more_than_is_settled(
    name: str, value: str, more: dict[str, str], tmp_path: Path
) -> None:
    found = fate(tmp_path, claim(**more, **{name: value}), claim(setl_id="good", **AWAY))
    (row,) = found["rejected"]
    column = next(column for column in INTERFACE if column.name == name)
    assert (row["code"], row["column"], row["found"], row[name]) == ("E_CODE", name, value, value)
    assert row["expected"] == f"nothing, or {column.unless}: {column.why}"
    assert [row["setl_id"] for row in found["settled"]] == ["good"]


def test_every_refused_column_is_met_here() -> None:
    assert {name for name, _, _ in SAYS_MORE} == set(REFUSED_WHEN_SET)


SAYS_NO_MORE = {
    "hosp_part_amt": "0.00",
    "ownpay_hosp_part": "0",
    "crov_old_balc": "000",
    "crov_new_balc": ".00",
    "pay_loc": "2",
    "out_flag": "0",
    "nwb_flag": "0",
    "psn_setlway": "01",
    "cal_ipt_cnt": "1",
    "year": "2022",
    "poolarea_no": "990100",
    "dise_no": "",
    "dise_code": "",
}


def test_a_row_is_settled_where_no_column_says_more(tmp_path: Path) -> None:
    rest = {column.name: "whatever it says" for column in INTERFACE if column.treated == "harmless"}
    found = fate(
        tmp_path,
        claim(**SAYS_NO_MORE, **rest),
        claim(setl_id="s2", pay_loc="4", out_flag="1", dise_no="1", dise_code="M02207", **AWAY),
        claim(setl_id="s3"),
    )
    assert [row["setl_id"] for row in found["settled"]] == ["s1", "s2", "s3"]
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    warned = [warning for warning in record["warnings"] if "nobody reads" in warning]
    assert warned == ["claims.csv: columns nobody reads: my_note"]


def test_an_outpatient_visit_is_no_stay_that_could_count(tmp_path: Path) -> None:
    rules = RULES.replace('when = { med_type = ["21"] }', 'when = { med_type = ["21", "13", "41"] }')
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    rows = [claim(setl_id=kind, med_type=kind, cal_ipt_cnt="0") for kind in ("13", "41", "21")]
    found = fate(tmp_path, *rows)
    assert sorted(row["setl_id"] for row in found["settled"]) == ["13", "41"]
    assert [row["setl_id"] for row in found["rejected"]] == ["21"]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        (pa.array([0, 1], pa.int64()), ["s2"]),
        (pa.array([False, True]), ["s2"]),
        (pa.array(["0", "1"]).dictionary_encode(), ["s2"]),
        (pa.array([None, 1.0], pa.float64()), ["s2"]),
        (pa.array([None, None], pa.null()), []),
    ],
)
def test_a_column_that_only_refuses_is_read_in_any_type(values: pa.Array, refused: list[str], tmp_path: Path) -> None:
    write(tmp_path / "claims.parquet", [claim(), claim(setl_id="s2")])
    table = pq.read_table(tmp_path / "claims.parquet").append_column("nwb_flag", values)
    pq.write_table(table, tmp_path / "claims.parquet")
    ran = settle(tmp_path / "claims.parquet", write(tmp_path / "insured.csv", [insured()]), tmp_path / "out")
    assert ran.status == 0, ran.err
    assert [row["setl_id"] for row in read(tmp_path / "out", "rejected")] == refused


def test_a_column_without_texts_stops_the_run(tmp_path: Path) -> None:
    write(tmp_path / "claims.parquet", [claim()])
    table = pq.read_table(tmp_path / "claims.parquet").append_column("nwb_flag", pa.array([[1]]))
    pq.write_table(table, tmp_path / "claims.parquet")
    ran = settle(tmp_path / "claims.parquet", write(tmp_path / "insured.csv", [insured()]), tmp_path / "out")
    assert ran.status == 3
    assert "column nwb_flag" in ran.err
    assert "without it" in ran.err


def test_a_pool_whose_rule_set_reads_the_column_decides_by_it(tmp_path: Path) -> None:
    rules = RULES.replace("[groups]", '[dimensions.newborn]\nkind = "code"\ncolumn = "nwb_flag"\n[groups]')
    rules = rules.replace('med_type = ["21"] }', 'med_type = ["21"], newborn = ["1"] }')
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    found = fate(tmp_path, claim(nwb_flag="1"), claim(setl_id="s2", nwb_flag="0"))
    assert [row["setl_id"] for row in found["settled"]] == ["s1"]
    assert [(row["setl_id"], row["code"]) for row in found["rejected"]] == [("s2", "E_NO_RULE")]


def test_a_void_row_takes_part_in_nothing(tmp_path: Path) -> None:
    """A void copy is no duplicate, a void original cannot be taken back, a void reversal takes nothing back."""
    back = {name: f"-{value}" for name, value in claim().items() if name.endswith(("amt", "selfpay"))}
    zero = {"-0": "0", "-0.00": "0.00"}
    back = {name: zero.get(value, value) for name, value in back.items()}
    found = fate(
        tmp_path,
        claim(vali_flag="0"),
        claim(vali_flag="1"),
        claim(setl_id="r1", refd_setl_flag="1", init_setl_id="s1", vali_flag="0", **back),
        claim(setl_id="s2", vali_flag="0"),
        claim(setl_id="r2", refd_setl_flag="1", init_setl_id="s2", vali_flag="", **back),
    )
    assert [row["setl_id"] for row in found["settled"]] == ["s1"]
    assert not found["reversed"]
    assert [(row["setl_id"], row["code"]) for row in found["rejected"]] == [
        *(("r1", "E_VOID"), ("r2", "E_REVERSAL_ORPHAN")),
        *(("s1", "E_VOID"), ("s2", "E_VOID")),
    ]
    assert sum((row["medfee_sumamt"] for row in found["settled"]), Decimal(0)) == Decimal("1000.00")
