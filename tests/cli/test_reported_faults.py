"""What was reported from outside, each report a folder of its own: tests/repro/README.md says how one is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outside import COMMAND, call, documented_statuses
from reproduction import differing_record, differing_rows, read_case, run_case

REPORTS = Path(__file__).resolve().parents[1] / "repro"
FOLDERS = sorted(path for path in REPORTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_reported_fault_stays_mended(folder: Path, tmp_path: Path) -> None:
    found = run_case(folder, tmp_path / folder.name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_report_says_what_was_tried_and_of_which_class_it_is(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    assert text.startswith("# ")
    for heading in ("**Tried.**", "**Must.**", "**Class.**"):
        assert heading in text, f"{folder.name}/README.md has no {heading}"


# ---- the runner can fail


def spoilt(tmp_path: Path, name: str, before: str, after: str) -> list[str]:
    """What a copy of a report says once a text of its case is another one."""
    shutil.copytree(REPORTS / name, tmp_path / "spoilt")
    case = tmp_path / "spoilt" / "case.toml"
    text = case.read_text("utf-8")
    assert before in text
    case.write_text(text.replace(before, after, 1), "utf-8")
    return run_case(tmp_path / "spoilt", tmp_path / "copy")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("status = 0", "status = 3", "the exit status 0, expected 3"),
        ('hifp_pay = "5950.00"', 'hifp_pay = "5950.01"', "settled: no row"),
        ("rejected = []", 'rejected = [{ code = "E_DATE" }]', "rejected: no row"),
        ("status = 0", 'status = 0\nstdout = ["nobody says this"]', "stdout does not say 'nobody says this'"),
        ("status = 0", 'status = 0\nnever = ["settled"]', "'settled' was said"),
    ],
)
def test_a_wrong_expectation_is_noticed(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert any(said in text for text in spoilt(tmp_path, "byte-order-mark", before, after))


def test_a_row_more_a_row_less_and_another_count_are_noticed() -> None:
    rows = [{"setl_id": "S1", "hifp_pay": "1.00"}, {"setl_id": "S1", "hifp_pay": "2.00"}]
    assert not differing_rows("settled", [{"hifp_pay": "/^2/"}, {"setl_id": "S1"}], rows)
    assert differing_rows("settled", [{"setl_id": "S1"}], rows)
    assert differing_rows("settled", [{"setl_id": "S1"}] * 3, rows)
    assert differing_rows("settled", [{"no_such_column": ""}, {"setl_id": "S1"}], rows)
    assert not differing_record({"a.0.b": 1}, {"a": [{"b": 1}]})
    assert differing_record({"a.0.c": 1}, {"a": [{"b": 1}]})


def test_a_key_that_no_step_has_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('[[step]]\nargs = ["plugins"]\nstatus = 0\nrejcted = []\n', "utf-8")
    with pytest.raises(ValueError, match="rejcted"):
        read_case(tmp_path)


def test_a_row_that_is_lost_and_an_input_that_is_changed_are_noticed(tmp_path: Path) -> None:
    """The command is one that takes the first claim out of its input and settles the others."""
    thief = tmp_path / "thief.py"
    thief.write_text(
        "import subprocess, sys, pathlib\n"
        "claims = pathlib.Path('claims.csv')\n"
        "kept = claims.read_bytes()\n"
        "lines = kept.splitlines(keepends=True)\n"
        "claims.write_bytes(b''.join([lines[0], *lines[2:]]))\n"
        f"ran = subprocess.run([{str(COMMAND)!r}, *sys.argv[1:]])\n"
        "claims.write_bytes(kept) if ran.returncode == 0 else None\n"
        "pathlib.Path('insured.csv').unlink()\n",
        "utf-8",
    )
    from outside import broken_promises, lost_rows, remember

    copy = tmp_path / "copy"
    shutil.copytree(REPORTS / "byte-order-mark", copy)
    arguments = read_case(copy)[0].args
    before = remember(arguments, copy)
    ended = call(arguments, copy, program=(sys.executable, str(thief)))
    assert ended.status == 0, ended
    assert any("rows went in" in text for text in lost_rows(arguments, copy))
    assert any("insured.csv was changed or deleted" in text for text in broken_promises(ended, copy, before))


def test_without_root_permissions_hold(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    ended = call(["-c", "import os; os.listdir('closed')"], tmp_path, program=(sys.executable,), root=False)
    closed.chmod(0o755)
    assert ended.status == 1
    assert "PermissionError" in ended.err


def test_the_exit_statuses_are_those_of_the_page() -> None:
    assert documented_statuses() == {0, 1, 2, 3, 4, 5, 6}
    ran = subprocess.run([COMMAND, "no-such-command"], capture_output=True, check=False)
    assert ran.returncode == 2
