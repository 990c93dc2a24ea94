"""Reversals (退费) in the slow twin: which rows of one person take which back, and which claims they leave in doubt.

Written without a look at the compiled module: lists and dictionaries, one reversal after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qingsuan.benefits.reference.rows import Claim, Served
from qingsuan.tables import BILL

__all__ = ["Fate", "Sorted", "is_marked", "is_reversal", "named_by_nobody", "sort_out"]


@dataclass(frozen=True, slots=True)
class Fate:
    """Why a row is not settled: the code, its column, and the row that is meant, if there is one."""

    code: str
    column: str
    other: Claim | None = None


@dataclass(slots=True)
class Sorted:
    """What becomes of one person's rows.

    Attributes
    ----------
    pairs : the claim and the reversal of each pair.
    refused : rows with their fates.
    left : claims that may be settled, in order, copies of others among them.
    standing : setl_id -> the row of which every claim left is a copy.
    """

    pairs: list[tuple[Claim, Claim]] = field(default_factory=list)
    refused: list[tuple[Claim, Fate]] = field(default_factory=list)
    left: list[Served] = field(default_factory=list)
    standing: dict[str, Claim] = field(default_factory=dict)


def is_marked(claim: Claim) -> bool:
    """Whether the platform marked the claim as taken back: flagged, without an original, and nothing negative."""
    return claim.refd_setl_flag == "1" and not claim.init_setl_id and all(getattr(claim, name) >= 0 for name in BILL)


def is_reversal(claim: Claim) -> bool:
    """Whether a row takes another one back; of a refused row also where only its amounts, or its original, say so."""
    if claim.refd_setl_flag == "1":
        return not is_marked(claim)
    if claim.refused is None:
        return False
    amounts = [getattr(claim, name) for name in BILL]
    throughout = amounts[0] < 0 and max(amounts) <= 0
    return throughout or (bool(claim.init_setl_id) and min(amounts) < 0)


def named_by_nobody(claims: Iterable[Claim]) -> dict[str, Claim]:
    """What reversals name that were refused for their ``psn_no``, by their originals and by their own ids."""
    found: dict[str, Claim] = {}
    for claim in claims:
        if claim.refused is not None and claim.refused[1] == "psn_no" and is_reversal(claim):
            for name in (claim.init_setl_id, claim.setl_id):
                found.setdefault(name, claim)
    return found


def sort_out(
    rows: Sequence[Served],
    shadows: Sequence[Claim],
    pool_of: Callable[[str], str | None],
    of_nobody: Mapping[str, Claim],
) -> Sorted:
    """Sort one person's rows out.

    Parameters
    ----------
    rows : in order.
    shadows : those that were refused before.
    of_nobody : see :func:`named_by_nobody`, of everybody's rows.
    """
    person = _Person(rows, shadows, pool_of)
    person.of_nobody = of_nobody
    person.pair()
    person.judge()
    person.hold()
    return person.finish()


class _Person:
    def __init__(self, rows: Sequence[Served], shadows: Sequence[Claim], pool_of: Callable[[str], str | None]) -> None:
        self.rows, self.shadows, self.pool_of = rows, shadows, pool_of
        self.claims: dict[str, list[int]] = {}
        self.reversals: list[int] = []
        for number, row in enumerate(rows):
            if is_reversal(row.claim):
                self.reversals.append(number)
            else:
                self.claims.setdefault(row.claim.setl_id, []).append(number)
        self.rejected_ids = {claim.setl_id for claim in shadows if not is_reversal(claim)}
        self.paired: dict[int, int] = {}
        self.taken: dict[str, int] = {}
        self.stands: dict[str, int] = {}
        self.fates: dict[int, Fate] = {}
        self.of_nobody: Mapping[str, Claim] = {}

    def named(self, reversal: Claim) -> str | None:
        """The id of the claim that a reversal is about: the one it names, else the one whose id it has itself."""
        for name in (reversal.init_setl_id, reversal.setl_id):
            if name and (name in self.claims or name in self.rejected_ids):
                return name
        return None

    def unlike(self, reversal: Claim, claim: Claim) -> list[str]:
        """The columns in which a reversal is not its claim's."""
        found = [name for name in BILL if getattr(reversal, name) != -getattr(claim, name)]
        found += ["insutype"] * (reversal.insutype != claim.insutype)
        found += ["insu_admdvs"] * (self.pool_of(reversal.insu_admdvs) != self.pool_of(claim.insu_admdvs))
        found += ["med_type"] * (reversal.med_type != claim.med_type)
        both = bool(reversal.fixmedins_code) and bool(claim.fixmedins_code)
        found += ["fixmedins_code"] * (both and reversal.fixmedins_code != claim.fixmedins_code)
        return found

    def negated(self, reversal: Claim, name: str) -> int | None:
        """The first row of a claim that a reversal negates."""
        return next((n for n in self.claims[name] if not self.unlike(reversal, self.rows[n].claim)), None)

    def pair(self) -> None:
        for number in self.reversals:
            reversal = self.rows[number].claim
            name = self.named(reversal)
            if name not in self.claims or name in self.taken or reversal.setl_id in self.stands:
                continue
            claim = self.negated(reversal, name)
            if claim is not None:
                self.paired[claim] = number
                self.taken[name] = self.stands[reversal.setl_id] = number

    def judge(self) -> None:
        for number in self.reversals:
            if number not in self.stands.values():
                self.fates[number] = self.fate(number)

    def fate(self, number: int) -> Fate:
        """What is wrong with a reversal that takes nothing back; the claim it is about may be held for it."""
        reversal = self.rows[number].claim
        name = self.named(reversal)
        outside = self.rows[number].outside
        orphan = Fate("E_DATE", self.rows[number].date_column) if outside else Fate("E_REVERSAL_ORPHAN", "init_setl_id")
        if name is None:
            return orphan if reversal.init_setl_id else Fate("E_MISSING", "init_setl_id")
        if name not in self.claims:
            return orphan
        first = self.claims[name][0]
        if self.negated(reversal, name) is not None:
            if reversal.setl_id not in self.stands:
                return orphan
            if name not in self.taken:
                self.fates.setdefault(first, Fate("E_REVERSAL_OPEN", "setl_id", reversal))
            return Fate("E_DUPLICATE", "setl_id", self.rows[self.stands[reversal.setl_id]].claim)
        if name in self.taken:
            if self.stands.get(reversal.setl_id) != self.taken[name]:
                return orphan
            first = next(claim for claim, by in self.paired.items() if by == self.taken[name])
        column = self.unlike(reversal, self.rows[first].claim)[0]
        if name not in self.taken:
            self.fates.setdefault(first, Fate("E_REVERSAL_MISMATCH", column, reversal))
        return Fate("E_REVERSAL_MISMATCH", column, self.rows[first].claim)

    def nameless(self) -> list[Claim]:
        """Reversals, refused ones too, that name no claim and have no claim's id."""
        found = [self.rows[number].claim for number in self.reversals]
        found += [shadow for shadow in self.shadows if is_reversal(shadow) and shadow.medfee_sumamt < 0]
        return [reversal for reversal in found if not reversal.init_setl_id and self.named(reversal) is None]

    def may_mean(self, reversal: Claim, claim: Claim) -> bool:
        """Whether a nameless reversal negates a claim of its scheme and pool."""
        return not {*BILL, "insutype", "insu_admdvs"}.intersection(self.unlike(reversal, claim))

    def hold(self) -> None:
        for shadow in self.shadows:
            name = self.named(shadow) if is_reversal(shadow) else None
            if name in self.claims and name not in self.taken:
                self.fates.setdefault(self.claims[name][0], Fate("E_REVERSAL_OPEN", "setl_id", shadow))
        for name, numbers in self.claims.items():
            if name in self.of_nobody and name not in self.taken:
                self.fates.setdefault(numbers[0], Fate("E_REVERSAL_OPEN", "setl_id", self.of_nobody[name]))
        for name, numbers in self.claims.items():
            if name not in self.taken and any(is_marked(self.rows[number].claim) for number in numbers):
                self.fates.setdefault(numbers[0], Fate("E_REVERSAL_OPEN", "refd_setl_flag"))
        for reversal in self.nameless():
            for name, numbers in self.claims.items():
                if name not in self.taken and any(self.may_mean(reversal, self.rows[n].claim) for n in numbers):
                    self.fates.setdefault(numbers[0], Fate("E_REVERSAL_OPEN", "setl_id", reversal))

    def finish(self) -> Sorted:
        found = Sorted()
        for number, row in enumerate(self.rows):
            if number in self.fates:
                found.refused.append((row.claim, self.fates[number]))
            elif number in self.paired:
                found.pairs.append((row.claim, self.rows[self.paired[number]].claim))
            elif number not in self.stands.values():
                found.left.append(row)
                continue
            if not is_reversal(row.claim):
                found.standing[row.claim.setl_id] = row.claim
        return found
