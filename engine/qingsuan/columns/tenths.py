"""People by what they bear themselves in a year: buckets of amounts, and tenths of people made of buckets.

A tenth of people needs all of them in order, which no partition has. So each partition counts people by bucket, an amount to
within one part in 128 (to the fen below 1.28 yuan), and the tenths are cut between buckets: bounded memory, and the same result for
any partitions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BUCKETS", "TENTHS", "bucket_of", "first_of", "tenths"]

TENTHS = 10
_BITS = 7
_PIECES = 1 << _BITS
BUCKETS = _PIECES * (64 - _BITS)
"""How many buckets amounts of 64 bits fall into."""
_POWERS = np.int64(1) << np.arange(_BITS, 63, dtype=np.int64)


def bucket_of(amounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """The bucket of each amount, which is not negative: its highest bit, and the seven behind that."""
    exponent = np.searchsorted(_POWERS, amounts, side="right")
    found = np.where(exponent > 0, exponent * _PIECES + (amounts >> np.maximum(exponent - 1, 0)) - _PIECES, amounts)
    return found.astype(np.int32)


def first_of(bucket: int) -> int:
    """The least amount of a bucket."""
    exponent, piece = divmod(bucket, _PIECES)
    return piece if exponent == 0 else (_PIECES + piece) << (exponent - 1)


def tenths(people: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The tenth, from 0 on, of each bucket, by how many people are in each: where the middle one of its people is."""
    before = np.cumsum(people) - people
    total = max(1, int(people.sum()))
    found: npt.NDArray[np.int64] = np.minimum((2 * before + people) * TENTHS // (2 * total), TENTHS - 1)
    return found
