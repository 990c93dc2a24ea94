"""Pseudonyms: a keyed hash in the place of an id, the same wherever the id stands, and nothing to who has not the key."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pyarrow as pa

from qingsuan.errors import UsageError, unread

__all__ = ["IDS", "Pseudonyms"]

IDS = {
    "psn_no": "p",
    "payer_psn_no": "p",
    "certno": "c",
    "psn_cert_no": "c",
    "setl_id": "s",
    "init_setl_id": "s",
    "mdtrt_id": "v",
}
"""Columns that tell a person, a certificate, a settlement or a visit, and with what the pseudonym of such a thing begins."""

_DIGITS = 32
"""Of a pseudonym: 128 bits, so that no two of a billion ids are likely to share one."""

_LEAST_BYTES = 32
_EXPECTED = "at least 64 hexadecimal digits, as “openssl rand -hex 32” prints them"


class Pseudonyms:
    """Gives pseudonyms by the key in a file.

    Parameters
    ----------
    file
        Hexadecimal digits, which only their owner may read.

    Attributes
    ----------
    name : tells the key from others, and nothing of it.

    Raises
    ------
    UsageError
        The file is no such key, or others may read it.
    """

    def __init__(self, file: Path) -> None:
        where = f"--pseudonyms {file}"
        try:
            self._key = bytes.fromhex(file.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            found = unread(error) if isinstance(error, OSError) else "something else than hexadecimal digits"
            do = "check the path, that this user may read the file, and what is in it"
            raise UsageError(where, found=found, expected=_EXPECTED, do=do) from error
        if len(self._key) < _LEAST_BYTES:
            raise UsageError(where, found=f"a key of {len(self._key)} bytes", expected=_EXPECTED)
        if os.stat(file).st_mode & 0o077:
            raise UsageError(
                where, found="others than its owner may read it", expected="mode 0600", do=f"chmod 600 {file}"
            )
        self.name = self._hashed("key")[:16]

    def of(self, column: str, values: pa.Array) -> pa.Array:
        """Texts of a column of :data:`IDS` as pseudonyms; what is absent stays absent."""
        begins = IDS[column]
        encoded = values.cast(pa.string()).dictionary_encode()
        hashed = [f"{begins}-{self._hashed(begins, text)[:_DIGITS]}" for text in encoded.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(hashed, pa.string())).cast(pa.string())

    def _hashed(self, *texts: str) -> str:
        return hmac.new(self._key, "\0".join(texts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
