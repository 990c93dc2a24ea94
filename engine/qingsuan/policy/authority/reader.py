"""From TOML to what a region authorises: the words of ``plugins/README.md``, section 5, and no others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.authority.model import (
    AMOUNTS,
    RATIOS,
    SETTINGS,
    STANDARDS,
    Authorised,
    Authority,
    Bounds,
    EqualTilts,
    Setting,
    Tilt,
)
from qingsuan.policy.conditions import IDENTITY_DIMENSION, read_when
from qingsuan.policy.findings import Finding, findings_of, refuse_findings
from qingsuan.policy.model import FUNDS, PERSONAL_ACCOUNT, Codes, Region, Source, When
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.file import files_in
from qingsuan.policy.toml.told import did_you_mean, either
from qingsuan.policy.when.values import ANY_OF
from qingsuan.tables import CODES

__all__ = ["read_authorities", "read_authority"]

_OF_THE_POOL = (IDENTITY_DIMENSION, "dedc_hosp_lv")
"""Dimensions whose values each pool names for itself."""

LocalCodes = Mapping[str, Mapping[str, str]]


def read_authorities(region: Region) -> tuple[Authority, ...]:
    """Read every authority file (``*.toml``) of a region, in order of date; none, if the region has no such folder.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region, or two begin on one day.
    """
    if region.authority is None:
        return ()
    files = files_in(region.authority, f"the authority folder of {region.code} {region.name}", "authority")
    found: list[Authority] = []
    findings: list[Finding] = []
    for file in files:
        try:
            found.append(read_authority(file, codes=region.codes))
        except PolicyError as error:
            findings += findings_of(error)
    refuse_findings([*findings, *_together(region, found)])
    return tuple(sorted(found, key=lambda one: one.effective))


def _together(region: Region, found: list[Authority]) -> Iterator[Finding]:
    begun: dict[object, str] = {}
    for one in found:
        if one.region != region.code:
            expected = f'"{region.code}", the region of the plugin that ships the file'
            do = "a plugin brings what its own region authorises, and nothing else"
            yield Finding(one.file, "authority.region", found=f'"{one.region}"', expected=expected, do=do)
        if one.effective in begun:
            found_there = f"{one.effective} is also the date of {begun[one.effective]}"
            do = "take one of the two files out, or correct its date"
            yield Finding(one.file, "authority.effective", found=found_there, expected="one file per date", do=do)
        begun[one.effective] = one.file


def read_authority(file: Traversable | Path, *, codes: LocalCodes | None = None) -> Authority:
    """Read one file; ``codes`` are local additions to the national code tables (``Region.codes``).

    Raises
    ------
    PolicyError
        The file cannot be trusted.
    """
    label = "/".join(PurePath(str(file)).parts[-3:])
    root = load(file, label=label)
    head = root.table("authority")
    sources = read_sources(root)
    read = _Reader(sources, codes or {})
    authority = Authority(
        file=label,
        region=head.text("region"),
        title=head.text("title"),
        effective=head.date("effective"),
        authorised=tuple(read.authorised(table) for table in root.tables("authorise")),
        equal_tilts=tuple(read.equal_tilts(table) for table in root.tables("equal_tilts")),
        sources=sources,
    )
    if not authority.authorised:
        expected = "at least one [[authorise]]"
        root.refuse("authorise", found="nothing is authorised", expected=expected, do="write what pools may set")
    read.unused(root)
    root.done()
    return authority


class _Reader:
    """Reads what is authorised, and notes the names that are given and used."""

    def __init__(self, sources: Mapping[str, Source], codes: LocalCodes) -> None:
        self.sources = sources
        self.codes = {column: {**CODES.get(column, {}), **codes.get(column, {})} for column in {*CODES, *codes}}
        self.ids: set[str] = set()
        self.cited: set[str] = set()

    def unused(self, root: Table) -> None:
        for key in self.sources:
            if key not in self.cited:
                do = "take it out, or name it where it was meant"
                root.refuse(f"sources.{key}", found="this source is used nowhere", expected="a source cited", do=do)

    def cite(self, table: Table) -> str:
        keys = cite(table, self.sources)
        self.cited.update(keys.split(", "))
        return keys

    def id(self, table: Table) -> str:
        name = table.text("id")
        if name in self.ids or name in SETTINGS:
            what = "again" if name in self.ids else "which is also the name of a setting"
            table.refuse("id", found=f'the id "{name}" {what}', expected="a name of its own", do="rename it")
        self.ids.add(name)
        return name

    def authorised(self, table: Table) -> Authorised:
        settings = _settings(table)
        standards = [setting for setting in settings if setting in STANDARDS]
        of_standard = bool(standards)
        if of_standard and len(settings) > 1:
            do = f"write an [[authorise]] of its own for {standards[0]}"
            table.refuse("settings", found=f"{standards[0]} beside others", expected=f"{standards[0]} alone", do=do)
        return Authorised(
            id=self.id(table),
            settings=settings,
            when={} if of_standard else self.when(table, "when"),
            funds=() if of_standard else _funds(table),
            source=self.cite(table),
            bounds=_bounds(table, settings),
            tilt=_tilt(table, settings),
            year=table.whole("year", low=2000, high=2999) if of_standard else None,
        )

    def equal_tilts(self, table: Table) -> EqualTilts:
        care = table.tables("care")
        if len(care) != 2:
            do = "write one condition for each of the two"
            table.refuse("care", found=f"{len(care)} conditions", expected="two kinds of care", do=do)
        when = self.when(table, "when")
        favoured, others = self.when(table, "favoured"), self.when(table, "others")
        first, second = (self.conditions(each) for each in care)
        for name in when:
            if any(name in each for each in (favoured, others, first, second)):
                do = "let each dimension stand in one of the tables"
                table.refuse(f"when.{name}", found=f"{name} again", expected="once", do=do)
        fund = table.choice("fund", FUNDS)
        return EqualTilts(self.id(table), fund, when, favoured, others, (first, second), self.cite(table))

    def when(self, table: Table, key: str) -> When:
        return self.conditions(table.table(key)) if table.has(key) else {}

    def conditions(self, table: Table) -> When:
        if table.has(ANY_OF):
            do = "write one [[authorise]] for each alternative"
            table.refuse(ANY_OF, found="alternatives", expected="conditions that must all hold", do=do)
        for name in _OF_THE_POOL:
            if table.has(name):
                do = "take it out: what holds for some levels or identities only, the pool's own rules say"
                expected = "dimensions whose codes are the same in every pool"
                table.refuse(name, found="a dimension whose codes each pool names for itself", expected=expected, do=do)
        when = read_when(table, ())
        for name, condition in when.items():
            if isinstance(condition, Codes) and name in self.codes:
                _known(table, name, condition.patterns, self.codes[name])
        return when


def _known(table: Table, name: str, patterns: Collection[str], codes: Collection[str]) -> None:
    """Refuse codes that are in no table: a condition on them would hold for nobody, and bound nothing."""
    for pattern in patterns:
        if pattern and not any(
            code.startswith(pattern[:-1]) if pattern[-1] == "*" else code == pattern for code in codes
        ):
            expected = f"a code of {name}: {', '.join(sorted(codes))}"
            table.refuse(name, found=f'"{pattern}"', expected=expected, do=did_you_mean(pattern, codes) or "mend it")


def _settings(table: Table) -> tuple[Setting, ...]:
    names = table.texts("settings")
    if not names:
        table.refuse("settings", found="an empty list", expected=either(SETTINGS), do="name one")
    for number, name in enumerate(names, 1):
        if name not in SETTINGS:
            do = did_you_mean(name, SETTINGS) or "write one of these"
            table.refuse(f"settings[{number}]", found=f'"{name}"', expected=either(SETTINGS), do=do)
    return tuple(one for one in SETTINGS if one in names)


def _funds(table: Table) -> tuple[str, ...]:
    funds, known = table.texts("funds", ()), (*FUNDS, PERSONAL_ACCOUNT)
    for number, fund in enumerate(funds, 1):
        if fund not in known:
            do = did_you_mean(fund, known) or "write one of these"
            table.refuse(f"funds[{number}]", found=f'"{fund}"', expected=either(known), do=do)
    return funds


def _bounds(table: Table, settings: tuple[Setting, ...]) -> Bounds | None:
    keys = [key for key in ("yuan", "percent") if table.has(key)]
    if not keys:
        return None
    unit = keys[0]
    of_unit = AMOUNTS if unit == "yuan" else RATIOS
    if len(keys) > 1 or not set(settings) <= set(of_unit):
        table.refuse(
            unit,
            found=f"bounds in {' and in '.join(keys)} of {', '.join(settings)}",
            expected=f"yuan bounds {either(AMOUNTS)}; percent bounds {either(RATIOS)}",
            do="write an [[authorise]] of its own for what has another bound",
        )
    inner = table.table(unit)
    least, most, exactly = (
        (inner.yuan_fen(key) if unit == "yuan" else inner.percent_bp(key)) if inner.has(key) else None
        for key in ("least", "most", "exactly")
    )
    alone = exactly is not None and (least is not None or most is not None)
    if (
        alone
        or (least, most, exactly) == (None, None, None)
        or (least is not None and most is not None and least > most)
    ):
        expected = "least, most or both (least not above most), or exactly alone"
        inner.refuse("", found="bounds that bound nothing or contradict each other", expected=expected, do="mend them")
    return Bounds(least, most, exactly)


def _tilt(table: Table, settings: tuple[Setting, ...]) -> Tilt | None:
    if not table.has("tilt"):
        return None
    if settings != ("adjust",):
        table.refuse("tilt", found=f"a tilt of {', '.join(settings)}", expected='settings = ["adjust"]', do="mend it")
    inner = table.table("tilt")
    return Tilt(
        deductible_bp=inner.percent_bp("deductible_percent", BP_ONE),
        points_bp=inner.points_bp("points", 0),
        lifts_caps=inner.flag("lifts_caps", default=False),
    )
