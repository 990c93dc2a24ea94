"""The premium rules of one run: which region has one for the year, which has not and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qingsuan.errors import PolicyError
from qingsuan.heads.counting import periods_of
from qingsuan.heads.places import Places, no_rule, nothing_for
from qingsuan.policy.model import Region
from qingsuan.premiums.assistance import check_standard
from qingsuan.premiums.bureau import BureauTables
from qingsuan.premiums.model import PremiumRule
from qingsuan.premiums.reader import read_premiums
from qingsuan.tables import CODES

__all__ = ["PremiumRules", "resolve"]

KIND = "premium"


class PremiumRules(Places[PremiumRule]):
    """The premium rules (个人缴费) of a run."""


def resolve(regions: Iterable[Region], year: int, tables: BureauTables, broken: Sequence[str] = ()) -> PremiumRules:
    """Read the regions' premium rules and take those of the year; ``broken`` says what is wrong with other plugins.

    Raises
    ------
    PolicyError
        No region has a rule for the year, or a table of the bureau contradicts one. A region whose files are wrong, or
        that has no rule for the year, is in ``refused``.
    """
    known = {region.code[:2]: region for region in sorted(regions, key=lambda region: region.code)}
    rules: dict[str, PremiumRule] = {}
    refused: dict[str, PolicyError] = {}
    for prefix, region in known.items():
        try:
            premiums = read_premiums(region)
        except PolicyError as error:  # refuses this region's residents, not those of others
            refused[prefix] = error
            continue
        if year not in premiums.rules:
            refused[prefix] = no_rule(region, premiums.rules, premiums.missing, year, KIND)
            continue
        rules[prefix] = premiums.rules[year]
        for own_prefix, own in tables.standards.items():
            if own_prefix.startswith(prefix):
                check_standard(rules[prefix], own)
    if not rules:
        raise nothing_for(year, refused, broken, KIND)
    local = (code for region in known.values() for code in region.codes.get("insutype", {}))
    return PremiumRules(
        year=year,
        rules=rules,
        refused=refused,
        regions=known,
        periods=periods_of(year, "year"),
        schemes=frozenset(scheme for rule in rules.values() for scheme in rule.schemes),
        insutypes=frozenset((*CODES["insutype"], *local)),
        kind=KIND,
    )
