"""What is learnt while files are read, beyond the rows: codes, pools nobody serves, what reversals name. Each worker has its own."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.named import NAMED_SCHEMA
from qingsuan.columns.vocabulary import Vocabulary

__all__ = ["Learned"]


@dataclass
class Learned:
    """What rows have taught.

    Attributes
    ----------
    vocabularies : the texts of each code column.
    unserved : how many claims each area has that no plugin serves.
    absent_columns : which column that a rule reads (by its internal name) which file (by its number) does not have.
    named_by_reversals : hashes of the ids that reversals name (``named.hashes_of_named``).
    reversals_of_nobody : ids that reversals name whose person cannot be read (``named.NAMED_SCHEMA``).
    """

    vocabularies: dict[str, Vocabulary]
    unserved: Counter[str] = field(default_factory=Counter)
    absent_columns: set[tuple[str, int]] = field(default_factory=set)
    named_by_reversals: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    reversals_of_nobody: list[pa.Table] = field(default_factory=list)

    @classmethod
    def nothing(cls, columns: Iterable[str]) -> Learned:
        """Nothing yet, of these code columns."""
        return cls({name: Vocabulary() for name in columns})

    def told(self) -> dict[str, Any]:
        """All of it as JSON holds it; :meth:`learn` takes it."""
        return {
            "texts": {name: words.texts for name, words in self.vocabularies.items() if len(words.texts) > 1},
            "unserved": dict(self.unserved),
            "absent": sorted(self.absent_columns),
            "named_by_reversals": _packed(self.named_by_reversals),
            "reversals_of_nobody": [named.to_pydict() for named in self.reversals_of_nobody],
        }

    def learn(self, told: Mapping[str, Any]) -> None:
        """Add what another has learnt (:meth:`told`)."""
        for name, texts in told["texts"].items():
            self.vocabularies[name].encode(pa.array(texts, pa.string()))
        self.unserved.update(told["unserved"])
        self.absent_columns.update((name, file) for name, file in told["absent"])
        if told["named_by_reversals"]:
            self.named_by_reversals.append(_unpacked(told["named_by_reversals"]))
        self.reversals_of_nobody += [pa.table(one, schema=NAMED_SCHEMA) for one in told["reversals_of_nobody"]]

    def freeze(self) -> None:
        """Everything has been read: number codes by their text."""
        for vocabulary in self.vocabularies.values():
            vocabulary.freeze()


def _packed(hashes: Sequence[npt.NDArray[np.uint64]]) -> str:
    """Hashes as one text, in their order: of a hundred million claims they are a million, and who looks one person up reads them all."""
    different = np.unique(np.concatenate([np.zeros(0, np.uint64), *hashes]))
    return base64.b64encode(different.astype("<u8").tobytes()).decode()


def _unpacked(text: str) -> npt.NDArray[np.uint64]:
    return np.frombuffer(base64.b64decode(text, validate=True), "<u8").astype(np.uint64)
