"""Calling code of a plugin: whatever it raises is the plugin's fault, and says so.

A plugin may raise anything, also what is made to end a process (``sys.exit``) and what shows no message of itself.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

__all__ = ["PluginCodeError", "call_plugin", "reason"]


class PluginCodeError(Exception):
    """Code of a plugin failed; the message is the :func:`reason`."""


def call_plugin(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a plugin and return what it returns.

    Raises
    ------
    PluginCodeError
        It raised anything at all, ``SystemExit`` included; or it is a function apart, which says so itself.
    KeyboardInterrupt
        In the main thread only, where it comes from Ctrl-C.
    """
    try:
        return function(*arguments)
    except PluginCodeError:
        raise
    except KeyboardInterrupt as error:
        if threading.current_thread() is threading.main_thread():
            raise
        raise PluginCodeError(reason(error)) from error
    except BaseException as error:
        raise PluginCodeError(reason(error)) from error


def reason(error: BaseException) -> str:
    """Say what was raised, and on which line."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {_message(error)}{at}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as second:  # noqa: BLE001 - a message may be code of the plugin too
        return f"(its message cannot be shown: {type(second).__name__})"
