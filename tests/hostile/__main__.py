"""A worker: takes seeds on standard input, gives each to one function, and says what was wrong, a line of JSON for each."""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import random
import resource
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hostile.trial import Trial
from settling import install, only

MOST_MEMORY = 8 << 30
"""Of addresses, not of memory in use: what a lying length asks for must not reach the machine."""


def serve(run: Callable[[Trial], Sequence[str]], space: Path) -> None:
    """Answer on what was standard output; whatever the engine prints goes elsewhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    faulthandler.enable()
    sys.dont_write_bytecode = True
    install(space / "site")
    only(space / "site", pytest.MonkeyPatch())
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    for line in sys.stdin:
        trial = begin(int(line), space)
        try:
            found = list(run(trial))
        except Exception:  # noqa: BLE001  # the judge's own fault: to be told like any other
            found = [f"the test itself failed\n{traceback.format_exc()}"]
        print(json.dumps({"found": found, "notes": trial.notes, "endings": trial.endings}), file=answers, flush=True)


def begin(seed: int, space: Path) -> Trial:
    """An empty folder and dice of its own."""
    folder = space / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Trial(seed, folder, random.Random(seed))


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    serve(getattr(importlib.import_module(module), name), Path(sys.argv[2]))
