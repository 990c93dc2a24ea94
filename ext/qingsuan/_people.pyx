# Design: people are told apart by the bytes of their number, never by a hash alone. Rows are dealt into buckets that fit
# the nearest cache, by the upper bits of their hash; there they are sorted by hash, by counting and then by insertion, and
# the texts of equal hashes are compared. So hashes also decide the order of people, and no table of all rows is ever
# jumped about in. The door (qingsuan.people) hands over Arrow's own buffers; the twin of this module is a Python dict, and
# tests compare the two. Nothing here knows what a claim is.
"""Hash, group and spread rows by a text key (psn_no). Opened by :mod:`qingsuan.people` only."""

cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from qingsuan._texts cimport Texts, compare_texts, length, same_text, soon, text, texts_of, word_at

cdef uint64_t SEED = 0x9E3779B97F4A7C15ULL
cdef uint64_t MULTIPLIER = 0xD6E8FEB86659FD93ULL

cdef uint64_t LOWER = 0x0F0F0F0F0F0F0F0FULL
cdef uint64_t UPPER = 0xF0F0F0F0F0F0F0F0ULL

cdef enum:
    CHECKED = 24  # bytes of the longest texts that their hash and a check tell apart
    USUAL = 20  # bytes of a number as the national standard has it
    SMALL = 24
    LONG = 64  # bytes of texts of which several are hashed side by side
    SIDE_BY_SIDE = 4
    SLOT_BITS = 12
    SLOTS = 4096


cdef struct Record:
    # what a row is ordered by, moved together; half of a cache line
    uint64_t hash
    uint64_t check
    int64_t second
    int32_t first
    int32_t row


@cython.overflowcheck(False)  # a hash wraps around on purpose, in the checked build too
cdef inline uint64_t stir(uint64_t h) noexcept nogil:
    h ^= h >> 32
    h *= MULTIPLIER
    h ^= h >> 29
    return h


cdef inline uint64_t last_word(const uint8_t* data, int64_t n, int64_t rest) noexcept nogil:
    """The last ``rest`` (1 … 7) of ``n`` bytes as a little-endian word."""
    cdef uint64_t word = 0
    if n >= 8:
        return word_at(data + n - 8) >> (8 * (8 - rest))
    memcpy(&word, data, rest)
    return word


cdef inline uint64_t hash_bytes(const uint8_t* data, int64_t n) noexcept nogil:
    """Little-endian words, so that a partition holds the same people on every machine."""
    cdef uint64_t h = SEED ^ <uint64_t>n
    cdef int64_t at = 0
    while at + 8 <= n:
        h = stir(h ^ word_at(data + at))
        at += 8
    if at < n:
        h = stir(h ^ last_word(data, n, n - at))
    return stir(h)


cdef inline void hash_side_by_side(const uint8_t* data, int64_t n, uint64_t* hashes) noexcept nogil:
    """The hashes of texts of n bytes, a multiple of 8, that lie one behind the other: no step of one waits for those of another."""
    cdef uint64_t h[SIDE_BY_SIDE]
    cdef int64_t at
    cdef int i
    for i in range(SIDE_BY_SIDE):
        h[i] = SEED ^ <uint64_t>n
    for at in range(0, n, 8):
        for i in range(SIDE_BY_SIDE):
            h[i] = stir(h[i] ^ word_at(data + n * i + at))
    for i in range(SIDE_BY_SIDE):
        hashes[i] = stir(h[i])


cdef inline uint64_t check_of(const uint8_t* data, int64_t width, const uint64_t* like, uint64_t* apart) noexcept nogil:
    """What tells texts of one width and one hash apart, without their bytes.

    Each step of the hash can be undone, so of texts up to 24 bytes with one hash, those that begin with the same 16 are
    the same: up to 8, all are; up to 16, those whose first word is. Beyond, the lower halves of 16 bytes are kept, for
    identifiers are digits; ``apart`` (# in/out) gets the bits in which their upper halves are not those of ``like``.
    """
    cdef uint64_t a, b
    if width <= 8:
        return 0
    a = word_at(data)
    if width <= 16:
        return a
    b = word_at(data + 8)
    apart[0] |= ((a ^ like[0]) | (b ^ like[1])) & UPPER
    return (a & LOWER) | ((b & LOWER) << 4)


def width_of(const int32_t[::1] offsets, int64_t size):
    """The length that all texts have, -1 if they differ, -2 if offsets fall or leave the ``size`` bytes of data."""
    cdef Py_ssize_t i, n = offsets.shape[0] - 1
    cdef int32_t width, step, differ = 0, fall = 0
    if offsets[0] < 0 or offsets[n] > size:
        return -2
    if n == 0:
        return 0
    with nogil:
        for i in range(n):
            fall |= offsets[i + 1] < offsets[i]
        if not fall:
            width = offsets[1] - offsets[0]
            for i in range(n):
                step = offsets[i + 1] - offsets[i]
                differ |= step ^ width
    return -2 if fall else -1 if differ else width


def hash_rows(const int32_t[::1] offsets, const uint8_t[::1] data, int64_t width, uint64_t[::1] hashes):
    """hashes[i] (# out) = hash of text i, which lies in data[offsets[i]:offsets[i + 1]]; ``width`` as `width_of` says."""
    cdef Py_ssize_t i, n = hashes.shape[0], begin = 0
    cdef Texts texts = texts_of(offsets, data, width)
    with nogil:
        if width == USUAL:
            for i in range(n):
                hashes[i] = hash_bytes(texts.data + USUAL * i, USUAL)
        else:
            if width >= LONG and width % 8 == 0:
                begin = n - n % SIDE_BY_SIDE
                for i from 0 <= i < begin by SIDE_BY_SIDE:
                    hash_side_by_side(texts.data + width * i, width, &hashes[i])
            for i in range(begin, n):
                hashes[i] = hash_bytes(text(&texts, i), length(&texts, i))


cdef inline int64_t share_of(uint64_t h, uint64_t partitions) noexcept nogil:
    return <int64_t>(((h >> 32) * partitions) >> 32)


def divide_rows(const uint64_t[::1] hashes, uint64_t partitions, int64_t[::1] starts, int32_t[::1] rows):
    """A counting sort by partition: rows (# out) of partition p are rows[starts[p]:starts[p + 1]], in their old order.

    ``starts`` (# in/out) comes as zeros, one longer than there are partitions.
    """
    cdef Py_ssize_t i
    cdef int64_t p, total = 0, size
    with nogil:
        for i in range(hashes.shape[0]):
            starts[share_of(hashes[i], partitions)] += 1
        for p in range(starts.shape[0]):
            size = starts[p]
            starts[p] = total
            total += size
        for i in range(hashes.shape[0]):
            p = share_of(hashes[i], partitions)
            rows[starts[p]] = <int32_t>i
            starts[p] += 1
        for p in range(starts.shape[0] - 1, 0, -1):
            starts[p] = starts[p - 1]
        starts[0] = 0


def count_buckets(const uint64_t[::1] hashes, const int32_t[::1] rows, int64_t[::1] starts):
    """Divide the range of the rows' hashes evenly into buckets; returns its low end and the bits a bucket spans.

    ``starts`` (# in/out) comes as zeros, one longer than there are buckets (a power of two above 1); bucket b will have
    the places starts[b]:starts[b + 1].
    """
    cdef Py_ssize_t i, b
    cdef uint64_t h, low = 0, high = 0
    cdef int shift = 0
    cdef int64_t total = 0, size
    with nogil:
        for i in range(rows.shape[0]):
            h = hashes[rows[i]]
            low = h if i == 0 or h < low else low
            high = h if h > high else high
        while ((high - low) >> shift) >= <uint64_t>(starts.shape[0] - 1):
            shift += 1
        for i in range(rows.shape[0]):
            starts[(hashes[rows[i]] - low) >> shift] += 1
        for b in range(starts.shape[0]):
            size = starts[b]
            starts[b] = total
            total += size
    return low, shift


cdef inline bint comes_after(const Texts* by_text, const Record* a, const Record* b) noexcept nogil:
    """By hash, by text where hashes have been found to collide, then by the two numbers."""
    cdef int differ
    if a.hash != b.hash:
        return a.hash > b.hash
    if by_text != NULL:
        differ = compare_texts(by_text, a.row, b.row)
        if differ:
            return differ > 0
    if a.first != b.first:
        return a.first > b.first
    return a.second > b.second


cdef inline void insert_sorted(const Texts* by_text, Record* records, int64_t n) noexcept nogil:
    cdef int64_t i, k
    cdef Record record
    for i in range(1, n):
        if not comes_after(by_text, &records[i - 1], &records[i]):
            continue
        record = records[i]
        k = i
        while k > 0 and comes_after(by_text, &records[k - 1], &record):
            records[k] = records[k - 1]
            k -= 1
        records[k] = record


cdef void merge(const Texts* by_text, Record* records, Record* scratch, int64_t middle, int64_t end) noexcept nogil:
    """Merge two sorted runs that lie end to end."""
    cdef int64_t a = 0, b = middle, k = 0
    if not comes_after(by_text, &records[middle - 1], &records[middle]):
        return
    memcpy(scratch, records, middle * sizeof(Record))
    while a < middle:
        if b < end and comes_after(by_text, &scratch[a], &records[b]):
            records[k] = records[b]
            b += 1
        else:
            records[k] = scratch[a]
            a += 1
        k += 1


cdef void sort_records(const Texts* by_text, Record* records, Record* scratch, int64_t n) noexcept nogil:
    """Stably: sort runs by insertion, then merge them, doubling, for one person may have 100 000 rows."""
    cdef int64_t width = SMALL, start = 0
    if n <= SMALL:
        insert_sorted(by_text, records, n)
        return
    while start < n:
        insert_sorted(by_text, records + start, SMALL if start + SMALL < n else n - start)
        start += SMALL
    while width < n:
        start = 0
        while start + width < n:
            merge(by_text, records + start, scratch, width, 2 * width if start + 2 * width < n else n - start)
            start += 2 * width
        width *= 2


cdef void sort_bucket(
    const Texts* texts, Record* bucket, Record* records, int64_t n, uint64_t low, int shift
) noexcept nogil:
    """Sort a bucket, whose hashes begin at ``low`` and span ``shift`` bits, into ``records``; it is scratch afterwards.

    ``texts``, if there are any, will be looked at soon.
    """
    cdef uint32_t ends[SLOTS]
    cdef uint32_t size, total = 0
    cdef int64_t i, slot, start = 0
    cdef int bits = 0
    while bits < SLOT_BITS and (<int64_t>2 << bits) < n:
        bits += 1
    shift = shift - bits if shift > bits else 0
    for slot in range(<int64_t>1 << bits):
        ends[slot] = 0
    for i in range(n):
        ends[(bucket[i].hash - low) >> shift] += 1
        if texts != NULL:
            soon(text(texts, bucket[i].row))
            soon(text(texts, bucket[i].row) + USUAL - 1)
    for slot in range(<int64_t>1 << bits):
        size = ends[slot]
        ends[slot] = total
        total += size
    for i in range(n):
        slot = (bucket[i].hash - low) >> shift
        records[ends[slot]] = bucket[i]
        ends[slot] += 1
    for slot in range(<int64_t>1 << bits):
        if ends[slot] - start > 1:
            sort_records(NULL, records + start, bucket, ends[slot] - start)
        start = ends[slot]


cdef inline bint one_text(const Texts* texts, const Record* records, int64_t n) noexcept nogil:
    """Whether records of one hash are of one person: by their texts, or where there are none, by their checks."""
    cdef int64_t i
    for i in range(1, n):
        if texts == NULL:
            if records[0].check != records[i].check:
                return False
        elif not same_text(texts, records[0].row, texts, records[i].row):
            return False
    return True


def group_rows(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    int64_t width,
    const uint64_t[::1] hashes,
    const int32_t[::1] rows,
    const int32_t[::1] first,
    const int64_t[::1] second,
    uint64_t low,
    int shift,
    int64_t[::1] buckets,
    uint64_t[::1] dealt,
    uint64_t[::1] room,
    int64_t[::1] starts,
    int32_t[::1] ordered,
    int8_t[::1] tied,
):
    """Put ``rows`` (ascending) person after person, in order of (hash, text); inside by ``first``, ``second``, row.

    ``first`` and ``second`` are by row, or empty. ``low``, ``shift`` and ``buckets`` (# in/scratch) are as
    ``count_buckets`` gives them. ``dealt`` and ``room`` (# scratch) have four words for each row, and for each row of
    the largest bucket. Person k has the places starts[k]:starts[k + 1] (# out) of ``ordered`` (# out); tied[i] (# out)
    is 1 where person, ``first`` and ``second`` are as one place before. Returns how many people there are.
    """
    cdef Texts texts = texts_of(offsets, data, width)
    cdef const Texts* read
    cdef Record* records = <Record*>&dealt[0]
    cdef Record* own = <Record*>&room[0]
    cdef const int32_t* first_of = &first[0] if first.shape[0] else NULL
    cdef const int64_t* second_of = &second[0] if second.shape[0] else NULL
    cdef Py_ssize_t i, b
    cdef int64_t place, begin = 0, n, people = 0
    cdef int32_t row
    cdef uint64_t h, apart = 0
    cdef uint64_t like[2]
    cdef bint checked = 0 <= width <= CHECKED
    if width > 16:
        memcpy(like, text(&texts, rows[0]), 16)
    with nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            h = hashes[row]
            b = (h - low) >> shift
            place = buckets[b]
            buckets[b] = place + 1
            records[place].hash, records[place].row = h, row
            records[place].check = check_of(text(&texts, row), width, like, &apart) if checked else 0
            records[place].first = first_of[row] if first_of != NULL else 0
            records[place].second = second_of[row] if second_of != NULL else 0
        read = NULL if checked and apart == 0 else &texts
        for b in range(buckets.shape[0] - 1):
            n = buckets[b] - begin
            if n == 0:
                continue
            sort_bucket(read, records + begin, own, n, low + (<uint64_t>b << shift), shift)
            people = write_bucket(
                &texts, read, own, records + begin, n, begin, people, &starts[0], &ordered[0], &tied[0]
            )
            begin += n
        starts[people] = begin
    return people


cdef inline int64_t write_bucket(
    const Texts* texts,
    const Texts* read,
    Record* records,
    Record* scratch,
    int64_t n,
    int64_t begin,
    int64_t people,
    int64_t* starts,
    int32_t* ordered,
    int8_t* tied,
) noexcept nogil:
    """Tell the people of a sorted bucket apart, and write them down from place ``begin`` and person ``people`` on.

    ``read`` is ``texts``, or nothing where checks tell as much.
    """
    cdef int64_t i = 0, k, end
    cdef bint collided, fresh
    while i < n:
        end = i + 1
        while end < n and records[end].hash == records[i].hash:
            end += 1
        collided = not one_text(read, records + i, end - i)
        if collided:
            sort_records(texts, records + i, scratch, end - i)
        for k in range(i, end):
            fresh = k == i or (collided and not same_text(texts, records[k].row, texts, records[k - 1].row))
            if fresh:
                starts[people] = begin + k
                people += 1
            ordered[begin + k] = records[k].row
            tied[begin + k] = (
                not fresh and records[k].first == records[k - 1].first and records[k].second == records[k - 1].second
            )
        i = end
    return people


def index_hashes(const uint64_t[::1] hashes, uint64_t low, int shift, int32_t[::1] begins):
    """begins[s] (# out) = place of the first of ``hashes`` (rising from ``low``) whose slot ``(hash - low) >> shift`` is
    s or later; there is one more of them than slots."""
    cdef Py_ssize_t i, slot, done = 0
    with nogil:
        for i in range(hashes.shape[0]):
            slot = (hashes[i] - low) >> shift
            while done <= slot:
                begins[done] = <int32_t>i
                done += 1
        while done < begins.shape[0]:
            begins[done] = <int32_t>hashes.shape[0]
            done += 1


def find_rows(
    const int32_t[::1] offsets,
    const uint8_t[::1] data,
    int64_t width,
    const uint64_t[::1] hashes,
    const int32_t[::1] own_offsets,
    const uint8_t[::1] own_data,
    int64_t own_width,
    const uint64_t[::1] own_hashes,
    const int32_t[::1] own_rows,
    uint64_t low,
    int shift,
    const int32_t[::1] begins,
    int32_t[::1] numbers,
):
    """numbers[i] (# out) = number of text i among those grouped, or -1.

    ``offsets, data, width, hashes`` are the texts looked up; ``own_*`` those that were grouped, of which person k has
    the hash own_hashes[k] and the row own_rows[k]. ``low``, ``shift`` and ``begins`` are as `index_hashes` left them.
    """
    cdef Texts texts = texts_of(offsets, data, width), own = texts_of(own_offsets, own_data, own_width)
    cdef Py_ssize_t i
    cdef uint64_t h, slot
    cdef int32_t k, count = <int32_t>own_hashes.shape[0], number
    with nogil:
        for i in range(numbers.shape[0]):
            h = hashes[i]
            number = -1
            slot = (h - low) >> shift if h >= low else <uint64_t>begins.shape[0]
            if slot < <uint64_t>(begins.shape[0] - 1):
                k = begins[slot]
                while k < count and own_hashes[k] < h:
                    k += 1
                while k < count and own_hashes[k] == h:
                    if same_text(&own, own_rows[k], &texts, i):
                        number = k
                        break
                    k += 1
            numbers[i] = number


def spread_rows(const int32_t[::1] numbers, int64_t[::1] starts, int32_t[::1] rows):
    """A counting sort: rows (# out) of number k are rows[starts[k]:starts[k + 1]], in their old order.

    ``starts`` (# in/out) comes as zeros, one longer than there are numbers. Rows numbered -1 are left out.
    """
    cdef Py_ssize_t i, k, n = numbers.shape[0], count = starts.shape[0] - 1
    cdef int64_t total = 0, size
    with nogil:
        for i in range(n):
            if numbers[i] >= 0:
                starts[numbers[i]] += 1
        for k in range(count):
            size = starts[k]
            starts[k] = total
            total += size
        starts[count] = total
        for i in range(n):
            if numbers[i] >= 0:
                rows[starts[numbers[i]]] = <int32_t>i
                starts[numbers[i]] += 1
        for k in range(count - 1, 0, -1):
            starts[k] = starts[k - 1]
        if count:
            starts[0] = 0
