"""Ids and codes: what a reader cannot see or tell apart is no id, whatever else may stand in one."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.columns.cells import read_ids, read_texts
from qingsuan.columns.legible import MOST_BYTES, illegible, no_id, what_is_wrong

GOOD = (
    *("P1", "220102199001011234", "a-b_c/d:e.f+g", "x(1)", "院01", "长春市第1医院", "д7", "é", "~", "!", "0"),
    *(
        "2E10",
        "1E5",
        "12.5",
        "1.2.0",
        "NULL1",
        "nano",
        "a'b",
        "1,5",
        "220102,7",
        "9" * MOST_BYTES,
        "院" * (MOST_BYTES // 3),
    ),
)
ILLEGIBLE = {
    "a blank at an end": ("P3 ", " P3", "  P3  "),
    "a blank inside": ("P 3", "2201 02"),
    "the character U+0009": ("P3\t", "\tP3", "P\t3"),
    "the character U+000A": ("P3\n",),
    "the character U+0000": ("P3\x00", "\x00"),
    "the character U+007F": ("P3\x7f",),
    "the character U+0085": ("P3\x85",),
    "the character U+00A0 NO-BREAK SPACE": ("P3\xa0",),
    "the character U+00AD SOFT HYPHEN": ("P\xad3",),
    "the character U+034F COMBINING GRAPHEME JOINER": ("P\u034f3",),
    "the character U+0301 COMBINING ACUTE ACCENT": ("e\u0301",),
    "the character U+115F HANGUL CHOSEONG FILLER": ("P\u115f3",),
    "the character U+200B ZERO WIDTH SPACE": ("\u200bP3", "P3\u200b", "P\u200b3"),
    "the character U+200D ZERO WIDTH JOINER": ("P\u200d3",),
    "the character U+200E LEFT-TO-RIGHT MARK": ("P3\u200e",),
    "the character U+2028 LINE SEPARATOR": ("P\u20283",),
    "the character U+202E RIGHT-TO-LEFT OVERRIDE": ("\u202eP3",),
    "the character U+2800 BRAILLE PATTERN BLANK": ("P3\u2800",),
    "the character U+3000 IDEOGRAPHIC SPACE": ("P3\u3000",),
    "the character U+E000": ("\ue0003",),
    "the character U+FE0F VARIATION SELECTOR-16": ("P3\ufe0f",),
    "the character U+FEFF ZERO WIDTH NO-BREAK SPACE": ("\ufeffP3",),
    "the character U+FFFD REPLACEMENT CHARACTER": ("P\ufffd3",),
    "the character U+10FFFF": ("P\U0010ffff3",),
    'written plainly it is "P3"': ("Ｐ３", "Ｐ3", "P\uff13", "P\u00b3", "\U0001d40f3", "P③"),
    'written plainly it is "豈"': ("\uf900",),
    f"{MOST_BYTES + 1} bytes": ("9" * (MOST_BYTES + 1), "院" * (MOST_BYTES // 3) + "999"),
}
SPREADSHEET = {
    "a spreadsheet's form of a long number, whose digits are lost": ("2.20102E+17", "2.20102e17", "2E+17", "1.0E-05"),
    "a number with a decimal point": ("220102199001011234.0", "7.00"),
    "a number with separators": ("220,102,199", "1,000"),
    "quotation marks of a spreadsheet": ("'P3", '="P3"', '"P3"'),
    "a word for nothing": ("NULL", "null", "NaN", "None", "\\N", "#N/A"),
}
REASONS = [(text, words) for words, texts in ILLEGIBLE.items() for text in texts]
DAMAGED = [(text, words) for words, texts in SPREADSHEET.items() for text in texts]


@pytest.mark.parametrize("text", GOOD)
def test_what_can_be_read_is_an_id(text: str) -> None:
    assert illegible(pa.array([text])) is None
    assert no_id(pa.array([text])) is None
    assert what_is_wrong(text) == ""


@pytest.mark.parametrize(("text", "words"), REASONS)
def test_what_cannot_be_seen_or_told_apart_is_neither_id_nor_code(text: str, words: str) -> None:
    for judge in (illegible, no_id):
        bad = judge(pa.array(["P3", text, "", "院1"]))
        assert bad is not None
        assert bad.tolist() == [False, True, False, False]
    assert what_is_wrong(text).startswith(words)


@pytest.mark.parametrize(("text", "words"), DAMAGED)
def test_what_a_spreadsheet_or_a_tool_made_of_an_id_is_none(text: str, words: str) -> None:
    bad = no_id(pa.array(["P3", text, "", "院1"]))
    assert bad is not None
    assert bad.tolist() == [False, True, False, False]
    assert illegible(pa.array([text])) is None
    assert what_is_wrong(text) == words


def test_every_character_is_judged_as_the_standard_describes_it() -> None:
    """Characters that this Python does not know yet may be known to Arrow."""
    known = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    bad = illegible(pa.array([f"A{character}B" for character in known]))
    assert bad is not None
    blank_letters = "\u115f\u1160\u2800\ufffd"
    for character, found in zip(known, bad.tolist(), strict=True):
        clear = unicodedata.category(character)[0] in "LNPS" and character not in blank_letters
        text = f"A{character}B"
        assert found is not (clear and unicodedata.normalize("NFKC", text) == text), f"U+{ord(character):04X}"


WAYS = {
    "plain": pa.array,
    "sliced": lambda texts: pa.array(["bad ", *texts, "bad "])[1:-1],
    "large": lambda texts: pa.array(texts, pa.large_string()),
    "dictionary": lambda texts: pa.array(texts).dictionary_encode(),
    "dictionary with a text that nobody uses": lambda texts: pa.array([*texts, "bad "]).dictionary_encode()[:-1],
    "chunked": lambda texts: pa.chunked_array([texts[:1], texts[1:]], pa.string()),
}


@pytest.mark.parametrize("way", WAYS)
def test_columns_of_any_type_mark_the_same_cells(way: str) -> None:
    good, mixed = ["P1", None, "", "P2"], ["P1", None, "P2 ", "", "Ｐ1", "P1"]
    for reader in (read_ids, read_texts):
        assert reader(WAYS[way](good)).faults == {}
        cells = reader(WAYS[way](mixed))
        assert np.flatnonzero(cells.faults["E_FORM"]).tolist() == [2, 4]
        assert cells.values.to_pylist() == ["P1", "", "P2 ", "", "Ｐ1", "P1"]


def test_a_mark_that_lies_far_behind_is_seen() -> None:
    ids = [f"x-{number:030d}" for number in range(20_000)]
    assert no_id(pa.array(ids)) is None
    bad = no_id(pa.array([*ids, "2.2E+17"]))
    assert bad is not None
    assert np.flatnonzero(bad).tolist() == [20_000]


def test_nothing_has_no_form() -> None:
    for texts in (pa.array([], pa.string()), pa.array([""]), pa.array(["", ""])):
        assert illegible(texts) is None
        assert no_id(texts) is None
