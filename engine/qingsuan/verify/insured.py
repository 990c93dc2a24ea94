"""A subsidy held against its insured people: every row that it names is a row of the input, as the input has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.cells import NO_DATE, OPEN_END, read_dates, read_ids, read_texts
from qingsuan.contents import content
from qingsuan.listing import files_in
from qingsuan.run.inputs import Source, chunks
from qingsuan.verify.findings import Findings

__all__ = ["check_named_rows"]

_COLUMNS = ("psn_no", "insu_admdvs", "begndate", "enddate")
_COUNTED = ("psn_no", "counted_admdvs", "counted_begndate", "counted_enddate")
_DUPLICATE = ("psn_no", "admdvs", "begndate", "enddate")

Row = tuple[str, str, int, int]
"""A person, a county, the first and the last day, as days since 1970."""


def check_named_rows(
    folder: Path, sources: Sequence[Source], rejected: Mapping[str, npt.NDArray[np.bool_]], findings: Findings
) -> int:
    """Check that the rows of ``duplicates``, and those that are counted instead, are in the input; returns how many.

    Parameters
    ----------
    rejected
        By file, which of its rows were rejected: these count for nobody.
    """
    named: dict[Row, str] = {}
    for path in files_in(folder / "duplicates"):
        rows = pq.read_table(path)
        for names in (_DUPLICATE, _COUNTED):
            for row in _named(rows, names):
                named.setdefault(row, path.relative_to(folder).as_posix())
    wanted = set(named)
    people = pa.array(sorted({row[0] for row in wanted}), pa.string())
    for source in sources:
        for row in _rows_of(source, people, rejected[source.name]):
            wanted.discard(row)
    for row in sorted(wanted):
        psn_no, county, _, _ = row
        found = f"psn_no {content(psn_no)}, insu_admdvs {county}"
        findings.add(named[row], "a row that it names is in the input", found, "a row of this person, county and days")
    return len(named)


def _named(rows: pa.Table, names: Sequence[str]) -> Iterator[Row]:
    psn_no, county, begin, end = (rows.column(name) for name in names)
    days = (pc.fill_null(column.cast(pa.int32()), OPEN_END).to_pylist() for column in (begin, end))
    yield from zip(psn_no.to_pylist(), county.to_pylist(), *days, strict=True)


def _rows_of(source: Source, people: pa.Array, rejected: npt.NDArray[np.bool_]) -> Iterator[Row]:
    """The rows of some people in a file that were not rejected."""
    names = [name for name in _COLUMNS if name in source.schema.names]
    for chunk in chunks(source):
        for first_row, batch, _ in chunk.batches(names):
            ids = read_ids(batch.column("psn_no")).values
            ids = ids.dictionary_decode() if pa.types.is_dictionary(ids.type) else ids
            mine = pc.is_in(ids, value_set=people).to_numpy(zero_copy_only=False)
            mine &= ~rejected[first_row : first_row + batch.num_rows]
            if mine.any():
                yield from _rows(batch.filter(pa.array(mine)), ids.filter(pa.array(mine)))


def _rows(batch: pa.RecordBatch, ids: pa.Array) -> Iterator[Row]:
    county = read_texts(batch.column("insu_admdvs")).values
    county = county.dictionary_decode() if pa.types.is_dictionary(county.type) else county
    begin = read_dates(batch.column("begndate")).values
    end = np.full(batch.num_rows, OPEN_END, np.int32)
    if "enddate" in batch.schema.names:
        given = read_dates(batch.column("enddate"))
        end = np.where(given.absent | (given.values == NO_DATE), OPEN_END, given.values)
    yield from zip(ids.to_pylist(), county.to_pylist(), begin.tolist(), end.tolist(), strict=True)
