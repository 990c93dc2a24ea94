"""A year that corrects a closed one: who gets or gives back what (补退), as tables beside the parts.

Benefits are compared claim by claim (:mod:`qingsuan.differing`); of the other settlements the table that says what somebody owes or has,
row by row by its key. People come in ranges of hashes, so that memory is that of a range.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.closing.folder import CORRECTIONS
from qingsuan.differing import compare
from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.people import Texts, partition_of
from qingsuan.run.folder import RECORD
from qingsuan.run.folder.disk import writing
from qingsuan.run.model import Progress

__all__ = ["COMPARED", "Compared", "corrections"]

_ROWS_AT_ONCE = 500_000
_ZERO = pa.scalar(Decimal("0.00"), pa.decimal128(20, 2))


@dataclass(frozen=True, slots=True)
class Compared:
    """What of a part is compared: its table, the columns that name a row, and the amounts that are held against each other."""

    table: str
    keys: tuple[str, ...]
    amounts: tuple[str, ...]


COMPARED = {
    "subsidy": Compared("due", ("admdvs",), ("central", "province", "local", "total")),
    "premium": Compared("premiums", ("psn_no",), ("due", "paid", "shortfall", "overpaid")),
    "account": Compared("balances", ("psn_no", "pool"), ("balc",)),
    "fund": Compared("closing", ("fund", "insu_admdvs", "line"), ("amount",)),
    "operator": Compared("contracts", ("contract",), ("premium", "counted", "due", "clearing")),
    "outside": Compared("balances", ("paying", "treating"), ("cleared", "transferred", "to_pay")),
    "procurement": Compared("institutions", ("batch", "fixmedins_code"), ("kept", "advanced", "left")),
    "clear": Compared(
        "clearing",
        ("fixmedins_code", "pool", "insutype", "clr_type", "first_month", "last_month"),
        ("standard", "audit", "advances", "clearing"),
    ),
}
"""By part; benefits have a comparison of their own."""


def corrections(earlier: Path, year: Path, place: Path, parts: Sequence[str], progress: Progress) -> dict[str, Any]:
    """Write what differs between a closed year and the one that corrects it, and say what it comes to.

    Parameters
    ----------
    earlier
        The folder of the closed year.
    year
        That of the year that corrects it, all of its parts being settled.
    place
        The folder of the tables, which is made.
    parts
        The year's parts. Those that only one of the years has are named and not compared.

    Returns
    -------
    dict
        For the run record: which year, and for each part rows that differ, with sums to pay out and to take back, in yuan.

    Raises
    ------
    InputError
        A table of one of the years cannot be read.
    RunError
        The tables cannot be written.
    """
    with writing(place):
        place.mkdir()
    found: dict[str, Any] = {}
    both = [name for name in parts if (earlier / name / RECORD).is_file()]
    for name in both:
        progress.note(f"[{name}] {earlier} / {year}")
        if name in COMPARED:
            found[name] = _compare(COMPARED[name], earlier / name, year / name, place / f"{name}.parquet")
        else:
            found[name] = _benefits(earlier / name, year / name, place / "benefits", progress)
    there = {path.name for path in earlier.iterdir() if (path / RECORD).is_file()}
    return {
        "folder": str(earlier),
        "record_sha256": hashlib.sha256((earlier / RECORD).read_bytes()).hexdigest(),
        "tables": CORRECTIONS,
        "differences": found,
        "not_compared": sorted(there ^ set(parts)),
    }


def _benefits(first: Path, second: Path, out: Path, progress: Progress) -> dict[str, Any]:
    record = compare(first, second, out, 1, progress)
    sums = {name: sum((Decimal(row[name]) for row in record["by_cause"]), Decimal(0)) for name in _SUMS}
    return {"rows": record["rows"]["differ"], "amounts": {"paid": {name: f"{sums[name]:.2f}" for name in _SUMS}}}


_SUMS = ("to_pay", "to_take_back")


def _compare(how: Compared, first: Path, second: Path, out: Path) -> dict[str, Any]:
    """Compare one table of two runs, piece by piece, and write the rows that differ."""
    rows = 0
    sums = {name: [Decimal(0), Decimal(0)] for name in how.amounts}
    with writing(out), pq.ParquetWriter(out, _schema(how), compression="zstd", store_schema=False) as writer:
        for piece in _pieces(how, first, second):
            rows += len(piece)
            for name, both in sums.items():
                values = piece[f"diff_{name}"]
                for at, keep in enumerate((pc.greater(values, _ZERO), pc.less(values, _ZERO))):
                    both[at] += pc.sum(values.filter(keep)).as_py() or Decimal(0)
            writer.write_table(piece)
    told = {
        name: dict(zip(_DIRECTIONS, (f"{one:.2f}" for one in (up, -down)), strict=True))
        for name, (up, down) in sums.items()
    }
    return {"rows": rows, "amounts": told}


_DIRECTIONS = ("more", "less")


def _schema(how: Compared) -> pa.Schema:
    amounts = [(f"{side}_{name}", _ZERO.type) for name in how.amounts for side in ("first", "second", "diff")]
    return pa.schema([*((key, pa.string()) for key in how.keys), *amounts])


def _pieces(how: Compared, first: Path, second: Path) -> Iterator[pa.Table]:
    files = [files_in(run / how.table) for run in (first, second)]
    most = max(sum(_rows_of(path) for path in paths) for paths in files)
    pieces = max(1, -(-most // _ROWS_AT_ONCE))
    for number in range(pieces):
        one, other = (_read(how, paths, number, pieces) for paths in files)
        yield _differing(how, one, other)


def _read(how: Compared, files: Sequence[Path], number: int, pieces: int) -> pa.Table:
    """The rows of a range of hashes of the first key."""
    schema = pa.schema([*((key, pa.string()) for key in how.keys), *((name, _ZERO.type) for name in how.amounts)])
    found = []
    for path in files:
        try:
            rows = pq.read_table(path, columns=[*how.keys, *how.amounts], partitioning=None, use_threads=False).cast(
                schema
            )
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise _unread(path, error) from error
        if pieces > 1:
            rows = rows.filter(pa.array(partition_of(Texts.of(rows.column(how.keys[0])), pieces) == number))
        found.append(rows)
    return pa.concat_tables(found) if found else schema.empty_table()


def _rows_of(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise _unread(path, error) from error


def _differing(how: Compared, one: pa.Table, other: pa.Table) -> pa.Table:
    """The rows of both whose amounts differ, in the order of their keys; a row that only one has is nothing in the other."""
    keys = list(how.keys)
    joined = one.join(
        other, keys, join_type="full outer", left_suffix="_first", right_suffix="_second", use_threads=False
    )
    columns: dict[str, Any] = {key: joined[key] for key in keys}
    differs = None
    for name in how.amounts:
        before, after = (pc.fill_null(joined[f"{name}_{side}"], _ZERO) for side in ("first", "second"))
        diff = pc.subtract(after, before).cast(_ZERO.type)
        columns |= {f"first_{name}": before, f"second_{name}": after, f"diff_{name}": diff}
        mine = pc.not_equal(diff, _ZERO)
        differs = mine if differs is None else pc.or_(differs, mine)
    table = pa.table(columns, schema=_schema(how)).filter(differs)
    return table.sort_by([(key, "ascending") for key in keys])


def _unread(path: Path, error: Exception) -> InputError:
    return InputError(
        str(path),
        found=f"cannot be read: {' '.join(str(error).split())[:200]}",
        expected="a file of a finished run",
        do="see “qingsuan verify”; fetch the folder again",
    )
