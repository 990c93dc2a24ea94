"""A made-up region that authorises one pool to set some of its numbers, with the rules of that pool."""

from __future__ import annotations

from pathlib import Path

from qingsuan.policy.model import Pool, Region

__all__ = ["AUTHORITY", "FUNDING", "RULES", "region_of"]

AUTHORITY = """
format = 1
[authority]
region = "990000"
title = "示例省清单"
effective = 2021-01-01
[[authorise]]
id = "rules"
settings = ["deductible", "ratio", "limit", "cap"]
source = "P1"
[[authorise]]
id = "outpatient-ratio"
settings = ["ratio"]
when = { insutype = ["310"], med_type = ["11"], date = { from = 2022-01-01 } }
funds = ["hifp_pay"]
percent = { least = 50 }
source = "P2"
[[authorise]]
id = "tilt"
settings = ["adjust"]
funds = ["hifmi_pay"]
tilt = { deductible_percent = 50, points = 5, lifts_caps = true }
source = "P2"
[[authorise]]
id = "stay-deductible"
settings = ["deductible"]
when = { med_type = ["21"] }
funds = ["hifp_pay"]
yuan = { least = 100, most = 2000 }
source = "P2"
[[authorise]]
id = "standard"
settings = ["subsidy_standard"]
year = 2021
yuan = { least = 580 }
source = "P1"
[[equal_tilts]]
id = "retirees"
fund = "hifp_pay"
when = { insutype = ["310"] }
favoured = { psn_type = ["12*"] }
others = { psn_type = ["11*"] }
care = [{ med_type = ["11"] }, { med_type = ["21"] }]
source = "P2"
[sources.P1]
document = "示医保发〔2020〕1号 (made up)"
article = "一"
grade = "made-up"
[sources.P2]
document = "示政办发〔2021〕9号 (made up)"
article = "(四)"
grade = "made-up"
"""

RULES = """
format = 1
[ruleset]
pool = "990100"
schemes = ["310", "390"]
title = "示例市待遇"
effective = 2021-01-01
source = "C1"
benefit_date = "setl_time"
identity_date = "begndate"
levels = ["1", "3"]
[sources.C1]
document = "例医保发〔2021〕3号 (made up)"
article = "第三条"
grade = "made-up"
[identities]
poor = { title = "低保", codes = ["2303"], source = "C1" }
[groups]
critical = "year"
[layers.inpatient]
fund = "hifp_pay"
deductible = { per = "visit", yuan = [1000, 500], source = "C1" }
[[layers.inpatient.cases]]
when = { psn_type = ["12*"] }
bands = { percent = [82], source = "C1" }
[[layers.inpatient.cases]]
when = { psn_type = { not = ["12*"] } }
bands = { percent = [80], source = "C1" }
[layers.critical]
fund = "hifmi_pay"
deductible = { per = "period", group = "critical", yuan = 14000, source = "C1" }
bands = { percent = [60], source = "C1" }
caps = [{ group = "critical", yuan = 100000, source = "C1" }]
[[layers.critical.cases]]
when = { psn_idet_type = { any = ["poor"] } }
adjust = { deductible_percent = 50, points = 5, lift_caps = ["critical"], source = "C1" }
[layers.outpatient]
fund = "hifp_pay"
[[layers.outpatient.cases]]
when = { psn_type = ["12*"] }
bands = { percent = [57], source = "C1" }
[[layers.outpatient.cases]]
when = { psn_type = { not = ["12*"] } }
bands = { percent = [55], source = "C1" }
[[rules]]
id = "inpatient"
when = { med_type = ["21"] }
layers = ["inpatient", "critical"]
[[rules]]
id = "outpatient"
when = { med_type = ["11"] }
layers = ["outpatient"]
"""

FUNDING = """
format = 1
[funding]
region = "990000"
title = "补助"
year = 2021
schemes = ["390"]
count = "year"
source = "C1"
[standard]
yuan = 580
minimum = true
source = "C1"
[ratios]
central = { percent = 80, source = "C1" }
province = { percent = 50, source = "C1" }
[sources.C1]
document = "示财社〔2021〕1号 (made up)"
article = "一"
grade = "made-up"
"""


def region_of(folder: Path, rules: str = RULES, authority: str | None = AUTHORITY, funding: str = FUNDING) -> Region:
    for name, text in (("rules", rules), ("funding", funding), ("authority", authority)):
        (folder / name).mkdir(exist_ok=True)
        if text is not None:
            (folder / name / "a.toml").write_text(text, "utf-8")
    pools = (Pool("990100", "示例市", ("9901",)),)
    return Region(
        "990000", "示例省", pools, rules=folder / "rules", funding=folder / "funding", authority=folder / "authority"
    )
