"""The sections of the report of a closed year, from its record and those of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from qingsuan.closing.identities import IDENTITIES
from qingsuan.closing.parts import part_called
from qingsuan.closing.telling import AGREED, LEVELS, rejected_by_table
from qingsuan.messages import marked
from qingsuan.money import fen_of_yuan
from qingsuan.printed.names import ReportNames
from qingsuan.printed.section import Column, Kind, Section

__all__ = ["Parts", "sections_of"]

Parts = Mapping[str, Mapping[str, Any]]
"""The record of each part, by its name."""

_Row = Sequence[Any]
_Heads = list[tuple[str, Kind, int]]
"""What columns are called, what stands in them, and how wide they are in a workbook."""

_WIDE, _WIDEST = 40, 100
_ONE = 10_000


def sections_of(
    record: Mapping[str, Any], parts: Parts, agreed: Mapping[str, Mapping[str, int]], names: ReportNames
) -> dict[str, Section]:
    """The tables of the report by name, in order; what a year has none of has no section.

    Parameters
    ----------
    record
        The record of the year.
    agreed
        What is agreed with others, as :func:`~qingsuan.closing.telling.agreed_with_others` has it.
    """
    made = _Made(record, parts, names)
    sections = {
        "parts": made.parts_of_year(),
        "benefits": made.of("settle", "by_scheme", "Benefits by pool and scheme", _BENEFITS),
        "receipts": made.receipts(),
        "premiums": made.of("premium", "amounts", "Premiums of residents", _PREMIUMS),
        "accounts": made.of("account", "amounts", "Personal accounts", _ACCOUNTS),
        "clearing": made.of("clear", "amounts", "Clearing with institutions", _CLEARING),
        "agreed": made.agreed(agreed),
        "books": made.of("fund", "amounts", "Books of the funds by pool", _BOOKS),
        "corrections": made.corrections(),
        "identities": made.identities("yuan"),
        "rows": made.identities("rows"),
        "not_checked": made.not_checked(),
        "rejected": made.rejected(),
        "missing": made.missing(),
        "warnings": made.warnings(),
    }
    return {name: section for name, section in sections.items() if section.rows}


class _Named:
    """A column of a record's rows: what it is called, its kind, and how its value is found in a row."""

    def __init__(
        self, key: str, title: str, kind: Kind = "yuan", found: Callable[[ReportNames, Any], Any] | None = None
    ) -> None:
        self.key, self.title, self.kind, self._found = key, title, kind, found

    def value(self, names: ReportNames, row: Mapping[str, Any]) -> Any:
        value = row.get(self.key)
        if self._found is not None:
            return self._found(names, value)
        return fen_of_yuan(str(value or "0")) if self.kind == "yuan" else value


def _paid(_: ReportNames, amount: str) -> int:
    return max(fen_of_yuan(amount), 0)


def _taken_back(_: ReportNames, amount: str) -> int:
    return max(-fen_of_yuan(amount), 0)


_POOL = _Named("pool", marked("Pool"), "text", lambda names, code: names.pool(code))
_SCHEME = _Named("insutype", marked("Scheme"), "text", lambda names, code: names.scheme(code))

_BENEFITS = (
    _POOL,
    _SCHEME,
    _Named("claims", marked("Claims"), "count"),
    _Named("medfee_sumamt", marked("Total cost")),
    _Named("inscp_scp_amt", marked("In policy scope")),
    _Named("fund_pay_sumamt", marked("Funds together")),
    _Named("acct_pay", marked("accounts")),
    _Named("psn_cash_pay", marked("in cash")),
)
_PREMIUMS = (
    _Named("region", marked("Region"), "text"),
    _Named("assisted", marked("borne for people")),
    _Named("due", marked("due from people")),
    _Named("paid", marked("paid by people")),
    _Named("shortfall", marked("owed")),
    _Named("overpaid", marked("overpaid")),
)
_ACCOUNTS = (
    _POOL,
    _Named("accounts", marked("accounts"), "count"),
    _Named("opening", marked("opening")),
    _Named("credit_in_service", marked("credited, in service")),
    _Named("credit_retired", marked("credited, retired")),
    _Named("interest", marked("interest")),
    _Named("closing", marked("closing")),
)
_CLEARING = (
    _POOL,
    _SCHEME,
    _Named("clr_type", marked("Kind of clearing"), "text", lambda names, code: names.kind_of_clearing(code)),
    _Named("clr_way", marked("Way of payment"), "text", lambda names, code: names.way_of_payment(code)),
    _Named("contracts", marked("contracts"), "count"),
    _Named("standard", marked("standard")),
    _Named("audit", marked("audits")),
    _Named("advances", marked("advances")),
    _Named("clearing", marked("to pay"), "yuan", _paid),
    _Named("clearing", marked("to take back"), "yuan", _taken_back),
)
_BOOKS = (
    _Named("fund", marked("Fund"), "text", lambda names, code: names.book(code)),
    _POOL,
    _Named("opening", marked("opening")),
    _Named("income", marked("income")),
    _Named("expense", marked("expense")),
    _Named("closing", marked("closing")),
    _Named("receivable", marked("receivable")),
    _Named("payable", marked("payable")),
)
_TITLES = (
    marked("Benefits by pool and scheme"),
    marked("Premiums of residents"),
    marked("Personal accounts"),
    marked("Clearing with institutions"),
    marked("Books of the funds by pool"),
)


class _Made:
    def __init__(self, record: Mapping[str, Any], parts: Parts, names: ReportNames) -> None:
        self.record, self.parts, self.names, self.speak = record, parts, names, names.words.speak

    def _section(
        self,
        title: str,
        columns: _Heads,
        rows: Sequence[_Row],
        note: str = "",
        *,
        total: bool = False,
    ) -> Section:
        """A section with a row for everything together below the others, where amounts can be added up."""
        shown = list(rows)
        if total and len(shown) > 1:
            kinds = [kind for _, kind, _ in columns]
            sums = [None if kind == "text" else sum(row[at] for row in shown) for at, kind in enumerate(kinds)]
            shown.append([self.speak("all"), *sums[1:]])
        made = [Column(_capital(self.speak(name)), kind, width) for name, kind, width in columns]
        said = self.speak(title)
        return Section(said[:31], said, made, shown, note, has_total=len(shown) > len(rows))

    def of(self, part: str, key: str, title: str, columns: Sequence[_Named]) -> Section:
        """The rows that the record of a part has below ``key``."""
        rows = [[one.value(self.names, row) for one in columns] for row in self.parts.get(part, {}).get(key, ())]
        heads = [(one.title, one.kind, 22 if one.kind == "text" else 18) for one in columns]
        return self._section(title, heads, rows, total=True)

    def parts_of_year(self) -> Section:
        """What was settled, in order, each in its folder; whose record has which SHA-256."""
        rows = [
            [self.speak(part_called(one["part"]).title), one["part"], one["record_sha256"]]
            for one in self.record["parts"]
        ]
        heads: _Heads = [(marked("Part"), "text", 28), (marked("Folder"), "text", 16)]
        return self._section(marked("Parts of the year"), [*heads, (marked("SHA-256 of its record"), "text", 68)], rows)

    def identities(self, unit: str) -> Section:
        """Every line of every identity with both numbers and what is between them; all of it is 0 in a closed year."""
        kind: Kind = "count" if unit == "rows" else "yuan"
        rows = []
        for one in self.record["identities"]:
            if one["unit"] == unit:
                both = [int(one[side]) if unit == "rows" else fen_of_yuan(one[side]) for side in ("one", "other")]
                of = " ".join(map(self._called, one["of"].split()))
                rows.append([self.speak(IDENTITIES[one["identity"]]), of, *both, both[0] - both[1]])
        title = marked("Rows that add up") if unit == "rows" else marked("Amounts that add up")
        heads: _Heads = [(marked("What must be equal"), "text", 60), (marked("of"), "text", 30)]
        heads += [(marked("one side"), kind, 18), (marked("the other"), kind, 18), (marked("difference"), kind, 14)]
        return self._section(title, heads, rows)

    def _called(self, code: str) -> str:
        """What a code of an identity's line stands for: a level, a part, a fund, a table, a pool."""
        if code in LEVELS:
            return self.speak(LEVELS[code])
        if code in self.parts:
            return self.speak(part_called(code).title)
        for name in (self.names.book, self.names.table):
            if name(code) != code:
                return name(code)
        return self.names.pool(code)

    def not_checked(self) -> Section:
        """Identities that nobody could check, and the parts that are not there."""
        none = self.speak("there is nothing of it")
        rows = [
            [
                self.speak(IDENTITIES[one["identity"]]),
                ", ".join(self.speak(part_called(name).title) for name in one["wanted"]) or none,
            ]
            for one in self.record["not_checked"]
        ]
        heads: _Heads = [
            (marked("What must be equal"), "text", 60),
            (marked("What it lacks"), "text", _WIDE),
        ]
        return self._section(marked("Not checked"), heads, rows)

    def receipts(self) -> Section:
        """By payer: what is due, what has arrived of it, what is outstanding; without receipts what is due."""
        record = self.parts.get("subsidy", {})
        heads: _Heads = [
            (marked("Region"), "text", 14),
            (marked("payer"), "text", 22),
            (marked("due"), "yuan", 18),
        ]
        if "receipts" not in record:
            rows = [
                [row["region"], self.speak(LEVELS[row["level"]]), fen_of_yuan(row["amount"])]
                for row in record.get("amounts", ())
            ]
            return self._section(marked("Subsidies"), heads, rows)
        order = list(LEVELS)
        found = sorted(record["receipts"]["levels"], key=lambda one: (one["region"], order.index(one["level"])))
        rows = []
        for row in found:
            amounts = [fen_of_yuan(row[name]) for name in ("due", "received", "outstanding", "beyond")]
            rows.append([row["region"], self.speak(LEVELS[row["level"]]), *amounts, _share(amounts[1], amounts[0])])
        heads += [
            (marked("received"), "yuan", 18),
            (marked("outstanding"), "yuan", 18),
            (marked("beyond due"), "yuan", 18),
        ]
        note = self.speak("Subsidies to {day}", day=record["receipts"]["as_of"])
        return self._section(
            marked("Subsidies, due and received"), [*heads, (marked("arrived"), "ratio", 12)], rows, note
        )

    def agreed(self, lines: Mapping[str, Mapping[str, int]]) -> Section:
        """What is agreed with operators, places of treatment and institutions of central procurement."""
        rows = [[what, *(mine[name] for name in AGREED)] for what, mine in lines.items()]
        amounts: _Heads = [(title, "yuan", 18) for title in AGREED.values()]
        return self._section(marked("Agreed with others"), [(marked("What is agreed"), "text", _WIDE), *amounts], rows)

    def corrections(self) -> Section:
        """What differs from the year that is superseded."""
        superseded = self.record.get("supersedes", {"folder": "", "differences": {}})
        rows = [
            [self.speak(part_called(part).title), one["rows"], name, *map(fen_of_yuan, amounts.values())]
            for part, one in superseded["differences"].items()
            for name, amounts in one["amounts"].items()
        ]
        heads: _Heads = [
            (marked("What differs"), "text", 28),
            (marked("rows"), "count", 12),
            (marked("amount"), "text", 28),
        ]
        heads += [(marked("more, or to pay out"), "yuan", 20), (marked("less, or to take back"), "yuan", 20)]
        note = self.speak("It corrects {folder}", folder=superseded["folder"])
        return self._section(marked("Corrections"), heads, rows, note)

    def rejected(self) -> Section:
        """What could not be settled, by part, table and code."""
        rows = [
            [self.speak(part_called(part).title), self.names.table(table), code, self.names.reason(code), count]
            for part, record in self.parts.items()
            for table, codes in rejected_by_table(part, record)
            for code, count in sorted(codes.items(), key=lambda one: (-one[1], one[0]))
        ]
        heads: _Heads = [
            (marked("Part"), "text", 28),
            (marked("Table"), "text", 18),
            (marked("Code"), "text", 22),
        ]
        return self._section(
            marked("Rejected rows"), [*heads, (marked("Reason"), "text", 60), (marked("Rows"), "count", 12)], rows
        )

    def missing(self) -> Section:
        """Parameters that nobody has, by the part that lacks them."""
        rows = []
        for part, record in self.parts.items():
            found: dict[str, str] = {}
            for parameter, why in _missing(record):
                found[parameter] = found.get(parameter) or self.names.told(why)
            rows += [[self.speak(part_called(part).title), *one] for one in sorted(found.items())]
        heads: _Heads = [(marked("Part"), "text", 28), (marked("Parameter"), "text", _WIDE)]
        note = self.speak("what needs one is not settled; a bureau that has the number supplies it")
        return self._section(
            marked("Missing parameters"), [*heads, (marked("Why it is missing"), "text", _WIDEST)], rows, note
        )

    def warnings(self) -> Section:
        """What a reader of the amounts should know, part by part."""
        told = (text.partition(": ") for text in self.record["warnings"])
        rows = [
            [self.speak(part_called(part).title) if part in self.parts else part, self.names.warning(text)]
            for part, _, text in told
        ]
        heads: _Heads = [(marked("Part"), "text", 28), (marked("Warning"), "text", _WIDEST)]
        return self._section(marked("Warnings"), heads, rows)


def _missing(record: Any) -> Iterator[tuple[str, Sequence[str]]]:
    """Every parameter that stands in a record as missing, with the reasons."""
    if isinstance(record, Mapping):
        for key, value in record.items():
            if key in ("missing", "not_settled", "not_reckoned") and isinstance(value, Sequence):
                yield from map(_named, value)
            else:
                yield from _missing(value)
    elif isinstance(record, Iterable) and not isinstance(record, str):
        for one in record:
            yield from _missing(one)


def _named(one: Any) -> tuple[str, Sequence[str]]:
    if isinstance(one, str):
        return one, []
    why = one.get("why", "")
    return one["parameter"], [why] if isinstance(why, str) else why


def _share(part: int, whole: int) -> int | None:
    """A part of a whole in basis points, rounded half up; None of nothing."""
    return (2 * part * _ONE + whole) // (2 * whole) if whole > 0 else None


def _capital(text: str) -> str:
    """A heading of a column as it begins on a page, though a screen has it in small letters."""
    return text[:1].upper() + text[1:]
