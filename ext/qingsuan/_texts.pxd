# Texts where Arrow has them, and what is asked of two of them: inline functions for the compiled modules, no module itself.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define QINGSUAN_SOON(address) __builtin_prefetch(address)
    #else
    #define QINGSUAN_SOON(address) ((void)(address))
    #endif
    """
    void soon "QINGSUAN_SOON"(const void* address) noexcept nogil


cdef struct Texts:
    # as Arrow lays them out; width >= 0 where all are so long, so that offsets need not be read
    const int32_t* offsets
    const uint8_t* data
    int64_t width


cdef inline Texts texts_of(const int32_t[::1] offsets, const uint8_t[::1] data, int64_t width) noexcept nogil:
    cdef Texts texts
    texts.offsets, texts.width = &offsets[0], width
    texts.data = &data[0] if data.shape[0] else NULL
    if width >= 0:
        texts.data += offsets[0]
    return texts


cdef inline const uint8_t* text(const Texts* texts, int64_t row) noexcept nogil:
    return texts.data + (row * texts.width if texts.width >= 0 else texts.offsets[row])


cdef inline int64_t length(const Texts* texts, int64_t row) noexcept nogil:
    return texts.width if texts.width >= 0 else texts.offsets[row + 1] - texts.offsets[row]


cdef inline uint64_t word_at(const uint8_t* data) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, data, 8)
    return word


cdef inline bint same_bytes(const uint8_t* a, const uint8_t* b, int64_t n) noexcept nogil:
    cdef int64_t at = 0
    if n < 8:
        return n == 0 or memcmp(a, b, n) == 0
    while at + 8 <= n:
        if word_at(a + at) != word_at(b + at):
            return False
        at += 8
    return word_at(a + n - 8) == word_at(b + n - 8)


cdef inline bint same_text(const Texts* a, int64_t a_row, const Texts* b, int64_t b_row) noexcept nogil:
    cdef int64_t n = length(a, a_row)
    return n == length(b, b_row) and same_bytes(text(a, a_row), text(b, b_row), n)


cdef inline int compare_texts(const Texts* texts, int64_t a, int64_t b) noexcept nogil:
    cdef int64_t a_length = length(texts, a), b_length = length(texts, b)
    cdef int result = memcmp(text(texts, a), text(texts, b), a_length if a_length < b_length else b_length)
    return result if result else (a_length > b_length) - (a_length < b_length)
