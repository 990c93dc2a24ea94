"""What is wrong in several cells for one reason, said once."""

from __future__ import annotations

from collections.abc import Iterable

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import RuleSet

__all__ = ["said_once"]


def said_once(rule_set: RuleSet, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is wrong with a row or a column of a matrix, or a group of people, is wrong in each of its cells, and said once."""
    of_cells = ("who.", *(case.cell for layer in rule_set.layers.values() for case in layer.cases if case.cell))
    said: set[tuple[str, str]] = set()
    kept = []
    for finding in findings:
        of_a_cell = finding.key.startswith(of_cells)
        if not of_a_cell or (finding.found, finding.expected) not in said:
            kept.append(finding)
        if of_a_cell:
            said.add((finding.found, finding.expected))
    return tuple(kept)
