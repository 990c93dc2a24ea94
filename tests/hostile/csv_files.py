"""CSV by a grammar, with faults: in its cells, its rows, its header, its quotes, its lines, its encoding, its bytes.

A file whose writer only used what CSV allows (``plain``) has to be settled. Any other is settled as an independent
reading of its bytes has it, or refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from random import Random

from hostile.readings import conserved, numbered, read_csv
from hostile.trial import Trial, command, unfounded
from hostile.years import claims, people
from settling import write_csv

__all__ = ["run"]

NEAR_MISSES: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.capitalize,
    lambda name: name + " ",
    lambda name: " " + name,
    lambda name: name + "\u200b",
    lambda name: name.replace("_", "＿"),
    lambda name: name.replace("_", "-"),
    lambda name: name.replace("_", ""),
)


def run(trial: Trial) -> Sequence[str]:
    """Write a file, settle it, and look for every row."""
    dice = trial.dice
    write_csv(trial.folder / "insured.csv", people())
    data, encoding, plain = _make(trial)
    (trial.folder / "claims.csv").write_bytes(data)
    ran = trial.settle("claims.csv", "--csv-encoding", encoding, "--skip-unserved")
    found = unfounded(ran, {0} if plain else {0, 3}, trial.out)
    if found or ran.status != 0:
        return found
    if "must be refused" in trial.notes and not trial.known.get("bytes spoilt"):
        return ["settled, though its header names a column nearly or twice"]
    found = judged(trial, data, "utf-8-sig" if encoding == "utf8" else encoding)
    if not found and dice.random() < 0.2:
        ran = command("verify", trial.out, "--inputs", trial.folder, "--csv-encoding", encoding)
        found = [] if ran.status == 0 else [f"verify does not agree: {ran.status}\n{ran.said}"]
    return found


def judged(trial: Trial, data: bytes, encoding: str) -> Sequence[str]:
    """Rows of a finished run beside those of the file."""
    reading = read_csv(data, encoding)
    if reading is None:
        return ["settled, though the file is no CSV of its encoding under strict rules"]
    header, rows = reading
    ragged = {("claims.csv", number) for number, row in enumerate(rows, 1) if len(row) != len(header)}
    came = [dict(zip(header, row, strict=False)) for row in rows]
    return conserved(numbered("claims.csv", came), trial.out, ragged)


# ---- making a file


def _make(trial: Trial) -> tuple[bytes, str, bool]:
    """Its bytes, the encoding that the command is told, and whether it has to be settled."""
    dice = trial.dice
    odd = dice.random() < 0.4
    rows = claims(dice, odd=odd)
    header = [*rows[0]]
    if dice.random() < 0.3:
        dice.shuffle(header)
    if dice.random() < 0.12:
        _spoil_header(trial, header)
    table = [[row.get(name.strip(), "") for name in header] for row in rows]
    if dice.random() < 0.15:
        _spoil_rows(trial, table)
    text = _write(trial, header, table)
    encoding, told = _encoding(trial)
    data = text.encode(encoding, "replace")
    if dice.random() < 0.45:
        trial.known["bytes spoilt"] = True
        data = _spoil_bytes(trial, data, text)
    return data, told, not odd and not trial.notes


def _spoil_header(trial: Trial, header: list[str]) -> None:
    dice = trial.dice
    at = dice.randrange(len(header))
    what = dice.choice(("near", "twice", "missing", "foreign", "empty"))
    if what == "near" and header[at] not in {"note", "my_note"}:
        header[at] = dice.choice([changed for change in NEAR_MISSES if (changed := change(header[at])) != header[at]])
        trial.notes += [f"the column {header[at]!r}", "must be refused"]
    elif what == "twice":
        header.append(header[at])
        trial.notes += [f"{header[at]} twice", "must be refused"]
    elif what == "missing":
        trial.notes.append(f"no {header.pop(at)}")
    else:
        header.insert(
            at, "" if what == "empty" else dice.choice(("code", "source_row", "合计", "Unnamed: 0", "x" * 5000))
        )
        trial.notes.append("a foreign column")


def _spoil_rows(trial: Trial, table: list[list[str]]) -> None:
    dice = trial.dice
    row = dice.choice(table)
    what = dice.choice(("short", "long", "delimiter at the end", "one cell", "huge cell", "a header again"))
    trial.notes.append(f"a row: {what}")
    if what == "short":
        del row[dice.randrange(1, len(row)) :]
    elif what == "long":
        row[dice.randrange(len(row)) : 0] = ["more"] * dice.randint(1, 3)
    elif what == "delimiter at the end":
        row.append("")
    elif what == "one cell":
        row[:] = [dice.choice((" ", "合计", "1 row(s) affected", "\x1a"))]
    elif what == "huge cell":
        row[dice.randrange(len(row))] = dice.choice("aé甲\n") * dice.choice((1000, 70_000, 400_000))
    else:
        row[:] = [f"h{number}" for number in range(len(row))]


def _write(trial: Trial, header: list[str], table: list[list[str]]) -> str:
    """As some program would write it: one way of quoting, one delimiter, line ends of one kind or of several."""
    dice = trial.dice
    delimiter = ","
    if dice.random() < 0.04:
        delimiter = dice.choice((";", "\t", "|", "，"))
        trial.notes.append(f"delimiter {delimiter!r}")
    quoting = dice.choice((0, 0, 50, 100))
    ends = ["\n"] if dice.random() < 0.5 else [dice.choice(("\r\n", "\r\n", "\r"))]
    if dice.random() < 0.08:
        ends = ["\n", "\r\n", "\r"]
        trial.notes.append("line ends of all kinds")
    lines = []
    for row in (header, *table):
        lines.append(delimiter.join(_cell(dice, text, delimiter, quoting) for text in row) + dice.choice(ends))
        if dice.random() < 0.04:
            lines.append(dice.choice(ends))
    text = "".join(lines)
    if "\r" in ends and len(ends) == 1:
        trial.notes.append("lines end with CR alone")
    if any("\n" in cell or "\r" in cell for row in table for cell in row):
        trial.notes.append("a line end in a cell")
    return text.rstrip("\r\n") if dice.random() < 0.2 else text


def _cell(dice: Random, text: str, delimiter: str, quoting: int) -> str:
    if any(letter in text for letter in (delimiter, '"', "\n", "\r")) or dice.random() * 100 < quoting:
        return '"' + text.replace('"', '""') + '"'
    return text


def _encoding(trial: Trial) -> tuple[str, str]:
    """What the bytes are written in, and what the command is told."""
    dice = trial.dice
    what = dice.random()
    if what < 0.80:
        return "utf-8", "utf8"
    if what < 0.88:
        return "utf-8-sig", "utf8"
    if what < 0.94:
        return "gb18030", "gb18030"
    written, told = dice.choice(
        (("gbk", "utf8"), ("utf-16", "utf8"), ("utf-8", "gb18030"), ("utf-16", "utf-16"), ("latin-1", "latin-1"))
    )
    trial.notes.append(f"written in {written}, read as {told}")
    return written, told


def _spoil_bytes(trial: Trial, data: bytes, text: str) -> bytes:
    dice = trial.dice
    at = dice.randrange(len(data) + 1)
    upto = min(len(data), at + dice.randint(1, 60))
    byte = dice.choice(
        (b'"', b'"', b'"', b",", b"\n", b"\r", b"\0", b"\xff", b" ", b"'", b"\\", b"\x1a", codecs.BOM_UTF8)
    )
    what = dice.choice(("insert", "insert", "insert", "replace", "delete", "cut off", "again", "no quote"))
    trial.notes.append(f"bytes: {what} at {at}: {byte!r}")
    if what == "insert":
        return data[:at] + byte + data[at:]
    if what == "replace":
        return data[:at] + byte + data[at + 1 :]
    if what == "delete":
        return data[:at] + data[upto:]
    if what == "cut off":
        return data[:at]
    if what == "again":
        return data[:upto] + data[at:]
    at = data.find(b'"', at)
    return data if at < 0 else data[:at] + data[at + 1 :]
