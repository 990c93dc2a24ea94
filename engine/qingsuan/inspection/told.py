"""What was found in files, told in one language."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.inspection.report import Inspected
from qingsuan.inspection.rows import Rejections
from qingsuan.inspection.tallies import Tally, plain_text
from qingsuan.messages import Words, marked
from qingsuan.report.text import table

__all__ = ["told"]

_SHOWN_CODES = 8
_HEADS = (marked("column"), marked("in the file"), marked("type"), marked("nulls"), marked("range or codes"))
_ROW_HEADS = (marked("file"), marked("row"), marked("code"), marked("column"), marked("found"), marked("expected"))


def told(found: Inspected, words: Words) -> str:
    """The report as plain text for a terminal."""
    files = len(found.sources)
    head = words.speak(
        "rows: {rows}, files: {files}, taken for the table: {table}",
        rows=f"{found.rows:,}",
        files=files,
        table=found.table,
    )
    return "\n\n".join(
        block for block in (head, _columns(found, words), *_names(found, words), *_rejections(found, words)) if block
    )


def _columns(found: Inspected, words: Words) -> str:
    said = [words.speak(text) for text in _HEADS]
    rows = [
        [tally.name, tally.theirs, str(tally.type), f"{tally.nulls:,}", _shown(tally, words)] for tally in found.tallies
    ]
    return table(said, rows, "lllrl")


def _shown(tally: Tally, words: Words) -> str:
    if tally.codes:
        most = tally.codes.most_common()
        more = words.speak(", {count} more", count=len(most) - _SHOWN_CODES) if len(most) > _SHOWN_CODES else ""
        return ", ".join(f"{code} {count:,}" for code, count in most[:_SHOWN_CODES]) + more
    return "" if tally.least is None else f"{plain_text(tally.least)} … {plain_text(tally.greatest)}"


def _names(found: Inspected, words: Words) -> Iterator[str]:
    if found.missing:
        yield words.speak("missing: {names}", names=", ".join(found.missing))
    if found.unread:
        yield words.speak("columns that nobody reads: {names}", names=", ".join(found.unread))
    if found.left_out:
        yield words.speak("left out by name: {names}", names=", ".join(found.left_out))


def _rejections(found: Inspected, words: Words) -> Iterator[str]:
    yield words.speak("As it is:") + " " + _outcome(found.as_it_is, words)
    if found.as_proposed is not None:
        yield words.speak("An intake file that says so (nothing of it is applied):") + f"\n\n{found.proposal}"
        yield words.speak("With it:") + " " + _outcome(found.as_proposed, words)


def _outcome(found: Rejections, words: Words) -> str:
    if found.door:
        return words.speak("a run would stop") + f"\n{found.door}"
    rows = sum(found.by_code.values())
    if not rows:
        return words.speak("no row would be rejected for a cell of its own")
    codes = ", ".join(f"{code} {count:,}" for code, count in sorted(found.by_code.items()))
    said = words.speak("{rows} rows would be rejected: {codes}", rows=f"{rows:,}", codes=codes)
    lines = [[file, str(row), code, column, what, expected] for file, row, code, column, what, expected in found.first]
    heads = [words.speak(text) for text in _ROW_HEADS]
    return f"{said}\n" + table(heads, lines, "lrllll")
