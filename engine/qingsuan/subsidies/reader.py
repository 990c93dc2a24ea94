"""The strict reader of funding TOML files (财政补助).

Everything that can be wrong in one file is found here, before any input is opened: unknown, missing and mistyped keys,
sources that are not there, shares that do not add up to the standard, codes outside the region.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.money import yuan
from qingsuan.policy.model import Region, Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.file import files_in
from qingsuan.subsidies.model import LEVELS, MAX_STANDARD_FEN, Fixed, FundingRule, MissingYear, Standard, Step
from qingsuan.tables import CODES

__all__ = ["read_funding", "read_region"]

_PREFIX = re.compile(r"\d{2}|\d{4}|\d{6}")


def read_region(region: Region) -> dict[int, FundingRule]:
    """Read every funding TOML a region hands over: year -> rule; empty for a region without a funding folder.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region, or two files are of one year.
    """
    if region.funding is None:
        return {}
    folder: Traversable | Path = Path(region.funding) if isinstance(region.funding, str) else region.funding
    files = files_in(folder, f"the funding folder of {region.code} {region.name}", "funding")
    rules: dict[int, FundingRule] = {}
    for file in files:
        rule = read_funding(file)
        if rule.region != region.code:
            raise PolicyError(
                f"{file}: funding.region",
                found=f'"{rule.region}"',
                expected=f'"{region.code}", the region of the plugin that ships the file',
                do="a plugin brings the rules of its own region only",
            )
        if rule.year in rules:
            raise PolicyError(
                f"{file}: funding.year",
                found=f"{rule.year} again; {rules[rule.year].file} has it too",
                expected="one file per year",
                do="take one of the two away",
            )
        rules[rule.year] = rule
    return rules


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
    region = _region(head)
    standard = _standard(root.table("standard"), sources)
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
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        region=region,
        title=head.text("title"),
        year=head.whole("year", low=2000, high=2999),
        schemes=_schemes(head),
        count="month" if head.choice("count", ("year", "month")) == "month" else "year",
        count_source=cite(head, sources),
        standard=standard,
        fixed=fixed,
        steps=steps,
        counties=_counties(root, region, sources),
        apart=_apart(root, region, sources),
        missing=_missing(root),
        sources=sources,
    )
    root.done()
    return rule


def _region(head: Table) -> str:
    region = head.text("region")
    if re.fullmatch(r"[1-9]\d0000", region) is None:
        head.refuse(
            "region",
            found=f'"{region}"',
            expected='six digits ending in 0000, such as "220000"',
            do="write the code of the region that the plugin serves",
        )
    return region


def _schemes(head: Table) -> tuple[str, ...]:
    schemes = head.texts("schemes")
    for number, scheme in enumerate(schemes, 1):
        if scheme not in CODES["insutype"]:
            head.refuse(
                f"schemes[{number}]",
                found=f'"{scheme}"',
                expected="a code of insutype, such as 390",
                do="write a scheme of the national table",
            )
    if not schemes:
        head.refuse("schemes", found="an empty list", expected="at least one scheme", do='write schemes = ["390"]')
    return schemes


def _standard(table: Table, sources: Mapping[str, Source]) -> Standard:
    fen = table.yuan_fen("yuan")
    if not 0 < fen <= MAX_STANDARD_FEN:
        table.refuse(
            "yuan",
            found=yuan(fen),
            expected=f"above 0, at most {yuan(MAX_STANDARD_FEN)} yuan per head",
            do="write the amount of the document",
        )
    return Standard(fen, table.flag("minimum"), cite(table, sources))


def _fixed(root: Table, region: str, standard: Standard, sources: Mapping[str, Source]) -> tuple[Fixed, ...]:
    groups: list[Fixed] = []
    seen: dict[str, str] = {}
    for table in root.tables("shares"):
        name = table.text("id")
        if name in (group.id for group in groups):
            table.refuse("id", found=f'"{name}" twice', expected="a name of its own", do="rename one of the two")
        prefixes = _codes(table, "admdvs", region)
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


def _counties(root: Table, region: str, sources: Mapping[str, Source]) -> dict[str, str]:
    if not root.has("counties"):
        return {}
    table = root.table("counties")
    cite(table, sources)
    names = table.table("names")
    for code in names.names():
        if re.fullmatch(rf"{region[:2]}\d{{4}}", code) is None:
            names.refuse(
                code,
                found=f'"{code}"',
                expected=f"a county-level code: six digits beginning with {region[:2]}",
                do="correct the code",
            )
    return {code: names.text(code) for code in names.names()}


def _apart(root: Table, region: str, sources: Mapping[str, Source]) -> tuple[str, ...]:
    if not root.has("apart"):
        return ()
    table = root.table("apart")
    cite(table, sources)
    return _codes(table, "admdvs", region, only_counties=True)


def _missing(root: Table) -> tuple[MissingYear, ...]:
    return tuple(
        MissingYear(table.whole("year", low=2000, high=2999), table.text("parameter"), table.text("why"))
        for table in root.tables("missing")
    )


def _codes(table: Table, key: str, region: str, *, only_counties: bool = False) -> tuple[str, ...]:
    codes = table.texts(key)
    for number, code in enumerate(codes, 1):
        ok = _PREFIX.fullmatch(code) is not None and code.startswith(region[:2])
        if not ok or (only_counties and len(code) != 6):
            length = "6" if only_counties else "2, 4 or 6"
            table.refuse(
                f"{key}[{number}]",
                found=f'"{code}"',
                expected=f"{length} digits beginning with {region[:2]}",
                do="correct the code",
            )
    if not codes:
        table.refuse(key, found="an empty list", expected="at least one code", do="name one, or take the table out")
    return codes
