"""The slow twin: a fund's books in plain Python, entry by entry, as they are read beside 财社〔2017〕144号.

It knows neither NumPy nor Arrow nor partitions. Random years must come out equal to the fen; it is never a fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Entry", "Ledger", "Year", "keep", "share", "watch"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a bureau writes it, its amount in fen; its number says where it stands."""

    number: int
    fund: str
    admdvs: str
    line: str
    basis: str
    day: int
    fen: int
    voucher: str
    takes_back: str = ""


@dataclass(slots=True)
class Ledger:
    """A book of one fund and place: what it opened with, and by line what was due before, became due, and was received or paid."""

    opening: int = 0
    opened: dict[str, int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    cash: dict[str, int] = field(default_factory=dict)

    def closing(self, income: frozenset[str]) -> int:
        """What it closes with: every entry of income added, every other taken off, one by one."""
        balance = self.opening
        for line, fen in self.cash.items():
            balance += fen if line in income else -fen
        return balance

    def left(self, line: str) -> int | None:
        """What is due on a line and has not come or been paid; None where nobody says what is due."""
        if line not in self.due and line not in self.opened:
            return None
        return self.opened.get(line, 0) + self.due.get(line, 0) - self.cash.get(line, 0)


@dataclass(slots=True)
class Year:
    """All books of a year by fund and place, the numbers of accepted entries, and of refused ones the code."""

    books: dict[tuple[str, str], Ledger] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def keep(
    entries: Iterable[Entry],
    stated: Iterable[tuple[str, str, str, str, int]],
    balances: Mapping[tuple[str, str], int],
    outstanding: Mapping[tuple[str, str, str], int],
) -> Year:
    """Keep the books of a year: entries by day, one after the other, and sums that others state."""
    year = Year()
    for book, fen in balances.items():
        year.books.setdefault(book, Ledger()).opening = fen
    for (fund, admdvs, line), fen in outstanding.items():
        year.books.setdefault((fund, admdvs), Ledger()).opened[line] = fen
    for fund, admdvs, line, basis, fen in stated:
        _book(year, fund, admdvs, line, basis, fen)
    left = _judge(entries, year)
    for entry in left:
        year.accepted.append(entry.number)
        _book(year, entry.fund, entry.admdvs, entry.line, entry.basis, entry.fen)
    return year


def _judge(entries: Iterable[Entry], year: Year) -> list[Entry]:
    """The entries that count: a voucher once on a line, a refund of a voucher that counts and of no more than is left of it."""
    ordered = sorted(entries, key=lambda one: (one.day, one.voucher, one.takes_back, one.fen, one.number))
    first: dict[tuple[str, ...], Entry] = {}
    for entry in ordered:
        if _place(entry, entry.voucher) in first:
            year.refused[entry.number] = "E_DUPLICATE"
        else:
            first[_place(entry, entry.voucher)] = entry
    back: dict[int, int] = {}
    for entry in ordered:
        if entry.number in year.refused or not entry.takes_back:
            continue
        original = first.get(_place(entry, entry.takes_back))
        if original is None or original.takes_back:
            year.refused[entry.number] = "E_REVERSAL_ORPHAN"
        elif back.get(original.number, 0) - entry.fen > original.fen:
            year.refused[entry.number] = "E_REVERSAL_MISMATCH"
        else:
            back[original.number] = back.get(original.number, 0) - entry.fen
    return [entry for entry in ordered if entry.number not in year.refused]


def _place(entry: Entry, voucher: str) -> tuple[str, ...]:
    return entry.fund, entry.admdvs, entry.line, entry.basis, voucher


def _book(year: Year, fund: str, admdvs: str, line: str, basis: str, fen: int) -> None:
    ledger = year.books.setdefault((fund, admdvs), Ledger())
    lines = ledger.cash if basis == "cash" else ledger.due
    lines[line] = lines.get(line, 0) + fen


def share(
    gaps: Mapping[str, tuple[int, int, str]],
    surplus: int,
    ratio: tuple[int, int] | None,
    not_met: str | None,
    spread: str | None,
    last: Iterable[tuple[str, int]],
) -> dict[str, dict[str, int]]:
    """Share the gaps of one fund and pool, county by county, as 吉政发〔2020〕3号 reads, part 2 of its second chapter.

    Parameters
    ----------
    gaps : by county the gap, own fault (all of it), and the plan: ``met``, ``not-met`` or ``none``.
    ratio : basis points of city and county; None where it is not known, as are ``not_met`` and ``spread``.
    last : provincial funds with what each gives at most.
    """
    found = {county: {"own_fault": min(gap, fault)} for county, (gap, fault, _) in sorted(gaps.items())}
    left = {county: gaps[county][0] - mine["own_fault"] for county, mine in found.items()}
    unsure = [c for c in left if left[c] and (gaps[c][2] == "none" or (gaps[c][2] == "not-met" and not_met is None))]
    sharing = [c for c in left if gaps[c][2] == "met" or (gaps[c][2] == "not-met" and not_met == "as-met")]
    lacking = sum(left[c] for c in sharing)
    scarce = surplus > 0 and lacking + sum(left[c] for c in unsure) > surplus
    is_to_spread = spread is None and sum(left[c] > 0 for c in sharing) > 1
    stuck = set(sharing) if scarce and (unsure or is_to_spread) else set()
    if not stuck:
        _use_surplus(found, left, sharing, min(surplus, lacking), lacking, spread)
    for county, mine in found.items():
        plan = gaps[county][2]
        if county in stuck or county in unsure or not left[county]:
            continue
        if plan == "not-met" and not_met == "county":
            mine["county"], left[county] = left[county], 0
        elif ratio is not None:
            whole = left[county]
            mine["city"] = _half_up(whole * ratio[0], 10_000)
            rest = whole - mine["city"]
            mine["county"] = rest if sum(ratio) == 10_000 else min(rest, _half_up(whole * ratio[1], 10_000))
            left[county] = mine["for_last"] = rest - mine["county"]
    for fund, bound in last:
        spent = 0
        for county, mine in found.items():
            given = min(bound - spent, left[county]) if "for_last" in mine else 0
            mine[fund] = given
            left[county] -= given
            spent += given
    for county, mine in found.items():
        mine.pop("for_last", None)
        mine["open"] = left[county]
    return found


def _use_surplus(
    found: dict[str, dict[str, int]],
    left: dict[str, int],
    sharing: Iterable[str],
    use: int,
    lacking: int,
    spread: str | None,
) -> None:
    """Give each county its part: of a surplus that does not suffice in proportion, or one after the other."""
    used = seen = 0
    for county in sharing:
        seen += left[county]
        upto = min(seen, use) if spread == "by-code" or use == lacking else _half_up(seen * use, lacking)
        found[county]["surplus"] = upto - used
        left[county] -= upto - used
        used = upto


def _half_up(number: int, by: int) -> int:
    return (2 * number + by) // (2 * by) if by else 0


def watch(
    claims: Iterable[tuple[str, str, int, int, int]],
    held: Iterable[tuple[str, str, int, int]],
    lines: Iterable[tuple[str, str, str, int, tuple[str, ...]]],
) -> dict[tuple[str, str], tuple[str, int, int]]:
    """Watch people: by person and line the county, the burden, and the day on which it first lay above the line.

    Parameters
    ----------
    claims : person, county, day, own part of the cost in scope, own part of all.
    held : person, identity class, first and last day.
    lines : kind, prefix of places, ``in-scope`` or ``all``, fen, classes of the people whom it is for.
    """
    by_person: dict[str, list[tuple[int, str, int, int]]] = {}
    for person, county, day, in_scope, whole in claims:
        by_person.setdefault(person, []).append((day, county, in_scope, whole))
    known, written = list(held), list(lines)
    found: dict[tuple[str, str], tuple[str, int, int]] = {}
    for person, mine in by_person.items():
        mine.sort(key=lambda one: one[:2])
        county = mine[-1][1]
        here: dict[str, tuple[str, str, str, int, tuple[str, ...]]] = {}
        for line in written:
            if county.startswith(line[1]) and (line[0] not in here or len(here[line[0]][1]) < len(line[1])):
                here[line[0]] = line
        for kind, (_, _, measure, fen, classes) in here.items():
            burden, crossed = 0, None
            for day, _, in_scope, whole in mine:
                burden += in_scope if measure == "in-scope" else whole
                crossed = day if crossed is None and burden > fen else crossed
            if crossed is None:
                continue
            has = {code for who, code, first, last in known if who == person and first <= crossed <= last}
            of_others = {code for other, line in here.items() if other != kind for code in line[4]}
            if has.intersection(classes) if classes else not has & of_others:
                found[person, kind] = county, burden, crossed
    return found
