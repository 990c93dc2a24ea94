"""The institutions of a run: all of them, a page at a time, or one by pool and scheme."""

from __future__ import annotations

from dataclasses import replace

from qingsuan.printed.report import Report
from qingsuan.served.door import Refused
from qingsuan.served.frame import Field, Form, above
from qingsuan.served.visit import Visit

__all__ = ["institutions"]

_ON_A_PAGE = 100


def institutions(visit: Visit) -> str:
    """What claims of institutions come to, the largest first.

    Raises
    ------
    Refused
        The run has no claim of the institution that is asked for, or not so many institutions.
    InputError
        A table of the run cannot be read.
    """
    speak, code = visit.words.speak, visit.fields.get("code", "")
    form = Form([Field("code", speak("Code of an institution"), code)], speak("Show"))
    made = visit.run.report(visit.words.lang)
    if not code:
        return _listed(visit, made, form)
    section = made.institution(code)
    if section is None:
        raise Refused(404, speak("The run has no settled claim of this institution."))
    return made.page({"institutions": section}, above(visit, form, [(speak("all institutions"), visit.own())]))


def _listed(visit: Visit, made: Report, form: Form) -> str:
    speak, said = visit.words.speak, visit.fields.get("from", "0")
    every = made.sections.get("institutions")
    count = 0 if every is None else len(every.rows)
    first = int(said) if said.isascii() and said.isdecimal() else -1
    if not (0 <= first < count or first == count == 0):
        raise Refused(404, speak("There is no such page. Open the address that was printed."))
    links = []
    if first:
        links.append((speak("the ones before"), visit.own(**{"from": str(max(0, first - _ON_A_PAGE))})))
    if first + _ON_A_PAGE < count:
        links.append((speak("the next ones"), visit.own(**{"from": str(first + _ON_A_PAGE)})))
    around = above(visit, form, links)
    if every is None:
        return made.page({}, around)
    last = min(first + _ON_A_PAGE, count)
    shown = speak("{first} to {last} of {count}", first=first + 1, last=last, count=f"{count:,}")
    section = replace(every, rows=every.rows[first:last], note=f"{every.note}; {shown}", most=None)
    codes = {str(row[0]): visit.own(code=str(row[0])) for row in section.rows}
    return made.page({"institutions": section}, around, codes)
