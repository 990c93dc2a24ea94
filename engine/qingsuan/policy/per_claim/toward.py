"""A payment that counts as a deductible that was borne."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Toward"]


@dataclass(frozen=True, slots=True)
class Toward:
    """What a layer pays counts as deductible used of ``group``: for later layers of the claim at once, and for later claims."""

    group: str
    source: str = ""
