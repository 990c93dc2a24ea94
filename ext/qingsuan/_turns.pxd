# What each layer did with each claim (基金分项), told line by line where it is asked for. Claims that are told run aside, layer by layer
# and closed together, so that the loop of those that are not stays as it is. The door (qingsuan.benefits.core.turns) has made room for a line for every layer.
"""Included in :mod:`qingsuan._kernel`."""

from libc.stdint cimport int32_t, int64_t

from qingsuan._rules cimport (
    POOLED, WHOLE, Claim, Layer, Rules, Taken, Variant,
    above_zero, begin_periods, close_together, least, mean_ratio, room_of, run_layer, share,
)


cdef struct Turns:
    # columns of as many lines as there is room for; NULL where nothing is told
    int32_t* row
    int32_t* layer
    int64_t* base
    int64_t* deductible
    int64_t* room
    int64_t* pay
    int64_t lines              # told so far


cdef inline void run_by_turns(const Rules* rules, Claim* claim, const Variant* variant) noexcept nogil:
    """All layers of one claim, none of which counts before all have run: what caps left is there to be read after each."""
    cdef int64_t k
    cdef const Layer* layer
    cdef Taken* taken
    begin_periods(rules, claim, variant)
    claim.entered = claim.in_scope if variant.entry_bp == WHOLE else share(claim.in_scope, variant.entry_bp)
    for k in range(variant.layer_count):
        layer = &rules.layers[variant.layer_start + k]
        taken = &claim.taken[k]
        run_layer(rules, claim, layer, layer.traits, taken, False)
        taken.room = above_zero(room_of(rules, claim, layer, layer.traits))
        if layer.traits & POOLED:
            claim.pooled_deductible = least(taken.deductible, claim.in_scope)
            claim.pooled_bp = mean_ratio(rules, layer, taken)
    close_together(rules, claim, variant)
    claim.account[variant.visit_cell] += 1
    for k in range(variant.visits_start, variant.visits_end):
        claim.account[rules.visits[k]] += 1


cdef inline void tell(Turns* turns, const Claim* claim, const Variant* variant, Py_ssize_t row) noexcept nogil:
    """A line for each layer in which anything entered or that paid; a line that tells nothing is written over by the next."""
    cdef int64_t k, at = turns.lines
    cdef const Taken* taken
    for k in range(variant.layer_count):
        taken = &claim.taken[k]
        turns.row[at] = <int32_t>row
        turns.layer[at] = <int32_t>(variant.layer_start + k)
        turns.base[at] = taken.base
        turns.deductible[at] = taken.deductible
        turns.room[at] = taken.room
        turns.pay[at] = taken.pay
        at += (taken.base | taken.pay) != 0
    turns.lines = at
