"""Every number that a pool may set, tried on a year until it closes what the pool's fund lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qingsuan.errors import PolicyError, UsageError
from qingsuan.policy.authority.check import authorised_values
from qingsuan.policy.authority.reader import read_authorities
from qingsuan.policy.model import FUNDS, RuleSet
from qingsuan.simulation.changing.asked import Place
from qingsuan.simulation.opened import OpenedYear
from qingsuan.simulation.passing import Passing
from qingsuan.simulation.permitted.closing import Closing, close_gap
from qingsuan.simulation.permitted.gaps import FundGap
from qingsuan.simulation.permitted.numbers import OPTION, PermittedNumber, WhyNot, number_of, places_of
from qingsuan.simulation.put_aside import Views
from qingsuan.simulation.variants import Variant
from qingsuan.simulation.views import MEASURES, View

__all__ = ["Found", "PermittedChange", "find_permitted"]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PermittedChange:
    """What one number that a pool may set comes to for one gap, and by how many fen other funds, and people, pay more then."""

    gap: FundGap
    number: PermittedNumber
    closing: Closing
    others: int = 0
    own: int = 0


@dataclass
class Found:
    """What was found: a row for each gap and number, and why other numbers were left out."""

    changes: list[PermittedChange] = field(default_factory=list)
    left_out: list[tuple[Place, WhyNot]] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """How many numbers were left out, by why."""
        return Counter(why for _, why in self.left_out)


def find_permitted(opened: OpenedYear, gaps: Sequence[FundGap]) -> Found:
    """Try every number that the pools may set.

    Raises
    ------
    UsageError
        A gap is of a pool that nobody serves, or that has no rule set for the claims that its fund pays.
    PolicyError
        The region of a pool has no authority file: nothing says what the pool may set.
    """
    by_pool = {gap.pool: _rule_sets(opened, gap.pool) for gap in gaps}
    for gap in gaps:
        if not any(gap.is_of(scheme) for one in by_pool[gap.pool] for scheme in one.schemes):
            lacks = f"no rule set of pool {gap.pool} that is in force in {opened.working.year} and pays from {gap.fund}"
            raise UsageError(f"--gap {gap}", found=lacks, expected="a fund that rules of the pool pay from")
    found = Found()
    progress = opened.means.progress
    progress.stage("numbers", sum(map(len, by_pool.values())))
    numbers = {pool: list(_numbers(opened, rule_sets, found)) for pool, rule_sets in by_pool.items()}
    progress.end()
    trials = _Trials(
        opened, frozenset((pool, scheme) for pool, sets in by_pool.items() for one in sets for scheme in one.schemes)
    )
    progress.stage("trying", sum(len(numbers[gap.pool]) for gap in gaps))
    for gap in gaps:
        for rule_set, number in numbers[gap.pool]:
            if any(map(gap.is_of, rule_set.schemes)):
                found.changes.append(trials.closing(gap, rule_set, number))
            progress.step()
    progress.end()
    return found


def _rule_sets(opened: OpenedYear, pool: str) -> list[RuleSet]:
    opened.working.region_of(pool, OPTION)
    return [one for one in opened.working.in_force() if one.pool == pool]


def _numbers(
    opened: OpenedYear, rule_sets: Sequence[RuleSet], found: Found
) -> Iterator[tuple[RuleSet, PermittedNumber]]:
    """The numbers of rule sets of one pool that it may set; the others are noted."""
    for rule_set in rule_sets:
        region = opened.working.region_of(rule_set.pool, OPTION)
        authorities = read_authorities(region)
        if not authorities:
            raise PolicyError(
                f"{region.code} {region.name}",
                found="no authority file",
                expected="a file that says what the region authorises its pools to set (待遇清单)",
                do="have the plugin bring one: plugins/README.md, section 5",
            )
        base = list(authorised_values([rule_set], authorities))
        for written in places_of(opened.working, rule_set):
            number = number_of(opened.working, rule_set, authorities, base, written)
            if isinstance(number, PermittedNumber):
                yield rule_set, number
            else:
                found.left_out.append((written[0], number))
        opened.means.progress.step()


class _Trials:
    """What values come to, on claims that are read and ordered once."""

    def __init__(self, opened: OpenedYear, scope: frozenset[tuple[str, str]]) -> None:
        self._opened = opened
        self._passing: Passing = opened.passing(scope)
        self._views = Views(opened.means.memory, opened.means.scratch / ".views")
        self._passing.over((), self._views.put)
        self._known: dict[tuple[Place, int, str], Int64 | None] = {}

    def closing(self, gap: FundGap, rule_set: RuleSet, number: PermittedNumber) -> PermittedChange:
        """What a number comes to for a gap."""
        places = [len(MEASURES) - len(FUNDS) + FUNDS.index(name) for name in gap.columns]
        mixed = not all(map(gap.is_of, rule_set.schemes))
        of = self._of_fund(gap) if mixed else None

        def pays(value: int) -> int | None:
            found = self._change(number, value, gap.fund if mixed else "", of)
            return None if found is None else int(found[places].sum())

        closing = close_gap(number, gap.fen, pays)
        whole = None if closing.value is None else self._change(number, closing.value)
        if whole is None:
            return PermittedChange(gap, number, closing)
        funds = int(whole[-len(FUNDS) :].sum())
        own = int(whole[MEASURES.index("psn_part_amt")])
        return PermittedChange(gap, number, closing, funds - closing.fen, own)

    def _change(
        self, number: PermittedNumber, value: int, fund: str = "", of: Callable[[View], Bool] | None = None
    ) -> Int64 | None:
        """By how much the measures change at a value; of the claims that ``of`` says, which are those of ``fund``."""
        key = (number.place, value, fund)
        if key not in self._known:
            variant = self._variant(number, value)
            self._known[key] = None if variant is None else self._views.change(variant, self._opened.means.workers, of)
        return self._known[key]

    def _variant(self, number: PermittedNumber, value: int) -> Variant | None:
        """The rules with a value; None where they are refused, or would sort claims otherwise: that is no change of an amount."""
        opened = self._opened
        try:
            variant, _ = opened.variant(opened.working.nothing(), number.change(value), option=OPTION)
        except PolicyError:
            return None
        return variant if variant.settler is None else None

    def _of_fund(self, gap: FundGap) -> Callable[[View], Bool]:
        cells = self._passing.cells

        def of(view: View) -> Bool:
            schemes = [cells.told(cell)["insutype"] for cell in view.cells.tolist()]
            mine: Bool = np.array([gap.is_of(scheme) for scheme in schemes], np.bool_)[view.cell]
            return mine

        return of
