"""What a region supplies and what it compiles to is shared between threads, so nobody can write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from qingsuan.plugins import load
from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.model import Case, Covers, Function, IdentityClass, Missing, Region, Rule, RuleSet
from qingsuan.policy.reader import read_rule_sets
from worlds import compiled


def programs() -> Iterator[Program]:
    for region in load().regions:
        yield compile_rule_sets(read_rule_sets(region))
    for seed in range(1):
        yield compiled(seed)


def below(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    """A value, and all that it holds, each object once; ``seen`` keeps them, so that no number is given a second time."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    yield value
    if is_dataclass(value):
        held: Any = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        held = value.values()
    else:
        held = value if isinstance(value, tuple | frozenset | list | set) else ()
    for one in held:
        yield from below(one, seen)


def test_nothing_of_a_program_can_be_written() -> None:
    seen: set[type] = set()
    for program in programs():
        for value in below(program, {}):
            assert not isinstance(value, MutableMapping | MutableSequence | MutableSet | bytearray), value
            if is_dataclass(value):
                seen.add(type(value))
                with pytest.raises(FrozenInstanceError):
                    setattr(value, fields(value)[0].name, None)
            if isinstance(value, np.ndarray):
                assert not value.flags.writeable
    assert {Program, RuleSet, Rule, Case, Missing, Covers, IdentityClass} <= seen


def test_what_was_handed_over_can_change_and_the_region_does_not() -> None:
    codes: dict[str, dict[str, str]] = {"med_type": {"15": "特药"}}
    functions = {"half": Function(print, ("setl_time",))}
    region = Region("990000", "made up", codes=codes, functions=functions)
    codes["med_type"]["16"] = "x"
    codes["psn_type"] = {}
    functions.clear()
    assert region.codes == {"med_type": {"15": "特药"}}
    assert list(region.functions) == ["half"]
    for mapping in (region.codes, region.codes["med_type"], region.functions):
        assert not isinstance(mapping, MutableMapping)
