# Design: one walk over the bytes, which never reads beyond them; every value that is asked for becomes a Python object,
# and the others are passed by: the footer of a file with ten thousand columns has a million values. The door (qingsuan.run.inputs.formats.parquet.thrift) says what is wrong in its own error.
"""Structs of Thrift's compact protocol. Opened by :mod:`qingsuan.run.inputs.formats.parquet.thrift` only."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef enum:
    MOST_WITHIN = 32  # so many structs, lists and maps lie within each other, at most
    MOST_BITS = 63  # of a number, but for those of its last byte


cdef class Reader:
    cdef int open(self, bytes data, int64_t at) except -1:
        self.data, self.begin, self.at, self.size = data, data, at, len(data)
        return 0

    cdef int byte(self) except -1:
        if self.at >= self.size:
            raise ValueError("a struct is cut short")
        self.at += 1
        return self.begin[self.at - 1]

    @cython.overflowcheck(False)  # bits, not amounts: those beyond the last are garbled, and nobody's
    cdef uint64_t unsigned(self) except? 0:
        cdef uint64_t value = 0
        cdef int byte, shift = 0
        while shift <= MOST_BITS:
            byte = self.byte()
            value |= <uint64_t>(byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise ValueError("a number without an end")

    @cython.overflowcheck(False)  # bits, not amounts
    cdef int64_t number(self) except? 0:
        cdef uint64_t value = self.unsigned()
        return <int64_t>((value >> 1) ^ (~(value & 1) + 1))

    cdef int leave(self, uint64_t size) except -1:
        if size > <uint64_t>(self.size - self.at):
            raise ValueError("a struct is cut short")
        self.at += <int64_t>size
        return 0

    cdef bytes raw(self, uint64_t size):
        if size > <uint64_t>(self.size - self.at):
            raise ValueError("a struct is cut short")
        self.at += <int64_t>size
        return self.data[self.at - <int64_t>size : self.at]

    cdef int pass_by(self, int kind, int depth) except -1:
        cdef int head, inner
        cdef uint64_t size
        if YES <= kind <= NO:
            return 0  # the head of the field has said it
        if SHORT <= kind <= LONG:
            self.unsigned()
        elif kind == BINARY:
            self.leave(self.unsigned())
        elif kind == BYTE:
            self.leave(1)
        elif kind == DOUBLE:
            self.leave(8)
        elif kind == UUID:
            self.leave(16)
        elif depth > MOST_WITHIN:
            raise ValueError("too many structs within each other")
        elif kind == STRUCT:
            head = self.byte()
            while head:
                if not head >> 4:
                    self.number()
                self.pass_by(head & 0x0F, depth + 1)
                head = self.byte()
        elif kind == LIST or kind == SET:
            head = self.byte()
            size = head >> 4 if head >> 4 < 0x0F else self.unsigned()
            inner = BYTE if YES <= head & 0x0F <= NO else head & 0x0F
            while size:
                self.pass_by(inner, depth + 1)
                size -= 1
        elif kind == MAP:
            self.map_of(depth)
        else:
            raise ValueError(f"a value of kind {kind}")
        return 0

    cdef dict struct(self, int depth, dict wanted=None):
        cdef dict found = {}
        cdef int64_t field = 0
        cdef int head = self.byte(), kind
        while head:
            field = field + (head >> 4) if head >> 4 else self.number()
            kind = head & 0x0F
            if wanted is not None and field not in wanted:
                self.pass_by(kind, depth + 1)
            elif YES <= kind <= NO:
                found[field] = kind == YES
            else:
                found[field] = self.value(kind, depth + 1, None if wanted is None else wanted[field])
            head = self.byte()
        return found

    cdef object value(self, int kind, int depth, dict wanted=None):
        if SHORT <= kind <= LONG:
            return self.number()
        if kind == BINARY:
            return self.raw(self.unsigned())
        if YES <= kind <= BYTE:
            return self.raw(1)
        if kind == DOUBLE:
            return self.raw(8)
        if kind == UUID:
            return self.raw(16)
        if depth > MOST_WITHIN:
            raise ValueError("too many structs within each other")
        if kind == STRUCT:
            return self.struct(depth, wanted)
        if kind == LIST or kind == SET:
            return self.list_of(depth, wanted)
        if kind == MAP:
            return self.map_of(depth)
        raise ValueError(f"a value of kind {kind}")

    cdef list list_of(self, int depth, dict wanted=None):
        cdef int head = self.byte()
        cdef uint64_t size = head >> 4 if head >> 4 < 0x0F else self.unsigned()
        cdef list found = []
        while size:
            found.append(self.value(head & 0x0F, depth + 1, wanted))
            size -= 1
        return found

    cdef list map_of(self, int depth):
        cdef uint64_t size = self.unsigned()
        cdef int kinds = self.byte() if size else 0
        cdef list found = []
        while size:
            key = self.value(kinds >> 4, depth + 1)
            found.append((key, self.value(kinds & 0x0F, depth + 1)))
            size -= 1
        return found


def read_struct(bytes data, int64_t at, dict wanted):
    """The struct that begins at a place (not beyond the data), and where it ends; ValueError if there is none.

    ``wanted`` are the numbers of the fields that are asked for, each with those within it: None for all.
    """
    cdef Reader reader = Reader()
    reader.open(data, at)
    return reader.struct(0, wanted), reader.at
