"""``docs/recipes.md``: every block is a rule set that loads, and settles the case file that its section names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qingsuan.testing import CaseFailedError, collect_cases, run_case
from rule_heads import head
from settling import install

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
CASES = Path(__file__).parent / "recipes"
RECIPES = {
    re.search(r"\]\(\.\./tests/plugins/recipes/([\w-]+)\.toml\)", section)[1]: re.findall(r"^```toml\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)  # type: ignore[index]
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}  # fmt: skip


def test_every_recipe_has_a_block_and_a_case_of_its_own() -> None:
    assert sorted(RECIPES) == [case.stem for case in collect_cases(CASES)]
    assert all(len(blocks) == 1 for blocks in RECIPES.values())


def rules_of(block: str) -> str:
    return head(levels=("1", "3") if "dedc_hosp_lv" in block else ()) + block


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_pays_what_its_case_says(tmp_path: Path, recipe: str) -> None:
    install(tmp_path, rules=rules_of(RECIPES[recipe][0]))
    run_case(CASES / f"{recipe}.toml", require=["qingsuan-settling"], paths=[tmp_path])


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_case_notices_another_amount(tmp_path: Path, recipe: str) -> None:
    text = RECIPES[recipe][0]
    changed = re.sub(r"yuan = (\d+)", lambda found: f"yuan = {int(found[1]) + 1}", text)
    assert changed != text
    install(tmp_path, rules=rules_of(changed))
    with pytest.raises(CaseFailedError):
        run_case(CASES / f"{recipe}.toml", paths=[tmp_path])
