"""qingsuan (清算) settles a whole year of medical insurance at once, exact to the fen.

These are all the public names; plugins use them and nothing else.
"""

from qingsuan.hookspecs import hookimpl
from qingsuan.policy.model import Pool, Region

__all__ = ["Pool", "Region", "__version__", "hookimpl"]

__version__ = "0.1.0"
