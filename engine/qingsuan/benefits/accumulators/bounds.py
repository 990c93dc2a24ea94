"""Bounds on what each settled row adds to each accumulator: exact, or a least and a most.

A row names its rule and variant, whose layers say which counters move. What entered a layer that takes other parts of the
bill than what is in scope, or that has a limit, is not written down: of that a least and a most are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.money import BP_ONE
from qingsuan.policy.compile import Program
from qingsuan.policy.model import COUNTERS, FUNDS, PERSONAL_ACCOUNT
from qingsuan.policy.numeric import MAX_ENTRIES
from qingsuan.policy.resolve import Resolved, ResolvedLayer

__all__ = ["AMOUNTS", "Moved", "Name", "by_name", "moved"]

VISITS, USED, BASE, EXCESS, PAID = range(len(COUNTERS))
POOLED = "hifp_pay"
AMOUNTS = ("medfee_sumamt", "inscp_scp_amt", "act_pay_dedc", *FUNDS, PERSONAL_ACCOUNT)
"""The amounts of a settled row that tell. The account's is that of its turns, and what it paid at last."""

Int64 = npt.NDArray[np.int64]
Fen = Mapping[str, Int64]
Name = tuple[str, str]
"""``rule_id`` and ``variant``."""
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


def by_name(program: Program) -> dict[Name, Resolved]:
    """The variants of all rules, by what results call rule and variant; of those with equal terms one."""
    return {(program.rule_id(one), program.variant_id(one)): rule for one, rule in enumerate(program.resolved)}


def moved(rule: Resolved, fen: Fen) -> Moved:
    """What rows of one variant moved the counters of each group by.

    Parameters
    ----------
    fen
        The columns :data:`AMOUNTS` of the rows.
    """
    found: Moved = {}

    def add(group: str | None, counter: int, low: Int64, high: Int64) -> None:
        if group is not None:
            before = found.get((group, counter), (np.int64(0), np.int64(0)))
            found[group, counter] = before[0] + low, before[1] + high

    turns = [_turn(layer) for layer in rule.layers]
    ones = np.ones(len(fen["medfee_sumamt"]), np.int64)
    for group in {one.visits.group for one in rule.layers if one.visits is not None and one.visits.counts}:
        add(group, VISITS, ones, ones)
    for turn, base, deducted in _amounts(rule, turns, fen):
        add(turn.bands, BASE, *base)
        if turn.limit != turn.bands:
            add(turn.limit, BASE, *base)
        add(turn.bands, EXCESS, np.maximum(base[0] - deducted[1], 0), base[1] - deducted[0])
        credited = (np.zeros_like(ones), base[1]) if turn.credits and not turn.deducts else deducted
        add(turn.deductible, USED, *credited)
    for layer in rule.layers:
        add(
            None if layer.counts_toward is None else layer.counts_toward.group,
            USED,
            np.zeros_like(ones),
            fen[layer.fund],
        )
    for group, fund, all_of_it in _draws(turns):
        add(group, PAID, fen[fund] if all_of_it else np.zeros_like(ones), fen[fund])
    return found


def _draws(turns: Sequence[_Turn]) -> Iterator[tuple[str, str, bool]]:
    """Groups, who pays in the layers that draw on them, and whether all that is paid so does: not what the account pays at last."""
    for group in sorted({group for turn in turns for group in turn.draws}):
        for fund in sorted({turn.fund for turn in turns if group in turn.draws}):
            whole = all(group in turn.draws for turn in turns if turn.fund == fund)
            yield group, fund, whole and fund != PERSONAL_ACCOUNT


def _amounts(
    rule: Resolved, turns: Sequence[_Turn], fen: Fen
) -> Iterator[tuple[_Turn, tuple[Int64, Int64], tuple[Int64, Int64]]]:
    """Each layer with the bounds of its base and of the deductible it took."""
    nothing = np.zeros(len(fen["medfee_sumamt"]), np.int64)
    entered = (fen["inscp_scp_amt"] * rule.entry_bp + BP_ONE // 2) // BP_ONE
    first_pooled = next((turn for turn in turns if turn.fund == POOLED), None)
    earlier: set[str] = set()
    for place, turn in enumerate(turns):
        most = fen["medfee_sumamt"] * MAX_ENTRIES
        exact = False
        if turn.in_scope:
            apart = not earlier & {later.fund for later in turns[place:]}
            apart = apart and PERSONAL_ACCOUNT not in earlier
            exact = not earlier or (apart and rule.ceiling is None and rule.guarantee is None)
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
