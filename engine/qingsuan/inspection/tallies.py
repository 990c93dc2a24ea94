"""What stands in one column, counted batch by batch: nulls, ranges, codes, and the ways in which its cells are written."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.run.inputs.intake.days import micros_of
from qingsuan.run.inputs.intake.steps import is_text
from qingsuan.run.inputs.intake.texts import half_width, plain

__all__ = ["DATE_FORMS", "MOST_CODES", "NULLS", "TIME_FORMS", "Tally", "plain_text"]

MOST_CODES = 1_000
"""So many different codes of a column are counted; a column with more of them has none."""

DATE_FORMS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
)
TIME_FORMS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d"),
    *("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y%m%d"),
    *("%Y年%m月%d日", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"),
)
"""Forms that are tried; none of them has the day before the month: which is meant, a file does not say."""

NULLS = ("NULL", "null", "\\N", "None", "NaN", "N/A", "#N/A")
"""How tools write that nothing is there."""

_ORDERED = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
)

_MONEY = r"^-?\d+(\.\d+)?$"
_GROUPED = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"


class Tally:
    """A column of one kind, as far as it was read.

    Attributes
    ----------
    rows, nulls : how many cells there are, and in how many nothing stands.
    codes : how often each value of a column of codes is there; empty once there are too many.
    least, greatest : of dates, times and amounts that could be read.
    in_workbook : whether a workbook has it, which keeps every number as a double.
    ways : how many cells are written in each way: forms of dates, ``grouped``, ``blank``, ``full``, ``null …``.
    """

    def __init__(self, name: str, theirs: str, kind: str, type_: pa.DataType, *, in_workbook: bool = False) -> None:
        self.name, self.theirs, self.kind, self.type, self.in_workbook = name, theirs, kind, type_, in_workbook
        self.rows = self.nulls = 0
        self.codes = Counter[str]()
        self.has_codes = kind in ("code", "flag")
        self.least: Any = None
        self.greatest: Any = None
        self.ways = Counter[str]()

    def add(self, column: pa.Array) -> None:
        """Count the cells of a batch."""
        self.rows += len(column)
        if is_text(column.type) or (pa.types.is_integer(column.type) and self.kind in ("date", "time", "code", "flag")):
            self._texts(plain(column))
            return
        self.nulls += column.null_count
        self._range(column)

    def _texts(self, texts: pa.Array) -> None:
        there = texts.filter(pc.fill_null(pc.not_equal(texts, ""), False))
        self.nulls += len(texts) - len(there)
        said = pc.is_in(there, value_set=pa.array(NULLS, pa.string()))
        for one in there.filter(said).value_counts().to_pylist():
            self.ways[f"null {one['values']}"] += one["counts"]
        there = there.filter(pc.invert(said))
        trimmed = pc.utf8_trim_whitespace(there)
        self.ways["blank"] += _count(pc.not_equal(trimmed, there))
        there = trimmed
        if self.kind in ("text", "code", "flag"):
            half = half_width(there)
            self.ways["full"] += _count(pc.not_equal(half, there))
            self._count_codes(half)
        elif self.kind in ("date", "time"):
            self._count_forms(there)
        elif self.kind == "money":
            self._count_amounts(there)

    def _count_codes(self, texts: pa.Array) -> None:
        if not self.has_codes:
            return
        for one in texts.value_counts().to_pylist():
            self.codes[one["values"]] += one["counts"]
        if len(self.codes) > MOST_CODES:
            self.has_codes = False
            self.codes.clear()

    def _count_forms(self, texts: pa.Array) -> None:
        """Count each cell with the first form that it has."""
        left = texts
        for form in DATE_FORMS if self.kind == "date" else TIME_FORMS:
            if not len(left):
                return
            micros, unlike = micros_of(left, (form,), "UTC" if "%z" in form else "")
            fits = pa.array(~unlike)
            self.ways[form] += len(left) - int(unlike.sum())
            stamps = pa.array(micros).view(pa.timestamp("us")).filter(fits)
            self._range(stamps.cast(pa.date32(), safe=False) if self.kind == "date" else stamps)
            left = left.filter(pc.invert(fits))
        self.ways["unlike"] += len(left)

    def _count_amounts(self, texts: pa.Array) -> None:
        grouped = pc.match_substring_regex(texts, _GROUPED)
        self.ways["grouped"] += _count(grouped)
        bare = pc.if_else(grouped, pc.replace_substring(texts, ",", ""), texts)
        fits = pc.match_substring_regex(bare, _MONEY)
        self.ways["unlike"] += len(texts) - _count(fits)
        short = bare.filter(pc.and_(fits, pc.less_equal(pc.utf8_length(bare), 24)))
        self._range(
            pc.if_else(pc.match_substring_regex(short, r"^-?\d{1,15}(\.\d{1,8})?$"), short, None).cast(
                pa.decimal128(38, 8)
            )
        )

    def _range(self, column: pa.Array) -> None:
        if self.kind not in ("date", "time", "money", "count") or not len(column) - column.null_count:
            return
        if not any(is_one(column.type) for is_one in _ORDERED):
            return  # a type that is refused as a whole
        found = pc.min_max(column).as_py()
        self.least = found["min"] if self.least is None else min(self.least, found["min"])
        self.greatest = found["max"] if self.greatest is None else max(self.greatest, found["max"])


def plain_text(value: Any) -> str:
    """A bound of a range as people write it."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _count(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)
