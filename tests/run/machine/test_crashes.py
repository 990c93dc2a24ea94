"""Libraries that end the process while they decode a file: the command says which file it was, and ends with the status of an input."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from qingsuan.run.machine.crashes import crash_of
from settling import claim, insured, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="crashes are told on POSIX systems")

CRASHES = {
    "a place that is nowhere": "ctypes.string_at(0)",
    "the library gives up": "os.abort()",
    "a file that is cut short while it is mapped": """
        with open(MADE, "wb") as made:
            made.write(bytes(65536))
        with open(MADE, "r+b") as made:
            mapped = mmap.mmap(made.fileno(), 65536)
            os.truncate(MADE, 0)
            mapped[40000]""",
    "a stack without an end": "walk()",
}
"""How decoding ends the process."""

COMMAND = """
import ctypes, mmap, os, sys

from qingsuan.cli import main
from qingsuan.run.inputs.formats.parquet import file

MADE = {made!r}
INNER = ctypes.CFUNCTYPE(None)


def walk():
    INNER(walk)()


def decoded(batch):
{crash}


file.check_sound = decoded
sys.setrecursionlimit(10**9)
sys.argv = ["qingsuan", *{arguments!r}]
main()
"""


def ended(crash: str, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    write(tmp_path / "claims.parquet", [claim(setl_id=f"s{number}") for number in range(9)])
    write(tmp_path / "insured.csv", [insured()])
    arguments = ["settle", str(tmp_path / "claims.parquet"), "--insured", str(tmp_path / "insured.csv")]
    arguments += ["--year", "2022", "--out", str(tmp_path / "out"), *more]
    body = textwrap.indent(textwrap.dedent(crash).strip(), "    ")
    code = COMMAND.format(made=str(tmp_path / "made"), crash=body, arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("crash", CRASHES)
def test_a_file_that_ends_the_process_is_named(crash: str, tmp_path: Path) -> None:
    found = ended(CRASHES[crash], tmp_path)
    assert found.returncode == 3, found
    assert f"qingsuan: {crash_of(str(tmp_path / 'claims.parquet'))}\n" in found.stderr
    assert not (tmp_path / "out/run.json").exists()


def test_it_is_told_in_chinese(tmp_path: Path) -> None:
    found = ended("os.abort()", tmp_path, "--lang", "zh")
    assert found.returncode == 3, found
    assert (
        f"qingsuan: {tmp_path / 'claims.parquet'}：无法读取：解码该文件的程序库使整个进程终止\n  应为：完整且未损坏的文件\n  处理："
        in found.stderr
    )


def test_a_crash_elsewhere_is_not_blamed_on_a_file(tmp_path: Path) -> None:
    found = ended("from qingsuan.run.machine import crashes; crashes._threads.mine.decodes(b''); os.abort()", tmp_path)
    assert found.returncode == -6, found
    assert "cannot be read" not in found.stderr


def test_another_programs_crashes_are_its_own() -> None:
    code = "import os\nfrom qingsuan.run.machine.crashes import decoding\nwith decoding('f'):\n    os.abort()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr) == (-6, "")
