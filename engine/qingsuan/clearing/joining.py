"""Claims that go by cases, each with its row of cases; and which of both do not find each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rows import numbers

__all__ = ["CLAIM_FAULTS", "Joined", "join"]

CLAIM_FAULTS = ("", "no-case", "case-twice", "claim-twice", "no-group")
"""What is wrong with a claim that goes by cases; nothing, where its case is found and names a group."""

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Joined:
    """Claims beside their cases.

    Attributes
    ----------
    claims : the claims in the order of contract and ``setl_id``, as they were taken in.
    case : (n,) the place of each claim's case, 0 where it has none.
    fault : (n,) int8, by :data:`CLAIM_FAULTS`.
    unused : (cases,) bool, cases that are of no claim.
    groups, flags, days, points : of each claim's case; empty, 0 and -1 where it has none.
    """

    claims: pa.Table
    case: Int64
    fault: npt.NDArray[np.int8]
    unused: npt.NDArray[np.bool_]
    groups: pa.Array
    flags: pa.Array
    days: Int64
    points: Int64


def join(claims: pa.Table, cases: pa.Table) -> Joined:
    """Join claims and cases on pool, scheme and ``setl_id``; each must be there once."""
    claims = claims.sort_by([("contract", "ascending"), ("setl_id", "ascending")]).combine_chunks()
    count = len(claims)
    keys, ids = (
        pa.chunked_array([*claims[name].chunks, *cases[name].chunks], pa.string()) for name in ("key", "setl_id")
    )
    codes = _coded(keys) * (len(ids) + 1) + _coded(ids)
    _, number = np.unique(codes, return_inverse=True)
    of_claim, of_case = number[:count], number[count:]
    most = int(number.max(initial=-1)) + 1
    claims_of, cases_of = np.bincount(of_claim, minlength=most), np.bincount(of_case, minlength=most)
    place = np.zeros(most, np.int64)
    place[of_case] = np.arange(len(cases))
    case = place[of_claim]
    there = cases_of[of_claim] > 0
    where = np.where(there, case, len(cases))
    groups, flags = (
        pa.concat_arrays([*cases[name].chunks, pa.array([""])]).take(pa.array(where)) for name in ("group", "flag")
    )
    days, points = (np.append(numbers(cases[name]), absent)[where] for name, absent in (("days", 0), ("points", -1)))
    fault = np.zeros(count, np.int8)
    for mask, name in (
        (_mask_of_empty(groups), "no-group"),
        (claims_of[of_claim] > 1, "claim-twice"),
        (cases_of[of_claim] > 1, "case-twice"),
        (~there, "no-case"),
    ):
        fault[mask] = CLAIM_FAULTS.index(name)
    return Joined(claims, np.where(there, case, 0), fault, claims_of[of_case] == 0, groups, flags, days, points)


def _coded(texts: pa.ChunkedArray) -> Int64:
    encoded = texts.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    found: Int64 = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _mask_of_empty(texts: pa.Array) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    return found
