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
from qingsuan.plugins.digest import digest_of
from qingsuan.plugins.finding import AllowList, Approved, Installed, Plugin, not_installed

__all__ = ["NOT_ALLOWED", "allow", "allow_list", "leave_aside"]

NOT_ALLOWED = "it does not stand in the file of --allow"
"""Why a plugin is refused that a run may not take."""

_HEAD = """\
# The plugins that a run may take (--allow). “qingsuan plugins --allow-list” printed this file; keep of it what was approved.
# The digest changes with everything that decides what a plugin pays: its code, its rules, its funding rules.
format = 1
"""
_EXPECTED = "format = 1, and for each plugin [[plugins]] with name, version and digest"
_DO = "begin with what “qingsuan plugins --allow-list” prints"


def allow(installed: Installed, file: str | os.PathLike[str] | None) -> Installed:
    """Take only what stands in a file: other plugins are refused, as if they were broken. Without a file, nothing changes.

    Raises
    ------
    PolicyError
        The file cannot be read, or is no such list.
    PluginError
        A plugin that stands in it is not installed, is refused, or is there in another version or with another digest.
    """
    if file is None:
        return installed
    listed = _read(Path(file))
    there = _by_name(installed.plugins)
    for number, approved in enumerate(listed.plugins, 1):
        _check(approved, installed, there, f"{file}: plugins[{number}]")
    names = {canonicalize_name(approved.name) for approved in listed.plugins}
    taken = leave_aside(
        installed, [one.distribution for one in installed.plugins if canonicalize_name(one.distribution) not in names]
    )
    return replace(taken, allowed=listed)


def leave_aside(installed: Installed, distributions: Iterable[str]) -> Installed:
    """Refuse plugins that a run may not take."""
    names = set(distributions)
    plugins = (
        replace(plugin, region=None, problem=NOT_ALLOWED) if plugin.distribution in names else plugin
        for plugin in installed.plugins
    )
    return replace(installed, plugins=tuple(plugins))


def allow_list(installed: Installed) -> str:
    """Everything installed that is not refused, as a file to start from."""
    blocks = [
        f'\n[[plugins]]\nname = "{own[0].distribution}"\nversion = "{own[0].version}"\ndigest = "{digest_of(own)}"\n'
        for own in _by_name(installed.plugins).values()
        if all(plugin.region is not None for plugin in own)
    ]
    return _HEAD + "".join(blocks)


def _by_name(plugins: Iterable[Plugin]) -> dict[str, list[Plugin]]:
    found: dict[str, list[Plugin]] = {}
    for plugin in plugins:
        found.setdefault(canonicalize_name(plugin.distribution), []).append(plugin)
    return found


def _check(approved: Approved, installed: Installed, there: Mapping[str, list[Plugin]], where: str) -> None:
    own = there.get(canonicalize_name(approved.name), [])
    if not own:
        raise not_installed(where, approved.name, installed, f"{approved.name}=={approved.version}")
    for plugin in own:
        if plugin.problem is not None:
            raise PluginError(
                where, found=f"{plugin.title} is installed but refused: {plugin.problem}", do="repair it first"
            )
        if plugin.version != approved.version:
            raise PluginError(
                where,
                found=f"{plugin.title} is installed",
                expected=f"version {approved.version}, which was approved",
                do=f'pip install "{approved.name}=={approved.version}", or have the other version approved',
            )
    found = digest_of(own)
    if found != approved.digest:
        raise PluginError(
            where,
            found=f"{own[0].title} has the digest {found}",
            expected=f"{approved.digest}, which was approved",
            do="install what was approved, or have what is installed approved: a file of it was changed under the same version",
        )


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
