"""A quote that was forgotten in one row and is closed by another in a later row leaves a CSV file well formed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.csv import open_csv

HEADER = "a,note,c,d"
ROWS = ["1,x,2,3", "4,y,5,6", "7,z,8,9"]


def opened(tmp_path: Path, *lines: str, end: str = "\n") -> int:
    path = tmp_path / "some.csv"
    path.write_bytes(end.join([HEADER, *lines]).encode() + end.encode())
    return open_csv(0, path, "utf-8").rows


def swallowing(place: int, opening: int, closing: int) -> list[str]:
    """Rows of which one forgets to close the quote of a cell, and a later one begins or ends that cell with a quote."""
    rows = [row.split(",") for row in ROWS]
    rows[opening][place] = '"' + rows[opening][place]
    rows[closing][place] += '"'
    return [",".join(row) for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("opening", "closing"), [(0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("place", range(4))
def test_rows_between_two_forgotten_quotes_stop_the_run(
    tmp_path: Path, place: int, opening: int, closing: int, end: str
) -> None:
    lines = swallowing(place, opening, closing)
    text = io.StringIO("\n".join([HEADER, *lines]))
    assert len(list(csv.reader(text, strict=True))) == 1 + len(ROWS) - (
        closing - opening
    )  # well formed, and rows are gone
    with pytest.raises(
        InputError, match=rf"line {opening + 2}: .*holds what looks like whole rows: is a quote missing"
    ):
        opened(tmp_path, *lines, end=end)


def test_a_record_over_several_lines_with_another_number_of_cells_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: .*over several lines with too few or too many cells"):
        opened(tmp_path, ROWS[0], '4,"y,5,6', '7,z,8,"', ROWS[2])


@pytest.mark.parametrize(
    "record",
    [
        '1,"two\nlines",2,3',
        '1,"one, two\nthree, four, five",2,3',
        '1,"two\n\n\nlines",2,3',
        '"two\nlines",x,2,3',
        '1,x,2,"a, b\nc"',
        '1,"x\n4,y,5,6\nz, z",2,3',
    ],
)
def test_a_note_over_several_lines_is_a_cell(tmp_path: Path, record: str) -> None:
    assert opened(tmp_path, ROWS[0], record, ROWS[1]) == 3


def test_a_record_on_one_line_with_another_number_of_cells_is_a_row(tmp_path: Path) -> None:
    assert opened(tmp_path, ROWS[0], '4,"y",5,6,7', "8,z", ROWS[2]) == 4


def test_in_one_column_a_cell_over_several_lines_is_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text('note\n"two\nlines"\nx\n', "utf-8")
    assert open_csv(0, path, "utf-8").rows == 2
