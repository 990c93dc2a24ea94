"""How a whole file is read: what its columns are called, and what is done to each of them, batch by batch."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from qingsuan.columns.cells import Torn
from qingsuan.columns.forms import quoted
from qingsuan.run.inputs.intake.steps import Made, Step

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The columns of a file as it has them, and a step for each column of ours; every column goes into one step, once."""

    written: pa.Schema
    steps: tuple[Step, ...]

    @property
    def schema(self) -> pa.Schema:
        """The file's columns as ours."""
        return pa.schema([(step.ours, step.type_of(self._given(step))) for step in self.steps])

    @property
    def called(self) -> dict[str, str]:
        """What each column of theirs is called here."""
        return {step.theirs: step.ours for step in self.steps if step.theirs}

    def _given(self, step: Step) -> pa.DataType:
        return self.written.field(step.theirs).type if step.theirs else pa.string()

    def needed(self, columns: Sequence[str] | None) -> list[str] | None:
        """Which columns of theirs are read for these of ours; None for all."""
        if columns is None:
            return None
        wanted = {step.theirs for step in self.steps if step.ours in set(columns)}
        found = [name for name in self.written.names if name in wanted]
        return found or self.written.names[:1]  # a batch without columns has no rows

    def make(
        self, batch: pa.RecordBatch, columns: Sequence[str] | None, torn: Sequence[Torn]
    ) -> tuple[pa.RecordBatch, tuple[Torn, ...]]:
        """Make rows of ours from theirs.

        Returns
        -------
        The rows, with the columns in the order of ``columns``; and why some are refused: the torn ones, and of each row that has
        cells that do not fit, one of them.
        """
        by_name = {step.ours: step for step in self.steps}
        steps = self.steps if columns is None else [by_name[name] for name in columns]
        arrays, refused = [], {one.row: one for one in torn}
        for step in steps:
            given = batch.column(step.theirs) if step.theirs else _repeated(step.constant, batch.num_rows)
            made = step.make(given)
            arrays.append(made.column)
            if made.bad is not None:
                _refuse(step, made, np.flatnonzero(made.bad).tolist(), refused)
        rows = pa.RecordBatch.from_arrays(arrays, names=[step.ours for step in steps])
        return rows, tuple(refused[row] for row in sorted(refused))

    def record(self) -> dict[str, Any]:
        """The reading as JSON holds it."""
        columns = base64.b64encode(self.written.serialize().to_pybytes()).decode()
        return {"columns": columns, "steps": [step.record() for step in self.steps]}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Reading:
        """The reading that a record (:meth:`record`) is of."""
        written = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(record["columns"])))
        return cls(written, tuple(Step.of(one) for one in record["steps"]))


def _repeated(text: str | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string()) if text is None else pa.repeat(pa.scalar(text, pa.string()), rows)


def _refuse(step: Step, made: Made, rows: Sequence[int], refused: dict[int, Torn]) -> None:
    for row in rows:
        if row not in refused:
            refused[row] = Torn(row, quoted(made.column[row]), made.expected, made.code, step.ours)
