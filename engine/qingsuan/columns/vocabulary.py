"""Codes as numbers: each column's different texts, numbered as they are first seen and renumbered by text at the end.

While files are read, threads share one vocabulary per column. Before anything is settled it is frozen: numbers are then
the rank of the text, so that nothing that follows depends on the order in which rows came.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow, looked_up, recoded

__all__ = ["Vocabulary"]


class Vocabulary:
    """The texts of one column. Number 0 is the empty text: absent.

    Attributes
    ----------
    texts : list of str
        By number; sorted once frozen.
    """

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}
        self._lock = threading.Lock()
        self._ranks: npt.NDArray[np.int32] | None = None

    def encode(self, array: pa.Array) -> npt.NDArray[np.int32]:
        """Number the texts of a string (or dictionary) array without nulls; new ones are learnt."""
        encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        numbers = np.empty(max(1, len(texts)), np.int32)
        with self._lock:
            for place, text in enumerate(texts):
                number = self._numbers.get(text)
                if number is None:
                    number = self._numbers[text] = len(self.texts)
                    self.texts.append(text)
                numbers[place] = number
        return recoded(encoded.indices, numbers)

    def freeze(self) -> None:
        """Renumber by text; call once, when everything has been read."""
        order = sorted(range(len(self.texts)), key=lambda number: self.texts[number].encode())
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        self.texts = [self.texts[number] for number in order]
        self._ranks = ranks

    def ranked(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Numbers given before the freeze, as ranks."""
        if self._ranks is None:
            raise RuntimeError("a vocabulary is frozen before its ranks are asked for")
        result: npt.NDArray[np.int32] = looked_up(self._ranks, numbers)
        return result

    def decode(self, ranks: npt.NDArray[np.int32]) -> pa.Array:
        """Ranks as a dictionary array of texts; absent ones are null."""
        dictionary = pa.array(self.texts, pa.string())
        absent = ranks == 0
        if not absent.any():
            return pa.DictionaryArray.from_arrays(arrow(ranks), dictionary)
        return pa.DictionaryArray.from_arrays(pa.array(ranks, mask=absent), dictionary)
