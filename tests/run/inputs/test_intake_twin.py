"""Columns made by an intake file, whole and in compiled code, against a slow twin that looks at one cell after another."""

from __future__ import annotations

import os
import random

import pyarrow as pa
import pytest

from intake_twin import BAD, Said, made, random_cell, random_said
from qingsuan.run.inputs.intake.steps import Step

CASES = int(os.environ.get("CASES", "9600"))
"""So many cells; ``make differential-intake CASES=…`` takes more."""

COLUMN = 60
PARTS = 4


def step_of(said: Said, is_float: bool) -> Step:
    return Step(
        "x", "x", said.kind, null=said.null, strip=said.strip, half=said.half, codes=said.codes or {}, forms=said.forms,
        zone=said.zone, unit=said.unit, thousands=said.thousands, exact=is_float,
    )  # fmt: skip


@pytest.mark.parametrize("part", range(PARTS))
def test_whole_columns_become_what_the_twin_makes_of_each_cell(part: int) -> None:
    draw, kinds = random.Random(part), set[str]()
    good = bad = 0
    for _ in range(CASES // COLUMN // PARTS):
        said, is_float = random_said(draw)
        kinds.add(said.kind)
        cells = [random_cell(draw, said, is_float) for _ in range(COLUMN)]
        expected = [made(said, cell) for cell in cells]
        column = pa.array(cells, pa.float64() if is_float else pa.string())
        found = step_of(said, is_float).make(column)
        marks = [False] * COLUMN if found.bad is None else found.bad.tolist()
        assert marks == [one is BAD for one in expected], [
            (said, cell, one) for cell, one, mark in zip(cells, expected, marks, strict=True) if mark != (one is BAD)
        ][:3]
        fits = pa.array([not mark for mark in marks])
        values = [one for one in expected if one is not BAD]
        typed = found.column.filter(fits)
        if any(marks):  # a column of texts then: what fits is written so that it reads as it did
            kind = pa.array([one for one in values if one is not None] or [""]).type
            assert pa.types.is_string(typed.type)
            typed = typed if pa.types.is_string(kind) else typed.cast(kind)
        assert typed.to_pylist() == values, said
        if not (said.strip or said.half or said.thousands or is_float):
            written = [cell for cell, mark in zip(cells, marks, strict=True) if mark]
            assert found.column.filter(pa.array(marks)).to_pylist() == written
        good, bad = good + len(values), bad + sum(marks)
    assert kinds == {"code", "date", "time", "money"}
    assert good > bad > good // 20
