"""Names of columns that are nearly right are refused; others that nobody reads are said once, with what they resemble."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qingsuan.errors import InputError
from qingsuan.run.inputs import check_columns, open_sources, told_of_inputs, unread_names
from qingsuan.run.inputs import names as judged
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, INTERFACE, Column
from settling import claim, install, insured, only, run, settle, write, write_csv

TABLES = {"claims": CLAIMS, "insured": INSURED, "identities": IDENTITIES}
KNOWN = {column.name for column in CLAIMS}


def check(tmp_path: Path, columns: tuple[Column, ...], names: list[str]) -> list[str]:
    path = tmp_path / "t.csv"
    path.write_text(",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names) + "\n", "utf-8")
    (source,) = open_sources([path], "rows")
    return check_columns(source, columns, {column.name for column in INTERFACE} if columns is CLAIMS else ())


SPELLINGS = [
    str.upper,
    str.title,
    lambda name: f" {name}",
    lambda name: f"{name}\u00a0",
    lambda name: f"{name}\r\n",
    lambda name: f"\ufeff{name}",
    lambda name: f"{name}\u200b",
    lambda name: f'"{name}"',
    lambda name: f"'{name}'",
    lambda name: name.replace("_", "-"),
    lambda name: name.replace("_", " "),
    lambda name: name.replace("_", "\u2010"),
    lambda name: "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in name),
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_a_name_that_is_a_known_one_but_for_its_writing_is_refused(tmp_path: Path, table: str, spelling: int) -> None:
    names = [column.name for column in TABLES[table]]
    for name in names:
        other = SPELLINGS[spelling](name)
        if other == name:
            continue
        for spelt in ([other if one == name else one for one in names], [*names, other]):
            with pytest.raises(InputError, match=f"nearly the name {name}: did you mean that"):
                check(tmp_path, TABLES[table], spelt)


def test_one_letter_more_less_other_or_exchanged_is_refused(tmp_path: Path) -> None:
    for table, columns in TABLES.items():
        names = [column.name for column in columns]
        for name in (name for name in names if len(name.replace("_", "")) > 4):
            for other in (name[:-1], name + "x", name[:3] + "q" + name[4:], name[:-2] + name[-1] + name[-2]):
                if other != name and other not in names:
                    spelt = [other if one == name else one for one in names]
                    with pytest.raises(InputError, match="did you mean that"):
                        check(tmp_path, columns, spelt)
                    if table != "claims":
                        assert other in check(tmp_path, columns, [*names, other])  # the column itself is there


def test_names_that_mean_something_of_their_own_are_none_of_ours_misspelt(tmp_path: Path) -> None:
    for columns in TABLES.values():
        must = [column.name for column in columns if column.must]
        every = {column.name for other in (*TABLES.values(), INTERFACE) for column in other}
        check(tmp_path, columns, sorted({*must, *every}))
    must = [column.name for column in CLAIMS if column.must]
    assert check(tmp_path, CLAIMS, [*must, "note", "batch", "年份", "", "psn", "id", "erflg2x"]) == [
        *("note", "batch", "年份", "", "psn", "id", "erflg2x"),
    ]


@pytest.mark.parametrize(
    ("table", "name", "other"),
    [
        ("identities", "enddate", "endtime"),  # an identity that has ended would hold for ever
        ("identities", "EndDate", "endtime"),
        ("insured", "endtime", "enddate"),
        ("claims", "endtime", "enddate"),
        ("claims", "退费结算标志", "refd_setl_flag"),
        ("claims", "有效标志", "vali_flag"),
        ("claims", "异地标志", "out_flag"),
        ("insured", "等待期", "wait_end_date"),
        ("identities", "结束时间", "endtime"),
    ],
)
def test_what_a_column_is_called_elsewhere_does_not_count_as_absent(
    tmp_path: Path, table: str, name: str, other: str
) -> None:
    columns = TABLES[table]
    names = [column.name for column in columns if column.name != other]
    with pytest.raises(InputError, match=f"nearly the name {other}: did you mean that"):
        check(tmp_path, columns, [*names, name])
    assert check(tmp_path, columns, [*names, other, name]) == [name]  # the column itself is there


def test_unread_names_are_said_with_what_they_resemble(tmp_path: Path) -> None:
    names = [*(name for name in KNOWN if name != "fix_blng_admdvs"), "blng_admdvs", "zzz", "a\x1b[31mb", ""]
    unread = check(tmp_path, CLAIMS, names)
    (source,) = open_sources([tmp_path / "t.csv"], "rows")
    said = unread_names([source], {"t.csv": unread}, KNOWN)
    assert said == ["blng_admdvs (did you mean fix_blng_admdvs?)", "zzz", "a\\x1b[31mb", "“”"]
    assert list(told_of_inputs("claims", said, [])) == [f"claims: columns nobody reads: {', '.join(said)}"]
    many = [str(number) for number in range(20)]
    assert list(told_of_inputs("claims", [], many)) == [
        "claims: left out by name: 0, 1, 2, 3, 4, 5, 6, 7 and 12 more (run.json has them all)"
    ]


def test_a_run_names_unread_columns_and_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    for month in ("01", "02"):
        write(tmp_path / "in" / month / "c.csv", [claim(setl_id=month)])
    (tmp_path / "in" / "_old.csv").write_text("x")
    people = write(tmp_path / "insured.csv", [insured()])
    ran = settle(tmp_path / "in", people, tmp_path / "out")
    assert ran.status == 0
    assert ran.err.count("claims: columns nobody reads: my_note\n") == 1
    assert ran.err.count("claims: left out by name: in/_old.csv\n") == 1
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["left_out"] == {"claims": ["in/_old.csv"]}
    assert len([line for line in record["warnings"] if "columns nobody reads: my_note" in line]) == 2


def test_a_key_of_a_folder_that_is_no_column_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "in" / "month=02" / "c.csv", [claim()])
    people = write(tmp_path / "people" / "batch=7" / "insured.csv", [insured()])
    ran = settle(tmp_path / "in", people.parents[1], tmp_path / "out")
    assert ran.status == 0, ran.err
    assert "claims: columns nobody reads: my_note, month=… (a folder)\n" in ran.err
    assert "insured: columns nobody reads: batch=… (a folder)\n" in ran.err
    warnings = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["warnings"]
    assert any("month=… (a folder)" in line for line in warnings)


def test_subsidy_judges_files_by_the_same_rules(tmp_path: Path) -> None:
    row = {"psn_no": "p", "insutype": "390", "insu_admdvs": "220102", "begndate": "2021-01-01"}
    people = write_csv(tmp_path / "in" / "batch=7" / "i.csv", [{**row, "extra": "x"}])
    with people.open("a", encoding="utf-8") as file:
        file.write("q,390\n")
    (tmp_path / "in" / ".old.csv").write_text("x")
    ran = run("subsidy", tmp_path / "in", "--year", 2021, "--out", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert "insured: columns nobody reads: extra, batch=… (a folder)\n" in ran.err
    assert "insured: left out by name: in/.old.csv" in ran.err
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["left_out"] == {"insured": ["in/.old.csv"]}
    assert record["rows"]["in"] == 2
    write_csv(people, [{**row, "EndDate": ""}])
    ran = run("subsidy", tmp_path / "in", "--year", 2021, "--out", tmp_path / "out2")
    assert (ran.status, "nearly the name enddate" in ran.err) == (3, True)


def test_no_column_is_compared_with_every_known_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set-up is linear in columns: a file with a hundred thousand that nobody reads took minutes."""
    compared: list[str] = []
    monkeypatch.setattr(judged, "_one_off", lambda one, _: bool(compared.append(one)))
    known = frozenset(KNOWN)
    assert not any(judged.nearest(f"unread_{number:05d}", known, frozenset()) for number in range(2000))
    assert compared == []
    assert judged.nearest("psn_n0", known, frozenset()) == ""
    assert compared == ["psnn0"]
