"""Conditions as values: on codes, on whole numbers, on the identity classes held; and several of them, of which one must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = [
    "ANY_OF",
    "AnyOf",
    "Codes",
    "Condition",
    "Held",
    "IdentityClass",
    "IdentityRank",
    "Interval",
    "When",
    "read_only",
    "written_out",
]

ANY_OF = "any_of"
"""The place in a :data:`When` where its alternatives stand, beside the names of dimensions."""


def read_only(value: Any) -> Any:
    """A dictionary as one that nobody can write; anything else, such as a mapping of a plugin's own making, as it is."""
    return MappingProxyType(dict(value)) if type(value) is dict else value


@dataclass(frozen=True, slots=True)
class Codes:
    """A condition on codes. ``patterns`` are codes, or prefixes ending in ``*``; ``negated`` means none of them.

    The empty text stands for an absent value: ``dise_code = [""]`` holds for a claim without a disease code.
    """

    patterns: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """A condition on a whole number: ``low <= value < high``; ``None`` is unbounded.

    Money is in fen, age in completed years, a date in days since 1970-01-01.
    """

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A condition on the identity classes (人员身份类别) that a person holds on the identity date, by their names.

    The person holds at least one of ``any``, every one of ``all``, none of ``none``; and the first class of ``rank`` that
    the person holds is one of ``highest``. An empty part asks for nothing.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    rank: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives of which at least one must hold; each is a table of conditions without alternatives of its own."""

    alternatives: tuple[When, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "alternatives", tuple(read_only(one) for one in self.alternatives))


Condition = Codes | Interval | Held | AnyOf
When = Mapping[str, Condition]
"""Dimension name -> condition; an absent dimension means any value. All must hold.

Under :data:`ANY_OF` stands an :class:`AnyOf`, whose alternatives ask for other dimensions than those beside it.
"""


def written_out(when: When) -> tuple[When, ...]:
    """A table of conditions as tables without alternatives, of which at least one must hold.

    >>> one, other = Codes(("21",)), Interval(low=60)
    >>> beside = {"insutype": Codes(("390",))}
    >>> [sorted(each) for each in written_out({"any_of": AnyOf(({"med_type": one}, {"age": other})), **beside})]
    [['insutype', 'med_type'], ['age', 'insutype']]
    """
    choice = when.get(ANY_OF)
    if not isinstance(choice, AnyOf):
        return (when,)
    beside = {name: condition for name, condition in when.items() if name != ANY_OF}
    return tuple({**beside, **one} for one in choice.alternatives)


@dataclass(frozen=True, slots=True)
class IdentityClass:
    """A class of people that conditions name (人员身份类别, such as 低保): the codes of ``psn_idet_type`` that mean it.

    A class has codes of several series, the older (23xx) and the newer (70xx, 72xx); a code belongs to one class only.
    ``title`` is the Chinese name.
    """

    name: str
    title: str
    codes: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class IdentityRank:
    """Classes in the order in which the highest one held decides (身份优先顺序), highest first."""

    order: tuple[str, ...]
    source: str = ""
