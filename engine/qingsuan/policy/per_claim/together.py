"""What the layers of one claim pay together is bounded: from above, and from below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Ceiling", "Guarantee"]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Overall ceiling: the layers named may together pay no more than ``ratio_bp`` of ``of``.

    The excess is taken back from the last layer of the rule, then the one before.
    """

    ratio_bp: int
    of: Literal["medfee_sumamt", "inscp_scp_amt"]
    layers: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A guarantee (保底): the layers named together pay at least ``ratio_bp`` of ``of``.

    What is lacking is added to the payment of the layer ``to``, one of them, after the caps and before a ceiling; never more
    than the bill still holds.
    """

    ratio_bp: int
    of: Literal["medfee_sumamt", "inscp_scp_amt"]
    layers: tuple[str, ...]
    to: str
    source: str = ""
