"""A year is closed: every part as its own command writes it, what must add up between them, and what keeps a year from being closed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import qingsuan
from closing_years import close, record_of, sample_in, stopped_before
from html_pages import check_page
from made_up_regions import made_up_regions
from qingsuan import plugins
from qingsuan.again.correcting import correct_again
from qingsuan.again.settling import settle_year_again
from qingsuan.closing.identities import IDENTITIES, identities_of
from qingsuan.closing.parts import PARTS, Part
from qingsuan.closing.printed.report import report_of_year
from qingsuan.closing.year import check_identities
from qingsuan.errors import InputError, NotBalanced
from qingsuan.report.text import width
from qingsuan.verify.findings import Findings
from settling import Ran, read, run
from stopping import change_file, tree
from tampering import change_record, seal_all

PEOPLE = 900
NAMES = tuple(part.name for part in PARTS)
CHINESE, ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")


@pytest.fixture(scope="module", autouse=True)
def _rules_for_every_settlement(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made-up rules where those that are installed know none, so that every part settles something."""
    installed = made_up_regions(tmp_path_factory.mktemp("rules"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "load", lambda: installed)
        yield


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_in(tmp_path_factory.mktemp("year-end") / "sample", people=PEOPLE, bad_rows=40)


@pytest.fixture(scope="module")
def ran(case: Path) -> Ran:
    return close(case, case.parent.parent / "closed")


@pytest.fixture(scope="module")
def stopped(case: Path) -> Path:
    """A year that was stopped when it came to its third part."""
    out = case.parent.parent / "stopped"
    with pytest.MonkeyPatch.context() as patch, stopped_before("premium", patch):
        assert close(case, out).status == 5
    return out


@pytest.fixture
def begun(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(stopped, tmp_path / "begun")
    return tmp_path / "begun"


@pytest.fixture
def closed(case: Path, ran: Ran) -> Path:
    assert ran.status == 0, ran.err
    return case.parent.parent / "closed"


# ---- what it comes to


@pytest.mark.parametrize("name", NAMES)
def test_the_summary_of_a_part_is_in_one_language(closed: Path, name: str) -> None:
    """But for titles and reasons that rules and tables of a bureau state in their own words."""
    run = qingsuan.open(closed / name)
    english, chinese = run.summary("en"), run.summary("zh")
    assert not [line for line in _own(english) if CHINESE.search(line)]
    assert not [line for line in _own(chinese) if ENGLISH.search(line)]


def _own(summary: str) -> list[str]:
    """Lines of a summary without warnings, the titles of rules, their documents and the names of places."""
    lines = summary.partition("\nwarning: ")[0].partition("\n警告：")[0].splitlines()
    return [re.sub(r"^ *\d{6} \S+|\([^)]*〔.*\)$", "", line) for line in lines]


def test_every_part_is_the_run_folder_that_its_own_command_writes(case: Path, closed: Path, tmp_path: Path) -> None:
    files = {name: case.parent / f"{name}.parquet" for name in ("insured_150000", "identities", "premiums")}
    options = ("--standards", case.parent / "premium_standards.csv", "--must-insure", case.parent / "must_insure.csv")
    tables = ("--identities", files["identities"], "--premiums", files["premiums"])
    alone = run("premium", files["insured_150000"], "--year", 2021, "--out", tmp_path / "premium", *tables, *options)
    assert alone.status == 0, alone.err
    assert tree(tmp_path / "premium") == tree(closed / "premium")


def test_one_record_names_every_part_by_the_digest_of_its_own(case: Path, closed: Path) -> None:
    record = record_of(closed)
    assert [part["part"] for part in record["parts"]] == list(NAMES)
    assert record["year"] == 2021
    assert record["case"]["sha256"] == record["files"]["case.toml"]
    assert (closed / "case.toml").read_bytes() == case.read_bytes()
    assert sorted(path.name for path in closed.iterdir()) == sorted(("case.toml", "plan.json", "run.json", *NAMES))


def test_both_numbers_of_every_identity_are_what_the_rows_add_up_to(closed: Path) -> None:
    found: defaultdict[str, dict[str, tuple[Any, Any]]] = defaultdict(dict)
    for one in record_of(closed)["identities"]:
        assert one["holds"] is True
        found[one["identity"]][one["of"]] = one["one"], one["other"]
    claims = sum((row["acct_pay"] + row["acct_mulaid_pay"] for row in read(closed / "settle", "settled")), Decimal(0))
    uses = sum((row["amount"] for row in read(closed / "account", "uses") if row["of_claim"] == "1"), Decimal(0))
    assert claims == uses > 0
    assert found["account-uses"] == {"": (f"{claims:.2f}", f"{uses:.2f}")}
    arrived: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in read(closed / "subsidy", "arrived"):
        arrived[f"{row['region']} {row['level']}"][0] += row["due"] - row["received"]
        arrived[f"{row['region']} {row['level']}"][1] += row["outstanding"] - row["beyond"]
    assert found["receipts"] == {key: (f"{one:.2f}", f"{other:.2f}") for key, (one, other) in arrived.items()}
    premiums = read(closed / "premium", "premiums")
    owed = sum((row["due"] - row["paid"] for row in premiums), Decimal(0))
    assert found["premiums"] == {"150000": (f"{owed:.2f}", f"{owed:.2f}")}
    rows = {
        name: pq.read_metadata(closed.parent / "sample" / f"{name}.parquet").num_rows for name in ("months", "uses")
    }
    for name, count in rows.items():
        assert found["rows"][f"account {name}"] == (count, count)
    out = sum(len(read(closed / "settle", name)) for name in ("settled", "reversed", "rejected"))
    assert found["rows"]["settle claims"] == (out, out)


def test_an_identity_whose_parts_are_not_there_is_named(case: Path, closed: Path, tmp_path: Path) -> None:
    named = {one["identity"]: one["wanted"] for one in record_of(closed)["not_checked"]}
    checked = {one["identity"] for one in record_of(closed)["identities"]}
    assert named.keys() | checked == IDENTITIES.keys()
    assert not named.keys() & checked
    small = tmp_path / "small.toml"
    small.write_text(
        f'format = 1\n[year]\nyear = 2021\n[subsidy]\ninsured = "{case.parent}/insured.parquet"\nclasses = "{case.parent}/classes.csv"\n'
    )
    ran = close(small, tmp_path / "out")
    assert ran.status == 0, ran.err
    named = {one["identity"]: one["wanted"] for one in record_of(tmp_path / "out")["not_checked"]}
    assert named["account-uses"] == ["settle", "account"]
    assert named["receipts"] == []
    assert "not checked, there being nothing of it: due - received" in ran.out


def test_the_screen_fits_in_a_hundred_columns_in_both_languages(case: Path, closed: Path, ran: Ran) -> None:
    chinese = run("year-end", case, "--out", closed, "--resume", "--lang", "zh")
    assert chinese.status == 0, chinese.err
    for text, title in ((ran.out, "The close of 2021"), (chinese.out, "2021年度医保年终清算")):
        assert text.startswith(title)
        screen = text.split("run.json")[0].rsplit("\n", 1)[0]
        assert len(screen.splitlines()) <= 66
        assert max(map(width, screen.splitlines())) <= 100
    assert "the year is closed; nothing was left to do" in chinese.err
    assert re.search(r"benefits +settlement records +\d+ +[a-z ]+ \d+, [a-z ]+ \d+, …", ran.out)
    assert re.search(r"待遇结算 +结算记录 +\d+ ", chinese.out)


def test_from_python_it_is_the_same(case: Path, closed: Path, tmp_path: Path) -> None:
    year = qingsuan.year_end(str(case), str(tmp_path / "year"))
    assert tree(year.path) == tree(closed)
    assert year.record == record_of(closed)
    assert qingsuan.open(year.path / "account").record["year"] == 2021


# ---- what does not add up


def test_every_part_comes_out_again_and_a_change_that_is_sealed_is_named(
    case: Path, closed: Path, tmp_path: Path
) -> None:
    """The change is in a part's record, and in everything that names its digest."""
    ran = run("verify", closed, "--settle", "--inputs", case.parent, "--json")
    assert (ran.status, json.loads(ran.out)["settled_again"]) == (0, list(NAMES)), ran
    out = Path(shutil.copytree(closed, tmp_path / "changed"))
    change_record(out / "fund", lambda record: record["warnings"].append("all was paid"))
    seal_all(out / "fund")
    digest = hashlib.sha256((out / "fund/run.json").read_bytes()).hexdigest()
    change_record(out, lambda record: record["parts"][-1].update(record_sha256=digest))
    told = settle_year_again(out, [case.parent], {}).findings.told
    assert any(one.file == "fund/run.json" and "warnings[" in one.check for one in told), told


@pytest.mark.parametrize(
    ("file", "column", "other"),
    [
        ("account/totals/uses.parquet", "of_claims", "settle/totals/care.parquet"),
        ("settle/totals/care.parquet", "acct_pay", "account/totals/uses.parquet"),
        ("subsidy/totals/region.parquet", "amount", "subsidy/arrived"),
        ("subsidy/arrived/part-00000.parquet", "outstanding", "subsidy/totals/region.parquet"),
        ("premium/totals/group.parquet", "overpaid", "premium/totals/county.parquet"),
        ("premium/totals/county.parquet", "paid", "premium/totals/group.parquet"),
        ("clear/totals/care.parquet", "standard", "clear/clearing"),
        ("clear/clearing/part-00000.parquet", "advances", "clear/totals/care.parquet"),
        ("clear/totals/care.parquet", "claims", "settle/totals/funds.parquet"),
        ("settle/totals/care.parquet", "hifmi_pay", "fund/statement"),
        ("operator/contracts/part-00000.parquet", "settled", "settle/totals/funds.parquet"),
        ("operator/contracts/part-00000.parquet", "premium", "operator/bands"),
        ("operator/contracts/part-00000.parquet", "premium", "fund/statement"),
        ("operator/bands/part-00000.parquet", "amount", "operator/contracts"),
        ("outside/paying/part-00000.parquet", "cleared", "outside/treating"),
        ("settle/totals/care.parquet", "oth_pay", "outside/paying"),
        ("procurement/ledger/part-00000.parquet", "offset", "procurement/institutions"),
        ("procurement/kept/part-00000.parquet", "kept", "clear/clearing"),
        ("clear/clearing/part-00000.parquet", "procurement", "procurement/kept"),
        ("procurement/institutions/part-00000.parquet", "kept", "procurement/totals/scheme.parquet"),
        ("premium/totals/group.parquet", "paid", "fund/statement"),
        ("premium/totals/group.parquet", "assistance_amt", "fund/statement"),
        ("account/totals/pools.parquet", "own_uses", "fund/statement"),
        ("account/totals/pools.parquet", "closing", "account/totals/pools.parquet"),
        ("fund/totals/books.parquet", "opening", "fund/closing"),
        ("fund/gaps/part-00000.parquet", "open", "fund/totals/books.parquet"),
    ],
)
def test_a_fen_too_much_in_either_table_is_told_with_both(
    closed: Path, tmp_path: Path, file: str, column: str, other: str
) -> None:
    place = tmp_path / "year"
    shutil.copytree(closed, place)
    one_fen_more(place / file, column)
    found, _ = identities_of(place, NAMES)
    out = [one for one in found if not one.holds]
    assert {abs(one.one - one.other) for one in out} == {1}
    wrong = next(one for one in out if any(table.startswith(other) for table in one.tables))
    with pytest.raises(NotBalanced) as caught:
        check_identities(place, found)
    for said in (file.split("/part-", maxsplit=1)[0], other, *(wrong.record()[side] for side in ("one", "other"))):
        assert said in str(caught.value)


def test_what_does_not_add_up_keeps_the_year_open(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a settlement had added up wrongly: its own totals are changed before the year looks at them."""
    settle = Part.settle

    def wrong(self: Part, **arguments: Any) -> Any:
        finished = settle(self, **arguments)
        one_fen_more(arguments["out"] / "totals" / "region.parquet", "amount")
        return finished

    monkeypatch.setattr(Part, "settle", wrong)
    small = tmp_path / "case.toml"
    small.write_text(f"""\
format = 1
[year]
year = 2021
[subsidy]
insured = "{case.parent}/insured.parquet"
classes = "{case.parent}/classes.csv"
local_split = "{case.parent}/local_split.csv"
receipts = "{case.parent}/receipts.csv"
as_of = 2021-12-15
""")
    ran = close(small, tmp_path / "out")
    assert ran.status == 1
    assert "subsidy/totals/region.parquet" in ran.err
    assert "the year is not closed" in ran.err
    assert not (tmp_path / "out" / "run.json").exists()


def one_fen_more(path: Path, column: str) -> None:
    table = pq.read_table(path)
    at = table.schema.names.index(column)
    values = table[column].to_pylist()
    values[0] += Decimal("0.01")
    pq.write_table(table.set_column(at, column, pa.array(values, table.schema[at].type)), path)


def test_a_row_that_is_nowhere_keeps_the_year_open(closed: Path, tmp_path: Path) -> None:
    for name, lost in (
        ("settle", '"settled": '),
        ("premium", '"counted": '),
        ("account", '"of_refused": '),
        ("subsidy", '"duplicates": '),
        ("operator", '"in": '),
        ("outside", '"elsewhere": '),
        ("procurement", '"counted": '),
        ("clear", '"cleared": '),
        ("fund", '"accepted": '),
    ):
        place = tmp_path / name
        shutil.copytree(closed, place)
        text = (place / name / "run.json").read_text("utf-8")
        count = re.search(f"{lost}(\\d+)", text)
        assert count is not None
        change_file(place / name / "run.json", f"{lost}{count[1]}", f"{lost}{int(count[1]) + 1}")
        wrong = [one for one in identities_of(place, NAMES)[0] if not one.holds]
        assert [(one.name, one.of.split()[0], one.other - one.one) for one in wrong] == [("rows", name, 1)]


# ---- closed once


def test_a_closed_year_is_not_settled_again(case: Path, closed: Path) -> None:
    before = tree(closed)
    ran = close(case, closed)
    assert ran.status == 2
    assert f"--supersedes {closed}" in ran.err
    assert tree(closed) == before


def test_a_year_that_was_begun_wants_to_be_resumed(case: Path, closed: Path, begun: Path) -> None:
    again = close(case, begun)
    assert again.status == 2
    assert "--resume" in again.err
    assert close(case, begun, "--resume").status == 0
    assert tree(begun) == tree(closed)


# ---- what changed since


def test_a_case_that_changed_is_another_year(case: Path, begun: Path) -> None:
    other = case.with_name("other.toml")
    shutil.copy(case, other)
    change_file(other, "as_of = 2021-12-15", "as_of = 2021-12-14")
    ran = close(other, begun, "--resume")
    assert ran.status == 2
    assert "another case" in ran.err


@pytest.mark.parametrize(
    ("file", "old", "new", "status"),
    [("receipts.csv", "central,1501", "central,1509", 4), ("premiums.csv", ",380.00,", ",381.00,", 3)],
)
def test_inputs_that_changed_between_kill_and_resume_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, status: int
) -> None:
    case = sample_in(tmp_path / "sample", people=300, kind="csv")
    out = tmp_path / "out"
    with stopped_before("account", monkeypatch):
        assert close(case, out).status == 5
    change_file(case.parent / file, old, new)
    ran = close(case, out, "--resume")
    assert ran.status == status, ran.err
    assert file.split(".", maxsplit=1)[0] in ran.err
    assert re.search(r"\[(subsidy|premium)\]", ran.err)
    assert not (out / "run.json").exists()


def test_a_part_of_another_year_is_refused(case: Path, begun: Path, tmp_path: Path) -> None:
    other = run(
        "subsidy",
        case.parent / "insured.parquet",
        "--year",
        2022,
        "--out",
        tmp_path / "2022",
        "--classes",
        case.parent / "classes.csv",
    )
    assert other.status == 0, other.err
    shutil.rmtree(begun / "subsidy")
    shutil.copytree(tmp_path / "2022", begun / "subsidy")
    ran = close(case, begun, "--resume")
    assert ran.status in (2, 4)
    assert "[subsidy]" in ran.err
    assert "2022" in ran.err


def test_a_part_by_other_plugins_is_refused(case: Path, begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qingsuan.run.restart.fingerprint.__version__", "99.0")
    ran = close(case, begun, "--resume")
    assert ran.status == 4
    assert "[settle]" in ran.err
    assert "99.0" in ran.err


def test_a_finished_part_that_was_changed_is_found(case: Path, begun: Path) -> None:
    one_fen_more(begun / "subsidy" / "totals" / "region.parquet", "amount")
    ran = close(case, begun, "--resume")
    assert ran.status == 3
    assert "[subsidy]" in ran.err
    assert "not as it was written" in ran.err


# ---- what a case file gets wrong


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("receipts =", "reciepts =", 'unknown key "reciepts"'),
        ("[premium]", "[premiums]", 'unknown key "premiums"'),
        ("[settle]\n", "", "[account] without [settle]"),
        ('claims = "claims"', "", "add claims ="),
        ('months = "', 'registrations = ["x"]\nmonths = "', "E_NOTHING"),
        ("year = 2021", 'year = "2021"', "a whole number from 2000"),
        ("as_of = 2021-12-15", 'as_of = "2021-12-15"', "take the quotes away"),
        ("as_of = 2021-12-15\n", "", "--as-of"),
        ("[inputs]", "[inputs]\nfunds = 1", 'unknown key "funds"'),
        ('classes = "classes.csv"', 'classes = "nowhere.csv"', "nowhere.csv"),
        ('claims = "claims"', "claims = []", "an empty list"),
        ("format = 1", "format = 2", "format = 1"),
        ("[year]", "[year", "TOML"),
    ],
)
def test_a_wrong_case_file_is_refused_before_anything_is_settled(
    case: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    wrong = case.with_name(f"wrong-{abs(hash((old, new)))}.toml")
    shutil.copy(case, wrong)
    change_file(wrong, old, new)
    ran = close(wrong, tmp_path / "out")
    if said == "E_NOTHING":
        assert ran.status == 3
        assert f"{case.parent}/x" in ran.err
        return
    assert ran.status in (2, 3, 4), ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_table_that_no_part_takes_is_refused(case: Path, tmp_path: Path) -> None:
    text = case.read_text("utf-8")
    wrong = case.with_name("without-account.toml")
    wrong.write_text(text[: text.index("[account]")], "utf-8")
    ran = close(wrong, tmp_path / "out")
    assert ran.status == 4
    assert "inputs.months" in ran.err
    assert "[account]" in ran.err


def test_a_case_that_names_no_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text("format = 1\n[year]\nyear = 2021\n")
    ran = close(tmp_path / "case.toml", tmp_path / "out")
    assert ran.status == 4
    assert "[settle]" in ran.err
    assert close(tmp_path / "nowhere.toml", tmp_path / "out").status == 2


def test_a_case_that_was_refused_before_anything_was_settled_may_be_corrected(case: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.toml"
    head = f'format = 1\n[year]\nyear = 2021\n[subsidy]\ninsured = "{case.parent}/insured.parquet"\n'
    small.write_text(f'{head}classes = "{case.parent}/nowhere.csv"\n')
    assert close(small, tmp_path / "out").status == 4
    small.write_text(f'{head}classes = "{case.parent}/classes.csv"\n')
    ran = close(small, tmp_path / "out")
    assert ran.status == 0, ran.err


def test_a_year_that_goes_on_with_other_memory_is_told_so(
    case: Path, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qingsuan.run.settle.partitions_for", lambda *_: 7)
    ran = close(case, begun, "--resume", "--memory", "64MB")
    assert ran.status == 2
    assert "give the same --memory as before" in ran.err


def test_a_folder_of_something_else_is_left_alone(case: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    ran = close(case, tmp_path / "out")
    assert ran.status == 2
    assert "mine.txt" in ran.err
    inside = close(case, case.parent / "claims" / "out")
    assert inside.status == 2
    assert "input folder" in inside.err


# ---- checked again


@pytest.mark.parametrize(
    "damage",
    ["part", "identity", "stranger", "case", "record of a part", "part gone"],
)
def test_verify_finds_what_was_changed(closed: Path, tmp_path: Path, damage: str) -> None:
    place = tmp_path / "year"
    shutil.copytree(closed, place)
    named = hurt(place, damage)
    ran = run("verify", place)
    assert ran.status == 3
    assert named in ran.out


def hurt(place: Path, damage: str) -> str:
    if damage == "part":
        one_fen_more(place / "premium" / "totals" / "county.parquet", "due")
        return "premium/totals/county.parquet"
    if damage == "identity":
        one = record_of(place)["identities"][0]["one"]
        change_file(place / "run.json", f'"one": "{one}"', '"one": "1.00"')
        return "its identities are those of its parts"
    if damage == "stranger":
        (place / "mine.txt").write_text("mine")
        return "mine.txt"
    if damage == "case":
        change_file(place / "case.toml", "2021-12-15", "2021-12-14")
        return "case.toml"
    if damage == "record of a part":
        change_file(place / "account" / "run.json", '"families":', '"families" :')
        return "account/run.json"
    shutil.rmtree(place / "subsidy")
    return "subsidy/run.json"


def test_verify_passes_what_is_whole_and_takes_no_inputs_for_a_year(case: Path, closed: Path) -> None:
    ran = run("verify", closed)
    assert ran.status == 0, ran.out
    assert "everything adds up" in ran.out
    assert run("verify", closed, "--inputs", case.parent).status == 2


# ---- corrected


def test_a_correction_says_who_gets_or_gives_back_what(case: Path, closed: Path, tmp_path: Path) -> None:
    new = sample_in(tmp_path / "sample", people=PEOPLE, bad_rows=40)
    claims = pq.read_table(new.parent / "claims" / "part-000.parquet")
    pq.write_table(claims.slice(len(claims) // 10), new.parent / "claims" / "part-000.parquet")
    premiums = pq.read_table(new.parent / "premiums.parquet")
    pq.write_table(premiums.slice(50), new.parent / "premiums.parquet")
    insured = pq.read_table(new.parent / "insured.parquet")
    pq.write_table(insured.slice(100), new.parent / "insured.parquet")
    out = tmp_path / "out"
    ran = close(new, out, "--supersedes", closed)
    assert ran.status == 0, ran.err
    told = record_of(out)["supersedes"]
    assert told["record_sha256"]
    assert told["not_compared"] == []
    assert "What differs" in ran.out
    people = {row["psn_no"]: row for row in pq.read_table(out / "corrections" / "premium.parquet").to_pylist()}
    before, after = (
        {row["psn_no"]: row["paid"] for row in read(place / "premium", "premiums")} for place in (closed, out)
    )
    assert before.keys() == after.keys()
    changed = {one: after[one] - before[one] for one in before if after[one] != before[one]}
    assert len(changed) > 20
    assert {one: row["diff_paid"] for one, row in people.items() if row["diff_paid"]} == changed
    assert told["differences"]["premium"]["amounts"]["paid"] == {
        "more": "0.00",
        "less": f"{-sum(changed.values()):.2f}",
    }
    counties: Counter[str] = Counter()
    for place, sign in ((closed, -1), (out, 1)):
        for row in read(place / "subsidy", "due"):
            counties[row["admdvs"]] += sign * int(row["total"].scaleb(2))
    owed = {
        row["admdvs"]: int(row["diff_total"].scaleb(2))
        for row in pq.read_table(out / "corrections" / "subsidy.parquet").to_pylist()
    }
    assert owed == {county: fen for county, fen in counties.items() if fen}
    assert told["differences"]["settle"]["rows"] == record_of_diff(out)["rows"]["differ"] > 100
    assert run("verify", out).status == 0
    check_said_again(out, new, closed)


def check_said_again(out: Path, case: Path, closed: Path) -> None:
    """What a year corrects is said again from both years; what was changed in it is named."""
    with pytest.raises(InputError, match=r"the closed year that this one supersedes: no folder with its run\.json"):
        settle_year_again(out, [case.parent], {})
    ran = run("verify", out, "--settle", "--inputs", case.parent, "--inputs", closed, "--json")
    assert (ran.status, json.loads(ran.out)["settled_again"]) == (0, [*NAMES, "corrections"]), json.loads(ran.out)[
        "findings"
    ]
    tables = sorted((out / "corrections").rglob("*.parquet"))
    changed = max((out / "corrections" / "benefits" / "rows").iterdir(), key=lambda path: path.stat().st_size)
    rows = pq.read_table(changed)
    pq.write_table(rows.slice(1), changed)
    premium = out / "corrections" / "premium.parquet"
    people = pq.read_table(premium)
    more = pc.add(people["diff_paid"], pa.scalar(Decimal("0.01"), people["diff_paid"].type)).cast(
        people["diff_paid"].type
    )
    at = people.schema.get_field_index("diff_paid")
    pq.write_table(people.set_column(at, people.schema.field(at), more), premium)
    change_file(out / "corrections" / "benefits" / "diff.json", '"to_pay": "', '"to_pay": "1')
    (out / "corrections" / "more.parquet").write_bytes(changed.read_bytes())
    change_record(out, lambda record: record["supersedes"]["not_compared"].append("fund"))
    found = Findings()
    assert correct_again(out, record_of(out), closed, found) == len(tables) + 1
    told = {(one.file, one.check) for one in found.told}
    name = changed.relative_to(out).as_posix()
    assert (name, "settled again, how many rows there are") in told
    assert ("corrections/premium.parquet", "settled again, column diff_paid") in told
    assert ("corrections/more.parquet", "settled again, it is there") in told
    assert ("run.json", "settled again, supersedes.not_compared[1]") in told
    assert any(file == "corrections/benefits/diff.json" and "to_pay" in check for file, check in told)
    files = {file for file, _ in told}
    assert files == {
        name,
        *(f"corrections/{one}" for one in ("premium.parquet", "more.parquet", "benefits/diff.json")),
        "run.json",
    }


def record_of_diff(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "corrections" / "benefits" / "diff.json").read_text("utf-8"))
    return found


def test_only_a_closed_year_of_the_same_year_is_superseded(
    case: Path, closed: Path, begun: Path, tmp_path: Path
) -> None:
    later = case.with_name("later.toml")
    later.write_text(case.read_text("utf-8").replace("year = 2021", "year = 2022"), "utf-8")
    ran = close(later, tmp_path / "out", "--supersedes", closed)
    assert ran.status == 3
    assert "the year 2021" in ran.err
    ran = close(case, tmp_path / "out", "--supersedes", begun)
    assert ran.status == 3
    assert "close that year first" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_year_begun_to_correct_another_goes_on_so(
    case: Path, closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with stopped_before("account", monkeypatch):
        assert close(case, out, "--supersedes", closed).status == 5
    ran = close(case, out, "--resume")
    assert ran.status == 2
    assert "--supersedes" in ran.err
    (out / "corrections").mkdir()
    (out / "corrections" / "half").write_text("written when it was killed")
    assert close(case, out, "--resume", "--supersedes", closed).status == 0
    assert record_of(out)["supersedes"]["differences"]["premium"]["rows"] == 0


# ---- its report


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_of_a_year_is_one_page_and_one_workbook_of_the_same_tables(
    closed: Path, lang: Literal["zh", "en"], tmp_path: Path
) -> None:
    page, book = tmp_path / "year.html", tmp_path / "year.xlsx"
    told = run("report", closed, "--to", page, "--to", book, "--lang", lang)
    assert told.status == 0, told.err
    text = page.read_text("utf-8")
    check_page(text, "zh-CN" if lang == "zh" else "en")
    assert text.count("<svg") == 2
    sections = report_of_year(closed, lang).sections
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == [section.sheet for section in sections.values()]
    for section in sections.values():
        assert section.title in text
        sheet = sheets[section.sheet]
        assert sheet.freeze_panes == "A2"
        assert sheet.max_row == 1 + len(section.rows)
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_report_of_a_year_says_what_the_records_say(closed: Path) -> None:
    sections = report_of_year(closed, "en").sections
    record = record_of(closed)
    assert [row[1] for row in sections["parts"].rows] == [one["part"] for one in record["parts"]]
    lines = [*sections["identities"].rows, *sections["rows"].rows]
    assert len(lines) == len(record["identities"])
    assert {row[4] for row in lines} == {0}
    settle = record_of(closed / "settle")
    paid = [int(Decimal(one["fund_pay_sumamt"]).scaleb(2)) for one in settle["by_scheme"]]
    assert [row[5] for row in sections["benefits"].rows] == [*paid, sum(paid)]
    books = {(row[0], row[1]): row[2:6] for row in sections["books"].rows[:-1]}
    assert len(books) == len(record_of(closed / "fund")["amounts"])
    assert all(opening + came - went == left for opening, came, went, left in books.values())
    for _, _, due, received, left, beyond, _ in sections["receipts"].rows:
        assert due - received == left - beyond
    codes = Counter(row[2] for row in sections["rejected"].rows if row[0] == "benefits")
    assert codes == Counter(code for table in settle["rejected"].values() for code in table)
    assert len(sections["warnings"].rows) == len(record["warnings"])
    assert {row[1] for row in sections["missing"].rows} >= {
        gap["parameter"] for one in settle["rule_sets"] for gap in one["missing"]
    }


def test_the_report_of_a_year_says_codes_and_reasons_in_its_language(closed: Path) -> None:
    english, chinese = (report_of_year(closed, lang).sections for lang in ("en", "zh"))
    ways = {(row[2], row[3]) for row in english["clearing"].rows[:-1]}
    assert ("21 inpatient care", "02 by disease") in ways
    assert {(row[2], row[3]) for row in chinese["clearing"].rows[:-1]} >= {("21 住院", "02 按病种")}
    assert [row for row in english["missing"].rows if not row[2]] == []
    reasons = [
        row[2] for row in chinese["missing"].rows if "made-up" not in row[2]
    ]  # those of sample files are English
    assert len(reasons) > 20
    told = [row[1] for row in chinese["warnings"].rows]
    assert any("未写明日期和账户" in one for one in told), told
    assert [one for one in reasons if re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", one)] == []


def test_the_report_of_a_year_that_is_not_whole_is_refused(closed: Path, begun: Path, tmp_path: Path) -> None:
    assert run("report", begun, "--to", tmp_path / "a.html").status == 3
    broken = tmp_path / "broken"
    shutil.copytree(closed, broken)
    (broken / "fund" / "run.json").write_bytes(b"{}")
    told = run("report", broken, "--to", tmp_path / "a.html")
    assert told.status == 3
    assert "fund: another run.json than the one that the year was closed with" in told.err
