"""Stays of one person that overlap: settled as they came, counted, and warned of."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qingsuan.benefits.partition.overlaps import overlapping
from qingsuan.columns.cells import NO_DATE
from settling import RULES, claim, install, insured, only, read, settle, write


def plainly(rows: list[tuple[int, int, int, int]]) -> list[bool]:
    """Whether another stay of the person that began before it (or on its day, and stands before it) ends after its begin."""
    found = []
    for number, (person, begin, end, stay) in enumerate(rows):
        others = [
            other
            for place, other in enumerate(rows)
            if place != number
            and other[0] == person
            and (not stay or other[3] != stay)
            and other[2] > other[1]
            and (other[1], other[2], place) < (begin, end, number)
        ]
        found.append(end > begin and any(other[2] > begin for other in others))
    return found


def test_overlaps_are_those_that_comparing_every_two_stays_finds() -> None:
    dice = random.Random(18)
    seen = 0
    for _ in range(300):
        rows = []
        for person in range(dice.randint(1, 4)):
            for _ in range(dice.randint(0, 6)):
                begin = dice.randrange(30)
                end = dice.choice([begin, begin + dice.randrange(12), begin + 3, NO_DATE])
                rows.append((person, begin, end, dice.choice([0, 0, 0, 1, 2])))
        columns = [np.array(column, np.int32) for column in zip(*rows, strict=True)] or [np.zeros(0, np.int32)] * 4
        assert overlapping(*columns).tolist() == plainly(rows), rows
        seen += sum(plainly(rows))
    assert seen > 100


def test_the_run_counts_them_and_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=RULES)
    only(tmp_path / "site", monkeypatch)

    def stay(setl_id: str, begin: str, end: str, **more: Any) -> dict[str, str | None]:
        return claim(setl_id=setl_id, begndate=begin, enddate=end, setl_time=f"{end} 10:00:00", **more)

    claims = [
        stay("a", "2022-03-01", "2022-03-10"),
        stay("b", "2022-03-10", "2022-03-12"),  # admitted on the day of discharge
        stay("c", "2022-03-11", "2022-03-20"),
        stay("d", "2022-03-15", "2022-03-15"),  # a day
        stay("e", "2022-03-01", "2022-03-10", psn_no="p2"),
        stay("f", "2022-03-02", "2022-03-03", med_type="11"),  # rejected
    ]
    people = write(tmp_path / "insured.csv", [insured(), insured(psn_no="p2")])
    for partitions in (1, 3):
        options = ("--partitions", partitions, "--overwrite")
        ran = settle(write(tmp_path / "claims.csv", claims), people, tmp_path / "out", *options)
        assert ran.status == 0, ran.err
        record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
        assert record["overlapping_stays"] == {"claims": 1, "people": 1}
        assert "1 claims of 1 people are of stays that began while another stay" in " ".join(ran.out.split())
    assert len(read(tmp_path / "out", "settled")) == 5
    ran = settle(write(tmp_path / "claims.csv", claims[:2]), people, tmp_path / "out", "--overwrite")
    assert "of stays that began" not in ran.out
