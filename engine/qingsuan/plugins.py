"""Find the installed plugins, check them, and say which pool is whose.

Design: pluggy marks and validates hooks, and that is all. Every plugin is opened in a manager of its own, so no plugin
can stop, shadow or precede another; a broken one is listed with its reason, and its region is refused. Selection is by
jurisdiction, never by call order: one region has one owner, and two plugins that claim it are both refused.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, distributions
from pathlib import PurePath
from typing import Any, Protocol

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from qingsuan import __version__, hookspecs
from qingsuan.errors import PluginError, UsageError
from qingsuan.policy.model import Pool, Region
from qingsuan.policy.strict import did_you_mean
from qingsuan.tables import CLAIMS, CODES, IDENTITIES, INSURED

__all__ = ["GROUP", "EntryPoint", "Installed", "Plugin", "load", "require"]

GROUP = "qingsuan"
"""The entry-point group of plugins."""

_CODE_COLUMNS = {column.name for column in (*CLAIMS, *INSURED, *IDENTITIES) if column.kind == "code"}


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

    ``name`` is the entry point's; ``distribution`` and ``version`` are what pip installed.
    """

    name: str
    distribution: str
    version: str
    region: Region | None
    problem: str | None = None

    @property
    def title(self) -> str:
        """Distribution and version, for messages."""
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Installed:
    """All installed plugins, sorted by distribution name."""

    plugins: tuple[Plugin, ...]

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


def load(entry_points: Iterable[EntryPoint] | None = None) -> Installed:
    """Find and open every plugin; nothing a plugin does can make this raise.

    ``entry_points`` stands in for what is installed (for tests).
    """
    found = sorted(
        _installed() if entry_points is None else entry_points,
        key=lambda point: (canonicalize_name(_name(point)), _version(point), point.name),
    )
    plugins = []
    for point in found:
        problem = _twice(point, found)
        region = None
        if problem is None:
            region, problem = _open(point)
        plugins.append(Plugin(point.name, _name(point), _version(point), region, problem))
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
            names = sorted({plugin.distribution for plugin in installed.plugins})
            raise PluginError(
                where,
                found=f"{wanted.name} is not installed",
                expected=f"among the plugins installed: {', '.join(names) or '(none)'}",
                do=did_you_mean(wanted.name, names) or f'pip install "{text}"',
            )
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


def _installed() -> list[EntryPoint]:
    """Every entry point of the group, those of a distribution that is on the path twice in different versions too."""
    unique: dict[tuple[str, str, str, str], EntryPoint] = {}
    for distribution in distributions():
        for point in distribution.entry_points:
            if point.group == GROUP:
                key = (canonicalize_name(_name(point)), _version(point), point.name, point.value)
                unique.setdefault(key, point)
    return list(unique.values())


def _name(point: EntryPoint) -> str:
    return point.dist.metadata["Name"] if point.dist is not None else "(no distribution)"


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else "(no version)"


def _is(left: str, right: str) -> bool:
    return canonicalize_name(left) == canonicalize_name(right)


class _ProblemError(Exception):
    """Why a plugin is refused: one line for those who installed it."""


def _twice(point: EntryPoint, found: Sequence[EntryPoint]) -> str | None:
    """Say whether its distribution is there in another version, or another one took the same name."""
    for other in found:
        if other is point:
            continue
        title = f"{_name(other)} {_version(other)}"
        if _is(_name(other), _name(point)) and _version(other) != _version(point):
            return f"{_name(point)} is installed twice, the other time as {title}: uninstall both, then install one"
        if other.name == point.name:
            return f'its entry point "{point.name}" is also the name of one of {title}: uninstall one of the two'
    return None


def _open(point: EntryPoint) -> tuple[Region | None, str | None]:
    """Import one plugin, register its hooks, take its region and check it."""
    try:
        _check_version(point)
        module = _load(point)
        region = _call(_register(module, point.name))
        _check_region(region)
    except _ProblemError as problem:
        return None, str(problem)
    return region, None


def _check_version(point: EntryPoint) -> None:
    try:
        Version(_version(point))
        requirements = [Requirement(text) for text in (point.dist.requires or [])] if point.dist is not None else []
    except (InvalidVersion, InvalidRequirement) as error:
        raise _ProblemError(f"its metadata cannot be read: {error}") from error
    for wanted in requirements:
        applies = wanted.marker is None or wanted.marker.evaluate()
        if _is(wanted.name, GROUP) and applies and not wanted.specifier.contains(__version__, prereleases=True):
            raise _ProblemError(
                f"it wants {wanted}, and this is qingsuan {__version__}: install a version of it that fits, or that qingsuan"
            )


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # a plugin may raise anything; whatever it is, it is listed
        raise _ProblemError(f"it cannot be imported: {_reason(error)}") from error


def _register(module: Any, name: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    specs = [attribute for attribute in dir(hookspecs) if attribute.startswith("qingsuan_")]
    try:
        manager.register(module, name=name)
    except (Exception, SystemExit) as error:
        raise _ProblemError(f"its hooks cannot be registered: {_reason(error)}") from error
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
        results = manager.hook.qingsuan_region()
    except (Exception, SystemExit) as error:
        raise _ProblemError(f"its hook qingsuan_region failed: {_reason(error)}") from error
    region = results[0] if results else None
    if not isinstance(region, Region):
        raise _ProblemError(f"its hook qingsuan_region returned {type(region).__name__}, not a qingsuan.Region")
    return region


def _reason(error: BaseException) -> str:
    """Say what was raised, and on which line."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{at}"


# ---- what a region must look like


def _check_region(region: Region) -> None:
    if not (_is_code(region.code, 6) and region.code.endswith("0000") and _is_text(region.name)):
        raise _ProblemError(
            f'its region "{region.code}" "{region.name}" is not a six-digit code ending in 0000 with a name'
        )
    if not _is_tuple_of(region.pools, Pool):
        raise _ProblemError("its Region(pools=…) is not a tuple of qingsuan.Pool")
    owners: dict[str, str] = {}
    for pool in region.pools:
        _check_pool(pool, region, owners)
    codes = [pool.code for pool in region.pools]
    if len(set(codes)) < len(codes):
        raise _ProblemError(f"its Region(pools=…) has a pool code twice: {', '.join(sorted(codes))}")
    _check_codes(region)
    for name, function in region.functions.items():
        if not callable(function):
            raise _ProblemError(f'its Region(functions={{"{name}": …}}) is not a function')


def _is_code(code: object, digits: int) -> bool:
    return isinstance(code, str) and len(code) == digits and code.isascii() and code.isdigit()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_tuple_of(value: object, kind: type) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, kind) for item in value)


def _check_pool(pool: Pool, region: Region, owners: dict[str, str]) -> None:
    inside = region.code[:2]
    if not (_is_code(pool.code, 6) and pool.code.startswith(inside)):
        raise _ProblemError(f'its pool "{pool.code}" {pool.name} is not a six-digit code of region {region.code}')
    if not (_is_tuple_of(pool.prefixes, str) and pool.prefixes):
        raise _ProblemError(f"its pool {pool.code} {pool.name} has no tuple of prefixes, such as ({pool.code[:4]!r},)")
    for prefix in pool.prefixes:
        if not (any(_is_code(prefix, digits) for digits in range(2, 7)) and prefix.startswith(inside)):
            raise _ProblemError(
                f'its pool {pool.code} claims "{prefix}": not two to six digits of region {region.code}'
            )
        if prefix in owners:
            raise _ProblemError(f'its pools {owners[prefix]} and {pool.code} both claim "{prefix}"')
        owners[prefix] = pool.code


def _check_codes(region: Region) -> None:
    for column, codes in region.codes.items():
        if column not in _CODE_COLUMNS:
            hint = did_you_mean(column, _CODE_COLUMNS) or f"one of {', '.join(sorted(_CODE_COLUMNS))}"
            raise _ProblemError(f'its Region(codes=…) names no column of codes "{column}": {hint}')
        for code in codes:
            if code in CODES.get(column, {}):
                raise _ProblemError(
                    f'its Region(codes=…) redefines the national {column} "{code}": only additions are allowed'
                )


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
