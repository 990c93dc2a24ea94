"""Which kind of run lies in a folder."""

from __future__ import annotations

from qingsuan.finished.agreements import Operators, Outside, Procurement
from qingsuan.finished.clearing import Clearing
from qingsuan.finished.folder import Folder, not_whole
from qingsuan.finished.runs import Accounts, Fund, Premium, Settlement, Subsidy
from qingsuan.report.summary import read_record
from qingsuan.run.folder import RECORD

__all__ = ["run_in"]


def run_in(
    folder: Folder,
) -> Settlement | Subsidy | Premium | Accounts | Clearing | Fund | Operators | Outside | Procurement:
    """The finished run in a folder.

    Raises
    ------
    InputError
        There is none, or not the files that it lists.
    """
    settlement = str(read_record(folder.path).get("settlement"))
    for kind in (Settlement, Subsidy, Premium, Accounts, Clearing, Fund, Operators, Outside, Procurement):
        if settlement.startswith(kind.kind):
            return kind(folder)
    raise not_whole(folder.path / RECORD, f"a run of {settlement}")
