"""A run is finished when its record can be read from the disk again, and everything that it lists is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.errors import RunError
from qingsuan.run.folder import DIGESTS, RECORD, is_file

__all__ = ["prove"]


def prove(folder: Path, record: Mapping[str, Any]) -> str:
    """Read ``run.json`` again and return its SHA-256.

    Parameters
    ----------
    record
        What the run says that it wrote there; ``seconds`` are not among it.

    Raises
    ------
    RunError
        It holds something else, the digests are not those that it names, or a file that they list is not there.
    """
    written = {name: value for name, value in record.items() if name != "seconds"}
    try:
        content = (folder / RECORD).read_bytes()
        sums = (folder / DIGESTS).read_bytes()
        if json.loads(content) != json.loads(json.dumps(written)):
            raise _unproven(folder / RECORD, "it does not hold the record of this run")
        if hashlib.sha256(sums).hexdigest() != written["digests"]["sha256"]:
            raise _unproven(folder / DIGESTS, f"its SHA-256 is not the one in {RECORD}")
    except (OSError, ValueError, KeyError) as error:
        raise _unproven(folder, f"{RECORD} or {DIGESTS} cannot be read again: {error}") from error
    for line in sums.decode().splitlines():
        name = line.partition("  ")[2]
        if not is_file(folder / name):
            raise _unproven(folder / name, "it is gone")
    return hashlib.sha256(content).hexdigest()


def _unproven(where: Path, found: str) -> RunError:
    return RunError(
        str(where),
        found=f"the run ended, but what it wrote is not there: {found}",
        expected="the files as they were written",
        do="look whether another program writes into the folder, then settle anew with --overwrite",
    )
