"""Claims that a bureau lists to be cleared apart, found among those that are read."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.columns.batch import Batch

__all__ = ["Listed"]


class Listed:
    """Finds listed claims by ``setl_id``, pool and scheme. Threads may ask side by side.

    Parameters
    ----------
    bureau
        The list.
    kinds
        Kinds of care, in the order of their numbers.
    """

    def __init__(self, bureau: Bureau, kinds: tuple[str, ...]) -> None:
        self._kind_of = {key: kinds.index(one.clr_type) for key, one in bureau.specials.items()}
        self._where_of = {key: one.where for key, one in bureau.specials.items()}
        self._ids = pa.array(sorted({setl_id for setl_id, _, _ in self._kind_of}), pa.string())
        self._seen: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def mark(self, rows: Batch, kind: npt.NDArray[np.int32]) -> None:
        """Give listed claims the kind of care by which they are cleared; what is refused of the rows is known."""
        if not self._kind_of:
            return
        maybe = pc.is_in(rows.texts("setl_id"), value_set=self._ids)
        places = np.flatnonzero(maybe.to_numpy(zero_copy_only=False) & rows.good)
        told = [rows.texts(name).take(pa.array(places)).to_pylist() for name in ("setl_id", "pool", "insutype")]
        seen = set()
        for place, key in zip(places.tolist(), zip(*told, strict=True), strict=True):
            if key in self._kind_of:
                kind[place] = self._kind_of[key]
                seen.add(key)
        with self._lock:
            self._seen |= seen

    def unseen(self) -> list[str]:
        """Lines of the list that no claim is of, in their order; all claims have been read."""
        return [where for key, where in self._where_of.items() if key not in self._seen]
