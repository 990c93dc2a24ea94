"""One piece of the work: all people whose hashes lie in one range, in both runs; every claim that is settled otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rows import arrow, low_words
from qingsuan.differing.causes import CAUSES, causes_of
from qingsuan.differing.fates import ABSENT, SETTLED, TOLD, unsettled
from qingsuan.differing.matching import match
from qingsuan.differing.runs import IDS, Pair
from qingsuan.policy.numeric import PAYERS
from qingsuan.tables import BILL

__all__ = ["Block", "blocks_of"]

Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_OF_CLAIM = frozenset(
    {"insutype", "insu_admdvs", "med_type", "setl_time", "fixmedins_code", "pool", "benefit_date", *BILL}
)
_OF_TERMS = frozenset({"rule_id", "variant"})
_SUMS_OF_OTHERS = frozenset({"medfee_sumamt", "fund_pay_sumamt", "psn_part_amt"})
"""Columns that are sums of others in every settled row: where they differ, one of these does, and they need not be read."""
_FATE = CAUSES.index("fate")


@dataclass(frozen=True, slots=True)
class Block:
    """Claims that differ in one way.

    Attributes
    ----------
    first, second : what each run says of them, row by row: of its table ``settled``, or what it did not settle; None where nothing.
    outcomes : (2, n) int8, what became of them in each run, as places in :data:`qingsuan.differing.fates.FATES`.
    causes : (n,) int8, as places in :data:`qingsuan.differing.causes.CAUSES`.
    fen : (2, payers, n) int64, what each run paid, fund by fund and the personal account last.
    """

    first: pa.Table | None
    second: pa.Table | None
    outcomes: Int8
    causes: Int8
    fen: Int64

    @property
    def told(self) -> pa.Table:
        """What is known of the claims: by the second run where it has them."""
        return self.first if self.second is None else self.second

    def __len__(self) -> int:
        return int(self.told.num_rows)


def blocks_of(pair: Pair, piece: int) -> Iterator[Block]:
    """All claims of a piece that differ; none of them is read where its files have the same bytes in both runs.

    Raises
    ------
    InputError
        A file of a run cannot be read.
    """
    same = pair.same("settled", piece)
    rest = same and pair.same("reversed", piece) and pair.same("rejected", piece)
    if rest:
        return
    columns = IDS if same else tuple(name for name in pair.first.columns if name not in _SUMS_OF_OTHERS)
    settled = [side.read("settled", columns, piece, pair.pieces) for _, side in pair.sides()]
    first, second = (table if table is not None else _nothing(columns) for table in settled)
    if not same:
        found = match(first, second)
        yield from _both(pair, first, second, found)
        lone = np.flatnonzero(found < 0)
        missed = np.ones(second.num_rows, np.bool_)
        missed[found[found >= 0]] = False
        lonely = np.flatnonzero(missed)
    else:
        lone = lonely = np.zeros(0, np.int64)
    yield from _one_only(pair, piece, (first, second), (lone, lonely))


def _nothing(columns: tuple[str, ...]) -> pa.Table:
    return pa.table({name: pa.nulls(0, pa.string()) for name in columns})


def _both(pair: Pair, first: pa.Table, second: pa.Table, found: Int64) -> Iterator[Block]:
    """Claims that both runs settled, and that differ in any column."""
    if not (found >= 0).any():
        return
    there, places = np.flatnonzero(found >= 0), found[found >= 0]
    alike = len(there) == first.num_rows == second.num_rows and bool((places == there).all())
    masks = {name: np.zeros(len(there), np.bool_) for name in ("claim", "terms", "any")}
    for name in first.schema.names:
        if name in IDS:
            continue
        one, other = first.column(name), second.column(name)
        if not alike:  # a column at a time: never all of both tables twice
            one, other = one.take(arrow(there)), other.take(arrow(places))
        if one.equals(other):
            continue
        unlike = _unlike(one, other)
        masks["any"] |= unlike
        if name in _OF_CLAIM:
            masks["claim"] |= unlike
        elif name in _OF_TERMS:
            masks["terms"] |= unlike
    rows = np.flatnonzero(masks["any"])
    if len(rows):
        first, second = first.take(arrow(there[rows])), second.take(arrow(places[rows]))
        causes = causes_of(pair, masks["claim"][rows], masks["terms"][rows])
        yield Block(
            first, second, np.full((2, len(rows)), SETTLED, np.int8), causes, np.stack([_fen(first), _fen(second)])
        )


def _one_only(pair: Pair, piece: int, settled: tuple[pa.Table, pa.Table], lone: tuple[Int64, Int64]) -> Iterator[Block]:
    """Claims that one run settled only, and those that neither did, but of which other things became."""
    others = [
        unsettled(side, table, piece, pair.pieces) for (_, side), table in zip(pair.sides(), settled, strict=True)
    ]
    for which in (0, 1):
        if not len(lone[which]):
            continue
        rows = settled[which].take(arrow(lone[which]))
        place = match(rows, others[1 - which])
        outcomes = np.full((2, rows.num_rows), SETTLED, np.int8)
        outcomes[1 - which] = _outcomes(others[1 - which], place)
        fen = np.zeros((2, len(PAYERS), rows.num_rows), np.int64)
        fen[which] = _fen(rows)
        other = _taken(others[1 - which], place)
        sides = (rows, _with_ids(other, rows)) if which == 0 else (other, rows)
        yield Block(*sides, outcomes, np.full(rows.num_rows, _FATE, np.int8), fen)
    yield from _neither(settled, others)


def _neither(settled: tuple[pa.Table, pa.Table], others: list[pa.Table]) -> Iterator[Block]:
    """Claims that no run settled, and that became something else."""
    for which in (0, 1):
        rows, other = others[which], others[1 - which]
        elsewhere = (
            match(rows, settled[1 - which]) >= 0 if settled[1 - which].num_rows else np.zeros(rows.num_rows, np.bool_)
        )
        place = match(rows, other)
        mine, theirs = rows.column("fate").to_numpy().astype(np.int8), _outcomes(other, place)
        codes = _codes_differ(rows, _taken(other, place))
        differ = ~elsewhere & ((mine != theirs) | codes) if which == 0 else ~elsewhere & (place < 0)
        found = np.flatnonzero(differ)
        if len(found):
            one, two = rows.take(arrow(found)), _taken(other, place[found])
            two = _with_ids(two, one)
            outcomes = np.stack([mine[found], theirs[found]] if which == 0 else [theirs[found], mine[found]])
            sides = (one, two) if which == 0 else (two, one)
            fen = np.zeros((2, len(PAYERS), len(found)), np.int64)
            yield Block(*sides, outcomes, np.full(len(found), _FATE, np.int8), fen)


def _taken(table: pa.Table, place: Int64) -> pa.Table:
    """Rows by their places, nulls where there is none."""
    return table.take(pa.array(place, mask=place < 0))


def _with_ids(told: pa.Table, rows: pa.Table) -> pa.Table:
    """What is told of claims, with what the other run knows of them where this one has nothing."""
    for name in (*IDS, *TOLD):
        column = told.column(name)
        if column.null_count and name in rows.schema.names:
            mine = rows.column(name).cast(pa.string())
            filled = pc.coalesce(column, mine)
            told = told.set_column(told.schema.get_field_index(name), name, filled)
    if "pool" in rows.schema.names and "pool" not in told.schema.names:
        told = told.append_column("pool", rows.column("pool").cast(pa.string()))
    return told


def _outcomes(table: pa.Table, place: Int64) -> Int8:
    fates: Int8 = np.append(table.column("fate").to_numpy(), ABSENT).astype(np.int8)
    return fates[place]


def _codes_differ(rows: pa.Table, other: pa.Table) -> Mask:
    return _unlike(rows.column("code").dictionary_encode(), other.column("code").dictionary_encode())


def _fen(table: pa.Table) -> Int64:
    return np.stack([_numbers(table.column(name)) for name in PAYERS])


def _unlike(one: pa.ChunkedArray, other: pa.ChunkedArray) -> Mask:
    """Where two columns of the same kind differ; nothing is like nothing."""
    if pa.types.is_dictionary(one.type) or pa.types.is_dictionary(other.type):
        texts: dict[str | None, int] = {}
        first, second = (_numbered(column, texts) for column in (one, other))
        return np.asarray(first != second)
    return np.asarray(_numbers(one) != _numbers(other))


def _numbered(column: pa.ChunkedArray, texts: dict[str | None, int]) -> Int64:
    """A column of codes as numbers; equal texts have equal numbers in both columns."""
    found = []
    for chunk in column.chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        known = [texts.setdefault(text, len(texts)) for text in (*encoded.dictionary.to_pylist(), None)]
        places = encoded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
        found.append(np.array(known, np.int64)[places])
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _numbers(column: pa.ChunkedArray) -> Int64:
    """Amounts, ratios, dates and times as the whole numbers that they are stored as."""
    if not len(column):
        return np.zeros(0, np.int64)
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_decimal64(array.type):
        array = array.cast(pa.decimal128(array.type.precision, array.type.scale))
    if pa.types.is_decimal128(array.type):
        return low_words(array)[0]
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    values: Int64 = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return values
