"""Core against slow twin: one world through both, every row and every column compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.benefits.intake import take_claims, take_identities, take_insured
from qingsuan.benefits.partition import Settler
from qingsuan.benefits.setup import Setup
from qingsuan.benefits.twin import Outcome, Places, Settled, settle_year
from qingsuan.policy.model import FUNDS
from qingsuan.tables import BILL_PARTS
from world_tables import claims_table, identities_table, insured_table
from worlds import World

__all__ = ["Result", "compare", "run_engine", "run_twin"]

TEXTS = ("insutype", "insu_admdvs", "med_type", "fixmedins_code", "rule_id")
AMOUNTS = (
    *("medfee_sumamt", *BILL_PARTS, "act_pay_dedc", *FUNDS),
    *("hosp_part_amt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc"),
)
Key = tuple[str, str]


@dataclass
class Result:
    """What came out of one of the two, in the same words: amounts in fen, ratios in basis points."""

    settled: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    reversed: Counter[Key] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)


def run_twin(world: World) -> Result:
    """Settle a world with the slow twin."""
    outcome: Outcome = settle_year(
        world.claims, world.insured, world.identities, Places(world.regions), world.rule_sets, world.year
    )
    result = Result()
    for row in outcome.settled:
        result.settled[row.claim.psn_no, row.claim.setl_id] = _twin_row(row)
    for pair in outcome.reversed:
        result.reversed.update((row.psn_no, row.setl_id) for row in (pair.original, pair.reversal))
    for row in outcome.rejected:
        result.rejected[row.claim.psn_no, row.claim.setl_id, row.code, row.column] += 1
    return result


def _twin_row(row: Settled) -> tuple[Any, ...]:
    bill = row.claim
    return (
        *(getattr(bill, name) for name in TEXTS[:-1]),
        row.rule_id,
        bill.setl_time,
        row.pool_prop_selfpay_bp,
        *(getattr(bill, name) for name in ("medfee_sumamt", *BILL_PARTS)),
        row.act_pay_dedc,
        *(row.funds[fund] for fund in FUNDS),
        *(0, row.fund_pay_sumamt, row.psn_part_amt, row.acct_pay, 0, row.psn_cash_pay, row.balc),
    )


COLUMNS = (*TEXTS, "setl_time", "pool_prop_selfpay", *AMOUNTS)


def run_engine(world: World) -> Result:
    """Settle a world with the engine: tables in, through every door and compiled module, tables out.

    Claims of pools that nobody serves are refused here, as a run that skips them does; they never reach a partition.
    """
    setup = Setup(world.regions, world.rule_sets, world.year)
    claims = claims_table(world)
    served = np.array([setup.places.pool_of(row.insu_admdvs) >= 0 for row in world.claims], np.bool_)
    parts, refusals = [], []
    for file, (table, take) in enumerate(
        (
            (claims.filter(pa.array(served)), take_claims),
            (insured_table(world), take_insured),
            (identities_table(world), take_identities),
        )
    ):
        batch, refused = take(setup, table.combine_chunks().to_batches()[0], file, 0)
        if file and refused.num_rows:
            raise AssertionError(f"a good row of file {file} was refused: {refused.to_pylist()[:3]}")
        parts.append(pa.Table.from_batches([batch]))
        refusals.append(refused)
    setup.freeze()
    outcome = Settler(setup).settle(*parts)
    rows = [row for row, good in zip(world.claims, served, strict=True) if good]
    result = _as_result(outcome.settled, outcome.reversed_rows)
    for refused in (refusals[0], outcome.refused):
        for row, code, column in zip(
            *(refused.column(name).to_pylist() for name in ("row", "code", "column")), strict=True
        ):
            result.rejected[rows[row].psn_no, rows[row].setl_id, code, column] += 1
    for row in (row for row, good in zip(world.claims, served, strict=True) if not good):
        result.rejected[row.psn_no, row.setl_id, "E_POOL", "insu_admdvs"] += 1
    return result


def _as_result(settled: pa.Table, taken_back: pa.Table) -> Result:
    columns: list[list[Any]] = [_texts(settled, name) for name in TEXTS]
    columns.append(settled.column("setl_time").to_pylist())
    columns += [_integers(settled, name) for name in ("pool_prop_selfpay", *AMOUNTS)]
    result = Result()
    keys = list(zip(_texts(settled, "psn_no"), _texts(settled, "setl_id"), strict=True))
    result.settled = dict(zip(keys, zip(*columns, strict=True), strict=True))
    if len(result.settled) != len(keys):
        raise AssertionError("the engine settled a claim twice")
    result.reversed.update(zip(_texts(taken_back, "psn_no"), _texts(taken_back, "setl_id"), strict=True))
    return result


def _texts(table: pa.Table, name: str) -> list[str]:
    return [value or "" for value in table.column(name).to_pylist()]


def _integers(table: pa.Table, name: str) -> list[int]:
    """A decimal column as the whole numbers it is stored as: fen, or basis points."""
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if not pa.types.is_decimal128(column.type) or column.null_count:
        raise AssertionError(f"{name} is {column.type} with {column.null_count} nulls")
    if column.type.scale != (4 if name == "pool_prop_selfpay" else 2):
        raise AssertionError(f"{name} is {column.type}")
    if len(column) == 0:
        return []
    found: list[int] = np.frombuffer(column.buffers()[1], np.int64)[::2][column.offset :][: len(column)].tolist()
    return found


def compare(world: World) -> list[str]:
    """Settle a world twice; what differs, in words, at most a few of each kind."""
    engine, twin = run_engine(world), run_twin(world)
    found: list[str] = []
    for key in sorted(engine.settled.keys() | twin.settled.keys()):
        ours, theirs = engine.settled.get(key), twin.settled.get(key)
        if ours is None or theirs is None:
            found.append(f"{key}: settled by the {'twin' if ours is None else 'core'} only")
        elif ours != theirs:
            unlike = {
                name: (core, slow) for name, core, slow in zip(COLUMNS, ours, theirs, strict=True) if core != slow
            }
            found.append(f"{key}: core and twin differ in {unlike}")
    for what in ("reversed", "rejected"):
        core, slow = getattr(engine, what), getattr(twin, what)
        found += [f"{what} by the core only: {row}" for row in sorted((core - slow).elements())]
        found += [f"{what} by the twin only: {row}" for row in sorted((slow - core).elements())]
    return [f"world {world.seed}: {text}" for text in found]
