"""Where a book stands: which pool a county belongs to, and what places are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qingsuan import divisions
from qingsuan.policy.model import Region

__all__ = ["Pools"]


@dataclass(frozen=True, slots=True)
class Pools:
    """The pools of a run: their names, and the prefixes of the places that each of them serves."""

    names: dict[str, str]
    prefixes: dict[str, str]

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Pools:
        """Those that the installed plugins serve."""
        pools = [pool for region in regions for pool in region.pools]
        return cls(
            {pool.code: pool.name for pool in pools}, {prefix: pool.code for pool in pools for prefix in pool.prefixes}
        )

    @property
    def codes(self) -> Sequence[str]:
        """The codes of all pools."""
        return sorted(self.names)

    def find(self, admdvs: str) -> str:
        """The pool (统筹区) of a place: that of the longest prefix, or the pool itself; empty where no plugin serves it."""
        for size in range(6, 1, -1):
            if admdvs[:size] in self.prefixes:
                return self.prefixes[admdvs[:size]]
        return admdvs if admdvs in self.names else ""

    def name(self, admdvs: str) -> str:
        """What a place is called; empty where its code is not known."""
        if admdvs in self.names:
            return self.names[admdvs]
        division = divisions.find(admdvs)
        return "" if division is None else division.name
