"""Libraries that not everybody has: each is brought by an extra, and whoever lacks one is told which."""

from __future__ import annotations

import importlib
from typing import Any

from qingsuan.errors import UsageError

__all__ = ["need"]

_POLICY = ("policy", "openpyxl reads and writes XLSX, tomlkit keeps the comments of TOML")
_PAGES = ("pages", "Jinja2 lays out HTML pages, matplotlib draws their pictures")
_SIGNING = ("signing", "cryptography makes and checks signatures")
_POSTGRESQL = ("postgresql", "ADBC reads and writes PostgreSQL as Arrow")
_SERVE = ("serve", "waitress answers a browser, Werkzeug reads what it asks")
_BROUGHT_BY = {
    "adbc_driver_postgresql": _POSTGRESQL,
    "cryptography": _SIGNING,
    "openpyxl": _POLICY,
    "tomlkit": _POLICY,
    "jinja2": _PAGES,
    "matplotlib": _PAGES,
    "waitress": _SERVE,
    "werkzeug": _SERVE,
}


def need(name: str) -> Any:
    """Import a library, or a module of one.

    Raises
    ------
    UsageError
        It is not installed: the message names the extra that brings it.
    """
    library = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        extra, use = _BROUGHT_BY[library]
        raise UsageError(
            f"qingsuan[{extra}]",
            found=f"{library} is not installed",
            expected=f"the extra “{extra}”: {use}",
            do=f'pip install "qingsuan[{extra}]"',
        ) from error
