"""Folders and globs see the same files, leave nothing out in silence, and the page that says so is right."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from qingsuan.errors import InputError
from qingsuan.run.inputs import find_files, open_sources
from qingsuan.run.inputs.columns import check_columns
from qingsuan.run.inputs.places import KNOWN, UNFINISHED
from qingsuan.tables import IDENTITIES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "inputs.md").read_text("utf-8")
GLOBS = ["in", "in/**", "in/**/*", "in/**/*.csv", "in/*"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "jan/b.csv", "jan/deep/c.csv"):
        put(tmp_path / "in" / name)
    monkeypatch.chdir(tmp_path)


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a\n1\n")
    return path


def names(*places: str) -> list[str]:
    return [file.path.relative_to(Path.cwd() / "in").as_posix() for file in find_files(places, "rows").files]


def refusal(*places: str) -> str:
    with pytest.raises(InputError) as refused:
        find_files(places, "rows")
    return str(refused.value)


@pytest.mark.parametrize("place", GLOBS)
def test_folders_and_globs_see_the_same_files(place: str) -> None:
    put(Path("in/_hidden.csv"))
    put(Path("in/jan/.hidden.csv"))
    put(Path("in/jan/_folder/x.csv"))
    put(Path("in/$RECYCLE.BIN/S-1-5/x.csv"))
    put(Path("in/jan/System Volume Information/x.csv"))
    put(Path("in/_SUCCESS"))
    put(Path("in/jan/.b.csv.crc"))
    found = find_files([place], "rows")
    assert names(place) == ["a.csv", "jan/b.csv", "jan/deep/c.csv"]
    assert found.left_out == [
        *("in/$RECYCLE.BIN/", "in/_hidden.csv", "in/jan/.hidden.csv"),
        *("in/jan/System Volume Information/", "in/jan/_folder/"),
    ]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("in/*.csv", ["a.csv"]),
        ("in/*/*.csv", ["jan/b.csv"]),
        ("in/**/c.csv", ["jan/deep/c.csv"]),
        ("in/**/jan/**/*.csv", ["jan/b.csv", "jan/deep/c.csv"]),
        ("in/**/**/b.csv", ["jan/b.csv"]),
        ("in/[ab].csv", ["a.csv"]),
        ("in/j?n/b.csv", ["jan/b.csv"]),
        ("in/j?n", ["jan/b.csv", "jan/deep/c.csv"]),
        ("./in/../in/*.csv", ["a.csv"]),
    ],
)
def test_a_glob_matches_part_by_part(pattern: str, found: list[str]) -> None:
    assert names(pattern) == found


def test_a_glob_that_says_so_means_hidden_names() -> None:
    put(Path("in/_x.csv"))
    put(Path("in/.y/z.csv"))
    assert names("in/_*.csv") == ["_x.csv"]
    assert names("in/.y/*.csv") == [".y/z.csv"]
    assert names("in/.?/*.csv") == [".y/z.csv"]
    assert names("in/_x.csv") == ["_x.csv"]
    assert "left out: in/_x.csv" in refusal("in/*x.csv")


@pytest.mark.parametrize("place", GLOBS)
def test_links_met_on_the_way_are_refused_by_name(place: str) -> None:
    put(Path("elsewhere/d.csv"))
    for link, to in (
        ("in/feb", "../elsewhere"),
        ("in/d.csv", "../elsewhere/d.csv"),
        ("in/gone.csv", "nowhere"),
        ("in/jan/up", ".."),
    ):
        Path(link).symlink_to(to)
        said = refusal(place)
        assert f"{link}: a link to {to}" in said
        Path(link).unlink()
    Path("link").symlink_to("elsewhere")
    Path("link.csv").symlink_to("elsewhere/d.csv")
    assert [file.path.name for file in find_files(["link"], "rows").files] == ["d.csv"]
    assert [file.path.name for file in find_files(["link/*.csv"], "rows").files] == ["d.csv"]
    assert [file.path.name for file in find_files(["link.csv"], "rows").files] == ["d.csv"]


@pytest.mark.parametrize("place", GLOBS)
@pytest.mark.skipif(
    os.geteuid() == 0,
    reason="root may list every folder; tests/repro/folder-unreadable-subfolder is run as somebody else",
)
def test_a_folder_that_cannot_be_listed_is_refused(place: str) -> None:
    Path("in/jan").chmod(0)
    try:
        assert "in/jan: a folder that cannot be listed" in refusal(place)
    finally:
        Path("in/jan").chmod(0o755)


def test_a_folder_that_fails_while_it_is_listed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def broken(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", broken)
    for place in GLOBS:
        assert "in/jan/deep: a folder that cannot be listed: Permission denied" in refusal(place)


@pytest.mark.parametrize("place", [*GLOBS, "in/special.csv"])
def test_what_is_no_file_is_refused(place: str) -> None:
    os.mkfifo("in/special.csv")
    assert "in/special.csv: a pipe" in refusal(place)
    Path("in/special.csv").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("in/special.csv")
        assert "in/special.csv: a socket" in refusal(place)
    assert "a device" in refusal("/dev/null")


SIGNS = [pattern.replace("*", "x").replace("?", "q") for pattern in UNFINISHED]


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_of_unfinished_or_foreign_tables_are_refused(sign: str) -> None:
    for place, folder in (("in", "in"), ("in", "in/jan"), ("in/*.csv", "in"), ("in/**/*.csv", "in/jan")):
        for make in (Path.touch, Path.mkdir):
            path = Path(folder) / sign
            make(path)
            assert f"{path}: a sign that this folder is not to be read file by file" in refusal(place)
            path.unlink() if path.is_file() else path.rmdir()
    assert names("in") == ["a.csv", "jan/b.csv", "jan/deep/c.csv"]


def test_the_page_names_every_pattern() -> None:
    for pattern in [*KNOWN, *(one for one in UNFINISHED if "??????" not in one)]:
        assert f"`{pattern}`" in PAGE
    signs = PAGE[PAGE.index("Signs of writes") : PAGE.index("A folder `key=value` below")]
    assert set(re.findall(r"`([^`]+)`", signs)) - {".claims.csv.Xk3f9a"} <= set(UNFINISHED)


@pytest.mark.parametrize("name", ["notes.txt", "b.parquet.gz", "b.csv~", "b"])
def test_an_ending_nobody_knows_is_refused(name: str) -> None:
    put(Path("in/jan") / name)
    for place in ("in", "in/**"):
        assert f"in/jan/{name}: the ending" in refusal(place)
    assert names("in/**/*.csv") == ["a.csv", "jan/b.csv", "jan/deep/c.csv"]


@pytest.mark.parametrize(
    "place", ["", "none", "in/*.parquet", "none/*.csv", "in/a.csv/b", "in/a.csv/*", "in/[", "a\0b", "x" * 300]
)
def test_a_place_with_nothing_in_it_is_refused(place: str) -> None:
    assert "what to do" in refusal(place)


def test_a_file_is_named_once_however_it_is_named() -> None:
    for other in ("in/a.csv", "in", "in/*.csv", "./in/../in/a.csv"):
        assert "a.csv: named twice as rows" in refusal("in/a.csv", other)


# ---- folders key=value


def source(path: str, *places: str) -> None:
    (only,) = open_sources(places or ["in2"], "identities")
    check_columns(only, IDENTITIES)


HEAD = "psn_no,psn_idet_type,begntime\n"


@pytest.mark.parametrize("key", ["endtime", "psn_no", "EndTime", "end_time", "endtme"])
def test_a_folder_with_a_value_of_a_column_is_refused(key: str) -> None:
    path = put(Path(f"in2/{key}=2021-01-01/x.csv"))
    path.write_text(HEAD)
    with pytest.raises(InputError, match=f"folder “{key}=…”: a value of "):
        source(str(path))
    if key != "psn_no":  # a column that the file has lies in the path that the caller wrote: nothing is lost
        with pytest.raises(InputError, match=f"folder “{key}=…”: a value of "):
            source(str(path), str(path))
    else:
        source(str(path), str(path))


def test_a_folder_with_another_value_is_none_of_ours() -> None:
    path = put(Path("in2/month=01/x.csv"))
    path.write_text(HEAD)
    source(str(path))
