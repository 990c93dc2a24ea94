"""A plugin may name its folders by texts: every settlement takes them as it takes folders of a package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qingsuan.policy.model import FOLDERS, Region
from settling import CODE, claim, install_code, insured, only, settle, write


@pytest.mark.parametrize("field", FOLDERS)
def test_a_text_becomes_a_path(field: str, tmp_path: Path) -> None:
    region = replace(Region("990000", "x"), **{field: str(tmp_path)})  # type: ignore[arg-type]
    assert getattr(region, field) == tmp_path
    assert all(getattr(region, other) is None for other in FOLDERS if other != field)


def test_a_run_by_rules_of_a_folder_named_by_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "files(__name__) / " in CODE
    install_code(tmp_path / "site", CODE.replace('files(__name__) / "rules"', 'str(files(__name__) / "rules")'))
    only(tmp_path / "site", monkeypatch)
    tables = write(tmp_path / "claims.csv", [claim()]), write(tmp_path / "insured.csv", [insured()])
    ran = settle(*tables, tmp_path / "out")
    assert ran.status == 0, ran.err
    again = settle(*tables, tmp_path / "out", "--resume")
    assert again.status == 0, again.err
