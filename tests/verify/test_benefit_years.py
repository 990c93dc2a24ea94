"""A benefit year that begins in July through the public commands: settled, verified, prepared; and what is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from settling import RULES, claim, install, insured, only, read, run, settle, write

LEVELS = 'levels = ["1", "2"]'
JULY = RULES.replace(LEVELS, f'{LEVELS}\nyear_begins = {{ day = "07-01", source = "X" }}')


def visit(number: int, day: str) -> dict[str, str | None]:
    return claim(setl_id=f"s{number}", begndate=day, enddate=day, setl_time=f"{day} 10:00:00")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    assert JULY != RULES
    install(tmp_path / "site", rules=JULY)
    only(tmp_path / "site", monkeypatch)
    days = ("2022-06-30", "2022-07-01", "2023-06-30", "2023-07-01")
    rows = [visit(number, day) for number, day in enumerate(days)]
    return write(tmp_path / "c.csv", rows), write(tmp_path / "i.csv", [insured(enddate=None)])


def test_the_year_that_begins_in_july_is_settled_and_verified(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = settle(*files, out)
    assert ran.status == 0, ran.err
    assert sorted(row["setl_id"] for row in read(out, "settled")) == ["s1", "s2"]
    rejected = {row["setl_id"]: row for row in read(out, "rejected", "*.parquet")}
    assert set(rejected) == {"s0", "s3"}
    assert "a date from 2022-07-01 to 2023-06-30, the benefit year that is settled" in str(rejected)
    assert run("verify", out).status == 0
    part = next(path for path in sorted((out / "settled").glob("part-*.parquet")) if pq.read_metadata(path).num_rows)
    table = pq.read_table(part)
    at = table.schema.get_field_index("benefit_date")
    day = pa.array([19_000] * table.num_rows, pa.int32()).cast(pa.date32())  # 2022-01-08
    pq.write_table(table.set_column(at, table.schema.field(at), day.cast(table.schema.field(at).type)), part)
    assert "benefit_date lies in 2022" in run("verify", out).out


def test_a_prepared_year_of_another_beginning_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    year = tmp_path / "year"
    prepared = run("prepare", files[0], "--insured", files[1], "--year", 2022, "--out", year)
    assert prepared.status == 0, prepared.err
    assert run("settle", year, "--year", 2022, "--out", tmp_path / "out").status == 0
    assert sorted(row["setl_id"] for row in read(tmp_path / "out", "settled")) == ["s1", "s2"]
    install(tmp_path / "site", rules=RULES)
    other = run("settle", year, "--year", 2022, "--out", tmp_path / "other")
    assert other.status == 4
    assert "prepare the year again" in other.err


def test_accounts_of_such_a_year_are_counted_again(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = settle(*files, out, "--accumulators")
    assert ran.status == 0, ran.err
    account = read(out, "accumulators")[0]
    assert (account["period"], str(account["settled_until"])) == ("2022", "2023-06-30")
    verified = run("verify", out)
    assert (verified.status, "not counted" in verified.out) == (0, False), verified.out
