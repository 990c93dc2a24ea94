from libc.stdint cimport int64_t, uint8_t, uint64_t


cdef enum:  # kinds of values
    YES = 1
    NO = 2
    BYTE = 3
    SHORT = 4
    INT = 5
    LONG = 6
    DOUBLE = 7
    BINARY = 8
    LIST = 9
    SET = 10
    MAP = 11
    STRUCT = 12
    UUID = 13


cdef class Reader:
    cdef bytes data
    cdef const uint8_t* begin
    cdef int64_t at, size

    cdef int open(self, bytes data, int64_t at) except -1
    cdef int byte(self) except -1
    cdef uint64_t unsigned(self) except? 0
    cdef int64_t number(self) except? 0
    cdef int leave(self, uint64_t size) except -1
    cdef int pass_by(self, int kind, int depth) except -1
    cdef bytes raw(self, uint64_t size)
    cdef dict struct(self, int depth, dict wanted=*)
    cdef object value(self, int kind, int depth, dict wanted=*)
    cdef list list_of(self, int depth, dict wanted=*)
    cdef list map_of(self, int depth)
