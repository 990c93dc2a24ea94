"""A partition of people whose heads are counted, and the way to a file and back: what a stopped subsidy goes on with."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from qingsuan.subsidies.counting import DUPLICATES, Counted, Heads

__all__ = ["CountedPartition"]

_COUNTS = b"counts"
_NUMBERS = tuple(field.name for field in fields(Counted) if field.name != "heads")


@dataclass(frozen=True, slots=True)
class CountedPartition:
    """What counting a partition came to, and the rows that are not counted in it because their people are elsewhere.

    ``duplicates`` has the schema of :data:`qingsuan.subsidies.counting.DUPLICATES`.
    """

    counted: Counted
    duplicates: pa.Table

    @property
    def tables(self) -> tuple[str, ...]:
        """It writes no table: those of a subsidy do not depend on partitions."""
        return ()

    def to_bytes(self) -> bytes:
        """The duplicates as an Arrow stream, with the counts in its metadata."""
        heads = {str(county): [each.heads, each.permits] for county, each in sorted(self.counted.heads.items())}
        counts = {"heads": heads, **{name: getattr(self.counted, name) for name in _NUMBERS}}
        named = self.duplicates.replace_schema_metadata({_COUNTS: json.dumps(counts)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, named.schema) as writer:
            writer.write_table(named)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, content: bytes) -> CountedPartition:
        """Read what :meth:`to_bytes` gave; that it is that is checked by digest."""
        with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
            table = reader.read_all()
        counts: dict[str, Any] = json.loads(table.schema.metadata[_COUNTS])
        heads = {int(county): Heads(*numbers) for county, numbers in counts.pop("heads").items()}
        return cls(Counted(heads=heads, **counts), table.replace_schema_metadata(None).cast(DUPLICATES))
