"""What a settlement takes of memory for inputs of every shape, at three budgets: a table in Markdown, as docs/run-folder.md has it.

``make memory-shapes`` makes the inputs below ``build/memory-shapes`` once, settles each within each budget, and prints the most that all
processes of the command had resident together, or with which number the run was refused. It ends with 1 where a run took more than a
twentieth beyond its budget, failed, or was refused without a number that would do. Seconds are not looked at.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from measuring import QINGSUAN, ended
from qingsuan.sample import make_year

MB = 1 << 20
BUDGETS = (512, 1024, 2048)
BEYOND = 1.05
"""So much of its budget a run may take: allocators round up, and the machine counts pages."""

LIES = "no column has bytes for its cells"
"""What is said of a file that says more rows than it has."""


@dataclass(frozen=True)
class Shape:
    """A shape of input: its name, what makes its files in a folder, and what the command is given beside them."""

    name: str
    make: Callable[[Path], None]
    folder: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A run that ended: with which status, the most memory it had, what it said."""

    status: int
    peak: int
    said: str

    @property
    def would_do(self) -> str | None:
        """What a run that was refused says would do."""
        found = re.search(r"--memory \d+MB(?=, or)|QINGSUAN_\w+=\d+", self.said)
        return None if found is None else found[0]

    @property
    def would_do_bytes(self) -> int | None:
        """The memory that would do, in MiB."""
        found = re.fullmatch(r"--memory (\d+)MB", self.would_do or "")
        return None if found is None else int(found[1])

    def is_kept(self, budget: int) -> bool:
        """Whether the promise is: within the budget, or refused with what would do; or the file lies about its rows."""
        if self.status == 0:
            return self.peak <= budget * MB * BEYOND
        return self.status == 3 and (self.would_do is not None or LIES in self.said)

    def told(self, budget: int) -> str:
        """A cell of the table."""
        if self.status == 0:
            text = f"{self.peak / MB:.0f}"
        elif self.would_do is not None:
            text = f"`{self.would_do}`"
        else:
            text = LIES if LIES in self.said else f"status {self.status}"
        return text if self.is_kept(budget) else f"**{text}**"


def settled(place: Path, shape: Shape, budget: int, workers: int) -> Ran:
    """Settle a shape within a budget, in MiB."""
    year, out = place / shape.folder, place / "out"
    shutil.rmtree(out, ignore_errors=True)
    claims = next(path for path in sorted(year.iterdir()) if path.name.startswith("claims"))
    tables = ("--insured", str(year / "insured.parquet"))
    if (year / "identities.parquet").exists():
        tables += ("--identities", str(year / "identities.parquet"))
    how = ("--year", "2021", "--out", str(out), "--memory", f"{budget}MB", "--workers", str(workers), "--json")
    found = ended((*QINGSUAN, "settle", str(claims), *tables, *how, *shape.more), place)
    shutil.rmtree(out, ignore_errors=True)
    return Ran(found.status, found.cost.peak, found.said)


# The inputs: a made-up year, whole or in another format; and claims of one person of it, as many as asked.


def _year(folder: Path, people: int) -> None:
    made = folder.with_name(f"{folder.name}.made")
    shutil.rmtree(made, ignore_errors=True)
    make_year(made, people=people, seed=1)
    for name in ("claims", "insured.parquet", "identities.parquet"):
        (made / name).rename(folder / name)
    shutil.rmtree(made)


def _like(folder: Path, other: str) -> Path:
    """The claims of another year, whose people this one shares."""
    year = folder.parent / other
    for name in ("insured.parquet", "identities.parquet"):
        (folder / name).hardlink_to(year / name)
    return next((year / "claims").iterdir())


def _batches(path: Path) -> Iterable[pa.RecordBatch]:
    yield from pq.ParquetFile(path).iter_batches(250_000)


def _files(folder: Path) -> None:
    """A file for each thousand claims."""
    (folder / "claims").mkdir()
    rows = (pa.Table.from_batches([batch]) for batch in _batches(_like(folder, "five")))
    thousands = (table.slice(start, 1000) for table in rows for start in range(0, len(table), 1000))
    for number, table in enumerate(thousands):
        pq.write_table(table, folder / f"claims/part-{number:05d}.parquet")


def _csv(folder: Path) -> None:
    with pa.OSFile(str(folder / "claims.csv"), "wb") as file:
        writer = None
        for batch in _batches(_like(folder, "five")):
            writer = writer or pa.csv.CSVWriter(file, batch.schema)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()


def _ipc(folder: Path) -> None:
    """One record batch for each million rows, as PyArrow writes a table of a Parquet file."""
    path = _like(folder, "five")
    file = pq.ParquetFile(path)
    with pa.ipc.new_file(folder / "claims.arrow", file.schema_arrow) as writer:
        for batch in file.iter_batches(1 << 20):
            writer.write_batch(batch)


def _whole_ipc(folder: Path) -> None:
    """All rows in one record batch."""
    table = pq.read_table(_like(folder, "five")).combine_chunks()
    with pa.ipc.new_file(folder / "claims.arrow", table.schema) as writer:
        writer.write_table(table)


def _one_claim(folder: Path) -> tuple[pa.Table, pa.Table]:
    """A claim that is settled, and its person's insured row."""
    year = folder.parent / "five"
    claims = next(iter(_batches(next((year / "claims").iterdir()))))
    plain = pc.and_(pc.equal(claims.column("refd_setl_flag"), "0"), pc.equal(claims.column("med_type"), "11"))
    insured = pq.read_table(year / "insured.parquet", columns=["psn_no"])
    claim = pa.Table.from_batches([claims.filter(plain)]).slice(0, 1)
    mine = pc.equal(insured.column("psn_no"), claim.column("psn_no")[0])
    return claim, pq.read_table(year / "insured.parquet").filter(mine)


def _of_one_person(folder: Path, rows: int, *, same: bool = False, is_insured: bool = True) -> None:
    claim, insured = _one_claim(folder)
    pq.write_table(insured if is_insured else insured.slice(0, 0), folder / "insured.parquet")
    with pq.ParquetWriter(folder / "claims.parquet", claim.schema) as writer:
        for start in range(0, rows, 250_000):
            count = min(250_000, rows - start)
            many = _times(claim, count)
            if not same:
                ids = pa.array([f"9921{number:016d}" for number in range(start, start + count)])
                many = many.set_column(many.schema.get_field_index("setl_id"), "setl_id", ids)
            writer.write_table(many)


def _times(claim: pa.Table, count: int) -> pa.Table:
    return claim.take(pa.array(np.zeros(count, np.int64)))


def _wide(folder: Path) -> None:
    """Two million claims with 202 columns, of which most nobody reads; one row in a hundred is rejected with all of them."""
    path, writer = _like(folder, "five"), None
    values = pa.array([f"text {number:06d}" for number in range(50_000)]), pa.array(np.arange(50_000))
    for part, batch in enumerate(_batches(path)):
        if part == 8:
            break
        rows, number = pa.Table.from_batches([batch]), np.arange(len(batch))
        ids = pc.if_else(pa.array(number % 100 == 0), pa.scalar("nobody"), batch.column("psn_no"))
        rows = rows.set_column(rows.schema.get_field_index("psn_no"), "psn_no", ids)
        for column in range(202 - rows.num_columns):
            unread = values[column % 2].take(pa.array(number * (column + 7) % 50_000))
            rows = rows.append_column(f"unread_{column:03d}", unread)
        writer = writer or pq.ParquetWriter(folder / "claims.parquet", rows.schema)
        writer.write_table(rows)
    if writer is not None:
        writer.close()


def _unused(folder: Path) -> None:
    """A million claims whose institutions are numbers in a dictionary with ten million texts that no row has."""
    path = _like(folder, "five")
    batches = [batch for batch, _ in zip(_batches(path), range(4), strict=False)]
    rows = pa.Table.from_batches(batches).combine_chunks()
    at = rows.schema.get_field_index("fixmedins_code")
    codes = rows.column(at).chunk(0).dictionary_encode()
    dictionary = pa.concat_arrays([codes.dictionary, pa.array([f"X{number:09d}" for number in range(10_000_000)])])
    rows = rows.set_column(at, "fixmedins_code", pa.DictionaryArray.from_arrays(codes.indices, dictionary))
    with pa.ipc.new_file(folder / "claims.arrow", rows.schema) as writer:
        for batch in rows.to_batches(250_000):
            writer.write_batch(batch)


def _said_once(folder: Path) -> None:
    """A text of a megabyte in 20,000 rows, which the file holds once."""
    claim, insured = _one_claim(folder)
    pq.write_table(insured, folder / "insured.parquet")
    rows = _times(claim, 20_000)
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 1_000_000]))
    rows = rows.append_column("note", text)
    pq.write_table(rows, folder / "claims.parquet", compression="zstd", store_schema=False)


def _large_page(folder: Path) -> None:
    """A page of five gigabytes that packs into some kilobytes."""
    claim, insured = _one_claim(folder)
    pq.write_table(insured, folder / "insured.parquet")
    rows = _times(claim, 20_000).append_column("note", pa.array(["z" * 50_000] * 20_000))
    how = {"use_dictionary": False, "data_page_size": 1 << 31, "write_batch_size": 20_000}
    pq.write_table(rows, folder / "claims.parquet", compression="zstd", **how)


def _many_declared(folder: Path) -> None:
    """A record batch of two thousand million rows, all of type null, in some kilobytes."""
    claim, insured = _one_claim(folder)
    pq.write_table(insured, folder / "insured.parquet")
    names = claim.schema.names
    rows = pa.RecordBatch.from_arrays([pa.nulls(2_000_000_000)] * len(names), names=names)
    with pa.ipc.new_file(folder / "claims.arrow", rows.schema) as writer:
        writer.write_batch(rows)


SHAPES = (
    Shape("5 M claims, Parquet", partial(_year, people=1_875_000), "five"),
    Shape("20 M claims, Parquet", partial(_year, people=7_500_000), "twenty"),
    Shape("5 M claims, Parquet, 8 workers", partial(_year, people=1_875_000), "five", ("--workers", "8")),
    Shape("5 M claims, Parquet, 1,000 a file", _files, "files"),
    Shape("5 M claims, Parquet, 1,000 a file, 8 workers", _files, "files", ("--workers", "8")),
    Shape("5 M claims, CSV", _csv, "csv"),
    Shape("5 M claims, CSV, 8 workers", _csv, "csv", ("--workers", "8")),
    Shape("5 M claims, IPC, 1 M rows a batch", _ipc, "ipc"),
    Shape("5 M claims, IPC, one batch", _whole_ipc, "ipc-whole"),
    Shape("1 M claims of one person", partial(_of_one_person, rows=1_000_000), "person"),
    Shape("5 M claims of one person", partial(_of_one_person, rows=5_000_000), "person-five"),
    Shape("1 M rejections of one person", partial(_of_one_person, rows=1_000_000, is_insured=False), "rejections"),
    Shape("1 M copies of one claim", partial(_of_one_person, rows=1_000_000, same=True), "copies"),
    Shape("2 M claims with 202 columns", _wide, "wide"),
    Shape("10 M unused values in a dictionary", _unused, "unused"),
    Shape("1 MB of text said once for 20,000 rows", _said_once, "said-once"),
    Shape("1 GB in one page of a small file", _large_page, "page"),
    Shape("2,000 M rows declared in some KB", _many_declared, "declared"),
)


def made(place: Path, shapes: Sequence[Shape]) -> None:
    """Make the inputs that are not there yet; a folder has its name once it is whole."""
    for shape in (SHAPES[0], *shapes):
        folder = place / shape.folder
        if not folder.exists():
            unfinished = place / f"{shape.folder}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            print(f"making {folder}", file=sys.stderr, flush=True)
            maker = get_context("spawn").Process(target=shape.make, args=(unfinished,))
            maker.start()  # what making takes is given back at its end
            maker.join()
            if maker.exitcode:
                raise SystemExit(f"{folder} could not be made")
            unfinished.rename(folder)


def is_kept(shape: Shape, budget: int, ran: Ran, *, must_end: bool = False) -> bool:
    """Whether the promise was kept; tells of a run where it was not.

    Parameters
    ----------
    must_end
        Whether another run was refused with this budget as what would do.
    """
    kept = ran.is_kept(budget) and (ran.status == 0 or not must_end)
    if not kept:
        print(f"{shape.name}, {budget} MB: {ran}", file=sys.stderr)
    elif must_end:
        print(f"{shape.name}: {budget} MB, which was named, took {ran.peak / MB:.0f}", file=sys.stderr)
    return kept


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--place", type=Path, default=Path("build/memory-shapes"))
    asked.add_argument("--budgets", type=int, nargs="+", default=BUDGETS, help="in MiB")
    asked.add_argument("--only", default="", help="shapes whose name has this text")
    told = asked.parse_args()
    shapes = [shape for shape in SHAPES if told.only in shape.name]
    made(told.place, shapes)
    print(f"| peak in MiB, all processes together | {' | '.join(f'{one:,} MB' for one in told.budgets)} |")
    print(f"|---|{'---|' * len(told.budgets)}", flush=True)
    kept = True
    for shape in shapes:
        cells, named = [], set()
        for budget in told.budgets:
            ran = settled(told.place, shape, budget, 2)
            cells.append(ran.told(budget))
            kept &= is_kept(shape, budget, ran)
            if ran.would_do_bytes is not None:
                named.add(ran.would_do_bytes)
        for budget in sorted(named):  # what would do does
            kept &= is_kept(shape, budget, settled(told.place, shape, budget, 2), must_end=True)
        print(f"| {shape.name} | {' | '.join(cells)} |", flush=True)
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
