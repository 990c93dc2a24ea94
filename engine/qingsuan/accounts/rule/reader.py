"""The strict reader of account TOML files (个人账户).

Everything that can be wrong in one file is found here, before any input is opened: unknown, missing and mistyped keys,
sources that are not there, parts that are neither written nor named missing, dates that begin no month.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from itertools import combinations
from pathlib import Path

from qingsuan.accounts.rule.model import (
    CONCERNS,
    COUNTS,
    DRAWS,
    KINDS,
    MEMBERS,
    MOST_BASE_FEN,
    PREMIUMS,
    RELATIONS,
    TRANSFERS,
    UNFIT,
    AccountRule,
    Concerns,
    Counts,
    Interest,
    Members,
    MissingPart,
    Rates,
    RetiredSum,
    Use,
    Uses,
    Withheld,
)
from qingsuan.errors import PolicyError
from qingsuan.money import yuan
from qingsuan.policy.model import Region
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.file import files_in
from qingsuan.policy.toml.told import did_you_mean, either

__all__ = ["read_account_rule", "read_account_rules"]

_OLDEST = 120


def read_account_rules(region: Region) -> tuple[AccountRule, ...]:
    """Read every account TOML that a region hands over; none for a region without such a folder.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region or of a pool that is not the region's, or two
        files hold for one pool on one day.
    """
    if region.accounts is None:
        return ()
    rules = [
        read_account_rule(file)
        for file in files_in(region.accounts, f"the accounts folder of {region.code} {region.name}", "accounts")
    ]
    codes = [pool.code for pool in region.pools]
    for rule in rules:
        if rule.region != region.code:
            raise PolicyError(
                f"{rule.file}: account.region",
                found=f'"{rule.region}"',
                expected=f'"{region.code}", the region of the plugin that ships the file',
                do="a plugin brings the rules of its own region only",
            )
        for code in rule.pools:
            if code not in codes:
                do = did_you_mean(code, codes) or "name pools by the codes that the plugin hands over"
                raise PolicyError(f"{rule.file}: account.pools", found=f'"{code}"', expected=either(codes), do=do)
    _refuse_overlaps(rules)
    return tuple(sorted(rules, key=lambda rule: (rule.effective, rule.pools)))


def _refuse_overlaps(rules: Iterable[AccountRule]) -> None:
    for one, other in combinations(rules, 2):
        shared = sorted(set(one.pools) & set(other.pools))
        first, second = sorted((one, other), key=lambda rule: rule.effective)
        is_over = first.until is not None and first.until < second.effective
        if shared and not is_over:
            raise PolicyError(
                f"{second.file}: account.effective",
                found=f"{second.effective}, while {first.file} holds for {shared[0]} until {first.until or 'further notice'}",
                expected="one rule for a pool on any day",
                do="give the earlier file an until: the last day of the month before",
            )


def read_account_rule(file: Traversable | Path) -> AccountRule:
    """Read one account TOML file.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    parts = _Parts(root)
    rule = parts.rule(str(file), root.digest)
    root.done()
    return rule


class _Parts:
    """The parts of one file; what they cite is collected."""

    def __init__(self, root: Table) -> None:
        self.root, self.sources = root, read_sources(root)
        self.missing = tuple(
            MissingPart(table.text("parameter"), table.text("why"), table.choice("concerns", CONCERNS))
            for table in root.tables("missing")
        )
        self._cited: set[str] = set()

    def rule(self, file: str, digest: str) -> AccountRule:
        """All parts together."""
        head = self._cited_table("account")
        effective = _month(head, "effective")
        in_service, retired, uses = self._in_service(), self._retired(), self._uses()
        is_credited = in_service is not None or bool(retired)
        members, counts, received = self._who_and_when() if is_credited else ("all", "any-day", False)
        return AccountRule(
            file=file,
            digest=digest,
            region=head.text("region"),
            pools=_pools(head),
            title=head.text("title"),
            effective=effective,
            until=_until(head, effective),
            members=members,
            counts=counts,
            received=received,
            in_service_bp=in_service,
            retired=retired,
            withheld=self._withheld(in_service, retired),
            uses=uses,
            interest=self._interest(effective),
            missing=self.missing,
            sources=self.sources,
            cited=tuple(sorted(self._cited)),
        )

    def _cite(self, table: Table) -> str:
        text = cite(table, self.sources)
        self._cited.update(text.split(", "))
        return text

    def _cited_table(self, name: str) -> Table:
        table = self.root.table(name)
        self._cite(table)
        return table

    def _is_there(self, key: str, concerns: Concerns) -> bool:
        """Whether a part is written. It is that, or named missing; sums of retired people may be both, by date."""
        is_there = self.root.has(key)
        is_missing = any(each.concerns == concerns for each in self.missing)
        if is_there == is_missing and not (is_there and concerns == "retired"):
            self.root.refuse(
                key,
                found=f'it, and a [[missing]] that concerns "{concerns}"' if is_there else "this part is not written",
                expected=f'either {key}, or a [[missing]] with concerns = "{concerns}"',
                do="write what the document says, or name what is missing and why",
            )
        return is_there

    def _who_and_when(self) -> tuple[Members, Counts, bool]:
        """Who has an account, which months count, and whether their contributions must have been received."""
        members, months = self._cited_table("members"), self._cited_table("months")
        return members.choice("who", MEMBERS), months.choice("counts", COUNTS), months.flag("received")

    def _in_service(self) -> int | None:
        if not self._is_there("in_service", "in-service"):
            return None
        return self._cited_table("in_service").percent_bp("percent")

    def _retired(self) -> tuple[RetiredSum, ...]:
        if not self._is_there("retired", "retired"):
            return ()
        found: list[RetiredSum] = []
        for table in self.root.tables("retired"):
            first = _later_month(table, [each.first for each in found])
            ages = table.wholes("ages") if table.has("ages") else ()
            fen = table.yuan_or_yuans_fen("yuan")
            if len(fen) != len(ages) + 1 or list(ages) != sorted(set(ages)) or any(age > _OLDEST for age in ages):
                table.refuse(
                    "yuan",
                    found=f"{len(fen)} sums for the ages {', '.join(map(str, ages)) or '(none)'}",
                    expected="one sum more than ages, which rise: below the first age, from there on, and so on",
                    do="write one sum, or ages = [70] with yuan = [100, 110]",
                )
            _bounded(table, "yuan", max(fen))
            found.append(RetiredSum(first, ages, fen, self._cite(table)))
        return tuple(found)

    def _withheld(self, in_service_bp: int | None, retired: tuple[RetiredSum, ...]) -> Withheld | None:
        if not self.root.has("withheld"):
            return None
        table = self._cited_table("withheld")
        percent, fen = table.percent_bp("percent"), table.yuan_fen("retired_yuan")
        if percent > (in_service_bp or 0) or any(fen > min(each.fen) for each in retired):
            table.refuse(
                "",
                found="more is withheld than is credited",
                expected="at most the percentage in service, and at most the least sum of retired people",
                do="correct the amount that is not the document's",
            )
        return Withheld(table.choice("use", PREMIUMS), percent, fen, self._cite(table))

    def _uses(self) -> Uses | None:
        if not self._is_there("uses", "uses"):
            return None
        table = self._cited_table("uses")
        allowed: dict[str, Use] = {}
        for one in table.tables("allowed"):
            use = Use(one.choice("use", KINDS), one.flag("own"), one.flag("family"), self._cite(one))
            if use.kind in allowed or not (use.own or use.family) or (use.family and use.kind in TRANSFERS):
                found = "it twice" if use.kind in allowed else f"own = {use.own}, family = {use.family}".lower()
                expected = "each once, for own cost, the family's or both; transfers are a person's own"
                one.refuse("use", found=f'"{use.kind}": {found}', expected=expected, do="correct this entry")
            allowed[use.kind] = use
        refused = {one.choice("use", UNFIT): self._cite(one) for one in table.tables("refused")}
        return Uses(allowed, refused, self._relations(table), table.flag("part"))

    def _relations(self, table: Table) -> tuple[str, ...]:
        relations = table.texts("relations")
        for number, one in enumerate(relations, 1):
            if one not in RELATIONS or one in relations[: number - 1]:
                do = did_you_mean(one, RELATIONS) or "write those that the document names, each once"
                table.refuse(f"relations[{number}]", found=f'"{one}"', expected=either(RELATIONS), do=do)
        return relations

    def _interest(self, effective: dt.date) -> Interest | None:
        if not self.root.has("interest"):
            return None
        table = self._cited_table("interest")
        months = table.wholes("months")
        if 12 not in months or list(months) != sorted(set(months)) or max(months) > 12:
            expected = "months from 1 to 12 that rise, December among them: no interest is carried into another year"
            table.refuse(
                "months", found=str(list(months)), expected=expected, do="write the months of the interest day"
            )
        rates: list[Rates] = []
        for one in table.tables("rates"):
            first = _later_month(one, [each.first for each in rates])
            current, carried = one.percent_bp("current_percent"), one.percent_bp("carried_percent")
            rates.append(Rates(first, current, carried, self._cite(one)))
        if not rates or rates[0].first > effective:
            found = f"the first from {rates[0].first}" if rates else "none"
            do = "write the rates from the day on from which the rule holds"
            table.refuse("rates", found=found, expected=f"rates from {effective} on", do=do)
        return Interest(months, table.choice("draws", DRAWS), tuple(rates), self._cite(table))


def _later_month(table: Table, before: list[dt.date]) -> dt.date:
    """``from``: the first day of a month, later than those before it."""
    first = _month(table, "from")
    if before and first <= before[-1]:
        expected = f"a month after {before[-1]}"
        table.refuse("from", found=str(first), expected=expected, do="write the steps in the order of their dates")
    return first


def _bounded(table: Table, key: str, fen: int) -> None:
    if fen > MOST_BASE_FEN:
        expected = f"at most {yuan(MOST_BASE_FEN)} yuan a month"
        table.refuse(key, found=yuan(fen), expected=expected, do="write the amount of the document")


def _pools(head: Table) -> tuple[str, ...]:
    pools = head.texts("pools")
    if not pools or len(set(pools)) < len(pools):
        found = "a code twice" if pools else "an empty list"
        head.refuse("pools", found=found, expected="codes of pools, each once", do="name the pools of the rule")
    return pools


def _month(table: Table, key: str) -> dt.date:
    day = table.date(key)
    if day.day != 1:
        expected = "the first day of a month: accounts are settled by month"
        table.refuse(key, found=str(day), expected=expected, do="write the first day from which it counts whole")
    return day


def _until(head: Table, effective: dt.date) -> dt.date | None:
    if not head.has("until"):
        return None
    until = head.date("until")
    if until.day != calendar.monthrange(until.year, until.month)[1] or until < effective:
        expected = f"the last day of a month, not before {effective}"
        head.refuse("until", found=str(until), expected=expected, do="write the last day on which it holds")
    return until
