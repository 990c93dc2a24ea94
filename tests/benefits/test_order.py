"""Order inside a person: by date, time and identifier; what is alike in all three by its content."""

import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.benefits import order
from qingsuan.benefits.order import check_order, order_rows
from qingsuan.benefits.partition import partition
from qingsuan.people import Numbering, Texts
from settling import claim, install, insured, only, settle, write_csv


def texts(values):
    return Texts.of(pa.array(values, pa.string()))


def ordered(psn_no, day, time, setl_id, content=None):
    people = Numbering(texts(psn_no), (np.array(day, np.int32), np.array(time, np.int64)))
    asked = []

    def told(row):
        asked.append(row)
        return (content[row],) if content else (row,)

    found = order_rows(people, texts(setl_id), told)
    return found.starts.tolist(), found.rows.tolist(), sorted(set(asked))


def twin(psn_no, day, time, setl_id):
    """The same in plain Python, people by their hash."""
    hashes = texts(psn_no).hashes.tolist()
    return sorted(
        range(len(setl_id)),
        key=lambda row: (hashes[row], psn_no[row], day[row], time[row], setl_id[row].encode(), row),
    )


@pytest.mark.parametrize("people", [1, 3, 1_000])
@pytest.mark.parametrize("seed", range(3))
def test_claims_lie_by_date_time_and_identifier(people, seed):
    rng = random.Random(seed)
    n = 2_000
    psn_no = [f"22010000{rng.randrange(people):012d}" for _ in range(n)]
    setl_id = [f"S{number:0{rng.choice((7, 19))}d}" for number in rng.sample(range(n), n)]
    for days, times in ((1, 1), (3, 2), (365, 86_400)):
        day, time = [rng.randrange(days) for _ in range(n)], [rng.randrange(times) for _ in range(n)]
        starts, rows, asked = ordered(psn_no, day, time, setl_id)
        assert rows == twin(psn_no, day, time, setl_id)
        assert not asked
        assert len(starts) == len(set(psn_no)) + 1


def test_identifiers_with_the_same_beginning_and_of_other_length_are_told_apart():
    setl_id = ["S0000000000000000002", "S00000000", "S0000000000000000001", "S0000000", "S", ""]
    n = len(setl_id)
    _, rows, asked = ordered(["p"] * n, [1] * n, [1] * n, setl_id)
    assert [setl_id[row] for row in rows] == sorted(setl_id)
    assert not asked


def test_only_rows_alike_in_all_keys_are_ordered_by_content():
    content = [5, 4, 3, 2, 1, 0]
    _, rows, asked = ordered(["p"] * 6, [1] * 6, [2, 2, 2, 2, 2, 1], ["a", "b", "a", "b", "a", "a"], content)
    assert rows == [5, 4, 2, 0, 3, 1]
    assert asked == [0, 1, 2, 3, 4]


def test_accounts_brought_along_are_no_claims():
    """They may be of people with claims and of others; the rows of the claims stay as they were."""
    claims, accounts = ["b", "a", "b"], ["a", "c", "c", "b"]
    lowest = np.iinfo(np.int32).min
    numbering = Numbering(
        texts([*claims, *accounts]),
        (np.array([3, 3, 3, *[lowest] * 4], np.int32), np.array([2, 1, 1, 0, 0, 0, 0], np.int64)),
    )
    found = order_rows(numbering, texts(["x", "y", "z"]), lambda row: (row,))
    people = {claims[row]: numbering.numbers[row] for row in range(3)} | {"c": numbering.numbers[4]}
    assert sorted(people.values()) == [0, 1, 2]
    expected = {people["a"]: [1], people["b"]: [2, 0], people["c"]: []}
    starts = found.starts.tolist()
    rows = found.rows.tolist()
    assert {k: rows[starts[k] : starts[k + 1]] for k in range(3)} == expected


DAY, TIME, IDS = [4, 4, 4, 5, 1], [7, 7, 8, 0, 9], ["a", "b", "a", "a", "c"]


def check(person, rows, day=None, time=None):
    keys = np.array(day or DAY, np.int32), np.array(time or TIME, np.int64)
    check_order(np.array(person, np.int32), np.array(rows, np.int32), keys, texts(IDS))


def test_what_is_in_order_passes():
    check([0, 0, 0, 0, 1], [0, 1, 2, 3, 4])
    check([0, 0, 7], [0, 3, 4])  # what was left out leaves the rest as it was
    check([0, 1, 2], [3, 2, 1])  # people may lie in any order of their claims
    check([0, 0], [2, 2])  # alike in all keys
    check([], [])


@pytest.mark.parametrize(
    ("person", "rows", "place"),
    [
        ([0, 0, 0], [0, 3, 2], 2),  # an earlier day
        ([0, 0, 0], [0, 2, 1], 2),  # an earlier time of one day
        ([0, 0], [1, 0], 1),  # a lesser id at one time
        ([0, 1, 0], [0, 1, 2], 2),  # a person in two places
        ([1, 0], [0, 1], 1),  # people that fall
        ([0, 0], [0, 5], 1),  # rows that are not there
        ([0, 0], [-1, 0], 0),
    ],
)
def test_what_is_out_of_order_is_refused(person, rows, place):
    said = f"^place {place}: not after the claim before it in person, benefit date, setl_time, setl_id$"
    with pytest.raises(ValueError, match=said):
        check(person, rows)


def test_keys_of_another_length_are_refused():
    for change in ({"day": DAY[:-1]}, {"time": TIME[:-1]}):
        with pytest.raises(ValueError, match="columns differ in length"):
            check([0], [0], **change)
    with pytest.raises(ValueError, match="columns differ in length"):
        check([0, 0], [0])


def test_a_run_whose_claims_are_out_of_order_settles_nothing(tmp_path, monkeypatch):
    """Two claims of one day: the core, which sees days, would pay the later one as the first."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    rows = [claim(setl_id=f"s{hour}", setl_time=f"2022-03-05 {hour}:00:00") for hour in (10, 11, 12)]
    claims, people = write_csv(tmp_path / "claims.csv", rows), write_csv(tmp_path / "insured.csv", [insured()])
    assert settle(claims, people, tmp_path / "right").status == 0

    def exchanged(*given):
        found = order_rows(*given)
        return replace(found, rows=found.rows[np.array([1, 0, 2], np.int32)[: len(found.rows)]])

    monkeypatch.setattr(partition, "order_rows", exchanged)
    monkeypatch.setenv("QINGSUAN_SHOW_VALUES", "1")
    ran = settle(claims, people, tmp_path / "wrong")
    assert ran.status == 5, ran
    assert "psn_no p1, setl_id s10, pool 990100, insutype 390: not after the claim before it" in ran.err
    assert not (tmp_path / "wrong" / "run.json").exists()


@pytest.mark.parametrize("seed", range(3))
def test_many_copies_lie_as_a_few_would(tmp_path, monkeypatch, seed):
    """Rows alike in all keys are ordered by their content, one by one or column by column."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    rng = random.Random(seed)
    rows = [
        claim(
            medfee_sumamt=rng.choice(("1000.00", "1000.01")),
            fixmedins_code=rng.choice(("H1", "H10", "H2", "Ä")),
            fix_blng_admdvs=rng.choice(("", "990101")),
            dedc_hosp_lv=rng.choice(("1", "2", "9", "")),
            begndate=rng.choice(("2022-03-01", "2022-02-28", "")),
            enddate=rng.choice(("2022-03-05", "")),
            mdtrt_id=rng.choice(("", "M1", "M2")),
            my_note=str(number),
        )
        for number in range(200)
    ]
    claims, people = write_csv(tmp_path / "claims.csv", rows), write_csv(tmp_path / "insured.csv", [insured()])
    for name, many in (("one", 10**9), ("column", 2)):
        monkeypatch.setattr(order, "_MANY_ALIKE", many)
        assert settle(claims, people, tmp_path / name, "--partitions", 1).status == 0
    whole = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.parquet")} for name in ("one", "column")
    ]
    assert whole[0] == whole[1]
