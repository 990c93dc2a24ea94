"""Bounds on what each settled row adds to each accumulator: exact, or a least and a most.

A row names its rule, and the rule's layers name their groups; which of a rule's cases held is not written down. So a
counter moved by at least the least, and at most the most, of what any of them would have moved it by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.money import BP_ONE
from qingsuan.policy.compile import Program
from qingsuan.policy.model import COUNTERS, FUNDS
from qingsuan.policy.numeric import MAX_ENTRIES
from qingsuan.policy.resolve import Resolved, ResolvedLayer

__all__ = ["AMOUNTS", "Moved", "Shape", "moved", "shapes_by_rule"]

VISITS, USED, BASE, EXCESS, PAID = range(len(COUNTERS))
POOLED = "hifp_pay"
AMOUNTS = ("medfee_sumamt", "inscp_scp_amt", "act_pay_dedc", *FUNDS)
"""The amounts of a settled row that tell."""

Int64 = npt.NDArray[np.int64]
Fen = Mapping[str, Int64]
Moved = dict[tuple[str, int], tuple[Int64, Int64]]
"""By group and counter (its place in ``COUNTERS``): the least and the most that each row moved it by."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What of a layer decides which counters move, and by what.

    ``in_scope``: nothing enters but what is in scope and no earlier layer has paid. ``bound``: a limit may cut it.
    """

    fund: str
    draws: frozenset[str]
    deducts: bool
    credits: bool
    deductible: str | None
    bands: str | None
    limit: str | None
    in_scope: bool
    bound: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a resolved rule decides which counters move: two cases that differ in ratios only have one shape."""

    entry_bp: int
    takes_back: bool
    visits: frozenset[str]
    turns: tuple[_Turn, ...]


def _turn(layer: ResolvedLayer) -> _Turn:
    deductible, limit = layer.deductible, layer.limit
    entry = [(one.part, one.ratio_bp) for one in layer.entry]
    return _Turn(
        layer.fund,
        frozenset(cap.group for cap in layer.caps if cap.group is not None),
        deductible is not None and not deductible.exempt,
        deductible is not None and deductible.credits,
        None if deductible is None else deductible.group,
        layer.bands.group,
        limit.group if limit is not None and limit.per == "period" else None,
        entry == [("inscp_scp_amt", BP_ONE)],
        limit is not None,
    )


def _shape(rule: Resolved) -> Shape:
    visits = frozenset(layer.visits.group for layer in rule.layers if layer.visits is not None and layer.visits.counts)
    return Shape(rule.entry_bp, rule.ceiling is not None, visits, tuple(_turn(layer) for layer in rule.layers))


def shapes_by_rule(program: Program) -> dict[str, tuple[Shape, ...]]:
    """The different shapes that a rule can have, by its name in results."""
    found: dict[str, dict[Shape, None]] = {}
    for variant, rule in enumerate(program.resolved):
        found.setdefault(program.rule_id(variant), {})[_shape(rule)] = None
    return {rule_id: tuple(shapes) for rule_id, shapes in found.items()}


def moved(shapes: Sequence[Shape], fen: Fen) -> Moved:
    """What rows of one rule moved the counters of each group by.

    Parameters
    ----------
    shapes
        Those the rule can have (:func:`shapes_by_rule`).
    fen
        The columns :data:`AMOUNTS` of the rows.
    """
    of_each = [_moved(shape, fen) for shape in shapes]
    nothing = np.zeros(len(fen["medfee_sumamt"]), np.int64)
    found: Moved = {}
    for key in sorted({key for one in of_each for key in one}):
        ranges = [one.get(key, (nothing, nothing)) for one in of_each]
        least, most = ranges[0]
        for low, high in ranges[1:]:
            least, most = np.minimum(least, low), np.maximum(most, high)
        found[key] = least, most
    return found


def _moved(shape: Shape, fen: Fen) -> Moved:
    found: Moved = {}

    def add(group: str | None, counter: int, low: Int64, high: Int64) -> None:
        if group is not None:
            before = found.get((group, counter), (np.int64(0), np.int64(0)))
            found[group, counter] = before[0] + low, before[1] + high

    ones = np.ones(len(fen["medfee_sumamt"]), np.int64)
    for group in shape.visits:
        add(group, VISITS, ones, ones)
    for turn, base, deducted in _turns(shape, fen):
        add(turn.bands, BASE, *base)
        if turn.limit != turn.bands:
            add(turn.limit, BASE, *base)
        add(turn.bands, EXCESS, np.maximum(base[0] - deducted[1], 0), base[1] - deducted[0])
        credited = (np.zeros_like(ones), base[1]) if turn.credits and not turn.deducts else deducted
        add(turn.deductible, USED, *credited)
    for group, fund, all_of_it in _draws(shape):
        add(group, PAID, fen[fund] if all_of_it else np.zeros_like(ones), fen[fund])
    return found


def _draws(shape: Shape) -> Iterator[tuple[str, str, bool]]:
    """Groups, the funds whose layers draw on them, and whether all layers of that fund do."""
    for group in sorted({group for turn in shape.turns for group in turn.draws}):
        for fund in sorted({turn.fund for turn in shape.turns if group in turn.draws}):
            yield group, fund, all(group in turn.draws for turn in shape.turns if turn.fund == fund)


def _turns(shape: Shape, fen: Fen) -> Iterator[tuple[_Turn, tuple[Int64, Int64], tuple[Int64, Int64]]]:
    """Each layer with the bounds of its base and of the deductible it took."""
    nothing = np.zeros(len(fen["medfee_sumamt"]), np.int64)
    entered = (fen["inscp_scp_amt"] * shape.entry_bp + BP_ONE // 2) // BP_ONE
    first_pooled = next((turn for turn in shape.turns if turn.fund == POOLED), None)
    earlier: set[str] = set()
    for place, turn in enumerate(shape.turns):
        most = fen["medfee_sumamt"] * MAX_ENTRIES
        exact = False
        if turn.in_scope:
            apart = not earlier & {later.fund for later in shape.turns[place:]}
            exact = not earlier or (apart and not shape.takes_back)
            most = np.maximum(entered - sum((fen[fund] for fund in sorted(earlier)), nothing), 0) if exact else entered
        base = (most if exact and not turn.bound else nothing, most)
        if not turn.deducts:
            deducted = nothing, nothing
        elif turn is first_pooled:
            shown = fen["act_pay_dedc"]
            deducted = shown, shown if turn.in_scope else np.maximum(shown, most)
        else:
            deducted = nothing, most
        yield turn, base, deducted
        earlier.add(turn.fund)
