"""Who bears what of a gap: own fault first, the city's accumulated surplus, city and county, provincial funds; to the fen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qingsuan.funds.gaps.model import GapRule, Shares, Spread
from qingsuan.funds.gaps.tables import LEVELS, BureauTables, Target
from qingsuan.funds.statement import Book, BookLine
from qingsuan.money import BP_ONE, apply_bp

__all__ = ["BORNE", "LEVEL_OF_LINE", "Gap", "Reached", "gaps_of"]

LEVEL_OF_LINE: Mapping[str, str] = {
    "subsidy-central": "central",
    "subsidy-province": "province",
    "subsidy-prefecture": "prefecture",
    "subsidy-county": "county",
    "subsidy-local": "county",
    "premium-persons": "county",
    "premium-employers": "county",
    "premium-collective": "county",
    "premium-finance": "county",
}
"""Whose fault it is where a line of income is due and has not come: a subsidy's is its payer's, a premium's the county's."""

BORNE = ("own_fault", "surplus", "city", "county", "reserve", "adjustment", "open")
"""Who bears a gap; they add up to it. ``open`` is what nobody bears, or what a missing parameter leaves open."""

_PREMIUMS = ("premium-persons", "premium-employers", "premium-collective", "premium-assisted", "premium-finance")


@dataclass(frozen=True, slots=True)
class Reached:
    """A target beside what happened."""

    target: Target
    actual: int

    @property
    def is_met(self) -> bool:
        """An expense stays within its target, everything else reaches it."""
        return (
            self.actual <= self.target.target if self.target.measure == "expense" else self.actual >= self.target.target
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A county's account of one fund, in fen.

    Attributes
    ----------
    faults : own fault by the level that makes it good; the whole of it, gap or not.
    plan : ``met``, ``not-met``, or ``none`` where no target is stated.
    own_fault : what of the gap the faults explain; ``own_fault + surplus + … + open = gap``.
    lacks : the parameters that leave something open, by name.
    """

    book: Book
    gap: int
    faults: Mapping[str, int]
    reached: tuple[Reached, ...]
    plan: str
    own_fault: int
    surplus: int = 0
    city: int = 0
    county: int = 0
    reserve: int = 0
    adjustment: int = 0
    open: int = 0
    lacks: tuple[str, ...] = field(default=())

    @property
    def rest(self) -> int:
        """What own fault does not explain."""
        return self.gap - self.own_fault


def gaps_of(
    books: Sequence[Book], lines: Iterable[BookLine], rule: GapRule, tables: BureauTables, pool: str
) -> tuple[Gap, ...]:
    """Share the gaps of the counties of one fund and pool.

    ``gap = max(0, expense − income)`` of the county's own account in the year, without what moves between levels. The city's
    accumulated surplus is what all books of the fund in the pool opened with.
    """
    by_book: dict[str, list[BookLine]] = {}
    for line in lines:
        by_book.setdefault(line.admdvs, []).append(line)
    counties = [book for book in books if book.admdvs != pool]
    gaps = [_begun(book, by_book.get(book.admdvs, []), tables) for book in counties]
    gaps = _by_surplus(gaps, rule, max(0, sum(book.opening for book in books)))
    gaps = [_shared(gap, rule) for gap in gaps]
    return tuple(_last(gaps, rule))


def _begun(book: Book, lines: Sequence[BookLine], tables: BureauTables) -> Gap:
    """The gap, own fault, and whether the plan was met."""
    key = book.fund, book.admdvs
    faults = dict.fromkeys(LEVELS, 0)
    for line in lines:
        if line.line in LEVEL_OF_LINE:
            faults[LEVEL_OF_LINE[line.line]] += line.outstanding or 0
    for fault in tables.faults.get(key, ()):
        faults[fault.level] += fault.fen
    gap = max(0, book.expense_within - book.income_within)
    reached = tuple(_reached(target, book, lines) for target in (tables.targets or {}).get(key, ()))
    plan = ("met" if all(one.is_met for one in reached) else "not-met") if reached else "none"
    return Gap(book, gap, faults, reached, plan, min(gap, sum(faults.values())))


def _reached(target: Target, book: Book, lines: Sequence[BookLine]) -> Reached:
    if target.measure == "heads":
        return Reached(target, target.actual or 0)
    if target.measure == "premiums":
        return Reached(target, sum(line.cash for line in lines if line.line in _PREMIUMS))
    return Reached(target, book.income_within if target.measure == "income" else book.expense_within)


def _part_in_surplus(gap: Gap, rule: GapRule) -> bool | None:
    """Whether a county has a part in the city's surplus; None where that is not known."""
    if gap.plan == "met":
        return True
    if gap.plan == "none":
        return None
    return None if rule.not_met is None else rule.not_met == "as-met"


def _by_surplus(gaps: Sequence[Gap], rule: GapRule, available: int) -> list[Gap]:
    """The city's accumulated surplus covers what counties with a part in it lack; where it does not suffice, as it is spread.

    It stays open where it is not known who else has a part in it, or how it is spread, unless it suffices for all.
    """
    part = [_part_in_surplus(gap, rule) for gap in gaps]
    mine = [gap.rest if has else 0 for gap, has in zip(gaps, part, strict=True)]
    unknown = [gap for gap, has in zip(gaps, part, strict=True) if has is None and gap.rest]
    lacks: tuple[str, ...] = ()
    if available and sum(mine) + sum(gap.rest for gap in unknown) > available:
        lacks = tuple(dict.fromkeys(_lack_of_plan(gap, rule) for gap in unknown))
        if not lacks and rule.spread is None and sum(map(bool, mine)) > 1:
            lacks = (rule.lacks("spread"),)
    if lacks:
        return [replace(gap, open=rest, lacks=lacks) if rest else gap for gap, rest in zip(gaps, mine, strict=True)]
    parts = mine if sum(mine) <= available else spread_over(mine, available, rule.spread or "proportion")
    return [replace(gap, surplus=part) for gap, part in zip(gaps, parts, strict=True)]


def _lack_of_plan(gap: Gap, rule: GapRule) -> str:
    return f"targets of {gap.book.fund} {gap.book.admdvs}" if gap.plan == "none" else rule.lacks("not-met")


def spread_over(rests: Sequence[int], available: int, how: Spread) -> list[int]:
    """Spread less than is needed over what is lacking; the parts add up to it, and none is more than what is lacking.

    In proportion each bound between two counties is rounded once, half away from zero.

    >>> spread_over([100, 200, 300], 301, "proportion"), spread_over([100, 200, 300], 301, "by-code")
    ([50, 101, 150], [100, 200, 1])
    """
    total, parts, before, lacking = sum(rests), [], 0, 0
    for rest in rests:
        lacking += rest
        upto = (2 * lacking * available + total) // (2 * total) if how == "proportion" else min(lacking, available)
        parts.append(upto - before)
        before = upto
    return parts


def _shared(gap: Gap, rule: GapRule) -> Gap:
    """What is left is the county's and the city's, as the rule says; or open, with the parameter that is missing."""
    left = gap.rest - gap.surplus
    if not left or gap.open:
        return gap
    if _part_in_surplus(gap, rule) is None:
        return replace(gap, open=left, lacks=(_lack_of_plan(gap, rule),))
    if gap.plan == "not-met" and rule.not_met == "county":
        return replace(gap, county=left)
    if rule.shares is None:
        return replace(gap, open=left, lacks=(rule.lacks("ratio"),))
    city, county = _by_ratio(left, rule.shares)
    return replace(gap, city=city, county=county, open=left - city - county)


def _by_ratio(left: int, shares: Shares) -> tuple[int, int]:
    """City and county, each rounded once; where they bear the whole, the county takes the remainder."""
    city = apply_bp(left, shares.city_bp)
    if shares.city_bp + shares.county_bp == BP_ONE:
        return city, left - city
    return city, min(left - city, apply_bp(left, shares.county_bp))


def _last(gaps: Sequence[Gap], rule: GapRule) -> list[Gap]:
    """Provincial funds take what is left in their order, each within its bound, county by county in the order of codes."""
    found = list(gaps)
    for fund in rule.last:
        bound = fund.bound_fen
        for place, gap in enumerate(found):
            given = 0 if gap.lacks else min(bound, gap.open)
            bound -= given
            if given:
                mine = {"open": gap.open - given, fund.fund: given}
                found[place] = replace(gap, **mine)  # type: ignore[arg-type]
    return found
