"""Texts as a bureau writes them: blanks around them, digits and letters of full width, and codes of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["coded", "half_width", "plain", "without_null"]

Mask = npt.NDArray[np.bool_]

_FULL = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F) if chr(code).isalnum())
"""Digits and letters of full width: their normal form (NFKC) is the one of half width, and of nothing else."""

_ANY_FULL = "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"


def plain(column: pa.Array) -> pa.Array:
    """A column of texts or whole numbers as a string array; a number is its digits."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def without_null(texts: pa.Array, null: Sequence[str]) -> pa.Array:
    """Texts; null where one says that nothing is there."""
    says = pc.is_in(texts, value_set=pa.array(list(null), pa.string()))
    return pc.if_else(says, pa.scalar(None, pa.string()), texts)


def half_width(texts: pa.Array) -> pa.Array:
    """Texts whose digits and letters are all of half width; other characters stay as they are."""
    full = pc.fill_null(pc.match_substring_regex(texts, _ANY_FULL), False)
    found = texts.filter(full)
    if not len(found):
        return texts
    for letter in _FULL:
        found = pc.replace_substring(found, letter, chr(ord(letter) - 0xFEE0))
    return pc.replace_with_mask(texts, full, found)


def coded(texts: pa.Array, codes: Mapping[str, str]) -> tuple[pa.Array, Mask]:
    """Texts by their codes of ours, and which are not named; these stay as they are, and so does what is empty."""
    encoded = texts.dictionary_encode()
    theirs = encoded.dictionary.to_pylist()
    ours = pa.array([codes.get(one, one) for one in theirs], pa.string())
    unnamed = np.array([one not in codes and one != "" for one in theirs], np.bool_)
    there = encoded.indices.is_valid().to_numpy(zero_copy_only=False)
    numbers = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
    bad = unnamed[numbers] & there if len(theirs) else np.zeros(len(texts), np.bool_)
    return ours.take(encoded.indices), bad
