"""What later layers ask of earlier ones: that the earlier one has the cap or limit above which cost is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Case, Layer, RuleSet

__all__ = ["check_leftovers"]

_ABOVE = {"cost_above_cap": "cap", "cost_above_limit": "limit"}


def check_leftovers(rule_set: RuleSet) -> Iterator[Finding]:
    """Find parts of an earlier layer that are always nothing, as no case of it has the cap or limit that they lie above."""
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            for place, entry in enumerate(case.entry or (), 1):
                earlier = rule_set.layers.get(entry.layer or "")
                above = _ABOVE.get(entry.part)
                if earlier is None or above is None or any(_has(above, one) for one in earlier.cases):
                    continue
                path = f"layers.{layer.name}" + (f".cases[{number}]" if number else "")
                yield Finding(
                    rule_set.file,
                    f"{path}.entry[{place}]",
                    found=f'{entry.part} of "{earlier.name}", which has no {above}: nothing would ever enter',
                    expected=f'a {above} in layer "{earlier.name}", or another part',
                    do=f'write the {above} of "{earlier.name}"' + _instead(earlier, above),
                    source=entry.source,
                )


def _has(above: str, case: Case) -> bool:
    return case.limit is not None if above == "limit" else any(cap.amount_fen is not None for cap in case.caps or ())


def _instead(earlier: Layer, above: str) -> str:
    """What else may have been meant."""
    other, part = ("limit", "cost_above_limit") if above == "cap" else ("cap", "cost_above_cap")
    if not any(_has(other, case) for case in earlier.cases):
        return ""
    return f"; or, as it has a {other}, ask for {part}"
