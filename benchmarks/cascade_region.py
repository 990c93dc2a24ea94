"""A plugin of one made-up pool: the region of the full cascade, found as any other plugin is."""

from __future__ import annotations

from pathlib import Path

from qingsuan import Pool, Region, hookimpl

__all__ = ["qingsuan_region"]


@hookimpl
def qingsuan_region() -> Region:
    return Region(
        code="990000",
        name="示例省 (made up)",
        pools=(Pool(code="990100", name="示例市", prefixes=("9901",)),),
        rules=Path(__file__).with_name("cascade_rules"),
    )
