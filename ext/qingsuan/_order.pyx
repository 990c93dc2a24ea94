# Design: rows come person after person and in the order of their dates and times (qingsuan.people.Numbering); those few
# that are alike in both are sorted by setl_id where they lie, by insertion, or by merging when there are many. Then
# duplicates and reversals are found inside the person; and before the core, the order is checked once more. The door
# (qingsuan.benefits.order) checks what comes in; the slow twin judges what comes out.
"""Order inside a person, duplicates and reversals. Opened by :mod:`qingsuan.benefits.order` only."""

cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from qingsuan._texts cimport Texts, compare_texts, same_text, texts_of

cdef enum:
    UNEVEN = -1  # the width of ids: their offsets are read
    SMALL = 24
    FEW = 12
    BILL = 5  # amounts

cdef enum:  # what a row is to reversals: bits
    REVERSAL = 1
    MARKED = 2
    REFUSED = 4
    OUTSIDE_YEAR = 8

ROLE = {"reversal": REVERSAL, "marked": MARKED, "refused": REFUSED, "outside year": OUTSIDE_YEAR}

cdef enum:  # what becomes of a row
    COUNTS, COPY, REVERSED, ORPHAN, MISMATCH, OPEN

cdef enum:  # who took a claim back, where no reversal was paired with it
    NOBODY = -1
    NAMED = -2  # nobody, but a reversal names it

STATUS = {
    "counts": COUNTS, "copy": COPY, "reversed": REVERSED, "orphan": ORPHAN, "mismatch": MISMATCH, "open": OPEN
}


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
    cdef Texts texts = texts_of(offsets, data, UNEVEN)
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


def find_disorder(
    const int32_t[::1] person,
    const int32_t[::1] rows,
    const int32_t[::1] first,
    const int64_t[::1] second,
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
):
    """The first place that does not follow the one before in (person, ``first``, ``second``, text), or -1.

    ``person`` is by place, as ``rows`` are; ``first``, ``second`` and the texts are by row. A row that is not there follows none.
    """
    cdef Py_ssize_t i, found = -1
    cdef Texts texts = texts_of(offsets, data, UNEVEN)
    cdef int32_t row, before = 0, last = -1
    cdef int64_t count = first.shape[0]
    with nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            if <uint64_t>row >= <uint64_t>count or person[i] < last:
                found = i
                break
            if person[i] == last and first[row] <= first[before] and (
                first[row] < first[before]
                or second[row] < second[before]
                or (second[row] == second[before] and compare_texts(&texts, before, row) > 0)
            ):
                found = i
                break
            before, last = row, person[i]
    return found


cdef inline bint same_id(
    const int32_t[::1] offsets, const uint8_t[::1] data, const uint64_t[::1] hashes, int32_t a, int32_t b
) noexcept nogil:
    cdef int32_t length = offsets[a + 1] - offsets[a]
    if hashes[a] != hashes[b] or length != offsets[b + 1] - offsets[b]:
        return False
    return length == 0 or memcmp(&data[offsets[a]], &data[offsets[b]], length) == 0


cdef inline bint same_kind(int8_t a, int8_t b) noexcept nogil:
    """Whether both rows are reversals, or both claims, and neither was refused."""
    return not ((a ^ b) & REVERSAL or (a | b) & REFUSED)


def mark_copies(
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int8_t[::1] role,
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    const uint64_t[::1] hashes,
    int32_t[::1] table,
    int8_t[::1] status,
    int32_t[::1] twin,
):
    """The same setl_id again inside a person: status[i] (# out) = COPY, twin[i] (# out) = place of the first.

    ``rows`` is the order, ``status`` and ``twin`` go by place in it. A reversal is no copy of a claim, and a refused row is
    none of anything. ``table`` (# scratch) serves people with many rows: its size is a power of two above twice the rows
    of the one with most.
    """
    cdef Py_ssize_t p, i, k
    cdef int64_t start, end, slot, mask
    with nogil:
        for p in range(starts.shape[0] - 1):
            start, end = starts[p], starts[p + 1]
            if end - start <= FEW:
                for i in range(start + 1, end):
                    for k in range(start, i):
                        if (
                            status[k] == COUNTS
                            and same_id(offsets, data, hashes, rows[i], rows[k])
                            and same_kind(role[rows[i]], role[rows[k]])
                        ):
                            status[i], twin[i] = COPY, <int32_t>k
                            break
                continue
            mask = mask_of(2 * (end - start))
            for slot in range(mask + 1):
                table[slot] = -1
            for i in range(start, end):
                if role[rows[i]] & REFUSED:
                    continue
                slot = hashes[rows[i]] & mask
                while table[slot] >= 0 and not (
                    same_id(offsets, data, hashes, rows[i], rows[table[slot]])
                    and same_kind(role[rows[i]], role[rows[table[slot]]])
                ):
                    slot = (slot + 1) & mask
                if table[slot] >= 0:
                    status[i], twin[i] = COPY, table[slot]
                else:
                    table[slot] = <int32_t>i


cdef inline int64_t mask_of(int64_t slots) noexcept nogil:
    """One less than the least power of two that is not below ``slots``."""
    cdef int64_t size = 1
    while size < slots:
        size *= 2
    return size - 1


cdef struct Rows:
    # what reversals are matched by: ids as Arrow lays them out; by place in the order the rows, their scheme and pool; by
    # row the rest
    const int32_t* rows
    const int8_t* role
    Texts ids
    const uint64_t* hashes
    Texts inits
    const uint64_t* init_hashes
    const int64_t* bill[BILL]
    const int32_t* scheme
    const int32_t* pool
    const int32_t* care
    const int32_t* institution


@cython.overflowcheck(False)  # a hash wraps around on purpose, in the checked build too
cdef inline uint64_t mixed(uint64_t value) noexcept nogil:
    value = (value ^ (value >> 32)) * <uint64_t>0xD6E8FEB86659FD93
    return value ^ (value >> 32)


cdef inline uint64_t money_hash(const Rows* all, int64_t place, int64_t sign, int32_t institution) noexcept nogil:
    """A hash of what a reversal has to agree in with its claim, its amounts taken ``sign`` times; the id left out."""
    cdef int32_t row = all.rows[place]
    cdef uint64_t found = mixed(<uint64_t>(sign * all.bill[0][row]))
    cdef int k
    for k in range(1, BILL):
        found = mixed(found ^ <uint64_t>(sign * all.bill[k][row]))
    found = mixed(found ^ <uint64_t>all.scheme[place])
    found = mixed(found ^ <uint64_t>all.pool[place])
    found = mixed(found ^ <uint64_t>all.care[row])
    return mixed(found ^ <uint64_t>(institution + 1))


cdef inline bint same_money(
    const Rows* all, int64_t a, int64_t b, int64_t sign, int32_t institution
) noexcept nogil:
    """Whether the rows at places a and b agree in all but the institution, b's amounts taken ``sign`` times.

    ``institution`` is what b's has to be; -1 for any.
    """
    cdef int32_t row = all.rows[a], other = all.rows[b]
    cdef int k
    for k in range(BILL):
        if all.bill[k][row] != sign * all.bill[k][other]:
            return False
    return (
        all.scheme[a] == all.scheme[b]
        and all.pool[a] == all.pool[b]
        and all.care[row] == all.care[other]
        and (institution < 0 or all.institution[other] == institution)
    )


cdef void index_ids(const Rows* all, int64_t start, int64_t end, int32_t* by_id, int64_t mask) noexcept nogil:
    """Index a person's claims by id: the first of those alike, a refused one only where no other has the id."""
    cdef int64_t i, slot
    cdef int32_t row
    cdef uint64_t id_hash
    for slot in range(mask + 1):
        by_id[slot] = -1
    for i in range(start, end):
        row = all.rows[i]
        if all.role[row] & REVERSAL:
            continue
        id_hash = all.hashes[row]
        slot = id_hash & mask
        while by_id[slot] >= 0 and not (
            all.hashes[all.rows[by_id[slot]]] == id_hash and same_text(&all.ids, row, &all.ids, all.rows[by_id[slot]])
        ):
            slot = (slot + 1) & mask
        if by_id[slot] < 0 or (all.role[all.rows[by_id[slot]]] & REFUSED and not all.role[row] & REFUSED):
            by_id[slot] = <int32_t>i


cdef void index_money(
    const Rows* all, const int32_t* head, int64_t start, int64_t end, const int32_t* taken, int64_t* by_money,
    int64_t money_mask,
) noexcept nogil:
    """Index, by id and money, a person's claims that a reversal names and their copies; those not refused.

    Each stands twice, with its institution and with any; of rows alike in this the first in order stands there.
    """
    cdef int64_t i, slot
    cdef int32_t row, institution
    cdef int turn
    for slot in range(money_mask + 1):
        by_money[slot] = -1
    for i in range(start, end):
        row = all.rows[i]
        if taken[head[i]] != NAMED or all.role[row] & (REVERSAL | REFUSED):
            continue
        for turn in range(2):
            institution = all.institution[row] if turn else -1
            slot = (all.hashes[row] ^ money_hash(all, i, 1, institution)) & money_mask
            while by_money[slot] >= 0 and not (
                (by_money[slot] & 1) == turn
                and head[by_money[slot] >> 1] == head[i]
                and same_money(all, i, by_money[slot] >> 1, 1, institution)
            ):
                slot = (slot + 1) & money_mask
            if by_money[slot] < 0:
                by_money[slot] = i << 1 | turn


cdef inline int32_t named(const Rows* all, int32_t row, const int32_t* by_id, int64_t mask, bint own) noexcept nogil:
    """The place of the first claim whose id a row names as its original, or (``own``) has itself; -1 for none."""
    cdef uint64_t id_hash = all.hashes[row] if own else all.init_hashes[row]
    cdef const Texts* texts = &all.ids if own else &all.inits
    cdef int64_t slot = id_hash & mask
    while by_id[slot] >= 0:
        if all.hashes[all.rows[by_id[slot]]] == id_hash and same_text(texts, row, &all.ids, all.rows[by_id[slot]]):
            return by_id[slot]
        slot = (slot + 1) & mask
    return -1


cdef int32_t negated(
    const Rows* all, const int32_t* head, int64_t i, int32_t first, const int64_t* by_money, int64_t money_mask
) noexcept nogil:
    """The first copy of the claim at ``first`` that the reversal at i negates, and whose money it is; -1 for none."""
    cdef int32_t row = all.rows[i], claim, best = -1, institution
    cdef uint64_t id_hash = all.hashes[all.rows[first]]
    cdef int64_t slot
    cdef int turn, wanted
    for turn in range(2):
        # one that names no institution takes any; else its own, or a claim that names none
        institution = -1 if all.institution[row] == 0 else all.institution[row] if turn else 0
        wanted = institution >= 0
        slot = (id_hash ^ money_hash(all, i, -1, institution)) & money_mask
        while by_money[slot] >= 0:
            claim = <int32_t>(by_money[slot] >> 1)
            if (
                (by_money[slot] & 1) == wanted
                and head[claim] == first
                and same_money(all, i, claim, -1, institution)
            ):
                if best < 0 or claim < best:
                    best = claim
                break
            slot = (slot + 1) & money_mask
    return best


cdef void pair(
    const Rows* all, const int32_t* head, int64_t start, int64_t end, const int32_t* original, const int64_t* by_money,
    int64_t money_mask, int32_t* taken, int8_t* status, int32_t* twin,
) noexcept nogil:
    """Pair each claim with the first reversal that names and negates it, and each reversal with one claim.

    ``taken`` (# out) is the reversal that was paired, at the first copy's place of the claim and at that of the reversal.
    """
    cdef int64_t i
    cdef int32_t first, claim
    for i in range(start, end):
        first = original[i]
        if first < 0 or (all.role[all.rows[i]] | all.role[all.rows[first]]) & REFUSED:
            continue
        if taken[first] >= 0 or taken[head[i]] >= 0:
            continue
        claim = negated(all, head, i, first, by_money, money_mask)
        if claim < 0:
            continue
        taken[first] = taken[head[i]] = <int32_t>i
        if claim != first:
            status[first], twin[first] = COPY, claim
        status[claim], twin[claim] = REVERSED, <int32_t>i
        status[i], twin[i] = REVERSED, claim


cdef void judge(
    const Rows* all, const int32_t* head, int64_t start, int64_t end, const int32_t* original, const int64_t* by_money,
    int64_t money_mask, const int32_t* taken, int8_t* status, int32_t* twin,
) noexcept nogil:
    """Say of each other reversal what is wrong with it, and hold the claim that it leaves in doubt."""
    cdef int64_t i
    cdef int32_t first, by, verdict
    for i in range(start, end):
        if not all.role[all.rows[i]] & REVERSAL or all.role[all.rows[i]] & REFUSED or status[i] == REVERSED:
            continue
        first = original[i]
        if first < 0 or all.role[all.rows[first]] & REFUSED:
            status[i], twin[i] = ORPHAN, first
            continue
        by, verdict = taken[first], MISMATCH
        if negated(all, head, i, first, by_money, money_mask) >= 0:
            if taken[head[i]] >= 0:  # another row of this reversal stands
                status[i], twin[i], verdict = COPY, taken[head[i]], OPEN
            else:
                status[i], twin[i] = ORPHAN, twin[by]
        elif by >= 0:
            status[i], twin[i] = MISMATCH if head[by] == head[i] else ORPHAN, twin[by]
        else:
            status[i], twin[i] = MISMATCH, first
        if status[first] == COUNTS:
            status[first], twin[first] = <int8_t>verdict, <int32_t>i


cdef void hold(
    const Rows* all, const int32_t* head, int64_t start, int64_t end, const int32_t* original, int8_t* status,
    int32_t* twin,
) noexcept nogil:
    """Hold what counts yet though a refused reversal names it, or though one of its copies is marked as taken back."""
    cdef int64_t i
    cdef int32_t first
    for i in range(start, end):
        first = original[i]
        if first >= 0 and all.role[all.rows[i]] & REFUSED and status[first] == COUNTS:
            if not all.role[all.rows[first]] & REFUSED:
                status[first], twin[first] = OPEN, <int32_t>i
    for i in range(start, end):
        if all.role[all.rows[i]] & MARKED and not all.role[all.rows[i]] & REFUSED and status[head[i]] == COUNTS:
            status[head[i]] = OPEN


def mark_reversals(
    const int64_t[::1] people,
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int8_t[::1] role,
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
    const int32_t[::1] scheme,
    const int32_t[::1] pool,
    const int32_t[::1] care,
    const int32_t[::1] institution,
    const int32_t[::1] head,
    int32_t[::1] by_id,
    int64_t[::1] by_money,
    int32_t[::1] original,
    int32_t[::1] taken,
    int8_t[::1] status,
    int32_t[::1] twin,
):
    """Pair reversals with the claims they take back, inside the person and in order; hold claims that are left in doubt.

    ``people`` are those who have a row that is more than a claim.
    ``head`` (by place) is the place of the first copy of a row, its own where it is none. ``status`` and ``twin`` (# in/out)
    come from :func:`mark_copies`; what they say is in :data:`qingsuan.benefits.order.STATUS`. ``by_id`` and ``by_money``
    (# scratch) have a power of two above twice and four times the rows of the person with most; ``original`` and ``taken``
    (# scratch) are as long as ``rows``. Every step is linear in the person's rows, whatever these are.
    """
    cdef Py_ssize_t k, i
    cdef int64_t start, end, mask, money_mask
    cdef int32_t row
    cdef Rows all
    if people.shape[0] == 0:
        return
    all.rows, all.role = &rows[0], &role[0]
    all.ids, all.inits = texts_of(offsets, data, UNEVEN), texts_of(init_offsets, init_data, UNEVEN)
    all.hashes, all.init_hashes = &hashes[0], &init_hashes[0]
    all.bill[0], all.bill[1], all.bill[2] = &total[0], &own_pay[0], &over_limit[0]
    all.bill[3], all.bill[4] = &own_share[0], &in_scope[0]
    all.scheme, all.pool, all.care, all.institution = &scheme[0], &pool[0], &care[0], &institution[0]
    with nogil:
        for k in range(people.shape[0]):
            start, end = starts[people[k]], starts[people[k] + 1]
            mask, money_mask = mask_of(2 * (end - start)), mask_of(4 * (end - start))
            index_ids(&all, start, end, &by_id[0], mask)
            for i in range(start, end):
                original[i], taken[i] = -1, NOBODY
            for i in range(start, end):
                row = rows[i]
                if role[row] & REVERSAL:
                    if init_offsets[row + 1] > init_offsets[row]:
                        original[i] = named(&all, row, &by_id[0], mask, False)
                    if original[i] < 0:
                        original[i] = named(&all, row, &by_id[0], mask, True)
                    if original[i] >= 0:
                        taken[original[i]] = NAMED
            index_money(&all, &head[0], start, end, &taken[0], &by_money[0], money_mask)
            pair(
                &all, &head[0], start, end, &original[0], &by_money[0], money_mask, &taken[0], &status[0], &twin[0]
            )
            judge(
                &all, &head[0], start, end, &original[0], &by_money[0], money_mask, &taken[0], &status[0], &twin[0]
            )
            hold(&all, &head[0], start, end, &original[0], &status[0], &twin[0])
