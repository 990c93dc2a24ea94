"""The entry points of plugins: found in what distributions say of themselves, those of a broken distribution too.

Nothing of a plugin is imported here, and no distribution can stop the others from being found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distributions
from pathlib import Path, PurePath
from typing import Any, Protocol

from packaging.utils import canonicalize_name

from qingsuan.apart.code import PluginCodeError, call_plugin

__all__ = ["GROUP", "EntryPoint", "FoundPoint", "find"]

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


def find(entry_points: Iterable[EntryPoint] | None = None) -> list[FoundPoint]:
    """Find every plugin, in the order of their names; nothing of any is imported.

    ``entry_points`` stands in for what is installed (for tests).
    """
    points = _installed() if entry_points is None else entry_points
    return sorted((_found(point) for point in points), key=lambda one: (one.key, one.version, one.point.name))


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
    if _is_of_others(distribution):
        return []
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


def _is_of_others(distribution: Distribution) -> bool:
    """Whether a distribution that is read from a folder has another's name, and our group occurs nowhere in its entry points.

    Nothing is said of one that another finder made: its entry points need not be those of its folder.
    """
    is_folder = type(distribution) is PathDistribution and isinstance(getattr(distribution, "_path", None), Path)
    if not is_folder or _has_our_name(distribution):
        return False
    text = _raw(distribution)
    return text is not None and GROUP not in text


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
