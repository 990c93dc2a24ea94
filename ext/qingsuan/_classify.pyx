# Design: who the person was on the day, which rule set held, and which rule the claim falls under: look-ups in tables
# that were made once per run (qingsuan.policy.compile) and once per vocabulary (qingsuan.benefits.partition.classify, the door).
"""Join insured people and identities to claims, and classify claims. Opened by :mod:`qingsuan.benefits.partition.classify` only."""

from libc.stdint cimport int8_t, int32_t, int64_t

cdef enum:
    NONE = -1
    UNKNOWN_NUMBER = 0
    MAX_DIMENSIONS = 64

cdef int64_t ABSENT = -(<int64_t>1 << 62)

cdef enum:  # why a claim finds no insured row
    FOUND, NOBODY, NOT_IN_SCHEME, NOT_AT_DATE, OTHER_POOL

cdef enum:  # what a step looks at: the class of a code, the band of a number, a bit of the identity classes held
    S_COLUMN, S_KIND, S_START, S_END, S_WIDTH

cdef enum:
    A_CODE, A_NUMBER, AN_IDENTITY

REASONS = {
    "found": FOUND, "nobody": NOBODY, "not in scheme": NOT_IN_SCHEME, "not at date": NOT_AT_DATE,
    "other pool": OTHER_POOL,
}


cdef inline bint later(
    const int32_t[::1] begin, const int32_t[::1] end, const int32_t[:, ::1] ties, int32_t a, int32_t b
) noexcept nogil:
    """Insured row a goes before b: by begin, end, then the ties."""
    cdef Py_ssize_t k
    if begin[a] != begin[b]:
        return begin[a] > begin[b]
    if end[a] != end[b]:
        return end[a] > end[b]
    for k in range(ties.shape[0]):
        if ties[k, a] != ties[k, b]:
            return ties[k, a] > ties[k, b]
    return False


def find_insured(
    const int32_t[::1] person,
    const int32_t[::1] scheme,
    const int32_t[::1] pool,
    const int32_t[::1] date,
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int32_t[::1] row_scheme,
    const int32_t[::1] row_pool,
    const int32_t[::1] row_begin,
    const int32_t[::1] row_end,
    const int32_t[:, ::1] row_ties,
    int32_t[::1] found,
    int8_t[::1] reason,
):
    """found[i] (# out): the person's insured row that holds for claim i; reason[i] (# out) why there is none.

    Insured rows of person p are rows[starts[p]:starts[p + 1]]. Of several that hold, the latest decides.
    """
    cdef Py_ssize_t i, k
    cdef int32_t row, best
    cdef int8_t why
    with nogil:
        for i in range(person.shape[0]):
            best = NONE
            why = NOBODY
            for k in range(starts[person[i]], starts[person[i] + 1]):
                row = rows[k]
                if row_scheme[row] != scheme[i]:
                    why = why if why > NOT_IN_SCHEME else NOT_IN_SCHEME
                elif not row_begin[row] <= date[i] <= row_end[row]:
                    why = why if why > NOT_AT_DATE else NOT_AT_DATE
                elif row_pool[row] != pool[i]:
                    why = OTHER_POOL
                elif best == NONE or later(row_begin, row_end, row_ties, row, best):
                    best = row
            found[i] = best
            reason[i] = FOUND if best != NONE else why


def find_sets(
    const int32_t[::1] series,
    const int32_t[::1] date,
    const int32_t[::1] starts,
    const int32_t[::1] numbers,
    const int32_t[::1] begin,
    const int32_t[::1] end,
    int32_t[::1] found,
):
    """found[i] (# out): the rule set of claim i's series that is in force on its date, or -1.

    Sets of series s are numbers[starts[s]:starts[s + 1]], by date; ``begin`` and ``end`` go by set number.
    """
    cdef Py_ssize_t i, k
    cdef int32_t best
    with nogil:
        for i in range(series.shape[0]):
            best = NONE
            if series[i] >= 0:
                for k in range(starts[series[i]], starts[series[i] + 1]):
                    if begin[numbers[k]] <= date[i]:
                        best = numbers[k]
                if best != NONE and date[i] > end[best]:
                    best = NONE
            found[i] = best


def find_identities(
    const int32_t[::1] person,
    const int32_t[::1] rule_set,
    const int32_t[::1] date,
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int32_t[::1] row_code,
    const int32_t[::1] row_begin,
    const int32_t[::1] row_end,
    const int64_t[:, ::1] bits,
    int64_t[::1] held,
):
    """held[i] (# out): the identity classes that claim i's person holds on its date, as bits.

    ``bits[set, code]`` is the bit of the code's class in that rule set, 0 where the code is in none of its classes.
    """
    cdef Py_ssize_t i, k
    cdef int32_t row
    cdef int64_t found
    with nogil:
        for i in range(person.shape[0]):
            found = 0
            if rule_set[i] >= 0:
                for k in range(starts[person[i]], starts[person[i] + 1]):
                    row = rows[k]
                    if row_begin[row] <= date[i] <= row_end[row]:
                        found |= bits[rule_set[i], row_code[row]]
            held[i] = found


def count_registrations(
    const int32_t[::1] person,
    const int32_t[::1] date,
    const int32_t[::1] code,
    const int64_t[::1] starts,
    const int32_t[::1] rows,
    const int32_t[::1] row_value,
    const int32_t[:, ::1] row_codes,
    const int32_t[::1] row_begin,
    const int32_t[::1] row_end,
    int64_t[::1] found,
):
    """found[i] (# out): for how many different values claim i's person is registered on its date, of those that hold its code.

    Registrations of person p are rows[starts[p]:starts[p + 1]], those of one value side by side; the one at row r is for codes from
    row_codes[0, r] on, below row_codes[1, r].
    """
    cdef Py_ssize_t i, k
    cdef int32_t row, counted
    cdef int64_t count
    with nogil:
        for i in range(person.shape[0]):
            counted = NONE
            count = 0
            for k in range(starts[person[i]], starts[person[i] + 1]):
                row = rows[k]
                if row_value[row] == counted:
                    continue
                if row_codes[0, row] <= code[i] < row_codes[1, row] and row_begin[row] <= date[i] <= row_end[row]:
                    counted = row_value[row]
                    count += 1
            found[i] = count


cdef inline int64_t class_of_number(const int64_t[::1] breaks, int64_t start, int64_t end, int64_t value) noexcept nogil:
    """0 for an unknown value, else one more than the breaks at or below it."""
    cdef int64_t k = start
    if value == ABSENT:
        return UNKNOWN_NUMBER
    while k < end and breaks[k] <= value:
        k += 1
    return 1 + k - start


def classify_rows(
    const int32_t[::1] rule_set,
    const int32_t[:, ::1] steps,
    const int32_t[::1] step_starts,
    const int32_t[::1] roots,
    const int32_t[::1] transitions,
    const int32_t[::1] classes,
    const int64_t[::1] breaks,
    list code_columns,
    list number_columns,
    const int64_t[::1] held,
    int32_t[::1] leaves,
):
    """leaves[i] (# out): where the diagram of claim i's rule set ends.

    A step is (column, kind, start, end): a code's class is classes[start + code], a number's is counted among
    breaks[start:end], an identity's is bit "column" of ``held``. Rows without a rule set end at -1.
    """
    cdef const int32_t* codes[MAX_DIMENSIONS]
    cdef const int64_t* numbers[MAX_DIMENSIONS]
    cdef const int32_t[::1] code_column
    cdef const int64_t[::1] number_column
    cdef Py_ssize_t i, n = rule_set.shape[0]
    cdef int32_t node, s, left
    cdef const int32_t* step = NULL
    if n == 0:
        return
    for s in range(len(code_columns)):
        code_column = code_columns[s]
        codes[s] = &code_column[0]
    for s in range(len(number_columns)):
        number_column = number_columns[s]
        numbers[s] = &number_column[0]
    with nogil:
        for i in range(n):
            node = NONE
            if rule_set[i] >= 0:
                node = roots[rule_set[i]]
                s = step_starts[rule_set[i]]
                left = step_starts[rule_set[i] + 1] - s
                if left > 0:
                    step = &steps[s, 0]
                while left > 0:
                    if step[S_KIND] == A_CODE:
                        node += classes[step[S_START] + codes[step[S_COLUMN]][i]]
                    elif step[S_KIND] == AN_IDENTITY:
                        node += <int32_t>(held[i] >> step[S_COLUMN] & 1)
                    else:
                        node += <int32_t>class_of_number(
                            breaks, step[S_START], step[S_END], numbers[step[S_COLUMN]][i]
                        )
                    node = transitions[node]
                    step += S_WIDTH
                    left -= 1
            leaves[i] = node
