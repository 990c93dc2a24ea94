# Design: rows are moved and added up as plain memory, column by column; what they mean is decided elsewhere. The door
# (qingsuan.rows) checks row numbers and lengths once per batch of columns; here nothing is checked twice.
"""Take rows of columns, and add columns up by group. Opened by :mod:`qingsuan.rows` only."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t
from libc.string cimport memcpy

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


def take_texts(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const int32_t[::1] rows,
    const int32_t[::1] out_offsets,
    uint8_t[::1] out,
):
    """Copy the bytes of the texts of ``rows`` to where ``out_offsets`` has them."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(rows.shape[0]):
            if out_offsets[i + 1] > out_offsets[i]:
                memcpy(&out[out_offsets[i]], &data[offsets[rows[i]]], out_offsets[i + 1] - out_offsets[i])


def add_by_group(const int32_t[::1] group, const int64_t[::1] amounts, int64_t[::1] sums):
    """sums[group[i]] (# in/out) += amounts[i]."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(group.shape[0]):
            sums[group[i]] += amounts[i]
