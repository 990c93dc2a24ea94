"""Open one plugin: import it, register its hook, take its region, and say it in plain data.

This is the one place where code of a plugin is imported, and only the process of its own does it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pluggy

from qingsuan import hookspecs
from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.apart.shape import problem_of
from qingsuan.policy.model import FOLDERS, Region
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["ProblemError", "said_of", "taken"]


class ProblemError(Exception):
    """Why a plugin is refused: one line for those who installed it."""


def taken(load: Callable[[], Any], name: str) -> Region:
    """Import a plugin and take the region that its hook hands over, checked.

    Raises
    ------
    ProblemError
        It cannot be imported, has no such hook, or hands over no region that can be used.
    """
    try:
        module = call_plugin(load)
    except PluginCodeError as error:
        raise ProblemError(f"it cannot be imported: {error}") from error
    region = _call(_register(module, name))
    try:
        problem = call_plugin(problem_of, region)
    except PluginCodeError as error:  # what stands in a field may be an object of the plugin's own making
        raise ProblemError(f"its Region cannot be read: {error}") from error
    if problem:
        raise ProblemError(problem)
    return region


def _register(module: Any, name: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    specs = [attribute for attribute in dir(hookspecs) if attribute.startswith("qingsuan_")]
    try:
        call_plugin(partial(manager.register, module, name=name))
    except PluginCodeError as error:
        raise ProblemError(f"its hooks cannot be registered: {error}") from error
    hooks = [caller.name for caller in manager.get_hookcallers(module) or ()]
    for hook in hooks:
        if hook not in specs:
            hint = did_you_mean(hook, specs) or f"there is {', '.join(specs)}"
            raise ProblemError(f"no hook is called {hook}: {hint}")
    if not hooks:
        do = (
            "is it marked with @hookimpl?"
            if hasattr(module, "qingsuan_region")
            else "write one, and mark it with @hookimpl"
        )
        raise ProblemError(f"it has no hook qingsuan_region: {do}")
    return manager


def _call(manager: pluggy.PluginManager) -> Region:
    try:
        results = call_plugin(manager.hook.qingsuan_region)
    except PluginCodeError as error:
        raise ProblemError(f"its hook qingsuan_region failed: {error}") from error
    region = results[0] if results else None
    if not isinstance(region, Region):
        raise ProblemError(f"its hook qingsuan_region returned {type(region).__name__}, not a qingsuan.Region")
    return region


def said_of(region: Region) -> dict[str, Any]:
    """A region in plain data: texts, lists and tables of them; of a function its columns.

    Raises
    ------
    ProblemError
        A folder is none of this machine's, or a field cannot be read.
    """
    try:
        said: dict[str, Any] = call_plugin(_plain, region)
    except PluginCodeError as error:
        if isinstance(error.__cause__, ProblemError):
            raise error.__cause__ from None
        raise ProblemError(f"its Region cannot be read: {error}") from error
    return said


def _plain(region: Region) -> dict[str, Any]:
    folders = {name: getattr(region, name) for name in FOLDERS if getattr(region, name) is not None}
    for name, folder in folders.items():
        if not isinstance(folder, str | os.PathLike):
            raise ProblemError(f"its Region({name}=…) is of type {type(folder).__name__}, not a folder on this machine")
    return {
        "code": str(region.code),
        "name": str(region.name),
        "pools": [[str(pool.code), str(pool.name), [*map(str, pool.prefixes)]] for pool in region.pools],
        "codes": {str(column): {str(c): str(t) for c, t in codes.items()} for column, codes in region.codes.items()},
        "folders": {name: os.path.abspath(folder) for name, folder in folders.items()},
        "functions": {str(name): [*map(str, one.columns)] for name, one in region.functions.items()},
    }
