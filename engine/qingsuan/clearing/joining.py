"""Claims that go by cases, each with its row of cases; and which of both do not find each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.clearing.intake.columns import AMOUNTS
from qingsuan.columns.rows import Taker, add_up, arrow, looked_up, numbers, recoded
from qingsuan.people import Numbering, Texts

__all__ = ["CLAIM_FAULTS", "OF_CLAIMS", "Joined", "join", "numbered", "ordered", "summed"]

CLAIM_FAULTS = ("", "no-case", "case-twice", "claim-twice", "no-group")
"""What is wrong with a claim that goes by cases; nothing, where its case is found and names a group."""

OF_CLAIMS = ("contract", "month", "rows", *AMOUNTS)
"""Columns of numbers that claims keep."""

_LATER = np.int64(1_000_000)
"""More than any month, as 202203."""

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Joined:
    """Claims beside their cases.

    Attributes
    ----------
    claims : ``setl_id`` and :data:`OF_CLAIMS` of the claims, in the order of contract and ``setl_id``.
    fault : (n,) int8, by :data:`CLAIM_FAULTS`.
    unused : (cases,) bool, cases that are of no claim.
    groups, flags : dictionaries, of each claim's case; empty where it has none.
    days, points : likewise, 0 and -1 where it has none.
    """

    claims: pa.Table
    fault: npt.NDArray[np.int8]
    unused: npt.NDArray[np.bool_]
    groups: pa.DictionaryArray
    flags: pa.DictionaryArray
    days: Int64
    points: Int64


def ordered(claims: pa.Table) -> pa.Table:
    """``setl_id`` and :data:`OF_CLAIMS` of claims that are of a contract, in the order of contract and ``setl_id``."""
    order = pc.sort_indices(
        claims.select(["contract", "setl_id"]), [("contract", "ascending"), ("setl_id", "ascending")]
    )
    taker = Taker(numbers(order).astype(np.int32), len(claims))
    columns = {name: taker.numbers(numbers(claims[name])) for name in OF_CLAIMS}
    ids = taker.texts(Texts.plain(claims["setl_id"]))
    return pa.table({"setl_id": ids, **{name: arrow(values) for name, values in columns.items()}})


def summed(claims: pa.Table, wanted: npt.NDArray[np.bool_]) -> pa.Table:
    """Some of ordered claims, added up by contract and month: :data:`OF_CLAIMS` of each.

    Raises
    ------
    ValueError
        A sum could leave 64 bits.
    """
    contract, month, *amounts = (numbers(claims[name])[wanted] for name in OF_CLAIMS)
    _, first, group = np.unique(contract * _LATER + month, return_index=True, return_inverse=True)
    sums = add_up(group.astype(np.int32), len(first), amounts)
    columns = (contract[first], month[first], *sums)
    return pa.table({name: arrow(values) for name, values in zip(OF_CLAIMS, columns, strict=True)})


def join(claims: pa.Table, cases: pa.Table, keys: Sequence[str]) -> Joined:
    """Join claims and cases on pool, scheme and ``setl_id``; each must be there once.

    Parameters
    ----------
    claims, cases
        Internal rows; all claims are of a contract.
    keys
        Pool and scheme of each contract, by its number.
    """
    own = ordered(claims)
    ids = Texts.of(pa.chunked_array([*own["setl_id"].chunks, *cases["setl_id"].chunks], pa.string()))
    number, most = numbered(ids, _keys_of(numbers(own["contract"]), keys, cases))
    of_claim, of_case = number[: len(own)], number[len(own) :]
    claims_of, cases_of = np.bincount(of_claim, minlength=most), np.bincount(of_case, minlength=most)
    place = np.zeros(most, np.int32)
    place[of_case] = np.arange(len(cases), dtype=np.int32)
    there = cases_of[of_claim] > 0
    where = np.where(there, place[of_claim], np.int32(len(cases)))
    groups, flags = (
        pa.concat_arrays([*cases[name].chunks, pa.array([""])]).dictionary_encode().take(pa.array(where))
        for name in ("group", "flag")
    )
    days, points = (np.append(numbers(cases[name]), absent)[where] for name, absent in (("days", 0), ("points", -1)))
    fault = np.zeros(len(own), np.int8)
    for mask, name in (
        (_mask_of_empty(groups), "no-group"),
        (claims_of[of_claim] > 1, "claim-twice"),
        (cases_of[of_claim] > 1, "case-twice"),
        (~there, "no-case"),
    ):
        fault[mask] = CLAIM_FAULTS.index(name)
    return Joined(own, fault, claims_of[of_case] == 0, groups, flags, days, points)


def _keys_of(contract: npt.NDArray[np.int32], keys: Sequence[str], cases: pa.Table) -> npt.NDArray[np.int32]:
    """A number of pool and scheme for each claim, and after them for each case."""
    encoded = cases["key"].combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    known = {key: number for number, key in enumerate(encoded.dictionary.to_pylist())}
    of_contract = np.array([known.setdefault(key, len(known)) for key in keys] or [0], np.int32)
    of_case = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return np.concatenate([looked_up(of_contract, contract), of_case])


def numbered(ids: Texts, keys: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], int]:
    """A number for each id with a key, the same one where both are the same; and how many numbers there are."""
    in_groups = Numbering(ids, (keys, np.zeros(len(keys), np.int64)))
    number = np.empty(len(keys), np.int32)
    number[in_groups.rows] = np.cumsum(in_groups.tied == 0, dtype=np.int32) - np.int32(1)
    return number, int(number.max(initial=-1)) + 1


def _mask_of_empty(texts: pa.DictionaryArray) -> npt.NDArray[np.bool_]:
    is_empty = np.array([text == "" for text in texts.dictionary.to_pylist()], np.bool_)
    return recoded(texts.indices, is_empty) if len(texts) else np.zeros(0, np.bool_)
