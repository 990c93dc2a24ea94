"""``plugins/README.md``, followed to the letter: its plugin is written down, found, and keeps its own contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:toml|python)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


CASES = re.findall(r"^# tests/cases/([a-z-]+)\.toml$", PAGE, re.MULTILINE)


def block(start: str) -> str:
    """The one block of the page that begins so."""
    (found,) = (text for text in BLOCKS if text.startswith(start))
    return found


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("qingsuan-example")
    files = {
        "pyproject.toml": block("# pyproject.toml"),
        "src/qingsuan_example/region.toml": block("# src/qingsuan_example/region.toml"),
        "src/qingsuan_example/rules/9901-390-2021-01-01.toml": "\n".join(
            block(start)
            for start in (
                "format = 1\n\n[ruleset]",
                "[layers.pooled]",
                "[waiting]",
                "[[rules]]",
                "[dimensions.drug_disease]",
            )
        ),
        "src/qingsuan_example/rules/9901-310-2021-01-01.toml": block("# src/qingsuan_example/rules/9901-310"),
        "src/qingsuan_example/funding/2021-01-01.toml": "\n".join(
            block(start) for start in ("format = 1\n\n[funding]", "[[shares]]", "[apart]")
        ),
        "src/qingsuan_example/accounts/9901-2021-01-01.toml": block("format = 1\n\n[account]"),
        "src/qingsuan_example/funds/2021-01-01.toml": block("format = 1\n\n[fund]"),
        "src/qingsuan_example/clearing/2021-01-01.toml": block("format = 1\n\n[clearing]"),
        "src/qingsuan_example/premiums/2022-01-01.toml": block("format = 1\n\n[premium]"),
        "src/qingsuan_example/authority/2021-01-01.toml": block("format = 1\n\n[authority]"),
        "tests/test_example.py": block("# tests/test_example.py"),
        **{f"tests/cases/{name}.toml": block(f"# tests/cases/{name}.toml") for name in CASES},
    }
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = f"src/{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    needs = [f"Requires-Dist: {each}" for each in project["dependencies"]]
    metadata = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}", *needs, ""]
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["qingsuan"].items())
    files |= {f"{info}/METADATA": "\n".join(metadata), f"{info}/entry_points.txt": f"[qingsuan]\n{points}"}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def run(plugin: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(plugin / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=plugin,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugin_of_the_page_keeps_the_contract_of_the_page(plugin: Path) -> None:
    done = run(plugin, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f" {11 + len(CASES)} passed" in f" {done.stdout.splitlines()[-1]}", done.stdout


def test_the_plugins_command_lists_the_example(plugin: Path) -> None:
    done = run(plugin, "-c", "from qingsuan.cli import main; main()", "plugins")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "qingsuan-example 2022.1   990000" in done.stdout
    assert "subsidy of 2021" in done.stdout


def test_a_wrong_number_in_it_is_noticed(plugin: Path) -> None:
    file = plugin / "src/qingsuan_example/rules/9901-390-2021-01-01.toml"
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("percent = [55, 60, 65]", "percent = [55, 61, 65]"), encoding="utf-8")
    try:
        done = run(plugin, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    finally:
        file.write_text(right, encoding="utf-8")
    assert done.returncode == 1
    assert "hifp_pay: found 22050.00, expected 21950.00" in done.stdout


def test_a_number_that_nobody_authorises_is_refused_until_the_file_says_why(plugin: Path) -> None:
    """The tables of section 5: a ratio below the province's bound, then the same with ``[[beyond]]``."""
    file = plugin / "src/qingsuan_example/rules/9901-390-2021-01-01.toml"
    right = file.read_text(encoding="utf-8")
    lower = right.replace("percent = [55, 60, 65]", "percent = [45, 60, 65]")
    try:
        file.write_text(lower, encoding="utf-8")
        refused = run(plugin, "-c", "from qingsuan.cli import main; main()", "plugins")
        file.write_text(f"{lower}\n{block('[[beyond]]')}", encoding="utf-8")
        said = run(plugin, "-c", "from qingsuan.cli import main; main()", "plugins")
    finally:
        file.write_text(right, encoding="utf-8")
    for words in (
        "layers.pooled.bands: 45.00, 60.00, 65.00 %",
        "示医保发〔2020〕1号",
        "at least 50.00 % and at most 80.00 %",
        "示政发〔2020〕1号",
    ):
        assert words in refused.stdout, words
    assert "qingsuan-example 2022.1   990000" in said.stdout
