"""What the totals of a run do not have, added up part by part: months, tenths of people, and how often layers met their bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.rows import add_up, low_words
from qingsuan.columns.tenths import BUCKETS, TENTHS, bucket_of, first_of, tenths
from qingsuan.errors import InputError
from qingsuan.listing import files_in

__all__ = ["AMOUNTS", "Gathered", "Layer", "Tenth", "gather"]

AMOUNTS = ("medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt")
"""What is added up of claims, in fen: the total cost, what is in policy scope, what the funds pay, what is left to the person."""

_BY_PERSON = ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt")
_OF_LAYER = ("inscp_scp_amt", "act_pay_dedc", "crt_payb_lmt_amt", "fund_payamt")

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the people who have settled claims, by what they bear themselves in the year; amounts in fen."""

    number: int
    own_from: int
    people: int
    cost: int
    funds: int
    own: int


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer of a fund did: its turns, those whose deductible took something and whose payment a cap ended; amounts in fen."""

    fund: str
    name: str
    turns: int
    with_deductible: int
    deductible: int
    at_cap: int
    paid: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was added up.

    Attributes
    ----------
    months : month as ``2021-03`` -> number of claims, then :data:`AMOUNTS`.
    tenths : of people, the least burdened first; none where nobody has a settled claim.
    layers : of a run with ``--detail``; None without.
    """

    months: Mapping[str, Sequence[int]]
    tenths: Sequence[Tenth]
    layers: Sequence[Layer] | None


def gather(out: Path) -> Gathered:
    """Read the settled rows of a finished run, a part at a time.

    Raises
    ------
    InputError
        A part cannot be read.
    """
    months: Counter[tuple[str, int]] = Counter()
    people = np.zeros((1 + len(_BY_PERSON), BUCKETS), np.int64)
    for part in _parts(out / "settled", ("psn_no", "benefit_date", *AMOUNTS)):
        fen = {name: _fen(part.column(name)) for name in AMOUNTS}
        _add_months(months, part.column("benefit_date"), fen)
        _add_people(people, part.column("psn_no"), [fen[name] for name in _BY_PERSON])
    has_detail = (out / "setldetail").is_dir()
    return Gathered(_months(months), tuple(_tenths(people)), _layers(out) if has_detail else None)


def _parts(folder: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    for file in files_in(folder):
        try:
            part = pq.read_table(file, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                str(file),
                found=f"cannot be read: {error}",
                expected="a table of a finished run",
                do="see “qingsuan verify”; fetch the folder again, or settle anew",
            ) from error
        if len(part):
            yield part


def _fen(column: pa.ChunkedArray) -> Int64:
    """Amounts in fen; 0 where there is none."""
    array = column.combine_chunks()
    return low_words(pc.fill_null(array, pa.scalar(0, array.type)))[0]


def _add_months(months: Counter[tuple[str, int]], dates: pa.ChunkedArray, fen: Mapping[str, Int64]) -> None:
    month = dates.combine_chunks().to_numpy(zero_copy_only=False).astype("datetime64[M]")
    different, number = np.unique(month, return_inverse=True)
    amounts = [np.ones(len(month), np.int64), *fen.values()]
    for place, sums in enumerate(add_up(number.astype(np.int32), len(different), amounts)):
        for name, value in zip(different.astype(str).tolist(), sums.tolist(), strict=True):
            months[name, place] += value


def _months(months: Counter[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    names = sorted({name for name, _ in months})
    return {name: tuple(months[name, place] for place in range(1 + len(AMOUNTS))) for name in names}


def _add_people(people: Int64, numbers: pa.ChunkedArray, amounts: Sequence[Int64]) -> None:
    """Count the people of a part by bucket of their own burden; a person is in one part."""
    coded = numbers.combine_chunks().dictionary_encode()
    person = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    sums = add_up(person, len(coded.dictionary), amounts)
    bucket = bucket_of(sums[-1])
    people[0] += np.bincount(bucket, minlength=BUCKETS)
    for place, added in enumerate(add_up(bucket, BUCKETS, sums), 1):
        people[place] += added


def _tenths(people: Int64) -> Iterator[Tenth]:
    tenth = tenths(people[0])
    for number in range(TENTHS):
        mine = np.flatnonzero((tenth == number) & (people[0] > 0))
        if len(mine):
            count, cost, funds, own = (int(row[mine].sum()) for row in people)
            yield Tenth(number + 1, first_of(int(mine[0])), count, cost, funds, own)


def _layers(out: Path) -> tuple[Layer, ...]:
    found: Counter[tuple[str, str, str]] = Counter()
    for part in _parts(out / "setldetail", ("fund", "layer", *_OF_LAYER)):
        _, deductible, limit, paid = (_fen(part.column(name)) for name in _OF_LAYER)
        has_limit = part.column("crt_payb_lmt_amt").is_valid().to_numpy()
        told = {
            "turns": np.ones(len(part), np.int64),
            "with_deductible": deductible > 0,
            "deductible": deductible,
            "at_cap": has_limit & (paid == limit),
            "paid": paid,
        }
        group, names = _grouped(part)
        sums = add_up(group, len(names), [one.astype(np.int64) for one in told.values()])
        for name, column in zip(told, sums, strict=True):
            for (fund, layer), value in zip(names, column.tolist(), strict=True):
                found[fund, layer, name] += value
    every = sorted({(fund, layer) for fund, layer, _ in found})
    fields = ("turns", "with_deductible", "deductible", "at_cap", "paid")
    return tuple(Layer(fund, layer, *(found[fund, layer, one] for one in fields)) for fund, layer in every)


def _grouped(part: pa.Table) -> tuple[npt.NDArray[np.int32], list[tuple[str, str]]]:
    """The number of each row's fund and layer, and both names by number."""
    codes = [part.column(name).combine_chunks().dictionary_encode() for name in ("fund", "layer")]
    first, second = (one.indices.to_numpy(zero_copy_only=False).astype(np.int64) for one in codes)
    width = max(1, len(codes[1].dictionary))
    different, group = np.unique(first * width + second, return_inverse=True)
    funds, layers = (one.dictionary.to_pylist() for one in codes)
    return group.astype(np.int32), [(funds[one // width], layers[one % width]) for one in different.tolist()]
