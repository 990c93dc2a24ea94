"""Who is a registered relative of whom on a day (亲属关系)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.accounts.rule.model import RELATIONS
from qingsuan.columns.rows import numbers
from qingsuan.people import Numbering, Texts

__all__ = ["OTHER_WAY", "is_related"]

OTHER_WAY = ("spouse", "child", "parent")
"""What the one who registers is to the member, by what the member is to them: a relation holds in both directions."""

Mask = npt.NDArray[np.bool_]


def is_related(
    families: pa.Table, payer: pa.ChunkedArray, person: pa.ChunkedArray, day: npt.NDArray[np.int32], allowed: Mask
) -> Mask:
    """Whether the person is a relative of the payer on the day, in a relation that is allowed.

    Parameters
    ----------
    families
        Registered relations, as :data:`qingsuan.accounts.intake.columns.INTERNAL` has them.
    payer, person, day : (n,)
    allowed : (n, relations) bool
    """
    found = np.zeros(len(day), np.bool_)
    if not (len(day) and len(families)):
        return found
    columns = (families["psn_no"], families["member"], payer, person)
    texts = pa.concat_arrays([chunk for column in columns for chunk in pa.chunked_array(column).chunks])
    people = Numbering(Texts.of(texts))
    ends = np.cumsum([0, *(len(column) for column in columns)])
    one, other, payers, persons = (people.numbers[start:end].astype(np.int64) for start, end in pairwise(ends))
    relation = numbers(families["relation"]).astype(np.int64)
    back = np.array([RELATIONS.index(each) for each in OTHER_WAY])[relation]
    pair = np.concatenate([one * people.count + other, other * people.count + one])
    order = np.argsort(pair, kind="stable")
    pair, relation = pair[order], np.concatenate([relation, back])[order]
    begin, end = (np.tile(numbers(families[name]), 2)[order] for name in ("begin", "end"))
    asked = payers * people.count + persons
    first, last = (np.searchsorted(pair, asked, side=side) for side in ("left", "right"))
    for step in range(int((last - first).max(initial=0))):  # as often as a pair has rows
        place = np.minimum(first + step, len(pair) - 1)
        holds = (first + step < last) & (begin[place] <= day) & (day <= end[place])
        found |= holds & allowed[np.arange(len(day)), relation[place]]
    return found
