"""Files that are empty, of another encoding or kind, or a folder: each command names the file, what it found, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from settling import RULES, claim, install, insured, only, run, write

DIGITS = "9" * 5000


def empty(path: Path) -> None:
    path.write_bytes(b"")


def gbk(path: Path) -> None:
    path.write_bytes('format = 1\ntitle = "中"\n'.encode("gb18030"))


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    path.write_text(f"format = {DIGITS}\n", "utf-8")


def nested(path: Path) -> None:
    path.write_text(f"format = {'[' * 3000}\n", "utf-8")


def nothing(path: Path) -> None:
    pass


@pytest.fixture(autouse=True)
def _region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=RULES)
    only(tmp_path / "site", monkeypatch)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


Make = Callable[[Path], None]


def refused(status: int, said: str, *command: object) -> None:
    ran = run(*command)
    assert (ran.status, said in ran.err, "expected:" in ran.err) == (status, True, True), ran.err
    assert "Traceback" not in ran.err
    assert "Errno" not in ran.err
    assert "codec" not in ran.err


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (empty, "work/a.toml: an empty file"),
        (gbk, "work/a.toml: byte 21 (0xd6) is not UTF-8"),
        (folder, "work/a.toml: something else than a file: nobody knows where it ends"),
        (huge, "work/a.toml: not TOML: the number 99999999… of 5000 digits"),
        (nested, "work/a.toml: not TOML: "),
    ],
)
def test_parameter_files_of_a_working_folder(make: Make, said: str) -> None:
    Path("work").mkdir()
    make(Path("work/a.toml"))
    refused(4, said, "policy", "show", "990100", "--date", "2022-03-01", "--rules-dir", "work")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (empty, "cases/a.toml: an empty file"),
        (gbk, "cases/a.toml: cannot be read: byte 21 (0xd6) is not UTF-8: save the file as UTF-8"),
        (folder, "cases/a.toml: cannot be read: Is a directory"),
        (huge, "cases/a.toml: cannot be read: "),
        (nothing, "cases: no case file in it"),
    ],
)
def test_case_files(make: Make, said: str) -> None:
    Path("cases").mkdir()
    make(Path("cases/a.toml"))
    refused(3, said, "policy", "test", "990100", "--cases", "cases")


@pytest.mark.parametrize(("name", "said"), [("nowhere", "nowhere: no such folder"), ("a.toml", "a.toml: a file")])
def test_a_folder_of_cases_that_is_none(name: str, said: str) -> None:
    Path("a.toml").write_text("format = 1\n", "utf-8")
    refused(3, said, "policy", "test", "990100", "--cases", name)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (empty, "a.toml: format: this key is missing"),
        (gbk, "--allow a.toml: it cannot be read: byte 21 (0xd6) is not UTF-8"),
        (folder, "--allow a.toml: it cannot be read: Is a directory"),
        (huge, "--allow a.toml: it cannot be read: "),
        (nothing, "--allow a.toml: it cannot be read: No such file or directory"),
    ],
)
def test_lists_of_what_was_approved(make: Make, said: str) -> None:
    files = write(Path("c.csv"), [claim()]), "--insured", write(Path("i.csv"), [insured()])
    make(Path("a.toml"))
    refused(4, said, "settle", *files, "--year", 2022, "--out", "out", "--allow", "a.toml")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (empty, "a.xlsx: no workbook: "),
        (folder, "a.xlsx: cannot be opened: Is a directory"),
        (nothing, "a.xlsx: cannot be opened: No such file or directory"),
    ],
)
def test_workbooks(make: Make, said: str) -> None:
    Path("work").mkdir()
    Path("work/a.toml").write_text(RULES, "utf-8")
    make(Path("a.xlsx"))
    refused(3, said, "policy", "import", "a.xlsx", "--rules-dir", "work")


def test_a_workbook_is_called_as_what_it_is() -> None:
    refused(2, "rules.txt: a name that ends in .txt", "policy", "export", "990100", "rules.txt")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (empty, "no [project] with a name"),
        (gbk, "no name of a distribution can be read there: byte 21 (0xd6) is not UTF-8"),
        (folder, "no name of a distribution can be read there: Is a directory"),
        (nothing, "no name of a distribution can be read there: No such file or directory"),
    ],
)
def test_folders_of_plugins(make: Make, said: str) -> None:
    Path("np").mkdir()
    make(Path("np/pyproject.toml"))
    refused(2, said, "plugins", "check", "np")


def test_the_way_to_install_a_folder_can_be_copied_into_a_shell() -> None:
    assert run("new-plugin", "980000", "示例省", "--pool", "980100:示例市", "--out", "新 省").status == 0
    ran = run("plugins", "check", "新 省")
    assert (ran.status, f"pip install -e '{Path.cwd()}/新 省'" in ran.err) == (4, True), ran.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("policy", "show", "", "--date", "2022-03-01"), 'REGION|POOL: no region or pool is called ""'),
        (
            ("policy", "show", "990100", "--date", "2022-03-01", "--scheme", ""),
            "no rules of 990100, scheme , are in force",
        ),
        (("plugins", "seal", "nowhere/approved.toml"), "nowhere/approved.toml: it cannot be written"),
        (("policy", "diff", ".", "."), "\nqingsuan: .: a folder without *.toml"),
    ],
)
def test_words_that_say_nothing(command: tuple[str, ...], said: str) -> None:
    refused(2, said.lstrip("\n"), *command)
