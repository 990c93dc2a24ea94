# Groups kept apart by a key (单病种限额, 定点一家): each person, account and key has counters of its own, in a block that has the cells
# of an account's groups; a block that people share is of no account, and its claims come in the order of their days. Before a claim runs, those of its key are brought into the account, where layers read and count
# as ever; afterwards they are taken out again. Which block it is, is a number: no text comes here. Claims of rules
# without such a group never come here.
"""Included in :mod:`qingsuan._kernel`."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcpy

from qingsuan._rules cimport COUNTERS, Claim

cdef enum:  # BlockCell: before the cells of groups; where people share it, OF_ACCOUNT has the day of its last claim, as -1 - day
    OPENED_FOR, OF_ACCOUNT, BLOCK_CELLS


cdef struct KeyedVariant:
    int64_t group_start, group_end


cdef struct KeyedGroup:
    # a group that a rule reads or counts on: its first cell in an account, which of a claim's numbers says where it is kept, and
    # whether people share it
    int64_t slot_cell, key, shared


cdef struct Keyed:
    # the tables of qingsuan.benefits.core.keys, row by row; how many cells the groups of an account have, and what they hold at first
    const KeyedVariant* variants
    const KeyedGroup* groups
    const int64_t* blank
    int64_t width


cdef struct Blocks:
    # those of the person at hand; and of every claim, key after key, the number of its block, 0 where it has none
    int64_t* cells
    uint64_t most
    const int32_t* numbers
    Py_ssize_t claims


cdef inline int64_t* block_of(
    const Keyed* keyed, const Blocks* blocks, Py_ssize_t number, int64_t owner, int64_t whose
) noexcept nogil:
    """The groups of a block, which its person's first claim opens; NULL where it is not there, or another owner's.

    ``owner`` is an account; where people share the block -1 - day, which does not rise.
    """
    cdef int64_t* block = blocks.cells + (number - 1) * (keyed.width + BLOCK_CELLS)
    if <uint64_t>(number - 1) >= blocks.most:
        return NULL
    if block[OPENED_FOR] != whose:
        block[OPENED_FOR], block[OF_ACCOUNT] = whose, owner
        memcpy(block + BLOCK_CELLS, keyed.blank, keyed.width * sizeof(int64_t))
    if owner < 0 and block[OF_ACCOUNT] < 0 and owner < block[OF_ACCOUNT]:
        block[OF_ACCOUNT] = owner
    return block + BLOCK_CELLS if block[OF_ACCOUNT] == owner else NULL


cdef inline int64_t owner_of(const KeyedGroup* group, const Claim* claim, int64_t account) noexcept nogil:
    """Whose a claim's block must be: the account's, or where people share it the day's."""
    return -1 - claim.day if group.shared else account


cdef inline bint bring_in(
    const Keyed* keyed, const Blocks* blocks, Claim* claim, int64_t variant, Py_ssize_t row, int64_t account, int64_t whose
) noexcept nogil:
    """Bring what the claim's keys have counted into its account; whether they are all there."""
    cdef int64_t k
    cdef const KeyedGroup* group
    cdef int64_t* block
    for k in range(keyed.variants[variant].group_start, keyed.variants[variant].group_end):
        group = &keyed.groups[k]
        block = block_of(keyed, blocks, blocks.numbers[group.key * blocks.claims + row], owner_of(group, claim, account), whose)
        if block == NULL:
            return False
        memcpy(claim.account + group.slot_cell, block + group.slot_cell, COUNTERS * sizeof(int64_t))
    return True


cdef inline void take_out(
    const Keyed* keyed, const Blocks* blocks, Claim* claim, int64_t variant, Py_ssize_t row, int64_t account, int64_t whose
) noexcept nogil:
    """Take what they count now out again."""
    cdef int64_t k
    cdef const KeyedGroup* group
    cdef int64_t* block
    for k in range(keyed.variants[variant].group_start, keyed.variants[variant].group_end):
        group = &keyed.groups[k]
        block = block_of(keyed, blocks, blocks.numbers[group.key * blocks.claims + row], owner_of(group, claim, account), whose)
        memcpy(block + group.slot_cell, claim.account + group.slot_cell, COUNTERS * sizeof(int64_t))
