"""What a check of a run folder found to be off: where, what, and what it should have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Finding", "Findings", "checking"]

MOST_OF_A_KIND = 5
"""So many findings of one check in one file are told one by one; the rest are counted."""

_DAMAGED = "do not use this folder: fetch it again from where it is kept whole, or settle anew"


_DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    pa.ArrowException,
)
"""What reading a file that is not what it seems may raise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is off. ``row`` counts from 1; 0 where the whole file is meant."""

    file: str
    row: int
    check: str
    found: str
    expected: str
    do: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        return f"{where}: {self.check}\n  found: {self.found}\n  expected: {self.expected}\n  what to do: {self.do}"


@dataclass
class Findings:
    """All findings, the first few of each kind one by one."""

    told: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many things are off."""
        return sum(self.counts.values())

    def add(self, file: str, check: str, found: object, expected: object, row: int = 0, do: str = _DAMAGED) -> None:
        """Something is off."""
        self.counts[file, check] += 1
        if self.counts[file, check] <= MOST_OF_A_KIND:
            self.told.append(Finding(file, row, check, str(found), str(expected), do))

    def same(self, file: str, check: str, found: object, expected: object) -> None:
        """Note it if two things differ."""
        if found != expected:
            self.add(file, check, found, expected)

    def take(self, other: Findings, below: str = "") -> None:
        """Take over what another check found; ``below`` is the folder in which it looked, where that is one of several."""
        self.told += [replace(one, file=f"{below}{one.file}") for one in other.told]
        self.counts.update({(f"{below}{file}", check): count for (file, check), count in other.counts.items()})

    def rows(
        self,
        file: str,
        first_row: int,
        check: str,
        wrong: npt.NDArray[np.bool_],
        show: dict[str, npt.NDArray[np.int64]],
    ) -> None:
        """Note rows of a batch that break a rule; ``show`` are the amounts in fen that the rule is about."""
        places = np.flatnonzero(wrong)
        for place in places[:MOST_OF_A_KIND]:
            amounts = ", ".join(f"{name} {int(values[place])}" for name, values in show.items())
            self.add(
                file,
                check,
                f"{amounts} (fen)" if show else "a row in which it is not so",
                check,
                first_row + int(place) + 1,
            )
        self.counts[file, check] += max(0, len(places) - MOST_OF_A_KIND)

    def left_out(self) -> list[tuple[str, str, int]]:
        """Each kind of finding that is not told in full: the file, the check, and how many more there are."""
        return [
            (file, check, count - MOST_OF_A_KIND)
            for (file, check), count in self.counts.items()
            if count > MOST_OF_A_KIND
        ]


@contextmanager
def checking(findings: Findings, what: str) -> Iterator[None]:
    """Whatever keeps a check from being made is a finding: a damaged file may be anything.

    Raises
    ------
    QingsuanError
        What the check itself refuses.
    """
    try:
        yield
    except _DAMAGE as error:
        text = " ".join(str(error).split())[:200]
        findings.add(what, "it can be checked", f"{type(error).__name__}: {text}", "what a run writes")
