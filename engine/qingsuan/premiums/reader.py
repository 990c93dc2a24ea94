"""The strict reader of premium TOML files (个人缴费).

Everything that can be wrong in one file is found here, before any input is opened: unknown, missing and mistyped keys,
sources that are not there, groups whose payers leave a rest, codes outside the region.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from qingsuan.heads.reading import apart_of, codes_of, counties_of, read_folder, region_of, schemes_of, standard_of
from qingsuan.heads.standards import MissingYear
from qingsuan.money import BP_ONE, yuan
from qingsuan.policy.model import Region, Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.premiums.model import BEARERS, FORMS, Form, Group, Payer, PremiumRule, Premiums, UnknownGroup

__all__ = ["read_premium", "read_premiums"]

_CODE = re.compile(r"\d{4}")
_EPOCH = dt.date(1970, 1, 1)


class _File(NamedTuple):
    """A file of premiums: its rule, where it has one, and what it names as missing."""

    file: str
    region: str
    year: int
    rule: PremiumRule | None
    missing: tuple[MissingYear, ...]


def read_premiums(region: Region) -> Premiums:
    """Read every premium TOML that a region hands over; nothing for a region without such a folder.

    Raises
    ------
    PolicyError
        From :func:`qingsuan.heads.reading.read_folder`; or a file cannot be trusted.
    """
    files = read_folder(region, region.premiums, "premium", _read)
    rules = {year: file.rule for year, file in files.items() if file.rule is not None}
    return Premiums(rules, tuple(gap for file in files.values() for gap in file.missing))


def read_premium(file: Traversable | Path) -> PremiumRule | None:
    """Read one premium TOML file; None for one that only says what is missing.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    return _read(file).rule


def _read(file: Traversable | Path) -> _File:
    root = load(file)
    head = root.table("premium")
    region, year = region_of(head), head.whole("year", low=2000, high=2999)
    known = root.has("standard")
    unknown, missing = _missing(root, region, year, has_rule=known)
    rule = _rule(root, head, file, region, year, unknown) if known else None
    root.done()
    return _File(str(file), region, year, rule, missing)


def _rule(
    root: Table, head: Table, file: Traversable | Path, region: str, year: int, unknown: tuple[UnknownGroup, ...]
) -> PremiumRule:
    sources = read_sources(root)
    standard = standard_of(root.table("standard"), sources)
    groups = _groups(root, region, sources)
    carry_into, carry_source = _carry(root, year, sources)
    return PremiumRule(
        file=str(file),
        digest=root.digest,
        region=region,
        title=head.text("title"),
        year=year,
        schemes=schemes_of(head),
        heads_source=cite(head, sources),
        days=_days(head, year, groups),
        standard=standard,
        groups=groups,
        unknown=unknown,
        carry_into=carry_into,
        carry_source=carry_source,
        counties=counties_of(root, region, sources),
        apart=apart_of(root, region, sources),
        sources=sources,
    )


def _days(head: Table, year: int, groups: tuple[Group, ...]) -> tuple[int, ...]:
    """The days on which identities are read; a rule with groups has to name them."""
    if not groups and not head.has("days"):
        return ()
    days = head.dates("days")
    if not days:
        head.refuse("days", found="an empty list", expected="at least one day", do=f"write days = [{year}-01-01]")
    for number, day in enumerate(days, 1):
        if not year - 1 <= day.year <= year:
            expected = f"a day of {year}, or of the year before, in which its premiums are collected"
            head.refuse(f"days[{number}]", found=str(day), expected=expected, do="correct the day")
    return tuple(sorted((day - _EPOCH).days for day in days))


def _carry(root: Table, year: int, sources: Mapping[str, Source]) -> tuple[int | None, str]:
    if not root.has("carry"):
        return None, ""
    table = root.table("carry")
    return table.whole("into", low=year + 1, high=year + 10), cite(table, sources)


def _groups(root: Table, region: str, sources: Mapping[str, Source]) -> tuple[Group, ...]:
    groups: list[Group] = []
    for table in root.tables("groups"):
        name = table.text("id")
        if name in (group.id for group in groups):
            table.refuse("id", found=f'"{name}" twice', expected="a name of its own", do="rename one of the two")
        form = _form(table)
        groups.append(
            Group(
                id=name,
                title=table.text("title"),
                codes=_identities(table),
                prefixes=_prefixes(table, region),
                form=form,
                fen=table.yuan_fen("yuan") if form == "yuan" else 0,
                bp=table.percent_bp("percent") if form == "percent" else 0,
                floor_fen=table.yuan_fen("floor", 0) if form == "percent" else 0,
                payers=_payers(table),
                source=cite(table, sources),
            )
        )
    return tuple(groups)


def _form(table: Table) -> Form:
    """Which of the three forms a group has: exactly one of the keys is there."""
    given = [form for form in FORMS if table.has(form)]
    if len(given) != 1:
        table.refuse(
            given[1] if given else "",
            found=" and ".join(given) or "no amount",
            expected="one of full = true, yuan = …, percent = …",
            do="write the one that the document states",
        )
    if given[0] == "full" and not table.flag("full"):
        table.refuse("full", found="false", expected="full = true, or another form", do="write the amount")
    return given[0]


def _identities(table: Table) -> tuple[str, ...]:
    codes = table.texts("codes")
    for number, code in enumerate(codes, 1):
        if not _CODE.fullmatch(code):
            expected = "an identity class (psn_idet_type): four digits"
            table.refuse(f"codes[{number}]", found=f'"{code}"', expected=expected, do="write the code in full")
    if not codes:
        table.refuse("codes", found="an empty list", expected="at least one code", do="name the codes of the group")
    return codes


def _prefixes(table: Table, region: str) -> tuple[str, ...]:
    """Counties for which a group is; those of the whole region unless the file says so."""
    return codes_of(table, "admdvs", region) if table.has("admdvs") else (region[:2],)


def _payers(table: Table) -> tuple[Payer, ...]:
    """Who bears it, in order: each an amount or a percentage of what is assisted, the last one the rest."""
    payers: list[Payer] = []
    tables = table.tables("borne_by")
    if not tables:
        do = 'write borne_by = [{ bearer = "assistance" }]'
        table.refuse("borne_by", found="nobody", expected="who bears it, in order; the last one the rest", do=do)
    for number, one in enumerate(tables, 1):
        bearer = one.choice("bearer", BEARERS)
        if bearer in (payer.bearer for payer in payers):
            one.refuse("bearer", found=f'"{bearer}" twice', expected="each once", do="add the two up")
        fen = one.yuan_fen("yuan") if one.has("yuan") else None
        bp = one.percent_bp("percent", low=1, high=BP_ONE) if one.has("percent") else None
        if (number == len(tables)) != (fen is None and bp is None) or (fen is not None and bp is not None):
            one.refuse(
                "",
                found=f"{bearer} with {_told(fen, bp)}, number {number} of {len(tables)}",
                expected="yuan or percent for all but the last one, who bears the rest and has neither",
                do="say what each bears, in the order of the document",
            )
        payers.append(Payer(bearer, fen, bp))
    return tuple(payers)


def _told(fen: int | None, bp: int | None) -> str:
    told = [*([] if fen is None else [f"{yuan(fen)} yuan"]), *([] if bp is None else [f"{yuan(bp)} %"])]
    return " and ".join(told) or "neither"


def _missing(
    root: Table, region: str, year: int, *, has_rule: bool
) -> tuple[tuple[UnknownGroup, ...], tuple[MissingYear, ...]]:
    """What is not known: groups of this year's rule, which have codes; and years."""
    groups: list[UnknownGroup] = []
    years: list[MissingYear] = []
    for table in root.tables("missing"):
        parameter, why = table.text("parameter"), table.text("why")
        if table.has("codes"):
            if not has_rule:
                do = "name the year without a rule instead: year = …"
                table.refuse("codes", found="codes of a group", expected="a file with a rule ([standard])", do=do)
            groups.append(UnknownGroup(_identities(table), _prefixes(table, region), parameter, why))
        else:
            years.append(MissingYear(table.whole("year", low=2000, high=2999), parameter, why))
    if not has_rule and year not in (gap.year for gap in years):
        root.refuse(
            "standard",
            found="neither a standard nor an entry of [[missing]] for the year",
            expected=f"[standard], or [[missing]] with year = {year}",
            do="write the standard of the document, or say what is missing and why",
        )
    return tuple(groups), tuple(years)
