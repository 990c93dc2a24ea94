"""How claims come — order, files, formats, batches — and how a run works change no byte of its results."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from random import Random
from re import sub
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from qingsuan.benefits.intake.restore import is_restorable
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.plugins import Installed
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.rejections import refused
from qingsuan.run.settle import partitions_for, settle
from qingsuan.run.shuffle import Shuffle
from qingsuan.tables import CLAIMS, PAID_COLUMNS
from world_tables import claims_table, identities_table, insured_table
from worlds import World, world

SAME = ("settled", "reversed", "totals", "differences")
MEMORY = 256 << 20
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def made() -> World:
    """A world with everything in it."""
    return world(2007, 150, 3000)


@pytest.fixture(scope="module")
def claims(made: World) -> pa.Table:
    """Its claims, some with rows that are wrong on their own, some with what was paid during the year."""
    table = claims_table(made)
    dice = Random(7)
    spoilt = {"med_type": ("99", 40), "insu_admdvs": ("9901", 90), "setl_id": (None, 300)}
    for name, (bad, every) in spoilt.items():
        values = table.column(name).to_pylist()
        table = replaced(table, name, [bad if n % every == 7 else value for n, value in enumerate(values)], pa.string())
    for name in PAID_COLUMNS[:4]:
        amounts = [CENT * dice.randrange(10**6) if dice.random() < 0.3 else None for _ in range(table.num_rows)]
        table = table.append_column(name, pa.array(amounts, pa.decimal128(16, 2)))
    return table


def replaced(table: pa.Table, name: str, values: Sequence[Any], kind: pa.DataType) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values, kind))


def write(table: pa.Table, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path, **options)
    elif path.suffix == ".arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, **options)
    else:
        pyarrow.csv.write_csv(table, path)


class Folder:
    """A run's folder: its files, and its rejected rows without where they came from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record: dict[str, Any] = json.loads((path / "run.json").read_text("utf-8"))
        self.bytes = {
            str(file.relative_to(path)): file.read_bytes() for name in SAME for file in sorted((path / name).rglob("*"))
        }

    def rows(self, name: str) -> list[dict[str, Any]]:
        files = sorted((self.path / name).glob("part-*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    @cached_property
    def rejected(self) -> list[str]:
        """Rejected rows as text, by part: cells of a CSV file are text, and an absent one is an empty one.

        Where a reversal without a person stands, its claim says; of several the first is named, so that is left out.
        """
        return sorted(
            repr([(name, text(name, value)) for name, value in sorted(row.items()) if not name.startswith("source_")])
            for row in self.rows("rejected")
        )


def text(name: str, value: Any) -> str:
    if name == "setl_time" and value is not None:
        return str(value)[:19]
    if name == "found" and value is not None:
        return sub(r"the reversal \S+ row \d+ names it", "the reversal … names it", str(value))
    return "" if value is None else str(value).removesuffix(".000000")


class Runner:
    """Settles tables as files of one kind or another."""

    def __init__(self, made: World, place: Path) -> None:
        self.made, self.place, self.count = made, place, 0
        self.setup = made.setup()
        write(insured_table(made), place / "insured.parquet")
        write(identities_table(made), place / "identities.parquet")

    def run(
        self, parts: Sequence[pa.Table], suffix: str = ".parquet", options: Options | None = None, **how: Any
    ) -> Folder:
        self.count += 1
        place = self.place / str(self.count)
        for number, part in enumerate(parts):
            write(part, place / "in" / f"{number:03d}{suffix}", **how)
        inputs = Inputs(
            {
                "claims": open_sources([place / "in"], "claims"),
                "insured": open_sources([self.place / "insured.parquet"], "insured"),
                "identities": open_sources([self.place / "identities.parquet"], "identities"),
            }
        )
        setup = self.setup.fork()
        options = options or Options(2, MEMORY, 3)
        settle(Benefits(setup), inputs, RunFolder(place / "out", TABLES), options, Installed(()))
        return Folder(place / "out")


@pytest.fixture(scope="module")
def runner(made: World, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(made, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def first(runner: Runner, claims: pa.Table) -> Folder:
    return runner.run([claims])


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = list(range(table.num_rows))
    Random(seed).shuffle(order)
    return table.take(pa.array(order))


def cut(table: pa.Table, count: int) -> list[pa.Table]:
    size = -(-table.num_rows // count)
    return [table.slice(start, size) for start in range(0, table.num_rows, size)]


WAYS: dict[str, Callable[[Runner, pa.Table], Folder]] = {
    "again": lambda runner, table: runner.run([table]),
    "backwards": lambda runner, table: runner.run([table.take(pa.array(range(table.num_rows - 1, -1, -1)))]),
    "another order": lambda runner, table: runner.run([shuffled(table, 1)]),
    "three files": lambda runner, table: runner.run(cut(shuffled(table, 2), 3)),
    "seventeen files": lambda runner, table: runner.run(cut(shuffled(table, 3), 17)),
    "two hundred files": lambda runner, table: runner.run(cut(shuffled(table, 9), 200)),
    "two hundred files of many kinds": lambda runner, table: runner.run(of_many_kinds(cut(shuffled(table, 10), 200))),
    "a hundred CSV files": lambda runner, table: runner.run(cut(shuffled(table, 11), 100), ".csv"),
    "Arrow files": lambda runner, table: runner.run(cut(shuffled(table, 4), 2), ".arrow", max_chunksize=77),
    "CSV files": lambda runner, table: runner.run(cut(shuffled(table, 5), 2), ".csv"),
    "small row groups": lambda runner, table: runner.run([shuffled(table, 6)], row_group_size=101),
    "one worker": lambda runner, table: runner.run(cut(table, 3), options=Options(1, MEMORY, 3)),
    "four workers": lambda runner, table: runner.run(cut(table, 5), options=Options(4, MEMORY, 3), row_group_size=50),
    "no memory": lambda runner, table: runner.run(cut(table, 3), options=Options(2, 64, 3), row_group_size=50),
    "dictionaries": lambda runner, table: runner.run([encoded(table)]),
    "large strings": lambda runner, table: runner.run([shuffled(large(table), 8)], ".arrow"),
}


def encoded(table: pa.Table) -> pa.Table:
    for name in ("med_type", "insutype", "setl_id", "psn_no", "dise_code"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).dictionary_encode())
    return table


def of_many_kinds(parts: Sequence[pa.Table], *, own: bool = False) -> list[pa.Table]:
    """Of seven files one has its columns in another order, one codes as dictionaries, one long texts, perhaps one a column of its own; one is empty."""
    ways: dict[int, Callable[[pa.Table], pa.Table]] = {
        1: lambda table: table.select(sorted(table.schema.names)),
        2: encoded,
        3: large,
    }
    if own:
        ways[4] = lambda table: table.append_column("beside", pa.array(range(table.num_rows), pa.int32()))
    kinds = [ways.get(number % 7, lambda table: table)(part) for number, part in enumerate(parts)]
    return [*kinds[:100], parts[0].slice(0, 0), *kinds[100:]]


def large(table: pa.Table) -> pa.Table:
    fields = [(f.name, pa.large_string() if pa.types.is_string(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))


@pytest.mark.parametrize("way", WAYS)
def test_results_are_the_same_bytes(way: str, runner: Runner, claims: pa.Table, first: Folder) -> None:
    other = WAYS[way](runner, claims)
    assert sorted(other.bytes) == sorted(first.bytes)
    assert [name for name, data in first.bytes.items() if other.bytes[name] != data] == []
    assert other.rejected == first.rejected
    for key in ("rows", "amounts", "rejected", "rejected_by", "by_scheme", "rules_digest"):
        assert other.record[key] == first.record[key]


def test_a_rejected_row_of_many_files_is_the_row_of_its_file_that_it_says(runner: Runner, claims: pa.Table) -> None:
    parts = of_many_kinds(cut(shuffled(claims, 12), 200), own=True)
    rejected = runner.run(parts).rows("rejected")
    assert len({row["source_file"] for row in rejected}) > 100
    for row in rejected:
        there = parts[int(row["source_file"].removesuffix(".parquet"))]
        (given,) = there.slice(row["source_row"] - 1, 1).to_pylist()
        assert {name: row[name] for name in given} == given


def test_the_claims_meet_every_rejection_and_enough_are_settled_and_reversed(first: Folder) -> None:
    codes = {code for code, rows in first.record["rejected"]["claims"].items() if rows}
    assert codes >= {"E_MISSING", "E_CODE", "E_POOL", "E_DUPLICATE", "E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH"}
    assert codes >= {"E_PERSON", "E_NO_RULE"}
    rows = first.record["rows"]
    assert min(rows["settled"], rows["rejected"]) > 500
    assert rows["reversed"] > 50
    assert len(first.bytes) >= 3 * 3 + 4


def test_a_run_twice_is_the_same_to_the_last_byte_of_its_record_and_rejections(
    runner: Runner, claims: pa.Table
) -> None:
    one, two = (runner.run(cut(claims, 4), row_group_size=60, options=Options(w, MEMORY, 3)) for w in (4, 1))
    for name in sorted(path.relative_to(one.path) for path in one.path.rglob("*") if path.is_file()):
        left, right = ((run.path / name).read_bytes() for run in (one, two))
        if str(name) == "ledger.jsonl":  # written down as partitions finish
            left, right = (b"".join(sorted(data.splitlines(keepends=True))) for data in (left, right))
        assert left == right, name


def test_beyond_the_memory_rows_go_to_disk_and_come_back(
    runner: Runner, claims: pa.Table, monkeypatch: pytest.MonkeyPatch, first: Folder
) -> None:
    spilled: list[int] = []
    take = Shuffle.take
    monkeypatch.setattr(
        Shuffle, "take", lambda self, partition: (spilled.append(self.spilled_bytes), take(self, partition))[1]
    )
    other = runner.run(cut(claims, 3), options=Options(2, 64, 3))
    assert max(spilled) > 100_000
    assert other.bytes == first.bytes
    assert sorted(path.name for path in other.path.iterdir() if path.name.startswith(".")) == []


def half_empty(table: pa.Table) -> pa.Table:
    """Some texts empty, some null: both are absent, and come out as they came."""
    for name in ("dise_code", "fixmedins_code", "init_setl_id", "er_flag"):
        values = table.column(name).to_pylist()
        values = [value or (None, "", value)[n % 3] for n, value in enumerate(values)]
        table = replaced(table, name, values, pa.string())
    return table


def test_rejected_rows_made_again_are_those_that_would_be_fetched(
    runner: Runner, claims: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    fetch = refused.fetch_rows
    counting = lambda source, rows: (fetched.append(len(rows)), fetch(source, rows))[1]  # noqa: E731
    monkeypatch.setattr(refused, "fetch_rows", counting)
    standard = claims.select([column.name for column in CLAIMS if column.name in claims.schema.names])
    for parts, has_empty in ((cut(standard, 2), False), (cut(half_empty(standard), 2), True)):
        monkeypatch.setattr(Benefits, "is_restorable", lambda _, schema: is_restorable(schema))
        fetched.clear()
        made_again, few = runner.run(parts), sum(fetched)
        monkeypatch.setattr(Benefits, "is_restorable", lambda *_: False)
        fetched.clear()
        as_it_came, many = runner.run(parts), sum(fetched)
        assert (few > 0) == has_empty
        assert few < many
        assert many > 300
        for file in sorted((made_again.path / "rejected").iterdir()):
            assert file.read_bytes() == (as_it_came.path / "rejected" / file.name).read_bytes()
        assert made_again.record["amounts"] == as_it_came.record["amounts"]


def test_partitions_are_one_or_a_multiple_of_four() -> None:
    memory = 4 * 1_000_000
    sizes = (0, 1000, 1001, 4000, 4001, 100_000)
    assert [partitions_for(rows * 1_000, memory) for rows in sizes] == [1, 1, 4, 4, 8, 100]


@pytest.mark.parametrize("partitions", [1, 8])
def test_partitions_change_files_and_no_row(partitions: int, runner: Runner, claims: pa.Table, first: Folder) -> None:
    other = runner.run(cut(claims, 2), options=Options(2, MEMORY, partitions))
    assert len(list((other.path / "settled").iterdir())) == partitions
    for name in ("settled", "reversed", "differences"):
        assert other.rows(name) == first.rows(name)  # a partition is a range of hashes: not even the order changes
    assert other.rejected == first.rejected
    totals = [name for name in first.bytes if name.startswith("totals")]
    assert [name for name in totals if other.bytes[name] != first.bytes[name]] == []


def test_every_fund_of_the_record_is_the_sum_of_its_rows(first: Folder) -> None:
    settled = first.rows("settled")
    total = sum(row["fund_pay_sumamt"] for row in settled)
    totals = pq.read_table(first.path / "totals" / "care.parquet").to_pylist()
    assert sum(row["fund_pay_sumamt"] for row in totals) == total
    funds = pq.read_table(first.path / "totals" / "funds.parquet").to_pylist()
    assert sum(row["amount"] for row in funds) == total
    assert sum(row["claims"] for row in totals) == len(settled) == first.record["rows"]["settled"]


def test_differences_are_due_less_paid(first: Folder, claims: pa.Table) -> None:
    paid_in = [(row["psn_no"], row["setl_id"], row) for row in claims.to_pylist()]
    bills = {}
    for psn_no, setl_id, row in paid_in:  # of duplicates any may have stayed: leave them out
        bills[psn_no, setl_id] = None if (psn_no, setl_id) in bills else row
    due = {(row["psn_no"], row["setl_id"]): row for row in first.rows("settled")}
    rows = [row for row in first.rows("differences") if row["outcome"] == "settled"]
    differences = {(row["psn_no"], row["setl_id"]): row for row in rows}
    names = [name.removeprefix("paid_") for name in PAID_COLUMNS[:4]]
    looked_at = 0
    for key, settled in due.items():
        bill = bills[key]
        if bill is None:
            continue
        wanted = {
            f"diff_{name}": None if bill[f"paid_{name}"] is None else settled[name] - bill[f"paid_{name}"]
            for name in names
        }
        if all(value is None for value in wanted.values()):
            assert key not in differences  # nothing was paid: it contributes nothing
        else:
            assert {name: differences[key][name] for name in wanted} == wanted
            looked_at += 1
    assert looked_at > 300
    assert set(differences) <= set(due)


def test_totals_of_differences_are_what_to_pay_and_what_to_take_back(first: Folder) -> None:
    totals = pq.read_table(first.path / "totals" / "differences.parquet").to_pylist()
    totals = [row for row in totals if row["outcome"] != "rejected"]
    rows = first.rows("differences")
    for name in (column.removeprefix("paid_") for column in PAID_COLUMNS[:4]):
        amounts = [row[f"diff_{name}"] for row in rows if row[f"diff_{name}"] is not None]
        of_fund = [row for row in totals if row["fund"] == name]
        assert sum(row["to_pay"] for row in of_fund) == sum(amount for amount in amounts if amount > 0)
        assert sum(row["to_take_back"] for row in of_fund) == -sum(amount for amount in amounts if amount < 0) > 0
    assert sum(row["to_pay"] for row in totals) > 0
    by = ("outcome", "pool", "insutype", "fixmedins_code", "fund")
    keys = [tuple(row[name] or "" for name in by) for row in totals]
    assert len(set(keys)) == len(keys)
