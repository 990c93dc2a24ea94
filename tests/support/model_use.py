"""What of the rule model a rule set uses, found by looking at the values: so a construct that is new is asked for at once."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from qingsuan.policy.conditions import CODE_DIMENSIONS, IDENTITY_DIMENSION, INTERVAL_DIMENSIONS
from qingsuan.policy.model import (
    COLUMN_PART,
    COUNTERS,
    ENTRY_PARTS,
    FUNDS,
    GROUP_KEYS,
    LAYER_PARTS,
    PERSONAL_ACCOUNT,
    RuleSet,
)

__all__ = ["constructs", "used"]

_CHOICES = {
    "RuleSet.group_keys": GROUP_KEYS,
    "Layer.fund": (*FUNDS, PERSONAL_ACCOUNT),
    "Entry.part": (*ENTRY_PARTS, *LAYER_PARTS, COLUMN_PART),
    "Select.counter": COUNTERS,
}
"""Fields whose values are names of the model without being a ``Literal``."""


def used(value: Any) -> Iterator[str]:
    """Every construct in a value: fields that say something, and what is chosen where there is a choice."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key in _DIMENSIONS:
                yield f"when {key}"
            yield from used(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from used(one)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _said(f"{type(value).__name__}.{field.name}", getattr(value, field.name), _default(field))


def _said(name: str, found: Any, default: Any) -> Iterator[str]:
    """What one field of a value says."""
    if found != default:
        yield name
    if isinstance(found, str):
        yield f"{name}={found}"
    elif isinstance(found, Mapping):
        yield from (f"{name}={one}" for one in found.values() if isinstance(one, str))
    yield from used(found)


_DIMENSIONS = {*CODE_DIMENSIONS, IDENTITY_DIMENSION, *INTERVAL_DIMENSIONS, "any_of"}


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return ()


def constructs() -> set[str]:
    """Every construct there is: each field of each value that a rule set can hold, each choice, each dimension of the engine's own."""
    found = {f"when {name}" for name in _DIMENSIONS}
    for kind in _values(RuleSet, set()):
        for name, hint in typing.get_type_hints(kind).items():
            found.add(f"{kind.__name__}.{name}")
            found |= {f"{kind.__name__}.{name}={choice}" for choice in _choices(hint)}
    return found | {f"{name}={choice}" for name, choices in _CHOICES.items() for choice in choices}


def _values(hint: Any, seen: set[type]) -> set[type]:
    """The dataclasses that a type is made of."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint not in seen:
            seen.add(hint)
            for inner in typing.get_type_hints(hint).values():
                _values(inner, seen)
    else:
        for inner in get_args(hint):
            _values(inner, seen)
    return seen


def _choices(hint: Any) -> set[str]:
    if get_origin(hint) is Literal:
        return {choice for choice in get_args(hint) if isinstance(choice, str)}
    return set().union(*map(_choices, get_args(hint)))
