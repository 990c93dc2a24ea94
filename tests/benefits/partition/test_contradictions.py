"""Insured rows that contradict each other: found as plain Python finds them, and tried as the slow twin would settle them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

from differential import run_whole, twin_row
from qingsuan.benefits.partition.contradictions import LISTED
from qingsuan.benefits.reference import twin
from qingsuan.benefits.reference.twin import Claim, Insured, Places, settle_year
from settling import RULES, Ran, claim, install, insured, only, read, run, settle, write
from worlds import World, world

COLUMNS = ("psn_type", "insu_admdvs", "brdy", "wait_end_date", "acct_balc", "x_tier", "x_years", "x_quota")
FOREVER = dt.date.max


def value_of(row: Insured, column: str) -> Any:
    if column == "x_quota":
        return row.extra["insured.x_quota"]
    return row.extra[column[2:]] if column.startswith("x_") else getattr(row, column)


def differing(row: Insured, other: Insured) -> set[str]:
    """In which columns two rows differ; a balance that is not given differs from none."""
    found = {name for name in COLUMNS if (value_of(row, name) or None) != (value_of(other, name) or None)}
    for name in ("acct_balc", "x_years", "x_quota"):  # 0 is not absent
        if value_of(row, name) != value_of(other, name):
            found.add(name)
    return found - {"acct_balc"} if None in (row.acct_balc, other.acct_balc) else found


def expected_pairs(made: World) -> set[tuple[str, str, frozenset[Any]]]:
    """Person, kind and the two rows of every contradiction, by comparing every two different rows of a person."""
    places = Places(made.regions)
    asked = {one.psn_no for one in made.claims if places.pool_of(one.insu_admdvs) is not None}
    found = set()
    by_person: dict[str, list[Insured]] = {}
    for row in made.insured:
        if row.psn_no in asked and row not in by_person.setdefault(row.psn_no, []):
            by_person[row.psn_no].append(row)
    for psn_no, rows in by_person.items():
        for number, row in enumerate(rows):
            for other in rows[:number]:
                kind = kind_of(row, other, rows, places, made)
                if kind:
                    found.add((psn_no, kind, frozenset({content(row), content(other)})))
    return found


def content(row: Insured) -> tuple[Any, ...]:
    return (row.insutype, row.begndate, row.enddate, *(value_of(row, name) for name in COLUMNS))


def kind_of(row: Insured, other: Insured, rows: Sequence[Insured], places: Places, made: World) -> str:
    account = row.insutype == other.insutype and places.pool_of(row.insu_admdvs) == places.pool_of(other.insu_admdvs)
    together = row.begndate <= (other.enddate or FOREVER) and other.begndate <= (row.enddate or FOREVER)
    names = differing(row, other)
    if account and together and names - {"insu_admdvs"}:
        return "same-account"
    if row.brdy and other.brdy and row.brdy != other.brdy:
        return "birth"
    if account and "acct_balc" in names:
        mine = [
            one
            for one in rows
            if one.insutype == row.insutype and places.pool_of(one.insu_admdvs) == places.pool_of(row.insu_admdvs)
        ]
        if opener(mine, first_day(made, places.pool_of(row.insu_admdvs), row.insutype)) in (row, other):
            return "balance"
    return "place" if together and row.insu_admdvs != other.insu_admdvs else ""


def first_day(made: World, pool: str, insutype: str) -> dt.date:
    """The first day of the benefit year of a pool and scheme."""
    begins = [one.year_begins for one in made.rule_sets if one.pool == pool and insutype in one.schemes]
    return dt.date(made.year, *(begins[0] if begins else (1, 1)))


def opener(rows: Sequence[Insured], day: dt.date) -> Insured:
    """The row whose balance opens an account, of a benefit year that begins on ``day``."""
    judge = twin._Year(Places(()), (), 2021, {})
    judge.own_codes, judge.own_numbers = ["tier"], ["years", "insured.x_quota"]
    given = [row for row in rows if row.acct_balc is not None]
    held = [row for row in given if row.begndate <= day <= (row.enddate or FOREVER)]
    return max(
        held or [row for row in given if row.begndate == min(one.begndate for one in given)], key=judge.precedence
    )


def listed(made: World, folder: Path, partitions: int) -> list[dict[str, Any]]:
    run_whole(made, folder, partitions)
    parts = sorted((folder / "out" / "contradictions").glob("part-*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


@pytest.mark.parametrize(("seed", "partitions"), [(2001, 3), (2002, 1)])
def test_every_contradiction_is_listed_once(seed: int, partitions: int, tmp_path: Path) -> None:
    made = world(seed, 150, 600)
    found = [
        (
            row["psn_no"],
            row["kind"],
            frozenset(content(made.insured[row[key] - 1]) for key in ("source_row", "other_source_row")),
        )
        for row in listed(made, tmp_path, partitions)
    ]
    assert len(found) == len(set(found)) > 20
    assert set(found) == expected_pairs(made)
    assert {kind for _, kind, _ in found} >= {"same-account", "birth"}


def settled_otherwise(made: World, psn_no: str, row: Insured, other: Insured, *, decides: bool, opens: bool) -> Any:
    """The slow twin over one person, with ``other`` taken instead of ``row`` where both hold, or where it opens."""

    class Otherwise(twin._Year):
        def insured_row(self, claim: Claim, pool: str, insured: Sequence[Insured]) -> Insured | None:
            found = super().insured_row(claim, pool, insured)
            holds = other.begndate <= claim.begndate <= (other.enddate or FOREVER)
            return other if decides and found == row and holds else found

        def opening_balance(self, claim: Claim, pool: str, insured: Sequence[Insured]) -> int:
            same = [
                one
                for one in insured
                if one.insutype == claim.insutype and self.places.pool_of(one.insu_admdvs) == pool
            ]
            given = [one for one in same if one.acct_balc is not None]
            day = first_day(made, pool, claim.insutype)
            if opens and given and opener(given, day) in (row, other):
                return (other if opener(given, day) == row else row).acct_balc or 0
            return super().opening_balance(claim, pool, insured)

    mine = [[one for one in rows if one.psn_no == psn_no] for rows in (made.claims, made.insured, made.identities)]
    with patch.object(twin, "_Year", Otherwise):
        outcome = settle_year(*mine, Places(made.regions), made.rule_sets, made.year)  # type: ignore[arg-type]
    paid_by = [replace(one, variant="") for one in outcome.settled]  # another name for equal payments is no difference
    return [(one.claim.setl_id, twin_row(one)) for one in paid_by]


def test_whether_a_result_would_differ_is_what_the_slow_twin_says(tmp_path: Path) -> None:
    tried = [outcome for seed in range(2010, 2013) for outcome in tried_in(world(seed, 120, 600), tmp_path / str(seed))]
    assert tried.count(True) > 3
    assert tried.count(False) > 0


def tried_in(made: World, folder: Path) -> list[bool]:
    """Compare each contradiction of a world with the twin; what came out."""
    places = Places(made.regions)
    tried = []
    for one in listed(made, folder, 2):
        row, other = (made.insured[one[key] - 1] for key in ("source_row", "other_source_row"))
        if one["kind"] in ("birth", "place"):
            assert one["would_differ"] is None
            continue
        if one["claims"] == 0:
            assert one["would_differ"] is False
            continue
        decides = one["kind"] == "same-account"
        opens = {row.acct_balc, other.acct_balc} != {row.acct_balc} and None not in (row.acct_balc, other.acct_balc)
        as_it_is = settled_otherwise(made, one["psn_no"], row, other, decides=False, opens=False)
        otherwise = settled_otherwise(made, one["psn_no"], row, other, decides=decides, opens=opens)
        assert one["would_differ"] == (as_it_is != otherwise), (one, row, other)
        if decides:
            assert places.pool_of(row.insu_admdvs) == places.pool_of(other.insu_admdvs)
        tried.append(one["would_differ"])
    return tried


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=RULES)
    only(tmp_path / "site", monkeypatch)


def settled(tmp_path: Path, people: list[Any], claims: list[Any] | None = None, *more: object) -> Ran:
    rows = write(tmp_path / "claims.csv", claims or [claim()])
    return settle(rows, write(tmp_path / "insured.csv", people), tmp_path / "out", *more)


ROWS = [
    insured(brdy="1960-01-01", wait_end_date=""),
    insured(psn_type="1401", brdy="1960-01-01", wait_end_date=""),
    insured(brdy="2010-01-01", wait_end_date=""),
    insured(brdy="1960-01-01", wait_end_date="2022-03-31"),
    insured(brdy="1960-01-01", wait_end_date="", acct_balc="51.00"),
    insured(brdy="1960-01-01", wait_end_date="", insu_admdvs="990102"),
    insured(brdy="1960-01-01", wait_end_date=""),
]


def test_which_row_decides_depends_on_no_order_of_rows(tmp_path: Path, installed: None) -> None:
    del installed
    results = set()
    orders = list(permutations(range(len(ROWS))))[::240]
    for order in orders:
        claims = [claim(acct_used_flag="1")]
        assert settled(tmp_path, [ROWS[number] for number in order], claims, "--overwrite").status == 0
        told = [
            tuple(row[name] for name in ("kind", "columns", "values", "other_values", "claims", "would_differ"))
            for row in read(tmp_path / "out", "contradictions")
        ]
        results.add((str(read(tmp_path / "out", "settled")), tuple(told)))
    assert len(results) == 1


def test_the_table_says_which_rows_which_decides_and_in_what_they_differ(tmp_path: Path, installed: None) -> None:
    del installed
    people = [
        insured(wait_end_date="", psn_type="1401"),
        insured(wait_end_date="2022-03-01"),
        insured(wait_end_date=""),
    ]
    ran = settled(tmp_path, people)
    first, second, third = read(tmp_path / "out", "contradictions")
    assert first == {
        "psn_no": "p1",
        "kind": "same-account",
        "insutype": "390",
        "pool": "990100",
        "source_file": "insured.csv",
        "source_row": 2,
        "other_insutype": "390",
        "other_pool": "990100",
        "other_source_file": "insured.csv",
        "other_source_row": 3,
        "columns": "wait_end_date",
        "values": "2022-03-01",
        "other_values": "",
        "claims": 1,
        "would_differ": True,
        "more": False,
    }
    assert [(row["source_row"], row["other_source_row"], row["claims"]) for row in (second, third)] == [
        (2, 1, 1),
        (3, 1, 0),
    ]
    told = " ".join(ran.out.split())
    assert "same scheme and pool on one day 3 1 1 2 0" in told
    assert f"in {tmp_path / 'out' / 'contradictions' / 'part-*.parquet'}" in ran.out
    assert run("verify", tmp_path / "out").status == 0


def test_the_same_row_twice_is_harmless(tmp_path: Path, installed: None) -> None:
    del installed
    year = {"enddate": "2022-12-31"}
    people = [insured(**year), insured(**year), insured(psn_no="p2"), insured(begndate="2023-01-01", psn_type="1401")]
    ran = settled(tmp_path, people)
    assert not (tmp_path / "out" / "contradictions").exists()
    assert "contradict" not in ran.out


def test_one_number_for_several_people_is_reported_and_strict_refuses_their_claims(
    tmp_path: Path, installed: None
) -> None:
    """A spreadsheet keeps 15 digits of a number: people in two pools, born on two days, become one."""
    del installed
    people = [
        insured(brdy="1960-01-01", acct_balc="", enddate="2022-06-30"),
        insured(brdy="1971-01-01", acct_balc="", begndate="2022-07-01"),
        insured(brdy="1960-01-01", acct_balc="", insu_admdvs="990201", insutype="310"),
        insured(psn_no="p2", brdy="", acct_balc=""),
    ]
    claims = [claim(), claim(setl_id="s2", psn_no="p2")]
    assert settled(tmp_path, people, claims).status == 0
    rows = read(tmp_path / "out", "contradictions")
    assert sorted((row["kind"], row["columns"], row["claims"]) for row in rows) == [
        ("birth", "brdy", 0),
        ("birth", "brdy", 1),
        ("place", "insu_admdvs", 1),
    ]
    assert settled(tmp_path, people, claims, "--strict", "--overwrite").status == 0
    (refused,) = read(tmp_path / "out", "rejected")
    assert (refused["setl_id"], refused["code"], refused["column"]) == ("s1", "E_CONTRADICTION", "psn_no")
    assert "insured.csv row 2 and insured.csv row 1 contradict each other: brdy 1971-01-01" in refused["found"]
    assert [row["setl_id"] for row in read(tmp_path / "out", "settled")] == ["s2"]


@pytest.mark.parametrize(
    ("rows", "balance", "kinds"),
    [
        ([("2021-01-01", "", "100.00"), ("2022-05-01", "", "300.00")], "100.00", ["same-account"]),
        ([("2021-01-01", "2022-02-28", "100.00"), ("2022-03-01", "", "")], "100.00", []),
        ([("2021-01-01", "2022-02-28", ""), ("2022-03-01", "", "300.00")], "300.00", []),
        ([("2021-01-01", "2022-02-28", "100.00"), ("2022-03-01", "", "300.00")], "100.00", ["balance"]),
        ([("2022-02-01", "2022-02-28", "100.00"), ("2022-03-01", "", "300.00")], "100.00", ["balance"]),
        ([("2021-01-01", "", "100.00"), ("2022-01-01", "", "300.00")], "300.00", ["same-account"]),
        ([("2021-01-01", "", "100.00"), ("2021-01-01", "", "300.00")], "300.00", ["same-account"]),
        ([("2020-01-01", "2021-12-31", "100.00"), ("2022-03-01", "", "300.00")], "100.00", ["balance"]),
        ([("2021-01-01", "2022-02-28", ""), ("2022-03-01", "", "")], "0.00", []),
    ],
)
def test_which_balance_opens_an_account(
    tmp_path: Path, installed: None, rows: list[tuple[str, str, str]], balance: str, kinds: list[str]
) -> None:
    del installed
    people = [insured(begndate=begin, enddate=end, acct_balc=given) for begin, end, given in rows]
    for order in (people, people[::-1]):
        assert settled(tmp_path, order, [claim()], "--overwrite").status == 0
        (row,) = read(tmp_path / "out", "settled")
        assert str(row["balc"]) == balance
        assert [one["kind"] for one in read(tmp_path / "out", "contradictions")] == kinds


def test_a_person_with_very_many_rows_takes_no_more_than_is_listed(tmp_path: Path, installed: None) -> None:
    del installed
    people = [insured(acct_balc=f"{number}.00", psn_type=("1501", "1403")[number % 2]) for number in range(3000)]
    assert settled(tmp_path, people, [claim(), claim(setl_id="s2", psn_no="p2")]).status == 0
    rows = read(tmp_path / "out", "contradictions")
    assert len(rows) == LISTED
    assert [row["more"] for row in rows] == [False] * (LISTED - 1) + [True]
    assert [row["would_differ"] is None for row in rows] == [False] * 16 + [True] * (LISTED - 16)
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["contradictions"]["same-account"]["pairs"] == LISTED


def test_strict_runs_and_others_do_not_go_on_with_each_other(tmp_path: Path, installed: None) -> None:
    del installed
    people = [insured(), insured(psn_type="1401")]
    assert settled(tmp_path, people, [claim()], "--strict").status == 0
    (tmp_path / "out" / "run.json").unlink()
    again = settled(tmp_path, people, [claim()], "--resume")
    assert again.status == 2
    assert "strict" in again.err


def test_strict_refuses_before_a_rule_is_looked_for_and_settles_who_does_not_contradict(
    tmp_path: Path, installed: None
) -> None:
    del installed
    people = [insured(), insured(psn_type="1401", begndate="2022-03-02"), insured(psn_no="p2")]
    claims = [
        claim(med_type="11"),
        claim(setl_id="s2", begndate="2022-03-02"),
        claim(setl_id="s3", begndate="2022-03-02", med_type="11"),
        claim(setl_id="s4", psn_no="p2"),
        claim(setl_id="s5", psn_no="p3"),
    ]
    assert settled(tmp_path, people, claims, "--strict").status == 0
    assert {row["setl_id"]: row["code"] for row in read(tmp_path / "out", "rejected")} == {
        "s1": "E_NO_RULE",
        "s2": "E_CONTRADICTION",
        "s3": "E_CONTRADICTION",
        "s5": "E_PERSON",
    }
    (one,) = read(tmp_path / "out", "contradictions")
    assert (one["source_row"], one["claims"], one["would_differ"]) == (2, 2, False)


def test_a_contradiction_in_the_middle_of_the_year_moves_later_claims_too(tmp_path: Path, installed: None) -> None:
    """The row that would decide puts the first visit into the waiting period: the second visit is then the first."""
    del installed
    people = [
        insured(wait_end_date="", enddate="2022-03-31"),
        insured(wait_end_date="2022-03-20", enddate="2022-03-20", begndate="2021-06-01"),
        insured(wait_end_date="", begndate="2022-04-01"),
    ]
    later = claim(setl_id="s2", begndate="2022-04-02", enddate="2022-04-03", setl_time="2022-04-03 10:00:00")
    assert settled(tmp_path, people, [claim(), later]).status == 0
    rows = read(tmp_path / "out", "contradictions")
    assert [(row["source_row"], row["claims"], row["would_differ"]) for row in rows] == [(1, 1, True)]
