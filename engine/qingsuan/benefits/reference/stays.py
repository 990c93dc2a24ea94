"""Settlements of one stay (中途结算) in the slow twin: which parts one person's stays have, and which are not settled here.

Written without a look at how the core finds them: sets of ``setl_id`` and one part after the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qingsuan.benefits.reference.reversals import Sorted, is_reversal
from qingsuan.benefits.reference.rows import Claim, Served
from qingsuan.benefits.reference.rules import OwnAmounts, Plan, has_per_visit
from qingsuan.policy.model import RuleSet
from qingsuan.tables import BILL

__all__ = ["Ready", "Stays"]

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A claim with all that decides what is paid for it: its pool, date, rule set and plan, whether it waits, its keys by group."""

    claim: Claim
    pool: str
    benefit_date: dt.date
    rule_set: RuleSet
    plan: Plan
    waiting: bool
    keys: Mapping[str, str]
    own: OwnAmounts


class Stays:
    """The stays of one person.

    Parameters
    ----------
    found : what became of the person's rows.
    served, shadows : those rows that passed the checks of a row alone, and those that did not.
    is_of_other_year : whether a row's date is of another year than the one that is settled.
    """

    def __init__(
        self,
        found: Sorted,
        served: Sequence[Served],
        shadows: Sequence[Claim],
        pool_of: Callable[[str], str | None],
        is_of_other_year: Callable[[Claim], bool],
    ) -> None:
        self.pool_of, self.is_of_other_year = pool_of, is_of_other_year
        self.parts: dict[_Key, set[str]] = {}
        for row in found.left:
            if row.claim.mdtrt_id:
                self.parts.setdefault(_key(row.claim, row.pool), set()).add(row.claim.setl_id)
        self.held = [claim for claim, _ in found.refused if not is_reversal(claim)]
        there = {row.claim.setl_id for row in served if not is_reversal(row.claim)}
        reversals = [row.claim for row in served if is_reversal(row.claim)]
        rejected = [claim for claim in shadows if not is_reversal(claim) and claim.setl_id not in there]
        gone = {one.setl_id for one in rejected for back in reversals if self._takes_back(back, one, there, rejected)}
        self.rejected = [claim for claim in rejected if claim.setl_id not in gone]

    def several(self) -> list[_Key]:
        """The stays of which several settlements go on."""
        return [key for key, ids in self.parts.items() if len(ids) > 1]

    def part(self, ready: Sequence[Ready]) -> tuple[list[Ready], list[tuple[Claim, str]]]:
        """Part the claims that can be settled from those that cannot, for their stays; these with the column that says so."""
        refused = {number: column for number, one in enumerate(ready) if (column := self._unsaid(one))}
        left: dict[_Key, set[str]] = {}
        for number, one in enumerate(ready):
            if number not in refused:
                left.setdefault(_key(one.claim, one.pool), set()).add(one.claim.setl_id)
        for number, one in enumerate(ready):
            key = _key(one.claim, one.pool)
            if number not in refused and _is_per_visit(one) and self.parts.get(key, set()) - left[key]:
                refused[number] = "mdtrt_id"
        stand = [one for number, one in enumerate(ready) if number not in refused]
        return stand, [(ready[number].claim, column) for number, column in refused.items()]

    def _unsaid(self, one: Ready) -> str:
        """The column for which a claim is refused: nobody says how its stay counts, or a part was left out; "" for none."""
        if not _is_per_visit(one):
            return ""
        absent = self._absent(one.claim, one.pool)
        said = one.rule_set.interim_settlements
        if said is None:
            if absent or len(self.parts.get(_key(one.claim, one.pool), ())) > 1:
                return "mdtrt_id"
            return "mid_setl_flag" if one.claim.mid_setl_flag == "1" else ""
        counts = [part for part in absent if said.new_year is None or not self._is_away(part)]
        return "mdtrt_id" if counts else ""

    def _takes_back(self, back: Claim, claim: Claim, there: set[str], rejected: Sequence[Claim]) -> bool:
        """Whether a reversal would take a rejected claim back, were it not rejected."""
        known = there | {one.setl_id for one in rejected}
        named = next((name for name in (back.init_setl_id, back.setl_id) if name and name in known), None)
        whose = [(one.insutype, self.pool_of(one.insu_admdvs), one.med_type) for one in (back, claim)]
        negated = all(getattr(back, name) == -getattr(claim, name) for name in BILL)
        return named == claim.setl_id and whose[0] == whose[1] and negated

    def _absent(self, claim: Claim, pool: str) -> list[Claim]:
        """The parts of a claim's stay that were left out before it; a copy of one that is held has none of its own."""
        if not claim.mdtrt_id or claim.setl_id in {one.setl_id for one in self.held}:
            return []
        return [
            part
            for part in (*self.rejected, *self.held)
            if part.mdtrt_id == claim.mdtrt_id
            and (part.insutype == claim.insutype or not _scheme_can_be_read(part))
            and (self.pool_of(part.insu_admdvs) == pool or not self._area_can_be_read(part))
        ]

    def _area_can_be_read(self, claim: Claim) -> bool:
        """Whether a row says of which pool it is; an area that no pool serves says it too: of none that is served."""
        area = claim.insu_admdvs
        return self.pool_of(area) is not None or (len(area) == 6 and area.isascii() and area.isdecimal())

    def _is_away(self, part: Claim) -> bool:
        return part not in self.held and self.is_of_other_year(part)


def _scheme_can_be_read(claim: Claim) -> bool:
    """Whether a row says of which scheme it is: one that is empty, or for which the row was refused, does not."""
    return bool(claim.insutype) and (claim.refused is None or claim.refused[1] != "insutype")


def _is_per_visit(one: Ready) -> bool:
    return not one.waiting and has_per_visit(one.plan)


def _key(claim: Claim, pool: str) -> _Key:
    return claim.insutype, pool, claim.mdtrt_id
