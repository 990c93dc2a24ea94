"""What a province authorises its pools to set (待遇清单授权): named settings within bounds, and nothing else.

Plain immutable values. :mod:`qingsuan.policy.authority.reader` makes them from TOML (``plugins/README.md``, section 5),
:mod:`qingsuan.policy.authority.check` holds rule sets against them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.model import Source, When

__all__ = [
    "AMOUNTS",
    "RATIOS",
    "SETTINGS",
    "STANDARDS",
    "Authorised",
    "Authority",
    "Bounds",
    "EqualTilts",
    "Setting",
    "Tilt",
]

Setting = Literal[
    "deductible",
    "ratio",
    "limit",
    "cap",
    "entry",
    "adjust",
    "entry_percent",
    "ceiling",
    "guarantee",
    "counts_toward",
    "rounding",
    "carry_over",
    "subsidy_standard",
    "premium_standard",
]

AMOUNTS: tuple[Setting, ...] = ("deductible", "limit", "cap", "subsidy_standard", "premium_standard")
"""Settings whose bounds are in yuan: deductible (起付标准), limit, cap (最高支付限额), standards per
head (人均财政补助标准、个人缴费标准)."""

RATIOS: tuple[Setting, ...] = ("ratio", "entry_percent", "ceiling", "guarantee")
"""Settings whose bounds are in percent: each ratio (支付比例) of the bands, what share enters, overall ceiling, guarantee (保底)."""

SETTINGS: tuple[Setting, ...] = (*AMOUNTS, *RATIOS, "entry", "adjust", "counts_toward", "rounding", "carry_over")
"""Everything that can be authorised.

``entry`` is what enters a layer, ``adjust`` what an identity changes (倾斜), ``counts_toward`` a payment that counts toward a deductible,
``rounding`` another unit than the fen, ``carry_over`` what is not used of a cap carried into the next period.
"""

STANDARDS: tuple[Setting, ...] = ("subsidy_standard", "premium_standard")
"""Settings of funding rules and of premium rules, which rule sets do not have."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of amounts in fen, or of ratios in basis points; None is unbounded. ``exactly`` stands alone."""

    least: int | None = None
    most: int | None = None
    exactly: int | None = None

    def hold(self, value: int) -> bool:
        """Whether a value lies within them."""
        if self.exactly is not None:
            return value == self.exactly
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Tilt:
    """The tilt (倾斜) that an adjustment must be, whole: no part of it may be left out, none added.

    ``lifts_caps``: whether the layer's caps no longer bind.
    """

    deductible_bp: int
    points_bp: int
    lifts_caps: bool


@dataclass(frozen=True, slots=True)
class Authorised:
    """Settings that pools may set for the claims of ``when``, in layers of ``funds`` (any, if empty), within bounds.

    ``year`` is that of a standard per head; ``bounds`` and ``tilt`` are None where nothing bounds the settings.
    """

    id: str
    settings: tuple[Setting, ...]
    when: When
    funds: tuple[str, ...]
    source: str
    bounds: Bounds | None = None
    tilt: Tilt | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class EqualTilts:
    """Two kinds of care must favour one group of people by the same points.

    In layers of ``fund``, for the claims of ``when`` and at each level: the ratios of people ``favoured`` less those of
    people ``others`` are the same in both kinds of care of ``care``.
    """

    id: str
    fund: str
    when: When
    favoured: When
    others: When
    care: tuple[When, When]
    source: str


@dataclass(frozen=True, slots=True)
class Authority:
    """What a region authorises from ``effective`` on, until its next file."""

    file: str
    region: str
    title: str
    effective: dt.date
    authorised: tuple[Authorised, ...]
    equal_tilts: tuple[EqualTilts, ...]
    sources: Mapping[str, Source]
