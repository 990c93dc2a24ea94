"""All gaps of a year: each pool's funds by the rule that holds for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from qingsuan.funds.gaps.model import GapRule
from qingsuan.funds.gaps.reader import rule_of
from qingsuan.funds.gaps.remedies import remedies_of
from qingsuan.funds.gaps.results import gap_record, gap_tables
from qingsuan.funds.gaps.sharing import BORNE, Gap, gaps_of
from qingsuan.funds.gaps.tables import BureauTables
from qingsuan.funds.places import Pools
from qingsuan.funds.statement import Statement

__all__ = ["Gaps", "Sharing"]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What gaps are shared by: the regions' rules, and the bureau's tables."""

    rules: tuple[GapRule, ...] = ()
    tables: BureauTables = field(default_factory=BureauTables)


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a year, the rules that they were shared by, and funds of pools with a gap and without a rule."""

    gaps: tuple[Gap, ...]
    rules: tuple[GapRule, ...]
    without: tuple[str, ...]
    sharing: Sharing
    statement: Statement
    pools: Pools

    @classmethod
    def of(cls, year: int, statement: Statement, sharing: Sharing, pools: Pools) -> Gaps:
        """Share the gaps of every fund and pool that has a rule for the year."""
        found: list[Gap] = []
        used: dict[str, GapRule] = {}
        without: list[str] = []
        for fund, pool in dict.fromkeys((book.fund, pools.find(book.admdvs)) for book in statement.books):
            books = [one for one in statement.books if one.fund == fund and pools.find(one.admdvs) == pool]
            rule = rule_of(sharing.rules, year, pool, fund)
            if rule is None:
                if any(one.expense_within > one.income_within for one in books if one.admdvs != pool):
                    without.append(f"{fund} {pool}")
                continue
            used[rule.file] = rule
            lines = [one for one in statement.lines if one.fund == fund and pools.find(one.admdvs) == pool]
            found += gaps_of(books, lines, rule, sharing.tables, pool)
        return cls(tuple(found), tuple(used.values()), tuple(without), sharing, statement, pools)

    def tables(self) -> dict[str, pa.Table]:
        """The files."""
        closings: dict[tuple[str, str], int] = {}
        for book in self.statement.books:
            key = book.fund, self.pools.find(book.admdvs)
            closings[key] = closings.get(key, 0) + book.closing
        return gap_tables(self.gaps, remedies_of(closings, self.sharing.tables.means), self.pools)

    def equals(self) -> list[tuple[str, int, int]]:
        """What must be equal: what everyone bears, and the gap."""
        borne = sum(getattr(one, name) for one in self.gaps for name in BORNE)
        wrong = [one for one in self.gaps if sum(getattr(one, name) for name in BORNE) != one.gap]
        gap = sum(one.gap for one in self.gaps)
        return [
            ("what everyone bears = the gap, every county", borne, gap),
            ("counties of which that is not so", len(wrong), 0),
        ]

    def record(self) -> dict[str, Any]:
        """What the run record says of it."""
        return gap_record(self.gaps, self.rules, self.without)

    def warnings(self) -> Iterable[str]:
        """What a reader of the gaps should know."""
        lacking = sorted({parameter for one in self.gaps for parameter in one.lacks})
        if lacking:
            yield f"parts of gaps stay open: {', '.join(lacking[:10])} are missing"
        if self.without:
            yield f"no region has a rule of who bears a gap of {', '.join(self.without)}"
        for rule in self.rules:
            made_up = [rule.sources[key].document for key in rule.cited if rule.sources[key].grade == "made-up"]
            if made_up:
                yield f"{', '.join(rule.pools)}: {', '.join(dict.fromkeys(made_up))} is marked made-up"
        yield from self._apart()

    def _apart(self) -> Iterable[str]:
        """Income in the pool's own ledger, of a fund whose counties have gaps: it is in no county's account."""
        with_gap: Sequence[str] = [one.book.fund for one in self.gaps if one.gap]
        for book in self.statement.books:
            if book.admdvs in self.pools.names and book.fund in with_gap and book.income_within:
                yield (
                    f"{book.fund} {book.admdvs}: income stands in the pool's own ledger and in no county's account; "
                    "gaps of counties are reckoned without it"
                )
