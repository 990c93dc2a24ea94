# What the compiled module takes and gives; checked by qingsuan.benefits.order, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I8: TypeAlias = npt.NDArray[np.int8]
_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]
_U8: TypeAlias = npt.NDArray[np.uint8]
_U64: TypeAlias = npt.NDArray[np.uint64]

ROLE: dict[str, int]
STATUS: dict[str, int]

def break_ties(offsets: _I32, data: _U8, rows: _I32, scratch: _I32, tied: _I8) -> None: ...
def find_disorder(person: _I32, rows: _I32, first: _I32, second: _I64, offsets: _I32, data: _U8) -> int: ...
def mark_copies(
    starts: _I64,
    rows: _I32,
    role: _I8,
    offsets: _I32,
    data: _U8,
    hashes: _U64,
    table: _I32,
    status: _I8,
    twin: _I32,
) -> None: ...
def mark_reversals(
    people: _I64,
    starts: _I64,
    rows: _I32,
    role: _I8,
    offsets: _I32,
    data: _U8,
    hashes: _U64,
    init_offsets: _I32,
    init_data: _U8,
    init_hashes: _U64,
    total: _I64,
    own_pay: _I64,
    over_limit: _I64,
    own_share: _I64,
    in_scope: _I64,
    scheme: _I32,
    pool: _I32,
    care: _I32,
    institution: _I32,
    head: _I32,
    by_id: _I32,
    by_money: _I64,
    original: _I32,
    taken: _I32,
    status: _I8,
    twin: _I32,
) -> None: ...
