"""What every plugin promises, one function a promise: each returns everything that is not kept, in words and as data.

Tests of a plugin (:class:`~qingsuan.testing.PluginContract`) and ``qingsuan plugins check`` ask the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qingsuan.accounts.rule.model import AccountRule
from qingsuan.accounts.rule.reader import read_account_rules
from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.cases.casefile import collect_cases
from qingsuan.cases.outcome import CaseFailedError, Result
from qingsuan.clearing.ways.model import WaysRule
from qingsuan.clearing.ways.reader import read_ways_rules
from qingsuan.errors import PolicyError, QingsuanError
from qingsuan.funds.gaps.model import GapRule
from qingsuan.funds.gaps.reader import read_gap_rules
from qingsuan.messages import marked
from qingsuan.plugins import Plugin, load
from qingsuan.policy.authority.reader import read_authorities
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.findings import Finding, findings_of
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.premiums.model import PremiumRule, Premiums
from qingsuan.premiums.reader import read_premiums
from qingsuan.run.regions import hold_to_authority
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.reader import read_region
from qingsuan.testing.runner import run_case

__all__ = ["FIRST", "PROMISES", "Contract", "Promise", "broken_case"]

Broken = list[Finding]
"""What is not kept of a promise."""


@dataclass
class Contract:
    """A distribution, and what it says of itself; ``plugins``, regions and rules are read when they are asked for, once.

    Attributes
    ----------
    plugin : the distribution's name.
    cases : the folder of its case files.
    grades : grades of sources that it allows itself.
    untested : rules, as ``pool/schemes/date:rule``, for which no case is wanted.
    """

    plugin: str
    cases: Path
    grades: frozenset[str]
    untested: frozenset[str]
    results: dict[Path, Result] = field(default_factory=dict)

    @cached_property
    def plugins(self) -> tuple[Plugin, ...]:
        """Every entry point of the distribution that is installed."""
        return tuple(plugin for plugin in load().plugins if plugin.distribution == self.plugin)

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions of those that open."""
        return tuple(plugin.region for plugin in self.plugins if plugin.region is not None)

    @cached_property
    def rule_sets(self) -> tuple[RuleSet, ...]:
        """The rule sets of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule_set for region in self.regions for rule_set in read_rule_sets(region))

    @cached_property
    def funding(self) -> tuple[FundingRule, ...]:
        """The funding rules of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule for region in self.regions for rule in read_region(region).values())

    @cached_property
    def accounts(self) -> tuple[AccountRule, ...]:
        """The rules of personal accounts of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule for region in self.regions for rule in read_account_rules(region))

    @cached_property
    def gaps(self) -> tuple[GapRule, ...]:
        """The rules of who bears a gap of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule for region in self.regions for rule in read_gap_rules(region))

    @cached_property
    def ways(self) -> tuple[WaysRule, ...]:
        """The tables of ways of payment of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule for region in self.regions for rule in read_ways_rules(region))

    @cached_property
    def premiums(self) -> tuple[PremiumRule, ...]:
        """The premium rules of all its regions.

        Raises
        ------
        PolicyError
            A file cannot be trusted.
        """
        return tuple(rule for region in self.regions for rule in read_premiums(region).rules.values())

    def result(self, case: Path) -> Result:
        """Run a case once, however often it is asked for; a failure is not kept.

        Raises
        ------
        CaseFailedError, QingsuanError
            It came out otherwise, or did not run.
        """
        if case not in self.results:
            self.results[case] = run_case(case, require=[self.plugin])
        return self.results[case]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: what it is called, what it says, and how to see whether it is kept."""

    name: str
    says: str
    broken: Callable[[Contract], Broken]


def _loaded(contract: Contract) -> Broken:
    if not contract.plugins:
        return [
            Finding(
                contract.plugin,
                "",
                f"{contract.plugin} is not installed",
                "a distribution with an entry point of the group qingsuan",
                "pip install -e it, from its source, and check its entry point ([project.entry-points.qingsuan])",
            )
        ]
    return [
        Finding(
            plugin.title,
            f"entry point {plugin.name}",
            f"it is refused: {plugin.problem}",
            "a plugin that opens, and whose region nobody else claims",
            "mend what the reason names, then install it again",
        )
        for plugin in contract.plugins
        if plugin.region is None
    ]


def _pools(contract: Contract) -> Broken:
    settled = {rule_set.pool for rule_set in contract.rule_sets}
    return [finding for region in contract.regions for finding in _pools_of(region, settled)]


def _pools_of(region: Region, settled: set[str]) -> Iterator[Finding]:
    where = f"region {region.code} {region.name}"
    if not region.pools:
        yield Finding(where, "pools", "no pool", "at least one: a region without pools settles nothing", "write one")
    for pool in region.pools:
        key = f"pool {pool.code} {pool.name}"
        if not any(pool.code.startswith(prefix) for prefix in pool.prefixes):
            found = f"prefixes {', '.join(pool.prefixes)}, none of which its own code begins with"
            do = f'add the prefix "{pool.code[:4]}", or correct the code'
            yield Finding(where, key, found, "the pool's own people among those it insures", do)
        if pool.code not in settled:
            do = f'write one with pool = "{pool.code}"; where no number is known, with [[missing]] alone'
            yield Finding(where, key, "no rule set", "at least one", do)


def _rule_sets(contract: Contract) -> Broken:
    rule_sets = contract.rule_sets
    if rule_sets:
        compile_rule_sets(rule_sets)
    return []


def _funding(contract: Contract) -> Broken:
    return [
        Finding(
            f"region {region.code} {region.name}",
            "funding",
            "a folder without a funding rule",
            "a file for each year, or no folder",
            "write one, or leave Region(funding=…) out",
        )
        for region in contract.regions
        if region.funding is not None and not read_region(region)
    ]


def _accounts(contract: Contract) -> Broken:
    return [
        Finding(
            f"region {region.code} {region.name}",
            "accounts",
            "a folder without a rule of personal accounts",
            "a file for each pool and date, or no folder",
            "write one, or leave Region(accounts=…) out",
        )
        for region in contract.regions
        if region.accounts is not None and not read_account_rules(region)
    ]


def _gaps(contract: Contract) -> Broken:
    return [
        Finding(
            f"region {region.code} {region.name}",
            "funds",
            "a folder without a rule of who bears a gap",
            "a file for each date, with a rule or with what is missing, or no folder",
            "write one, or leave Region(funds=…) out",
        )
        for region in contract.regions
        if region.funds is not None and not read_gap_rules(region)
    ]


def _ways(contract: Contract) -> Broken:
    return [
        Finding(
            f"region {region.code} {region.name}",
            "clearing",
            "a folder without a table of ways of payment",
            "a file for each date, with ways or with what is missing, or no folder",
            "write one, or leave Region(clearing=…) out",
        )
        for region in contract.regions
        if region.clearing is not None and not read_ways_rules(region)
    ]


def _premiums(contract: Contract) -> Broken:
    return [
        Finding(
            f"region {region.code} {region.name}",
            "premiums",
            "a folder that says nothing of any year",
            "a file for each year, with a rule or with what is missing, or no folder",
            "write one, or leave Region(premiums=…) out",
        )
        for region in contract.regions
        if region.premiums is not None and read_premiums(region) == Premiums({}, ())
    ]


def _authority(contract: Contract) -> Broken:
    for region in contract.regions:
        hold_to_authority(
            region, read_rule_sets(region), read_region(region).values(), read_premiums(region).rules.values()
        )
    return []


def _grades(contract: Contract) -> Broken:
    files = [(rule_set.file, rule_set.sources) for rule_set in contract.rule_sets]
    files += [(funding.file, funding.sources) for funding in contract.funding]
    files += [(rule.file, rule.sources) for rule in contract.accounts]
    files += [(gap.file, gap.sources) for gap in contract.gaps]
    files += [(ways.file, ways.sources) for ways in contract.ways]
    files += [(premium.file, premium.sources) for premium in contract.premiums]
    files += [
        (authority.file, authority.sources) for region in contract.regions for authority in read_authorities(region)
    ]
    return [
        Finding(
            file,
            f"sources.{source.key}",
            f"the source has grade {source.grade}",
            f"one of {', '.join(sorted(contract.grades))}",
            "find a better source, or allow the grade in the plugin's test (grades)",
        )
        for file, sources in files
        for source in sources.values()
        if source.grade not in contract.grades
    ]


def broken_case(contract: Contract, case: Path) -> Broken:
    """What came out of one case otherwise than its file says."""
    try:
        contract.result(case)
    except CaseFailedError as error:
        title, *differences = str(error).splitlines()
        do = "reckon it again by the document: correct the parameter, or the case"
        return [Finding(title, "", difference.strip(), do=do) for difference in differences]
    except QingsuanError as error:
        return [Finding(str(case), "", f"it cannot be settled: {error.where}: {error.found}", error.expected, error.do)]
    return []


def _cases(contract: Contract) -> Broken:
    return [finding for case in collect_cases(contract.cases) for finding in broken_case(contract, case)]


def _met(contract: Contract) -> set[str]:
    """The rules that cases meet; a case that fails meets none."""
    met: set[str] = set()
    for case in collect_cases(contract.cases):
        try:
            met |= {row["rule_id"] for row in contract.result(case).settled}
        except (CaseFailedError, QingsuanError):
            continue
    return met


def _tested(contract: Contract) -> Broken:
    rules = {f"{rule_set.name}:{rule.id}" for rule_set in contract.rule_sets for rule in rule_set.rules}
    unmet = [
        Finding(
            rule,
            "",
            "no case meets this rule",
            "a case with a claim that it settles",
            "write one, or name the rule in the plugin's test (untested)",
        )
        for rule in sorted(rules - _met(contract) - contract.untested)
    ]
    gone = [
        Finding(
            rule,
            "",
            "the plugin's test (untested) names it, and there is no such rule",
            "rules of the plugin",
            "take it out",
        )
        for rule in sorted(contract.untested - rules)
    ]
    return unmet + gone


def _all_of_it(broken: Callable[[Contract], Broken]) -> Callable[[Contract], Broken]:
    """Turn what is raised on the way into what is not kept: rules that cannot be read, code of the plugin's own."""

    def asked(contract: Contract) -> Broken:
        try:
            found: Broken = call_plugin(broken, contract)
        except PluginCodeError as error:  # folders may be objects of the plugin's own making
            if isinstance(error.__cause__, PolicyError):
                return list(findings_of(error.__cause__))
            if isinstance(error.__cause__, QingsuanError):
                one = error.__cause__
                return [Finding(one.where, "", one.found, one.expected, one.do)]
            return [Finding(contract.plugin, "", f"its code failed: {error}", "code that runs", "mend it")]
        return found

    return asked


PROMISES: dict[str, Promise] = {
    promise.name: promise
    for promise in (
        Promise(
            "loaded", marked("It opens, it fits this qingsuan, and nobody else claims its region."), _all_of_it(_loaded)
        ),
        Promise(
            "rules",
            marked("Rule sets can be read; no rules overlap, and no promise is unkept."),
            _all_of_it(_rule_sets),
        ),
        Promise("pools", marked("Every pool insures its own code and has at least one rule set."), _all_of_it(_pools)),
        Promise("funding", marked("Every funding rule can be trusted; there may be none."), _all_of_it(_funding)),
        Promise("premiums", marked("Every premium rule can be trusted; there may be none."), _all_of_it(_premiums)),
        Promise("accounts", marked("Every rule of personal accounts can be trusted."), _all_of_it(_accounts)),
        Promise("gaps", marked("Every rule of who bears a gap can be trusted."), _all_of_it(_gaps)),
        Promise("ways", marked("Every table of ways of payment can be trusted."), _all_of_it(_ways)),
        Promise("authority", marked("No value goes beyond what the region authorises."), _all_of_it(_authority)),
        Promise("grades", marked("Every source has a grade that is allowed here."), _all_of_it(_grades)),
        Promise("cases", marked("Every case comes out as its file says."), _all_of_it(_cases)),
        Promise("tested", marked("Every rule is met by some case, or named as an exception."), _all_of_it(_tested)),
    )
}
"""All of them by name, in the order in which they are asked."""

FIRST = ("loaded", "rules")
"""Where one of these is broken, the others cannot be asked."""
