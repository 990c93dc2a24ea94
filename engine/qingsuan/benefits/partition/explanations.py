"""Why a row is refused, in words: what was found, what was expected. Only refused rows are ever looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.partition.classify import REASONS
from qingsuan.benefits.partition.state import Work
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE, OPEN_END, day_text
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import looked_up
from qingsuan.policy.conditions import said_as
from qingsuan.policy.decision import NO_RULE
from qingsuan.policy.diagram.classes import number_text
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.policy.when.registrations import ANSWERS
from qingsuan.tables import PLACES, REFERRALS

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns
    from qingsuan.benefits.partition.insured_rows import InsuredRows

__all__ = [
    "by_content_of",
    "content_of",
    "refuse_absent_columns",
    "refuse_absent_where_waiting",
    "refuse_levels",
    "refuse_persons",
    "refuse_without_identity_date",
    "refuse_without_key",
    "refuse_without_rule",
    "refuse_without_set",
]

Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]
_NOT_CONTENT = ("file", "row", "blank")


def content_of(columns: Columns) -> Callable[[int], tuple[object, ...]]:
    """A function that gives a row's whole content, for rows whose keys are alike.

    Rows alike in all of it are told apart by where they stand: any of them may stay, but it must not be up to the threads.
    """
    cells: list[Callable[[int], object]] = []

    def content(row: int) -> tuple[object, ...]:
        if not cells:  # few partitions have rows that are alike
            names = sorted(set(columns.table.schema.names) - set(_NOT_CONTENT))
            cells.extend(_cells(columns, name) for name in (*names, "file", "row"))
        return tuple([cell(row) for cell in cells])

    return content


def by_content_of(columns: Columns) -> Callable[[Int32], Int32]:
    """A function that puts rows in the order of their content, as :func:`content_of` tells it, column by column."""

    def by_content(rows: Int32) -> Int32:
        names = sorted(set(columns.table.schema.names) - set(_NOT_CONTENT))
        keys = {}
        for name in (*names, "file", "row"):
            if pa.types.is_string(columns.table.schema.field(name).type):
                values = columns.table.column(name).take(pa.array(rows))
            else:
                values = pa.array(_numbers(columns, name)[rows])
            if len(values.unique()) > 1:
                keys[name] = values
        if not keys:
            return rows
        order = pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys])
        ordered: Int32 = rows[order.to_numpy()]
        return ordered

    return by_content


def _cells(columns: Columns, name: str) -> Callable[[int], object]:
    """How a cell of a column is looked up; codes are numbered by their texts and compare like them."""
    if not pa.types.is_string(columns.table.schema.field(name).type):
        return _numbers(columns, name).item
    texts = columns.texts(name)
    offsets, data = texts.offsets, texts.data
    return lambda row: data[offsets[row] : offsets[row + 1]].tobytes()


def _numbers(columns: Columns, name: str) -> npt.NDArray[Any]:
    return columns.code(name) if name in columns.setup.vocabularies else columns.raw(name)


_PERSON_EXPECTED = {
    "nobody": "a row in the insured table with this psn_no",
    "not in scheme": "a row in the insured table with this psn_no and insutype",
    "not at date": "a row of this person and scheme that holds at begndate, the day on which the visit began",
    "other pool": "a claim from the pool in which the person is insured at begndate",
}
_ROWS_SAID = 3


def refuse_persons(refusals: Refusals, work: Work, reason: npt.NDArray[np.int8]) -> None:
    """Claims whose person is unknown, or not insured in that scheme, at that date, in that pool."""
    setup, columns, rows = work.setup, work.columns, work.rows
    psn_no = columns.table.column("psn_no")
    schemes = setup.vocabularies["insutype"].texts
    areas = setup.vocabularies["insu_admdvs"].texts
    scheme, area, begin = work.code("insutype"), work.code("insu_admdvs"), work.at("begndate")

    def claimed(place: int) -> str:
        return (
            f"{psn_no[rows[place]].as_py()}, insutype {schemes[scheme[place]]}, "
            f"insu_admdvs {areas[area[place]]}, begndate {day_text(int(begin[place]))}"
        )

    @cache
    def has(person: int, of_scheme: int) -> str:
        return _insured_text(work.insured_rows, person, of_scheme, schemes, areas)

    def found(place: int) -> str:
        """The claim, and what the table has of the person: of the claim's scheme, if there is any."""
        return f"{claimed(place)}; the insured table has {has(int(work.person[place]), int(scheme[place]))}"

    for name, expected in _PERSON_EXPECTED.items():
        mask = reason == REASONS[name]
        if mask.any():
            refusals.add(mask, "E_PERSON", "psn_no", claimed if name == "nobody" else found, expected)


def _insured_text(rows: InsuredRows, person: int, scheme: int, schemes: Sequence[str], areas: Sequence[str]) -> str:
    """The insured rows of a person, the earliest first and three at most: scheme, area and period of each."""
    mine = rows.people.rows[rows.people.starts[person] : rows.people.starts[person + 1]]
    same = mine[rows.scheme[mine] == scheme]
    mine = same if len(same) else mine
    mine = mine[np.lexsort((rows.area[mine], rows.scheme[mine], rows.end[mine], rows.begin[mine]))]
    said = []
    for row in mine[:_ROWS_SAID].tolist():
        until = "" if rows.end[row] == OPEN_END else f" until {day_text(int(rows.end[row]))}"
        said.append(
            f"{schemes[rows.scheme[row]]} in {areas[rows.area[row]]} from {day_text(int(rows.begin[row]))}{until}"
        )
    more = f", and {len(mine) - _ROWS_SAID} more" if len(mine) > _ROWS_SAID else ""
    return ", ".join(said) + more


def refuse_without_set(refusals: Refusals, work: Work) -> None:
    """Claims of a pool that has no rule set for their scheme, or none in force on their date."""
    mask = work.rule_set < 0
    if not mask.any():
        return
    setup = work.setup
    schemes, scheme, benefit = setup.vocabularies["insutype"].texts, work.code("insutype"), work.at("benefit")

    def found(place: int) -> str:
        pool = setup.places.pools[work.pool[place]]
        return f"pool {pool.code} {pool.name}, insutype {schemes[scheme[place]]}, {day_text(int(benefit[place]))}"

    expected = "a rule set of the pool for this scheme, in force on the benefit date"
    refusals.add(mask, "E_NO_RULE", "insutype", found, expected)


def refuse_without_identity_date(refusals: Refusals, work: Work) -> None:
    """Claims without the date at which their rule set reads identities: nobody's class is guessed."""
    by_end = [rule_set.identity_date == "enddate" for rule_set in work.setup.program.rule_sets]
    if any(by_end):
        mask = np.array([*by_end, False], np.bool_)[work.rule_set] & (work.at("enddate") == NO_DATE)
        refusals.add(mask, "E_MISSING", "enddate", "nothing", "an enddate: the rule set reads identities on it")


def refuse_without_key(refusals: Refusals, work: Work, needs: Bool) -> None:
    """Claims without the key by which their rule counts: nobody's limit is theirs, and none is one of its own."""
    for key in work.keys(needs):
        mask = np.zeros(len(work.rows), np.bool_)
        mask[key.places[key.absent]] = True
        if key.number in work.shared_keys():
            said = f"one registration (备案) {FAMILY_KEY} that holds on that day: the claim's rule counts by the family (以户为单位)"
            refusals.add(mask, "E_UNREGISTERED", "psn_no", work.said_of_family, said)
            continue
        expected = "a value: the claim's rule counts in a group that is kept apart by it"
        refusals.add(mask, "E_MISSING", key.called, "nothing", expected)


def refuse_levels(refusals: Refusals, work: Work) -> None:
    """Claims whose level is not in the pool's vocabulary."""
    level = work.code("dedc_hosp_lv")
    known = work.known.known_levels
    mask = ~looked_up(known.ravel(), (work.rule_set + 1) * np.int32(known.shape[1]) + level)
    if not mask.any():
        return
    texts = work.setup.vocabularies["dedc_hosp_lv"].texts
    sets = work.setup.program.rule_sets
    for number in np.unique(work.rule_set[mask]).tolist():
        expected = f"a level of pool {sets[number].pool}: {', '.join(sets[number].levels) or 'none'}"
        some = mask & (work.rule_set == number)
        refusals.add(some, "E_CODE", "dedc_hosp_lv", lambda place: texts[level[place]], expected)


def refuse_absent_columns(refusals: Refusals, work: Work, table: str) -> None:
    """Claims whose rule set looks at a column that their file (or, ``insured``, that of their insured row) does not have."""
    asked = [
        set(work.setup.dimension_columns(number).values()) - spares
        for number, spares in enumerate(work.known.asked_to_spare)
    ]
    _refuse_absent(refusals, work, table, asked, np.ones(len(work.rows), np.bool_))


def refuse_absent_where_waiting(refusals: Refusals, work: Work) -> None:
    """Claims that wait, and whose files do not have a column that only says whom the waiting period spares."""
    if work.waits.any():
        for table in ("claims", "insured"):
            _refuse_absent(refusals, work, table, work.known.asked_to_spare, work.waits)


def _refuse_absent(
    refusals: Refusals, work: Work, table: str, asked: Sequence[Collection[str]], among: npt.NDArray[np.bool_]
) -> None:
    """``asked``: the internal columns that each rule set looks at."""
    setup = work.setup
    lacking: dict[str, list[int]] = {}
    for name, file in sorted(setup.learned.absent_columns):
        if setup.own_columns[name].table == table:
            lacking.setdefault(name, []).append(file)
    for name, files in lacking.items():
        own = setup.own_columns[name]
        lacks = np.isin(work.at("file") if own.table == "claims" else work.of_insured("file"), files)
        for number in range(len(setup.program.rule_sets)):
            if name in asked[number]:
                mask = lacks & among & (work.rule_set == number)
                expected = f"a column “{own.column}” in the {own.table}: the rule set decides by it"
                refusals.add(mask, "E_MISSING", own.column, "no such column", expected)


def refuse_without_rule(
    refusals: Refusals, work: Work, codes: dict[str, Int32], numbers: dict[str, npt.NDArray[np.int64]]
) -> None:
    """Claims that no rule covers, or that need a parameter nobody knows."""
    setup = work.setup
    mask = work.variant < 0
    said = _combinations(work, np.flatnonzero(mask & ~refusals.refused), codes, numbers)

    def parameter(place: int) -> str:
        if work.variant[place] == NO_RULE:
            return "a rule for this combination"
        missing = setup.program.rule_sets[work.rule_set[place]].missing[-2 - work.variant[place]]
        return f"parameter {missing.parameter}, which the bureau must supply: {missing.why}"

    refusals.add(mask, "E_NO_RULE", "med_type", lambda place: said[place], parameter)


def _combinations(
    work: Work, places: npt.NDArray[np.intp], codes: dict[str, Int32], numbers: dict[str, npt.NDArray[np.int64]]
) -> dict[int, str]:
    """By place: the claim's rule set, and its value in each dimension by which that decides."""
    program = work.setup.program
    found: dict[int, str] = {}
    rule_set = work.rule_set[places]
    for number in np.unique(rule_set).tolist():
        mine = places[rule_set == number]
        columns = work.setup.dimension_columns(number)
        values: dict[str, list[str]] = {}
        for step in program.diagrams[number].steps:
            if step.dimension not in values:
                values[step.dimension] = (
                    _held(work, number, mine)
                    if step.identity
                    else _values(
                        work,
                        said_as(program.rule_sets[number], step.dimension),
                        columns[step.dimension],
                        mine,
                        codes,
                        numbers,
                    )
                )
        said = [[f"{dimension}={value}" for value in column] for dimension, column in values.items()]
        name = program.rule_sets[number].name
        for place, *one in zip(mine.tolist(), *said, strict=True):
            found[place] = f"{name}: {', '.join(one)}"
    return found


def _held(work: Work, number: int, places: npt.NDArray[np.intp]) -> list[str]:
    """The identity classes that a rule set knows and the claims' people hold."""

    @cache
    def said(held: int) -> str:
        classes = work.known.classifier.held_classes(number, held)
        return " and ".join(f"{one.title} ({one.name})" for one in classes) or "none"

    return [said(held) for held in work.held[places].tolist()]


def _values(
    work: Work,
    dimension: str,
    column: str,
    places: npt.NDArray[np.intp],
    codes: dict[str, Int32],
    numbers: dict[str, npt.NDArray[np.int64]],
) -> list[str]:
    """The values of claims in a dimension."""
    if column not in codes:
        return [
            number_text(dimension, None if value == NO_AMOUNT else value) for value in numbers[column][places].tolist()
        ]
    fixed: dict[str, Sequence[str]] = {"place": PLACES, "referral": REFERRALS}
    fixed |= {column: ANSWERS} if work.setup.is_answer(column) else {}
    texts = fixed[column] if column in fixed else work.setup.vocabularies[column].texts
    return [texts[rank] or "absent" for rank in codes[column][places].tolist()]
