"""A column that a rule set decides by, and that some files have and others do not: each row is judged by its own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import exchanges
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.run.executors.cluster import Cluster
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.restart.fingerprint import by_what
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle
from qingsuan.selftest import differences
from settling import RULES, claim, install, insured, only, read, write

OWN_RULES = (
    RULES.replace(
        "[[rules]]",
        """[dimensions.ward]
kind = "code"
column = "x_ward"
[dimensions.years]
kind = "number"
table = "insured"
column = "x_years"
[[rules]]""",
        1,
    )
    .replace('when = { med_type = ["21"] }', 'when = { med_type = ["21"], ward = ["A", ""], years = { below = 9 } }')
    .replace('when = { med_type = ["11"] }', 'when = { med_type = ["11"], ward = ["B"] }')
)


@pytest.fixture(autouse=True)
def _region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=OWN_RULES)
    only(tmp_path / "site", monkeypatch)


def settled(tmp_path: Path, engine: bool) -> Path:
    """Settle what is in ``claims`` and ``insured``; with ``engine``, in pieces as a cluster does."""
    setup, installed = set_up(2022)
    inputs = Inputs(
        {
            "claims": open_sources([tmp_path / "claims"], "claims"),
            "insured": open_sources([tmp_path / "insured"], "insured"),
        }
    )
    out = tmp_path / f"out-{engine}"
    other = Cluster(exchanges.InProcess(), by_what(Benefits(setup), installed)) if engine else None
    settle(Benefits(setup), inputs, RunFolder(out, TABLES), Options(2, partitions=3), installed, engine=other)
    return out


def write_claims(tmp_path: Path, name: str, ids: str, **changes: str | None) -> None:
    write(tmp_path / "claims" / name, [claim(setl_id=f"{name[0]}{n}", psn_no=f"p{n}", **changes) for n in ids])


def write_people(tmp_path: Path, name: str, ids: str, **changes: str | None) -> None:
    write(tmp_path / "insured" / name, [insured(psn_no=f"p{n}", **changes) for n in ids])


def refused(out: Path) -> dict[str, tuple[Any, ...]]:
    return {row["setl_id"]: (row["code"], row["column"], row["source_file"]) for row in read(out, "rejected")}


@pytest.mark.parametrize("engine", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_claims_of_a_file_without_the_column_are_refused_and_the_others_judged(
    tmp_path: Path, suffix: str, engine: bool
) -> None:
    write_people(tmp_path, f"a{suffix}", "123456", x_years="5")
    write_claims(tmp_path, f"with{suffix}", "12", x_ward="A")
    write_claims(tmp_path, f"empty{suffix}", "34", x_ward="")
    write_claims(tmp_path, f"other{suffix}", "5", x_ward="C")
    write_claims(tmp_path, f"lacks{suffix}", "16")
    out = settled(tmp_path, engine)
    assert refused(out) == {
        "l1": ("E_MISSING", "x_ward", f"lacks{suffix}"),
        "l6": ("E_MISSING", "x_ward", f"lacks{suffix}"),
        "o5": ("E_NO_RULE", "med_type", f"other{suffix}"),
    }
    assert {row["setl_id"] for row in read(out, "settled")} == {"w1", "w2", "e3", "e4"}
    row = next(row for row in read(out, "rejected") if row["setl_id"] == "l1")
    assert (row["found"], row["expected"]) == (
        "no such column",
        "a column “x_ward” in the claims: the rule set decides by it",
    )


@pytest.mark.parametrize("engine", [False, True])
def test_people_of_a_file_without_the_column_have_their_own_claims_refused(tmp_path: Path, engine: bool) -> None:
    write_claims(tmp_path, "c.parquet", "1234", x_ward="A")
    write_people(tmp_path, "a.parquet", "12", x_years="5")
    write_people(tmp_path, "b.csv", "3")
    write_people(tmp_path, "c.csv", "4", x_years="")
    out = settled(tmp_path, engine)
    assert refused(out) == {
        "c3": ("E_MISSING", "x_years", "c.parquet"),
        "c4": ("E_NO_RULE", "med_type", "c.parquet"),
    }
    assert {row["setl_id"] for row in read(out, "settled")} == {"c1", "c2"}


def test_no_file_with_the_column_refuses_all_and_an_engine_gives_the_same_bytes(tmp_path: Path) -> None:
    write_people(tmp_path, "a.parquet", "123", x_years="5")
    write_claims(tmp_path, "a.parquet", "12")
    write_claims(tmp_path, "b.parquet", "3")
    out = settled(tmp_path, engine=False)
    assert {code for code, *_ in refused(out).values()} == {"E_MISSING"}
    assert read(out, "settled") == []
    write_claims(tmp_path, "c.parquet", "123", x_ward="A")
    (tmp_path / "out-False").rename(tmp_path / "all")
    assert differences(settled(tmp_path, engine=False), settled(tmp_path, engine=True)) == []
