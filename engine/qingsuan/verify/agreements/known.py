"""Which settlements of agreements there are: what their records hold, and what checks their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.verify.agreements.operator import OPERATOR_NEEDS, check_operator
from qingsuan.verify.agreements.outside import OUTSIDE_NEEDS, check_outside
from qingsuan.verify.agreements.procurement import PROCUREMENT_NEEDS, check_procurement
from qingsuan.verify.findings import Findings

__all__ = ["AGREEMENTS", "Agreement", "agreement_of"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One of them.

    Attributes
    ----------
    needs : keys of the record without which its rows cannot be checked.
    check : checks the rows of a folder; gives how many were looked at, by table.
    """

    needs: tuple[str, ...]
    check: Callable[[Path, Mapping[str, Any], Findings], dict[str, int]]


AGREEMENTS: dict[str, Agreement] = {
    "operator": Agreement(OPERATOR_NEEDS, check_operator),
    "outside": Agreement(OUTSIDE_NEEDS, check_outside),
    "procurement": Agreement(PROCUREMENT_NEEDS, check_procurement),
}
"""By how ``run.json`` begins to name the settlement."""


def agreement_of(settlement: str) -> Agreement | None:
    """The one that a record names; None for another settlement."""
    return next((one for name, one in AGREEMENTS.items() if settlement.startswith(name)), None)
