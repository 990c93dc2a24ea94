"""An explanation agrees with the bulk result: every claim of random worlds, settled, rejected and reversed.

``QINGSUAN_CASES`` sets how many claims are explained (``make explain-agrees``: a million of each kind).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explaining import disagreements, opened_world, sampled_year
from held_in_memory import people_by_partition, readable_claims
from qingsuan.explain.document import Explanation, YearEndClaim, YearEndUse
from qingsuan.explain.page.page import page_of
from qingsuan.explain.text.whole import text_of
from qingsuan.explain.whole import Explainer
from worlds import world

CASES = int(os.environ.get("QINGSUAN_CASES", "150"))
CLAIMS = min(CASES, 10_000)
LEFT = "At the end of the year: what the claims of the year left"


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


def test_the_end_of_a_year_is_explained_claim_by_claim(tmp_path: Path) -> None:
    """What the claims of a year left is the sum that its layer settles, and what falls to them is what it pays."""
    made = world(3700, 8, 80, year_ends=True)
    opened = opened_world(made, tmp_path, 1)
    explained = [Explainer(opened).explain(psn_no=psn_no) for psn_no in people_by_partition(opened)]
    assert [one.psn_no for one in explained if not one.agrees] == []
    paid, drawn = 0, dict[bool, Explanation]()
    for one in explained:
        years: dict[tuple[YearEndClaim, ...], list[YearEndUse]] = {}
        for claim in one.claims:
            if claim.year_end is not None:
                years.setdefault(claim.year_end.counted, []).append(claim.year_end)
        for counted, ends in years.items():
            assert [end.left_fen for end in ends] == [each.left_fen for each in counted]
            assert sum(each.left_fen for each in counted) == ends[0].layer.entered_fen
            assert sum(end.paid_fen for end in ends) == ends[0].layer.pay_fen
            assert all(end.later_fen + end.paid_fen <= end.layer.pay_fen for end in ends)
            paid += ends[0].layer.pay_fen > 0
        assert (LEFT in text_of(one)) is bool(years)
        drawn.setdefault(bool(years), one)
    assert paid
    assert {is_left: LEFT in page_of(one) for is_left, one in drawn.items()} == {True: True, False: False}


SAMPLES = max(1, CASES // 50_000)


@pytest.mark.parametrize("seed", range(SAMPLES))
def test_every_claim_of_the_four_pools_agrees(seed: int, tmp_path: Path) -> None:
    """A made-up year of the pools of the plugins: bad rows, copies, reversals and stays in parts among it."""
    wanted = CASES // SAMPLES
    opened = sampled_year(tmp_path, seed, wanted)
    count, found = disagreements(opened)
    assert count == readable_claims(opened.folder) > wanted // 2
    assert found == []
