"""A finished run folder, checked again without its inputs: nothing missing, nothing added, no byte changed, all sums right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.run.findings import Findings
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD, Written, hidden
from qingsuan.run.ledger import read_lines
from qingsuan.run.verify_rows import check_rows

__all__ = ["Verified", "verify"]

_SETTLED = "benefits"
"""How ``run.json`` begins to name a settlement whose rows can be checked."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and what is off."""

    settlement: str
    files: int
    rows_checked: int
    findings: Findings


def verify(folder: Path, say: Callable[[str], None] = lambda _: None) -> Verified:
    """Check a finished run folder; ``say`` gets a line at each stage.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = _record(folder)
    findings = Findings()
    say("digests")
    listed = _listed(folder, record, findings)
    _check_files(folder, listed, findings)
    _check_ledger(folder, listed, record, findings)
    rows = 0
    if record["settlement"].startswith(_SETTLED):
        say("rows and sums")
        rows = int(record["rows"]["settled"])
        check_rows(folder, record, findings)
    return Verified(record["settlement"], len(listed), rows, findings)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    if not path.is_file():
        raise InputError(
            str(folder),
            found=f"no {RECORD}",
            expected="the folder of a finished run",
            do="finish the run with --resume, or give the folder that --out named",
        )
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        missing = [name for name in ("settlement", "digests") if name not in record]
        if record.get("settlement", "").startswith(_SETTLED):
            missing += [name for name in ("partitions", "rows", "amounts", "rejected") if name not in record]
    except (OSError, ValueError, AttributeError) as error:
        raise _foreign(path, f"not a run record: {error}") from error
    if missing:
        raise _foreign(path, f"a record without {', '.join(missing)}")
    return record


def _foreign(path: Path, found: str) -> InputError:
    return InputError(str(path), found=found, expected=f"the {RECORD} of a finished run", do="settle anew")


def _listed(folder: Path, record: dict[str, Any], findings: Findings) -> dict[str, str]:
    """Digests by file, as ``SHA256SUMS`` has them; that file's own is in the record."""
    path = folder / DIGESTS
    if not path.is_file():
        findings.add(DIGESTS, "it is there", "nothing", "the digests of all files")
        return {}
    content = path.read_bytes()
    findings.same(
        DIGESTS, f"its SHA-256 is that in {RECORD}", hashlib.sha256(content).hexdigest(), record["digests"]["sha256"]
    )
    found = {}
    for line in content.decode("utf8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        found[name] = digest
    return found


def _check_files(folder: Path, listed: dict[str, str], findings: Findings) -> None:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - set(listed) - {RECORD, DIGESTS, LEDGER}):
        if not hidden(name):
            findings.add(name, "it belongs to the run", "a file", f"none: {DIGESTS} does not list it")
    for name, digest in sorted(listed.items()):
        if name not in there:
            findings.add(name, "it is there", "nothing", f"a file with SHA-256 {digest}")
            continue
        try:
            findings.same(name, "its SHA-256", Written.of(folder, name).sha256, digest)
        except OSError as error:
            findings.add(name, "it can be read", error, "a file")


def _check_ledger(folder: Path, listed: dict[str, str], record: dict[str, Any], findings: Findings) -> None:
    """The ledger of a settlement: every line whole, every partition there, and the same digests."""
    if not (folder / LEDGER).is_file():
        if record["settlement"].startswith(_SETTLED):
            findings.add(LEDGER, "it is there", "nothing", "the ledger of the run")
        return
    lines = read_lines(folder)
    if lines.broken:
        findings.add(LEDGER, "every line is whole", "a line that fails its check", "none", lines.broken)
        return
    options = (lines.header or {}).get("options", {})
    findings.same(LEDGER, "the year", options.get("year"), record["year"])
    findings.same(
        LEDGER, "the partitions that are finished", sorted(lines.partitions), list(range(record["partitions"]))
    )
    for number, files in sorted(lines.partitions.items()):
        for file in files:
            if not hidden(file.file):
                digest = listed.get(file.file, "nothing")
                findings.same(LEDGER, f"partition {number}: SHA-256 of {file.file}", file.sha256, digest)
    digest = hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()
    findings.same(RECORD, f"its SHA-256 is that in {LEDGER}", digest, lines.record_sha256)
