"""The two libraries that spreadsheets need, which not everybody has: openpyxl for XLSX, tomlkit for TOML with its comments."""

from __future__ import annotations

import importlib
from typing import Any

from qingsuan.errors import UsageError

__all__ = ["need"]


def need(name: str) -> Any:
    """Import a library.

    Raises
    ------
    UsageError
        It is not installed: the extra ``policy`` brings it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            "qingsuan policy",
            found=f"{name} is not installed",
            expected="the extra “policy”: openpyxl reads and writes XLSX, tomlkit keeps the comments of TOML",
            do='pip install "qingsuan[policy]"',
        ) from error
