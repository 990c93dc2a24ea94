"""For plugin authors: case files, and the contract that a plugin's tests subclass. Works without pytest installed.

A case file is a small year written down in TOML, with what must come out; :func:`run_case` sends it through the
front door. :class:`PluginContract` is what every plugin promises; a plugin's own test is three lines::

    from pathlib import Path
    from qingsuan.testing import PluginContract

    class TestExample(PluginContract):
        plugin = "qingsuan-example"
        cases = Path(__file__).parent / "cases"
"""

from qingsuan.cases.casefile import CaseFile, collect_cases, read_case
from qingsuan.cases.outcome import CaseFailedError, Result
from qingsuan.testing.contract import PluginContract
from qingsuan.testing.runner import run_case

__all__ = ["CaseFailedError", "CaseFile", "PluginContract", "Result", "collect_cases", "read_case", "run_case"]
