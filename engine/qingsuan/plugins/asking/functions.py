"""Functions of a plugin, asked in a process of its own: they get the rows of their region, and their answers are checked like any input.

The process is started when a function is first asked, once in each process of the engine, and asked by one thread at a time. A sample
of every batch is asked again in another order: a function that says otherwise then depends on something else than the row.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.apart.code import PluginCodeError
from qingsuan.columns.rows import are_within
from qingsuan.plugins.asking.process import PluginProcess, SilentError
from qingsuan.plugins.places import files_below
from qingsuan.policy.model import Function

__all__ = ["functions_apart"]

_SAMPLE_ROWS = 1_000
_MOST_CODES = 100_000
_MOST_LETTERS = 200
_NUMBER_BYTES = 4


def functions_apart(
    order: Mapping[str, Any], said: Mapping[str, Any], roots: Iterable[Path], title: str
) -> dict[str, Function]:
    """The functions that a plugin said it has.

    ``order`` is what its process is started with, ``said`` its region as it was told; when the process is started again, both that and the
    files of the package (``roots``) have to be the same.
    """
    room = _Room(order, said, tuple(roots), title)
    return {name: Function(_Remote(room, name), tuple(columns)) for name, columns in said["functions"].items()}


class _Remote:
    """One function: called with a batch, it returns codes as a dictionary array.

    Raises
    ------
    PluginCodeError
        It failed, or its answer is none.
    """

    def __init__(self, room: _Room, name: str) -> None:
        self._room, self._name = room, name
        self._known: set[str] = set()

    @property
    def source(self) -> str:
        """The digest of the code that decides what it says."""
        return self._room.source

    def __call__(self, batch: pa.RecordBatch) -> pa.DictionaryArray:
        codes = self._asked(batch)
        if len(codes) == batch.num_rows:  # of another length it is refused by who asked
            self._ask_again(batch, codes)
        return codes

    def _asked(self, batch: pa.RecordBatch) -> pa.DictionaryArray:
        values, numbers = self._room.ask(self._name, batch)
        self._known.update(values)
        if len(self._known) > _MOST_CODES:
            raise PluginCodeError(f"more than {_MOST_CODES:,} different codes")
        return pa.DictionaryArray.from_arrays(numbers, pa.array(values, pa.string()))

    def _ask_again(self, batch: pa.RecordBatch, codes: pa.DictionaryArray) -> None:
        rows = np.unique(np.linspace(0, batch.num_rows - 1, min(batch.num_rows, _SAMPLE_ROWS)).astype(np.int64))[::-1]
        again = self._asked(batch.take(pa.array(rows)))
        before = codes.take(pa.array(rows)).to_pylist()
        other = sum(a != b for a, b in zip(before, again.to_pylist(), strict=False)) + abs(len(again) - len(rows))
        if other:
            raise PluginCodeError(
                f"{other} of {len(rows)} rows have another code when they are asked again in another order: it depends on something "
                "else than the row"
            )


class _Room:
    """What the functions of one plugin share: its process, and whose turn it is to ask it."""

    def __init__(self, order: Mapping[str, Any], said: Mapping[str, Any], roots: tuple[Path, ...], title: str) -> None:
        self._order, self._said, self._roots, self._title = order, said, roots, title
        self._lock = threading.Lock()
        self._process: PluginProcess | None = None
        self.source = self._digest()

    def ask(self, name: str, batch: pa.RecordBatch) -> tuple[list[str], Any]:
        """The different codes of a batch, and the number of each row's."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        with self._lock:
            try:
                process = self._started()
                head, body = process.ask({"function": name}, memoryview(sink.getvalue()), batch.nbytes + (64 << 20))
            except SilentError as silent:
                raise PluginCodeError(f"{self._title} {silent}") from None
        if "problem" in head:
            raise PluginCodeError(shown(head["problem"]))
        return _checked(head.get("values"), body)

    def _started(self) -> PluginProcess:
        if self._process is None or not self._process.is_ours:
            process = PluginProcess(self._order)
            if process.opened() != {"region": self._said} or self._digest() != self.source:
                process.end()
                raise SilentError(
                    "says otherwise of its region than when it was opened first, or its files were changed since"
                )
            self._process = process
        return self._process

    def _digest(self) -> str:
        """Of every file of the package outside of the folders of its region, which are digested as rules."""
        folders = [Path(folder).resolve() for folder in self._said["folders"].values()]
        digest = hashlib.sha256()
        for root in self._roots:
            files = [("", root.read_bytes())] if root.is_file() else files_below(root)
            for name, content in files:
                if not any((root / name).resolve().is_relative_to(folder) for folder in folders):
                    digest.update(f"{hashlib.sha256(content).hexdigest()}  {root.name}/{name}\n".encode())
        return digest.hexdigest()


def _checked(values: Any, body: bytes) -> tuple[list[str], Any]:
    if not (isinstance(values, list) and all(isinstance(one, str) and _can_be_read(one) for one in values)):
        raise PluginCodeError(
            f"an answer whose codes are not short texts of letters that can be read ({_MOST_LETTERS} at most)"
        )
    if len(body) % _NUMBER_BYTES:
        raise PluginCodeError("an answer that is no list of codes")
    numbers = np.frombuffer(body, np.int32)
    if not are_within(numbers, len(values)):
        raise PluginCodeError("an answer whose rows have codes that are not in it")
    return values, numbers


def _can_be_read(text: str) -> bool:
    return len(text) <= _MOST_LETTERS and text.isprintable()


def shown(problem: Any) -> str:
    """What a plugin says of its problem, as it can be shown."""
    text = problem if isinstance(problem, str) else "it does not say why in words"
    return "".join(one if one.isprintable() or one == "\n" else f"\\x{ord(one):02x}" for one in text[:2_000])
