from importlib.resources import files

from qingsuan import Pool, Region, hookimpl


@hookimpl
def qingsuan_region() -> Region:
    return Region(
        code="990000",
        name="made up",
        pools=(Pool(code="990100", name="made up", prefixes=("9901",)),),
        rules=files(__name__) / "rules",
    )
