"""Memory given back between the parts of a year and the stages of a run, or the next would come on top of what one needed no more."""

from __future__ import annotations

import contextlib
import ctypes

import pyarrow as pa

__all__ = ["give_back"]


def give_back() -> None:
    """Return unused memory to the machine: Arrow's, and that of the C library where it can (``malloc_trim`` of glibc)."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)
