"""What must be equal in a finished run (勾稽关系), as its record names it, said in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qingsuan.funds.lines import FUNDS
from qingsuan.messages import SaidAgain, Words, marked
from qingsuan.report.text import grouped_amount

__all__ = ["equalities", "equality"]

_AGAIN = SaidAgain(
    (
        marked("{pool}: opening + credit + interest - uses = closing"),
        marked("{pool}: uses of the ledger = uses paid"),
        marked("family debits = family credits"),
        marked("acct_pay + acct_mulaid_pay of claims = uses with a setl_id of theirs"),
        marked("opening + income − expense = closing, every book"),
        marked("income of the books = cash on their lines of income"),
        marked("expense of the books = cash on their lines of expense"),
        marked("entries accepted = entries on lines"),
        marked("fund payments of settled claims = benefits due in the books"),
        marked("assisted premiums = expense of medical assistance for premiums"),
        marked("opened + due − cash = outstanding − beyond, every line with dues"),
        marked("{fund}, {pool}: paid by the settlement = benefits due"),
        marked("what everyone bears = the gap, every county"),
        marked("counties of which that is not so"),
        marked("payments of the funds = of contracts + of none"),
        marked("premium = claims + reserve + operating cost + profit + surplus - overrun"),
        marked("surplus = the fund's + the operator's + the next year's"),
        marked("overrun = the fund's + the operator's + the next year's"),
        marked("due = advances - given back + clearing"),
        marked("cleared in = elsewhere + in the pool + of no known place"),
        marked("tables of paying pools = tables of places of treatment"),
        marked("elsewhere = transferred + still to be paid"),
        marked("purchases = those of quantities + those that came twice"),
        marked("advances paid = those of ledgers"),
        marked("advances given back = those of ledgers"),
        marked("advanced = given back + offset + left"),
    ),
    made={"fund": lambda fund: FUNDS.get(fund, fund)},
)


def equality(words: Words, text: str) -> str:
    """Say what must be equal; in English as the record has it.

    >>> equality(Words("zh"), "family debits = family credits")
    '家庭共济支出 = 家庭共济收入'
    """
    return _AGAIN.said(words, text)


def equalities(words: Words, identities: Sequence[Mapping[str, str]]) -> str:
    """What must be equal, line by line with both amounts, as a summary ends with it."""
    lines = [
        f"  {equality(words, one['identity'])}: {grouped_amount(one['one'])} = {grouped_amount(one['other'])}"
        for one in identities
    ]
    return "\n".join([words.speak("what must be equal:"), *lines])
