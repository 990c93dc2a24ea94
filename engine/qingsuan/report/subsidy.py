"""The calculation told to people: what each level of government owes, by prefecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, grouped_yuan, table
from qingsuan.report.wording.names import RunNames
from qingsuan.report.wording.reasons import by_reason, rows_of_insured
from qingsuan.report.wording.warnings import warning_lines
from qingsuan.subsidies.outcome import Outcome
from qingsuan.subsidies.results import prefecture_table

__all__ = ["subsidy_summary", "summary"]

_LEVELS = {
    "central": marked("central"),
    "province": marked("province"),
    "local": marked("local"),
    "local_prefecture": marked("of it prefecture"),
    "local_county": marked("of it county"),
    "total": marked("in all"),
}
_PAYERS = {
    "central": marked("central"),
    "province": marked("province"),
    "local": marked("local"),
    "prefecture": marked("prefecture"),
    "county": marked("county"),
}
_RECEIPTS = {
    "due": marked("due"),
    "received": marked("received"),
    "outstanding": marked("outstanding"),
    "beyond": marked("beyond"),
}


def summary(outcome: Outcome, words: Words) -> str:
    """Tell the outcome in plain text, for a terminal with a monospaced font; amounts in yuan."""
    return _told(words, outcome.record(), prefecture_table(outcome.dues, split=outcome.split).to_pylist())


def subsidy_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run likewise, from its folder.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    return _told(words, record, pq.read_table(out_dir / "totals" / "prefecture.parquet").to_pylist())


def _told(words: Words, record: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]) -> str:
    blocks = [_head(words, record), *(_region(words, record, rule, prefectures) for rule in record["rules"])]
    blocks += [_arrived(words, record["receipts"])] if "receipts" in record else []
    blocks += [_rows(words, record), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    owed = sum(fen_of_yuan(one["amount"]) for one in record["amounts"] if one["level"] == "total")
    return words.speak(
        "Subsidy {year}: {owed} yuan for {heads} heads,\n{permits} of them by residence permit, counted like local people",
        year=str(record["year"]),
        owed=grouped_yuan(owed),
        heads=f"{record['heads']:,}",
        permits=f"{record['resd_permit_heads']:,}",
    )


def _region(
    words: Words, record: Mapping[str, Any], rule: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]
) -> str:
    """One region: a table of prefectures with its sum."""
    region = rule["region"]
    rows = [row for row in prefectures if row["region"] == region]
    levels = [name for name in _LEVELS if name in rows[0]]
    lines = [
        [f"{row['prefecture']} {row['name']}", f"{row['heads']:,}", *(f"{row[level]:,}" for level in levels)]
        for row in rows
    ]
    sums = [f"{sum(row[name] for row in rows):,}" for name in ("heads", *levels)]
    headings = [
        words.speak(text)
        for text in (marked("city, prefecture or league"), marked("heads"), *(_LEVELS[level] for level in levels))
    ]
    said = RunNames(words).per_head(rule["standard"], record["count_unit"][region], least=rule["minimum"])
    documents = ", ".join(dict.fromkeys(source["document"] for source in rule["sources"]))
    title = f"{region} {rule['title']}: {said} ({documents})"
    shown = table(headings, [*lines, [words.speak("in all"), *sums]], "l" + "r" * (len(headings) - 1))
    return f"{title}\n{shown}"


def _arrived(words: Words, receipts: Mapping[str, Any]) -> str:
    """What has arrived, by region and level, up to the day."""
    headings = [words.speak(text) for text in (marked("level"), *_RECEIPTS.values())]
    lines = [
        [
            f"{one['region']} {words.speak(_PAYERS[one['level']])}",
            *(grouped_amount(one[name]) for name in _RECEIPTS),
        ]
        for one in receipts["levels"]
    ]
    told = ", ".join(f"{name} {one['rows']:,}" for name, one in receipts["lines"].items() if one["rows"])
    title = words.speak(
        "arrived up to {day}; receipts: {told}", day=receipts["as_of"], told=told or words.speak("none")
    )
    return f"{title}\n{table(headings, lines, 'lrrrr')}"


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in record["duplicates_by_kind"].items() if number)
    several = words.speak("people with more than one row: {number}", number=f"{record['persons_with_duplicates']:,}")
    lines = [rows_of_insured(words, rows), f"{several} ({kinds})" if kinds else several]
    return "\n".join([*lines, *by_reason(words, rows["rejected"])])
