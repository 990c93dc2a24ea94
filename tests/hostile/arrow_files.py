"""Parquet and Arrow IPC files as several programs write them, and then damaged.

A file that was left as it is has to be settled. A damaged one is settled as an independent reading has it, which checks
every checksum and validates every array; where that reading refuses, so does the command.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hostile.readings import conserved, numbered, read_ipc, read_parquet, result
from hostile.trial import Trial, unfounded
from hostile.years import claims, people
from qingsuan.tables import CLAIMS
from settling import write_csv

__all__ = ["run_ipc", "run_parquet"]

UNREAD = ("note", "code", "更新时间")


def run_parquet(trial: Trial) -> Sequence[str]:
    """Write a Parquet file, damage it, settle it, and look for every row."""
    table = _table(trial, views=False)
    whole = _write_parquet(trial, table)
    if trial.dice.random() < 0.05:
        return _run_lying(trial, whole, table.num_rows)
    return _run(trial, "claims.parquet", whole)


def run_ipc(trial: Trial) -> Sequence[str]:
    """Write an Arrow file or stream, damage it, settle it, and look for every row."""
    return _run(trial, "claims.arrow", _write_ipc(trial, _table(trial, views=True)))


def _run(trial: Trial, name: str, whole: bytes) -> Sequence[str]:
    write_csv(trial.folder / "insured.csv", people())
    damaged = _damage(trial, whole) if trial.dice.random() < 0.9 else whole
    path = trial.folder / name
    path.write_bytes(damaged)
    ran = trial.settle(name, "--skip-unserved")
    must_settle = damaged == whole and not trial.known.get("odd types")
    found = unfounded(ran, {0} if must_settle else {0, 3}, trial.out, lazily=True)
    if found or ran.status != 0:
        return found
    with trial.judging():
        read = read_parquet if path.suffix == ".parquet" else read_ipc
        came = read(path)
        if came is None and not result(trial.out, "rejected"):  # nobody needed the other columns
            came = read(path, [column.name for column in CLAIMS])
        if came is None:
            return ["settled, though a reading that checks everything refuses the file"]
        return conserved(numbered(name, came), trial.out)


def _run_lying(trial: Trial, whole: bytes, rows: int) -> Sequence[str]:
    """A whole file whose footer says everywhere another number of rows: a reading that takes its word shows nothing."""
    write_csv(trial.folder / "insured.csv", people())
    lie = trial.dice.choice((0, 1, rows - 1, rows + 1, 2 * rows, 10**6, 2**40, 2**62))
    size = int.from_bytes(whole[-8:-4], "little")
    footer = whole[-8 - size : -8].replace(_WHOLE_NUMBER + _varint(rows), _WHOLE_NUMBER + _varint(lie))
    (trial.folder / "claims.parquet").write_bytes(
        whole[: -8 - size] + footer + len(footer).to_bytes(4, "little") + whole[-4:]
    )
    trial.notes.append(f"the footer says {lie} rows where {rows} are")
    return unfounded(trial.settle("claims.parquet", "--skip-unserved"), {0, 3} if lie == rows else {3}, trial.out)


_WHOLE_NUMBER = b"\x16"
"""Before a number of 64 bits, in the field after the one that stands before it: so the footer has its numbers of rows."""


def _varint(number: int) -> bytes:
    number, found = number * 2, b""
    while number > 0x7F:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


# ---- writing


def _table(trial: Trial, *, views: bool) -> pa.Table:
    """A small year, its columns of types that programs really write; some columns that nobody reads."""
    dice = trial.dice
    rows = claims(dice, odd=dice.random() < 0.2)
    texts = [
        pa.string(),
        pa.large_string(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.string()),
    ]
    if views:
        texts += [pa.string_view(), pa.dictionary(pa.uint32(), pa.string_view())]
    kinds = [dice.choice(texts)] if dice.random() < 0.5 else texts
    columns = {name: _column(dice, name, [row[name] for row in rows], kinds) for name in rows[0]}
    for name in UNREAD:
        if dice.random() < 0.15:
            columns[name] = _unread(trial, len(rows), views=views)
    return pa.table(columns)


def _column(dice: Random, name: str, texts: list[str], kinds: Sequence[pa.DataType]) -> pa.Array:
    if dice.random() < 0.6:
        typed = _typed(dice, name, texts)
        if typed is not None:
            return typed
    strings = pa.array([text or None for text in texts], pa.string())
    kind = dice.choice(kinds)
    if not pa.types.is_dictionary(kind):
        return strings.cast(kind)
    coded = strings.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.cast(kind.index_type), coded.dictionary.cast(kind.value_type))


def _typed(dice: Random, name: str, texts: list[str]) -> pa.Array | None:
    try:
        if name.endswith(("amt", "selfpay")):
            values = [Decimal(text) for text in texts]
            return pa.array(values, dice.choice((pa.decimal128(16, 2), pa.decimal128(38, 2), pa.decimal256(40, 2))))
        if name in {"begndate", "enddate"}:
            return pa.array([dt.date.fromisoformat(text) for text in texts], pa.date32())
        if name == "setl_time":
            times = [dt.datetime.fromisoformat(text) for text in texts]
            return pa.array(times, pa.timestamp(dice.choice(("s", "ms", "us", "ns"))))
    except (ValueError, ArithmeticError, pa.ArrowException):
        return None  # a cell of an odd form: text then
    return None


def _unread(trial: Trial, rows: int, *, views: bool) -> pa.Array:
    """A column that nobody reads, of a type that few use. In rejected rows it has to come out, or the file is refused."""
    dice = trial.dice
    trial.known["odd types"] = True
    odd: list[Any] = [
        pa.array([1.5] * rows),
        pa.array([[1, None]] * rows),
        pa.array([{"a": "b"}] * rows),
        pa.array([b"\xff\0"] * rows),
        pa.array([dt.timedelta(days=1)] * rows),
        pa.array([None] * rows),
        pa.array([dt.datetime(2022, 1, 1, tzinfo=dt.UTC)] * rows),
    ]
    if views:
        odd += [
            pa.array(["a text that is longer than twelve bytes"] * rows, pa.string_view()),
            pa.array([b"\xff" * 13] * rows, pa.binary_view()),
            pa.RunEndEncodedArray.from_arrays(pa.array([rows], pa.int32()), pa.array(["x"])),
            pa.UnionArray.from_sparse(pa.array([0] * rows, pa.int8()), [pa.array(["x"] * rows), pa.array([1] * rows)]),
            pa.array([(1, 2, 3)] * rows, pa.month_day_nano_interval()),
            pa.array([0.5] * rows, pa.float16()),
        ]
    chosen = dice.choice(odd)
    trial.notes.append(f"an unread column of {chosen.type}")
    return chosen


def _write_parquet(trial: Trial, table: pa.Table) -> bytes:
    dice = trial.dice
    options: dict[str, Any] = {
        "compression": dice.choice(("none", "none", "snappy", "zstd", "gzip")),
        "use_dictionary": dice.random() < 0.5,
        "data_page_version": dice.choice(("1.0", "2.0")),
        "write_page_checksum": dice.random() < 0.4,
        "write_statistics": dice.random() < 0.5,
        "store_schema": dice.random() < 0.7,
        "row_group_size": dice.choice((1, 3, 1000)),
        "data_page_size": dice.choice((16, 1 << 20)),
        "version": dice.choice(("1.0", "2.4", "2.6")),
        "write_page_index": dice.random() < 0.3,
    }
    if not options["use_dictionary"]:
        options["column_encoding"] = {
            name: dice.choice(("PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"))
            for name in table.column_names
            if pa.types.is_string(table.schema.field(name).type)
        }
    path = trial.folder / "whole.parquet"
    try:
        pq.write_table(table, path, **options)
    except (pa.ArrowException, OSError):
        path.unlink(missing_ok=True)
        trial.notes.append("written without options")
        pq.write_table(table.select([name for name in table.column_names if name not in UNREAD[1:]]), path)
    trial.notes.append(f"checksums: {options['write_page_checksum']}")
    return path.read_bytes()


def _write_ipc(trial: Trial, table: pa.Table) -> bytes:
    dice = trial.dice
    options = pa.ipc.IpcWriteOptions(compression=dice.choice((None, None, "lz4", "zstd")), unify_dictionaries=True)
    new = dice.choice((pa.ipc.new_file, pa.ipc.new_stream))
    sink = pa.BufferOutputStream()
    with new(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=dice.choice((1, 3, 1000)))
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


# ---- damage


def _damage(trial: Trial, data: bytes) -> bytes:
    dice = trial.dice
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        what = dice.choice((_flip, _flip, _field, _field, _field, _cut, _lose, _zero, _again, _move, _letter))
        data = what(trial, data) or b"\0"
    return data


def _at(dice: Random, data: bytes) -> int:
    """A place in a file, as often near its end (a footer) as anywhere."""
    return dice.randrange(len(data)) if dice.random() < 0.5 else max(0, len(data) - 1 - int(dice.expovariate(1 / 300)))


def _flip(trial: Trial, data: bytes) -> bytes:
    at, bit = _at(trial.dice, data), trial.dice.randrange(8)
    trial.notes.append(f"bit {bit} of byte {at}")
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def _letter(trial: Trial, data: bytes) -> bytes:
    """Another digit where one is: what no structure shows."""
    dice = trial.dice
    digits = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
    if not digits:
        return data
    at = dice.choice(digits)
    trial.notes.append(f"another digit at {at}")
    return data[:at] + bytes([48 + dice.randrange(10)]) + data[at + 1 :]


def _field(trial: Trial, data: bytes) -> bytes:
    """A whole number of four bytes, on a multiple of four: lengths and offsets are such."""
    dice = trial.dice
    at = _at(dice, data) // 4 * 4
    old = int.from_bytes(data[at : at + 4], "little")
    new = dice.choice((0, 1, old + 1, old - 1, old * 2, old + 4096, 2**31 - 1, 2**31, 2**32 - 1, old ^ 0xFF)) % 2**32
    trial.notes.append(f"{old} at {at} became {new}")
    return data[:at] + new.to_bytes(4, "little") + data[at + 4 :]


def _cut(trial: Trial, data: bytes) -> bytes:
    at = _at(trial.dice, data)
    trial.notes.append(f"cut off at {at}")
    return data[:at]


def _lose(trial: Trial, data: bytes) -> bytes:
    at, count = _at(trial.dice, data), trial.dice.choice((1, 4, 8, 64, 512))
    trial.notes.append(f"{count} bytes lost at {at}")
    return data[:at] + data[at + count :]


def _zero(trial: Trial, data: bytes) -> bytes:
    at, count = _at(trial.dice, data), trial.dice.choice((1, 8, 64, 512))
    trial.notes.append(f"{count} bytes of zeros at {at}")
    return data[:at] + bytes(min(count, len(data) - at)) + data[at + count :]


def _again(trial: Trial, data: bytes) -> bytes:
    at, count = _at(trial.dice, data), trial.dice.choice((1, 8, 64, 512))
    trial.notes.append(f"{count} bytes twice at {at}")
    return data[: at + count] + data[at:]


def _move(trial: Trial, data: bytes) -> bytes:
    """A piece of the file stands in another place of it."""
    dice = trial.dice
    count = dice.choice((8, 64, 512))
    here, there = _at(dice, data), _at(dice, data)
    piece = data[there : there + count]
    trial.notes.append(f"{count} bytes of {there} stand at {here}")
    return data[:here] + piece + data[here + len(piece) :]
