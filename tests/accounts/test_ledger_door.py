"""The door of the compiled ledger: whatever it would take on trust is checked, and refused, never computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qingsuan.accounts.ledger import PURPOSE, ROLE, Events, book
from qingsuan.accounts.rule.model import MOST_BASE_FEN, MOST_OPENING_FEN
from qingsuan.accounts.rule.year import MONTHS, Terms
from qingsuan.money import BP_ONE, MAX_FEN

EVENTS = Events(
    np.array([0, 2, 3]),
    np.array([0, 3, 5], np.int8),
    np.array([100, 100, 7], np.int64),
    np.array([ROLE["pays"], ROLE["gives back"], ROLE["pays"]], np.int8),
    np.array([PURPOSE["own"]] * 3, np.int8),
    np.array([-1, 0, -1], np.int32),
)


def terms(rate_bp: int = 0) -> Terms:
    flags, rates = np.zeros(MONTHS, np.int8), np.full(MONTHS, rate_bp, np.int64)
    posts = flags.copy()
    posts[-1] = 1
    return Terms(posts, flags, flags, rates, rates)


def given(**changes: Any) -> dict[str, Any]:
    two = np.zeros((2, MONTHS), np.int64)
    plain = {
        "pool": np.zeros(2, np.int32),
        "opening": np.array([500, 0]),
        "credit": two,
        "withheld": two,
        "terms": terms(),
        "events": EVENTS,
    }
    return {**plain, **changes}


def test_what_is_taken_back_returns() -> None:
    booked = book(**given())
    assert booked.closes[0].tolist() == [400] * 3 + [500] * 9
    assert booked.paid.tolist() == [100, -100, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"pool": np.array([0, 1], np.int32)},
        {"pool": np.array([-1, 0], np.int32)},
        {"opening": np.array([500])},
        {"opening": np.array([-1, 0])},
        {"opening": np.array([MOST_OPENING_FEN + 1, 0])},
        {"credit": np.full((2, MONTHS), MOST_BASE_FEN + 1)},
        {"credit": np.zeros((1, MONTHS), np.int64)},
        {"withheld": np.ones((2, MONTHS), np.int64)},
        {"terms": terms(BP_ONE + 1)},
        {"terms": replace(terms(), part=np.zeros(3, np.int8))},
        {"events": replace(EVENTS, starts=np.array([0, 3, 2]))},
        {"events": replace(EVENTS, starts=np.array([0, 2, 2]))},
        {"events": replace(EVENTS, starts=np.array([0, 3]))},
        {"events": replace(EVENTS, month=np.array([3, 0, 5], np.int8))},
        {"events": replace(EVENTS, month=np.array([0, 3, 12], np.int8))},
        {"events": replace(EVENTS, amount=np.array([100, 100, MAX_FEN + 1]))},
        {"events": replace(EVENTS, amount=np.array([100, 100, -1]))},
        {"events": replace(EVENTS, amount=np.array([100, 100]))},
        {"events": replace(EVENTS, role=np.array([0, 2, 0], np.int8))},
        {"events": replace(EVENTS, purpose=np.array([0, 3, 0], np.int8))},
        {"events": replace(EVENTS, purpose=np.array([0, 1, 0], np.int8))},
        {"events": replace(EVENTS, original=np.array([-1, 1, -1], np.int32))},
        {"events": replace(EVENTS, original=np.array([-1, -1, -1], np.int32))},
        {"events": replace(EVENTS, role=np.array([0, 0, 1], np.int8), original=np.array([-1, -1, 0], np.int32))},
        {"events": replace(EVENTS, role=np.array([1, 1, 0], np.int8))},
    ],
)
def test_the_door_refuses_what_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|range|withheld|differ|order|before|another|role"):
        book(**given(**changes))


def test_the_largest_balances_and_rates_stay_in_64_bits() -> None:
    """A year of the largest credits upon the largest opening balance, at a hundred percent: the products that interest is reckoned on."""
    events = Events(
        np.zeros(2, np.int64), *(np.zeros(0, kind) for kind in (np.int8, np.int64, np.int8, np.int8, np.int32))
    )
    credit = np.full((1, MONTHS), MOST_BASE_FEN)
    booked = book(
        np.zeros(1, np.int32), np.array([MOST_OPENING_FEN]), credit, np.zeros_like(credit), terms(BP_ONE), events
    )
    current, carried = MOST_BASE_FEN * sum(range(MONTHS)), MOST_OPENING_FEN * MONTHS
    assert booked.interest[0, -1] == (current * 2 + 12) // 24 + (carried * 2 + 12) // 24
    assert booked.closes[0, -1] == MOST_OPENING_FEN + MOST_BASE_FEN * MONTHS + booked.interest[0, -1]
