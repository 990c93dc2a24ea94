"""What a row of ``rejected/`` says in English, said again in the language of whoever reads it.

The run writes what it found and what it expected as English sentences. Here stand those sentences, with a name in braces for what
differs from row to row; one that is not here is shown as the row has it.
"""

from __future__ import annotations

import re

from qingsuan.messages import SaidAgain, Words, marked

__all__ = ["rejected_says"]

_SENTENCES = (
    marked("nothing"),
    marked("none"),
    marked("no enddate"),
    marked("no such column"),
    marked("a value: {meaning}"),
    marked("1, or nothing: a void row decides nothing"),
    marked("{number} cells, as the header has"),
    marked("line {line}, 1 cell: {text}"),
    marked("line {line}, {number} cells: {text}"),
    marked("an amount in yuan with at most two decimals, such as 1234.50"),
    marked("'0' or '1'"),
    marked("a date of the calendar as YYYY-MM-DD"),
    marked("a time as YYYY-MM-DD HH:MM:SS"),
    marked("an id as it was given out: no blank, nothing invisible, no full-width form, at most {most} bytes"),
    marked("a code without blanks, invisible characters and full-width forms"),
    marked("an area code of six digits"),
    marked("an identity class of four digits, such as 2303"),
    marked("a whole number of at most 15 digits, or nothing"),
    marked("{cell}: a blank at an end"),
    marked("{cell}: a blank inside"),
    marked("{cell}: the character {character}"),
    marked("{cell}: written plainly it is {plain}"),
    marked("{cell}: {number} bytes"),
    marked("{cell}: a word for nothing"),
    marked("{cell}: a spreadsheet's form of a long number, whose digits are lost"),
    marked("{cell}: a number with a decimal point"),
    marked("{cell}: a number with separators"),
    marked("{cell}: quotation marks of a spreadsheet"),
    marked("a code of the table {table}, such as {code}, or a local one that the region's plugin declares"),
    marked("a level of pool {pool}: {levels}"),
    marked("an amount in yuan with at most two decimals; amounts are never rounded on the way in"),
    marked("an amount in yuan of at most {most}, in either direction"),
    marked("an amount of 0 or more; only a reversal (refd_setl_flag = 1) is negative"),
    marked("a balance of 0 or more"),
    marked("an amount in yuan"),
    marked("a number, by which an amount is reckoned"),
    marked("0 or more"),
    marked("one that comes to at most {most} yuan"),
    marked("at most medfee_sumamt: it is a part of the bill"),
    marked("the sum of its four parts, {sum}"),
    marked("a date in {year}, the year that is settled"),
    marked("{date}, or a claim of it that it takes back"),
    marked("a date not before {column}"),
    marked("an enddate: the rule set decides by it"),
    marked("an enddate: the rule set reads identities on it"),
    marked("a value: the claim's rule counts in a group that is kept apart by it"),
    marked("a column “{column}” in the {table}: the rule set decides by it"),
    marked("the code of today: {code}"),
    marked("an area of a pool that an installed plugin serves"),
    marked("nothing, or {value}: {why}"),
    marked("never"),
    marked("any, where dise_code is filled in"),
    marked("1; 0 for outpatient care and pharmacies"),
    marked("0; 1 and 2 where fix_blng_admdvs lies outside the pool"),
    marked("1, 2, 5; 3 and 4 where fix_blng_admdvs lies outside the pool"),
    marked("the year that is settled"),
    marked("the pool of insu_admdvs"),
    marked("the hospital bore part of the bill: it would be left to the person"),
    marked("settled away from home: without the place it would be paid as care in the pool"),
    marked("treated away from home: without the place it would be paid as care in the pool"),
    marked("a newborn's care may stand under the mother's number: whose deductible and cap it fills is open"),
    marked("settled by a fixed sum, not by the bill"),
    marked("a stay that must not count would count as one, and lower the next deductible"),
    marked("a benefit date of another year than the platform's"),
    marked("another pool than insu_admdvs says: whose money it is, is open"),
    marked("a disease that rules decide by would be unknown: dise_code is read"),
    marked("an account drawn on in two years: there is one balance for a year"),
    marked("a row for each fund (setldetail), not for each settlement"),
    marked("a row in the insured table with this psn_no"),
    marked("a row in the insured table with this psn_no and insutype"),
    marked("a row of this person and scheme that holds at begndate, the day on which the visit began"),
    marked("a claim from the pool in which the person is insured at begndate"),
    marked("{claim}; the insured table has {rows}"),
    marked("a rule for this combination"),
    marked("a rule set of the pool for this scheme, in force on the benefit date"),
    marked("pool {pool}, insutype {scheme}, {date}"),
    marked("parameter {parameter}, which the bureau must supply: {why}"),
    marked("the rule set does not say whether a waiting period holds for this scheme, and whom it spares"),
    marked("the rule set does not say whether settlements of one stay are one visit with one deductible"),
    marked("the rule set does not say whether a stay over New Year begins anew in each year, with its own deductible"),
    marked("{need}; correct the other settlement of the stay, too"),
    marked("{need}; for a stay over New Year also whether it begins anew in each year"),
    marked(
        "every settlement of the stay, for they are one visit: correct the other one, or mark it void "
        "(vali_flag = 0), and settle them together"
    ),
    marked(
        "a run of the whole year: accumulators do not hold what a stay of several settlements has come to; "
        "settle this person's year whole, without --accumulators and --opening"
    ),
    marked(
        "a stay that began after what --opening has settled of this account: a part of it may be settled "
        "already, and would be paid as a visit again; settle this person's year whole"
    ),
    marked("{set}; {other} is of the same stay and is rejected"),
    marked("{set}; {other} is of the same stay and belongs to another year"),
    marked("wait_end_date {end}, begndate {begin}"),
    marked("a registration {type} for it that holds on that day: rule “{rule}” asks for one"),
    marked("{has} on {day}; registered for {type}: {rows}"),
    marked("one registration {type} for it that holds on that day, with an amount in {column}"),
    marked("one registration {type} that holds on that day: the claim's rule counts by the family"),
    marked("{day}; registered for {type}: {rows}"),
    marked("no {column}"),
    marked("insured rows that do not contradict each other: the run is --strict"),
    marked("{one} and {other} contradict each other: {columns}"),
    marked("one row for each settlement of a person; of those that pass every check the first in order stays"),
    marked("{id}, differing in {columns}"),
    marked("the setl_id of the claim it takes back; no claim of this person in this input has its own setl_id"),
    marked(
        "a claim of the same person in this input; it may have been settled in the run that --opening brings "
        "along: settle this person's year whole, without --opening"
    ),
    marked(
        "a claim of the same person in this input that no earlier reversal took back; if it was settled in an"
        " earlier run, add this reversal to the prepared year of that claim and settle it again "
        "(docs/corrections.md)"
    ),
    marked("a claim that no earlier reversal took back; {by} takes back {other} already"),
    marked(
        "a claim of {year}; {other} is in this input and belongs to {of}: settle {again} again with this "
        "reversal in its input"
    ),
    marked("a claim that stands; {other} is in this input and was rejected: correct it"),
    marked("a reversal of {other} with every amount negated; for a refund of part the corrected settlement"),
    marked("a reversal that negates it: the refund {other} does not negate it; send the corrected settlement"),
    marked("{one} against {other}: {columns}"),
    marked("a claim of which it is known whether it stands: correct the psn_no of the reversal"),
    marked("{id}: the reversal {where} names it, and its psn_no cannot be read"),
    marked("a claim of which it is known whether it stands: correct its reversal"),
    marked("{id}: its reversal in this input was rejected: {other}"),
    marked("a reversal without a setl_id"),
    marked("the reversal that takes it back, in this input; or 0, if nothing takes it back"),
    marked("1: {id} is marked as taken back, and no reversal names it"),
    marked("a date from {first} to {last}, the benefit year that is settled"),
    marked("{id}, an identical copy"),
    marked("{expected}; its insured row was rejected: {row}"),
    marked("a date after {date}, until which --opening has settled this account; settle this person's year whole"),
)

_ROWS = (
    marked("{scheme} in {area} from {begin} until {end}"),
    marked("{scheme} in {area} from {begin}"),
    marked("{value} from {begin} until {end}"),
    marked("{value} from {begin}"),
    marked("and {number} more"),
)
"""What a row of the person is said to be, where a sentence lists them."""


def _chinese(meaning: str) -> str:
    """The Chinese words of what a column means."""
    return "".join(re.findall(r"[\u3400-\u9fff]+(?:ID)?", meaning)) or meaning


_AGAIN = SaidAgain(
    _SENTENCES, whole={"claim", "date", "expected", "need"}, lists={"rows": _ROWS}, made={"meaning": _chinese}
)


def rejected_says(words: Words, text: str) -> str:
    """Say what a rejected row has as ``found`` or ``expected``; in English it stays as it is.

    >>> rejected_says(Words("zh"), "M1 on 2021-03-01; registered for chronic: M1 from 2021-03-02, and 2 more")
    '2021-03-01，M1；已备案（chronic）：M1，自 2021-03-02 起、另有2条'
    """
    return _AGAIN.said(words, text)
