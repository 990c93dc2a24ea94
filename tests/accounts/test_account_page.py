"""``docs/accounts.md``: every column that comes in or out stands there, and every use that a rule may allow or refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import qingsuan
from account_years import YEAR, account_year, installed_as, table_of
from qingsuan.accounts.intake import columns
from qingsuan.accounts.rule.model import KINDS, RELATIONS, UNFIT
from qingsuan.accounts.uses import REASONS

PAGE = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text("utf8")


def section(title: str) -> str:
    return re.split(rf"^### {title}$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]


@pytest.mark.parametrize("table", sorted(columns.INTERNAL))
def test_every_column_that_comes_in_is_documented(table: str) -> None:
    specs = getattr(columns, table.upper())
    for spec in specs:
        row = f"| `{spec.name}` | {spec.kind} | {'yes' if spec.must else ''} | {spec.meaning} |"
        assert row in section(table), f"docs/accounts.md, {table}: expected the row\n{row}"
    assert re.findall(r"^\| `(\w+)` \|", section(table), re.MULTILINE) == [spec.name for spec in specs]


@pytest.mark.parametrize(
    ("table", "title"), [("ledger", "ledger"), ("uses", "uses that come out"), ("balances", "balances")]
)
def test_every_column_that_comes_out_is_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, title: str
) -> None:
    year = account_year(6, tmp_path / "rules")
    installed_as(monkeypatch, year.region)
    run = qingsuan.account(table_of("insured", year.rows["insured"]), year=YEAR)
    assert re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE) == getattr(run, table).schema.names


def test_every_use_relation_and_code_is_named() -> None:
    readme = (Path(__file__).parents[2] / "plugins" / "README.md").read_text("utf8")
    for word in (*KINDS, *UNFIT):
        assert f"`{word}`" in PAGE, word
        assert f"`{word}`" in readme, word
    for word in RELATIONS:
        assert word in readme
    for code in {code for code, _ in REASONS if code}:
        assert f"`{code}`" in PAGE, code
