"""What later stages need of a finished partition: its counts, its totals, its refusals; and the way to a file and back."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.ipc

from qingsuan.benefits.partition import Outcome

__all__ = ["Kept", "tables_of"]

_REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished partition, less the rows that are in the run folder.

    ``refused`` has the schema of :data:`qingsuan.benefits.rejects.REJECT_SCHEMA`; ``totals`` are by kind, in fen.
    ``tables`` names the tables that the partition wrote.
    ``refused_rows``, the same rows as they came, lives only as long as the process that settled them: who goes on later
    fetches them again.
    """

    settled_rows: int
    reversed_rows: int
    refused: pa.Table
    totals: dict[str, pa.Table]
    tables: tuple[str, ...]
    refused_rows: pa.Table | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Kept:
        """What is kept of a partition just settled."""
        counts = outcome.settled.num_rows, outcome.reversed_rows.num_rows
        return cls(*counts, outcome.refused, outcome.totals, tuple(tables_of(outcome)), outcome.refused_rows)

    def to_bytes(self) -> bytes:
        """The tables one after another as Arrow streams, each saying what it is."""
        sink = pa.BufferOutputStream()
        counts = {"settled_rows": str(self.settled_rows), "reversed_rows": str(self.reversed_rows)}
        counts["tables"] = " ".join(self.tables)
        for name, table in {_REFUSED: self.refused, **self.totals}.items():
            named = table.replace_schema_metadata({"name": name, **counts})
            with pa.ipc.new_stream(sink, named.schema) as writer:
                writer.write_table(named)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, content: bytes) -> Kept:
        """Read what :meth:`to_bytes` gave; that it is that is checked by digest."""
        source = pa.BufferReader(content)
        tables, counts = {}, {}
        while source.tell() < len(content):
            with pa.ipc.open_stream(source) as reader:
                table = reader.read_all()
            counts = table.schema.metadata
            tables[counts[b"name"].decode()] = table.replace_schema_metadata(None)
        refused = tables.pop(_REFUSED)
        written = tuple(counts[b"tables"].decode().split())
        return cls(int(counts[b"settled_rows"]), int(counts[b"reversed_rows"]), refused, tables, written)


def tables_of(outcome: Outcome) -> dict[str, pa.Table]:
    """The tables of a partition that become files, by the name of their folder."""
    tables = {"settled": outcome.settled, "reversed": outcome.reversed_rows, "differences": outcome.differences}
    tables["accumulators"] = outcome.accumulators
    tables["contradictions"] = outcome.contradictions
    return {kind: rows for kind, rows in tables.items() if rows is not None}
