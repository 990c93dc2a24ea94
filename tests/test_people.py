"""The compiled numbering of people against a Python dict."""

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
