"""Settlement rules of Jilin (吉林省): Changchun (长春市) and Jilin city (吉林市), employees and residents."""

from importlib.resources import files

from qingsuan import Pool, Region, hookimpl

__all__ = ["LOCAL_CARE", "qingsuan_region"]

LOCAL_CARE = {
    "15": "特药",
    "16": "中医特色门诊",
    "25": "异地住院",
    "26": "单病种住院",
    "27": "自主就医",
    "28": "日间手术",
    "29": "起付线治疗",
    "61": "照护保险",
    "81": "意外伤害门诊",
    "990404": "门诊特检特治",
    "2114": "舒缓疗护住院",
    "3101": "低自付住院",
    "3102": "低自付门诊",
    "5212": "生育新生儿费用",
    "9107": "体检",
}
"""Kinds of care (医疗类别) that Jilin adds to the national table, as read in hospital-system source used there (grade C)."""


@hookimpl
def qingsuan_region() -> Region:
    """Hand over Jilin: two pools with rules, two whose files only say what is missing; the province's funding rule.

    Of its premiums (个人缴费) the files say what is missing.
    """
    root = files(__name__)
    return Region(
        code="220000",
        name="吉林省",
        pools=(
            Pool(code="220100", name="长春市", prefixes=("2201",)),
            Pool(code="220200", name="吉林市", prefixes=("2202",)),
            Pool(code="220581", name="梅河口市", prefixes=("220581",)),
            Pool(code="229900", name="吉林省本级", prefixes=("2299",)),
        ),
        rules=root / "rules",
        funding=root / "funding",
        accounts=root / "accounts",
        premiums=root / "premiums",
        funds=root / "funds",
        clearing=root / "clearing",
        texts=root / "texts",
        authority=root / "authority",
        codes={"med_type": LOCAL_CARE},
    )
