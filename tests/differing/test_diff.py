"""Two runs compared: every row against plain dictionaries, every sum against the runs, each cause, each refusal."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from qingsuan.differing import matching
from qingsuan.policy.model import FUNDS
from qingsuan.policy.numeric import PAYERS
from qingsuan.tables import PAID_COLUMNS
from sealing import add_fen, change
from settling import run

Key = tuple[str, str]
Fates = dict[Key, tuple[str, str, dict[str, Any]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up year settled three times: as it was, with other identities and claims, and so in other partitions."""
    folder = tmp_path_factory.mktemp("diff")
    assert run("sample", folder / "year", "--people", 1200, "--seed", 5, "--bad-rows", 24).status == 0
    claims = pq.read_table(folder / "year" / "claims")
    rows = np.arange(claims.num_rows)
    spoilt = claims.set_column(
        claims.schema.get_field_index("med_type"),
        "med_type",
        pa.array(
            [
                None if row % 91 == 5 else code
                for row, code in zip(rows, claims.column("med_type").to_pylist(), strict=True)
            ]
        ),
    )
    pq.write_table(spoilt.filter(pa.array(rows % 67 != 3)), folder / "claims.parquet")
    identities = pq.read_table(folder / "year" / "identities.parquet")
    pq.write_table(identities.filter(pa.array(np.arange(identities.num_rows) % 2 == 0)), folder / "identities.parquet")
    settle(folder, "first", folder / "year" / "claims", folder / "year" / "identities.parquet", 2)
    settle(folder, "second", folder / "claims.parquet", folder / "identities.parquet", 2)
    settle(folder, "spread", folder / "claims.parquet", folder / "identities.parquet", 5)
    settle(folder, "person", folder / "year" / "claims", folder / "identities.parquet", 2)
    return folder


def settle(folder: Path, out: str, claims: Path, identities: Path, partitions: int, *more: object) -> None:
    people = ("--insured", folder / "year" / "insured.parquet", "--identities", identities)
    asked = ("settle", claims, *people, "--year", 2021, "--out", folder / out, "--partitions", partitions, *more)
    assert run(*asked).status == 0


def fates(out: Path) -> Fates:
    """What became of every claim, in plain Python: settled before reversed before rejected."""
    found: Fates = {}
    for table in ("settled", "reversed", "rejected"):
        for part in sorted((out / table).glob("part-*.parquet")):
            for row in pq.read_table(part).to_pylist():
                key = (row["psn_no"] or "", row["setl_id"] or "")
                if all(key) and key not in found:
                    found[key] = (table, row.get("code") or "", row)
    return found


def differing(first: Path, second: Path) -> dict[Key, tuple[Any, ...]]:
    """Every claim that differs: what became of it in both, and what each fund pays more."""
    paid, due = fates(first), fates(second)
    found = {}
    for key in paid.keys() | due.keys():
        one, two = (side.get(key, ("absent", "", {})) for side in (paid, due))
        alike = one[2] == two[2] if one[0] == two[0] == "settled" else one[:2] == two[:2]
        if not alike:
            amounts = (tuple(side[2][fund] if side[0] == "settled" else 0 for fund in PAYERS) for side in (one, two))
            before, after = amounts
            found[key] = (one[0], two[0], tuple(b - a for a, b in zip(before, after, strict=True)))
    return found


def told(rows: list[dict[str, Any]]) -> dict[Key, tuple[Any, ...]]:
    return {
        (row["psn_no"], row["setl_id"]): (
            row["first_outcome"], row["second_outcome"], tuple(row[f"diff_{fund}"] for fund in PAYERS)
        )
        for row in rows
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"), [("first", "second"), ("second", "first"), ("first", "spread"), ("spread", "first")]
)
def test_every_claim_that_differs_is_there_and_no_other(made: Path, first: str, second: str) -> None:
    found = qingsuan.diff(made / first, made / second)
    rows = found.rows.to_arrow().to_pylist()
    expected = differing(made / first, made / second)
    assert len(rows) == len(expected) == found.record["rows"]["differ"]
    assert told(rows) == expected
    assert {"settled absent", "settled rejected"} <= {
        f"{row['first_outcome']} {row['second_outcome']}" for row in rows
    } or first != "first"


def test_partitions_change_nothing(made: Path) -> None:
    by = [("psn_no", "ascending"), ("setl_id", "ascending")]
    one, other = (qingsuan.diff(made / "first", made / second) for second in ("second", "spread"))
    assert one.rows.to_arrow().sort_by(by).equals(other.rows.to_arrow().sort_by(by))
    assert one.totals["causes"].to_arrow().equals(other.totals["causes"].to_arrow())
    assert one.totals["institutions"].to_arrow().equals(other.totals["institutions"].to_arrow())
    assert {**one.record, "second": None} == {**other.record, "second": None}


def test_all_sums_are_the_difference_of_the_runs(made: Path) -> None:
    found = qingsuan.diff(made / "first", made / "second")
    rows, people = found.rows.to_arrow().to_pylist(), found.people.to_arrow().to_pylist()
    settled = [qingsuan.open(made / name).settled.to_arrow() for name in ("first", "second")]
    for fund in PAYERS:
        paid, due = (sum(table.column(fund).to_pylist()) for table in settled)
        assert due - paid == sum(row[f"diff_{fund}"] for row in rows) == sum(row[f"diff_{fund}"] for row in people)
        assert found.record["funds"][fund]["difference"] == f"{due - paid:.2f}"
        for name in ("causes", "institutions"):
            sums = [row for row in found.totals[name].to_arrow().to_pylist() if row["fund"] == fund]
            assert sum(row["to_pay"] - row["to_take_back"] for row in sums) == due - paid
            assert sum(row["to_pay"] for row in sums) == sum(max(row[f"diff_{fund}"], 0) for row in rows)
    assert sum(row["to_pay"] for row in people) == sum(max(row[f"diff_{fund}"], 0) for row in rows for fund in FUNDS)


def test_the_differences_of_a_run_that_carries_what_was_paid_are_the_same(made: Path, tmp_path: Path) -> None:
    """Two ways to one number: paid_… columns of the first run in the claims of the second, and the runs beside each other."""
    paid = {row["setl_id"]: row for row in qingsuan.open(made / "first").settled.to_arrow().to_pylist()}
    claims = pq.read_table(made / "claims.parquet")
    ids = claims.column("setl_id").to_pylist()
    copies = {one for one, count in Counter(ids).items() if count > 1}
    ids = ["" if one in copies else one for one in ids]  # which of two copies was paid is another question
    for name in PAID_COLUMNS:
        cells = [paid.get(one, {}).get(name.removeprefix("paid_")) for one in ids]
        claims = claims.append_column(name, pa.array(cells, pa.decimal128(16, 2)))
    carried = qingsuan.settle(claims, made / "year" / "insured.parquet", made / "identities.parquet", year=2021)
    sums: Counter[str] = Counter()
    for row in carried.totals["differences"].to_arrow().to_pylist():
        sums[row["fund"]] += row["to_pay"] - row["to_take_back"]
    rows = [
        row
        for row in qingsuan.diff(made / "first", carried).rows.to_arrow().to_pylist()
        if row["second_outcome"] != "absent" and row["setl_id"] not in copies
    ]
    first_time = [row for row in rows if row["first_outcome"] != "settled"]
    for name in PAID_COLUMNS:
        fund = name.removeprefix("paid_")
        assert sums[fund] == sum(row[f"diff_{fund}"] for row in rows) - sum(row[f"diff_{fund}"] for row in first_time)


def test_what_is_paid_then_is_what_the_second_run_says(made: Path) -> None:
    due = {row["setl_id"]: row for row in qingsuan.open(made / "second").settled.to_arrow().to_pylist()}
    paid = qingsuan.diff(made / "first", made / "second").paid.to_arrow().to_pylist()
    assert {name for row in paid for name in row} == {"setl_id", "psn_no", *PAID_COLUMNS}
    for row in paid:
        for name in PAID_COLUMNS:
            assert row[name] == due.get(row["setl_id"], {}).get(name.removeprefix("paid_"), 0)


# ---- causes


def causes(made: Path, first: str, second: str) -> set[str]:
    return {row["cause"] for row in qingsuan.diff(made / first, made / second).rows.to_arrow().to_pylist()}


def test_other_identities_are_the_person_and_what_follows_from_them(made: Path) -> None:
    assert "person" in causes(made, "first", "person")
    assert causes(made, "first", "person") <= {"person", "course"}


def test_other_rules_are_the_rule(made: Path) -> None:
    rules = made / "rules"
    if not rules.exists():
        shutil.copytree(Path(__file__).parents[2] / "plugins/jilin/src/qingsuan_jilin/rules", rules)
        file = rules / "2201-390-2021-01-01.toml"
        text = file.read_text("utf-8")
        assert text.count("bands = { percent = [50]") == 1
        file.write_text(text.replace("bands = { percent = [50]", "bands = { percent = [49]"), "utf-8")
        settle(made, "ruled", made / "year" / "claims", made / "year" / "identities.parquet", 2, "--rules-dir", rules)
        settle(made, "both", made / "year" / "claims", made / "identities.parquet", 2, "--rules-dir", rules)
    assert "rule" in causes(made, "first", "ruled")
    assert causes(made, "first", "ruled") <= {"rule", "course"}
    assert "rule or person" in causes(made, "first", "both")
    assert {row["pool"] for row in qingsuan.diff(made / "first", made / "ruled").rows.to_arrow().to_pylist()} == {
        "220100"
    }


def test_a_claim_that_says_something_else(made: Path, tmp_path: Path) -> None:
    claims = pq.read_table(made / "year" / "claims")
    place = claims.schema.get_field_index("fixmedins_code")
    codes = [f"X{code}" if row % 50 == 0 else code for row, code in enumerate(claims.column(place).to_pylist())]
    pq.write_table(
        claims.set_column(place, "fixmedins_code", pa.array(codes, pa.string())), tmp_path / "claims.parquet"
    )
    people = made / "year" / "insured.parquet", made / "year" / "identities.parquet"
    found = qingsuan.diff(
        made / "first", qingsuan.settle(tmp_path / "claims.parquet", *people, year=2021, partitions=2)
    )
    rows = found.rows.to_arrow().to_pylist()
    assert {row["cause"] for row in rows if row["first_outcome"] == row["second_outcome"] == "settled"} == {"claim"}
    moved = [
        row for row in found.totals["institutions"].to_arrow().to_pylist() if row["fixmedins_code"].startswith("X")
    ]
    assert moved, "what an institution has to give back, the other one is paid"
    assert all(row["to_take_back"] == 0 for row in moved)
    assert all(one["difference"] == "0.00" for one in found.record["funds"].values())


# ---- ids and damage


def test_two_ids_of_one_hash_are_told_apart(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_hash(table: pa.Table) -> pa.Array:
        return pa.array(np.zeros(table.num_rows, np.uint64))

    monkeypatch.setattr(matching, "_hashes", one_hash)
    rows = qingsuan.diff(made / "first", made / "second").rows.to_arrow().to_pylist()
    assert told(rows) == differing(made / "first", made / "second")


def test_runs_that_do_not_add_up_are_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "second", tmp_path / "second")
    change(tmp_path / "second", "totals/care.parquet", add_fen("hifp_pay", 1))
    ran = run("diff", made / "first", tmp_path / "second", "--out", tmp_path / "out")
    assert ran.status == 5
    assert "hifp_pay" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["second"]


# ---- people with a former benefit


def register_of(made: Path, place: Path) -> dict[str, str]:
    """A register of every fourth insured person and of all who hold an identity, some with two benefits, and of somebody unknown."""
    people = pq.read_table(made / "year" / "insured.parquet").column("psn_no").to_pylist()
    holders = pq.read_table(made / "year" / "identities.parquet").column("psn_no").to_pylist()
    some = sorted({*sorted(set(people))[::4], *holders})
    lines = [f"{one},M03900" for one in some] + [f"{one},M01600" for one in some[::5]] + ["9" * 20 + ",M03900"]
    place.write_text("\n".join(["# made up", "psn_no,benefit", *lines]), "utf-8")
    both = set(some[::5])
    return {one: "M03900+M01600" if one in both else "M03900" for one in some} | {"9" * 20: "M03900"}


def becomes(first: Fates, second: Fates, person: str) -> dict[str, Any]:
    """What a register's table has to say of a person, in plain Python."""
    sums: list[dict[str, Any]] = []
    for side in (first, second):
        mine = [row for (psn_no, _), (fate, _, row) in side.items() if (psn_no, fate) == (person, "settled")]
        of_care = [row for row in mine if row["med_type"][0] == "1" or row["med_type"] == "41"]
        funds = [sum(row[fund] for row in rows for fund in FUNDS) for rows in (mine, of_care)]
        sums.append({"claims": len(mine), "fund_pay_sumamt": funds[0], "outpatient": funds[1]})
    keys = {key for key in first.keys() | second.keys() if key[0] == person}
    unlike = any(first.get(key, ("absent",))[0] != second.get(key, ("absent",))[0] for key in keys)
    before, after = (one["fund_pay_sumamt"] for one in sums)
    outcome = "less" if after < before else "more" if after > before else "same"
    if unlike:
        outcome = "not known"
    elif not sums[0]["claims"] and not sums[1]["claims"]:
        outcome = "no claims"
    told = {f"{side}_{name}": one[name] for side, one in zip(("first", "second"), sums, strict=True) for name in one}
    less = {"less": max(before - after, 0), "less_outpatient": max(sums[0]["outpatient"] - sums[1]["outpatient"], 0)}
    return {"outcome": outcome, **told, **less}


@pytest.mark.parametrize("second", ["second", "spread", "person"])
def test_who_gets_less_than_before(made: Path, tmp_path: Path, second: str) -> None:
    benefits = register_of(made, tmp_path / "register.csv")
    found = qingsuan.diff(made / "first", made / second, register=tmp_path / "register.csv")
    sides = fates(made / "first"), fates(made / second)
    rows = {row.pop("psn_no"): row for row in found.registered.to_arrow().to_pylist()}
    assert rows == {one: {"benefit": benefit, **becomes(*sides, one)} for one, benefit in benefits.items()}
    outcomes = Counter(row["outcome"] for row in rows.values())
    assert {name: count for name, count in found.record["register"]["outcomes"].items() if count} == outcomes
    assert {"less", "same", "no claims"} <= set(outcomes)
    assert ("not known" in outcomes) == (second != "person")
    lost = sum(row["less"] for row in rows.values() if row["outcome"] == "less")
    assert found.record["register"]["less"] == f"{lost:.2f}"
    totals = found.totals["register"].to_arrow().to_pylist()
    by = Counter((row["benefit"], row["outcome"]) for row in rows.values())
    assert {(row["benefit"], row["outcome"]): row["people"] for row in totals} == by
    assert sum(row["less"] for row in totals) == sum(row["less"] for row in rows.values())


def test_a_register_of_two_equal_runs_has_everybody(made: Path, tmp_path: Path) -> None:
    benefits = register_of(made, tmp_path / "register.csv")
    ran = run(
        "diff", made / "second", made / "spread", "--register", tmp_path / "register.csv", "--out", tmp_path / "x"
    )
    assert ran.status == 0
    assert "as much as before" in ran.out
    rows = [row for part in (tmp_path / "x" / "registered").iterdir() for row in pq.read_table(part).to_pylist()]
    assert sorted(row["psn_no"] for row in rows) == sorted(benefits)
    assert {row["outcome"] for row in rows} == {"same", "no claims"}
    chinese = run("diff", made / "first", made / "person", "--register", tmp_path / "register.csv", "--lang", "zh")
    assert "比以前少" in chinese.out
    assert "待遇减少的人员合计少得" in chinese.out


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["psn_no,benefit", "1,M03900", "1,M03900"], "line 3: a person and benefit that stand further up"),
        (["psn_no,benefit", ",M03900"], "line 2: no psn_no"),
        (["psn_no,benefit", "1,"], "line 2: no benefit"),
        (["psn_no,benefit"], "no line"),
        (["psn_no,disease", "1,M03900"], "no column benefit"),
    ],
)
def test_a_register_that_cannot_be_trusted_is_refused(made: Path, tmp_path: Path, lines: list[str], words: str) -> None:
    (tmp_path / "register.csv").write_text("\n".join(lines), "utf-8")
    asked = ("diff", made / "first", made / "second", "--register", tmp_path / "register.csv", "--out", tmp_path / "x")
    ran = run(*asked)
    assert ran.status == 4
    assert words in ran.err
    assert not (tmp_path / "x").exists()


# ---- the command


def test_the_command_writes_a_folder_and_says_what_differs(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = run("diff", made / "first", made / "second", "--out", out, "--lang", "zh")
    assert ran.status == 0
    assert "应收回" in ran.out
    assert json.loads((out / "diff.json").read_text("utf-8"))["format"] == "qingsuan diff"
    assert {path.name for path in out.iterdir()} == {"diff.json", "rows", "people", "paid", "totals"}
    assert "to take back" in run("diff", made / "first", made / "second", "--lang", "en").out
    same = run("diff", made / "second", made / "spread", "--lang", "en")
    assert (same.status, "No claim differs." in same.out) == (0, True)


def of_another_year(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**record, "year": 2022}), "utf-8")


def without_a_column(folder: Path) -> None:
    for part in sorted((folder / "settled").iterdir()):
        pq.write_table(pq.read_table(part).drop_columns(["balc"]), part)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda folder: (folder / "run.json").unlink(), "no run record"),
        (of_another_year, "only runs of one year can be compared"),
        (without_a_column, "other columns: balc"),
        (lambda folder: (folder / "settled/part-00001.parquet").unlink(), "cannot be read"),
        (lambda folder: (folder / "SHA256SUMS").write_text("", "utf-8"), "SHA-256 is not the one"),
        (lambda folder: (folder / "totals/care.parquet").unlink(), "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_refused(made: Path, tmp_path: Path, how: Callable[[Path], Any], words: str) -> None:
    shutil.copytree(made / "second", tmp_path / "second")
    how(tmp_path / "second")
    ran = run("diff", made / "first", tmp_path / "second", "--out", tmp_path / "out")
    assert ran.status == 3
    assert words in ran.err
    assert not (tmp_path / "out").exists()


def test_what_was_asked_wrongly_is_refused(made: Path, tmp_path: Path) -> None:
    again = run("diff", made / "first", made / "first")
    assert (again.status, "the same folder twice" in again.err) == (2, True)
    (tmp_path / "out").mkdir()
    there = run("diff", made / "first", made / "second", "--out", tmp_path / "out")
    assert (there.status, "something is there" in there.err) == (2, True)
    inside = run("diff", made / "first", made / "second", "--out", made / "first" / "out")
    assert (inside.status, "outside of the runs" in inside.err) == (2, True)
