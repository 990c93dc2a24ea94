"""The regions that can be settled: those whose plugin opens, and all of whose files of rules can be trusted.

This is the one place where rules are read for a command. A region with one file that cannot be read, checked or compiled is
refused as a whole, like one whose plugin does not import: its pools are unserved, and the other regions are settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qingsuan.accounts.rule.model import AccountRule
from qingsuan.accounts.rule.reader import read_account_rules
from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.benefits.setup import Setup
from qingsuan.clearing.ways.model import WaysRule
from qingsuan.clearing.ways.reader import read_ways_rules
from qingsuan.errors import PolicyError
from qingsuan.funds.gaps.model import GapRule
from qingsuan.funds.gaps.reader import read_gap_rules
from qingsuan.plugins import Installed, Plugin
from qingsuan.plugins.digest import definition_of
from qingsuan.policy.authority.check import check_authority, check_standard
from qingsuan.policy.authority.model import Setting
from qingsuan.policy.authority.reader import read_authorities
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.findings import Finding, PolicyFindings, refuse_findings
from qingsuan.policy.model import FOLDERS, Region, RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.policy.toml.file import is_unchanged
from qingsuan.policy.toml.noted import Noted, noting
from qingsuan.premiums.model import PremiumRule, Premiums
from qingsuan.premiums.reader import read_premiums
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.reader import read_region

__all__ = ["Regions", "Rules", "hold_to_authority", "read_regions", "setup_of"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the files of one region say: rule sets, rules of funding and premiums by year, of accounts, of gaps, of ways of payment."""

    rule_sets: tuple[RuleSet, ...]
    funding: Mapping[int, FundingRule]
    premiums: Premiums
    accounts: tuple[AccountRule, ...] = ()
    funds: tuple[GapRule, ...] = ()
    ways: tuple[WaysRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Regions:
    """What is installed, less the regions whose files cannot be trusted; and the rules of the others by region code."""

    installed: Installed
    rules: Mapping[str, Rules]

    def setup(self, year: int, skip_unserved: bool = False, accumulators: bool = False) -> Setup:
        """What a settlement of benefits in a year knows before it opens a claim."""
        rule_sets = [rule_set for rules in self.rules.values() for rule_set in rules.rule_sets]
        return Setup(self.installed.regions, rule_sets, year, skip_unserved, accumulators)


def setup_of(installed: Installed, year: int, skip_unserved: bool, accumulators: bool) -> tuple[Setup, Installed]:
    """What a settlement of benefits knows before it opens a claim, and what is installed less the regions refused.

    All rule sets are compiled together; only where that fails are they compiled region by region, to refuse the culprit.
    """
    regions = read_regions(installed, compiled=False)
    try:
        return regions.setup(year, skip_unserved, accumulators), regions.installed
    except PolicyError:
        regions = read_regions(installed)
        return regions.setup(year, skip_unserved, accumulators), regions.installed


def read_regions(installed: Installed, *, compiled: bool = True) -> Regions:
    """Read and check every file of rules, and compile each region's; one that cannot be trusted makes a broken plugin."""
    plugins: list[Plugin] = []
    rules: dict[str, Rules] = {}
    for plugin in installed.plugins:
        read = _read(plugin.region, compiled) if plugin.region is not None else plugin
        if isinstance(read, Rules) and plugin.region is not None:
            rules[plugin.region.code] = read
            plugins.append(plugin)
        elif isinstance(read, _Untrusted):
            plugins.append(replace(plugin, region=None, problem=read.problem, findings=read.findings))
        else:
            plugins.append(plugin)
    return Regions(replace(installed, plugins=tuple(plugins)), dict(sorted(rules.items())))


@dataclass(frozen=True, slots=True)
class _Untrusted:
    """Why the rules of a region cannot be trusted: in words, and everything that was found in its rule sets."""

    problem: str
    findings: tuple[Finding, ...] = ()


@dataclass
class _Kept:
    """Rules that were read, from which files, and whether their rule sets were compiled, too."""

    rules: Rules
    noted: Noted
    are_compiled: bool


_KEPT: dict[str, _Kept] = {}
"""What was read in this process, by what the region says: the dozen settlements of a year's end all go by the same rules."""

_MOST_KEPT = 64


def _read(region: Region, compiled: bool) -> Rules | _Untrusted:
    """The rules of a region; those that were read before where every file of them is what it was."""
    try:
        said = call_plugin(_said_of, region)
    except PluginCodeError:
        return _read_anew(region, compiled)
    kept = _KEPT.get(said)
    if kept is not None and is_unchanged(kept.noted):
        return _compiled(kept) if compiled and not kept.are_compiled else kept.rules
    with noting() as noted:
        read = _read_anew(region, compiled)
    if isinstance(read, Rules) and noted.is_whole:
        if len(_KEPT) == _MOST_KEPT:
            _KEPT.clear()
        _KEPT[said] = _Kept(read, noted, compiled)
    return read


def _compiled(kept: _Kept) -> Rules | _Untrusted:
    try:
        call_plugin(compile_rule_sets, kept.rules.rule_sets)
    except PluginCodeError as error:
        return _untrusted("rule sets", error)
    kept.are_compiled = True
    return kept.rules


def _said_of(region: Region) -> str:
    """All that a region says of itself: what it defines, and where its files lie."""
    return " ".join([definition_of(region), *(repr(str(getattr(region, name))) for name in FOLDERS)])


def _read_anew(region: Region, compiled: bool) -> Rules | _Untrusted:
    what = "rule sets"
    try:
        rule_sets = call_plugin(_read_and_compile if compiled else read_rule_sets, region)
        what = "funding rules"
        funding = call_plugin(read_region, region)
        what = "premium rules"
        premiums = call_plugin(read_premiums, region)
        what = "rules of personal accounts"
        accounts = call_plugin(read_account_rules, region)
        what = "rules of who bears a gap"
        funds = call_plugin(read_gap_rules, region)
        what = "tables of ways of payment"
        ways = call_plugin(read_ways_rules, region)
        what = "rules, held against what the region authorises (待遇清单),"
        call_plugin(hold_to_authority, region, rule_sets, funding.values(), premiums.rules.values())
        return Rules(rule_sets, funding, premiums, accounts, funds, ways)
    except PluginCodeError as error:  # the folders may be objects of the plugin's own making
        return _untrusted(what, error)


def _untrusted(what: str, error: PluginCodeError) -> _Untrusted:
    cause = error.__cause__
    told = cause if isinstance(cause, PolicyError) else error
    findings = cause.findings if isinstance(cause, PolicyFindings) else ()
    return _Untrusted(f"its {what} cannot be trusted: {told}", findings)


def hold_to_authority(
    region: Region,
    rule_sets: Iterable[RuleSet],
    funding: Iterable[FundingRule],
    premiums: Iterable[PremiumRule] = (),
) -> None:
    """Hold what a region's files say against what it authorises its pools to set (待遇清单).

    Raises
    ------
    PolicyError
        An authority file cannot be trusted, or a value goes beyond it.
    """
    authorities = read_authorities(region)
    findings = [*check_authority(rule_sets, authorities)]
    standards: list[tuple[Setting, FundingRule | PremiumRule]] = [("subsidy_standard", rule) for rule in funding]
    standards += [("premium_standard", rule) for rule in premiums]
    for setting, rule in standards:
        findings += check_standard(
            authorities,
            setting=setting,
            file=rule.file,
            year=rule.year,
            standard_fen=rule.standard.fen,
            cited=[rule.sources[key] for key in rule.standard.source.split(", ")],
        )
    refuse_findings(findings)


def _read_and_compile(region: Region) -> tuple[RuleSet, ...]:
    rule_sets = read_rule_sets(region)
    compile_rule_sets(rule_sets)
    return rule_sets
