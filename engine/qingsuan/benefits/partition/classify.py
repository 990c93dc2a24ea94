"""Who the person was on the day, which rule set held, and which rule a claim falls under. The door of ``_classify``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan import _classify
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_AMOUNT
from qingsuan.columns.rows import are_within, looked_up
from qingsuan.policy.decision import NO_RULE, Diagram
from qingsuan.policy.identities import MAX_CLASSES
from qingsuan.policy.model import IdentityClass, RuleSet
from qingsuan.policy.when.registrations import ANSWERS
from qingsuan.tables import PLACES, REFERRALS

__all__ = ["REASONS", "Classifier", "PersonRows", "count_registrations", "find_identities", "find_insured"]

REASONS: dict[str, int] = _classify.REASONS
"""Why a claim finds no insured row."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
MAX_COLUMNS = 64
_A_CODE, _A_NUMBER, _AN_IDENTITY = range(3)


@dataclass(frozen=True, slots=True)
class PersonRows:
    """Rows of another table by person: those of person p are ``rows[starts[p]:starts[p + 1]]``."""

    starts: npt.NDArray[np.int64]
    rows: Int32


def _check(person: Int32, other: PersonRows, *columns: Int32) -> None:
    people = len(other.starts) - 1
    if not are_within(person, people):
        raise ValueError("a person is out of range")
    if other.starts[0] != 0 or (np.diff(other.starts) < 0).any() or other.starts[-1] > len(other.rows):
        raise ValueError("rows by person are not in order")
    size = len(columns[0])
    if any(len(column) != size for column in columns):
        raise ValueError("columns differ in length")
    if not are_within(other.rows, size):
        raise ValueError("a row is out of range")


def find_insured(
    person: Int32,
    scheme: Int32,
    pool: Int32,
    date: Int32,
    insured: PersonRows,
    row_scheme: Int32,
    row_pool: Int32,
    row_begin: Int32,
    row_end: Int32,
    row_ties: Int32,
) -> tuple[Int32, npt.NDArray[np.int8]]:
    """Find each claim's insured row: same person, scheme and pool, at the claim's date; of several the latest.

    Returns
    -------
    found : (n,) int32
        The insured row, or -1.
    reason : (n,) int8
        See :data:`REASONS`.
    """
    _check(person, insured, row_scheme, row_pool, row_begin, row_end, row_ties[0])
    if not len(scheme) == len(pool) == len(date) == len(person):
        raise ValueError("columns differ in length")
    found = np.empty(len(person), np.int32)
    reason = np.empty(len(person), np.int8)
    _classify.find_insured(
        person,
        scheme,
        pool,
        date,
        insured.starts,
        insured.rows,
        row_scheme,
        row_pool,
        row_begin,
        row_end,
        row_ties,
        found,
        reason,
    )
    return found, reason


def find_identities(
    person: Int32,
    rule_set: Int32,
    date: Int32,
    identities: PersonRows,
    row_code: Int32,
    row_begin: Int32,
    row_end: Int32,
    bits: Int64,
) -> Int64:
    """Find the identity classes that each claim's person holds on its date, as bits.

    ``bits``: (sets, codes), see :meth:`Classifier.identity_bits`.
    """
    _check(person, identities, row_code, row_begin, row_end)
    if not len(rule_set) == len(date) == len(person):
        raise ValueError("columns differ in length")
    if not are_within(row_code, bits.shape[1]):
        raise ValueError("an identity code is out of range")
    if len(rule_set) and int(rule_set.max()) >= bits.shape[0]:
        raise ValueError("a rule set is out of range")
    held = np.empty(len(person), np.int64)
    _classify.find_identities(
        person, rule_set, date, identities.starts, identities.rows, row_code, row_begin, row_end, bits, held
    )
    return held


def count_registrations(
    person: Int32,
    date: Int32,
    code: Int32,
    registrations: PersonRows,
    row_value: Int32,
    row_codes: Int32,
    row_begin: Int32,
    row_end: Int32,
) -> Int64:
    """Count the different values for which each claim's person is registered on its date, of those that hold its code.

    ``row_codes``: (2, rows), the first code that a registration is for and the first behind them. Of a person, rows of one value
    lie side by side.
    """
    _check(person, registrations, row_value, row_codes[0], row_codes[1], row_begin, row_end)
    if not len(date) == len(code) == len(person):
        raise ValueError("columns differ in length")
    found = np.empty(len(person), np.int64)
    _classify.count_registrations(
        person,
        date,
        code,
        registrations.starts,
        registrations.rows,
        row_value,
        row_codes,
        row_begin,
        row_end,
        found,
    )
    return found


class Classifier:
    """The diagrams of all rule sets, laid out for the vocabularies of a run. Made once, when those are frozen.

    Parameters
    ----------
    diagrams
        One for each rule set; those of their rules unless given.

    Attributes
    ----------
    code_columns, number_columns : names of the internal columns the diagrams look at.
    """

    def __init__(self, setup: Setup, diagrams: Sequence[Diagram] | None = None) -> None:
        self.setup = setup
        program = setup.program
        self.code_columns: list[str] = []
        self.number_columns: list[str] = []
        self._sizes: list[int] = []
        self._classes: list[int] = []
        self._breaks: list[int] = []
        self._bits = [_bits_of(rule_set) for rule_set in program.rule_sets]
        steps: list[tuple[int, int, int, int]] = []
        step_starts = [0]
        transitions: list[int] = []
        roots = []
        for number, diagram in enumerate(program.diagrams if diagrams is None else diagrams):
            steps.extend(self._steps(number, diagram))
            step_starts.append(len(steps))
            roots.append(diagram.root + len(transitions) if diagram.steps else diagram.root)
            transitions.extend(self._moved(diagram, len(transitions)))
        self._steps_table = np.array(steps, np.int32).reshape(len(steps), 4)
        self._step_starts = np.array(step_starts, np.int32)
        self._roots = np.array(roots, np.int32)
        self._transitions = np.array(transitions, np.int32)
        self._class_table = np.array(self._classes, np.int32)
        self._break_table = np.array(self._breaks, np.int64)
        if max(len(self.code_columns), len(self.number_columns)) > MAX_COLUMNS:
            raise ValueError(f"rules look at more than {MAX_COLUMNS} columns")
        self._set_tables()

    def _set_tables(self) -> None:
        program = self.setup.program
        self._series = {(one.pool, one.scheme): number for number, one in enumerate(program.series)}
        self._series_starts = np.cumsum([0, *(len(one.sets) for one in program.series)]).astype(np.int32)
        self._series_sets = np.array([number for one in program.series for number in one.sets], np.int32)
        days = np.array(program.effective_days, np.int32).reshape(len(program.effective_days), 2)
        self._set_begin, self._set_end = np.ascontiguousarray(days[:, 0]), np.ascontiguousarray(days[:, 1])

    def _texts(self, dimension: str, column: str) -> list[str]:
        """The texts of a column, by number."""
        if dimension == "place":
            return list(PLACES)
        if dimension == "referral":
            return list(REFERRALS)
        if self.setup.is_answer(column):
            return list(ANSWERS)
        return self.setup.vocabularies[column].texts

    def _steps(self, number: int, diagram: Diagram) -> list[tuple[int, int, int, int]]:
        columns = self.setup.dimension_columns(number)
        own = {dimension.name: dimension for dimension in self.setup.program.rule_sets[number].dimensions}
        steps = []
        for step in diagram.steps:
            if step.identity:
                steps.append((self._bits[number][step.identity], _AN_IDENTITY, 0, 0))
                continue
            column = columns[step.dimension]
            if step.classes.breaks or column not in self._code_names():
                place = self._place(self.number_columns, column)
                steps.append((place, _A_NUMBER, len(self._breaks), len(self._breaks) + len(step.classes.breaks)))
                self._breaks.extend(step.classes.breaks)
                continue
            texts = self._texts(step.dimension, column)
            place = self._place(self.code_columns, column)
            start = len(self._classes)
            dimension = own.get(step.dimension)
            if dimension is not None and dimension.kind == "list":
                texts = ["in" if text in dimension.members else "out" for text in texts]
            self._classes.extend(step.classes.of_code(text) for text in texts)
            steps.append((place, _A_CODE, start, len(self._classes)))
            self._sizes.append(len(texts))
        return steps

    def _code_names(self) -> set[str]:
        answers = (name for name in self.setup.own_columns if self.setup.is_answer(name))
        return {"place", "referral", *answers, *self.setup.vocabularies}

    @staticmethod
    def _place(names: list[str], name: str) -> int:
        if name not in names:
            names.append(name)
        return names.index(name)

    @staticmethod
    def _moved(diagram: Diagram, start: int) -> list[int]:
        """Transitions of one diagram, moved to where they lie among all; leaves stay as they are.

        The last step's entries are leaves.
        """
        if not diagram.steps:
            return []
        moved = list(diagram.transitions)
        leaf_from = _leaf_start(diagram)
        return [value + start if place < leaf_from else value for place, value in enumerate(moved)]

    def series(self, pool: Int32, scheme: Int32) -> Int32:
        """The series of each claim's pool and scheme (numbers of a frozen vocabulary), or -1."""
        pools = [pool.code for pool in self.setup.places.pools]
        schemes = self.setup.vocabularies["insutype"].texts
        table = np.full((1 + len(pools), len(schemes)), -1, np.int32)  # the first row is of a claim without a pool, -1
        for (code, name), number in self._series.items():
            if name in schemes:
                table[1 + pools.index(code), schemes.index(name)] = number
        result: Int32 = looked_up(table.ravel(), (pool + 1) * np.int32(len(schemes)) + scheme)
        return result

    def sets(self, series: Int32, date: Int32) -> Int32:
        """The rule set in force for each claim, or -1."""
        if len(series) != len(date) or (len(series) and int(series.max()) >= len(self._series)):
            raise ValueError("a series is out of range")
        found = np.empty(len(series), np.int32)
        _classify.find_sets(series, date, self._series_starts, self._series_sets, self._set_begin, self._set_end, found)
        return found

    def identity_bits(self) -> Int64:
        """(sets, identity codes) int64: the bit of each code's class in each rule set, 0 where it is in none."""
        texts = self.setup.vocabularies["psn_idet_type"].texts
        numbers = {text: number for number, text in enumerate(texts)}
        bits = np.zeros((max(1, len(self._bits)), len(texts)), np.int64)
        for number, rule_set in enumerate(self.setup.program.rule_sets):
            for one in rule_set.identities:
                for code in one.codes:
                    if code in numbers:
                        bits[number, numbers[code]] = 1 << self._bits[number][one.name]
        return bits

    def held_classes(self, rule_set: int, held: int) -> list[IdentityClass]:
        """The identity classes of a rule set whose bits are set."""
        classes = self.setup.program.rule_sets[rule_set].identities
        return [one for one in classes if held >> self._bits[rule_set][one.name] & 1]

    def leaves(self, rule_set: Int32, codes: dict[str, Int32], numbers: dict[str, Int64], held: Int64) -> Int32:
        """Classify claims: a variant (>= 0), ``NO_RULE``, or ``-2 - m`` for a missing parameter.

        Parameters
        ----------
        codes, numbers
            The columns named by ``code_columns`` and ``number_columns``.
        held
            The identity classes held, as :func:`find_identities` gives them.

        Raises
        ------
        ValueError
            A column is missing or shorter, or a code is outside its vocabulary.
        """
        n = len(rule_set)
        code_columns = [np.ascontiguousarray(codes[name], np.int32) for name in self.code_columns]
        number_columns = [np.ascontiguousarray(numbers[name], np.int64) for name in self.number_columns]
        if {*map(len, code_columns), *map(len, number_columns), len(held)} - {n}:
            raise ValueError("columns differ in length")
        for name, column in zip(self.code_columns, code_columns, strict=True):
            if not are_within(column, len(self._texts(name, name))):
                raise ValueError(f"a code of {name} is out of range")
        if n and int(rule_set.max()) >= len(self._roots):
            raise ValueError("a rule set is out of range")
        leaves = np.full(n, NO_RULE, np.int32)
        _classify.classify_rows(
            rule_set,
            self._steps_table,
            self._step_starts,
            self._roots,
            self._transitions,
            self._class_table,
            self._break_table,
            code_columns,
            number_columns,
            held,
            leaves,
        )
        return leaves


def _bits_of(rule_set: RuleSet) -> dict[str, int]:
    """The bit of each identity class: its place in the rule set."""
    if len(rule_set.identities) > MAX_CLASSES:
        raise ValueError(f"{rule_set.file} has more than {MAX_CLASSES} identity classes")
    return {one.name: bit for bit, one in enumerate(rule_set.identities)}


def _leaf_start(diagram: Diagram) -> int:
    """Where the last step's entries begin: the smallest entry that a node of the last step has."""
    start, nodes = 0, 1
    for step in diagram.steps[:-1]:
        width = len(step.classes.truths)
        block = diagram.transitions[start : start + nodes * width]
        start += nodes * width
        nodes = len(set(block))
    return start


assert NO_AMOUNT == -(2**62), "the compiled module knows an unknown number by this value"
