# What the compiled module takes and gives; the shapes are checked by qingsuan.people, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I8: TypeAlias = npt.NDArray[np.int8]
_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]
_U8: TypeAlias = npt.NDArray[np.uint8]
_U64: TypeAlias = npt.NDArray[np.uint64]

def width_of(offsets: _I32, size: int) -> int: ...
def hash_rows(offsets: _I32, data: _U8, width: int, hashes: _U64) -> None: ...
def divide_rows(hashes: _U64, partitions: int, starts: _I64, rows: _I32) -> None: ...
def count_buckets(hashes: _U64, rows: _I32, starts: _I64) -> tuple[int, int]: ...
def group_rows(
    offsets: _I32,
    data: _U8,
    width: int,
    hashes: _U64,
    rows: _I32,
    first: _I32,
    second: _I64,
    low: int,
    shift: int,
    buckets: _I64,
    dealt: _U64,
    room: _U64,
    starts: _I64,
    ordered: _I32,
    tied: _I8,
) -> int: ...
def index_hashes(hashes: _U64, low: int, shift: int, begins: _I32) -> None: ...
def find_rows(
    offsets: _I32,
    data: _U8,
    width: int,
    hashes: _U64,
    own_offsets: _I32,
    own_data: _U8,
    own_width: int,
    own_hashes: _U64,
    own_rows: _I32,
    low: int,
    shift: int,
    begins: _I32,
    numbers: _I32,
) -> None: ...
def spread_rows(numbers: _I32, starts: _I64, rows: _I32) -> None: ...
