"""Made-up years to close: a small sample with its case file, and the public command over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qingsuan.closing.parts import Part
from qingsuan.sample import make_year
from settling import Ran, run

__all__ = ["close", "record_of", "sample_in", "stopped_before"]


def sample_in(folder: Path, people: int = 1500, seed: int = 4, **more: Any) -> Path:
    """Make a sample and return its case file."""
    make_year(folder, people=people, seed=seed, **more)
    return folder / "case.toml"


def close(case: Path, out: Path, *more: object) -> Ran:
    """Close a year with the public command, in English."""
    return run("year-end", case, "--out", out, "--lang", "en", *more)


def record_of(folder: Path) -> dict[str, Any]:
    """A ``run.json``."""
    found: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return found


@contextmanager
def stopped_before(part: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a year be stopped as by Ctrl-C when it comes to a part."""
    settle = Part.settle

    def stop(self: Part, **arguments: Any) -> Any:
        if self.name == part:
            raise KeyboardInterrupt
        return settle(self, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Part, "settle", stop)
        yield
