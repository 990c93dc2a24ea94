"""A run for others: no id of anybody stands in it, every row and amount does, and one key gives one pseudonym everywhere."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from settling import claim, install, insured, only, read, run, settle, write

IDS = ("4401X99", "4401X98", "stay-of-March", "stay-of-May", "F20.900", "visit-of-May", "stay-of-June", "back-of-June")


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    claims = [
        claim(setl_id="stay-of-March", psn_no="4401X99", my_note="F20.900", mdtrt_id="visit-of-May"),
        claim(setl_id="stay-of-May", psn_no="4401X98", my_note="F20.900", mdtrt_id="visit-of-May"),
        claim(setl_id="4401X98", psn_no="4401X99", med_type="x", my_note="F20.900", mdtrt_id=""),
        claim(setl_id="stay-of-June", psn_no="4401X98", my_note="F20.900", mdtrt_id=""),
        claim(setl_id="back-of-June", psn_no="4401X98", refd_setl_flag="1", init_setl_id="stay-of-June", mdtrt_id=""),
    ]
    people = [insured(psn_no="4401X99", brdy="1950-03-04"), insured(psn_no="4401X98", brdy="1950-03-05")]
    for name, number in (("key", "a"), ("other", "b")):
        (tmp_path / name).write_text(number * 64 + "\n", "utf-8")
        (tmp_path / name).chmod(0o600)
    ran = settle(
        write(tmp_path / "c.csv", claims),
        write(tmp_path / "i.csv", people),
        tmp_path / "out",
        "--detail",
        "--accumulators",
    )
    assert ran.status == 0, ran
    return tmp_path / "out"


def exported(out: Path, name: str, key: str = "key") -> Path:
    ran = run("without-names", out, "--to", out.with_name(name), "--pseudonyms", out.with_name(key))
    assert ran.status == 0, ran
    return out.with_name(name)


def test_nobodys_id_is_in_it_and_every_row_is(out: Path) -> None:
    place = exported(out, "for-others")
    for path in place.rglob("*.parquet"):
        text = str(pq.read_table(path).to_pydict())
        assert not [one for one in IDS if one in text or one.encode() in path.read_bytes()], path
        assert pq.read_metadata(path).num_rows == pq.read_metadata(out / path.relative_to(place)).num_rows
    for name in ("medfee_sumamt", "hifp_pay", "pool", "rule_id", "benefit_date"):
        assert [row[name] for row in read(place, "settled")] == [row[name] for row in read(out, "settled")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.rglob("*")} == {0o600, 0o700}


def test_an_id_has_one_pseudonym_in_every_table_and_another_by_another_key(out: Path) -> None:
    place, again, other = exported(out, "one"), exported(out, "two"), exported(out, "three", "other")
    person = {
        row["psn_no"]: mine["psn_no"] for row, mine in zip(read(out, "settled"), read(place, "settled"), strict=True)
    }
    assert len(set(person.values())) == 2
    assert {row["psn_no"] for row in read(place, "accumulators")} == set(person.values())
    (rejected,) = [row for row in read(place, "rejected") if row["code"] == "E_CODE"]
    assert rejected["psn_no"] == person["4401X99"]
    assert rejected["setl_id"] != person["4401X98"], "a settlement is no person, though its text is one's"
    assert read(again, "settled") == read(place, "settled")
    assert not set(person.values()) & {row["psn_no"] for row in read(other, "settled")}


def test_what_is_left_out_is_said(out: Path) -> None:
    record = json.loads((exported(out, "for-others") / "export.json").read_text("utf-8"))
    assert {"found", "my_note", "medfee_sumamt"} <= set(record["left_out"]["rejected/part-00000.parquet"])
    assert record["of"]["year"] == 2022
    assert set(record["files"]) == {
        line.split("  ")[1] for line in (out / "SHA256SUMS").read_text("utf-8").splitlines()
    }


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("ab" * 31, 0o600, "a key of 31 bytes"),
        ("secret", 0o600, "something else than hexadecimal digits"),
        ("ab" * 32, 0o644, "others than its owner may read it"),
    ],
)
def test_a_key_that_is_none_is_refused(text: str, mode: int, said: str, out: Path) -> None:
    out.with_name("key").write_text(text, "utf-8")
    out.with_name("key").chmod(mode)
    ran = run("without-names", out, "--to", out.with_name("never"), "--pseudonyms", out.with_name("key"))
    assert (ran.status, said in ran.err, out.with_name("never").exists()) == (2, True, False), ran


def test_only_a_whole_run_leaves_and_only_to_a_new_folder(out: Path) -> None:
    key = ("--pseudonyms", out.with_name("key"))
    assert run("without-names", out, "--to", out / "inside", *key).status == 2
    assert run("without-names", out, "--to", out.with_name("site"), *key).status == 2
    (out / "settled/part-00000.parquet").write_bytes((out / "rejected/part-00000.parquet").read_bytes())
    ran = run("without-names", out, "--to", out.with_name("never"), *key)
    assert (ran.status, "not the file that the run wrote" in ran.err) == (3, True), ran
    assert not [path for path in out.parent.iterdir() if "never" in path.name]
