"""Standard output is the results and nothing else: whatever a plugin prints there, whatever it leads to, whatever it can show."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from settling import OWN_RULES, claim, install_code, insured, run, write

PRINTING = """\
import ctypes, os, sys
from importlib.resources import files
from qingsuan import Function, Pool, Region, hookimpl

def say(where):
    print("python in", where)
    if sys.__stdout__ is not None:
        sys.__stdout__.write("the stream of the process in " + where)
        sys.__stdout__.flush()
    os.write(1, b"descriptor 1 in " + where.encode())
    ctypes.CDLL(None).puts(b"C in " + where.encode())
    ctypes.CDLL(None).fflush(None)
    os.system("echo a process in " + where)

def function(batch):
    say("function")
    return ["1"] * len(batch)

say("import")

@hookimpl
def qingsuan_region():
    say("hook")
    pools = (Pool("990100", "吉林", ("9901",)),)
    return Region("990000", "made up", pools, rules=files(__name__) / "rules", functions={"f": Function(function, ("setl_time",))})
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with claims, insured people, and a plugin that prints whenever it is asked for anything."""
    install_code(tmp_path / "site", PRINTING, OWN_RULES)
    write(tmp_path / "claims.csv", [claim()])
    write(tmp_path / "insured.csv", [insured()])
    return tmp_path


SETTLE = ("settle", "claims.csv", "--insured", "insured.csv", "--year", "2022", "--out", "out")


def command(
    place: Path, *arguments: str, out: str = "", redirect: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own; ``out`` is what standard output leads to."""
    line = [sys.executable, "-m", "qingsuan", *arguments]
    known = {**os.environ, "PYTHONPATH": str(place / "site"), "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8", **environment}
    if redirect:
        line = ["sh", "-c", f'"$@" {redirect}', "sh", *line]
    if out:
        with open(out, "w") as leads_to:
            return subprocess.run(
                line, cwd=place, env=known, stdout=leads_to, stderr=subprocess.PIPE, text=True, check=False
            )
    return subprocess.run(
        line, cwd=place, env=known, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


@pytest.mark.parametrize(
    "arguments", [(*SETTLE, "--json"), ("plugins", "--json"), ("verify", "out", "--json")], ids=lambda each: each[0]
)
def test_a_plugin_that_prints_does_not_break_json(arguments: tuple[str, ...], place: Path) -> None:
    if arguments[0] == "verify":
        assert command(place, *SETTLE, "--accumulators").returncode == 0
    ended = command(place, *arguments)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    if arguments[0] == "settle":
        assert told["rows"]["settled"] == 1, "its function was asked"
    for where in ("import", "hook", "function"):
        assert f" in {where}" not in ended.stderr + ended.stdout, "what it prints goes nowhere"


def test_the_digest_that_is_printed_is_that_of_the_record(place: Path) -> None:
    told = json.loads(command(place, *SETTLE, "--json").stdout)
    digest = hashlib.sha256((place / "out" / "run.json").read_bytes()).hexdigest()
    assert told["record_sha256"] == digest
    ended = command(place, *SETTLE, "--resume")
    assert ended.stdout.splitlines()[-1].endswith(f"run.json SHA-256 {digest}")


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")


@pytest.mark.parametrize(
    "leads_to", [pytest.param({"out": "/dev/full"}, marks=FULL), {"redirect": ">&-"}, {"redirect": "| true"}], ids=str
)
@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_finished_run_that_cannot_be_printed_is_finished(
    leads_to: dict[str, str], as_json: tuple[str, ...], place: Path
) -> None:
    if leads_to.get("redirect") == "| true":  # the reader is gone before the run ends
        leads_to = {"redirect": "2>err | true; cat err >&2; grep -q 'only printing' err && exit 5"}
    ended = command(place, *SETTLE, *as_json, **leads_to)
    assert ended.returncode == 5, ended
    digest = hashlib.sha256((place / "out" / "run.json").read_bytes()).hexdigest()
    assert (
        f"out: the run is finished, and run.json is whole (SHA-256 {digest}); only printing it failed" in ended.stderr
    )
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert command(place, "verify", "out").returncode == 0


@FULL
@pytest.mark.parametrize("arguments", [("--help",), ("settle", "--help"), ("plugins",), ("--version",)])
def test_what_cannot_be_printed_is_said(arguments: tuple[str, ...], place: Path) -> None:
    ended = command(place, *arguments, out="/dev/full")
    assert ended.returncode == 5
    assert "the machine refused to read, write or print something: [Errno 28]" in ended.stderr
    assert "Traceback" not in ended.stderr


@FULL
def test_a_run_does_not_end_because_nobody_hears_it(place: Path) -> None:
    install_code(place / "site")
    assert command(place, *SETTLE, redirect="2>/dev/full").returncode == 0
    assert command(place, *SETTLE, "--overwrite", redirect="2>&-").returncode == 0
    assert command(place, "verify", "out").returncode == 0


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp1252"}], ids=str)
def test_a_terminal_that_cannot_show_chinese(environment: dict[str, str], place: Path) -> None:
    text = command(place, *SETTLE, "--lang", "zh", **environment)
    assert text.returncode == 0, text.stderr
    assert r"\u7ed3\u7b97\u8bb0\u5f55" in text.stdout
    told = command(place, "plugins", "--json", **environment)
    assert (told.returncode, told.stdout.isascii()) == (0, True)
    assert "吉林" in {pool["name"] for plugin in json.loads(told.stdout) for pool in plugin.get("pools", ())}
    for help_of in ("--help", "settle"):
        assert command(place, help_of, *(["--help"] if help_of == "settle" else []), **environment).returncode == 0
    refused = command(
        place, "settle", "没有.csv", "--insured", "insured.csv", "--year", "2022", "--out", "o", **environment
    )
    assert (refused.returncode, "Traceback" in refused.stderr) == (3, False)


def test_the_module_is_the_command(place: Path) -> None:
    ended = command(place, "--version")
    assert (ended.returncode, ended.stdout.split()[0]) == (0, "qingsuan,")
    assert "Usage: qingsuan settle" in command(place, "settle", "--help").stdout


# ---- the last handler


def test_what_nobody_foresaw_is_said_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from qingsuan.cli.plugins import listing

    def unforeseen() -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(listing, "load", unforeseen)
    ran = run("plugins")
    assert (ran.status, ran.out) == (5, "")
    assert re.search(
        r"^qingsuan: version .*: a fault of qingsuan itself: ZeroDivisionError: nobody thought of this \(test_output\.py, ",
        ran.err,
    )
    assert "QINGSUAN_TRACEBACK=1" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("QINGSUAN_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in run("plugins").err


@pytest.mark.parametrize("column", ["\x1b[31mred", "\x9b2J", "back\rspace", "\u202eturned"])
def test_no_name_in_a_file_reaches_the_terminal_as_an_order(column: str, tmp_path: Path) -> None:
    file = write(tmp_path / "claims.csv", [{**claim(), column: "x"}])
    people = write(tmp_path / "insured.csv", [insured()])
    for ran in (
        run("settle", file, "--insured", people, "--year", 2021, "--out", tmp_path / "out"),
        run("settle", tmp_path / column, "--insured", people, "--year", 2021, "--out", tmp_path / "out2"),
        run(f"sett{column}", file),
    ):
        assert ran.status in {0, 2, 3}
        assert not set("\x1b\x9b\r\u202e") & set(ran.out + ran.err), ran
