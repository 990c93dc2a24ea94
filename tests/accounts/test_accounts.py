"""Personal accounts through the front door: cases worked out by hand, what is refused and how it is told, restart, verification."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from account_years import YEAR, account_year, installed_as, table_of
from qingsuan import cli
from qingsuan.accounts.rule.reader import read_account_rules
from qingsuan.accounts.settlement import PersonalAccounts
from qingsuan.errors import InputError, PolicyError
from qingsuan.finished import Accounts
from qingsuan.heads.families import components
from qingsuan.settlement import Settled
from qingsuan.verify.finished import verify

RULE = """\
format = 1
[account]
region = "990000"
pools = ["990100"]
title = "made-up rule"
effective = {effective}
source = "X"
[members]
who = "all"
source = "X"
[months]
counts = "any-day"
received = false
source = "X"
[in_service]
percent = 2
source = "X"
[uses]
part = false
relations = ["spouse", "parent", "child"]
source = "X"
[[uses.allowed]]
use = "care"
own = true
family = true
source = "X"
[[uses.refused]]
use = "sport"
source = "X"
[sources.X]
document = "made-up rule"
article = "none"
grade = "made-up"
"""
RETIRED = '[[retired]]\nfrom = {effective}\nyuan = "{yuan}"\nsource = "X"\n'
"""Values of cases are those that stand beside them; everything else of a rule is made up."""


def rule(*more: str, year: int = 2023, yuan: str = "100") -> str:
    return "\n".join(
        [RULE.format(effective=f"{year}-01-01"), RETIRED.format(effective=f"{year}-01-01", yuan=yuan), *more]
    )


Settle = Callable[..., Accounts]
POOL = qingsuan.Pool("990100", "made up", ("9901",))


@pytest.fixture
def settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settle:
    """Settle CSV tables by one rule of a made-up region."""

    def run(text: str, insured: str, year: int = 2023, **tables: Any) -> Accounts:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "a.toml").write_text(text, "utf8")
        region = qingsuan.Region("990000", "made up", (POOL,), accounts=str(folder))
        installed_as(monkeypatch, region)
        given = {}
        for name, content in {"insured": insured, **tables}.items():
            if isinstance(content, str):
                given[name] = tmp_path / f"{name}.csv"
                given[name].write_text(content, "utf8")
            else:
                given[name] = content
        return qingsuan.account(given.pop("insured"), year=year, out=tmp_path / "out", overwrite=True, **given)

    return run


HEAD = "psn_no,insutype,insu_admdvs,psn_type,begndate,retire_date,cntr_base,acct_balc\n"
P1 = HEAD + "P1,310,990101,1101,2020-01-01,,5000.00,100.00\n"
USES = "psn_no,payer_psn_no,date,use,amount,setl_id,refd_setl_flag,init_setl_id\n"


def months(run: Accounts, column: str, person: str = "P1") -> list[Decimal]:
    return [row[column] for row in run.ledger.to_arrow().to_pylist() if row["psn_no"] == person]


def codes(run: Accounts) -> list[str | None]:
    return [row["code"] for row in run.uses.to_arrow().to_pylist()]


# ---- cases worked out by hand


def test_long_term_care_is_withheld_from_the_credit(settle: Settle) -> None:
    """长春 2023 (a notice printed in a newspaper on 2023-01-04): retired 111.00 - 2.78 = 108.22, in service 2 % - 0.1 % = 1.9 %."""
    withheld = (
        '[withheld]\nuse = "long-term-care-premium"\npercent = "0.1"\nexact = true\nretired_yuan = "2.78"\nsource = "X"'
    )
    run = settle(rule(withheld, yuan="111"), P1 + "P2,310,990101,1201,2020-01-01,,,\n")
    # in service: 5000.00 × 2 % = 100.00, less 5000.00 × 0.1 % = 5.00: 95.00 = 5000.00 × 1.9 %
    assert months(run, "credit") == [Decimal("100.00")] * 12
    assert months(run, "withheld") == [Decimal("5.00")] * 12
    assert months(run, "closing")[0] == Decimal("195.00")
    assert months(run, "closing", "P2") == [Decimal("108.22") * month for month in range(1, 13)]


@pytest.mark.parametrize(
    ("year", "yuan", "sum_of_year"), [(2023, "88.20", "1058.40"), (2024, "72.60", "871.20"), (2023, "70", "840.00")]
)
def test_fixed_sums_of_retired_people(settle: Settle, year: int, yuan: str, sum_of_year: str) -> None:
    """吉林市: 12 × 88.2 = 1058.40 in 2023, 12 × 72.6 = 871.20 in 2024; Anhui: 12 × 70 = 840, as printed."""
    run = settle(rule(year=year, yuan=yuan), HEAD + "P1,310,990101,1201,2020-01-01,,,\n", year)
    assert months(run, "closing")[-1] == Decimal(sum_of_year)
    assert run.record["amounts"][0]["credit_retired"] == sum_of_year


def test_interest_by_monthly_products(settle: Settle) -> None:
    """Products 12000 and 36000 at 0.35 % and 1.10 % a year (rates invented): 3.50 + 33.00 = 36.50."""
    interest = '[interest]\nmonths = [12]\ndraws = "current"\nsource = "X"\n[[interest.rates]]\nfrom = 2023-01-01\n'
    interest += 'current_percent = "0.35"\ncarried_percent = "1.10"\nexact = true\nsource = "X"'
    # carried 3000 × 12 months = 36000; 1000 of January bear 11 months, 1000 of November one: 12000
    base = "psn_no,month,cntr_base\n" + "".join(
        f"P1,2023-{month:02d},{50000 if month in (1, 11) else 0}\n" for month in range(1, 13)
    )
    run = settle(rule(interest), HEAD + "P1,310,990101,1101,2020-01-01,,,3000.00\n", months=base)
    assert months(run, "interest") == [Decimal(0)] * 11 + [Decimal("36.50")]
    assert months(run, "closing")[-1] == Decimal("5036.50")


def test_a_person_who_retires_changes_from_the_next_month(settle: Settle) -> None:
    run = settle(rule(), HEAD + "P1,310,990101,1201,2020-01-01,2023-05-01,4000.00,\n")
    assert months(run, "credited_as") == ["in-service"] * 5 + ["retired"] * 7
    assert months(run, "credit") == [Decimal("80.00")] * 5 + [Decimal("100.00")] * 7


def test_uses_of_a_family_and_their_reversal(settle: Settle) -> None:
    uses = USES + "P1,,2023-01-05,care,150.00,A,,\nP2,P1,2023-01-06,care,50.00,B,,\nP1,,2023-01-07,care,0.01,C,,\n"
    uses += "P1,,2023-02-01,care,-150.00,D,1,A\nP2,P3,2023-03-01,care,1.00,E,,\nP1,,2023-03-01,sport,1.00,F,,\n"
    run = settle(
        rule(),
        P1 + "P3,310,990101,1201,2020-01-01,,,\n",
        uses=uses,
        families="psn_no,member_psn_no,relation\nP1,P2,child\n",
    )
    by_id = {row["setl_id"]: row for row in run.uses.to_arrow().to_pylist()}
    # 100.00 + 100.00 credit - 150.00 - 50.00 = 0.00: nothing is left for 0.01; 150.00 come back in February
    assert {name: row["code"] for name, row in by_id.items()} == {
        **dict.fromkeys("ABD"),
        "C": "E_BALANCE",
        "E": "E_FAMILY",
        "F": "E_USE",
    }
    assert [by_id[name]["balc"] for name in "ABCD"] == [Decimal(text) for text in ("50.00", "0.00", "0.00", "250.00")]
    assert months(run, "own_uses")[:2] == [Decimal("150.00"), Decimal("-150.00")]
    assert months(run, "family_uses")[:2] == [Decimal("50.00"), Decimal(0)]


def test_claims_are_uses_of_their_accounts(settle: Settle) -> None:
    claims = "setl_id,psn_no,med_type,benefit_date,acct_pay,acct_mulaid_pay\n"
    claims += "S1,P2,11,2023-01-05,0.00,30.00\nS2,P1,11,2023-01-06,20.00,0.00\nS3,P2,11,2023-02-01,0.00,5.00\n"
    uses = USES + "P2,P1,2023-01-05,care,30.00,S1,,\n"
    run = settle(rule(), P1, uses=uses, claims=claims, families="psn_no,member_psn_no,relation\nP2,P1,parent\n")
    assert months(run, "family_uses")[0] == Decimal("30.00")
    assert months(run, "own_uses")[0] == Decimal("20.00")
    assert [(row["setl_id"], row["code"]) for row in run.uses.to_arrow().to_pylist() if row["code"]] == [
        ("S3", "E_FAMILY")
    ]
    assert {
        "identity": "acct_pay + acct_mulaid_pay of claims = uses with a setl_id of theirs",
        "one": "55.00",
        "other": "55.00",
    } in run.record["identities"]
    assert run.warnings[0] == "990100: made-up rule is marked made-up"
    assert "5.00 yuan" in run.warnings[1]


def test_the_next_year_opens_with_what_was_left(settle: Settle, tmp_path: Path) -> None:
    shutil.move(settle(rule(year=2022), P1, 2022).path, tmp_path / "before")
    run = settle(rule(year=2022), HEAD + "P1,310,990101,1101,2020-01-01,,5000.00,\n", opening=tmp_path / "before")
    assert months(run, "opening")[0] == Decimal("1300.00")
    told = settle(
        rule(year=2022), HEAD + "P1,310,990101,1101,2020-01-01,,5000.00,1300.01\n", opening=tmp_path / "before"
    )
    (row,) = told.rejected.to_arrow().to_pylist()
    assert (row["code"], row["column"], row["found"]) == ("E_CONTRADICTION", "acct_balc", "1300.01")
    with pytest.raises(InputError, match="a run of account 个人账户, 2022"):
        settle(rule(year=2022), P1, 2024, opening=tmp_path / "before")


# ---- bad input


def test_a_month_without_a_base_names_the_month_and_the_others_are_settled(settle: Settle) -> None:
    run = settle(rule(), HEAD + "P1,310,990101,1101,2023-03-01,,,\nP2,310,990101,1201,2020-01-01,,,\n")
    (row,) = run.rejected.to_arrow().to_pylist()
    assert (row["code"], row["column"], row["found"]) == ("E_MISSING", "cntr_base", "nothing for 2023-03")
    assert run.record["accounts"] == 1


def test_a_missing_sum_is_named_and_the_others_are_settled(settle: Settle) -> None:
    text = RULE.format(effective="2023-01-01")
    text += '[[missing]]\nparameter = "9901.account.retired"\nwhy = "not found"\nconcerns = "retired"\n'
    run = settle(text, P1 + "P2,310,990101,1201,2020-01-01,,,\n")
    (row,) = run.rejected.to_arrow().to_pylist()
    assert (row["code"], row["expected"]) == ("E_NO_RULE", "the missing parameter 9901.account.retired: not found")
    assert run.record["accounts"] == 1


def test_a_year_without_a_rule_names_what_there_is(settle: Settle) -> None:
    with pytest.raises(PolicyError, match="no installed region has an account rule for a month of 2021"):
        settle(rule(), P1, 2021)


def test_an_opening_balance_that_cannot_be_read_stops_the_run(settle: Settle) -> None:
    with pytest.raises(InputError, match=r"opening\.csv, row 2, balc: E_SCALE"):
        settle(rule(), P1, opening="psn_no,pool,balc\nP1,990100,1.00\nP2,990100,1.001\n")
    with pytest.raises(InputError, match=r"psn_no \(2 characters: --show-values\), pool 990100: 2 rows"):
        settle(rule(), P1, opening="psn_no,pool,balc\nP1,990100,1.00\nP1,990100,1.00\n")


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("P1,,2023-13-01,care,1.00,A,,", "E_FORM", "date"),
        ("P1,,2022-12-31,care,1.00,A,,", "E_DATE", "date"),
        ("P1,,2023-01-01,care,-1.00,A,,", "E_NEGATIVE", "amount"),
        ("P1,,2023-01-01,care,0.00,A,,", "E_NEGATIVE", "amount"),
        ("P1,,2023-01-01,care,1.001,A,,", "E_SCALE", "amount"),
        ("P1,,2023-01-01,care,-1.00,A,1,", "E_MISSING", "init_setl_id"),
        (",,2023-01-01,care,1.00,A,,", "E_MISSING", "psn_no"),
    ],
)
def test_a_use_that_cannot_be_read_is_rejected(settle: Settle, row: str, code: str, column: str) -> None:
    run = settle(rule(), P1, uses=f"{USES}{row}\n")
    (found,) = run.rejected_uses.to_arrow().to_pylist()
    assert (found["code"], found["column"]) == (code, column)
    assert run.record["rows"]["uses"]["rejected"] == {code: 1}


# ---- rules that cannot be trusted


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("effective = 2023-01-01", "effective = 2023-01-02", "the first day of a month"),
        ('[in_service]\npercent = 2\nsource = "X"\n', "", 'concerns = "in-service"'),
        ('who = "all"', 'who = "alll"', "alll"),
        ("percent = 2\n", "percent = 2.0\n", "2.0"),
        ('use = "care"', 'use = "car"', "car"),
        ('relations = ["spouse", "parent", "child"]', 'relations = ["spouse", "uncle"]', "uncle"),
        ('pools = ["990100"]', 'pools = ["990200"]', "990200"),
        ('yuan = "100"', 'yuan = ["100", "110"]', "one sum more than ages"),
        ("[sources.X]", "[extra]\n[sources.X]", "extra"),
    ],
)
def test_a_rule_that_cannot_be_trusted_names_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = rule()
    assert old in text
    (tmp_path / "a.toml").write_text(text.replace(old, new, 1), "utf8")
    region = qingsuan.Region("990000", "made up", (POOL,), accounts=str(tmp_path))
    with pytest.raises(PolicyError, match=re.escape(message)):
        read_account_rules(region)


def test_two_rules_of_one_pool_on_one_day_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(rule(), "utf8")
    with pytest.raises(PolicyError, match="one rule for a pool on any day"):
        read_account_rules(qingsuan.Region("990000", "made up", (POOL,), accounts=str(tmp_path)))


# ---- the run


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pa.Table]:
    """A random year with its region installed."""
    year = account_year(12, tmp_path / "rules", people=200)
    installed_as(monkeypatch, year.region)
    for row in year.rows["opening"]:  # else some people are refused
        row["balc"] = 5000
    return {name: table_of(name, rows) for name, rows in year.rows.items()}


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    rows = [row for path in sorted((folder / table).glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()]
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


def test_the_rows_do_not_depend_on_partitions_order_or_memory(world: dict[str, pa.Table], tmp_path: Path) -> None:
    for name, partitions in (("one", 1), ("many", 7)):
        tables = {
            table: rows.take(list(reversed(range(len(rows))))) if name == "many" else rows
            for table, rows in world.items()
        }
        qingsuan.account(tables.pop("insured"), year=YEAR, out=tmp_path / name, partitions=partitions, **tables)
    for table in ("ledger", "uses", "balances"):
        assert rows_of(tmp_path / "one", table) == rows_of(tmp_path / "many", table)
    assert not verify(tmp_path / "many").findings.total


def test_identities_hold_for_every_account_pool_and_in_all(world: dict[str, pa.Table], tmp_path: Path) -> None:
    run = qingsuan.account(world.pop("insured"), year=YEAR, out=tmp_path / "out", partitions=3, **world)
    assert all(one["one"] == one["other"] for one in run.record["identities"])
    uses = run.uses.to_arrow().to_pylist()
    ledger = run.ledger.to_arrow().to_pylist()
    assert min(row["closing"] for row in ledger) >= 0
    assert min(row["balc"] for row in uses if row["balc"] is not None) >= 0
    family = sum(
        row["paid"] for row in uses if row["psn_no"] != row["payer_psn_no"] and row["use"] not in ("moving", "death")
    )
    assert sum(row["family_uses"] for row in ledger) == family != 0
    claims = world["claims"].to_pylist()
    of_claims = sum(row["acct_pay"] + row["acct_mulaid_pay"] for row in claims)
    assert run.record["identities"][-1]["one"] == str(of_claims)


def damaged(change: Callable[[pa.Table], pa.Table], table: str, folder: Path) -> int:
    """How many findings a folder has whose table was changed, its digests beside it."""
    path = sorted((folder / table).glob("*.parquet"))[0]
    pq.write_table(change(pq.read_table(path)), path)
    return sum(
        finding.file.startswith((table, "uses", "balances", "totals", "run.json")) and "SHA" not in finding.check
        for finding in verify(folder).findings.told
    )


@pytest.mark.parametrize(
    ("table", "column"), [("ledger", "closing"), ("ledger", "own_uses"), ("uses", "paid"), ("balances", "balc")]
)
def test_verify_finds_what_does_not_add_up(world: dict[str, pa.Table], tmp_path: Path, table: str, column: str) -> None:
    qingsuan.account(world.pop("insured"), year=YEAR, out=tmp_path / "out", **world)

    def change(rows: pa.Table) -> pa.Table:
        values = rows[column].to_pylist()
        values[-1] += Decimal("0.01")
        return rows.set_column(rows.schema.get_field_index(column), column, pa.array(values, pa.decimal128(16, 2)))

    assert damaged(change, table, tmp_path / "out") > 0


def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(
    world: dict[str, pa.Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {}
    for name, rows in world.items():
        files[name] = tmp_path / f"{name}.parquet"
        pq.write_table(rows, files[name])
    insured = files.pop("insured")
    qingsuan.account(insured, year=YEAR, out=tmp_path / "whole", partitions=4, **files)

    settled, calls = PersonalAccounts._settle, []

    def stop(self: PersonalAccounts, *tables: pa.Table) -> Settled:
        calls.append(0)
        if len(calls) == 3:
            raise OSError("made up: the machine stops")
        return settled(self, *tables)

    with monkeypatch.context() as broken:
        broken.setattr(PersonalAccounts, "_settle", stop)
        with pytest.raises(Exception, match="made up"):
            qingsuan.account(insured, year=YEAR, out=tmp_path / "stopped", partitions=4, workers=1, **files)
    assert not (tmp_path / "stopped" / "run.json").exists()
    qingsuan.account(insured, year=YEAR, out=tmp_path / "stopped", partitions=4, resume=True, **files)
    assert bytes_of(tmp_path / "stopped") == bytes_of(tmp_path / "whole")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_the_command_says_what_came_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "insured.csv").write_text(
        "psn_no,insutype,insu_admdvs,psn_type,begndate,acct_mode\nP1,310,220102,1201,2020-01-01,1\nP2,310,150102,1101,2020-01-01,1\n",
        "utf8",
    )
    call = ["account", str(tmp_path / "insured.csv"), "--year", "2023", "--out", str(tmp_path / "out")]
    cli.cli.main(args=call, standalone_mode=False)
    text = capsys.readouterr().out
    assert "1,332.00" in text  # 长春 12 × 111.00
    assert "E_NO_RULE 1" in text
    assert "2201.account.uses.premiums" in text
    assert "15.account.in_service" in pq.read_table(tmp_path / "out/rejected/part-00000.parquet")["expected"][0].as_py()
    cli.cli.main(args=["verify", str(tmp_path / "out")], standalone_mode=False)
    assert "everything adds up" in capsys.readouterr().out


def test_components_of_a_long_chain() -> None:
    ends = np.random.default_rng(1).permutation(10_000)
    assert set(components(10_000, ends[:-1], ends[1:]).tolist()) == {0}


def test_a_finished_settlement_is_taken_as_it_is(tmp_path: Path) -> None:
    """A stay of 5000.00 in 长春, settled by Jilin's rules: what the account paid there is booked here, and nothing is left unread."""
    (tmp_path / "insured.csv").write_text(
        "psn_no,insutype,insu_admdvs,psn_type,begndate,acct_mode,acct_balc\nP1,310,220102,1201,2020-01-01,1,100.00\n",
        "utf8",
    )
    (tmp_path / "claims.csv").write_text(
        "setl_id,psn_no,insutype,med_type,insu_admdvs,dedc_hosp_lv,begndate,setl_time,medfee_sumamt,fulamt_ownpay_amt,"
        "overlmt_selfpay,preselfpay_amt,inscp_scp_amt,acct_used_flag\n"
        "C1,P1,310,21,220102,2,2023-03-01,2023-03-05 10:00:00,5000.00,0.00,0.00,0.00,5000.00,1\n",
        "utf8",
    )
    settled = qingsuan.settle(tmp_path / "claims.csv", tmp_path / "insured.csv", year=2023)
    run = qingsuan.account(tmp_path / "insured.csv", claims=settled, year=2023)
    (use,) = run.uses.to_arrow().to_pylist()
    assert (use["setl_id"], use["date"].isoformat(), use["paid"]) == ("C1", "2023-03-05", Decimal("100.00"))
    assert use["balc"] == 3 * Decimal("108.22")
    assert not any("nobody reads" in warning for warning in run.warnings)
