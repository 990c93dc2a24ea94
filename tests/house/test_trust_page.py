"""What docs/trust.md tells an auditor to do can be done, and ends as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from settling import run

PAGE = (Path(__file__).resolve().parents[2] / "docs/trust.md").read_text("utf-8")
COMMANDS = [
    line.removeprefix("qingsuan ").split()
    for block in re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("qingsuan ")
    and "closed" not in line  # tests/closing/test_year_end.py settles a closed year again
]


def test_every_command_of_the_page_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "pseudonyms.key"  # as OpenSSL prints it, which the page asks
    key.touch(0o600)
    key.write_text("5a" * 32 + "\n", "utf-8")
    for command in COMMANDS:
        ran = run(*command)
        assert ran.status == 0, (command, ran)
    assert {"--settle", "--key", "--new-key"} <= {part for command in COMMANDS for part in command}
