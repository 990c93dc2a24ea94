"""``qingsuan clear`` from files to the run folder: amounts worked out by hand, and what each bad input is told."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import qingsuan
from clearing_cases import ClearingYear, only_made_up
from qingsuan.report.confirmation import LINES
from settling import run

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
ITEM = '[[terms]]\nid = "item"\nway = "01"\ntitle = "by item"\nsource = "X"\n'
SHARE = '[[terms]]\nid = "share"\nway = "02"\ntitle = "share"\nfund = "share"\nsource = "X"\n'
HEADER = "fixmedins_code,pool,insutype,clr_type,begin_month,end_month,terms\n"
H1 = HEADER + "H1,990100,310,21,2022-01,2022-12,item\n"
CLAIM = "setl_id,fixmedins_code,medfee_sumamt,hifp_pay\nC1,H1,100.00,70.00\n"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    only_made_up(monkeypatch)


def year(folder: Path, terms: str = ITEM, claims: str = CLAIM, **more: Any) -> ClearingYear:
    tables = {name: more.pop(name) for name in list(more) if name not in ("cases", "head")}
    return ClearingYear(folder, {"terms": terms, "claims": claims, "tables": {"contracts": H1, **tables}, **more})


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_case_comes_out(file: Path, tmp_path: Path) -> None:
    made = ClearingYear.of(tmp_path, file)
    ran = made.run()
    assert ran.status == 0, ran
    made.check()
    assert run("verify", tmp_path / "out").status == 0


# ---- what cannot be settled stands beside what could


@pytest.mark.parametrize(
    ("terms", "more", "kind", "said"),
    [
        (SHARE, {"groups": "terms,group,standard\nshare,I20,10\n"}, "missing-parameter", "terms[1].percent"),
        (SHARE + "percent = 70\n", {}, "missing-parameter", 'lines of groups.csv with terms "share"'),
        (
            '[[terms]]\nid = "share"\nway = "04"\ntitle = "heads"\nsource = "X"\nper_head = [{ from = "2022-01", yuan = 1 }]\n',
            {},
            "missing-parameter",
            "lines of quantities.csv",
        ),
    ],
)
def test_a_contract_that_lacks_something_is_shown_with_it(
    tmp_path: Path, terms: str, more: dict[str, str], kind: str, said: str
) -> None:
    both = HEADER + "H1,990100,310,21,2022-01,2022-12,item\nH2,990100,310,21,2022-01,2022-12,share\n"
    claims = CLAIM + "C2,H2,50.00,30.00\n"
    made = year(tmp_path, ITEM + terms.replace("terms[1]", "terms[2]"), claims, contracts=both, **more)
    ran = made.run()
    assert ran.status == 0, ran
    (cleared,) = made.table("clearing")
    assert (cleared["fixmedins_code"], cleared["clearing"]) == ("H1", Decimal("70.00"))
    told = made.table("unsettled")
    assert [(row["kind"], row["table"], row["rows"], row["claims"]) for row in told] == [
        (kind, "settled", 1, Decimal("30.00")),
        (kind, "contracts", 1, Decimal("0.00")),
    ]
    assert all(said.replace("terms[1]", "terms[2]") in row["reason"] for row in told), told
    assert {row["where"] for row in told} == {"contracts.csv: line 3"}
    assert "1 of 2 contracts" in ran.out
    assert "1 claims, 30.00 yuan paid by funds, are not cleared" in ran.out


def test_claims_and_cases_that_do_not_fit_are_shown_one_by_one(tmp_path: Path) -> None:
    claims = "setl_id,fixmedins_code,med_type,medfee_sumamt,hifp_pay\n" + "".join(
        f"{name},{code},{care},100.00,{number}.00\n"
        for number, (name, code, care) in enumerate(
            [
                ("good", "H1", "21"),
                ("no-group", "H1", "21"),
                ("no-case", "H1", "21"),
                ("case-twice", "H1", "21"),
                ("claim-twice", "H1", "21"),
                ("claim-twice", "H1", "21"),
                ("no-standard", "H1", "21"),
                ("no-contract", "H7", "21"),
                ("no-kind", "H1", "99"),
            ],
            1,
        )
    )
    groups = {"no-group": "", "no-standard": "J99"}
    names = ("good", "no-group", "case-twice", "case-twice", "claim-twice", "no-standard", "no-claim")
    cases = "setl_id,pool,insutype,group\n" + "".join(f"{n},990100,310,{groups.get(n, 'I20')}\n" for n in names)
    contracts = HEADER + "H1,990100,310,21,2022-01,2022-12,share\n"
    made = year(
        tmp_path,
        SHARE + "percent = 70\n",
        claims,
        cases=cases,
        contracts=contracts,
        groups="terms,group,standard\nshare,I20,100.00\n",
    )
    ran = made.run()
    assert ran.status == 0, ran
    (cleared,) = made.table("clearing")
    assert (cleared["psntime"], cleared["claims"], cleared["standard"]) == (1, Decimal("1.00"), Decimal("70.00"))
    told = {(row["kind"], row["setl_id"]): row for row in made.table("unsettled")}
    assert {kind for kind, _ in told} == {
        *("no-group", "no-case", "case-twice", "claim-twice", "no-standard", "no-contract", "no-kind", "no-claim")
    }
    assert all(kind == setl_id for kind, setl_id in told if setl_id)
    assert told["no-standard", "no-standard"]["reason"].endswith('what its group is worth: "J99"')
    assert told["no-kind", None]["med_type"] == "99"
    assert sum(row["claims"] for row in made.table("unsettled")) == sum(range(2, 10))
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert record["rows"]["settled"] == {"in": 9, "cleared": 1, "unsettled": 8, "rejected": {}}
    assert "cases in 7 = paid for 1 + of no claim 1 + of claims not cleared 5" in ran.out
    assert record["rows"]["cases"] == {
        "in": 7,
        "read": 7,
        "settled": 1,
        "of_no_claim": 1,
        "of_claims_not_cleared": 5,
        "rejected": {},
    }
    assert run("verify", tmp_path / "out").status == 0


POINTS = (
    '[[terms]]\nid = "{0}"\nway = "06"\ntitle = "DIP"\nmethod = "points"\nfactors = []\nfactor_decimals = 4\ndecimals = 4\n'
    'value = {{ from = "budget", decimals = {1} }}\ndeduct = "nothing"\nlow = "none"\nhigh = "none"\nsource = "X"\n'
    'special = [{{ flag = "whole", form = "cost" }}]\n'
)
BUDGETS = "pool,insutype,clr_type,budget,reserve,outside\n990100,310,21,"


@pytest.mark.parametrize(
    ("budget", "points", "terms", "kind", "said"),
    [
        ("100,0,0", "0", "dip", "no-points", "budgets.csv: line 2: the points of the pool sum to zero"),
        (
            "100,60,50",
            "1",
            "dip",
            "budget-too-small",
            "budget 100.00 is below what lies outside points: reserve, stated outside",
        ),
        ("100,0,0", "1", "other", "several-terms", 'terms "dip" and "other"'),
        ("", "1", "dip", "no-budget", "budgets.csv has no line for 990100 310 21"),
    ],
)
def test_a_pool_that_cannot_be_shared_is_shown_beside_the_others(
    tmp_path: Path, budget: str, points: str, terms: str, kind: str, said: str
) -> None:
    contracts = HEADER + "".join(
        f"{name},990100,310,{care},2022-01,2022-12,{own}\n"
        for name, care, own in (("H1", "11", "item"), ("H1", "21", "dip"), ("H2", "21", terms))
    )
    claims = "setl_id,fixmedins_code,med_type,medfee_sumamt,hifp_pay\nC1,H1,11,100.00,70.00\nC2,H1,21,9.00,8.00\nC3,H2,21,5.00,4.00\n"
    groups = "terms,group,points\n" + "".join(f"{name},G,{points}\n" for name in ("dip", "other"))
    made = year(
        tmp_path,
        ITEM + POINTS.format("dip", 4) + POINTS.format("other", 2),
        claims,
        cases="setl_id,pool,insutype,group\nC2,990100,310,G\nC3,990100,310,G\n",
        contracts=contracts,
        groups=groups,
        **({"budgets": BUDGETS + budget + "\n"} if budget else {}),
    )
    ran = made.run()
    assert ran.status == 0, ran
    assert [row["clearing"] for row in made.table("clearing")] == [Decimal("70.00")]
    told = made.table("unsettled")
    assert [(row["kind"], row["table"], row["claims"]) for row in told] == [
        (kind, "settled", Decimal("8.00")),
        (kind, "settled", Decimal("4.00")),
        (kind, "contracts", Decimal("0.00")),
        (kind, "contracts", Decimal("0.00")),
    ]
    assert all(said in row["reason"] for row in told), told
    assert made.table("cases") == made.table("pools") == []
    assert run("verify", tmp_path / "out").status == 0


def test_a_factor_or_setting_of_points_that_is_not_there_is_named(tmp_path: Path) -> None:
    terms = POINTS.format("dip", 4).replace("factors = []", 'factors = ["level"]').replace('deduct = "nothing"\n', "")
    made = year(tmp_path, ITEM + terms, contracts=H1.replace("item", "dip"), groups="terms,group,points\ndip,G,1\n")
    assert made.run().status == 0
    (row,) = [one for one in made.table("unsettled") if one["table"] == "contracts"]
    assert row["reason"] == 'terms[2].deduct; factor_level in its line of contracts.csv: terms "dip" multiply by it'


def test_cases_with_an_unknown_flag_or_impossible_points_are_shown(tmp_path: Path) -> None:
    claims = "setl_id,fixmedins_code,medfee_sumamt,hifp_pay\n" + "".join(f"C{n},H1,9.00,8.00\n" for n in range(1, 4))
    made = year(
        tmp_path,
        POINTS.format("dip", 4),
        claims,
        cases="setl_id,pool,insutype,group,points,flag\nC1,990100,310,G,,\nC2,990100,310,G,,odd\nC3,990100,310,G,1.00001,\n",
        contracts=H1.replace("item", "dip"),
        groups="terms,group,points\ndip,G,1\n",
        budgets=BUDGETS + "100,0,0\n",
    )
    assert made.run().status == 0
    assert {(row["kind"], row["setl_id"]) for row in made.table("unsettled")} == {("no-flag", "C2"), ("no-case", "C3")}
    assert [(row["setl_id"], row["standard"]) for row in made.table("cases")] == [("C1", Decimal("100.00"))]
    (refused,) = pq.read_table(tmp_path / "out/rejected/cases-part-00000.parquet").to_pylist()
    assert (refused["setl_id"], refused["code"], refused["column"]) == ("C3", "E_FORM", "points")


SHARED = 'surplus = "none"\noverrun = "none"\n'
DEPOSIT = (
    'deposit = { percent = 5, by = "score", rest = "fund", bands = [{ from_percent = 0, returned_percent = 50 }] }\n'
)
ADVANCES = "fixmedins_code,pool,insutype,clr_type,month,amount,deposit\nH1,990100,310,21,2022-01,95,5\n"


@pytest.mark.parametrize(
    ("terms", "more", "said"),
    [
        (SHARED, {}, "budget in its line of contracts.csv"),
        (
            "",
            {"contracts": H1.replace("terms\n", "terms,budget\n").replace("item\n", "item,5\n")},
            "surplus and overrun of terms",
        ),
        ('surplus = "none"\n', {}, "terms[1].overrun"),
        (DEPOSIT, {}, "its line of assessments.csv"),
        ("", {"advances": ADVANCES}, 'deposit of terms "item": advances.csv has one'),
    ],
)
def test_a_contract_that_lacks_something_to_share_or_return_is_shown(
    tmp_path: Path, terms: str, more: dict[str, str], said: str
) -> None:
    made = year(tmp_path, ITEM + terms, **more)
    assert made.run().status == 0
    assert made.table("clearing") == []
    told = made.table("unsettled")
    assert {(row["kind"], row["table"]) for row in told} == {
        ("missing-parameter", "settled"),
        ("missing-parameter", "contracts"),
    }
    assert all(said in row["reason"] for row in told), told


def test_a_deposit_that_is_not_the_rate_is_told_and_not_corrected(tmp_path: Path) -> None:
    scores = (
        "fixmedins_code,pool,insutype,clr_type,score,full_score\nH1,990100,310,21,90,100\nH9,990100,310,21,90,100\n"
    )
    made = year(tmp_path, ITEM + DEPOSIT, advances=ADVANCES.replace("95,5", "95,4"), assessments=scores)
    ran = made.run()
    assert ran.status == 0, ran
    assert "advances.csv: line 2: a deposit of 4.00; 5.00 % of 99.00 are 4.95" in " ".join(ran.out.split())
    assert "assessments.csv: line 3: of no contract" in " ".join(ran.out.split())
    assert [(row["deposit"], row["deposit_kept"]) for row in made.table("clearing")] == [
        (Decimal("4.00"), Decimal("2.00"))
    ]


def test_a_line_of_no_contract_is_told_and_in_no_amount(tmp_path: Path) -> None:
    advances = "fixmedins_code,pool,insutype,clr_type,month,amount\nH9,990100,310,21,2022-01,5.00\n"
    made = year(tmp_path, advances=advances)
    ran = made.run()
    assert ran.status == 0, ran
    assert "advances.csv: line 2: of no contract of its month (H9 990100 310 21)" in " ".join(ran.out.split())
    assert [row["clearing"] for row in made.table("clearing")] == [Decimal("70.00")]


ALLIANCE = ITEM + '[[terms]]\nid = "sum"\nway = "07"\ntitle = "sum"\nothers = "item"\nsource = "X"\n'
MEMBERS = HEADER.replace("terms\n", "terms,alliance,weight\n")
SUMS = "alliance,pool,insutype,kinds,divisions,amount,document\n"
N_SUM = SUMS + "N,990100,310,21,990101,100.00,made up\n"
INSURED = (
    "setl_id,fixmedins_code,insu_admdvs,medfee_sumamt,hifp_pay\nC1,H1,990101,100.00,70.00\nC2,H2,990101,90.00,60.00\n"
)


@pytest.mark.parametrize(
    ("members", "more", "kind", "said"),
    [
        (("N,1", "N,"), {}, "missing-parameter", 'weight in its line of contracts.csv: terms "sum" share the sum'),
        (
            ("N,1", ",1"),
            {},
            "missing-parameter",
            'alliance in its line of contracts.csv: terms "sum" share the sum of one',
        ),
        (("N,1", "S,1"), {}, "missing-parameter", "a line of alliances.csv for S 990100 310"),
        (
            ("N,1", "N,1"),
            {"alliances": N_SUM.replace(",21,", ",11,")},
            "missing-parameter",
            "clr_type 21 among kinds of",
        ),
        (("N,0", "N,0.0"), {}, "no-weight", "alliances.csv: line 2: the weights of its members sum to zero"),
    ],
)
def test_an_alliance_that_cannot_be_shared_is_shown_whole(
    tmp_path: Path, members: tuple[str, str], more: dict[str, str], kind: str, said: str
) -> None:
    contracts = MEMBERS + "".join(
        f"{name},990100,310,21,2022-01,2022-12,sum,{member}\n"
        for name, member in zip(("H1", "H2"), members, strict=True)
    )
    made = year(tmp_path, ALLIANCE, INSURED, contracts=contracts, **{"alliances": N_SUM} | more)
    ran = made.run()
    assert ran.status == 0, ran
    told = made.table("unsettled")
    assert any(said in row["reason"] for row in told), told
    assert {row["kind"] for row in told if "S" not in members[1] and members[1][0] == "N"} <= {kind}
    of_another = members[1][0] != "N"  # whose alliance is not known: the other one is shared without it
    assert [row["standard"] for row in made.table("clearing")] == ([Decimal("40.00")] if of_another else [])
    assert run("verify", tmp_path / "out").status == 0


def test_a_sum_that_was_spent_outside_is_not_shared(tmp_path: Path) -> None:
    contracts = MEMBERS + "H1,990100,310,21,2022-01,2022-12,sum,N,1\nH2,990100,310,21,2022-01,2022-12,item,,\n"
    made = year(tmp_path, ALLIANCE, INSURED, contracts=contracts, alliances=N_SUM.replace("100.00", "59.99"))
    assert made.run().status == 0
    assert [row["fixmedins_code"] for row in made.table("clearing")] == ["H2"]
    told = [row for row in made.table("unsettled") if row["table"] == "contracts"]
    assert [(row["kind"], row["reason"]) for row in told] == [
        ("sum-spent", "alliances.csv: line 2: 60.00 were spent outside it for its people, of a sum of 59.99")
    ]
    assert made.table("alliances") == []


def test_whose_people_claims_are_of_is_data_of_the_input(tmp_path: Path) -> None:
    contracts = MEMBERS + "H1,990100,310,21,2022-01,2022-12,sum,N,1\n"
    made = year(tmp_path, ALLIANCE, CLAIM, contracts=contracts, alliances=N_SUM)
    ran = made.run()
    assert (ran.status, "insu_admdvs" in ran.err) == (3, True), ran
    made = year(
        tmp_path / "b", ALLIANCE, INSURED.replace("C2,H2,990101", "C2,H2,"), contracts=contracts, alliances=N_SUM
    )
    assert made.run().status == 0
    (refused,) = made.table("rejected")
    assert (refused["setl_id"], refused["code"], refused["column"]) == ("C2", "E_MISSING", "insu_admdvs")
    assert [row["outside"] for row in made.table("alliances")] == [Decimal("0.00")]


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("alliances", "outside", "available = amount - spent outside"),
        ("alliances", "contracts", "contracts and weights are those of its members"),
        ("alliances", "others", "remainder and care of others are those of its members"),
        ("clearing", "remainder", "shares and remainder = available"),
        ("clearing", "weight", "contracts and weights are those of its members"),
        ("clearing", "standard", "each member's share is that of its weight, half away from zero"),
        ("clearing", "others", "only members of an alliance are paid for other people"),
    ],
)
def test_a_changed_sum_is_found_by_verify(tmp_path: Path, table: str, column: str, said: str) -> None:
    made = ClearingYear.of(tmp_path, next(one for one in CASES if one.stem == "07-alliance"))
    assert made.run("--partitions", 1).status == 0
    (file,) = (tmp_path / "out" / table).iterdir()
    rows = pq.read_table(file)
    changed = pa.array([None if value is None else value + 1 for value in rows[column].to_pylist()], rows[column].type)
    pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, changed), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, said in ran.out) == (3, True), ran.out


PATIENTS = """
[[kinds]]
clr_type = "90"
med_types = []
source = "X"
[[terms]]
id = "patients"
way = "special"
title = "patients"
source = "X"
parts = [{ of = "person", payers = [{ payer = "a", percent = 50 }, { payer = "b", percent = 50 }] }]
"""
LISTED = "setl_id,pool,insutype,clr_type,document\nC1,990100,310,90,made up\n"


def test_listed_claims_that_share_an_id_or_did_not_come_are_told(tmp_path: Path) -> None:
    claims = "setl_id,fixmedins_code,medfee_sumamt,hifp_pay\nC1,H1,9.00,8.00\nC1,H1,7.00,5.00\nC2,H1,5.00,1.00\n"
    listed = LISTED + "C2,990100,310,90,made up\nC3,990100,310,90,made up\nC2,990200,310,90,made up\n"
    made = year(
        tmp_path,
        ITEM + PATIENTS,
        claims,
        contracts=H1.replace(",21,", ",90,").replace("item", "patients"),
        specials=listed,
    )
    ran = made.run()
    assert ran.status == 0, ran
    assert [(row["psntime"], row["standard"]) for row in made.table("clearing")] == [(1, Decimal("4.00"))]
    told = [(row["kind"], row["setl_id"], row["claims"]) for row in made.table("unsettled")]
    assert told == [("claim-twice", "C1", Decimal("5.00")), ("claim-twice", "C1", Decimal("8.00"))] or told == [
        ("claim-twice", "C1", Decimal("8.00")),
        ("claim-twice", "C1", Decimal("5.00")),
    ]
    said = " ".join(ran.out.split())
    assert "specials.csv: line 4: no settled claim has its setl_id, pool and scheme (2 such lines in all)" in said
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert record["specials"] == {"listed": 4, "of no claim": ["specials.csv: line 4", "specials.csv: line 5"]}
    assert run("verify", tmp_path / "out").status == 0


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("specials", "amount", "H1 990100 310 90 person central in fen as specials has it"),
        ("payers", "amount", "payers of H1 990100 310 90 2022-01 bear its standard"),
        ("payers", "first_month", "who bears it is said"),
    ],
)
def test_a_changed_payer_is_found_by_verify(tmp_path: Path, table: str, column: str, said: str) -> None:
    made = ClearingYear.of(tmp_path, next(one for one in CASES if one.stem == "08-special-payers"))
    assert made.run("--partitions", 1).status == 0
    (file,) = (tmp_path / "out" / table).iterdir()
    rows = pq.read_table(file)
    changed = ["2022-02" if column == "first_month" else value + 1 for value in rows[column].to_pylist()]
    place = rows.schema.get_field_index(column)
    pq.write_table(rows.set_column(place, column, pa.array(changed, rows[column].type)), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, said in ran.out) == (3, True), ran.out


# ---- what stops the run


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"contracts": H1 + "H1,990100,310,21,2022-06,2022-06,item\n"}, "again for the same months, first in line 2"),
        ({"contracts": H1.replace("item", "itme")}, 'did you mean "item"'),
        ({"contracts": H1.replace(",21,", ",41,")}, "one of [[kinds]] of terms.toml: 11, 21"),
        ({"contracts": H1.replace("2022-12", "2023-12")}, "a month of 2022"),
        ({"contracts": H1.replace("2022-12", "2021-12")}, "a month of 2022"),
        ({"contracts": H1.replace("2022-01,2022-12", "2022-12,2022-01")}, "end_month not before begin_month"),
        ({"contracts": H1.replace("990100", "9901")}, "the six digits of a pool"),
        ({"contract": H1}, "a file contract.csv"),
        ({"terms": ITEM + "percent = 7\n"}, 'unknown key "percent"'),
        ({"terms": ITEM + ITEM}, '"item" twice'),
        ({"terms": ITEM.replace('"01"', '"1"')}, "01"),
        (
            {
                "terms": ITEM
                + 'surplus = "none"\noverrun = { by = "slice", bands = [{ to_percent = 5, percent = 60 }] }\n'
            },
            "a last band without to_percent",
        ),
        (
            {"terms": ITEM + DEPOSIT.replace("from_percent = 0", "from_percent = 10")},
            "a last band with from_percent = 0",
        ),
        (
            {"assessments": "fixmedins_code,pool,insutype,clr_type,score,full_score\nH1,990100,310,21,101,100\n"},
            "from 0 to the full score",
        ),
        ({"groups": "terms,group,standard\nitem,I20,1.005\n"}, "at most two decimals"),
        ({"groups": "terms,group,standard\nitem,I20,1\nitem,I20,1\n"}, "group I20 again"),
        (
            {"advances": "fixmedins_code,pool,insutype,clr_type,month,amount\nH1,990100,310,21,2022-01,-5.00\n"},
            "from 0 to",
        ),
        (
            {"terms": ITEM + PATIENTS, "specials": LISTED + LISTED.splitlines()[1]},
            "C1 990100 310 again, first in line 2",
        ),
        ({"specials": LISTED}, "a kind of terms.toml with med_types = []: there is none"),
        ({"terms": ITEM + PATIENTS, "specials": LISTED.replace("C1", "")}, "the setl_id of a claim"),
        ({"terms": ITEM + PATIENTS, "specials": LISTED.replace("made up", "")}, "by which it is cleared apart"),
        (
            {"terms": ITEM + PATIENTS.replace("percent = 50 }]", "percent = 49 }]")},
            "payers whose percent are 100 together",
        ),
        ({"terms": ITEM + PATIENTS.replace('"b"', '"a"')}, '"a" twice'),
        ({"terms": ITEM + PATIENTS + "payers = []\n"}, "those of each of parts"),
        ({"alliances": N_SUM + N_SUM.splitlines()[1]}, "N 990100 310 again, first in line 2"),
        (
            {"alliances": N_SUM + "S,990100,310,21,990101,1,made up\n"},
            "division 990101, whose people alliances.csv: line 2",
        ),
        ({"alliances": N_SUM.replace(",21,", ",21 31,")}, 'kinds "31"'),
        ({"alliances": N_SUM.replace(",990101,", ",9901,")}, "the six digits of each division whose people"),
        ({"alliances": N_SUM.replace(",990101,", ",,")}, "at least one code, blanks between several, each once"),
        ({"alliances": N_SUM.replace("made up", "")}, "the document that sets the sum"),
        ({"contracts": MEMBERS + "H1,990100,310,21,2022-01,2022-12,item,N,-1\n"}, "weight"),
        (
            {"audits": "fixmedins_code,pool,insutype,clr_type,month,amount,document\nH1,990100,310,21,2022-01,5,\n"},
            "the document by which it is withheld",
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_stops_the_run(tmp_path: Path, more: dict[str, str], said: str) -> None:
    made = year(tmp_path, more.pop("terms", ITEM), **more)
    ran = made.run()
    assert (ran.status, said in ran.err) == (4, True), ran
    assert not (tmp_path / "out").exists()


def test_terms_of_another_year_and_no_contracts_at_all_stop_the_run(tmp_path: Path) -> None:
    made = year(tmp_path)
    folder = tmp_path / "contracts"
    ran = run("clear", made.claims, "--year", 2023, "--contracts", folder, "--out", tmp_path / "out")
    assert (ran.status, "2023, the year that is settled" in ran.err) == (4, True), ran
    ran = run("clear", made.claims, "--year", 2022, "--contracts", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (ran.status, "no such folder" in ran.err) == (4, True), ran
    (folder / "contracts.csv").unlink()
    ran = made.run()
    assert (ran.status, "no file contracts.csv" in ran.err) == (4, True), ran


def test_a_pool_without_a_plugin_stops_the_run_or_is_set_aside(tmp_path: Path) -> None:
    claims = (
        "setl_id,fixmedins_code,pool,medfee_sumamt,hifp_pay\nC1,H1,990100,100.00,70.00\nC2,H1,880100,100.00,70.00\n"
    )
    made = year(tmp_path, claims=claims)
    ran = made.run()
    assert (ran.status, "claims of 880100: no plugin serves this pool" in ran.err) == (4, True), ran
    assert made.run("--skip-unserved").status == 0
    (refused,) = made.table("rejected")
    assert (refused["setl_id"], refused["code"]) == ("C2", "E_POOL")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"medfee_sumamt": "1.005"}, "E_SCALE"),
        ({"fund_pay_sumamt": "-1.00"}, "E_NEGATIVE"),
        ({"fixmedins_code": ""}, "E_MISSING"),
        ({"benefit_date": "2021-12-31"}, "E_DATE"),
        ({"setl_time": "yesterday"}, "E_FORM"),
    ],
)
def test_a_claim_that_cannot_be_read_is_rejected_whole(tmp_path: Path, change: dict[str, str], code: str) -> None:
    made = year(tmp_path)
    table = pa.csv.read_csv(
        made.claims,
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(made.claims.read_text("utf-8").splitlines()[0].split(","), pa.string())
        ),
    )
    good, bad = table.to_pylist()[0], table.to_pylist()[0] | {"setl_id": "C2"} | change
    pa.csv.write_csv(pa.Table.from_pylist([good, bad]), made.claims)
    assert made.run().status == 0
    (refused,) = made.table("rejected")
    assert (refused["setl_id"], refused["code"]) == ("C2", code)
    assert [row["psntime"] for row in made.table("clearing")] == [1]


# ---- the frame


def test_partitions_and_workers_do_not_matter_and_a_run_goes_on(tmp_path: Path) -> None:
    file = next(one for one in CASES if one.stem.startswith("02"))
    made = ClearingYear.of(tmp_path, file)
    assert made.run("--partitions", 1).status == 0
    assert made.run("--partitions", 5, "--workers", 3, out="five").status == 0
    for name in ("clearing", "cases", "forms", "unsettled"):
        assert made.table(name) == made.table(name, "five")
    (tmp_path / "five/run.json").unlink()
    shutil.rmtree(tmp_path / "five/totals")
    before = {one.name: one.read_bytes() for one in (tmp_path / "five/clearing").iterdir()}
    assert made.run("--partitions", 5, "--resume", out="five").status == 0
    assert {one.name: one.read_bytes() for one in (tmp_path / "five/clearing").iterdir()} == before
    assert run("verify", tmp_path / "five").status == 0


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("clearing", "audit", "payable = standard + kept - borne by institution + procurement - audit - deposit kept"),
        ("clearing", "kept", "what is kept or borne is no more than there is"),
        ("clearing", "overrun", "surplus and overrun are those of the budget"),
        ("clearing", "deposit", "deposit - returned = kept"),
        ("clearing", "borne_by_fund", "borne by fund + by institution = overrun"),
        ("clearing", "advances", "clearing = payable - advances"),
        ("cases", "standard", "fen of cases of H1"),
        ("forms", "fund_appy_sum", "claims, cost and funds in fen of H1"),
    ],
)
def test_a_changed_amount_is_found_by_verify(tmp_path: Path, table: str, column: str, said: str) -> None:
    made = ClearingYear.of(tmp_path, next(one for one in CASES if one.stem.startswith("02")))
    assert made.run("--partitions", 1).status == 0
    (file,) = (tmp_path / "out" / table).iterdir()
    rows = pq.read_table(file)
    changed = pa.array([value + 1 for value in rows[column].to_pylist()], rows[column].type)
    pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, changed), file)
    ran = run("verify", tmp_path / "out")
    assert (ran.status, said in ran.out) == (3, True), ran.out


def test_from_python(tmp_path: Path) -> None:
    made = ClearingYear.of(tmp_path, CASES[0])
    run_ = qingsuan.clear(made.claims, year=2022, contracts=tmp_path / "contracts", out=tmp_path / "kept")
    assert [str(row["clearing"]) for row in run_.clearing.to_arrow().to_pylist()] == ["350.00", "-60.00", "-10.00"]
    opened = qingsuan.open(tmp_path / "kept")
    assert "3 of 3 contracts" in opened.summary()
    assert "clr_way" in opened._repr_html_()
    assert len(opened.rejected) == len(opened.rejected_cases) == 0


# ---- what institutions keep of procurement


TAKERS = HEADER.replace("terms\n", "terms,procurement\n") + "H1,990100,390,21,2022-01,2022-12,item,1\n"
OF_RESIDENTS = "setl_id,fixmedins_code,insutype,medfee_sumamt,hifp_pay\nC1,H1,390,100.00,70.00\n"


def procured(folder: Path) -> Path:
    """A finished run of procurement that is worked by hand: of residents' money H1 keeps 21,600.00, H2 27,000.00."""
    case = Path(__file__).parents[1] / "purchases" / "cases" / "hunan"
    files = {"--agreed": "agreed.csv", "--batches": "batches.toml", "--items": "items.csv", "--scores": "scores.csv"}
    options = [part for option, name in files.items() for part in (option, case / name)]
    ran = run("procurement", case / "purchases.csv", "--year", 2022, *options, "--out", folder / "procurement")
    assert ran.status == 0, ran.err
    return folder / "procurement"


@pytest.mark.parametrize(
    ("terms", "amounts"),
    [
        (ITEM, {"kept": "48600.00", "cleared": "21600.00", "of_unsettled": "0.00", "of_none": "27000.00"}),
        (
            SHARE.replace('"share"\nway', '"item"\nway'),
            {"kept": "48600.00", "cleared": "0.00", "of_unsettled": "21600.00", "of_none": "27000.00"},
        ),
    ],
    ids=["settled", "unsettled"],
)
def test_what_an_institution_keeps_of_procurement_is_cleared_with_one_contract(
    terms: str, amounts: dict[str, str], tmp_path: Path
) -> None:
    """By item 70.00 are due, with 21,600.00 of procurement 21,670.00; H2 has no contract that takes its part."""
    made = year(tmp_path, terms, OF_RESIDENTS, contracts=TAKERS)
    ran = made.run("--procurement", procured(tmp_path))
    assert ran.status == 0, ran.err
    found = [tuple(str(row[name]) for name in ("standard", "procurement", "payable")) for row in made.table("clearing")]
    assert found == ([("70.00", "21600.00", "21670.00")] if terms == ITEM else [])
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert record["procurement"] == amounts
    assert (
        "27000.00 yuan that institutions keep of procurement are of no contract that takes them: H2"
        in record["warnings"]
    )
    again = run(
        "verify", tmp_path / "out", "--settle", "--inputs", tmp_path, "--inputs", CASES[0].parents[2] / "purchases"
    )
    assert again.status == 0, again


@pytest.mark.parametrize(
    ("contracts", "status", "said"),
    [
        (TAKERS.replace("item,1", "item,yes"), 4, 'procurement "yes"'),
        (TAKERS + "H1,990100,390,11,2022-01,2022-12,item,1\n", 4, "procurement 1 of H1, scheme 390, again"),
    ],
)
def test_a_mark_of_procurement_that_says_nothing_certain_is_refused(
    contracts: str, status: int, said: str, tmp_path: Path
) -> None:
    ran = year(tmp_path, ITEM, OF_RESIDENTS, contracts=contracts).run()
    assert (ran.status, said in ran.err) == (status, True), ran


def test_only_a_finished_run_of_procurement_of_the_year_is_taken(tmp_path: Path) -> None:
    made = year(tmp_path, ITEM, OF_RESIDENTS, contracts=TAKERS)
    assert made.run(out="other").status == 0
    for place in (tmp_path / "other", tmp_path / "nowhere"):
        ran = made.run("--procurement", place)
        assert (ran.status, "procurement" in ran.err) == (3, True), ran


def test_each_institution_has_a_sheet_to_confirm(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    made = ClearingYear.of(tmp_path, next(one for one in CASES if one.stem == "06-deposits-by-index"))
    assert made.run("--confirmations", tmp_path / "sheets").status == 0
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["A1.xlsx", "B1.xlsx", "C1.xlsx"]
    sheet = openpyxl.load_workbook(tmp_path / "sheets" / "A1.xlsx").active
    assert sheet["A1"].value == "2022年度医疗保障费用清算确认书"
    assert sheet["C3"].value == "990100 职工\n清算类别21 按项目\n01-12月"
    lines = {row[1].value: (row[0].value, row[2].value, row[3].value) for row in sheet.iter_rows(min_row=4, max_row=23)}
    assert lines["质量保证金:不予返还"] == ("(17)", -3750, -3750)
    assert lines["全年应付 = (4) + (9) - (12) + (13) - (14) - (17)"] == ("(18)", 2003750, 2003750)
    assert lines["本次清算 = (18) - (19)"] == ("(20)", 103750, 103750)
    assert [sheet.cell(place + 3, 1).value for place, _ in enumerate(LINES, 1)] == [f"({n})" for n in range(1, 21)]
    ran = made.run(
        "--confirmations", made.claims, out="again"
    )  # a file, not a folder: the run is finished all the same
    assert (ran.status, "cannot be written" in ran.err) == (2, True), ran
    assert (tmp_path / "again/run.json").exists()
