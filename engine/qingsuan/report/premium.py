"""Premiums told to people: what is due, assisted, paid and owed, by prefecture."""

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

__all__ = ["premium_summary"]

_AMOUNTS = {
    "assisted": marked("assisted"),
    "carried_in": marked("carried in"),
    "due": marked("premium due"),
    "paid": marked("premium paid"),
    "shortfall": marked("owed"),
    "overpaid": marked("overpaid"),
}
_PARTS = {
    "applied": marked("applied"),
    "unapplied": marked("nobody's premium"),
    "other_year": marked("of another year"),
    "other_scheme": marked("of another scheme"),
}


def premium_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run in plain text, for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    prefectures = pq.read_table(out_dir / "totals" / "prefecture.parquet").to_pylist()
    blocks = [_head(words, record), *(_region(words, rule, prefectures) for rule in record["rules"])]
    blocks += [_rows(words, record), _money(words, record), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    def total(name: str) -> str:
        return grouped_yuan(sum(fen_of_yuan(one[name]) for one in record["amounts"]))

    return words.speak(
        "Premiums {year}: {due} yuan due from {heads} people, {paid} paid,\n"
        "{owed} owed by {debtors}, {carried} of it carried on; {assisted} borne for them",
        year=str(record["year"]),
        due=total("due"),
        heads=f"{record['heads']:,}",
        paid=total("paid"),
        owed=total("shortfall"),
        debtors=f"{record['in_arrears']:,}",
        carried=total("carried_out"),
        assisted=total("assisted"),
    )


def _region(words: Words, rule: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]) -> str:
    """One region: a table of prefectures with its sum."""
    rows = [row for row in prefectures if row["region"] == rule["region"]]
    lines = [
        [f"{row['prefecture']} {row['name']}", f"{row['heads']:,}", *(f"{row[name]:,}" for name in _AMOUNTS)]
        for row in rows
    ]
    sums = [f"{sum(row[name] for row in rows):,}" for name in ("heads", *_AMOUNTS)]
    headings = [
        words.speak(text) for text in (marked("city, prefecture or league"), marked("heads"), *_AMOUNTS.values())
    ]
    said = RunNames(words).per_head(rule["standard"], "year", least=rule["minimum"])
    documents = ", ".join(dict.fromkeys(source["document"] for source in rule["sources"]))
    shown = table(headings, [*lines, [words.speak("in all"), *sums]], "l" + "r" * len(sums))
    return f"{rule['region']} {rule['title']}: {said} ({documents})\n{shown}"


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    rows, gaps = record["rows"], record["gaps"]
    gap = words.speak(
        "insured last year and not now: {not_insured}; with a gap inside the year: {interrupted}",
        not_insured=f"{gaps['not-insured']:,}",
        interrupted=f"{gaps['interrupted']:,}",
    )
    return "\n".join([rows_of_insured(words, rows), gap, *by_reason(words, rows["rejected"])])


def _money(words: Words, record: Mapping[str, Any]) -> str:
    came = record["received"]
    told = [
        f"{words.speak(text)} {came[name]['rows']:,}: {grouped_amount(came[name]['amount'])}"
        for name, text in _PARTS.items()
    ]
    return words.speak(
        "payments in {all} = {told} + rejected {rejected}",
        all=f"{came['in']:,}",
        told=" + ".join(told),
        rejected=f"{sum(came['rejected'].values()):,}",
    )
