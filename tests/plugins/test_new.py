"""``qingsuan new-plugin``: what it writes installs, keeps every promise, settles its sample, and has not one number."""

from __future__ import annotations

import csv
import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from own_environment import OwnEnvironment
from settling import run

BEGIN = ("new-plugin", "990000", "示例省", "--pool", "990100:示例市", "--pool", "990281", "--year", "2021")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun") / "qingsuan-990000"
    ran = run(*BEGIN, "--out", str(folder))
    assert ran.status == 0, ran
    listed = [line.strip() for line in ran.out.splitlines()[1:-2]]
    assert sorted(listed) == sorted(contents(folder)), "the command names what it wrote"
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, begun: Path) -> OwnEnvironment:
    made = OwnEnvironment(tmp_path_factory.mktemp("environment"))
    done = made.run("pip install --quiet -e .", begun)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_it_installs_and_keeps_every_promise(environment: OwnEnvironment, begun: Path) -> None:
    done = environment.run("qingsuan plugins check qingsuan-990000 --json", begun)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(promise["kept"] for promise in json.loads(done.stdout)["promises"])
    listed = environment.run("qingsuan plugins", begun).stdout
    assert "qingsuan-990000 2021.1   990000 示例省" in listed
    assert "990281 统筹区990281   insu_admdvs 990281…" in listed
    assert listed.count("0 rules, 8 missing parameters   示例市") == 1  # residents
    assert listed.count("0 rules, 9 missing parameters   示例市") == 1  # employees


def test_its_tests_pass_and_its_check_for_machines_too(environment: OwnEnvironment, begun: Path) -> None:
    tests = environment.run("pytest -q -p no:cacheprovider", begun)
    assert tests.returncode == 0, tests.stdout
    assert re.search(r"\b[1-9]\d* passed in", tests.stdout), tests.stdout
    assert os.access(begun / ".ci/run", os.X_OK)
    checked = environment.run(".ci/run", begun)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_its_sample_is_settled_and_every_claim_names_the_missing_parameter(
    environment: OwnEnvironment, begun: Path, tmp_path: Path
) -> None:
    done = environment.run(
        f"qingsuan settle sample/claims.csv --insured sample/insured.csv --year 2021 --out {tmp_path / 'out'} --json",
        begun,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert (rows["in"], rows["rejected"]) == (8, 8)
    with (begun / "sample/claims.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 8


def test_there_is_no_python_but_its_tests(begun: Path) -> None:
    assert [file.relative_to(begun).as_posix() for file in begun.rglob("*.py")] == ["tests/test_990000.py"]


def test_nothing_is_invented(begun: Path) -> None:
    files = sorted(begun.glob("src/*/rules/*.toml"))
    assert len(files) == 4
    for file in files:
        rules = tomllib.loads(file.read_text("utf-8"))
        assert sorted(rules) == ["format", "missing", "ruleset", "sources"]
        assert all(source["grade"] == "reading" for source in rules["sources"].values())
        assert len({one["parameter"] for one in rules["missing"]}) == len(rules["missing"]) >= 7


def test_the_readme_is_chinese_and_what_it_says_is_there(begun: Path) -> None:
    page = (begun / "README.md").read_text("utf-8")
    assert "# qingsuan-990000" in page
    assert len(re.findall(r"[一-鿿]", page)) > 300
    for named in re.findall(r"^\| `([^`*]+)` \|", page, re.MULTILINE):
        assert (begun / named).exists(), named


def test_a_pool_of_a_region_that_is_known_has_its_name(tmp_path: Path) -> None:
    ran = run(
        "new-plugin", "220000", "吉林省", "--pool", "220300", "--name", "qingsuan-jl-2", "--out", str(tmp_path / "x")
    )
    assert ran.status == 0, ran
    (pool,) = tomllib.loads((tmp_path / "x/src/qingsuan_jl_2/region.toml").read_text("utf-8"))["pools"]
    assert pool == {"code": "220300", "name": "四平市", "prefixes": ["2203"]}
    assert 'jl-2 = "qingsuan_jl_2"' in (tmp_path / "x/pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("made", ["file", "folder", "link", "foreign"])
def test_nothing_is_written_over(tmp_path: Path, made: str) -> None:
    out = tmp_path / "out"
    if made == "file":
        out.write_text("mine", "utf-8")
    elif made == "folder":
        (out / "rules").mkdir(parents=True)
    elif made == "foreign":
        assert run(*BEGIN, "--out", str(out)).status == 0
    else:
        (tmp_path / "elsewhere").mkdir()
        out.symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    ran = run(*BEGIN, "--out", str(out))
    assert (ran.status, "something is there already" in ran.err) == (2, True), ran
    assert contents(tmp_path) == before


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert run(*BEGIN, "--out", str(tmp_path / "out")).status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("99000", "x", "--pool", "990100"), "CODE: “99000”"),
        (("990100", "x", "--pool", "990100"), "CODE: “990100”"),
        (("９９0000", "x", "--pool", "990100"), "CODE: “９９0000”"),
        (("000000", "x", "--pool", "000100"), "CODE: “000000”"),
        (("990000", "x"), "--pool: none"),
        (("990000", "x", "--pool", "980100"), "six digits of a pool of region 990000"),
        (("990000", "x", "--pool", "990000"), "six digits of a pool of region 990000"),
        (("990000", "x", "--pool", "9901"), "--pool: “9901”"),
        (("990000", "x", "--pool", "990100", "--pool", "990100:b"), "990100 twice"),
        (("990000", 'a"b', "--pool", "990100"), "NAME: 'a\"b'"),
        (("990000", "a\nb", "--pool", "990100"), "NAME: 'a\\nb'"),
        (("990000", " ", "--pool", "990100"), "NAME: ' '"),
        (("990000", "$name", "--pool", "990100"), "NAME: '$name'"),
        (("990000", "x", "--pool", "990100:a`b"), "--pool: 'a`b'"),
        (("990000", "x", "--pool", "990100", "--name", "example"), "--name: “example”"),
        (("990000", "x", "--pool", "990100", "--name", "qingsuan-../x"), "--name: “qingsuan-../x”"),
    ],
)  # fmt: skip
def test_a_bad_code_or_name_is_refused_and_nothing_written(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = run("new-plugin", *arguments, "--out", str(tmp_path / "out"))
    assert (ran.status, said in ran.err, "what to do: " in ran.err) == (2, True, True), ran
    assert not (tmp_path / "out").exists()


def test_the_empty_tables_load_once_they_are_filled(environment: OwnEnvironment, begun: Path) -> None:
    """The tables are comments as long as nobody has read a number; with numbers they are rules."""
    files = {file: file.read_text("utf-8") for file in sorted(begun.glob("src/*/rules/9901-*.toml"))}
    try:
        for file, text in files.items():
            assert text.count("\n#| ") > 30
            filled = re.sub(r"^#\| ?", "", text, flags=re.MULTILINE).replace('"?"', '"made up"')
            filled = re.sub(r"\[\[missing\]\]\n.*\n.*\nwhen = .*\n", "", re.sub(r"\?(?!\w)", "50", filled))
            file.write_text(filled, "utf-8")
        listed = environment.run("qingsuan plugins", begun).stdout
    finally:
        for file, text in files.items():
            file.write_text(text, "utf-8")
    assert "390 from 2021-01-01   3 rules, 5 missing parameters   示例市" in listed, listed
    assert "310 from 2021-01-01   3 rules, 6 missing parameters   示例市" in listed, listed


def test_lint_asks_nothing(environment: OwnEnvironment, begun: Path) -> None:
    done = environment.run("qingsuan policy lint 990000", begun)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_template_is_shipped() -> None:
    root = Path(__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    room = root / "engine/qingsuan/plugins"
    shipped = {file for pattern in settings["package-data"]["qingsuan.plugins"] for file in room.glob(pattern)}
    assert {file for file in (room / "template").rglob("*") if file.is_file()} == shipped != set()
