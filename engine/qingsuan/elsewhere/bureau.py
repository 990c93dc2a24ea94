"""What a bureau hands over beside the settled claims: institutions, pools, the arrangement, and money that moved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qingsuan.elsewhere.model import KINDS, PLACES, Arrangement
from qingsuan.elsewhere.reader import read_arrangement
from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, keyed, lines_of, longest
from qingsuan.movements.model import Movement
from qingsuan.movements.reading import read_movements

__all__ = ["INSTITUTION_COLUMNS", "MOVEMENT_COLUMNS", "POOL_COLUMNS", "Bureau", "read_bureau"]

INSTITUTION_COLUMNS = ("fixmedins_code", "fix_blng_admdvs")
POOL_COLUMNS = ("admdvs", "pool")
MOVEMENT_COLUMNS = ("date", "payer", "receiver", "kind", "year", "amount")

_CODE = re.compile(r"[1-9]\d{5}")


@dataclass(frozen=True, slots=True)
class Bureau:
    """All of it.

    Attributes
    ----------
    institutions : where each institution lies.
    pools : the pool of a place, by prefix of its code; the longest one decides.
    movements : every line, judged alone.
    files : those that were read, with their digests.
    """

    arrangement: Arrangement
    institutions: Mapping[str, str]
    pools: Mapping[str, str]
    movements: tuple[Movement, ...]
    files: tuple[TableFile, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)

    @property
    def own_pools(self) -> dict[str, str]:
        """The pool in which each institution lies; those of no known pool, and of another region, are left out."""
        pools = {code: longest(self.pools, place) for code, place in self.institutions.items()}
        return {
            code: pool for code, pool in pools.items() if pool is not None and pool[:2] == self.institutions[code][:2]
        }

    def treated(self, pool: str, institution: str) -> tuple[str, str, str]:
        """Where somebody of a pool was treated in an institution.

        Returns
        -------
        tuple
            One of :data:`~qingsuan.elsewhere.model.PLACES`, and whose place it is: another pool, or another region by its code. Both
            are empty for the pool itself. In the third place why it is not known; empty where it is.
        """
        if not institution:
            return "", "", "the settled claim names no institution"
        place = self.institutions.get(institution)
        if place is None:
            return "", "", "the list of institutions does not have it"
        if place[:2] != pool[:2]:
            return PLACES[1], f"{place[:2]}0000", ""
        own = longest(self.pools, place)
        if own is None:
            return "", "", f"the list of pools has none for {place}, where it lies"
        return ("", "", "") if own == pool else (PLACES[0], own, "")


def read_bureau(arrangement: Path, institutions: Path, pools: Path, movements: Path | None, year: int) -> Bureau:
    """Read the files.

    Raises
    ------
    PolicyError
        A file cannot be trusted.
    """
    named = {"arrangement": arrangement, "institutions": institutions, "pools": pools, "movements": movements}
    return Bureau(
        read_arrangement(arrangement, year),
        _institutions(institutions),
        keyed(pools, POOL_COLUMNS, lambda row, where: _code(row["pool"], where, "pool", "the six digits of a pool")),
        () if movements is None else read_movements(movements, ("payer", "receiver"), KINDS),
        tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
    )


def _institutions(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for where, cells in lines_of(file, INSTITUTION_COLUMNS):
        code = cells["fixmedins_code"]
        if not code or code in found:
            said = f'fixmedins_code "{code}" again' if code else "no fixmedins_code"
            raise PolicyError(where, found=said, expected="each institution once", do="correct the line")
        found[code] = _code(cells["fix_blng_admdvs"], where, "fix_blng_admdvs", "the six digits of where it lies")
    return found


def _code(text: str, where: str, column: str, expected: str) -> str:
    if _CODE.fullmatch(text) is None:
        raise PolicyError(where, found=f'{column} "{text}"', expected=expected, do="write the code in full")
    return text
