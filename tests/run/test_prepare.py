"""A year that is prepared once is settled from there to the same bytes, in one delivery or in several."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import qingsuan
from qingsuan.errors import InputError
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.shuffle import Budget
from settling import Ran, claim, full_after, install, insured, only, run, write, write_csv
from stopping import MAIN, Tree
from stopping import tree as files_of

PARTITIONS = 3


def tree(folder: Path) -> Tree:
    """Every file of a folder; the record of a run without the prepared year that it names, which a run of files has not."""
    found = files_of(folder)
    if "run.json" in found:
        record = json.loads(found["run.json"])
        record.pop("prepared", None)
        found["run.json"] = json.dumps(record, indent=2).encode()
    return found


class Year:
    """A made-up year with bad rows, its claims cut by month."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        assert run("sample", folder / "year", "--people", 2500, "--seed", 4, "--bad-rows", 60).status == 0
        claims = pq.read_table(folder / "year" / "claims")
        month = pc.fill_null(pc.month(claims.column("setl_time")), 12)
        for number in range(1, 13):
            path = folder / "months" / f"{number:02d}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(claims.filter(pc.equal(month, number)), path, row_group_size=500)
        assert self.settle(self.months(1, 12), folder / "whole").status == 0
        self.expected = tree(folder / "whole")

    def months(self, first: int, last: int) -> list[Path]:
        return [self.folder / "months" / f"{number:02d}.parquet" for number in range(first, last + 1)]

    def people(self) -> list[object]:
        year = self.folder / "year"
        return ["--insured", year / "insured.parquet", "--identities", year / "identities.parquet"]

    def settle(self, claims: list[Path], out: Path, *more: object) -> Ran:
        return run("settle", *claims, *self.people(), "--year", 2021, "--out", out, "--partitions", PARTITIONS, *more)

    def prepare(self, claims: list[Path], out: Path, *more: object) -> Ran:
        return run("prepare", *claims, *self.people(), "--year", 2021, "--out", out, "--partitions", PARTITIONS, *more)

    def add(self, claims: list[Path], out: Path, *more: object) -> Ran:
        return run("prepare", *claims, "--add", "--out", out, *more)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("prepare"))


@pytest.fixture(scope="module")
def eleven(year: Year) -> Path:
    out = year.folder / "eleven"
    assert year.prepare(year.months(1, 11), out).status == 0
    return out


def settled(prepared: Path, out: Path, *more: object) -> Mapping[str, bytes]:
    ran = run("settle", prepared, "--out", out, *more)
    assert ran.status == 0, ran.err
    return tree(out)


def rows_of(prepared: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of a prepared year by table, in no order, with codes as texts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for delivery in PreparedYear.open(prepared).deliveries:
        texts = delivery.state["learned"]["texts"]
        for table in ("claims", "insured", "identities"):
            for partition in range(PARTITIONS):
                for row in delivery.read(table, partition).to_pylist():
                    row.pop("person", None)
                    told = {name: texts[name][value] if name in texts else value for name, value in row.items()}
                    found.setdefault(table, []).append({**told, "partition": partition})
    return {table: sorted(rows, key=lambda row: (row["file"], row["row"])) for table, rows in found.items()}


def test_it_settles_to_the_same_bytes(year: Year, tmp_path: Path) -> None:
    ran = year.prepare(year.months(1, 12), tmp_path / "prepared")
    assert ran.status == 0, ran.err
    assert "rejected)" in ran.out
    assert settled(tmp_path / "prepared", tmp_path / "out") == year.expected
    assert settled(tmp_path / "prepared", tmp_path / "again", "--workers", 1) == year.expected
    assert run("verify", tmp_path / "out", "--inputs", year.folder).status == 0


def test_rows_put_aside_on_disk_change_nothing(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(50_000))
        assert year.prepare(year.months(1, 12), tmp_path / "prepared", "--memory", "64MB").status == 0
    assert not list((tmp_path / "prepared").rglob(".*spill*"))
    assert settled(tmp_path / "prepared", tmp_path / "out") == year.expected


def test_it_is_kept_on_the_way(year: Year, tmp_path: Path) -> None:
    ran = year.settle(year.months(1, 12), tmp_path / "out", "--keep", tmp_path / "prepared")
    assert ran.status == 0, ran.err
    assert tree(tmp_path / "out") == year.expected
    assert settled(tmp_path / "prepared", tmp_path / "again") == year.expected


def test_a_stopped_run_that_keeps_goes_on_from_what_it_kept(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ("--keep", tmp_path / "prepared")
    with full_after(1, monkeypatch):
        assert year.settle(year.months(1, 12), tmp_path / "out", "--workers", 1, *more).status == 5
    ran = year.settle(year.months(1, 12), tmp_path / "out", "--resume", *more)
    assert ran.status == 0, ran.err
    assert tree(tmp_path / "out") == year.expected
    ran = year.settle(year.months(1, 12), tmp_path / "other", "--keep", tmp_path / "kept", "--engine", "spark")
    assert (ran.status, (tmp_path / "kept").exists()) == (2, False), ran.err


def test_a_month_is_added_to_eleven(year: Year, eleven: Path, tmp_path: Path) -> None:
    prepared = Path(shutil.copytree(eleven, tmp_path / "prepared"))
    before = tree(prepared / "delivery-0001")
    ran = year.add(year.months(12, 12), prepared)
    assert ran.status == 0, ran.err
    assert tree(prepared / "delivery-0001") == before
    assert year.prepare(year.months(1, 12), tmp_path / "at-once").status == 0
    assert rows_of(prepared) == rows_of(tmp_path / "at-once")
    found = settled(prepared, tmp_path / "out")
    assert {**found, "run.json": b""} == {**year.expected, "run.json": b""}
    assert json.loads(found["run.json"]) == json.loads(year.expected["run.json"])


def test_people_alone_are_a_delivery_too(year: Year, tmp_path: Path) -> None:
    people = year.people()
    first = ("--insured", people[1], "--year", 2021, "--out", tmp_path / "y", "--partitions", PARTITIONS)
    assert run("prepare", *year.months(1, 12), *first).status == 0
    assert run("prepare", "--identities", people[3], "--add", "--year", 2021, "--out", tmp_path / "y").status == 0
    found = settled(tmp_path / "y", tmp_path / "out")
    assert {**found, "run.json": b""} == {**year.expected, "run.json": b""}
    ran = run("prepare", "--add", "--year", 2021, "--out", tmp_path / "y")
    assert (ran.status, "nothing to add" in ran.err) == (2, True), ran.err


def test_late_people_are_a_delivery_too(year: Year, tmp_path: Path) -> None:
    people = year.people()
    ran = run(
        "prepare",
        *year.months(1, 6),
        "--insured",
        people[1],
        "--year",
        2021,
        "--out",
        tmp_path / "y",
        "--partitions",
        3,
    )
    assert ran.status == 0, ran.err
    assert year.add(year.months(7, 12), tmp_path / "y", "--identities", people[3]).status == 0
    found = settled(tmp_path / "y", tmp_path / "out")
    assert {**found, "run.json": b""} == {**year.expected, "run.json": b""}


def test_a_stopped_run_of_a_prepared_year_goes_on(
    eleven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = settled(eleven, tmp_path / "undisturbed")
    with full_after(1, monkeypatch):
        assert run("settle", eleven, "--year", 2021, "--out", tmp_path / "out", "--workers", 1).status == 5
    assert settled(eleven, tmp_path / "out", "--resume") == expected
    assert "the run is finished" in run("settle", eleven, "--year", 2021, "--out", tmp_path / "out", "--resume").err


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--insured", "x.parquet"), 2, "given with a prepared year"),
        (("--partitions", 4), 2, "3, into which the year is cut"),
        (("--engine", "spark"), 2, "spark, for a prepared year"),
        (("--skip-unserved",), 2, "prepared by other options: skip unserved pools"),
        (("--keep", "kept"), 2, "a prepared year is kept already"),
    ],
)
def test_what_a_prepared_year_is_not_settled_with(
    eleven: Path, tmp_path: Path, more: tuple[object, ...], status: int, said: str
) -> None:
    ran = run("settle", eleven, "--year", 2021, "--out", tmp_path / "out", *more)
    assert (ran.status, said in ran.err) == (status, True), ran.err
    assert not (tmp_path / "out").exists()


def test_a_prepared_year_says_which_it_is(year: Year, eleven: Path, tmp_path: Path) -> None:
    said = run("settle", eleven, "--year", 2021, "--out", tmp_path / "said")
    assert said.status == 0, said.err
    assert tree(tmp_path / "said") == settled(eleven, tmp_path / "out")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_another_year_is_refused(year: Year, eleven: Path, tmp_path: Path, lang: str) -> None:
    another = {"en": "2022, with a prepared year of 2021", "zh": "2022，而给出的是 2021 年的预备年度"}[lang]
    nothing = {"en": "only a prepared one says it itself", "zh": "只有预备年度自行写明"}[lang]
    out = ("--out", tmp_path / "out", "--lang", lang)
    for command, said in (
        (("settle", eleven, "--year", 2022, *out), another),
        (("prepare", *year.months(12, 12), "--add", "--year", 2022, "--out", eleven, "--lang", lang), another),
        (("settle", *year.months(1, 1), *year.people(), *out), nothing),
        (("prepare", *year.months(1, 1), *year.people(), *out), nothing),
    ):
        ran = run(*command)
        assert (ran.status, said in ran.err) == (2, True), ran.err
    assert not (tmp_path / "out").exists()


def test_a_file_is_not_delivered_twice(year: Year, eleven: Path, tmp_path: Path) -> None:
    prepared = Path(shutil.copytree(eleven, tmp_path / "prepared"))
    before = tree(prepared)
    ran = year.add(year.months(11, 12), prepared)
    assert (ran.status, "11.parquet" in ran.err, "holds already" in ran.err) == (3, True, True), ran.err
    assert tree(prepared) == before


def test_a_delivery_with_columns_that_change_how_rows_are_read_is_refused(
    year: Year, eleven: Path, tmp_path: Path
) -> None:
    prepared = Path(shutil.copytree(eleven, tmp_path / "prepared"))
    before = tree(prepared)
    claims = pq.read_table(year.months(12, 12)[0])
    zero = pa.array([0] * claims.num_rows, pa.int64()).cast(pa.decimal128(21, 2)).cast(pa.decimal128(16, 2))
    pq.write_table(claims.append_column("paid_hifp_pay", zero), tmp_path / "12.parquet")
    ran = year.add([tmp_path / "12.parquet"], prepared)
    assert (ran.status, "paid_hifp_pay" in ran.err, "anew" in ran.err) == (3, True, True), ran.err
    assert tree(prepared) == before


def test_nothing_to_add_to(year: Year, tmp_path: Path) -> None:
    ran = year.add(year.months(1, 1), tmp_path / "none")
    assert (ran.status, "no prepared year" in ran.err) == (3, True), ran.err
    assert not (tmp_path / "none").exists()


def test_without_insured_people_nothing_is_prepared(year: Year, tmp_path: Path) -> None:
    ran = run("prepare", *year.months(1, 1), "--year", 2021, "--out", tmp_path / "y")
    assert (ran.status, "--insured" in ran.err) == (2, True), ran.err
    ran = run("settle", *year.months(1, 1), "--year", 2021, "--out", tmp_path / "out")
    assert (ran.status, "a prepared year instead of claims" in ran.err) == (2, True), ran.err


class Region:
    """A made-up region whose claims are CSV with a column of the bureau's own: rejected rows are not made again from what is kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        install(folder / "site")
        only(folder / "site", monkeypatch)
        rows = [claim(setl_id=f"s{n}", psn_no=f"p{n % 7}", note=f"n{n}") for n in range(60)]
        rows += [claim(setl_id="s3", psn_no="p3", note="again"), claim(setl_id="x", psn_no="nobody", note="stranger")]
        rows += [claim(setl_id="y", psn_no="p1", medfee_sumamt="1.00", note="wrong sum")]
        self.claims = write_csv(folder / "claims.csv", rows)
        self.people = write(folder / "insured.parquet", [insured(psn_no=f"p{n}") for n in range(7)])

    def prepare(self, out: Path) -> Ran:
        arguments = ("prepare", self.claims, "--insured", self.people, "--year", 2022, "--out", out)
        return run(*arguments, "--partitions", 2)

    def settle(self, claims: Path, out: Path, *more: object) -> Ran:
        return run("settle", claims, "--year", 2022, "--out", out, *more)


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    return Region(tmp_path, monkeypatch)


def test_rows_that_were_kept_nowhere_are_fetched_from_their_file(region: Region, tmp_path: Path) -> None:
    assert region.prepare(tmp_path / "y").status == 0
    more = ("--insured", region.people, "--partitions", 2)
    assert region.settle(region.claims, tmp_path / "whole", *more).status == 0
    assert region.settle(tmp_path / "y", tmp_path / "out").status == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    rejected = pq.read_table(tmp_path / "out" / "rejected").to_pylist()
    assert {"again", "stranger", "wrong sum"} <= {row["note"] for row in rejected}
    region.claims.write_text(region.claims.read_text("utf-8").replace("stranger", "changed!"), "utf-8")
    ran = region.settle(tmp_path / "y", tmp_path / "changed")
    assert (ran.status, "claims.csv" in ran.err, "not as it was when the year was prepared" in ran.err) == (
        3,
        True,
        True,
    ), ran.err
    region.claims.unlink()
    ran = region.settle(tmp_path / "y", tmp_path / "gone")
    assert (ran.status, "claims.csv" in ran.err) == (3, True), ran.err


def test_other_rules_settle_it_and_other_plugins_do_not(region: Region, tmp_path: Path) -> None:
    assert region.prepare(tmp_path / "y").status == 0
    (metadata,) = (region.folder / "site").rglob("METADATA")
    metadata.write_text(metadata.read_text("utf-8").replace("2022.1", "2022.2"), "utf-8")
    ran = region.settle(tmp_path / "y", tmp_path / "out")
    assert (ran.status, "prepared by other plugins: qingsuan-settling" in ran.err) == (4, True), ran.err


def test_a_person_and_a_settlement_are_found(year: Year, eleven: Path) -> None:
    prepared = qingsuan.open(eleven)
    claims = pq.read_table(year.folder / "months").to_pylist()
    times = Counter(row["setl_id"] for row in claims)
    one = next(row for row in claims if row["setl_time"].month == 5 and times[row["setl_id"]] == 1)
    mine = {row["setl_id"] for row in claims if row["psn_no"] == one["psn_no"] and row["setl_time"].month < 12}
    found = prepared.person(one["psn_no"])
    assert {row["setl_id"] for row in found["claims"].to_pylist()} <= mine
    (row,) = prepared.claim(one["setl_id"]).to_pylist()
    assert (row["psn_no"], row["insutype"], row["medfee_sumamt"]) == (
        one["psn_no"],
        one["insutype"],
        100 * one["medfee_sumamt"],
    )
    told = json.loads(run("find", eleven, "--setl-id", one["setl_id"], "--json").out)
    assert [each["psn_no"] for each in told["claims"]] == [one["psn_no"]]
    assert one["setl_id"] in run("find", eleven, "--psn-no", one["psn_no"]).out
    ran = run("find", eleven, "--psn-no", "nobody")
    assert (ran.status, "no row of psn_no nobody" in ran.err) == (3, True)
    assert run("find", eleven).status == 2


def test_from_python(year: Year, tmp_path: Path) -> None:
    claims, people = pq.read_table(year.folder / "months"), pq.read_table(year.folder / "year" / "insured.parquet")
    prepared = qingsuan.prepare(claims, people, year=2021, out=tmp_path / "y", partitions=2)
    assert prepared.record["deliveries"][0]["rows"]["claims"] == claims.num_rows
    from_year = qingsuan.settle(prepared.path, year=2021)
    at_once = qingsuan.settle(claims, people, year=2021, partitions=2)
    assert from_year.settled.to_arrow() == at_once.settled.to_arrow()
    prepared.check()
    with pytest.raises(InputError, match="finished run"):
        qingsuan.open(tmp_path / "other")


@pytest.mark.parametrize("after", [0.4, 0.6, 0.8])
def test_a_preparation_that_is_killed_leaves_nothing_in_the_way(year: Year, tmp_path: Path, after: float) -> None:
    out = tmp_path / "prepared"
    arguments = [
        "prepare",
        *year.months(1, 12),
        *year.people(),
        "--year",
        2021,
        "--out",
        out,
        "--partitions",
        PARTITIONS,
    ]
    process = subprocess.Popen([*MAIN, *map(str, arguments)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(after)
    process.kill()
    process.communicate()
    ready = (out / "year.json").exists()
    if not ready:
        ran = run("settle", out, "--year", 2021, "--out", tmp_path / "out")
        assert ran.status in (2, 3), ran.err
        assert year.prepare(year.months(1, 12), out).status == 0
    assert settled(out, tmp_path / "out") == year.expected
    # The file of the lock goes last: whoever is killed with the year ready may leave it, and nobody holds it any more.
    left_by_the_killed = {".lock"} if ready else set()
    assert {path.name for path in out.iterdir()} - left_by_the_killed == {"year.json", "delivery-0001"}
