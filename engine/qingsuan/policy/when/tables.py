"""Tables of a notice, and the groups of people whom they name, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qingsuan.policy.when.values import When, read_only

__all__ = ["Group", "Matrix"]


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of people, ``[who]``: whom a condition holds for and no group before it that the same table names."""

    name: str
    when: When

    def __post_init__(self) -> None:
        object.__setattr__(self, "when", read_only(self.when))


@dataclass(frozen=True, slots=True)
class Matrix:
    """One table of a notice as one table of the file: rows and columns, and in each cell what holds there.

    Attributes
    ----------
    table : where it stands in the file, such as ``layers.inpatient.deductible`` or ``layers.critical.caps[1]``.
    layer, setting : what it is of: ``deductible``, ``bands``, ``limit``, ``caps`` or ``adjust``.
    rows_by, columns_by : what tells rows (columns) apart: a dimension, or ``who`` for the groups of ``[who]``; ``columns_by`` is
        empty where each row is one cell.
    rows, columns : their names, as the file writes them.
    cells : what holds in each, row by row, a value of the model such as a deductible; None where the cell says ``"-"``.
    written : each cell as the file has it.
    source : the keys of the sources that the whole table names (依据).
    like : the layer whose rows and columns these are; empty where they are its own.
    """

    table: str
    layer: str
    setting: str
    rows_by: str
    columns_by: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...]
    written: tuple[tuple[Any, ...], ...]
    source: str
    like: str = ""
