"""A person's year, or one settlement, explained step by step."""

from __future__ import annotations

from qingsuan.explain.page.page import page_of
from qingsuan.explain.whole import NothingFound, SeveralPeople
from qingsuan.served.door import Refused
from qingsuan.served.frame import Field, Form, above, told
from qingsuan.served.visit import Visit

__all__ = ["claim", "person"]


def person(visit: Visit) -> str:
    """A person's year, settlement by settlement.

    Raises
    ------
    Refused
        The run has no prepared year, or nobody of this number.
    QingsuanError
        As the explanation raises it.
    """
    speak = visit.words.speak
    return _explained(visit, [Field("psn_no", speak("Number of the person (psn_no)"), visit.fields.get("psn_no", ""))])


def claim(visit: Visit) -> str:
    """One settlement; whose it is is asked where several people have one of its number. Like :func:`person`."""
    speak, fields = visit.words.speak, visit.fields
    asked = [Field("setl_id", speak("Number of the settlement (setl_id)"), fields.get("setl_id", ""))]
    if "psn_no" in fields:
        asked.append(Field("psn_no", speak("Number of the person (psn_no)"), fields["psn_no"]))
    return _explained(visit, asked)


def _explained(visit: Visit, asked: list[Field]) -> str:
    words = visit.words
    around = above(visit, Form(asked, words.speak("Explain")))
    if visit.run.prepared is None:
        raise Refused(404, without_year(visit))
    if not asked[0].value:
        title = words.speak("A person's year") if visit.page == "person" else words.speak("A settlement")
        said = words.speak(
            "Every step is worked out again from the prepared year and held against the run; the source of every number is named."
        )
        return told(words, title, [said], around=around)
    ids = {one.name: one.value for one in asked}
    try:
        found = visit.run.explainer(words.lang).explain(setl_id=ids.get("setl_id"), psn_no=ids.get("psn_no"))
    except NothingFound as error:
        raise _nothing(visit, asked, error) from error
    except SeveralPeople as error:
        return _whose(visit, ids["setl_id"], error)
    return page_of(found, around)


def without_year(visit: Visit) -> str:
    """What is said where nothing is known of what a run was settled from."""
    return visit.words.speak(
        "This run has no prepared year at hand, so that neither people nor settlements can be explained and nothing can be "
        "simulated. Start “qingsuan serve” with --year and the folder of “qingsuan prepare”."
    )


def _nothing(visit: Visit, asked: list[Field], error: NothingFound) -> Refused:
    """What is said of a number that is not there: the form again, and the nearest numbers."""
    speak, which = visit.words.speak, asked[0].name
    said = speak("The run has no claim of this number. Every character of it counts.")
    if error.near:
        said = speak("The run has no claim of this number. Every character of it counts. The nearest stand above.")
    near = [(number, visit.own(**{which: number})) for number in error.near]
    return Refused(404, said, above(visit, Form(asked, speak("Explain")), near))


def _whose(visit: Visit, setl_id: str, error: SeveralPeople) -> str:
    words = visit.words
    rows = [[(psn_no, visit.own(setl_id=setl_id, psn_no=psn_no))] for psn_no in error.people]
    title = words.speak("Several people have a settlement of this number")
    return told(words, title, [setl_id], rows=([words.speak("Person")], rows), around=above(visit))
