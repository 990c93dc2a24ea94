"""What is installed, what it settles, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qingsuan.accounts.rule.model import AccountRule
from qingsuan.clearing.ways.model import WaysRule
from qingsuan.cli.output import show, show_json
from qingsuan.errors import PluginError
from qingsuan.messages import Lang, Words, written_says
from qingsuan.plugins import Plugin, load, require
from qingsuan.policy.model import RuleSet
from qingsuan.premiums.model import PremiumRule
from qingsuan.report.wording.speaking import error_told
from qingsuan.run.regions import Regions, read_regions
from qingsuan.subsidies.model import FundingRule

__all__ = ["show_installed"]


@dataclass(frozen=True, slots=True)
class _Row:
    """A plugin, and its rule sets, funding rules, premium rules, rules of accounts and tables of ways of payment if they could be read."""

    plugin: Plugin
    rule_sets: tuple[RuleSet, ...] = ()
    funding: tuple[FundingRule, ...] = ()
    accounts: tuple[AccountRule, ...] = ()
    premiums: tuple[PremiumRule, ...] = ()
    ways: tuple[WaysRule, ...] = ()


def show_installed(*, as_json: bool, requirements: Sequence[str], lang: Lang) -> None:
    """List the installed plugins and their rule sets; broken ones with the reason, and all that is wrong.

    Raises
    ------
    PluginError
        One of them is broken, or a required one is missing or of another version.
    """
    installed = load()
    regions = read_regions(installed)
    rows = [_row(plugin, regions) for plugin in regions.installed.plugins]
    if as_json:
        show_json([_record(row) for row in rows])
    else:
        show(_table(rows, Words(lang)))
    broken = [row.plugin.distribution for row in rows if row.plugin.problem is not None]
    require(regions.installed, requirements)
    if broken:
        raise PluginError(
            "plugins",
            found=f"{len(broken)} of {len(rows)} refused: {', '.join(broken)}",
            do="mend or uninstall them: a run with claims of their pools does not start, a run without is not touched",
        )


def _row(plugin: Plugin, regions: Regions) -> _Row:
    if plugin.region is None:
        return _Row(plugin)
    rules = regions.rules[plugin.region.code]
    return _Row(
        plugin,
        rules.rule_sets,
        tuple(rules.funding[year] for year in sorted(rules.funding)),
        rules.accounts,
        tuple(rules.premiums.rules[year] for year in sorted(rules.premiums.rules)),
        rules.ways,
    )


def _table(rows: list[_Row], words: Words) -> str:
    if not rows:
        return words.speak(
            "No regional plugin is installed. The engine knows no region of its own;\n"
            "install one, for example: pip install qingsuan-jilin   (to write one: plugins/README.md)"
        )
    return "\n\n".join(_lines(row, words) for row in rows)


def _lines(row: _Row, words: Words) -> str:
    plugin, region, speak = row.plugin, row.plugin.region, words.speak
    if region is None:
        point = "" if plugin.name == plugin.distribution else speak("entry point {name}   ", name=plugin.name)
        said = "\n".join(_refused(plugin, words)).replace("\n", "\n  ")
        refused = speak("REFUSED")
        return f"{plugin.title}   {point}{refused}\n  {said}"
    lines = [f"{plugin.title}   {region.code} {region.name}"]
    for pool in region.pools:
        lines.append(f"  {pool.code} {pool.name}   insu_admdvs {', '.join(f'{prefix}…' for prefix in pool.prefixes)}")
        own = [rule_set for rule_set in row.rule_sets if rule_set.pool == pool.code]
        lines += [f"    {_dates(each, words)}   {_counts(each, words)}   {each.title}" for each in own]
        lines += [] if own else [speak("    (no rule set)")]
    return "\n".join([*lines, *(f"  {line}" for line in _others(row, words))])


def _others(row: _Row, words: Words) -> Iterator[str]:
    """What there is beside benefits."""
    for funding in row.funding:
        schemes, title = "+".join(funding.schemes), funding.title
        yield words.speak("subsidy of {year} for {schemes}   {title}", year=funding.year, schemes=schemes, title=title)
    for account in row.accounts:
        pools, begin, title = "+".join(account.pools), str(account.effective), account.title
        yield words.speak("accounts of {pools} from {begin}   {title}", pools=pools, begin=begin, title=title)
    for premium in row.premiums:
        schemes, title = "+".join(premium.schemes), premium.title
        yield words.speak("premium of {year} for {schemes}   {title}", year=premium.year, schemes=schemes, title=title)
    for ways in row.ways:
        yield words.speak("ways of payment from {begin}   {title}", begin=str(ways.effective), title=ways.title)


def _refused(plugin: Plugin, words: Words) -> Iterator[str]:
    """Why a plugin is refused, and all that is wrong with its rules."""
    if words.lang == "en" or not plugin.findings:  # the problem says the first finding
        yield from (written_says(words, line) for line in str(plugin.problem).splitlines())
        yield from (str(finding) for finding in plugin.findings[1:])
    else:
        yield from (error_told(words, finding.error()) for finding in plugin.findings)


def _dates(rule_set: RuleSet, words: Words) -> str:
    schemes, begin = "+".join(rule_set.schemes), str(rule_set.effective)
    if rule_set.until is None:
        return f"{schemes} {words.speak('from {begin}', begin=begin)}"
    return f"{schemes} {words.speak('from {begin} until {end}', begin=begin, end=str(rule_set.until))}"


def _counts(rule_set: RuleSet, words: Words) -> str:
    rules, missing = len(rule_set.rules), len(_missing(rule_set))
    return words.speak("{rules} rules, {missing} missing parameters", rules=rules, missing=missing)


def _record(row: _Row) -> dict[str, object]:
    plugin, region = row.plugin, row.plugin.region
    record: dict[str, object] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "problem": plugin.problem,
        "findings": [finding.record() for finding in row.plugin.findings],
        "region": None,
    }
    if region is not None:
        record["region"] = {"code": region.code, "name": region.name}
        record["pools"] = [{"code": p.code, "name": p.name, "prefixes": list(p.prefixes)} for p in region.pools]
        record["rule_sets"] = [
            {
                "file": each.file,
                "pool": each.pool,
                "schemes": list(each.schemes),
                "effective": each.effective.isoformat(),
                "until": each.until.isoformat() if each.until else None,
                "rules": len(each.rules),
                "missing": _missing(each),
            }
            for each in row.rule_sets
        ]
        record["accounts"] = [
            {"pools": list(rule.pools), "effective": str(rule.effective), "file": rule.file, "title": rule.title}
            for rule in row.accounts
        ]
        record["clearing"] = [
            {"pools": list(rule.pools), "effective": str(rule.effective), "file": rule.file, "title": rule.title}
            for rule in row.ways
        ]
        record["funding"] = [{"year": rule.year, "file": rule.file, "title": rule.title} for rule in row.funding]
        record["premiums"] = [{"year": rule.year, "file": rule.file, "title": rule.title} for rule in row.premiums]
    return record


def _missing(rule_set: RuleSet) -> list[str]:
    """The parameters that a rule set lacks, each once."""
    return list(dict.fromkeys(missing.parameter for missing in rule_set.missing))
