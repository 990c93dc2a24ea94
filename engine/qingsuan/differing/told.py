"""A comparison in words, in one language: how many claims differ and why, and what is to be paid out and taken back (补退)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from qingsuan.differing.causes import NAMES as CAUSES
from qingsuan.divisions import code_and_name
from qingsuan.explain.names import Names
from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan
from qingsuan.policy.numeric import PAYERS
from qingsuan.report.text import grouped_yuan, heading, table

__all__ = ["summary"]

_OUTCOMES = {
    "settled": marked("settled"),
    "reversed": marked("reversed"),
    "rejected": marked("rejected"),
    "absent": marked("not there"),
}


def summary(record: Mapping[str, Any], words: Words) -> str:
    """What ``diff.json`` says, for a person.

    Parameters
    ----------
    record
        As :func:`qingsuan.differing.compare` gives it.
    """
    title = words.speak("Two settlements of {year} compared", year=record["year"])
    runs = [
        words.speak("paid (first): {folder}", folder=record["first"]["folder"]),
        words.speak("due (second): {folder}", folder=record["second"]["folder"]),
    ]
    if not record["rows"]["differ"]:
        return "\n\n".join(
            ["\n".join([heading(title), *runs]), words.speak("No claim differs."), *_registered(record, words)]
        )
    return "\n\n".join(
        [
            "\n".join([heading(title), *runs]),
            _why(record, words),
            *_fates(record, words),
            *_funds(record, words),
            *_where(record, words),
            *_registered(record, words),
        ]
    )


def _why(record: Mapping[str, Any], words: Words) -> str:
    counts = {name: count for name, count in record["rows"].items() if name != "differ"}
    rows = [[words.speak(CAUSES[name]), f"{count:,}"] for name, count in counts.items()]
    rows.append([words.speak("all"), f"{record['rows']['differ']:,}"])
    return table([words.speak("Claims that differ, by cause"), words.speak("claims")], rows, "lr")


def _fates(record: Mapping[str, Any], words: Words) -> list[str]:
    rows = [
        [*(words.speak(_OUTCOMES[outcome]) for outcome in (one["first"], one["second"])), f"{one['claims']:,}"]
        for one in record["outcomes"]
    ]
    heads = [words.speak("What became of them: first"), words.speak("second"), words.speak("claims")]
    return [table(heads, rows, "llr")] if rows else []


def _funds(record: Mapping[str, Any], words: Words) -> list[str]:
    sums = _summed(record, "fund")
    rows = []
    for name in PAYERS:
        amounts = record["funds"][name]
        if sums[name, "to_pay"] or sums[name, "to_take_back"]:
            paid = [grouped_yuan(sums[name, what]) for what in ("to_pay", "to_take_back")]
            rows.append([_fund(name, words), *paid, grouped_yuan(fen_of_yuan(amounts["difference"]))])
    heads = ["Fund, in yuan", "to pay out", "to take back", "difference"]
    said = [words.speak(_HEADS[head]) for head in heads]
    return [table(said, rows, "lrrr")] if rows else []


_HEADS = {
    "Fund, in yuan": marked("Fund, in yuan"),
    "to pay out": marked("to pay out"),
    "to take back": marked("to take back"),
    "difference": marked("difference"),
}


def _where(record: Mapping[str, Any], words: Words) -> list[str]:
    sums = _summed(record, "pool", "insutype")
    keys = sorted({key[:-1] for key in sums})
    rows = [
        [
            code_and_name(pool, record["pools"]),
            scheme,
            *(grouped_yuan(sums[pool, scheme, what]) for what in ("to_pay", "to_take_back")),
        ]
        for pool, scheme in keys
    ]
    heads = [words.speak("Pool"), words.speak("scheme"), words.speak("to pay out"), words.speak("to take back")]
    return [table(heads, rows, "llrr")] if rows else []


def _registered(record: Mapping[str, Any], words: Words) -> list[str]:
    """What becomes of the people with a former benefit, where a register was given."""
    if "register" not in record:
        return []
    register = record["register"]
    rows = [[words.speak(_REGISTERED[name]), f"{count:,}"] for name, count in register["outcomes"].items() if count]
    heads = [words.speak("People with a former benefit, by what funds pay for them"), words.speak("people")]
    less = words.speak(
        "Those who get less get {less} yuan less together.", less=grouped_yuan(fen_of_yuan(register["less"]))
    )
    return [table(heads, rows, "lr"), *([less] if register["outcomes"]["less"] else [])]


_REGISTERED = {
    "less": marked("less than before"),
    "same": marked("as much as before"),
    "more": marked("more than before"),
    "no claims": marked("no claim in either run"),
    "not known": marked("not known: a claim was settled in one run only"),
}


def _summed(record: Mapping[str, Any], *by: str) -> Counter[tuple[str, ...]]:
    """Sums in fen of what is to be paid and taken back; of the account only where it is asked for by fund."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in record["by_cause"]:
        if "fund" in by or row["fund"] != PAYERS[-1]:
            for what in ("to_pay", "to_take_back"):
                found[(*(row[name] for name in by), what)] += fen_of_yuan(row[what])
    return found


def _fund(name: str, words: Words) -> str:
    return words.speak("personal account") if name == PAYERS[-1] else Names(words).fund(name)
