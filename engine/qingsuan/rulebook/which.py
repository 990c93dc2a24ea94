"""Which rule sets somebody asks for: by region or pool, date and scheme, installed or of a working folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.errors import PolicyError, UsageError
from qingsuan.messages import Lang
from qingsuan.plugins import Installed, load, with_rules
from qingsuan.plugins.rules_dir import OPTION, trusted_rule_sets
from qingsuan.policy.model import Pool, Region, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.strict import load as load_toml
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.rulebook.speaking import words_of
from qingsuan.rulebook.words import Words

__all__ = ["Chosen", "choose", "choose_all", "dates_of", "in_force", "read_file", "words_by_pool"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A region as installed, those of its pools that are meant, and their rule sets: those of ``rules_dir``, if it is given."""

    region: Region
    pools: tuple[Pool, ...]
    rule_sets: tuple[RuleSet, ...]
    rules_dir: Path | None

    def of(self, pool: Pool) -> tuple[RuleSet, ...]:
        """The rule sets of one pool, by schemes and date."""
        own = [one for one in self.rule_sets if one.pool == pool.code]
        return tuple(sorted(own, key=lambda one: (one.schemes, one.effective)))

    def content(self, file: str) -> bytes:
        """The bytes of one of the parameter files, by its name."""
        rules = self.region.rules if self.rules_dir is None else self.rules_dir
        folder: Traversable | Path = Path(rules) if isinstance(rules, str) else rules
        return (folder / file).read_bytes()


def choose(name: str, rules_dir: Path | None = None, option: str = OPTION) -> Chosen:
    """A region or a pool, by its code or its name; ``option`` is what messages call the folder.

    Raises
    ------
    UsageError
        No installed region or pool is called so; the working folder is of another region.
    PolicyError, PluginError
        The rules cannot be trusted.
    """
    installed = load()
    _, rule_sets = with_rules(installed, rules_dir, option)
    region, pools = _named(installed, name)
    if rules_dir is not None and (not rule_sets or rule_sets[0].pool not in {pool.code for pool in region.pools}):
        raise UsageError(
            f"{option} {rules_dir}".strip(),
            found=f"files of another region than {name}",
            expected=f"files of {region.code}",
        )
    read = rule_sets if rules_dir is not None else _read(region)
    codes = {pool.code for pool in pools}
    return Chosen(region, pools, tuple(one for one in read if one.pool in codes), rules_dir)


def choose_all(names: Sequence[str], rules_dir: Path | None = None, option: str = OPTION) -> tuple[Chosen, ...]:
    """Several regions or pools; without names those of the working folder, else all that are installed.

    Raises
    ------
    UsageError, PolicyError, PluginError
        As :func:`choose`; or nothing is installed.
    """
    if names:
        return tuple(choose(name, rules_dir, option) for name in names)
    installed = load()
    _, rule_sets = with_rules(installed, rules_dir, option)
    if rules_dir is not None:
        owner = installed.pool_of(rule_sets[0].pool)
        assert owner is not None, "a working folder is of an installed region"
        return (Chosen(owner[0], owner[0].pools, rule_sets, rules_dir),)
    if not installed.regions:
        raise UsageError("qingsuan policy", found="no regional plugin is installed", expected="at least one")
    return tuple(Chosen(region, region.pools, _read(region), None) for region in installed.regions)


def read_file(file: Path) -> RuleSet:
    """One rule set of a file, by the local codes and functions of the installed region whose pool it names, if there is one.

    Raises
    ------
    PolicyError
        The file cannot be trusted.
    """
    region = _region_of(load_toml(file, label=str(file)).table("ruleset").text("pool"))
    codes = {} if region is None else region.codes
    return read_rule_set(file, codes=codes, functions=() if region is None else tuple(region.functions))


def words_by_pool(rule_set: RuleSet, lang: Lang) -> Words:
    """Words for a rule set, by the codes and texts of the installed region whose pool it names, if there is one.

    Raises
    ------
    PolicyError
        The Chinese that the region brings cannot be read.
    """
    return words_of(rule_set, _region_of(rule_set.pool), lang)


def _region_of(pool: str) -> Region | None:
    return next((each for each in load().regions if any(one.code == pool for one in each.pools)), None)


def in_force(rule_sets: Iterable[RuleSet], date: dt.date, scheme: str | None = None) -> tuple[RuleSet, ...]:
    """Of the rule sets of one or several pools those in force on a date; of one scheme if it is given."""
    latest: dict[tuple[str, str], RuleSet] = {}
    for one in sorted(rule_sets, key=lambda each: each.effective):
        for each in one.schemes:
            if one.effective <= date and scheme in (None, each):
                latest[one.pool, each] = one
    found = {one.file: one for one in latest.values() if one.until is None or date <= one.until}
    return tuple(sorted(found.values(), key=lambda one: (one.pool, one.schemes)))


def dates_of(rule_sets: Iterable[RuleSet]) -> str:
    """Of which schemes and from which days on there are rules, for messages."""
    dates = sorted({f"{'+'.join(one.schemes)} from {one.effective}" for one in rule_sets})
    return "; ".join(dates) or "(no rule set)"


def _named(installed: Installed, name: str) -> tuple[Region, tuple[Pool, ...]]:
    for region in installed.regions:
        if name in (region.code, region.name):
            return region, region.pools
        for pool in region.pools:
            if name in (pool.code, pool.name):
                return region, (pool,)
    known = [each for region in installed.regions for each in (region.code, *(pool.code for pool in region.pools))]
    names = [each for region in installed.regions for each in (region.name, *(pool.name for pool in region.pools))]
    refused = [f"{plugin.title} is refused: {plugin.problem}" for plugin in installed.broken]
    raise UsageError(
        name or "REGION|POOL",
        found="; ".join([f'no region or pool is called "{name}"', *refused]),
        expected=f"one of {', '.join(known) or '(no plugin is installed)'}, or its name",
        do=did_you_mean(name, [*known, *names]) or "qingsuan plugins lists them",
    )


def _read(region: Region) -> tuple[RuleSet, ...]:
    """The rule sets of an installed region, as they can be trusted.

    Raises
    ------
    PolicyError
        They cannot be trusted.
    """
    try:
        rule_sets: tuple[RuleSet, ...] = call_plugin(trusted_rule_sets, region)
    except PluginCodeError as error:  # the folder may be an object of the plugin's own making
        if isinstance(error.__cause__, PolicyError):
            raise error.__cause__ from error
        raise PolicyError(f"rules of {region.code}", found=str(error), do="mend the plugin") from error
    return rule_sets
