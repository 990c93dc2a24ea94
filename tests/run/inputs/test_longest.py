"""How long an id may become that a file says once, told by the page of its dictionary: what PyArrow finds when it decodes it."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats import limits
from qingsuan.run.inputs.formats.parquet import file as parquet
from qingsuan.run.inputs.formats.parquet.footers import longest_text
from qingsuan.run.inputs.formats.parquet.thrift import Garbled

ROWS = 4_000
PACKED = ["none", "snappy", "zstd", "gzip", "brotli"]
WRITERS: dict[str, dict[str, Any]] = {
    "usual": {},
    "pages of version 2": {"data_page_version": "2.0"},
    "dictionaries that overflow": {"dictionary_pagesize_limit": 4_000, "data_page_size": 1_000},
    "row groups": {"row_group_size": 700},
}


def ids(seed: int, longest: int = 300) -> pa.Array:
    draw = random.Random(seed)
    texts = [draw.choice("a清") * draw.randrange(longest) for _ in range(200)]
    return pa.array([draw.choice([None, *texts]) for _ in range(ROWS)])


def found(path: Path, *names: str) -> tuple[int | None, int]:
    """What the pages of dictionaries say, and what PyArrow decodes."""
    source = parquet.open_parquet(0, path)
    stamp, parts = parquet._stamp(path), range(len(parquet.row_groups(path)))
    return parquet._longest_said(source, stamp, parts, names), parquet._longest_read(source, stamp, parts, names)


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("writer", WRITERS)
def test_it_is_what_pyarrow_decodes(writer: str, packed: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"psn_no": ids(1), "setl_id": ids(2, 900), "none": pa.nulls(ROWS, pa.string())})
    pq.write_table(table, path, compression=packed, **WRITERS[writer])
    said, read = found(path, "psn_no", "setl_id", "none")
    assert said == read
    assert said is not None
    assert said > 300
    assert found(path, "none") == (0, 0)


def test_without_a_dictionary_there_is_none_to_be_long(tmp_path: Path) -> None:
    pq.write_table(pa.table({"psn_no": ids(1)}), tmp_path / "a.parquet", use_dictionary=False)
    assert found(tmp_path / "a.parquet", "psn_no")[0] == 0


def test_what_is_packed_otherwise_is_left_to_pyarrow(tmp_path: Path) -> None:
    pq.write_table(pa.table({"psn_no": ids(1)}), tmp_path / "a.parquet", compression="lz4")
    said, read = found(tmp_path / "a.parquet", "psn_no")
    assert (said, read > 300) == (None, True)


def test_a_text_beyond_the_limit_is_named_with_its_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"psn_no": ["x" * 70_000] * ROWS}), path)
    source, stamp = parquet.open_parquet(0, path), parquet._stamp(path)
    assert parquet._longest_said(source, stamp, (0,), ["psn_no"]) is None
    with pytest.raises(InputError, match=r"column psn_no: a cell of 70,000 bytes"):
        parquet._longest_id(source, stamp, (0,), ["psn_no"], [])
    monkeypatch.setenv(limits.CELL, "70000")
    assert parquet._longest_said(source, stamp, (0,), ["psn_no"]) == 70_000


def test_bytes_that_were_changed_say_no_less_or_nothing(tmp_path: Path) -> None:
    """Whatever stands in a page, a text that PyArrow would write out so long is not called shorter."""
    path, draw, told = tmp_path / "a.parquet", random.Random(20261130), 0
    pq.write_table(pa.table({"psn_no": ids(1)}), path, compression="none", write_page_checksum=False)
    content = path.read_bytes()
    source, stamp = parquet.open_parquet(0, path), parquet._stamp(path)
    column = pq.read_metadata(path).row_group(0).column(0)
    begin, end = column.dictionary_page_offset, column.data_page_offset
    for _ in range(500):
        changed = bytearray(content)
        changed[draw.randrange(begin, begin + 40 if draw.random() < 0.5 else end)] = draw.randrange(256)
        path.write_bytes(changed)
        try:
            said = parquet._longest_said(source, stamp, (0,), ["psn_no"])
        except InputError:  # a page beyond the limit
            continue
        told += said is None
        try:
            read = parquet._longest_read(source, stamp, (0,), ["psn_no"])
        except (pa.ArrowException, OSError, InputError):
            continue
        assert said is None or said >= read or read == 0
    assert told > 50


def page(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def test_the_longest_of_a_page() -> None:
    assert longest_text(b"", 0) == 0
    assert longest_text(page(b"a", b"", "清".encode()), 3) == 3
    for cut, values in (
        (page(b"a"), 2),
        (page(b"a", b"b"), 1),
        (page(b"abc")[:-1], 1),
        (page(b"a") + b"\0\0\0", 2),
        (b"\xff\xff\xff\xffabc", 1),
        (page(b"a"), -1),
    ):
        with pytest.raises(Garbled):
            longest_text(cut, values)
