"""Identity rows counted by code, so that a run can say which of them decided nothing.

Those whose person has no insured row are counted here and now; whose code no rule set knows is found from the counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow
from qingsuan.people import Marks, Numbering, Texts

__all__ = ["IDENTITIES_BY_CODE", "OF_NOBODY", "identities_by_code", "identities_of_nobody"]

OF_NOBODY = "identities_of_nobody"
"""What these counts are called among the totals of a partition, and in the run record."""

IDENTITIES_BY_CODE = "identities_by_code"
"""What the counts of all identity rows are called among the totals of a partition."""


def identities_of_nobody(
    identities: Texts, classes: npt.NDArray[np.int32], names: list[str], insured: Texts, psn_no: pa.ChunkedArray
) -> pa.Table:
    """Count the identity rows of a partition whose ``psn_no`` no insured row has.

    Parameters
    ----------
    identities, insured
        ``psn_no`` of both tables; everybody is whole in the partition.
    classes, names
        The identity class of each row, by its number among ``names``.
    psn_no
        The column that ``insured`` was made of: only few of its rows are looked at.

    Returns
    -------
    Table
        ``psn_idet_type``, ``rows``; only classes that occur.
    """
    people = Numbering(identities)
    found = people.find(Texts.of(psn_no.filter(pa.array(Marks(identities.hashes).may_have(insured.hashes)))))
    has_row = np.zeros(people.count, np.bool_)
    has_row[found[found >= 0]] = True
    return identities_by_code(classes[~has_row[people.numbers]], names)


def identities_by_code(codes: npt.NDArray[np.int32], names: list[str]) -> pa.Table:
    """Count identity rows by code: ``psn_idet_type``, ``rows``; ``codes`` are places in ``names``."""
    counts = np.bincount(codes, minlength=len(names))
    occurring = np.flatnonzero(counts)
    texts = pa.array([names[number] for number in occurring.tolist()], pa.string())
    return pa.table({"psn_idet_type": texts, "rows": arrow(counts[occurring].astype(np.int64))})
