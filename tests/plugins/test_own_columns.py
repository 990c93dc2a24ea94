"""Columns that only a plugin reads: functions see typed columns whatever the file, and a bad number is a refused row."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from qingsuan.benefits.intake.intake import take_claims
from qingsuan.benefits.order import ROLE
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_AMOUNT
from qingsuan.columns.pieces import Pieces
from qingsuan.errors import InputError, PluginError
from qingsuan.policy.model import Bands, Case, Dimension, Function, Layer, Pool, Region, Rule, RuleSet

COLUMNS = ("setl_time", "begndate", "enddate", "medfee_sumamt", "refl_flag", "er_flag")
ROW = {
    "setl_id": "S1",
    "psn_no": "P1",
    "insutype": "390",
    "med_type": "21",
    "insu_admdvs": "990101",
    "begndate": "2022-03-01",
    "setl_time": "2022-03-05 10:00:00",
    "medfee_sumamt": "12.30",
    "fulamt_ownpay_amt": "0",
    "overlmt_selfpay": "0",
    "preselfpay_amt": "2.30",
    "inscp_scp_amt": "10.00",
    "refl_flag": "1",
    "years": "7",
}


def setup_with(dimension, function=None):
    layer = Layer("pooled", "hifp_pay", (Case(bands=Bands((5000,))),))
    rule_set = RuleSet(
        file="made-up.toml",
        pool="990100",
        schemes=("390",),
        title="made up",
        effective=dt.date(2021, 1, 1),
        until=None,
        benefit_date="setl_time",
        identity_date="begndate",
        levels=(),
        identities=(),
        sources={},
        groups={},
        dimensions=(dimension,),
        layers={"pooled": layer},
        rules=(Rule("all", {}, ("pooled",)),),
    )
    region = Region(
        "990000",
        "made up",
        (Pool("990100", "made up", ("9901",)),),
        functions={"f": Function(function, COLUMNS)} if function else {},
    )
    return Setup((region,), (rule_set,), 2022)


def batch_of(**changes):
    return pa.RecordBatch.from_pylist([{**ROW, **changes}])


def test_a_function_sees_typed_columns_of_a_file_of_texts():
    seen = {}

    def function(batch):
        seen.update(batch.to_pylist()[0])
        return pa.array(["spring"])

    taken, refused, _ = take_claims(
        setup_with(Dimension("season", "function", function="f"), function), batch_of(), Pieces.of(0, 0)
    )
    assert (taken.num_rows, refused.num_rows) == (1, 0)
    assert set(seen) == set(COLUMNS), "and no id"
    assert seen["setl_time"] == dt.datetime.fromisoformat("2022-03-05 10:00:00")
    assert seen["begndate"] == dt.date(2022, 3, 1)
    assert seen["medfee_sumamt"] == Decimal("12.30")
    assert (seen["refl_flag"], seen["er_flag"], seen["enddate"]) == ("1", None, None)


@pytest.mark.parametrize(
    ("cell", "refused"), [("7", 0), ("-3", 0), ("", 0), (None, 0), ("7.5", 1), ("seven", 1), ("9" * 16, 1)]
)
def test_a_bad_number_is_a_refused_row_and_an_empty_one_unknown(cell, refused):
    setup = setup_with(Dimension("years", "number", column="years"))
    taken, refusals, _ = take_claims(setup, batch_of(years=cell), Pieces.of(3, 41))
    assert refusals.num_rows == refused
    shadow = taken.column("role").to_numpy() & ROLE["refused"] != 0  # goes along for its partner's sake only
    assert (taken.num_rows, int(shadow.sum())) == (1, refused)
    if refused:
        row = refusals.to_pylist()[0]
        assert (row["file"], row["row"], row["code"], row["column"], row["found"]) == (
            3,
            41,
            "E_FORM",
            "years",
            f'"{cell}"',
        )
    elif cell:
        assert taken.column("number.claims.years").to_pylist() == [int(cell)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("7", None),
        ("-3.25", None),
        ("", None),
        (None, None),
        ("7.555", "E_SCALE"),
        ("seven", "E_FORM"),
        ("100000000000.01", "E_RANGE"),
    ],
)
def test_an_amount_is_read_as_those_of_a_bill_are(cell, code):
    setup = setup_with(Dimension("claims.years", "amount", column="years"))
    taken, refusals, _ = take_claims(setup, batch_of(years=cell), Pieces.of(3, 41))
    assert refusals.column("code").to_pylist() == [code] * (code is not None)
    if code is not None:
        row = refusals.to_pylist()[0]
        assert (row["file"], row["row"], row["column"]) == (3, 41, "years")
        assert row["found"].strip('"') == cell
        assert "amount in yuan" in row["expected"]
    else:
        fen = int(Decimal(cell) * 100) if cell else NO_AMOUNT
        assert taken.column("amount.claims.years").to_pylist() == [fen]


@pytest.mark.parametrize("values", [pa.array([7.0]), pa.array([7]), pa.array([True])])
def test_a_column_that_could_mean_any_amount_stops_the_run(values):
    table = pa.table(batch_of()).set_column(len(ROW) - 1, "years", values)
    with pytest.raises(InputError, match=r"expected: decimal128\(16,2\) yuan, or text"):
        take_claims(
            setup_with(Dimension("claims.years", "amount", column="years")), table.to_batches()[0], Pieces.of(0, 0)
        )


@pytest.mark.parametrize("kind", ["code", "number"])
@pytest.mark.parametrize("values", [pa.array([7.0]), pa.array([dt.date(2022, 1, 1)]), pa.array([True])])
def test_a_column_of_a_type_that_holds_neither_stops_the_run(kind, values):
    table = pa.table(batch_of()).set_column(len(ROW) - 1, "years", values)
    with pytest.raises(InputError, match="claims: column years: type ") as caught:
        take_claims(setup_with(Dimension("years", kind, column="years")), table.to_batches()[0], Pieces.of(0, 0))
    assert "what to do" in str(caught.value)


@pytest.mark.parametrize(
    "codes",
    [None, 7, [7], ["a", "b"], [], pa.array([1]), pa.array(["a", "b"]), pa.chunked_array([pa.array([1.5])])],
)
def test_a_function_that_returns_something_else_is_the_plugins_fault(codes):
    setup = setup_with(Dimension("season", "function", function="f"), lambda _: codes)
    with pytest.raises(PluginError, match="plugin of region 990000: function f: "):
        take_claims(setup, batch_of(), Pieces.of(0, 0))


@pytest.mark.parametrize(
    "codes", [["wet"], ("wet",), pa.array(["wet"]), pa.chunked_array([["wet"]]), pa.array(["wet"]).dictionary_encode()]
)
def test_a_function_may_return_codes_of_any_shape(codes):
    setup = setup_with(Dimension("season", "function", function="f"), lambda _: codes)
    taken, *_ = take_claims(setup, batch_of(), Pieces.of(0, 0))
    numbers = taken.column("function.990000.f").to_pylist()
    assert [setup.vocabularies["function.990000.f"].texts[number] for number in numbers] == ["wet"]
