"""Find the installed plugins, check them, and say which pool is whose.

Design: pluggy marks and validates hooks, and that is all. Every plugin is opened in a manager of its own, and in a process of
its own first, so no plugin can stop, shadow or precede another; a broken one is listed with its reason, and its region is
refused. Selection is by jurisdiction, never by call order: one region has one owner, and two plugins that claim it are both
refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePath
from typing import Any, Protocol

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from qingsuan import __version__, hookspecs
from qingsuan.errors import PluginError, UsageError
from qingsuan.plugins.code import PluginCodeError, call_plugin
from qingsuan.plugins.region_shape import problem_of
from qingsuan.plugins.trial import Apart
from qingsuan.plugins.working_copy import WorkingCopy
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Pool, Region
from qingsuan.policy.toml.told import did_you_mean

__all__ = [
    "GROUP",
    "NOT_ALLOWED",
    "AllowList",
    "Approved",
    "EntryPoint",
    "FoundPoint",
    "Installed",
    "Plugin",
    "find",
    "load",
    "not_installed",
    "require",
]

GROUP = "qingsuan"
"""The entry-point group of plugins."""


class EntryPoint(Protocol):
    """What is asked of an entry point; those of ``importlib.metadata`` answer it."""

    @property
    def name(self) -> str:
        """The name the distribution gave it."""
        ...

    @property
    def dist(self) -> Distribution | None:
        """The distribution it came with."""
        ...

    def load(self) -> Any:
        """Import what it names."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin: either a region, or the problem for which it is refused.

    ``name`` is the entry point's; ``distribution`` and ``version`` are what pip installed. With a ``working_copy`` the rules of
    its region are not those that were installed. ``findings`` is everything that is wrong with its rule sets, where that is the problem.
    ``module`` is the name of what its entry point imports.
    """

    name: str
    distribution: str
    version: str
    region: Region | None
    problem: str | None = None
    working_copy: WorkingCopy | None = None
    findings: tuple[Finding, ...] = ()
    module: str = ""

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


def find(entry_points: Iterable[EntryPoint] | None = None) -> list[FoundPoint]:
    """Find every plugin, in the order of their names; nothing of any is imported.

    ``entry_points`` stands in for what is installed (for tests).
    """
    points = _installed() if entry_points is None else entry_points
    return sorted((_found(point) for point in points), key=lambda one: (one.key, one.version, one.point.name))


def load(
    entry_points: Iterable[EntryPoint] | None = None, is_taken: Callable[[str], bool] = lambda _: True
) -> Installed:
    """Find and open every plugin; nothing a plugin does can make this raise.

    Parameters
    ----------
    entry_points
        Stands in for what is installed (for tests).
    is_taken
        Says of a distribution, by its name as it is compared, whether it may be opened; of others nothing is imported.

    Raises
    ------
    RunError
        The machine starts no process to try plugins in.
    """
    found = find(entry_points)
    trials: list[str | Apart] = []
    for one in found:  # all at once: a plugin is tried while another one is opened
        refused = NOT_ALLOWED if not is_taken(one.key) else one.problem or _twice(one, found)
        trials.append(refused or Apart(partial(_problem, one.point)))
    plugins = []
    for one, trial in zip(found, trials, strict=True):
        region, problem = None, trial.said() if isinstance(trial, Apart) else trial
        if not problem:
            region, problem = _open(one.point)
        module = str(getattr(one.point, "value", "")).partition(":")[0].strip()
        plugins.append(Plugin(one.point.name, one.distribution, one.version, region, problem or None, module=module))
    return Installed(tuple(_one_owner(plugin, plugins) for plugin in plugins))


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


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A distribution in which no entry point can be looked for, in the place of one: named by its folder."""

    name: str
    problem: str
    dist: None = None

    def load(self) -> Any:
        """Refuse it."""
        raise PluginCodeError(self.problem)


def _installed() -> list[EntryPoint]:
    """Every entry point of the group, those of a distribution that is on the path twice in different versions too."""
    unique: dict[tuple[str, str, str, str], EntryPoint] = {}
    for distribution in distributions():
        for point in _entry_points(distribution):
            one = _found(point)
            unique.setdefault((one.key, one.version, point.name, str(getattr(point, "value", ""))), point)
    return list(unique.values())


def _entry_points(distribution: Distribution) -> list[EntryPoint]:
    """Those of the group; one that stands for the distribution where it may be a plugin and cannot be read."""
    folder = _folder(distribution)
    try:
        points: list[EntryPoint] = call_plugin(_listed, distribution)
    except PluginCodeError as error:
        problem = f"its entry points cannot be read: {error}; install it again"
        return [_Unreadable(folder, problem)] if _may_be_ours(distribution) else []
    if not points and _is_cut_off(distribution):
        problem = "it is installed in part only: METADATA or entry_points.txt says nothing; install it again"
        return [_Unreadable(folder, problem)]
    return points


def _listed(distribution: Distribution) -> list[EntryPoint]:
    return [point for point in distribution.entry_points if point.group == GROUP]


def _folder(distribution: Distribution) -> str:
    """The name of the folder that says what was installed, such as ``qingsuan_jilin-2022.1.dist-info``."""
    path = getattr(distribution, "_path", None)
    return PurePath(str(path)).name if path is not None else "(a distribution without a folder)"


def _has_our_name(distribution: Distribution) -> bool:
    return canonicalize_name(_folder(distribution)).startswith(f"{GROUP}-")


def _may_be_ours(distribution: Distribution) -> bool:
    text = _raw(distribution)
    return _has_our_name(distribution) or text is None or f"[{GROUP}]" in text


def _is_cut_off(distribution: Distribution) -> bool:
    """Whether a distribution without entry points of the group says too little to be no plugin."""
    text = _raw(distribution)
    if text is None:
        return True
    if not _has_our_name(distribution):
        return False
    try:
        name = call_plugin(lambda: distribution.metadata["Name"])
    except PluginCodeError:
        name = None
    return not name or (_is_there(distribution) and not text.strip())


def _is_there(distribution: Distribution) -> bool:
    return os.path.lexists(f"{getattr(distribution, '_path', '')}/entry_points.txt")


def _raw(distribution: Distribution) -> str | None:
    """The entry points as they stand there, empty if there are none; None if nobody can read them."""
    if not _is_there(distribution):
        return ""
    try:
        return Path(f"{getattr(distribution, '_path', '')}/entry_points.txt").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """An entry point, and what its distribution says of itself, as far as it says anything."""

    point: EntryPoint
    distribution: str
    version: str
    problem: str = ""

    @property
    def key(self) -> str:
        """The distribution's name as it is compared."""
        return canonicalize_name(self.distribution)

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}"


def _found(point: EntryPoint) -> FoundPoint:
    if isinstance(point, _Unreadable):
        return FoundPoint(point, point.name, "(no version)", point.problem)
    if point.dist is None:
        return FoundPoint(point, "(no distribution)", "(no version)")
    folder = _folder(point.dist)
    try:
        name, version = call_plugin(_name_and_version, point.dist)
    except PluginCodeError as error:
        return FoundPoint(point, folder, "(no version)", f"its metadata cannot be read: {error}; install it again")
    if not name or not version:
        lacking = "name" if not name else "version"
        problem = f"its METADATA in {folder} says no {lacking}: it is installed in part only; install it again"
        return FoundPoint(point, name or folder, version or "(no version)", problem)
    return FoundPoint(point, str(name), str(version))


def _name_and_version(distribution: Distribution) -> tuple[str | None, str | None]:
    return distribution.metadata["Name"], distribution.version


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


class _ProblemError(Exception):
    """Why a plugin is refused: one line for those who installed it."""


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


def _problem(point: EntryPoint) -> str:
    return _open(point)[1]


def _open(point: EntryPoint) -> tuple[Region | None, str]:
    """Import one plugin, register its hooks, take its region and check it."""
    try:
        _check_version(point)
        module = _load(point)
        region = _call(_register(module, point.name))
        _check(region)
    except _ProblemError as problem:
        return None, str(problem)
    return region, ""


def _check_version(point: EntryPoint) -> None:
    if point.dist is None:
        return
    try:
        requirements = call_plugin(_requirements, point.dist)
    except PluginCodeError as error:
        raise _ProblemError(f"its metadata cannot be read: {error}") from error
    for wanted in requirements:
        applies = wanted.marker is None or wanted.marker.evaluate()
        if _is(wanted.name, GROUP) and applies and not wanted.specifier.contains(__version__, prereleases=True):
            raise _ProblemError(
                f"it wants {wanted}, and this is qingsuan {__version__}: install a version of it that fits, or that qingsuan"
            )


def _requirements(distribution: Distribution) -> list[Requirement]:
    """What it requires; a version that is none fails too."""
    Version(distribution.version)
    return [Requirement(text) for text in (distribution.requires or [])]


def _load(point: EntryPoint) -> Any:
    try:
        return call_plugin(point.load)
    except PluginCodeError as error:
        raise _ProblemError(f"it cannot be imported: {error}") from error


def _register(module: Any, name: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    specs = [attribute for attribute in dir(hookspecs) if attribute.startswith("qingsuan_")]
    try:
        call_plugin(partial(manager.register, module, name=name))
    except PluginCodeError as error:
        raise _ProblemError(f"its hooks cannot be registered: {error}") from error
    hooks = [caller.name for caller in manager.get_hookcallers(module) or ()]
    for hook in hooks:
        if hook not in specs:
            hint = did_you_mean(hook, specs) or f"there is {', '.join(specs)}"
            raise _ProblemError(f"no hook is called {hook}: {hint}")
    if not hooks:
        do = (
            "is it marked with @hookimpl?"
            if hasattr(module, "qingsuan_region")
            else "write one, and mark it with @hookimpl"
        )
        raise _ProblemError(f"it has no hook qingsuan_region: {do}")
    return manager


def _call(manager: pluggy.PluginManager) -> Region:
    try:
        results = call_plugin(manager.hook.qingsuan_region)
    except PluginCodeError as error:
        raise _ProblemError(f"its hook qingsuan_region failed: {error}") from error
    region = results[0] if results else None
    if not isinstance(region, Region):
        raise _ProblemError(f"its hook qingsuan_region returned {type(region).__name__}, not a qingsuan.Region")
    return region


def _check(region: Region) -> None:
    try:
        problem = call_plugin(problem_of, region)
    except PluginCodeError as error:  # what stands in a field may be an object of the plugin's own making
        raise _ProblemError(f"its Region cannot be read: {error}") from error
    if problem:
        raise _ProblemError(problem)


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
