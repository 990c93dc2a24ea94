"""A case file: insured people, claims, and what must come out, in one TOML file.

Columns are those of the interface. Money is a text in yuan or a whole number; dates are TOML dates. What a case does not
care about is filled in, and nothing else::

    format = 1
    title = "resident adult, first stay"
    source = "where the example was published, or how it was made up"
    constructed = true                      # not published anywhere; default false
    year = 2021

    [defaults.claims]                       # for every claim of this file; so defaults.insured, .identities, .registrations
    insutype = "390"

    [[insured]]
    psn_type = "1501"

    [[claims]]
    setl_id = "S1"
    inscp_scp_amt = "80000.00"

    [[expect]]
    setl_id = "S1"
    hifp_pay = "46840.00"                   # any settled column

    [[expect]]
    setl_id = "S2"
    rejected = "E_NO_RULE"                  # or: reversed = true
    names = "residents.outpatient.ratio"    # a text that the rejection must contain
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from qingsuan.errors import InputError, unread
from qingsuan.listing import all_below
from qingsuan.money import fen_of_yuan, yuan
from qingsuan.tables import BILL, BILL_PARTS, REJECTION_CODES

__all__ = ["CaseFile", "Row", "collect_cases", "read_case"]

Row = dict[str, str]
"""One row of a table, as the texts that a CSV file carries; an absent cell is absent, or the empty text."""
_KINDS = {int: "a whole number", str: "a text", bool: "true or false", list: "a list", dict: "a table"}
"""What messages call the kinds of values."""

_PERSON = "P1"
_TABLES = ("claims", "insured", "identities", "registrations")
_KEYS = ("format", "title", "source", "constructed", "year", "defaults", "expect", *_TABLES)
_ABOUT = ("setl_id", "psn_no", "rejected", "reversed", "names")
"""Keys of an expectation that are not columns to compare."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must become of one claim.

    ``fate`` is ``settled``, ``reversed`` or the rejection's code; ``columns`` are settled columns and their texts;
    ``names`` is a text that a rejection must contain.
    """

    setl_id: str
    psn_no: str
    fate: str
    columns: Mapping[str, str]
    names: str = ""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as read, every default filled in."""

    file: Path
    title: str
    source: str
    constructed: bool
    year: int
    claims: tuple[Row, ...]
    insured: tuple[Row, ...]
    identities: tuple[Row, ...]
    registrations: tuple[Row, ...]
    expect: tuple[Expectation, ...]


def collect_cases(folder: str | Path) -> tuple[Path, ...]:
    """Find the case files (``*.toml``) of a folder and the folders in it, sorted: ready for pytest's parametrize.

    Raises
    ------
    InputError
        There is none: a test over no cases proves nothing.
    """
    files = tuple(path for path in all_below(Path(folder)) if path.suffix == ".toml")
    if not files:
        there = (
            "no case file in it" if Path(folder).is_dir() else "a file" if Path(folder).exists() else "no such folder"
        )
        raise InputError(
            str(folder), found=there, expected="a folder with at least one *.toml", do="check the folder's name"
        )
    return files


def read_case(file: str | Path) -> CaseFile:
    """Read one case file and fill in what it does not care about.

    - ``psn_no`` is ``P1``; an insured row begins on 1 January of the year.
    - The claims follow each other, one a day: the first is settled on 1 March at nine o'clock. A ``setl_time`` that is
      only a date means nine o'clock. ``begndate`` is the day of ``setl_time``.
    - Parts of the bill that are absent are 0, and ``medfee_sumamt`` is their sum; with a total but without
      ``inscp_scp_amt``, that is what the other parts leave.

    Raises
    ------
    InputError
        The file is not TOML, or not a case: the message names the key.
    """
    path = Path(file)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        found = f"cannot be read: {unread(error)}"
        raise InputError(str(path), found=found, expected="a case file in TOML", do="mend it") from error
    if not values:
        do = "write the case, or take the file away"
        raise InputError(str(path), found="an empty file", expected="a case, beginning with format = 1", do=do)
    return _Reader(path, values).case()


class _Reader:
    """Reads one case; every refusal names file and key."""

    def __init__(self, file: Path, values: Mapping[str, Any]) -> None:
        self.file, self.values = file, values

    def refuse(self, key: str, *, found: str, expected: str) -> NoReturn:
        raise InputError(f"{self.file}: {key}", found=found, expected=expected, do="mend the case file")

    def case(self) -> CaseFile:
        for key in self.values:
            if key not in _KEYS:
                self.refuse(key, found="an unknown key", expected=f"one of {', '.join(_KEYS)}")
        if self.value("format", int) != 1:
            self.refuse("format", found=f"format {self.values['format']}", expected="format = 1")
        constructed = self.values.get("constructed", False)
        if not isinstance(constructed, bool):
            self.refuse("constructed", found=repr(constructed), expected="true or false")
        year: int = self.value("year", int)
        claims = tuple(
            self.claim(row, year, number, f"claims[{number}]") for number, row in enumerate(self.rows("claims"), 1)
        )
        case = CaseFile(
            file=self.file,
            title=self.value("title", str),
            source=self.value("source", str),
            constructed=constructed,
            year=year,
            claims=claims,
            insured=tuple({"begndate": f"{year}-01-01", **row} for row in self.rows("insured")),
            identities=tuple({"begntime": f"{year}-01-01", **row} for row in self.rows("identities")),
            registrations=tuple({"begndate": f"{year}-01-01", **row} for row in self.rows("registrations")),
            expect=tuple(self.expectation(row, f"expect[{n}]") for n, row in enumerate(self.tables("expect"), 1)),
        )
        self.check(case)
        return case

    def check(self, case: CaseFile) -> None:
        """Refuse a case that could not fail: no claims, no expectations, or expectations about nobody."""
        for key in ("claims", "insured", "expect"):
            if not getattr(case, key):
                self.refuse(key, found="none", expected=f"at least one [[{key}]]")
        known = {(row["psn_no"], row["setl_id"]) for row in case.claims}
        for number, expectation in enumerate(case.expect, 1):
            if (expectation.psn_no, expectation.setl_id) not in known:
                found = f'no claim "{expectation.setl_id}" of person "{expectation.psn_no}"'
                self.refuse(f"expect[{number}]", found=found, expected="setl_id (and psn_no) of a claim of this case")
            if expectation.fate == "settled" and not expectation.columns:
                self.refuse(f"expect[{number}]", found="nothing to compare", expected="a settled column and its value")

    def value(self, key: str, kind: type) -> Any:
        found = self.values.get(key)
        if not isinstance(found, kind) or isinstance(found, bool) or found == "":
            self.refuse(
                key,
                found="nothing" if found is None else repr(found),
                expected=f"{key}: {_KINDS.get(kind, kind.__name__)}",
            )
        return found

    def tables(self, key: str) -> Sequence[Mapping[str, Any]]:
        found = self.values.get(key, [])
        if not (isinstance(found, list) and all(isinstance(row, dict) for row in found)):
            self.refuse(key, found=repr(found), expected=f"rows, each begun with [[{key}]]")
        rows: Sequence[Mapping[str, Any]] = found
        return rows

    def rows(self, table: str) -> list[Row]:
        defaults = self.values.get("defaults", {})
        if not (isinstance(defaults, dict) and set(defaults) <= set(_TABLES)):
            self.refuse(
                "defaults", found=repr(defaults), expected="[defaults.claims], .insured, .identities or .registrations"
            )
        common = defaults.get(table, {})
        return [
            {"psn_no": _PERSON, **self.cells({**common, **row}, f"{table}[{number}]")}
            for number, row in enumerate(self.tables(table), 1)
        ]

    def cells(self, row: Mapping[str, Any], where: str) -> Row:
        return {name: self.cell(value, f"{where}.{name}") for name, value in row.items()}

    def cell(self, value: Any, where: str) -> str:
        match value:
            case bool():
                return "1" if value else "0"
            case str() | int():
                return str(value)
            case dt.datetime():
                return value.isoformat(sep=" ")
            case dt.date():
                return value.isoformat()
        self.refuse(where, found=repr(value), expected="a text, a whole number, a date; money in quotes: no float")

    def claim(self, row: Row, year: int, number: int, where: str) -> Row:
        if not row.get("setl_id"):
            self.refuse(where, found="no setl_id", expected='setl_id = "S1"')
        day = dt.date(year, 3, 1) + dt.timedelta(days=number - 1)
        setl_time = row.get("setl_time", f"{day} 09:00:00")
        if len(setl_time) == len("2021-01-01"):
            setl_time += " 09:00:00"
        return {"begndate": setl_time[:10], **row, "setl_time": setl_time, **self.bill(row, where)}

    def bill(self, row: Row, where: str) -> Row:
        """Fill in the five amounts; amounts that are no amounts are left for the command to refuse."""
        given = {name: row[name] for name in BILL if name in row}
        if len(given) == len(BILL):
            return given
        try:
            fen = {name: fen_of_yuan(text) for name, text in given.items()}
        except ValueError as error:
            self.refuse(
                where, found=str(error), expected="medfee_sumamt and its four parts, all written, if one is bad"
            )
        parts = {name: fen.get(name, 0) for name in BILL_PARTS}
        if "medfee_sumamt" in fen and "inscp_scp_amt" not in fen:
            parts["inscp_scp_amt"] = fen["medfee_sumamt"] - sum(parts.values())
        total = fen.get("medfee_sumamt", sum(parts.values()))
        return {"medfee_sumamt": yuan(total), **{name: yuan(part) for name, part in parts.items()}}

    def expectation(self, row: Mapping[str, Any], where: str) -> Expectation:
        cells = self.cells(row, where)
        fate = "reversed" if cells.get("reversed", "0") == "1" else cells.get("rejected", "settled")
        if fate not in ("settled", "reversed", *REJECTION_CODES):
            self.refuse(f"{where}.rejected", found=f'"{fate}"', expected=f"one of {', '.join(REJECTION_CODES)}")
        columns = {name: text for name, text in cells.items() if name not in _ABOUT}
        if fate != "settled" and columns:
            found = f"{fate} and the columns {', '.join(columns)}"
            self.refuse(where, found=found, expected="columns of a settled claim only")
        return Expectation(
            cells.get("setl_id", ""), cells.get("psn_no", _PERSON), fate, columns, cells.get("names", "")
        )
