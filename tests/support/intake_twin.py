"""A slow twin of intake files: what one cell becomes, in plain Python, written from docs/intake.md alone.

It shares nothing with what it judges: forms are walked letter by letter, floats are fractions, zones are the standard library's.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

__all__ = ["BAD", "Said", "made", "random_cell", "random_said"]

BAD = object()
"""What a cell becomes that does not fit: its row is rejected."""

_WIDTHS = {"Y": (4, 4), "m": (1, 2), "d": (1, 2), "H": (1, 2), "M": (1, 2), "S": (1, 2), "f": (1, 6)}


@dataclass(frozen=True)
class Said:
    """What is said of one column."""

    kind: str
    null: tuple[str, ...] = ()
    strip: bool = False
    half: bool = False
    codes: Mapping[str, str] | None = None
    forms: tuple[str, ...] = ()
    zone: str = ""
    unit: str = ""
    thousands: str = ""


def made(said: Said, cell: str | float | None) -> object:
    """What a cell becomes: None, a text, a date, a time, an amount as Decimal, or :data:`BAD`."""
    if cell is None:
        return None
    if isinstance(cell, float):
        return _of_float(cell, said.unit)
    if cell in said.null:
        return None
    text = cell.strip() if said.strip else cell
    if said.half and said.kind == "code":
        text = "".join(map(_half, text))
    if said.codes is not None:
        return said.codes.get(text, BAD) if text else ""
    if said.forms:
        return _stamp(said, text) if text else None
    if said.kind == "money":
        return _amount(said, text)
    return text


def _half(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter)
    is_full = unicodedata.east_asian_width(letter) == "F"
    return plain if is_full and plain.isascii() and plain.isalnum() else letter


def _of_float(cell: float, unit: str) -> object:
    if not math.isfinite(cell):
        return BAD
    fen = Fraction(cell) * (1 if unit == "fen" else 100)
    whole = round(fen)
    is_near = abs(fen - whole) <= Fraction(1, 1_000_000) and abs(whole) < 2**33
    is_nearest = cell == (float(whole) if unit == "fen" else whole / 100)
    if abs(whole) >= 2**44 or not (is_near or is_nearest):
        return BAD
    return Decimal(whole).scaleb(-2)


def _amount(said: Said, text: str) -> object:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if said.thousands and said.thousands in digits:
        whole, point, rest = digits.partition(".")
        groups = whole.split(said.thousands)
        fits = all(_digits(group) and len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3
        if fits and _digits(groups[0]) and (not point or _digits(rest)):
            digits = "".join(groups) + point + rest
            text = sign + digits
    if said.unit != "fen":
        return text
    if not text:
        return None
    return Decimal(f"{sign}{digits}").scaleb(-2) if _digits(digits) and len(digits) <= 17 else BAD


def _digits(text: str) -> bool:
    return bool(text) and all("0" <= letter <= "9" for letter in text)


def _stamp(said: Said, text: str) -> object:
    found = {one for form in said.forms if (one := _by_form(form, text, said.zone)) is not None}
    if len(found) != 1:
        return BAD
    (only,) = found
    return only.date() if said.kind == "date" else only


def _by_form(form: str, text: str, zone: str) -> dt.datetime | None:
    parts = _parts(form)
    values: dict[str, str] = {}
    if not _walk(parts, 0, text, values):
        return None
    try:
        year, month, date = (
            int(values.get(name, default)) for name, default in (("Y", "1970"), ("m", "1"), ("d", "1"))
        )
        clock = (int(values.get(name, "0")) for name in "HMS")
        micros = int(values.get("f", "0").ljust(6, "0"))
        day = dt.datetime.combine(dt.date(year, month, date), dt.time(*clock, micros))
        if "z" in values:
            said = values["z"]
            sign = -1 if said[0] == "-" else 1
            hours, minutes = (0, 0) if said == "Z" else (int(said[1:3]), int(said[-2:]))
            if hours > 23 or minutes > 59:
                return None
            behind = dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))
            day = day.replace(tzinfo=behind).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except ValueError:
        return None
    return day


def _parts(form: str) -> list[str]:
    parts, at = [], 0
    while at < len(form):
        size = 2 if form[at] == "%" else 1
        parts.append(form[at : at + size])
        at += size
    return parts


def _walk(parts: Sequence[str], at: int, text: str, values: dict[str, str]) -> bool:
    """Whether a text is of the parts from a place on; fills in the numbers."""
    if at == len(parts):
        return not text
    part = parts[at]
    if len(part) == 1:
        return text.startswith(part) and _walk(parts, at + 1, text[1:], values)
    name = part[1]
    if name == "z":
        sizes = [1] if text.startswith("Z") else [6, 5]
        tries = [size for size in sizes if _is_offset(text[:size], size)]
    else:
        least, most = _WIDTHS[name]
        beside = [parts[place] for place in (at - 1, at + 1) if 0 <= place < len(parts)]
        if name != "f" and any((len(one) == 2 and one != "%z") or one.isdigit() for one in beside):
            least = most
        tries = [size for size in range(most, least - 1, -1) if _digits(text[:size]) and len(text) >= size]
    for size in tries:
        if _walk(parts, at + 1, text[size:], values):
            values[name] = text[:size]
            return True
    return False


def _is_offset(text: str, size: int) -> bool:
    if size == 1:
        return True
    return (
        len(text) == size
        and text[0] in "+-"
        and _digits(text[1:].replace(":", "", 1))
        and (size == 5) == (":" not in text)
        and (size == 5 or text[3] == ":")
    )


# ---- random rules and cells

_FORMS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%Y年%m月%d日", "%Y.%m.%d %H:%M", "%Y%m%d%H%M%S")
_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S%z",
)
_ZONES = ("Asia/Shanghai", "America/New_York", "UTC")
_CODES = ({"居民": "390", "职工": "310"}, {"1": "390", "2": "310", "１": "391"}, {" a": "1", "a": "2"})


def random_said(draw: random.Random) -> tuple[Said, bool]:
    """Something said of a column, and whether its cells are floats."""
    text = {"strip": draw.random() < 0.5, "null": draw.choice([(), ("NULL", ""), ("\\N",)])}
    which = draw.choice(["code", "coded", "date", "time", "money", "float"])
    if which == "code":
        return Said("code", half=draw.random() < 0.7, **text), False  # type: ignore[arg-type]
    if which == "coded":
        return Said("code", half=draw.random() < 0.5, codes=draw.choice(_CODES), **text), False  # type: ignore[arg-type]
    if which in ("date", "time"):
        forms = tuple(draw.sample(_FORMS if which == "date" else _TIMES, draw.randint(1, 3)))
        zone = draw.choice(_ZONES) if any("%z" in form for form in forms) else ""
        return Said(which, forms=forms, zone=zone, **text), False  # type: ignore[arg-type]
    unit = draw.choice(["", "yuan", "fen"])
    if which == "float":
        return Said("money", unit=unit), True
    return Said("money", unit=unit, thousands=draw.choice(["", ",", "'", " "]), **text), False  # type: ignore[arg-type]


def random_cell(draw: random.Random, said: Said, is_float: bool) -> str | float | None:
    """A cell as somebody may write it, with that in mind or not."""
    if draw.random() < 0.08:
        return None
    if is_float:
        fen = draw.randrange(-(10**9), 10 ** draw.randint(3, 14))
        off = draw.choice([0.0, 0.0, 0.0, 0.001, 0.5, 1e-9])
        value = (fen + off) if said.unit == "fen" else (fen + off) / 100
        return draw.choice([value] * 20 + [math.nan, math.inf, 1e300])
    if said.forms:
        text = _written(draw, draw.choice([*said.forms, *said.forms, *_FORMS]))
    elif said.kind == "money":
        mark = draw.choice([said.thousands, ",", ""]) or ""
        whole = f"{draw.randrange(-(10 ** draw.randint(1, 9)), 10**7):,}".replace(",", mark)
        text = whole + draw.choice(["", "", ".5", ".50", ".x"])
    else:
        text = draw.choice(["居民", "职工", "1", "2", "１", "Ａ１b", "①", "农民", "a", "全角。", "", "ＺＺ０９"])
    if draw.random() < 0.1:
        at = draw.randrange(len(text) + 1)
        text = text[:at] + draw.choice("0 9-,/x") + text[at + draw.randint(0, 1) :]
    if draw.random() < 0.15:
        text = draw.choice([" ", "\t", "\u3000"]) + text + draw.choice(["", " "])
    return draw.choice([text] * 20 + ["", "NULL", "\\N"])


def _written(draw: random.Random, form: str) -> str:
    date = dt.date(
        draw.choice([1, 1970, 2021, 2024, 2037 if "%z" in form else 9999]), draw.randint(1, 12), draw.randint(1, 28)
    )
    clock = dt.time(draw.randint(0, 23), draw.randint(0, 59), draw.randint(0, 59), draw.randint(0, 999_999))
    day = dt.datetime.combine(date, clock)
    short = draw.random() < 0.4
    values = {
        "Y": f"{day.year:04d}", "f": f"{day.microsecond:06d}"[: draw.randint(1, 6)], "z": draw.choice(["Z", "+08:00", "-0330", "+2400", "+0860"]),
        **{name: str(value) if short else f"{value:02d}" for name, value in zip("mdHMS", (day.month, draw.choice([day.day, day.day, 31]), day.hour, day.minute, day.second), strict=True)},
    }  # fmt: skip
    return "".join(values[part[1]] if len(part) == 2 else part for part in _parts(form))
