"""Budgets and their execution (预算执行): what was planned on a line, what was received or paid, and the share of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.funds.lines import FUNDS, LINES
from qingsuan.funds.places import Pools
from qingsuan.funds.statement import Statement
from qingsuan.heads.small_tables import lines_of, number
from qingsuan.money import MAX_FEN, fen_of_yuan, yuan
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["BUDGET_COLUMNS", "Budget", "Execution", "execution_of", "read_budgets", "unbalanced"]

BUDGET_COLUMNS = ("fund", "place", "line", "amount")
SIDES = ("income", "expense")


@dataclass(frozen=True, slots=True)
class Budget:
    """What is planned on a line, or for a whole side, of a fund in a county or in a whole pool; in fen."""

    fund: str
    place: str
    line: str
    fen: int
    where: str

    @property
    def side(self) -> str:
        """Income or expense."""
        return self.line if self.line in SIDES else LINES[self.line].side


@dataclass(frozen=True, slots=True)
class Execution:
    """A budget beside what was received or paid, in fen."""

    budget: Budget
    actual: int

    @property
    def share(self) -> int | None:
        """Actual ÷ budget in basis points, half away from zero; None of a budget of 0."""
        planned = self.budget.fen
        if planned == 0:
            return None
        size = (abs(self.actual) * 20_000 + planned) // (2 * planned)
        return size if self.actual >= 0 else -size


def read_budgets(file: Path, pools: Pools) -> tuple[Budget, ...]:
    """Read a table of budgets.

    Raises
    ------
    PolicyError
        A line cannot be trusted, or plans a thing twice.
    """
    found: dict[tuple[str, str, str], Budget] = {}
    for where, cells in lines_of(file, BUDGET_COLUMNS):
        fund, place, line = (cells[name] for name in BUDGET_COLUMNS[:3])
        if fund not in FUNDS:
            do = did_you_mean(fund, FUNDS) or "correct the cell"
            raise PolicyError(where, found=f'fund "{fund}"', expected=f"one of {', '.join(FUNDS)}", do=do)
        known = (*SIDES, *(one.code for one in LINES.values() if fund in one.funds))
        if line not in known:
            do = did_you_mean(line, known) or "correct the cell"
            raise PolicyError(where, found=f'line "{line}"', expected=f"income, expense, or a line of {fund}", do=do)
        if not pools.find(place):
            expected = f"a pool, or a county in one: {', '.join(pools.codes)}"
            raise PolicyError(where, found=f'place "{place}"', expected=expected, do="correct the code")
        fen = number(cells["amount"], fen_of_yuan, where, "amount", "yuan, at most two decimals")
        if not 0 <= fen <= MAX_FEN:
            raise PolicyError(where, found=f"amount {yuan(fen)}", expected=f"0 to {yuan(MAX_FEN)}", do="correct it")
        if (fund, place, line) in found:
            raise PolicyError(
                where, found=f"{fund} {place} {line} again", expected="each budget once", do="take one out"
            )
        found[fund, place, line] = Budget(fund, place, line, fen, where)
    return tuple(found.values())


def execution_of(budgets: Iterable[Budget], statement: Statement, pools: Pools) -> tuple[Execution, ...]:
    """Hold budgets against the books: of a pool's code all its ledgers, of a county's its own; without what moves between levels."""

    def actual(budget: Budget) -> int:
        return sum(
            line.cash
            for line in statement.lines
            if line.fund == budget.fund
            and budget.place in (line.admdvs, pools.find(line.admdvs))
            and (line.line == budget.line or (budget.line == line.side and not LINES[line.line].is_transfer))
        )

    return tuple(Execution(budget, actual(budget)) for budget in budgets)


def unbalanced(budgets: Sequence[Budget]) -> list[tuple[str, str, int, int]]:
    """Plans that spend more than they bring in (以收定支、收支平衡、略有结余): fund, place, income, expense.

    A side's own total decides where one is planned, else the sum of its lines; a plan of one side only says nothing.
    """
    sums: dict[tuple[str, str, str], int] = {}
    for side in SIDES:
        for budget in budgets:
            if budget.side == side and budget.line != side:
                key = budget.fund, budget.place, side
                sums[key] = sums.get(key, 0) + budget.fen
    sums |= {(one.fund, one.place, one.line): one.fen for one in budgets if one.line in SIDES}
    both = dict.fromkeys((fund, place) for fund, place, _ in sums if all((fund, place, side) in sums for side in SIDES))
    pairs = [(fund, place, sums[fund, place, "income"], sums[fund, place, "expense"]) for fund, place in both]
    return [one for one in pairs if one[3] > one[2]]
