"""The made-up year: exact, reproducible, of any size in the same memory, and labelled as made up."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pyarrow import csv as arrow_csv

from qingsuan.accounts.intake import columns as columns_of_accounts
from qingsuan.clearing.contracts.bureau import read_bureau
from qingsuan.clearing.intake.columns import CASES
from qingsuan.cli import cli
from qingsuan.elsewhere.bureau import read_bureau as read_outside
from qingsuan.errors import UsageError
from qingsuan.funds.columns import ENTRIES
from qingsuan.operators.bureau import read_bureau as read_operators
from qingsuan.purchases.bureau import read_bureau as read_procurement
from qingsuan.sample import make_year
from qingsuan.sample.columns import arrow_type
from qingsuan.sample.draw import WORDS, amounts_table, visit_counts, wheel
from qingsuan.sample.make import CHUNK, TABLES
from qingsuan.sample.pools import MARKETS, TRANSFERS
from qingsuan.subsidies.bureau import read_classes
from qingsuan.tables import ACCOUNT_COLUMNS, BILL_PARTS, CLAIMS, IDENTITIES, INSURED, PAID_COLUMNS, PREMIUMS

PEOPLE = CHUNK + 2000
AMOUNTS = ("medfee_sumamt", *BILL_PARTS)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def csv_rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def fen(column: pa.ChunkedArray) -> list[int | None]:
    return [None if value is None else int(value.scaleb(2)) for value in column.to_pylist()]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "year"
    make_year(out, people=PEOPLE, seed=7, files=3)
    return out


@pytest.fixture(scope="module")
def claims(year: Path) -> pa.Table:
    return pq.read_table(year / "claims")


def test_columns_are_those_of_the_tables(year: Path, claims: pa.Table) -> None:
    absent = (*PAID_COLUMNS, "vali_flag", "mdtrt_id", "mid_setl_flag")
    wanted = [column for column in CLAIMS if column.name not in absent]
    assert claims.schema.names == [column.name for column in wanted]
    assert claims.schema.types == [arrow_type(column) for column in wanted]
    tables = {
        "insured": (*INSURED, *ACCOUNT_COLUMNS),
        "insured_150000": (*INSURED, *ACCOUNT_COLUMNS),
        "identities": IDENTITIES,
        "premiums": PREMIUMS,
        "cases": CASES,
        "entries": ENTRIES,
        **{name: getattr(columns_of_accounts, name.upper()) for name in ("months", "opening", "families", "uses")},
    }
    for name, columns in tables.items():
        schema = pq.read_schema(year / f"{name}.parquet")
        there = [column for column in columns if column.name not in absent]
        assert schema.names == [column.name for column in there]
        assert schema.types == [arrow_type(column) for column in there]
    for column in wanted:
        assert not column.must or claims[column.name].null_count == 0, column.name


def test_composition_holds_to_the_fen_and_reversals_alone_are_negative(claims: pa.Table) -> None:
    total, *parts = (fen(claims[name]) for name in AMOUNTS)
    assert [sum(row) for row in zip(*parts, strict=True)] == total
    back = claims["refd_setl_flag"].to_pylist()
    for flag, *row in zip(back, total, *parts, strict=True):
        assert (max(row) <= 0 and row[0] < 0) if flag == "1" else (min(row) >= 0 and row[0] > 0)


def test_identifiers_are_unique_and_twenty_characters(claims: pa.Table, year: Path) -> None:
    assert pc.count_distinct(claims["setl_id"]).as_py() == len(claims)
    insured = pq.read_table(year / "insured.parquet")
    assert pc.count_distinct(insured["psn_no"]).as_py() == PEOPLE
    for column in (claims["setl_id"], claims["psn_no"], insured["psn_no"], claims["init_setl_id"].drop_null()):
        assert set(pc.utf8_length(column).to_pylist()) == {20}
        assert pc.all(pc.utf8_is_digit(column)).as_py()


def test_every_reversal_negates_one_earlier_claim_of_the_same_person(claims: pa.Table) -> None:
    by_id = {row["setl_id"]: row for row in claims.to_pylist()}
    back = [row for row in by_id.values() if row["refd_setl_flag"] == "1"]
    assert len({row["init_setl_id"] for row in back}) == len(back)
    assert 0.004 < len(back) / len(by_id) < 0.006
    alike = [
        name for name in claims.schema.names if name not in ("setl_id", "setl_time", "refd_setl_flag", "init_setl_id")
    ]
    for row in back:
        original = by_id[row["init_setl_id"]]
        assert original["refd_setl_flag"] == "0"
        assert original["setl_time"] < row["setl_time"]
        for name in alike:
            assert row[name] == (-original[name] if name in AMOUNTS else original[name])


def test_every_claim_falls_in_an_insured_period_of_its_pool_and_scheme(claims: pa.Table, year: Path) -> None:
    periods = defaultdict(list)
    for row in pq.read_table(year / "insured.parquet").to_pylist():
        end = row["enddate"] or dt.date.max
        assert row["begndate"] <= end
        periods[row["psn_no"], row["insutype"], row["insu_admdvs"][:4]].append((row["begndate"], end))
    for row in claims.to_pylist():
        spans = periods[row["psn_no"], row["insutype"], row["insu_admdvs"][:4]]
        assert any(begin <= row["begndate"] <= end for begin, end in spans)
        assert row["begndate"] <= row["enddate"] <= row["setl_time"].date()
        assert row["setl_time"].year == row["begndate"].year == 2021


def test_people_of_several_kinds_are_there(year: Path) -> None:
    rows = defaultdict(list)
    for row in pq.read_table(year / "insured.parquet").to_pylist():
        rows[row["psn_no"]].append(row)
    pairs = [pair for pair in rows.values() if len(pair) == 2]
    schemes = Counter(tuple(sorted(row["insutype"] for row in pair)) for pair in pairs)
    assert schemes["310", "390"] > 20
    twice = [pair for pair in pairs if pair[0]["insutype"] == pair[1]["insutype"]]
    overlapping = [pair for pair in twice if (pair[0]["enddate"] or dt.date.max) >= pair[1]["begndate"]]
    assert overlapping
    assert len(overlapping) < len(twice)
    everyone = [row for pair in rows.values() for row in pair]
    assert {row["psn_type"][:2] for row in everyone} == {"11", "12", "14", "15", "16"}
    assert any(row["wait_end_date"] for row in everyone)
    assert any(row["resd_permit_flag"] == "1" for row in everyone)
    assert all(row["acct_balc"] is None for row in everyone if row["insutype"] == "390")
    assert any(row["acct_balc"] for row in everyone if row["insutype"] == "310")


def test_identities_of_a_sample_begin_before_they_end(year: Path) -> None:
    rows = pq.read_table(year / "identities.parquet").to_pylist()
    assert {"2301", "2302", "2303", "2304", "2307", "7202"} <= {row["psn_idet_type"] for row in rows}
    assert all(row["endtime"] is None or row["begntime"] < row["endtime"] for row in rows)
    assert any(row["begntime"].year == 2021 for row in rows)
    assert any(row["endtime"] for row in rows)
    assert max(Counter(row["psn_no"] for row in rows).values()) == 2


def test_shares_of_pools_schemes_and_care(claims: pa.Table, year: Path) -> None:
    insured = pq.read_table(year / "insured.parquet")
    of_market = Counter(
        zip((code[:4] for code in insured["insu_admdvs"].to_pylist()), insured["insutype"].to_pylist(), strict=True)
    )
    for market in MARKETS:
        share = of_market[market.prefix, market.insutype] * 1000 / len(insured)
        assert abs(share - market.weight) < 12, market.prefix
    assert set(claims["med_type"].to_pylist()) == {"21", "140201", "140104", "11"}
    assert 2.4 < len(claims) / PEOPLE < 2.8
    visits = Counter(claims["psn_no"].to_pylist())
    assert PEOPLE - len(visits) > PEOPLE // 4
    assert max(visits.values()) > 20
    special = claims.filter(pc.equal(claims["med_type"], "140201"))
    assert special["dise_code"].null_count == 0
    ulanqab = claims.filter(pc.starts_with(claims["insu_admdvs"], "1509"))
    assert {(code or "1509")[:2] for code in ulanqab["fix_blng_admdvs"].to_pylist()} == {"15", "11"}


def rows_of_table(year: Path, name: str) -> list[dict[str, Any]]:
    return list(pq.read_table(year / f"{name}.parquet").to_pylist())


def test_premiums_are_those_of_residents_of_the_region_whose_premiums_are_known(year: Path) -> None:
    people = {row["psn_no"]: row for row in rows_of_table(year, "insured_150000") if row["insutype"] == "390"}
    whole = {row["psn_no"] for row in rows_of_table(year, "insured") if row["insu_admdvs"].startswith("15")}
    assert people.keys() <= whole
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of_table(year, "premiums"):
        assert (row["insutype"], row["year"]) == ("390", 2021)
        assert (row["psn_clct_amt"] < 0) == (row["revs_flag"] == "1")
        paid[row["psn_no"]] += row["psn_clct_amt"]
    assert paid.keys() <= people.keys()
    standards = {row["admdvs"]: Decimal(row["standard"]) for row in csv_rows(year / "premium_standards.csv")}
    ratios = Counter(paid[one] / standards[people[one]["insu_admdvs"][:4]] for one in paid)
    assert ratios[Decimal(1)] > 0.9 * len(people)
    assert min(ratios) < 1 < max(ratios)
    assert paid.keys() < people.keys()


def test_contributions_come_once_a_month_while_somebody_is_insured_as_an_employee(year: Path) -> None:
    periods = defaultdict(list)
    for row in rows_of_table(year, "insured"):
        if row["cntr_base"] is not None:
            periods[row["psn_no"]].append((row["begndate"], row["enddate"] or dt.date.max))
        assert (row["acct_mode"] is None) == (row["insutype"] == "390")
        assert row["retire_date"] is None or row["psn_type"].startswith("12")
    months = rows_of_table(year, "months")
    assert len({(row["psn_no"], row["month"]) for row in months}) == len(months)
    for row in months:
        first = dt.date.fromisoformat(f"{row['month']}-01")
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        assert any(begin <= last and end >= first for begin, end in periods[row["psn_no"]])
    assert {row["psn_no"] for row in months} == periods.keys()
    assert 0 < sum(row["clct_flag"] == "0" for row in months) < len(months) // 50


def test_accounts_open_with_what_the_insured_rows_say(year: Path) -> None:
    said = {
        (row["psn_no"], f"{row['insu_admdvs'][:4]}00", row["acct_balc"])
        for row in rows_of_table(year, "insured")
        if row["acct_balc"] is not None
    }
    opening = [tuple(row.values()) for row in rows_of_table(year, "opening")]
    assert set(opening) == said
    assert len({row[:2] for row in opening}) == len(opening)


def test_families_are_small_and_accounts_pay_for_them(year: Path) -> None:
    families, pairs = rows_of_table(year, "families"), set()
    sizes = Counter(row["psn_no"] for row in families)
    spouses = Counter(row["psn_no"] for row in families if row["relation"] == "spouse")
    assert max(sizes.values()) == 3
    assert max(spouses.values()) == 1
    assert {row["relation"] for row in families} == {"spouse", "parent", "child"}
    pairs = {(row["psn_no"], row["member_psn_no"]) for row in families}
    uses = {row["setl_id"]: row for row in rows_of_table(year, "uses")}
    assert len(uses) == len(rows_of_table(year, "uses"))
    assert any(row["payer_psn_no"] for row in uses.values())
    for row in uses.values():
        assert row["payer_psn_no"] is None or (row["payer_psn_no"], row["psn_no"]) in pairs
        if row["refd_setl_flag"] == "1":
            taken = uses[row["init_setl_id"]]
            assert (taken["amount"], taken["psn_no"]) == (-row["amount"], row["psn_no"])
            assert taken["date"] <= row["date"]


def test_receipts_and_budgets_are_of_the_size_of_the_residents(year: Path) -> None:
    residents = Counter(row["insu_admdvs"][:2] for row in rows_of_table(year, "insured") if row["insutype"] == "390")
    received: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in csv_rows(year / "receipts.csv"):
        received[row["admdvs"][:2], row["payer_level"]] += Decimal(row["amount"])
    for (region, level), amount in received.items():
        assert 0.7 < amount * 100 / (residents[region] * TRANSFERS[region][level]) < 1.1, (region, level)
    budgets = csv_rows(year / "budgets.csv")
    assert {row["payer_level"] for row in budgets} == {"prefecture", "county"}
    must = {row["admdvs"]: int(row["people"]) for row in csv_rows(year / "must_insure.csv")}
    assert all(code.startswith("15") for code in must)
    for name in ("receipts", "budgets", "must_insure", "local_split", "premium_standards"):
        assert (year / f"{name}.csv").read_text("utf-8").startswith("# made up")


def test_contracts_are_of_the_institutions_that_had_care_and_cases_of_their_stays(year: Path, claims: pa.Table) -> None:
    bureau = read_bureau(year / "contracts", 2021)
    there, lies = set(claims["fixmedins_code"].to_pylist()), csv_rows(year / "outside_institutions.csv")
    elsewhere = {row["fixmedins_code"] for row in lies if row["fixmedins_code"][7] == "9"}
    assert {contract.fixmedins_code for contract in bureau.contracts} == there - elsewhere
    assert {row["fixmedins_code"] for row in lies} == there
    assert len(elsewhere) > 5
    by_id = {row["setl_id"]: row for row in claims.to_pylist()}
    back = {row["init_setl_id"] for row in by_id.values() if row["init_setl_id"]}
    cases = rows_of_table(year, "cases")
    assert len({row["setl_id"] for row in cases}) == len(cases) > 1000
    for row in cases:
        claim = by_id[row["setl_id"]]
        assert claim["med_type"] == "21"
        assert row["setl_id"] not in back
        assert row["days"] == (claim["enddate"] - claim["begndate"]).days + 1
    assert (year / "contracts" / "terms.toml").read_text("utf-8").startswith("# made up")


def test_who_is_treated_elsewhere_is_so_in_an_institution_there(claims: pa.Table) -> None:
    near = {market.elsewhere[:4] for market in MARKETS if any(care.place == 1 for care in market.cares)}
    away = [row for row in claims.to_pylist() if row["fixmedins_code"][7] == "9"]
    assert {row["fixmedins_code"][1:5] for row in away} == {*near, "1101"}
    assert all(row["fix_blng_admdvs"] == row["fixmedins_code"][1:7] for row in away)
    assert all(row["insu_admdvs"][:4] != row["fixmedins_code"][1:5] for row in away)
    rest = [row for row in claims.to_pylist() if row["fixmedins_code"][7] != "9"]
    assert all(row["insu_admdvs"][:4] == row["fixmedins_code"][1:5] for row in rest)


def test_what_is_agreed_with_others_can_be_read_and_is_made_up(year: Path) -> None:
    contracts = read_operators(
        *(year / f"operator_{name}" for name in ("contracts.toml", "heads.csv", "movements.csv")), 2021
    )
    assert [len(contracts.contracts.contracts), len(contracts.contracts.unsettled)] == [2, 2]
    assert {one.outcome for one in contracts.movements} == {"counted"}
    names = ("arrangement.toml", "institutions.csv", "pools.csv", "movements.csv")
    arrangement = read_outside(*(year / f"outside_{name}" for name in names), 2021)
    assert [len(arrangement.arrangement.advances), len(arrangement.arrangement.missing)] == [2, 1]
    names = ("batches.toml", "items.csv", "scores.csv", "movements.csv")
    procurement = read_procurement(*(year / f"procurement_{name}" for name in names), 2021)
    agreed = rows_of_table(year, "agreed")
    assert {row["batch"] for row in agreed} == {batch.id for batch in procurement.procurement.batches}
    bought = Counter[tuple[str, ...]]()
    for row in rows_of_table(year, "purchases"):
        bought[row["fixmedins_code"], row["batch"], row["item"]] += row["quantity"]
    assert {bought[row["fixmedins_code"], row["batch"], row["item"]] for row in agreed} == {720, 1440}
    for file in (*year.glob("operator_*"), *year.glob("outside_*"), *year.glob("procurement_*")):
        assert file.read_text("utf-8").startswith("# made up"), file


def test_claims_come_in_the_order_of_time_not_of_people(claims: pa.Table) -> None:
    people = claims["psn_no"].to_pylist()
    beside = sum(one == next_one for one, next_one in pairwise(people))
    assert beside < len(people) // 50


def test_files_are_slices_of_one_sample(year: Path, claims: pa.Table, tmp_path: Path) -> None:
    make_year(tmp_path / "one", people=PEOPLE, seed=7)
    whole = pq.read_table(tmp_path / "one" / "claims")
    key = [("setl_id", "ascending")]
    assert len(list((year / "claims").iterdir())) == 3
    assert whole.sort_by(key).equals(claims.sort_by(key))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        make_year(tmp_path / name, people=1500, seed=seed, bad_rows=30)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a")["claims/part-000.parquet"] != digests(tmp_path / "c")["claims/part-000.parquet"]


def test_it_says_it_is_made_up(year: Path, tmp_path: Path) -> None:
    for path in (*year.glob("*.parquet"), *sorted((year / "claims").iterdir())):
        assert b"made up" in pq.ParquetFile(path).metadata.metadata[b"qingsuan.made_up"]
    assert (year / "README.txt").read_text("utf-8").startswith("MADE UP")
    assert json.loads((year / "sample.json").read_text("utf-8"))["made_up"] is True
    make_year(tmp_path / "ipc", people=50, seed=1, kind="ipc")
    with pa.ipc.open_file(tmp_path / "ipc" / "insured.arrow") as file:
        assert b"made up" in file.schema.metadata[b"qingsuan.made_up"]


def test_classes_cover_every_county_of_inner_mongolia(year: Path) -> None:
    rows = csv_rows(year / "classes.csv")
    assert list(rows[0]) == ["admdvs", "class"]
    assert (year / "classes.csv").read_text("utf-8").startswith("# made up")
    assert set(read_classes(year / "classes.csv")) == {row["admdvs"] for row in rows}
    assert len(rows) == len({row["admdvs"] for row in rows}) == 103
    assert {row["class"] for row in rows} == set("一二三")
    insured = pq.read_table(year / "insured.parquet")["insu_admdvs"].to_pylist()
    assert {code for code in insured if code.startswith("15")} <= {row["admdvs"] for row in rows}


@pytest.mark.parametrize("kind", ["csv", "ipc"])
def test_every_format_carries_the_same_rows(kind: str, tmp_path: Path) -> None:
    make_year(tmp_path / "parquet", people=400, seed=5)
    make_year(tmp_path / kind, people=400, seed=5, kind=kind)
    for name in (*TABLES, "claims"):
        path = tmp_path / "parquet" / (name if name == "claims" else f"{name}.parquet")
        wanted = pq.read_table(path)
        place = tmp_path / kind / ("claims/part-000" if name == "claims" else name)
        assert read(place, kind, wanted.schema).equals(wanted.replace_schema_metadata(None))


def read(place: Path, kind: str, schema: pa.Schema) -> pa.Table:
    if kind == "ipc":
        with pa.ipc.open_file(place.with_suffix(".arrow")) as file:
            return file.read_all().replace_schema_metadata(None)
    options = arrow_csv.ConvertOptions(column_types=schema, strings_can_be_null=True)
    return arrow_csv.read_csv(place.with_suffix(".csv"), convert_options=options)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_spoiled_rows_are_exactly_those_listed(kind: str, tmp_path: Path) -> None:
    bad = 143
    make_year(tmp_path / "good", people=800, seed=11, kind=kind)
    made = make_year(tmp_path / "bad", people=800, seed=11, kind=kind, bad_rows=bad)
    notes = csv_rows(tmp_path / "bad" / "spoiled.csv")
    assert len(notes) == bad == sum(made.spoiled.values())
    codes = {"E_SCALE"} if kind == "csv" else set()
    codes |= {"E_MISSING", "E_FORM", "E_CODE", "E_RANGE", "E_NEGATIVE", "E_COMPOSITION", "E_DATE"}
    assert set(made.spoiled) == codes | {"E_DUPLICATE", "E_PERSON", "E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH"}
    good, spoiled = (rows_of(tmp_path / name / "claims", kind) for name in ("good", "bad"))
    beside = made.spoiled["E_DUPLICATE"] + made.spoiled["E_REVERSAL_MISMATCH"]
    assert len(spoiled) == len(good) + beside
    gone = Counter(map(freeze, good)) - Counter(map(freeze, spoiled))
    new = Counter(map(freeze, spoiled)) - Counter(map(freeze, good))
    assert gone.total() == bad - beside
    assert new.total() == bad
    listed = Counter(note["setl_id"] for note in notes)
    assert Counter(dict(row)["setl_id"] for row in new.elements()) == listed


def rows_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    if kind == "csv":
        return csv_rows(folder / "part-000.csv")
    return list(pq.read_table(folder).to_pylist())


def freeze(row: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(row.items())


def test_each_spoiled_row_breaks_what_its_code_says(tmp_path: Path) -> None:
    make_year(tmp_path / "bad", people=1000, seed=2, bad_rows=220, kind="csv")
    rows = defaultdict(list)
    for row in rows_of(tmp_path / "bad" / "claims", "csv"):
        rows[row["setl_id"]].append(row)
    people = {row["psn_no"] for row in csv_rows(tmp_path / "bad" / "insured.csv")}
    for note in csv_rows(tmp_path / "bad" / "spoiled.csv"):
        row, value = rows[note["setl_id"]][-1], rows[note["setl_id"]][-1][note["column"]]
        total = Decimal(row["medfee_sumamt"] or 0) * 100
        parts = sum(Decimal(row[name] or 0) * 100 for name in BILL_PARTS)
        breaks = {
            "E_MISSING": value == "",
            "E_FORM": value in ("22A1", "7"),
            "E_CODE": value in ("9Z9", "ZZ"),
            "E_SCALE": len(value.partition(".")[2]) == 3,
            "E_RANGE": total > 10**13,
            "E_NEGATIVE": value == "-0.01" and total == parts,
            "E_COMPOSITION": total == parts + 1,
            "E_DUPLICATE": len(rows[note["setl_id"]]) == 2,
            "E_PERSON": value not in people,
            "E_DATE": row["enddate"] < row["begndate"] or not row["setl_time"].startswith("2021"),
            "E_REVERSAL_ORPHAN": value not in rows and row["refd_setl_flag"] == "1" and total == parts < 0,
            "E_REVERSAL_MISMATCH": row["init_setl_id"] == note["also"] in rows and total == parts < 0,
        }
        assert breaks[note["code"]], note


def test_more_bad_rows_than_half_the_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="half as many as people"):
        make_year(tmp_path / "out", people=10, seed=1, bad_rows=6)
    assert not list(tmp_path.iterdir())


def test_a_sample_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 rows to spoil among 0 claims"):
        make_year(tmp_path / "out", people=3, seed=3, bad_rows=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "claims/notes.txt", "claims/more/part-000.csv", "due/part-00000.parquet", ".state/part-00000.arrow"],
)
def test_what_no_sample_writes_is_not_removed_beside_one(name: str, tmp_path: Path) -> None:
    """The hidden folder in which a sample is made may be that of somebody else."""
    hidden = tmp_path / ".year.unfinished"
    for each in (name, "claims/part-000.csv", "insured.csv"):
        (hidden / each).parent.mkdir(parents=True, exist_ok=True)
        (hidden / each).write_text("x")
    (hidden / "README.txt").symlink_to(hidden / "insured.csv")
    with pytest.raises(UsageError, match=r"README\.txt"):
        make_year(tmp_path / "year", people=10, seed=1)
    (hidden / "README.txt").unlink()
    with pytest.raises(UsageError, match=name):
        make_year(tmp_path / "year", people=10, seed=1)
    assert (hidden / name).read_text() == (hidden / "insured.csv").read_text() == "x"
    (hidden / name).unlink()
    if (hidden / name).parent not in (hidden, hidden / "claims"):
        (hidden / name).parent.rmdir()
    assert make_year(tmp_path / "year", people=10, seed=1).people == 10
    assert not hidden.exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="something already"):
        make_year(tmp_path, people=10, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("people", [1, 2, CHUNK, CHUNK + 1])
def test_a_sample_of_any_size_has_its_people_and_claims(people: int, tmp_path: Path) -> None:
    made = make_year(tmp_path / "out", people=people, seed=9)
    assert pq.read_metadata(tmp_path / "out" / "insured.parquet").num_rows == made.insured >= people
    assert pq.read_table(tmp_path / "out" / "claims").num_rows == made.claims


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    """Peak of the Arrow pool and of resident memory, each size in a process of its own."""
    script = (
        "import resource, sys; from pathlib import Path; from qingsuan.sample import make_year\n"
        "make_year(Path(sys.argv[1]), people=int(sys.argv[2]), seed=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(people: int) -> int:
        command = [sys.executable, "-c", script, str(tmp_path / str(people)), str(people)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    small, large = peak(65_536), peak(262_144)
    assert large < small * 1.25


def test_wheel_gives_each_weight_its_share() -> None:
    counts = Counter(wheel([1, 0, 3]).tolist())
    assert counts == {0: WORDS // 4, 2: WORDS * 3 // 4}
    with pytest.raises(ValueError, match="not all zero"):
        wheel([0, 0])


def test_tables_of_counts_and_amounts() -> None:
    counts = visit_counts(260, 60)
    assert abs(int(counts.astype(int).sum()) / WORDS - 2.6) < 0.05
    assert counts.max() <= 60
    table = amounts_table(100_000, 80)
    assert (table[1:] >= table[:-1]).all()
    assert abs(int(table[len(table) // 2]) - 100_000) <= 1


def test_the_sample_command_says_that_its_year_is_made_up(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["sample", str(tmp_path / "out"), "--people", "300", "--seed", "1", "--bad-rows", "5"]
    )
    assert result.exit_code == 0, result.output
    assert "made up" in result.output
    assert "5 spoiled" in result.output
    assert (tmp_path / "out" / "spoiled.csv").exists()
