"""qingsuan (清算) settles a whole year of medical insurance at once, exact to the fen.

These are all the public names. Plugins use ``Pool``, ``Region`` and ``hookimpl``, and nothing else; programs use ``settle``,
``prepare``, ``simulate``, ``subsidy``, ``premium``, ``account``, ``fund``, ``clear``, ``operator``, ``outside``, ``procurement``,
``diff``, ``rules`` and ``open``, imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qingsuan.hookspecs import hookimpl
from qingsuan.policy.model import Pool, Region

if TYPE_CHECKING:
    from qingsuan.api.accounts import account
    from qingsuan.api.agreements.operators import operator
    from qingsuan.api.agreements.outside import outside
    from qingsuan.api.agreements.procurement import procurement
    from qingsuan.api.benefits import settle
    from qingsuan.api.clearing import clear
    from qingsuan.api.closing.funds import fund
    from qingsuan.api.comparing import diff
    from qingsuan.api.folders import open_run as open  # noqa: A004 - ``qingsuan.open``
    from qingsuan.api.premiums import premium
    from qingsuan.api.rules import rules
    from qingsuan.api.simulation import simulate
    from qingsuan.api.subsidies import subsidy
    from qingsuan.api.year import prepare

__all__ = [
    "Pool",
    "Region",
    "__version__",
    "account",
    "clear",
    "diff",
    "fund",
    "hookimpl",
    "open",
    "operator",
    "outside",
    "premium",
    "prepare",
    "procurement",
    "rules",
    "settle",
    "simulate",
    "subsidy",
]

__version__ = "0.1.0"

_OF_THE_API = {
    "account": ("accounts", "account"),
    "clear": ("clearing", "clear"),
    "diff": ("comparing", "diff"),
    "fund": ("closing.funds", "fund"),
    "open": ("folders", "open_run"),
    "operator": ("agreements.operators", "operator"),
    "outside": ("agreements.outside", "outside"),
    "premium": ("premiums", "premium"),
    "prepare": ("year", "prepare"),
    "procurement": ("agreements.procurement", "procurement"),
    "rules": ("rules", "rules"),
    "settle": ("benefits", "settle"),
    "simulate": ("simulation", "simulate"),
    "subsidy": ("subsidies", "subsidy"),
}
"""Each public function: the module of :mod:`qingsuan.api` in which it is, and its name there."""


def __getattr__(name: str) -> Any:
    if name not in _OF_THE_API:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _OF_THE_API[name]
    return getattr(import_module(f"qingsuan.api.{module}"), function)
