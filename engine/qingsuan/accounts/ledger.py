"""The balances of accounts, month by month and use by use: the door of the compiled ``_ledger``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan import _ledger
from qingsuan.accounts.rule.model import MOST_BASE_FEN, MOST_OPENING_FEN
from qingsuan.accounts.rule.year import MONTHS, Terms
from qingsuan.money import BP_ONE, MAX_FEN

__all__ = ["PURPOSE", "ROLE", "STATUS", "Booked", "Events", "book"]

ROLE = _ledger.ROLE
"""What a use is to an account: it pays, or it gives back what another one took."""

PURPOSE = _ledger.PURPOSE
"""What a use is for: own cost, a relative's, or a transfer (转移、继承)."""

STATUS = _ledger.STATUS
"""What became of a use: done; short: the balance does not suffice; nothing: what it takes back had paid nothing."""

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Events:
    """Uses by account, and in their order inside it.

    Attributes
    ----------
    starts : (accounts + 1,) int64
    month : (n,) int8, from 0
    amount : (n,) int64 fen, not negative
    role, purpose : (n,) int8, numbers of :data:`ROLE` and :data:`PURPOSE`
    original : (n,) int32
        Where the use lies that this one takes back: earlier in the same account, and one that pays; -1 for others.
    """

    starts: Int64
    month: Int8
    amount: Int64
    role: Int8
    purpose: Int8
    original: Int32


@dataclass(frozen=True, slots=True)
class Booked:
    """Accounts by month: (accounts, 12) int64 fen each; and by use what it took, what was left, and what became of it.

    ``paid`` is negative where a use gives back; ``status`` numbers :data:`STATUS`.
    """

    opens: Int64
    interest: Int64
    own: Int64
    family: Int64
    transfers: Int64
    closes: Int64
    paid: Int64
    balance_after: Int64
    status: Int8


def book(pool: Int32, opening: Int64, credit: Int64, withheld: Int64, terms: Terms, events: Events) -> Booked:
    """Go through accounts.

    Parameters
    ----------
    pool : (accounts,) int32, numbers of pools
    opening : (accounts,) int64 fen
    credit, withheld : (accounts, 12) int64 fen; never more is withheld than is credited

    Raises
    ------
    ValueError
        Lengths differ, a number lies out of range, uses are out of order, or one takes back what it cannot.
    """
    _check_accounts(pool, opening, credit, withheld, terms)
    _check_events(events, len(pool))
    size, uses = len(pool) * MONTHS, len(events.month)
    opens, interest, own, family, transfers, closes = (np.empty(size, np.int64) for _ in range(6))
    paid, of_carried, balance_after = (np.empty(uses, np.int64) for _ in range(3))
    status = np.empty(uses, np.int8)
    _ledger.run_accounts(
        pool,
        opening,
        credit.reshape(-1),
        withheld.reshape(-1),
        terms.posts,
        terms.carried_first,
        terms.part,
        terms.current_bp,
        terms.carried_bp,
        events.starts,
        events.month,
        events.amount,
        events.role,
        events.purpose,
        events.original,
        opens,
        interest,
        own,
        family,
        transfers,
        closes,
        paid,
        of_carried,
        balance_after,
        status,
    )
    months = (-1, MONTHS)
    return Booked(
        opens.reshape(months),
        interest.reshape(months),
        own.reshape(months),
        family.reshape(months),
        transfers.reshape(months),
        closes.reshape(months),
        paid,
        balance_after,
        status,
    )


def _check_accounts(pool: Int32, opening: Int64, credit: Int64, withheld: Int64, terms: Terms) -> None:
    count = len(pool)
    if opening.shape != (count,) or credit.shape != (count, MONTHS) or withheld.shape != (count, MONTHS):
        raise ValueError("opening balances and credits must be those of the accounts")
    pools = len(terms.posts) // MONTHS
    lengths = {len(each) for each in (terms.posts, terms.carried_first, terms.part, terms.current_bp, terms.carried_bp)}
    if lengths != {pools * MONTHS} or not _within(pool, 0, pools - 1):
        raise ValueError("terms must be by pool and month, for every pool of an account")
    if not (_within(opening, 0, MOST_OPENING_FEN) and _within(credit, 0, MOST_BASE_FEN)):
        raise ValueError("an opening balance or a credit is out of range")
    if not (_within(withheld, 0, MOST_BASE_FEN) and bool((withheld <= credit).all())):
        raise ValueError("more is withheld than is credited")
    if not (_within(terms.current_bp, 0, BP_ONE) and _within(terms.carried_bp, 0, BP_ONE)):
        raise ValueError("a rate is out of range")


def _check_events(events: Events, accounts: int) -> None:
    starts, count = events.starts, len(events.month)
    if len(starts) != accounts + 1 or starts[0] != 0 or starts[-1] != count or bool((np.diff(starts) < 0).any()):
        raise ValueError("the uses of accounts must lie one account after the other")
    if not len(events.amount) == len(events.role) == len(events.purpose) == len(events.original) == count:
        raise ValueError("the columns of uses differ in length")
    if not (_within(events.month, 0, MONTHS - 1) and _within(events.amount, 0, MAX_FEN)):
        raise ValueError("a month or an amount is out of range")
    if not (_within(events.role, 0, len(ROLE) - 1) and _within(events.purpose, 0, len(PURPOSE) - 1)):
        raise ValueError("a use is of no role or purpose")
    account = np.repeat(np.arange(accounts), np.diff(starts))
    falls = np.flatnonzero(np.diff(events.month) < 0) + 1
    if len(falls) and not bool((account[falls] != account[falls - 1]).all()):
        raise ValueError("the uses of an account are out of order")
    _check_originals(events, account)


def _check_originals(events: Events, account: npt.NDArray[np.int64]) -> None:
    back = np.flatnonzero(events.role == ROLE["gives back"])
    original = events.original[back]
    if not bool(((original >= 0) & (original < back)).all()):
        raise ValueError("a use takes back one that does not lie before it")
    is_own = (account[original] == account[back]) & (events.purpose[original] == events.purpose[back])
    if not bool((is_own & (events.role[original] == ROLE["pays"])).all()) or len(np.unique(original)) < len(original):
        raise ValueError("a use takes back one of another account or purpose, one that pays nothing, or one twice")


def _within(values: npt.NDArray[np.integer], low: int, high: int) -> bool:
    return not values.size or (int(values.min()) >= low and int(values.max()) <= high)
