"""What many files and many columns cost: a year of claims in one file, in thousands, and with columns that nobody reads.

``make set-up`` prints each with its ratio to the one file: the same claims in files of a thousand, and 10,000 and 100,000 columns of zeros
beside 1,000 claims.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from measuring import QINGSUAN, Cost, measured
from qingsuan.sample import make_year

_ROWS = 1000


def _settled(claims: Path, year: Path, scratch: Path) -> Cost:
    tables = ("--insured", str(year / "insured.parquet"), "--identities", str(year / "identities.parquet"))
    how = ("--year", "2021", "--out", str(scratch / "out"), "--overwrite")
    return measured((*QINGSUAN, "settle", str(claims), *tables, *how), scratch)


def _files(files: int, scratch: Path) -> None:
    make_year(scratch / "year", people=files * 375, seed=4)
    table = pq.read_table(scratch / "year/claims/part-000.parquet").slice(0, files * _ROWS)
    for name, rows in (("one", len(table)), ("many", _ROWS)):
        (scratch / name).mkdir()
        for number, start in enumerate(range(0, len(table), rows)):
            pq.write_table(table.slice(start, rows), scratch / name / f"part-{number:05d}.parquet")
    one, many = (_settled(scratch / name, scratch / "year", scratch) for name in ("one", "many"))
    print(f"one file of {len(table):,} claims: {one.seconds:.1f} s, {one.peak / 1e9:.2f} GB")
    print(
        f"{files:,} files of {_ROWS:,}: {many.seconds:.1f} s, {many.seconds / one.seconds:.1f} times, {many.peak / 1e9:.2f} GB"
    )


def _columns(scratch: Path) -> None:
    make_year(scratch / "small", people=400, seed=4)
    table = pq.read_table(scratch / "small/claims/part-000.parquet").slice(0, _ROWS)
    zeros = pa.array([0] * len(table), pa.int8())
    for count in (0, 10_000, 100_000):
        wide = {name: table.column(name) for name in table.schema.names}
        wide |= {f"unread_{number:06d}": zeros for number in range(count)}
        pq.write_table(pa.table(wide), scratch / "wide.parquet", use_dictionary=False, write_statistics=False)
        cost = _settled(scratch / "wide.parquet", scratch / "small", scratch)
        print(f"{count:,} columns that nobody reads: {cost.seconds:.1f} s, {cost.peak / 1e9:.2f} GB")


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--files", type=int, default=5000)
    with tempfile.TemporaryDirectory() as folder:
        _columns(Path(folder))
        _files(asked.parse_args().files, Path(folder))
