"""Everything that a year's books are watched by, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.funds.places import Pools
from qingsuan.funds.results import pool_sums
from qingsuan.funds.statement import Statement
from qingsuan.funds.watch.budgets import Budget, Execution, execution_of, read_budgets, unbalanced
from qingsuan.funds.watch.levels import Warned, measures_of, read_warning_lines, warned
from qingsuan.funds.watch.lines import MEASURES, WarningLine
from qingsuan.funds.watch.printed import Check, Year, checks_of, months, read_printed
from qingsuan.heads.small_tables import TableFile
from qingsuan.money import yuan

__all__ = ["Watch", "Watched"]

_MONEY = pa.decimal128(20, 2)
_FINE = pa.decimal128(24, 4)
_HUNDREDTHS = pa.decimal128(12, 2)
_SHARE = pa.decimal128(12, 4)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched by: budgets, lines of warning with the pools that each is for, printed statements.

    ``ratios`` has, by fund, pool and measure, what the pooled fund paid for settled claims and what lay in scope, in fen.
    """

    budgets: tuple[Budget, ...] = ()
    lines: tuple[tuple[tuple[str, ...], WarningLine], ...] = ()
    printed: tuple[Year, ...] = ()
    ratios: Mapping[tuple[str, str, str], tuple[int, int]] | None = None
    files: tuple[TableFile, ...] = ()

    @classmethod
    def read(
        cls,
        budgets: Path | None,
        lines: Path | None,
        printed: Path | None,
        pools: Pools,
        of_rules: Iterable[tuple[tuple[str, ...], WarningLine]] = (),
        ratios: Mapping[tuple[str, str, str], tuple[int, int]] | None = None,
    ) -> Watch:
        """Read the bureau's tables; its lines of warning are for every pool, those of a region's rule for the rule's.

        Raises
        ------
        PolicyError
            A table cannot be trusted.
        """
        named = {"budgets": budgets, "lines": lines, "printed": printed}
        own = () if lines is None else read_warning_lines(lines)
        return cls(
            budgets=() if budgets is None else read_budgets(budgets, pools),
            lines=(*of_rules, *((tuple(pools.codes), line) for line in own)),
            printed=() if printed is None else read_printed(printed),
            ratios=ratios,
            files=tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """A year's books, watched."""

    year: int
    execution: tuple[Execution, ...]
    plans: Sequence[tuple[str, str, int, int]]
    measures: tuple[Warned, ...]
    printed: tuple[Year, ...]
    checks: tuple[Check, ...]
    statement: Statement
    pools: Pools

    @classmethod
    def of(cls, year: int, statement: Statement, watch: Watch, pools: Pools) -> Watched:
        """Watch a year's books."""
        execution = execution_of(watch.budgets, statement, pools)
        measures = measures_of(statement, execution, watch.ratios or {}, pools)
        checks = tuple(check for one in watch.printed for check in checks_of(one))
        plans = unbalanced(watch.budgets)
        return cls(year, execution, plans, warned(measures, watch.lines), watch.printed, checks, statement, pools)

    def tables(self) -> dict[str, pa.Table]:
        """The files; execution and printed statements only where their tables were given."""
        found = {"warnings/part-00000.parquet": self._warnings()}
        if self.execution:
            found["execution/part-00000.parquet"] = self._execution()
        if self.printed:
            found["printed/part-00000.parquet"] = self._printed()
            found["trend/part-00000.parquet"] = self._trend()
        return found

    def _execution(self) -> pa.Table:
        rows = self.execution
        columns = {name: _texts(getattr(one.budget, name) for one in rows) for name in ("fund", "place", "line")}
        columns["budget"] = _amounts((one.budget.fen for one in rows), _MONEY)
        columns["actual"] = _amounts((one.actual for one in rows), _MONEY)
        columns["share"] = _amounts((one.share for one in rows), _SHARE, 4)
        return pa.table(columns)

    def _warnings(self) -> pa.Table:
        rows = self.measures
        columns = {name: _texts(getattr(one.measure, name) for one in rows) for name in ("fund", "pool", "measure")}
        columns["title"] = _texts(MEASURES[one.measure.measure] for one in rows)
        columns["value"] = _amounts((one.measure.value for one in rows), _HUNDREDTHS)
        columns["level"] = pa.array([one.line.level if one.line else None for one in rows], pa.string())
        columns["crossed"] = pa.array([one.is_crossed if one.line else None for one in rows], pa.bool_())
        columns["low"] = _amounts((one.line.low if one.line else None for one in rows), _HUNDREDTHS)
        columns["high"] = _amounts((one.line.high if one.line else None for one in rows), _HUNDREDTHS)
        columns["source"] = pa.array([one.line.source if one.line else None for one in rows], pa.string())
        return pa.table(columns)

    def _printed(self) -> pa.Table:
        rows = self.checks
        differs = {
            (one.statement.fund, one.statement.place, one.statement.year) for one in rows if one.verdict == "differs"
        }
        return pa.table(
            {
                "year": pa.array([one.statement.year for one in rows], pa.int64()),
                "fund": _texts(one.statement.fund for one in rows),
                "place": _texts(one.statement.place for one in rows),
                "line": _texts(one.line for one in rows),
                "says": _texts(one.says for one in rows),
                "printed": _amounts((one.printed for one in rows), _FINE, 4),
                "expected": _amounts((one.expected for one in rows), _FINE, 4),
                "difference": _amounts((one.printed - one.expected for one in rows), _FINE, 4),
                "verdict": _texts(one.verdict for one in rows),
                "balanced": pa.array(
                    [(one.statement.fund, one.statement.place, one.statement.year) not in differs for one in rows],
                    pa.bool_(),
                ),
            }
        )

    def _trend(self) -> pa.Table:
        """Totals by year: printed ones of earlier years as they are printed, this year's of the books, by fund and place."""
        rows: list[dict[str, Any]] = []
        for one in self.printed:
            sizes = {name: each.size for name, each in one.totals.items()}
            told = {name: sizes.get(name) for name in ("income", "expense", "closing")}
            rows.append({"fund": one.fund, "place": one.place, "year": one.year, "of": "printed", **told})
        places = {(row["fund"], row["place"]) for row in rows}
        for (fund, pool), sums in pool_sums(self.statement.books, self.pools).items():
            if (fund, pool) in places:
                told = {
                    "income": sums["income"] * 100,
                    "expense": sums["expense"] * 100,
                    "closing": sums["closing"] * 100,
                }
                rows.append({"fund": fund, "place": pool, "year": self.year, "of": "books", **told})
        rows.sort(key=lambda row: (row["fund"], row["place"], row["year"], row["of"]))
        columns: dict[str, pa.Array] = {name: _texts(row[name] for row in rows) for name in ("fund", "place")}
        columns["year"] = pa.array([row["year"] for row in rows], pa.int64())
        columns["of"] = _texts(row["of"] for row in rows)
        columns |= {name: _amounts((row[name] for row in rows), _FINE, 4) for name in ("income", "expense", "closing")}
        columns["months"] = _amounts((_months(row) for row in rows), _HUNDREDTHS)
        return pa.table(columns)

    def record(self) -> dict[str, Any]:
        """What the run record says of it."""
        return {
            "budgets": len(self.execution),
            "measures": len({(one.measure.fund, one.measure.pool, one.measure.measure) for one in self.measures}),
            "crossed": [
                {
                    "fund": one.measure.fund,
                    "pool": one.measure.pool,
                    "measure": one.measure.measure,
                    "value": yuan(one.measure.value or 0),
                    "level": one.line.level,
                    "source": one.line.source,
                }
                for one in self.measures
                if one.line is not None and one.is_crossed
            ],
            "printed": {
                verdict: sum(one.verdict == verdict for one in self.checks)
                for verdict in ("equal", "rounding", "differs")
            },
        }

    def warnings(self) -> Iterable[str]:
        """What a reader of the books should know."""
        for one in self.measures:
            if one.line is not None and one.is_crossed:
                title, value = MEASURES[one.measure.measure], yuan(one.measure.value or 0)
                yield f"{one.measure.fund} {one.measure.pool}: {title} {value} crosses the line “{one.line.level}” of {one.line.source}"
        for fund, place, income, expense in self.plans:
            yield f"{fund} {place}: the plan spends {yuan(expense)} of {yuan(income)} that it brings in (以收定支、收支平衡、略有结余)"
        for check in self.checks:
            if check.verdict == "differs":
                of = check.statement
                yield (
                    f"{of.fund} {of.place} {of.year}: {check.line} is printed as {_fine(check.printed)}, {check.says} gives "
                    f"{_fine(check.expected)}; the printed line is kept, the year is not balanced"
                )


def _months(row: Mapping[str, Any]) -> int | None:
    return None if row["closing"] is None or row["expense"] is None else months(row["closing"], row["expense"])


def _fine(size: int) -> str:
    """Hundredths of a fen as yuan, without decimals that say nothing."""
    text = f"{Decimal(size).scaleb(-4):.4f}"
    return text[:-2] if text.endswith("00") else text


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _amounts(values: Iterable[int | None], kind: pa.DataType, decimals: int = 2) -> pa.Array:
    return pa.array([None if value is None else Decimal(value).scaleb(-decimals) for value in values], kind)
