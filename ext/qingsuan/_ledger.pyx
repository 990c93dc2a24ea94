# Design: an account is twelve months, and a month is its opening balance, its credit, its interest, then its uses in their
# order. What came in this year and what was carried into it are kept apart, because interest and uses ask which is which.
# The door (qingsuan.accounts.ledger) checks what comes in; the slow twin judges what comes out.
"""The balances of accounts, month by month and use by use. Opened by :mod:`qingsuan.accounts.ledger` only."""

from libc.stdint cimport int8_t, int32_t, int64_t

cdef enum:
    MONTHS = 12
    YEAR_BP = 120000  # a month's part of a year's rate, and basis points

cdef enum:  # what a use is
    PAYS, GIVES_BACK

cdef enum:  # what became of it
    DONE, SHORT, NOTHING

cdef enum:  # what it is for: own cost, a relative's, or the account goes elsewhere
    OWN, FAMILY, TRANSFER

ROLE = {"pays": PAYS, "gives back": GIVES_BACK}
STATUS = {"done": DONE, "short": SHORT, "nothing": NOTHING}
PURPOSE = {"own": OWN, "family": FAMILY, "transfer": TRANSFER}

cdef struct Balance:
    int64_t current
    int64_t carried
    int64_t current_product
    int64_t carried_product


cdef inline int64_t least(int64_t a, int64_t b) noexcept nogil:
    return a if a < b else b


cdef inline int64_t interest_on(int64_t product, int64_t rate_bp) noexcept nogil:
    """The interest on monthly products at a yearly rate, rounded half away from zero; neither is negative."""
    return (product * rate_bp + YEAR_BP // 2) // YEAR_BP


cdef inline int64_t posted(Balance* balance, int64_t current_bp, int64_t carried_bp) noexcept nogil:
    """Interest on what the months' openings added up to, which begin anew."""
    cdef int64_t interest
    interest = interest_on(balance.current_product, current_bp) + interest_on(balance.carried_product, carried_bp)
    balance.current_product = 0
    balance.carried_product = 0
    return interest


cdef inline int64_t payable(const Balance* balance, int64_t amount, bint part) noexcept nogil:
    """What the account pays of an amount: all, or as far as it reaches, or nothing."""
    cdef int64_t there = balance.current + balance.carried
    if amount <= there:
        return amount
    return there if part else 0


cdef inline int64_t take(Balance* balance, int64_t paid, bint carried_first) noexcept nogil:
    """Take what is paid from the money that goes first, then from the other; returns what came of the money carried."""
    cdef int64_t of_carried
    if carried_first:
        of_carried = least(balance.carried, paid)
    else:
        of_carried = paid - least(balance.current, paid)
    balance.carried -= of_carried
    balance.current -= paid - of_carried
    return of_carried


def run_accounts(
    const int32_t[::1] pool,
    const int64_t[::1] opening,
    const int64_t[::1] credit,
    const int64_t[::1] withheld,
    const int8_t[::1] posts,
    const int8_t[::1] carried_first,
    const int8_t[::1] part,
    const int64_t[::1] current_bp,
    const int64_t[::1] carried_bp,
    const int64_t[::1] starts,
    const int8_t[::1] month,
    const int64_t[::1] amount,
    const int8_t[::1] role,
    const int8_t[::1] purpose,
    const int32_t[::1] original,
    int64_t[::1] opens,
    int64_t[::1] interest,
    int64_t[::1] own,
    int64_t[::1] family,
    int64_t[::1] transfers,
    int64_t[::1] closes,
    int64_t[::1] paid,
    int64_t[::1] of_carried,
    int64_t[::1] balance_after,
    int8_t[::1] status,
):
    """Go through accounts of twelve months each.

    ``posts`` to ``carried_bp`` are by pool and month, ``starts`` says where the uses of each account lie. By account and
    month: ``opens``, ``interest``, ``own``, ``family``, ``transfers``, ``closes`` (# out); by use: ``paid``, ``of_carried``,
    ``balance_after``, ``status`` (# out).
    """
    cdef int64_t account, cell, use, now
    cdef int32_t of_pool, m, back
    cdef Balance balance
    with nogil:
        use = 0
        for account in range(pool.shape[0]):
            balance.current = balance.current_product = balance.carried_product = 0
            balance.carried = opening[account]
            for m in range(MONTHS):
                cell = account * MONTHS + m
                of_pool = pool[account] * MONTHS + m
                opens[cell] = balance.current + balance.carried
                balance.current_product += balance.current
                balance.carried_product += balance.carried
                balance.current += credit[cell] - withheld[cell]
                interest[cell] = 0
                if posts[of_pool]:
                    interest[cell] = posted(&balance, current_bp[of_pool], carried_bp[of_pool])
                    balance.current += interest[cell]
                own[cell] = family[cell] = transfers[cell] = 0
                while use < starts[account + 1] and month[use] == m:
                    status[use] = DONE
                    if role[use] == PAYS:
                        now = payable(&balance, amount[use], part[of_pool])
                        of_carried[use] = take(&balance, now, carried_first[of_pool])
                        if now == 0:
                            status[use] = SHORT
                    else:
                        back = original[use]
                        now = -paid[back]
                        of_carried[use] = -of_carried[back]
                        balance.carried += of_carried[back]
                        balance.current += paid[back] - of_carried[back]
                        if now == 0:
                            status[use] = NOTHING
                    paid[use] = now
                    balance_after[use] = balance.current + balance.carried
                    if purpose[use] == OWN:
                        own[cell] += now
                    elif purpose[use] == FAMILY:
                        family[cell] += now
                    else:
                        transfers[cell] += now
                    use += 1
                closes[cell] = balance.current + balance.carried
