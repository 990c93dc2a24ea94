"""Rules with an accumulator per year, quarter, month and day, and a made-up year of claims that moves all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from random import Random

from settling import RULES, claim, insured

Claims = Sequence[Mapping[str, str | None]]
QUARTERLY = (
    RULES.replace('stay = "year"', 'stay = "year"\nthird = "quarter"\nmoon = "month"\ntoday = "day"')
    .replace(
        "[[rules]]",
        """[layers.month]
fund = "oth_pay"
entry = [{ part = "fulamt_ownpay_amt", percent = 100, source = "X" }]
limit = { per = "period", group = "moon", yuan = 150, source = "X" }
deductible = { per = "period", group = "third", yuan = 120, source = "X" }
bands = { percent = [50], source = "X" }
caps = [{ group = "today", yuan = 40, source = "X" }]
[[rules]]""",
        1,
    )
    .replace('layers = ["pooled", "critical"]', 'layers = ["pooled", "critical", "month"]')
)


def visit(number: int, day: str, psn_no: str = "p1", **changes: str | None) -> dict[str, str | None]:
    return claim(setl_id=f"s{number}", psn_no=psn_no, begndate=day, enddate=day, setl_time=f"{day} 10:00:00", **changes)


def year(count: int = 400, people: int = 12) -> tuple[Claims, Claims]:
    """Claims of a year, and their people."""
    dice = Random(5)
    rows = []
    for number in range(count):
        own, scope = dice.choice((0, 4000, 9999, 15001)), dice.choice((0, 4999, 10000, 120000, 777777))
        amounts = {
            "medfee_sumamt": yuan(own + scope),
            "fulamt_ownpay_amt": yuan(own),
            "overlmt_selfpay": "0.00",
            "preselfpay_amt": "0.00",
            "inscp_scp_amt": yuan(scope),
        }
        day = date.fromordinal(date(2022, 1, 1).toordinal() + dice.randrange(365)).isoformat()
        who = {"psn_no": f"p{dice.randrange(people)}", "insutype": dice.choice(("390", "390", "310"))}
        rows.append(visit(number, day, acct_used_flag=dice.choice("01"), **who, **amounts))
    known = [insured(psn_no=f"p{n}", insutype=t, acct_balc="800.00") for n in range(people) for t in ("310", "390")]
    return rows, known


def yuan(fen: int) -> str:
    return str(Decimal(fen).scaleb(-2))
