"""How many rejected claims a caller accepts: ``--max-rejected 100`` or ``--max-rejected 0.5%``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from qingsuan.errors import TooManyRejected

__all__ = ["MostRejected", "MostRejectedType"]


@dataclass(frozen=True, slots=True)
class MostRejected:
    """A number of claims, or a share of them: ``numerator`` in ``denominator``; a number has the denominator 0."""

    text: str
    numerator: int
    denominator: int

    def check(self, record: Mapping[str, Any], out: Path) -> None:
        """Compare a finished run with what is accepted.

        Raises
        ------
        TooManyRejected
            More claims were rejected; the run folder stays as it is.
        """
        rows = record["rows"]
        rejected, total = int(rows["rejected"]), int(rows["in"])
        within = (
            rejected * self.denominator <= total * self.numerator if self.denominator else rejected <= self.numerator
        )
        if within:
            return
        codes = ", ".join(f"{code} {number:,}" for code, number in sorted(record["rejected"]["claims"].items()))
        raise TooManyRejected(
            str(out),
            found=f"{rejected:,} of {total:,} claims were rejected: {codes}",
            expected=f"at most {self.text} (--max-rejected)",
            do="the run is finished and its folder whole; read rejected/, correct the input, and settle again",
        )


class MostRejectedType(click.ParamType[MostRejected]):
    """A whole number of claims, or a percentage with at most two decimals."""

    name = "N|P%"

    def convert(
        self, value: str | MostRejected, param: click.Parameter | None, ctx: click.Context | None
    ) -> MostRejected:
        """Read one.

        Raises
        ------
        click.BadParameter
            It is neither, or more than 100 %.
        """
        if isinstance(value, MostRejected):
            return value
        number = re.fullmatch(r"([0-9]{1,12})", value.strip())
        if number is not None:
            return MostRejected(value.strip(), int(number[1]), 0)
        share = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?\s*%", value.strip())
        if share is None or (parts := int(share[1]) * 100 + int((share[2] or "").ljust(2, "0"))) > 10_000:
            self.fail(f"{value!r} is neither a number of claims such as 100 nor a share such as 0.5%", param, ctx)
        return MostRejected(value.strip(), parts, 10_000)
