"""The strict reader of clearing TOML files (支付方式): whatever is wrong in a file is found before an entry is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from importlib.resources.abc import Traversable
from itertools import combinations
from pathlib import Path

from qingsuan.clearing.ways.model import HOLDS, MissingWay, PaymentWay, WaysRule
from qingsuan.errors import PolicyError
from qingsuan.policy.model import Region
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.file import files_in
from qingsuan.policy.toml.told import did_you_mean, either
from qingsuan.tables import WAYS

__all__ = ["read_ways_rule", "read_ways_rules", "ways_of"]


def read_ways_rules(region: Region) -> tuple[WaysRule, ...]:
    """Read every clearing TOML that a region hands over; none for a region without such a folder.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region or of a pool that is not the region's, or two files
        are of one pool and month.
    """
    if region.clearing is None:
        return ()
    what = f"the clearing folder of {region.code} {region.name}"
    rules = [read_ways_rule(file) for file in files_in(region.clearing, what, "clearing")]
    codes = [pool.code for pool in region.pools]
    for rule in rules:
        if rule.region != region.code:
            do = "a plugin brings the rules of its own region only"
            _refuse(f"{rule.file}: clearing.region", rule.region, region.code, do)
        for code in rule.pools:
            if code not in codes:
                do = did_you_mean(code, codes) or "name pools of the plugin"
                _refuse(f"{rule.file}: clearing.pools", code, either(codes), do)
    for one, other in combinations(rules, 2):
        if set(one.pools) & set(other.pools) and one.effective == other.effective:
            found, expected = str(other.effective), "one table of a pool from a month on"
            do = f"{one.file} has it, too: join the two"
            _refuse(f"{other.file}: clearing.effective", found, expected, do)
    return tuple(sorted(rules, key=lambda rule: (rule.effective, rule.pools)))


def _refuse(where: str, found: str, expected: str, do: str) -> None:
    raise PolicyError(where, found=f'"{found}"', expected=expected, do=do)


def ways_of(rules: Iterable[WaysRule], pool: str, month: dt.date) -> WaysRule | None:
    """The table of a pool in a month: of those that hold on its first day the latest; None for none."""
    mine = [rule for rule in rules if pool in rule.pools and rule.effective <= month]
    return max(mine, key=lambda rule: rule.effective, default=None)


def read_ways_rule(file: Traversable | Path) -> WaysRule:
    """Read one clearing TOML file.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    sources = read_sources(root)
    cited: set[str] = set()

    def source_of(table: Table) -> str:
        text = cite(table, sources)
        cited.update(text.split(", "))
        return text

    head = root.table("clearing")
    source_of(head)
    ways: list[PaymentWay] = []
    for table in root.tables("payment_ways"):
        one = PaymentWay(
            schemes=_listed(table, "schemes"),
            care=_listed(table, "care"),
            ways=_listed(table, "ways", tuple(WAYS)),
            holds=table.choice("holds", HOLDS),
            source=source_of(table),
        )
        _check_apart(table, one, ways)
        ways.append(one)
    missing = tuple(MissingWay(table.text("parameter"), table.text("why")) for table in root.tables("missing"))
    if not ways and not missing:
        expected = "at least one [[payment_ways]] or [[missing]]"
        root.refuse(
            "", found="a file that says nothing", expected=expected, do="write what documents say, or what is missing"
        )
    rule = WaysRule(
        file=str(file),
        digest=root.digest,
        region=head.text("region"),
        title=head.text("title"),
        effective=_first_of_a_month(head),
        pools=_listed(head, "pools"),
        payment_ways=tuple(ways),
        missing=missing,
        sources=sources,
        cited=tuple(sorted(cited)),
    )
    root.done()
    return rule


def _check_apart(table: Table, one: PaymentWay, others: Iterable[PaymentWay]) -> None:
    for other in others:
        schemes, care = set(one.schemes) & set(other.schemes), set(one.care) & set(other.care)
        if schemes and care:
            found = f"{min(care)} of {min(schemes)}, of which another entry speaks, too"
            table.refuse("care", found=found, expected="each kind of care of a scheme once", do="join the two entries")


def _first_of_a_month(head: Table) -> dt.date:
    day = head.date("effective")
    if day.day != 1:
        expected = "the first day of a month: contracts are of whole months"
        head.refuse("effective", found=str(day), expected=expected, do="write the first month that counts whole")
    return day


def _listed(table: Table, key: str, known: Collection[str] | None = None) -> tuple[str, ...]:
    names = table.texts(key)
    for number, name in enumerate(names, 1):
        if known is not None and name not in known:
            do = did_you_mean(name, known) or "write the code of a way"
            table.refuse(f"{key}[{number}]", found=f'"{name}"', expected=either(tuple(known)), do=do)
    if not names:
        table.refuse(key, found="an empty list", expected="at least one", do="name them")
    return names
