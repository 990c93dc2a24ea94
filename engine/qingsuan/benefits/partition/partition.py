"""One partition settled: all claims of some people, with their insured rows and identities.

read → order → which rule set → reversals → who the person was → which rule → copies → the core. Every row that comes in leaves
as settled, reversed or refused, and is counted at the door out; rows refused before, which are here as shadows, are none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits import results
from qingsuan.benefits.accumulators.carry import Carry
from qingsuan.benefits.accumulators.opening import Opening, empty_opening
from qingsuan.benefits.columns import Columns
from qingsuan.benefits.core.accounts import accounts_of
from qingsuan.benefits.core.core import AtDoor, Paid
from qingsuan.benefits.core.keys import no_blocks, number_blocks
from qingsuan.benefits.differences import DIFFERENCES, REFUNDS_OF_PART, Differences
from qingsuan.benefits.order import ROLE, STATUS, Money, check_order, mark, order_rows
from qingsuan.benefits.partition import explanations
from qingsuan.benefits.partition.ages import completed_years
from qingsuan.benefits.partition.amounts.own import own_amounts, refuse_own_amounts
from qingsuan.benefits.partition.classify import REASONS, PersonRows, find_identities, find_insured
from qingsuan.benefits.partition.contradictions import (
    CONTRADICTIONS,
    Contradiction,
    Trial,
    counts_of,
    find_contradictions,
    refuse_contradictions,
    table_of,
)
from qingsuan.benefits.partition.identity_counts import identity_counts
from qingsuan.benefits.partition.in_order import PERSON, order_keys
from qingsuan.benefits.partition.insured_rows import InsuredRows
from qingsuan.benefits.partition.other_parts import Numbered, find_other_parts
from qingsuan.benefits.partition.overlaps import OVERLAPPING, overlapping_stays
from qingsuan.benefits.partition.reversals.nameless import hold_what_nameless_reversals_negate
from qingsuan.benefits.partition.reversals.of_nobody import hold_what_reversals_of_nobody_name
from qingsuan.benefits.partition.reversals.of_others import reversals_without_claim, settled_and_named
from qingsuan.benefits.partition.reversals.taken_back import Copies, Judged
from qingsuan.benefits.partition.state import Known, Work
from qingsuan.benefits.partition.stays import number_stays_of, refuse_parts
from qingsuan.benefits.partition.trials import try_contradictions
from qingsuan.benefits.partition.who.families import Families
from qingsuan.benefits.partition.who.registrations import Asked, Registered, refuse_unregistered
from qingsuan.benefits.partition.who.together import Together
from qingsuan.benefits.partition.who.waiting import Waits
from qingsuan.benefits.results import Layout
from qingsuan.benefits.setldetail import LayerNames
from qingsuan.benefits.setup import Setup
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import looked_up, numbers
from qingsuan.contents import content
from qingsuan.errors import RunError
from qingsuan.people import Numbering, Texts, spread
from qingsuan.tables import BILL

__all__ = ["Outcome", "Settler"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
_Checked = tuple[Int32, npt.NDArray[np.int16], Int64, npt.NDArray[np.int8], Int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a partition's rows; the tables are those of the run folder.

    ``refused`` has the schema of :data:`qingsuan.columns.rejects.REJECT_SCHEMA`, ``refused_rows`` the same rows as they
    came (:func:`qingsuan.benefits.intake.restore.restored`); ``totals`` are by kind; ``accumulators`` are there if they were
    asked for, and ``detail`` (``setldetail``) likewise.
    """

    settled: pa.Table
    reversed_rows: pa.Table
    differences: pa.Table | None
    refused: pa.Table
    refused_rows: pa.Table
    totals: dict[str, pa.Table]
    accumulators: pa.Table | None = None
    contradictions: pa.Table | None = None
    detail: pa.Table | None = None


class _People(NamedTuple):
    """What is known of the people of a partition: looked at once for the partition, and again for each trial."""

    insured: Columns
    identities: Columns
    registrations: Columns | None


class Settler:
    """Settles partitions; made once per run, when every file has been read and vocabularies are frozen."""

    def __init__(self, setup: Setup) -> None:
        self.setup, self.known, self.core = setup, Known(setup), setup.core
        self.waits, self.asked = Waits(setup), Asked(setup)
        self.carry = Carry(setup) if setup.accumulators else None
        self.layer_names = LayerNames(setup.program) if setup.detail else None

    def settle(
        self,
        claims: pa.Table,
        insured: pa.Table,
        identities: pa.Table,
        opening: pa.Table | None = None,
        registrations: pa.Table | None = None,
    ) -> Outcome:
        """Settle all claims of the partition's people.

        Parameters
        ----------
        claims, insured, identities
            Internal columns, as :mod:`qingsuan.benefits.intake.intake` gives them.
        opening
            What accounts hold before, as :mod:`qingsuan.benefits.accumulators.opening` gives it; where accumulators are kept.
        registrations
            Registrations (备案), likewise; where such a table comes in.

        Raises
        ------
        RunError
            A row was lost on the way: the run stops, nothing is written.
        """
        if opening is None and self.carry is not None:
            opening = pa.Table.from_batches([empty_opening(self.carry.groups)])
        people = self._people(insured, identities, registrations)
        work = self._steps(claims, people, opening)
        outcome = work.finish()
        if work.contradictions:

            def again(claims: pa.Table, opening: pa.Table | None, trial: Trial) -> pa.Table:
                tried = self._steps(claims, people, opening, trial).settled()
                return tried.drop_columns(["variant"])  # of another name with the same payments nobody's result differs

            try_contradictions(work, work.contradictions, again)
            told = table_of(work.contradictions, work.insured_rows)
            outcome = replace(outcome, contradictions=told)
        outcome.totals[CONTRADICTIONS] = counts_of(work.contradictions)
        rows = outcome.settled.num_rows + outcome.reversed_rows.num_rows + outcome.refused.num_rows
        expected = claims.num_rows - int(np.count_nonzero(numbers(claims.column("role")) & ROLE["refused"]))
        if rows != expected:
            raise RunError(
                "a partition",
                found=f"{expected} rows came in and {rows} would go out",
                expected="rows in = settled + reversed + rejected",
                do="report this: nothing of the partition was written",
            )
        return outcome

    def at_door(
        self, claims: pa.Table, insured: pa.Table, identities: pa.Table, registrations: pa.Table | None = None
    ) -> tuple[Work, AtDoor]:
        """The claims that :meth:`settle` would settle, at the core's door; ``ValueError`` where rules count by the family."""
        if self.setup.by_family:
            raise ValueError("rules that count by the family do not stand at the door person by person")
        work = self._steps(claims, self._people(insured, identities, registrations), None)
        return work, work.at_door()

    def _people(self, insured: pa.Table, identities: pa.Table, registrations: pa.Table | None) -> _People:
        registered = None if registrations is None else Columns(self.setup, registrations)
        return _People(Columns(self.setup, insured), Columns(self.setup, identities), registered)

    def _steps(self, claims: pa.Table, people: _People, opening: pa.Table | None, trial: Trial | None = None) -> _Steps:
        """All steps up to the core; with a trial, as it would be had other insured rows decided."""
        insured, identities, registrations = people
        work = _Steps(self, Columns(self.setup, claims), opening, trial)
        work.order()
        work.take_back(work.refuse_late())
        work.numbered = number_stays_of(work, None if work.copies is None else work.group)
        if registrations is not None:
            work.registered = Registered(self.asked, work, registrations)
            if self.setup.by_family:
                Families(work, registrations)
        work.join(insured, identities)
        work.classify()
        work.refuse_copies()
        return work


class _Steps(Work):
    """The steps of a partition, in the order in which a :class:`Settler` takes them."""

    def __init__(
        self, settler: Settler, columns: Columns, opening: pa.Table | None, trial: Trial | None = None
    ) -> None:
        super().__init__(settler.known, columns)
        self.settler, self.trial = settler, trial
        self.contradictions: list[Contradiction] = []
        self.stay: Int32 | None = None
        self.without_claim: dict[str, pa.Table] = {}
        self.other_parts = None
        self.numbered: Numbered | None = None
        self.registered: Registered | None = None
        self.settled_until: Int32 | None = None
        self._number(columns, opening)

    def _number(self, columns: Columns, opening: pa.Table | None) -> None:
        """Number people: those with claims, and those who only bring accounts along."""
        people = columns.table.column("psn_no")
        if opening is not None and opening.num_rows:
            people = pa.chunked_array([*people.chunks, *opening.column("psn_no").chunks])
        self.texts = Texts.of(people)
        if columns.has(PERSON) and len(self.texts) == len(columns):
            self.numbering = Numbering(self.texts, in_order=numbers(columns.table.column(PERSON)))
        else:
            accounts = len(self.texts) - len(columns)
            self.numbering = Numbering(self.texts, keys=order_keys(columns, accounts))
        self.opening_rows = opening
        self.opening = None if opening is None else Opening.of(opening, self.numbering.numbers[len(columns) :])

    def order(self) -> None:
        """Order rows inside people, and find the rule set of each."""
        columns = self.columns
        self.setl_id = Texts.of(columns.table.column("setl_id"))
        self.ordered = order_rows(
            self.numbering, self.setl_id, explanations.content_of(columns), explanations.by_content_of(columns)
        )
        self._set_rows(self.ordered.rows)
        self.person: Int32 = np.repeat(np.arange(self.numbering.count, dtype=np.int32), np.diff(self.ordered.starts))
        self.pool: Int32 = looked_up(self.known.pool_of_area, self.code("insu_admdvs"))
        self.series = self.known.classifier.series(self.pool, self.code("insutype"))
        self.rule_set = self.known.classifier.sets(self.series, self.at("benefit").astype(np.int32, copy=False))

    def refuse_late(self) -> Refusals:
        """Refuse claims and reversals that do not lie after what their account has settled."""
        refusals = self._refusals()
        carry = self.settler.carry
        if carry is not None and self.opening is not None:
            if self.columns.raw("role").any():  # a shadow is refused already
                refusals.refused |= (self.at("role") & ROLE["refused"]) != 0
            benefit = self.at("benefit").astype(np.int32)
            until = carry.refuse_late(refusals, self.opening, self.person, self.series, benefit)
            self.settled_until = np.empty(len(self.columns), np.int32)
            self.settled_until[self.rows] = until
            self._refuse(refusals, self.rows)
        return refusals

    def take_back(self, late: Refusals) -> None:
        """Set reversed pairs aside, and refuse what reversals leave in doubt; ``late``: what was refused for itself."""
        columns = self.columns
        role = columns.raw("role").astype(np.int8, copy=False)
        if late.refused.any():
            role = role.copy()
            role[self.rows[late.refused]] |= np.int8(ROLE["refused"])
        init = Texts.of(columns.table.column("init_setl_id"))
        bill = [columns.raw(name) for name in BILL]
        care, institution = (columns.raw(name).astype(np.int32, copy=False) for name in ("med_type", "fixmedins_code"))
        money = Money(bill, self.code("insutype"), self.pool, care, institution)
        marked = mark(self.ordered, self.setl_id, init, role, money)
        of_nobody = hold_what_reversals_of_nobody_name(self, role, marked)
        self.copies: Copies | None = None
        self.back, self.back_pool, self.refunds_of_part = self.rows[:0], self.pool[:0], 0
        if not (marked.status.any() or role.any()):
            self.reversed_rows = results.reversed_table(columns, self.rows[:0], self.rows[:0])
            return
        hold_what_nameless_reversals_negate(self, self.taker.numbers(role), marked)
        judged = Judged(self, role, marked, of_nobody)
        refusals = self._refusals()
        judged.refuse(refusals)
        self._refuse(refusals, self.rows)
        if marked.head is not None:
            self.copies = Copies(self.rows, marked.head, judged)
            self.group = self.copies.group
        self.refunds_of_part = judged.refunds_of_part
        self.without_claim = reversals_without_claim(self, judged)
        back = marked.status == STATUS["reversed"]
        self.back, self.back_pool = self.rows[back], self.pool[back]
        self.reversed_rows = results.reversed_table(columns, self.rows[back], self.rows[marked.twin[back]])
        if self.setup.has_stays:
            self.other_parts = find_other_parts(self, judged)
        self._keep(judged.kept(), codes_too=True)

    def refuse_copies(self) -> None:
        """Of copies that passed every check let the first stay."""
        if self.copies is not None:
            refusals = self._refusals()
            self.copies.refuse(refusals, self, self.group)
            self._drop(refusals)

    def join(self, insured: Columns, identities: Columns) -> None:
        """Find each claim's insured row and rule set, and refuse claims without; find the identity classes held."""
        self._refuse_by_rule_set()
        self.insured = insured
        insured_people, identity_people = (Texts.of(one.table.column("psn_no")) for one in (insured, identities))
        if self.trial is None:  # in a trial nothing is counted
            self.identity_counts = identity_counts(identities, identity_people, insured, insured_people)
        self.insured_rows = rows = InsuredRows(insured, self._by_person(insured_people), self.known.pool_of_area)
        date = self.at("begndate").astype(np.int32, copy=False)
        self.found, reason = find_insured(
            self.person,
            self.code("insutype"),
            self.pool,
            date,
            *(rows.people, rows.scheme, rows.pool, rows.begin, rows.end, rows.ties),
        )
        if self.trial is not None:
            self.found = self.trial.found(self.found, date, rows)
        else:
            self.contradictions = find_contradictions(rows, self.person, self.found, date)
        self.balances = rows.balances(self.trial.opens if self.trial is not None else {})
        refusals = self._refusals()
        if (reason != REASONS["found"]).any():
            explanations.refuse_persons(refusals, self, reason)
        if self.setup.strict and self.contradictions:
            refuse_contradictions(refusals, self.contradictions, rows, self.person)
        explanations.refuse_without_set(refusals, self)
        self._drop(refusals)
        self.identity_date = self.identity_dates()
        self.held = find_identities(
            self.person,
            self.rule_set,
            self.identity_date,
            self._by_person(identity_people),
            identities.code("psn_idet_type"),
            identities.raw("begntime").astype(np.int32, copy=False),
            identities.raw("endtime").astype(np.int32, copy=False),
            self.known.identity_bits,
        )

    def _refuse_by_rule_set(self) -> None:
        """Refuse claims for what their rule set alone tells: a column or date it decides by, a level it knows."""
        refusals = self._refusals()
        explanations.refuse_absent_columns(refusals, self, "claims")
        explanations.refuse_without_identity_date(refusals, self)
        explanations.refuse_levels(refusals, self)
        self._drop(refusals)

    def _by_person(self, people: Texts) -> PersonRows:
        """Rows of another table, whose ``psn_no`` these are, by the numbers of the people who have claims."""
        numbers = self.numbering.find(people)
        return PersonRows(*spread(numbers, self.numbering.count))

    def classify(self) -> None:
        """Find each claim's rule; refuse claims that no rule covers."""
        classifier = self.known.classifier
        codes = {name: self._code_column(name) for name in classifier.code_columns}
        numbers = {name: self._number_column(name) for name in classifier.number_columns}
        self.variant = classifier.leaves(self.rule_set, codes, numbers, self.held)
        refusals = self._refusals()
        explanations.refuse_absent_columns(refusals, self, "insured")
        if (self.variant < 0).any():
            refuse_unregistered(refusals, self, self.registered)
            explanations.refuse_without_rule(refusals, self, codes, numbers)
        self.waits = self.settler.waits.find(self, refusals, self._code_column, self._number_column)
        explanations.refuse_absent_where_waiting(refusals, self)
        self._drop(refusals)
        needs = self.settler.core.needs_keys
        if len(needs):
            refusals = self._refusals()
            explanations.refuse_without_key(refusals, self, needs)
            self._drop(refusals)
        refusals = self._refusals()
        registered = None if self.registered is None else self.registered.said
        refuse_own_amounts(refusals, self, self._number_column, registered)
        self._drop(refusals)
        refusals = self._refusals()
        refuse_parts(refusals, self, self.numbered)
        self._drop(refusals)

    def _code_column(self, name: str) -> Int32:
        if name == "place":
            width = self.known.place_table.shape[1]
            places: Int32 = looked_up(self.known.place_table.ravel(), self.pool * width + self.code("fix_blng_admdvs"))
            return places
        if name == "referral":
            return self.at("referral").astype(np.int32)
        if self.registered is not None and self.setup.is_answer(name):
            return self.registered.codes(self.setup.own_columns[name])
        return self.code_column(name)

    def _number_column(self, name: str) -> Int64:
        if name == "medfee_sumamt":
            return self.at(name)
        if name == "date":
            return self.at("benefit").astype(np.int64)
        if name == "age":
            return completed_years(self.insured.raw("brdy"), self.found, self.at("benefit"))
        if self.registered is not None and name in self.setup.own_columns and self.setup.own_columns[name].reg_type:
            own = self.setup.own_columns[name]
            return self.registered.amounts(own) if own.is_amount else self.registered.numbers(own)
        if self.columns.has(name):
            return self.at(name)
        return self.of_insured(name)

    def _name(self, place: int) -> str:
        """A claim's person, settlement and account, for a message."""
        row = int(self.rows[place])
        ids = [f"{key} {content(self.columns.table.column(key)[row].as_py())}" for key in ("psn_no", "setl_id")]
        scheme = self.setup.vocabularies["insutype"].texts[self.code("insutype")[place]]
        return ", ".join([*ids, f"pool {self.setup.places.pools[self.pool[place]].code}", f"insutype {scheme}"])

    def settled(self) -> pa.Table:
        """Run the core over what is left, and lay out the settled rows alone."""
        return self._laid_out()[0].settled()

    def finish(self) -> Outcome:
        """Run the core over what is left, and lay out the results."""
        layout, paid, accumulators = self._laid_out()
        differences, more = _differences_of(self, layout)
        return Outcome(
            layout.settled(),
            self.reversed_rows,
            differences,
            pa.concat_tables(self.refused),
            pa.Table.from_batches(self.refused_rows),
            {
                **layout.totals(),
                **self.identity_counts,
                OVERLAPPING: overlapping_stays(self),
                **more,
                **self.without_claim,
                **settled_and_named(self),
            },
            accumulators,
            detail=self._detail(paid),
        )

    def _laid_out(self) -> tuple[Layout, Paid, pa.Table | None]:
        """What the core pays, laid out; and what accounts hold afterwards, where they are kept."""
        columns = self._checked()
        bill = columns[2]
        paid, accumulators = self._settle(columns)
        called = self.known.called
        variant = np.where(self.waits, np.int32(called.waiting), self.variant).astype(np.int32, copy=False)
        benefit = self.at("benefit").astype(np.int32, copy=False)
        layout = results.Layout(self.columns, self.rows, bill, paid, variant, called, self.pool, benefit)
        return layout, paid, accumulators

    def _detail(self, paid: Paid) -> pa.Table | None:
        """The table ``setldetail``, where it is asked for."""
        names = self.settler.layer_names
        return None if names is None or paid.turns is None else names.table(self.columns, self.rows, paid.turns)

    def _checked(self) -> _Checked:
        """What is left, in an order that was checked: variant, day, bill, whether the account may pay, its balance."""
        check_order(self.person, self.rows, order_keys(self.columns), self.setl_id, self._name)
        waiting: Bool = self.waits
        return (
            np.where(waiting, np.int32(-1), self.variant).astype(np.int32),
            self.days(),
            self.taker.stacked([self.columns.raw(name) for name in BILL]),
            self.at("acct_used").astype(np.int8, copy=False),
            looked_up(self.balances, self.found),
        )

    def at_door(self) -> AtDoor:
        """What is left, as the core takes it where no accounts are carried."""
        return self._at_door(self._checked(), own_amounts(self, self._number_column))

    def _at_door(self, columns: _Checked, own: Int64) -> AtDoor:
        core, accounts = self.settler.core, accounts_of(self.person, self.series)
        stay, keys = np.zeros(0, np.int32), no_blocks()
        if self.stay is not None:
            stay = np.where(self.known.says_stays[self.rule_set], self.stay, np.int32(0)).astype(np.int32)
        if len(core.needs_keys) and not self.setup.by_family:  # else they are numbered by family
            claims = [(key.number, key.places, key.values) for key in self.keys(core.needs_keys)]
            keys = number_blocks(self.person, accounts, claims, core.needs_keys.shape[1])
        return AtDoor(self.person, accounts, *columns, stay, keys, own)

    def _settle(self, columns: _Checked) -> tuple[Paid, pa.Table | None]:
        """Run the core; where accounts are kept, on top of what they held, and with what they hold afterwards."""
        carry, core, own = self.settler.carry, self.settler.core, own_amounts(self, self._number_column)
        if self.setup.by_family:
            return Together(self).settle(core, self._at_door(columns, own), self._name), None
        if carry is None or self.opening is None:
            return core.run(self._at_door(columns, own), self._name, told=self.setup.detail), None
        benefit = self.at("benefit").astype(np.int32, copy=False)
        by_key = list(self.keys(core.needs_keys))
        paid, closing = carry.settle(
            *(core, self.opening, self.person, self.series, benefit, columns, self._name, own, by_key)
        )
        return paid, closing.table(self.texts, self.numbering.numbers, self.numbering.count)


def _differences_of(work: Work, layout: Layout) -> tuple[pa.Table | None, dict[str, pa.Table]]:
    """The table ``differences`` of a partition, None where claims carry no payments; and what is counted for it."""
    refunds = pa.array([work.refunds_of_part], pa.int64())
    counted = {REFUNDS_OF_PART: pa.table({"what": pa.array([REFUNDS_OF_PART]), "claims": refunds})}
    if not work.setup.paid_columns:
        return None, counted
    settled, taken_back = (work.rows, work.pool), (work.back, work.back_pool)
    table, counted[DIFFERENCES] = Differences.of_partition(
        work.columns, work.ordered.rows, settled, layout.due(), taken_back
    )
    return table, counted
