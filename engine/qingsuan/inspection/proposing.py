"""An intake file proposed: each line is what the cells show, and what they do not show is left to the reader, behind a #."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain

import pyarrow as pa

from qingsuan.inspection.tallies import Tally
from qingsuan.run.inputs import TableIntake
from qingsuan.run.inputs.intake.steps import is_text
from qingsuan.tables import CODES

__all__ = ["proposed"]

_MOST_NAMED = 12
_ISO = {
    "date": ("%Y-%m-%d",),
    "time": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f"),
}
"""Forms that are read without a word."""


def proposed(
    said: TableIntake, tallies: Sequence[Tally], missing: Sequence[str] = (), unread: Sequence[str] = ()
) -> str:
    """The text of an intake file; empty if none is needed. ``missing`` are columns of ours that one of the ``unread`` may be."""
    lines = [
        *_columns(said),
        *_missing(missing, unread),
        *_stamps(tallies),
        *_money(tallies),
        *_text(tallies),
        *_csv(said, tallies),
        *_codes(tallies),
    ]
    if not lines:
        return ""
    return "\n".join(["format = 1", "", f"[{said.table}]", *lines, ""])


def key(name: str) -> str:
    """A name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _missing(missing: Sequence[str], unread: Sequence[str]) -> Iterator[str]:
    for ours in missing:
        if unread:
            yield f'# columns."…" = "{ours}"  # which of theirs is it: {", ".join(unread[:_MOST_NAMED])}'
        yield f'# constants.{ours} = "…"  # is it the same everywhere?'


def _columns(said: TableIntake) -> Iterator[str]:
    if said.ignore_case:
        yield 'columns.case = "ignore"'
    for theirs, ours in said.columns.items():
        yield f"columns.{key(theirs)} = {json.dumps(ours)}"


def _stamps(tallies: Sequence[Tally]) -> Iterator[str]:
    for kind in ("date", "time"):
        mine = [tally for tally in tallies if tally.kind == kind]
        forms = list(
            dict.fromkeys(
                form for tally in mine for form, count in tally.ways.items() if count and form.startswith("%")
            )
        )
        numbers = any(pa.types.is_integer(tally.type) for tally in mine)
        zoned = any(pa.types.is_timestamp(tally.type) and tally.type.tz is not None for tally in mine)
        if any("%z" in form for form in forms) or zoned:
            yield f'# {kind}s = {{ {f"form = {_list(forms)}, " if forms else ""}zone = "Asia/Shanghai" }}  # in which zone are they meant?'
        elif numbers or set(forms) - set(_ISO[kind]):
            yield f"{kind}s = {_list(forms)}"


def _list(forms: Sequence[str]) -> str:
    return json.dumps(forms[0] if len(forms) == 1 else list(forms), ensure_ascii=False)


def _money(tallies: Sequence[Tally]) -> Iterator[str]:
    mine = [tally for tally in tallies if tally.kind == "money"]
    floats = any(pa.types.is_floating(tally.type) for tally in mine)
    if floats:
        yield 'money.from_float = "exact-to-the-fen"'
    if any(pa.types.is_integer(tally.type) and not (floats and tally.in_workbook) for tally in mine):
        yield '# money.unit = "fen"  # or "yuan": which of them are these whole numbers?'
    if any(tally.ways["grouped"] for tally in mine):
        yield 'money.thousands = ","'


def _text(tallies: Sequence[Tally]) -> Iterator[str]:
    if any(tally.ways["blank"] for tally in tallies):
        yield "text.strip = true"
    if any(tally.ways["full"] for tally in tallies):
        yield 'text.width = "half"'


def _csv(said: TableIntake, tallies: Sequence[Tally]) -> Iterator[str]:
    if said.csv.encoding:
        yield f"csv.encoding = {json.dumps(said.csv.encoding)}"
    if said.csv.delimiter != ",":
        yield f"csv.delimiter = {json.dumps(said.csv.delimiter)}"
    words = sorted({way.removeprefix("null ") for tally in tallies for way in tally.ways if way.startswith("null ")})
    if words:
        yield f"csv.null = {json.dumps(['', *words], ensure_ascii=False)}"


def _codes(tallies: Sequence[Tally]) -> Iterator[str]:
    """Codes that are no codes of the interface's table: the one whose title they are, or a line to be filled in."""
    return chain.from_iterable(map(_of_column, tallies))


def _of_column(tally: Tally) -> Iterator[str]:
    known = {"0": "", "1": ""} if tally.kind == "flag" else CODES.get(tally.name, {})
    strange = [code for code in tally.codes if code not in known] if known else []
    if not strange or not (is_text(tally.type) or pa.types.is_integer(tally.type)):
        return
    titled = any(not code.isascii() for code in strange)
    if tally.kind != "flag" and not titled:
        return  # a local code that a plugin may declare
    for code in sorted(tally.codes):
        ours = code if code in known else _titled(code, known)
        line = f"codes.{tally.name}.{key(code)} = "
        yield f"{line}{json.dumps(ours)}" if ours else f'# {line}"…"  # one of {", ".join(list(known)[:_MOST_NAMED])}'


def _titled(code: str, known: dict[str, str]) -> str:
    """The one code whose title is this text."""
    alike = [one for one, title in known.items() if title == code]
    return alike[0] if len(alike) == 1 else ""
