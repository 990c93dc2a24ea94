"""What several tests of a machine in trouble need."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


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
