"""The strict reader of fund TOML files (基金缺口分担): whatever is wrong in a file is found before an entry is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from itertools import combinations
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.funds.gaps.model import CONCERNS, LAST, NOT_MET, SPREADS, Concerns, GapRule, LastFund, MissingTerm, Shares
from qingsuan.funds.lines import FUNDS
from qingsuan.funds.watch.lines import MEASURES, WarningLine
from qingsuan.money import BP_ONE, yuan
from qingsuan.policy.model import Region
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.file import files_in
from qingsuan.policy.toml.told import did_you_mean, either

__all__ = ["lines_of_rules", "read_gap_rule", "read_gap_rules", "rule_of"]

_PERCENT = tuple(name for name in MEASURES if name != "months")
"""Measures that a document states in percent."""


def read_gap_rules(region: Region) -> tuple[GapRule, ...]:
    """Read every fund TOML that a region hands over; none for a region without such a folder.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region or of a pool that is not the region's, or two files
        are of one pool, fund and day.
    """
    if region.funds is None:
        return ()
    rules = [
        read_gap_rule(file)
        for file in files_in(region.funds, f"the funds folder of {region.code} {region.name}", "funds")
    ]
    codes = [pool.code for pool in region.pools]
    for rule in rules:
        if rule.region != region.code:
            _refuse(
                f"{rule.file}: fund.region",
                rule.region,
                region.code,
                "a plugin brings the rules of its own region only",
            )
        for code in rule.pools:
            if code not in codes:
                _refuse(
                    f"{rule.file}: fund.pools",
                    code,
                    either(codes),
                    did_you_mean(code, codes) or "name pools of the plugin",
                )
    for one, other in combinations(rules, 2):
        shared = set(one.pools) & set(other.pools) and set(one.funds) & set(other.funds)
        if shared and one.effective == other.effective:
            found, expected = str(other.effective), "one rule of a pool and fund from a day on"
            _refuse(
                f"{other.file}: fund.effective", found, expected, f"{one.file} has it, too: take one of the two away"
            )
    return tuple(sorted(rules, key=lambda rule: (rule.effective, rule.pools, rule.funds)))


def _refuse(where: str, found: str, expected: str, do: str) -> None:
    raise PolicyError(where, found=f'"{found}"', expected=expected, do=do)


def rule_of(rules: Iterable[GapRule], year: int, pool: str, fund: str) -> GapRule | None:
    """The rule that holds for a pool's fund in a year: of those that hold on its first day the latest; None for none."""
    first = dt.date(year, 1, 1)
    mine = [rule for rule in rules if pool in rule.pools and fund in rule.funds and rule.effective <= first]
    return max(mine, key=lambda rule: rule.effective, default=None)


def lines_of_rules(rules: Iterable[GapRule], year: int) -> list[tuple[tuple[str, ...], WarningLine]]:
    """The lines of warning that documents state for a year, each with the pools whose rule of the year has it."""
    every = tuple(rules)
    found = [
        (tuple(pool for pool in rule.pools if rule_of(every, year, pool, line.fund) is rule), line)
        for rule in every
        for line in rule.lines
    ]
    return [(pools, line) for pools, line in found if pools]


def read_gap_rule(file: Traversable | Path) -> GapRule:
    """Read one fund TOML file.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    rule = _Parts(root).rule(str(file), root.digest)
    root.done()
    return rule


class _Parts:
    """The parts of one file; what they cite is collected."""

    def __init__(self, root: Table) -> None:
        self.root, self.sources = root, read_sources(root)
        self.missing = tuple(
            MissingTerm(table.text("parameter"), table.text("why"), table.choice("concerns", CONCERNS))
            for table in root.tables("missing")
        )
        self._cited: set[str] = set()

    def rule(self, file: str, digest: str) -> GapRule:
        """All parts together."""
        head = self._table(self.root, "fund")
        shares = self._shares()
        not_met = (
            self._table(self.root, "not_met").choice("bears", NOT_MET) if self._is_there("not_met", "not-met") else None
        )
        spread = self._table(self.root, "spread").choice("by", SPREADS) if self._is_there("spread", "spread") else None
        last = self._last(shares)
        return GapRule(
            file=file,
            digest=digest,
            region=head.text("region"),
            title=head.text("title"),
            effective=_first_of_a_year(head),
            pools=_listed(head, "pools", None),
            funds=_listed(head, "funds", tuple(FUNDS)),
            shares=shares,
            not_met=not_met,
            spread=spread,
            last=last,
            lines=self._lines(head.texts("funds")),
            missing=self.missing,
            sources=self.sources,
            cited=tuple(sorted(self._cited)),
        )

    def _table(self, root: Table, name: str) -> Table:
        table = root.table(name)
        self._cite(table)
        return table

    def _cite(self, table: Table) -> str:
        text = cite(table, self.sources)
        self._cited.update(text.split(", "))
        return text

    def _is_there(self, key: str, concerns: Concerns) -> bool:
        """Whether a part is written. It is that, or named missing: none of the three has a default."""
        is_there = self.root.has(key)
        if is_there == any(each.concerns == concerns for each in self.missing):
            self.root.refuse(
                key,
                found=f'it, and a [[missing]] that concerns "{concerns}"' if is_there else "this part is not written",
                expected=f'either {key}, or a [[missing]] with concerns = "{concerns}"',
                do="write what the document says, or name what is missing and why",
            )
        return is_there

    def _shares(self) -> Shares | None:
        if not self._is_there("ratio", "ratio"):
            return None
        table = self.root.table("ratio")
        shares = Shares(table.percent_bp("city_percent"), table.percent_bp("county_percent"), self._cite(table))
        if shares.city_bp + shares.county_bp > BP_ONE:
            table.refuse(
                "county_percent",
                found=f"{yuan(shares.city_bp)} and {yuan(shares.county_bp)} %: more than the whole",
                expected="at most 100 together; what is left goes to the last funds",
                do="write the ratio of the document",
            )
        return shares

    def _lines(self, funds: tuple[str, ...]) -> tuple[WarningLine, ...]:
        """Lines of warning, each with the document that states it."""
        found: list[WarningLine] = []
        for table in self.root.tables("lines"):
            fund, measure, level = (
                table.choice("fund", funds),
                table.choice("measure", _PERCENT),
                table.text("level"),
            )
            least = table.percent_bp("at_least_percent")
            named = ", ".join(dict.fromkeys(self.sources[key].document for key in self._cite(table).split(", ")))
            found.append(WarningLine(fund, measure, level, least, None, named))
        return tuple(found)

    def _last(self, shares: Shares | None) -> tuple[LastFund, ...]:
        found: list[LastFund] = []
        for table in self.root.tables("last"):
            one = LastFund(table.choice("fund", LAST), table.yuan_fen("bound_yuan"), self._cite(table))
            if one.fund in (each.fund for each in found):
                table.refuse("fund", found=f'"{one.fund}" twice', expected="each once", do="take one of the two out")
            found.append(one)
        if found and shares is not None and shares.city_bp + shares.county_bp == BP_ONE:
            do = "write the part that city and county do not bear, or take [[last]] out"
            self.root.refuse("last", found="a fund that comes last", expected="a ratio that leaves it something", do=do)
        return tuple(found)


def _first_of_a_year(head: Table) -> dt.date:
    day = head.date("effective")
    if (day.month, day.day) != (1, 1):
        expected = "the first day of a year: gaps are of a whole budget year"
        head.refuse("effective", found=str(day), expected=expected, do="write the first year that counts whole")
    return day


def _listed(head: Table, key: str, known: tuple[str, ...] | None) -> tuple[str, ...]:
    names = head.texts(key)
    for number, name in enumerate(names, 1):
        if name in names[: number - 1] or (known is not None and name not in known):
            do = did_you_mean(name, known or ()) or "write each once"
            head.refuse(f"{key}[{number}]", found=f'"{name}"', expected=either(known or names), do=do)
    if not names:
        head.refuse(key, found="an empty list", expected="at least one", do="name them")
    return names
