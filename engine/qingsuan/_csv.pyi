# What the compiled module takes and gives; checked by qingsuan.run.inputs.formats.csv, its only door.
import numpy as np
import numpy.typing as npt

def scan(
    data: bytes,
    last: bool,
    cells: int,
    most_records: int,
    most_bytes: int,
    comma: int,
    quote: int,
    torn: npt.NDArray[np.int64],
) -> tuple[int, int, int, int, int, int]: ...
