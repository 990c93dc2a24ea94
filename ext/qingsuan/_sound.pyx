# Design: one look at a batch through Arrow's C data interface, which is nothing but the places of its buffers. What is not
# seen to be in order is not said to be wrong: the door lets Arrow look at it whole. Of small batches the GIL is kept: to give
# it away and wait for it again takes longer than to look at a thousand rows.
"""Whether columns just decoded are in order. Opened by :mod:`qingsuan.run.inputs.formats.parquet` only."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport atoi
from libc.string cimport memcpy, strchr, strcmp, strncmp

cdef extern from *:
    """
    #include <stdint.h>
    typedef struct ArrowSchema {
        const char *format, *name, *metadata;
        int64_t flags, n_children;
        struct ArrowSchema **children, *dictionary;
        void (*release)(struct ArrowSchema *);
        void *private_data;
    } ArrowSchema;
    typedef struct ArrowArray {
        int64_t length, null_count, offset, n_buffers, n_children;
        const void **buffers;
        struct ArrowArray **children, *dictionary;
        void (*release)(struct ArrowArray *);
        void *private_data;
    } ArrowArray;
    typedef struct ArrowArrayStream {
        int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
        int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
        const char *(*get_last_error)(struct ArrowArrayStream *);
        void (*release)(struct ArrowArrayStream *);
        void *private_data;
    } ArrowArrayStream;
    """
    ctypedef struct ArrowSchema:
        const char *format
        int64_t n_children
        ArrowSchema **children
        ArrowSchema *dictionary
        void (*release)(ArrowSchema *) noexcept nogil
    ctypedef struct ArrowArray:
        int64_t length
        int64_t null_count
        int64_t offset
        int64_t n_children
        const void **buffers
        ArrowArray **children
        ArrowArray *dictionary
        void (*release)(ArrowArray *) noexcept nogil
    ctypedef struct ArrowArrayStream:
        int (*get_schema)(ArrowArrayStream *, ArrowSchema *) noexcept nogil
        int (*get_next)(ArrowArrayStream *, ArrowArray *) noexcept nogil

cdef enum:
    FEW_ROWS = 16384
    MOST_DIGITS = 18  # that 64 bits hold
    NON_ASCII = 0x80

cdef uint64_t NON_ASCII_8 = 0x8080808080808080


cdef bint is_ascii(const uint8_t* data, int64_t size) noexcept nogil:
    cdef uint64_t word, found = 0
    cdef int64_t at = 0
    while at + 8 <= size:
        memcpy(&word, data + at, 8)
        found |= word
        at += 8
    while at < size:
        found |= data[at]
        at += 1
    return (found & NON_ASCII_8) == 0


cdef bint texts_are_good(const ArrowArray* texts) noexcept nogil:
    """Whether texts follow one another, and are all ASCII: then each of them is a whole text."""
    cdef const int32_t* offsets = <const int32_t*>texts.buffers[1]
    cdef int64_t i
    if texts.length == 0:
        return True
    if offsets == NULL:
        return False
    offsets += texts.offset
    for i in range(texts.length):
        if offsets[i + 1] < offsets[i]:
            return False
    if offsets[0] < 0:
        return False
    if offsets[texts.length] == offsets[0]:
        return True
    if texts.buffers[2] == NULL:
        return False
    return is_ascii(<const uint8_t*>texts.buffers[2] + offsets[0], offsets[texts.length] - offsets[0])


cdef bint numbers_are_below(const ArrowArray* numbers, int64_t end) noexcept nogil:
    """Whether numbers of a dictionary are all from 0 to ``end`` without it, what stands in the place of nulls too."""
    cdef const uint32_t* words = <const uint32_t*>numbers.buffers[1]
    cdef uint32_t most = 0
    cdef int64_t i
    if numbers.length == 0:
        return True
    if words == NULL:
        return False
    words += numbers.offset
    for i in range(numbers.length):
        most = max(most, words[i])
    return most < end


cdef bint digits_are_few(const ArrowArray* column, int digits, int words_each) noexcept nogil:
    """Whether no number of 64 or 128 bits, one word or two, has more than so many digits, what stands in the place of nulls too."""
    cdef const int64_t* words = <const int64_t*>column.buffers[1]
    cdef int64_t most = 1, i
    cdef bint good = True
    if digits > MOST_DIGITS:
        return False
    if column.length == 0:
        return True
    if words == NULL:
        return False
    words += words_each * column.offset
    for i in range(digits):
        most *= 10
    if words_each == 1:
        for i in range(column.length):
            good &= words[i] < most and words[i] > -most
        return good
    for i in range(column.length):
        good &= words[2 * i] < most and words[2 * i] > -most and words[2 * i + 1] == words[2 * i] >> 63
    return good


cdef bint nulls_are_counted(const ArrowArray* column) noexcept nogil:
    """Whether as many cells are null as is said."""
    cdef const uint8_t* valid = <const uint8_t*>column.buffers[0]
    cdef int64_t nulls = 0, i, bit
    if valid == NULL:
        return column.null_count == 0
    for i in range(column.length):
        bit = column.offset + i
        nulls += not valid[bit >> 3] >> (bit & 7) & 1
    return nulls == column.null_count


cdef bint is_sound(const ArrowSchema* kind, const ArrowArray* column) noexcept nogil:
    """Whether a column is seen to be in order."""
    cdef const char* form = kind.format
    cdef int width
    if kind.dictionary != NULL:
        return (
            strcmp(form, b"i") == 0
            and strcmp(kind.dictionary.format, b"u") == 0
            and texts_are_good(column.dictionary)
            and numbers_are_below(column, column.dictionary.length)
        )
    if strcmp(form, b"u") == 0:
        return texts_are_good(column)
    if strncmp(form, b"d:", 2) == 0:
        width = width_of(form)
        return width != 0 and digits_are_few(column, atoi(form + 2), width)
    if strcmp(form, b"tdD") == 0 or strncmp(form, b"ts", 2) == 0 or is_whole(form):  # any number is a day, or a time, or itself
        return nulls_are_counted(column)
    return False


cdef bint is_whole(const char* form) noexcept nogil:
    """Whether a column is one of whole numbers, of 8 to 64 bits, with or without a sign."""
    return form[0] != 0 and form[1] == 0 and strchr(b"cCsSiIlL", form[0]) != NULL


cdef int width_of(const char* form) noexcept nogil:
    """How many words each number of a decimal has; 0 if neither one nor two. The third number behind its digits and places says it, or none."""
    cdef int commas = 0
    while form[0] != 0 and commas < 2:
        commas += form[0] == b","
        form += 1
    if form[0] == 0:
        return 2
    return 1 if strcmp(form, b"64") == 0 else 0


def unsound(schema, array):
    """The places of the columns of a batch, given as Arrow's two capsules, that are not seen to be in order."""
    cdef const ArrowSchema* kinds = <const ArrowSchema*>PyCapsule_GetPointer(schema, b"arrow_schema")
    cdef const ArrowArray* batch = <const ArrowArray*>PyCapsule_GetPointer(array, b"arrow_array")
    cdef int64_t at
    cdef list found = []
    cdef bint good
    for at in range(batch.n_children):
        if batch.length <= FEW_ROWS:
            good = is_sound(kinds.children[at], batch.children[at])
        else:
            with nogil:
                good = is_sound(kinds.children[at], batch.children[at])
        if not good:
            found.append(at)
    return found


def unsound_among(stream):
    """The places of the columns of a table, given as Arrow's capsule of its batches, that are not seen to be in order in each of them."""
    cdef ArrowArrayStream* batches = <ArrowArrayStream*>PyCapsule_GetPointer(stream, b"arrow_array_stream")
    cdef ArrowSchema kinds
    cdef ArrowArray batch
    cdef int64_t at
    cdef int failed
    cdef set found = set()
    if batches.get_schema(batches, &kinds) != 0:
        raise ValueError("a table that does not say what its columns are")
    try:
        while True:
            failed = batches.get_next(batches, &batch)
            if failed != 0:
                raise ValueError("a table whose batches cannot be had")
            if batch.release == NULL:
                return sorted(found)
            for at in range(batch.n_children):
                if not is_sound(kinds.children[at], batch.children[at]):
                    found.add(at)
            batch.release(&batch)
    finally:
        kinds.release(&kinds)
