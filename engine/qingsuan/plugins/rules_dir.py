"""Parameter files of a working folder in place of those that a plugin was installed with (``--rules-dir``).

A clerk who changes a rule tries it on a year before anything is released. The files of the folder stand in for the whole
``rules/`` of the plugin whose pools they name, nothing is taken from both, and every run says that it was made with a working
copy, and of which bytes.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from qingsuan.errors import PolicyError, UsageError
from qingsuan.plugins.finding import Installed
from qingsuan.plugins.working_copy import WorkingCopy
from qingsuan.policy.authority.check import check_authority
from qingsuan.policy.authority.reader import read_authorities
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.findings import PolicyFindings, refuse_findings
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.policy.strict import load
from qingsuan.policy.toml.file import toml_in

__all__ = ["OPTION", "trusted_rule_sets", "with_rules"]

OPTION = "--rules-dir"


def with_rules(
    installed: Installed, folder: str | os.PathLike[str] | None, option: str = OPTION
) -> tuple[Installed, tuple[RuleSet, ...]]:
    """Let the files of a folder stand in for the rule sets of the plugin whose pools they name; without a folder, nothing changes.

    ``option`` is what messages call the folder.

    Returns
    -------
    tuple
        What is installed, with the plugin's rules replaced and marked; and the rule sets that were read, none without a folder.

    Raises
    ------
    UsageError
        There is no such folder, or no ``*.toml`` in it.
    PolicyError
        A file does not parse or cannot be trusted, or the files are of no installed region, or of several: nothing is settled.
    """
    if folder is None:
        return installed, ()
    path = Path(folder)
    files = _files(path, option)
    region = _region_of(installed, files)
    here = replace(region, rules=path)
    rule_sets = trusted_rule_sets(here)
    copy = WorkingCopy(
        path.resolve().name, {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    )
    plugins = tuple(
        replace(plugin, region=here, working_copy=copy) if plugin.region is region else plugin
        for plugin in installed.plugins
    )
    return replace(installed, plugins=plugins), rule_sets


def trusted_rule_sets(region: Region) -> tuple[RuleSet, ...]:
    """The rule sets of a region, read, compiled and held against what it authorises (待遇清单).

    Raises
    ------
    PolicyError
        They cannot be trusted: it says everything that is wrong with them, for whoever is at work on them.
    """
    try:
        rule_sets = read_rule_sets(region)
        compile_rule_sets(rule_sets)
        refuse_findings([*check_authority(rule_sets, read_authorities(region))])
    except PolicyFindings as error:
        first, *others = error.findings
        do = "\n".join([first.do, *map(str, others)])
        raise PolicyError(first.where, found=first.found, expected=first.expected, do=do) from error
    return rule_sets


def _files(path: Path, option: str) -> list[Path]:
    """The files of a folder that a caller names: that there is none, or none of them, is the caller's fault and not a plugin's."""
    expected = "a folder with one *.toml for each rule set, all of one region"
    do = "name the folder itself, such as a copy of a plugin's rules/"
    try:
        files = [path / file.name for file in toml_in(path)]
    except OSError as error:
        found = f"cannot be read ({error.strerror or error})"
        raise UsageError(f"{option} {path}".strip(), found=found, expected=expected, do=do) from error
    if not files:
        raise UsageError(f"{option} {path}".strip(), found="a folder without *.toml", expected=expected, do=do)
    return files


def _region_of(installed: Installed, files: list[Path]) -> Region:
    """The region whose pools the files name: one, and it is installed. Files that do not say are told of when all are read."""
    owners = {pool.code: region for region in installed.regions for pool in region.pools}
    found: dict[str, str] = {}
    unread: list[PolicyError] = []
    for file in files:
        try:
            pool = load(file, label=str(file)).table("ruleset").text("pool")
        except PolicyError as error:
            unread.append(error)
            continue
        if pool not in owners:
            raise PolicyError(
                f"{file}: ruleset.pool",
                found=f'pool "{pool}", which no installed plugin has',
                expected=f"one of {', '.join(sorted(owners)) or '(no plugin is installed)'}",
                do="install the plugin of its region, or correct the pool",
            )
        found.setdefault(owners[pool].code, f"{file.name} is of {owners[pool].code} {owners[pool].name}")
    if not found:
        raise unread[0]
    if len(found) > 1:
        raise PolicyError(
            str(files[0].parent),
            found=f"files of several regions: {'; '.join(found.values())}",
            expected="files of one region",
            do="put the files of each region into a folder of its own",
        )
    (code,) = found
    return next(region for region in installed.regions if region.code == code)
