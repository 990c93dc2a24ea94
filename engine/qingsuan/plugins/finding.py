"""Find the installed plugins, check them, and say which pool is whose.

Design: nothing of a plugin runs in this process. A region that is declared in a file is read; code is opened in a process of its own,
so no plugin can stop, shadow, precede or change another, or the engine; a broken one is listed with its reason, and its region is
refused. Selection is by jurisdiction, never by call order: one region has one owner, and two plugins that claim it are both
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from qingsuan.errors import PluginError, UsageError
from qingsuan.plugins.entry_points import EntryPoint, FoundPoint, find
from qingsuan.plugins.opening import Refused, Started, start, unfit
from qingsuan.plugins.places import Places
from qingsuan.plugins.working_copy import WorkingCopy
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Pool, Region
from qingsuan.policy.toml.told import did_you_mean

__all__ = [
    "NOT_ALLOWED",
    "AllowList",
    "Approved",
    "Installed",
    "Plugin",
    "load",
    "not_installed",
    "require",
]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin: either a region, or the problem for which it is refused.

    ``name`` is the entry point's; ``distribution`` and ``version`` are what pip installed. With a ``working_copy`` the rules of
    its region are not those that were installed. ``findings`` is everything that is wrong with its rule sets, where that is the problem.
    ``roots`` are the folders of its package, or the file of its module.
    """

    name: str
    distribution: str
    version: str
    region: Region | None
    problem: str | None = None
    working_copy: WorkingCopy | None = None
    findings: tuple[Finding, ...] = ()
    roots: tuple[Path, ...] = ()

    @property
    def title(self) -> str:
        """Distribution and version, for messages."""
        return f"{self.distribution} {self.version}"


NOT_ALLOWED = "it does not stand in the file of --allow"
"""Why a plugin is refused that a run may not take."""


@dataclass(frozen=True, slots=True)
class Approved:
    """One plugin that a run may take: the distribution's name, its version, and its digest."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class AllowList:
    """What a run may take, as a file said it: its name, its SHA-256, and the plugins."""

    file: str
    sha256: str
    plugins: tuple[Approved, ...]

    def record(self) -> dict[str, Any]:
        """As a run record has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Installed:
    """All installed plugins, sorted by distribution name; with ``allowed``, those that do not stand there are refused."""

    plugins: tuple[Plugin, ...]
    allowed: AllowList | None = None

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions of the healthy plugins, sorted by code."""
        return tuple(sorted((plugin.region for plugin in self.plugins if plugin.region), key=lambda each: each.code))

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """The plugins that are refused."""
        return tuple(plugin for plugin in self.plugins if plugin.problem is not None)

    def pool_of(self, admdvs: str) -> tuple[Region, Pool] | None:
        """The region and pool with the longest prefix of ``admdvs``; None if no healthy plugin serves it."""
        matches = [
            (len(prefix), region, pool)
            for region in self.regions
            for pool in region.pools
            for prefix in pool.prefixes
            if admdvs.startswith(prefix)
        ]
        if not matches:
            return None
        _, region, pool = max(matches, key=lambda match: match[0])
        return region, pool


def load(
    entry_points: Iterable[EntryPoint] | None = None,
    is_taken: Callable[[str], bool] = lambda _: True,
    *,
    from_source: bool = False,
    start: Callable[[FoundPoint, Places, bool], Started] = start,
) -> Installed:
    """Find and open every plugin; nothing a plugin does can make this raise.

    Parameters
    ----------
    entry_points
        Stands in for what is installed (for tests).
    is_taken
        Says of a distribution, by its name as it is compared, whether it may be opened; of others nothing is imported.
    from_source
        Whether code is compiled from the files as they lie there, and not taken from ``__pycache__``.
    start
        How a plugin is opened (for tests).

    Raises
    ------
    RunError
        The machine starts no process to open plugins in.
    """
    found = find(entry_points)
    begun: list[tuple[FoundPoint, Places, Started]] = []
    try:
        for one in found:  # all at once: they are opened beside each other
            places = Places.of(one.point)
            refused = NOT_ALLOWED if not is_taken(one.key) else one.problem or _twice(one, found) or unfit(one, places)
            begun.append((one, places, Refused(refused) if refused else start(one, places, from_source)))
        plugins = [_plugin(*one) for one in begun]
    finally:
        for *_, started in begun:
            started.end()
    return Installed(tuple(_one_owner(plugin, plugins) for plugin in plugins))


def _plugin(found: FoundPoint, places: Places, started: Started) -> Plugin:
    region, problem = started.opened()
    return Plugin(found.point.name, found.distribution, found.version, region, problem or None, roots=places.roots)


def require(installed: Installed, requirements: Sequence[str]) -> None:
    """Insist on plugins, such as ``["qingsuan-jilin>=2022.1"]``.

    Raises
    ------
    UsageError
        A text is not a requirement.
    PluginError
        A plugin is missing, of another version, or refused.
    """
    for text in requirements:
        where = f"--require {text}"
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise UsageError(
                where, found=f"not a requirement: {error}", expected='such as "qingsuan-jilin>=2022.1"', do="correct it"
            ) from error
        named = [plugin for plugin in installed.plugins if _is(plugin.distribution, wanted.name)]
        if not named:
            raise not_installed(where, wanted.name, (plugin.distribution for plugin in installed.plugins), text)
        for plugin in named:
            _require(plugin, wanted, where)


def _require(plugin: Plugin, wanted: Requirement, where: str) -> None:
    if plugin.problem is not None:
        raise PluginError(
            where, found=f"{plugin.title} is installed but refused: {plugin.problem}", do="repair it first"
        )
    if not wanted.specifier.contains(plugin.version, prereleases=True):
        raise PluginError(
            where,
            found=f"{plugin.title} is installed",
            expected=f"a version {wanted.specifier}",
            do=f'pip install "{wanted}"',
        )


def not_installed(where: str, name: str, installed: Iterable[str], requirement: str) -> PluginError:
    """What is said of a plugin that somebody asks for and that is not there; ``requirement`` is what pip would be given."""
    names = sorted(set(installed))
    return PluginError(
        where,
        found=f"{name} is not installed",
        expected=f"among the plugins installed: {', '.join(names) or '(none)'}",
        do=did_you_mean(name, names) or f'pip install "{requirement}"',
    )


def _is(left: str, right: str) -> bool:
    return canonicalize_name(left) == canonicalize_name(right)


def _twice(one: FoundPoint, found: Sequence[FoundPoint]) -> str:
    """Say whether its distribution is there in another version, or another one took the same name."""
    for other in found:
        if other is one:
            continue
        if other.key == one.key and other.version != one.version:
            return f"{one.distribution} is installed twice, the other time as {other.title}: uninstall both, then install one"
        if other.point.name == one.point.name:
            return (
                f'its entry point "{one.point.name}" is also the name of one of {other.title}: uninstall one of the two'
            )
    return ""


def _one_owner(plugin: Plugin, plugins: Iterable[Plugin]) -> Plugin:
    """Refuse a plugin whose region another one claims too.

    Prefixes need no look of their own: they lie under their region's first two digits.
    """
    if plugin.region is None:
        return plugin
    code = plugin.region.code
    others = [
        other for other in plugins if other is not plugin and other.region is not None and other.region.code == code
    ]
    if not others:
        return plugin
    titles = ", ".join(other.title for other in others)
    problem = f"region {code} is claimed by {plugin.title} and by {titles}: one region has one owner; uninstall one"
    return replace(plugin, region=None, problem=problem)
