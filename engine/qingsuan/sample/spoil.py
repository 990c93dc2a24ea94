"""Spoils a stated number of claim rows, one for each rejection code in turn, and says which and why.

A spoiled row is either a good one changed, or (a second copy, a reversal that does not fit) one more row beside a good
one. Rows that are part of a reversal are never touched, so that each spoiled row fails for one reason only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.errors import UsageError
from qingsuan.money import MAX_FEN, yuan
from qingsuan.sample.columns import as_text, claims_schema
from qingsuan.sample.draw import Words
from qingsuan.tables import BILL

__all__ = ["SPOILS", "Note", "codes_for", "spoil"]

Row = dict[str, Any]
_FEN = Decimal("0.01")
_MUST = ("psn_no", "insutype", "med_type", "insu_admdvs", "begndate", "setl_time", "medfee_sumamt", "inscp_scp_amt")
_WRONG_FORMS = (("insu_admdvs", "22A1"), ("refl_flag", "7"))
_WRONG_CODES = (("insutype", "9Z9"), ("med_type", "ZZ"))


@dataclass(frozen=True, slots=True)
class Note:
    """One spoiled row: what is wrong with it. ``also`` is the good claim that is rejected along with it."""

    setl_id: str
    psn_no: str
    code: str
    column: str
    why: str
    also: str = ""


def _missing(row: Row, turn: int) -> Note:
    column = _MUST[turn % len(_MUST)]
    note = _note(row, "E_MISSING", column, f"{column} is null")
    row[column] = None
    return note


def _form(row: Row, turn: int) -> Note:
    column, value = _WRONG_FORMS[turn % len(_WRONG_FORMS)]
    row[column] = value
    return _note(row, "E_FORM", column, f"{column} is {value}")


def _code(row: Row, turn: int) -> Note:
    column, value = _WRONG_CODES[turn % len(_WRONG_CODES)]
    row[column] = value
    return _note(row, "E_CODE", column, f"{column} is {value}")


def _scale(row: Row, _turn: int) -> Note:
    return _note(row, "E_SCALE", "medfee_sumamt", "medfee_sumamt has three decimals")


def _range(row: Row, _turn: int) -> Note:
    above = Decimal(yuan(MAX_FEN + 1))
    row["inscp_scp_amt"] += above
    row["medfee_sumamt"] += above
    return _note(row, "E_RANGE", "medfee_sumamt", "medfee_sumamt is above 100 billion yuan")


def _negative(row: Row, _turn: int) -> Note:
    row["inscp_scp_amt"] += row["preselfpay_amt"] + _FEN
    row["preselfpay_amt"] = -_FEN
    return _note(row, "E_NEGATIVE", "preselfpay_amt", "preselfpay_amt is -0.01; the four parts still add up")


def _composition(row: Row, _turn: int) -> Note:
    row["medfee_sumamt"] += _FEN
    return _note(row, "E_COMPOSITION", "medfee_sumamt", "medfee_sumamt is one fen more than its parts")


def _duplicate(row: Row, turn: int) -> Note:
    if turn % 2:
        row["er_flag"] = "1" if row["er_flag"] == "0" else "0"
    return _note(row, "E_DUPLICATE", "setl_id", "a differing copy" if turn % 2 else "an identical copy")


def _person(row: Row, _turn: int) -> Note:
    row["psn_no"] = "8" + row["psn_no"][1:]
    return _note(row, "E_PERSON", "psn_no", "nobody has this number")


def _date(row: Row, turn: int) -> Note:
    if turn % 2:
        row["setl_time"] = row["setl_time"].replace(year=row["setl_time"].year + 1, month=1, day=15)
        return _note(row, "E_DATE", "setl_time", "settled in the next year")
    row["enddate"] = row["begndate"] - dt.timedelta(days=1)
    return _note(row, "E_DATE", "enddate", "ends before it begins")


def _negate(row: Row) -> None:
    for name in BILL:
        row[name] = -row[name]
    row["refd_setl_flag"] = "1"


def _orphan(row: Row, _turn: int) -> Note:
    _negate(row)
    row["init_setl_id"] = "8" + row["setl_id"][1:]
    return _note(row, "E_REVERSAL_ORPHAN", "init_setl_id", "takes back a claim that is not there")


def _mismatch(row: Row, _turn: int) -> Note:
    also = row["setl_id"]
    _negate(row)
    row["medfee_sumamt"] -= _FEN
    row["inscp_scp_amt"] -= _FEN
    row["init_setl_id"], row["setl_id"] = also, "7" + also[1:]
    return _note(row, "E_REVERSAL_MISMATCH", "medfee_sumamt", "takes back one fen too much", also)


def _note(row: Row, code: str, column: str, why: str, also: str = "") -> Note:
    return Note(row["setl_id"], row["psn_no"] or "", code, column, why, also)


SPOILS: dict[str, tuple[Callable[[Row, int], Note], bool]] = {
    "E_MISSING": (_missing, False),
    "E_FORM": (_form, False),
    "E_CODE": (_code, False),
    "E_SCALE": (_scale, False),
    "E_RANGE": (_range, False),
    "E_NEGATIVE": (_negative, False),
    "E_COMPOSITION": (_composition, False),
    "E_DUPLICATE": (_duplicate, True),
    "E_PERSON": (_person, False),
    "E_DATE": (_date, False),
    "E_REVERSAL_ORPHAN": (_orphan, False),
    "E_REVERSAL_MISMATCH": (_mismatch, True),
}
"""Rejection code -> what spoils a row so, and whether the good row stays beside the bad one."""


def codes_for(text: bool) -> tuple[str, ...]:
    """The codes a format can show: three decimals only fit in text."""
    return tuple(code for code in SPOILS if text or code != "E_SCALE")


def spoil(
    table: pa.Table, free: Words, rng: np.random.Generator, first: int, last: int, text: bool
) -> tuple[pa.Table, list[Note]]:
    """Spoil rows number ``first`` to ``last - 1`` of the whole sample among the rows ``free`` of a chunk.

    ``table`` has plain columns (no dictionaries), or all text with ``text``. Order is kept; added rows fall anywhere.

    Raises
    ------
    UsageError
        The chunk has fewer free rows than are to be spoiled.
    """
    if last - first > len(free):
        raise UsageError(
            "--bad-rows",
            found=f"{last - first} rows to spoil among {len(free)} claims",
            expected="at most about half as many bad rows as people",
            do="ask for fewer bad rows, or for more people",
        )
    victims = np.sort(rng.choice(free, size=last - first, replace=False))
    rows = table.take(pa.array(victims)).cast(claims_schema()).to_pylist()
    codes = codes_for(text)
    notes: list[Note] = []
    added: list[int] = []
    changed: list[int] = []
    for at, row in enumerate(rows):
        turn, which = divmod(first + at, len(codes))
        change, beside = SPOILS[codes[which]]
        notes.append(change(row, turn))
        (added if beside else changed).append(at)
    bad = pa.Table.from_pylist(rows, schema=claims_schema())
    if text:
        bad = _three_decimals(as_text(bad), notes)
    order = np.arange(len(table))
    order[victims[changed]] = len(table) + np.array(changed, dtype=np.int64)
    where = rng.integers(0, len(table) + 1, size=len(added))
    order = np.insert(order, where, len(table) + np.array(added, dtype=np.int64))
    return pa.concat_tables([table, bad]).take(pa.array(order)), notes


def _three_decimals(bad: pa.Table, notes: list[Note]) -> pa.Table:
    at = bad.column_names.index("medfee_sumamt")
    cells = bad.column(at).to_pylist()
    cells = [f"{cell}5" if note.code == "E_SCALE" else cell for cell, note in zip(cells, notes, strict=True)]
    return bad.set_column(at, "medfee_sumamt", pa.array(cells, pa.string()))
