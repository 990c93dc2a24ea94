"""What a run may take: the plugins that a bureau approved, by name, version and digest (``--allow FILE``)."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from qingsuan.errors import PluginError, PolicyError, unread
from qingsuan.plugins.entry_points import FoundPoint, find
from qingsuan.plugins.finding import AllowList, Approved, Installed, Plugin, load, not_installed
from qingsuan.plugins.tree import Tree

__all__ = ["allow_list", "load_allowed"]

_HEAD = """\
# The plugins that a run may take (--allow). “qingsuan plugins seal” wrote this file; keep of it what was approved.
# The digest is that of the distribution's tree: its code, its rules, and whatever else it installs.
format = 1
"""
_EXPECTED = "format = 1, and for each plugin [[plugins]] with name, version and digest"
_DO = "begin with what “qingsuan plugins seal” writes"


def load_allowed(file: str | os.PathLike[str]) -> Installed:
    """Open only what stands in a file: other plugins are refused before anything of them is imported.

    Raises
    ------
    PolicyError
        The file cannot be read, or is no such list.
    PluginError
        A plugin that stands in it is not installed, is refused, or is there in another version or with another digest.
    """
    listed = _read(Path(file))
    trees = _trees(find())
    for number, approved in enumerate(listed.plugins, 1):
        _check(approved, trees, f"{file}: plugins[{number}]")
    names = {canonicalize_name(approved.name) for approved in listed.plugins}
    installed = load(is_taken=names.__contains__, from_source=True)
    for number, approved in enumerate(listed.plugins, 1):
        key = canonicalize_name(approved.name)
        mine = [plugin for plugin in installed.plugins if canonicalize_name(plugin.distribution) == key]
        for plugin in mine:
            _check_opened(plugin, trees[key][1], f"{file}: plugins[{number}]")
    return replace(installed, allowed=listed)


def allow_list(installed: Installed) -> str:
    """Everything installed that is not refused, as a file to start from."""
    healthy = {canonicalize_name(one.distribution) for one in installed.plugins}
    healthy -= {canonicalize_name(one.distribution) for one in installed.broken}
    blocks = [
        f'\n[[plugins]]\nname = "{found.distribution}"\nversion = "{found.version}"\ndigest = "{tree.digest}"\n'
        for key, (found, tree) in _trees(find()).items()
        if key in healthy
    ]
    return _HEAD + "".join(blocks)


def _trees(found: Iterable[FoundPoint]) -> dict[str, tuple[FoundPoint, Tree]]:
    """By distribution: one of its entry points, and its tree."""
    by_name: dict[str, list[FoundPoint]] = {}
    for one in found:
        by_name.setdefault(one.key, []).append(one)
    return {
        key: (
            own[0],
            Tree(
                key,
                own[0].version,
                [(one.point.name, str(getattr(one.point, "value", ""))) for one in own],
                own[0].point.dist,
            ),
        )
        for key, own in by_name.items()
    }


def _check(approved: Approved, trees: Mapping[str, tuple[FoundPoint, Tree]], where: str) -> None:
    """Check name, version and digest, before anything is imported."""
    key = canonicalize_name(approved.name)
    if key not in trees:
        raise not_installed(
            where,
            approved.name,
            [one.distribution for one, _ in trees.values()],
            f"{approved.name}=={approved.version}",
        )
    one, tree = trees[key]
    if one.problem:
        raise _refused(one.title, one.problem, where)
    if one.version != approved.version:
        raise PluginError(
            where,
            found=f"{one.title} is installed",
            expected=f"version {approved.version}, which was approved",
            do=f'pip install "{approved.name}=={approved.version}", or have the other version approved',
        )
    try:
        found = tree.digest
    except OSError as error:
        raise _refused(one.title, f"a file of it cannot be read: {error}", where) from error
    if found != approved.digest:
        raise PluginError(
            where,
            found=f"{one.title} has the digest {found}",
            expected=f"{approved.digest}, which was approved",
            do="install what was approved, or have what is installed approved: a file of it was changed under the same version",
        )


def _check_opened(plugin: Plugin, tree: Tree, where: str) -> None:
    if plugin.problem is not None:
        raise _refused(plugin.title, plugin.problem, where)
    outside = [] if plugin.region is None else tree.outside(plugin.region)
    if outside:
        raise PluginError(
            where,
            found=f"{plugin.title} has {', '.join(outside)} outside of its package",
            expected="everything that decides what it pays within what was approved",
            do="have the plugin bring these folders in its package",
        )


def _refused(title: str, problem: str, where: str) -> PluginError:
    return PluginError(where, found=f"{title} is installed but refused: {problem}", do="repair it first")


def _read(file: Path) -> AllowList:
    try:
        content = file.read_bytes()
        values = tomllib.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise PolicyError(
            f"--allow {file}", found=f"it cannot be read: {unread(error)}", expected=_EXPECTED, do=_DO
        ) from error
    plugins = tuple(_approved(values, str(file)))
    names = [canonicalize_name(one.name) for one in plugins]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise _wrong(f"{file}: plugins[{number + 1}].name", f"{plugins[number].name} a second time")
    return AllowList(file.name, hashlib.sha256(content).hexdigest(), plugins)


def _approved(values: Mapping[str, Any], file: str) -> Iterator[Approved]:
    for key in values:
        if key not in ("format", "plugins"):
            raise _wrong(f"{file}: {key}", "an unknown key")
    if type(values.get("format")) is not int or values["format"] != 1:
        raise _wrong(f"{file}: format", repr(values["format"]) if "format" in values else "this key is missing")
    tables = values.get("plugins")
    if not (isinstance(tables, list) and tables and all(isinstance(one, dict) for one in tables)):
        raise _wrong(f"{file}: plugins", "no plugin" if not tables else repr(tables))
    for number, one in enumerate(tables, 1):
        where = f"{file}: plugins[{number}]"
        for key in sorted({*one} ^ {"name", "version", "digest"}):
            raise _wrong(f"{where}.{key}", "an unknown key" if key in one else "this key is missing")
        for key, text in one.items():
            if not isinstance(text, str) or not text.strip():
                raise _wrong(f"{where}.{key}", f"{text!r}, not a text")
        if len(one["digest"]) != 64 or not set(one["digest"]) <= set("0123456789abcdef"):
            raise _wrong(f"{where}.digest", f"“{one['digest']}”, not 64 digits of a SHA-256")
        yield Approved(one["name"], one["version"], one["digest"])


def _wrong(where: str, found: str) -> PolicyError:
    return PolicyError(where, found=found, expected=_EXPECTED, do=_DO)
