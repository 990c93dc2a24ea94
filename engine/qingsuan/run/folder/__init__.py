"""The run folder: what a run writes, and how it is written so that nothing half-written is ever taken for whole."""

from qingsuan.run.folder.folder import (
    DIGESTS,
    LEDGER,
    RECORD,
    STATE,
    RunFolder,
    Written,
    draft,
    hidden,
    is_file,
    sync,
)

__all__ = [
    "DIGESTS",
    "LEDGER",
    "RECORD",
    "STATE",
    "RunFolder",
    "Written",
    "draft",
    "hidden",
    "is_file",
    "sync",
]
