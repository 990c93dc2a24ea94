# Design: rows come person after person and in the order of their dates and times (qingsuan.people.Numbering); those few
# that are alike in both are sorted by setl_id where they lie, by insertion, or by merging when there are many. Then
# duplicates and reversals are found inside the person. The door (qingsuan.benefits.order) checks what comes in; the slow
# twin judges what comes out.
"""Order inside a person, duplicates and reversals. Opened by :mod:`qingsuan.benefits.order` only."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef enum:
    SMALL = 24
    FEW = 12
    BILL = 5  # amounts

cdef enum:  # what becomes of a row
    COUNTS, DUPLICATE, REVERSED, ORPHAN, MISMATCH

STATUS = {"counts": COUNTS, "duplicate": DUPLICATE, "reversed": REVERSED, "orphan": ORPHAN, "mismatch": MISMATCH}


cdef struct Texts:
    # as Arrow lays them out
    const int32_t* offsets
    const uint8_t* data


cdef struct Bill:
    const int64_t* amounts[BILL]


cdef inline int compare_texts(const Texts* texts, int32_t a, int32_t b) noexcept nogil:
    cdef int32_t a_length = texts.offsets[a + 1] - texts.offsets[a]
    cdef int32_t b_length = texts.offsets[b + 1] - texts.offsets[b]
    cdef int result = memcmp(
        texts.data + texts.offsets[a], texts.data + texts.offsets[b], a_length if a_length < b_length else b_length
    )
    return result if result else (a_length > b_length) - (a_length < b_length)


cdef inline void insert_sorted(const Texts* texts, int32_t* rows, int64_t n) noexcept nogil:
    cdef int64_t i, k
    cdef int32_t row
    for i in range(1, n):
        row = rows[i]
        k = i
        while k > 0 and compare_texts(texts, rows[k - 1], row) > 0:
            rows[k] = rows[k - 1]
            k -= 1
        rows[k] = row


cdef void sort_rows(const Texts* texts, int32_t* rows, int32_t* scratch, int64_t n) noexcept nogil:
    """Sort runs by insertion, then merge them, doubling: 100 000 rows may have one date and time."""
    cdef int64_t width = SMALL, start, middle, end, a, b, k
    start = 0
    while start < n:
        insert_sorted(texts, rows + start, SMALL if start + SMALL < n else n - start)
        start += SMALL
    while width < n:
        start = 0
        while start < n:
            middle = start + width if start + width < n else n
            end = middle + width if middle + width < n else n
            memcpy(scratch + start, rows + start, (end - start) * sizeof(int32_t))
            a, b = start, middle
            for k in range(start, end):
                if b >= end or (a < middle and compare_texts(texts, scratch[a], scratch[b]) <= 0):
                    rows[k] = scratch[a]
                    a += 1
                else:
                    rows[k] = scratch[b]
                    b += 1
            start = end
        width *= 2


def break_ties(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    int32_t[::1] rows,
    int32_t[::1] scratch,
    int8_t[::1] tied,
):
    """Sort by text those neighbours among ``rows`` (# in/out) that are tied: tied[i] = 1, row i with the one before.

    tied (# in/out) stays 1 where the texts are equal too. ``scratch`` is as long as ``rows``.
    """
    cdef Py_ssize_t i = 1, k, start, n = rows.shape[0]
    cdef Texts texts
    texts.offsets, texts.data = &offsets[0], &data[0] if data.shape[0] else NULL
    with nogil:
        while i < n:
            if not tied[i]:
                i += 1
                continue
            start = i - 1
            while i < n and tied[i]:
                i += 1
            sort_rows(&texts, &rows[start], &scratch[start], i - start)
            for k in range(start + 1, i):
                tied[k] = compare_texts(&texts, rows[k - 1], rows[k]) == 0


cdef inline bint same_id(
    const int32_t[::1] offsets, const uint8_t[::1] data, const uint64_t[::1] hashes, int32_t a, int32_t b
) noexcept nogil:
    cdef int32_t length = offsets[a + 1] - offsets[a]
    if hashes[a] != hashes[b] or length != offsets[b + 1] - offsets[b]:
        return False
    return length == 0 or memcmp(&data[offsets[a]], &data[offsets[b]], length) == 0


def mark_duplicates(
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const uint64_t[::1] hashes,
    int32_t[::1] table,
    int8_t[::1] status,
    int32_t[::1] twin,
):
    """The same setl_id again inside a person: status[i] (# out) = DUPLICATE, twin[i] (# out) = place of the first.

    ``rows`` is the order, ``status`` and ``twin`` go by place in it. ``table`` (# scratch) serves people with many rows:
    its size is a power of two above twice the rows of the one with most.
    """
    cdef Py_ssize_t p, i, k
    cdef int64_t start, end, slot, mask
    with nogil:
        for p in range(starts.shape[0] - 1):
            start, end = starts[p], starts[p + 1]
            if end - start <= FEW:
                for i in range(start + 1, end):
                    for k in range(start, i):
                        if status[k] == COUNTS and same_id(offsets, data, hashes, rows[i], rows[k]):
                            status[i], twin[i] = DUPLICATE, <int32_t>k
                            break
                continue
            mask = 1
            while mask < 2 * (end - start):
                mask *= 2
            for slot in range(mask):
                table[slot] = -1
            mask -= 1
            for i in range(start, end):
                slot = hashes[rows[i]] & mask
                while table[slot] >= 0 and not same_id(offsets, data, hashes, rows[i], rows[table[slot]]):
                    slot = (slot + 1) & mask
                if table[slot] >= 0:
                    status[i], twin[i] = DUPLICATE, table[slot]
                else:
                    table[slot] = <int32_t>i


cdef inline bint negates(const Bill* bill, int32_t a, int32_t b) noexcept nogil:
    cdef int k
    for k in range(BILL):
        if bill.amounts[k][a] != -bill.amounts[k][b]:
            return False
    return True


cdef inline void index_ids(
    const int32_t[::1] rows,
    const uint64_t[::1] hashes,
    const int8_t[::1] status,
    int32_t[::1] table,
    int64_t start,
    int64_t end,
    int64_t mask,
) noexcept nogil:
    """Put the places of rows that are no duplicates into the table (# out), by the hashes of their ids."""
    cdef int64_t i, slot
    for slot in range(mask + 1):
        table[slot] = -1
    for i in range(start, end):
        if status[i] != DUPLICATE:
            slot = hashes[rows[i]] & mask
            while table[slot] >= 0:
                slot = (slot + 1) & mask
            table[slot] = <int32_t>i


def mark_reversals(
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int8_t[::1] takes_back,
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const uint64_t[::1] hashes,
    const int32_t[::1] init_offsets,
    const uint8_t[::1] init_data,
    const uint64_t[::1] init_hashes,
    const int64_t[::1] total,
    const int64_t[::1] own_pay,
    const int64_t[::1] over_limit,
    const int64_t[::1] own_share,
    const int64_t[::1] in_scope,
    int32_t[::1] table,
    int8_t[::1] status,
    int32_t[::1] twin,
):
    """Pair reversals (``takes_back[row]``) with the claims they take back, inside the person and in order.

    A pair that negates becomes REVERSED, one that does not MISMATCH (both rows); a reversal that finds no claim, or only
    one that an earlier reversal has taken, becomes ORPHAN. twin (# out) names the other's place. An id that is no
    duplicate is one row's only, so ``table`` (# scratch, as in :func:`mark_duplicates`) leads to it at once.
    """
    cdef Py_ssize_t p, i, k
    cdef int64_t start, end, slot, mask
    cdef int32_t row, other, length
    cdef int8_t verdict
    cdef Bill bill
    if rows.shape[0] == 0:
        return
    bill.amounts[0], bill.amounts[1], bill.amounts[2] = &total[0], &own_pay[0], &over_limit[0]
    bill.amounts[3], bill.amounts[4] = &own_share[0], &in_scope[0]
    with nogil:
        for p in range(starts.shape[0] - 1):
            start, end, mask = starts[p], starts[p + 1], 0
            for i in range(start, end):
                row = rows[i]
                if not takes_back[row] or status[i] != COUNTS:
                    continue
                if mask == 0:
                    mask = 1
                    while mask < 2 * (end - start):
                        mask *= 2
                    mask -= 1
                    index_ids(rows, hashes, status, table, start, end, mask)
                status[i] = ORPHAN
                length = init_offsets[row + 1] - init_offsets[row]
                slot = init_hashes[row] & mask
                while table[slot] >= 0:
                    k = table[slot]
                    slot = (slot + 1) & mask
                    other = rows[k]
                    if (
                        status[k] != COUNTS
                        or takes_back[other]
                        or hashes[other] != init_hashes[row]
                        or offsets[other + 1] - offsets[other] != length
                        or (length and memcmp(&data[offsets[other]], &init_data[init_offsets[row]], length) != 0)
                    ):
                        continue
                    verdict = REVERSED if negates(&bill, row, other) else MISMATCH
                    status[i], status[k] = verdict, verdict
                    twin[i], twin[k] = <int32_t>k, <int32_t>i
                    break
