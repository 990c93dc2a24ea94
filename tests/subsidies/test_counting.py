"""Counting heads: which rows count, one person once, and nothing lost, whatever the order and the partitions."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.columns.cells import OPEN_END
from qingsuan.errors import InputError, PluginError, PolicyError
from qingsuan.heads.counting import ROWS, Counted, Heads, add, count, periods_of
from qingsuan.heads.employed import EMPLOYED
from qingsuan.heads.screening import Screening
from qingsuan.people import Texts, partition_of
from qingsuan.policy.model import Region
from qingsuan.run.inputs import check_columns, open_sources
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import Funding, resolve
from qingsuan.subsidies.results import due_of, due_table, prefecture_table, region_table
from qingsuan.subsidies.settlement import Subsidies

ROOT = Path(__file__).parents[2]
JILIN = Region("220000", "吉林省", funding=ROOT / "plugins/jilin/src/qingsuan_jilin/funding")
NEIMENGGU = Region("150000", "内蒙古自治区", funding=ROOT / "plugins/neimenggu/src/qingsuan_neimenggu/funding")
CLASSES = BureauTables(classes={"150121": ("一", "c"), "150123": ("二", "c"), "150125": ("三", "c")})
YEAR = periods_of(2021, "year")
EPOCH = dt.date(1970, 1, 1)

Row = tuple[str, int, str, str, int]
"""psn_no, admdvs, first day, last day (empty: open), permit."""


def days(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days if text else OPEN_END


def rows_of(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [[], [], [], [], []]
    psn_no, admdvs, first, last, permit = columns
    return pa.table([psn_no, admdvs, [days(d) for d in first], [days(d) for d in last], permit], schema=ROWS)


def counted_in(rows: list[Row], *, unit: Any = "year") -> dict[int, int]:
    return {code: heads.heads for code, heads in count(rows_of(rows), periods_of(2021, unit))[0].heads.items()}


# ---- one person once


@pytest.mark.parametrize(
    ("other", "counted", "kind"),
    [
        (("p", 220102, "2021-02-01", "", 0), 220102, "same-county"),
        (("p", 220104, "2021-02-01", "", 0), 220102, "overlapping"),
        (("p", 220104, "2020-02-01", "", 0), 220102, "overlapping"),  # both from new year's day: the earlier begndate
        (("p", 220104, "2018-02-01", "", 0), 220104, "overlapping"),
        (("p", 222401, "2019-01-01", "", 0), 220102, "overlapping"),  # another pool; equal but for the code
        (("p", 150121, "2019-01-01", "", 0), 150121, "overlapping"),  # another region
        (("p", 150121, "2019-01-01", "2021-12-30", 0), 220102, "overlapping"),  # a day shorter inside the year
        (("p", 150121, "2019-01-01", "2021-12-31", 0), 150121, "overlapping"),  # as long inside the year
        (("p", 150121, "2021-01-02", "", 0), 220102, "overlapping"),
    ],
)
def test_a_person_insured_twice_counts_once(other: Row, counted: int, kind: str) -> None:
    first: Row = ("p", 220102, "2019-01-01", "", 0)
    for rows in ([first, other], [other, first]):
        result, duplicates = count(rows_of(rows), YEAR)
        assert result.heads == {counted: Heads(1, 0)}
        assert (result.rows_counted, result.rows_duplicate, result.persons_duplicate) == (1, 1, 1)
        assert duplicates["counted_admdvs"].to_pylist() == [str(counted)]
        assert duplicates["admdvs"].to_pylist() == [str(other[1] if counted == first[1] else first[1])]
        assert duplicates["kind"].to_pylist() == [kind]


def test_a_move_within_the_year_is_told_apart_from_being_insured_twice() -> None:
    rows: list[Row] = [("p", 222401, "2020-01-01", "2021-06-30", 0), ("p", 220102, "2021-07-01", "", 0)]
    result, duplicates = count(rows_of(rows), YEAR)
    assert result.heads == {222401: Heads(1)}
    assert duplicates.to_pylist() == [
        {
            "psn_no": "p",
            "period": "2021",
            "counted_admdvs": "222401",
            "counted_begndate": dt.date(2020, 1, 1),
            "counted_enddate": dt.date(2021, 6, 30),
            "admdvs": "220102",
            "begndate": dt.date(2021, 7, 1),
            "enddate": None,
            "kind": "successive",
        }
    ]
    rows[1] = ("p", 220102, "2021-06-30", "", 0)
    assert count(rows_of(rows), YEAR)[1]["kind"].to_pylist() == ["overlapping"]


def test_three_rows_of_one_person() -> None:
    rows: list[Row] = [("p", code, "2021-03-01", "", 0) for code in (220104, 220102, 220103)]
    result, duplicates = count(rows_of(rows), YEAR)
    assert (result.heads, result.rows_duplicate, result.persons_duplicate) == ({220102: Heads(1)}, 2, 1)
    assert duplicates["admdvs"].to_pylist() == ["220103", "220104"]


def test_permit_holders_count_like_local_people_and_are_told() -> None:
    rows: list[Row] = [("a", 220102, "2021-01-01", "", 1), ("b", 220102, "2021-01-01", "", 0)]
    assert count(rows_of(rows), YEAR)[0].heads == {220102: Heads(2, 1)}
    rows = [("a", 220102, "2021-01-01", "", 1), ("a", 220102, "2021-01-01", "", 0)]
    assert count(rows_of(rows), YEAR)[0].heads == {220102: Heads(1, 0)}


def test_months_count_each_person_once_a_month() -> None:
    rows: list[Row] = [("p", 220102, "2020-01-01", "2021-03-15", 0), ("p", 222401, "2021-03-10", "2021-05-01", 0)]
    result, duplicates = count(rows_of(rows), periods_of(2021, "month"))
    assert result.heads == {220102: Heads(3), 222401: Heads(2)}
    assert (result.rows_counted, result.rows_duplicate) == (2, 0)
    assert duplicates["period"].to_pylist() == ["2021-03"]
    assert [period.last_day - period.first_day + 1 for period in periods_of(2024, "month")][:2] == [31, 29]


def test_no_rows_count_no_heads() -> None:
    result, duplicates = count(rows_of([]), YEAR)
    assert result.heads == {}
    assert result.rows_counted == result.rows_duplicate == duplicates.num_rows == 0
    assert add([]).heads == {}


# ---- against a plain count, in any order, in any partitions


def plain(rows: list[Row], unit: str) -> Counter[int]:
    """The rule in words, written the slow way."""
    heads: Counter[int] = Counter()
    spans = [(1, 12)] if unit == "year" else [(month, month) for month in range(1, 13)]
    for first_month, last_month in spans:
        low = dt.date(2021, first_month, 1).isoformat()
        high = dt.date(2021, last_month, calendar.monthrange(2021, last_month)[1]).isoformat()
        best: dict[str, tuple[Any, ...]] = {}
        for psn_no, admdvs, first, last, permit in rows:
            if first <= high and (last or "9") >= low:
                inside = min(days(last), days(high))
                rank = (max(first, low), -inside, first, admdvs, -days(last), permit)
                best[psn_no] = min(best.get(psn_no, rank), rank)
        heads.update(rank[3] for rank in best.values())
    return heads


def random_rows(dice: random.Random, size: int) -> list[Row]:
    def day(low: int, high: int) -> str:
        return (dt.date(2020, 1, 1) + dt.timedelta(dice.randrange(low, high))).isoformat()

    rows = []
    while len(rows) < size:
        first, last = day(0, 730), dice.choice(["", "", day(366, 1000)])
        if not last or last >= first:
            code = dice.choice([220102, 220104, 222401, 220323, 150121])
            rows.append((f"p{dice.randrange(size * 2 // 3 + 1)}", code, first, last, dice.randrange(2)))
    return rows


@pytest.mark.parametrize("unit", ["year", "month"])
def test_the_count_is_that_of_the_rule_in_words(unit: Any) -> None:
    dice = random.Random(390)
    for size in (1, 2, 3, 50, 400):
        rows = random_rows(dice, size)
        assert counted_in(rows, unit=unit) == plain(rows, unit)


@pytest.mark.parametrize("unit", ["year", "month"])
def test_order_and_partitions_do_not_matter(unit: Any) -> None:
    dice = random.Random(391)
    rows = random_rows(dice, 3000)
    periods = periods_of(2021, unit)
    whole, duplicates = count(rows_of(rows), periods)
    assert whole.rows_duplicate > 100
    for partitions in (1, 3, 8):
        dice.shuffle(rows)
        table = rows_of(rows)
        place = partition_of(Texts.of(table["psn_no"]), partitions)
        parts = [count(table.filter(pa.array(place == number)), periods) for number in range(partitions)]
        assert add(result for result, _ in parts) == whole
        assert pa.concat_tables([part for _, part in parts]).equals(duplicates)
    assert whole.rows_counted + whole.rows_duplicate == len(rows)


# ---- which rows count


COLUMNS = ("psn_no", "insutype", "insu_admdvs", "begndate", "enddate", "resd_permit_flag", "vali_flag")
GOOD: dict[str, str | None] = {
    "psn_no": "p1",
    "insutype": "390",
    "insu_admdvs": "220102",
    "begndate": "2021-01-01",
    "enddate": None,
    "resd_permit_flag": None,
    "vali_flag": None,
}


def funding(*regions: Region, year: int = 2021, tables: BureauTables = CLASSES) -> Funding:
    return resolve(regions or (JILIN, NEIMENGGU), year, tables)


def batch_of(*changes: dict[str, Any]) -> pa.RecordBatch:
    rows = [GOOD | change for change in changes]
    return pa.record_batch({name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS})


@pytest.mark.parametrize(
    ("change", "code", "column", "found"),
    [
        ({"psn_no": None}, "E_MISSING", "psn_no", "nothing"),
        ({"psn_no": ""}, "E_MISSING", "psn_no", "nothing"),
        ({"vali_flag": "0", "psn_no": ""}, "E_VOID", "vali_flag", "0"),
        ({"vali_flag": "2"}, "E_FORM", "vali_flag", '"2"'),
        ({"insutype": None}, "E_MISSING", "insutype", "nothing"),
        ({"insu_admdvs": ""}, "E_MISSING", "insu_admdvs", "nothing"),
        ({"begndate": None}, "E_MISSING", "begndate", "nothing"),
        ({"psn_no": "p1 "}, "E_FORM", "psn_no", '"p1 ": a blank at an end'),
        ({"psn_no": "Ｐ1"}, "E_FORM", "psn_no", '"Ｐ1": written plainly it is "P1"'),
        (
            {"psn_no": "2.2E+17"},
            "E_FORM",
            "psn_no",
            '"2.2E+17": a spreadsheet\'s form of a long number, whose digits are lost',
        ),
        ({"insutype": "390\u200b"}, "E_FORM", "insutype", '"390\\u200b": the character U+200B ZERO WIDTH SPACE'),
        ({"insutype": "39"}, "E_CODE", "insutype", "39"),
        ({"insu_admdvs": "22010"}, "E_FORM", "insu_admdvs", '"22010"'),
        ({"insu_admdvs": " 220102"}, "E_FORM", "insu_admdvs", '" 220102": a blank at an end'),
        ({"insu_admdvs": "２２０１０２"}, "E_FORM", "insu_admdvs", '"２２０１０２": written plainly it is "220102"'),
        ({"insu_admdvs": "220198"}, "E_CODE", "insu_admdvs", "220198"),
        ({"insu_admdvs": "220381"}, "E_CODE", "insu_admdvs", "220381"),  # 公主岭市 before it moved to Changchun
        ({"insu_admdvs": "220100"}, "E_CODE", "insu_admdvs", "220100"),
        ({"insu_admdvs": "220000"}, "E_CODE", "insu_admdvs", "220000"),
        ({"insu_admdvs": "229900"}, "E_CODE", "insu_admdvs", "229900"),
        ({"insu_admdvs": "220999"}, "E_CODE", "insu_admdvs", "220999"),
        ({"resd_permit_flag": "Y"}, "E_FORM", "resd_permit_flag", '"Y"'),
        ({"begndate": "2021-02-30"}, "E_FORM", "begndate", '"2021-02-30"'),
        ({"begndate": "20210101"}, "E_FORM", "begndate", '"20210101"'),
        ({"begndate": "2021-1-1"}, "E_FORM", "begndate", '"2021-1-1"'),
        ({"enddate": "2021/12/31"}, "E_FORM", "enddate", '"2021/12/31"'),
        ({"begndate": "2021-06-02", "enddate": "2021-06-01"}, "E_DATE", "enddate", "2021-06-01"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(change: dict[str, Any], code: str, column: str, found: str) -> None:
    screened = Screening(funding()).screen(batch_of({}, change, {"psn_no": "p2"}))
    assert screened.rows["psn_no"].to_pylist() == ["p1", "p2"]
    [rejection] = screened.rejections
    assert (rejection.row, rejection.code, rejection.column, rejection.found) == (1, code, column, found)
    assert rejection.expected


def test_a_retired_code_is_answered_with_the_code_of_today() -> None:
    screened = Screening(funding()).screen(
        batch_of({"insu_admdvs": "220381"}, {"insu_admdvs": "220198", "psn_no": "p2"})
    )
    assert [one.expected for one in screened.rejections] == [
        "the code of today: 220381 公主岭市 is 220184 since 2020",
        "a county, banner or district of the region, or a prefecture's own agency (such as 220199)",
    ]


@pytest.mark.parametrize(
    ("change", "kept", "outside"),
    [
        ({"begndate": "2021-12-31"}, 1, 0),
        ({"begndate": "2022-01-01"}, 0, 1),
        ({"begndate": "2010-01-01", "enddate": "2021-01-01"}, 1, 0),
        ({"begndate": "2010-01-01", "enddate": "2020-12-31"}, 0, 1),
        ({"begndate": "2021-06-01", "enddate": "2021-06-01"}, 1, 0),
        ({"insu_admdvs": "110101", "begndate": "2022-01-01"}, 0, 1),
    ],
)
def test_a_period_outside_the_year_does_not_count(change: dict[str, Any], kept: int, outside: int) -> None:
    screened = Screening(funding()).screen(batch_of(change))
    assert (screened.rows.num_rows, screened.outside_year, screened.rejections) == (kept, outside, ())


def test_other_schemes_do_not_count_wherever_they_are() -> None:
    changes = [
        {"insutype": "310"},
        {"insutype": "310", "insu_admdvs": "110101"},
        {"insutype": "310", "insu_admdvs": "220100"},
    ]
    screened = Screening(funding()).screen(batch_of(*changes))
    assert (screened.other_scheme, screened.rows.num_rows, screened.rejections) == (3, 0, ())


@pytest.mark.parametrize("code", ["220102", "220172", "220199", "220581", "152571", "150781", "222426"])
def test_counties_zones_and_agencies_of_prefectures_count(code: str) -> None:
    assert Screening(funding()).screen(batch_of({"insu_admdvs": code})).rows["admdvs"].to_pylist() == [int(code)]


def test_typed_columns_are_read_as_text_is(tmp_path: Path) -> None:
    rows = [{}, {"psn_no": "p2", "enddate": "2021-12-31", "resd_permit_flag": "1"}, {"enddate": "2020-01-01"}]
    text = batch_of(*rows)
    typed = pa.record_batch(
        {
            "psn_no": text["psn_no"].cast(pa.large_string()),
            "insutype": text["insutype"].dictionary_encode(),
            "insu_admdvs": text["insu_admdvs"].dictionary_encode(),
            "begndate": text["begndate"].cast(pa.timestamp("us")),
            "enddate": text["enddate"].cast(pa.date32()),
            "resd_permit_flag": pa.array([None, True, False]),
        }
    )
    check(typed.schema, tmp_path)
    assert Screening(funding()).screen(typed) == Screening(funding()).screen(text)


def test_optional_columns_may_be_absent() -> None:
    batch = batch_of({}).select(["psn_no", "insutype", "insu_admdvs", "begndate"])
    assert Screening(funding()).screen(batch).rows.to_pylist() == [
        {"psn_no": "p1", "admdvs": 220102, "first_day": days("2021-01-01"), "last_day": OPEN_END, "permit": 0}
    ]


def check(schema: pa.Schema, folder: Path) -> None:
    """Judge the columns of a file as a run does before it reads a row."""
    pq.write_table(schema.empty_table(), folder / "t.parquet")
    (table,) = Subsidies(funding(), CLASSES).inputs
    check_columns(*open_sources([folder / "t.parquet"], "insured"), table.columns, table.known)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("psn_no", pa.int64(), r"column psn_no: type int64\n  expected: text"),
        ("insu_admdvs", pa.int32(), "leading zeros"),
        ("begndate", pa.int32(), "date32"),
        ("begndate", pa.timestamp("us", "Asia/Shanghai"), "without a time zone"),
        ("enddate", pa.float64(), "date32"),
    ],
)
def test_a_column_of_the_wrong_type(name: str, kind: pa.DataType, message: str, tmp_path: Path) -> None:
    schema = batch_of({}).schema
    with pytest.raises(InputError, match=message):
        check(schema.set(schema.get_field_index(name), pa.field(name, kind)), tmp_path)


def test_a_column_that_is_not_there_or_twice(tmp_path: Path) -> None:
    schema = batch_of({}).schema
    with pytest.raises(InputError, match="no column “psn_no”"):
        check(pa.schema([field for field in schema if field.name not in ("psn_no", "begndate")]), tmp_path)
    with pytest.raises(InputError, match="2 columns “enddate”"):
        check(schema.append(pa.field("enddate", pa.string())), tmp_path)


def test_a_region_without_a_plugin_stops_the_run_or_is_set_aside() -> None:
    batch = batch_of({}, {"insu_admdvs": "110101"}, {"insu_admdvs": "310101"})
    with pytest.raises(PluginError, match=r"(?s)110101, 310101.*--skip-unserved"):
        Screening(funding()).screen(batch)
    with pytest.raises(PluginError, match="installed but refused: qingsuan-beijing 1"):
        Screening(funding(), broken=["qingsuan-beijing 1"]).screen(batch)
    screened = Screening(funding(), skip_unserved=True).screen(batch)
    assert [(each.row, each.code, each.found) for each in screened.rejections] == [
        (1, "E_POOL", "110101"),
        (2, "E_POOL", "310101"),
    ]


def test_what_a_region_lacks_is_asked_for_when_its_people_come() -> None:
    banner = batch_of({"insu_admdvs": "150121"})
    without_classes = funding(tables=BureauTables())
    assert Screening(without_classes).screen(batch_of({})).rows.num_rows == 1
    with pytest.raises(PolicyError, match=r"(?s)admdvs,class.*--classes FILE"):
        Screening(without_classes, skip_unserved=True).screen(banner)
    with pytest.raises(PolicyError, match=r"150000\.2022\.standard"):
        Screening(funding(year=2022)).screen(batch_of({"insu_admdvs": "150121", "begndate": "2022-01-01"}))


def test_every_row_is_somewhere() -> None:
    dice = random.Random(392)
    values: dict[str, list[Any]] = {
        "psn_no": ["a", "b", "c", None],
        "insutype": ["390", "390", "310", "x", None],
        "insu_admdvs": ["220102", "150121", "222401", "110101", "220100", "", None],
        "begndate": ["2021-01-01", "2020-05-05", "2022-01-01", "bad", None],
        "enddate": [None, "2021-06-30", "2019-01-01", "bad"],
        "resd_permit_flag": [None, "0", "1", "2"],
    }
    rows = [{name: dice.choice(options) for name, options in values.items()} for _ in range(5000)]
    screened = Screening(funding(), skip_unserved=True).screen(batch_of(*rows))
    parts = (screened.rows.num_rows, screened.other_scheme, screened.outside_year, len(screened.rejections))
    assert sum(parts) == 5000
    assert min(parts) > 20


# ---- what is owed


def owed(heads: dict[int, int], year: int = 2021, tables: BureauTables = CLASSES) -> list[dict[str, Any]]:
    rules = funding(year=year, tables=tables)
    counted = Counted({code: Heads(number) for code, number in heads.items()})
    rows: list[dict[str, Any]] = due_table(
        due_of(counted, rules, tables), split=tables.prefecture_bp is not None
    ).to_pylist()
    return rows


def test_heads_times_the_share_per_head() -> None:
    [row] = owed({150123: 100_000})
    assert {name: str(value) for name, value in row.items()} == {
        "region": "150000",
        "prefecture": "150100",
        "admdvs": "150123",
        "name": "和林格尔县",
        "class": "二",
        "heads": "100000",
        "resd_permit_heads": "0",
        "standard": "580.00",
        "central": "46400000.00",
        "province": "5800000.00",
        "local": "5800000.00",
        "total": "58000000.00",
    }


def test_the_total_of_a_billion_heads_is_exact() -> None:
    [row] = owed({220102: 1_400_000_000})
    assert str(row["total"]) == "812000000000.00"


def test_counties_apart_are_units_of_their_own() -> None:
    classes = BureauTables(classes=dict.fromkeys(("150781", "150721", "152501"), ("一", "c")))
    units = [row["prefecture"] for row in owed({150781: 1, 150721: 1, 152501: 1, 220581: 1, 220582: 1}, tables=classes)]
    assert units == ["150700", "150781", "152501", "220581", "220500"]


def test_a_county_with_heads_must_be_in_the_bureaus_tables() -> None:
    with pytest.raises(PolicyError, match=r"(?s)150122 托克托县, 150124 清水河县.*admdvs,class"):
        owed({150121: 1, 150122: 1, 150124: 5})
    with pytest.raises(PolicyError, match="no split of the local share for 150123 和林格尔县"):
        owed({150121: 1, 150123: 1}, tables=replace(CLASSES, prefecture_bp={"150121": 5000}))


def test_totals_are_the_sum_of_counties() -> None:
    dice = random.Random(393)
    rules = funding()
    split = replace(CLASSES, prefecture_bp={"15": 3333, "22": 6667})
    codes = [150121, 150123, 150125, 220102, 220104, 220323, 222401, 220581]
    counted = Counted({code: Heads(dice.randrange(10**6), 3) for code in codes})
    for tables, levels in ((CLASSES, 4), (split, 6)):
        dues = due_of(counted, rules, tables)
        for level in ("central", "province", "local", "total"):
            by_county = sum(due_table(dues, split=levels == 6)[level].to_pylist())
            by_prefecture = sum(prefecture_table(dues, split=levels == 6)[level].to_pylist())
            by_region = [
                row["amount"] for row in region_table(dues, split=levels == 6).to_pylist() if row["level"] == level
            ]
            assert by_county == by_prefecture == sum(by_region)
            assert len(by_region) == 2
        assert len(region_table(dues, split=levels == 6)) == 2 * levels
        for row in due_table(dues, split=levels == 6).to_pylist():
            assert row["central"] + row["province"] + row["local"] == row["total"] == row["standard"] * row["heads"]
            if levels == 6:
                assert row["local_prefecture"] + row["local_county"] == row["local"]


def test_counting_is_on_arrays_that_may_be_sliced() -> None:
    table = rows_of(
        [("x", 220102, "2021-01-01", "", 0), ("p", 220102, "2021-01-01", "", 0), ("p", 220104, "2021-01-01", "", 1)]
    )
    assert count(table.slice(1), YEAR)[0].heads == {220102: Heads(1, 0)}
    assert count(pa.concat_tables([table.slice(0, 1), table.slice(1)]), YEAR)[0].heads == {220102: Heads(2, 0)}
    assert np.int32 == table["admdvs"].to_numpy().dtype


# ---- who is insured as an employee


Employee = tuple[str, int, str, str]
"""psn_no, admdvs, first day, last day (empty: open)."""


def employed_of(rows: list[Employee]) -> pa.Table:
    psn_no, admdvs, first, last = list(zip(*rows, strict=True)) if rows else [[], [], [], []]
    return pa.table([psn_no, admdvs, [days(d) for d in first], [days(d) for d in last]], schema=EMPLOYED)


@pytest.mark.parametrize(
    ("employed", "heads"),
    [
        ([("2020-05-01", "")], 0),
        ([("2021-01-01", "2021-12-31")], 0),
        ([("2021-01-01", "2021-12-30")], 1),
        ([("2021-01-02", "2021-12-31")], 1),
        ([("2021-07-01", "")], 1),
        ([("2020-01-01", "2021-06-30"), ("2021-07-01", "")], 0),  # one day after the other, without a gap
        ([("2020-01-01", "2021-06-29"), ("2021-07-01", "")], 1),  # 30 June is a gap
        ([("2021-02-01", "2021-03-01"), ("2020-01-01", "")], 0),
        ([("2020-01-01", "2020-12-31"), ("2022-01-01", "")], 1),
        ([], 1),
    ],
)
def test_who_is_insured_as_an_employee_all_the_while_is_no_subsidised_resident(
    employed: list[tuple[str, str]], heads: int
) -> None:
    rows: list[Row] = [("p", 220102, "2020-01-01", "", 0), ("q", 220102, "2020-01-01", "", 0)]
    others: list[Employee] = [("p", 110101, first, last) for first, last in employed]
    for order in (others, others[::-1]):
        result, duplicates = count(rows_of(rows), YEAR, employed_of(order))
        assert result.heads == {220102: Heads(1 + heads)}
        assert (result.rows_counted, result.rows_duplicate) == (1 + heads, 1 - heads)
        assert duplicates["kind"].to_pylist() == ["other-scheme"] * (1 - heads)
        assert result.duplicates_by_kind["other-scheme"] == 1 - heads


def test_a_duplicate_of_another_scheme_says_where_the_person_is_an_employee() -> None:
    rows: list[Row] = [("p", 220102, "2020-01-01", "2021-06-30", 0), ("p", 222401, "2021-03-01", "", 0)]
    employed: list[Employee] = [("p", 110101, "2019-01-01", "2020-12-31"), ("p", 220104, "2020-12-01", "2021-06-30")]
    result, duplicates = count(rows_of(rows), YEAR, employed_of(employed))
    assert result.heads == {222401: Heads(1)}
    assert duplicates.to_pylist() == [
        {
            "psn_no": "p",
            "period": "2021",
            "counted_admdvs": "220104",
            "counted_begndate": dt.date(2020, 12, 1),
            "counted_enddate": dt.date(2021, 6, 30),
            "admdvs": "220102",
            "begndate": dt.date(2020, 1, 1),
            "enddate": dt.date(2021, 6, 30),
            "kind": "other-scheme",
        }
    ]


def test_months_look_at_each_month_alone() -> None:
    rows: list[Row] = [("p", 220102, "2021-01-01", "2021-04-15", 0)]
    employed: list[Employee] = [("p", 220104, "2021-02-01", "2021-03-30"), ("p", 220104, "2021-04-01", "2021-04-15")]
    result, duplicates = count(rows_of(rows), periods_of(2021, "month"), employed_of(employed))
    assert result.heads == {220102: Heads(2)}
    assert duplicates["period"].to_pylist() == ["2021-02", "2021-04"]
    assert (result.rows_counted, result.rows_duplicate, result.persons_duplicate) == (1, 0, 1)


def plain_with_employees(rows: list[Row], employed: list[Employee], unit: str) -> tuple[Counter[int], set[Any]]:
    """The rule in words, day by day; and the person, period, county and begin of each row set aside."""
    heads: Counter[int] = Counter()
    aside = set()
    for period in periods_of(2021, unit):  # type: ignore[arg-type]
        best: dict[str, tuple[Any, ...]] = {}
        for psn_no, admdvs, first, last, permit in rows:
            inside = [day for day in range(period.first_day, period.last_day + 1) if days(first) <= day <= days(last)]
            mine = [(days(begin), days(end)) for who, _, begin, end in employed if who == psn_no]
            if not inside:
                continue
            if all(any(begin <= day <= end for begin, end in mine) for day in inside):
                aside.add((psn_no, period.label, str(admdvs), dt.date.fromisoformat(first)))
                continue
            rank = (inside[0], -inside[-1], days(first), admdvs, -days(last), permit)
            best[psn_no] = min(best.get(psn_no, rank), rank)
        heads.update(rank[3] for rank in best.values())
    return heads, aside


@pytest.mark.parametrize("unit", ["year", "month"])
def test_employees_are_left_out_as_the_rule_says_in_words_in_any_order_and_partitions(unit: Any) -> None:
    dice = random.Random(310)
    rows = random_rows(dice, 150)
    employed = [(psn_no, admdvs, first, last) for psn_no, admdvs, first, last, _ in random_rows(dice, 150)]
    employed += [(psn_no, 220104, "2020-01-01", "") for psn_no, *_ in rows[:15]]
    periods = periods_of(2021, unit)
    expected, aside = plain_with_employees(rows, employed, unit)
    whole, duplicates = count(rows_of(rows), periods, employed_of(employed))
    assert {code: heads.heads for code, heads in whole.heads.items()} == expected
    others = [row for row in duplicates.to_pylist() if row["kind"] == "other-scheme"]
    assert {(row["psn_no"], row["period"], row["admdvs"], row["begndate"]) for row in others} == aside
    assert len(others) == whole.duplicates_by_kind["other-scheme"] > 15
    for row in others:
        first = max(days(row["begndate"].isoformat()), next(p.first_day for p in periods if p.label == row["period"]))
        last = OPEN_END if row["counted_enddate"] is None else days(row["counted_enddate"].isoformat())
        assert days(row["counted_begndate"].isoformat()) <= first <= last
    for partitions in (1, 3, 8):
        dice.shuffle(rows)
        dice.shuffle(employed)
        tables = rows_of(rows), employed_of(employed)
        places = [partition_of(Texts.of(table["psn_no"]), partitions) for table in tables]
        parts = []
        for number in range(partitions):
            mine = [t.filter(pa.array(place == number)) for t, place in zip(tables, places, strict=True)]
            parts.append(count(mine[0], periods, mine[1]))
        assert add(result for result, _ in parts) == whole
        assert pa.concat_tables([part for _, part in parts]).equals(duplicates)


def test_rows_of_employees_in_the_year_are_compared_wherever_and_of_no_other_scheme() -> None:
    changes = [
        {"insutype": "310"},
        {"insutype": "310", "insu_admdvs": "110101", "enddate": "2021-01-01"},
        {"insutype": "310", "enddate": "2020-12-31", "begndate": "2019-01-01"},
        {"insutype": "310", "begndate": "2022-01-01"},
        {"insutype": "340"},
        {},
    ]
    screened = Screening(funding()).screen(batch_of(*changes))
    assert (screened.other_scheme, screened.rows.num_rows, screened.rejections) == (5, 1, ())
    assert [(row["admdvs"], row["last_day"]) for row in screened.employed.to_pylist()] == [
        (220102, OPEN_END),
        (110101, days("2021-01-01")),
    ]
