"""What is asked of a simulation, as it is written: ``PATH=VALUE``, ``PATH=50..70:1``, ``FUND=±0``.

A path says of which rule set it is: ``220100/390:inpatient.caps`` of the one of a pool and a scheme, with its date
(``220100/390/2021-07-01:…``) where several are in force in the year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from qingsuan.errors import UsageError
from qingsuan.money import fen_of_yuan, yuan
from qingsuan.policy.model import FUNDS
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["ALL_FUNDS", "NOTHING", "Change", "Place", "Seek", "Sweep", "read_seek", "read_set", "read_sweep"]

NOTHING = "-"
"""A cell of a table of which the notice says nothing."""
ALL_FUNDS = "all"
"""All funds together, in place of the name of one."""
MOST_VALUES = 400
"""So many values one sweep may try."""

_PLACE = re.compile(r"([0-9]{6})/([0-9A-Za-z]+)(?:/([0-9]{4}-[0-9]{2}-[0-9]{2}))?:(.+)")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
_TARGET = re.compile(r"(?:±0|[+-]?[0-9]{1,15}(?:\.[0-9]{1,2})?)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number stands: the pool and a scheme of its rule set, that one's date where it is said, and the path in it."""

    pool: str
    scheme: str
    date: str
    path: str

    def __str__(self) -> str:
        return f"{self.pool}/{self.scheme}{f'/{self.date}' if self.date else ''}:{self.path}"


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers in the place of others: decimals in the unit of the file, or ``-``."""

    place: Place
    items: tuple[Decimal | str, ...]

    @property
    def value(self) -> str:
        """The numbers as they are written on a command line."""
        return "/".join(item if isinstance(item, str) else plain(item) for item in self.items)

    def __str__(self) -> str:
        return f"{self.place}={self.value}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One number from ``low`` to ``high``; all in hundredths, of a yuan or of a percent. ``step`` is None where none is said."""

    place: Place
    low: int
    high: int
    step: int | None

    @property
    def values(self) -> tuple[int, ...]:
        """Every value, in hundredths."""
        return tuple(range(self.low, self.high + 1, self.step or 1))

    def change(self, value: int) -> Change:
        """The change to one of them."""
        return Change(self.place, (Decimal(value) / 100,))

    def __str__(self) -> str:
        step = f":{plain(Decimal(self.step) / 100)}" if self.step else ""
        return f"{self.place}={plain(Decimal(self.low) / 100)}..{plain(Decimal(self.high) / 100)}{step}"


@dataclass(frozen=True, slots=True)
class Seek:
    """By how much the payments of a fund, or of all, are to change, in fen."""

    fund: str
    target_fen: int

    def __str__(self) -> str:
        sign = "±" if not self.target_fen else "+" if self.target_fen > 0 else ""
        return f"{self.fund}={sign}{yuan(self.target_fen).removesuffix('.00')}"


def plain(number: Decimal) -> str:
    """A number without idle zeros.

    >>> plain(Decimal("70.00")), plain(Decimal("12.50"))
    ('70', '12.5')
    """
    return f"{number.normalize():f}"


def read_set(text: str) -> Change:
    """Read ``PATH=VALUE``; several numbers of one list with ``/`` between them.

    Raises
    ------
    UsageError
        It is not written so.
    """
    where = f"--set {text}"
    path, _, value = text.rpartition("=")
    if not path or not value:
        raise _unwritten(where, "220100/390:inpatient.bands.minors.3M=70/75/80")
    return Change(_place(path, where), tuple(_item(item, where) for item in value.split("/")))


def read_sweep(text: str, *, seeks: bool = False) -> Sweep:
    """Read ``PATH=LOW..HIGH:STEP``; the step may be left out where one value is sought among them.

    Raises
    ------
    UsageError
        It is not written so; the step is 0 or less; there is no value, or there are too many.
    """
    where = f"--sweep {text}"
    path, _, values = text.rpartition("=")
    found = re.fullmatch(r"(.+?)\.\.(.+?)(?::(.+))?", values)
    if not path or found is None:
        raise _unwritten(where, "220100/390:inpatient.bands.minors.3M[1]=50..70:1")
    low, high = (_hundredths(found[each], where) for each in (1, 2))
    step = None if found[3] is None else _hundredths(found[3], where)
    if step is None and not seeks:
        do = f"write {values}:1, or another step"
        raise UsageError(where, found="no step", expected="a step above 0, such as :1", do=do)
    if step is not None and step <= 0:
        raise UsageError(where, found=f"a step of {found[3]}", expected="a step above 0", do="write :1, or :0.5")
    if low > high:
        raise UsageError(where, found=f"{found[1]}, which is more than {found[2]}", expected="the lower value first")
    if seeks and low == high:
        raise UsageError(where, found=f"{found[1]} twice", expected="two bounds, between which a value is sought")
    sweep = Sweep(_place(path, where), low, high, step)
    if step is not None and not seeks and (count := (high - low) // step + 1) > MOST_VALUES:
        raise UsageError(where, found=f"{count} values", expected=f"at most {MOST_VALUES}", do="take a larger step")
    return sweep


def read_seek(text: str) -> Seek:
    """Read ``FUND=±0``, or by how many yuan its payments are to change: ``hifp_pay=-1000000``.

    Raises
    ------
    UsageError
        It is not written so, or there is no such fund.
    """
    where = f"--seek {text}"
    fund, _, target = text.partition("=")
    target = target.replace("+-", "±").replace("−", "-")
    if fund not in (*FUNDS, ALL_FUNDS):
        hint = did_you_mean(fund, (*FUNDS, ALL_FUNDS)) or f"{ALL_FUNDS} is all funds together"
        raise UsageError(where, found=f'no fund "{fund}"', expected=f"one of {', '.join((*FUNDS, ALL_FUNDS))}", do=hint)
    if _TARGET.fullmatch(target) is None:
        raise UsageError(where, found=f'"{target}"', expected="±0, or yuan such as +1000000 or -250000.50")
    return Seek(fund, 0 if target == "±0" else fen_of_yuan(target.removeprefix("+")))


def _place(path: str, where: str) -> Place:
    found = _PLACE.fullmatch(path)
    if found is None:
        expected = "POOL/SCHEME:PATH, such as 220100/390:inpatient.caps"
        do = "“qingsuan policy show POOL” has the rule sets of a pool and their tables"
        raise UsageError(where, found=f'"{path}"', expected=expected, do=do)
    return Place(found[1], found[2], found[3] or "", found[4])


def _item(text: str, where: str) -> Decimal | str:
    if text == NOTHING:
        return NOTHING
    if _NUMBER.fullmatch(text) is None:
        do = "write 65 for 65 %, 12.5 for 12.5 %, 1200 for 1,200 yuan; 70/75/80 for a list"
        raise UsageError(where, found=f'"{text}"', expected="a number with at most two decimals, or -", do=do)
    return Decimal(text)


def _hundredths(text: str, where: str) -> int:
    item = _item(text, where)
    if isinstance(item, str):
        raise UsageError(where, found=f'"{text}"', expected="a number with at most two decimals")
    return int(item * 100)


def _unwritten(where: str, example: str) -> UsageError:
    return UsageError(where, found="not what is expected here", expected=example, do="put it into quotes in a shell")
