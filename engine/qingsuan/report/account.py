"""Personal accounts told to people: what came and went by pool, what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.messages import Words, marked
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_amount, table
from qingsuan.report.wording.equalities import equalities
from qingsuan.report.wording.names import RunNames, pool_names
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["account_summary"]

_AMOUNTS = {
    "opening": marked("opening"),
    "credit_in_service": marked("in service"),
    "credit_retired": marked("retired"),
    "interest": marked("interest"),
    "withheld": marked("withheld"),
    "own_uses": marked("own uses"),
    "family_uses": marked("family uses"),
    "transfers": marked("transfers"),
    "closing": marked("closing"),
}
_BECAME = {
    "with_account": marked("with an account"),
    "idle": marked("of no effect"),
    "other_scheme": marked("of another scheme"),
    "outside_year": marked("outside the year"),
    "used": marked("used"),
    "of_nobody": marked("of nobody"),
    "of_refused": marked("of people refused"),
    "accepted": marked("accepted"),
    "refused": marked("refused"),
}


def account_summary(out_dir: Path, words: Words) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [told(words, record) for told in (_head, _pools, _uses, _rows, _missing)]
    blocks += [equalities(words, record["identities"]), warning_lines(words, record["warnings"])]
    return "\n\n".join(block for block in blocks if block)


def _head(words: Words, record: Mapping[str, Any]) -> str:
    return words.speak(
        "Personal accounts {year}: {accounts} accounts of {people} people;\n"
        "{families} families; {refused} people could not be settled",
        year=str(record["year"]),
        accounts=f"{record['accounts']:,}",
        people=f"{record['people']:,}",
        families=f"{record['families']:,}",
        refused=f"{record['people_refused']:,}",
    )


def _pools(words: Words, record: Mapping[str, Any]) -> str:
    names = RunNames(words, pool_names(record))
    rows = [
        [names.pool(row["pool"]), f"{row['accounts']:,}", *(grouped_amount(row[name]) for name in _AMOUNTS)]
        for row in record["amounts"]
    ]
    headings = [words.speak(text) for text in (marked("pool"), marked("accounts"), *_AMOUNTS.values())]
    return table(headings, rows, "l" + "r" * (len(headings) - 1)) if rows else ""


def _uses(words: Words, record: Mapping[str, Any]) -> str:
    refused = [
        words.speak(
            "{code} {count} ({amount} yuan)", code=code, count=f"{one['uses']:,}", amount=grouped_amount(one["amount"])
        )
        for code, one in record["refused_uses"].items()
    ]
    return words.speak("uses refused: {listed}", listed=", ".join(refused)) if refused else ""


def _rows(words: Words, record: Mapping[str, Any]) -> str:
    names, lines = RunNames(words), []
    for name in ("insured", "months", "uses"):
        rows = dict(record["rows"][name])
        rejected, came = rows.pop("rejected"), rows.pop("in")
        if came:
            parts = " + ".join(f"{words.speak(_BECAME[what])} {count:,}" for what, count in rows.items())
            codes = ", ".join(f"{code} {count:,}" for code, count in rejected.items())
            lines.append(
                f"{names.table(name)}: {came:,} = {parts} + {names.outcome('rejected')} {sum(rejected.values()):,}"
                f"{f' ({codes})' if codes else ''}"
            )
    return "\n".join(lines)


def _missing(words: Words, record: Mapping[str, Any]) -> str:
    """What the rules of pools with accounts lack, by name."""
    pools = {row["pool"] for row in record["amounts"]}
    rules = [rule for rule in record["rules"] if pools.intersection(rule["pools"]) and rule["missing"]]
    lines = [f"  {'+'.join(rule['pools'])}: {', '.join(one['parameter'] for one in rule['missing'])}" for rule in rules]
    return "\n".join([words.speak("parameters that are missing:"), *lines]) if lines else ""
