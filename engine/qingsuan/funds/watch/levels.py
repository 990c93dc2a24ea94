"""Measures of the books, and the lines of warning (风险预警) that they reach."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.funds.lines import FUNDS
from qingsuan.funds.places import Pools
from qingsuan.funds.statement import Statement
from qingsuan.funds.watch.budgets import Execution
from qingsuan.funds.watch.lines import MEASURES, WarningLine
from qingsuan.funds.watch.printed import months
from qingsuan.heads.small_tables import lines_of, number
from qingsuan.money import fen_of_yuan
from qingsuan.policy.toml.told import did_you_mean

__all__ = [
    "LINE_COLUMNS",
    "Measure",
    "Warned",
    "measures_of",
    "read_warning_lines",
    "warned",
]

LINE_COLUMNS = ("fund", "measure", "level", "low", "high")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a fund and pool come to, in hundredths of a month or of a percent; None where it cannot be reckoned."""

    fund: str
    pool: str
    measure: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Warned:
    """A measure with one line of warning, or none."""

    measure: Measure
    line: WarningLine | None

    @property
    def is_crossed(self) -> bool:
        """Whether the line is crossed."""
        return self.line is not None and self.measure.value is not None and self.line.is_crossed(self.measure.value)


def read_warning_lines(file: Path) -> tuple[WarningLine, ...]:
    """Read a bureau's lines of warning.

    Raises
    ------
    PolicyError
        A line cannot be trusted, or a level stands twice.
    """
    found: dict[tuple[str, str, str], WarningLine] = {}
    for where, cells in lines_of(file, LINE_COLUMNS):
        for column, known in (("fund", tuple(FUNDS)), ("measure", tuple(MEASURES))):
            if cells[column] not in known:
                do = did_you_mean(cells[column], known) or "correct the cell"
                found_, expected = f'{column} "{cells[column]}"', f"one of {', '.join(known)}"
                raise PolicyError(where, found=found_, expected=expected, do=do)
        low, high = (_bound(where, name, cells[name]) for name in ("low", "high"))
        if re.fullmatch(r"\S+", cells["level"]) is None or (low is None and high is None):
            said = f'level "{cells["level"]}", low "{cells["low"]}", high "{cells["high"]}"'
            raise PolicyError(
                where, found=said, expected="a level, and a bound below, above or both", do="fill them in"
            )
        key = cells["fund"], cells["measure"], cells["level"]
        if key in found:
            raise PolicyError(
                where, found=f"{' '.join(key)} again", expected="each level once", do="take one of the two out"
            )
        found[key] = WarningLine(*key, low, high, f"the table {file.name}")
    return tuple(found.values())


def _bound(where: str, column: str, text: str) -> int | None:
    return number(text, fen_of_yuan, where, column, "months or percent, at most two decimals") if text else None


def measures_of(
    statement: Statement,
    execution: Iterable[Execution],
    ratios: Mapping[tuple[str, str, str], tuple[int, int]],
    pools: Pools,
) -> tuple[Measure, ...]:
    """What the books of each fund and pool come to.

    Parameters
    ----------
    ratios : by fund, pool and measure, what the pooled fund paid and what lay in scope; in fen.
    """
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for book in statement.books:
        key = book.fund, pools.find(book.admdvs)
        closing, expense = sums.get(key, (0, 0))
        sums[key] = closing + book.closing, expense + book.expense_within
    found = [Measure(*key, "months", months(*amounts)) for key, amounts in sums.items()]
    for one in execution:
        if one.budget.line in ("income", "expense") and one.budget.place in pools.names:
            found.append(Measure(one.budget.fund, one.budget.place, f"execution-{one.budget.line}", one.share))
    for (fund, pool, measure), (paid, scope) in ratios.items():
        found.append(Measure(fund, pool, measure, (20_000 * paid + scope) // (2 * scope) if scope else None))
    return tuple(
        sorted(found, key=lambda one: (list(FUNDS).index(one.fund), one.pool, list(MEASURES).index(one.measure)))
    )


def warned(measures: Iterable[Measure], lines: Sequence[tuple[tuple[str, ...], WarningLine]]) -> tuple[Warned, ...]:
    """Every measure with every line that is about it; with none where no line is.

    Parameters
    ----------
    lines : with the pools that each is for.
    """
    found: list[Warned] = []
    for one in measures:
        mine = [
            line for pools, line in lines if one.pool in pools and (line.fund, line.measure) == (one.fund, one.measure)
        ]
        found += [Warned(one, line) for line in mine] or [Warned(one, None)]
    return tuple(found)
