# What the compiled module takes and gives; the shapes are checked by qingsuan.people, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]
_U8: TypeAlias = npt.NDArray[np.uint8]
_U64: TypeAlias = npt.NDArray[np.uint64]

def hash_rows(offsets: _I32, data: _U8, hashes: _U64) -> None: ...
def number_rows(offsets: _I32, data: _U8, hashes: _U64, table: _I32, first_row: _I32, numbers: _I32) -> int: ...
def find_rows(
    offsets: _I32,
    data: _U8,
    hashes: _U64,
    table: _I32,
    first_row: _I32,
    own_offsets: _I32,
    own_data: _U8,
    own_hashes: _U64,
    numbers: _I32,
) -> None: ...
def spread_rows(numbers: _I32, starts: _I64, rows: _I32) -> None: ...
