"""The close of a year on one screen, in one language: what was paid, who owes, what is left, what adds up, what somebody must look at.

Everything is read from the records of the parts; amounts are yuan to the fen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from qingsuan.closing.identities import BETWEEN, IDENTITIES
from qingsuan.closing.parts import PARTS, part_called
from qingsuan.closing.reading import fen, parts_of
from qingsuan.divisions import code_and_name
from qingsuan.messages import Words, marked
from qingsuan.money import fen_of_yuan
from qingsuan.report.text import folded, grouped_yuan, heading, percent, table
from qingsuan.report.wording.names import RunNames, pool_names
from qingsuan.run.folder import RECORD

__all__ = [
    "AGREED",
    "LEVELS",
    "agreed_with_others",
    "identity_lines",
    "rejected_by_table",
    "summary",
]

_COLUMNS = 100
_Record = Mapping[str, Any]


def summary(folder: Path, record: _Record, words: Words) -> str:
    """What a closed year comes to.

    Parameters
    ----------
    folder
        The folder of the year.
    record
        Its ``run.json``.
    """
    parts = {part["part"]: _record_of(folder / part["part"]) for part in record["parts"]}
    title = heading(words.speak("The close of {year}", year=record["year"]))
    blocks = [_TOLD[name](parts[name], words) for name in _TOLD if name in parts]
    blocks += [
        _agreements(folder, parts, words),
        _not_settled(parts, words),
        _identities(record, words),
        _corrections(record, words),
        _to_look_at(record, words),
    ]
    return "\n\n".join([title, *(block for block in blocks if block)])


def _record_of(folder: Path) -> _Record:
    found: _Record = json.loads((folder / RECORD).read_text("utf-8"))
    return found


# ---- the parts


def _benefits(record: _Record, words: Words) -> str:
    """By pool: claims, their cost, and who paid it."""
    sums: dict[str, Counter[str]] = {}
    for row in record["by_scheme"]:
        mine = sums.setdefault(row["pool"], Counter())
        mine["claims"] += row["claims"]
        mine.update({name: _fen(row.get(name, "0")) for name in _BENEFITS})
    total = sum(sums.values(), Counter[str]())
    names = pool_names(record)
    rows = [[code_and_name(pool, names), *_counted(mine)] for pool, mine in sorted(sums.items())]
    heads = [words.speak(text) for text in (_CLAIMS, *_BENEFITS.values())]
    return table([words.speak("Benefits"), *heads], [*rows, [words.speak("all"), *_counted(total)]], "lrrrrr")


_BENEFITS = {
    "medfee_sumamt": marked("cost"),
    "fund_pay_sumamt": marked("funds"),
    "acct_pay": marked("accounts"),
    "psn_cash_pay": marked("in cash"),
}
_CLAIMS = marked("claims")


def _counted(mine: Counter[str]) -> list[str]:
    return [f"{mine['claims']:,}", *(grouped_yuan(mine[name]) for name in _BENEFITS)]


def _subsidies(record: _Record, words: Words) -> str:
    """By region and level: due, and where receipts were given what has come of it."""
    if "receipts" not in record:
        rows = [
            [row["region"], words.speak(LEVELS[row["level"]]), grouped_yuan(_fen(row["amount"]))]
            for row in record["amounts"]
        ]
        return table([words.speak("Subsidies"), words.speak("payer"), words.speak("due")], rows, "llr")
    rows = []
    levels = list(LEVELS)
    for row in sorted(record["receipts"]["levels"], key=lambda one: (one["region"], levels.index(one["level"]))):
        due, received, left, beyond = (_fen(row[name]) for name in ("due", "received", "outstanding", "beyond"))
        amounts = [grouped_yuan(one) for one in (due, received, left, beyond)]
        rows.append([row["region"], words.speak(LEVELS[row["level"]]), *amounts, percent(received, due)])
    told = words.speak("Subsidies to {day}", day=record["receipts"]["as_of"])
    heads = [words.speak(text) for text in _RECEIPTS]
    return table([told, *heads], rows, "llrrrrr")


_RECEIPTS = (
    *(marked("payer"), marked("due"), marked("received"), marked("outstanding"), marked("beyond due")),
    marked("arrived"),
)

LEVELS = {
    "central": marked("central"),
    "province": marked("province"),
    "local": marked("prefecture and county"),
    "prefecture": marked("prefecture"),
    "county": marked("county"),
    "local_prefecture": marked("prefecture"),
    "local_county": marked("county"),
    "total": marked("all"),
}


def _premiums(record: _Record, words: Words) -> str:
    rows = [
        [
            row["region"],
            *(grouped_yuan(_fen(row[name])) for name in _PREMIUMS),
            percent(_fen(row["paid"]), _fen(row["due"])),
        ]
        for row in record["amounts"]
    ]
    heads = [words.speak(text) for text in (*_PREMIUMS.values(), _PAID_SHARE)]
    return table([words.speak("Premiums"), *heads], rows, "lrrrrrr")


_PREMIUMS = {
    "assisted": marked("borne for people"),
    "due": marked("due from people"),
    "paid": marked("paid by people"),
    "shortfall": marked("owed"),
    "overpaid": marked("overpaid"),
}
_PAID_SHARE = marked("paid of due")


def _accounts(record: _Record, words: Words) -> str:
    names, rows = pool_names(record), []
    for row in record["amounts"]:
        credit = _fen(row["credit_in_service"]) + _fen(row["credit_retired"]) + _fen(row["interest"])
        used = sum(_fen(row[name]) for name in ("withheld", "own_uses", "family_uses", "transfers"))
        amounts = (_fen(row["opening"]), credit, used, _fen(row["closing"]))
        rows.append([code_and_name(row["pool"], names), f"{row['accounts']:,}", *map(grouped_yuan, amounts)])
    if not rows:
        none = words.speak("Personal accounts: none could be settled")
        return f"  {none}"
    heads = [words.speak(text) for text in _ACCOUNTS]
    return table([words.speak("Personal accounts"), *heads], rows, "lrrrrr")


_ACCOUNTS = (marked("accounts"), marked("opening"), marked("credited"), marked("used"), marked("closing"))


def _clearing(record: _Record, words: Words) -> str:
    """By pool: what institutions are due, have been paid, and are still to be paid or to pay back."""
    sums: dict[str, Counter[str]] = {}
    for row in record["amounts"]:
        mine = sums.setdefault(row["pool"], Counter())
        mine["contracts"] += row["contracts"]
        fen = _fen(row["clearing"])
        mine.update({name: _fen(row[name]) for name in ("standard", "audit", "advances")})
        mine.update({"to_pay": max(fen, 0), "to_take_back": max(-fen, 0)})
    names = pool_names(record)
    rows = [[code_and_name(pool, names), *_of_clearing(mine)] for pool, mine in sorted(sums.items())]
    heads = [words.speak(text) for text in _CLEARING.values()]
    return table([words.speak("Institutions"), *heads], rows, "lrrrrrr") if rows else ""


_CLEARING = {
    "contracts": marked("contracts"),
    "standard": marked("standard"),
    "audit": marked("audits"),
    "advances": marked("advances"),
    "to_pay": marked("to pay"),
    "to_take_back": marked("to take back"),
}


def _of_clearing(mine: Counter[str]) -> list[str]:
    return [f"{mine['contracts']:,}", *(grouped_yuan(mine[name]) for name in list(_CLEARING)[1:])]


def _agreements(folder: Path, parts: Mapping[str, _Record], words: Words) -> str:
    heads = [words.speak(text) for text in AGREED.values()]
    lines = agreed_with_others(folder, parts, words)
    rows = [[what, *(grouped_yuan(mine[name]) for name in AGREED)] for what, mine in lines.items()]
    return table([words.speak("Agreed with others"), *heads], rows, "lrrrr") if rows else ""


def agreed_with_others(folder: Path, parts: Mapping[str, _Record], words: Words) -> Mapping[str, Mapping[str, int]]:
    """What a bureau has agreed with others: operators, places of treatment, institutions of central procurement.

    Returns
    -------
    Mapping
        By what is agreed, in words, the amounts of :data:`AGREED` in fen.
    """
    lines: dict[str, Counter[str]] = {}

    def add(what: str, due: int, paid: int) -> None:
        left = due - paid
        mine = {"due": due, "paid": paid, "to_pay": max(left, 0), "to_take_back": max(-left, 0)}
        lines.setdefault(what, Counter()).update(mine)

    if "operator" in parts:
        for row in parts_of(folder / "operator/contracts"):
            paid = fen(row["advanced"]) - fen(row["returned"])
            add(words.speak(part_called("operator").title), fen(row["due"]), paid)
    if "outside" in parts:
        for row in parts_of(folder / "outside/balances"):
            add(words.speak(_ELSEWHERE[row["place"]]), fen(row["cleared"]), fen(row["transferred"]))
    if "procurement" in parts:
        for row in parts_of(folder / "procurement/institutions"):
            if "clear" not in parts:  # which has it among what institutions are due
                add(words.speak(_KEPT), fen(row["kept"]), 0)
            add(words.speak(_OFFSET), fen(row["offset"]), fen(row["advanced"]) - fen(row["repaid"]))
    return lines


AGREED = {
    "due": marked("amount due"),
    "paid": marked("paid"),
    "to_pay": marked("to pay"),
    "to_take_back": marked("to take back"),
}
_ELSEWHERE = {"region": marked("care elsewhere in the region"), "beyond": marked("care beyond the region")}
_KEPT = marked("procurement, kept by institutions")
_OFFSET = marked("procurement, advances and purchases")


def _books(record: _Record, words: Words) -> str:
    """By fund: what its books open with, came to and close with, and what is due and has not come or been paid."""
    sums: dict[str, Counter[str]] = {}
    for row in record["amounts"]:
        sums.setdefault(row["fund"], Counter()).update({name: _fen(row[name]) for name in _BOOKS})
    moved = {fund: mine for fund, mine in sums.items() if mine["income"] or mine["expense"]}
    names = RunNames(words)
    rows = [[names.book(fund), *(grouped_yuan(mine[name]) for name in _BOOKS)] for fund, mine in moved.items()]
    heads = [words.speak(text) for text in _BOOKS.values()]
    owed = [grouped_yuan(sum(_fen(row[name]) for row in record["amounts"])) for name in ("receivable", "payable")]
    open_ = words.speak("receivable {come}, payable {paid}, over all funds", come=owed[0], paid=owed[1])
    return "\n".join([table([words.speak("Funds"), *heads], rows, "lrrrr"), f"  {open_}"]) if rows else ""


_BOOKS = {
    "opening": marked("opening"),
    "income": marked("income"),
    "expense": marked("expense"),
    "closing": marked("closing"),
}

_TOLD: Mapping[str, Callable[[_Record, Words], str]] = {
    "settle": _benefits,
    "subsidy": _subsidies,
    "premium": _premiums,
    "account": _accounts,
    "clear": _clearing,
    "fund": _books,
}


# ---- what is beside them


def _not_settled(parts: Mapping[str, _Record], words: Words) -> str:
    """What could not be settled, by part and table, with the codes."""
    rows = []
    for name, record in parts.items():
        for rejected, codes in rejected_by_table(name, record):
            most = sorted(codes.items(), key=lambda one: (-one[1], one[0]))
            told = ", ".join(f"{words.speak(_WHY[code])} {count:,}" for code, count in most[:_MOST_CODES])
            told += ", …" if len(most) > _MOST_CODES else ""
            rows.append(
                [
                    words.speak(part_called(name).title),
                    RunNames(words).table(rejected),
                    f"{sum(codes.values()):,}",
                    told,
                ]
            )
        for what, parameters in _lacking(name, record):
            told = words.speak("{parameter} is missing", parameter=parameters[0])
            told += ", …" if len(parameters) > 1 else ""
            rows.append([words.speak(part_called(name).title), words.speak(what), f"{len(parameters):,}", told])
    heads = [words.speak("Not settled"), words.speak("table"), words.speak("rows"), words.speak("why")]
    return table(heads, rows, "llrl") if rows else ""


_MOST_CODES = 2

_WHY = {
    "E_VOID": marked("void"),
    "E_MISSING": marked("missing value"),
    "E_FORM": marked("ill-formed"),
    "E_CODE": marked("unknown code"),
    "E_SCALE": marked("three decimals"),
    "E_RANGE": marked("too large"),
    "E_NEGATIVE": marked("negative"),
    "E_COMPOSITION": marked("not its parts"),
    "E_DATE": marked("wrong date"),
    "E_POOL": marked("no plugin"),
    "E_REVERSAL_ORPHAN": marked("reversal of nothing"),
    "E_REVERSAL_MISMATCH": marked("unfit reversal"),
    "E_REVERSAL_OPEN": marked("open reversal"),
    "E_PERSON": marked("not insured"),
    "E_CONTRADICTION": marked("contradictory"),
    "E_NO_RULE": marked("no rule is known"),
    "E_UNREGISTERED": marked("not registered"),
    "E_DUPLICATE": marked("twice"),
    "E_USE": marked("use not allowed"),
    "E_FAMILY": marked("no relative"),
    "E_BALANCE": marked("balance too low"),
}
"""Rejection code -> the reason in a word or two; the tables of rejected rows have the codes and every row."""


def rejected_by_table(part: str, record: _Record) -> Iterable[tuple[str, Mapping[str, int]]]:
    """Tables with rejected rows, and how many by code."""
    rows = record["rows"]
    if part in ("operator", "outside"):  # one settled claim that cannot be trusted stops these
        found = {}
    elif part == "settle":
        found = record["rejected"]
    elif part in _OF_ONE_TABLE:
        found = {_OF_ONE_TABLE[part]: rows["rejected"]}
        found |= {"premiums": record["received"]["rejected"]} if part == "premium" else {}
    else:
        found = {name: one.get("rejected", {}) for name, one in rows.items()}
    yield from ((name, codes) for name, codes in found.items() if codes)


def _lacking(part: str, record: _Record) -> Iterable[tuple[str, list[str]]]:
    """What of an agreement is not reckoned for want of a figure, and the parameters that are missing."""
    for key, what in _FOR_WANT.get(part, {}).items():
        if record[key]:
            yield what, [one["parameter"] for one in record[key]]


_FOR_WANT = {
    "operator": {"not_settled": marked("contracts")},
    "outside": {"not_reckoned": marked("advances")},
}
"""By part: where its record has what is missing, and of what."""

_OF_ONE_TABLE = {"subsidy": "insured", "premium": "insured", "procurement": "purchases", "fund": "entries"}
"""Parts whose record counts the rows of one table, and that table."""


def _identities(record: _Record, words: Words) -> str:
    """Each identity between parts once, both numbers added up over its lines, and how many more there are inside parts."""
    sums: dict[str, list[int]] = {}
    inside = 0
    for one in record["identities"]:
        if one["identity"] not in BETWEEN:
            inside += 1
            continue
        both = [int(one[side]) if one["unit"] == "rows" else _fen(one[side]) for side in ("one", "other")]
        mine = sums.setdefault(one["identity"], [0, 0, 0])
        sums[one["identity"]] = [mine[0] + 1, mine[1] + both[0], mine[2] + both[1]]
    rows = []
    for name, (lines, one, other) in sums.items():
        told = [f"{number:,}" if name == "rows" else grouped_yuan(number) for number in (one, other)]
        rows.append([words.speak(IDENTITIES[name]), f"{lines}", *told])
    heads = [words.speak(text) for text in _ADDS_UP]
    more = words.speak("inside the parts {lines} lines more add up, each in {file}", lines=f"{inside:,}", file=RECORD)
    return "\n".join([table(heads, rows, "lrrr"), *([f"  {more}"] if inside else []), *_not_checked(record, words)])


_ADDS_UP = (marked("What adds up, to the fen"), marked("lines"), marked("one side"), marked("the other"))


def _not_checked(record: _Record, words: Words) -> Iterable[str]:
    """What nobody could check, together by the parts that are not there."""
    names: dict[str, list[str]] = {}
    for one in record["not_checked"]:
        names.setdefault(", ".join(one["wanted"]), []).append(words.speak(IDENTITIES[one["identity"]]))
    for wanted, these in names.items():
        told = "; ".join(these)
        if wanted:
            line = words.speak("not checked, without {parts}: {names}", parts=wanted, names=told)
        else:
            line = words.speak("not checked, there being nothing of it: {names}", names=told)
        yield "\n    ".join(folded(f"  {line}", _COLUMNS))


def identity_lines(record: _Record, words: Words) -> str:
    """Every line of every identity with both numbers."""
    rows = [
        [words.speak(IDENTITIES[one["identity"]]), one["of"], *(_number(one, side) for side in ("one", "other"))]
        for one in record["identities"]
    ]
    heads = [words.speak(text) for text in (_ADDS_UP[0], _OF, *_ADDS_UP[2:])]
    return table(heads, rows, "llrr")


_OF = marked("of")


def _number(one: _Record, side: str) -> str:
    return f"{one[side]:,}" if one["unit"] == "rows" else grouped_yuan(_fen(one[side]))


def _corrections(record: _Record, words: Words) -> str:
    """What differs from the year that is superseded."""
    if "supersedes" not in record:
        return ""
    rows = [
        [
            words.speak(part_called(part).title),
            f"{one['rows']:,}",
            name,
            *map(grouped_yuan, map(_fen, amounts.values())),
        ]
        for part, one in record["supersedes"]["differences"].items()
        for name, amounts in one["amounts"].items()
    ]
    heads = [words.speak(text) for text in _CORRECTED]
    told = words.speak("It corrects {folder}", folder=record["supersedes"]["folder"])
    return f"{told}\n{table(heads, rows, 'lrlrr')}"


_CORRECTED = (
    marked("What differs"),
    *(marked("rows"), marked("amount"), marked("more, or to pay out"), marked("less, or to take back")),
)


def _to_look_at(record: _Record, words: Words) -> str:
    count = len(record["warnings"])
    if not count:
        return ""
    folders = ", ".join(
        part.name for part in PARTS if any(one.startswith(f"{part.name}: ") for one in record["warnings"])
    )
    told = words.speak(
        "{count} warnings: what is missing or made up stands in {file}, and in the folders {folders}",
        count=count,
        file=RECORD,
        folders=folders,
    )
    return "\n  ".join(folded(told, _COLUMNS - 2))


def _fen(text: str) -> int:
    return fen_of_yuan(text)
