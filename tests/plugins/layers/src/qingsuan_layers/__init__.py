"""Made-up pools, each with one way in which layers refer to each other or to the claim. For tests; nobody is insured here."""

from importlib.resources import files

from qingsuan import Pool, Region, hookimpl

__all__ = ["qingsuan_region"]

POOLS = {
    "990100": "超过封顶线示例 (made up)",
    "990200": "保底示例 (made up)",
    "990300": "按人按次金额示例 (made up)",
    "990400": "个人账户先付示例 (made up)",
    "990500": "扣减与计入起付线示例 (made up)",
    "990600": "舍入示例 (made up)",
    "990700": "逐年提高示例 (made up)",
    "990800": "结转示例 (made up)",
    "990900": "按累计选定金额示例 (made up)",
    "991000": "以户为单位示例 (made up)",
    "991100": "年终结算示例 (made up)",
}
"""Pool code and name."""


@hookimpl
def qingsuan_region() -> Region:
    """Hand over the made-up region 990000."""
    return Region(
        code="990000",
        name="示例 (made up)",
        pools=tuple(Pool(code=code, name=name, prefixes=(code[:4],)) for code, name in POOLS.items()),
        rules=files(__name__) / "rules",
    )
