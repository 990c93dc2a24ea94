"""Core against slow twin: one world through both, every row and every column compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from qingsuan.benefits.partition import Settler
from qingsuan.benefits.reference.twin import Outcome, Places, Settled, settle_year
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.heads.families import Families
from qingsuan.plugins import Installed
from qingsuan.policy.model import FUNDS
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.executors.prepared import FromYear
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.prepare import prepare
from qingsuan.run.prepared import PreparedYear
from qingsuan.run.settle import settle
from qingsuan.tables import BILL_PARTS
from world_tables import claims_table, identities_table, insured_table, registrations_table
from worlds import World

__all__ = [
    "Key",
    "Line",
    "Result",
    "compare",
    "lines_of",
    "result_of",
    "run_engine",
    "run_prepared",
    "run_twin",
    "run_whole",
    "twin_row",
]

NAMES = ("claims", "insured", "identities", "registrations")
OF_CLAIM = ("insutype", "insu_admdvs", "med_type", "fixmedins_code")
TEXTS = (*OF_CLAIM, "rule_id", "pool", "variant")
DATES = ("setl_time", "benefit_date")
AMOUNTS = (
    *("medfee_sumamt", *BILL_PARTS, "act_pay_dedc", *FUNDS),
    *("hosp_part_amt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc"),
)
Key = tuple[str, str]
Line = tuple[Any, ...]
"""Of one layer of one claim: its ids, fund and name, base, deductible, what caps left (None: no cap), payment; in fen."""


@dataclass
class Result:
    """What came out of one of the two, in the same words: amounts in fen, ratios in basis points."""

    settled: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    reversed: Counter[Key] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    lines: list[Line] | None = None


def run_twin(world: World) -> Result:
    """Settle a world with the slow twin."""
    outcome: Outcome = settle_year(
        *(world.claims, world.insured, world.identities, Places(world.regions), world.rule_sets, world.year),
        registrations=world.registrations,
    )
    result = Result()
    for row in outcome.settled:
        result.settled[row.claim.psn_no, row.claim.setl_id] = twin_row(row)
    result.lines = [line for row in outcome.settled for line in _twin_lines(row)]
    for pair in outcome.reversed:
        result.reversed.update((row.psn_no, row.setl_id) for row in (pair.original, pair.reversal))
    for row in outcome.rejected:
        result.rejected[row.claim.psn_no, row.claim.setl_id, row.code, row.column] += 1
    return result


def _twin_lines(row: Settled) -> Iterator[Line]:
    for step in row.steps:
        if step.base_fen or step.pay_fen:
            rooms = [room for room in (*step.rooms_fen, step.account_fen) if room is not None]
            amounts = step.base_fen, step.d_fen, max(0, min(rooms)) if rooms else None, step.pay_fen
            yield row.claim.psn_no, row.claim.setl_id, step.setting.fund, step.setting.layer, *amounts
    if row.year_end is not None and row.year_end.left_fen:
        end, setting = row.year_end, row.year_end.step.setting
        amounts = end.left_fen, 0, None, end.paid_fen
        yield row.claim.psn_no, row.claim.setl_id, setting.fund, setting.layer, *amounts


def twin_row(row: Settled) -> tuple[Any, ...]:
    bill = row.claim
    return (
        *(getattr(bill, name) for name in OF_CLAIM),
        row.rule_id,
        row.pool,
        row.variant,
        bill.setl_time,
        row.benefit_date,
        row.pool_prop_selfpay_bp,
        *(getattr(bill, name) for name in ("medfee_sumamt", *BILL_PARTS)),
        row.act_pay_dedc,
        *(row.funds[fund] for fund in FUNDS),
        *(0, row.fund_pay_sumamt, row.psn_part_amt, row.acct_pay, 0, row.psn_cash_pay, row.balc),
    )


COLUMNS = (*TEXTS, *DATES, "pool_prop_selfpay", *AMOUNTS)


def run_engine(world: World, *, detail: bool = False) -> Result:
    """Settle a world with the engine: tables in, through every door and compiled module, tables out; told layer by layer if asked."""
    has_stays = any(claim.mdtrt_id or claim.mid_setl_flag for claim in world.claims)
    setup = world.setup(detail=detail, insured_files=("", "insured"), claims_files=("claims",), has_stays=has_stays)
    tables = (claims_table(world), insured_table(world), identities_table(world), registrations_table(world))
    setup.registrations = bool(world.registrations)
    settlement = Benefits(setup, families=Families())
    if world.registrations:
        settlement.tie("registrations", tables[3].combine_chunks().to_batches()[0])
    parts, refusals = [], []
    for file, (table, name) in enumerate(zip(tables, NAMES, strict=True)):
        if not table.num_rows:
            continue
        numbered: Any = SimpleNamespace(number=file)
        batch, refused, _ = settlement.take(name, table.combine_chunks().to_batches()[0], numbered, 0)
        parts.append(pa.Table.from_batches([batch]))
        refusals.append(refused)
    setup.learned.freeze()
    registered = dict(zip(("registrations",), parts[3:], strict=False))
    outcome = Settler(setup).settle(*parts[:3], **registered)
    result = result_of(outcome.settled, outcome.reversed_rows)
    result.lines = None if outcome.detail is None else lines_of(outcome.detail)
    for refused in (*refusals, outcome.refused):
        names = ("file", "row", "code", "column")
        for file, row, code, column in zip(*(refused.column(name).to_pylist() for name in names), strict=True):
            if file:
                raise AssertionError(f"a good row of table {file} was refused: {code} {column}")
            result.rejected[world.claims[row].psn_no, world.claims[row].setl_id, code, column] += 1
    return result


def of_world(world: World, *, prepares: bool = False) -> Benefits:
    """The settlement of a world; claims of nobody's pool are rejected."""
    return Benefits(world.setup(registrations=bool(world.registrations)), families=None if prepares else Families())


def run_prepared(world: World, folder: Path, partitions: int) -> Path:
    """Settle what :func:`run_whole` settled by way of a prepared year of two deliveries; returns the run folder."""
    year, people = folder / "year", folder / "people"
    files = sorted((folder / "in").iterdir())
    names = ("insured", "identities", *(["registrations"] if world.registrations else []))
    tables = {table: open_sources([people / f"{table}.parquet"], table) for table in names}
    options = Options(partitions=partitions)
    first = Inputs({"claims": open_sources(files[:1], "claims"), **tables})
    prepare(of_world(world, prepares=True), first, year, options, Installed(()))
    more = Inputs({"claims": open_sources(files[1:], "claims")})
    prepare(of_world(world, prepares=True), more, year, options, Installed(()), add=True)
    prepared = PreparedYear.open(year)
    out = RunFolder(folder / "from-year", TABLES)
    settle(of_world(world), inputs_of(prepared), out, options, Installed(()), engine=FromYear(prepared))
    return out.path


def run_whole(world: World, folder: Path, partitions: int) -> Result:
    """Settle a world as a user does: several files in, a run folder out."""
    claims = claims_table(world)
    third = claims.num_rows // 3
    for name in ("in", "people"):
        (folder / name).mkdir(parents=True)
    pq.write_table(claims.slice(0, third), folder / "in" / "a.parquet")
    with pa.OSFile(str(folder / "in" / "b.arrow"), "wb") as sink, pa.ipc.new_file(sink, claims.schema) as writer:
        writer.write_table(claims.slice(third, third))
    pq.write_table(claims.slice(2 * third), folder / "in" / "c.parquet")
    pq.write_table(insured_table(world), folder / "people" / "insured.parquet")
    pq.write_table(identities_table(world), folder / "people" / "identities.parquet")
    registrations = folder / "people" / "registrations.parquet"
    pq.write_table(registrations_table(world), registrations)
    inputs = Inputs(
        {
            **({"registrations": open_sources([registrations], "registrations")} if world.registrations else {}),
            "claims": open_sources([folder / "in"], "claims"),
            "insured": open_sources([folder / "people" / "insured.parquet"], "insured"),
            "identities": open_sources([folder / "people" / "identities.parquet"], "identities"),
        }
    )
    settle(of_world(world), inputs, RunFolder(folder / "out", TABLES), Options(partitions=partitions), Installed(()))
    settled, taken_back, rejected = (
        pa.concat_tables(pq.read_table(file) for file in sorted((folder / "out" / name).glob("part-*.parquet")))
        for name in ("settled", "reversed", "rejected")
    )
    result = result_of(settled, taken_back)
    names = ("psn_no", "setl_id", "code", "column")
    result.rejected.update(zip(*(_texts(rejected, name) for name in names), strict=True))
    return result


def result_of(settled: pa.Table, taken_back: pa.Table) -> Result:
    columns: list[list[Any]] = [_texts(settled, name) for name in TEXTS]
    columns += [settled.column(name).to_pylist() for name in DATES]
    columns += [_integers(settled, name) for name in ("pool_prop_selfpay", *AMOUNTS)]
    result = Result()
    keys = list(zip(_texts(settled, "psn_no"), _texts(settled, "setl_id"), strict=True))
    result.settled = dict(zip(keys, zip(*columns, strict=True), strict=True))
    if len(result.settled) != len(keys):
        raise AssertionError("the engine settled a claim twice")
    result.reversed.update(zip(_texts(taken_back, "psn_no"), _texts(taken_back, "setl_id"), strict=True))
    return result


def lines_of(detail: pa.Table) -> list[Line]:
    """A table ``setldetail``, line by line."""
    texts = [_texts(detail, name) for name in ("psn_no", "setl_id", "fund", "layer")]
    amounts = [_integers(detail, name) for name in ("inscp_scp_amt", "act_pay_dedc")]
    room = [None if cell is None else int(cell * 100) for cell in detail.column("crt_payb_lmt_amt").to_pylist()]
    return list(zip(*texts, *amounts, room, _integers(detail, "fund_payamt"), strict=True))


def _texts(table: pa.Table, name: str) -> list[str]:
    return [value or "" for value in table.column(name).to_pylist()]


def _integers(table: pa.Table, name: str) -> list[int]:
    """A decimal column as the whole numbers it is stored as: fen, or basis points."""
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_decimal64(column.type):
        column = column.cast(pa.decimal128(column.type.precision, column.type.scale))
    if not pa.types.is_decimal128(column.type) or column.null_count:
        raise AssertionError(f"{name} is {column.type} with {column.null_count} nulls")
    if column.type.scale != (4 if name == "pool_prop_selfpay" else 2):
        raise AssertionError(f"{name} is {column.type}")
    if len(column) == 0:
        return []
    found: list[int] = np.frombuffer(column.buffers()[1], np.int64)[::2][column.offset :][: len(column)].tolist()
    return found


def compare(world: World, engine: Result) -> list[str]:
    """Settle a world with the twin too; every row and column in which the two differ, in words."""
    twin = run_twin(world)
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
    if engine.lines is not None and twin.lines is not None:
        found += _compare_lines(engine.lines, twin.lines)
    for what in ("reversed", "rejected"):
        core, slow = getattr(engine, what), getattr(twin, what)
        found += [f"{what} by the core only: {row}" for row in sorted((core - slow).elements())]
        found += [f"{what} by the twin only: {row}" for row in sorted((slow - core).elements())]
    return [f"world {world.seed}: {text}" for text in found]


def _compare_lines(core: list[Line], slow: list[Line]) -> list[str]:
    """Lines in which the two differ; those of a claim lie in the order of its layers."""
    ours, theirs = _by_claim(core), _by_claim(slow)
    return [
        f"{key}: lines of the core {ours.get(key)}, of the twin {theirs.get(key)}"
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key)
    ]


def _by_claim(lines: list[Line]) -> dict[Key, list[Line]]:
    found: dict[Key, list[Line]] = {}
    for line in lines:
        found.setdefault((line[0], line[1]), []).append(line[2:])
    return found
