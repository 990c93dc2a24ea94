"""What is done to one column of a file so that its cells are those of the interface; and which of them do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.run.inputs.intake.amounts import of_floats, of_wholes, wholes_of_texts, without_groups
from qingsuan.run.inputs.intake.days import local, micros_of
from qingsuan.run.inputs.intake.texts import coded, half_width, plain, without_null

__all__ = ["Made", "Step", "is_text"]

Mask = npt.NDArray[np.bool_]
_DAY_US = 86_400_000_000
_WHOLE_YUAN = pa.decimal128(23, 2)
_TEXTS = ("text", "code", "flag")
_STAMPS = ("date", "time")


class Made(NamedTuple):
    """A column as the interface has it.

    Attributes
    ----------
    column : its cells; one that does not fit is as it was written.
    bad : which do not fit; None if all do.
    code, expected : why their rows are refused, and what should stand there.
    """

    column: pa.Array
    bad: Mask | None = None
    code: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One column of ours, and how it comes from one of theirs.

    Attributes
    ----------
    ours, theirs : its name, and the file's; ``theirs`` is empty where the file has no such column.
    kind : as :class:`qingsuan.tables.Column` has it; empty of a column that nobody reads, to which nothing is done.
    constant : the text of every cell, where the file has none; ``is_ours`` says that it is written as the interface has it.
    digits : whether whole numbers are their digits, as a workbook shows them.
    file : the intake file, for messages.
    """

    ours: str
    theirs: str
    kind: str = ""
    constant: str | None = None
    is_ours: bool = False
    digits: bool = False
    null: tuple[str, ...] = ()
    strip: bool = False
    half: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    forms: tuple[str, ...] = ()
    zone: str = ""
    unit: str = ""
    thousands: str = ""
    exact: bool = False
    file: str = ""

    def type_of(self, given: pa.DataType) -> pa.DataType:
        """The type of the column of ours, where the file's has type ``given``: text where some cells may not fit."""
        if not self._is_done(given):
            return given
        if self.kind == "money" and pa.types.is_integer(given):
            return _WHOLE_YUAN
        if self.kind in _STAMPS and pa.types.is_timestamp(given):
            return pa.timestamp(given.unit)
        return pa.string()

    def _is_done(self, given: pa.DataType) -> bool:
        """Whether anything is done to cells of a type."""
        if not self.kind or self.is_ours:
            return False
        if is_text(given):
            return bool(self.null or self.strip or self._of_texts())
        if pa.types.is_integer(given):
            said = {
                "money": self.unit or (self.digits and self.exact),
                **dict.fromkeys(_TEXTS, self.codes or self.digits),
                **dict.fromkeys(_STAMPS, self.forms),
            }
            return bool(said.get(self.kind))
        if pa.types.is_floating(given):
            return self.kind == "money" and self.exact
        return pa.types.is_timestamp(given) and given.tz is not None and self.kind in _STAMPS and bool(self.zone)

    def _of_texts(self) -> bool:
        """Whether something is said of texts of this kind beside blanks and what is null."""
        if self.kind in _TEXTS:
            return bool(self.half or self.codes)
        if self.kind in _STAMPS:
            return bool(self.forms)
        return self.kind == "money" and bool(self.thousands or self.unit == "fen")

    def make(self, given: pa.Array) -> Made:
        """Make the column of ours from the file's."""
        kind = given.type
        if not self._is_done(kind):
            return Made(given)
        if self.kind == "money" and pa.types.is_floating(kind):
            return self._of_floats(given)
        if self.kind == "money" and pa.types.is_integer(kind):
            return Made(of_wholes(given, self.unit).cast(_WHOLE_YUAN))
        if pa.types.is_timestamp(kind):
            return Made(local(given, self.zone))
        return self._of(plain(given))

    def _of_floats(self, given: pa.Array) -> Made:
        amounts, bad = of_floats(given, self.unit)
        expected = f"a number within a millionth of a whole fen, as money.from_float of {self.file} says"
        return _left(amounts, given.cast(pa.string()), bad, "E_SCALE", expected)

    def _of(self, texts: pa.Array) -> Made:
        """Make it of texts as they were written."""
        if self.null:
            texts = without_null(texts, self.null)
        if self.strip:
            texts = pc.utf8_trim_whitespace(texts)
        if self.half and self.kind in _TEXTS:
            texts = half_width(texts)
        if self.codes:
            found, bad = coded(texts, self.codes)
            named = ", ".join(list(self.codes)[:8]) + " …" * (len(self.codes) > 8)
            return Made(
                found,
                bad if bad.any() else None,
                "E_CODE",
                f"a code that codes.{self.ours} of {self.file} names: {named}",
            )
        if self.kind in _STAMPS and self.forms:
            return self._stamps(texts)
        return self._amounts(texts) if self.kind == "money" else Made(texts)

    def _stamps(self, texts: pa.Array) -> Made:
        there = pc.fill_null(pc.not_equal(texts, ""), False)
        micros, unlike = micros_of(texts, self.forms, self.zone)
        bad = unlike & there.to_numpy(zero_copy_only=False)
        if self.kind == "date":
            made = pa.array((micros // _DAY_US).astype(np.int32)).view(pa.date32())
        elif any("%f" in form for form in self.forms):
            made = pa.array(micros).view(pa.timestamp("us"))
        else:
            made = pa.array(micros // 1_000_000).view(pa.timestamp("s"))
        made = pc.if_else(there, made, pa.scalar(None, made.type))
        what = "a date" if self.kind == "date" else "a time"
        forms = " or ".join(self.forms)
        return _left(made, texts, bad, "E_FORM", f"{what} written {forms}, as {self.kind}s of {self.file} says")

    def _amounts(self, texts: pa.Array) -> Made:
        if self.thousands:
            texts = without_groups(texts, self.thousands)
        if self.unit != "fen":
            return Made(texts)
        amounts, bad = wholes_of_texts(texts)
        return _left(amounts, texts, bad, "E_FORM", f"a whole number of fen, as money.unit of {self.file} says")

    def record(self) -> dict[str, Any]:
        """The step as JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Step:
        """The step that a record (:meth:`record`) is of."""
        values = {**record, "null": tuple(record["null"]), "forms": tuple(record["forms"])}
        return cls(**values)


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of a type are texts."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _left(made: pa.Array, written: pa.Array, bad: Mask, code: str, expected: str) -> Made:
    """What was made, and cells that do not fit as they were written; only then the column is one of texts."""
    if not bad.any():
        return Made(made)
    return Made(pc.if_else(pa.array(bad), written, made.cast(pa.string())), bad, code, expected)
