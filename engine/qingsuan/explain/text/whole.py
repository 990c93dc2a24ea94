"""The whole explanation as text."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.explain.document import Claim, Explanation
from qingsuan.explain.names import Names
from qingsuan.explain.text.claim import claim_lines
from qingsuan.messages import Words
from qingsuan.pages.numbers import grouped_yuan

__all__ = ["text_of"]


def text_of(explanation: Explanation) -> str:
    """The explanation, a line for each statement, in the language of the document."""
    return "\n".join(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    names = Names(Words(explanation.lang), explanation.run.pools)
    speak = names.words.speak
    of_year = explanation.about == "person"
    yield speak("A year's settlements explained") if of_year else speak("A settlement explained")
    yield f"{speak('person')} {explanation.psn_no}; {speak('year {year}', year=explanation.run.year)}; {explanation.run.folder}"
    for carried in explanation.carried_in:
        amount = grouped_yuan(carried.balance_fen)
        yield speak(
            "carried in: {scheme} in pool {pool}, account {amount}",
            scheme=carried.insutype,
            pool=names.pool(carried.pool),
            amount=amount,
        )
    for claim in explanation.claims:
        yield ""
        yield from claim_lines(names, claim)
    if len(explanation.claims) > 1:
        yield ""
        yield from _year(names, explanation)
    if not explanation.agrees:
        yield ""
        yield speak("This explanation does not agree with the result of the run.")
    elif any(_is_worked_out(claim) for claim in explanation.claims):
        yield ""
        yield speak(
            "Every step was worked out again on its own, and agrees with the result of the run to the fen. Amounts are yuan."
        )


def _is_worked_out(claim: Claim) -> bool:
    """Whether more was done than to read why a row was refused."""
    return claim.outcome != "rejected" or bool(claim.insured) or claim.identity_date is not None


def _year(names: Names, explanation: Explanation) -> Iterator[str]:
    speak, year = names.words.speak, explanation.year
    count = {"settled": year.settled, "reversed": year.reversed, "rejected": year.rejected}
    yield f"{speak('The year')}: {', '.join(f'{names.outcome(one)} {number}' for one, number in count.items())}"
    yield f"  {names.part('medfee_sumamt')}: {grouped_yuan(year.medfee_sumamt_fen)}"
    for fund, fen in year.funds_fen.items():
        if fen:
            yield f"  {names.fund(fund)}: {grouped_yuan(fen)}"
    yield f"  {speak('personal account')}: {grouped_yuan(year.acct_pay_fen)}"
    yield f"  {speak('cash')}: {grouped_yuan(year.psn_cash_pay_fen)}"
