"""Plugins that were never installed, opened in the tests' own process as their own process would open them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from qingsuan.apart.opening import ProblemError, said_of, taken
from qingsuan.apart.shape import problem_of
from qingsuan.plugins import Installed, load
from qingsuan.plugins.entry_points import FoundPoint
from qingsuan.plugins.opening import region_said
from qingsuan.policy.model import Region

__all__ = ["load_here"]


class _Here:
    """What a plugin says, through the form in which a process says it."""

    def __init__(self, found: FoundPoint, *_: object) -> None:
        self._point = found.point

    def opened(self) -> tuple[Region | None, str]:
        try:
            region = taken(self._point.load, self._point.name)
            said: dict[str, Any] = json.loads(json.dumps(said_of(region)))
        except ProblemError as problem:
            return None, str(problem)
        found = region_said(said, region.functions)
        return found, problem_of(found)

    def end(self) -> None:
        """Nothing was begun."""


def load_here(points: Iterable[Any]) -> Installed:
    """What is found and refused of some entry points."""
    return partial(load, start=_Here)(points)
