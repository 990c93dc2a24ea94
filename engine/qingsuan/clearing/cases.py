"""What each case is worth by the terms of its contract, and which cases cannot be settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract, Terms
from qingsuan.clearing.joining import CLAIM_FAULTS, Joined
from qingsuan.clearing.standards import NO_STANDARD, of_bed_days, of_diseases
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import arrow, numbers

__all__ = ["FAULTS", "REASONS", "Cases", "worth"]

FAULTS = (*CLAIM_FAULTS, "no-standard", "no-days")
"""What is wrong with a case; nothing, where it is settled."""

REASONS = {
    "no-case": "no row of cases has its setl_id",
    "case-twice": "several rows of cases have its setl_id",
    "claim-twice": "several claims have its setl_id",
    "no-group": "its row of cases names no group",
    "no-standard": "groups.csv, or the rates of the terms, have nothing for its group",
    "no-days": "its row of cases says no number of days",
}

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases with what each is worth.

    Attributes
    ----------
    joined : claims beside their rows of cases.
    contract : (n,) int32, the number of each claim's contract.
    fault : (n,) int8, by :data:`FAULTS`.
    standard : (n,) int64 fen.
    """

    joined: Joined
    contract: npt.NDArray[np.int32]
    fault: npt.NDArray[np.int8]
    standard: Int64

    def table(self, contracts: Sequence[Contract], settled: npt.NDArray[np.bool_]) -> pa.Table:
        """``cases``: one row per case of those that are settled, in the order of contracts and ``setl_id``."""
        at = np.flatnonzero(settled)
        claims = self.joined.claims.take(pa.array(at))
        columns: dict[str, pa.Array] = {
            "setl_id": claims["setl_id"],
            **_named(contracts, self.contract[at]),
            "group": self.joined.groups.take(pa.array(at)).dictionary_encode(),
            "days": arrow(self.joined.days[at]),
            "medfee_sumamt": decimals(numbers(claims["medfee"])),
            "claims": decimals(numbers(claims["funds"])),
            "standard": decimals(self.standard[at]),
            "difference": decimals(self.standard[at] - numbers(claims["funds"])),
        }
        return pa.table(columns)


def worth(joined: Joined, bureau: Bureau) -> Cases:
    """Work out what each case is worth."""
    contract = numbers(joined.claims["contract"]).astype(np.int32)
    person = numbers(joined.claims["person"])
    standard, fault = np.zeros(len(contract), np.int64), joined.fault.copy()
    by_terms = _by_terms(bureau.contracts, contract)
    for terms, at in by_terms.items():
        one = bureau.terms.terms[terms]
        groups = joined.groups.take(pa.array(at))
        due = _due(one, bureau.groups, groups, person[at], joined.days[at])
        no_days = (joined.days[at] == 0) & (one.way == "03")
        fault[at] = np.where((fault[at] == 0) & no_days, FAULTS.index("no-days"), fault[at])
        fault[at] = np.where((fault[at] == 0) & (due == NO_STANDARD), FAULTS.index("no-standard"), fault[at])
        standard[at] = np.where(fault[at] == 0, due, 0)
    return Cases(joined, contract, fault, standard)


def _due(terms: Terms, standards: Mapping[tuple[str, str], int], groups: pa.Array, person: Int64, days: Int64) -> Int64:
    if terms.way == "02":
        own = {group: fen for (name, group), fen in standards.items() if name == terms.id}
        return of_diseases(terms, own, groups, person)
    return of_bed_days(terms, groups, days)


def _by_terms(contracts: Sequence[Contract], contract: npt.NDArray[np.int32]) -> dict[str, npt.NDArray[np.intp]]:
    """The places of cases by the terms of their contracts."""
    found: dict[str, list[npt.NDArray[np.intp]]] = {}
    order = np.argsort(contract, kind="stable")
    different, starts = np.unique(contract[order], return_index=True)
    for number, places in zip(different.tolist(), np.split(order, starts)[1:], strict=True):
        found.setdefault(contracts[number].terms.id, []).append(places)
    return {name: np.concatenate(parts) for name, parts in sorted(found.items())}


def _named(contracts: Sequence[Contract], contract: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
    """What contracts are called, for each case; each text once in a dictionary."""
    different, place = np.unique(contract, return_inverse=True)
    names = ("fixmedins_code", "pool", "insutype", "clr_type")
    found: dict[str, pa.Array] = {}
    rows = [(*contracts[number].name, contracts[number].terms.way, contracts[number].terms.id) for number in different]
    for part, name in enumerate((*names, "clr_way", "terms")):
        texts = pa.array([row[part] for row in rows], pa.string())
        found[name] = texts.take(pa.array(place)).dictionary_encode()
    return found
