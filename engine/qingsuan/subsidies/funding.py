"""The funding rules of one run: which region has one for the year, which has not and why, and which counties exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qingsuan.errors import PolicyError
from qingsuan.heads.counting import periods_of
from qingsuan.heads.places import Places, no_rule, nothing_for
from qingsuan.policy.model import Region
from qingsuan.subsidies.amounts import check_tables, class_table_wanted
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.reader import read_region
from qingsuan.tables import CODES

__all__ = ["Funding", "resolve"]


class Funding(Places[FundingRule]):
    """The funding rules (财政补助) of a run."""


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
            missing = (gap for rule in by_year.values() for gap in rule.missing)
            refused[prefix] = no_rule(region, by_year, missing, year, "funding")
            continue
        rules[prefix] = by_year[year]
        check_tables(by_year[year], tables)
        if (wanted := class_table_wanted(by_year[year], tables)) is not None:
            refused[prefix] = wanted
    if not rules:
        raise nothing_for(year, refused, broken, "funding")
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
        kind="funding",
    )
