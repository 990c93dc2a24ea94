"""Every rejection code through the public command: the row leaves whole, with its reason, and the run goes on."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qingsuan.tables import REJECTION_CODES
from settling import BILL, RULES, claim, install, insured, only, read, settle, write

Row = dict[str, str | None]
PEOPLE = [
    insured(),
    insured(psn_no="p2", insu_admdvs="990201"),
    insured(psn_no="p3", insutype="310", psn_type="1101"),
    insured(psn_no="p4", begndate="2022-06-01", enddate="2022-06-30"),
]
GOOD = [
    claim(setl_id="good1", setl_time="2022-02-01 00:00:00"),
    claim(setl_id="good2", psn_no="p3", insutype="310", setl_time="2022-12-31 23:59:59", enddate=""),
]


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def settled(tmp_path: Path, rows: list[Row], suffix: str = ".csv", *more: str, people: list[Row] | None = None) -> Path:
    """Settle rows among good ones; every row and every amount must come out somewhere."""
    claims = write(tmp_path / f"claims{suffix}", [{"vali_flag": "", **row} for row in (GOOD[0], *rows, GOOD[1])])
    out = tmp_path / f"out{suffix}"
    ran = settle(claims, write(tmp_path / f"insured{suffix}", people or PEOPLE), out, *more)
    assert (ran.status, ran.err.count("Traceback")) == (0, 0), ran.err
    record = json.loads((out / "run.json").read_text("utf-8"))
    found = {name: read(out, name) for name in ("settled", "reversed", "rejected")}
    counts = {name: len(rows) for name, rows in found.items()}
    assert record["rows"] == {"in": len(rows) + 2, **counts}
    assert sum(counts.values()) == len(rows) + 2
    for amounts in record["amounts"].values():
        assert Decimal(amounts["in"]) == sum(Decimal(amounts[name]) for name in counts)
    for name in BILL:
        assert Decimal(record["amounts"][name]["settled"]) == sum(row[name] for row in found["settled"])
        assert sum(row[name] for row in found["reversed"]) == 0
    assert {row["setl_id"] for row in found["settled"]} >= {"good1", "good2"}
    return out


BAD: list[tuple[str, str, str, str, Row]] = [
    # code, column, words of found, words of expected, the change
    ("E_VOID", "vali_flag", "0", "1, or nothing", {"vali_flag": "0"}),
    ("E_VOID", "vali_flag", "0", "1, or nothing", {"vali_flag": "0", "psn_no": "", "med_type": "99"}),
    ("E_FORM", "vali_flag", "2", "'0' or '1'", {"vali_flag": "2"}),
    *(
        ("E_MISSING", name, "nothing", "a value", {name: ""})
        for name in ("setl_id", "psn_no", "insutype", "med_type", "insu_admdvs", "begndate", "setl_time", *BILL)
    ),
    ("E_MISSING", "init_setl_id", "nothing", "the setl_id of the claim it takes back", {"refd_setl_flag": "1", **{name: "-1.00" if name in ("medfee_sumamt", "inscp_scp_amt") else "0.00" for name in BILL}}),
    ("E_REVERSAL_OPEN", "refd_setl_flag", "bad is marked as taken back, and no reversal names it", "the reversal that takes it back", {"refd_setl_flag": "1"}),
    ("E_CODE", "insutype", "395", "a code of the table insutype", {"insutype": "395"}),
    ("E_FORM", "insutype", '"390 ": a blank at an end', "a code without blanks", {"insutype": "390 "}),
    ("E_FORM", "dedc_hosp_lv", '"１"', "a code without blanks", {"dedc_hosp_lv": "１"}),
    ("E_FORM", "psn_no", '"p1 ": a blank at an end', "an id as it was given out: no blank", {"psn_no": "p1 "}),
    ("E_FORM", "setl_id", '"\\u200bbad": the character U+200B ZERO WIDTH SPACE', "an id as it was given out", {"setl_id": "\u200bbad"}),
    ("E_FORM", "setl_id", '"ｂad": written plainly it is "bad"', "an id as it was given out", {"setl_id": "ｂad"}),
    ("E_FORM", "psn_no", '"2.20102E+17"', "an id as it was given out", {"psn_no": "2.20102E+17"}),
    ("E_FORM", "fixmedins_code", '"H1\\xa0"', "an id as it was given out", {"fixmedins_code": "H1\xa0"}),
    ("E_FORM", "init_setl_id", '"NULL": a word for nothing', "an id as it was given out", {"init_setl_id": "NULL"}),
    ("E_CODE", "med_type", "99", "a code of the table med_type", {"med_type": "99"}),
    ("E_FORM", "insu_admdvs", "9901", "six digits", {"insu_admdvs": "9901"}),
    ("E_FORM", "insu_admdvs", "９９０１０１", "six digits", {"insu_admdvs": "９９０１０１"}),
    ("E_FORM", "fix_blng_admdvs", "99010A", "six digits", {"fix_blng_admdvs": "99010A"}),
    ("E_FORM", "acct_used_flag", "2", "'0' or '1'", {"acct_used_flag": "2"}),
    ("E_FORM", "refd_setl_flag", "true", "'0' or '1'", {"refd_setl_flag": "true"}),
    ("E_CODE", "dedc_hosp_lv", "9", "a level of pool 990100: 1, 2", {"dedc_hosp_lv": "9"}),
    *(
        ("E_FORM", "medfee_sumamt", f'"{cell}"', "an amount in yuan with at most two decimals, such as 1234.50", {"medfee_sumamt": cell})
        for cell in ("1e3", "10,000.00", " 10000.00 ", "+1.00", "1000,00", "￥1000.00")
    ),
    ("E_FORM", "inscp_scp_amt", '"\\t800.00"', "an amount in yuan", {"inscp_scp_amt": "\t800.00"}),
    ("E_FORM", "begndate", '"2022/3/1"', "a date of the calendar as YYYY-MM-DD", {"begndate": "2022/3/1"}),
    ("E_FORM", "begndate", "2022-02-30", "YYYY-MM-DD", {"begndate": "2022-02-30"}),
    ("E_FORM", "setl_time", "2022-03-05 25:00:00", "a time as YYYY-MM-DD HH:MM:SS", {"setl_time": "2022-03-05 25:00:00"}),
    ("E_SCALE", "medfee_sumamt", "1000.00", "at most two decimals", {"medfee_sumamt": "1000.001"}),
    ("E_RANGE", "medfee_sumamt", "100000000000.01", "100000000000.00", {"medfee_sumamt": "100000000000.01"}),
    ("E_NEGATIVE", "overlmt_selfpay", "-10.00", "0 or more", {"overlmt_selfpay": "-10.00", "medfee_sumamt": "980.00"}),
    ("E_COMPOSITION", "medfee_sumamt", "1000.01", "four parts, 1000.00", {"medfee_sumamt": "1000.01"}),
    ("E_COMPOSITION", "medfee_sumamt", "999.99", "four parts, 1000.00", {"medfee_sumamt": "999.99"}),
    ("E_DATE", "enddate", "2022-02-28", "not before begndate", {"enddate": "2022-02-28"}),
    ("E_DATE", "setl_time", "2021-12-31", "a date in 2022", {"setl_time": "2021-12-31 23:59:59"}),
    ("E_DATE", "setl_time", "2023-01-01", "a date in 2022", {"setl_time": "2023-01-01 00:00:00"}),
    ("E_PERSON", "psn_no", "p9, insutype 390", "with this psn_no", {"psn_no": "p9"}),
    ("E_PERSON", "psn_no", "p1, insutype 310, insu_admdvs 990101, begndate 2022-03-01; the insured table has 390 in 990101 from 2022-01-01", "psn_no and insutype", {"insutype": "310"}),
    ("E_PERSON", "psn_no", "begndate 2022-05-31; the insured table has 390 in 990101 from 2022-06-01 until 2022-06-30", "holds at begndate", {"psn_no": "p4", "begndate": "2022-05-31", "enddate": ""}),
    ("E_PERSON", "psn_no", "begndate 2022-07-01", "holds at begndate", {"psn_no": "p4", "begndate": "2022-07-01", "enddate": ""}),
    ("E_PERSON", "psn_no", "p1, insutype 390, insu_admdvs 990201", "from the pool", {"insu_admdvs": "990201"}),
    ("E_PERSON", "psn_no", "begndate 9999-12-31", "holds at begndate", {"psn_no": "p4", "begndate": "9999-12-31", "enddate": ""}),
    ("E_NO_RULE", "med_type", "med_type=41", "a rule for this combination", {"med_type": "41"}),
    ("E_NO_RULE", "med_type", "med_type=11", "parameter outpatient.ratio, which the bureau must supply: the doc", {"med_type": "11"}),
    ("E_NO_RULE", "insutype", "pool 990200 two, insutype 390, 2022-03-05", "rule set of the pool", {"psn_no": "p2", "insu_admdvs": "990201"}),
    ("E_REVERSAL_ORPHAN", "init_setl_id", "s9", "no earlier reversal", {"refd_setl_flag": "1", "init_setl_id": "s9"}),
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(("code", "column", "found", "expected", "change"), BAD)
def test_a_bad_row_leaves_whole_with_its_reason(
    code: str, column: str, found: str, expected: str, change: Row, suffix: str, tmp_path: Path
) -> None:
    bad = claim(setl_id="bad", **{k: v for k, v in change.items() if k != "setl_id"})
    bad = {**bad, **change}
    (row,) = read(settled(tmp_path, [bad], suffix), "rejected")
    assert (row["code"], row["column"], row["source_file"], row["source_row"]) == (code, column, f"claims{suffix}", 2)
    assert found in row["found"]
    assert expected in row["expected"]
    for name, value in bad.items():  # its own columns as they came, the unread one too
        assert alike(row[name], value), name


@pytest.mark.parametrize(("suffix", "nobody"), [(".csv", ""), (".parquet", None)])
def test_a_row_of_nobody_leaves_as_it_came(suffix: str, nobody: str | None, tmp_path: Path) -> None:
    (row,) = read(settled(tmp_path, [claim(setl_id="bad", psn_no="")], suffix), "rejected")
    assert (row["code"], row["column"], row["psn_no"]) == ("E_MISSING", "psn_no", nobody)


def alike(cell: Any, text: str | None) -> bool:
    if isinstance(cell, Decimal):
        return cell == Decimal(text or "")
    return str(cell or "") == (text or "")


def test_every_code_is_met_somewhere_here() -> None:
    elsewhere = {"E_DUPLICATE", "E_REVERSAL_MISMATCH", "E_POOL", "E_CONTRADICTION", "E_UNREGISTERED"}
    of_accounts = {"E_USE", "E_FAMILY", "E_BALANCE"}
    assert {code for code, *_ in BAD} | elsewhere | of_accounts == set(REJECTION_CODES)


FAULTS: list[tuple[str, Row]] = [
    ("E_MISSING", {"insutype": ""}),
    ("E_FORM", {"enddate": "2022/3/5"}),
    ("E_CODE", {"med_type": "99"}),
    ("E_SCALE", {"preselfpay_amt": "90.001"}),
    ("E_RANGE", {"overlmt_selfpay": "200000000000"}),
    ("E_NEGATIVE", {"fulamt_ownpay_amt": "-100.00"}),
    ("E_COMPOSITION", {"medfee_sumamt": "5.00"}),
    ("E_DATE", {"setl_time": "2021-03-05 10:00:00"}),
    ("E_POOL", {"insu_admdvs": "880101"}),
    ("E_PERSON", {"psn_no": "nobody"}),
    ("E_NO_RULE", {"med_type": "41"}),
]


def test_of_several_faults_the_first_in_order_is_named(tmp_path: Path) -> None:
    rows = []
    for at in range(len(FAULTS)):
        row = claim(setl_id=f"f{at}")
        for _, change in reversed(FAULTS[at:]):
            row.update(change)
        rows.append(row)
    out = settled(tmp_path, rows, ".csv", "--skip-unserved")
    assert {row["setl_id"]: row["code"] for row in read(out, "rejected")} == {
        f"f{at}": code for at, (code, _) in enumerate(FAULTS)
    }


def test_a_pool_nobody_serves_stops_the_run_or_is_rejected_when_asked(tmp_path: Path) -> None:
    bad = claim(setl_id="bad", insu_admdvs="880101")
    (row,) = read(settled(tmp_path, [bad], ".csv", "--skip-unserved"), "rejected")
    assert (row["code"], row["column"], row["found"], row["insu_admdvs"]) == (
        "E_POOL",
        "insu_admdvs",
        "880101",
        "880101",
    )


def by_id(out: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in read(out, "rejected"):
        found.setdefault(row["setl_id"], []).append((row["code"], row["found"]))
    return found


def test_identical_and_differing_copies_are_told_apart(tmp_path: Path) -> None:
    one = claim(setl_id="d")
    later = claim(setl_id="d", setl_time="2022-03-06 10:00:00", fixmedins_code="H2")
    out = settled(tmp_path, [later, one, dict(one), dict(one), claim(setl_id="d", psn_no="p3", insutype="310")])
    found = by_id(out)
    assert {code for code, _ in found["d"]} == {"E_DUPLICATE"}
    words = sorted(words for _, words in found["d"])
    assert words[0].startswith("d, an identical copy")
    assert words[1] == words[0]
    assert words[2].startswith("d, differing in ")
    assert {"fixmedins_code", "setl_time"} <= set(words[2].removeprefix("d, differing in ").split(", "))
    assert len(words) == 3
    kept = [row for row in read(out, "settled") if row["setl_id"] == "d"]
    assert sorted((row["psn_no"], row["fixmedins_code"]) for row in kept) == [("p1", "H1"), ("p3", "H1")]


def test_of_copies_at_the_same_time_the_content_decides_and_not_the_order(tmp_path: Path) -> None:
    rows = [claim(setl_id="d", fixmedins_code="H2"), claim(setl_id="d"), claim(setl_id="d", fixmedins_code="H3")]
    kept = []
    for way in (rows, rows[::-1], [rows[1], rows[0], rows[2]]):
        out = settled(tmp_path, list(way), ".csv", "--overwrite")
        assert [code for code, _ in by_id(out)["d"]] == ["E_DUPLICATE"] * 2
        kept += [row["fixmedins_code"] for row in read(out, "settled") if row["setl_id"] == "d"]
    assert kept == [kept[0]] * 3


def back(original: Row, setl_id: str, **changes: str) -> Row:
    row = {**original, "setl_id": setl_id, "refd_setl_flag": "1", "init_setl_id": original["setl_id"], **changes}
    for name in BILL:
        if name not in changes:
            row[name] = str(-Decimal(original[name] or "0"))
    return row


def test_a_pair_leaves_the_calculation_whatever_its_order(tmp_path: Path) -> None:
    a, b = claim(setl_id="a"), claim(setl_id="b", setl_time="2022-03-06 00:00:00")
    alone = settled(tmp_path, [b], ".csv")
    wanted = {row["setl_id"]: row for row in read(alone, "settled")}
    earlier = back(a, "a-", setl_time="2022-03-04 00:00:00")  # dated before what it takes back, and first in the file
    out = settled(tmp_path, [earlier, a, b], ".parquet")
    assert {row["setl_id"]: row for row in read(out, "settled")} == wanted
    pairs = {(row["setl_id"], row["other_setl_id"], row["refd_setl_flag"]) for row in read(out, "reversed")}
    assert pairs == {("a", "a-", "0"), ("a-", "a", "1")}
    assert read(out, "rejected") == []


def test_a_mismatch_takes_both_away(tmp_path: Path) -> None:
    a = claim(setl_id="a")
    near = back(a, "a-", medfee_sumamt="-1000.01", inscp_scp_amt="-800.01")
    out = settled(tmp_path, [a, near])
    found = by_id(out)
    assert {setl_id: [code for code, _ in reasons] for setl_id, reasons in found.items()} == {
        "a": ["E_REVERSAL_MISMATCH"],
        "a-": ["E_REVERSAL_MISMATCH"],
    }
    assert found["a-"][0][1].startswith("a- against a: ")


def test_parts_that_move_between_columns_are_a_mismatch_though_the_total_negates(tmp_path: Path) -> None:
    a = claim(setl_id="a")
    moved = back(a, "a-", preselfpay_amt="-100.00", overlmt_selfpay="-0.00")
    assert set(by_id(settled(tmp_path, [a, moved]))) == {"a", "a-"}


def test_reversals_of_nothing_are_orphans(tmp_path: Path) -> None:
    a = claim(setl_id="a")
    rows = [
        a,
        back(a, "r1", setl_time="2022-04-01 00:00:00"),
        back(a, "r2", setl_time="2022-04-02 00:00:00"),  # the claim was taken back already
        back(a, "r3", init_setl_id="r1", setl_time="2022-04-03 00:00:00"),  # names a reversal
        back(a, "r4", psn_no="p3", insutype="310"),  # another person's claim
        back(a, "r5", init_setl_id="r5"),  # names itself
    ]
    out = settled(tmp_path, rows)
    assert by_id(out) == {
        name: [("E_REVERSAL_ORPHAN", init)] for name, init in (("r2", "a"), ("r3", "r1"), ("r4", "a"), ("r5", "r5"))
    }
    assert {row["setl_id"] for row in read(out, "reversed")} == {"a", "r1"}


def test_a_copy_of_a_reversal_is_a_duplicate_and_one_setl_id_may_be_two_peoples(tmp_path: Path) -> None:
    a, other = claim(setl_id="a"), claim(setl_id="a", psn_no="p3", insutype="310")
    out = settled(tmp_path, [a, other, back(a, "r"), back(a, "r"), back(other, "r")])
    ((code, words),) = by_id(out)["r"]
    assert (code, words) == ("E_DUPLICATE", "r, an identical copy")
    assert sorted((row["psn_no"], row["setl_id"]) for row in read(out, "reversed")) == [
        ("p1", "a"),
        ("p1", "r"),
        ("p3", "a"),
        ("p3", "r"),
    ]


def test_a_reversal_of_a_row_refused_on_its_own_is_an_orphan(tmp_path: Path) -> None:
    a = claim(setl_id="a", med_type="99")
    found = by_id(settled(tmp_path, [a, back({**a, "med_type": "21"}, "r")]))
    assert {name: reasons[0][0] for name, reasons in found.items()} == {"a": "E_CODE", "r": "E_REVERSAL_ORPHAN"}


def test_more_rows_of_one_person_than_are_compared_one_by_one(tmp_path: Path) -> None:
    rows = [claim(setl_id=f"c{n}", setl_time=f"2022-03-05 10:00:{n:02d}") for n in range(40)]
    copies = [claim(setl_id=f"c{n}", setl_time=f"2022-03-05 11:00:{n:02d}") for n in range(0, 40, 2)]
    backs = [back(rows[n], f"r{n}", setl_time="2022-03-05 12:00:00") for n in range(1, 40, 4)]
    out = settled(tmp_path, [*copies, *backs, *rows], ".parquet")
    assert {row["setl_id"] for row in read(out, "rejected")} == {copy["setl_id"] for copy in copies}
    assert len(read(out, "reversed")) == 20
    assert all("differing in setl_time" in row["found"] for row in read(out, "rejected"))


def test_bad_people_are_rejected_beside_the_claims_and_named_in_a_warning(tmp_path: Path) -> None:
    bad = [
        insured(psn_no="q1", begndate="2022-13-01"),
        insured(psn_no="q2", acct_balc="-1.00"),
        insured(psn_no="q3", psn_type="99"),
        insured(psn_no="q4", enddate="2021-12-31"),
        insured(psn_no=""),
    ]
    out = settled(tmp_path, [claim(psn_no="q2")], people=[*PEOPLE, *bad])
    rows = read(out, "rejected", "insured-part-*.parquet")
    assert sorted((row["source_row"], row["code"], row["column"]) for row in rows) == [
        (5, "E_FORM", "begndate"),
        (6, "E_NEGATIVE", "acct_balc"),
        (7, "E_CODE", "psn_type"),
        (8, "E_DATE", "enddate"),
        (9, "E_MISSING", "psn_no"),
    ]
    assert [row["code"] for row in read(out, "rejected")] == ["E_PERSON"]
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert record["rejected"]["insured"] == {"E_CODE": 1, "E_DATE": 1, "E_FORM": 1, "E_MISSING": 1, "E_NEGATIVE": 1}


def test_a_file_of_wider_decimals_beside_one_of_text_loses_no_amount(tmp_path: Path) -> None:
    """1000.0000 as a decimal of four places is 1000.00 yuan, in the file and among the rejected rows alike."""
    wide = [claim(setl_id="w", med_type="41"), claim(setl_id="w2", medfee_sumamt="1000.0001")]
    write(tmp_path / "in" / "a.parquet", wide)
    write(tmp_path / "in" / "b.csv", [claim(setl_id="c", med_type="41")])
    ran = settle(tmp_path / "in", write(tmp_path / "insured.csv", PEOPLE), tmp_path / "out")
    assert (ran.status, ran.err.count("expected: in =")) == (0, 0), ran.err
    rows = read(tmp_path / "out", "rejected")
    assert sorted((row["setl_id"], row["code"], row["source_file"]) for row in rows) == [
        ("c", "E_NO_RULE", "b.csv"),
        ("w", "E_NO_RULE", "a.parquet"),
        ("w2", "E_SCALE", "a.parquet"),
    ]


def test_files_of_one_name_in_several_folders_are_told_apart(tmp_path: Path) -> None:
    for month in ("01", "02"):
        write(tmp_path / "in" / f"month={month}" / "data.parquet", [claim(setl_id=month, med_type="41")])
    ran = settle(tmp_path / "in", write(tmp_path / "insured.csv", PEOPLE), tmp_path / "out")
    assert ran.status == 0, ran.err
    found = {row["setl_id"]: row["source_file"] for row in read(tmp_path / "out", "rejected")}
    assert found == {"01": "month=01/data.parquet", "02": "month=02/data.parquet"}
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert [one["file"] for one in record["inputs"]["claims"]] == list(found.values())
    assert [warning.split(":")[0] for warning in record["warnings"]] == list(found.values())


def test_a_claim_without_the_date_that_decides_identities_is_refused(tmp_path: Path) -> None:
    install(tmp_path / "site", rules=RULES.replace('identity_date = "begndate"', 'identity_date = "enddate"'))
    claims = write(tmp_path / "claims.csv", [claim(enddate=""), claim(setl_id="s2")])
    assert settle(claims, write(tmp_path / "insured.csv", PEOPLE), tmp_path / "out").status == 0
    (refused,) = read(tmp_path / "out", "rejected")
    assert (refused["setl_id"], refused["code"], refused["column"]) == ("s1", "E_MISSING", "enddate")
    assert [row["setl_id"] for row in read(tmp_path / "out", "settled")] == ["s2"]
