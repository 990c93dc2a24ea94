"""What institutions keep of money saved by central procurement (集采结余留用): which contract it is cleared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qingsuan.clearing.contracts.model import Contract
from qingsuan.errors import PolicyError
from qingsuan.money import yuan

__all__ = ["Procured", "check_takers", "takes", "told_nowhere", "with_procured"]


@dataclass(frozen=True, slots=True)
class Procured:
    """What a finished run of procurement says that institutions keep.

    Attributes
    ----------
    sha256 : of the record of that run; empty where none was given.
    kept : in fen, by institution and scheme.
    nowhere : of these, what no contract takes.
    """

    sha256: str = ""
    kept: Mapping[tuple[str, str], int] = field(default_factory=dict)
    nowhere: Mapping[tuple[str, str], int] = field(default_factory=dict)


def takes(row: Mapping[str, str], where: str) -> bool:
    """Whether a contract takes what its institution keeps, as its line says.

    Raises
    ------
    PolicyError
        The cell is neither empty nor 0 or 1.
    """
    text = row.get("procurement", "")
    if text not in ("", "0", "1"):
        expected = "1: it takes what its institution keeps of procurement; 0 or nothing: it does not"
        raise PolicyError(where, found=f'procurement "{text}"', expected=expected, do="correct the cell")
    return text == "1"


def check_takers(contracts: Iterable[Contract]) -> None:
    """Check that one contract of an institution and scheme takes what it keeps.

    Raises
    ------
    PolicyError
        Two do: nobody says how much each takes.
    """
    found: dict[tuple[str, str], Contract] = {}
    for one in contracts:
        if not one.takes_procurement:
            continue
        other = found.setdefault((one.fixmedins_code, one.insutype), one)
        if other is not one:
            raise PolicyError(
                one.where,
                found=f"procurement 1 of {one.fixmedins_code}, scheme {one.insutype}, again, first in {other.where}",
                expected="one contract that takes what the institution keeps of a scheme",
                do="leave 1 in one of the two lines",
            )


def with_procured(contracts: Sequence[Contract], given: Procured) -> tuple[tuple[Contract, ...], Procured]:
    """Contracts with what their institutions keep, and what is left over."""
    left = dict(given.kept)
    found = [
        replace(one, procurement_fen=left.pop((one.fixmedins_code, one.insutype), 0)) if one.takes_procurement else one
        for one in contracts
    ]
    return tuple(found), replace(given, nowhere={key: fen for key, fen in sorted(left.items()) if fen})


def told_nowhere(given: Procured) -> str:
    """What no contract takes, in words; empty where there is none."""
    if not given.nowhere:
        return ""
    fen, names = sum(given.nowhere.values()), sorted({institution for institution, _ in given.nowhere})
    return f"{yuan(fen)} yuan that institutions keep of procurement are of no contract that takes them: {', '.join(names[:10])}"
