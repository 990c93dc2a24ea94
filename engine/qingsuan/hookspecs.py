"""Every extension point on one page. Hooks register; the behaviour is in the objects they hand over."""

from __future__ import annotations

import pluggy

from qingsuan.policy.model import Region

__all__ = ["PROJECT", "hookimpl", "hookspec", "qingsuan_region"]

PROJECT = "qingsuan"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def qingsuan_region() -> Region:
    """Hand over the region this plugin owns.

    Called once per process, before any input is opened, with nothing. Must return a :class:`~qingsuan.Region`: code and
    name of the province-level jurisdiction, its pools with their ``insu_admdvs`` prefixes, and the folders of its rule
    sets, funding rules and premium rules. It must not read them: the engine does, and reports what is wrong with file and key.

    Since 0.1. Example::

        @hookimpl
        def qingsuan_region() -> Region:
            root = files(__name__)
            return Region(code="990000", name="示例省", pools=(Pool("990100", "示例市", ("9901",)),), rules=root / "rules")
    """
    raise AssertionError("a specification is never called")
