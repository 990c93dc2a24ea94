"""What several tests of a machine in trouble need."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def signals_heard() -> Iterator[None]:
    """No signal that stops a command is ignored, as whoever starts tests beside other work, or to outlive a terminal, lets it be."""
    ignored = [one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) == signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, signal.default_int_handler if one == signal.SIGINT else signal.SIG_DFL)
    yield
    for one in ignored:
        signal.signal(one, signal.SIG_IGN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many bytes; asked again, the same disk with another size."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted: list[Path] = []

    def of_size(size: int) -> Path:
        options = f"remount,size={size}" if mounted else f"size={size}"
        ran = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False, capture_output=True, text=True
        )
        if ran.returncode:
            pytest.skip(f"a tmpfs cannot be mounted here: {ran.stderr.strip()}")
        mounted.append(place)
        return place

    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    yield of_size
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
