"""A finished folder is whole, and `qingsuan verify` says so; whatever is changed in it is found and named."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.verify.findings import MOST_OF_A_KIND, Findings
from qingsuan.verify.unique import Repeats
from sealing import add_fen, change, found, replace_row
from settling import Ran, run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample year, settled in three partitions, and its subsidy."""
    folder = tmp_path_factory.mktemp("verify")
    year = folder / "year"
    assert run("sample", year, "--people", 1500, "--seed", 4, "--bad-rows", 40).status == 0
    inputs = ("--insured", year / "insured.parquet", "--identities", year / "identities.parquet", "--year", 2021)
    assert run("settle", year / "claims", *inputs, "--out", folder / "out", "--partitions", 3).status == 0
    subsidy = (year / "insured.parquet", "--year", 2021, "--classes", year / "classes.csv")
    assert run("subsidy", *subsidy, "--out", folder / "subsidy").status == 0
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "out", tmp_path / "out")
    return tmp_path / "out"


def checks(out: Path) -> set[tuple[str, str]]:
    return {(finding["file"], finding["check"]) for finding in found(out)}


# ---- whole


def test_what_a_run_wrote_is_whole(made: Path) -> None:
    ran = run("verify", made / "out")
    assert ran.status == 0
    assert "everything adds up" in ran.out
    assert found(made / "out") == []


def test_a_whole_subsidy_is_verified_and_a_missing_part_is_found(made: Path) -> None:
    assert found(made / "subsidy") == []
    shutil.copytree(made / "subsidy", made / "changed")
    (made / "changed" / "due" / "part-00000.parquet").unlink()
    assert checks(made / "changed") == {("due/part-00000.parquet", "it is there")}


def test_sha256sum_agrees(made: Path) -> None:
    for line in (made / "out" / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((made / "out" / name).read_bytes()).hexdigest() == digest


# ---- bytes


def test_a_byte_of_any_file_is_found(out: Path) -> None:
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 1
        path.write_bytes(flipped)
        ran = run("verify", out)
        assert (ran.status, "Traceback" in ran.err) == (3, False), path
        assert path.name in ran.out + ran.err
        path.write_bytes(content)
    assert found(out) == []


def test_a_part_that_is_gone(out: Path) -> None:
    (out / "settled" / "part-00001.parquet").unlink()
    assert {("settled/part-00001.parquet", "it is there"), ("run.json", "rows of settled")} <= checks(out)


def test_a_file_that_is_nobodys(out: Path) -> None:
    shutil.copy(out / "settled" / "part-00001.parquet", out / "settled" / "part-00003.parquet")
    assert ("settled/part-00003.parquet", "it belongs to the run") in checks(out)


def test_a_ledger_that_lacks_a_partition(out: Path) -> None:
    lines = (out / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (out / "ledger.jsonl").write_bytes(b"".join([lines[0], *lines[2:]]))
    assert checks(out) == {("ledger.jsonl", "the partitions that are finished")}


def test_a_ledger_that_is_gone(out: Path) -> None:
    (out / "ledger.jsonl").unlink()
    assert checks(out) == {("ledger.jsonl", "it is there")}


# ---- rows


@pytest.mark.parametrize(
    ("column", "fen", "words"),
    [
        ("medfee_sumamt", 1, "medfee_sumamt = its four parts"),
        ("hifp_pay", 1, "fund_pay_sumamt = the sum of the funds"),
        ("hifp_pay", -1, "fund_pay_sumamt = the sum of the funds"),
        ("psn_cash_pay", 1, "psn_part_amt = acct_pay + acct_mulaid_pay + psn_cash_pay"),
        ("hosp_part_amt", 1, "medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt"),
        ("act_pay_dedc", 10**12, "act_pay_dedc ≤ inscp_scp_amt"),
        ("balc", -(10**12), "balc ≥ 0"),
        ("oth_pay", -(10**12), "oth_pay ≥ 0"),
    ],
)
def test_an_amount_that_changed_is_found_by_its_row(out: Path, column: str, fen: int, words: str) -> None:
    change(out, "settled/part-00001.parquet", add_fen(column, fen, row=7))
    finding = next(finding for finding in found(out) if finding["check"] == words)
    assert (finding["file"], finding["row"]) == ("settled/part-00001.parquet", 8)
    assert column in finding["found"]


def test_an_identity_that_holds_may_still_not_add_up(out: Path) -> None:
    """One fen from one claim to another: every row is well, every sum of the file too; the totals know."""

    def moved(table: pa.Table) -> pa.Table:
        kinds = table.column("med_type").to_pylist()
        other = next(row for row, kind in enumerate(kinds) if kind != kinds[0])
        for column in ("medfee_sumamt", "fulamt_ownpay_amt", "psn_part_amt", "psn_cash_pay"):
            table = add_fen(column, 1, other)(add_fen(column, 1)(table))
        return table

    change(out, "settled/part-00000.parquet", moved)
    files = {file for file, _ in checks(out)}
    assert {"totals/care.parquet", "totals/institutions.parquet", "run.json"} <= files
    assert "settled/part-00000.parquet" not in files - {"ledger.jsonl"}


def test_a_total_that_changed(out: Path) -> None:
    change(out, "totals/care.parquet", add_fen("hifp_pay", 1))
    assert any(file == "totals/care.parquet" and "sum of hifp_pay" in check for file, check in checks(out))
    change(out, "totals/funds.parquet", add_fen("amount", 1))
    assert any(file == "totals/funds.parquet" for file, _ in checks(out))


def test_a_count_of_the_record_that_changed(out: Path) -> None:
    record = json.loads((out / "run.json").read_text("utf-8"))
    record["rows"]["settled"] += 1
    record["rejected"]["claims"]["E_NO_RULE"] += 1
    (out / "run.json").write_text(json.dumps(record), "utf-8")
    assert {("run.json", "rows of settled"), ("run.json", "rejected rows by code")} <= checks(out)


def test_a_row_that_is_gone(out: Path) -> None:
    change(out, "rejected/part-00000.parquet", lambda table: table.slice(1))
    assert ("run.json", "rows of rejected") in checks(out)


def test_a_reversal_that_takes_back_another_amount(out: Path) -> None:
    change(out, "reversed/part-00002.parquet", add_fen("inscp_scp_amt", 1))
    words = "a reversal and its claim add up to nothing: inscp_scp_amt"
    assert ("reversed/part-00002.parquet", words) in checks(out)


def test_a_person_in_two_partitions(out: Path) -> None:
    other = pq.read_table(out / "settled" / "part-00002.parquet").column("psn_no")[0].as_py()
    change(out, "settled/part-00000.parquet", replace_row("psn_no", 3, other))
    finding = next(one for one in found(out) if one["check"] == "a person is in the partition of its hash")
    assert (finding["row"], finding["expected"]) == (4, "partition 2 of 3")
    assert other in finding["found"]


def test_one_settlement_under_two_people(out: Path) -> None:
    first, second = (f"settled/part-0000{number}.parquet" for number in (0, 2))
    setl_id = pq.read_table(out / first).column("setl_id")[5].as_py()
    change(out, second, replace_row("setl_id", 9, setl_id))
    finding = next(one for one in found(out) if one["check"] == "one setl_id belongs to one person")
    assert (finding["file"], finding["row"]) == (second, 10)
    assert f"setl_id {setl_id} of " in finding["found"]
    assert f"{first}, row 6" in finding["found"]


def test_one_settlement_twice(out: Path) -> None:
    name = "settled/part-00000.parquet"
    people = pq.read_table(out / name).column("psn_no").to_pylist()
    row = next(row for row in range(1, len(people)) if people[row] == people[row - 1])
    setl_id = pq.read_table(out / name).column("setl_id")[row - 1].as_py()
    change(out, name, replace_row("setl_id", row, setl_id))
    finding = next(one for one in found(out) if one["check"] == "a settlement occurs once")
    assert (finding["file"], finding["row"]) == (name, row + 1)


def test_a_fund_that_pays_in_the_waiting_period(out: Path) -> None:
    name = "settled/part-00000.parquet"
    paid = pq.read_table(out / name).column("fund_pay_sumamt").to_pylist()
    row = next(row for row, amount in enumerate(paid) if amount)
    change(out, name, replace_row("rule_id", row, "waiting-period"))
    wanted = {"no fund pays in the waiting period", "variant is waiting-period where rule_id is, and nowhere else"}
    assert {(name, check) for check in wanted} <= checks(out)


def test_a_claim_of_another_pool_is_missed_by_the_totals(out: Path) -> None:
    """Totals are by pool: the same amounts under another pool are found, whatever else adds up."""
    name = "settled/part-00000.parquet"
    pools = pq.read_table(out / name).column("pool").to_pylist()
    row = next(row for row, pool in enumerate(pools) if pool == "220200")
    change(out, name, replace_row("pool", row, "220100"))
    found_in = {file for file, _ in checks(out)} - {"ledger.jsonl"}
    assert found_in == {"totals/care.parquet", "totals/institutions.parquet", "totals/funds.parquet"}


@pytest.mark.parametrize("column", ["pool", "benefit_date", "variant"])
def test_a_row_without_what_decided_it(out: Path, column: str) -> None:
    name = "settled/part-00001.parquet"
    change(out, name, replace_row(column, 4, None))
    finding = next(one for one in found(out) if one["check"] == f"{column} is filled")
    assert (finding["file"], finding["row"]) == (name, 5)


def test_a_folder_of_an_older_version(out: Path) -> None:
    for path in sorted((out / "settled").iterdir()):
        change(out, f"settled/{path.name}", lambda table: table.drop_columns(["pool", "benefit_date", "variant"]))
    ran = refused(out)
    assert (
        ran.status,
        "an older version of qingsuan wrote them" in ran.err,
        "settle the same inputs again" in ran.err,
    ) == (
        3,
        True,
        True,
    )


def test_a_table_that_lost_a_column(out: Path) -> None:
    change(out, "settled/part-00000.parquet", lambda table: table.drop_columns(["hifp_pay"]))
    assert ("settled/part-00000.parquet", "it can be read") in checks(out)


# ---- no finished run


def refused(folder: Path) -> Ran:
    ran = run("verify", folder)
    assert "Traceback" not in ran.err
    assert ran.out == ""
    return ran


def test_a_run_that_did_not_finish(out: Path) -> None:
    (out / "run.json").unlink()
    ran = refused(out)
    assert (ran.status, "no run.json" in ran.err, "--resume" in ran.err) == (3, True, True)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"settlement": 5}', '{"settlement": "benefits", "digests": {}}'])
def test_a_folder_of_something_else(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, "utf-8")
    assert refused(tmp_path).status == 3


def test_no_folder_at_all(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").status == 2


# ---- bounded


def test_many_findings_of_a_kind_are_counted() -> None:
    findings = Findings()
    findings.rows("f", 100, "x ≥ 0", np.ones(50, np.bool_), {"x": np.arange(50)})
    findings.rows("f", 150, "x ≥ 0", np.ones(50, np.bool_), {"x": np.arange(50)})
    assert (findings.total, len(findings.told)) == (100, MOST_OF_A_KIND)
    assert findings.told[0].row == 101
    assert findings.left_out() == [("f", "x ≥ 0", 95)]


@pytest.mark.parametrize("in_memory", [10**6, 100, 1])
def test_repeats_are_found_in_memory_and_on_disk(in_memory: int) -> None:
    texts = [f"s{number}" for number in range(1000)]
    with Repeats(in_memory) as repeats:
        for start in range(0, 1000, 70):
            repeats.add(pa.array(texts[start : start + 70]))
        repeats.add(pa.array(["s3", "s999", "new", "s3"]))
        assert len(repeats.found()) == 2
