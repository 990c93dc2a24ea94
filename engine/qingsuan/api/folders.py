"""What lies in a folder that was written before: ``qingsuan.open``."""

from __future__ import annotations

from pathlib import Path

from qingsuan.api.arguments import PathLike
from qingsuan.finished import (
    Accounts,
    Clearing,
    Folder,
    Fund,
    Operators,
    Outside,
    Premium,
    Procurement,
    Settlement,
    Subsidy,
    run_in,
)
from qingsuan.prepared import Prepared, is_prepared

__all__ = ["open_run"]


def open_run(
    out: PathLike,
) -> Settlement | Subsidy | Premium | Accounts | Clearing | Fund | Operators | Outside | Procurement | Prepared:
    """Open the folder of a finished run or a prepared year (``qingsuan.open``); its rows are read when they are asked for.

    Raises
    ------
    InputError
        There is no finished run, or a file that it lists is gone. Whether files are as they were written, ``qingsuan verify`` tells.
    """
    return Prepared(Path(out)) if is_prepared(Path(out)) else run_in(Folder(Path(out)))
