"""``qingsuan outside`` from files to the run folder: mirrors and advances worked out by hand, what each bad input is told, the frame."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from agreement_cases import cases_in, differences
from settling import Ran, read, run

CASES = Path(__file__).parent / "cases"


def outside(case: Path, out: Path, *more: object) -> Ran:
    files = [
        part
        for name in ("arrangement.toml", "institutions.csv", "pools.csv", "movements.csv")
        for part in (f"--{name.split('.')[0]}", case / name)
    ]
    return run("outside", case / "settled.csv", "--year", 2022, *files, "--out", out, *more)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A copy of the case of an advance, to be changed."""
    return Path(shutil.copytree(CASES / "advance", tmp_path / "case"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize("case", cases_in(CASES), ids=lambda path: path.name)
def test_what_is_worked_by_hand_comes_out(case: Path, tmp_path: Path) -> None:
    ran = outside(case, tmp_path / "out")
    assert ran.status == 0, ran
    assert not differences(case, tmp_path / "out")
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert all(one["one"] == one["other"] for one in record["identities"])
    assert record["rows"]["in"] == sum(count for name, count in record["rows"].items() if name != "in")
    assert run("verify", tmp_path / "out", "--settle", "--inputs", case).status == 0


def test_alarms_and_what_is_missing_are_told(case: Path, tmp_path: Path) -> None:
    change(case / "movements.csv", "2022-06-10", "2022-12-31")
    (case / "movements.csv").write_text((case / "movements.csv").read_text("utf-8").replace("2022-01-31", "2022-05-01"))
    ran = outside(case, tmp_path / "out")
    levels = [row["level"] for row in read(tmp_path / "out", "alarms")]
    assert levels == ["none", *["unfunded"] * 3, *["red"] * 7, "none"]
    assert "advance of 990000 to 110000, 2022-11: red: 5400000.00 of 6000000.00 yuan in use" in ran.out
    ran = outside(CASES / "mirror", tmp_path / "other")
    assert "990000.outside.120000.last_year is missing: last year's statement has not come" in " ".join(ran.out.split())
    assert "6.00 yuan are cleared with nobody" in ran.out


@pytest.mark.parametrize(
    ("file", "old", "new", "status", "told"),
    [
        ("arrangement.toml", "year = 2022", "year = 2021", 4, "2022, the year that is settled"),
        ("arrangement.toml", '["hifp_pay"]', "[]", 4, "what is cleared"),
        ("arrangement.toml", '["hifp_pay"]', '["cash"]', 4, "one of hifp_pay"),
        ("arrangement.toml", "months = 6", "months = 13", 4, "from 1 to 12"),
        ("arrangement.toml", "yellow = 70", "yellow = 90", 4, "a red line above the yellow one"),
        ("arrangement.toml", "red = 90\n", "", 4, "the key red"),
        ("arrangement.toml", 'payer = "990000"', 'payer = "99"', 4, "six digits of a pool, or of a region"),
        ("arrangement.toml", 'payer = "990000"', 'payer = "110000"', 4, "another side"),
        ("arrangement.toml", 'source = "H"', 'source = "G"', 4, 'no source "G"'),
        ("arrangement.toml", "months = 6", "months = 6\nmonth = 6", 4, 'unknown key "month"'),
        ("institutions.csv", "L1,", "B1,", 4, 'fixmedins_code "B1" again'),
        ("institutions.csv", "110105", "1101", 4, "the six digits of where it lies"),
        ("institutions.csv", "fix_blng_admdvs", "place", 4, "no column fix_blng_admdvs"),
        ("pools.csv", "9902,990200", "9901,990200", 4, "again"),
        ("pools.csv", "9902,990200", "9902,9902", 4, "the six digits of a pool"),
        ("settled.csv", "4000000.00", "-4000000.00", 3, "not negative"),
        ("settled.csv", "2022-02-10", "2023-02-10", 3, "a day of 2022"),
        ("settled.csv", "acct_mulaid_pay", "mulaid", 3, "acct_mulaid_pay"),
    ],
)
def test_what_cannot_be_trusted_stops_the_run(
    case: Path, tmp_path: Path, file: str, old: str, new: str, status: int, told: str
) -> None:
    change(case / file, old, new)
    ran = outside(case, tmp_path / "out")
    assert (ran.status, told in ran.err, file in ran.err) == (status, True, True), ran.err
    assert not (tmp_path / "out/run.json").exists()


def test_two_advances_for_one_pool_are_refused(case: Path, tmp_path: Path) -> None:
    text = (case / "arrangement.toml").read_text("utf-8")
    block = text[text.index("[[advances]]") :].replace('payer = "990000"', 'payer = "990100"')
    (case / "arrangement.toml").write_text(f"{text}\n{block}", "utf-8")
    ran = outside(case, tmp_path / "out")
    assert (ran.status, "one advance for each pool and place" in ran.err) == (4, True), ran


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("2022-01-10,990100,110000,transfer,2022,1.00,V1,", "E_DUPLICATE", "voucher"),
        ("2022-01-10,990300,110000,transfer,2022,1.00,,", "E_CODE", "receiver"),
        ("2022-01-10,990100,120000,transfer,2022,1.00,,", "E_CODE", "receiver"),
        ("2022-01-10,990100,110000,advance,2022,1.00,,", "E_CODE", "receiver"),
        ("2022-01-10,990100,110000,payment,2022,1.00,,", "E_CODE", "kind"),
        ("2022-01-10,990200,110000,transfer,2022,-1.00,,V2", "E_REVERSAL_MISMATCH", "takes_back"),
    ],
)
def test_a_line_that_nobody_owes_is_refused_and_kept(
    case: Path, tmp_path: Path, line: str, code: str, column: str
) -> None:
    with (case / "movements.csv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    ran = outside(case, tmp_path / "out")
    assert (ran.status, "1 lines of the movements are refused" in ran.out) == (0, True), ran
    bad = read(tmp_path / "out", "movements")[-1]
    assert (bad["outcome"], bad["code"], bad["column"], bad["amount"]) == ("refused", code, column, None)
    assert not differences(case, tmp_path / "out")


def test_the_frame_carries_it(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert outside(case, out, "--partitions", 3, "--workers", 1).status == 0
    before = {path.name: path.read_bytes() for path in (out / "treating").iterdir()}
    (out / "run.json").unlink()
    assert outside(case, out, "--partitions", 3, "--resume").status == 0
    assert {path.name: path.read_bytes() for path in (out / "treating").iterdir()} == before
    assert outside(case, tmp_path / "one").status == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "one/treating").iterdir()} == before


@pytest.mark.parametrize("file", ["settled.csv", "institutions.csv", "pools.csv"])
def test_a_table_without_rows_is_no_fault(case: Path, tmp_path: Path, file: str) -> None:
    lines = (case / file).read_text("utf-8").splitlines()
    header = next(line for line in lines if not line.startswith("#"))
    (case / file).write_text(f"{header}\n", "utf-8")
    (case / "movements.csv").write_text("date,payer,receiver,kind,year,amount\n", "utf-8")
    ran = outside(case, tmp_path / "out")
    assert ran.status == 0, ran
    assert run("verify", tmp_path / "out").status == 0


def test_from_python(case: Path) -> None:
    made = qingsuan.outside(
        case / "settled.csv",
        year=2022,
        arrangement=case / "arrangement.toml",
        institutions=case / "institutions.csv",
        pools=case / "pools.csv",
    )
    assert sum(made.paying.to_arrow()["cleared"].to_pylist()) == Decimal("5400000.00")
    assert (len(made.treating), len(made.balances), len(made.advances), len(made.alarms)) == (2, 2, 1, 12)
    assert (len(made.movements), len(made.unplaced)) == (0, 0)
    assert qingsuan.open(made.path).summary() == made.summary()
    assert "异地就医清算" in made.summary("zh")


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("paying", "cleared", "the table of the paying pool mirrors that of the place of treatment"),
        ("treating", "claims", "the table of the paying pool mirrors that of the place of treatment"),
        ("treating", "hifp_pay", "cleared = the sum of what is cleared"),
        ("balances", "transferred", "transferred as the movements add up"),
        ("alarms", "used", "used = cleared - transferred"),
        ("advances", "held", "adjust = required - held"),
    ],
)
def test_a_changed_row_is_found_by_verify(case: Path, tmp_path: Path, table: str, column: str, told: str) -> None:
    assert outside(case, tmp_path / "out").status == 0
    file = tmp_path / "out" / table / "part-00000.parquet"
    rows = pq.read_table(file)
    values = rows[column].to_pylist()
    values[0] += 1
    place = rows.schema.get_field_index(column)
    pq.write_table(rows.set_column(place, column, pa.array(values, rows.schema.field(column).type)), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, told in ran.out) == (3, True), ran.out
