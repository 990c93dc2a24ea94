"""Where the source of an installed plugin is, and what its own tests say of it: the class that subclasses the contract."""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from shlex import quote
from types import ModuleType
from urllib.parse import unquote, urlsplit

from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.errors import PluginError, UsageError, unread
from qingsuan.listing import files_in
from qingsuan.plugins import GROUP
from qingsuan.testing.contract import PluginContract
from qingsuan.testing.promises import Contract

__all__ = ["contract_in", "source_of"]


def source_of(plugin: str) -> Path:
    """The folder of a plugin's source, from which it is installed; ``plugin`` is its name, or that folder.

    Raises
    ------
    UsageError
        It is neither a folder of a distribution nor the name of one that is installed from a folder.
    PluginError
        The folder's distribution is not installed, or installed from elsewhere.
    """
    if Path(plugin).is_dir() or "/" in plugin or plugin in (".", ".."):
        return _checked_folder(Path(plugin).resolve())
    installed = _installed(plugin)
    if installed is None:
        raise PluginError(
            f"plugins check {plugin}",
            found="neither a folder nor the name of a distribution that is installed",
            expected="a name that “qingsuan plugins” lists, or the folder of a plugin's source",
            do="pip install -e its source",
        )
    if not any(point.group == GROUP for point in installed.entry_points):
        raise PluginError(
            f"plugins check {plugin}",
            found=f"it is installed, and has no entry point of the group {GROUP}",
            expected=f"[project.entry-points.{GROUP}] in its pyproject.toml",
            do="write it, and install it again; or give the name of a plugin",
        )
    folder = _installed_from(installed)
    if folder is None or not folder.is_dir():
        raise PluginError(
            f"plugins check {plugin}",
            found="it is installed without its source: the cases that it must settle are not there",
            expected="a plugin that is installed from a folder on this machine",
            do=f"fetch the source of {plugin}, and pip install -e its folder",
        )
    return folder


def _checked_folder(folder: Path) -> Path:
    name = _name_in(folder)
    installed = _installed(name)
    origin = None if installed is None else _installed_from(installed)
    if installed is None or origin != folder:
        found = f"{name} is not installed" if installed is None else f"{name} is installed from {origin or 'a package'}"
        raise PluginError(
            str(folder),
            found=found,
            expected="it is installed from this folder",
            do=f"pip install -e {quote(str(folder))}",
        )
    return folder


def _name_in(folder: Path) -> str:
    file = folder / "pyproject.toml"
    try:
        name = str(tomllib.loads(file.read_text("utf-8"))["project"]["name"])
    except (KeyError, TypeError):
        found = "no [project] with a name"
    except (OSError, ValueError, RecursionError) as error:
        found = f"no name of a distribution can be read there: {unread(error)}"
    else:
        return name
    do = "give the folder in which the plugin's pyproject.toml is"
    raise UsageError(str(file), found=found, expected="[project] with name", do=do)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except (PackageNotFoundError, ValueError):
        return None


def _installed_from(installed: Distribution) -> Path | None:
    """The folder that pip was given; None if it was given none."""
    try:
        url = urlsplit(str(json.loads(installed.read_text("direct_url.json") or "{}").get("url", "")))
    except (ValueError, AttributeError):
        return None
    return Path(unquote(url.path)).resolve() if url.scheme == "file" else None


def contract_in(source: Path) -> Contract:
    """What the plugin's own tests say of it.

    Raises
    ------
    PluginError
        There is no class that subclasses ``PluginContract``, more than one, or a test file that cannot be imported.
    """
    tests = source / "tests"
    found = [one for file in files_in(tests, "test_*.py") for one in _contracts_of(_imported(file))]
    if len(found) != 1:
        names = ", ".join(one.__name__ for one in found)
        raise PluginError(
            str(tests),
            found=f"{len(found)} classes that subclass PluginContract{f': {names}' if names else ''}",
            expected="one, in a file test_….py: it says the distribution's name and where its cases are",
            do="write class TestPlugin(PluginContract) with plugin and cases, as plugins/README.md shows",
        )
    for attribute in ("plugin", "cases"):
        if not hasattr(found[0], attribute):
            raise PluginError(
                f"{tests}: {found[0].__name__}",
                found=f"it does not say {attribute}",
                expected="plugin, the distribution's name, and cases, the folder of its cases",
                do=f"add {attribute} = …",
            )
    return found[0].contract()


def _imported(file: Path) -> ModuleType:
    name = f"qingsuan_check_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        call_plugin(spec.loader.exec_module, module)
    except PluginCodeError as error:
        raise PluginError(
            str(file),
            found=f"it cannot be imported: {error}",
            expected="a test file that imports what is installed here",
            do="mend it; if pytest is what it misses, pip install pytest",
        ) from error
    return module


def _contracts_of(module: ModuleType) -> list[type[PluginContract]]:
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, PluginContract) and one.__module__ == module.__name__
    ]
