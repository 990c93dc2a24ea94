"""The signature of a finished folder: written by who holds the private key, checked by who has the public one.

What is signed are the digests of the files that no other digest covers: ``run.json``, which names those of all tables (and, of a
closed year, the records of its parts), and every ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.listing import names_in
from qingsuan.needed import need
from qingsuan.run.folder import LEDGER, RECORD, is_file, sync
from qingsuan.run.folder.disk import writing
from qingsuan.run.folder.known import SIGNATURE, TEMPORARY
from qingsuan.run.inputs import digest_of
from qingsuan.signatures.keys import fingerprint_of
from qingsuan.verify.findings import Findings

__all__ = ["check_signature", "note_of", "sign"]

_FORM = 1
_DO = "do not use this folder: ask the bureau for the folder that it signed"


def sign(folder: Path, key: Any) -> str:
    """Sign a finished folder with a private key; an earlier signature is replaced. Returns what tells the key: its public half.

    Raises
    ------
    InputError
        The folder has no ``run.json``, or a ledger is gone.
    RunError
        The signature cannot be written.
    """
    digests, name = _digests(folder), fingerprint_of(key.public_key())
    missing = next((one for one in _needed(folder) if one not in digests), "")
    if missing:
        raise InputError(
            str(folder),
            found=f"no {missing}",
            expected="a finished run, or a closed year",
            do="see “qingsuan verify”; finish it with --resume, or fetch the folder again",
        )
    said = {"signature": _FORM, "key": name, "signs": digests, "value": key.sign(_message(digests)).hex()}
    temporary = folder / f"{TEMPORARY}{SIGNATURE}"
    with writing(folder / SIGNATURE):
        temporary.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
        temporary.replace(folder / SIGNATURE)
        sync(folder)
    return name


def check_signature(folder: Path, key: Any, findings: Findings) -> None:
    """Check that the folder is the one that the holder of a key signed; what is not is a finding."""
    said = _read(folder, findings)
    if said is None:
        return
    mine = fingerprint_of(key)
    if said["key"] != mine:
        findings.add(SIGNATURE, "it is of this key", said["key"], mine, do=_DO)
    try:
        key.verify(bytes.fromhex(said["value"]), _message(said["signs"]))
    except (ValueError, need("cryptography.exceptions").InvalidSignature):
        findings.add(SIGNATURE, "it was made with this key", "another signature", f"one by the key {mine}", do=_DO)
    _compare(folder, said["signs"], findings)


def note_of(folder: Path, findings: Findings) -> list[str]:
    """What is said of a signature that nobody has given a key for; that it signs these files can be seen all the same."""
    if not (folder / SIGNATURE).exists():
        return []
    said = _read(folder, findings)
    if said is None:
        return []
    _compare(folder, said["signs"], findings)
    return [f"it is signed by the key {said['key']}, which was not checked: give --key the public key of the bureau"]


def _read(folder: Path, findings: Findings) -> dict[str, Any] | None:
    if not is_file(folder / SIGNATURE):
        findings.add(SIGNATURE, "it is there", "nothing", "a signature, as “qingsuan sign” writes it", do=_DO)
        return None
    try:
        said = json.loads((folder / SIGNATURE).read_bytes())
        is_one = said["signature"] == _FORM and all(isinstance(said[name], str) for name in ("key", "value"))
        is_one = is_one and all(isinstance(one, str) for pair in said["signs"].items() for one in pair)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_one = False
    if not is_one:
        findings.add(SIGNATURE, "it is a signature", "something else", "what “qingsuan sign” writes", do=_DO)
        return None
    return dict(said)


def _compare(folder: Path, signed: Mapping[str, str], findings: Findings) -> None:
    there = _digests(folder)
    for name in sorted({*there, *signed}):
        if there.get(name) != signed.get(name):
            found, expected = there.get(name, "nothing"), signed.get(name, "no such file: it is not signed")
            findings.add(name, f"its SHA-256 is that in {SIGNATURE}", found, expected, do=_DO)


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the record and of every ledger; of a closed year those of its parts, too."""
    paths = [folder / RECORD, folder / LEDGER, *(folder / name / LEDGER for name in names_in(folder))]
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in paths if is_file(path)}


def _needed(folder: Path) -> list[str]:
    """What a signature must cover: the record and the ledger of a run; of a closed year its record and every part's ledger."""
    parts = [name for name in names_in(folder) if is_file(folder / name / RECORD)]
    return [RECORD, *([f"{name}/{LEDGER}" for name in parts] or [LEDGER])]


def _message(digests: Mapping[str, str]) -> bytes:
    """What is signed: a line that says what it is, and one for each file, as ``sha256sum`` writes them."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    return f"qingsuan signature {_FORM}\n{''.join(lines)}".encode()
