"""The sections of a report, made of the record, the totals and what was gathered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.messages import marked
from qingsuan.money import fen_of_yuan
from qingsuan.policy.model import FUNDS
from qingsuan.printed.gathering import Gathered
from qingsuan.printed.names import ReportNames
from qingsuan.printed.section import Column, Section

__all__ = ["Totals", "of_institution", "sections_of"]

_MOST_INSTITUTIONS = 30
_MOST_EXAMPLES = 3
_BILL = ("claims", "medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay")
_OF_MONTHS = (marked("Total cost"), marked("In policy scope"), marked("Funds together"), marked("Own burden"))
_ONE = 10_000


class Totals:
    """The tables that a run writes below ``totals/``, and the first of its rejected rows.

    Raises
    ------
    InputError
        A table cannot be read.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.care, self.institutions = (_rows(out / "totals" / f"{name}.parquet") for name in ("care", "institutions"))

    def examples(self, table: str, code: str) -> list[str]:
        """Where the first rejected rows of a code lie: file and row."""
        prefix = "" if table == "claims" else f"{table}-"
        found: list[str] = []
        for part in files_in(self._out / "rejected", f"{prefix}part-*.parquet"):
            columns = ["source_file", "source_row", "code"]
            rows = pq.read_table(part, columns=columns, filters=[("code", "=", code)]).slice(0, _MOST_EXAMPLES)
            found += [f"{row['source_file']}:{row['source_row']}" for row in rows.to_pylist()]
            if len(found) >= _MOST_EXAMPLES:
                break
        return found[:_MOST_EXAMPLES]


def sections_of(
    record: Mapping[str, Any], totals: Totals, gathered: Gathered, names: ReportNames
) -> dict[str, Section]:
    """Every section that has something to say, by name, in the order of the report."""
    made = _Made(record, totals, gathered, names)
    every = {
        "rows": made.rows(),
        "pools": made.pools(),
        "funds": made.funds(),
        "care": made.care(),
        "months": made.months(),
        "tenths": made.tenths(),
        "bounds": made.bounds(),
        "institutions": made.institutions(),
        "rejected": made.rejected(),
        "rules": made.rules(),
        "missing": made.missing(),
        "warnings": made.warnings(),
    }
    return {name: one for name, one in every.items() if one is not None and one.rows}


def of_institution(totals: Totals, code: str, names: ReportNames) -> Section | None:
    """What claims of one institution come to, by pool and scheme; None where the run has none of it."""
    rows = [row for row in totals.institutions if row["fixmedins_code"] == code]
    return _by_pool(names.words.speak("Institution {code}", code=code), rows, names) if rows else None


def _by_pool(title: str, rows: Iterable[Mapping[str, Any]], names: ReportNames) -> Section:
    """What claims of each pool and scheme come to, and all together."""
    sums, speak = _added(rows, ("pool", "insutype")), names.words.speak
    told = [[names.pool(pool), names.scheme(scheme), *_told(one)] for (pool, scheme), one in sums.items()]
    told.append([speak("all"), "", *_told(_together(sums.values()))])
    columns = [Column(speak("Pool"), width=22), Column(speak("Scheme"), width=14), *_bill(names)]
    return Section(title, title, columns, told, has_total=True)


def _bill(names: ReportNames) -> list[Column]:
    """The columns of what claims come to."""
    speak = names.words.speak
    return [
        Column(speak("Claims"), "count", 12),
        Column(speak("Total cost"), "yuan", 20),
        Column(speak("In policy scope"), "yuan", 20),
        Column(speak("Funds together"), "yuan", 20),
        Column(speak("Funds / scope"), "ratio", 12),
        Column(speak("Own burden"), "yuan", 20),
        Column(speak("of it, account"), "yuan", 20),
        Column(speak("of it, cash"), "yuan", 20),
        Column(speak("Own burden / cost"), "ratio", 12),
    ]


class _Made:
    def __init__(self, record: Mapping[str, Any], totals: Totals, gathered: Gathered, names: ReportNames) -> None:
        self.record, self.totals, self.gathered, self.names = record, totals, gathered, names
        self.speak = names.words.speak

    def rows(self) -> Section:
        """What came in and where it went."""
        speak, cost = self.speak, self.record["amounts"]["medfee_sumamt"]
        rows: list[list[Any]] = [
            [self.names.table("claims"), self.names.outcome(name), self.record["rows"][name], fen_of_yuan(cost[name])]
            for name in ("in", "settled", "reversed", "rejected")
        ]
        for table, files in self.record["inputs"].items():
            if table != "claims":
                came = sum(file["rows"] for file in files)
                refused = sum(self.record["rejected"].get(table, {}).values())
                rows.append([self.names.table(table), self.names.outcome("in"), came, None])
                rows.append([self.names.table(table), self.names.outcome("rejected"), refused, None])
        columns = [Column(speak("Table")), Column(speak("What became of it")), Column(speak("Rows"), "count")]
        return Section(
            speak("Rows"),
            speak("What came in and where it went"),
            [*columns, Column(speak("Total cost"), "yuan", 20)],
            rows,
        )

    def pools(self) -> Section:
        """What claims of each pool and scheme come to."""
        return _by_pool(self.speak("Pools and schemes"), self.totals.care, self.names)

    def funds(self) -> Section:
        """What each fund pays, by pool and scheme."""
        sums = _added(self.totals.care, ("pool", "insutype"))
        rows: list[list[Any]] = [
            [self.names.fund(fund), self.names.pool(pool), self.names.scheme(scheme), one[fund]]
            for fund in FUNDS
            for (pool, scheme), one in sums.items()
            if one[fund]
        ]
        rows.append([self.speak("all"), "", "", sum(row[-1] for row in rows)])
        columns = [Column(self.speak("Fund"), width=30), Column(self.speak("Pool"), width=22)]
        columns += [Column(self.speak("Scheme"), width=14), Column(self.speak("Paid"), "yuan", 20)]
        title = self.speak("Funds")
        return Section(title, title, columns, rows, has_total=True)

    def care(self) -> Section:
        """What claims of each kind of care come to."""
        sums = _added(self.totals.care, ("insutype", "med_type"))
        rows = [[self.names.scheme(scheme), self.names.care(care), *_told(one)] for (scheme, care), one in sums.items()]
        columns = [
            Column(self.speak("Scheme"), width=14),
            Column(self.speak("Kind of care"), width=26),
            *_bill(self.names),
        ]
        title = self.speak("Kinds of care")
        return Section(title, title, columns, rows)

    def months(self) -> Section:
        """What claims of each month come to, by their benefit date."""
        speak = self.speak
        rows = [
            [month, count, *amounts, _share(amounts[2], amounts[1])]
            for month, (count, *amounts) in self.gathered.months.items()
        ]
        columns = [Column(speak("Month")), Column(speak("Claims"), "count")]
        columns += [Column(speak(title), "yuan", 20) for title in _OF_MONTHS]
        columns.append(Column(speak("Funds / scope"), "ratio"))
        note = speak("settled claims by the month of their benefit date")
        return Section(speak("Months"), speak("Months"), columns, rows, note)

    def tenths(self) -> Section:
        """Tenths of people by what they bear."""
        speak = self.speak
        rows = [
            [one.number, one.people, one.own_from, one.cost, one.funds, one.own, _share(one.own, one.cost)]
            for one in self.gathered.tenths
        ]
        columns = [
            Column(speak("Tenth"), "count", 10),
            Column(speak("People"), "count", 12),
            Column(speak("Own burden from"), "yuan", 18),
            Column(speak("Total cost"), "yuan", 20),
            Column(speak("Funds together"), "yuan", 20),
            Column(speak("Own burden"), "yuan", 20),
            Column(speak("Own burden / cost"), "ratio", 12),
        ]
        note = speak(
            "people with settled claims by what they bear themselves in the year, the least burdened tenth first"
        )
        return Section(speak("Tenths by own burden"), speak("Who bears how much"), columns, rows, note)

    def bounds(self) -> Section | None:
        """How often deductibles and caps were met."""
        speak, layers = self.speak, self.gathered.layers
        if layers is None:
            return None
        rows = [
            [self.names.fund(one.fund), one.name, one.turns, one.with_deductible, one.deductible, one.at_cap, one.paid]
            for one in layers
        ]
        columns = [
            Column(speak("Fund"), width=30),
            Column(speak("Layer")),
            Column(speak("Claims"), "count"),
            Column(speak("with a deductible"), "count", 20),
            Column(speak("Deductibles"), "yuan", 20),
            Column(speak("ended by a cap"), "count", 20),
            Column(speak("Paid"), "yuan", 20),
        ]
        title = speak("Deductibles and caps")
        return Section(title, title, columns, rows)

    def institutions(self) -> Section:
        """What claims of each institution come to, the largest first."""
        sums = _added(self.totals.institutions, ("fixmedins_code",))
        order = sorted(sums.items(), key=lambda item: (-item[1]["fund_pay_sumamt"], item[0]))
        rows = [[code, *_told(one)] for (code,), one in order]
        columns = [Column(self.speak("Institution"), width=22), *_bill(self.names)]
        title = self.speak("By institution")
        note = self.speak("by what the funds pay, the largest first")
        return Section(title, title, columns, rows, note, most=_MOST_INSTITUTIONS)

    def rejected(self) -> Section:
        """Rejected rows by code, with the places of the first ones."""
        rows = [
            [
                self.names.table(table),
                code,
                self.names.reason(code),
                count,
                ", ".join(self.totals.examples(table, code)),
            ]
            for table, codes in self.record["rejected"].items()
            for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0]))
        ]
        columns = [Column(self.speak("Table")), Column(self.speak("Code"), width=22)]
        columns += [Column(self.speak("Reason"), width=60), Column(self.speak("Rows"), "count")]
        columns.append(Column(self.speak("The first of them: file and row"), width=60))
        title = self.speak("Rejected rows")
        return Section(title, title, columns, rows)

    def rules(self) -> Section:
        """The rule sets, and the grades of what they rest on."""
        rows = [
            [one["rule_set"], one["title"], one["file"], ", ".join(one["grades"]), len(one["missing"])]
            for one in self.record["rule_sets"]
        ]
        columns = [Column(self.speak("Rule set"), width=26), Column(self.speak("Title"), width=34)]
        columns += [Column(self.speak("File"), width=50), Column(self.speak("Grades of its sources"), width=24)]
        columns.append(Column(self.speak("Parameters that are missing"), "count", 16))
        title = self.speak("Rules")
        return Section(title, title, columns, rows)

    def missing(self) -> Section:
        """Parameters that nobody has, and where they are needed."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for one in self.record["rule_sets"]:
            for gap in one["missing"]:
                found[gap["parameter"], self.names.told(gap["why"])].append(one["rule_set"])
        rows = [[parameter, why, ", ".join(sets)] for (parameter, why), sets in sorted(found.items())]
        columns = [Column(self.speak("Parameter"), width=36), Column(self.speak("Why it is missing"), width=80)]
        columns.append(Column(self.speak("Rule sets"), width=50))
        title = self.speak("Missing parameters")
        note = self.speak("claims that need one are rejected; a bureau that has the number supplies it")
        return Section(title, title, columns, rows, note)

    def warnings(self) -> Section:
        """What a reader of the amounts should know."""
        title = self.speak("Warnings")
        rows = [[self.names.warning(text)] for text in self.record["warnings"]]
        return Section(title, title, [Column(self.speak("Warning"), width=120)], rows)


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="the totals of a finished run",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error
    return rows


def _added(rows: Iterable[Mapping[str, Any]], by: Sequence[str]) -> dict[tuple[str, ...], Counter[str]]:
    """Sums of rows by some of their columns, in the order of these; amounts in fen."""
    sums: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        amounts = {name: _whole(value) for name, value in row.items() if isinstance(value, int | Decimal)}
        sums[tuple(row[name] or "" for name in by)].update(amounts)
    return dict(sorted(sums.items()))


def _together(sums: Iterable[Counter[str]]) -> Counter[str]:
    whole: Counter[str] = Counter()
    for one in sums:
        whole.update(one)
    return whole


def _told(sums: Mapping[str, int]) -> list[int | None]:
    """What claims come to, in the order of the columns of :meth:`_Made._bill`."""
    count, cost, scope, funds, own, account, cash = (sums[name] for name in _BILL)
    return [count, cost, scope, funds, _share(funds, scope), own, account, cash, _share(own, cost)]


def _share(part: int, whole: int) -> int | None:
    """A part of a whole in basis points, rounded half up; None of nothing."""
    return (2 * part * _ONE + whole) // (2 * whole) if whole > 0 else None


def _whole(value: int | Decimal) -> int:
    return int(value.scaleb(2)) if isinstance(value, Decimal) else value
