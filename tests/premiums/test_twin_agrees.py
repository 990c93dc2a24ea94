"""People settled by whole columns come out as the slow twin has them, person by person, to the fen.

``QINGSUAN_PREMIUM_ROWS`` says on how many random rows (``make differential-premiums``).
"""

from __future__ import annotations

import os
from collections import Counter

import pyarrow as pa
import pytest

from premium_worlds import FIRST, World, world
from qingsuan.columns.cells import read_money
from qingsuan.premiums.model import BEARERS
from qingsuan.premiums.results import AMOUNTS
from qingsuan.settlement import Settled

ROWS = int(os.environ.get("QINGSUAN_PREMIUM_ROWS", "9000"))
LEAST_WORLDS = 10 if ROWS < 100_000 else 100
PEOPLE = max(90, ROWS // LEAST_WORLDS // 3)


def fen(table: pa.Table, name: str) -> list[int]:
    return read_money(table[name]).values.tolist()  # type: ignore[no-any-return]


def people_of(settled: Settled) -> dict[str, tuple[object, ...]]:
    table = settled.tables["premiums"]
    columns = [table[name].to_pylist() for name in ("psn_no", "insu_admdvs", "assist_group")]
    columns += [fen(table, f"{name}_amt" if name in BEARERS else name) for name in AMOUNTS]
    return {row[0]: (row[1], row[2] or "", *row[3:]) for row in zip(*columns, strict=True)}


def expected_of(given: World) -> dict[str, tuple[object, ...]]:
    return {
        one.psn_no: (one.admdvs, one.group, *(one.borne[n] if n in BEARERS else getattr(one, n) for n in AMOUNTS))
        for one in given.by_hand().people.values()
    }


@pytest.mark.parametrize("seed", range(LEAST_WORLDS))
def test_columns_and_twin_agree(seed: int) -> None:
    given = world(seed, PEOPLE)
    settled, by_hand = given.by_columns(), given.by_hand()
    assert people_of(settled) == expected_of(given)
    aside = settled.tables["unapplied"]
    rows = zip(
        aside["psn_no"].to_pylist(),
        aside["table"].to_pylist(),
        fen(aside, "amount"),
        aside["reason"].to_pylist(),
        strict=True,
    )
    assert Counter(rows) == Counter(by_hand.unapplied)
    gaps = settled.tables["gaps"]
    days = (gaps[name].cast(pa.int32()).to_pylist() for name in ("last_day", "next_day"))
    listed = list(zip(gaps["psn_no"].to_pylist(), gaps["kind"].to_pylist(), *days, strict=True))
    assert sorted(map(str, listed)) == sorted(map(str, by_hand.gaps))
    refused = {given.insured[row].psn_no for row in settled.refused["row"].to_pylist()}
    assert refused == set(by_hand.refused)


def test_the_random_worlds_are_many_enough_and_say_everything() -> None:
    given = [world(seed, PEOPLE) for seed in range(LEAST_WORLDS)]
    assert sum(one.rows for one in given) >= ROWS
    by_hand = [one.by_hand() for one in given]
    people = [person for one in by_hand for person in one.people.values()]
    reasons = {reason for one in by_hand for _, _, _, reason in one.unapplied}
    assert reasons == {"not-counted", "not-settled", "more-taken-back-than-paid"}
    assert {kind for one in by_hand for _, kind, _, _ in one.gaps} == {"not-insured", "interrupted"}
    for name in ("carried_in", "paid_elsewhere", "shortfall", "overpaid", "carried_out"):
        assert sum(getattr(person, name) > 0 for person in people) > 20, name
    assert {bearer for person in people for bearer, amount in person.borne.items() if amount} == set(BEARERS)
    assert sum(person.assisted == person.standard for person in people) > 20


@pytest.mark.parametrize("seed", range(100, 100 + LEAST_WORLDS))
def test_what_goes_in_comes_out_and_every_person_adds_up(seed: int) -> None:
    given = world(seed, PEOPLE)
    settled = given.by_columns()
    table, counts = settled.tables["premiums"], settled.counts
    of = {name: fen(table, f"{name}_amt" if name in BEARERS else name) for name in AMOUNTS}
    for row in zip(*of.values(), strict=True):
        one = dict(zip(of, row, strict=True))
        assert one["assisted"] == sum(one[bearer] for bearer in BEARERS) <= one["standard"]
        assert one["due"] == one["standard"] - one["assisted"] + one["carried_in"]
        assert one["shortfall"] - one["overpaid"] == one["due"] - one["paid"]
        assert min(one["shortfall"], one["overpaid"]) == 0
        assert min(one["due"], one["paid"], one["shortfall"], one["overpaid"]) >= 0
        assert one["carried_out"] in (0, one["shortfall"])
    aside = dict.fromkeys(("premiums", "shortfalls"), 0)
    for name, amount in zip(
        settled.tables["unapplied"]["table"].to_pylist(), fen(settled.tables["unapplied"], "amount"), strict=True
    ):
        aside[name] += amount
    assert sum(one.fen for one in given.paid) == sum(of["paid"]) + aside["premiums"]
    assert sum(one.fen for one in given.owed) == sum(of["carried_in"]) + aside["shortfalls"]
    sums = settled.totals["sums"].to_pydict()
    assert {name: sum(sums[name]) for name in AMOUNTS} == {name: sum(column) for name, column in of.items()}
    assert sum(sums["heads"]) == counts["heads"] == table.num_rows
    residents = sum(row.scheme != "310" and row.last >= FIRST for row in given.insured)
    assert counts["rows_counted"] + counts["rows_duplicate"] + settled.refused.num_rows == residents
