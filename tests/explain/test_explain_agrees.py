"""An explanation agrees with the bulk result: every claim of random worlds, settled, rejected and reversed.

``QINGSUAN_CASES`` sets how many claims are explained (``make explain-agrees``: a million of each kind).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explaining import disagreements, opened_world, sampled_year
from held_in_memory import readable_claims
from worlds import world

CASES = int(os.environ.get("QINGSUAN_CASES", "150"))
CLAIMS = min(CASES, 10_000)


@pytest.mark.parametrize("seed", range(3000, 3000 + max(1, CASES // CLAIMS)))
def test_every_claim_of_a_random_world_agrees(seed: int, tmp_path: Path) -> None:
    made = world(seed, max(1, CLAIMS // 14), CLAIMS, registrations=seed % 2 == 0)
    opened = opened_world(made, tmp_path, 1 + seed % 3)
    count, found = disagreements(opened)
    assert count == readable_claims(opened.folder) > CLAIMS // 3
    assert found == []


SAMPLES = max(1, CASES // 50_000)


@pytest.mark.parametrize("seed", range(SAMPLES))
def test_every_claim_of_the_four_pools_agrees(seed: int, tmp_path: Path) -> None:
    """A made-up year of the pools of the plugins: bad rows, copies, reversals and stays in parts among it."""
    wanted = CASES // SAMPLES
    opened = sampled_year(tmp_path, seed, wanted)
    count, found = disagreements(opened)
    assert count == readable_claims(opened.folder) > wanted // 2
    assert found == []
