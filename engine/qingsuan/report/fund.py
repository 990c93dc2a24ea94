"""The fund's books told to people: opening, income, expense and closing by fund and pool."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.funds.lines import FUNDS
from qingsuan.messages import Words, marked
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, table
from qingsuan.report.wording.equalities import equalities
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["fund_summary"]

_AMOUNTS = {
    "opening": marked("opening"),
    "income": marked("income"),
    "expense": marked("expense"),
    "surplus": marked("surplus"),
    "closing": marked("closing"),
    "receivable": marked("receivable"),
    "payable": marked("payable"),
}
_BEARERS = {
    "gap": marked("gap"),
    "own_fault": marked("own fault"),
    "surplus": marked("surplus kept"),
    "city": marked("city"),
    "county": marked("county"),
    "reserve": marked("reserve"),
    "adjustment": marked("adjustment fund"),
    "open": marked("open"),
}


def fund_summary(out_dir: Path, words: Words) -> str:
    """Tell finished books, from their folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [told(words, record) for told in (_head, _books, _gaps, _burden, _rows)]
    blocks += [equalities(words, record["identities"]), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    return words.speak(
        "Fund books {year}, cash basis: {books} books, {lines} lines;\nfinished runs that were read: {runs}",
        year=str(record["year"]),
        books=f"{record['books']:,}",
        lines=f"{record['lines']:,}",
        runs=", ".join(record["runs"]) or words.speak("none"),
    )


def _books(words: Words, record: Mapping[str, Any]) -> str:
    chinese = words.lang == "zh"
    rows = [
        [
            f"{row['fund']} {FUNDS[row['fund']]}" if chinese else row["fund"],
            row["pool"],
            *(grouped_amount(row[name]) for name in _AMOUNTS),
        ]
        for row in record["amounts"]
    ]
    headings = [words.speak(text) for text in (marked("fund"), marked("pool"), *_AMOUNTS.values())]
    return table(headings, rows, "ll" + "r" * len(_AMOUNTS)) if rows else ""


def _gaps(words: Words, record: Mapping[str, Any]) -> str:
    """Who bears the gaps of counties; nothing where there are none."""
    found = record["gaps"]
    if not found["counties"]:
        return ""
    plan = found["plan"]
    head = words.speak(
        "accounts of counties: {counties}; plan met {met}, not met {unmet}, without targets {none}",
        counties=f"{found['counties']:,}",
        met=f"{plan['met']:,}",
        unmet=f"{plan['not-met']:,}",
        none=f"{plan['none']:,}",
    )
    headings = [words.speak(text) for text in _BEARERS.values()]
    return f"{head}\n{table(headings, [[grouped_amount(found['amounts'][name]) for name in _BEARERS]], 'r' * len(_BEARERS))}"


def _burden(words: Words, record: Mapping[str, Any]) -> str:
    """How many people are above a monitoring line; nothing where nobody is watched."""
    if "burden" not in record:
        return ""
    people = record["burden"]["people"]
    return words.speak(
        "people above a monitoring line: made poor {made_poor}, thrown back {thrown_back}; "
        "candidates for assistance {candidates}",
        made_poor=f"{people['made-poor']:,}",
        thrown_back=f"{people['thrown-back']:,}",
        candidates=f"{record['burden']['candidates']:,}",
    )


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    codes = ", ".join(f"{code} {number:,}" for code, number in rows["rejected"].items())
    return words.speak(
        "entries in {all} = accepted {accepted} + rejected {rejected}; settled claims {claims}",
        all=f"{rows['in']:,}",
        accepted=f"{rows['accepted']:,}",
        rejected=f"{sum(rows['rejected'].values()):,}{f' ({codes})' if codes else ''}",
        claims=f"{record['claims']:,}",
    )
