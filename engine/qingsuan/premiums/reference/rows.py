"""Rows as the twin has them: days as numbers since 1970-01-01, amounts in fen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Held", "Insured", "Paid", "Person", "Settled"]


@dataclass(frozen=True, slots=True)
class Insured:
    """An insured row; ``last`` is a day, however far away."""

    psn_no: str
    scheme: str
    admdvs: str
    first: int
    last: int
    permit: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An identity that holds from one day to another."""

    psn_no: str
    code: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of the year, or (negative) one that takes back; where it was paid for, if that is said."""

    psn_no: str
    fen: int
    admdvs: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What one person who counts comes to, in fen; ``borne`` by bearer."""

    psn_no: str
    admdvs: str
    group: str
    standard: int
    borne: dict[str, int]
    assisted: int
    carried_in: int
    due: int
    paid: int
    paid_elsewhere: int
    shortfall: int
    overpaid: int
    carried_out: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a year comes to.

    Attributes
    ----------
    people : those who count and are settled.
    refused : those of a group whose amount is unknown, with the parameter.
    unapplied : person, table, amount and reason of payments and shortfalls that are not applied.
    gaps : person, kind, last day before, first day after (None).
    """

    people: dict[str, Person]
    refused: dict[str, str]
    unapplied: list[tuple[str, str, int, str]]
    gaps: list[tuple[str, str, int, int | None]]
