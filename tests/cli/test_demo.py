"""The demo: a made-up year goes through the same functions as the commands, and its summary says what the files say."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qingsuan.cli import cli
from qingsuan.errors import InputError, UsageError
from qingsuan.messages import Words
from qingsuan.report.summary import settle_summary
from qingsuan.report.text import grouped_yuan, width

PEOPLE = 11_000


def demo(out: Path, *more: str) -> Result:
    arguments = ["demo", "--people", str(PEOPLE), "--seed", "5", "--out", str(out), *more]
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def result(out: Path) -> Result:
    return demo(out)


def rows(folder: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(folder).to_pylist())


def test_it_ends_well_and_says_that_nothing_is_real(result: Result, out: Path) -> None:
    assert result.exit_code == 0
    assert result.stdout.startswith("Made-up data")
    for label in ("The close of 2021", "Subsidies to 2021-12-15", "Institutions", "What adds up", "Time taken: sample"):
        assert label in result.stdout
    assert CliRunner().invoke(cli, ["verify", str(out / "year")]).exit_code == 0


def test_it_speaks_chinese_where_the_machine_does(tmp_path: Path) -> None:
    command = ["demo", "--people", "300", "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(cli, command, env={"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, catch_exceptions=False).stdout
    assert told.startswith("样例数据")
    assert "2021年度医保年终清算" in told
    assert not re.search(r"\b(all|paid|rows|due)\b", told)


def test_it_fits_on_one_screen_and_draws_no_bar_without_a_terminal(result: Result) -> None:
    told = result.stdout.split("Everything is in")[0].splitlines()  # then commands with paths, which stay whole
    assert max(width(line) for line in told) <= 100
    assert len(told) <= 74
    assert "\r" not in result.output
    assert "\x1b" not in result.output
    assert "%  " not in result.stderr


def test_rows_in_are_rows_out(result: Result, out: Path) -> None:
    record = json.loads((out / "year" / "settle" / "run.json").read_text("utf-8"))["rows"]
    sample = json.loads((out / "sample" / "sample.json").read_text("utf-8"))
    found = {name: len(rows(out / "year" / "settle" / name)) for name in ("settled", "reversed", "rejected")}
    assert sample["claims"] == sum(found.values()) == record["in"]
    assert found == {name: record[name] for name in found}
    mismatched = sample["spoiled"]["E_REVERSAL_MISMATCH"]
    assert mismatched > 0
    assert found["reversed"] == 2 * sample["reversals"]
    assert f"{record['settled']:,}" in result.stdout


def test_every_spoiled_row_is_rejected_for_its_own_reason_and_no_good_row_but_by_no_rule(out: Path) -> None:
    with (out / "sample" / "spoiled.csv").open(encoding="utf-8", newline="") as file:
        notes = list(csv.DictReader(file))
    wanted = Counter((note["setl_id"], note["code"]) for note in notes)
    wanted += Counter((note["also"], note["code"]) for note in notes if note["also"])
    found = Counter((row["setl_id"], row["code"]) for row in rows(out / "year" / "settle" / "rejected"))
    no_rule = Counter({key: number for key, number in found.items() if key[1] == "E_NO_RULE"})
    assert found - no_rule == wanted
    settled = len(rows(out / "year" / "settle" / "settled"))
    assert settled // 1000 < no_rule.total() < settled // 200


def test_the_screen_says_what_the_settled_rows_add_up_to(result: Result, out: Path) -> None:
    sums: dict[str, list[Decimal]] = {}
    for row in rows(out / "year" / "settle" / "settled"):
        mine = sums.setdefault(row["insu_admdvs"][:4], [Decimal(0)] * 4)
        names = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
        sums[row["insu_admdvs"][:4]] = [one + row[name] for one, name in zip(mine, names, strict=True)]
    assert len(sums) == 4
    lines = result.stdout.split("Benefits")[1].split("\n\n")[0].splitlines()
    for prefix, amounts in sums.items():
        (line,) = [line for line in lines if line.startswith(f"  {prefix}00 ")]
        assert all(grouped_yuan(int(amount.scaleb(2))) in line for amount in amounts)
    everything = [sum(column) for column in zip(*sums.values(), strict=True)]
    (line,) = [line for line in lines if line.startswith("  all ")]
    assert all(grouped_yuan(int(Decimal(total).scaleb(2))) in line for total in everything)


def test_every_kind_of_fund_of_the_four_pools_pays(result: Result, out: Path) -> None:
    settled = rows(out / "year" / "settle" / "settled")
    for fund in ("hifp_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "acct_pay"):
        assert any(row[fund] for row in settled), fund
    assert any(row["rule_id"] == "waiting-period" for row in settled)


def test_keep_takes_the_same_sample_again_and_another_seed_does_not(tmp_path: Path) -> None:
    mark = tmp_path / "out" / "sample" / "mark"
    for arguments, kept in ((("1",), False), (("1", "--keep"), True), (("2", "--keep"), False), (("2",), False)):
        command = ["demo", "--out", str(tmp_path / "out"), "--people", "600", "--seed", *arguments]
        assert CliRunner().invoke(cli, command, catch_exceptions=False).exit_code == 0
        assert mark.exists() is kept
        mark.write_text("of the sample before")
    assert json.loads((mark.parent / "sample.json").read_text("utf-8"))["seed"] == 2


def test_a_folder_that_is_not_a_demos_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a demo's"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_summary_needs_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run record"):
        settle_summary(tmp_path, Words("en"))


@pytest.mark.parametrize("kind", ["csv", "ipc"])
def test_a_sample_of_any_format_settles_alike(kind: str, tmp_path: Path) -> None:
    suffixes = {"parquet": "parquet", "csv": "csv", "ipc": "arrow"}
    totals = []
    for one in ("parquet", kind):
        place = tmp_path / one
        made = ["sample", str(place), "--people", "500", "--seed", "3", "--format", one, "--files", "2"]
        settle = ["settle", str(place / "claims"), "--year", "2021", "--out", str(place / "out"), "--json"]
        for name in ("insured", "identities"):
            settle += [f"--{name}", str(place / f"{name}.{suffixes[one]}")]
        for arguments in (made, settle):
            result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
            assert result.exit_code == 0
        totals.append(pq.read_table(place / "out" / "settled"))
    assert totals[0].equals(totals[1])
    assert totals[0].num_rows > 1000


def test_codes_that_only_text_can_carry_are_rejected_too(tmp_path: Path) -> None:
    made = ["sample", str(tmp_path / "s"), "--people", "400", "--seed", "8", "--format", "csv", "--bad-rows", "44"]
    settle = ["settle", str(tmp_path / "s" / "claims"), "--year", "2021", "--out", str(tmp_path / "out")]
    settle += ["--insured", str(tmp_path / "s" / "insured.csv")]
    for arguments in (made, settle):
        assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["rejected"]["claims"]
    spoiled = json.loads((tmp_path / "s" / "sample.json").read_text("utf-8"))["spoiled"]
    spoiled["E_REVERSAL_MISMATCH"] *= 2
    assert spoiled["E_SCALE"] == 4
    assert {code: record.get(code) for code in spoiled} == spoiled


def test_a_demo_of_one_person_with_hardly_a_claim(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["demo", "--people", "1", "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "The close of 2021" in result.stdout
