# A part of a stay (中途结算): its claim runs the layers as they are once what the stay has come to is taken off what they have
# per visit. A stay has cells of its own, laid out by qingsuan.benefits.core.plan_stays, which also says which of them a layer
# reads and counts on; where there is nothing to read, it is one that is 0. Claims that are whole visits never come here.
"""Included in :mod:`qingsuan._kernel`."""

from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy, memset

from qingsuan._rules cimport (
    ACCOUNT, COUNTERS, NONE, PAID, PERIOD_KEY, POOLED, WHOLE, Cap, Claim, Entry, Layer, Rules, Taken, Variant,
    HALF, above_zero, band_of, begin_periods, close_together, drawn, entering, least, mean_ratio, room_of, run_layer, share, up_to,
)

cdef enum:  # Side
    DOWN, TO_NEAREST, UP

cdef enum:  # StayCell: before the cells of groups and layers
    OPENED_FOR, OF_ACCOUNT, NOTHING, STAY_CELLS

cdef enum:  # StayGroupCell
    NUMBER, COUNTED, DRAWN, STAY_GROUP_CELLS

cdef enum:  # StayLayerCell
    STAY_USED, STAY_BASE, STAY_EXCESS, STAY_PAID, STAY_LAYER_CELLS

cdef struct StayVariant:
    int64_t group_start, group_end, period_start, period_end


cdef struct StayGroup:
    # a group whose visits a rule reads or counts: its count in the account, its cells in the stay, and whether it counts
    int64_t visits_cell, first_cell, counts


cdef struct StayLayer:
    int64_t first_cell, limit_cell, used_cell, number_cell
    int64_t handed_cell, handed_less, start_cell, select_cell
    int64_t cap_start, cap_end, draw_start, draw_end
    int64_t limit_of, deductible_of
    int64_t toward_cell, toward_mask
    int64_t column_start, column_end
    int64_t unit_fen, unit_side, unit_of_own


cdef struct StayCap:
    int64_t cap_fen, cap_cell, cap_mask, paid_cell, cap_of


cdef struct StayPeriod:
    # a group shorter than a year of which something is left when its period is over: what its cap lets it pay in a period, of which
    # what is not used is carried over, most_fen at most (NONE: nothing is carried); where a period with a payment is counted
    int64_t slot_cell, length, limit_fen, most_fen, counted_cell


cdef struct StayChoice:
    # an amount that a counter selects: where that is in the account, or of visits in the stay, and which steps
    int64_t counter_cell, number_cell, step_start, step_end


cdef struct Step:
    # from which value of the counter on it is how much
    int64_t from_value, fen


cdef struct Stays:
    # the tables of qingsuan.benefits.core.plan_stays, row by row; how many cells a stay has; the account's cell that is always 0,
    # and the one through which a layer reads what its stay has come to
    const StayVariant* variants
    const StayGroup* groups
    const StayLayer* layers
    const StayCap* caps
    const StayPeriod* periods
    const StayChoice* choices
    const Step* steps
    const int64_t* draws
    int64_t width, nothing, handed


cdef inline bint belongs(int64_t* stay, int64_t width, int64_t whose, int64_t account) noexcept nogil:
    """Open a stay at its person's first part; whether it is one of this account."""
    if stay[OPENED_FOR] != whose:
        memset(stay, 0, width * sizeof(int64_t))
        stay[OPENED_FOR], stay[OF_ACCOUNT] = whose, account
    return stay[OF_ACCOUNT] == account


cdef inline int64_t carried_over(const StayPeriod* period, const int64_t* slot, int64_t key) noexcept nogil:
    """What is not used of the limits of the periods before ``key``, as far as it may be carried over.

    What was carried before counts as less than nothing paid; the periods without a claim lie between.
    """
    cdef int64_t left
    if period.limit_fen == NONE:
        return 0
    left = above_zero(period.limit_fen - slot[PAID]) + (key - slot[PERIOD_KEY] - 1) * period.limit_fen
    return least(left, period.most_fen)


cdef inline void end_periods(const Stays* stays, Claim* claim, int64_t number) noexcept nogil:
    """Begin the periods of groups of which something is left: what is carried over counts as less than nothing paid."""
    cdef int64_t k, n, key, left
    cdef int64_t* slot
    cdef const StayPeriod* period
    for k in range(stays.variants[number].period_start, stays.variants[number].period_end):
        period = &stays.periods[k]
        slot = claim.account + period.slot_cell
        key = <int64_t>(<uint32_t>claim.day // <uint32_t>period.length) + 1
        if slot[PERIOD_KEY] != key:
            left = carried_over(period, slot, key)
            claim.account[period.counted_cell] += slot[PAID] > 0
            for n in range(COUNTERS):
                slot[n] = 0
            slot[PERIOD_KEY] = key
            slot[PAID] = -left


cdef inline void number_visit(const Stays* stays, Claim* claim, int64_t number, int64_t* stay) noexcept nogil:
    """The stay keeps, from 1, the visit number that each group had when the stay came to it first."""
    cdef int64_t k
    cdef const StayGroup* group
    for k in range(stays.variants[number].group_start, stays.variants[number].group_end):
        group = &stays.groups[k]
        if stay[group.first_cell + NUMBER] == 0:
            stay[group.first_cell + NUMBER] = claim.account[group.visits_cell] + 1


cdef inline void count_visit(const Stays* stays, Claim* claim, int64_t number, int64_t* stay) noexcept nogil:
    """A stay counts once as a visit."""
    cdef int64_t k
    cdef const StayGroup* group
    for k in range(stays.variants[number].group_start, stays.variants[number].group_end):
        group = &stays.groups[k]
        if group.counts and not stay[group.first_cell + COUNTED]:
            stay[group.first_cell + COUNTED] = 1
            claim.account[group.visits_cell] += 1


cdef inline int64_t chosen(const Stays* stays, Claim* claim, int64_t number, int64_t* stay) noexcept nogil:
    """The amount that a counter selects, by what it was before the claim; a visit's number is that of its stay."""
    cdef const StayChoice* choice = &stays.choices[number]
    cdef int64_t value = claim.account[choice.counter_cell]
    cdef int64_t k = choice.step_start
    if choice.number_cell != NONE:
        value = stay[choice.number_cell] - 1
    while k + 1 < choice.step_end and value >= stays.steps[k + 1].from_value:
        k += 1
    return stays.steps[k].fen


cdef inline int64_t own_or(
    const Stays* stays, Claim* claim, int64_t of_claim, int64_t fen, int64_t* stay
) noexcept nogil:
    """The amount that the claim has for itself, or that a counter selects for it; ``fen`` where it has none."""
    if of_claim == NONE:
        return fen
    return claim.own[of_claim * claim.next_fund] if of_claim >= 0 else chosen(stays, claim, -2 - of_claim, stay)


cdef inline int64_t room_left(
    const Stays* stays, Claim* claim, const StayLayer* of_stay, int64_t none, int64_t* stay
) noexcept nogil:
    """What every cap leaves for the layer; what the stay has come to is taken off those per visit."""
    cdef int64_t room = none, left, c
    cdef const StayCap* cap
    for c in range(of_stay.cap_start, of_stay.cap_end):
        cap = &stays.caps[c]
        left = own_or(stays, claim, cap.cap_of, cap.cap_fen, stay) - claim.account[cap.cap_cell]
        room = least(room, left - drawn(claim, cap.cap_mask) - stay[cap.paid_cell])
    return room


cdef inline int64_t beside(const Rules* rules, Claim* claim, const StayLayer* of_stay, const Layer* layer) noexcept nogil:
    """What columns of the claim bring into the layer, and below 0 what they take off of all that enters: each rounded on its own."""
    cdef int64_t found = 0, k, amount
    cdef const Entry* column
    for k in range(of_stay.column_start, of_stay.column_end):
        column = &rules.entries[k]
        amount = claim.own[column.of_claim * claim.next_fund]
        if column.entry_ratio_bp < 0:
            found -= share(amount, -column.entry_ratio_bp)
        else:
            found += share(amount, column.entry_ratio_bp)
    return found if found >= 0 else -least(-found, entering(rules, claim, layer))


cdef inline void meet_layer(
    const Rules* rules, const Stays* stays, Claim* claim, int64_t at, int64_t none, int64_t* stay, Layer* layer
) noexcept nogil:
    """The layer as this part of the stay meets it (``layer``: out)."""
    cdef const StayLayer* of_stay = &stays.layers[at]
    memcpy(layer, &rules.layers[at], sizeof(Layer))
    layer.limit_fen = own_or(stays, claim, of_stay.limit_of, layer.limit_fen, stay) - stay[of_stay.limit_cell]
    if layer.by_visit:
        layer.deductible_fen = rules.amounts[
            least(layer.amount_start + stay[of_stay.number_cell] - 1, layer.amount_last)
        ]
        layer.by_visit = 0
    layer.deductible_fen = own_or(stays, claim, of_stay.deductible_of, layer.deductible_fen, stay)
    layer.deductible_fen -= stay[of_stay.used_cell]
    layer.deductible_fen -= drawn(claim, of_stay.toward_mask)
    claim.account[stays.handed] = stay[of_stay.handed_cell] - of_stay.handed_less
    layer.start_cell, layer.select_cell = of_stay.start_cell, of_stay.select_cell
    layer.beside_fen = beside(rules, claim, of_stay, layer)
    layer.cap_fen = room_left(stays, claim, of_stay, none, stay)
    if layer.fund == ACCOUNT:
        layer.cap_fen = least(layer.cap_fen, claim.spendable)
    layer.cap_cell, layer.cap_mask, layer.cap_start = stays.nothing, 0, layer.cap_end


cdef inline int64_t to_unit(const StayLayer* of_stay, int64_t whole, int64_t rest) noexcept nogil:
    """Whole fen and 1/10 000 fen, rounded once to the unit of the layer."""
    cdef int64_t unit = of_stay.unit_fen
    if of_stay.unit_side == UP:
        whole += (rest > 0) + unit - 1
    elif of_stay.unit_side == TO_NEAREST:
        whole += unit // 2 if unit > 1 else <int64_t>(rest >= HALF)
    return whole // unit * unit


cdef inline int64_t rounded_share(const StayLayer* of_stay, int64_t value, int64_t whole, int64_t rest) noexcept nogil:
    """What is rounded of ``value``: what bands give for it, ``whole`` fen and a ``rest``, or what they leave to the person."""
    if of_stay.unit_of_own:
        return to_unit(of_stay, value - whole - (rest > 0), (WHOLE - rest) % WHOLE)
    return to_unit(of_stay, whole, rest)


cdef inline void round_payment(
    const Rules* rules, Claim* claim, const Layer* layer, const StayLayer* of_stay, Taken* taken
) noexcept nogil:
    """Round what the bands give, or leave to the person, to the layer's unit, then bound it again by bill and caps."""
    cdef int64_t end = taken.start + taken.excess, whole, rest, amount
    if layer.selected:
        amount = taken.excess * taken.selected.ratio_bp
        amount = rounded_share(of_stay, taken.excess, amount // WHOLE, amount % WHOLE)
    else:
        whole = up_to(band_of(rules, layer, end), end, &rest)
        amount = rounded_share(of_stay, end, whole, rest)
        whole = up_to(band_of(rules, layer, taken.start), taken.start, &rest)
        amount -= rounded_share(of_stay, taken.start, whole, rest)
    if of_stay.unit_of_own:
        amount = taken.excess - amount
    claim.paid -= taken.pay
    taken.raw = least(least(above_zero(amount), taken.excess), claim.total - claim.paid)
    taken.pay = least(taken.raw, above_zero(room_of(rules, claim, layer, layer.traits)))
    claim.paid += taken.pay


cdef inline void close_part(const Stays* stays, Claim* claim, const Variant* variant, int64_t* stay) noexcept nogil:
    """Afterwards: the stay's own counters move on, layer by layer."""
    cdef int64_t k, d
    cdef int64_t* cells
    cdef const StayLayer* of_stay
    cdef Taken* taken
    for k in range(variant.layer_count):
        taken = &claim.taken[k]
        of_stay = &stays.layers[variant.layer_start + k]
        cells = stay + of_stay.first_cell
        cells[STAY_USED] += taken.used
        cells[STAY_BASE] += taken.base
        cells[STAY_EXCESS] += taken.excess
        cells[STAY_PAID] += taken.pay
        claim.account[of_stay.toward_cell] += taken.pay
        for d in range(of_stay.draw_start, of_stay.draw_end):
            stay[stays.draws[d]] += taken.pay


cdef inline void run_part(
    const Rules* rules, const Stays* stays, Claim* claim, int64_t number, int64_t none, int64_t* stay
) noexcept nogil:
    """All layers of one part of a stay, by the variant's number; ``none`` is a cap that is none."""
    cdef const Variant* variant = &rules.variants[number]
    cdef int64_t k
    cdef Layer layer
    cdef Taken* taken
    begin_periods(rules, claim, variant)
    end_periods(stays, claim, number)
    claim.entered = claim.in_scope if variant.entry_bp == WHOLE else share(claim.in_scope, variant.entry_bp)
    number_visit(stays, claim, number, stay)
    for k in range(variant.layer_count):
        taken = &claim.taken[k]
        meet_layer(rules, stays, claim, variant.layer_start + k, none, stay, &layer)
        run_layer(rules, claim, &layer, layer.traits, taken, False)
        if stays.layers[variant.layer_start + k].unit_fen:
            round_payment(rules, claim, &layer, &stays.layers[variant.layer_start + k], taken)
        taken.room = above_zero(layer.cap_fen)
        if layer.fund == ACCOUNT:
            claim.spendable -= taken.pay
        if layer.traits & POOLED:
            claim.pooled_deductible = least(taken.deductible, claim.in_scope)
            claim.pooled_bp = mean_ratio(rules, &layer, taken)
    close_together(rules, claim, variant)
    close_part(stays, claim, variant, stay)
    count_visit(stays, claim, number, stay)
