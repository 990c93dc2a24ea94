"""A clearing told to people: by pool and way of payment what is due, paid already and left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, grouped_yuan, headed, table
from qingsuan.report.wording.names import RunNames
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["KINDS", "clearing_summary"]

_AMOUNTS = {
    "claims": marked("claimed"),
    "standard": marked("standard"),
    "payable": marked("payable"),
    "advances": marked("paid already"),
    "clearing": marked("left to pay"),
}
KINDS = {
    "missing-parameter": marked("contracts that lack something they need"),
    "other-way": marked("contracts of another way than a document orders"),
    "no-contract": marked("claims of no contract"),
    "no-kind": marked("claims of a kind of care that is not cleared"),
    "no-case": marked("claims without a case"),
    "case-twice": marked("claims with several cases"),
    "claim-twice": marked("claims that share a setl_id"),
    "no-group": marked("cases without a group"),
    "no-standard": marked("cases of a group without a standard"),
    "no-days": marked("bed-day cases without days"),
    "no-flag": marked("cases with a flag that the terms do not have"),
    "out-of-range": marked("cases that are worth more than one can be"),
    "several-terms": marked("contracts of one pool with different terms of points"),
    "no-budget": marked("contracts of a pool without a budget"),
    "budget-too-small": marked("contracts of a pool whose budget lies outside points"),
    "no-points": marked("contracts of a pool whose points sum to zero"),
    "no-ratio": marked("contracts of a pool without a ratio that was paid"),
    "sum-spent": marked("contracts of an alliance whose sum was spent outside it"),
    "no-weight": marked("contracts of an alliance whose weights sum to zero"),
    "no-claim": marked("cases of no claim"),
}


def clearing_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run in plain text, for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    parts = [told(words, record) for told in (_head, _cases, _by_way, _unsettled)]
    return "\n\n".join(part for part in (*parts, warning_lines(words, record["warnings"])) if part)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    rows, contracts = record["rows"]["settled"], record["rows"]["contracts"]
    return words.speak(
        "Clearing of institutions {year}: {settled} of {contracts} contracts\n"
        "claims in {all} = cleared {cleared} + not cleared {unsettled} + rejected {rejected}",
        year=str(record["year"]),
        settled=f"{contracts['settled']:,}",
        contracts=f"{contracts['in']:,}",
        all=f"{rows['in']:,}",
        cleared=f"{rows['cleared']:,}",
        unsettled=f"{rows['unsettled']:,}",
        rejected=f"{sum(rows['rejected'].values()):,}",
    )


def _cases(words: Words, record: Mapping[str, Any]) -> str:
    """What became of rows of cases; nothing where none came."""
    rows = record["rows"]["cases"]
    if not rows["in"]:
        return ""
    rejected = sum(rows["rejected"].values())
    return words.speak(
        "cases in {all} = paid for {settled} + of no claim {alone} + of claims not cleared {other} + rejected {rejected}",
        all=f"{rows['in']:,}",
        settled=f"{rows['settled']:,}",
        alone=f"{rows['of_no_claim']:,}",
        other=f"{rows['of_claims_not_cleared']:,}",
        rejected=f"{rejected:,}",
    )


def _by_way(words: Words, record: Mapping[str, Any]) -> str:
    speak = words.speak
    lines = [
        [
            f"{row['pool']} {row['insutype']} {row['clr_type']}",
            RunNames(words).way_of_payment(row["clr_way"]),
            f"{row['contracts']:,}",
            *(grouped_amount(row[name]) for name in _AMOUNTS),
        ]
        for row in record["amounts"]
    ]
    sums = [grouped_yuan(sum(fen_of_yuan(row[name]) for row in record["amounts"])) for name in _AMOUNTS]
    contracts = sum(row["contracts"] for row in record["amounts"])
    headings = [
        speak(text) for text in (marked("pool, scheme, kind"), marked("way"), marked("contracts"), *_AMOUNTS.values())
    ]
    rows = [*lines, [], [speak("in all"), "", f"{contracts:,}", *sums]]
    shown = table(headings, rows, "llr" + "r" * len(_AMOUNTS))
    return headed(speak("By pool and way of payment, in yuan"), shown)


def _unsettled(words: Words, record: Mapping[str, Any]) -> str:
    speak, names = words.speak, RunNames(words)
    rows = [
        (
            speak(KINDS[row["kind"]]),
            names.table(row["table"]),
            f"{row['rows']:,}",
            grouped_amount(row["fund_pay_sumamt"]),
        )
        for row in record["unsettled"]
    ]
    if not rows:
        return ""
    headings = [speak(text) for text in (marked("what"), marked("rows of"), marked("rows"), marked("paid by funds"))]
    return headed(speak("Not cleared: each with its reason in unsettled"), table(headings, rows, "llrr"))
