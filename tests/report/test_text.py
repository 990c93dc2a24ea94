"""Columns line up in a terminal, Chinese or not, and money is written exactly."""

from __future__ import annotations

import pytest

from qingsuan.report.text import grouped_yuan, percent, table, width


def test_columns_line_up_by_cells_not_by_characters() -> None:
    lines = table(("pool", "yuan"), [("长春市", "1.00"), ("Ulanqab", "12.00")], "lr").splitlines()
    assert lines == ["  pool      yuan", "  长春市    1.00", "  Ulanqab  12.00"]
    assert len({width(line) for line in lines}) == 1


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 cells"):
        table(("a", "b"), [("1",)], "lr")


def test_an_empty_row_is_a_blank_line() -> None:
    assert table(("a",), [("1",), (), ("2",)], "l").splitlines() == ["  a", "  1", "", "  2"]


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (100_000, "1,000.00"),
        (-12_345_678, "-123,456.78"),
        (10**17 + 1, f"{10**15:,}.01"),
    ],
)
def test_yuan_is_exact(fen: int, text: str) -> None:
    assert grouped_yuan(fen) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 5, "0.0 %"), (1, 1, "100.0 %"), (1, 2000, "0.1 %"), (1, 2001, "0.0 %"), (2, 3, "66.7 %"), (0, 0, "-")],
)
def test_percent_rounds_half_up(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text
