"""What a run comes to: every contract settled, what nobody's contract pays for, and what must be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qingsuan.money import yuan
from qingsuan.operators.bureau import OUTCOMES, Bureau
from qingsuan.operators.model import PARTIES, Contract
from qingsuan.operators.settling import Figures, SettledContract, settle_contract
from qingsuan.paid.rows import Sums
from qingsuan.policy.model import FUNDS

__all__ = ["Outcome", "Uncovered"]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What a fund paid that some operator pays for elsewhere, and no settled contract here: whose it would be, and why not."""

    pool: str
    insutype: str
    fund: str
    fen: int
    contract: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished calculation; ``paid`` is what came in, by pool and scheme."""

    bureau: Bureau
    paid: Sums
    settled: tuple[SettledContract, ...]
    uncovered: tuple[Uncovered, ...]

    @classmethod
    def of(cls, bureau: Bureau, paid: Sums) -> Outcome:
        """Settle every contract; each belongs to one pool, and no two pay for the same."""
        settled = tuple(
            settle_contract(contract, _figures(contract, bureau, paid)) for contract in bureau.contracts.contracts
        )
        return cls(bureau, paid, settled, tuple(_uncovered(bureau, paid)))

    def identities(self) -> tuple[tuple[str, int, int], ...]:
        """What must be equal, with both amounts in fen."""
        funds = self.bureau.contracts.funds
        came = sum(_fund(numbers, fund) for numbers in self.paid.values() for fund in funds)
        covered = sum(one.figures.settled for one in self.settled)
        return (
            (
                "payments of the funds = of contracts + of none",
                came,
                covered + sum(one.fen for one in self.uncovered),
            ),
            (
                "premium = claims + reserve + operating cost + profit + surplus - overrun",
                self._sum("premium"),
                sum(self._sum(name) for name in ("counted", "reserve", "operating", "profit", "surplus"))
                - self._sum("overrun"),
            ),
            *(
                (
                    f"{side} = the fund's + the operator's + the next year's",
                    self._sum(side),
                    sum(one.of(side, party) for one in self.settled for party in PARTIES),
                )
                for side in ("surplus", "overrun")
            ),
            (
                "due = advances - given back + clearing",
                self._sum("due"),
                sum(one.figures.advanced - one.figures.returned + one.clearing for one in self.settled),
            ),
        )

    def _sum(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.settled)

    def warnings(self) -> tuple[str, ...]:
        """What a reader of the amounts should know."""
        contracts = self.bureau.contracts
        found = [
            f"{contracts.title}: {source.document} is marked made-up"
            for source in contracts.sources.values()
            if source.grade == "made-up"
        ]
        found += [f"{file.name}: {comment}" for file in self.bureau.files for comment in file.comments]
        found += [
            f"contract {one.id} is not settled: {one.parameter} is missing: {one.why}" for one in contracts.unsettled
        ]
        if self.uncovered:
            fen = sum(one.fen for one in self.uncovered)
            found.append(f"{yuan(fen)} yuan were paid for which no contract is settled: uncovered/ says where and why")
        refused = sum(one.fault is not None for one in self.bureau.movements)
        found += [f"{refused} lines of the movements are refused: movements/ says why"] if refused else []
        ids = {contract.id for contract in contracts.contracts}
        found += [
            f"{yuan(fen)} yuan are carried in by the contract {name}, which is not settled here"
            for name, fen in sorted(self.bureau.carried.items())
            if fen and name not in ids
        ]
        found += [
            f"contract {one.contract.id} ends with {contracts.year} and carries {yuan(one.carried_out)} yuan on"
            for one in self.settled
            if one.carried_out and one.contract.last_year == contracts.year
        ]
        return tuple(found)

    def record(self) -> dict[str, Any]:
        """The part of ``run.json`` that this settlement knows."""
        contracts = self.bureau.contracts
        lines, fen = Counter[str](), Counter[str]()
        for one in self.bureau.movements:
            lines[one.outcome] += 1
            fen[one.outcome] += 0 if one.fault is not None else one.fen or 0
        return {
            "title": contracts.title,
            "contracts": len(self.settled),
            "not_settled": [
                {"contract": one.id, "parameter": one.parameter, "why": one.why} for one in contracts.unsettled
            ],
            "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in self.bureau.files],
            "sources": [
                {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
                for each in contracts.sources.values()
            ],
            "rows": {"in": sum(numbers[0] for numbers in self.paid.values())},
            "movements": {
                name: {"rows": lines[name], **({} if name == "refused" else {"amount": yuan(fen[name])})}
                for name in OUTCOMES
            },
            "amounts": {
                name: yuan(self._sum(name))
                for name in ("premium", "counted", "surplus", "overrun", "operator_result", "carried_out", "clearing")
            }
            | {"uncovered": yuan(sum(one.fen for one in self.uncovered))},
            "identities": [
                {"identity": name, "one": yuan(one), "other": yuan(other)} for name, one, other in self.identities()
            ],
            "warnings": list(self.warnings()),
        }


def _figures(contract: Contract, bureau: Bureau, paid: Sums) -> Figures:
    return Figures(
        heads=bureau.heads_of(contract),
        settled=sum(
            _fund(paid[contract.pool, scheme], fund)
            for scheme in contract.schemes
            if (contract.pool, scheme) in paid
            for fund in contract.pays
        ),
        paid=bureau.moved(contract, "payout"),
        advanced=bureau.moved(contract, "advance"),
        returned=bureau.moved(contract, "return"),
        carried_in=bureau.carried.get(contract.id, 0),
    )


def _uncovered(bureau: Bureau, paid: Sums) -> Iterable[Uncovered]:
    contracts = bureau.contracts
    settled = {(one.pool, scheme, fund) for one in contracts.contracts for scheme in one.schemes for fund in one.pays}
    missing: Mapping[tuple[str, str, str], tuple[str, str]] = {
        (one.pool, scheme, fund): (one.id, f"{one.parameter} is missing: {one.why}")
        for one in contracts.unsettled
        for scheme in one.schemes
        for fund in one.pays
    }
    for (pool, scheme), numbers in paid.items():
        for fund in contracts.funds:
            key, fen = (pool, scheme, fund), _fund(numbers, fund)
            if fen and key not in settled:
                yield Uncovered(*key, fen, *missing.get(key, ("", "no contract of the file pays it")))


def _fund(numbers: list[int], fund: str) -> int:
    """What a fund paid, of the numbers of a key: the first of them counts claims."""
    return numbers[1 + FUNDS.index(fund)]
