# Design: people are told apart by the bytes of their number, never by a hash alone. A 64-bit hash finds the place in an
# open table, the bytes decide. The door (qingsuan.people) hands over Arrow's own buffers; the twin of this module is a
# Python dict, and tests compare the two. Nothing here knows what a claim is.
"""Hash, group and spread rows by a text key (psn_no). Opened by :mod:`qingsuan.people` only."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef uint64_t SEED = 0x9E3779B97F4A7C15ULL
cdef uint64_t MULTIPLIER = 0xD6E8FEB86659FD93ULL


@cython.overflowcheck(False)  # a hash wraps around on purpose, in the checked build too
cdef inline uint64_t stir(uint64_t h) noexcept nogil:
    h ^= h >> 32
    h *= MULTIPLIER
    h ^= h >> 29
    return h


cdef inline uint64_t hash_bytes(const uint8_t* data, int64_t length) noexcept nogil:
    """Little-endian words, so that a partition holds the same people on every machine."""
    cdef uint64_t h = SEED ^ <uint64_t>length
    cdef uint64_t word
    cdef int64_t at = 0
    while at + 8 <= length:
        memcpy(&word, data + at, 8)
        h = stir(h ^ word)
        at += 8
    if at < length:
        word = 0
        memcpy(&word, data + at, length - at)
        h = stir(h ^ word)
    return stir(h)


def hash_rows(const int32_t[::1] offsets, const uint8_t[::1] data, uint64_t[::1] hashes):
    """hashes[i] (# out) = hash of text i, which lies in data[offsets[i]:offsets[i + 1]]."""
    cdef Py_ssize_t i
    cdef const uint8_t* start = &data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(hashes.shape[0]):
            hashes[i] = hash_bytes(start + offsets[i], offsets[i + 1] - offsets[i])


cdef inline bint same_text(
    const uint8_t* a, int64_t a_length, const uint8_t* b, int64_t b_length
) noexcept nogil:
    return a_length == b_length and memcmp(a, b, a_length) == 0


def number_rows(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const uint64_t[::1] hashes,
    int32_t[::1] table,
    int32_t[::1] first_row,
    int32_t[::1] numbers,
):
    """numbers[i] (# out) = number of text i, counted from 0 as they first appear; first_row[number] (# out) its row.

    ``table`` (# scratch) is filled with -1, its size a power of two above twice the rows. Returns how many differ.
    """
    cdef Py_ssize_t i, n = numbers.shape[0]
    cdef uint64_t mask = table.shape[0] - 1
    cdef uint64_t place
    cdef int32_t number, row, count = 0
    cdef const uint8_t* start = &data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(n):
            place = hashes[i] & mask
            while True:
                number = table[place]
                if number < 0:
                    table[place] = number = count
                    first_row[count] = <int32_t>i
                    count += 1
                    break
                row = first_row[number]
                if hashes[row] == hashes[i] and same_text(
                    start + offsets[row], offsets[row + 1] - offsets[row],
                    start + offsets[i], offsets[i + 1] - offsets[i],
                ):
                    break
                place = (place + 1) & mask
            numbers[i] = number
    return count


def find_rows(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const uint64_t[::1] hashes,
    const int32_t[::1] table,
    const int32_t[::1] first_row,
    const int32_t[::1] own_offsets,
    const uint8_t[::1] own_data,
    const uint64_t[::1] own_hashes,
    int32_t[::1] numbers,
):
    """numbers[i] (# out) = number of text i among those that ``number_rows`` put into ``table``, or -1.

    ``offsets, data, hashes`` are the texts looked up, ``own_*`` those that were numbered.
    """
    cdef Py_ssize_t i
    cdef uint64_t mask = table.shape[0] - 1
    cdef uint64_t place
    cdef int32_t number, row
    cdef const uint8_t* start = &data[0] if data.shape[0] else NULL
    cdef const uint8_t* own = &own_data[0] if own_data.shape[0] else NULL
    with nogil:
        for i in range(numbers.shape[0]):
            place = hashes[i] & mask
            while True:
                number = table[place]
                if number < 0:
                    break
                row = first_row[number]
                if own_hashes[row] == hashes[i] and same_text(
                    own + own_offsets[row], own_offsets[row + 1] - own_offsets[row],
                    start + offsets[i], offsets[i + 1] - offsets[i],
                ):
                    break
                place = (place + 1) & mask
            numbers[i] = number


def spread_rows(const int32_t[::1] numbers, int64_t[::1] starts, int32_t[::1] rows):
    """A counting sort: rows (# out) of number k are rows[starts[k]:starts[k + 1]], in their old order.

    ``starts`` (# in/out) comes as zeros, one longer than there are numbers. Rows numbered -1 are left out.
    """
    cdef Py_ssize_t i, k, n = numbers.shape[0], count = starts.shape[0] - 1
    cdef int64_t total = 0, size
    with nogil:
        for i in range(n):
            if numbers[i] >= 0:
                starts[numbers[i]] += 1
        for k in range(count):
            size = starts[k]
            starts[k] = total
            total += size
        starts[count] = total
        for i in range(n):
            if numbers[i] >= 0:
                rows[starts[numbers[i]]] = <int32_t>i
                starts[numbers[i]] += 1
        for k in range(count - 1, 0, -1):
            starts[k] = starts[k - 1]
        if count:
            starts[0] = 0
