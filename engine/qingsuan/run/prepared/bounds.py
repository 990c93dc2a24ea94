"""Sparse indexes: rows come in the order of a hash, and the hash of the first row of every record batch says where to look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.people import Texts, partition_of
from qingsuan.run.prepared.layout import ROWS_PER_BATCH

__all__ = ["batches_with", "first_hashes", "placed"]


def first_hashes(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The hash of the first row of every record batch."""
    return hashes[::ROWS_PER_BATCH]


def batches_with(firsts: npt.NDArray[np.uint64], wanted: int) -> range:
    """The record batches in which rows of a hash can lie: those that begin with it, and the one before these."""
    key = np.uint64(wanted)
    begin, end = (int(np.searchsorted(firsts, key, side)) for side in ("left", "right"))
    return range(max(0, begin - 1), end)


def placed(text: str, partitions: int) -> tuple[int, int]:
    """The partition of a text, and its hash."""
    texts = Texts.of(pa.array([text], pa.string()))
    return int(partition_of(texts, partitions)[0]), int(texts.hashes[0])
