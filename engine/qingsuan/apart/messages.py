"""Messages between the engine and the process of a plugin: a head in JSON and a body of bytes, each of a length said before.

Both ends use this module, and neither reads more than it is ready to hold. Nothing is unpickled.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

__all__ = ["MOST_HEAD_BYTES", "Gone", "NoMessage", "receive", "send"]

MOST_HEAD_BYTES = 4 << 20
"""A head that is longer is not read."""

_LENGTHS = struct.Struct(">QQ")
_BLOCK = 1 << 20


class Gone(Exception):
    """The other end closed the connection."""


class NoMessage(Exception):
    """What came is no message."""


def send(
    connection: socket.socket, head: Mapping[str, Any], body: bytes | memoryview = b"", until: float | None = None
) -> None:
    """Send a message; ``until`` is a time of ``time.monotonic``.

    Raises
    ------
    TimeoutError
        The other end did not take it in time.
    Gone
        There is no other end.
    """
    said = json.dumps(head).encode("ascii")
    connection.settimeout(_left(until))
    try:
        connection.sendall(_LENGTHS.pack(len(said), len(body)) + said)
        if body:
            connection.settimeout(_left(until))
            connection.sendall(body)
    except TimeoutError:
        raise
    except OSError as error:
        raise Gone from error


def receive(connection: socket.socket, most_body: int, until: float | None = None) -> tuple[dict[str, Any], bytes]:
    """The next message, head and body.

    Raises
    ------
    TimeoutError
        It was not there in time.
    Gone
        The other end closed the connection.
    NoMessage
        What came is none, or longer than ``MOST_HEAD_BYTES`` or ``most_body``.
    """
    head_bytes, body_bytes = _LENGTHS.unpack(_read(connection, _LENGTHS.size, until))
    if head_bytes > MOST_HEAD_BYTES or body_bytes > most_body:
        raise NoMessage(f"an answer of {head_bytes + body_bytes:,} bytes")
    said, body = _read(connection, head_bytes, until), _read(connection, body_bytes, until)
    try:
        head = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise NoMessage("an answer that is no message") from error
    if not isinstance(head, dict):
        raise NoMessage("an answer that is no message")
    return head, body


def _read(connection: socket.socket, length: int, until: float | None) -> bytes:
    content = bytearray()
    while len(content) < length:
        connection.settimeout(_left(until))
        try:
            block = connection.recv(min(_BLOCK, length - len(content)))
        except TimeoutError:
            raise
        except OSError as error:
            raise Gone from error
        if not block:
            raise Gone
        content += block
    return bytes(content)


def _left(until: float | None) -> float | None:
    """Seconds from now; None without an end."""
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
