"""The account rules of one run: which rule holds for a pool in each month, laid out as numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.accounts.rule.model import COUNTS, KINDS, RELATIONS, AccountRule
from qingsuan.errors import PolicyError
from qingsuan.policy.model import Region

__all__ = ["MONTHS", "NO_RULE", "PoolOf", "Rules", "Terms", "rules_of"]

MONTHS = 12
NO_RULE = -1

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rules of a year say to the ledger, by pool and month: (pools * 12,) each.

    Attributes
    ----------
    posts, carried_first, part : int8
        1 where interest is added; where uses take carried money first; where a balance that is short pays a part.
    current_bp, carried_bp : int64
        Yearly rates of interest, in basis points.
    """

    posts: npt.NDArray[np.int8]
    carried_first: npt.NDArray[np.int8]
    part: npt.NDArray[np.int8]
    current_bp: npt.NDArray[np.int64]
    carried_bp: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What one run goes by; pools are numbered in the order of their codes.

    Attributes
    ----------
    of : (pools, 12) int32
        The number of the rule that holds in a month, or ``NO_RULE``.
    """

    year: int
    pools: tuple[str, ...]
    rules: tuple[AccountRule, ...]
    of: Int32

    def by_rule(self, values: Sequence[Any], dtype: Any) -> npt.NDArray[Any]:
        """One value for each rule, by pool and month; 0 where there is no rule: (pools, 12)."""
        table = np.array([*values, 0], dtype)
        return table[self.of]

    @cached_property
    def months(self) -> tuple[dt.date, ...]:
        """The first days of the months."""
        return tuple(dt.date(self.year, month, 1) for month in range(1, MONTHS + 1))

    @cached_property
    def counts(self) -> npt.NDArray[np.int8]:
        """Which way of counting months holds (:data:`COUNTS`): (pools, 12)."""
        return self.by_rule([COUNTS.index(rule.counts) for rule in self.rules], np.int8)

    @cached_property
    def received(self) -> npt.NDArray[np.bool_]:
        """Whether a month counts only where its contribution was received: (pools, 12)."""
        return self.by_rule([rule.received for rule in self.rules], np.bool_)

    @cached_property
    def asks_mode(self) -> npt.NDArray[np.bool_]:
        """Whether the insured row says who has an account: (pools, 12)."""
        return self.by_rule([rule.members == "acct_mode" for rule in self.rules], np.bool_)

    @cached_property
    def in_service_bp(self) -> npt.NDArray[np.int64]:
        """What of the base is credited, -1 where it is missing: (pools, 12)."""
        return self.by_rule([-1 if rule.in_service_bp is None else rule.in_service_bp for rule in self.rules], np.int64)

    @cached_property
    def withheld_bp(self) -> npt.NDArray[np.int64]:
        """What of the base is withheld: (pools, 12)."""
        return self.by_rule([rule.withheld.percent_bp if rule.withheld else 0 for rule in self.rules], np.int64)

    @cached_property
    def withheld_fen(self) -> npt.NDArray[np.int64]:
        """What is withheld from retired people: (pools, 12)."""
        return self.by_rule([rule.withheld.retired_fen if rule.withheld else 0 for rule in self.rules], np.int64)

    @cached_property
    def most_ages(self) -> int:
        """How many ages a sum depends on at most."""
        return max((len(sums.ages) for rule in self.rules for sums in rule.retired), default=0)

    @cached_property
    def retired(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Sums of retired people and the ages from which they hold: (pools, 12, bands).

        Sums are -1 where there is none in the month. Bands beyond those of a rule repeat its last sum, from an age that
        nobody reaches.
        """
        bands = self.most_ages + 1
        fen = np.full((len(self.pools), MONTHS, bands), -1, np.int64)
        ages = np.full((len(self.pools), MONTHS, bands - 1), 2**30, np.int32)
        for pool, month in np.argwhere(self.of != NO_RULE).tolist():
            sums = self.rules[self.of[pool, month]].retired_on(self.months[month])
            if sums is not None:
                fen[pool, month] = [*sums.fen, *[sums.fen[-1]] * (bands - len(sums.fen))]
                ages[pool, month, : len(sums.ages)] = sums.ages
        return fen, ages

    @cached_property
    def allows(self) -> npt.NDArray[np.bool_]:
        """Whether a kind of use is allowed, for own cost and for that of relatives: (pools, 12, kinds, 2)."""
        table = np.zeros((len(self.rules) + 1, len(KINDS), 2), np.bool_)
        for number, rule in enumerate(self.rules):
            for use in rule.uses.allowed.values() if rule.uses else ():
                table[number, KINDS.index(use.kind)] = use.own, use.family
        return table[self.of]

    @cached_property
    def has_uses(self) -> npt.NDArray[np.bool_]:
        """Whether the rule says what may be paid from an account: (pools, 12)."""
        return self.by_rule([rule.uses is not None for rule in self.rules], np.bool_)

    @cached_property
    def relations(self) -> npt.NDArray[np.bool_]:
        """For whose cost an account may pay: (pools, 12, relations)."""
        table = np.zeros((len(self.rules) + 1, len(RELATIONS)), np.bool_)
        for number, rule in enumerate(self.rules):
            table[number] = [each in (rule.uses.relations if rule.uses else ()) for each in RELATIONS]
        return table[self.of]

    @cached_property
    def terms(self) -> Terms:
        """What the ledger goes by."""
        posts = np.zeros(self.of.shape, np.int8)
        rates = np.zeros((2, *self.of.shape), np.int64)
        for pool, month in np.argwhere(self.of != NO_RULE).tolist():
            rule = self.rules[self.of[pool, month]]
            found = rule.rates_on(self.months[month])
            if rule.interest is not None and found is not None:
                posts[pool, month] = month + 1 in rule.interest.months
                rates[:, pool, month] = found.current_bp, found.carried_bp
        carried_first = [rule.interest is not None and rule.interest.draws == "carried" for rule in self.rules]
        part = [rule.uses is not None and rule.uses.part for rule in self.rules]
        return Terms(
            posts.reshape(-1),
            self.by_rule(carried_first, np.int8).reshape(-1),
            self.by_rule(part, np.int8).reshape(-1),
            rates[0].reshape(-1),
            rates[1].reshape(-1),
        )


class PoolOf:
    """Which pool insures in a place: the one with the longest prefix of the code."""

    def __init__(self, regions: Iterable[Region], pools: Sequence[str]) -> None:
        self._prefixes = {
            prefix: pools.index(pool.code) for region in regions for pool in region.pools for prefix in pool.prefixes
        }

    def __call__(self, admdvs: str) -> int:
        """The number of the pool; -1 where no plugin serves the place."""
        for size in range(6, 1, -1):
            if admdvs[:size] in self._prefixes:
                return self._prefixes[admdvs[:size]]
        return -1


def rules_of(by_region: Mapping[str, Sequence[AccountRule]], regions: Sequence[Region], year: int) -> Rules:
    """Take the rules of a year.

    Raises
    ------
    PolicyError
        No region has a rule for any month of it.
    """
    pools = tuple(sorted(pool.code for region in regions for pool in region.pools))
    rules = tuple(rule for code in sorted(by_region) for rule in by_region[code])
    of = np.full((len(pools), MONTHS), NO_RULE, np.int32)
    for number, rule in enumerate(rules):
        for month in range(MONTHS):
            if rule.covers(dt.date(year, month + 1, 1)):
                for code in rule.pools:
                    of[pools.index(code), month] = number
    if not (of != NO_RULE).any():
        known = ", ".join(f"{'+'.join(rule.pools)} from {rule.effective}" for rule in rules)
        raise PolicyError(
            f"--year {year}",
            found=f"no installed region has an account rule for a month of {year}",
            expected=f"a year with one: {known}" if known else "a region whose plugin hands over account rules",
            do="see `qingsuan plugins`; add an account file to the region's plugin, from the document that fixes it",
        )
    return Rules(year, pools, rules, of)
