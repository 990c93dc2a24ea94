"""Rules under which the settlements of one stay (中途结算) are one visit, parts of stays, and what the command makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from settling import RULES_HEAD, claim, insured, read, settle, write

SAID = 'interim_settlements = { count_as = "one-visit", source = "X" }\n'
HEAD = RULES_HEAD.replace("[sources.X]", f"{SAID}[sources.X]")
UNSAID = HEAD.replace(SAID, "")
PLAIN = """\
[groups]
stays = "year"
[layers.pooled]
fund = "hifp_pay"
visits = { group = "stays", source = "X" }
deductible = { per = "visit", yuan = [1000, 600], source = "X" }
bands = { percent = [50], source = "X" }
[[rules]]
id = "inpatient"
when = { med_type = ["21"] }
layers = ["pooled"]
"""


def part(setl_id: str, scope: str, stay: str = "M1", **changes: str) -> dict[str, str | None]:
    """A settlement of so much in scope and nothing else, on the day of March 2022 that its id ends with."""
    bill = {"medfee_sumamt": scope, "inscp_scp_amt": scope}
    bill |= dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0")
    times = {"setl_time": f"2022-03-{int(setl_id[1:]):02d} 10:00:00", "enddate": ""}
    return claim(**{**bill, **times, "setl_id": setl_id, "mdtrt_id": stay, "mid_setl_flag": "", **changes})


def outcome(folder: Path, rules: str, *rows: dict[str, str | None], options: tuple[str, ...] = ()) -> dict[str, Any]:
    """Settle; the settled rows as (deductible, pooled fund) by id, and the rejected ones as (code, column)."""
    (folder / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    out = folder / "out"
    ran = settle(write(folder / "claims.csv", list(rows)), write(folder / "insured.csv", [insured()]), out, *options)
    assert (ran.status, "Traceback" in ran.err) == (0, False), ran.err
    found: dict[str, Any] = {
        row["setl_id"]: (str(row["act_pay_dedc"]), str(row["hifp_pay"])) for row in read(out, "settled")
    }
    found.update({row["setl_id"]: (row["code"], row["column"]) for row in read(out, "rejected")})
    return found
