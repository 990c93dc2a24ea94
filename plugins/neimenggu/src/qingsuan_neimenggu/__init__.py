"""Settlement rules of Inner Mongolia (内蒙古自治区): Hohhot (呼和浩特市) and Ulanqab (乌兰察布市)."""

from importlib.resources import files

from qingsuan import Pool, Region, hookimpl

__all__ = ["qingsuan_region"]


@hookimpl
def qingsuan_region() -> Region:
    """Hand over Inner Mongolia: two pools, their rule sets and the region's funding rule."""
    root = files(__name__)
    return Region(
        code="150000",
        name="内蒙古自治区",
        pools=(
            Pool(code="150100", name="呼和浩特市", prefixes=("1501",)),
            Pool(code="150900", name="乌兰察布市", prefixes=("1509",)),
        ),
        rules=root / "rules",
        funding=root / "funding",
    )
