"""What a contract lacks to be settled: parameters of its terms, cells of its line, lines of other tables."""

from __future__ import annotations

from collections.abc import Container, Iterable

from qingsuan.clearing.contracts.alliances import Alliance
from qingsuan.clearing.contracts.model import OF_POINTS, Contract

__all__ = ["lacks_of"]


def lacks_of(one: Contract, valued: Container[str], alliance: Alliance | None) -> tuple[str, ...]:
    """Everything that a contract lacks, in words.

    Parameters
    ----------
    valued
        Terms of which the table of groups has lines.
    alliance
        Whose sum it shares, where it is known.
    """
    found = (*one.lacks, *_of_lines(one, valued), *_of_alliance(one, alliance), *_of_shares(one), *_of_quantities(one))
    return tuple(dict.fromkeys(found))


def _of_lines(one: Contract, valued: Container[str]) -> Iterable[str]:
    terms = one.terms
    if terms.counts and not one.quantities:
        yield "lines of quantities.csv: how many heads or units there were"
    if terms.way in ("02", *OF_POINTS) and terms.id not in valued:
        yield f'lines of groups.csv with terms "{terms.id}": what each disease or group is worth'
    for name in terms.points.factors if terms.points else ():
        if name not in one.factors:
            yield f'factor_{name} in its line of contracts.csv: terms "{terms.id}" multiply by it'


def _of_alliance(one: Contract, alliance: Alliance | None) -> Iterable[str]:
    """Members name their alliance and their weight; the alliance has a sum that pays for their kind of care."""
    terms = one.terms
    if terms.way != "07":
        if one.alliance or one.weight is not None:
            yield f'terms of way 07: its line of contracts.csv has an alliance or a weight, and terms "{terms.id}" share no sum'
        return
    if not one.alliance:
        yield f'alliance in its line of contracts.csv: terms "{terms.id}" share the sum of one'
    elif alliance is None:
        yield f"a line of alliances.csv for {one.alliance} {one.pool} {one.insutype}: the sum, and whose people it is for"
    elif one.clr_type not in alliance.kinds:
        yield f"clr_type {one.clr_type} among kinds of {alliance.where}: its sum does not pay for this kind of care"
    if one.weight is None:
        yield f'weight in its line of contracts.csv: terms "{terms.id}" share the sum by weights'


def _of_shares(one: Contract) -> Iterable[str]:
    terms = one.terms
    if terms.shares and one.budget_fen is None:
        yield f'budget in its line of contracts.csv: terms "{terms.id}" share what is left of it'
    if one.budget_fen is not None and not terms.shares:
        yield f'surplus and overrun of terms "{terms.id}": its line of contracts.csv has a budget'
    if terms.deposit is not None and one.score is None:
        yield "its line of assessments.csv: the deposit is returned by score"
    if terms.deposit is None and one.deposit_fen:
        yield f'deposit of terms "{terms.id}": advances.csv has one'


def _of_quantities(one: Contract) -> Iterable[str]:
    """Quantities may be of age bands, or of nothing where heads are not told apart; or of units."""
    terms = one.terms
    known = frozenset(terms.units) if terms.way == "unit" else frozenset(terms.bands or ("",))
    for each in one.quantities if not terms.lacks else ():
        if each.what not in known:
            yield f'"{each.what}" ({each.where}) among those of terms "{terms.id}"'
        elif terms.way == "04" and each.month < terms.per_head[0][0]:
            yield f'an amount per head for {each.month}: that of terms "{terms.id}" begins {terms.per_head[0][0]}'
