"""Folders that overlap, links, foreign files, and ledgers that say less or more than is there: nothing is lost and nothing claimed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qingsuan.errors import UsageError
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.restart.ledger import _line, read_lines
from settling import Ran, claim, full_after, install, insured, only, run, settle, write

PEOPLE = [f"p{number}" for number in range(12)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with inputs in a folder of theirs, and a made-up region."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "in" / "claims.csv", [claim(setl_id=f"s{person}", psn_no=person) for person in PEOPLE])
    write(tmp_path / "people" / "insured.csv", [insured(psn_no=person) for person in PEOPLE])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settled(out: str, *more: object, claims: str = "in/claims.csv") -> Ran:
    return settle(Path(claims), Path("people/insured.csv"), Path(out), "--partitions", 4, *more)


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# ---- inputs and output


def link_to_out(place: Path) -> str:
    (place / "link").symlink_to(place / "out" / "settled", target_is_directory=True)
    return "link/part-00000.parquet"


def hard_link(place: Path) -> str:
    os.link(place / "out" / "settled" / "part-00000.parquet", place / "in" / "mine.parquet")
    return "in/mine.parquet"


@pytest.mark.parametrize(
    "claims",
    [
        lambda _: "out/settled/part-00000.parquet",
        lambda _: "in/../out/settled/part-00000.parquet",
        lambda _: "out/settled",
        lambda _: "out",
        lambda _: "out/*/part-*.parquet",
        lambda _: "**/part-*.parquet",
        link_to_out,
        hard_link,
    ],
)
def test_an_input_that_lies_in_the_output_is_refused(claims: Callable[[Path], str], place: Path) -> None:
    assert settled("out").status == 0
    named = claims(place)
    before = everything(place)
    for option in ("--overwrite", "--resume"):
        ran = settled("out", option, claims=named)
        assert (ran.status, ran.out) == (2, ""), ran
        assert ran.err.startswith("qingsuan: --out out: ")
    assert everything(place) == before


@pytest.mark.parametrize("out", ["in/out", "in", "people/../in/deep/out", "linked/out"])
def test_an_output_that_lies_in_an_input_folder_is_refused(out: str, place: Path) -> None:
    (place / "linked").symlink_to(place / "in", target_is_directory=True)
    before = everything(place)
    ran = settled(out, claims="in")
    assert (ran.status, ran.out) == (2, "")
    assert f"--out {out}: " in ran.err
    assert everything(place) == before


def test_neighbours_do_not_overlap(place: Path) -> None:
    assert settled("in/out").status == 0
    assert settled("in/out2", claims="in/*.csv").status == 0
    with pytest.raises(UsageError, match=r"the glob .*matches"):
        check_apart(place / "in" / "out", ("settled",), [str(place / "in" / "**" / "*.parquet")])


def test_a_subsidys_tables_and_the_folder_beside_it_count_too(place: Path) -> None:
    people = write(place / "out" / "classes.csv", [insured()])
    hidden = write(place / ".out.unfinished" / "insured.csv", [insured(insu_admdvs="220102")])
    apart = write(place / "heads.csv", [insured(insu_admdvs="220102")])
    for arguments in ((people,), (hidden,), (apart, "--standards", people)):
        ran = run("subsidy", *arguments, "--year", 2021, "--out", "out", "--overwrite")
        assert (ran.status, ran.out) == (4 if "--standards" in arguments else 2, ""), ran
    assert people.exists()
    assert hidden.exists()


# ---- links and foreign files


def as_link(path: Path) -> None:
    out = next(folder for folder in path.parents if folder.name == "out")
    target = out.parent / f"elsewhere-{path.name}"
    shutil.move(path, target)
    path.symlink_to(target, target_is_directory=target.is_dir())


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("option", ["--overwrite", "--resume"])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("settled", as_link),
        ("totals", as_link),
        ("settled/part-00001.parquet", as_link),
        ("run.json", as_link),
        ("ledger.jsonl", as_link),
        ("run.json", as_folder),
        ("settled/part-00001.parquet", as_folder),
        ("reversed/part-00001.parquet", as_pipe),
        ("settled/mine.parquet", lambda path: path.write_bytes(b"mine")),
        ("totals/mine.csv", lambda path: path.write_bytes(b"mine")),
        ("settled/deep", lambda path: path.mkdir()),
        ("settled/.hidden", lambda path: path.write_bytes(b"mine")),
        ("settled/.DS_Store", lambda path: path.write_bytes(b"mine")),
        ("notes.txt", lambda path: path.write_bytes(b"mine")),
        (".hidden", lambda path: path.write_bytes(b"mine")),
        (".git", lambda path: path.mkdir()),
        (".DS_Store", lambda path: path.symlink_to(path.parent / "run.json")),
        (".shuffle", lambda path: path.symlink_to(path.parent.parent / "in")),
        (".state", lambda path: path.symlink_to(path.parent.parent / "in")),
    ],
)
def test_what_no_run_writes_is_neither_removed_nor_followed(
    name: str, change: Callable[[Path], None], option: str, place: Path
) -> None:
    assert settled("out").status == 0
    change(place / "out" / name)
    before = sorted(os.listdir(place / "out")), everything(place)
    ran = settled("out", option)
    assert (ran.status, ran.out) == (2, ""), ran
    assert f"it holds other things: {name}" in ran.err
    assert (sorted(os.listdir(place / "out")), everything(place)) == before


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini"])
def test_litter_of_file_managers_beside_the_tables_stays_as_it_lies(name: str, place: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, full_after(2, patch):
        assert settled("out").status == 5
    (place / "out" / name).write_bytes(b"litter")
    for option in ("--resume", "--overwrite"):
        ran = settled("out", option)
        assert ran.status == 0, ran
        assert (place / "out" / name).read_bytes() == b"litter"


def test_hidden_folders_that_are_links_are_not_followed(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "file").write_bytes(b"mine")
    (place / ".out.unfinished").symlink_to(place / "mine")
    (place / "demo").mkdir()
    (place / "demo" / ".qingsuan-demo").write_text("")
    (place / "demo" / "sample").symlink_to(place / "mine")
    for arguments in (
        ("sample", "out", "--people", 10, "--seed", 1),
        ("demo", "--people", 10, "--out", "demo"),
    ):
        ran = run(*arguments)
        assert (ran.status, ran.out) == (2, ""), ran
        assert "a link" in ran.err
    assert everything(place / "mine") == {"file": b"mine"}


LONG = "x" * 300


@pytest.mark.parametrize("out", [LONG, f"{LONG}/out", "a\0b", "in/claims.csv", "~", "~/out", "~root/out"])
def test_a_name_that_no_folder_can_have_is_refused(out: str, place: Path) -> None:
    people = Path("people/insured.csv")
    for arguments in (
        ("settle", "in/claims.csv", "--insured", people, "--year", 2022, "--out", out),
        ("subsidy", people, "--year", 2021, "--out", out),
        ("sample", out, "--people", 10, "--seed", 1),
        ("demo", "--people", 10, "--out", out),
    ):
        ran = run(*arguments)
        assert (ran.status, ran.out) == (2, ""), ran


def test_a_link_that_leads_nowhere_is_no_output(place: Path) -> None:
    Path("out").symlink_to("nowhere")
    for arguments in (
        ("settle", "in/claims.csv", "--insured", "people/insured.csv", "--year", 2022, "--out", "out"),
        ("subsidy", "people/insured.csv", "--year", 2021, "--out", "out"),
    ):
        ran = run(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert "out: a link that leads nowhere" in ran.err
    assert Path("out").is_symlink()
    assert not Path("nowhere").exists()


# ---- the ledger


def stopped(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Stop a run after three of four partitions; the lines of its ledger."""
    with full_after(3, monkeypatch):
        assert settled("out", "--workers", 1).status == 5
    return (place / "out" / "ledger.jsonl").read_bytes().splitlines(keepends=True)


def resealed(line: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    content = json.loads(line)
    del content["check"]
    change(content)
    return _line(content)


CHANGES: dict[str, Callable[[dict[str, object]], object]] = {
    "a file less": lambda line: line["files"].pop(0),  # type: ignore[attr-defined]
    "no file": lambda line: line.update(files=[]),
    "no list": lambda line: line.update(files=None),
    "a number as text": lambda line: line.update(partition="0"),
    "a flag": lambda line: line.update(partition=True),
    "a negative number": lambda line: line.update(partition=-1),
    "another partition's number": lambda line: line.update(partition=3),
    "a digest that is none": lambda line: line["files"][0].update(sha256="0"),  # type: ignore[index]
    "another digest": lambda line: line["files"][0].update(sha256="0" * 64),  # type: ignore[index]
    "another size": lambda line: line["files"][0].update(size=1),  # type: ignore[index]
    "a size that is none": lambda line: line["files"][0].update(size="1"),  # type: ignore[index]
    "a file elsewhere": lambda line: line["files"][0].update(file="../in/claims.csv"),  # type: ignore[index]
    "a file twice": lambda line: line["files"].append(line["files"][0]),  # type: ignore[attr-defined, index]
    "a file more": lambda line: line["files"].append({**line["files"][0], "file": "settled/part-00077.parquet"}),  # type: ignore[attr-defined, index]
    "a key more": lambda line: line["files"][0].update(more=1),  # type: ignore[index]
    "something else": lambda line: (line.clear(), line.update(some="thing")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_ledger_that_says_something_else_never_costs_a_part(
    change: Callable[[dict[str, object]], object], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled("plain").status == 0
    lines = stopped(place, monkeypatch)
    lines[2] = resealed(lines[2], change)
    (place / "out" / "ledger.jsonl").write_bytes(b"".join(lines))
    ran = settled("out", "--resume")
    assert ran.status == 0, ran
    whole, again = everything(place / "plain"), everything(place / "out")
    assert whole.keys() == again.keys()
    assert all(whole[name] == again[name] for name in whole if name != "ledger.jsonl")
    assert run("verify", "out").status == 0


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"null", b"\xff\xfe", b'{"a": ' + b"[" * 100_000, b"1" * 5000, b"NaN", b""]
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_line_of_anything_is_no_line(line: bytes, at: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = stopped(place, monkeypatch)
    lines[at] = line + b"\n"
    (place / "out" / "ledger.jsonl").write_bytes(b"".join(lines))
    assert read_lines(place / "out").broken == at + 1
    assert settled("out", "--resume").status == 0
    assert run("verify", "out").status == 0


@pytest.mark.parametrize("name", ["settled/part-00002.parquet", "totals/care.parquet", "SHA256SUMS"])
def test_a_finished_run_that_lost_a_file_is_not_called_finished(name: str, place: Path) -> None:
    assert settled("out").status == 0
    (place / "out" / name).unlink()
    ran = settled("out", "--resume")
    assert (ran.status, ran.out) == (3, "")
    assert "a finished run that is not as it was written" in ran.err


@pytest.mark.parametrize("name", ["settled/part-00002.parquet", "totals/care.parquet"])
@pytest.mark.parametrize("change", [b"", b"PAR1", None])
def test_a_finished_run_with_a_file_that_changed_is_not_called_finished(
    name: str, change: bytes | None, place: Path
) -> None:
    assert settled("out").status == 0
    file = place / "out" / name
    content = file.read_bytes()
    file.write_bytes(content[:-9] + b"X" + content[-8:] if change is None else change)
    ran = settled("out", "--resume")
    assert (ran.status, ran.out) == (3, "")
    assert f"a finished run that is not as it was written: {name}: not as SHA256SUMS says" in ran.err


def test_a_record_that_the_ledger_does_not_name_is_not_believed(place: Path) -> None:
    assert settled("out").status == 0
    (place / "out" / "run.json").write_text("{}")
    assert settled("out", "--resume").status == 3


def test_a_part_that_goes_before_the_end_is_missed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qingsuan.run.folder import RunFolder

    whole = RunFolder.check_whole

    def after_a_loss(folder: RunFolder, names: set[str]) -> None:
        (folder.path / "settled" / "part-00001.parquet").unlink()
        whole(folder, names)

    monkeypatch.setattr(RunFolder, "check_whole", after_a_loss)
    ran = settled("out")
    assert (ran.status, ran.out) == (5, "")
    assert "not the files that this run wrote: settled/part-00001.parquet" in ran.err
    assert not (place / "out" / "run.json").exists()
