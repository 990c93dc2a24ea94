"""What an institution is due by the way it is paid (清算方式), before anything is taken off: by case, or by heads and units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.model import ONE, Contract, Terms
from qingsuan.money import BP_ONE

__all__ = ["NO_STANDARD", "of_bed_days", "of_diseases", "of_quantities", "rounded"]

NO_STANDARD = -1
"""Stands for the standard of a case whose group, or level, has none."""

Int64 = npt.NDArray[np.int64]


def rounded(amount: int, whole: int) -> int:
    """``amount ÷ whole``, half away from zero.

    >>> rounded(5, 10), rounded(-5, 10), rounded(4, 10)
    (1, -1, 0)
    """
    half = (abs(amount) * 2 + whole) // (2 * whole)
    return half if amount >= 0 else -half


def of_diseases(terms: Terms, standards: Mapping[str, int], groups: pa.DictionaryArray, person: Int64) -> Int64:
    """By disease (按病种): the fund's share of the disease's standard, or the standard less what the person paid, not below 0.

    Parameters
    ----------
    standards : fen by disease.
    groups, person : of each case its disease, and what the person paid in fen.

    Returns
    -------
    (n,) int64 fen; :data:`NO_STANDARD` for a disease without one.
    """
    fen = _looked_up(groups, standards)
    if terms.disease_share_bp is None:
        due = np.maximum(fen - person, 0)
    else:
        due = (fen * terms.disease_share_bp + BP_ONE // 2) // BP_ONE
    return np.where(fen < 0, np.int64(NO_STANDARD), due)


def of_bed_days(terms: Terms, levels: pa.DictionaryArray, days: Int64) -> Int64:
    """Per bed-day (按床日): each day of a stay at the rate of its level and stretch of days.

    Returns
    -------
    (n,) int64 fen; :data:`NO_STANDARD` for a level without rates.
    """
    due = np.zeros(len(days), np.int64)
    number_of = {level: place for place, level in enumerate(dict.fromkeys(rate.level for rate in terms.days))}
    level = _looked_up(levels, number_of)
    for rate in terms.days:
        later = [other.first for other in terms.days if other.level == rate.level and other.first > rate.first]
        last = np.minimum(days, min(later) - 1) if later else days
        stretch = np.maximum(last - rate.first + 1, 0)
        due += np.where(level == number_of[rate.level], stretch * rate.fen, 0)
    return np.where(level < 0, np.int64(NO_STANDARD), due)


def of_quantities(contract: Contract) -> tuple[int, int]:
    """Per head (按人头) or unit of service (按服务单元): how many there are, and their sum, each line rounded once to the fen."""
    number = sum(one.number for one in contract.quantities)
    terms = contract.terms
    if terms.way == "unit":
        return number, sum(one.number * terms.units[one.what] for one in contract.quantities)
    due = 0
    for one in contract.quantities:
        rate = next(fen for month, fen in reversed(terms.per_head) if month <= one.month)
        due += rounded(one.number * rate * terms.bands.get(one.what, ONE), ONE)
    return number, due


def _looked_up(texts: pa.DictionaryArray, values: Mapping[str, int]) -> Int64:
    """The value of each text, -1 for one that has none."""
    found = np.array([values.get(text, -1) for text in texts.dictionary.to_pylist()] or [-1], np.int64)
    looked: Int64 = found[texts.indices.to_numpy(zero_copy_only=False)]
    return looked
