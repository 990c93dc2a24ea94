"""Made-up explanations that have everything a document can have: no two numbers and no two texts of one are alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from qingsuan.explain.document import Explanation
from qingsuan.policy.model import FUNDS

__all__ = ["HOSTILE", "full_explanation", "leaves"]

HOSTILE = '<script>alert("&amp;")</script>'
"""Stands in every free text of a made-up explanation."""

_DATES = ("date", "effective", "until", "at", "benefit_date", "identity_date")


class _Maker:
    def __init__(self) -> None:
        self.numbers = count(1_000_003, 7_919)

    def value(self, kind: Any, name: str) -> Any:
        found, arguments = get_origin(kind), get_args(kind)
        if is_dataclass(kind) and isinstance(kind, type):
            types = get_type_hints(kind)
            return kind(**{one.name: self.value(types[one.name], one.name) for one in fields(kind)})
        if found is Literal:
            return arguments[0]
        if found is UnionType:
            return self.value(next(one for one in arguments if one is not NoneType), name)
        if found is tuple:
            # alternatives hold conditions, and would not end
            return () if name == "alternatives" else tuple(self.value(arguments[0], name) for _ in range(2))
        if found is not None and issubclass(found, Mapping):
            names = FUNDS if name == "funds_fen" else [f"{name}_{number}" for number in range(2)]
            return {one: self.value(arguments[1], name) for one in names}
        if kind is bool:
            return True
        number = next(self.numbers)
        if kind is int:
            return number
        if name in _DATES:
            return str(dt.date(2021, 1, 1) + dt.timedelta(days=number % 365))
        return "zh" if name == "lang" else f"{HOSTILE} {name} {number}"


def full_explanation(lang: Literal["zh", "en"], about: Literal["claim", "person"]) -> Explanation:
    """An explanation in which nothing is absent: every claim is settled, rejected and reversed at once, which no real one is."""
    maker = _Maker()
    values = {name: maker.value(kind, name) for name, kind in get_type_hints(Explanation).items()}
    return Explanation(**{**values, "lang": lang, "about": about})


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and text of a document as JSON has it, with the name of its field."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(one, f"{name}.{key}" if name.endswith("_fen") else key)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, name)
    elif value is not None and not isinstance(value, bool):
        yield name, value
