"""An intake file read strictly: a key that nobody knows, or a value that says nothing, is refused by file and key."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from qingsuan.errors import UsageError
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.file import parsed_text, read_text
from qingsuan.run.inputs.intake.days import check_form
from qingsuan.run.inputs.intake.said import EXACT, TABLES, CsvForm, Intake, TableIntake, Writing

__all__ = ["intake_of", "read_intake"]

_CASE = "case"
_IGNORE = "ignore"
_ANY_SHEET: tuple[int, int] = (1, 10_000)


def read_intake(file: Path) -> Intake:
    """Read an intake file.

    Raises
    ------
    UsageError
        There is no such file.
    PolicyError
        It cannot be read, or says something that nobody knows.
    """
    if not file.is_file():
        raise UsageError(
            f"--intake {file}",
            found="no such file",
            expected="an intake file (docs/intake.md)",
            do="“qingsuan inspect FILE” proposes one",
        )
    return intake_of(read_text(file), file.name, str(file))


def intake_of(text: str, name: str, where: str = "") -> Intake:
    """Read the text of an intake file; ``name`` is what records call it, ``where`` what messages do.

    Raises
    ------
    PolicyError
        It says something that nobody knows.
    """
    where = where or name
    root = Table(parsed_text(text, where), file=where)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    root.whole("format", low=1, high=1)
    of_all = _read(root, TableIntake(where, sha256, ""), is_own=False)
    tables = {
        table: _read(root.table(table), _named(of_all, table), is_own=True) for table in TABLES if root.has(table)
    }
    root.done()
    return Intake(name, sha256, text, tables, of_all)


def _named(of_all: TableIntake, table: str) -> TableIntake:
    return _with(of_all, table=table)


def _with(said: TableIntake, **values: Any) -> TableIntake:
    there = {name: getattr(said, name) for name in said.__slots__}
    return TableIntake(**{**there, **values})


def _read(part: Table, below: TableIntake, *, is_own: bool) -> TableIntake:
    """What a part of the file says, over what is said of all tables: of ``columns``, ``constants`` and ``codes`` entry by entry."""
    columns, ignore_case = _columns(part, below)
    unit, thousands, exact = _money(part, below)
    strip, half = _text(part, below)
    said = part.values.get("columns", {}) if is_own else {}
    own = frozenset(columns) & frozenset(said)
    return _with(
        below,
        columns=columns,
        own=own,
        ignore_case=ignore_case,
        constants={**below.constants, **_texts(part, "constants")},
        codes={**below.codes, **_codes(part)},
        dates=_writing(part, "dates", below.dates),
        times=_writing(part, "times", below.times),
        unit=unit,
        thousands=thousands,
        exact=exact,
        strip=strip,
        half=half,
        csv=_csv(part, below.csv),
        sheet=_sheet(part, below.sheet),
    )


def _columns(part: Table, below: TableIntake) -> tuple[dict[str, str], bool]:
    if not part.has("columns"):
        return dict(below.columns), below.ignore_case
    table = part.table("columns")
    found: dict[str, str] = {}
    ignore_case = below.ignore_case
    for theirs in table.names():
        ours = table.text(theirs)
        if (theirs, ours) == (_CASE, _IGNORE):
            ignore_case = True
            continue
        twice = next((other for other, name in found.items() if name == ours), None)
        if twice is not None:
            table.refuse(
                theirs,
                found=f'a second column for {ours}: "{twice}" is bound to it above',
                expected="one column of theirs for each of ours",
                do="take one of the two out",
            )
        found[theirs] = ours
    kept = {theirs: ours for theirs, ours in below.columns.items() if ours not in found.values()}
    return {**kept, **found}, ignore_case


def _texts(part: Table, key: str) -> dict[str, str]:
    if not part.has(key):
        return {}
    table = part.table(key)
    return {name: table.text(name) for name in table.names()}


def _codes(part: Table) -> dict[str, dict[str, str]]:
    if not part.has("codes"):
        return {}
    table = part.table("codes")
    found = {}
    for name in table.names():
        found[name] = _texts(table, name)
        if not found[name]:
            table.refuse(
                name,
                found="no code",
                expected='theirs = "ours", such as "居民" = "390"',
                do="name them, or take it out",
            )
    return found


def _writing(part: Table, key: str, below: Writing) -> Writing:
    """Forms of dates or times: one, a list of them, or a table of forms and a zone."""
    if not part.has(key):
        return below
    if not part.is_table(key):
        return Writing(_forms(part, key))
    table = part.table(key)
    forms = _forms(table, "form") if table.has("form") else ()
    zone = table.text("zone", "") if table.has("zone") else ""
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            table.refuse(
                "zone", found=f'"{zone}"', expected='a time zone such as "Asia/Shanghai"', do="check the spelling"
            )
    if not forms and not zone:
        table.refuse(
            "", found="neither form nor zone", expected='form = "%Y%m%d", or zone = "Asia/Shanghai"', do="say one"
        )
    if any("%z" in form for form in forms) and not zone:
        table.refuse(
            "zone",
            found="none beside a form with %z",
            expected='the zone that is meant, such as "Asia/Shanghai"',
            do="say it",
        )
    return Writing(forms, zone)


def _forms(table: Table, key: str) -> tuple[str, ...]:
    forms = table.texts(key) if table.is_list(key) else (table.text(key),)
    if not forms:
        table.refuse(key, found="an empty list", expected='a form such as "%Y%m%d"', do="say one, or take the key out")
    for form in forms:
        wrong = check_form(form)
        if wrong:
            table.refuse(
                key, found=f'"{form}": {wrong}', expected='a form such as "%Y/%m/%d" or "%Y-%m-%d %H:%M"', do="mend it"
            )
        if "%z" in form and key != "form":
            table.refuse(
                key,
                found=f'"{form}" without a zone',
                expected='{ form = "…%z", zone = "Asia/Shanghai" }',
                do="say the zone",
            )
    return forms


def _money(part: Table, below: TableIntake) -> tuple[str, str, bool]:
    if not part.has("money"):
        return below.unit, below.thousands, below.exact
    table = part.table("money")
    unit = table.choice("unit", ("yuan", "fen"), below.unit or "yuan") if table.has("unit") else below.unit
    thousands = _character(table, "thousands", below.thousands)
    if thousands and (thousands.isalnum() or thousands in ".-+"):
        table.refuse("thousands", found=f'"{thousands}"', expected='what groups digits, such as ","', do="mend it")
    exact = table.choice("from_float", (EXACT,), EXACT) == EXACT if table.has("from_float") else below.exact
    return unit, thousands, exact


def _text(part: Table, below: TableIntake) -> tuple[bool, bool]:
    if not part.has("text"):
        return below.strip, below.half
    table = part.table("text")
    strip = table.flag("strip", below.strip)
    half = table.choice("width", ("half",), "half") == "half" if table.has("width") else below.half
    return strip, half


def _csv(part: Table, below: CsvForm) -> CsvForm:
    if not part.has("csv"):
        return below
    table = part.table("csv")
    encoding = table.text("encoding", below.encoding) if table.has("encoding") else below.encoding
    if encoding:
        _check_encoding(table, encoding)
    delimiter, quote = (
        _character(table, "delimiter", below.delimiter),
        _character(table, "quote", below.quote, empty=True),
    )
    if delimiter == quote:
        table.refuse("quote", found="the same as delimiter", expected="another character", do="mend one of the two")
    return CsvForm(encoding, delimiter, quote, _null(table, below.null))


def _check_encoding(table: Table, encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        table.refuse(
            "encoding",
            found=f'"{encoding}", which is no encoding',
            expected="an encoding such as utf8, gb18030, gbk, big5 or utf-16",
            do="check the spelling",
        )


def _character(table: Table, key: str, below: str, *, empty: bool = False) -> str:
    """One character of ASCII, blanks and tabs too, which is no line end."""
    if not table.has(key):
        return below
    found = table.values[key]
    if found == "" and empty:
        return ""
    if not isinstance(found, str) or len(found) != 1 or not found.isascii() or found in "\r\n\0":
        table.refuse(key, found=repr(found), expected='one character of ASCII, such as ";" or "\\t"', do="write one")
    return found


def _null(table: Table, below: tuple[str, ...]) -> tuple[str, ...]:
    if not table.has("null"):
        return below
    found = table.values["null"]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        table.refuse("null", found=repr(found), expected='a list of texts, such as ["", "NULL", "\\\\N"]', do="mend it")
    return tuple(found)


def _sheet(part: Table, below: str | int) -> str | int:
    if not part.has("sheet"):
        return below
    found: Mapping[str, Any] = part.values
    if isinstance(found["sheet"], int) and not isinstance(found["sheet"], bool):
        return part.whole("sheet", low=_ANY_SHEET[0], high=_ANY_SHEET[1])
    return part.text("sheet")
