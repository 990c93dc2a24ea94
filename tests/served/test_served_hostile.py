"""Hostile requests over a real socket: no file beside the runs is read, nothing is written, nothing breaks, no trace of a fault is shown.

``CASES=2000`` asks for so many; a few stand in the suite. What Python opens is told by an audit hook; what libraries open beneath
it, of files that nobody may read, by the kernel (inotify).
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import qingsuan
from hostile_requests import hostile_requests
from qingsuan.served.runs import open_runs
from served_live import answer_to, live
from served_runs import CANARY, TOKEN, Made

CASES = int(os.environ.get("CASES", "100"))
SEED = int(os.environ.get("SEED", "70"))
STATUSES = {200, 302, 400, 403, 404, 405, 413, 414, 431, 501}
_EVENTS = (
    "open",
    "os.listdir",
    "os.scandir",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "shutil.rmtree",
    "subprocess.Popen",
    "os.system",
)
_IN_ACCESS, _IN_OPEN = 0x1, 0x20
_SEEN: list[tuple[str, tuple[Any, ...]]] = []
_WATCHING: list[bool] = []
_HOOKED: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHING and event in _EVENTS:
        _SEEN.append((event, arguments))


@contextmanager
def watched() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """What Python opens, lists, writes and starts meanwhile; the hook itself cannot be taken out again."""
    if not _HOOKED:
        sys.addaudithook(_hook)
        _HOOKED.append(True)
    _SEEN.clear()
    _WATCHING.append(True)
    try:
        yield _SEEN
    finally:
        _WATCHING.clear()


@contextmanager
def never_read(files: list[Path]) -> Iterator[None]:
    """Fail where anybody, in whatever language, opens or reads one of these files."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert handle >= 0
    try:
        for file in files:
            assert libc.inotify_add_watch(handle, os.fsencode(file), _IN_ACCESS | _IN_OPEN) > 0, file
        yield
        with pytest.raises(BlockingIOError):
            os.read(handle, 4096)
    finally:
        os.close(handle)


@contextmanager
def silent(port: int, request: bytes, count: int) -> Iterator[None]:
    """So many connections that begin a request and never end it."""
    with ExitStack() as stack:
        for number in range(count):
            own = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            own.sendall(request[: 3 * number])
        yield


def is_allowed(event: str, arguments: tuple[Any, ...], made: Made, scratch: Path) -> bool:
    """Runs and prepared years are read, scratch folders of simulations are the process's own, code and its data are read."""
    if event in ("subprocess.Popen", "os.system"):
        return False
    path = arguments[0]
    if not isinstance(path, str | bytes | os.PathLike):
        return True  # a descriptor, which somebody opened
    there = Path(os.path.realpath(os.fsdecode(path)))
    if there.is_relative_to(scratch) or there == Path(os.devnull):
        return True
    reads = event in ("os.listdir", "os.scandir") or (
        event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    )
    runs = [made.folder / name for name in ("out", "bare", "closed", "year")]
    code = [Path(one) for one in (sys.prefix, sys.base_prefix, *qingsuan.__path__, *sys.path) if one]
    return reads and any(there.is_relative_to(one.resolve()) for one in (*runs, *code))


def test_the_watch_sees_what_is_opened(made: Made, tmp_path: Path) -> None:
    with watched() as seen:
        (made.folder / "secret.txt").read_text("utf-8")
    assert [event for event, arguments in seen if not is_allowed(event, arguments, made, tmp_path)] == ["open"]
    if sys.platform == "linux":
        with pytest.raises(pytest.fail.Exception), never_read([made.folder / "secret.txt"]):
            (made.folder / "secret.txt").read_text("utf-8")


def test_hostile_requests_read_nothing_and_break_nothing(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    served = open_runs([made.folder / name for name in ("out", "bare", "closed")], [], None)
    decoys = [made.folder / "secret.txt", made.folder / "out/notes.txt"]
    decoys += [one for one in (made.folder / "kept-back").rglob("*") if one.is_file()]
    files = {one: one.stat().st_mtime_ns for one in made.folder.rglob("*")}
    statuses: Counter[int] = Counter()
    with live(served, TOKEN) as port:
        good = f"GET /{TOKEN}/en/1/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        before = answer_to(port, good)
        assert before.startswith(b"HTTP/1.1 200 ")
        for path in ("person?psn_no=p4", "simulation?rules=990100%2F310%2F2021-02-01&path=pooled.bands&value=40/50"):
            answer_to(port, good.replace(b"/en/1/", f"/zh/1/{path}".encode()))  # libraries load what they need
        requests = hostile_requests(SEED, CASES, port, TOKEN, made.folder)
        with watched() as seen, never_read(decoys), silent(port, good, 20):
            for one in requests:
                answer = answer_to(port, *one.pieces, half_open=one.half_open)
                statuses.update(statuses_of(answer, one.may_be_shown, b"".join(one.pieces)))
            after = answer_to(port, good)
        assert after.partition(b"\r\n\r\n")[2] == before.partition(b"\r\n\r\n")[2]
        wrong = [
            (event, arguments[:3]) for event, arguments in seen if not is_allowed(event, arguments, made, tmp_path)
        ]
        assert wrong == []
        assert seen, "the runs themselves are read"
    assert {one: one.stat().st_mtime_ns for one in made.folder.rglob("*")} == files
    assert list(tmp_path.iterdir()) == []
    assert set(statuses) <= STATUSES, statuses
    assert {200, 400, 403, 404, 405} <= set(statuses)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
    with capfd.disabled():
        if CASES > 100:
            sys.stderr.write(f"\n{CASES} hostile requests from seed {SEED}: {dict(sorted(statuses.items()))}\n")


def statuses_of(answer: bytes, may_be_shown: bool, asked: bytes) -> Iterator[int]:
    """The statuses of all answers that came; none shows what it may not."""
    for forbidden in (CANARY.encode(), b"Traceback", b'File "', b"root:x:", b"a fault of qingsuan"):
        assert forbidden not in answer, (asked[:300], answer[:3_000])
    if TOKEN.encode() not in asked:
        assert TOKEN.encode() not in answer, asked[:300]
    for status in re.findall(rb"(?:^|\r\n\r\n|\n)HTTP/1\.[01] (\d{3}) ", answer):
        if status != b"100":
            assert may_be_shown or status != b"200", (asked[:300], answer[:300])
            yield int(status)
