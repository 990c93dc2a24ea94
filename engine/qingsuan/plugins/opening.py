"""One plugin being opened: its declaration read, or its code asked in a process of its own for what a declaration would say.

What such a process says is not believed: it is held to the same shape as a declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, Protocol

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from qingsuan import __version__
from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.apart.shape import problem_of
from qingsuan.errors import PolicyError
from qingsuan.plugins.asking.functions import functions_apart, shown
from qingsuan.plugins.asking.process import PluginProcess, SilentError
from qingsuan.plugins.declared import declared_region
from qingsuan.plugins.entry_points import GROUP, FoundPoint
from qingsuan.plugins.places import Places
from qingsuan.policy.model import FOLDERS, Function, Pool, Region

__all__ = ["Refused", "Started", "region_said", "start", "unfit"]


class Started(Protocol):
    """A plugin that is being opened."""

    def opened(self) -> tuple[Region | None, str]:
        """Its region, or why it is refused."""
        ...

    def end(self) -> None:
        """Let go of what it was opened by."""
        ...


class Refused:
    """A plugin that is not opened."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def opened(self) -> tuple[Region | None, str]:
        """Why it is refused."""
        return None, self._problem

    def end(self) -> None:
        """Nothing was begun."""


class _Declared:
    """A plugin whose region is declared in a file."""

    def __init__(self, declaration: Path) -> None:
        self._declaration = declaration

    def opened(self) -> tuple[Region | None, str]:
        """Read the declaration."""
        try:
            region = declared_region(self._declaration)
        except PolicyError as error:
            return None, f"its declaration cannot be trusted: {error}"
        problem = problem_of(region)
        return (None, problem) if problem else (region, "")

    def end(self) -> None:
        """Nothing was begun."""


class _Coded:
    """A plugin with code, opened in a process of its own."""

    def __init__(self, found: FoundPoint, places: Places, from_source: bool) -> None:
        self._title, self._roots = found.title, places.roots
        self._order = {
            "name": found.point.name,
            "value": str(getattr(found.point, "value", "")),
            "roots": [str(root) for root in places.roots],
            "from_source": from_source,
        }
        self._process = PluginProcess(self._order)

    def opened(self) -> tuple[Region | None, str]:
        """What its process says of its region."""
        try:
            said = self._process.opened()
        except SilentError as silent:
            return None, f"opening it {silent}"
        if "problem" in said:
            return None, shown(said["problem"])
        region: Any = said.get("region")
        try:
            found = region_said(region, functions_apart(self._order, region, self._roots, self._title))
        except (TypeError, ValueError, KeyError, AttributeError, OSError):
            return None, "opening it gave an answer that describes no region"
        problem = problem_of(found)
        return (None, problem) if problem else (found, "")

    def end(self) -> None:
        """End its process."""
        self._process.end()


def start(found: FoundPoint, places: Places, from_source: bool) -> Started:
    """Begin to open a plugin.

    Raises
    ------
    RunError
        The machine starts no process.
    """
    if places.declaration is not None:
        return _Declared(places.declaration)
    return _Coded(found, places, from_source)


def region_said(said: Mapping[str, Any], functions: Mapping[str, Function]) -> Region:
    """A region as a process said it, with functions that it is asked for.

    Raises
    ------
    TypeError, ValueError, KeyError, AttributeError
        What was said is no region.
    """
    if not set(said["folders"]) <= set(FOLDERS):
        raise ValueError("other folders than a region has")
    return Region(
        code=_text(said["code"]),
        name=_text(said["name"]),
        pools=tuple(Pool(_text(code), _text(name), tuple(map(_text, own))) for code, name, own in said["pools"]),
        codes={_text(column): {c: _text(t) for c, t in codes.items()} for column, codes in said["codes"].items()},
        functions=functions,
        **{name: Path(_text(folder)) for name, folder in said["folders"].items()},
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not a text that can be read")
    return value


def unfit(found: FoundPoint, places: Places) -> str:
    """Why a plugin is not opened at all: it is for another qingsuan, or what it installs runs without being asked; nothing if it is."""
    if found.point.dist is None:
        return ""
    try:
        requirements = call_plugin(_requirements, found.point.dist)
    except PluginCodeError as error:
        return f"its metadata cannot be read: {error}"
    for wanted in requirements:
        applies = wanted.marker is None or wanted.marker.evaluate()
        is_ours = canonicalize_name(wanted.name) == GROUP
        if is_ours and applies and not wanted.specifier.contains(__version__, prereleases=True):
            return f"it wants {wanted}, and this is qingsuan {__version__}: install a version of it that fits, or that qingsuan"
    if places.run_at_start:
        return (
            f"it installs {places.run_at_start}, which Python runs whenever it starts, before anybody could refuse it: uninstall it, and "
            "ask those who wrote it for one without"
        )
    return ""


def _requirements(distribution: Distribution) -> list[Requirement]:
    """What it requires; a version that is none fails too."""
    Version(distribution.version)
    return [Requirement(text) for text in (distribution.requires or [])]
