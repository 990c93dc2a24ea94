"""What ``qingsuan inspect`` says of files as bureaus have them: the intake file it proposes reads them, or names what only a reader knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bureau_files import CLAIMS, FILES, READ, changed, csv_text, numbers, plain, texts
from settling import claim, install, insured, only, run, write

ASKED = {
    "zone": '# times = { zone = "Asia/Shanghai" }',
    "offsets": '# times = { form = "%Y-%m-%dT%H:%M:%S%z", zone = "Asia/Shanghai" }',
    "whole fen": '# money.unit = "fen"  # or "yuan"',
    "codes": '# codes.insutype."居民" = "…"',
    "constants": '# constants.insutype = "…"',
    "gbk": '# columns."…" = "medfee_sumamt"  # which of theirs is it: 总费用',
    "headings": '# columns."…" = "medfee_sumamt"  # which of theirs is it: 总费用',
}
"""What a file does not say, and its reader must."""

UNSEEN = {"fen as text": "whole numbers of yuan look the same"}


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.parquet", [insured(psn_no=f"p{place}") for place in range(3)])
    write(tmp_path / "clean.parquet", CLAIMS)


def inspected(*arguments: object) -> Any:
    ran = run("inspect", *arguments, "--json", "--lang", "en")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def settled(tmp_path: Path, claims: Path, out: str, *more: object) -> list[tuple[Any, ...]]:
    ran = run(
        "settle", claims, "--insured", tmp_path / "insured.parquet", "--year", 2022, "--out", tmp_path / out, *more
    )  # fmt: skip
    assert ran.status == 0, ran.err
    return numbers(tmp_path / out)


@pytest.mark.parametrize("name", [name for name in FILES if name not in UNSEEN])
def test_the_proposal_reads_the_file_or_asks(tmp_path: Path, name: str) -> None:
    claims = FILES[name][0](tmp_path)
    found = inspected(claims, "--propose", tmp_path / "p.toml")
    assert found["table"] == "claims"
    assert found["rows"] == len(CLAIMS)
    if name in ASKED:
        assert ASKED[name] in found["proposal"]
        return
    assert "\n#" not in found["proposal"]
    assert found["as_proposed"] == {"stops": "", "rejected": {}, "first": []}
    assert (tmp_path / "p.toml").read_text("utf-8") == found["proposal"]
    clean = settled(tmp_path, tmp_path / "clean.parquet", "clean")
    assert settled(tmp_path, claims, "out", "--intake", tmp_path / "p.toml") == clean


@pytest.mark.parametrize("name", READ)
def test_nothing_is_proposed_for_what_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    found = inspected(READ[name](tmp_path))
    assert (found["table"], found["rows"], found["proposal"]) == ("claims", len(CLAIMS), "")
    assert found["as_it_is"] == {"stops": "", "rejected": {}, "first": []}


def test_what_stands_in_the_columns_is_said_without_ids(tmp_path: Path) -> None:
    rows = changed(psn_no=lambda text: f"{text}\u200b", insutype=lambda _: "391")
    found = inspected(texts(tmp_path / "c.parquet", [*rows, claim(setl_id="secret", enddate="")]))
    columns = {one["column"]: one for one in found["columns"]}
    assert columns["insutype"]["codes"] == {"390": 1, "391": len(CLAIMS)}
    assert (columns["begndate"]["least"], columns["begndate"]["greatest"]) == ("2022-03-01", "2022-07-01")
    assert (columns["medfee_sumamt"]["least"], columns["medfee_sumamt"]["greatest"]) == ("1000", "12345.6")
    assert (columns["enddate"]["nulls"], columns["setl_id"]["codes"]) == (1, {})
    assert found["as_it_is"]["rejected"] == {"E_FORM": len(CLAIMS)}
    first = found["as_it_is"]["first"][0]
    assert (first["row"], first["column"], first["found"]) == (
        1, "psn_no", '"a9\\a999a": the character U+200B ZERO WIDTH SPACE',
    )  # fmt: skip
    assert "secret" not in json.dumps(found)


def test_the_first_twenty_rejected_rows_are_shown(tmp_path: Path) -> None:
    rows = [claim(setl_id=f"s{place}", medfee_sumamt="1,000.0x") for place in range(30)]
    found = inspected(texts(tmp_path / "c.parquet", rows))
    assert found["as_it_is"]["rejected"] == {"E_FORM": 30}
    assert [one["row"] for one in found["as_it_is"]["first"]] == list(range(1, 21))
    assert found["as_it_is"]["first"][0]["expected"].startswith("an amount in yuan")


def test_a_torn_row_is_named_by_its_line_alone(tmp_path: Path) -> None:
    found = inspected(plain(tmp_path / "c.csv", csv_text(CLAIMS) + "s9,somebody\n"))
    (first,) = found["as_it_is"]["first"]
    assert first["found"] == f"line {len(CLAIMS) + 2}, 2 cells"
    assert "somebody" not in json.dumps(found)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_in_one_language(tmp_path: Path, lang: str) -> None:
    ran = run("inspect", FILES["headings"][0](tmp_path), "--lang", lang)
    assert ran.status == 0
    assert ("taken for the table: claims" in ran.out) == (lang == "en")
    assert ("视为表:claims" in ran.out) == (lang == "zh")


def test_files_that_are_none_of_ours(tmp_path: Path) -> None:
    found = inspected(plain(tmp_path / "c.csv", "x\n1\n"))
    assert (found["rows"], found["columns"], found["unread"]) == (1, [], ["x"])
    odd = pa.table(
        {"setl_id": pa.array([[1], [2]]), "setl_time": [True, False], "medfee_sumamt": pa.array([b"x", b"y"])}
    )
    pq.write_table(odd, tmp_path / "odd.parquet")
    assert "type list" in inspected(tmp_path / "odd.parquet", "--table", "claims")["as_it_is"]["stops"]


def test_wrong_use(tmp_path: Path) -> None:
    assert "no such table" in run("inspect", tmp_path / "clean.parquet", "--table", "claim").err
    assert (
        "a file that is there"
        in run("inspect", tmp_path / "clean.parquet", "--propose", tmp_path / "clean.parquet").err
    )
    assert run("inspect", tmp_path / "nothing.csv").status == 3
    assert inspected(tmp_path / "insured.parquet")["table"] == "insured"
    assert inspected(tmp_path / "insured.parquet", "--table", "identities")["missing"] == ["psn_idet_type"]
