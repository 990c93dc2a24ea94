"""``qingsuan procurement`` from files to the run folder: savings and ledgers worked out by hand, what each bad input is told, the frame."""

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


def procurement(case: Path, out: Path, *more: object) -> Ran:
    files = [
        part
        for name in ("agreed.csv", "batches.toml", "items.csv", "scores.csv", "movements.csv")
        if (case / name).exists()
        for part in (f"--{name.split('.')[0]}", case / name)
    ]
    return run("procurement", case / "purchases.csv", "--year", 2022, *files, "--out", out, *more)


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
    ran = procurement(case, tmp_path / "out")
    assert ran.status == 0, ran
    assert not differences(case, tmp_path / "out")
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert all(one["one"] == one["other"] for one in record["identities"])
    assert run("verify", tmp_path / "out", "--settle", "--inputs", case).status == 0


def test_the_published_sums_of_shiquan_come_out(tmp_path: Path) -> None:
    assert procurement(CASES / "shiquan", tmp_path / "out").status == 0
    kept = {row["insutype"]: row["kept"] for row in pq.read_table(tmp_path / "out/totals/scheme.parquet").to_pylist()}
    assert kept == {"310": Decimal("28900.00"), "390": Decimal("132000.00")}
    assert sum(kept.values()) == Decimal("160900.00")


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("a1,H1,B1,D1,2022-03-11,1,1.00,1,", "E_DUPLICATE", "purchase_id"),
        ("x,H1,B2,D1,2022-03-11,1,1.00,1,", "E_CODE", "batch"),
        ("x,H1,B1,D9,2022-03-11,1,1.00,1,", "E_CODE", "item"),
        ("x,H1,B1,D1,2023-01-01,1,1.00,1,", "E_DATE", "date"),
        ("x,H1,B1,D1,2021-12-31,1,1.00,1,", "E_DATE", "date"),
        ("x,H1,B1,D1,2022-02-30,1,1.00,1,", "E_FORM", "date"),
        ("x,H1,B1,D1,2022-03-11,1.5,1.00,1,", "E_FORM", "quantity"),
        ("x,H1,B1,D1,2022-03-11,1,1.001,1,", "E_SCALE", "amount"),
        ("x,H1,B1,D1,2022-03-11,1,-1.00,1,", "E_NEGATIVE", "amount"),
        ("x,,B1,D1,2022-03-11,1,1.00,1,", "E_MISSING", "fixmedins_code"),
        ("x,H1,B1,D1,2022-03-11,1,1.00,,", "E_MISSING", "winning_flag"),
        ("x,H1,B1,D1,2022-03-11,1,1.00,yes,", "E_FORM", "winning_flag"),
        ("x,H1,B1,D1,2022-03-11,1", "E_FORM", ""),
    ],
)
def test_a_purchase_that_cannot_be_trusted_is_rejected(
    case: Path, tmp_path: Path, line: str, code: str, column: str
) -> None:
    with (case / "purchases.csv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    ran = procurement(case, tmp_path / "out")
    assert ran.status == 0, ran
    bad = [row for row in read(tmp_path / "out", "rejected") if row["source_row"] == 7]
    assert [(row["code"], row["column"]) for row in bad] == [(code, column)]
    assert not differences(case, tmp_path / "out")
    assert run("verify", tmp_path / "out").status == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "status", "told"),
    [
        ("batches.toml", "year = 2022", "year = 2021", 4, "2022, the year that is settled"),
        ("batches.toml", "ends = 2022-12-31", "ends = 2023-12-31", 4, "a day of 2022"),
        ("batches.toml", 'needed = "last-year"', 'needed = "lastyear"', 4, "last-year"),
        ("batches.toml", "completed_at = 100", "completed_at = 101", 4, "0 to 100 %"),
        ("batches.toml", "insured = 90", "insured = 101", 4, "0 to 100 %"),
        ("batches.toml", "most = 50\n", "", 4, "the key most"),
        ("batches.toml", "{ from = 0, share = 0 }", "{ from = 5, share = 0 }", 4, "grades down to from = 0"),
        ("batches.toml", "{ from = 80, share = 40 }", "{ from = 80, share = 70 }", 4, "grades from the highest"),
        ("batches.toml", 'source = "H"', 'source = "G"', 4, 'no source "G"'),
        ("batches.toml", "offset = 100\n", "", 4, "the key offset"),
        ("batches.toml", "offset = 100", "offset = 100\nofset = 1", 4, 'unknown key "ofset"'),
        ("items.csv", "B1,D2,1.0005", "B1,D1,1.0005", 4, "B1 D1 again"),
        ("items.csv", "3.3333", "3.33333", 4, "at most four decimals"),
        ("items.csv", "B1,D1", "B2,D1", 4, 'batch "B2"'),
        ("scores.csv", "80", "100.01", 4, "from 0 to 100, the full score"),
        ("scores.csv", "80", "eighty", 4, "a score with at most two decimals"),
        ("agreed.csv", "9000", "", 3, "last year's use"),
        ("agreed.csv", "B1,D2,H2", "B1,D1,H2", 3, "item D1 of batch B1 again for H2"),
        ("agreed.csv", "B1,D2,H2", "B1,D7,H2", 3, "an item of its batch"),
        ("agreed.csv", "agreed,", "quantity,", 3, "agreed"),
    ],
)
def test_what_cannot_be_trusted_stops_the_run(
    case: Path, tmp_path: Path, file: str, old: str, new: str, status: int, told: str
) -> None:
    change(case / file, old, new)
    ran = procurement(case, tmp_path / "out")
    assert (ran.status, told in ran.err) == (status, True), ran.err
    assert not (tmp_path / "out/run.json").exists()


def test_the_frame_carries_it(case: Path, tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    assert procurement(case, one).status == 0
    assert procurement(case, many, "--partitions", 4, "--workers", 1).status == 0
    for name in ("quantities", "institutions", "kept", "ledger"):
        rows = [sorted(map(str, read(out, name))) for out in (one, many)]
        assert rows[0] == rows[1]
    before = {path.name: path.read_bytes() for path in (many / "kept").iterdir()}
    (many / "run.json").unlink()
    assert procurement(case, many, "--partitions", 4, "--resume").status == 0
    assert {path.name: path.read_bytes() for path in (many / "kept").iterdir()} == before
    assert run("verify", many).status == 0


def test_from_python(case: Path) -> None:
    made = qingsuan.procurement(
        case / "purchases.csv",
        year=2022,
        agreed=case / "agreed.csv",
        batches=case / "batches.toml",
        items=case / "items.csv",
    )
    assert [row["outcome"] for row in made.institutions.to_arrow().to_pylist()] == ["no-score", "not-completed"]
    assert (len(made.quantities), len(made.kept), len(made.ledger), len(made.movements)) == (4, 2, 0, 0)
    assert len(made.rejected) == 1
    assert qingsuan.open(made.path).summary() == made.summary()
    assert "集中带量采购" in made.summary("zh")
    assert "saved" in made._repr_html_()


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("kept", "budget", "saved = budget - spent"),
        ("kept", "kept", "kept of institutions = of their schemes"),
        ("ledger", "offset", "closing = opening + advanced - repaid - offset"),
        ("institutions", "left", "left = advanced - repaid - offset"),
        ("movements", "amount", "advanced as the movements add up"),
    ],
)
def test_a_changed_row_is_found_by_verify(case: Path, tmp_path: Path, table: str, column: str, told: str) -> None:
    assert procurement(case, tmp_path / "out").status == 0
    file = tmp_path / "out" / table / "part-00000.parquet"
    rows = pq.read_table(file)
    values = rows[column].to_pylist()
    values[0] += 1
    place = rows.schema.get_field_index(column)
    pq.write_table(rows.set_column(place, column, pa.array(values, rows.schema.field(column).type)), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, told in ran.out) == (3, True), ran.out
