"""Care outside the pool told to people: what is cleared with whom, advances and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.messages import Words, marked
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, table
from qingsuan.report.wording.equalities import equalities
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["outside_summary"]

_PLACES = {"region": marked("within the region"), "beyond": marked("beyond the region")}


def outside_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [_head(words, record), _balances(words, out_dir), _advances(words, out_dir), _rows(words, record)]
    blocks += [equalities(words, record["identities"]), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    amounts = record["amounts"]
    return words.speak(
        "Care outside the pool {year}: {title}\n"
        "cleared within the region {region} yuan, beyond it {beyond} yuan; still to be paid {to_pay}",
        year=str(record["year"]),
        title=record["title"],
        region=grouped_amount(amounts["region"]),
        beyond=grouped_amount(amounts["beyond"]),
        to_pay=grouped_amount(amounts["to_pay"]),
    )


def _balances(words: Words, out_dir: Path) -> str:
    headings = [
        words.speak(text)
        for text in (
            marked("paying"),
            marked("treating"),
            marked("place"),
            marked("cleared"),
            marked("transferred"),
            marked("to pay"),
        )
    ]
    lines = [
        [
            row["paying"],
            row["treating"],
            words.speak(_PLACES[row["place"]]),
            *(grouped_amount(row[name]) for name in ("cleared", "transferred", "to_pay")),
        ]
        for row in _rows_of(out_dir, "balances")
    ]
    return table(headings, lines, "lllrrr") if lines else ""


def _advances(words: Words, out_dir: Path) -> str:
    names = {"required": marked("required"), "held": marked("held"), "adjust": marked("to adjust")}
    headings = [words.speak(text) for text in (marked("payer"), marked("receiver"), *names.values())]
    lines = [
        [row["payer"], row["receiver"], *(grouped_amount(row[name]) for name in names)]
        for row in _rows_of(out_dir, "advances")
    ]
    title = words.speak("advances")
    return f"{title}\n{table(headings, lines, 'llrrr')}" if lines else ""


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    return words.speak(
        "settled claims read: {all} = in the pool {pool} + elsewhere {elsewhere} + of no known place {unplaced}",
        all=f"{rows['in']:,}",
        pool=f"{rows['in_the_pool']:,}",
        elsewhere=f"{rows['elsewhere']:,}",
        unplaced=f"{rows['unplaced']:,}",
    )


def _rows_of(out_dir: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out_dir.joinpath(name, "part-00000.parquet")).to_pylist()
    return found
