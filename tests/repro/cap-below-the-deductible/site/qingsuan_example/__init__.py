from importlib.resources import files

from qingsuan import Pool, Region, hookimpl


@hookimpl
def qingsuan_region() -> Region:
    pools = (Pool(code="990100", name="made up", prefixes=("9901",)),)
    return Region(code="990000", name="made up", pools=pools, rules=files(__name__) / "rules")
