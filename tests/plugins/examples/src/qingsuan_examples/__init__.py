"""Made-up pools that carry the numbers of published examples of single settlements. For tests; nobody is insured here."""

from importlib.resources import files

from qingsuan import Pool, Region, hookimpl

__all__ = ["qingsuan_region"]

EXAMPLES = {
    "990100": "省医保局举例 (made up)",
    "990200": "大病保险问答举例 (made up)",
    "990300": "居民大病举例 (made up)",
    "990400": "乙类先行自付举例 (made up)",
    "990500": "居民各级医院举例 (made up)",
    "990600": "平台报文举例 (made up)",
    "990700": "平台过程信息举例 (made up)",
}
"""Pool code and name: one pool per published example or family of examples."""


@hookimpl
def qingsuan_region() -> Region:
    """Hand over the made-up region 990000."""
    return Region(
        code="990000",
        name="示例 (made up)",
        pools=tuple(Pool(code=code, name=name, prefixes=(code[:4],)) for code, name in EXAMPLES.items()),
        rules=files(__name__) / "rules",
    )
