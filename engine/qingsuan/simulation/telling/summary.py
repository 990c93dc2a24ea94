"""What a simulation comes to, in words: a terminal's page in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from qingsuan.messages import Words, marked
from qingsuan.report.text import grouped_yuan, heading, table
from qingsuan.simulation.changing.asked import plain
from qingsuan.simulation.telling.workbook import COLUMNS

__all__ = ["DIMENSIONS", "group_name", "summary", "who_gains"]

_MOST_ROWS = 12
"""So many rows of a dimension are shown; all of them are in the tables."""

DIMENSIONS = {
    "pool": marked("by pool"),
    "insutype": marked("by scheme"),
    "identity": marked("by identity"),
    "age": marked("by age"),
    "dedc_hosp_lv": marked("by level of hospital"),
    "decile": marked("by tenth of people, by what they bear in the year"),
}
_NAMELESS = {
    "identity": marked("none that a rule set knows"),
    "age": marked("not known"),
    "dedc_hosp_lv": marked("not said"),
}


def summary(record: Mapping[str, Any], tables: Mapping[str, pa.Table], words: Words) -> str:
    """The whole page."""
    many = len(tables["variants"]) > 1
    parts = [_head(record, words)]
    if record.get("found"):
        parts.append(_found(record, words))
    parts.append(_variants(tables["variants"], words) if many else _funds(tables["funds"], words))
    if not many:
        parts += [who_gains(tables["people"], words), *_effects(tables["effects"], words)]
        parts.append(_biggest(tables["biggest"], words))
    return "\n\n".join(filter(None, parts))


def _head(record: Mapping[str, Any], words: Words) -> str:
    lines = [heading(words.speak("Simulation of {year}: what changed rules would have come to", year=record["year"]))]
    asked = record["asked"]
    lines += [words.speak("changed: {what}", what=one) for one in asked["set"]]
    if asked["rules"]:
        lines.append(words.speak("rules: {what}", what=asked["rules"]))
    if asked["sweep"]:
        lines.append(words.speak("sweep: {what}", what=asked["sweep"]))
    if asked["seek"]:
        lines.append(words.speak("sought: {what}", what=asked["seek"]))
    at_hand = ", ".join(f"{one['pool']}/{one['insutype']}" for one in record["at_hand"])
    lines.append(words.speak("pools and schemes whose rules change: {names}", names=at_hand or "-"))
    if record["sorted_otherwise"]:
        lines.append(words.speak("the changed rules sort or refuse claims otherwise: all of these were settled again"))
    lines.append(words.speak("working copy: no plugin was changed, nothing of this is a settlement"))
    return "\n".join(lines)


def _found(record: Mapping[str, Any], words: Words) -> str:
    found = record["found"]
    line = words.speak(
        "nearest value: {value}, {change} yuan; {off} yuan off what is sought",
        value=found["value"],
        change=_signed(Decimal(found["change"])),
        off=_signed(Decimal(found["off"])),
    )
    lines = [line]
    if found["other"]:
        lines.append(
            words.speak(
                "its neighbour on the other side: {value}, {change} yuan",
                value=found["other"]["value"],
                change=_signed(Decimal(found["other"]["change"])),
            )
        )
    tried = ", ".join(found["tried"])
    lines.append(words.speak("tried: {values}", values=tried))
    if not found["is_monotone"]:
        lines.append(words.speak("payments do not rise or fall steadily with the value: there may be others"))
    return "\n".join(lines)


def _funds(funds: pa.Table, words: Words) -> str:
    rows = [
        [f"{row['pool']}/{row['insutype']}", words.speak(COLUMNS[row["fund"]]), *_amounts(row["before"], row["change"])]
        for row in funds.to_pylist()
    ]
    heads = [words.speak(text) for text in ("Fund", "Before", "Change", "After")]
    return table(["", *heads], rows, "llrrr")


def _amounts(before: Decimal, change: Decimal) -> list[str]:
    return [_yuan(before), _signed(change), _yuan(before + change)]


def _variants(variants: pa.Table, words: Words) -> str:
    rows = [
        [
            plain(row["value"]) if row["value"] is not None else row["label"],
            *_amounts(row["fund_pay_sumamt"], row["fund_pay_sumamt_change"]),
            f"{row['winners']:,}",
            f"{row['losers']:,}",
        ]
        for row in variants.to_pylist()
    ]
    heads = ["Value", "Before", "Change", "After", "Winners", "Losers"]
    title = words.speak("all funds together, by value")
    return f"{title}\n{table([words.speak(text) for text in heads], rows, 'lrrrrr')}"


def group_name(dimension: str, group: str, words: Words) -> str:
    """What a group of a dimension is called."""
    return group or words.speak(_NAMELESS.get(dimension, marked("not said")))


def who_gains(people: pa.Table, words: Words) -> str:
    """How many people bear less, more, and as much as before."""
    said = {row["who"]: row for row in people.to_pylist()}
    gained, lost = (_signed(said[who]["fund_pay_sumamt_change"]) for who in ("winners", "losers"))
    winners, losers, unchanged = (f"{said[who]['people']:,}" for who in ("winners", "losers", "unchanged"))
    return words.speak(
        "{winners} people bear less (funds {gained} yuan), {losers} bear more (funds {lost} yuan), {unchanged} as much as before",
        winners=winners,
        losers=losers,
        unchanged=unchanged,
        gained=gained,
        lost=lost,
    )


def _effects(effects: pa.Table, words: Words) -> Iterator[str]:
    by: dict[str, list[dict[str, Any]]] = {}
    for row in effects.to_pylist():
        by.setdefault(row["dimension"], []).append(row)
    for dimension, rows in by.items():
        if len(rows) > 1:
            yield _dimension(dimension, rows, words)


def _dimension(dimension: str, rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    shown = [
        [
            group_name(dimension, row["group"], words),
            f"{row['claims']:,}",
            *_amounts(row["fund_pay_sumamt"], row["fund_pay_sumamt_change"]),
        ]
        for row in rows[:_MOST_ROWS]
    ]
    heads = [words.speak(text) for text in ("Claims", "Before", "Change", "After")]
    title = words.speak(DIMENSIONS[dimension])
    return f"{title}\n{table(['', *heads], shown, 'lrrrr')}"


def _biggest(biggest: pa.Table, words: Words) -> str:
    if not len(biggest):
        return words.speak("nobody is paid otherwise")
    rows = [[row["psn_no"], row["setl_id"], *_amounts(row["before"], row["change"])] for row in biggest.to_pylist()]
    heads = [words.speak(text) for text in ("Person", "Settlement", "Before", "Change", "After")]
    title = words.speak("the biggest changes of a person's payments in the year, with the settlement that changes most")
    return f"{title}\n{table(heads, rows, 'llrrr')}"


def _yuan(amount: Decimal) -> str:
    return grouped_yuan(int(amount * 100))


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '±' if not amount else ''}{_yuan(amount)}"
