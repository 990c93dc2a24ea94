"""The waiting period as a value: which column says its last day, for which schemes, and whom it spares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.when.values import When, read_only

__all__ = ["Exemption", "Waiting"]


@dataclass(frozen=True, slots=True)
class Exemption:
    """Whom a waiting period spares: claims for which ``when`` holds."""

    when: When
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "when", read_only(self.when))


@dataclass(frozen=True, slots=True)
class Waiting:
    """The waiting period (等待期): no fund pays for care that begins on its last day or before.

    ``column`` of the insured row has the last day; it is honoured for these ``schemes``. Of those whom one of ``exempt``
    spares the column decides nothing.
    """

    column: Literal["wait_end_date"]
    schemes: tuple[str, ...]
    exempt: tuple[Exemption, ...] = ()
    source: str = ""
