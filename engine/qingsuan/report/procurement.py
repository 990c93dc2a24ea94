"""Central procurement told to people: what was saved and what of it is kept, advances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, grouped_yuan, table
from qingsuan.report.wording.equalities import equalities
from qingsuan.report.wording.reasons import by_reason
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["procurement_summary"]

_AMOUNTS = {
    "budget": marked("budget"),
    "spent": marked("spent"),
    "saved": marked("saved"),
    "kept": marked("kept"),
}
_OUTCOMES = {
    "kept": marked("{count} keep a part"),
    "nothing-saved": marked("{count} saved nothing"),
    "not-completed": marked("{count} did not complete what was agreed"),
    "no-score": marked("{count} without a score"),
}


def procurement_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [told(words, record) for told in (_head, _batches, _rows, _advances)]
    blocks += [equalities(words, record["identities"]), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    told = [words.speak(_OUTCOMES[name], count=f"{count:,}") for name, count in record["outcomes"].items() if count]
    return words.speak(
        "Central procurement {year}: {title}\ninstitutions by batch: {told}",
        year=str(record["year"]),
        title=record["title"],
        told=", ".join(told) or words.speak("none"),
    )


def _batches(words: Words, record: Mapping[str, Any]) -> str:
    lines = [
        [row["batch"], row["insutype"], *(grouped_amount(row[name]) for name in _AMOUNTS)] for row in record["amounts"]
    ]
    sums = [grouped_yuan(sum(fen_of_yuan(row[name]) for row in record["amounts"])) for name in _AMOUNTS]
    headings = [words.speak(text) for text in (marked("batch"), marked("scheme"), *_AMOUNTS.values())]
    return table(headings, [*lines, [words.speak("in all"), "", *sums]], "ll" + "r" * len(sums))


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    account = words.speak(
        "purchases in {all} = counted {counted} + rejected {rejected}; agreed quantities {agreed}",
        all=f"{rows['in']:,}",
        counted=f"{rows['counted']:,}",
        rejected=f"{sum(rows['rejected'].values()):,}",
        agreed=f"{rows['agreed']:,}",
    )
    return "\n".join([account, *by_reason(words, rows["rejected"])])


def _advances(words: Words, record: Mapping[str, Any]) -> str:
    one = record["advances"]
    return words.speak(
        "advances {advanced} = given back {repaid} + offset {offset} + left {left}",
        advanced=grouped_amount(one["advanced"]),
        repaid=grouped_amount(one["repaid"]),
        offset=grouped_amount(one["offset"]),
        left=grouped_amount(one["left"]),
    )
