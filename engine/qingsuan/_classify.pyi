# What the compiled module takes and gives; checked by qingsuan.benefits.partition.classify, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I8: TypeAlias = npt.NDArray[np.int8]
_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]

REASONS: dict[str, int]

def find_insured(
    person: _I32,
    scheme: _I32,
    pool: _I32,
    date: _I32,
    starts: _I64,
    rows: _I32,
    row_scheme: _I32,
    row_pool: _I32,
    row_begin: _I32,
    row_end: _I32,
    row_ties: _I32,
    found: _I32,
    reason: _I8,
) -> None: ...
def find_sets(series: _I32, date: _I32, starts: _I32, numbers: _I32, begin: _I32, end: _I32, found: _I32) -> None: ...
def find_identities(
    person: _I32,
    rule_set: _I32,
    date: _I32,
    starts: _I64,
    rows: _I32,
    row_code: _I32,
    row_begin: _I32,
    row_end: _I32,
    bits: _I64,
    held: _I64,
) -> None: ...
def count_registrations(
    person: _I32,
    date: _I32,
    code: _I32,
    starts: _I64,
    rows: _I32,
    row_value: _I32,
    row_codes: _I32,
    row_begin: _I32,
    row_end: _I32,
    found: _I64,
) -> None: ...
def classify_rows(
    rule_set: _I32,
    steps: _I32,
    step_starts: _I32,
    roots: _I32,
    transitions: _I32,
    classes: _I32,
    breaks: _I64,
    code_columns: list[_I32],
    number_columns: list[_I64],
    held: _I64,
    leaves: _I32,
) -> None: ...
