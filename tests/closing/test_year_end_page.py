"""``docs/year-end.md``: its case file closes a made-up year, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from closing_years import close, record_of, sample_in
from qingsuan.closing.identities import IDENTITIES
from qingsuan.closing.parts import PARTS

PAGE = (Path(__file__).parents[2] / "docs" / "year-end.md").read_text("utf8")


def test_the_case_file_of_the_page_is_that_of_a_sample_and_closes_it(tmp_path: Path) -> None:
    case = sample_in(tmp_path / "sample", people=250, seed=2)
    (shown,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == case.read_text("utf-8")
    ran = close(case, tmp_path / "year")
    assert ran.status == 0, ran.err
    (listed,) = re.findall(r"^```\nyear-2021/\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"([\w.]+\b)/? ", re.sub(r" {3,}.*", " ", listed)))
    assert named - {"corrections"} == {path.name for path in (tmp_path / "year").iterdir()} - {"corrections"}
    assert record_of(tmp_path / "year")["year"] == 2021


def test_every_part_is_listed_with_its_tables_and_options() -> None:
    rows = dict(re.findall(r"^\| `\[(\w+)\]` \| \[\w+\]\([\w-]+\.md\) \|(.*)\|$", PAGE, re.MULTILINE))
    assert list(rows) == [part.name for part in PARTS]
    for part in PARTS:
        tables, options, reads = (re.findall(r"`(\w+)`", cell) for cell in rows[part.name].split("|"))
        assert tables == list(part.tables)
        assert sorted(options) == sorted(part.options)
        assert sorted(reads) == sorted(part.reads.values())


def test_every_identity_is_listed_with_the_parts_that_it_is_from() -> None:
    table = PAGE.split("## What must add up")[1].split("\n\n")[1]
    assert len(table.splitlines()) - 2 == len(IDENTITIES)
