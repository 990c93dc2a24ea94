"""``qingsuan operator`` from files to the run folder: forms worked out by hand, what each bad input is told, the frame."""

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


def operator(case: Path, out: Path, *more: object) -> Ran:
    moved = ("--movements", case / "movements.csv") if (case / "movements.csv").exists() else ()
    files = ("--contracts", case / "contracts.toml", "--heads", case / "heads.csv", *moved)
    return run("operator", case / "settled.csv", "--year", 2022, *files, "--out", out, *more)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A copy of the Shandong case, to be changed."""
    return Path(shutil.copytree(CASES / "shandong", tmp_path / "case"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize("case", cases_in(CASES), ids=lambda path: path.name)
def test_what_is_worked_by_hand_comes_out(case: Path, tmp_path: Path) -> None:
    assert operator(case, tmp_path / "out").status == 0
    assert not differences(case, tmp_path / "out")
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert len(record["identities"]) == 5
    assert all(one["one"] == one["other"] for one in record["identities"])
    assert run("verify", tmp_path / "out", "--settle", "--inputs", case).status == 0


def test_what_one_year_carries_the_next_one_takes(case: Path, tmp_path: Path) -> None:
    assert operator(case, tmp_path / "first").status == 0
    for file, old, new in (
        ("contracts.toml", "year = 2022\nsource", "year = 2023\nsource"),
        ("settled.csv", "2022-", "2023-"),
        ("movements.csv", "2022,6000000.00", "2023,6000000.00"),
    ):
        text = (case / file).read_text("utf-8")
        (case / file).write_text(text.replace(old, new), "utf-8")
    files = ("--contracts", case / "contracts.toml", "--heads", case / "heads.csv", "--out", tmp_path / "second")
    assert run("operator", case / "settled.csv", "--year", 2023, *files, "--carried", tmp_path / "first").status == 0
    rows = {row["contract"]: row for row in read(tmp_path / "second", "contracts")}
    carried = {name: (row["carried_in"], row["carried_out"]) for name, row in rows.items()}
    assert carried == {
        "saved": (Decimal(300_000), Decimal(600_000)),
        "over": (Decimal(0), Decimal(0)),
        "far-over": (Decimal(-200_000), Decimal(-400_000)),
    }
    refused = run(
        "operator", case / "settled.csv", "--year", 2023, *files, "--overwrite", "--carried", tmp_path / "second"
    )
    assert (refused.status, "of 2022" in refused.err) == (3, True), refused


def test_what_no_contract_pays_stands_beside(case: Path, tmp_path: Path) -> None:
    (case / "settled.csv").write_text(
        (case / "settled.csv").read_text("utf-8")
        + "X1,990900,390,2022-03-01,9.00,0,0,7.50,0,0,0,0\nX2,990100,310,2022-03-01,9.00,0,0,0,4.00,0,0,0\n",
        "utf-8",
    )
    with (case / "contracts.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[missing]]\nid = "new"\npool = "990800"\nschemes = ["390"]\npays = ["hifmi_pay"]\n'
            'parameter = "990800.premium"\nwhy = "the contract was not found"\n'
        )
    with (case / "settled.csv").open("a", encoding="utf-8") as file:
        file.write("X3,990800,390,2022-03-01,0,0,0,12.00,0,0,0,0\n")
    with (case / "movements.csv").open("a", encoding="utf-8") as file:
        file.write("2022-03-01,new,advance,2022,5,,\n2022-03-01,nobody,advance,2022,5,,\n")
    ran = operator(case, tmp_path / "out")
    assert ran.status == 0, ran
    aside = [(row["pool"], row["contract"], row["amount"], row["why"]) for row in read(tmp_path / "out", "uncovered")]
    assert aside == [
        ("990800", "new", Decimal("12.00"), "990800.premium is missing: the contract was not found"),
        ("990900", None, Decimal("7.50"), "no contract of the file pays it"),
    ]
    assert "19.50 yuan were paid for which no contract is settled" in ran.out
    assert [row["outcome"] for row in read(tmp_path / "out", "movements")][-2:] == ["not-settled", "refused"]
    assert run("verify", tmp_path / "out").status == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("year = 2022", "year = 2021", "2022, the year that is settled"),
        ("upto = 2, ", "", "a bound in every band but the last"),
        (
            'shares = [{ party = "next-year" }] },\n]',
            'upto = 9, shares = [{ party = "next-year" }] },\n]',
            "band 2 of 2 with a bound",
        ),
        ('measured = "by-part"', 'measured = "by-parts"', "by-part"),
        ('party = "operator"', 'party = "insurer"', '"fund" | "operator"'),
        ("before = 100", "before = 101", "at least 101.00, the premium per head of the year before"),
        ("yuan = 100", "", "neither an amount nor years"),
        ("takes_off = []", 'takes_off = ["profit"]', "the key profit"),
        ("takes_off = []", 'takes_off = ["rent"]', "one of reserve, operating, profit"),
        ("takes_off = []", "", "the key takes_off"),
        ("last_year = 2024", "last_year = 2021", "years with 2022 among them"),
        ('pool = "990100"', 'pool = "9901"', "the six digits of a pool"),
        ('pool = "990200"', 'pool = "990100"', "one operator for each payment"),
        ('id = "over"', 'id = "saved"', "an id of its own for each"),
        ('pays = ["hifmi_pay"]', 'pays = ["hifmi"]', "one of hifp_pay"),
        ('source = "S"', 'source = "T"', 'no source "T"'),
        ("takes_off = []", "takes_off = []\nprofitt = 3", 'unknown key "profitt"'),
    ],
)
def test_a_contract_that_cannot_be_trusted_stops_the_run(
    case: Path, tmp_path: Path, old: str, new: str, told: str
) -> None:
    change(case / "contracts.toml", old, new)
    ran = operator(case, tmp_path / "out")
    assert (ran.status, told in ran.err) == (4, True), ran.err
    assert "contracts.toml" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "status", "told"),
    [
        ("heads.csv", "990200,390,100000\n", "", 4, "no heads of scheme 390 in pool 990200"),
        ("heads.csv", "990200,390", "990100,390", 4, "pool 990100, scheme 390 again"),
        ("heads.csv", "100000", "0", 4, "a whole number from 1"),
        ("heads.csv", "heads", "people", 4, "no column heads"),
        ("settled.csv", "9500000.00", "-1.00", 3, "not negative"),
        ("settled.csv", "9500000.00", "", 3, "row 1: hifmi_pay: nothing"),
        ("settled.csv", "2022-02-15", "2021-02-15", 3, "a day of 2022"),
        ("settled.csv", "2022-02-15", "15.2.2022", 3, "YYYY-MM-DD"),
        ("settled.csv", "hifmi_pay", "hifmi", 3, "hifmi_pay"),
    ],
)
def test_a_table_that_cannot_be_trusted_stops_the_run(
    case: Path, tmp_path: Path, file: str, old: str, new: str, status: int, told: str
) -> None:
    change(case / file, old, new)
    ran = operator(case, tmp_path / "out")
    assert (ran.status, told in ran.err) == (status, True), ran.err


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("2022-01-10,saved,advance,2022,1.00,V1,", "E_DUPLICATE", "voucher"),
        ("2022-01-10,saved,advanced,2022,1.00,,", "E_CODE", "kind"),
        ("2022-01-10,nobody,advance,2022,1.00,,", "E_CODE", "contract"),
        ("2022-13-10,saved,advance,2022,1.00,,", "E_FORM", "date"),
        ("2022-01-10,saved,advance,2022,1.001,,", "E_SCALE", "amount"),
        ("2022-01-10,saved,advance,2022,-1.00,,", "E_NEGATIVE", "amount"),
        ("2022-01-10,saved,advance,2022,-1.00,,V9", "E_REVERSAL_ORPHAN", "takes_back"),
        ("2022-01-10,saved,return,2022,-1.00,,V1", "E_REVERSAL_MISMATCH", "takes_back"),
        ("2022-01-10,saved,advance,2022,-6000000.01,,V1", "E_REVERSAL_MISMATCH", "amount"),
        (",saved,advance,2022,1.00,,", "E_MISSING", "date"),
    ],
)
def test_a_line_that_cannot_be_trusted_is_refused_and_kept(
    case: Path, tmp_path: Path, line: str, code: str, column: str
) -> None:
    with (case / "movements.csv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    ran = operator(case, tmp_path / "out")
    assert (ran.status, "1 lines of the movements are refused" in ran.out) == (0, True), ran
    bad = read(tmp_path / "out", "movements")[-1]
    assert (bad["outcome"], bad["code"], bad["column"], bad["amount"]) == ("refused", code, column, None)
    assert not differences(case, tmp_path / "out")


def test_the_frame_carries_it(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert operator(case, out, "--partitions", 3, "--workers", 1).status == 0
    assert operator(case, out).status == 2
    before = {path.name: path.read_bytes() for path in (out / "contracts").iterdir()}
    (out / "run.json").unlink()
    ran = operator(case, out, "--partitions", 3, "--resume")
    assert ran.status == 0, ran
    assert {path.name: path.read_bytes() for path in (out / "contracts").iterdir()} == before
    (out / "run.json").unlink()
    change(case / "heads.csv", "100000", "100001")
    refused = operator(case, out, "--partitions", 3, "--resume")
    assert (refused.status, "heads" in refused.err) == (4, True), refused


def test_from_python(case: Path) -> None:
    made = qingsuan.operator(
        case / "settled.csv", year=2022, contracts=case / "contracts.toml", heads=case / "heads.csv"
    )
    assert sum(made.contracts.to_arrow()["premium"].to_pylist()) == Decimal(30_000_000)
    assert len(made.bands) == 5
    assert (len(made.movements), len(made.uncovered)) == (0, 0)
    opened = qingsuan.open(made.path)
    assert opened.summary() == made.summary()
    assert "大病保险承办合同" in made.summary("zh")
    assert "premium" in made._repr_html_()


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("contracts", "surplus_operator", "surplus = fund + operator + next year"),
        ("contracts", "clearing", "clearing = due - advanced + returned"),
        ("contracts", "premium", "premium = per head × heads"),
        ("bands", "operator", "operator's part as the bands add up"),
        ("movements", "amount", "advanced as the movements add up"),
    ],
)
def test_a_changed_row_is_found_by_verify(case: Path, tmp_path: Path, table: str, column: str, told: str) -> None:
    assert operator(case, tmp_path / "out").status == 0
    file = tmp_path / "out" / table / "part-00000.parquet"
    rows = pq.read_table(file)
    values = rows[column].to_pylist()
    values[0] = (values[0] or Decimal(0)) + Decimal("0.01")
    place = rows.schema.get_field_index(column)
    pq.write_table(rows.set_column(place, column, pa.array(values, rows.schema.field(column).type)), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, told in ran.out) == (3, True), ran.out
