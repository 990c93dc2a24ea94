"""The deliberate faults still fit the sources; whether the suite catches them takes minutes: ``make mutants``."""

from __future__ import annotations

import pytest

from mutants import MUTANTS, ROOT, Mutant, a_part, chosen


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_the_text_to_change_is_there_exactly_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


DECIDE_NOTHING = {
    "_crash.pyx": "it tells of a library that ended the process; tests/run/machine judges it",
    "_footers.pyx": "it counts what pages say and moves places; tests/run/inputs judges it",
    "_thrift.pxd": "it declares the reader of _thrift.pyx",
    "_csv.pyx": "it finds lines and quotes; tests/run/inputs judges it",
    "_thrift.pyx": "it reads the headers of Parquet pages; tests/run/inputs judges it",
    "_rows.pyx": "it moves and adds up columns; tests/columns judges it",
    "_sound.pyx": "it looks at columns just decoded; tests/run/inputs judges it",
    "_texts.pxd": "it compares texts in memory; tests/test_people.py judges it",
}
"""The compiled sources without a deliberate fault, and why: no rule of a settlement is in them."""


def test_every_compiled_source_that_settles_has_a_deliberate_fault() -> None:
    there = {path.name for path in (ROOT / "ext" / "qingsuan").iterdir() if path.suffix in {".pyx", ".pxd"}}
    assert set(DECIDE_NOTHING) < there
    assert there - set(DECIDE_NOTHING) == {mutant.source for mutant in MUTANTS if mutant.path.suffix != ".py"}


def test_the_plan_has_deliberate_faults() -> None:
    """It is Python, and decides as much as the core that follows it."""
    assert sum(mutant.source == "benefits/core/plan.py" for mutant in MUTANTS) >= 9


def test_no_two_deliberate_faults_are_one() -> None:
    """A fault is known by its name, and a second one with the same change would be judged twice."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.source, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)


def test_parts_of_the_faults_are_all_of_them_once() -> None:
    parts = [chosen([], (number, 5)) for number in range(1, 6)]
    assert sorted(mutant.name for part in parts for mutant in part) == sorted(mutant.name for mutant in MUTANTS)


@pytest.mark.parametrize("text", ["0/5", "6/5", "1", "1/2/3", "one/2", ""])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a number of parts|not enough values|invalid literal"):
        a_part(text)
