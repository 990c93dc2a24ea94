"""The rules of a run as tables to look numbers up in: by county, group and identity code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qingsuan.premiums.assistance import Terms, assisted_fen, borne_fen, terms_of
from qingsuan.premiums.bureau import BureauTables
from qingsuan.premiums.model import BEARERS, Group, UnknownGroup
from qingsuan.premiums.rules import PremiumRules

__all__ = ["Counties", "Lists"]

_CODES = 10_000
"""Identity classes have four digits."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lists:
    """The groups of all rules in one list, region by region, each region's in rank order; what is unknown likewise.

    ``groups`` has the prefix of the region beside each group.
    """

    rules: PremiumRules
    tables: BureauTables

    @cached_property
    def groups(self) -> tuple[tuple[str, Group], ...]:
        """Every group; in columns it is its place here, from 1: 0 is nobody's."""
        return tuple((prefix, group) for prefix, rule in sorted(self.rules.rules.items()) for group in rule.groups)

    @cached_property
    def unknown(self) -> tuple[tuple[str, UnknownGroup], ...]:
        """Every group whose amount is unknown, likewise."""
        return tuple((prefix, group) for prefix, rule in sorted(self.rules.rules.items()) for group in rule.unknown)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every identity code that some group names."""
        named = [group.codes for _, group in self.groups] + [group.codes for _, group in self.unknown]
        return tuple(sorted({code for codes in named for code in codes}))

    @cached_property
    def code_places(self) -> Int32:
        """(10 000,) int32: the place of each code in :attr:`codes`."""
        places = np.zeros(_CODES, np.int32)
        places[[int(code) for code in self.codes]] = np.arange(len(self.codes))
        return places


class Counties:
    """What holds in the counties of a partition.

    Parameters
    ----------
    lists
        The groups.
    codes : (c,) the counties, as numbers.

    Attributes
    ----------
    standard : (c,) int64, fen.
    assisted : (c × groups + 1,) int64, fen: what is borne for a person of a county and group, by ``county × width + group``.
    borne : by bearer, likewise.
    first_group : (c, codes) int32: the group of highest rank of whoever holds a code in a county; ``width`` for none.
    unknown : (c, codes) int32: the unknown group, from 1; 0 for none.
    holding_days : by county, the days on which identities are read; none for any day of the year.
    """

    def __init__(self, lists: Lists, codes: Int64) -> None:
        self.width = len(lists.groups) + 1
        self._numbers = {(prefix, group.id): place for place, (prefix, group) in enumerate(lists.groups, 1)}
        self._unknown = {(prefix, id(group)): place for place, (prefix, group) in enumerate(lists.unknown, 1)}
        self.standard = np.zeros(len(codes), np.int64)
        self.assisted = np.zeros(len(codes) * self.width, np.int64)
        self.borne = [np.zeros(len(codes) * self.width, np.int64) for _ in BEARERS]
        self.first_group = np.full((len(codes), len(lists.codes)), self.width, np.int32)
        self.unknown = np.zeros((len(codes), len(lists.codes)), np.int32)
        self.holding_days: list[Sequence[int]] = []
        for place, code in enumerate(map(str, codes.tolist())):
            rule = lists.rules.rules[code[:2]]
            self.holding_days.append(rule.days)
            self._fill(place, code[:2], terms_of(rule, lists.tables, code), lists)

    def _fill(self, place: int, prefix: str, terms: Terms, lists: Lists) -> None:
        self.standard[place] = terms.standard_fen
        for group in terms.groups:
            number = self._numbers[prefix, group.id]
            assisted = assisted_fen(group, terms.standard_fen)
            self.assisted[place * self.width + number] = assisted
            for column, fen in zip(self.borne, borne_fen(group, assisted), strict=True):
                column[place * self.width + number] = fen
            for code in group.codes:
                at = (place, lists.codes.index(code))
                self.first_group[at] = min(int(self.first_group[at]), number)
        for unknown in terms.unknown:
            for code in unknown.codes:
                self.unknown[place, lists.codes.index(code)] = self._unknown[prefix, id(unknown)]
