"""The digest of a plugin: one number that changes with anything that decides what its region pays."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from qingsuan.plugins.finding import Plugin
from qingsuan.plugins.places import files_below
from qingsuan.policy.model import FOLDERS, Region

__all__ = ["definition_of", "digest_of"]


def digest_of(plugins: Iterable[Plugin]) -> str:
    """The SHA-256 of a distribution's plugins: what each region defines, and every file of its package, its rules and its other folders.

    Where it is installed does not matter, nor what Python keeps beside the code (``__pycache__``). Other distributions that its code
    imports are not in it.
    """
    digest = hashlib.sha256()
    for plugin in sorted(plugins, key=lambda one: one.name):
        digest.update(f"{plugin.name} {definition_of(plugin.region) if plugin.region else plugin.problem}\n".encode())
        for name, content in _contents(plugin):
            digest.update(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


def _contents(plugin: Plugin) -> Iterator[tuple[str, bytes]]:
    region = plugin.region
    own = () if region is None else tuple((name, getattr(region, name)) for name in FOLDERS)
    for label, folder in (*(("code", root) for root in plugin.roots), *own):
        if folder is None:
            continue
        for name, content in [(folder.name, folder.read_bytes())] if folder.is_file() else files_below(folder):
            yield f"{label} {name}", content


def definition_of(region: Region) -> str:
    """Digest of what a region defines outside its rule files: pools, local codes, and the code of its functions."""
    codes = {column: sorted(values.items()) for column, values in sorted(region.codes.items())}
    digest = hashlib.sha256(repr((region.code, region.name, region.pools, codes)).encode())
    for name, function in sorted(region.functions.items()):
        digest.update(name.encode() + _source_of(function.call))
    return digest.hexdigest()


def _source_of(function: Callable[..., Any]) -> bytes:
    """The digest of the code of a plugin's process, or the module in which a function stands; nothing if it stands in none."""
    if (source := getattr(function, "source", None)) is not None:
        return str(source).encode()
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:
        return b""
    return Path(file).read_bytes() if file is not None and Path(file).is_file() else b""
