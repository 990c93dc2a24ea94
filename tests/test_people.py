"""The compiled numbering of people against Python's dict and sort."""

import random

import numpy as np
import pyarrow as pa
import pytest

from qingsuan import people


def texts_of(values):
    return people.Texts.of(pa.array(values, pa.string()))


@pytest.mark.parametrize("seed", range(5))
def test_numbers_agree_with_a_dict_whatever_the_row_order(seed):
    rng = random.Random(seed)
    values = [rng.choice(["", "a", "张三", "x" * rng.randint(0, 40), str(rng.randint(0, 50))]) for _ in range(500)]
    numbering = people.Numbering(texts_of(values))
    number_of = {}
    for value, number in zip(values, numbering.numbers.tolist(), strict=True):
        assert number_of.setdefault(value, number) == number
    assert sorted(number_of.values()) == list(range(numbering.count))

    shuffled = values[:]
    rng.shuffle(shuffled)
    again = people.Numbering(texts_of(shuffled))
    assert [number_of[value] for value in shuffled] == again.numbers.tolist()


def test_find_knows_its_own_and_no_other():
    numbering = people.Numbering(texts_of(["b", "a", "b"]))
    b, a, _ = numbering.numbers.tolist()
    assert numbering.find(texts_of(["a", "c", "b", ""])).tolist() == [a, -1, b, -1]


SEED, MULTIPLIER, WORD = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 2**64 - 1


def plain_hash(text):
    """The hash as its definition says: words of eight bytes, the first byte lowest."""

    def stir(h):
        h = ((h ^ h >> 32) * MULTIPLIER) & WORD
        return h ^ h >> 29

    h = SEED ^ len(text)
    for at in range(0, len(text), 8):
        h = stir(h ^ int.from_bytes(text[at : at + 8], "little"))
    return stir(h)


def test_the_hash_of_every_length_is_what_it_always_was():
    """Partitions and the order of people hang on it."""
    rng = random.Random(1)
    for length in range(41):
        values = ["".join(rng.choices("0123456789ABX张", k=length)) for _ in range(3)]
        for some in (values, [value.encode()[:length].decode("utf8", "ignore") for value in values], ["", *values]):
            assert texts_of(some).hashes.tolist() == [plain_hash(value.encode()) for value in some]


@pytest.mark.parametrize("length", [56, 63, 64, 65, 72, 80, 256])
def test_long_texts_of_one_length_have_the_same_hashes_however_many_there_are(length):
    rng = random.Random(length)
    for count in range(10):
        values = ["".join(rng.choices("0123456789ABX", k=length)) for _ in range(count)]
        expected = [plain_hash(value.encode()) for value in values]
        assert texts_of(values).hashes.tolist() == expected
        pieces = np.frombuffer("".join(values).encode(), np.uint8)
        assert people.piece_hashes(pieces, length).tolist() == expected


def twin(values, first, second, rows, hash_of=plain_hash):
    """What a numbering has to be: people by hash and text, their rows by keys and row."""
    return sorted(
        rows, key=lambda row: (hash_of(values[row].encode()), values[row].encode(), first[row], second[row], row)
    )


def assert_is_twin(values, first, second, rows=None, texts=None, hash_of=plain_hash):
    keys = np.array(first, np.int32), np.array(second, np.int64)
    numbering = people.Numbering(texts or texts_of(values), keys, rows)
    rows = list(range(len(values))) if rows is None else rows.tolist()
    expected = twin(values, first, second, rows, hash_of)
    assert numbering.rows.tolist() == expected
    person = np.repeat(np.arange(numbering.count), np.diff(numbering.starts)).tolist()
    before = [None, *expected][: len(expected)]
    assert numbering.count == len({values[row] for row in rows})
    for place, (row, last) in enumerate(zip(expected, before, strict=True)):
        same = last is not None and values[row] == values[last]
        assert place == 0 or person[place] - person[place - 1] == (not same)
        assert numbering.tied[place] == (same and (first[row], second[row]) == (first[last], second[last]))
    numbers = np.full(len(values), -1)
    numbers[expected] = person
    assert numbering.numbers.tolist() == numbers.tolist()


LAYOUTS = {
    "one person": lambda _, n: ["22010000000000000001"] * n,
    "all different": lambda rng, n: [f"{number:020d}" for number in rng.sample(range(10 * n), n)],
    "same beginnings and ends": lambda rng, n: [f"22010000{rng.randrange(n // 3):04d}00000001" for _ in range(n)],
    "a few each": lambda rng, n: [f"P{rng.randrange(n // 3)}" for _ in range(n)],
    "one with most, the others one": lambda rng, n: ["most" if rng.random() < 0.9 else str(i) for i in range(n)],
    "letters among digits": lambda rng, n: [f"{rng.choice('0aK')}{rng.randrange(n // 3):019d}" for _ in range(n)],
    "of eight": lambda rng, n: [f"{rng.randrange(n // 3):08d}" for _ in range(n)],
    "of nine": lambda rng, n: [f"{rng.randrange(n // 3):09d}" for _ in range(n)],
    "of sixteen": lambda rng, n: [f"{rng.randrange(n // 3):016d}" for _ in range(n)],
    "of twenty-five": lambda rng, n: [f"{rng.randrange(n // 3):025d}" for _ in range(n)],
    "some of every length": lambda rng, n: ["x" * rng.randrange(40) for _ in range(n)],
}


@pytest.mark.parametrize("n", [1, 2, 25, 3_000])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_lie_by_person_then_keys_then_row(layout, n):
    rng = random.Random(n)
    values = LAYOUTS[layout](rng, max(n, 3))[:n]
    for days, times in ((1, 1), (3, 3), (400, 10**12)):
        first = [rng.randrange(-days, days) for _ in range(n)]
        second = [rng.randrange(-times, times) for _ in range(n)]
        assert_is_twin(values, first, second)
    some = np.flatnonzero(np.array([rng.random() < 0.5 for _ in range(n)])).astype(np.int32)
    assert_is_twin(values, first, second, some)


@pytest.mark.parametrize("order", [1, -1])
def test_keys_that_rise_or_fall_all_along_are_sorted(order):
    n = 5_000
    assert_is_twin(["one"] * n, [order * (i // 7) for i in range(n)], [order * i for i in range(n)])


@pytest.mark.parametrize("hashes", [[0], [5, 2**64 - 1], [0, 1, 2**63]])
def test_people_under_one_hash_are_told_apart_by_their_texts(hashes):
    rng = random.Random(7)
    values = [f"{rng.choice('abc')}{rng.randrange(40):019d}" for _ in range(500)]
    hash_of = {value.encode(): hashes[rng.randrange(len(hashes))] for value in values}
    texts = texts_of(values)
    collided = people.Texts(texts.offsets, texts.data, np.array([hash_of[v.encode()] for v in values], np.uint64))
    keys = [[rng.randrange(3) for _ in values] for _ in range(2)]
    assert_is_twin(values, *keys, texts=collided, hash_of=hash_of.get)
    numbering = people.Numbering(collided)
    assert numbering.find(collided).tolist() == numbering.numbers.tolist()


def with_hash(begin, wanted):
    """A text of 24 bytes that begins with these 16 and has the hash that is wanted: every step of it undone."""

    def unstir(h):
        h ^= h >> 29 ^ h >> 58
        h = h * pow(MULTIPLIER, -1, 2**64) & WORD
        return h ^ h >> 32

    at_second = SEED ^ 24
    for word in (begin[:8], begin[8:]):
        h = (at_second ^ int.from_bytes(word, "little")) & WORD
        h = ((h ^ h >> 32) * MULTIPLIER) & WORD
        at_second = h ^ h >> 29
    return begin + (unstir(unstir(wanted)) ^ at_second).to_bytes(8, "little")


@pytest.mark.parametrize("place", range(16))
@pytest.mark.parametrize("other", [b"1", b"@", b"A"])
def test_people_of_one_width_under_one_hash_are_told_apart_by_any_byte(place, other):
    """Where only the lower half of a byte differs, only the upper one, and both."""
    begin = b"0" * 16
    pair = [with_hash(some, 42 << 40) for some in (begin, begin[:place] + other + begin[place + 1 :])]
    values = [pair[0], b"9" * 24, pair[1], pair[1], pair[0]]
    column = pa.Array.from_buffers(
        pa.string(), 5, [None, pa.py_buffer(np.arange(0, 121, 24, dtype=np.int32)), pa.py_buffer(b"".join(values))]
    )
    texts = people.Texts.of(column)
    assert texts.width == 24
    assert texts.hashes[[0, 2, 3, 4]].tolist() == [42 << 40] * 4
    numbering = people.Numbering(texts)
    assert numbering.count == 3
    assert [values[row] for row in numbering.rows.tolist()] == sorted(values, key=lambda v: (plain_hash(v), v))
    assert numbering.find(texts).tolist() == numbering.numbers.tolist()


def test_find_among_many():
    rng = random.Random(3)
    own = [f"{rng.randrange(5_000):020d}" for _ in range(4_000)]
    others = [f"{rng.randrange(10_000):0{rng.choice((19, 20))}d}" for _ in range(4_000)]
    numbering = people.Numbering(texts_of(own))
    number_of = dict(zip(own, numbering.numbers.tolist(), strict=True))
    for some in (others, [*others, ""], own):
        assert numbering.find(texts_of(some)).tolist() == [number_of.get(text, -1) for text in some]


def test_equal_hashes_do_not_make_two_people_one(monkeypatch):
    texts = texts_of(["b", "a", "b"])
    collided = people.Texts(texts.offsets, texts.data, np.zeros(3, np.uint64))
    numbering = people.Numbering(collided)
    assert numbering.count == 2
    assert numbering.numbers.tolist() == [1, 0, 1]


def test_sliced_and_chunked_columns_are_read_from_their_own_beginning():
    column = pa.array(["x", "y", "z", "y"])
    whole = people.Numbering(texts_of(["y", "z", "y"])).numbers.tolist()
    assert people.Numbering(people.Texts.of(column[1:])).numbers.tolist() == whole
    assert people.Numbering(people.Texts.of(pa.chunked_array([column[1:2], column[2:]]))).numbers.tolist() == whole


def test_partitions_nest_and_cover():
    texts = texts_of([f"P{i:08d}" for i in range(10_000)])
    eight = people.partition_of(texts, 8)
    assert set(eight.tolist()) == set(range(8))
    assert (people.partition_of(texts, 4) == eight // 2).all()
    assert min(np.bincount(eight)) > 1_000
    assert people.partition_of(texts, 1).max() == 0


@pytest.mark.parametrize("partitions", [1, 3, 16])
def test_divide_is_a_stable_sort_by_partition(partitions):
    texts = texts_of([f"P{i % 777}" for i in range(2_000)])
    starts, rows = people.divide(texts, partitions)
    expected_starts, expected = people.spread(people.partition_of(texts, partitions), partitions)
    assert starts.tolist() == expected_starts.tolist()
    assert rows.tolist() == expected.tolist()


def test_spread_is_a_stable_counting_sort():
    numbers = np.array([2, 0, -1, 2, 1, 0], np.int32)
    starts, rows = people.spread(numbers, 4)
    assert starts.tolist() == [0, 2, 3, 5, 5]
    assert rows.tolist() == [1, 5, 4, 0, 3]
    with pytest.raises(ValueError, match="must lie in"):
        people.spread(numbers, 2)


def test_nulls_are_refused():
    with pytest.raises(ValueError, match="nulls"):
        people.Texts.of(pa.array(["a", None]))


def test_empty_column():
    numbering = people.Numbering(texts_of([]))
    assert numbering.count == 0
    assert len(numbering.find(texts_of(["a"]))) == 1


def test_texts_in_order_are_numbered_as_they_lie():
    texts = people.Texts.of(pa.array([f"p{number % 97}" for number in range(1000)]))
    numbering = people.Numbering(texts)
    in_order = people.Texts.of(pa.array([f"p{number % 97}" for number in range(1000)]).take(pa.array(numbering.rows)))
    numbers = np.repeat(np.arange(97, dtype=np.int32), np.diff(numbering.starts))
    again = people.Numbering(in_order, in_order=numbers)
    assert (again.count, again.starts.tolist()) == (97, numbering.starts.tolist())
    assert again.rows.tolist() == list(range(1000))
    assert again.find(people.Texts.of(pa.array(["p5", "nobody"]))).tolist() == [
        numbering.find(people.Texts.of(pa.array(["p5"])))[0],
        -1,
    ]
    for wrong in ([1] * 1000, [0] * 999, [*([0] * 999), 2], [*([0] * 998), 1, 0]):
        with pytest.raises(ValueError, match="begin with 0"):
            people.Numbering(in_order, in_order=np.array(wrong, np.int32))
