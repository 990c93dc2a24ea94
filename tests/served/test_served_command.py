"""``qingsuan serve`` listens on loopback alone, is stopped by three signals, and refuses by name what it cannot serve."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from qingsuan.served.door import Door
from served_runs import Made
from settling import Ran, run

pytestmark = pytest.mark.usefixtures("signals_heard")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_it_is_told_to_stop(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    told: list[str] = []
    pages: list[bytes] = []

    def visit() -> None:
        try:
            with urllib.request.urlopen(f"{told[0]}en/1/person?psn_no=p4", timeout=30) as answer:  # noqa: S310 - loopback
                pages.append(answer.read())
        finally:
            os.kill(os.getpid(), number)

    def tell(address: str) -> None:
        told.append(address)
        threading.Thread(target=visit).start()

    monkeypatch.setattr("qingsuan.cli.asking.serve.show", tell)
    before = signal.getsignal(number)
    ran = run("--log", tmp_path / "log", "serve", made.folder / "out")
    assert (ran.status, "interrupted" in ran.err) == (5, True), ran
    assert signal.getsignal(number) == before
    assert b"p4" in pages[0]
    token = re.fullmatch(r"http://127\.0\.0\.1:([0-9]+)/([\w-]{43})/", told[0])
    assert token is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(token[1])), timeout=5)
    log = (tmp_path / "log").read_text("utf-8")
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["command", "ended"]
    assert "p4" not in log + ran.out + ran.err
    assert token[2] not in log


def test_no_token_has_to_be_said(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def tell(address: str) -> None:
        told.append(address)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("qingsuan.cli.asking.serve.show", tell)
    for options in (["--no-token"], []):
        assert run("serve", made.folder / "out", *options).status == 5
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/", told[0])
    assert not re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/", told[1])
    assert Door(80, "").address == "http://127.0.0.1:80/"


def test_a_port_that_somebody_has_is_said(made: Made) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = run("serve", made.folder / "out", "--port", port)
    assert (ran.status, f"--port {port}: it cannot be listened at" in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    ("folders", "status", "said"),
    [
        ([], 2, "Missing argument"),
        (["year"], 3, "a prepared year"),
        (["nowhere"], 3, "nowhere"),
        (["out", "secret.txt"], 3, "secret.txt"),
        (["out", "--year", "out"], 3, "out"),
        (["bare", "--year", "year", "--year", "year"], 2, "a second prepared year of 2022"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(made: Made, folders: list[str], status: int, said: str) -> None:
    ran: Ran = run("serve", *(one if one.startswith("--") else made.folder / one for one in folders))
    assert (ran.status, said in ran.err) == (status, True), ran


def test_a_library_that_is_not_there_is_named_with_its_extra(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "waitress", None)
    ran = run("serve", made.folder / "out")
    assert (ran.status, 'pip install "qingsuan[serve]"' in ran.err) == (2, True), ran
