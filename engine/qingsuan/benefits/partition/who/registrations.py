"""Registrations (备案) of a partition's people: which claims have one on their identity date, how many hold, and who is refused."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.columns import Columns
from qingsuan.benefits.partition.classify import PersonRows, count_registrations
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import OwnColumn, Setup, registered_amount
from qingsuan.columns.cells import NO_AMOUNT, OPEN_END, day_text
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import looked_up
from qingsuan.people import Texts, spread
from qingsuan.policy.model import Dimension
from qingsuan.policy.who.registrations import registration_of

__all__ = ["Asked", "Registered", "refuse_unregistered"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

Places = npt.NDArray[np.intp]

_PLACE = "fix_blng_admdvs"
_AFTER_ALL = chr(0x10FFFF)
_SAID = 3


class Asked:
    """What the rule sets of a run ask of registrations. Made once, when the vocabularies are frozen.

    ``sets[name]`` says of each rule set whether it asks for an internal column, ``codes[column]`` for which codes of a column of
    claims each registered value is.
    """

    def __init__(self, setup: Setup) -> None:
        asked = [own for own in setup.own_columns.values() if own.reg_type]
        names = [set(setup.dimension_columns(number).values()) for number in range(len(setup.program.rule_sets))]
        self.sets = {own.name: np.array([own.name in one for one in names], np.bool_) for own in asked}
        self.codes = {own.asked: _codes_of(setup, own.asked) for own in asked}


class Registered:
    """The registrations of a partition, looked up for the claims whose rule set asks; nothing is done where none does."""

    def __init__(self, asked: Asked, work: Work, rows: Columns) -> None:
        self.asked, self.work, self.rows = asked, work, rows
        self.people: Int32 | None = None
        self._by_type: dict[str, PersonRows] = {}

    def codes(self, own: OwnColumn) -> Int32:
        """Whether each claim is registered for what it has in the column, as ``ANSWERS`` by number."""
        return (self.numbers(own) > 0).astype(np.int32)

    def numbers(self, own: OwnColumn) -> Int64:
        """How many registrations of a type hold for each claim, of those for what it has in the column, if there is one."""
        work = self.work
        found = np.zeros(len(work.rows), np.int64)
        places = np.flatnonzero(self.asked.sets[own.name][work.rule_set])
        if len(places):
            value = self.rows.code("reg_value")
            codes = np.ascontiguousarray(self.asked.codes[own.asked][:, value])
            found[places] = self._count(own, places, self.of_type(own.reg_type), value, codes)
        return found

    def amounts(self, own: OwnColumn) -> Int64:
        """The amount of each claim's registration of a type, in fen; ``NO_AMOUNT`` where not exactly one holds, or it says none.

        Rows of one value and amount are one. Which holds is counted bit by bit of their numbers.
        """
        found = np.full(len(self.work.rows), NO_AMOUNT, np.int64)
        places = np.flatnonzero(self.asked.sets[own.name][self.work.rule_set])
        if not len(places):
            return found
        value, fen = self.rows.code("reg_value"), self.rows.raw(registered_amount(own.column))
        amounts, rank = np.unique(fen, return_inverse=True)
        pairs, pair = np.unique(value.astype(np.int64) * len(amounts) + rank.reshape(-1), return_inverse=True)
        number = pair.reshape(-1).astype(np.int32)
        by_person = self._by_person(own.reg_type, number)
        codes = np.ascontiguousarray(self.asked.codes[own.asked][:, value])
        holds = places[self._count(own, places, by_person, number, codes) == 1]
        which = np.zeros(len(holds), np.int64)
        for bit in range(len(pairs).bit_length()):
            has = np.where(number >> bit & 1, codes, np.int32(0))
            which += self._count(own, holds, by_person, number, np.ascontiguousarray(has)) << bit
        found[holds] = amounts[pairs[which] % len(amounts)] if len(pairs) else NO_AMOUNT
        return found

    def _count(self, own: OwnColumn, places: Places, by_person: PersonRows, value: Int32, codes: Int32) -> Int64:
        """How many different values of registrations hold for each of some claims."""
        work = self.work
        asked = work.code(own.asked)[places] if own.asked else np.zeros(len(places), np.int32)
        return count_registrations(
            work.person[places],
            work.identity_date[places],
            asked,
            by_person,
            value,
            codes,
            self.rows.raw("begndate").astype(np.int32, copy=False),
            self.rows.raw("enddate").astype(np.int32, copy=False),
        )

    def of_type(self, reg_type: str) -> PersonRows:
        """The registrations of a type by person, those of one value side by side."""
        if reg_type not in self._by_type:
            self._by_type[reg_type] = self._by_person(reg_type, self.rows.code("reg_value"))
        return self._by_type[reg_type]

    def _by_person(self, reg_type: str, value: Int32) -> PersonRows:
        """The registrations of a type by person, those of one number side by side."""
        types = self.work.setup.vocabularies["reg_type"].texts
        number = types.index(reg_type) if reg_type in types else -1
        mine = np.flatnonzero(self.rows.code("reg_type") == number)
        mine = mine[np.argsort(value[mine], kind="stable")].astype(np.int32)
        if self.people is None:
            self.people = self.work.numbering.find(Texts.of(self.rows.table.column("psn_no")))
        starts, order = spread(np.ascontiguousarray(self.people[mine]), self.work.numbering.count)
        return PersonRows(starts, mine[order].astype(np.int32))

    def said(self, place: int, reg_type: str) -> str:
        """What a claim's person has of a type, three rows at most."""
        by_person, rows = self.of_type(reg_type), self.rows
        person = self.work.person[place]
        mine = by_person.rows[by_person.starts[person] : by_person.starts[person + 1]].tolist()
        texts = self.work.setup.vocabularies["reg_value"].texts
        begin, end, value = rows.raw("begndate"), rows.raw("enddate"), rows.code("reg_value")
        said = [
            f"{texts[value[row]]} from {day_text(int(begin[row]))}"
            + ("" if end[row] == OPEN_END else f" until {day_text(int(end[row]))}")
            for row in sorted(mine, key=lambda row: (begin[row], end[row], value[row]))[:_SAID]
        ]
        more = f", and {len(mine) - _SAID} more" if len(mine) > _SAID else ""
        return ", ".join(said) + more if said else "none"


def _codes_of(setup: Setup, column: str) -> Int32:
    """(2, values): for which codes of a column of claims a registered value is: the first, and the first behind them.

    A place is registered with all that lies in it: zeros at the end of its code are no part of it. Where no column is asked
    about, every value is for the one code 0.
    """
    values = setup.vocabularies["reg_value"].texts
    if not column:
        return np.array([[0] * len(values), [1] * len(values)], np.int32)
    texts = setup.vocabularies[column].texts
    if column != _PLACE:
        numbers = {text: number for number, text in enumerate(texts) if text}
        first = [numbers.get(value, -1) for value in values]
        return np.array([first, [number + 1 for number in first]], np.int32)
    prefixes = [_within(value) for value in values]
    return np.array(
        [[bisect_left(texts, one) for one in prefixes], [bisect_left(texts, one + _AFTER_ALL) for one in prefixes]],
        np.int32,
    )


def _within(area: str) -> str:
    """What the codes of all areas in an area begin with."""
    while len(area) > 2 and area.endswith("00"):
        area = area[:-2]
    return area


def refuse_unregistered(refusals: Refusals, work: Work, registered: Registered | None) -> None:
    """Claims whose rule asks for a registration that the person does not have on the identity date."""
    if registered is None:
        return
    sets = work.setup.program.rule_sets
    variants = sorted({(int(a), int(b)) for a, b in zip(*_refused(work), strict=True)})
    for number, variant in variants:
        asked = registration_of(sets[number], -2 - variant)
        if asked is None:
            continue
        rule, name = asked
        own = next(one for one in sets[number].dimensions if one.name == name)
        mask = (work.rule_set == number) & (work.variant == variant)
        expected = f"a registration (备案) {own.reg_type} for it that holds on that day: rule “{rule.id}” asks for one"
        refusals.add(mask, "E_UNREGISTERED", own.column, _found(work, registered, own), expected)


def _refused(work: Work) -> tuple[Int32, Int32]:
    """Rule set and leaf of the claims that no rule pays because something is missing."""
    places = np.flatnonzero(work.variant < -1)
    return looked_up(work.rule_set, places.astype(np.int32)), looked_up(work.variant, places.astype(np.int32))


def _found(work: Work, registered: Registered, own: Dimension) -> Callable[[int], str]:
    """What a claim has, on which day, and what its person is registered for."""
    codes, texts = work.code(own.column), work.setup.vocabularies[own.column].texts

    def found(place: int) -> str:
        has = texts[codes[place]] or f"no {own.column}"
        day = day_text(int(work.identity_date[place]))
        return f"{has} on {day}; registered for {own.reg_type}: {registered.said(place, own.reg_type)}"

    return found
