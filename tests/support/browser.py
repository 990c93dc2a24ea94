"""A headless Chromium of the tests' own, driven over WebDriver on loopback: started when it is asked for, ended by its own process."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "running"]

_SECONDS = 60
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Browser:
    """A browser that runs; ``address`` is that of its session."""

    address: str

    def ask(self, way: str, **values: Any) -> Any:
        """Ask it for something, as WebDriver names it; what it answers."""
        return _asked(f"{self.address}/{way}", values)

    def open(self, address: str) -> None:
        self.ask("url", url=address)

    def find(self, selector: str) -> list[str]:
        """Elements by a CSS selector."""
        found = self.ask("elements", using="css selector", value=selector)
        return [next(iter(one.values())) for one in found]

    def follow(self, selector: str) -> None:
        """Click on what leads to another page, and wait until that is there."""
        (element,) = self.find(selector)
        self.run("window.isLeft = true")
        self.ask(f"element/{element}/click")
        until = time.monotonic() + _SECONDS
        while not self.run("!window.isLeft && document.readyState == 'complete'"):
            assert time.monotonic() < until, f"{selector} leads nowhere"
            time.sleep(0.02)

    def write(self, selector: str, text: str) -> None:
        (element,) = self.find(selector)
        self.ask(f"element/{element}/clear")
        self.ask(f"element/{element}/value", text=text)

    def run(self, script: str) -> Any:
        """What a script of the test's own finds out about the page."""
        return self.ask("execute/sync", script=f"return {script}", args=[])

    def resize(self, width: int, height: int = 900) -> None:
        """Let the page be so wide, as a telephone does."""
        how = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self.ask("goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=how)

    def print(self) -> bytes:
        """The page as it is printed on A4 (PDF)."""
        return base64.b64decode(self.ask("print", background=True, page={"width": 21.0, "height": 29.7}))


def _asked(address: str, values: Any, method: str = "POST") -> Any:
    content = None if method == "DELETE" else json.dumps(values).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(f"{address} {values}: {error.read().decode()[:500]}") from error


def _programs() -> tuple[str, str] | None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def _installed() -> tuple[str, str] | None:
    """Browser and driver; in CI they are installed where they are not."""
    if _programs() is None and os.environ.get("CI") and os.getuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return _programs()


@contextmanager
def running() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    programs = _installed()
    if programs is None:
        pytest.skip("Chromium and ChromeDriver are not installed, and could not be")
    folder = Path(tempfile.mkdtemp(prefix="qingsuan-browser-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [programs[1], f"--port={port}", "--allowed-ips=127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    ) as driver:
        try:
            with _session(f"http://127.0.0.1:{port}", programs[0], folder) as browser:
                yield browser
        finally:
            driver.terminate()
            driver.wait(_SECONDS)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _session(driver: str, program: str, folder: Path) -> Iterator[Browser]:
    _await(driver)
    options = {"binary": program, "args": [*_ARGUMENTS, f"--user-data-dir={folder}/profile"]}
    asked = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    session = f"{driver}/session/{_asked(f'{driver}/session', asked)['sessionId']}"
    try:
        yield Browser(session)
    finally:
        _asked(session, None, "DELETE")


def _await(driver: str) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{driver}/status", timeout=_SECONDS):  # noqa: S310 - loopback
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
