"""Where people are insured: the counties and schemes for which a year has rules, which regions have none, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from qingsuan import divisions
from qingsuan.errors import PolicyError
from qingsuan.heads.columns import int_of_code
from qingsuan.heads.counting import Period
from qingsuan.heads.standards import MissingYear
from qingsuan.policy.model import Region

__all__ = ["Places", "RuleOfYear", "no_rule", "nothing_for"]


class RuleOfYear(Protocol):
    """What a rule of one region and year says of whom it is for."""

    @property
    def region(self) -> str:
        """The code of the region."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes (险种) whose members count."""

    @property
    def counties(self) -> Mapping[str, str]:
        """County-level codes beyond the engine's divisions, with their names."""

    @property
    def apart(self) -> tuple[str, ...]:
        """Counties that are reported beside the prefectures."""


Rule = TypeVar("Rule", bound=RuleOfYear)


@dataclass(frozen=True, slots=True)
class Places(Generic[Rule]):
    """What one run needs to know, by the first two digits of a code.

    ``refused`` holds, for a region that has a plugin but cannot be calculated, the error to raise when one of its
    residents is met. ``insutypes`` are all scheme codes, the regions' local additions included. ``kind`` is what the
    rules are called in messages.
    """

    year: int
    rules: Mapping[str, Rule]
    refused: Mapping[str, PolicyError]
    regions: Mapping[str, Region]
    periods: tuple[Period, ...]
    schemes: frozenset[str]
    insutypes: frozenset[str]
    kind: str

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


def no_rule(
    region: Region, known_years: Iterable[int], missing: Iterable[MissingYear], year: int, kind: str
) -> PolicyError:
    """The error to raise where a region has no rule of a kind for a year: it names the missing parameter, and why it is missing."""
    known = ", ".join(str(one) for one in sorted(known_years)) or "none"
    said = [gap for gap in missing if gap.year == year]
    parameter = said[0].parameter if said else f"{region.code}.{year}.standard"
    why = f": {said[0].why}" if said else ""
    return PolicyError(
        f"{region.code} {region.name}",
        found=f"no {kind} rule for {year}; the missing parameter is {parameter}{why}",
        expected=f"a year with a rule: {known}",
        do=f"add a {kind} file for the year to the region's plugin, from the document that fixes it; none is guessed",
    )


def nothing_for(year: int, refused: Mapping[str, PolicyError], broken: Sequence[str], kind: str) -> PolicyError:
    """The error to raise where no region can be calculated for a year; ``broken`` says what is wrong with other plugins."""
    reasons = "; ".join([*(f"{error.where}: {error.found}" for error in refused.values()), *broken])
    return PolicyError(
        f"--year {year}",
        found=f"no installed region has a {kind} rule: {reasons or 'no region is installed'}",
        expected=f"at least one region with a {kind} rule for the year",
        do="see `qingsuan plugins`; other years may be known",
    )
