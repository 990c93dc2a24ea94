"""A working copy: the rule sets of a working folder that stand in for those of a plugin, as a run tells of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["WorkingCopy"]


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """A folder of rule sets that stands in for those of a plugin: its name, and the SHA-256 of each file."""

    folder: str
    files: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """One digest over the names and the digests of the files."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self.files.items())
        return hashlib.sha256(lines.encode()).hexdigest()

    def record(self) -> dict[str, Any]:
        """As a run record has it."""
        return {"folder": self.folder, "sha256": self.sha256, "files": dict(self.files)}
