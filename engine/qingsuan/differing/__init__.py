"""Two finished settlements of one year beside each other: which rows differ, why, and what is to be paid out or taken back (补退).

What comes in are two run folders and nothing else: no input file, no plugin. What goes out is a folder of Parquet tables with a
record that is written last, and a text in one language. The first run is what was paid, the second what is due. The runs are gone through
by the hash of the person, so that what is held in memory is a partition of each. This room knows no rule, and settles nothing.
"""

from qingsuan.differing.comparing import TABLES, compare
from qingsuan.differing.told import summary

__all__ = ["TABLES", "compare", "summary"]
