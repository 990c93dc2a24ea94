"""What a part of a year needed no more is given back before the next part begins."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from closing_years import sample_in
from qingsuan.closing import year as closing
from qingsuan.closing.parts import PARTS
from qingsuan.run.machine.given_back import give_back

STATUS = Path("/proc/self/status")


@pytest.mark.skipif(not STATUS.exists(), reason="this system does not say how much memory is resident")
def test_memory_of_many_small_things_is_given_back() -> None:
    many = [str(number) * 40 for number in range(400_000)]
    table = pa.table({"a": many})
    held = resident()
    del many, table
    give_back()
    assert resident() < held - 50_000


def resident() -> int:
    """Kilobytes of this process that are in memory and are no file's."""
    found = re.search(r"RssAnon:\s+(\d+)", STATUS.read_text("utf-8"))
    assert found is not None
    return int(found[1])


def test_it_is_given_back_after_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, times = sample_in(tmp_path / "sample", people=150), []
    monkeypatch.setattr(closing, "give_back", lambda: times.append(1))
    closed = closing.close_year(case, tmp_path / "year")
    assert len(times) == len(closed.record["parts"]) == len(PARTS)
