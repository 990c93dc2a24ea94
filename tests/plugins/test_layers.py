"""What layers say of each other and of the claim at hand: made-up pools, reckoned by hand, through the public command.

``plugins/README.md`` shows parts of their rule sets: what stands there is what is run here.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from distributions import leave_behind
from qingsuan.testing import collect_cases, run_case

HERE = Path(__file__).parent / "layers"
CASES = collect_cases(HERE / "cases")
RULES = sorted((HERE / "src/qingsuan_layers/rules").glob("*.toml"))
PAGE = (Path(__file__).parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Install the made-up plugin the way pip leaves a distribution behind; its paths."""
    site = tmp_path_factory.mktemp("site")
    leave_behind(site, "layers")
    return [site, HERE / "src"]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_comes_out_as_it_was_reckoned(case: Path, paths: list[Path]) -> None:
    run_case(case, require=["qingsuan-layers>=2022.1"], paths=paths)


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.stem)
def test_the_page_shows_what_is_run(rules: Path) -> None:
    shown = re.findall(rf"^```toml\n# {re.escape(rules.stem)}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown, f"plugins/README.md shows nothing of {rules.stem}"
    text = rules.read_text(encoding="utf-8")
    for part in shown:
        assert part in text, f"not in {rules.name}:\n{textwrap.indent(part, '  ')}"


def test_every_rule_set_has_its_case() -> None:
    assert [path.stem for path in CASES] == sorted(path.stem.partition("-")[2] for path in RULES)
