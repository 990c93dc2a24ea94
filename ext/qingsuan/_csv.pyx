# Design: a walk over raw bytes, one state after the other, that knows where a record of RFC 4180 ends, and nothing of what
# is in it. The door (qingsuan.run.inputs.formats.csv) gives it whole buffers and takes places in them back.
"""Where the records of a CSV text end, and what is wrong with one. Opened by :mod:`qingsuan.run.inputs.formats.csv` only."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memset

cdef enum:
    LF = 10
    CR = 13
    OPEN_AT_END = 1
    BEHIND_QUOTE = 2
    INSIDE_CELL = 3
    NUL = 4
    TOO_LONG = 5
    ROWS_INSIDE = 6
    TORN_LINES = 7
    UNFINISHED = 8
    TORN_FIELDS = 5


cdef struct Walk:
    const uint8_t* data
    int64_t size
    bint last  # nothing comes after these bytes
    uint8_t comma  # what is between cells
    uint8_t quote  # what stands around a cell; a byte that no text has, if nothing does
    uint8_t ends[256]  # whether a byte may end a run of plain ones
    int64_t at
    int64_t lines  # line ends passed
    int64_t columns  # cells that a record should have; 0: any number
    int64_t cells  # of the record that was walked last
    int64_t quote_line  # line ends before the quote that was opened last
    bint spans  # a cell of the record that was walked last holds line ends


cdef int line_end(Walk* walk) noexcept nogil:
    """Pass LF, CR LF or CR; a CR at the end of the bytes may be half of a line end."""
    if walk.data[walk.at] == CR:
        if walk.at + 1 < walk.size:
            walk.at += walk.data[walk.at + 1] == LF
        elif not walk.last:
            return UNFINISHED
    walk.at += 1
    walk.lines += 1
    return 0


cdef int quoted_cell(Walk* walk) noexcept nogil:
    """Pass a cell from its opening quote to behind its closing one.

    A quote that was forgotten in one row and closed by one in a later row leaves the file well formed, and all between them one
    cell. Its first line then holds as many commas as cells follow it, its last line as many as cells precede it.
    """
    cdef uint8_t byte
    cdef int64_t first_commas = 0, commas = 0
    walk.quote_line = walk.lines
    walk.at += 1
    while True:
        while walk.at < walk.size and not walk.ends[walk.data[walk.at]]:
            walk.at += 1
        if walk.at == walk.size:
            return OPEN_AT_END if walk.last else UNFINISHED
        byte = walk.data[walk.at]
        if byte == 0:
            return NUL
        if byte == walk.comma:
            commas += 1
            walk.at += 1
        elif byte != walk.quote:
            if walk.lines == walk.quote_line:
                first_commas = commas
            if line_end(walk):
                return UNFINISHED
            walk.spans, commas = True, 0
        elif walk.at + 1 < walk.size and walk.data[walk.at + 1] == walk.quote:
            walk.at += 2
        elif walk.at + 1 == walk.size and not walk.last:
            return UNFINISHED  # a second quote may follow
        else:
            walk.at += 1
            break
    if walk.at < walk.size and walk.data[walk.at] not in (walk.comma, LF, CR):
        return BEHIND_QUOTE
    if walk.columns > 1 and walk.lines > walk.quote_line:
        if commas == walk.cells - 1 and first_commas == walk.columns - walk.cells:
            return ROWS_INSIDE
    return 0


cdef int plain_cell(Walk* walk) noexcept nogil:
    """Pass a cell without quotes."""
    while walk.at < walk.size and not walk.ends[walk.data[walk.at]]:
        walk.at += 1
    if walk.at < walk.size:
        if walk.data[walk.at] == walk.quote:
            return INSIDE_CELL
        if walk.data[walk.at] == 0:
            return NUL
    return 0


cdef int record(Walk* walk) noexcept nogil:
    """Pass a record and its line end; gives what is wrong, 0 if nothing."""
    cdef int fault
    walk.cells, walk.spans = 1, False
    while True:
        if walk.at < walk.size and walk.data[walk.at] == walk.quote:
            fault = quoted_cell(walk)
        else:
            fault = plain_cell(walk)
        if fault:
            return fault
        if walk.at == walk.size:
            return 0 if walk.last else UNFINISHED
        if walk.data[walk.at] != walk.comma:
            return line_end(walk)
        walk.at += 1
        walk.cells += 1


def scan(
    const uint8_t[::1] data,
    bint last,
    int64_t cells,
    int64_t most_records,
    int64_t most_bytes,
    uint8_t comma,
    uint8_t quote,
    int64_t[::1] torn,
):
    """Walk whole records of ``data``, whose cells have ``comma`` between them and may stand in ``quote``.

    It ends behind the last record that is whole, or behind ``most_records`` of them, or where ``torn`` (# out) is full. ``torn``
    takes five numbers for each record that has not ``cells`` of them (0: any number will do): where it begins and ends, which
    record it is, how many cells it has, and how many line ends lie before it. Gives: where it ended, records, line ends passed,
    torn records, what is wrong (0: nothing), and how many line ends lie before what is wrong. Blank lines are no records.
    """
    cdef Walk walk
    cdef int64_t end = 0, records = 0, lines = 0, torn_records = 0, room = torn.shape[0] // TORN_FIELDS
    cdef int fault = 0
    if data.shape[0] == 0:
        return 0, 0, 0, 0, 0, 0
    walk.data, walk.size, walk.last, walk.at, walk.lines, walk.quote_line = &data[0], data.shape[0], last, 0, 0, 0
    walk.columns, walk.comma, walk.quote = cells, comma, quote
    memset(walk.ends, 0, 256)
    walk.ends[comma] = walk.ends[quote] = walk.ends[LF] = walk.ends[CR] = walk.ends[0] = 1
    with nogil:
        while walk.at < walk.size and records < most_records and torn_records < room:
            if walk.data[walk.at] in (LF, CR):
                if line_end(&walk):
                    break
                end, lines = walk.at, walk.lines
                continue
            fault = record(&walk)
            if walk.at - end > most_bytes:
                fault = TOO_LONG
            if cells and walk.cells != cells and walk.spans and not fault:
                fault = TORN_LINES
            if fault:
                break
            if cells and walk.cells != cells:
                torn[torn_records * TORN_FIELDS] = end
                torn[torn_records * TORN_FIELDS + 1] = walk.at
                torn[torn_records * TORN_FIELDS + 2] = records
                torn[torn_records * TORN_FIELDS + 3] = walk.cells
                torn[torn_records * TORN_FIELDS + 4] = lines
                torn_records += 1
            records += 1
            end, lines = walk.at, walk.lines
    if fault == UNFINISHED:
        fault = 0
    if fault in (TOO_LONG, TORN_LINES):
        walk.lines = lines
    elif fault in (OPEN_AT_END, ROWS_INSIDE):
        walk.lines = walk.quote_line
    return end, records, lines, torn_records, fault, walk.lines
