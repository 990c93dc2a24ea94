# Design: the rules are in tables (qingsuan.policy.compile), one row per resolved rule and layer; the door
# (qingsuan.benefits.core.core) checks them, and qingsuan.benefits.core.plan writes down what can be decided once; the slow twin
# (qingsuan.benefits.reference.twin) judges. What a claim is paid stands in _rules.pxd, as small functions without a loop over claims.
# Here is the loop, which has no arithmetic of its own: it checks a row, settles it, and checks what came out.
"""The layer scan with accumulators. Opened by :mod:`qingsuan.benefits.core.core` only."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from qingsuan._keys cimport BLOCK_CELLS, Blocks, Keyed, KeyedGroup, KeyedVariant, bring_in, take_out
from qingsuan._rules cimport Band, Cap, Claim, Entry, Layer, Period, Rules, Variant, least, run_claim
from qingsuan._stays cimport StayCap, StayChoice, StayGroup, StayLayer, StayPeriod, Stays, StayVariant, Step, belongs, run_part
from qingsuan._turns cimport Turns, run_by_turns, tell

cdef enum:
    LAST_DAY = 371         # of twelve months of 31 days, from 0: see qingsuan.benefits.core.calendar

# Fen of bills in one account. The bases of all layers of a claim are at most 64 times its bill (checked at load), so a run
# adds at most 64 * 2**56 = 2**62 to a counter; what the door lets in with the opening state is at most 2**56. Their sum, and
# what one more claim makes of it, stays below 2**63: no counter leaves 64 bits. The spare group counts no more than others.
cdef int64_t MAX_TOTAL = <int64_t>1 << 56
cdef int64_t MAX_FEN = 10 ** 13            # of one bill
cdef int64_t MAX_PART = <int64_t>1 << 60   # four parts below it add up without leaving 64 bits
cdef int64_t NO_CAP = <int64_t>1 << 62     # a cap that is none, with room below 2**63: more than any stay can count

cdef enum:  # numbers of claims that are no parts of stays
    ASIDE = -1, VISIT_APART = -2

cdef enum:  # Fault
    FINE, NOT_CONSERVED, TOO_LARGE, NO_SUCH_NUMBER, NO_DAY, NO_AMOUNT, NOT_COMPOSED, APART, OUT_OF_ORDER, NO_SUCH_STAY, NO_SUCH_KEY

FAULTS = {
    NOT_CONSERVED: "conservation",
    TOO_LARGE: "too large",
    NO_SUCH_NUMBER: "number",
    NO_DAY: "day",
    NO_AMOUNT: "amount",
    NOT_COMPOSED: "composition",
    APART: "people",
    OUT_OF_ORDER: "order",
    NO_SUCH_STAY: "stay",
    NO_SUCH_KEY: "key",
}


cdef struct Own:
    # the account's own cells, behind those of its groups
    int64_t opened, balance, bills, day, of_stay


# How wide the door's tables must be.
FIELD_COUNTS = {
    "variants": sizeof(Variant) // sizeof(int64_t),
    "layers": sizeof(Layer) // sizeof(int64_t),
    "bands": sizeof(Band) // sizeof(int64_t),
    "caps": sizeof(Cap) // sizeof(int64_t),
    "entries": sizeof(Entry) // sizeof(int64_t),
    "periods": sizeof(Period) // sizeof(int64_t),
    "stays.variants": sizeof(StayVariant) // sizeof(int64_t),
    "stays.groups": sizeof(StayGroup) // sizeof(int64_t),
    "stays.layers": sizeof(StayLayer) // sizeof(int64_t),
    "stays.caps": sizeof(StayCap) // sizeof(int64_t),
    "stays.periods": sizeof(StayPeriod) // sizeof(int64_t),
    "stays.choices": sizeof(StayChoice) // sizeof(int64_t),
    "stays.steps": sizeof(Step) // sizeof(int64_t),
    "keyed.variants": sizeof(KeyedVariant) // sizeof(int64_t),
    "keyed.groups": sizeof(KeyedGroup) // sizeof(int64_t),
}


# Row by row and unchecked: the door has checked every index in them.
cdef void* rows(const int64_t[:, ::1] table) noexcept nogil:
    return NULL if table.shape[0] == 0 else <void*>&table[0, 0]


cdef int64_t* numbers(const int64_t[::1] column) noexcept nogil:
    return NULL if column.shape[0] == 0 else <int64_t*>&column[0]


cdef struct Aside:
    # what a claim needs besides that is a part of a stay, counts by a key, or is told layer by layer; the stays of the person at
    # hand lie in cells
    const Rules* rules
    const Stays* stays
    int64_t* cells
    int64_t* apart             # the cells of a visit that is no part of one, but runs apart; NULL if there is none
    const int64_t* own         # the first of the amounts that the first claim has for itself
    uint64_t most
    const int8_t* may_use_account
    int64_t account_width
    const Keyed* keyed
    Blocks blocks
    Turns turns


ctypedef int (*RunAside)(
    Aside* of, Claim* claim, int64_t variant, int64_t number, int64_t account, int64_t whose, Py_ssize_t row
) noexcept nogil


cdef int run_aside(
    Aside* of, Claim* claim, int64_t variant, int64_t number, int64_t account, int64_t whose, Py_ssize_t row
) noexcept nogil:
    """Run a claim that does not run alone: with the counters of its keys, and as a part of a stay if its ``number`` is one's."""
    cdef bint keyed = of.keyed.variants != NULL
    cdef int fault = FINE
    if keyed and not bring_in(of.keyed, &of.blocks, claim, variant, row, account, whose):
        return NO_SUCH_KEY
    claim.own = NULL if of.own == NULL else of.own + row
    if number == ASIDE:
        run_by_turns(of.rules, claim, &of.rules.variants[variant])
    else:
        fault = run_stay(of, claim, variant, number, account, whose, row)
    if keyed:
        take_out(of.keyed, &of.blocks, claim, variant, row, account, whose)
    if of.turns.row != NULL and fault == FINE:
        tell(&of.turns, claim, &of.rules.variants[variant], row)
    return fault


cdef int run_stay(
    Aside* of, Claim* claim, int64_t variant, int64_t number, int64_t account, int64_t whose, Py_ssize_t row
) noexcept nogil:
    """Run a part of a stay, if there is such a stay and it is one of this account; or a visit that runs apart.

    Where the personal account has a turn, it pays what it may of its balance.
    """
    cdef int64_t* stay
    if number == VISIT_APART and of.apart != NULL:
        stay = of.apart
        memset(stay, 0, of.stays.width * sizeof(int64_t))
    elif <uint64_t>(number - 1) >= of.most:
        return NO_SUCH_STAY
    else:
        stay = of.cells + (number - 1) * of.stays.width
        if not belongs(stay, of.stays.width, whose, account):
            return NO_SUCH_STAY
    cdef Own* own = <Own*>(claim.account + of.account_width) - 1
    cdef int64_t before = own.balance if of.may_use_account[row] else 0
    claim.spendable = before
    run_part(of.rules, of.stays, claim, variant, NO_CAP, stay)
    own.balance -= before - claim.spendable
    return FINE


cdef class Tables:
    """The compiled rules: arrays of :class:`qingsuan.benefits.core.plan.Plan`, checked by the door."""

    cdef object held                   # the arrays that rules points into
    cdef Rules rules
    cdef Stays stays
    cdef Keyed keyed
    cdef RunAside run_aside
    cdef const int64_t[::1] blank      # the state of an account before its first claim
    cdef uint64_t variants             # how many there are

    def __init__(self, variants, layers, bands, caps, entries, periods, amounts, draws, visits, blank):
        self.held = (variants, layers, bands, caps, entries, periods, amounts, draws, visits)
        self.rules.variants, self.rules.layers = <const Variant*>rows(variants), <const Layer*>rows(layers)
        self.rules.bands, self.rules.caps = <const Band*>rows(bands), <const Cap*>rows(caps)
        self.rules.entries, self.rules.periods = <const Entry*>rows(entries), <const Period*>rows(periods)
        self.rules.amounts, self.rules.draws, self.rules.visits = numbers(amounts), numbers(draws), numbers(visits)
        self.blank = blank
        self.variants = len(variants)

    def of_stays(self, variants, groups, layers, caps, periods, choices, steps, draws, sizes):
        """Take the arrays of :class:`qingsuan.benefits.core.plan_stays.StayPlan` too."""
        self.held += (variants, groups, layers, caps, periods, choices, steps, draws)
        self.stays.periods = <const StayPeriod*>rows(periods)
        self.stays.choices, self.stays.steps = <const StayChoice*>rows(choices), <const Step*>rows(steps)
        self.run_aside = run_aside
        self.stays.variants, self.stays.groups = <const StayVariant*>rows(variants), <const StayGroup*>rows(groups)
        self.stays.layers, self.stays.caps = <const StayLayer*>rows(layers), <const StayCap*>rows(caps)
        self.stays.draws = numbers(draws)
        self.stays.width, self.stays.nothing, self.stays.handed = sizes

    def of_keys(self, variants, groups, width):
        """Take the arrays of :class:`qingsuan.benefits.core.keys.KeyedPlan` too; without variants no group has a key."""
        self.held += (variants, groups)
        self.keyed.variants, self.keyed.groups = <const KeyedVariant*>rows(variants), <const KeyedGroup*>rows(groups)
        self.keyed.blank, self.keyed.width = &self.blank[0], width


cdef inline int fault_of_bill(Claim* claim) noexcept nogil:
    """Whether a bill's parts are amounts and add up to its total."""
    cdef int64_t parts = claim.wholly_own | claim.above_limit | claim.first_own | claim.in_scope
    if <uint64_t>parts >= <uint64_t>MAX_PART or <uint64_t>claim.total > <uint64_t>MAX_FEN:
        return NO_AMOUNT
    if claim.wholly_own + claim.above_limit + claim.first_own + claim.in_scope != claim.total:
        return NOT_COMPOSED
    return FINE


cdef inline int fault_of_entry(Own* own, Claim* claim, int64_t balance, bint opens) noexcept nogil:
    """Enter a bill in its account, which its first row opens; whether account and row can be."""
    if opens:
        if <uint64_t>balance > <uint64_t>MAX_FEN:
            return NO_AMOUNT
        own.balance, own.bills = balance, 0
    elif claim.day < own.day:
        return OUT_OF_ORDER
    own.day = claim.day
    own.bills += claim.total
    return TOO_LARGE if own.bills > MAX_TOTAL else FINE


def settle_rows(
    Tables t,
    const int32_t[::1] person,
    const int32_t[::1] account,
    const int32_t[::1] variant,
    const int16_t[::1] day,
    const int64_t[:, ::1] bill,
    const int8_t[::1] may_use_account,
    const int64_t[::1] balance,
    const int32_t[::1] stay,
    const int32_t[:, ::1] keys,
    const int64_t[:, ::1] of_claims,
    int32_t[:, ::1] told_of,
    int64_t[:, ::1] told,
    int64_t[::1] lines,
    int64_t[::1] state,
    int64_t[::1] stays,
    int64_t[::1] blocks,
    bint has_visits_apart,
    int64_t[:, ::1] funds,
    int64_t[:, ::1] result,
    Py_ssize_t first,
    Py_ssize_t end,
    bint keep,
):
    """Check and settle rows ``first … end - 1``, which lie person after person, in order.

    ``account[i]`` numbers the accounts of a person from 0; ``variant[i]`` is the resolved rule or -1 where no layer runs;
    ``bill`` (5, n) is total, wholly own, above limit, first own, in scope; ``balance[i]`` opens the account's personal
    account at the account's first row, and is not read at others; ``state`` (# scratch, zeros) holds the accounts of the
    person with most of them. ``stay`` is empty, or ``stay[i]`` numbers the stays of a person from 1, 0 for a whole visit,
    -1 for one that counts by a key or is told, -2 for one that runs apart, for amounts of its own or a turn of the personal account;
    ``stays`` (# scratch, zeros) holds those of the person with most of them, and where there are such visits a last row for
    them. ``of_claims`` (m, n) has the amounts that claims have for themselves, or is empty. ``keys`` (k, n) numbers, for each key, the blocks of a person from 1, 0 where the claim needs none; ``blocks``
    (# scratch, zeros) holds those of the person with most of them. No numbers of stays from 1 go with ``keep``. With ``keep``, ``account[i]`` numbers the accounts of all these rows
    and ``keys`` the blocks of them all, and ``state`` and ``blocks`` (# in and out) hold every one of them, so that what they held before is gone on with and what they hold after can be carried out.
    ``told_of`` (2, m) and ``told`` (4, m) (# out) are empty, or have room for a line for every layer of every claim, none of which
    has the number 0 in ``stay``: row and layer; base, deductible, what caps left, payment. ``lines`` (1,) (# in and out) says how many are told.
    ``funds`` (8, n), or (9, n) where the account has a turn, which is then in the last row (# in, zeros, and out), and ``result`` (5, n) (# out): deductible, pooled ratio, account, balance after,
    cash. All columns have n rows; everything else about them is checked here, row by row, before it is used.

    Returns None, or the row at which the core found something that cannot be, and what.
    """
    cdef Py_ssize_t i
    cdef const int64_t[::1] total = bill[0], wholly_own = bill[1], above_limit = bill[2], first_own = bill[3]
    cdef const int64_t[::1] in_scope = bill[4]
    cdef int64_t[::1] deductible = result[0], ratio = result[1], from_account = result[2], balance_after = result[3]
    cdef int64_t[::1] cash = result[4]
    cdef const Rules* rules = &t.rules
    cdef int64_t width = t.blank.shape[0]
    cdef uint64_t accounts = state.shape[0] // width
    cdef uint64_t variants = t.variants
    cdef bint has_asides = stay.shape[0] > 0
    cdef RunAside run_apart = t.run_aside  # through a pointer, so that the loop of whole visits stays as it is
    cdef Aside aside
    cdef int64_t whose = 1      # the person's number, from 1, in the accounts they opened; with keep, always 1
    cdef int64_t left, pay
    cdef bint opens
    cdef Own* own
    cdef Claim claim
    cdef int fault = FINE
    claim.next_fund = funds.shape[1]
    aside.rules, aside.stays, aside.keyed = rules, &t.stays, &t.keyed
    aside.cells = NULL if stays.shape[0] == 0 else &stays[0]
    aside.most = stays.shape[0] // t.stays.width
    aside.apart, aside.own = NULL, NULL
    if has_visits_apart and aside.most > 0:
        aside.most -= 1
        aside.apart = aside.cells + aside.most * t.stays.width
    if of_claims.shape[0] > 0 and of_claims.shape[1] > 0:
        aside.own = &of_claims[0, 0]
    aside.may_use_account = NULL if may_use_account.shape[0] == 0 else &may_use_account[0]
    aside.account_width = width
    aside.blocks.cells = NULL if blocks.shape[0] == 0 else &blocks[0]
    aside.blocks.most = blocks.shape[0] // (t.keyed.width + BLOCK_CELLS)
    aside.blocks.numbers = NULL if keys.shape[0] == 0 or keys.shape[1] == 0 else &keys[0, 0]
    aside.blocks.claims = keys.shape[1]
    aside.turns.row, aside.turns.lines = NULL, lines[0]
    if told_of.shape[1] > 0:
        aside.turns.row, aside.turns.layer = &told_of[0, 0], &told_of[1, 0]
        aside.turns.base, aside.turns.deductible = &told[0, 0], &told[1, 0]
        aside.turns.room, aside.turns.pay = &told[2, 0], &told[3, 0]
    with nogil:
        for i in range(first, end):
            if i == first or person[i] != person[i - 1]:
                if i > first and person[i] < person[i - 1]:
                    fault = APART
                    break
                whose += not keep
            if <uint32_t>account[i] >= accounts or <uint64_t>(<int64_t>variant[i] + 1) > variants:
                fault = NO_SUCH_NUMBER
                break
            if <uint16_t>day[i] > LAST_DAY:
                fault = NO_DAY
                break
            claim.day = day[i]
            claim.total = total[i]
            claim.wholly_own = wholly_own[i]
            claim.above_limit = above_limit[i]
            claim.first_own = first_own[i]
            claim.in_scope = in_scope[i]
            fault = fault_of_bill(&claim)
            if fault != FINE:
                break
            claim.account = &state[account[i] * width]
            own = <Own*>(claim.account + width) - 1
            opens = own.opened != whose
            if opens and not keep:
                memcpy(claim.account, &t.blank[0], width * sizeof(int64_t))
            own.opened = whose
            fault = fault_of_entry(own, &claim, balance[i], opens)
            if fault != FINE:
                break
            claim.paid = claim.handed = claim.signs = claim.pooled_deductible = claim.pooled_bp = 0
            if variant[i] >= 0:
                claim.fund = &funds[0, i]
                if has_asides and stay[i] != 0:
                    fault = run_apart(&aside, &claim, variant[i], stay[i], account[i], whose, i)
                    if fault != FINE:
                        break
                else:
                    run_claim(rules, &claim, &rules.variants[variant[i]])
            left = claim.total - claim.handed
            pay = least(left, own.balance) if may_use_account[i] else 0
            own.balance -= pay
            deductible[i] = claim.pooled_deductible
            ratio[i] = claim.pooled_bp
            from_account[i] = pay
            balance_after[i] = own.balance
            cash[i] = left - pay
            if (claim.signs | left | pay | own.balance | claim.pooled_deductible) < 0 or claim.handed != claim.paid:
                fault = NOT_CONSERVED
            if claim.pooled_deductible > claim.in_scope:
                fault = NOT_CONSERVED
            if fault != FINE:
                break
    lines[0] = aside.turns.lines
    return None if fault == FINE else (i, fault)
