"""What ``qingsuan verify`` has checked and found, as a person reads it in one language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from qingsuan.again.settling import Again
from qingsuan.closing.identities import IDENTITIES
from qingsuan.messages import Words, marked, written_says
from qingsuan.signatures.keys import fingerprint_of
from qingsuan.verify.findings import Finding
from qingsuan.verify.finished import Verified

__all__ = ["as_text", "more_in_words"]

_LEDGERS = marked(
    " (opening + credit + interest - uses = closing, month after month, none below zero; uses of the ledger = uses paid; "
    "balances and totals as the ledger adds up)"
)
"""What holds of the rows of personal accounts."""

_BOOKS = marked(
    " (opening + income − expense = closing; opened + due − cash = outstanding − beyond, line by line; what is carried on; "
    "totals by fund and pool; entries in = accepted + rejected)"
)
"""What holds of a fund's books."""

_SUBSIDY = marked(
    " (due = standard × heads = central + province + local; totals by prefecture and region; "
    "kinds of duplicates; rows in = counted + not counted + duplicates + rejected)"
)
"""What holds of the rows of a subsidy."""

_HIDDEN = re.compile(r"\(\d+ characters: --show-values\)")
"""What stands for a value of a person's row: it is put aside while the sentence around it is found."""

_LONGEST = 600
"""No sentence of a finding is longer: whatever is, is a list of values, in which it would take long to look for one."""

Speak = Callable[..., str]


def as_text(words: Words, folder: Path, verified: Verified, more: list[str]) -> str:
    """What was checked and what was found, with ``more`` that was checked beside what every folder is checked for."""
    speak, findings = words.speak, verified.findings
    checked = [speak("{number} files", number=verified.files), *_looked_at(speak, verified)]
    if verified.input_files:
        checked.append(speak("{number} input files", number=verified.input_files))
    if verified.claims_compared:
        checked.append(speak("{number} claims that came in", number=_number(verified.claims_compared)))
    if verified.rows_compared:
        checked.append(speak("{number} rows of insured people in the input", number=_number(verified.rows_compared)))
    told = {
        "folder": str(folder),
        "settlement": _settlement(words, verified.settlement),
        "checked": ("、" if words.lang == "zh" else ", ").join([*checked, *more]),
        "holds": _holds(speak, verified),
    }
    notes = [speak("note: {text}", text=_said(words, note)) for note in verified.notes]
    if not findings.total:
        whole = speak(
            "{folder}: {settlement}: {checked} checked{holds}; all as it was written, and everything adds up", **told
        )
        return "\n".join([whole, *notes])
    head = speak("{folder}: {settlement}: {checked} checked{holds}; {number} findings", **told, number=findings.total)
    left_out = [
        speak("{file}: {check}: {number} more", file=_where(words, file), check=_check(words, check), number=number)
        for file, check, number in findings.left_out()
    ]
    return "\n".join([head, *(_finding(words, one) for one in findings.told), *left_out, *notes])


def more_in_words(words: Words, public: Any, again: Again | None) -> list[str]:
    """What was checked beside what every folder is checked for: a signature by its key, and what was settled again."""
    told = []
    if public is not None:
        told.append(words.speak("signature of the key {fingerprint}", fingerprint=fingerprint_of(public)))
    if again is not None:
        # the name of a folder is said as it is, whatever words it is made of
        runs = ", ".join(written_says(words, run) if run.endswith(")") else run for run in again.runs)
        told.append(words.speak("settled again: {runs}, {number} files compared", runs=runs, number=again.files))
    return told


def _number(number: int) -> str:
    return f"{number:,}"


def _settlement(words: Words, name: str) -> str:
    """What was settled: a record names it in English and in Chinese."""
    english, _, chinese = name.partition(" ")
    return chinese or english if words.lang == "zh" else name


def _looked_at(speak: Speak, verified: Verified) -> Iterator[str]:
    """How many rows were looked at, by their kind."""
    if verified.rows:
        yield from (
            speak("{number} rows of {table}", number=_number(n), table=name) for name, n in verified.rows.items()
        )
    elif verified.subsidy is not None:
        one = verified.subsidy
        yield speak("{counties} counties with {heads} heads", counties=_number(one.counties), heads=_number(one.heads))
        yield speak("{number} rows of duplicates", number=_number(one.duplicates))
        yield speak("{number} rejected rows", number=_number(one.rejected))
    elif verified.ledgers is not None:
        ledgers = verified.ledgers
        yield speak("{number} accounts of twelve months", number=_number(ledgers.accounts))
        uses, refused = _number(ledgers.uses), _number(ledgers.refused)
        yield speak("{uses} uses, {refused} of them refused", uses=uses, refused=refused)
    elif verified.books is not None:
        books = verified.books
        yield speak("{books} books of {lines} lines", books=_number(books.books), lines=_number(books.lines))
        yield speak("{number} entries", number=_number(books.entries))
    elif verified.premiums is not None:
        lists = verified.premiums
        yield speak("{number} people", number=_number(lists.people))
        yield speak(
            "{duplicates} rows of duplicates, {gaps} of gaps, {unapplied} of money not applied",
            duplicates=_number(lists.duplicates),
            gaps=_number(lists.gaps),
            unapplied=_number(lists.unapplied),
        )
    elif verified.clearing is not None:
        cleared = verified.clearing
        yield speak("{number} contracts", number=_number(cleared.contracts))
        yield speak("{number} cases", number=_number(cleared.cases))
        yield speak("{number} rows of what is not cleared", number=_number(cleared.unsettled))
    else:
        yield speak("{number} settled rows", number=_number(verified.rows_checked))
        if verified.accounts:
            yield speak("{number} accounts", number=_number(verified.accounts))


def _holds(speak: Speak, verified: Verified) -> str:
    """What holds of rows that are no settled claims."""
    if verified.ledgers is not None:
        return speak(_LEDGERS)
    if verified.books is not None:
        return speak(_BOOKS)
    return speak(_SUBSIDY) if verified.subsidy is not None else ""


def _finding(words: Words, one: Finding) -> str:
    """A finding with what was found, what was expected, and what to do."""
    if words.lang == "en":
        return str(one)
    where = _where(words, one.file)
    if one.row:
        where = words.speak("{file}, row {row}", file=where, row=one.row)
    lines = (
        f"{where}：{_check(words, one.check)}",
        words.speak("  found: {text}", text=_value(words, one.found)),
        words.speak("  expected: {text}", text=_value(words, one.expected)),
        words.speak("  what to do: {text}", text=_said(words, one.do)),
    )
    return "\n".join(lines)


def _where(words: Words, file: str) -> str:
    """The file or files that are meant: names stay as they are."""
    if words.lang == "en" or " " not in file:
        return file
    told = _said(words, file)
    return "、".join(file.split(" and ")) if told == file else told


def _check(words: Words, check: str) -> str:
    """What was checked; an identity of a closed year is told by its name, with what it is about behind it."""
    told, (name, _, of) = _said(words, check), check.partition(" ")
    if told == check and name in IDENTITIES and words.lang == "zh":
        return f"{words.speak(IDENTITIES[name])} {of}".strip()
    return told


def _value(words: Words, value: str) -> str:
    """What was found or expected: a cell that is not there, and whether something is so, are said as words."""
    match value:
        case "None":
            return written_says(words, "nothing")
        case "True":
            return words.speak("it is so")
        case "False":
            return words.speak("it is not so")
    return _said(words, value)


def _said(words: Words, text: str) -> str:
    """A text of a finding or a note in the language of ``words``; of one behind a name and a colon, each part by itself.

    Lists and tables of values stay as they are, and so does what is longer than any sentence.
    """
    if words.lang == "en" or (text.startswith(("[", "{", "(")) and not _HIDDEN.match(text)) or len(text) > _LONGEST:
        return text
    hidden = _HIDDEN.findall(text)
    count = iter(range(len(hidden)))
    told = _parts_said(words, _HIDDEN.sub(lambda _: f"«{next(count)}»", text))
    for number, one in enumerate(hidden):
        told = told.replace(f"«{number}»", written_says(words, one))
    return told


def _parts_said(words: Words, text: str) -> str:
    told = written_says(words, text)
    if told != text:
        return told
    for colon in reversed([one.start() for one in re.finditer(": ", text)]):
        parts = text[:colon], text[colon + 2 :]
        said = [written_says(words, part) for part in parts]
        if said != [*parts]:
            return "：".join(said)
    return text
