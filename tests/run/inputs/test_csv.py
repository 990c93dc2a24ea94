"""CSV is read strictly: what RFC 4180 allows is read as it stands, whatever the file's size; anything else is refused by line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qingsuan.errors import InputError, UsageError
from qingsuan.run.inputs import chunks, count_rows, fetch_rows, open_sources
from qingsuan.run.inputs.formats import csv as reader

HEAD = "a,b,c\n"


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "f.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path, encoding: str = "utf8") -> tuple[list[list[str | None]], list[tuple[int, str]]]:
    """The rows of a file, and its torn ones with what is said of them."""
    (source,) = open_sources([path], "rows", encoding)
    rows, torn = [], []
    for first_row, batch, told in chunks(source)[0].batches():
        rows += [list(row.values()) for row in batch.to_pylist()]
        torn += [(first_row + each.row, each.found) for each in told]
    assert len(rows) == source.rows == count_rows(source)
    return rows, torn


def refusal(path: Path, encoding: str = "utf8") -> str:
    with pytest.raises(InputError) as refused:
        rows_of(path, encoding)
    return str(refused.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 20])
def test_records_end_with_lf_cr_lf_or_cr_wherever_a_block_ends(
    tmp_path: Path, end: str, last: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", block)
    lines = ["a,b,c", '1,"x\r\ny",3', "", '"4","5 ""q""",\ufeff6', "\ufeff7,,", '"","",""']
    path = write(tmp_path, end.join(lines) + end * last)
    rows, torn = rows_of(path)
    assert rows == [["1", "x\r\ny", "3"], ["4", '5 "q"', "\ufeff6"], ["\ufeff7", "", ""], ["", "", ""]]
    assert torn == []


CELLS = st.text(st.sampled_from('ab",\r\n\ufeff 长é\t'), max_size=6)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12),
    st.integers(1, 40),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@example([["\ufeffa", "", ""]], 6, "\n")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_csv_writer_writes_is_read_back(
    tmp_path: Path, records: list[list[str]], block: int, end: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *records])
    path = write(tmp_path, out.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BLOCK_BYTES", block)
        if any(seems_to_lack_a_quote(record) for record in records):
            assert "is a quote missing?" in refusal(path)
            return
        rows, torn = rows_of(path)
    assert rows == [record if len(record) == 3 else [None] * 3 for record in records]
    assert [row for row, _ in torn] == [row for row, record in enumerate(records) if len(record) != 3]


def seems_to_lack_a_quote(record: list[str]) -> bool:
    """Whether a record is one that a forgotten quote could have made of several (docs/inputs.md)."""
    lines = [re.split(r"\r\n|\r|\n", cell) for cell in record]
    inside = any(
        len(cell) > 1 and (cell[0].count(","), cell[-1].count(",")) == (3 - at, at - 1)
        for at, cell in enumerate(lines, 1)
    )
    return inside or (len(record) != 3 and any(len(cell) > 1 for cell in lines))


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (HEAD + '1,2,3\n4,"5,6\n7,8,9\n', 3, "never closed"),
        (HEAD + '1,2,3\n4,5,"', 3, "never closed"),
        (HEAD + '"x\ny\n",2,3\n4,"5"x,6\n', 5, "behind the quote"),
        (HEAD + '1,"2" ,3\n', 2, "behind the quote"),
        (HEAD + '1,2"2,3\n', 2, "does not begin with one"),
        (HEAD + '1, "2",3\n', 2, "does not begin with one"),
        (HEAD + "1,2\0,3\n", 2, "NUL"),
        (HEAD + '1,"\r\r\n\0",3\n', 4, "NUL"),
        ('a,"b,c\n1,2,3\n', 1, "never closed"),
        ("\r\r" + HEAD + '1,2,"3""\n', 4, "never closed"),
    ],
)
@pytest.mark.parametrize("block", [1, 5, 1 << 20])
def test_what_is_malformed_is_refused_by_line(
    tmp_path: Path, content: str, line: int, said: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", block)
    text = refusal(write(tmp_path, content))
    assert f"f.csv: line {line}: cannot be read: " in text
    assert said in text
    assert "--csv-encoding" not in text.replace("--csv-encoding utf-16le", "")


@pytest.mark.parametrize(("content", "line"), [(b'1,"2,3\n' + b"4,5,6\n" * 50, 3), (b"1,2," + b"x" * 99 + b"\n", 3)])
def test_a_record_beyond_every_measure_is_a_quote_that_nobody_closed(
    tmp_path: Path, content: bytes, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_RECORD_BYTES", 90)
    monkeypatch.setattr(reader, "BLOCK_BYTES", 16)
    text = refusal(write(tmp_path, b"a,b,c\n1,2,3\n" + content + b"1,2,3\n"))
    assert f"line {line}: " in text
    assert "is a quote open?" in text
    assert rows_of(write(tmp_path, b"a,b,c\n1,2," + b"x" * 80 + b"\n"))[0] == [["1", "2", "x" * 80]]


def test_a_record_with_other_cells_is_a_torn_row_with_its_line_and_text(tmp_path: Path) -> None:
    content = HEAD + '\n1,2,3\n\n4,"5"\n6,7,8,9\n10,11,12\n' + "z" * 3000 + "\n"
    rows, torn = rows_of(write(tmp_path, content))
    nothing = [None, None, None]
    assert rows == [["1", "2", "3"], nothing, nothing, ["10", "11", "12"], nothing]
    assert torn[:2] == [(1, 'line 5, 2 cells: 4,"5"'), (2, "line 6, 4 cells: 6,7,8,9")]
    assert torn[2][1] == f"line 8, 1 cell: {'z' * 2000}… (3000 characters)"


def test_a_file_of_torn_rows_only_is_read_in_bounded_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_TORN_PER_BLOCK", 3)
    rows, torn = rows_of(write(tmp_path, HEAD + "1\n" * 100 + "1,2,3\n" + "1,2\n" * 100))
    assert (len(rows), len(torn), rows[100]) == (201, 200, ["1", "2", "3"])


def test_rows_are_fetched_by_their_number_with_every_column(tmp_path: Path) -> None:
    (source,) = open_sources(
        [write(tmp_path, HEAD + "".join(f"{n},x,y\n" * (n != 5) or "torn\n" for n in range(9)))], "rows"
    )
    import numpy as np

    found = [row for _, batch in fetch_rows(source, np.array([0, 5, 8])) for row in batch.to_pylist()]
    assert [row["a"] for row in found] == ["0", None, "8"]


# ---- encodings


@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig", "gbk", "gb18030", "big5", "utf-16", "utf-16le", "shift_jis"])
@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_an_encoding_is_read_wherever_a_piece_of_it_ends(
    tmp_path: Path, encoding: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", block)
    cells = ["一", "中國", "x\ny"]
    content = ("a,b,c\r\n" + ",".join(f'"{cell}"' for cell in cells) + "\r\n").encode(encoding)
    assert rows_of(write(tmp_path, content), encoding) == ([cells], [])


@pytest.mark.parametrize("block", [4, 1 << 20])
def test_bytes_of_another_encoding_are_named_by_line_with_the_encoding_that_reads_them(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", block)
    content = (HEAD + "1,2,3\n4,长春市,6\n").encode("gb18030")
    text = refusal(write(tmp_path, content))
    assert "line 3: " in text
    assert "give --csv-encoding gb18030" in text
    text = refusal(write(tmp_path, (HEAD + '1,"\n",3\n4,\u00e9\u4e01\u2603,6\n').encode()), "ascii")
    assert "line 4: " in text
    assert "give --csv-encoding utf8" in text
    text = refusal(write(tmp_path, codecs.BOM_UTF16_LE + HEAD.encode("utf-16le")))
    assert "give --csv-encoding utf-16" in text
    neither = refusal(write(tmp_path, HEAD.encode() + b"\xff,\xff\xff,3\n"))
    assert "line 2: " in neither
    assert "its bytes are whole" not in neither


@pytest.mark.parametrize(
    "name", ["klingon", "hex", "undefined", "", "utf8\0", "idna", "punycode", "unicode_escape", "raw-unicode-escape"]
)
def test_an_encoding_nobody_knows_is_wrong_use(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--csv-encoding"):
        open_sources([write(tmp_path, HEAD)], "rows", name)


@pytest.mark.parametrize("content", [b"", b"\n\r\n\r", codecs.BOM_UTF8])
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "an empty file" in refusal(write(tmp_path, content))


def test_a_file_that_changed_between_its_two_walks_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "1,2,3\n")
    (source,) = open_sources([path], "rows")
    for content in (HEAD + "1,2,3\n4,5,6\n", HEAD, "a,b\n1,2\n"):
        path.write_text(content)
        with pytest.raises(InputError, match=r"were counted|changed since"):
            list(chunks(source)[0].batches())
