"""What a run goes by: the plugins that are installed, less those it may not take, with a working folder in place of rules."""

from __future__ import annotations

import os
from collections.abc import Sequence

from qingsuan import plugins
from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.plugins import Installed
from qingsuan.run.regions import Regions, read_regions, setup_of

__all__ = ["regions_at_hand", "set_up"]

PathLike = str | os.PathLike[str]


def set_up(
    year: int,
    requirements: Sequence[str] = (),
    *,
    skip_unserved: bool = False,
    accumulators: bool = False,
    strict: bool = False,
    rules_dir: PathLike | None = None,
    allow: PathLike | None = None,
) -> tuple[Setup, Installed]:
    """Find plugins, read and compile every rule set, check requirements.

    Raises
    ------
    PluginError
        A requirement is not met, or what stands in ``allow`` is not what is installed. A region whose files cannot be trusted is
        among those refused.
    UsageError, PolicyError
        The files of ``rules_dir`` cannot be trusted, or ``allow`` is no list of plugins; both at once.
    """
    found, _ = plugins.with_rules(_found(allow, rules_dir), rules_dir)
    setup, installed = setup_of(found, year, skip_unserved, accumulators)
    plugins.require(installed, requirements)
    setup.strict = strict
    return setup, installed


def regions_at_hand(requirements: Sequence[str] = (), *, allow: PathLike | None = None) -> Regions:
    """Find plugins, read the rules of every region, check requirements.

    Raises
    ------
    PluginError, PolicyError
        As in :func:`set_up`.
    """
    regions = read_regions(_found(allow))
    plugins.require(regions.installed, requirements)
    return regions


def _found(allow: PathLike | None, rules_dir: PathLike | None = None) -> Installed:
    if allow is not None and rules_dir is not None:
        raise UsageError(
            "--allow --rules-dir",
            found="both",
            expected="one of them: rules of a working folder are not what was approved",
            do="try the working folder without --allow; to settle by it, release a version of the plugin and have that approved",
        )
    return plugins.load() if allow is None else plugins.load_allowed(allow)
