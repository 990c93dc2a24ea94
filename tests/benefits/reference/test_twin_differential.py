"""Core = slow twin, to the fen, on random claims under random rule sets that use every setting.

``QINGSUAN_CASES`` sets how many claims are compared (``make differential``: a million, under hundreds of rule sets).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from differential import compare, run_engine, run_prepared, run_whole
from qingsuan.selftest import differences
from worlds import world

CASES = int(os.environ.get("QINGSUAN_CASES", "1000"))
WORLDS = 400 if CASES >= 100_000 else CASES // 250
CLAIMS = max(1, CASES // WORLDS)
PEOPLE = max(1, CLAIMS // 14)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_core_and_twin_agree(seed: int) -> None:
    made = world(seed, PEOPLE, CLAIMS)
    assert compare(made, run_engine(made)) == []


@pytest.mark.parametrize("seed", range(2000, 2000 + WORLDS // 4))
def test_core_and_twin_agree_on_registrations(seed: int) -> None:
    made = world(seed, PEOPLE, CLAIMS, registrations=True)
    assert compare(made, run_engine(made)) == []


def test_a_whole_run_and_twin_agree_on_families(tmp_path: Path) -> None:
    """Families are in one partition each, whoever's rows come first; a prepared year, which lies by person, is spread again."""
    made = world(4101, PEOPLE, CLAIMS, families=True)
    assert compare(made, run_whole(made, tmp_path, 5)) == []
    assert differences(tmp_path / "out", run_prepared(made, tmp_path, 5)) in ([], ["run.json"])


@pytest.mark.parametrize("seed", range(4000, 4000 + WORLDS // 4))
def test_core_and_twin_agree_on_families(seed: int) -> None:
    """What a family counts (以户为单位): claims of several people in one order, met by one deductible, limit and cap."""
    made = world(seed, PEOPLE, CLAIMS, registrations=seed % 2 == 0, families=True)
    engine = run_engine(made, detail=seed % 3 == 0)
    assert compare(made, engine) == []


@pytest.mark.parametrize("seed", range(3000, 3000 + WORLDS // 4))
def test_core_and_twin_agree_layer_by_layer(seed: int) -> None:
    """Claims that are told run another way through the core: their results are compared too."""
    made = world(seed, PEOPLE, CLAIMS)
    engine = run_engine(made, detail=True)
    assert engine.lines
    assert compare(made, engine) == []


@pytest.mark.parametrize("seed", range(6000, 6000 + WORLDS // 4))
def test_core_and_twin_agree_on_the_end_of_the_year(seed: int) -> None:
    """What is paid once for a person's year (年终二次报销), and goes to the last claims of it; of some worlds families count, too."""
    made = world(seed, PEOPLE, CLAIMS, families=seed % 4 == 3, year_ends=True)
    assert compare(made, run_engine(made, detail=seed % 3 == 0)) == []


@pytest.mark.parametrize("seed", range(7000, 7000 + WORLDS // 2))
def test_core_and_twin_agree_on_whole_visits(seed: int) -> None:
    """What most claims of a bureau run through; in other worlds nearly every rule asks for something that is settled apart."""
    made = world(seed, PEOPLE, CLAIMS, whole=True)
    assert compare(made, run_engine(made)) == []


@pytest.mark.parametrize(("seed", "partitions"), [(1000, 1), (1001, 3), (1002, 8)])
def test_a_whole_run_and_twin_agree(seed: int, partitions: int, tmp_path: Path) -> None:
    made = world(seed, PEOPLE, CLAIMS, registrations=seed == 1001)
    assert compare(made, run_whole(made, tmp_path, partitions)) == []
    assert differences(tmp_path / "out", run_prepared(made, tmp_path, partitions)) in ([], ["run.json"])
