"""One contract settled (大病保险清算): surplus or overrun by bands, advances, what is still to be paid. Everything adds up to the fen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qingsuan.money import apply_bp
from qingsuan.operators.model import PARTIES, Band, Contract, Side
from qingsuan.operators.premium import PerHead, per_head

__all__ = ["Figures", "Part", "SettledContract", "settle_contract"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a contract's year, in fen.

    Attributes
    ----------
    heads : how many people are insured.
    settled : what funds that the operator pays for came to in settled claims.
    paid : what the operator has paid for claims.
    advanced, returned : premium that the fund has paid, and money that the operator has given back.
    carried_in : what the year before carries on: above 0 with the operator for the fund, below 0 an overrun.
    """

    heads: int
    settled: int
    paid: int
    advanced: int
    returned: int
    carried_in: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of surplus or overrun in fen: of which side and band (from 1; 0 is what policy caused), and whose it is, by party."""

    side: str
    band: int
    fen: int
    by_party: dict[str, int]


@dataclass(frozen=True, slots=True)
class SettledContract:
    """A contract with every term, in fen.

    ``premium − counted − reserve − operating − profit = surplus − overrun``; surplus and overrun are the sums of their parts.
    """

    contract: Contract
    figures: Figures
    each: PerHead
    premium: int
    reserve: int
    operating: int
    profit: int
    surplus: int
    overrun: int
    parts: tuple[Part, ...]

    @property
    def counted(self) -> int:
        """Claims that count: as settled, or as paid."""
        return self.figures.settled if self.contract.by_settled else self.figures.paid

    def of(self, side: str, party: str) -> int:
        """What of surplus or overrun is a party's."""
        return sum(part.by_party[party] for part in self.parts if part.side == side)

    @property
    def operator_result(self) -> int:
        """The operator's profit, or loss below 0."""
        return self.profit + self.of("surplus", "operator") - self.of("overrun", "operator")

    @property
    def carried_out(self) -> int:
        """What goes on to the next year: above 0 with the operator for the fund, below 0 an overrun."""
        return self.figures.carried_in + self.of("surplus", "next-year") - self.of("overrun", "next-year")

    @property
    def due(self) -> int:
        """What the operator may keep of the fund's money: premium, less what goes back, with what the fund bears of an overrun."""
        return self.premium - self.of("surplus", "fund") + self.of("overrun", "fund")

    @property
    def clearing(self) -> int:
        """Above 0 to be paid to the operator, below 0 to be taken back: what is due, less advances, with what was given back."""
        return self.due - self.figures.advanced + self.figures.returned


def settle_contract(contract: Contract, figures: Figures) -> SettledContract:
    """Settle a contract. Profit is taken only from what claims and costs leave: without it there is no loss."""
    each = per_head(contract.premium, figures.heads)
    premium = each.fen * figures.heads
    operating = contract.off.operating_fen
    if contract.off.operating_most_bp is not None:
        operating = min(operating, apply_bp(premium, contract.off.operating_most_bp))
    counted = figures.settled if contract.by_settled else figures.paid
    left = premium - counted - contract.off.reserve_fen - operating
    profit = min(max(0, left), apply_bp(premium, contract.off.profit_bp))
    surplus, overrun = max(0, left - profit), max(0, -left)
    parts = (*_parts("surplus", contract.surplus, surplus, premium), *_overrun(contract, overrun, premium))
    return SettledContract(
        contract, figures, each, premium, contract.off.reserve_fen, operating, profit, surplus, overrun, parts
    )


def _overrun(contract: Contract, overrun: int, premium: int) -> Iterator[Part]:
    """What policy caused first, then bands over what is left."""
    caused = 0
    if contract.policy_loss is not None and overrun:
        caused = min(overrun, contract.policy_loss.fen)
        yield Part("overrun", 0, caused, {**dict.fromkeys(PARTIES, 0), contract.policy_loss.party: caused})
    yield from _parts("overrun", contract.overrun, overrun - caused, premium)


def _parts(side: str, of: Side, fen: int, premium: int) -> Iterator[Part]:
    """An amount by bands; each band shared, the last party taking what rounding leaves."""
    begin = 0
    for number, band in enumerate(of.bands, 1):
        end = None if band.upto_bp is None else apply_bp(premium, band.upto_bp)
        if of.measured == "whole":
            part = fen if fen > begin and (end is None or fen <= end) else 0
        else:
            part = max(0, (fen if end is None else min(fen, end)) - begin)
        if part:
            yield Part(side, number, part, _shared(part, band))
        begin = begin if end is None else end


def _shared(fen: int, band: Band) -> dict[str, int]:
    """An amount by party: each share rounded once and never more than is left, which the last party takes."""
    by_party, left = dict.fromkeys(PARTIES, 0), fen
    for share in band.shares[:-1]:
        by_party[share.party] = min(left, apply_bp(fen, share.bp))
        left -= by_party[share.party]
    by_party[band.shares[-1].party] = left
    return by_party
