"""The strict reader of ``terms.toml``: which kinds of care there are, which funds are cleared, and terms of contracts.

Unknown and mistyped keys are errors with file and key. A parameter that a way of payment needs and the file does not have
is noted, and stops the contracts of these terms only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qingsuan.clearing.contracts.model import ONE, DayRate, Kind, Terms, TermsFile
from qingsuan.clearing.contracts.payers import read_parts, read_payers
from qingsuan.clearing.contracts.points import read_points
from qingsuan.clearing.contracts.shares import read_deposit, read_share
from qingsuan.money import BP_ONE
from qingsuan.policy.model import FUNDS, Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.policy.toml.told import did_you_mean, either
from qingsuan.tables import WAYS

__all__ = ["MOST_DAYS", "MOST_FACTOR", "factor", "read_terms"]

_FACTOR = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,4}))?")
MOST_FACTOR = 100 * ONE
MOST_DAYS = 366


def factor(text: str | int) -> int:
    """Read a number with at most four decimals, as ten-thousandths.

    Raises
    ------
    ValueError
        It is none.

    >>> factor("0.95"), factor(2)
    (9500, 20000)
    """
    match = _FACTOR.fullmatch(str(text).strip())
    if match is None or isinstance(text, bool):
        raise ValueError(f"not a number with at most four decimals: {text!r}")
    return int(match[1]) * ONE + int((match[2] or "").ljust(4, "0"))


def read_terms(file: Path, year: int) -> TermsFile:
    """Read the file of terms.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    head = root.table("clearing")
    sources = read_sources(root)
    said = head.whole("year", low=2000, high=2999)
    if said != year:
        head.refuse("year", found=str(said), expected=f"{year}, the year that is settled", do="give the year's terms")
    terms: dict[str, Terms] = {}
    for table in root.tables("terms"):
        one = _Reader(table, sources).terms()
        if one.id in terms:
            table.refuse("id", found=f'"{one.id}" twice', expected="a name of its own", do="rename one of the two")
        terms[one.id] = one
    found = TermsFile(
        file=str(file),
        year=year,
        title=head.text("title"),
        funds=_funds(head),
        funds_source=cite(head, sources),
        kinds=_kinds(root, sources),
        terms=terms,
        sources=sources,
    )
    root.done()
    return found


def _funds(head: Table) -> tuple[str, ...]:
    funds = head.texts("funds")
    for number, fund in enumerate(funds, 1):
        if fund not in FUNDS or fund in funds[: number - 1]:
            do = did_you_mean(fund, FUNDS) or "write each fund that is cleared once"
            head.refuse(f"funds[{number}]", found=f'"{fund}"', expected=either(FUNDS), do=do)
    if not funds:
        head.refuse("funds", found="an empty list", expected="at least one fund", do="name the funds that are cleared")
    return funds


def _kinds(root: Table, sources: Mapping[str, Source]) -> tuple[Kind, ...]:
    kinds: list[Kind] = []
    taken: dict[str, str] = {}
    for table in root.tables("kinds"):
        kind = Kind(table.text("clr_type"), table.texts("med_types"), cite(table, sources))
        if kind.clr_type in (one.clr_type for one in kinds):
            table.refuse("clr_type", found=f'"{kind.clr_type}" twice', expected="each once", do="join the two")
        for number, care in enumerate(kind.med_types, 1):
            if care in taken:
                found = f'"{care}", which belongs to clr_type {taken[care]}, too'
                table.refuse(f"med_types[{number}]", found=found, expected="each once", do="take it out of one of them")
            taken[care] = kind.clr_type
        kinds.append(kind)
    return tuple(kinds)


class _Reader:
    """Reads one entry of ``[[terms]]``."""

    def __init__(self, table: Table, sources: Mapping[str, Source]) -> None:
        self.table, self.sources = table, sources
        self._lacks: list[str] = []

    def terms(self) -> Terms:
        """The terms, with what they lack."""
        table = self.table
        name, way = table.text("id"), table.choice("way", tuple(WAYS))
        title, source = table.text("title"), cite(table, self.sources)
        of_way: dict[str, Callable[[], dict[str, Any]]] = {
            "01": dict,
            "02": self._disease,
            "03": self._bed_days,
            "04": self._heads,
            "05": self._points,
            "06": self._points,
            "07": self._alliance,
            "unit": self._units,
            "special": self._special,
        }
        own = of_way[way]() | self._shares(way)
        return Terms(id=name, way=way, title=title, source=source, lacks=tuple(self._lacks), **own)

    def _need(self, key: str, read: Callable[[str], Any], otherwise: Any) -> Any:
        """What stands under a key that the way needs; where nothing does, it is noted."""
        if self.table.has(key):
            return read(key)
        self._lacks.append(self.table.place(key))
        return otherwise

    def _disease(self) -> dict[str, Any]:
        fund = self._need("fund", lambda key: self.table.choice(key, ("share", "less-person")), "")
        if fund == "share":
            return {"disease_share_bp": self._need("percent", lambda key: self.table.percent_bp(key, high=BP_ONE), 0)}
        if not fund:
            self.table.has("percent")  # what it is a percentage of, the missing parameter would say
        return {}

    def _bed_days(self) -> dict[str, Any]:
        return {"days": self._need("rates", self._rates, ())}

    def _rates(self, key: str) -> tuple[DayRate, ...]:
        rates: list[DayRate] = []
        for table in self.table.tables(key):
            one = DayRate(table.text("level"), table.whole("from_day", low=1, high=MOST_DAYS), table.yuan_fen("yuan"))
            before = [rate.first for rate in rates if rate.level == one.level]
            if one.first <= before[-1] if before else one.first != 1:
                expected = (
                    f"a day after {before[-1]}" if before else "1: the first rate of a level is for its first day"
                )
                table.refuse("from_day", found=str(one.first), expected=expected, do="write stretches in their order")
            rates.append(one)
        return tuple(sorted(rates, key=lambda rate: (rate.level, rate.first)))

    def _heads(self) -> dict[str, Any]:
        bands = self._named("bands", "band", lambda one: _factor_of(one, "factor")) if self.table.has("bands") else {}
        return {"per_head": self._need("per_head", self._months, ()), "bands": bands}

    def _months(self, key: str) -> tuple[tuple[str, int], ...]:
        months: list[tuple[str, int]] = []
        for table in self.table.tables(key):
            month = table.text("from")
            if not re.fullmatch(r"2[0-9]{3}-(0[1-9]|1[0-2])", month) or (months and month <= months[-1][0]):
                expected = f"a month after {months[-1][0]}" if months else "a month as YYYY-MM"
                table.refuse("from", found=f'"{month}"', expected=expected, do="write the months in their order")
            months.append((month, table.yuan_fen("yuan")))
        return tuple(months)

    def _units(self) -> dict[str, Any]:
        return {
            "units": self._need("units", lambda key: self._named(key, "unit", lambda one: one.yuan_fen("yuan")), {})
        }

    def _shares(self, way: str) -> dict[str, Any]:
        """What is left or overrun, both or neither; who bears the standard; deposits."""
        table, found = self.table, dict[str, Any]()
        if table.has("surplus") or table.has("overrun"):
            for key in ("surplus", "overrun"):
                found[key] = self._need(key, lambda key: read_share(table, key), None)
            found["shares"] = True
        if table.has("payers"):
            if way == "special":
                table.refuse(
                    "payers", found="payers of the whole", expected="those of each of parts", do="take the key out"
                )
            found["payers"] = read_payers(table, "payers")
        if table.has("deposit"):
            found["deposit"] = read_deposit(table.table("deposit"))
        return found

    def _points(self) -> dict[str, Any]:
        return {"points": read_points(self.table, self._need)}

    def _special(self) -> dict[str, Any]:
        return {"parts": self._need("parts", lambda key: read_parts(self.table, key), ())}

    def _alliance(self) -> dict[str, Any]:
        return {"others": self._need("others", lambda key: self.table.choice(key, ("item", "nothing")), "")}

    def _named(self, key: str, name: str, read: Callable[[Table], int]) -> dict[str, int]:
        """A number by name, each name once."""
        found: dict[str, int] = {}
        for table in self.table.tables(key):
            one = table.text(name)
            if one in found:
                table.refuse(name, found=f'"{one}" twice', expected="each once", do="take one of the two out")
            found[one] = read(table)
        return found


def _factor_of(table: Table, key: str) -> int:
    text = table.text(key)
    try:
        found = factor(text)
    except ValueError:
        found = -1
    if not 0 < found <= MOST_FACTOR:
        expected = 'a text such as "0.95": above 0, at most 100, at most four decimals'
        table.refuse(key, found=f'"{text}"', expected=expected, do="write the number of the contract")
    return found
