"""Rule sets of which every claim is settled whole, by the core's first loop: no amounts of its own, no turn of the account, no stay."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from qingsuan.policy.model import PERSONAL_ACCOUNT, Case, Deductible, Entry, Layer, RuleSet, Visits

__all__ = ["whole_visits"]

GROUPS = ("g0", "g1")
SCHEDULES = ((80_000, 50_000, 20_001), (60_000, 40_000), (3_000, 2_000, 1_000, 37))
INSTEAD_FEN = 500_000


def whole_visits(made: RuleSet, seed: int) -> RuleSet:
    """The same without all that has a claim settled apart; most layers take a deductible by the visit's number (住院次数).

    They count visits in one of two groups, the other layers of the same rule often in the other.
    """
    random = Random(f"{made.file} {seed} visits")
    layers = {name: _whole(layer, random) for name, layer in made.layers.items()}
    return replace(made, layers=layers, group_keys={}, interim_settlements=None)


def _whole(layer: Layer, random: Random) -> Layer:
    own, *cases = (_of_all_claims(case) for case in layer.cases)
    if random.random() < 0.8:
        visits = Visits(random.choice(GROUPS), random.random() < 0.8, "X")
        deductible = Deductible("visit", random.choice(SCHEDULES), random.choice((None, *GROUPS)), source="X")
        own = replace(own, visits=visits, deductible=deductible)
    fund = "hifp_pay" if layer.fund == PERSONAL_ACCOUNT else layer.fund
    return replace(layer, fund=fund, cases=(own, *cases))


def _of_all_claims(case: Case) -> Case:
    """The case with amounts that are one for all claims, and payments that count where they are paid, in fen."""
    found = replace(case, counts_toward=None, rounding=None)
    if case.deductible is not None and case.deductible.of_claim is not None:
        found = replace(found, deductible=replace(case.deductible, of_claim=None, amounts_fen=(INSTEAD_FEN,)))
    if case.limit is not None and case.limit.of_claim is not None:
        found = replace(found, limit=replace(case.limit, of_claim=None, amount_fen=INSTEAD_FEN))
    if case.caps is not None:
        caps = (
            one if one.of_claim is None else replace(one, of_claim=None, amount_fen=INSTEAD_FEN) for one in case.caps
        )
        found = replace(found, caps=tuple(caps))
    if case.entry is not None:
        entry = tuple(one for one in case.entry if one.of_claim is None)
        found = replace(found, entry=entry or (Entry("inscp_scp_amt", source="X"),))
    return found
