"""The strict reader of funding TOML files (财政补助).

Everything that can be wrong in one file is found here, before any input is opened: unknown, missing and mistyped keys,
sources that are not there, shares that do not add up to the standard, codes outside the region.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from qingsuan.heads.reading import apart_of, codes_of, counties_of, read_folder, region_of, schemes_of, standard_of
from qingsuan.heads.standards import MissingYear, Standard
from qingsuan.money import yuan
from qingsuan.policy.model import Region, Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.subsidies.model import ACCOUNTS, LEVELS, Fixed, FundingRule, Step, Transfer

__all__ = ["read_funding", "read_region"]


def read_region(region: Region) -> dict[int, FundingRule]:
    """Read every funding TOML a region hands over: year -> rule; empty for a region without a funding folder.

    Raises
    ------
    PolicyError
        From :func:`qingsuan.heads.reading.read_folder`.
    """
    return read_folder(region, region.funding, "funding", read_funding)


def read_funding(file: Traversable | Path) -> FundingRule:
    """Read one funding TOML file.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    sources = read_sources(root)
    head = root.table("funding")
    region = region_of(head)
    standard = standard_of(root.table("standard"), sources)
    fixed, steps = _fixed(root, region, standard, sources), _steps(root, sources)
    if bool(fixed) == bool(steps):
        root.refuse(
            "shares",
            found="both [[shares]] and [ratios]" if fixed else "neither [[shares]] nor [ratios]",
            expected="one of them: shares as amounts per head, or as nested ratios",
            do="write the one the document states",
        )
    rule = FundingRule(
        file=str(file),
        digest=root.digest,
        region=region,
        title=head.text("title"),
        year=head.whole("year", low=2000, high=2999),
        schemes=schemes_of(head),
        count="month" if head.choice("count", ("year", "month")) == "month" else "year",
        count_source=cite(head, sources),
        standard=standard,
        fixed=fixed,
        steps=steps,
        transfer=_transfer(root, sources),
        counties=counties_of(root, region, sources),
        apart=apart_of(root, region, sources),
        missing=_missing(root),
        sources=sources,
    )
    root.done()
    return rule


def _fixed(root: Table, region: str, standard: Standard, sources: Mapping[str, Source]) -> tuple[Fixed, ...]:
    groups: list[Fixed] = []
    seen: dict[str, str] = {}
    for table in root.tables("shares"):
        name = table.text("id")
        if name in (group.id for group in groups):
            table.refuse("id", found=f'"{name}" twice', expected="a name of its own", do="rename one of the two")
        prefixes = codes_of(table, "admdvs", region)
        for prefix in prefixes:
            if prefix in seen:
                table.refuse(
                    "admdvs",
                    found=f'"{prefix}", which "{seen[prefix]}" has too',
                    expected="each prefix once",
                    do="take it out of one of the two",
                )
            seen[prefix] = name
        amounts = table.table("yuan")
        central, province, local = (amounts.yuan_fen(level) for level in LEVELS)
        if (total := central + province + local) != standard.fen:
            amounts.refuse(
                "",
                found=f"{' + '.join(yuan(fen) for fen in (central, province, local))} = {yuan(total)}",
                expected=f"the standard, {yuan(standard.fen)}",
                do="correct the amount that is not the document's",
            )
        groups.append(Fixed(name, prefixes, (central, province, local), cite(table, sources)))
    return tuple(groups)


def _steps(root: Table, sources: Mapping[str, Source]) -> tuple[Step, ...]:
    if not root.has("ratios"):
        return ()
    ratios = root.table("ratios")
    steps = tuple(_step(ratios.table(level), level, sources) for level in LEVELS[:-1])
    classed = [step for step in steps if step.by_class_bp]
    if len({frozenset(step.by_class_bp) for step in classed}) > 1:
        ratios.refuse(
            classed[-1].level,
            found=f"classes {', '.join(classed[-1].by_class_bp)}",
            expected=f"the classes of {classed[0].level}: {', '.join(classed[0].by_class_bp)}",
            do="write the same classes for both levels",
        )
    return steps


def _step(table: Table, level: str, sources: Mapping[str, Source]) -> Step:
    if table.has("percent_by_class"):
        by_class = table.percents_by_name_bp("percent_by_class")
        if not by_class or table.has("percent"):
            table.refuse(
                "percent_by_class",
                found="percent beside it" if by_class else "no class",
                expected="a percentage per class, and no percent beside it",
                do="write either percent, or percent_by_class with the classes of the document",
            )
        return Step(level, None, by_class, cite(table, sources))
    return Step(level, table.percent_bp("percent"), {}, cite(table, sources))


def _transfer(root: Table, sources: Mapping[str, Source]) -> Transfer | None:
    """How the money has to arrive, as far as the document says it."""
    if not root.has("transfer"):
        return None
    table = root.table("transfer")
    account = table.choice("account", ACCOUNTS) if table.has("account") else None
    day = table.date("day") if table.has("day") else None
    excess = table.has("excess") and table.choice("excess", ("off-next-year",)) == "off-next-year"
    if account is None and day is None and not excess:
        do = "write what the document says, or take the table out"
        table.refuse("", found="neither account nor day nor excess", expected="one of them", do=do)
    return Transfer(account, day, excess, cite(table, sources))


def _missing(root: Table) -> tuple[MissingYear, ...]:
    return tuple(
        MissingYear(table.whole("year", low=2000, high=2999), table.text("parameter"), table.text("why"))
        for table in root.tables("missing")
    )
