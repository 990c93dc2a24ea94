# What the compiled module takes and gives; the shapes are checked by qingsuan.rows, its only door.
from typing import Any

import numpy as np
import numpy.typing as npt

def take_fixed(source: npt.NDArray[Any], rows: npt.NDArray[np.int32], out: npt.NDArray[Any]) -> None: ...
def keep_rest(
    source: npt.NDArray[np.uint8], width: int, dropped: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]
) -> None: ...
def take_offsets(offsets: npt.NDArray[np.int32], rows: npt.NDArray[np.int32], out: npt.NDArray[np.int32]) -> int: ...
def take_texts(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.int32],
    out_offsets: npt.NDArray[np.int32],
    out: npt.NDArray[np.uint8],
) -> None: ...
def take_even_texts(
    data: npt.NDArray[np.uint8], width: int, rows: npt.NDArray[np.int32], out: npt.NDArray[np.uint8]
) -> None: ...
def add_by_group(group: npt.NDArray[np.int32], amounts: npt.NDArray[np.int64], sums: npt.NDArray[np.int64]) -> None: ...
