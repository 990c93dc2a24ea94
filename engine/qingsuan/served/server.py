"""Listening, on loopback alone, until it is told to stop."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import waitress

from qingsuan.errors import UsageError
from qingsuan.messages import Lang
from qingsuan.served.application import Application
from qingsuan.served.door import LOOPBACK, Door
from qingsuan.served.runs import Served

__all__ = ["listening", "serve"]

_TOKEN_BYTES = 32
_THREADS = 4
_BOUNDS = {
    "max_request_header_size": 8_192,
    "max_request_body_size": 1,
    "connection_limit": 100,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "backlog": 64,
}
"""Bytes of a request line with its headers and of a body, connections at once, seconds after which one that says nothing is closed."""

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(served: tuple[Served, ...], *, port: int, with_token: bool, lang: Lang, tell: Callable[[str], None]) -> None:
    """Serve pages until a signal says that it is enough.

    Parameters
    ----------
    port
        Of loopback; 0 for one that is free.
    with_token
        Whether addresses have a random token in them, which nobody else on the machine knows.
    lang
        The language in which a visit begins.
    tell
        Is told the address, once it is listened at.

    Raises
    ------
    UsageError
        The port cannot be had.
    KeyboardInterrupt
        It was told to stop; nothing works any more.
    """
    with listening(port) as own, _silent():
        token = secrets.token_urlsafe(_TOKEN_BYTES) if with_token else ""
        door = Door(int(own.getsockname()[1]), token)
        application = Application(served, door, lang)
        server = waitress.create_server(application, sockets=[own], threads=_THREADS, ident=None, **_BOUNDS)
        try:
            with _told_to(application.simulations.stop):
                tell(door.address)
                server.run()
        finally:
            application.simulations.stop()
            for connection in tuple(server.active_channels.values()):
                connection.handle_close()
            server.close()
            application.simulations.wait()
    raise KeyboardInterrupt


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket that listens on loopback.

    Raises
    ------
    UsageError
        The port cannot be had.
    """
    try:
        own = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise UsageError(
            f"--port {port}",
            found=f"it cannot be listened at ({error.strerror or error})",
            expected="a port of this machine that nobody has",
            do="give another one, or none: then a free one is taken",
        ) from error
    with own:
        yield own


@contextmanager
def _told_to(stop: Callable[[], None]) -> Iterator[None]:
    """Stop what works before a signal interrupts the loop, which waits for it; a signal that is ignored stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in _STOPPING}

    def interrupt(number: int, frame: object) -> None:
        stop()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, None)
        raise KeyboardInterrupt

    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _silent() -> Iterator[None]:
    """Let the HTTP library log nothing: an address names people."""
    log = logging.getLogger("waitress")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
