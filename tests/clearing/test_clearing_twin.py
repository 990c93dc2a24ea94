"""Contracts cleared by whole columns come out as the slow twin has them, term by term, to the fen.

``QINGSUAN_CLEARING_ROWS`` says on how many random claims (``make differential-clearing``).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from clearing_worlds import NAME, World, world
from qingsuan.clearing.lines import TERMS
from qingsuan.clearing.reference.twin import ByHand
from qingsuan.settlement import Settled

ROWS = int(os.environ.get("QINGSUAN_CLEARING_ROWS", "8000"))
LEAST_WORLDS = 10 if ROWS < 100_000 else 100
CLAIMS = ROWS // LEAST_WORLDS


def fen(table: pa.Table, name: str) -> list[int]:
    return [int(each.scaleb(2)) for each in table[name].to_pylist()]


def terms_of(given: World, settled: Settled, names: list[str]) -> dict[tuple[object, ...], dict[str, int]]:
    table = settled.tables["clearing"]
    columns = {name: table[name].to_pylist() if name in ("psntime", "quantity") else fen(table, name) for name in names}
    keys = zip(*(table[name].to_pylist() for name in (*NAME, "first_month")), strict=True)
    return {key: {name: columns[name][place] or 0 for name in names} for place, key in enumerate(keys)}


def expected_of(given: World, by_hand: ByHand) -> dict[tuple[object, ...], dict[str, int]]:
    contracts = given.bureau.contracts
    return {
        (*contracts[number].name, f"2022-{contracts[number].first_month:02d}"): terms
        for number, terms in by_hand.terms.items()
    }


@pytest.mark.parametrize("seed", range(LEAST_WORLDS))
def test_columns_and_twin_agree(seed: int, tmp_path: Path) -> None:
    given = world(seed, CLAIMS, tmp_path)
    by_hand, settled = given.by_hand, given.by_columns
    expected = expected_of(given, by_hand)
    names = list(next(iter(expected.values())))
    assert terms_of(given, settled, names) == expected
    cases = settled.tables["cases"]
    keys = zip(*(cases[name].to_pylist() for name in ("pool", "insutype", "setl_id")), strict=True)
    assert dict(zip(keys, fen(cases, "standard"), strict=True)) == by_hand.cases
    borne = Counter[tuple[object, ...]]()
    for row in settled.tables["payers"].to_pylist():
        borne[(*(row[name] for name in NAME), row["part"], row["payer"])] += int(row["amount"].scaleb(2))
    for (number, *one), amount in by_hand.borne.items():
        borne[(*given.bureau.contracts[number].name, *one)] -= amount
    assert not any(borne.values())
    unsettled = Counter[tuple[str, str]]()
    for row in settled.tables["unsettled"].to_pylist():
        unsettled[row["kind"], row["table"]] += row["rows"]
    assert unsettled == by_hand.unsettled


@pytest.mark.parametrize("seed", range(100, 100 + LEAST_WORLDS))
def test_every_claim_is_somewhere_and_every_contract_adds_up(seed: int, tmp_path: Path) -> None:
    given = world(seed, CLAIMS, tmp_path)
    settled = given.by_columns
    table, unsettled = settled.tables["clearing"], settled.tables["unsettled"]
    of_claims = [row for row in unsettled.to_pylist() if row["table"] == "settled"]
    assert sum(table["psntime"].to_pylist()) + sum(row["rows"] for row in of_claims) == len(given.claims)
    out = sum(fen(table, "fund_pay_sumamt")) + sum(fen(unsettled, "fund_pay_sumamt"))
    assert out == sum(one.fund_all for one in given.claims)
    of = {name: sum(fen(table, name)) for name in table.schema.names if name in TERMS}
    shared = of["standard"] + of["kept"] - of["borne_by_institution"] + of["procurement"]
    assert of["clearing"] + of["advances"] + of["audit"] + of["deposit_kept"] == shared
    assert sum(fen(table, "claims")) + sum(fen(table, "difference")) == of["standard"]
    forms = settled.tables["forms"]
    assert sum(forms["psntime"].to_pylist()) == sum(table["psntime"].to_pylist())
    assert sum(fen(forms, "fund_appy_sum")) == sum(fen(table, "claims"))


def test_the_random_worlds_say_everything(tmp_path: Path) -> None:
    given = [world(seed, CLAIMS, tmp_path / str(seed)) for seed in range(LEAST_WORLDS)]
    assert sum(len(one.claims) for one in given) >= ROWS
    kinds = {kind for one in given for kind, _ in one.by_hand.unsettled}
    assert kinds - {"no-ratio"} == {  # no cost in scope at all is rare where there are few claims
        *("missing-parameter", "no-contract", "no-kind", "no-case", "case-twice", "claim-twice", "no-group"),
        *("no-standard", "no-days", "no-claim", "no-flag", "several-terms", "no-budget", "budget-too-small"),
        *("no-points", "sum-spent", "no-weight"),
    }
    terms = [one for each in given for one in each.by_hand.terms.values()]
    shared = ("surplus", "kept", "borne_by_fund", "borne_by_institution", "procurement")
    for name in (*shared, "deposit_returned", "remainder", "others"):
        assert sum(one[name] != 0 for one in terms) > 3, name
    assert sum(one["deposit_kept"] < 0 for one in terms) > 3  # high scorers, who get what others do not
    settled = {one.bureau.contracts[number].terms.way for one in given for number in one.by_hand.terms}
    assert settled == {"01", "02", "03", "04", "05", "06", "07", "unit", "special"}
