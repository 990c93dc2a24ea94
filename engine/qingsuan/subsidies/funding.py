"""The funding rules of one run: which region has one for the year, which has not and why, and which counties exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qingsuan import divisions
from qingsuan.errors import PolicyError
from qingsuan.policy.model import Region
from qingsuan.subsidies.amounts import check_tables, class_table_wanted
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.columns import int_of_code
from qingsuan.subsidies.counting import Period, periods_of
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.reader import read_region
from qingsuan.tables import CODES

__all__ = ["Funding", "resolve"]


@dataclass(frozen=True, slots=True)
class Funding:
    """What one run needs to know, by the first two digits of a code.

    ``refused`` holds, for a region that has a plugin but cannot be calculated, the error to raise when one of its
    residents is met. ``insutypes`` are all scheme codes, the regions' local additions included.
    """

    year: int
    rules: Mapping[str, FundingRule]
    refused: Mapping[str, PolicyError]
    regions: Mapping[str, Region]
    periods: tuple[Period, ...]
    schemes: frozenset[str]
    insutypes: frozenset[str]

    def county(self, admdvs: str) -> str | None:
        """The name of a county-level unit that can be counted in, or None.

        Counties, banners, districts and statistical zones of a prefecture; a prefecture's own agency (xx99, such as
        220199 长春市本级), which insures in its name; and those the rule names. Not a prefecture or province as such.
        """
        rule = self.rules.get(admdvs[:2])
        if rule is None or int_of_code(admdvs) == 0:
            return None
        if admdvs in rule.counties:
            return rule.counties[admdvs]
        division = divisions.find(admdvs)
        below_prefecture = division is not None and division.parent and not division.parent.endswith("0000")
        return division.name if division is not None and below_prefecture else None

    def unit(self, admdvs: str) -> tuple[str, str]:
        """Code and name of the prefecture a county is reported under; itself, if the rule sets it apart."""
        if admdvs in self.rules[admdvs[:2]].apart:
            return admdvs, self.county(admdvs) or ""
        prefecture = f"{admdvs[:4]}00"
        division = divisions.find(prefecture)
        pools = {pool.code: pool.name for pool in self.regions[admdvs[:2]].pools}
        return prefecture, pools.get(prefecture, prefecture) if division is None else division.name


def resolve(regions: Iterable[Region], year: int, tables: BureauTables, broken: Sequence[str] = ()) -> Funding:
    """Read the regions' funding rules and take those of the year; ``broken`` says what is wrong with other plugins.

    Raises
    ------
    PolicyError
        No region has a rule for the year; a table of the bureau contradicts one; or two regions count by different
        units. A region whose files are wrong is in ``refused``.
    """
    known = {region.code[:2]: region for region in sorted(regions, key=lambda region: region.code)}
    rules: dict[str, FundingRule] = {}
    refused: dict[str, PolicyError] = {}
    for prefix, region in known.items():
        try:
            by_year = read_region(region)
        except PolicyError as error:  # refuses this region's residents, not those of others
            refused[prefix] = error
            continue
        if year not in by_year:
            refused[prefix] = _no_rule(region, by_year, year)
            continue
        rules[prefix] = by_year[year]
        check_tables(by_year[year], tables)
        if (wanted := class_table_wanted(by_year[year], tables)) is not None:
            refused[prefix] = wanted
    if not rules:
        raise _nothing_for(year, refused, broken)
    return _funding(year, rules, refused, known)


def _funding(
    year: int, rules: dict[str, FundingRule], refused: dict[str, PolicyError], regions: dict[str, Region]
) -> Funding:
    units = sorted({rule.count for rule in rules.values()})
    if len(units) > 1:
        both = ", ".join(f"{rule.region} by {rule.count}" for rule in rules.values())
        raise PolicyError(
            f"--year {year}",
            found=f"regions that count by different units: {both}",
            expected="one unit, so that a person insured in two regions is counted once",
            do="run the regions apart, each with its own plugin installed",
        )
    usable = {prefix: rule for prefix, rule in rules.items() if prefix not in refused}
    local = (code for region in regions.values() for code in region.codes.get("insutype", {}))
    return Funding(
        year=year,
        rules=usable,
        refused=refused,
        regions=regions,
        periods=periods_of(year, rules[min(rules)].count),
        schemes=frozenset(scheme for rule in rules.values() for scheme in rule.schemes),
        insutypes=frozenset((*CODES["insutype"], *local)),
    )


def _no_rule(region: Region, by_year: Mapping[int, FundingRule], year: int) -> PolicyError:
    known = ", ".join(str(one) for one in sorted(by_year)) or "none"
    said = [gap for rule in by_year.values() for gap in rule.missing if gap.year == year]
    parameter = said[0].parameter if said else f"{region.code}.{year}.standard"
    why = f": {said[0].why}" if said else ""
    return PolicyError(
        f"{region.code} {region.name}",
        found=f"no funding rule for {year}; the missing parameter is {parameter}{why}",
        expected=f"a year with a rule: {known}",
        do="add a funding file for the year to the region's plugin, from the document that fixes it; none is guessed",
    )


def _nothing_for(year: int, refused: Mapping[str, PolicyError], broken: Sequence[str]) -> PolicyError:
    reasons = "; ".join([*(f"{error.where}: {error.found}" for error in refused.values()), *broken])
    return PolicyError(
        f"--year {year}",
        found=f"no installed region has a funding rule: {reasons or 'no region is installed'}",
        expected="at least one region with a funding rule for the year",
        do="see `qingsuan plugins`; other years may be known",
    )
