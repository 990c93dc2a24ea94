"""What became of a case, beside what it expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from qingsuan.cases.casefile import CaseFile, Expectation

__all__ = ["FATES", "CaseFailedError", "Difference", "Result", "differences"]

FATES = ("settled", "reversed", "rejected")


class CaseFailedError(AssertionError):
    """A case came out otherwise than expected; the message shows claim, column, found and expected."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the command wrote: rows as dictionaries, money as ``Decimal``."""

    settled: tuple[dict[str, Any], ...]
    reversed: tuple[dict[str, Any], ...]
    rejected: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise: of a claim, of a column of it, or (without a claim) of the case as a whole.

    ``row`` is the row of results that it was found in; empty where there is none.
    """

    setl_id: str
    psn_no: str
    column: str
    found: str
    expected: str
    row: dict[str, Any]

    def __str__(self) -> str:
        if not self.setl_id:
            return f"  {self.expected} claims went in, {self.found} came out"
        column = f" {self.column}:" if self.column else ""
        return f"  claim {self.setl_id} of {self.psn_no}:{column} found {self.found}, expected {self.expected}"


def differences(case: CaseFile, result: Result) -> tuple[Difference, ...]:
    """Everything that came out otherwise than the case expects, in the order of its expectations."""
    return (*_lost(case, result), *(one for expectation in case.expect for one in _compare(expectation, result)))


def _lost(case: CaseFile, result: Result) -> Iterator[Difference]:
    """Rows in = settled + reversed + rejected, whatever the case expects."""
    out = len(result.settled) + len(result.reversed) + len(result.rejected)
    if out != len(case.claims):
        yield Difference("", "", "", str(out), str(len(case.claims)), {})


def _compare(expectation: Expectation, result: Result) -> Iterator[Difference]:
    claim = expectation.setl_id, expectation.psn_no
    fate, row = _find(expectation, result)
    if fate != expectation.fate:
        why = f" ({_reason(row)})" if fate.startswith("E_") else ""
        yield Difference(*claim, "", f"{fate}{why}", expectation.fate, row)
    elif expectation.names and expectation.names not in _reason(row):
        yield Difference(*claim, "", _reason(row), f'a reason that names "{expectation.names}"', row)
    else:
        for column, text in expectation.columns.items():
            if column not in row or not _equal(row[column], text):
                yield Difference(*claim, column, str(row.get(column, "no such column")), text, row)


def _find(expectation: Expectation, result: Result) -> tuple[str, dict[str, Any]]:
    """Find what became of a claim; of a rejected copy and a settled original, the one that is expected."""
    who = expectation.psn_no, expectation.setl_id
    fates = zip(FATES, (result.settled, result.reversed, result.rejected), strict=True)
    rows = [(fate, row) for fate, table in fates for row in table if (row["psn_no"], row["setl_id"]) == who]
    found = [(row["code"] if fate == "rejected" else fate, row) for fate, row in rows]
    return next((one for one in found if one[0] == expectation.fate), found[0] if found else ("nothing", {}))


def _reason(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {row[name]}" for name in ("column", "found", "expected") if row.get(name))


def _equal(found: Any, text: str) -> bool:
    """Compare a cell; amounts and ratios as numbers, so that 9945 is 9945.00."""
    if isinstance(found, Decimal):
        try:
            return found == Decimal(text)
        except InvalidOperation:
            return False
    return str("" if found is None else found) == text
