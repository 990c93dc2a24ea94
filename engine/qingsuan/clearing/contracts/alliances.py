"""County alliances (县域医共体): the lump sum of a year, whose people it is for, and which kinds of care it pays for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from qingsuan.errors import PolicyError

__all__ = ["COLUMNS", "Alliance", "read_alliances"]

COLUMNS = ("alliance", "pool", "insutype", "kinds", "divisions", "amount", "document")
"""Columns of ``alliances.csv``."""

_DIVISION = re.compile(r"[1-9][0-9]{5}")
_Row = Mapping[str, str]
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Alliance:
    """What an alliance has for a year, a pool and a scheme (总额付费).

    Attributes
    ----------
    number : its place in the table, from 0.
    kinds : kinds of care (清算类别) that the sum pays for.
    divisions : where its people are insured (参保所属医保区划), six digits each.
    amount_fen : the sum of the year.
    """

    number: int
    where: str
    name: str
    pool: str
    insutype: str
    kinds: tuple[str, ...]
    divisions: tuple[str, ...]
    amount_fen: int

    @property
    def key(self) -> _Key:
        """Alliance, pool and scheme."""
        return self.name, self.pool, self.insutype


def read_alliances(
    lines: Iterable[tuple[str, _Row]],
    kinds: Collection[str],
    fen: Callable[[_Row, str, str], int],
    short: Callable[[str], str],
) -> dict[_Key, Alliance]:
    """Read the lines of ``alliances.csv``, whose codes of pool and scheme are checked.

    Parameters
    ----------
    kinds
        Kinds of care that the terms have.
    fen, short
        How an amount of a line is read, and what it calls itself in results.

    Raises
    ------
    PolicyError
        A line cannot be trusted.
    """
    found: dict[_Key, Alliance] = {}
    owners: dict[tuple[str, str, str], Alliance] = {}
    for where, row in lines:
        one = Alliance(
            number=len(found),
            where=short(where),
            name=row["alliance"],
            pool=row["pool"],
            insutype=row["insutype"],
            kinds=_listed(row, "kinds", where),
            divisions=_listed(row, "divisions", where),
            amount_fen=fen(row, "amount", where),
        )
        _check(one, row, kinds, where)
        if one.key in found:
            first = found[one.key].where.rsplit(": ", 1)[-1]
            told = f"{' '.join(one.key)} again, first in {first}"
            raise PolicyError(where, found=told, expected="each once", do="take one of the two lines out")
        for division in one.divisions:
            other = owners.setdefault((one.pool, one.insutype, division), one)
            if other is not one:
                told = f"division {division}, whose people {other.where} gives to {other.name}, too"
                expected = "people of a pool and scheme in one alliance"
                raise PolicyError(where, found=told, expected=expected, do="take the division out of one of the two")
        found[one.key] = one
    return found


def _listed(row: _Row, column: str, where: str) -> tuple[str, ...]:
    """Codes with blanks between them, each once."""
    found = tuple(row[column].split())
    if not found or len(set(found)) != len(found):
        expected = "at least one code, blanks between several, each once"
        raise PolicyError(
            where, found=f'{column} "{row[column]}"', expected=expected, do="write what the document says"
        )
    return found


def _check(one: Alliance, row: _Row, kinds: Collection[str], where: str) -> None:
    unknown = [kind for kind in one.kinds if kind not in kinds]
    if unknown:
        expected = f"kinds of [[kinds]] of terms.toml: {', '.join(kinds)}"
        raise PolicyError(
            where, found=f'kinds "{unknown[0]}"', expected=expected, do="correct it, or write the kind there"
        )
    odd = [division for division in one.divisions if _DIVISION.fullmatch(division) is None]
    if odd:
        expected = "the six digits of each division whose people it cares for, as insu_admdvs of claims has them"
        raise PolicyError(where, found=f'divisions "{odd[0]}"', expected=expected, do="write the code of the division")
    for column, meant in (("alliance", "the alliance's name or code"), ("document", "the document that sets the sum")):
        if not row[column]:
            raise PolicyError(where, found=f"an empty cell of {column}", expected=meant, do="name it")
