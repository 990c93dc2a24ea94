"""An institution in a batch of central procurement, with what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from qingsuan.purchases.ledger import Month
from qingsuan.purchases.saving import Bought, Saving

__all__ = ["Institution"]


@dataclass(slots=True)
class Institution:
    """An institution in a batch.

    Attributes
    ----------
    items : those for which a quantity is agreed, and (``unagreed``) others that were bought all the same.
    months : what was bought of winning products in fen, by month.
    saving : None where it has no agreement.
    ledger : of its advance; empty where there was none.
    """

    code: str
    batch: str
    items: dict[str, Bought] = field(default_factory=dict)
    unagreed: dict[str, Bought] = field(default_factory=dict)
    months: dict[str, int] = field(default_factory=dict)
    saving: Saving | None = None
    ledger: tuple[Month, ...] = ()
