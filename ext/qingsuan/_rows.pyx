# Design: rows are moved and added up as plain memory, column by column; what they mean is decided elsewhere. The door
# (qingsuan.columns.rows) checks row numbers and lengths once per batch of columns; here nothing is checked twice.
"""Take rows of columns, and add columns up by group. Opened by :mod:`qingsuan.columns.rows` only."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t
from libc.string cimport memcpy

cdef enum:
    USUAL = 20  # bytes of an identifier as the national standard has it

ctypedef fused fixed:
    int8_t
    int16_t
    int32_t
    int64_t


def take_fixed(const fixed[::1] source, const int32_t[::1] rows, fixed[::1] out):
    """out[i] (# out) = source[rows[i]]."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(rows.shape[0]):
            out[i] = source[rows[i]]


def keep_rest(const uint8_t[::1] source, int64_t width, const int64_t[::1] dropped, uint8_t[::1] out):
    """Copy the rows of ``width`` bytes that are not among ``dropped``, which ascends, end to end (``out`` is # out)."""
    cdef Py_ssize_t k
    cdef int64_t begin = 0, end, at = 0
    with nogil:
        for k in range(dropped.shape[0] + 1):
            end = dropped[k] if k < dropped.shape[0] else source.shape[0] // width
            if end > begin:
                memcpy(&out[at], &source[begin * width], (end - begin) * width)
                at += (end - begin) * width
            begin = end + 1


cdef inline bint read_words(
    const int64_t* words, Py_ssize_t n, int64_t* low, int64_t* least, int64_t* most
) noexcept nogil:
    """Whether n 128-bit numbers all fit 64 bits; the least and the greatest (# out), and where asked their low halves (# out)."""
    cdef Py_ssize_t i
    cdef int64_t smallest = 0, greatest = 0, over = 0, value
    for i in range(n):
        value = words[2 * i]
        over |= words[2 * i + 1] ^ (value >> 63)
        smallest = value if value < smallest else smallest
        greatest = value if value > greatest else greatest
        if low != NULL:  # known where it is called: the compiler makes two loops of it
            low[i] = value
    least[0], most[0] = smallest, greatest
    return over == 0


def low_words(const int64_t[::1] words, int64_t[::1] low):
    """The low half of each 128-bit number (``low`` is # out); returns the least, the greatest, and whether all fit 64 bits.

    ``words`` has the low and the high half of each in turn; there is one at least.
    """
    cdef int64_t least, most
    cdef bint fit
    with nogil:
        fit = read_words(&words[0], low.shape[0], &low[0], &least, &most)
    return least, most, fit


def words_within(const int64_t[::1] words, int64_t most):
    """Whether 128-bit numbers, of which ``words`` has the low and the high half in turn, are all from -most to most."""
    cdef int64_t least = 0, greatest = 0
    cdef bint fit = True
    if words.shape[0]:
        with nogil:
            fit = read_words(&words[0], words.shape[0] // 2, NULL, &least, &greatest)
    return fit and greatest <= most and least >= -most


def take_offsets(const int32_t[::1] offsets, const int32_t[::1] rows, int32_t[::1] out):
    """Offsets (# out) of the texts of ``rows`` laid end to end; returns their length in bytes, which may pass 32 bits."""
    cdef Py_ssize_t i
    cdef int64_t total = 0
    with nogil:
        for i in range(rows.shape[0]):
            out[i] = <int32_t>total
            total += offsets[rows[i] + 1] - offsets[rows[i]]
        out[rows.shape[0]] = <int32_t>total
    return total


cdef inline void copy(uint8_t* to, const uint8_t* source, int64_t n) noexcept nogil:
    """Copy a short text, of one byte or more, in two moves that may overlap: a call for each would cost more than the copying."""
    if n > 32:
        memcpy(to, source, n)
    elif n >= 16:
        memcpy(to, source, 16)
        memcpy(to + n - 16, source + n - 16, 16)
    elif n >= 8:
        memcpy(to, source, 8)
        memcpy(to + n - 8, source + n - 8, 8)
    elif n >= 4:
        memcpy(to, source, 4)
        memcpy(to + n - 4, source + n - 4, 4)
    else:
        to[0] = source[0]
        to[n - 1] = source[n - 1]
        to[n // 2] = source[n // 2]


def take_texts(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const int32_t[::1] rows,
    const int32_t[::1] out_offsets,
    uint8_t[::1] out,
):
    """Copy the bytes of the texts of ``rows`` to where ``out_offsets`` has them (``out`` is # out)."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(rows.shape[0]):
            if out_offsets[i + 1] > out_offsets[i]:
                copy(&out[out_offsets[i]], &data[offsets[rows[i]]], out_offsets[i + 1] - out_offsets[i])


def take_even_texts(const uint8_t[::1] data, int64_t width, const int32_t[::1] rows, uint8_t[::1] out):
    """Copy the texts of ``rows``, which lie at data[row * width : (row + 1) * width], end to end (``out`` is # out)."""
    cdef Py_ssize_t i
    with nogil:
        if width == USUAL:
            for i in range(rows.shape[0]):
                copy(&out[USUAL * i], &data[USUAL * <int64_t>rows[i]], USUAL)
        elif width > 0:
            for i in range(rows.shape[0]):
                copy(&out[width * i], &data[width * rows[i]], width)


def add_by_group(const int32_t[::1] group, const int64_t[::1] amounts, int64_t[::1] sums):
    """sums[group[i]] (# in/out) += amounts[i]."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(group.shape[0]):
            sums[group[i]] += amounts[i]
