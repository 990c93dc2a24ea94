"""What a run comes to: care cleared between pools, the money that moved judged, advances, and what must be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qingsuan.elsewhere.advances import LEVELS, Held, Use, held, uses
from qingsuan.elsewhere.bureau import Bureau
from qingsuan.elsewhere.clearing import Cleared, clear
from qingsuan.elsewhere.model import PLACES
from qingsuan.money import yuan
from qingsuan.movements.model import Movement
from qingsuan.paid.rows import Sums

__all__ = ["OUTCOMES", "Balance", "Outcome"]

OUTCOMES = ("counted", "another-year", "refused")
"""What becomes of a line of money that moved."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What one side still owes the other: care cleared less what was transferred, in fen; below 0 too much was."""

    paying: str
    treating: str
    place: str
    cleared: int
    transferred: int

    @property
    def to_pay(self) -> int:
        """What is still to be paid."""
        return self.cleared - self.transferred


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished calculation."""

    bureau: Bureau
    cleared: Cleared
    balances: tuple[Balance, ...]
    advances: tuple[Held, ...]
    uses: tuple[Use, ...]

    @classmethod
    def of(cls, bureau: Bureau, rows: Iterable[tuple[tuple[str, ...], list[int]]]) -> Outcome:
        """Clear the care of a year, given as sums by pool, scheme, institution and month."""
        cleared = clear(rows, bureau)
        _judge(bureau, cleared)
        moved = bureau.movements
        arrangement = bureau.arrangement
        balances = tuple(
            Balance(*pair, place, fen, sum(one.fen or 0 for one in moved if _is_transfer(one, pair)))
            for pair, (place, fen) in cleared.pairs.items()
        )
        return cls(
            bureau,
            cleared,
            balances,
            tuple(held(advance, moved) for advance in arrangement.advances),
            tuple(use for advance in arrangement.advances for use in uses(advance, cleared, moved, arrangement.year)),
        )

    def identities(self) -> tuple[tuple[str, int, int], ...]:
        """What must be equal, with both amounts in fen (or numbers of pairs)."""
        cleared = self.cleared
        elsewhere, local, unplaced = (cleared.total(getattr(cleared, name)) for name in ("paying", "local", "unplaced"))
        one, other = self._mirrors()
        return (
            (
                "cleared in = elsewhere + in the pool + of no known place",
                cleared.fen(cleared.came),
                elsewhere + local + unplaced,
            ),
            ("tables of paying pools = tables of places of treatment", elsewhere, cleared.total(cleared.treating)),
            (
                "pairs and schemes whose two tables say the same",
                len(one),
                sum(one[key] == other.get(key) for key in one),
            ),
            (
                "elsewhere = transferred + still to be paid",
                elsewhere,
                sum(balance.transferred + balance.to_pay for balance in self.balances),
            ),
        )

    def _mirrors(self) -> tuple[Sums, Sums]:
        """Both tables by paying pool, place of treatment and scheme."""
        one: Sums = {
            (paying, treating, scheme): row for (paying, treating, _, scheme), row in self.cleared.paying.items()
        }
        other: Sums = {}
        for (treating, paying, _, _, scheme), row in self.cleared.treating.items():
            mine = other.setdefault((paying, treating, scheme), [0] * len(row))
            other[paying, treating, scheme] = [had + more for had, more in zip(mine, row, strict=True)]
        return one, other

    def warnings(self) -> tuple[str, ...]:
        """What a reader of the amounts should know."""
        arrangement = self.bureau.arrangement
        found = [
            f"{arrangement.title}: {source.document} is marked made-up"
            for source in arrangement.sources.values()
            if source.grade == "made-up"
        ]
        found += [f"{file.name}: {comment}" for file in self.bureau.files for comment in file.comments]
        found += [
            f"the advance of {one.payer} to {one.receiver} is not reckoned: {one.parameter} is missing: {one.why}"
            for one in arrangement.missing
        ]
        if self.cleared.unplaced:
            fen = self.cleared.total(self.cleared.unplaced)
            found.append(f"{yuan(fen)} yuan are cleared with nobody: unplaced/ says which institutions, and why")
        refused = sum(one.fault is not None for one in self.bureau.movements)
        found += [f"{refused} lines of the movements are refused: movements/ says why"] if refused else []
        for advance in self.advances:
            mine = [use for use in self.uses if use.advance is advance.advance and use.level != LEVELS[0]]
            found += [
                f"advance of {use.advance.payer} to {use.advance.receiver}, {use.month}: {use.level}: "
                f"{yuan(use.used)} of {yuan(use.held)} yuan in use"
                for use in mine[-1:]
            ]
        return tuple(found)

    def rows(self) -> dict[str, int]:
        """How many claims came in, and where they were."""
        names = {"in_the_pool": "local", "elsewhere": "paying", "unplaced": "unplaced"}
        claims = {
            name: sum(numbers[0] for numbers in getattr(self.cleared, sums).values()) for name, sums in names.items()
        }
        return {"in": sum(claims.values()), **claims}

    def record(self) -> dict[str, Any]:
        """The part of ``run.json`` that this settlement knows."""
        arrangement, cleared = self.bureau.arrangement, self.cleared
        lines, fen = Counter[str](), Counter[str]()
        for one in self.bureau.movements:
            lines[one.outcome] += 1
            fen[one.outcome] += 0 if one.fault is not None else one.fen or 0
        by_place = {
            place: sum(cleared.fen(numbers) for key, numbers in cleared.paying.items() if key[2] == place)
            for place in PLACES
        }
        return {
            "title": arrangement.title,
            "clears": list(arrangement.clears),
            "not_reckoned": [
                {"payer": one.payer, "receiver": one.receiver, "parameter": one.parameter, "why": one.why}
                for one in arrangement.missing
            ],
            "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in self.bureau.files],
            "sources": [
                {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
                for each in arrangement.sources.values()
            ],
            "rows": self.rows(),
            "movements": {
                name: {"rows": lines[name], **({} if name == "refused" else {"amount": yuan(fen[name])})}
                for name in OUTCOMES
            },
            "amounts": {
                **{name: yuan(amount) for name, amount in by_place.items()},
                "in_the_pool": yuan(cleared.total(cleared.local)),
                "unplaced": yuan(cleared.total(cleared.unplaced)),
                "transferred": yuan(sum(one.transferred for one in self.balances)),
                "to_pay": yuan(sum(one.to_pay for one in self.balances)),
            },
            "identities": [
                {"identity": name, "one": yuan(one), "other": yuan(other)} for name, one, other in self._told()
            ],
            "warnings": list(self.warnings()),
        }

    def _told(self) -> list[tuple[str, int, int]]:
        """The identities of amounts."""
        return [one for one in self.identities() if not one[0].startswith("pairs")]


def _judge(bureau: Bureau, cleared: Cleared) -> None:
    """Say of every line of money that moved whether somebody owes it."""
    advances = {(one.payer, one.receiver) for one in bureau.arrangement.advances}
    for one in bureau.movements:
        sides = one.cells["payer"], one.cells["receiver"]
        if one.fault is None and one.year == bureau.arrangement.year:
            known = advances if one.cells["kind"] == "advance" else cleared.pairs
            if sides not in known:
                expected = (
                    "payer and receiver of an advance of the arrangement"
                    if one.cells["kind"] == "advance"
                    else "a pool and a place of treatment between which care is cleared this year"
                )
                one.refuse("E_CODE", "receiver", " to ".join(sides), expected)
        same = one.year == bureau.arrangement.year
        one.outcome = "refused" if one.fault is not None else "counted" if same else "another-year"


def _is_transfer(one: Movement, pair: tuple[str, str]) -> bool:
    sides = one.cells["payer"], one.cells["receiver"]
    return one.outcome == "counted" and one.cells["kind"] == "transfer" and sides == pair
