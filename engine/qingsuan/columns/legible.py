"""Texts that a reader can tell apart: ids and codes are compared byte by byte, so nothing in them may be invisible.

A blank at an end, a character of no width or a full-width digit makes two texts of what everybody reads as one. A spreadsheet
makes one text of two: it writes long ids as ``2.20102E+17``. Neither is mended here:
such a text is no id.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MOST_BYTES", "illegible", "no_id", "what_is_wrong"]

MOST_BYTES = 128
"""The longest id or code; the national interface gives ids thirty characters."""

_VISIBLE = r"^[\p{L}\p{N}\p{P}\p{S}]+$"
_BLANK_LETTERS = "\u115f\u1160\u2800\ufffd"
"""Fillers of Hangul, the empty pattern of Braille, and what stands where a character was lost."""

_SPREADSHEET = {
    r"^\d\.\d+[eE][+-]?\d{1,3}$|^\d[eE]\+\d{1,3}$": "a spreadsheet's form of a long number, whose digits are lost",
    r"^\d+\.0+$": "a number with a decimal point",
    r"^\d{1,3}(,\d{3})+$": "a number with separators",
    r"^'|\"": "quotation marks of a spreadsheet",
}
_SPREADSHEET_MARKS = b".+,'\""
_NOTHING = ("NULL", "null", "Null", "None", "none", "NONE", "NaN", "nan", "NAN", "\\N", "N/A", "n/a", "#N/A", "NA")
"""How tools write that nothing is there."""

_LONGEST_NOTHING = max(map(len, _NOTHING))
_CHUNK = 1 << 18

Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


def illegible(texts: pa.Array) -> Mask | None:
    """Which texts of a string array without nulls hold what cannot be seen or told apart; None if none does.

    Texts of printable ASCII, which nearly all are, are seen to be so by the least and the greatest byte of the whole column.
    """
    lengths, data = _memory(texts)
    if _is_plain(data, b"!") and int(lengths.max(initial=0)) <= MOST_BYTES:
        return None
    visible = pc.match_substring_regex(texts, _VISIBLE)
    known = pc.if_else(visible, texts, "")
    blank = pc.match_substring_regex(known, f"[{_BLANK_LETTERS}]")
    good = pc.and_not(pc.and_(visible, pc.equal(pc.utf8_normalize(known, "NFKC"), texts)), blank)
    bad: Mask = ~good.to_numpy(zero_copy_only=False) & (lengths > 0) | (lengths > MOST_BYTES)
    return bad if bad.any() else None


def no_id(texts: pa.Array) -> Mask | None:
    """Which texts of a string array without nulls are no ids: illegible, or what a spreadsheet or a tool made of one."""
    lengths, data = _memory(texts)
    short = int(lengths.min(initial=MOST_BYTES)) <= _LONGEST_NOTHING
    short = short and bool(((lengths - 1).astype(np.uint32) < _LONGEST_NOTHING).any())
    if not short and _is_plain(data, b"0") and int(lengths.max(initial=0)) <= MOST_BYTES:
        return None
    found = illegible(texts)
    bad = np.zeros(len(texts), np.bool_) if found is None else found
    if _holds_any(data, _SPREADSHEET_MARKS):
        bad |= pc.match_substring_regex(texts, "|".join(_SPREADSHEET)).to_numpy(zero_copy_only=False)
    if short:
        bad |= pc.is_in(texts, value_set=pa.array(_NOTHING)).to_numpy(zero_copy_only=False)
    return bad if bad.any() else None


def what_is_wrong(text: str) -> str:
    r"""Say why a text is no id or code.

    >>> what_is_wrong("P3 "), what_is_wrong("\u200bP3"), what_is_wrong("Ｐ３")
    ('a blank at an end', 'the character U+200B ZERO WIDTH SPACE', 'written plainly it is "P3"')
    """
    if text != text.strip(" "):
        return "a blank at an end"
    if " " in text:
        return "a blank inside"
    for character in text:
        if unicodedata.category(character)[0] not in "LNPS" or character in _BLANK_LETTERS:
            return f"the character U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    plain = unicodedata.normalize("NFKC", text)
    if plain != text:
        return f'written plainly it is "{plain}"'
    if len(text.encode()) > MOST_BYTES:
        return f"{len(text.encode())} bytes"
    if text in _NOTHING:
        return "a word for nothing"
    return next((words for form, words in _SPREADSHEET.items() if re.search(form, text)), "")


def _memory(texts: pa.Array) -> tuple[npt.NDArray[np.int32], Bytes]:
    """The lengths of texts in bytes, and all their bytes, over the same memory."""
    offsets, data = texts.buffers()[1:]
    if offsets is None or len(texts) == 0:
        return np.zeros(0, np.int32), np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    every = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return np.diff(ends), every[ends[0] : ends[-1]]


def _is_plain(data: Bytes, first: bytes) -> bool:
    """Whether all bytes are printable ASCII from ``first`` on."""
    return not len(data) or (int(data.min()) >= first[0] and int(data.max()) <= ord("~"))


def _holds_any(data: Bytes, marks: bytes) -> bool:
    chunks = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    return any((chunk == mark).any() for chunk in chunks for mark in marks)
