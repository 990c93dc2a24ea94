"""Sizes of memory on the command line: ``2GB``, ``512MB``."""

from __future__ import annotations

import re

import click

from qingsuan.run.bounds import LEAST_MEMORY_BYTES

__all__ = ["Size"]

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType[int]):
    """A number of bytes, with a unit in powers of 1024."""

    name = "size"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a size.

        Raises
        ------
        click.BadParameter
            It is not one, or smaller than what a run needs.
        """
        match = re.fullmatch(r"(\d+)\s*([KMGT]?)i?B?", str(value).strip(), re.IGNORECASE)
        if match is None:
            self.fail(f"{value!r} is not a size such as 2GB or 512MB", param, ctx)
        size = int(match[1]) * _UNITS[match[2].upper()]
        if size < LEAST_MEMORY_BYTES:
            self.fail(f"{value!r} is less than the 64MB a run needs", param, ctx)
        return size
