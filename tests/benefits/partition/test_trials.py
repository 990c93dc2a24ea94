"""Whose results are not the same in two settlements: row by row, cell by cell, nothing being the same as nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.benefits.partition.trials import _differing, _Results

PEOPLE = 4
WHOSE = [0, 0, 2, 3]
ROWS = {"setl_id": ["a", "b", "c", "d"], "rule_id": ["r", None, "r", None], "hifp_pay": [1, 2, None, 4]}


def results(whose: list[int] = WHOSE, **changed: list[object]) -> _Results:
    columns = {**ROWS, **changed}
    rows = pa.table({name: column[: len(whose)] for name, column in columns.items()})
    rows = rows.set_column(1, "rule_id", pa.chunked_array([rows["rule_id"].combine_chunks().dictionary_encode()]))
    return _Results(rows, np.array(whose, np.int32))


def differ(first: _Results, second: _Results) -> list[int]:
    return np.flatnonzero(_differing(first, second, np.ones(PEOPLE, np.bool_))).tolist()


def test_the_same_rows_differ_for_nobody() -> None:
    assert differ(results(), results()) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"hifp_pay": [1, 3, None, 4]}, [0]),
        ({"hifp_pay": [1, 2, None, None]}, [3]),
        ({"hifp_pay": [1, 2, 0, 4]}, [2]),
        ({"rule_id": ["r", "r", "r", None]}, [0]),
        ({"rule_id": ["r", None, "s", "r"], "setl_id": ["x", "b", "c", "d"]}, [0, 2, 3]),
    ],
)
def test_one_cell_is_enough(changed: dict[str, list[object]], expected: list[int]) -> None:
    assert differ(results(), results(**changed)) == expected
    assert differ(results(**changed), results()) == expected


def test_more_or_fewer_rows_are_others_and_move_nobody_else() -> None:
    fewer = results([0, 2, 3], setl_id=["a", "c", "d"], rule_id=["r", "r", None], hifp_pay=[1, None, 4])
    assert differ(results(), fewer) == [0]
    assert differ(fewer, results()) == [0]
    assert differ(results(), results([0, 0, 2])) == [3]
