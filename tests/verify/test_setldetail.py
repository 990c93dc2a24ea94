"""The detail of a settlement (基金分项): asked for, the same whichever way a run goes, nothing else changed; and checked again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import qingsuan
from sealing import add_fen, change, found, replace_row
from settling import full_after, run

PART = "setldetail/part-00001.parquet"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up year without reversals, settled with its detail from files, keeping the prepared year."""
    folder = tmp_path_factory.mktemp("setldetail")
    year = folder / "year"
    assert run("sample", year, "--people", 900, "--seed", 4).status == 0
    claims = pq.read_table(year / "claims")
    claims = claims.filter(pc.not_equal(pc.fill_null(claims.column("refd_setl_flag").cast(pa.string()), "0"), "1"))
    pq.write_table(claims, folder / "claims.parquet")
    ran = run("settle", folder / "claims.parquet", *inputs(folder), "--out", folder / "out", "--detail", *IN_TWO)
    assert ran.status == 0
    return folder


IN_TWO = ("--partitions", 2)


def inputs(folder: Path) -> tuple[object, ...]:
    people = folder / "year" / "insured.parquet", folder / "year" / "identities.parquet"
    return ("--insured", people[0], "--identities", people[1], "--year", 2021)


def digests(out: Path) -> list[str]:
    return (out / "SHA256SUMS").read_text("utf-8").splitlines()


def lines(*outs: Path) -> pa.Table:
    tables = [pq.read_table(out / "setldetail") for out in outs]
    by = [("psn_no", "ascending"), ("setl_id", "ascending"), ("layer", "ascending")]
    return pa.concat_tables(tables).sort_by(by)


def test_without_it_a_run_has_the_same_bytes(made: Path, tmp_path: Path) -> None:
    plain = tmp_path / "out"
    assert run("settle", made / "claims.parquet", *inputs(made), "--out", plain, *IN_TWO).status == 0
    assert [line for line in digests(made / "out") if "setldetail" not in line] == digests(plain)
    assert not (plain / "setldetail").exists()
    assert len(qingsuan.open(plain).setldetail) == 0
    assert "setldetail" not in json.loads((plain / "run.json").read_text("utf-8"))["rows"]


def test_a_prepared_year_and_a_run_gone_on_with_give_the_same_bytes(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    year, out = tmp_path / "year", tmp_path / "out"
    asked = ("settle", made / "claims.parquet", *inputs(made), "--out", out, "--detail", *IN_TWO, "--workers", 1)
    with full_after(1, monkeypatch):
        assert run(*asked).status == 5
    assert run(*asked, "--resume").status == 0
    assert digests(out) == digests(made / "out")
    assert run("prepare", made / "claims.parquet", *inputs(made), "--out", year, *IN_TWO).status == 0
    assert run("settle", year, "--year", 2021, "--out", tmp_path / "again", "--detail").status == 0
    assert digests(tmp_path / "again") == digests(made / "out")


def test_it_is_another_run_to_go_on_with(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("settle", made / "claims.parquet", *inputs(made), "--out", tmp_path / "out", *IN_TWO, "--workers", 1)
    with full_after(1, monkeypatch):
        assert run(*asked).status == 5
    ran = run(*asked, "--detail", "--resume")
    assert ran.status == 2
    assert "setldetail" in ran.err


def test_two_halves_tell_what_the_year_tells(made: Path, tmp_path: Path) -> None:
    """Accounts that are carried go another way through the core."""
    claims = pq.read_table(made / "claims.parquet")
    early = pc.less(claims.column("setl_time"), pa.scalar("2021-07-01").cast(claims.schema.field("setl_time").type))
    outs = tmp_path / "first", tmp_path / "second"
    for out, half, more in ((outs[0], early, ("--accumulators",)), (outs[1], pc.invert(early), ("--opening", outs[0]))):
        pq.write_table(claims.filter(half), tmp_path / "half.parquet")
        assert run("settle", tmp_path / "half.parquet", *inputs(made), "--out", out, "--detail", *more).status == 0
    assert lines(*outs).equals(lines(made / "out"))


def test_from_python(made: Path) -> None:
    people = made / "year" / "insured.parquet", made / "year" / "identities.parquet"
    settled = qingsuan.settle(made / "claims.parquet", *people, year=2021, detail=True, partitions=2)
    assert settled.setldetail.to_arrow().equals(qingsuan.open(made / "out").setldetail.to_arrow())
    assert len(settled.setldetail) == settled.record["rows"]["setldetail"]


def test_what_a_run_wrote_is_whole(made: Path) -> None:
    assert found(made / "out") == []


Changed = Callable[[pa.Table], pa.Table]


def without(row: int) -> Changed:
    return lambda table: pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def put_last(row: int) -> Changed:
    return lambda table: table.take([*range(row), *range(row + 1, table.num_rows), row])


@pytest.mark.parametrize(
    ("how", "check"),
    [
        (lambda row: add_fen("fund_payamt", 1, row), "the lines of a claim add up to {fund} of settled"),
        (lambda row: add_fen("fund_payamt", -(10**12), row), "fund_payamt ≥ 0"),
        (lambda row: add_fen("act_pay_dedc", 10**12, row), "0 ≤ act_pay_dedc ≤ inscp_scp_amt"),
        (lambda row: replace_row("setl_id", row, "S0"), "a line is of a settled claim"),
        (lambda row: replace_row("psn_no", row, "P0"), "a line is of a settled claim"),
        (lambda row: replace_row("fund", row, "hifdm_pay"), "the lines of a claim add up to hifdm_pay of settled"),
        (lambda row: replace_row("fund", row, "psn_cash_pay"), "a line is of a fund, or of the account"),
        (lambda row: replace_row("fund", row, "acct_pay"), "the lines of a claim add up to acct_pay of settled"),
        (put_last, "lines lie in the order of settled claims"),
        (without, "rows of setldetail"),
        (without, "the lines of a claim add up to {fund} of settled"),
        (lambda _: lambda table: table.drop_columns(["fund_payamt"]), "it can be read"),
    ],
)
def test_what_is_changed_is_found(made: Path, tmp_path: Path, how: Callable[[int], Changed], check: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(made / "out", out)
    table = pq.read_table(out / PART)
    row = pc.index(pc.greater(table.column("fund_payamt"), 0), True).as_py()
    change(out, PART, how(row))
    fund = table.column("fund")[row].as_py()
    assert check.format(fund=fund) in {finding["check"] for finding in found(out)}


def test_a_line_in_the_waiting_period_is_found(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(made / "out", out)
    setl_id = pq.read_table(out / PART).column("setl_id")[0].as_py()
    settled = "settled/part-00001.parquet"
    row = pc.index(pq.read_table(out / settled).column("setl_id"), setl_id).as_py()
    change(out, settled, replace_row("rule_id", row, "waiting-period"))
    assert (PART, "no layer runs in the waiting period") in {(one["file"], one["check"]) for one in found(out)}
