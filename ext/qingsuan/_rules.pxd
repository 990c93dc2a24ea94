# The rules for one layer of one claim, and then for all layers of one claim, as small functions without a loop over claims.
# They read tables (qingsuan.benefits.core.plan) that the door has checked, and check nothing. Amounts are fen, ratios basis
# points, neither is ever negative. An account's state is a row of cells; a layer names those it reads and those on which
# it counts, also where it has no deductible, limit or cap: then it reads one that is 0 and counts on one that nobody reads.
#
# Most layers are plain: their base is what is in scope and not yet paid, their deductible one amount, their bands three at
# most and crossed, their caps one. A layer with more has traits, which each function asks for first; where they are known
# to be none, the compiler leaves all of that away. So the sums that every claim needs have nearly no branch in them.
"""Included in :mod:`qingsuan._kernel`."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    WHOLE = 10000          # one whole, in basis points
    HALF = 5000
    MAX_LAYERS = 16
    NONE = -1
    ACCOUNT = 8            # who pays where no fund does: behind all funds, the personal account
    PRODUCT_BITS = 49      # a ratio (at most 10**4) times an amount of so many bits, and what lower bands left: 63 bits

cdef enum:  # Part
    IN_SCOPE, FIRST_OWN, ABOVE_LIMIT, WHOLLY_OWN, LEFT_BY_RATIO, CUT_BY_CAP, DEDUCTIBLE, COST_ABOVE_CAP, COST_ABOVE_LIMIT, COLUMN

cdef enum:  # Counter
    VISITS, USED, BASE, EXCESS, PAID, PERIOD_KEY, COUNTERS

cdef enum:  # Trait
    OTHER_BASE = 1
    OTHER_DEDUCTIBLE = 2
    OTHER_BANDS = 4
    OTHER_CAPS = 8
    OTHER_COUNTS = 16
    POOLED = 32

cdef struct Variant:
    int64_t entry_bp, layer_start, layer_count, ceiling_bp, ceiling_on_total, ceiling_mask
    int64_t guarantee_bp, guarantee_on_total, guarantee_mask, guarantee_to, apart
    int64_t visit_cell, visits_start, visits_end, periods_start, periods_end


cdef struct Layer:
    # what every layer needs comes first, together; what only those need that have a trait, behind it
    int64_t traits, fund
    int64_t deductible_fen, used_cell
    int64_t start_cell, ratio_bp, second_fen, second_bp, third_fen, third_bp
    int64_t cap_fen, cap_cell
    int64_t count_used, count_base, count_excess, count_paid
    int64_t entry_start, entry_end, limit_fen, limit_cell, limit_mask
    int64_t by_visit, amount_start, amount_last, visits_cell, deductible_mask, exempt, credits
    int64_t absolute, selected, select_cell, band_start
    int64_t cap_mask, cap_start, cap_end, count_limit, draw_start, draw_end
    int64_t beside_fen         # what enters or is taken off beside its components, of a claim that runs apart


cdef struct Band:
    int64_t lower_fen, ratio_bp, below_fen, below_rest, upper_fen


cdef struct Cap:
    int64_t cap_fen, cap_cell, cap_mask


cdef struct Entry:
    int64_t part, of_layer, entry_ratio_bp, of_claim, of_row


cdef struct Period:
    int64_t slot_cell, length


cdef struct Rules:
    # the tables of qingsuan.benefits.core.plan, row by row
    const Variant* variants
    const Layer* layers
    const Band* bands
    const Cap* caps
    const Entry* entries
    const Period* periods
    const int64_t* amounts
    const int64_t* draws
    const int64_t* visits


cdef struct Taken:
    # what one layer did with the claim at hand; where on its bands x started, or the band that was selected;
    # of a layer with another base, what its limit kept from entering
    int64_t base, deductible, used, excess, raw, pay, start
    const Band* selected
    int64_t above_limit
    int64_t room               # what its caps left for it, of a claim that runs aside


cdef struct Claim:
    # the claim at hand; amounts in fen
    int64_t total, wholly_own, above_limit, first_own, in_scope
    int64_t day                    # from 0, in a year of months of 31 days
    int64_t entered, paid          # what entered; what earlier layers have paid
    int64_t handed, signs          # what was handed to the funds; below 0 if any of it was
    int64_t pooled_deductible, pooled_bp
    int64_t* account               # the account's cells
    int64_t* fund                  # the first fund's payment for this claim
    int64_t next_fund              # how far the next fund's is
    const int64_t* own             # the first amount that it has for itself, where it has some; the next is as far as the next fund's
    int64_t spendable              # what the personal account may still pay of this claim in a turn of its own; known where claims run apart
    Taken taken[MAX_LAYERS]


cdef inline int64_t least(int64_t a, int64_t b) noexcept nogil:
    return a if a < b else b


cdef inline int64_t above_zero(int64_t a) noexcept nogil:
    return a if a > 0 else 0


cdef inline int64_t share(int64_t amount, int64_t ratio) noexcept nogil:
    """ratio of amount, rounded half up to the fen."""
    return <int64_t>(<uint64_t>(amount * ratio + HALF) // WHOLE)


cdef inline void begin_periods(const Rules* rules, Claim* claim, const Variant* variant) noexcept nogil:
    """Empty the counters of each group of the rule, shorter than a year, that were filled in another period.

    Those of the year are empty in a blank account, and stay what they are.
    """
    cdef int64_t k, n, key
    cdef int64_t* slot
    for k in range(variant.periods_start, variant.periods_end):
        slot = claim.account + rules.periods[k].slot_cell
        key = <int64_t>(<uint32_t>claim.day // <uint32_t>rules.periods[k].length) + 1
        if slot[PERIOD_KEY] != key:
            for n in range(COUNTERS):
                slot[n] = 0
            slot[PERIOD_KEY] = key


cdef inline const Band* band_of(const Rules* rules, const Layer* layer, int64_t value) noexcept nogil:
    """The band in which the next fen above ``value`` lies."""
    cdef const Band* band = rules.bands + layer.band_start
    while value >= band.upper_fen:
        band += 1
    return band


cdef inline int64_t up_to(const Band* band, int64_t value, int64_t* rest) noexcept nogil:
    """B(value): whole fen; what remains below one fen goes to ``rest`` (# out), in 1/10 000 fen.

    The product is taken of quotient and remainder apart, so that no total is ever multiplied.
    """
    cdef int64_t inside = value - band.lower_fen
    cdef int64_t fraction = band.ratio_bp * (inside % WHOLE) + band.below_rest
    rest[0] = fraction % WHOLE
    return band.below_fen + band.ratio_bp * (inside // WHOLE) + fraction // WHOLE


cdef inline int64_t rounded_up_to(const Rules* rules, const Layer* layer, int64_t value) noexcept nogil:
    """round(B(value)), half up, of any value and any number of bands."""
    cdef int64_t rest
    cdef int64_t whole = up_to(band_of(rules, layer, value), value, &rest)
    return whole + (rest >= HALF)


cdef inline int64_t inside_for(int64_t ratio, int64_t whole, int64_t rest) noexcept nogil:
    """The least amount of which ``ratio``, on top of ``rest`` 1/10 000 fen, rounds to at least ``whole`` fen; the ratio is not 0.

    Quotient and remainder are multiplied apart, so that no total is.
    """
    cdef int64_t over = whole % ratio * WHOLE - HALF - rest
    return whole // ratio * WHOLE + ((over + ratio - 1) // ratio if over > 0 else -(-over // ratio))


cdef inline int64_t cost_above_cap(const Rules* rules, const Layer* layer, Taken* taken) noexcept nogil:
    """x less the least part of it for which the bands give what the caps let the layer pay: what was cut off, as cost."""
    cdef int64_t paid_at
    cdef const Band* band
    if taken.raw == taken.pay:
        return 0
    if taken.pay == 0:
        return taken.excess
    if layer.selected:
        return taken.excess - inside_for(taken.selected.ratio_bp, taken.pay, 0)
    band = band_of(rules, layer, taken.start)
    paid_at = rounded_up_to(rules, layer, taken.start) + taken.pay
    while band.upper_fen < taken.start + taken.excess and rounded_up_to(rules, layer, band.upper_fen) < paid_at:
        band += 1
    return taken.start + taken.excess - band.lower_fen - inside_for(
        band.ratio_bp, paid_at - band.below_fen, band.below_rest
    )


cdef inline int64_t entering(const Rules* rules, Claim* claim, const Layer* layer) noexcept nogil:
    """What enters the layer: its components, each rounded on its own."""
    cdef int64_t base = 0, k, amount
    cdef const Entry* entry
    cdef Taken* earlier
    for k in range(layer.entry_start, layer.entry_end):
        entry = &rules.entries[k]
        if entry.part == IN_SCOPE:
            amount = above_zero(claim.entered - claim.paid)
        elif entry.part == FIRST_OWN:
            amount = claim.first_own
        elif entry.part == ABOVE_LIMIT:
            amount = claim.above_limit
        elif entry.part == WHOLLY_OWN:
            amount = claim.wholly_own
        else:
            earlier = &claim.taken[entry.of_layer]
            if entry.part == LEFT_BY_RATIO:
                amount = earlier.excess - earlier.raw
            elif entry.part == CUT_BY_CAP:
                amount = earlier.raw - earlier.pay
            elif entry.part == DEDUCTIBLE:
                amount = earlier.deductible
            elif entry.part == COST_ABOVE_CAP:
                amount = cost_above_cap(rules, rules.layers + entry.of_row, earlier)
            else:
                amount = earlier.above_limit
        base += share(amount, entry.entry_ratio_bp)
    return base


cdef inline int64_t base_of(
    const Rules* rules, Claim* claim, const Layer* layer, int64_t traits, Taken* taken
) noexcept nogil:
    """The layer's base: what is in scope and not yet paid; or its components, within a ceiling per visit or period."""
    cdef int64_t left, base, mask, k = 0
    if not traits & OTHER_BASE:
        return above_zero(claim.entered - claim.paid)
    left = layer.limit_fen - claim.account[layer.limit_cell]
    mask = layer.limit_mask
    while mask:
        if mask & 1:
            left -= claim.taken[k].base
        mask >>= 1
        k += 1
    base = entering(rules, claim, layer) + layer.beside_fen
    taken.above_limit = above_zero(base - above_zero(left))
    return base - taken.above_limit


cdef inline int64_t deductible_left(const Rules* rules, Claim* claim, const Layer* layer, int64_t traits) noexcept nogil:
    """The deductible before this layer takes it: by visit number, or what the period still asks."""
    cdef int64_t left = layer.deductible_fen - claim.account[layer.used_cell]
    cdef int64_t at, mask, k = 0
    if traits & OTHER_DEDUCTIBLE:
        if layer.by_visit:
            at = least(layer.amount_start + claim.account[layer.visits_cell], layer.amount_last)
            left = rules.amounts[at]
        mask = layer.deductible_mask
        while mask:
            if mask & 1:
                left -= claim.taken[k].used
            mask >>= 1
            k += 1
    return above_zero(left)


cdef inline int64_t rounded_below(const Layer* layer, int64_t value) noexcept nogil:
    """round(B(value)), half up, of a value of at most PRODUCT_BITS and at most three bands.

    At each bound reached the ratio makes a step for all that lies above: no band is looked for, as that would be guessed
    wrong at most claims.
    """
    cdef int64_t second = layer.second_bp * above_zero(value - layer.second_fen)
    cdef int64_t third = layer.third_bp * above_zero(value - layer.third_fen)
    return <int64_t>(<uint64_t>(layer.ratio_bp * value + HALF + second + third) // WHOLE)


cdef inline int64_t by_bands(
    const Rules* rules, Claim* claim, const Layer* layer, int64_t traits, Taken* taken
) noexcept nogil:
    """round(B(p0 + x)) - round(B(p0)), or the selected band's share of x."""
    cdef int64_t start = claim.account[layer.start_cell]
    cdef int64_t end = start + taken.excess
    taken.start = start
    if not traits & OTHER_BANDS and not end >> PRODUCT_BITS:
        return rounded_below(layer, end) - rounded_below(layer, start)
    if layer.selected:
        taken.selected = band_of(rules, layer, claim.account[layer.select_cell])
        return share(taken.excess, taken.selected.ratio_bp)
    if layer.absolute:
        taken.start += taken.deductible
    return rounded_up_to(rules, layer, taken.start + taken.excess) - rounded_up_to(rules, layer, taken.start)


cdef inline int64_t mean_ratio(const Rules* rules, const Layer* layer, Taken* taken) noexcept nogil:
    """The fund's mean ratio over x, in basis points; where x is nothing, the ratio of the band it would start in."""
    cdef int64_t start = taken.start, end = taken.start + taken.excess
    cdef int64_t rest_before, rest_after, gained
    cdef bint in_second = start >= layer.second_fen, in_third = start >= layer.third_fen
    cdef const Band* first
    if not layer.traits & OTHER_BANDS:
        if (end > layer.second_fen) + (end > layer.third_fen) <= in_second + in_third:
            return layer.ratio_bp + layer.second_bp * in_second + layer.third_bp * in_third
    elif layer.selected:
        return taken.selected.ratio_bp
    first = band_of(rules, layer, start)
    if end <= first.upper_fen:
        return first.ratio_bp
    gained = up_to(band_of(rules, layer, end), end, &rest_after) - up_to(first, start, &rest_before)
    gained = gained * WHOLE + rest_after - rest_before
    return (2 * gained + taken.excess) // (2 * taken.excess)


cdef inline int64_t drawn(Claim* claim, int64_t mask) noexcept nogil:
    """What those of this claim's layers have paid that are in ``mask``."""
    cdef int64_t sum = 0, k = 0
    while mask:
        if mask & 1:
            sum += claim.taken[k].pay
        mask >>= 1
        k += 1
    return sum


cdef inline int64_t room_of(const Rules* rules, Claim* claim, const Layer* layer, int64_t traits) noexcept nogil:
    """What every cap leaves, earlier layers of this claim counted; below 0 where one is overdrawn."""
    cdef int64_t left = layer.cap_fen - claim.account[layer.cap_cell]
    cdef int64_t c
    cdef const Cap* cap
    if traits & OTHER_CAPS:
        left -= drawn(claim, layer.cap_mask)
        for c in range(layer.cap_start, layer.cap_end):
            cap = &rules.caps[c]
            left = least(left, cap.cap_fen - claim.account[cap.cap_cell] - drawn(claim, cap.cap_mask))
    return left


cdef inline void close_layer(
    const Rules* rules, Claim* claim, const Layer* layer, int64_t traits,
    int64_t base, int64_t used, int64_t excess, int64_t pay,
) noexcept nogil:
    """Afterwards: the fund gets its payment; deductible used, base, x and payment move on."""
    cdef int64_t* account = claim.account
    cdef int64_t k
    claim.fund[layer.fund * claim.next_fund] += pay
    claim.handed += pay
    claim.signs |= pay
    account[layer.count_used] += used
    account[layer.count_base] += base
    account[layer.count_excess] += excess
    account[layer.count_paid] += pay
    if traits & OTHER_COUNTS:
        account[layer.count_limit] += base
        for k in range(layer.draw_start, layer.draw_end):
            account[rules.draws[k]] += pay


cdef inline void run_layer(
    const Rules* rules, Claim* claim, const Layer* layer, int64_t traits, Taken* taken, bint apart
) noexcept nogil:
    """One fund's turn: base, deductible, bands, what is left of the bill, caps. Where nothing enters, all of it is 0."""
    cdef int64_t base = base_of(rules, claim, layer, traits, taken)
    cdef int64_t deductible = least(base, deductible_left(rules, claim, layer, traits))
    cdef int64_t used = deductible
    cdef int64_t raw, pay
    if traits & OTHER_DEDUCTIBLE:
        deductible = 0 if layer.exempt else deductible
        used = used if layer.credits else deductible
    taken.base, taken.deductible, taken.used, taken.excess = base, deductible, used, base - deductible
    raw = least(by_bands(rules, claim, layer, traits, taken), claim.total - claim.paid)
    pay = least(raw, above_zero(room_of(rules, claim, layer, traits)))
    taken.raw, taken.pay = raw, pay
    claim.paid += pay
    if apart:
        close_layer(rules, claim, layer, traits, base, used, base - deductible, pay)


cdef inline void make_up(Claim* claim, const Variant* variant) noexcept nogil:
    """The guarantee: what is lacking of it is added to one layer, as far as the bill goes."""
    cdef int64_t lacking = share(claim.total if variant.guarantee_on_total else claim.in_scope, variant.guarantee_bp)
    lacking = least(lacking - drawn(claim, variant.guarantee_mask), claim.total - claim.paid)
    if lacking > 0:
        claim.taken[variant.guarantee_to].pay += lacking
        claim.paid += lacking


cdef inline void take_back(Claim* claim, const Variant* variant, int64_t count) noexcept nogil:
    """The overall ceiling: what exceeds it is taken back from the last layer, then the one before."""
    cdef int64_t mask = variant.ceiling_mask
    cdef int64_t over = drawn(claim, mask)
    cdef int64_t k, back
    over -= share(claim.total if variant.ceiling_on_total else claim.in_scope, variant.ceiling_bp)
    for k in range(count - 1, -1, -1):
        if over <= 0:
            break
        if mask >> k & 1:
            back = least(over, claim.taken[k].pay)
            claim.taken[k].pay -= back
            claim.paid -= back
            over -= back


cdef inline void close_together(const Rules* rules, Claim* claim, const Variant* variant) noexcept nogil:
    """Close all layers of a claim, after guarantee and ceiling over all of them."""
    cdef int64_t count = variant.layer_count
    cdef int64_t k
    cdef const Layer* layer
    cdef Taken* taken
    if variant.guarantee_bp != NONE:
        make_up(claim, variant)
    if variant.ceiling_bp != NONE:
        take_back(claim, variant, count)
    for k in range(count):
        taken = &claim.taken[k]
        layer = &rules.layers[variant.layer_start + k]
        close_layer(rules, claim, layer, layer.traits, taken.base, taken.used, taken.excess, taken.pay)


cdef inline void run_claim(const Rules* rules, Claim* claim, const Variant* variant) noexcept nogil:
    """All layers of one claim. Where one reads what another counts, all are closed when all have run."""
    cdef const Layer* layer = rules.layers + variant.layer_start
    cdef int64_t left = variant.layer_count
    cdef Taken* taken = claim.taken
    cdef int64_t k
    begin_periods(rules, claim, variant)
    claim.entered = claim.in_scope if variant.entry_bp == WHOLE else share(claim.in_scope, variant.entry_bp)
    while left:
        if variant.apart and not layer.traits & ~POOLED:
            run_layer(rules, claim, layer, 0, taken, True)  # the same, but the compiler knows what to leave away
        else:
            run_layer(rules, claim, layer, layer.traits, taken, variant.apart)
        if layer.traits & POOLED:
            claim.pooled_deductible = least(taken.deductible, claim.in_scope)
            claim.pooled_bp = mean_ratio(rules, layer, taken)
        layer += 1
        taken += 1
        left -= 1
    if not variant.apart:
        close_together(rules, claim, variant)
    claim.account[variant.visit_cell] += 1
    for k in range(variant.visits_start, variant.visits_end):
        claim.account[rules.visits[k]] += 1
