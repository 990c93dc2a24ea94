"""Identity rows counted by code, so that a run can say which of them decided nothing.

Those whose person has no insured row are counted here and now; whose code no rule set knows is found from the counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.columns import Columns
from qingsuan.columns.rows import arrow
from qingsuan.people import Marks, Numbering, Texts

__all__ = ["IDENTITIES_BY_CODE", "OF_NOBODY", "identity_counts"]

OF_NOBODY = "identities_of_nobody"
"""What these counts are called among the totals of a partition, and in the run record."""

IDENTITIES_BY_CODE = "identities_by_code"
"""What the counts of all identity rows are called among the totals of a partition."""


def identity_counts(identities: Columns, people: Texts, insured: Columns, insured_people: Texts) -> dict[str, pa.Table]:
    """Count the identity rows of a partition by code: those whose ``psn_no`` no insured row has, and all.

    Parameters
    ----------
    people, insured_people
        ``psn_no`` of both tables; everybody is whole in the partition.

    Returns
    -------
    dict
        By :data:`OF_NOBODY` and :data:`IDENTITIES_BY_CODE` tables ``psn_idet_type``, ``rows``; only classes that occur.
    """
    codes, names = identities.code("psn_idet_type"), identities.setup.vocabularies["psn_idet_type"].texts
    numbered = Numbering(people)
    of_both = insured.table.column("psn_no").filter(pa.array(Marks(people.hashes).may_have(insured_people.hashes)))
    found = numbered.find(Texts.of(of_both))  # only few of the insured rows are looked at
    has_row = np.zeros(numbered.count, np.bool_)
    has_row[found[found >= 0]] = True
    of_nobody = codes[~has_row[numbered.numbers]]
    return {OF_NOBODY: _by_code(of_nobody, names), IDENTITIES_BY_CODE: _by_code(codes, names)}


def _by_code(codes: npt.NDArray[np.int32], names: list[str]) -> pa.Table:
    """Count identity rows by code: ``psn_idet_type``, ``rows``; ``codes`` are places in ``names``."""
    counts = np.bincount(codes, minlength=len(names))
    occurring = np.flatnonzero(counts)
    texts = pa.array([names[number] for number in occurring.tolist()], pa.string())
    return pa.table({"psn_idet_type": texts, "rows": arrow(counts[occurring].astype(np.int64))})
