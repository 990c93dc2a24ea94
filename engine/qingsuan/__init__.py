"""qingsuan (清算) settles a whole year of medical insurance at once, exact to the fen.

These are all the public names. Plugins use ``Function``, ``Pool``, ``Region`` and ``hookimpl``, and nothing else; programs use ``settle``,
``prepare``, ``simulate``, ``subsidy``, ``premium``, ``account``, ``fund``, ``clear``, ``operator``, ``outside``, ``procurement``,
``year_end``, ``permitted_changes``, ``diff``, ``rules`` and ``open``, imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qingsuan.hookspecs import hookimpl
from qingsuan.policy.model import Function, Pool, Region

if TYPE_CHECKING:
    from qingsuan.api.accounts import account
    from qingsuan.api.agreements.operators import operator
    from qingsuan.api.agreements.outside import outside
    from qingsuan.api.agreements.procurement import procurement
    from qingsuan.api.benefits import settle
    from qingsuan.api.changes.comparing import diff
    from qingsuan.api.changes.permitted import permitted_changes
    from qingsuan.api.changes.simulation import simulate
    from qingsuan.api.clearing import clear
    from qingsuan.api.closing.funds import fund
    from qingsuan.api.folders import open_run as open  # noqa: A004 - ``qingsuan.open``
    from qingsuan.api.premiums import premium
    from qingsuan.api.rules import rules
    from qingsuan.api.subsidies import subsidy
    from qingsuan.api.year import prepare
    from qingsuan.closing.year import close_year as year_end

__all__ = [
    "Function",
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
    "permitted_changes",
    "premium",
    "prepare",
    "procurement",
    "rules",
    "settle",
    "simulate",
    "subsidy",
    "year_end",
]

__version__ = "0.1.0"

_FUNCTIONS = {
    "account": ("api.accounts", "account"),
    "clear": ("api.clearing", "clear"),
    "diff": ("api.changes.comparing", "diff"),
    "fund": ("api.closing.funds", "fund"),
    "open": ("api.folders", "open_run"),
    "operator": ("api.agreements.operators", "operator"),
    "outside": ("api.agreements.outside", "outside"),
    "permitted_changes": ("api.changes.permitted", "permitted_changes"),
    "premium": ("api.premiums", "premium"),
    "prepare": ("api.year", "prepare"),
    "procurement": ("api.agreements.procurement", "procurement"),
    "rules": ("api.rules", "rules"),
    "settle": ("api.benefits", "settle"),
    "simulate": ("api.changes.simulation", "simulate"),
    "subsidy": ("api.subsidies", "subsidy"),
    "year_end": ("closing.year", "close_year"),
}
"""Each public function: the module in which it is, and its name there."""


def __getattr__(name: str) -> Any:
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _FUNCTIONS[name]
    return getattr(import_module(f"qingsuan.{module}"), function)
