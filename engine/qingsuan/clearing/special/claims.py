"""Claims that special payers bear, each by itself: what is cleared of it, and who bears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.contracts.payers import PARTS, Payer
from qingsuan.clearing.joining import numbered, ordered
from qingsuan.columns.rows import add_up, looked_up, numbers
from qingsuan.money import BP_ONE
from qingsuan.people import Texts

__all__ = ["Borne", "Specials", "borne_by", "of_claims"]

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Borne:
    """What a payer bears of a part of claims of the same terms: places of claims, and fen of each."""

    part: str
    payer: str
    places: npt.NDArray[np.intp]
    fen: Int64


@dataclass(frozen=True, slots=True)
class Specials:
    """Claims of contracts with special payers.

    Attributes
    ----------
    claims : ``setl_id`` and numbers, in the order of contract and ``setl_id``.
    twice : (n,) bool, claims that share their ``setl_id`` with another one: they are not settled.
    standard : (n,) int64 fen, what is cleared of each.
    """

    claims: pa.Table
    twice: Mask
    standard: Int64

    @property
    def contract(self) -> npt.NDArray[np.int32]:
        """The number of each claim's contract."""
        found: npt.NDArray[np.int32] = numbers(self.claims["contract"])
        return found

    def standards(self, count: int) -> Int64:
        """What is cleared of settled claims by each of so many contracts."""
        settled = ~self.twice
        (found,) = add_up(self.contract[settled], count, [self.standard[settled]])
        return found

    def borne(self, contracts: Sequence[Contract], settled: Mask) -> Iterator[Borne]:
        """Who bears what of the claims that are settled, terms by terms in the order of their parts and payers."""
        terms = {one.terms.id: one.terms for one in contracts if one.terms.parts}
        place = {name: number for number, name in enumerate(sorted(terms))}
        of_contract = np.array([place.get(one.terms.id, -1) for one in contracts] or [-1], np.int32)
        own = looked_up(of_contract, self.contract)
        for name, number in place.items():
            places = np.flatnonzero((own == number) & settled)
            for part in terms[name].parts:
                amounts = numbers(self.claims[part.of])[places]
                for payer, fen in zip(part.payers, borne_by(part.payers, amounts), strict=True):
                    yield Borne(part.of, payer.name, places, fen)


def of_claims(claims: pa.Table, contracts: Sequence[Contract]) -> Specials:
    """Value claims of contracts with special payers, one by one."""
    own = ordered(claims)
    contract = numbers(own["contract"])
    known: dict[str, int] = {}
    keys = np.array([known.setdefault(one.key, len(known)) for one in contracts] or [0], np.int32)
    number, most = numbered(Texts.of(own["setl_id"]), looked_up(keys, contract))
    twice: Mask = np.bincount(number, minlength=most)[number] > 1
    standard = np.zeros(len(own), np.int64)
    for of in PARTS:
        bears = np.array([any(part.of == of for part in one.terms.parts) for one in contracts] or [False], np.bool_)
        standard += np.where(looked_up(bears, contract), numbers(own[of]), 0)
    return Specials(own, twice, standard)


def borne_by(payers: Sequence[Payer], amounts: Int64) -> list[Int64]:
    """What each payer bears of amounts, half away from zero; the last one bears the rest.

    >>> [each.tolist() for each in borne_by((Payer("one", 3333), Payer("other", 6667)), np.array([100, 1]))]
    [[33, 0], [67, 1]]
    """
    borne = [np.sign(amounts) * ((np.abs(amounts) * payer.bp + BP_ONE // 2) // BP_ONE) for payer in payers[:-1]]
    return [*borne, amounts - sum(borne, np.zeros(len(amounts), np.int64))] if payers else []
