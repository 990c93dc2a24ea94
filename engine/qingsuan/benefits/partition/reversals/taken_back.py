"""What is said of reversals (退费), of the claims that they take back or leave in doubt, and of copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS, Marked
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import BENEFIT_DATES
from qingsuan.columns.cells import day_text
from qingsuan.columns.rejects import Refusals
from qingsuan.money import yuan
from qingsuan.tables import BILL

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns

__all__ = ["Copies", "Judged"]

Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]
_WHOSE = ("insutype", "insu_admdvs", "med_type", "fixmedins_code")
"""Columns that say whose money it is; of ``insu_admdvs`` the pool, and ``fixmedins_code`` only where both rows have one."""

_NOT_CONTENT = ("file", "row", "blank", "benefit")
_OUTSIDE = {"role": "refd_setl_flag", "acct_used": "acct_used_flag", "referral": "refl_flag or er_flag"}


class Judged:
    """What was found of a partition's reversals, put into words; by place in the order of all its rows.

    Attributes
    ----------
    reversal, shadow : which places are reversals, and which were refused for themselves.
    refunds_of_part
        How many claims have a reversal that names them and differs from them in amounts only.
    of_nobody
        By place, the number of the id of each claim that is held for a reversal whose person cannot be read.
    """

    def __init__(self, work: Work, role: npt.NDArray[np.int8], marked: Marked, of_nobody: Mapping[int, int]) -> None:
        self.of_nobody = of_nobody
        self.work, self.status, self.twin = work, marked.status, marked.twin
        self.rows, self.pool, self.role = work.rows, work.pool, role[work.rows]
        self.reversal: Bool = (self.role & ROLE["reversal"]) != 0
        self.shadow: Bool = (self.role & ROLE["refused"]) != 0
        self.refunds_of_part = 0

    def kept(self) -> Bool:
        """Which places go on: claims of which nothing is known, copies among them."""
        kept: Bool = (self.status == STATUS["counts"]) | (self.status == STATUS["copy"])
        kept &= ~self.shadow & ~self.reversal
        return kept

    def refuse(self, refusals: Refusals) -> None:
        """Refuse reversals that take nothing back, and the claims that they leave in doubt."""
        orphan = (self.status == STATUS["orphan"]) & ~self.shadow
        if orphan.any():
            self._refuse_orphans(refusals, orphan)
        mismatch = (self.status == STATUS["mismatch"]) & ~self.shadow
        if mismatch.any():
            self._refuse_mismatches(refusals, mismatch)
        held = self.status == STATUS["open"]
        if self.of_nobody:
            self._refuse_named_by_nobody(refusals)
        if held.any():
            self._refuse_open(refusals, held)
        copies = (self.status == STATUS["copy"]) & self.reversal & ~self.shadow
        if copies.any():
            refuse_copies(refusals, self.work.columns, self.rows, copies, self.rows[self.twin])

    def _id(self, place: int) -> str:
        return str(self.work.columns.table.column("setl_id")[self.rows[place]].as_py())

    def _named(self, place: int) -> str:
        """The id that a reversal names: the original's, or its own where it names none."""
        return str(self.work.columns.table.column("init_setl_id")[self.rows[place]].as_py()) or self._id(place)

    def _refuse_orphans(self, refusals: Refusals, orphan: Bool) -> None:
        inits = self.work.columns.table.column("init_setl_id")
        nameless = orphan & (self.twin < 0)
        for place in np.flatnonzero(nameless).tolist():
            nameless[place] = not inits[self.rows[place]].as_py()
        expected = "the setl_id of the claim it takes back; no claim of this person in this input has its own setl_id"
        refusals.add(nameless, "E_MISSING", "init_setl_id", "nothing", expected)
        self._refuse_other_years(refusals, orphan & ((self.role & ROLE["outside year"]) != 0))
        refusals.add(orphan, "E_REVERSAL_ORPHAN", "init_setl_id", self._named, self._claim_expected)

    def _refuse_other_years(self, refusals: Refusals, mask: Bool) -> None:
        """A reversal dated in another year is this year's business only if its claim is."""
        if not mask.any():
            return
        setup, benefit = self.work.setup, self.work.at("benefit")
        kinds = np.array([BENEFIT_DATES.index(one.benefit_date) for one in setup.program.series] + [0], np.int8)
        kind = kinds[self.work.series]

        def expected(place: int) -> str:
            return f"{setup.year_of_series(int(self.work.series[place])).expected}, or a claim of it that it takes back"

        for number, name in enumerate(BENEFIT_DATES):
            refusals.add(mask & (kind == number), "E_DATE", name, lambda place: day_text(int(benefit[place])), expected)

    def _claim_expected(self, place: int) -> str:
        """What an orphan should have found, and what to do."""
        other, setup = int(self.twin[place]), self.work.setup
        if other < 0 and setup.accumulators and self.work.opening_rows is not None and self.work.opening_rows.num_rows:
            return (
                "a claim of the same person in this input; it may have been settled in the run that --opening brings "
                "along: settle this person's year whole, without --opening"
            )
        if other < 0:
            return (
                "a claim of the same person in this input that no earlier reversal took back; "
                "if it was settled in an earlier run, add this reversal to the prepared year of that claim and settle it "
                "again (docs/corrections.md)"
            )
        if not self.shadow[other]:
            by = self._id(int(self.twin[other]))
            return f"a claim that no earlier reversal took back; {by} takes back {self._id(other)} already"
        if self.role[other] & ROLE["outside year"]:
            year = setup.year_of_series(int(self.work.series[other])).year_of(int(self.work.at("benefit")[other]))
            return (
                f"a claim of {setup.year}; {self._id(other)} is in this input and belongs to {year}: "
                f"settle {year} again with this reversal in its input"
            )
        return f"a claim that stands; {self._id(other)} is in this input and was rejected: correct it"

    def _refuse_mismatches(self, refusals: Refusals, mismatch: Bool) -> None:
        places = np.flatnonzero(mismatch)
        differing = {place: self._differing(place, int(self.twin[place])) for place in places.tolist()}
        amounts_only = [place for place in places.tolist() if set(differing[place]) <= set(BILL)]
        self.refunds_of_part = sum(not self.reversal[place] for place in amounts_only)

        def found(place: int) -> str:
            words = ", ".join(f"{name} {words}" for name, words in differing[place].items())
            return f"{self._id(place)} against {self._id(int(self.twin[place]))}: {words}"

        def expected(place: int) -> str:
            other = self._id(int(self.twin[place]))
            if self.reversal[place]:
                return f"a reversal of {other} with every amount negated; for a refund of part the corrected settlement"
            return f"a reversal that negates it: the refund {other} does not negate it; send the corrected settlement"

        first = np.array([next(iter(differing[place])) for place in places.tolist()])
        for name in dict.fromkeys(first.tolist()):
            mask = np.zeros(len(mismatch), np.bool_)
            mask[places[first == name]] = True
            refusals.add(mask, "E_REVERSAL_MISMATCH", name, found, expected)

    def _differing(self, place: int, other: int) -> dict[str, str]:
        """The columns in which a reversal and its claim do not agree, and what stands in both."""
        columns, row, other_row = self.work.columns, self.rows[place], self.rows[other]
        found = {}
        for name in BILL:
            mine, theirs = int(columns.raw(name)[row]), int(columns.raw(name)[other_row])
            if mine != -theirs:
                found[name] = f"{yuan(mine)} against {yuan(theirs)}"
        for name in _WHOSE:
            mine, theirs = int(columns.code(name)[row]), int(columns.code(name)[other_row])
            unlike = mine != theirs
            if name == "insu_admdvs":
                unlike = bool(self.pool[place] != self.pool[other])
            elif name == "fixmedins_code":
                unlike = unlike and mine != 0 and theirs != 0
            if unlike:
                texts = self.work.setup.vocabularies[name].texts
                found[name] = f"{texts[mine]} against {texts[theirs]}"
        return found

    def _refuse_named_by_nobody(self, refusals: Refusals) -> None:
        """Refuse claims that a reversal names whose person cannot be read."""
        held = np.zeros(len(self.status), np.bool_)
        held[list(self.of_nobody)] = True

        def found(place: int) -> str:
            file, row = self.work.known.named_by_nobody.where(self.of_nobody[place])
            where = f"{self.work.setup.claims_files[file]} row {row + 1}"
            return f"{self._id(place)}: the reversal {where} names it, and its psn_no cannot be read"

        expected = "a claim of which it is known whether it stands: correct the psn_no of the reversal"
        refusals.add(held, "E_REVERSAL_OPEN", "setl_id", found, expected)

    def _refuse_open(self, refusals: Refusals, held: Bool) -> None:
        def found(place: int) -> str:
            other = self._id(int(self.twin[place])) or "a reversal without a setl_id"
            return f"{self._id(place)}: its reversal in this input was rejected: {other}"

        expected = "a claim of which it is known whether it stands: correct its reversal"
        refusals.add(held & (self.twin >= 0), "E_REVERSAL_OPEN", "setl_id", found, expected)
        expected = "the reversal that takes it back, in this input; or 0, if nothing takes it back"
        refusals.add(
            held,
            "E_REVERSAL_OPEN",
            "refd_setl_flag",
            lambda place: f"1: {self._id(place)} is marked as taken back, and no reversal names it",
            expected,
        )


class Copies:
    """Rows with the same ``setl_id`` of one person: of those that pass every check the first in order stays.

    Parameters
    ----------
    rows
        The partition's rows in order.
    marked, judged
        What was found of them; ``marked.head`` is there.
    """

    def __init__(self, rows: Int32, head: Int32, judged: Judged) -> None:
        self._rows = rows
        held = np.flatnonzero(
            np.isin(judged.status, [STATUS[name] for name in ("reversed", "mismatch", "open")])
            & ~judged.reversal
            & ~judged.shadow
        )
        self._held_by = np.full(len(rows), -1, np.int32)
        self._held_by[head[held]] = held
        several = np.zeros(len(rows), np.bool_)
        several[head[head != np.arange(len(head))]] = True
        self.group: Int32 = np.where(several[head], head, np.int32(-1))
        """By place, the place of the first row of its kind; -1 where a row has no copy."""

    def refuse(self, refusals: Refusals, work: Work, group: Int32) -> None:
        """Refuse the later of those rows of each group that are left; all, if one was taken back or is held."""
        places = np.flatnonzero(group >= 0)
        groups = group[places]
        _, first, number = np.unique(groups, return_index=True, return_inverse=True)
        stays = work.rows[places[first]][number.reshape(-1)]
        held_by = self._held_by[groups]
        stays = np.where(held_by >= 0, self._rows[held_by], stays)
        mask = np.zeros(len(group), np.bool_)
        mask[places[stays != work.rows[places]]] = True
        others = np.zeros(len(group), np.int32)
        others[places] = stays
        if mask.any():
            refuse_copies(refusals, work.columns, work.rows, mask, others)


def refuse_copies(refusals: Refusals, columns: Columns, rows: Int32, mask: Bool, others: Int32) -> None:
    """Refuse copies; ``others`` is by place the row that each repeats."""
    setl_id = columns.table.column("setl_id")
    places = np.flatnonzero(mask)
    kinds, words = _differing(columns, rows[places], others[places])
    kind = np.zeros(len(rows), np.intp)
    kind[places] = kinds
    expected = "one row for each settlement of a person; of those that pass every check the first in order stays"
    refusals.add(
        mask, "E_DUPLICATE", "setl_id", lambda place: f"{setl_id[rows[place]].as_py()}, {words[kind[place]]}", expected
    )


def _differing(columns: Columns, rows: Int32, others: Int32) -> tuple[npt.NDArray[np.intp], list[str]]:
    """How rows differ from others: the number of each pair's words, and the words."""
    names = [name for name in columns.table.schema.names if name not in _NOT_CONTENT]
    differ = np.zeros((len(names), len(rows)), np.bool_)
    for number, name in enumerate(names):
        if pa.types.is_string(columns.table.schema.field(name).type):
            texts = columns.table.column(name)
            unlike: Any = pc.not_equal(texts.take(pa.array(rows)), texts.take(pa.array(others)))
            differ[number] = (
                unlike.to_numpy(zero_copy_only=False) if isinstance(unlike, pa.Array) else unlike.to_numpy()
            )
        else:
            values = columns.code(name) if name in columns.setup.vocabularies else columns.raw(name)
            differ[number] = values[rows] != values[others]
    own = {name: column.column for name, column in columns.setup.own_columns.items() if column.column}
    outer = [own.get(name, _OUTSIDE.get(name, name)) for name in names]
    kinds, number_of = np.unique(differ, axis=1, return_inverse=True)
    words = [
        f"differing in {', '.join(name for name, unlike in zip(outer, kind, strict=True) if unlike)}"
        if kind.any()
        else "an identical copy"
        for kind in kinds.T
    ]
    return number_of.reshape(-1), words
