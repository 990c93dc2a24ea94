"""A region's table of ways of payment (支付方式): what its documents order or allow, and what they do not say.

Plain immutable values. :mod:`qingsuan.clearing.ways.reader` makes them from TOML (``plugins/README.md``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.model import Source

__all__ = ["HOLDS", "Holds", "MissingWay", "PaymentWay", "WaysRule"]

Holds = Literal["must", "may"]

HOLDS: tuple[Holds, ...] = ("must", "may")
"""Whether a document orders one of the ways, or only allows or promotes it: then contracts of another way stand beside it."""


@dataclass(frozen=True, slots=True)
class PaymentWay:
    """By which ways care is paid.

    Attributes
    ----------
    schemes, care : insutype and med_type.
    ways : of :data:`qingsuan.tables.WAYS`; one of them.
    """

    schemes: tuple[str, ...]
    care: tuple[str, ...]
    ways: tuple[str, ...]
    holds: Holds
    source: str


@dataclass(frozen=True, slots=True)
class MissingWay:
    """What no document at hand states of ways of payment, and why it is missing."""

    parameter: str
    why: str


@dataclass(frozen=True, slots=True)
class WaysRule:
    """The table of some pools from a month on.

    Attributes
    ----------
    effective : the first day of a month.
    """

    file: str
    digest: str
    region: str
    title: str
    effective: dt.date
    pools: tuple[str, ...]
    payment_ways: tuple[PaymentWay, ...]
    missing: tuple[MissingWay, ...]
    sources: Mapping[str, Source]
    cited: tuple[str, ...]

    def of(self, insutype: str, med_type: str) -> PaymentWay | None:
        """What it says of a scheme and kind of care; None where it says nothing."""
        found = (one for one in self.payment_ways if insutype in one.schemes and med_type in one.care)
        return next(found, None)
