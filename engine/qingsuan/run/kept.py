"""What later stages need of a finished partition: its counts, its totals, its refusals; and the way to a file and back."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc

from qingsuan.settlement import Settled

__all__ = ["Kept"]

_REFUSED = "refused"

_PACKED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""Reasons repeat one another: what says them of a million rows is hardly there a second time."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished partition, less the rows that are in the run folder; see :class:`qingsuan.settlement.Settled`.

    ``tables`` names the tables that the partition wrote. ``refused_rows``, the refused rows as they came, lives only as long
    as the process that settled them: who goes on later fetches them again.
    """

    counts: dict[str, int]
    refused: pa.Table
    totals: dict[str, pa.Table]
    tables: tuple[str, ...]
    refused_rows: pa.Table | None = None
    is_whole: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, settled: Settled) -> Kept:
        """What is kept of a partition just settled."""
        return cls(
            settled.counts,
            settled.refused,
            settled.totals,
            tuple(settled.tables),
            settled.refused_rows,
            settled.is_whole,
        )

    def to_bytes(self) -> bytes:
        """The tables one after another as Arrow streams, each saying what it is."""
        sink = pa.BufferOutputStream()
        common = {"counts": json.dumps(self.counts), "tables": " ".join(self.tables)}
        for name, table in {_REFUSED: self.refused, **self.totals}.items():
            named = table.replace_schema_metadata({"name": name, **common})
            with pa.ipc.new_stream(sink, named.schema, options=_PACKED) as writer:
                writer.write_table(named)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, content: bytes) -> Kept:
        """Read what :meth:`to_bytes` gave; that it is that is checked by digest."""
        source = pa.BufferReader(content)
        tables, common = {}, {}
        while source.tell() < len(content):
            with pa.ipc.open_stream(source) as reader:
                table = reader.read_all()
            common = table.schema.metadata
            tables[common[b"name"].decode()] = table.replace_schema_metadata(None)
        refused = tables.pop(_REFUSED)
        return cls(json.loads(common[b"counts"]), refused, tables, tuple(common[b"tables"].decode().split()))
