"""Contracts with operators told to people: premium, claims, surplus or overrun and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.messages import Words, marked
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, table
from qingsuan.report.wording.equalities import equalities
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["operator_summary"]

_AMOUNTS = {
    "per_head": marked("per head"),
    "premium": marked("premium"),
    "counted": marked("claims paid"),
    "surplus": marked("surplus"),
    "overrun": marked("overrun"),
    "operator_result": marked("the operator's"),
    "carried_out": marked("carried on"),
    "clearing": marked("to pay"),
}


def operator_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    contracts = pq.read_table(out_dir / "contracts" / "part-00000.parquet").to_pylist()
    blocks = [_head(words, record), _contracts(words, contracts), _rows(words, record)]
    blocks += [equalities(words, record["identities"]), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    return words.speak(
        "Contracts with operators {year}: {title}\n{settled} settled, {unsettled} not for want of a figure",
        year=str(record["year"]),
        title=record["title"],
        settled=f"{record['contracts']:,}",
        unsettled=f"{len(record['not_settled']):,}",
    )


def _contracts(words: Words, contracts: Sequence[Mapping[str, Any]]) -> str:
    rows = [[row["contract"], *(grouped_amount(row[name]) for name in _AMOUNTS)] for row in contracts]
    sums = [grouped_amount(sum(row[name] for row in contracts)) for name in list(_AMOUNTS)[1:]]
    headings = [words.speak(text) for text in (marked("contract"), *_AMOUNTS.values())]
    return table(headings, [*rows, [words.speak("in all"), "", *sums]], "l" + "r" * len(_AMOUNTS)) if rows else ""


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    told = [_moved(words, name, one) for name, one in record["movements"].items() if one["rows"]]
    return words.speak(
        "settled claims read: {rows}; paid where no contract is settled: {uncovered} yuan\nmoney that moved: {moved}",
        rows=f"{record['rows']['in']:,}",
        uncovered=grouped_amount(record["amounts"]["uncovered"]),
        moved=", ".join(told) or words.speak("none"),
    )


def _moved(words: Words, name: str, one: Mapping[str, Any]) -> str:
    amount = words.speak(": {amount} yuan", amount=grouped_amount(one["amount"])) if "amount" in one else ""
    return f"{name} {one['rows']:,}{amount}"
