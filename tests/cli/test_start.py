"""What a command does not load: where pandas is installed, PyArrow would import it, which takes longer than a short command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PANDAS = "raise SystemExit('pandas was imported')\n"
_MAIN = "from qingsuan.cli import main; main()"
_TOLD = "import atexit, importlib; atexit.register(lambda: importlib.import_module('pandas'))"


def _python(code: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.fixture
def pandas(tmp_path: Path) -> str:
    """A folder where something called pandas is installed, which ends who imports it."""
    (tmp_path / "site/pandas").mkdir(parents=True)
    (tmp_path / "site/pandas/__init__.py").write_text(_PANDAS)
    return str(tmp_path / "site")


def test_no_command_imports_pandas(pandas: str, tmp_path: Path) -> None:
    assert _python("import pyarrow; pyarrow.array([1])", PYTHONPATH=pandas).stderr == "pandas was imported\n"
    done = _python(_MAIN, "sample", tmp_path / "year", "--people", 9, "--seed", 1, PYTHONPATH=pandas)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "year/insured.parquet").exists()


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        (("--engine", "spark"), "was imported"),
        (("--engine=spark",), "was imported"),
        (("--engine", "local"), "no command loads pandas"),
        ((), "no command loads pandas"),
    ],
)
def test_it_is_not_withheld_from_spark(engine: tuple[str, ...], told: str, pandas: str) -> None:
    done = _python(f"{_TOLD}; {_MAIN}", "settle", *engine, "--help", PYTHONPATH=pandas)
    assert told in done.stderr
