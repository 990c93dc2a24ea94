# Design: the rules are in tables (qingsuan.policy.compile), one row per resolved rule and layer; the door
# (qingsuan.benefits.core) checks them and every index it is given; the slow twin (qingsuan.benefits.twin) judges.
# First come the rules for one layer of one claim, as small functions without a loop over claims; last the loop, which
# has no arithmetic of its own. Amounts are fen, never negative, so -1 is free to say "error" in the checked build.
"""The layer scan with accumulators. Opened by :mod:`qingsuan.benefits.core` only."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint64_t
from libc.string cimport memset

cdef enum:
    WHOLE = 10000          # one whole, in basis points
    HALF = 5000
    MAX_LAYERS = 16
    NONE = -1

# Fen of bills in one account. The bases of all layers of a claim are at most 64 times its bill (checked at load), so a run
# adds at most 64 * 2**56 = 2**62 to a counter; what the door lets in with the opening state is at most 2**56. Their sum, and
# what one more claim makes of it, stays below 2**63: no counter leaves 64 bits.
cdef int64_t MAX_TOTAL = <int64_t>1 << 56
# Below this a ratio (at most 10**4) times an amount, and what lower bands left, stay within 63 bits.
cdef int64_t MAX_PRODUCT = <int64_t>1 << 49

cdef enum:  # Variant
    V_ENTRY_BP, V_LAYER_START, V_LAYER_END, V_CEILING_BP, V_CEILING_ON_TOTAL, V_CEILING_MASK
    V_VISITS_START, V_VISITS_END, V_POOLED_LAYER, V_FIELDS

cdef enum:  # LayerField
    L_FUND, L_ENTRY_START, L_ENTRY_END, L_LIMIT_KIND, L_LIMIT_FEN, L_LIMIT_SLOT, L_LIMIT_MASK
    L_DEDUCTIBLE_KIND, L_AMOUNT_START, L_AMOUNT_LAST, L_DEDUCTIBLE_SLOT, L_DEDUCTIBLE_MASK, L_EXEMPT, L_CREDITS
    L_VISITS_SLOT, L_BANDS_KIND, L_BAND_START, L_BAND_END, L_BANDS_SLOT, L_SELECT_SLOT, L_SELECT_COUNTER
    L_CAP_START, L_CAP_END, L_DRAW_START, L_DRAW_END, L_FIELDS

cdef enum:  # BandField
    B_LOWER, B_RATIO, B_BELOW_FEN, B_BELOW_REST, B_FIELDS

cdef enum:  # CapField
    C_PER_PERIOD, C_FEN, C_SLOT, C_MASK, C_FIELDS

cdef enum:  # EntryField
    E_PART, E_OF_LAYER, E_RATIO, E_FIELDS

cdef enum:  # Part
    IN_SCOPE, FIRST_OWN, ABOVE_LIMIT, WHOLLY_OWN, LEFT_BY_RATIO, CUT_BY_CAP, DEDUCTIBLE

cdef enum:  # Kind
    NOTHING, PER_VISIT, PER_PERIOD

cdef enum:  # BandsKind
    VISIT_EXCESS, VISIT_ABSOLUTE, PERIOD_EXCESS, PERIOD_ABSOLUTE, SELECTED

cdef enum:  # Counter
    VISITS, USED, BASE, EXCESS, PAID, PERIOD_KEY, COUNTERS

cdef enum:  # Fault
    FINE, NOT_CONSERVED, TOO_LARGE

FIELD_COUNTS = {"variants": V_FIELDS, "layers": L_FIELDS, "bands": B_FIELDS, "caps": C_FIELDS, "entries": E_FIELDS}
FAULTS = {NOT_CONSERVED: "conservation", TOO_LARGE: "too large"}


cdef struct Taken:
    # what one layer did with the claim at hand, where its bands began and ended, and the counters it moves on
    int64_t base, deductible, used, excess, raw, pay
    int64_t start, first_band, last_band
    int64_t* used_slot
    int64_t* bands_slot


cdef struct Claim:
    # the claim at hand; amounts in fen
    int64_t total, wholly_own, above_limit, first_own, in_scope
    int64_t entered, paid          # what entered; what earlier layers have paid
    int64_t period[4]              # the claim's year, quarter and month, from 1; the fourth is never asked for
    int64_t* account               # the account's slots
    Taken taken[MAX_LAYERS]


cdef class Tables:
    """The compiled rules: arrays of :class:`qingsuan.policy.compile.Tables`, checked by the door."""

    cdef const int64_t[:, ::1] variants
    cdef const int64_t[:, ::1] layers
    cdef const int64_t[:, ::1] bands
    cdef const int64_t[:, ::1] caps
    cdef const int64_t[:, ::1] entries
    cdef const int64_t[::1] amounts
    cdef const int64_t[::1] draws
    cdef const int64_t[::1] visits
    cdef int64_t slots

    def __init__(self, variants, layers, bands, caps, entries, amounts, draws, visits, int64_t slots):
        self.variants, self.layers, self.bands = variants, layers, bands
        self.caps, self.entries = caps, entries
        self.amounts, self.draws, self.visits, self.slots = amounts, draws, visits, slots


cdef inline int64_t least(int64_t a, int64_t b) noexcept nogil:
    return a if a < b else b


cdef inline int64_t above_zero(int64_t a) noexcept nogil:
    return a if a > 0 else 0


cdef inline int64_t share(int64_t amount, int64_t ratio) noexcept nogil:
    """ratio of amount, rounded half up to the fen."""
    return (amount * ratio + HALF) // WHOLE


cdef inline int64_t* slot_at(Claim* claim, int64_t reference) noexcept nogil:
    """The counters of a group, emptied if the claim's period is not the one they were filled in."""
    cdef int64_t* slot = claim.account + (reference >> 2) * COUNTERS
    cdef int64_t key = claim.period[reference & 3]
    if slot[PERIOD_KEY] != key:
        memset(slot, 0, COUNTERS * sizeof(int64_t))
        slot[PERIOD_KEY] = key
    return slot


cdef inline int64_t entering(Tables t, Claim* claim, const int64_t* layer) except -1 nogil:
    """The layer's base: its components, each rounded on its own."""
    cdef int64_t base = 0, k, part, amount
    cdef const int64_t* entry
    cdef Taken* earlier
    for k in range(layer[L_ENTRY_START], layer[L_ENTRY_END]):
        entry = &t.entries[k, 0]
        part = entry[E_PART]
        if part == IN_SCOPE:
            amount = above_zero(claim.entered - claim.paid)
        elif part == FIRST_OWN:
            amount = claim.first_own
        elif part == ABOVE_LIMIT:
            amount = claim.above_limit
        elif part == WHOLLY_OWN:
            amount = claim.wholly_own
        else:
            earlier = &claim.taken[entry[E_OF_LAYER]]
            if part == LEFT_BY_RATIO:
                amount = earlier.excess - earlier.raw
            elif part == CUT_BY_CAP:
                amount = earlier.raw - earlier.pay
            else:
                amount = earlier.deductible
        base += amount if entry[E_RATIO] == WHOLE else share(amount, entry[E_RATIO])
    return base


cdef inline int64_t limited(Tables t, Claim* claim, const int64_t* layer, int64_t base) except -1 nogil:
    """The base within its ceiling, per visit or per period."""
    cdef int64_t kind = layer[L_LIMIT_KIND]
    cdef int64_t left, mask, k = 0
    if kind == NOTHING:
        return base
    left = layer[L_LIMIT_FEN]
    if kind == PER_PERIOD:
        left -= slot_at(claim, layer[L_LIMIT_SLOT])[BASE]
        mask = layer[L_LIMIT_MASK]
        while mask:
            if mask & 1:
                left -= claim.taken[k].base
            mask >>= 1
            k += 1
    return least(base, above_zero(left))


cdef inline int64_t deductible_left(Tables t, Claim* claim, const int64_t* layer, Taken* taken) except -1 nogil:
    """The deductible before this layer takes it: by visit number, or what the period still asks."""
    cdef int64_t kind = layer[L_DEDUCTIBLE_KIND]
    cdef int64_t at, left, mask, k = 0
    if kind == NOTHING:
        return 0
    at = layer[L_AMOUNT_START]
    if kind == PER_VISIT:
        if layer[L_VISITS_SLOT] != NONE:
            at += slot_at(claim, layer[L_VISITS_SLOT])[VISITS]
        return t.amounts[least(at, layer[L_AMOUNT_LAST])]
    left = t.amounts[at] - taken.used_slot[USED]
    mask = layer[L_DEDUCTIBLE_MASK]
    while mask:
        if mask & 1:
            left -= claim.taken[k].used
        mask >>= 1
        k += 1
    return above_zero(left)


cdef inline int64_t band_of(Tables t, int64_t start, int64_t end, int64_t value) except -1 nogil:
    """The band in which the next fen above ``value`` lies."""
    cdef int64_t k = start
    while k + 1 < end and value >= t.bands[k + 1, B_LOWER]:
        k += 1
    return k


cdef inline int64_t up_to(Tables t, int64_t number, int64_t value, int64_t* rest) except -1 nogil:
    """B(value): whole fen; what remains below one fen goes to ``rest`` (# out), in 1/10 000 fen.

    The product is taken of quotient and remainder apart, so that no total is ever multiplied.
    """
    cdef const int64_t* band = &t.bands[number, 0]
    cdef int64_t inside = value - band[B_LOWER]
    cdef int64_t ratio = band[B_RATIO]
    cdef int64_t fraction = ratio * (inside % WHOLE) + band[B_BELOW_REST]
    rest[0] = fraction % WHOLE
    return band[B_BELOW_FEN] + ratio * (inside // WHOLE) + fraction // WHOLE


cdef inline int64_t rounded_up_to(Tables t, int64_t number, int64_t value) except -1 nogil:
    """round(B(value)), half up. Below MAX_PRODUCT one product holds it all, and one division does."""
    cdef const int64_t* band = &t.bands[number, 0]
    cdef int64_t rest, whole
    if value < MAX_PRODUCT:
        whole = band[B_RATIO] * (value - band[B_LOWER]) + band[B_BELOW_REST] + HALF
        return band[B_BELOW_FEN] + <int64_t>(<uint64_t>whole // WHOLE)
    whole = up_to(t, number, value, &rest)
    return whole + (rest >= HALF)


cdef inline int64_t starting_point(const int64_t* layer, Taken* taken) noexcept nogil:
    """p0: where on the bands x starts."""
    cdef int64_t kind = layer[L_BANDS_KIND]
    if kind == VISIT_EXCESS:
        return 0
    if kind == VISIT_ABSOLUTE:
        return taken.deductible
    if kind == PERIOD_EXCESS:
        return taken.bands_slot[EXCESS]
    return taken.bands_slot[BASE] + taken.deductible


cdef inline int64_t selected_band(Tables t, Claim* claim, const int64_t* layer) except -1 nogil:
    cdef int64_t* slot = slot_at(claim, layer[L_SELECT_SLOT])
    return band_of(
        t, layer[L_BAND_START], layer[L_BAND_END], slot[layer[L_SELECT_COUNTER]]
    )


cdef inline int64_t by_bands(Tables t, Claim* claim, const int64_t* layer, Taken* taken) except -1 nogil:
    """round(B(p0 + x)) - round(B(p0)), or the selected band's share of x."""
    cdef int64_t before
    if layer[L_BANDS_KIND] == SELECTED:
        return share(taken.excess, t.bands[selected_band(t, claim, layer), B_RATIO])
    taken.start = starting_point(layer, taken)
    taken.first_band = band_of(t, layer[L_BAND_START], layer[L_BAND_END], taken.start)
    taken.last_band = band_of(t, taken.first_band, layer[L_BAND_END], taken.start + taken.excess)
    before = rounded_up_to(t, taken.first_band, taken.start) if taken.start else 0
    return rounded_up_to(t, taken.last_band, taken.start + taken.excess) - before


cdef inline int64_t pooled_ratio(Tables t, Claim* claim, const int64_t* layer, Taken* taken) except -1 nogil:
    """The fund's mean ratio over x, in basis points; where x is nothing, the ratio of the band it would start in."""
    cdef int64_t rest_before, rest_after, gained
    if layer[L_BANDS_KIND] == SELECTED:
        return t.bands[selected_band(t, claim, layer), B_RATIO]
    if taken.excess == 0:
        return t.bands[band_of(t, layer[L_BAND_START], layer[L_BAND_END], starting_point(layer, taken)), B_RATIO]
    if taken.first_band == taken.last_band:
        return t.bands[taken.first_band, B_RATIO]
    gained = up_to(t, taken.last_band, taken.start + taken.excess, &rest_after)
    gained -= up_to(t, taken.first_band, taken.start, &rest_before)
    gained = gained * WHOLE + rest_after - rest_before
    return (2 * gained + taken.excess) // (2 * taken.excess)


cdef inline int64_t capped(Tables t, Claim* claim, const int64_t* layer, int64_t pay) except -1 nogil:
    """The payment within every cap, earlier layers of this claim counted."""
    cdef int64_t c, left, mask, k
    cdef const int64_t* cap
    for c in range(layer[L_CAP_START], layer[L_CAP_END]):
        cap = &t.caps[c, 0]
        left = cap[C_FEN]
        if cap[C_PER_PERIOD]:
            left -= slot_at(claim, cap[C_SLOT])[PAID]
        mask = cap[C_MASK]
        k = 0
        while mask:
            if mask & 1:
                left -= claim.taken[k].pay
            mask >>= 1
            k += 1
        pay = least(pay, above_zero(left))
    return pay


cdef inline int64_t run_layer(Tables t, Claim* claim, const int64_t* layer, Taken* taken) except -1 nogil:
    """One fund's turn: base, deductible, bands, what is left of the bill, caps."""
    cdef int64_t deductible
    taken.used_slot = slot_at(claim, layer[L_DEDUCTIBLE_SLOT]) if layer[L_DEDUCTIBLE_SLOT] != NONE else NULL
    taken.bands_slot = slot_at(claim, layer[L_BANDS_SLOT]) if layer[L_BANDS_SLOT] != NONE else NULL
    taken.base = limited(t, claim, layer, entering(t, claim, layer))
    deductible = least(taken.base, deductible_left(t, claim, layer, taken)) if taken.base else 0
    taken.deductible = 0 if layer[L_EXEMPT] else deductible
    taken.used = deductible if layer[L_CREDITS] else taken.deductible
    taken.excess = taken.base - taken.deductible
    taken.raw = taken.pay = 0
    if taken.excess:
        taken.raw = least(by_bands(t, claim, layer, taken), claim.total - claim.paid)
        taken.pay = capped(t, claim, layer, taken.raw)
        claim.paid += taken.pay
    return 0


cdef inline int64_t take_back(Tables t, Claim* claim, const int64_t* variant, int64_t count) except -1 nogil:
    """The overall ceiling: what exceeds it is taken back from the last layer, then the one before."""
    cdef int64_t mask = variant[V_CEILING_MASK]
    cdef int64_t bound = claim.total if variant[V_CEILING_ON_TOTAL] else claim.in_scope
    cdef int64_t over = -share(bound, variant[V_CEILING_BP])
    cdef int64_t k, back
    for k in range(count):
        if mask >> k & 1:
            over += claim.taken[k].pay
    for k in range(count - 1, -1, -1):
        if over <= 0:
            break
        if mask >> k & 1:
            back = least(over, claim.taken[k].pay)
            claim.taken[k].pay -= back
            claim.paid -= back
            over -= back
    return 0


cdef inline int64_t commit(Tables t, Claim* claim, const int64_t* variant, int64_t start, int64_t count) except -1 nogil:
    """Afterwards: deductibles used, bases, x, payments and visits move on."""
    cdef int64_t k, v
    cdef const int64_t* layer
    cdef Taken* taken
    for k in range(count):
        layer = &t.layers[start + k, 0]
        taken = &claim.taken[k]
        if taken.used_slot:
            taken.used_slot[USED] += taken.used
        if taken.bands_slot:
            taken.bands_slot[BASE] += taken.base
            taken.bands_slot[EXCESS] += taken.excess
        if layer[L_LIMIT_SLOT] != NONE and layer[L_LIMIT_SLOT] != layer[L_BANDS_SLOT]:
            slot_at(claim, layer[L_LIMIT_SLOT])[BASE] += taken.base
        for v in range(layer[L_DRAW_START], layer[L_DRAW_END]):
            slot_at(claim, t.draws[v])[PAID] += taken.pay
    for v in range(variant[V_VISITS_START], variant[V_VISITS_END]):
        slot_at(claim, t.visits[v])[VISITS] += 1
    return 0


cdef inline int64_t run_claim(Tables t, Claim* claim, const int64_t* variant, int64_t* pooled) except -1 nogil:
    """All layers of one claim. pooled[0], pooled[1] (# out): the pooled fund's deductible and ratio."""
    cdef int64_t start = variant[V_LAYER_START]
    cdef int64_t count = variant[V_LAYER_END] - start
    cdef int64_t k, ratio = variant[V_ENTRY_BP]
    claim.entered = claim.in_scope if ratio == WHOLE else share(claim.in_scope, ratio)
    claim.paid = 0
    for k in range(count):
        run_layer(t, claim, &t.layers[start + k, 0], &claim.taken[k])
    k = variant[V_POOLED_LAYER]
    pooled[0] = pooled[1] = 0
    if k != NONE:
        pooled[0] = least(claim.taken[k].deductible, claim.in_scope)
        pooled[1] = pooled_ratio(t, claim, &t.layers[start + k, 0], &claim.taken[k])
    if variant[V_CEILING_BP] != NONE:
        take_back(t, claim, variant, count)
    commit(t, claim, variant, start, count)
    return count


def settle_rows(
    Tables t,
    const int32_t[::1] person,
    const int32_t[::1] account,
    const int32_t[::1] variant,
    const int8_t[::1] month,
    const int64_t[:, ::1] bill,
    const int64_t[::1] may_use_account,
    const int64_t[::1] balance,
    int64_t[::1] state,
    int64_t[:, ::1] funds,
    int64_t[:, ::1] result,
    Py_ssize_t first,
    Py_ssize_t end,
    bint keep,
):
    """Settle rows ``first … end - 1``, which lie person after person, in order.

    ``account[i]`` numbers the accounts of a person from 0; ``variant[i]`` is the resolved rule or -1 where no layer runs;
    ``bill`` (5, n) is total, wholly own, above limit, first own, in scope; ``balance[i]`` opens the account's personal
    account at the account's first row; ``state`` (# scratch) holds the accounts of the person with most of them.
    With ``keep``, ``account[i]`` numbers the accounts of all these rows, and ``state`` (# in and out) holds every one of
    them: nothing is cleared, so that what it held before is gone on with and what it holds after can be carried out.
    ``funds`` (8, n) (# out) and ``result`` (5, n) (# out): deductible, pooled ratio, account, balance after, cash.

    Returns None, or the row at which the core found something that cannot be, and what.
    """
    cdef Py_ssize_t i
    cdef int64_t stride = t.slots * COUNTERS + 3
    cdef int64_t k, count, own, fund
    cdef int64_t pooled[2]
    cdef int64_t last_person = NONE
    cdef const int64_t* rule
    cdef int64_t* own_state
    cdef Claim claim
    cdef int fault = FINE
    claim.period[0] = claim.period[3] = 1
    with nogil:
        for i in range(first, end):
            if person[i] != last_person:
                if not keep:
                    memset(&state[0], 0, state.shape[0] * sizeof(int64_t))
                last_person = person[i]
            claim.account = &state[account[i] * stride]
            own_state = claim.account + t.slots * COUNTERS      # opened, balance, total so far
            claim.total = bill[0, i]
            claim.wholly_own = bill[1, i]
            claim.above_limit = bill[2, i]
            claim.first_own = bill[3, i]
            claim.in_scope = bill[4, i]
            claim.period[1] = month[i] // 3 + 1
            claim.period[2] = month[i] + 1
            if own_state[0] == 0:
                own_state[0] = 1
                own_state[1] = balance[i]
            own_state[2] += claim.total
            if own_state[2] > MAX_TOTAL:
                fault = TOO_LARGE
                break
            own = claim.total
            pooled[0] = pooled[1] = 0
            if variant[i] >= 0:
                rule = &t.variants[variant[i], 0]
                count = run_claim(t, &claim, rule, pooled)
                for k in range(count):
                    fund = t.layers[rule[V_LAYER_START] + k, L_FUND]
                    funds[fund, i] += claim.taken[k].pay
                    own -= claim.taken[k].pay
                    if claim.taken[k].pay < 0:
                        fault = NOT_CONSERVED
                if own != claim.total - claim.paid:
                    fault = NOT_CONSERVED
            result[0, i] = pooled[0]
            result[1, i] = pooled[1]
            result[2, i] = least(own, own_state[1]) if may_use_account[i] else 0
            own_state[1] -= result[2, i]
            result[3, i] = own_state[1]
            result[4, i] = own - result[2, i]
            if own < 0 or own_state[1] < 0 or result[2, i] < 0 or not 0 <= pooled[0] <= claim.in_scope:
                fault = NOT_CONSERVED
            if fault != FINE:
                break
    return None if fault == FINE else (i, fault)
