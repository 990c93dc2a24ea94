# Design: one walk over a footer, which copies it but for the places that it names, and over the heads of the pages that lie there. Both are
# read through Reader, which never goes beyond the bytes; a number is compared with them before it is a place.
"""Footers of Parquet files, moved by so many bytes. Opened by :mod:`qingsuan.run.inputs.formats.parquet.footers` only."""

cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from qingsuan._thrift cimport BINARY, INT, LIST, LONG, STRUCT, Reader

cdef enum:  # parts of a footer that name places
    GROUP = 0
    COLUMN = 1
    CONTENTS = 2

cdef enum:
    DATA_PAGE = 0  # kinds of pages with values, and the field that each has its own head in
    DATA_PAGE_HEAD = 5
    DATA_PAGE_V2 = 3
    DATA_PAGE_V2_HEAD = 8
    DICTIONARY_PAGE = 2
    DICTIONARY_PAGE_HEAD = 7
    MOST_VALUES = 0x7FFFFFFF  # of a page
    MOST_FIELD = 0x7FFF  # others read a larger number of a field as a smaller one

cdef enum:  # how values are written: each text in full, or as the number of one that a dictionary has in full
    PLAIN = 0
    PLAIN_DICTIONARY = 2
    RLE_DICTIONARY = 8

cdef enum:  # heads of the footer's fields 3 and 4, rows and row groups, where each follows the one before it
    ROWS = 0x16
    GROUPS = 0x19

cdef enum:
    SAID = 5  # the footer's field for what is said beside the columns, key by key


cdef class _Pages(Reader):
    cdef int64_t kind, packed, unpacked, values, of_v2, of_dictionary, how, how_v2
    cdef list dictionaries  # of a column of texts that are wanted; None of others

    cdef int64_t count(self, int64_t place, int64_t size) except -1:
        """How many values, nulls included, the pages of so many bytes have."""
        cdef int64_t found = 0, end
        if place <= 0 or size < 0 or size > self.size - place:
            raise ValueError("a column that lies outside the file")
        self.at, end = place, place + size
        while self.at < end:
            self.kind, self.packed, self.values, self.of_v2 = -1, 0, 0, 0
            self.unpacked, self.of_dictionary, self.how, self.how_v2 = 0, 0, -1, -1
            self.head_of(0)
            if self.kind != DATA_PAGE:  # which head counts is known when all of them were read
                self.values = self.of_v2 if self.kind == DATA_PAGE_V2 else 0
            if self.packed < 0 or self.packed > end - self.at or self.values < 0 or self.values > MOST_VALUES:
                raise ValueError("a page that lies outside its column")
            if self.dictionaries is not None:
                self.texts()
            self.at += self.packed
            found += self.values
        return found

    cdef int texts(self) except -1:
        """Note a page that is a dictionary; of one with values, be sure that each text stands in it, or in the dictionary, in full."""
        cdef int64_t how = self.how_v2 if self.kind == DATA_PAGE_V2 else self.how
        if self.kind == DICTIONARY_PAGE:
            if self.unpacked < 0 or self.of_dictionary < 0:
                raise ValueError("a dictionary of less than nothing")
            self.dictionaries.append((self.at, self.packed, self.unpacked, self.of_dictionary))
        elif how != PLAIN and how != PLAIN_DICTIONARY and how != RLE_DICTIONARY:
            raise ValueError("texts that are written as something else")
        return 0

    cdef int head_of(self, int64_t within) except -1:
        """The head of a page, or the one within it of the kind of page that it is."""
        cdef int64_t field = 0
        cdef int head = self.byte(), kind
        while head:
            field = field + (head >> 4) if head >> 4 else self.number()
            kind = head & 0x0F
            if not 0 < field <= MOST_FIELD:
                raise ValueError("a field that has no number")
            if within == 0 and field == 1 and kind == INT:
                self.kind = self.number()
            elif within == 0 and field == 3 and kind == INT:
                self.packed = self.number()
            elif within == 0 and kind == STRUCT and (field == DATA_PAGE_HEAD or field == DATA_PAGE_V2_HEAD):
                self.head_of(field)
            elif within == DATA_PAGE_HEAD and field == 1 and kind == INT:
                self.values = self.number()
            elif within == DATA_PAGE_V2_HEAD and field == 1 and kind == INT:
                self.of_v2 = self.number()
            elif self.dictionaries is not None and self.is_of_texts(within, field, kind):
                pass
            else:
                self.pass_by(kind, 0)
            head = self.byte()
        return 0


    cdef bint is_of_texts(self, int64_t within, int64_t field, int kind) except -1:
        """Read what only a page of texts is asked for, if this is it."""
        if within == 0 and kind == STRUCT and field == DICTIONARY_PAGE_HEAD:
            self.head_of(field)
        elif kind != INT:
            return False
        elif within == 0 and field == 2:
            self.unpacked = self.number()
        elif within == DICTIONARY_PAGE_HEAD and field == 1:
            self.of_dictionary = self.number()
        elif within == DATA_PAGE_HEAD and field == 2:
            self.how = self.number()
        elif within == DATA_PAGE_V2_HEAD and field == 4:
            self.how_v2 = self.number()
        else:
            return False
        return True


cdef class _Footer(Reader):
    cdef bytearray out
    cdef _Pages pages
    cdef frozenset texts  # the numbers of columns of which dictionaries are wanted
    cdef list dictionaries
    cdef int64_t by, copied, width, columns, rows, size_bytes, least, most, data_at, dictionary_at, packed, codec

    cdef int copy(self) except -1:
        """What was passed by since the last place, as it is."""
        self.out += self.data[self.copied : self.at]
        self.copied = self.at
        return 0

    cdef int64_t move(self) except? -1:
        """A place, moved; returns where it was. That there is none is written as 0, or below."""
        self.copy()
        cdef int64_t place = self.number()
        if place > self.size:
            raise ValueError("a place outside the file")
        self.out += _number(place + self.by if place > 0 else place)
        self.copied = self.at
        return place

    cdef bytes before_rows(self):
        """What stands before the number of rows; the place is behind the head of that."""
        cdef int64_t begin = self.at
        cdef int head = self.byte()
        while head != ROWS:
            if not head >> 4:
                raise ValueError("fields in another order")
            self.pass_by(head & 0x0F, 0)
            head = self.byte()
        return self.data[begin : self.at - 1]

    cdef int group(self) except -1:
        """A row group; its columns have as many values as it has rows, each of them."""
        cdef Py_ssize_t before = len(self.dictionaries)
        self.columns, self.rows, self.size_bytes, self.least, self.most = 0, -1, 0, -1, -1
        self.part(GROUP)
        if len(self.dictionaries) > before:
            self.dictionaries[before:] = [(self.rows, *page) for page in self.dictionaries[before:]]
        if self.size_bytes < 0:
            raise ValueError("a row group of less than nothing")
        if self.columns != self.width:
            raise ValueError("a row group with more or fewer columns than there are")
        if self.rows < 0 or self.least != self.rows or self.most != self.rows:
            raise ValueError("a column that has more or fewer values than its row group has rows")
        return 0

    cdef int column(self) except -1:
        cdef int64_t place, values
        cdef bint is_wanted = self.columns in self.texts if self.texts else False
        self.columns += 1
        self.data_at = self.dictionary_at = self.packed = self.codec = 0
        self.part(COLUMN)
        place = self.data_at if self.dictionary_at <= 0 or 0 < self.data_at < self.dictionary_at else self.dictionary_at
        self.pages.dictionaries = [] if is_wanted else None
        values = self.pages.count(place, self.packed) if self.packed else 0  # a row group without rows has no pages
        if is_wanted:
            self.dictionaries += [(self.codec, *page) for page in self.pages.dictionaries]
        if values and self.data_at <= 0:
            raise ValueError("a column with values that says no place of them")
        self.least = values if self.least < 0 or values < self.least else self.least
        self.most = max(self.most, values)
        return 0

    cdef int part(self, int what) except -1:
        cdef int64_t field = 0
        cdef uint64_t size
        cdef int head = self.byte(), kind
        while head:
            field = field + (head >> 4) if head >> 4 else self.number()
            kind = head & 0x0F
            if not 0 < field <= MOST_FIELD:
                raise ValueError("a field that has no number")
            if kind == LONG:
                self.whole_number(what, field)
            elif what == GROUP and field == 1:
                size = self.length(kind)
                while size:
                    self.column()
                    size -= 1
            elif what == COLUMN and field == 3 and kind == STRUCT:
                self.part(CONTENTS)
            elif what == CONTENTS and field == 4 and kind == INT:
                self.codec = self.number()
            elif what == COLUMN and (field == 1 or field >= 8):
                raise ValueError("a column in another file, or an encrypted one")
            else:
                self.pass_by(kind, 0)
            head = self.byte()
        return 0

    cdef int whole_number(self, int what, int64_t field) except -1:
        if what == GROUP and field == 3:
            self.rows = self.number()
        elif what == GROUP and field == 2:
            self.size_bytes = self.number()
        elif what == CONTENTS and field == 7:
            self.packed = self.number()
        elif what == CONTENTS and field == 9:
            self.data_at = self.move()
        elif what == CONTENTS and field == 11:
            self.dictionary_at = self.move()
        elif (
            (what == GROUP and field == 5)
            or (what == COLUMN and (field == 2 or field == 4 or field == 6))
            or (what == CONTENTS and (field == 10 or field == 14))
        ):
            self.move()
        else:
            self.unsigned()
        return 0

    cdef uint64_t length(self, int kind) except? 0:
        """How many structs the list has that begins here."""
        cdef int head = self.byte()
        if kind != LIST or head & 0x0F != STRUCT:
            raise ValueError("something else where a list of structs should be")
        return head >> 4 if head >> 4 < 0x0F else self.unsigned()


@cython.overflowcheck(False)  # bits, not amounts
cdef bytes _number(int64_t value):
    return _unsigned((<uint64_t>value << 1) ^ <uint64_t>(value >> 63))


cdef bytes _unsigned(uint64_t value):
    cdef bytearray found = bytearray()
    while value > 0x7F:
        found.append(<int>(value & 0x7F) | 0x80)
        value >>= 7
    found.append(<int>value)
    return bytes(found)


def schema_of(bytes content, int64_t footer_at):
    """What stands before the rows of a footer: the columns, in fields of their own."""
    cdef _Footer footer = _Footer()
    footer.open(content, footer_at)
    return footer.before_rows()


def moved(bytes content, int64_t footer_at, int64_t width, int64_t by, frozenset texts):
    """The parts of a footer, its row groups of ``width`` columns moved; ValueError where it, or a page, is not as it should be.

    Returns what stands before its rows; rows and bytes, unpacked, of each row group; the row groups, moved; what stands after them;
    and of the columns with these numbers, which are texts, each dictionary: the rows of its row group, how it is packed, the place and
    the size of its page, the size unpacked, the number of its texts. What is not in a dictionary then stands in its page, in full.
    """
    cdef _Footer footer = _Footer()
    cdef int64_t rows, counted = 0
    cdef uint64_t left
    cdef list groups = []
    footer.open(content, footer_at)
    footer.pages, footer.width, footer.by, footer.out = _Pages(), width, by, bytearray()
    footer.texts, footer.dictionaries = texts, []
    footer.pages.open(content, 0)
    before = footer.before_rows()
    rows = footer.number()
    if footer.byte() != GROUPS:
        raise ValueError("no row groups behind the rows")
    left = footer.length(LIST)
    footer.copied = footer.at
    while left:
        footer.group()
        groups.append((footer.rows, footer.size_bytes))
        counted += footer.rows
        left -= 1
    if counted != rows:
        raise ValueError("other rows than its row groups have")
    footer.copy()
    return before, groups, bytes(footer.out), content[footer.at : len(content) - 8], footer.dictionaries


def joined(bytes before, int64_t rows, uint64_t groups, list parts, bytes after):
    """One footer of the row groups in ``parts``."""
    size = bytes([<int>(groups << 4) | STRUCT]) if groups < 0x0F else bytes([0xF0 | STRUCT]) + _unsigned(groups)
    return b"".join((before, bytes([ROWS]), _number(rows), bytes([GROUPS]), size, *parts, after))


def saying(bytes footer, bytes key, bytes value):
    """A footer that says this beside its columns, and nothing else of what may be said there; ValueError where it cannot be followed."""
    cdef Reader reader = Reader()
    cdef bytearray out = bytearray()
    cdef int64_t field = 0, begin
    cdef int head, kind
    reader.open(footer, 0)
    head = reader.byte()
    while head:
        field = field + (head >> 4) if head >> 4 else reader.number()
        kind, begin = head & 0x0F, reader.at
        if not 0 < field <= MOST_FIELD:
            raise ValueError("a field that has no number")
        reader.pass_by(kind, 0)
        if field != SAID:
            out += bytes([kind]) + _number(field) + footer[begin : reader.at]
        head = reader.byte()
    said = b"".join((bytes([0x10 | BINARY]), _unsigned(len(key)), key, bytes([0x10 | BINARY]), _unsigned(len(value)), value))
    return bytes(out) + bytes([LIST]) + _number(SAID) + bytes([0x10 | STRUCT]) + said + b"\0\0"


def longest(bytes page, int64_t values):
    """How long the longest of so many texts is that fill a page, each behind its length; ValueError if they do not."""
    cdef const uint8_t* begin = page
    cdef int64_t at = 0, size = len(page), found = 0
    cdef uint32_t length
    while values:
        if size - at < 4:
            raise ValueError("a page is cut short")
        memcpy(&length, begin + at, 4)
        at += 4
        if length > <uint64_t>(size - at):
            raise ValueError("a page is cut short")
        at += length
        found = max(found, <int64_t>length)
        values -= 1
    if at != size:
        raise ValueError("a page with more than its texts")
    return found
