"""The folder of a bureau's contracts: ``terms.toml``, ``contracts.csv``, and small tables of what was agreed, counted and paid.

``quantities.csv`` has heads and units of service, ``groups.csv`` what a case of a group is worth, ``budgets.csv`` what pools
have for points, ``alliances.csv`` what county alliances have, ``specials.csv`` which claims are cleared
apart, ``advances.csv`` what was paid and withheld month by month,
``assessments.csv`` scores of the year, ``audits.csv`` what is withheld. Each may be left out where no contract needs it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from qingsuan.clearing.contracts import alliances, specials
from qingsuan.clearing.contracts.alliances import Alliance
from qingsuan.clearing.contracts.lacking import lacks_of
from qingsuan.clearing.contracts.model import Budget, Contract, Group, Quantity, Terms, TermsFile
from qingsuan.clearing.contracts.procured import Procured, check_takers, takes, with_procured
from qingsuan.clearing.contracts.shares import Deposit
from qingsuan.clearing.contracts.specials import Special
from qingsuan.clearing.contracts.terms import MOST_FACTOR, factor, read_terms
from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, lines_of, number
from qingsuan.listing import files_in
from qingsuan.money import MAX_FEN, apply_bp, fen_of_yuan, yuan
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["FILES", "OPTIONAL", "Bureau", "Stray", "read_bureau"]

_NAME = ("fixmedins_code", "pool", "insutype", "clr_type")
_PERIOD = ("begin_month", "end_month")
FILES = {
    "contracts.csv": (*_NAME, *_PERIOD, "terms"),
    "quantities.csv": (*_NAME, "month", "what", "number"),
    "advances.csv": (*_NAME, "month", "amount"),
    "audits.csv": (*_NAME, "month", "amount", "document"),
    "groups.csv": ("terms", "group"),
    "assessments.csv": (*_NAME, "score", "full_score"),
    "budgets.csv": ("pool", "insutype", "clr_type", "budget", "reserve", "outside"),
    "alliances.csv": alliances.COLUMNS,
    "specials.csv": specials.COLUMNS,
}
"""The tables of the folder, each with the columns that it must have; the first must be there, beside ``terms.toml``."""

OPTIONAL = {
    "contracts.csv": ("factor_…", "budget", "alliance", "weight", "procurement"),
    "advances.csv": ("deposit",),
    "groups.csv": ("standard", "points", "mean"),
}
"""Further columns, which some ways of payment need. ``factor_…`` is one column for each factor of an institution."""

_FORMS = {
    "fixmedins_code": (re.compile(r"[0-9A-Za-z_-]{1,40}"), "the code of an institution"),
    "pool": (re.compile(r"[1-9][0-9]{5}"), "the six digits of a pool"),
    "insutype": (re.compile(r"[0-9]{3}"), "three digits, such as 310"),
    "clr_type": (re.compile(r"[0-9]{2,6}"), "the code of a kind of care that terms.toml has"),
}
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
_MOST_NUMBER = 10**9
_DECIMALS = "a number with at most four decimals, such as 0.95"
_Of = TypeVar("_Of")
_Name = tuple[str, ...]
_Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stray:
    """A line of a table that belongs to no contract: it changes nothing, and is shown."""

    where: str
    name: _Name
    amount_fen: int


@dataclass(frozen=True, slots=True)
class _Advance:
    """What was paid of a month, what was withheld of it, and where it says so."""

    fen: int
    deposit_fen: int
    where: str


@dataclass(frozen=True, slots=True)
class Bureau:
    """All that a bureau says of its contracts.

    Attributes
    ----------
    contracts : by number.
    groups : by terms and group.
    budgets : by pool, scheme and kind of care.
    alliances : by name, pool and scheme.
    specials : claims that are cleared apart, by setl_id, pool and scheme.
    strays : lines of other tables that no contract is for.
    files : those that were read, with their digests and what their comments say.
    procured : what institutions keep of procurement.
    """

    terms: TermsFile
    contracts: tuple[Contract, ...]
    groups: Mapping[tuple[str, str], Group]
    budgets: Mapping[_Name, Budget]
    alliances: Mapping[tuple[str, str, str], Alliance]
    specials: Mapping[tuple[str, str, str], Special]
    strays: tuple[Stray, ...]
    files: tuple[TableFile, ...]
    procured: Procured

    def alliance_of(self, one: Contract) -> Alliance | None:
        """Whose sum a contract shares; None where it shares none, or one that is not known."""
        return self.alliances.get((one.alliance, one.pool, one.insutype)) if one.terms.way == "07" else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)


def read_bureau(folder: Path, year: int, procured: Procured | None = None) -> Bureau:
    """Read the folder; ``procured`` is what institutions keep of procurement.

    Raises
    ------
    PolicyError
        A file is missing, is none that is known, or cannot be trusted.
    """
    there = _files(folder)
    terms = read_terms(folder / "terms.toml", year)
    reader = _Reader({name: path for name, path in there.items() if name in FILES}, year)
    contracts = reader.contracts(terms)
    groups = reader.groups(terms.terms)
    of, strays = reader.of_contracts(contracts)
    valued = frozenset(name for name, _ in groups)
    sums = reader.alliances([kind.clr_type for kind in terms.kinds])
    check_takers(contracts)
    taking, procured = with_procured(contracts, procured or Procured())
    known = (replace(one, **of[one.number]) for one in taking)
    whole = tuple(
        replace(one, lacks=lacks_of(one, valued, sums.get((one.alliance, one.pool, one.insutype)))) for one in known
    )
    files = tuple(TableFile.of(name.split(".", maxsplit=1)[0], path) for name, path in there.items())
    return Bureau(terms, whole, groups, reader.budgets(), sums, reader.specials(terms), strays, files, procured)


def _files(folder: Path) -> dict[str, Path]:
    """The files of the folder by name."""
    known = ("terms.toml", *FILES)
    if not folder.is_dir():
        expected = f"a folder with {known[0]} and {known[1]}"
        raise PolicyError(str(folder), found="no such folder", expected=expected, do="name the bureau's contracts")
    there = {path.name: path for path in files_in(folder, "*") if path.is_file() and not path.name.startswith(".")}
    for name in there:
        if name not in known:
            do = did_you_mean(name, known) or "take the file out of the folder"
            raise PolicyError(str(folder), found=f"a file {name}", expected=", ".join(known), do=do)
    for name in known[:2]:
        if name not in there:
            raise PolicyError(
                str(folder),
                found=f"no file {name}",
                expected=f"a folder with {known[0]} and {known[1]}, and what else contracts need: {', '.join(known[2:])}",
                do="put the bureau's contracts there (docs/clearing.md)",
            )
    return there


class _Reader:
    def __init__(self, files: Mapping[str, Path], year: int) -> None:
        self._files, self._year = files, year
        self._months: dict[str, int] = {}

    def _lines(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """The lines of a table, its codes checked; none where the file is not there."""
        if name not in self._files:
            return []
        lines = list(lines_of(self._files[name], FILES[name]))
        for column in (column for column in _FORMS if column in FILES[name]):
            form, expected = _FORMS[column]
            good = {text for text in {row[column] for _, row in lines} if form.fullmatch(text)}
            for where, row in lines:
                if row[column] not in good:
                    do = "write the code of the contract"
                    raise PolicyError(where, found=f'{column} "{row[column]}"', expected=expected, do=do)
        return lines

    def contracts(self, file: TermsFile) -> tuple[Contract, ...]:
        """The contracts, without what the other tables say of them."""
        found: list[Contract] = []
        until: dict[_Name, list[Contract]] = defaultdict(list)
        kinds = [kind.clr_type for kind in file.kinds]
        for place, (where, row) in enumerate(self._lines("contracts.csv")):
            if row["clr_type"] not in kinds:
                found_, expected = (
                    f'clr_type "{row["clr_type"]}"',
                    f"one of [[kinds]] of terms.toml: {', '.join(kinds)}",
                )
                raise PolicyError(where, found=found_, expected=expected, do="correct it, or write the kind there")
            terms = file.terms.get(row["terms"])
            if terms is None:
                do = did_you_mean(row["terms"], file.terms) or "write terms with this id there, or correct the line"
                expected = f"an id of [[terms]] of terms.toml: {', '.join(file.terms) or 'there is none'}"
                raise PolicyError(where, found=f'terms "{row["terms"]}"', expected=expected, do=do)
            first, last = (self._month(row, column, where) for column in _PERIOD)
            one = Contract(
                number=place,
                where=_short(where),
                fixmedins_code=row["fixmedins_code"],
                pool=row["pool"],
                insutype=row["insutype"],
                clr_type=row["clr_type"],
                first_month=first,
                last_month=last,
                terms=terms,
                lacks=terms.lacks,
                factors=_factors(row, where),
                alliance=row.get("alliance", ""),
                takes_procurement=takes(row, where),
                weight=number(row["weight"], factor, where, "weight", _DECIMALS) if row.get("weight") else None,
                budget_fen=_fen(row, "budget", where) if row.get("budget") else None,
            )
            self._check_period(one, until[one.name], where)
            until[one.name].append(one)
            found.append(one)
        return tuple(found)

    def _check_period(self, one: Contract, others: Sequence[Contract], where: str) -> None:
        if one.last_month < one.first_month:
            found, expected = f"{one.first_month} to {one.last_month}", "end_month not before begin_month"
            raise PolicyError(where, found=f"months {found}", expected=expected, do="correct the months")
        for other in others:
            if one.first_month <= other.last_month and other.first_month <= one.last_month:
                raise PolicyError(
                    where,
                    found=f"{' '.join(one.name)} again for the same months, first in {other.where.rsplit(': ', 1)[-1]}",
                    expected="one contract for a month",
                    do="take one of the two lines out, or correct the months",
                )

    def _month(self, row: _Row, column: str, where: str) -> int:
        known = self._months.get(row[column])
        if known is not None:
            return known
        match = _MONTH.fullmatch(row[column])
        if match is None or int(match[1]) != self._year:
            expected = f"a month of {self._year} as YYYY-MM, such as {self._year}-01"
            raise PolicyError(where, found=f'{column} "{row[column]}"', expected=expected, do="correct the month")
        return self._months.setdefault(row[column], int(match[2]))

    def groups(self, terms: Mapping[str, Terms]) -> dict[tuple[str, str], Group]:
        """What a case of a group is worth, by terms and group."""
        found: dict[tuple[str, str], Group] = {}
        for where, row in self._lines("groups.csv"):
            key = row["terms"], row["group"]
            if row["terms"] not in terms:
                do = did_you_mean(row["terms"], terms) or "correct the line"
                expected = "an id of [[terms]] of terms.toml"
                raise PolicyError(where, found=f'terms "{row["terms"]}"', expected=expected, do=do)
            if not row["group"] or key in found:
                fault = "again" if row["group"] else "empty"
                raise PolicyError(where, found=f"group {row['group']} {fault}", expected="each once", do="correct it")
            found[key] = _group(row, where)
        return found

    def budgets(self) -> dict[_Name, Budget]:
        """What pools have for points, by pool, scheme and kind of care."""
        found: dict[_Name, Budget] = {}
        for where, row in self._lines("budgets.csv"):
            key = tuple(row[name] for name in _NAME[1:])
            if key in found:
                first = found[key].where.rsplit(": ", 1)[-1]
                found_ = f"{' '.join(key)} again, first in {first}"
                raise PolicyError(where, found=found_, expected="each once", do="take one of the two lines out")
            found[key] = Budget(_short(where), *(_fen(row, name, where) for name in ("budget", "reserve", "outside")))
        return found

    def alliances(self, kinds: Sequence[str]) -> dict[tuple[str, str, str], Alliance]:
        """What county alliances have, by name, pool and scheme."""
        return alliances.read_alliances(self._lines("alliances.csv"), kinds, _fen, _short)

    def specials(self, file: TermsFile) -> dict[tuple[str, str, str], Special]:
        """Claims that are cleared apart, by setl_id, pool and scheme."""
        listed = [kind.clr_type for kind in file.kinds if not kind.med_types]
        return specials.read_specials(self._lines("specials.csv"), listed, _short)

    def of_contracts(self, contracts: Sequence[Contract]) -> tuple[list[dict[str, Any]], tuple[Stray, ...]]:
        """What the other tables say of each contract, and the lines that are of none."""
        by_month: dict[tuple[object, ...], Contract] = {
            (*one.name, m): one for one in contracts for m in range(one.first_month, one.last_month + 1)
        }
        strays: list[Stray] = []

        def gather(name: str, read: Callable[[_Row, str], _Of], fen: Callable[[_Of], int]) -> dict[int, list[_Of]]:
            found: dict[int, list[_Of]] = defaultdict(list)
            for where, row in self._lines(name):
                owner = by_month.get((*(row[part] for part in _NAME), self._month(row, "month", where)))
                value = read(row, where)
                if owner is None:
                    strays.append(Stray(_short(where), tuple(row[part] for part in _NAME), fen(value)))
                else:
                    found[owner.number].append(value)
            return found

        quantities = gather("quantities.csv", _quantity, lambda _: 0)
        advances = gather("advances.csv", _advance, lambda one: one.fen)
        scores, unknown = self._scores({one.name for one in contracts})
        strays += unknown
        audits = gather("audits.csv", _audit, lambda fen: fen)
        of: list[dict[str, Any]] = [
            {
                "quantities": tuple(quantities[one.number]),
                "advances_fen": sum(each.fen for each in advances[one.number]),
                "deposit_fen": sum(each.deposit_fen for each in advances[one.number]),
                "deposits_off": _deposits_off(one.terms.deposit, advances[one.number]),
                **scores.get(one.name, {}),
                "audit_fen": sum(audits[one.number]),
            }
            for one in contracts
        ]
        return of, tuple(strays)

    def _scores(self, known: Container[_Name]) -> tuple[dict[_Name, dict[str, Any]], list[Stray]]:
        """Scores of the year by institution, pool, scheme and kind of care; and lines of none that has a contract."""
        strays: list[Stray] = []
        found: dict[_Name, dict[str, Any]] = {}
        for where, row in self._lines("assessments.csv"):
            name = tuple(row[part] for part in _NAME)
            score, full = (number(row[part], factor, where, part, _DECIMALS) for part in ("score", "full_score"))
            if name in found or not 0 <= score <= full or not full:
                fault = "again" if name in found else f"{row['score']} of {row['full_score']}"
                expected = "one score from 0 to the full score, which is above 0"
                raise PolicyError(where, found=f"{' '.join(name)}: {fault}", expected=expected, do="correct the line")
            found[name] = {"score": score, "full_score": full}
            if name not in known:
                strays.append(Stray(_short(where), name, 0))
        return found, strays


def _short(where: str) -> str:
    """File and line without the folder: what is written down is the same wherever the files lie."""
    return where[max(where.rfind("/"), where.rfind("\\")) + 1 :]


def _fen(row: _Row, column: str, where: str) -> int:
    fen = number(row[column], fen_of_yuan, where, column, "yuan, at most two decimals")
    if not 0 <= fen <= MAX_FEN:
        expected = f"from 0 to {yuan(MAX_FEN)} yuan"
        raise PolicyError(where, found=f"{column} {row[column]}", expected=expected, do="correct the amount")
    return fen


def _advance(row: _Row, where: str) -> _Advance:
    deposit = _fen(row, "deposit", where) if row.get("deposit") else 0
    return _Advance(_fen(row, "amount", where), deposit, _short(where))


def _deposits_off(deposit: Deposit | None, advances: Sequence[_Advance]) -> tuple[str, ...]:
    """Months whose deposit is not the rate of what they were due, in words: they are told, and not corrected."""
    told: list[str] = []
    if deposit is None:
        return ()
    for one in advances:
        due = one.fen + one.deposit_fen
        expected = apply_bp(due, deposit.rate_bp)
        if one.deposit_fen != expected:
            share = f"{yuan(deposit.rate_bp)} % of {yuan(due)} are {yuan(expected)}"
            told.append(f"{one.where}: a deposit of {yuan(one.deposit_fen)}; {share}")
    return tuple(told)


def _group(row: _Row, where: str) -> Group:
    """What a disease or group is worth, as far as its line says so."""
    standard, mean = (_fen(row, name, where) if row.get(name) else None for name in ("standard", "mean"))
    if mean == 0:
        raise PolicyError(where, found="mean 0", expected="above 0: costs are compared with it", do="correct the mean")
    points = number(row["points"], factor, where, "points", _DECIMALS) if row.get("points") else None
    return Group(standard, points, mean)


def _factors(row: _Row, where: str) -> dict[str, int]:
    """Factors of an institution by name; those of empty cells are not there."""
    found: dict[str, int] = {}
    for column, text in row.items():
        if column.startswith("factor_") and text:
            found[column.removeprefix("factor_")] = number(text, factor, where, column, _DECIMALS)
            if not 0 < found[column.removeprefix("factor_")] <= MOST_FACTOR:
                expected = "above 0, at most 100"
                raise PolicyError(where, found=f"{column} {text}", expected=expected, do="correct the factor")
    return found


def _audit(row: _Row, where: str) -> int:
    if not row["document"]:
        expected = "the document by which it is withheld"
        raise PolicyError(where, found="an empty cell of document", expected=expected, do="name it")
    return _fen(row, "amount", where)


def _quantity(row: _Row, where: str) -> Quantity:
    def whole(text: str | int) -> int:
        if re.fullmatch(r"[0-9]{1,10}", str(text)) is None:
            raise ValueError(f"not a whole number: {text!r}")
        return int(text)

    found = number(row["number"], whole, where, "number", "a whole number of heads or units")
    if found > _MOST_NUMBER:
        expected = f"at most {_MOST_NUMBER}"
        raise PolicyError(where, found=f"number {found}", expected=expected, do="correct the number")
    return Quantity(row["month"], row["what"], found, _short(where))
