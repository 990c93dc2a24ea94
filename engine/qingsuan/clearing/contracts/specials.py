"""Claims that a bureau lists to be cleared apart (单独结算), such as those of an epidemic's patients."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from qingsuan.errors import PolicyError

__all__ = ["COLUMNS", "Special", "read_specials"]

COLUMNS = ("setl_id", "pool", "insutype", "clr_type", "document")
"""Columns of ``specials.csv``."""


@dataclass(frozen=True, slots=True)
class Special:
    """A listed claim: where it says so, and the kind of care (清算类别) by which it is cleared."""

    where: str
    clr_type: str


def read_specials(
    lines: Iterable[tuple[str, Mapping[str, str]]], listed: Collection[str], short: Callable[[str], str]
) -> dict[tuple[str, str, str], Special]:
    """Read the lines of ``specials.csv``, whose codes of pool and scheme are checked: by ``setl_id``, pool and scheme.

    Parameters
    ----------
    listed
        Kinds of care that have no ``med_types``: their claims are listed.
    short
        What a line calls itself in results.

    Raises
    ------
    PolicyError
        A line cannot be trusted.
    """
    found: dict[tuple[str, str, str], Special] = {}
    for where, row in lines:
        key = row["setl_id"], row["pool"], row["insutype"]
        if row["clr_type"] not in listed:
            expected = f"a kind of terms.toml with med_types = []: {', '.join(listed) or 'there is none'}"
            do = "correct it, or write the kind there"
            raise PolicyError(where, found=f'clr_type "{row["clr_type"]}"', expected=expected, do=do)
        for column, meant in (
            ("setl_id", "the setl_id of a claim"),
            ("document", "the document by which it is cleared apart"),
        ):
            if not row[column]:
                raise PolicyError(where, found=f"an empty cell of {column}", expected=meant, do="name it")
        if key in found:
            told = f"{' '.join(key)} again, first in {found[key].where.rsplit(': ', 1)[-1]}"
            raise PolicyError(where, found=told, expected="each once", do="take one of the two lines out")
        found[key] = Special(short(where), row["clr_type"])
    return found
