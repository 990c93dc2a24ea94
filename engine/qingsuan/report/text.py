"""Plain-text tables whose columns line up though a Chinese character is two cells wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from qingsuan.messages import Words
from qingsuan.money import fen_of_yuan, yuan

__all__ = [
    "folded",
    "grouped_amount",
    "grouped_yuan",
    "harmless",
    "headed",
    "heading",
    "percent",
    "proven",
    "table",
    "width",
]

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def width(text: str) -> int:
    """Cells a text takes in a terminal.

    >>> width("hifp 统筹")
    9
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def grouped_yuan(amount_fen: int) -> str:
    """Write fen as yuan with thousands apart.

    >>> grouped_yuan(123456789), grouped_yuan(-5)
    ('1,234,567.89', '-0.05')
    """
    whole, _, cents = yuan(abs(amount_fen)).partition(".")
    return f"{'-' if amount_fen < 0 else ''}{int(whole):,}.{cents}"


def grouped_amount(amount: object) -> str:
    """Write an amount of a record or a table, which is in yuan, with thousands apart.

    >>> grouped_amount("1234567.89")
    '1,234,567.89'
    """
    return grouped_yuan(fen_of_yuan(str(amount)))


def percent(part: int, whole: int) -> str:
    """Write a share with one decimal, rounded half up; ``-`` of nothing.

    >>> percent(1, 8), percent(5, 0)
    ('12.5 %', '-')
    """
    if whole == 0:
        return "-"
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def folded(text: str, columns: int) -> list[str]:
    """Break a text at its spaces, and between Chinese characters, into lines of at most ``columns`` cells; a longer word excepted.

    >>> folded("counted 计入 twice", 12), folded("超过支付限额，不计。", 12)
    (['counted 计入', 'twice'], ['超过支付限', '额，不计。'])
    """
    lines = [""]
    for part in filter(None, _PARTS.findall(text)):
        if not lines[-1] or width(f"{lines[-1]}{part}".rstrip()) <= columns:
            lines[-1] += part if lines[-1] else part.lstrip()
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(part.lstrip())
    return lines


_CHINESE, _OPENING, _CLOSING = r"[\u3400-\u9fff]", "“‘（《〔", "，。；：、）》〕”’！？"
_PARTS = re.compile(
    rf" *[{_OPENING}]*(?:{_CHINESE}|[^ \u3400-\u9fff{_OPENING}]+?(?=[\u3400-\u9fff{_OPENING} ]|$)|$)[{_CLOSING}]*"
)
"""What stays together on a line: a Chinese character or a word, the blanks before it and the signs behind it."""


def harmless(text: str) -> str:
    r"""A text that no terminal obeys: control characters, other than ends of lines, and those that turn the direction are escapes.

    >>> print(harmless("red \x1b[31m, back\r, \x9b2J, \u202e"))
    red \x1b[31m, back\x0d, \x9b2J, \u202e
    """
    return _OBEYED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def proven(words: Words, digest: str) -> str:
    """The line that a finished run ends with: its record was read from the disk again."""
    return words.speak("Finished; run.json SHA-256 {digest}", digest=digest)


def heading(text: str) -> str:
    """Underline a heading."""
    return f"{text}\n{'─' * width(text)}"


def headed(title: str, shown: str) -> str:
    """A table, or whatever else is shown, below its heading."""
    return f"{heading(title)}\n{shown}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Lay out rows under headers, two cells apart; ``align`` has one letter per column, ``l`` or ``r``.

    An empty row leaves a blank line.

    Raises
    ------
    ValueError
        A row is not as long as the headers.
    """
    filled = [row for row in (headers, *rows) if row]
    if any(len(row) != len(align) for row in filled):
        raise ValueError(f"every row needs {len(align)} cells: {next(row for row in filled if len(row) != len(align))}")
    widths = [max(width(row[at]) for row in filled) for at in range(len(align))]
    return "\n".join(_line(row, widths, align) for row in (headers, *rows))


def _line(row: Sequence[str], widths: Sequence[int], align: str) -> str:
    cells = []
    for cell, wide, side in zip(row, widths, align, strict=False):
        blank = " " * (wide - width(cell))
        cells.append(blank + cell if side == "r" else cell + blank)
    return "  ".join(["", *cells]).rstrip()
