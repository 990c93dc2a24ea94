"""A ratio that is selected by a counter goes by where the counter stood before the claim, whatever earlier layers of the claim add to it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from settling import RULES_HEAD, claim, install, insured, only, read, settle, write

SELECTED = """\
[groups]
pooled = "year"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [50], source = "X" }
caps = [{ group = "pooled", yuan = 100000, source = "X" }]
[layers.second]
fund = "hifmi_pay"
bands = { upto = [100], percent = [10, 40], select = { group = "pooled", counter = "paid" }, source = "X" }
[[rules]]
id = "all"
when = {}
layers = ["pooled", "second"]
source = "X"
"""


def test_what_an_earlier_layer_of_the_claim_paid_selects_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", rules=RULES_HEAD + SELECTED)
    only(tmp_path / "site", monkeypatch)
    bill = {"medfee_sumamt": "1000.00", "inscp_scp_amt": "1000.00", "fulamt_ownpay_amt": "0.00"}
    bill |= {"overlmt_selfpay": "0.00", "preselfpay_amt": "0.00"}
    later = {"begndate": "2022-04-01", "enddate": "2022-04-01", "setl_time": "2022-04-01 10:00:00"}
    rows = [claim(**bill), claim(setl_id="s2", **bill, **later)]
    ran = settle(write(tmp_path / "c.csv", rows), write(tmp_path / "i.csv", [insured()]), tmp_path / "out")
    assert ran.status == 0, ran.err
    paid = {row["setl_id"]: (row["hifp_pay"], row["hifmi_pay"]) for row in read(tmp_path / "out", "settled")}
    # 50 % of 1000.00; of the 500.00 left 10 %, as nothing was paid before the first claim, and 40 %, as 500.00 were before the second.
    assert paid == {"s1": (Decimal("500.00"), Decimal("50.00")), "s2": (Decimal("500.00"), Decimal("200.00"))}
