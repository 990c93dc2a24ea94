"""Forms of dates and times, as an intake file says them: what a cell must be to the letter, and which day it then is.

A number beside another one has all its digits; one between signs may leave a leading zero out: ``%Y/%m/%d`` reads 2021/3/1,
``%Y%m%d`` reads 20210301 and nothing shorter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["check_form", "local", "micros_of"]

Mask = npt.NDArray[np.bool_]
Micros = npt.NDArray[np.int64]

_WIDTHS = {"Y": (4, 4), "m": (1, 2), "d": (1, 2), "H": (1, 2), "M": (1, 2), "S": (1, 2), "f": (1, 6)}
_ZONE = r"Z|[+-]\d{2}:?\d{2}"
_DAY_US = 86_400_000_000
_PART = re.compile(r"%(.)|([^%]+)|%$")
_KNOWN = "%Y %m %d %H %M %S %f %z"


def check_form(form: str) -> str:
    """What is wrong with a form; empty if nothing is."""
    names = [match[1] for match in _PART.finditer(form) if match[2] is None]
    unknown = next((name for name in names if name not in (*_WIDTHS, "z")), "")
    if None in names or unknown is None:
        return "a single %"
    if unknown:
        return f"%{unknown}, which is none of {_KNOWN}"
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        return f"%{twice} twice"
    missing = [f"%{name}" for name in "Ymd" if name not in names]
    if missing:
        return f"no {' '.join(missing)}"
    if (
        ("M" in names and "H" not in names)
        or ("S" in names and "M" not in names)
        or ("f" in names and "S" not in names)
    ):
        return "a part of the day without the greater one"
    return ""


@lru_cache(maxsize=64)
def _pattern(form: str) -> str:
    parts = [(match[1], match[2] or "") for match in _PART.finditer(form)]
    found = []
    for at, (name, text) in enumerate(parts):
        if name is None:
            found.append(re.escape(text))
        elif name == "z":
            found.append(f"(?P<z>{_ZONE})")
        else:
            least, most = _WIDTHS[name]
            before = at > 0 and parts[at - 1][0] is not None
            after = at + 1 < len(parts) and parts[at + 1][0] not in (None, "z")
            touches = before or after or _touches(parts, at)
            found.append(f"(?P<{name}>\\d{{{most if touches and name != 'f' else least},{most}}})")
    return f"^{''.join(found)}$"


def _touches(parts: Sequence[tuple[str | None, str]], at: int) -> bool:
    """Whether the text beside a number is one of digits."""
    before = parts[at - 1][1][-1:] if at else ""
    after = parts[at + 1][1][:1] if at + 1 < len(parts) else ""
    return before.isdigit() or after.isdigit()


def micros_of(texts: pa.Array, forms: Sequence[str], zone: str) -> tuple[Micros, Mask]:
    """Microseconds since 1970-01-01 of texts, and which are written in none of the forms, or in two that disagree.

    Parameters
    ----------
    texts
        A string array; a null counts as not written so.
    zone
        Where stamps with an offset (``%z``) are brought to.
    """
    found, fits, clash = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_)
    for form in forms:
        values, good = _by_form(texts, form, zone)
        clash |= fits & good & (values != found)
        found = np.where(good & ~fits, values, found)
        fits |= good
    return found, ~fits | clash


def _by_form(texts: pa.Array, form: str, zone: str) -> tuple[Micros, Mask]:
    parts = pc.extract_regex(texts, _pattern(form))
    good: Mask = parts.is_valid().to_numpy(zero_copy_only=False)
    names = {field.name for field in parts.type}

    def number(name: str, default: int) -> npt.NDArray[np.int64]:
        if name not in names:
            return np.full(len(texts), default, np.int64)
        column = pc.fill_null(pc.struct_field(parts, name), str(default))
        column = pc.if_else(pc.equal(column, ""), str(default), column)
        numbers: npt.NDArray[np.int64] = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return numbers

    year, month, day = number("Y", 1970), number("m", 1), number("d", 1)
    hour, minute, second = number("H", 0), number("M", 0), number("S", 0)
    days, is_day = _days(year, month, day)
    good = good & is_day & (hour < 24) & (minute < 60) & (second < 60)
    micros = days * _DAY_US + ((hour * 60 + minute) * 60 + second) * 1_000_000
    if "f" in names:
        padded = pc.utf8_rpad(pc.fill_null(pc.struct_field(parts, "f"), ""), 6, "0")
        micros = micros + padded.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if "z" in names:
        offset, fits = _offset(pc.fill_null(pc.struct_field(parts, "z"), "Z"))
        good = good & fits
        stamps = pa.array(np.where(good, micros - offset, 0)).cast(pa.timestamp("us", "UTC"))
        micros = local(stamps, zone).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.where(good, micros, 0), good


def _days(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """Days since 1970-01-01, and which are days of the calendar, years 1 to 9999."""
    good = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = first + day - 1
    good &= days < following
    return np.where(good, days, 0), good


def _offset(texts: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """How far local time is before UTC, in microseconds, of texts such as +08:00 and Z; at most a day."""
    plain = pc.if_else(pc.equal(texts, "Z"), "+0000", pc.replace_substring(texts, ":", ""))
    parts = [
        pc.utf8_slice_codeunits(plain, at, at + 2).cast(pa.int64()).to_numpy(zero_copy_only=False) for at in (1, 3)
    ]
    minus = pc.starts_with(plain, "-").to_numpy(zero_copy_only=False)
    micros = (parts[0] * 60 + parts[1]) * 60_000_000
    return np.where(minus, -micros, micros), (parts[0] < 24) & (parts[1] < 60)


def local(stamps: pa.Array, zone: str) -> pa.Array:
    """Stamps that carry a time zone as the time that clocks of another zone showed, without one."""
    return pc.local_timestamp(stamps.cast(pa.timestamp(stamps.type.unit, zone)))
