"""``qingsuan serve`` on a port of loopback within the process of the tests, so that whatever it opens is seen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import waitress

from qingsuan.served import server
from qingsuan.served.runs import Served

__all__ = ["answer_to", "live"]

_SECONDS = 30
_MOST_BYTES = 1 << 20


@contextmanager
def live(served: tuple[Served, ...], token: str) -> Iterator[int]:
    """Serve in a thread with this token, as the command does; the port."""
    made: list[waitress.server.BaseWSGIServer] = []
    told, ended = threading.Event(), threading.Event()
    create = waitress.create_server

    def kept(*arguments: object, **named: object) -> waitress.server.BaseWSGIServer:
        made.append(create(*arguments, **named))
        return made[-1]

    address: list[str] = []

    def tell(text: str) -> None:
        address.append(text)
        told.set()

    def work() -> None:
        with pytest.raises(KeyboardInterrupt):
            server.serve(served, port=0, with_token=True, lang="en", tell=tell)
        ended.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waitress, "create_server", kept)
        patch.setattr(server.secrets, "token_urlsafe", lambda _: token)
        thread = threading.Thread(target=work)
        thread.start()
        assert told.wait(_SECONDS)
    try:
        yield int(address[0].split(":")[2].split("/")[0])
    finally:
        made[0].trigger.pull_trigger(lambda: waitress.wasyncore.close_all(made[0]._map))
        made[0].task_dispatcher.shutdown()
        assert ended.wait(_SECONDS)
        thread.join(_SECONDS)


def answer_to(port: int, *pieces: bytes, half_open: bool = False) -> bytes:
    """What is answered to bytes that are sent piece by piece, until the connection is closed; nothing where it is left half open."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as own:
        answer = b""
        try:
            for piece in pieces:
                own.sendall(piece)
            if half_open:
                return b""
            own.shutdown(socket.SHUT_WR)
            while len(answer) < _MOST_BYTES and (received := own.recv(1 << 16)):
                answer += received
        except TimeoutError:
            raise
        except OSError:
            pass  # whoever is refused early may be cut off
        return answer
