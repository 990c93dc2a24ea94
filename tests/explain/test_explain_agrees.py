"""An explanation agrees with the bulk result: every claim of random worlds, settled, rejected and reversed.

``QINGSUAN_CASES`` sets how many claims are explained (``make explain-agrees``: a million of each kind).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explaining import disagreements, opened_world, sampled_year
from held_in_memory import people_by_partition, readable_claims
from qingsuan.explain.whole import Explainer
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


@pytest.mark.parametrize("seed", range(3500, 3500 + max(1, CASES // 20_000)))
def test_every_claim_of_a_family_agrees(seed: int, tmp_path: Path) -> None:
    """What others of a family have used (以户为单位) is found, in whichever partition of the year and of the run they are."""
    made = world(seed, 12, 100, families=True)
    opened = opened_world(made, tmp_path, 3)
    explained = [Explainer(opened).explain(psn_no=psn_no) for psn_no in people_by_partition(opened)]
    assert sum(len(one.claims) for one in explained) == readable_claims(opened.folder) > 30
    assert [one.psn_no for one in explained if not one.agrees] == []


SAMPLES = max(1, CASES // 50_000)


@pytest.mark.parametrize("seed", range(SAMPLES))
def test_every_claim_of_the_four_pools_agrees(seed: int, tmp_path: Path) -> None:
    """A made-up year of the pools of the plugins: bad rows, copies, reversals and stays in parts among it."""
    wanted = CASES // SAMPLES
    opened = sampled_year(tmp_path, seed, wanted)
    count, found = disagreements(opened)
    assert count == readable_claims(opened.folder) > wanted // 2
    assert found == []
