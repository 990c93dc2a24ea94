"""A bureau's pair of keys: Ed25519, as PEM files that OpenSSL reads and writes, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qingsuan.errors import RunError, UsageError, unread
from qingsuan.needed import need

__all__ = ["fingerprint_of", "new_pair", "private_key", "public_key", "public_text"]

_SERIALIZATION = "cryptography.hazmat.primitives.serialization"
_ED25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
_PRIVATE = (
    "an Ed25519 private key in PEM, as “qingsuan sign --new-key” or “openssl genpkey -algorithm ed25519” writes it"
)
_PUBLIC = "an Ed25519 public key in PEM, as “qingsuan sign --new-key” or “openssl pkey -pubout” writes it"


def new_pair(file: Path, passphrase: str = "") -> Path:
    """Make a pair: the private key in ``file``, for its owner alone, and the public one in ``file`` + ``.pub``, which is returned.

    Parameters
    ----------
    passphrase
        Encrypts the private key; an empty one leaves it as it is.

    Raises
    ------
    UsageError
        One of the files is there already, or the library is not installed.
    RunError
        They cannot be written.
    """
    serialization, key = need(_SERIALIZATION), need(_ED25519).Ed25519PrivateKey.generate()
    public = file.with_name(f"{file.name}.pub")
    how = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    content = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    for path in (file, public):
        if os.path.lexists(path):
            raise UsageError(
                f"--new-key {file}", found=f"{path} is there already", expected="new files", do="give another name"
            )
    try:
        for path, mode, text in ((file, 0o600, content), (public, 0o644, public_text(key.public_key()))):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as opened:
                opened.write(text)
    except OSError as error:
        raise RunError(
            f"--new-key {file}", found=f"it cannot be written: {error}", expected="room and the right to write"
        ) from error
    return public


def public_text(key: Any) -> bytes:
    """A public key as a PEM file has it."""
    serialization = need(_SERIALIZATION)
    text: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return text


def private_key(file: Path, ask: Callable[[], str]) -> Any:
    """Read a private key; ``ask`` is called for the passphrase of one that is encrypted.

    Raises
    ------
    UsageError
        The file is none, the passphrase is not its own, or others may read it.
    """
    load, content = need(_SERIALIZATION).load_pem_private_key, _content("--key", file, _PRIVATE)
    try:
        try:
            key = load(content, None)
        except TypeError:  # it is encrypted
            key = load(content, ask().encode())
    except (ValueError, TypeError) as error:
        raise UsageError(f"--key {file}", found=f"it cannot be read: {unread(error)}", expected=_PRIVATE) from error
    if not isinstance(key, need(_ED25519).Ed25519PrivateKey):
        raise UsageError(f"--key {file}", found="a key of another kind", expected=_PRIVATE)
    if os.stat(file).st_mode & 0o077:
        do = f"chmod 600 {file}; if others may have read it, make a new one"
        raise UsageError(f"--key {file}", found="others than its owner may read it", expected="mode 0600", do=do)
    return key


def public_key(file: Path) -> Any:
    """Read a public key.

    Raises
    ------
    UsageError
        The file is none.
    """
    load, content = need(_SERIALIZATION).load_pem_public_key, _content("--key", file, _PUBLIC)
    try:
        key = load(content)
    except ValueError as error:
        raise UsageError(f"--key {file}", found="no public key", expected=_PUBLIC) from error
    if not isinstance(key, need(_ED25519).Ed25519PublicKey):
        raise UsageError(f"--key {file}", found="a key of another kind", expected=_PUBLIC)
    return key


def fingerprint_of(key: Any) -> str:
    """The 32 bytes of a public key, as hexadecimal text."""
    raw: bytes = key.public_bytes_raw()
    return raw.hex()


def _content(option: str, file: Path, expected: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{option} {file}",
            found=f"it cannot be read: {unread(error)}",
            expected=expected,
            do="check the path, and that this user may read the file",
        ) from error
