"""The deliberate faults still fit the sources; whether the suite catches them takes minutes: ``make mutants``."""

from __future__ import annotations

import pytest

from mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_the_text_to_change_is_there_exactly_once(mutant: Mutant) -> None:
    text = (ROOT / "ext" / "qingsuan" / mutant.source).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


def test_the_five_kinds_of_fault_are_there() -> None:
    kinds = {mutant.name.split(":")[0] for mutant in MUTANTS}
    assert {"rounding", "band bound", "cap", "visit count", "order"} <= kinds
