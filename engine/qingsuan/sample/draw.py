"""Look-up tables that turn sixteen random bits into a choice, a count or an amount.

Every draw of the sample is an unsigned 16-bit word looked up in a table built once. That makes a draw cost a few
nanoseconds and gives the same value on every machine. The bell curves behind the tables are evaluated here once and are
whole fen before anything is drawn from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["STEPS", "WORDS", "Words", "amounts", "amounts_table", "generator", "visit_counts", "wheel", "words"]

Words = npt.NDArray[Any]
"""A vector of whole numbers."""

WORDS = 1 << 16
"""How many values one word has."""

STEPS = 4096
"""Steps of an amounts table."""


def generator(seed: int, chunk: int, *purpose: int) -> np.random.Generator:
    """Give the random stream of one chunk: any chunk can be made without making those before it.

    ``purpose`` gives another stream of the same chunk, so that one more table does not change the others.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(chunk, *purpose))))


def words(rng: np.random.Generator, rows: int, length: int) -> Words:
    """Draw ``rows`` vectors of ``length`` words."""
    return np.asarray(rng.integers(0, WORDS, size=(rows, length), dtype=np.uint16))


def wheel(weights: Sequence[int]) -> Words:
    """Table word -> index of the weight it falls on; each share is exact to 1/65536.

    Raises
    ------
    ValueError
        No weight, more than 256 of them, or one is negative.
    """
    if not weights or len(weights) > 256 or min(weights) < 0 or sum(weights) == 0:
        raise ValueError(f"a wheel takes 1 to 256 non-negative weights, not all zero: {weights!r}")
    total, bounds, running = sum(weights), [], 0
    for weight in weights:
        running += weight
        bounds.append(running * WORDS // total)
    return np.searchsorted(np.array(bounds), np.arange(WORDS), side="right").astype(np.uint8)


def visit_counts(mean_hundredths: int, most: int) -> Words:
    """Table word -> number of visits in a year: negative binomial, so that many have none and a few have dozens.

    ``mean_hundredths`` is the mean in hundredths of a visit; nobody has more than ``most``.
    """
    shape, mean = 0.7, mean_hundredths / 100
    inside = mean / (mean + shape)
    bounds, running = [], 0.0
    for count in range(most):
        log = math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1)
        running += math.exp(log + shape * math.log(1 - inside) + count * math.log(inside))
        bounds.append(int(running * WORDS))
    return np.searchsorted(np.array(bounds), np.arange(WORDS), side="right").astype(np.uint8)


@cache
def amounts_table(median_fen: int, spread_percent: int) -> Words:
    """Inverse distribution of a log-normal amount: ``STEPS + 1`` ascending whole fen (or any other unit).

    ``spread_percent`` is the standard deviation of the logarithm, in hundredths.
    """
    bell = NormalDist(math.log(median_fen), spread_percent / 100)
    at = [(step if step else 0.25) / STEPS for step in range(STEPS)] + [1 - 0.25 / STEPS]
    return np.array([max(1, round(math.exp(bell.inv_cdf(share)))) for share in at], dtype=np.int64)


def amounts(tables: Words, which: Words, step_word: Words, between_word: Words) -> Words:
    """Draw one amount per row from ``tables[which]``: one word picks the step, the other the place inside it.

    All in 64-bit whole numbers; the tables stay far below 2**47, so the product with a word cannot overflow.
    """
    width = tables.shape[1]
    place = which.astype(np.int64) * width + (step_word >> 4)
    flat = tables.ravel()
    low = flat[place]
    return np.asarray(low + (((flat[place + 1] - low) * between_word.astype(np.int64)) >> 16))
