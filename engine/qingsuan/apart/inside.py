"""The process of a plugin: it opens the plugin, says what its region is, and answers for its functions until it is left.

Whatever the plugin does here ends with this process: the engine has none of its objects, and none of its output. What is set up here
keeps mistakes small; who means harm can undo what a process may undo for itself, so the engine trusts no answer.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import sys
import threading
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NoReturn

from qingsuan.apart.code import PluginCodeError, call_plugin, reason
from qingsuan.apart.messages import Gone, receive, send
from qingsuan.apart.opening import ProblemError, said_of, taken
from qingsuan.policy.model import Region

__all__ = ["main"]

_MOST_BATCH_BYTES = 1 << 40
_LATER_SECONDS = 5
"""So much later than the engine gives up, the process ends by itself: the engine may be gone."""


def main(descriptor: int) -> NoReturn:
    """Serve the engine at the other end of a socket."""
    status = 1
    try:
        with socket.socket(fileno=descriptor) as connection:
            connection.set_inheritable(False)
            threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
            order, _ = receive(connection, 0)
            _bound(order["memory_bytes"])
            _serve(connection, order)
    except Gone:
        status = 0
    finally:
        os._exit(status)


def _end_with(connection: socket.socket) -> None:
    """End this process, and those that it started, when the engine is gone."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _bound(memory_bytes: int) -> None:
    """Bound what the process may ask of the machine: its memory; no file grows by it, and none of its memory is left on disk."""
    for kind, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _serve(connection: socket.socket, order: dict[str, Any]) -> NoReturn:
    seconds = order["seconds"] + _LATER_SECONDS
    signal.setitimer(signal.ITIMER_REAL, seconds)
    region, said = _opened(order)
    send(connection, said)
    while True:
        signal.setitimer(signal.ITIMER_REAL, 0)
        asked, body = receive(connection, _MOST_BATCH_BYTES)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        head, codes = _answer(region, asked["function"], body)
        send(connection, head, codes)


def _opened(order: dict[str, Any]) -> tuple[Region | None, dict[str, Any]]:
    sys.dont_write_bytecode = True
    if order["from_source"]:
        sys.pycache_prefix = os.devnull  # what was approved are sources: nothing is taken from __pycache__
    try:
        region = taken(partial(_load, order), order["name"])
        return region, {"region": said_of(region)}
    except ProblemError as problem:
        return None, {"problem": str(problem)}
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt too: nobody pressed a key here
        return None, {"problem": f"opening it failed: {reason(error)}"}


def _load(order: dict[str, Any]) -> Any:
    """Import what the entry point names, and see that it is what its distribution installed."""
    loaded = EntryPoint(order["name"], order["value"], "qingsuan").load()
    module = sys.modules[order["value"].partition(":")[0].strip()]
    if getattr(module, "__file__", None) is None:
        raise ImportError(f"{module.__name__} has no region.toml, and no code either")
    roots = [Path(root).resolve() for root in order["roots"]]
    file = Path(str(module.__file__)).resolve()
    if not any(file.is_relative_to(root) for root in roots):
        raise ImportError(f"{module.__name__} is found elsewhere than where its distribution has it: in {file.parent}")
    return loaded


def _answer(region: Region | None, name: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    assert region is not None, "only functions of a plugin that was opened are asked"
    try:
        values, numbers = call_plugin(_codes, region, name, body)
    except PluginCodeError as error:
        return {"problem": str(error)}, b""
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt in the main thread: nobody pressed a key here
        return {"problem": reason(error)}, b""
    return {"values": values}, numbers


def _codes(region: Region, name: str, body: bytes) -> tuple[list[str], bytes]:
    """What a function says of a batch: the different codes, and the number of each row's."""
    import pyarrow as pa

    from qingsuan.columns.cells import read_texts

    with pa.ipc.open_stream(body) as stream:
        batch = stream.read_next_batch()
    said = region.functions[name].call(batch)
    array = said if isinstance(said, pa.Array | pa.ChunkedArray) else pa.array(said, pa.string())
    texts = read_texts(array).values
    encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.cast(pa.int32()).to_numpy(zero_copy_only=False).tobytes()
