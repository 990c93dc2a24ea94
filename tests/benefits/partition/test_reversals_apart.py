"""Reversals whose person cannot be read, or is another: what they name is held or told, however the run is cut and wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import exchanges
from qingsuan.benefits.learned import Learned
from qingsuan.benefits.named import NAMED_SCHEMA, NamedByNobody, NamedByReversals
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.people import Marks, Texts
from qingsuan.run.executors.cluster import Cluster
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.restart.fingerprint import by_what
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle
from qingsuan.selftest import differences
from settling import BILL, claim, full_after, install, insured, only, read, run, write

PEOPLE = 40
NEGATED = {"medfee_sumamt": "-1000.00", "fulamt_ownpay_amt": "-100.00", "overlmt_selfpay": "-10.00"}
NEGATED |= {"preselfpay_amt": "-90.00", "inscp_scp_amt": "-800.00", "refd_setl_flag": "1"}
assert set(BILL) < set(NEGATED)


def back(number: int, psn_no: str, **changes: str) -> dict[str, str | None]:
    """A reversal of the claim of this number, under somebody's ``psn_no``."""
    named = {"setl_id": f"r{number}", "psn_no": psn_no, "init_setl_id": f"s{number}"}
    return claim(**{**NEGATED, **named, **changes})


REVERSALS = [
    back(1, ""),
    back(2, "NULL"),
    back(3, "2.2E+17"),
    back(3, "", setl_id="r3-again"),
    back(11, "p11.0"),
    back(12, "p13"),
    back(14, "stranger", med_type="99"),
    back(15, "stranger", setl_time="2023-01-09 10:00:00"),
    back(16, "stranger", setl_id="s16", init_setl_id=""),
    back(17, "stranger", setl_id="s17", init_setl_id="gone"),
    back(18, "stranger", vali_flag="0"),
    back(19, "stranger"),
    back(19, "p19", setl_id="r19-good"),
    back(20, "stranger", init_setl_id="gone"),
]
HELD = {"s1": "z.csv row 1", "s2": "z.csv row 2", "s3": "z.csv row 3"}
TOLD = {"r11": "p11", "r12": "p12", "r14": "p14", "r15": "p15", "s16": "p16", "s17": "p17"}


class Year:
    """A made-up year with such reversals in a file of their own, settled one way and another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = [claim(setl_id=f"s{number}", psn_no=f"p{number}") for number in range(PEOPLE)]
        write(folder / "claims" / "a.csv", rows)
        write(folder / "claims" / "z.csv", [{"vali_flag": "1", **row} for row in REVERSALS])
        write(folder / "insured.csv", [insured(psn_no=f"p{number}") for number in range(PEOPLE)])

    def settle(self, out: str, *more: object) -> Path:
        ran = self.run(out, *more)
        assert ran.status == 0, ran.err
        return self.folder / out

    def run(self, out: str, *more: object) -> Any:
        people, to = self.folder / "insured.csv", self.folder / out
        return run("settle", self.folder / "claims", "--insured", people, "--year", 2022, "--out", to, *more)


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    return Year(tmp_path)


def rejected(out: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["setl_id"] or "", row["psn_no"] or ""): row for row in read(out, "rejected")}


def by_rows(out: Path) -> list[str]:
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in read(out, "rejected"))


def test_what_a_reversal_of_nobody_names_is_held_and_of_another_is_told(year: Year) -> None:
    out = year.settle("out", "--partitions", 5)
    rows = rejected(out)
    for setl_id, where in HELD.items():
        row = rows[setl_id, f"p{setl_id[1:]}"]
        assert (row["code"], row["column"]) == ("E_REVERSAL_OPEN", "setl_id")
        assert row["found"] == f"{setl_id}: the reversal {where} names it, and its psn_no cannot be read"
    told = {row["setl_id"]: row["found"] for row in rows.values() if "is settled under" in row["found"]}
    assert sorted(told) == sorted(TOLD)
    for setl_id, person in TOLD.items():
        settled = f"s{person[1:]}"
        assert told[setl_id].endswith(f"; the settlement {settled}, which it names, is settled under psn_no {person}")
    assert {row["setl_id"] for row in read(out, "reversed")} == {"s19", "r19-good"}
    assert len(read(out, "settled")) == PEOPLE - len(HELD) - 1


def test_the_run_record_counts_what_is_paid_and_names_nobody(year: Year) -> None:
    record = json.loads((year.settle("out") / "run.json").read_text("utf-8"))
    assert record["reversals_of_others"] == len(TOLD)
    (warning,) = [text for text in record["warnings"] if "rejected reversals name" in text]
    assert warning.startswith(f"{len(TOLD)} rejected reversals name settlements that are settled under another psn_no")
    assert "the rejected rows say under which" in warning
    assert not any(person in warning for person in TOLD.values())


def test_without_such_reversals_nothing_is_said(year: Year) -> None:
    (year.folder / "claims" / "z.csv").unlink()
    write(year.folder / "claims" / "z.csv", [back(19, "p19"), back(20, "stranger", init_setl_id="gone")])
    record = json.loads((year.settle("out") / "run.json").read_text("utf-8"))
    assert "reversals_of_others" not in record
    assert not [text for text in record["warnings"] if "rejected reversals name" in text]


@pytest.mark.parametrize("options", [(1, 1), (1, 2), (3, 2), (9, 2)])
def test_partitions_and_workers_do_not_matter(year: Year, options: tuple[int, int]) -> None:
    one = by_rows(year.settle("one", "--partitions", 5, "--workers", 1))
    partitions, workers = options
    assert by_rows(year.settle("other", "--partitions", partitions, "--workers", workers)) == one


@pytest.mark.parametrize("after", [1, 3])
def test_a_run_that_was_stopped_says_the_same(year: Year, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = year.settle("whole", "--partitions", 5)
    with full_after(after, monkeypatch):
        assert year.run("out", "--partitions", 5, "--workers", 1).status == 5
    assert differences(whole, year.settle("out", "--partitions", 5, "--resume")) == []


@pytest.mark.parametrize("exchange", exchanges.GOOD)
@pytest.mark.parametrize("partitions", [1, 5])
def test_through_an_engine_it_says_the_same(
    year: Year, exchange: Callable[[], exchanges.InProcess], partitions: int
) -> None:
    setup, installed = set_up(2022)
    inputs = Inputs(
        {
            "claims": open_sources([year.folder / "claims"], "claims"),
            "insured": open_sources([year.folder / "insured.csv"], "insured"),
        }
    )
    folder = RunFolder(year.folder / "engine", TABLES)
    engine = Cluster(exchange(), by_what(Benefits(setup), installed))
    settle(Benefits(setup), inputs, folder, Options(1, partitions=partitions), installed, engine=engine)
    assert differences(year.settle("local", "--partitions", partitions), folder.path) == []


# ---- the parts


def texts(values: list[str]) -> Texts:
    return Texts.of(pa.array(values, pa.string()))


def test_marks_have_all_that_were_marked_and_hardly_any_besides() -> None:
    few, many = texts([f"few{n}" for n in range(500)]), texts([f"many{n}" for n in range(50_000)])
    marks = Marks(few.hashes)
    assert marks.may_have(few.hashes).all()
    assert marks.may_have(many.hashes).mean() < 1 / 10
    assert not Marks(few.hashes[:0]).may_have(many.hashes).any()


def test_named_by_reversals_are_found_exactly() -> None:
    few, many = texts([f"few{n}" for n in range(500)]), texts([f"many{n}" for n in range(50_000)])
    named = NamedByReversals([few.hashes[:200], few.hashes[100:]])
    hashes = np.concatenate([many.hashes, few.hashes])
    places = named.find(hashes)
    assert places[named.has(hashes[places])].tolist() == list(range(50_000, 50_500))
    assert NamedByReversals([]).find(hashes).tolist() == []


def test_what_reversals_name_is_told_in_few_bytes_and_in_no_order_of_reading() -> None:
    """A prepared year has it in its record, which everybody reads who looks one person up."""
    hashes = np.concatenate([texts([f"s{n}" for n in range(1_000)]).hashes, np.array([0, 2**64 - 1], np.uint64)])
    told = []
    for parts in ([hashes[:300], hashes[200:]], [hashes[::-1]]):
        learned = Learned.nothing(["insutype"])
        learned.named_by_reversals += parts
        told.append(json.dumps(learned.told()))
    assert told[0] == told[1]
    assert len(told[0]) < 12 * len(hashes)
    again = Learned.nothing(["insutype"])
    again.learn(json.loads(told[0]))
    assert NamedByReversals(again.named_by_reversals).has(hashes).all()
    assert np.concatenate(again.named_by_reversals).tolist() == sorted(hashes.tolist())


def test_of_several_reversals_of_nobody_the_first_is_named_whatever_order_they_were_read_in() -> None:
    ids, files, rows = ["b", "a", "a", "a", "b"], [1, 1, 0, 0, 1], [3, 0, 9, 2, 2]
    parts = [pa.table([[i], [f], [r]], schema=NAMED_SCHEMA) for i, f, r in zip(ids, files, rows, strict=True)]
    for noted in (parts, parts[::-1]):
        named = NamedByNobody(noted)
        column = pa.chunked_array([["x", "b", "a", "ab"]])
        places, numbers = named.find(Texts.of(column), column, np.array([3, 2, 1, 0], np.int32))
        assert places.tolist() == [1, 2]
        assert [named.where(number) for number in numbers.tolist()] == [(0, 2), (1, 2)]
