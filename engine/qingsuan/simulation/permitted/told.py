"""Permitted changes as tables, as a record and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from qingsuan.divisions import code_and_name
from qingsuan.funds.lines import FUNDS
from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan, yuan
from qingsuan.report.text import grouped_yuan, heading, table
from qingsuan.report.wording.names import pool_names
from qingsuan.simulation.changing.asked import plain
from qingsuan.simulation.permitted.finding import Found, PermittedChange

__all__ = ["amounts_of", "summary", "tables_of"]

_MONEY = pa.decimal128(20, 2)
_CHANGES = pa.schema(
    [
        *((name, pa.string()) for name in ("pool", "fund")),
        ("gap", _MONEY),
        *((name, pa.string()) for name in ("path", "setting", "unit")),
        *((name, _MONEY) for name in ("now", "least", "most")),
        ("outcome", pa.string()),
        *((name, _MONEY) for name in ("value", "fund_change", "others_change", "own_change")),
        *((name, pa.string()) for name in ("authorised_by", "documents")),
    ]
)
_LEFT_OUT = pa.schema([(name, pa.string()) for name in ("pool", "path", "why")])
_MOST_ROWS = 12
"""So many numbers that do not close a gap alone are shown; all of them are in the table."""


def tables_of(found: Found) -> dict[str, pa.Table]:
    """The tables by name, as ``docs/permitted-changes.md`` has them."""
    return {
        "changes": pa.Table.from_pylist([_row(one) for one in found.changes], _CHANGES),
        "left_out": pa.Table.from_pylist(
            [{"pool": place.pool, "path": str(place), "why": why} for place, why in found.left_out], _LEFT_OUT
        ),
    }


def _row(one: PermittedChange) -> dict[str, Any]:
    number, closing = one.number, one.closing
    changes = {"fund_change": closing.fen, "others_change": one.others, "own_change": one.own}
    amounts = {"gap": one.gap.fen, "now": number.now, "least": number.least, "most": number.most}
    amounts |= {"value": closing.value, **(dict.fromkeys(changes) if closing.value is None else changes)}
    return {
        "pool": one.gap.pool,
        "fund": one.gap.fund,
        "path": str(number.place),
        "setting": number.setting,
        "unit": number.unit,
        "outcome": closing.outcome,
        "authorised_by": ", ".join(number.by),
        "documents": "; ".join(f"{each.document}, {each.article} (grade {each.grade})" for each in number.sources),
        **{name: None if fen is None else Decimal(fen) / 100 for name, fen in amounts.items()},
    }


def amounts_of(found: Found) -> list[dict[str, Any]]:
    """How many numbers close each gap alone, and what became of the others."""
    gaps = dict.fromkeys(one.gap for one in found.changes)
    outcomes = {gap: [one.closing.outcome for one in found.changes if one.gap == gap] for gap in gaps}
    return [
        {
            "pool": gap.pool,
            "fund": gap.fund,
            "gap": yuan(gap.fen),
            **{name: outcomes[gap].count(name) for name in ("closes", "not alone", "no effect", "refused")},
        }
        for gap in gaps
    ]


# ---- in words


def summary(record: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], words: Words) -> str:
    """What the command prints.

    Parameters
    ----------
    record
        What ``permitted.json`` says.
    changes
        The rows of the table ``changes``.
    """
    title = words.speak("{year}: numbers that pools may change, and what each alone comes to", year=record["year"])
    parts = [heading(title)]
    if not record["gaps"]:
        parts.append(words.speak("The books leave no gap open that rules of claims could close."))
    for gap in record["gaps"]:
        mine = [one for one in changes if (one["pool"], one["fund"]) == (gap["pool"], gap["fund"])]
        parts += _of_gap(gap, mine, code_and_name(gap["pool"], pool_names(record)), words)
    if record["gaps"]:
        parts += [*_left_out(record["left_out"], words), words.speak(_NOBODY_DECIDED)]
    return "\n\n".join(parts)


_NOBODY_DECIDED = marked(
    "Each row is one change alone, on the claims of this year; nothing was changed, and which change is made people decide."
)


def _of_gap(gap: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], pool: str, words: Words) -> Iterator[str]:
    fund = FUNDS[gap["fund"]] if words.lang == "zh" else gap["fund"]
    yield words.speak(
        "{pool}, {fund}: {gap} yuan are lacking",
        pool=pool,
        fund=fund,
        gap=grouped_yuan(fen_of_yuan(gap["gap"])),
    )
    closing = [one for one in changes if one["outcome"] == "closes"]
    partly = sorted((one for one in changes if one["outcome"] == "not alone"), key=lambda one: one["fund_change"])
    if closing:
        yield _table(words.speak("Closes it alone"), closing, words)
    if partly:
        yield _table(words.speak("Not alone, at its bound"), partly[:_MOST_ROWS], words)
    more = len(partly) - _MOST_ROWS
    if more > 0:
        yield words.speak("{count} more numbers save something, but not enough: see the table", count=more)
    without = gap["no effect"] + gap["refused"]
    if without:
        yield words.speak("{count} numbers that may be changed save nothing by themselves", count=without)


def _table(title: str, rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    shown = [
        [
            _short(row["path"]),
            f"{plain(row['now'])} → {plain(row['value'])}",
            *(_signed(row[f"{name}_change"]) for name in ("fund", "own")),
        ]
        for row in rows
    ]
    heads = [words.speak(_HEADS[name]) for name in ("now → then", "this fund", "people bear")]
    return table([title, *heads], shown, "lrrr")


_HEADS = {
    "now → then": marked("now → then"),
    "this fund": marked("this fund"),
    "people bear": marked("people bear"),
}


def _short(path: str) -> str:
    """The path of a number below its pool: scheme and path."""
    place, _, rest = path.partition(":")
    return f"{place.split('/')[1]}:{rest}"


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '±' if not amount else ''}{grouped_yuan(int(amount * 100))}"


_WHY = {
    "refused": marked("no other value is accepted by itself"),
    "beyond": marked("they lie beyond their bounds, as their file says"),
    "not authorised": marked("nobody lets the pool set them"),
    "not an amount": marked("they are no amount or share of their own"),
}


def _left_out(counts: Mapping[str, int], words: Words) -> Iterator[str]:
    rows = [[words.speak(_WHY[why]), f"{count:,}"] for why, count in counts.items() if count]
    if rows:
        yield table([words.speak("Numbers that were not tried, because"), words.speak("numbers")], rows, "lr")
