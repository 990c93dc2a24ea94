"""What is installed here is known to the byte, and the version is said in one place: what is released can be made again."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qingsuan import __version__

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
WRITTEN = sorted((ROOT / "requirements").glob("*.txt"))
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
WITH_A_FILE = {"spark", "test", "bench", "lint", "release"}


def project(file: Path) -> dict[str, dict]:
    return tomllib.loads(file.read_text("utf-8"))


def pins(name: str) -> list[tuple[Requirement, list[str]]]:
    """Every package of a file with the digests that its files may have."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (
            Requirement(" ".join(word for word in words if not word.startswith("--"))),
            [word for word in words if word.startswith("--")],
        )
        for words in lines
    ]


def pinned(name: str, python: str) -> dict[str, str]:
    """The version of every package that a file installs for one Python on Linux."""
    machine = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    machine |= {"platform_python_implementation": "CPython", "implementation_name": "cpython"}
    taken = [each for each, _ in pins(name) if each.marker is None or each.marker.evaluate(machine)]
    versions = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in taken}
    assert len(versions) == len(taken), f"requirements/{name}.txt has a package twice for Python {python}"
    return versions


def declared() -> list[tuple[str, str]]:
    """Every file of ``requirements/`` with each requirement that it has to cover."""
    extras = project(ROOT / "pyproject.toml")["project"]["optional-dependencies"]
    of_the_engine = [("engine", each) for each in project(ROOT / "pyproject.toml")["project"]["dependencies"]]
    of_extras = [
        (name if name in WITH_A_FILE else "engine", each)
        for name, extra in extras.items()
        if name != "all"
        for each in extra
    ]
    to_build = [("build", each) for file in PROJECTS for each in project(file)["build-system"]["requires"]]
    of_plugins = [("engine", each) for file in PROJECTS[1:] for each in project(file)["project"]["dependencies"]]
    return [*of_the_engine, *of_extras, *to_build, *(each for each in of_plugins if not each[1].startswith("qingsuan"))]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_declared_requirement_is_pinned_within_what_it_allows(python: str) -> None:
    files = {name: pinned(name, python) for name in {name for name, _ in declared()}}
    assert {path.stem for path in WRITTEN} == files.keys()
    for name, text in declared():
        wanted = Requirement(text)
        version = files[name].get(canonicalize_name(wanted.name))
        assert version, f"requirements/{name}.txt has no {wanted.name}: make constraints"
        assert wanted.specifier.contains(version), (
            f"requirements/{name}.txt has {wanted.name} {version}, not {text}: make constraints"
        )


@pytest.mark.parametrize("python", PYTHONS)
def test_no_two_files_ask_for_different_versions(python: str) -> None:
    versions: dict[str, tuple[str, str]] = {}
    for path in WRITTEN:
        for package, version in pinned(path.stem, python).items():
            name, before = versions.setdefault(package, (path.stem, version))
            assert version == before, (
                f"{package}: {before} in requirements/{name}.txt, {version} in requirements/{path.name}"
            )


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_package_is_one_version_with_digests_and_names_no_place(path: Path) -> None:
    assert "://" not in path.read_text("utf-8"), (
        f"{path.name} names a place to fetch from: whoever installs decides that"
    )
    assert pins(path.stem)
    for package, digests in pins(path.stem):
        assert re.fullmatch(r"==[^,*]+", str(package.specifier)), f"{path.name}: {package} is not one version"
        assert digests, f"{path.name}: {package} has no digest"
        for digest in digests:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", digest), f"{path.name}: {package}: {digest}"


def test_nothing_is_installed_that_is_not_known() -> None:
    """Whatever is fetched is held against a digest, and what is built from here fetches nothing to build with."""
    installs = re.compile(r"\bpip (?:install|wheel|download)\b")
    lines = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if installs.search(line)]
    assert len(lines) == 4
    for line in lines:
        assert "--require-hashes" in line or ("--no-index" in line and "--no-build-isolation" in line), line
    assert not installs.search((ROOT / ".ci" / "run").read_text("utf-8")), (
        "what has to be installed for CI is made by make"
    )


def test_the_version_is_written_once() -> None:
    declaring = project(ROOT / "pyproject.toml")
    assert declaring["project"].get("version") is None
    assert declaring["project"]["dynamic"] == ["version"]
    assert declaring["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "qingsuan.__version__"}


@pytest.mark.parametrize(
    "file",
    ["plugins/README.md", "plugins/README.zh-CN.md", *(path.relative_to(ROOT).as_posix() for path in PROJECTS[1:])],
)
def test_plugins_ask_for_the_series_that_is_built_with_them(file: str) -> None:
    major, minor, *_ = (int(part) for part in __version__.split("."))
    (wanted,) = re.findall(r'^dependencies = \["(.+)"\]', (ROOT / file).read_text("utf-8"), re.MULTILINE)
    assert wanted == f"qingsuan>={major}.{minor},<{major}.{minor + 1}", (
        f"{file} asks for {wanted}, and this is {__version__}"
    )


def test_the_changelog_and_the_citation_know_the_version() -> None:
    assert re.search(rf"^version: {re.escape(__version__)}$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [__version__]), (
        f"the newest release in CHANGELOG.md is {headings[1]}, and this is {__version__}"
    )
