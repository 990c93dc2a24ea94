"""Settlement rules of Inner Mongolia (内蒙古自治区): Hohhot (呼和浩特市) and Ulanqab (乌兰察布市)."""

from importlib.resources import files

from qingsuan import Pool, Region, hookimpl

__all__ = ["qingsuan_region"]


@hookimpl
def qingsuan_region() -> Region:
    """Hand over Inner Mongolia: two pools with rules, two whose files only say what is missing, the region's funding and premium rules."""
    root = files(__name__)
    return Region(
        code="150000",
        name="内蒙古自治区",
        pools=(
            Pool(code="150100", name="呼和浩特市", prefixes=("1501",)),
            Pool(code="150781", name="满洲里市", prefixes=("150781",)),
            Pool(code="150900", name="乌兰察布市", prefixes=("1509",)),
            Pool(code="152501", name="二连浩特市", prefixes=("152501",)),
        ),
        rules=root / "rules",
        funding=root / "funding",
        accounts=root / "accounts",
        premiums=root / "premiums",
        funds=root / "funds",
        clearing=root / "clearing",
        texts=root / "texts",
        authority=root / "authority",
    )
