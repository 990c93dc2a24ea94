"""Which resolved rules pay several settlements of one stay (中途结算) otherwise than one: those with something per visit."""

from __future__ import annotations

from qingsuan.policy.model import Deductible
from qingsuan.policy.resolve import Resolved, ResolvedLayer

__all__ = ["is_per_visit"]


def is_per_visit(resolved: Resolved) -> bool:
    """Whether a rule counts visits, or has a deductible, bands, a limit or a cap per visit.

    Where it has none of these, it makes no difference which settlements are of one visit. A single ratio is no band: each
    settlement is rounded on its own, whether it is a visit or a part of one.
    """
    return any(_is_per_visit(layer) for layer in resolved.layers)


def _is_per_visit(layer: ResolvedLayer) -> bool:
    deductible, bands, limit = layer.deductible, layer.bands, layer.limit
    return (
        (layer.visits is not None and layer.visits.counts)
        or (deductible is not None and _takes_or_credits(deductible))
        or (bands.select is None and bands.per == "visit" and len(bands.ratio_bp) > 1)
        or (bands.select is not None and bands.select.counter == "visits")
        or (limit is not None and limit.per == "visit")
        or any(cap.per == "visit" and cap.amount_fen is not None for cap in layer.caps)
    )


def _takes_or_credits(deductible: Deductible) -> bool:
    counts = not deductible.exempt or deductible.credits
    return deductible.per == "visit" and counts and any(deductible.amounts_fen)
