"""A finished run as an object: its record, and its tables as anything that reads Arrow takes them.

In comes the folder of a run, out go its record and its tables, read a batch at a time when they are asked for. The room
knows what each kind of run writes, and not how it came about.
"""

from qingsuan.finished.agreements import Operators, Outside, Procurement
from qingsuan.finished.clearing import Clearing
from qingsuan.finished.folder import FinishedRun, Folder, Rows
from qingsuan.finished.opening import run_in
from qingsuan.finished.runs import Accounts, Fund, Premium, Settlement, Subsidy

__all__ = [
    "Accounts",
    "Clearing",
    "FinishedRun",
    "Folder",
    "Fund",
    "Operators",
    "Outside",
    "Premium",
    "Procurement",
    "Rows",
    "Settlement",
    "Subsidy",
    "run_in",
]
