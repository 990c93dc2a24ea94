"""The published examples of single settlements, through the public command.

They belong to no region that a plugin here serves, so a made-up plugin carries their numbers: it is installed into a
temporary folder, and found by the command as any other.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from distributions import leave_behind
from qingsuan.errors import QingsuanError
from qingsuan.testing import collect_cases, run_case

HERE = Path(__file__).parent
CASES = collect_cases(HERE)
SOURCES = HERE.parent / "plugins" / "examples" / "src"


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Install the made-up plugin the way pip leaves a distribution behind; its paths."""
    site = tmp_path_factory.mktemp("site")
    leave_behind(site, "examples")
    return [site, SOURCES]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_published_example(case: Path, examples: list[Path]) -> None:
    run_case(case, require=["qingsuan-examples>=2022.1"], paths=examples)


def test_every_published_example_has_its_case() -> None:
    assert {path.stem.partition("-")[0] for path in CASES} == {
        "6.1", "6.2", "6.4", "6.8", "6.9", "6.11", "6.12", "6.13",
    }  # fmt: skip


def test_without_its_plugin_a_pool_stops_the_run() -> None:
    with pytest.raises(QingsuanError, match="9901"):
        run_case(CASES[0])
