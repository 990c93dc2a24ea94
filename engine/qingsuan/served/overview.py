"""Which runs there are, and what one comes to."""

from __future__ import annotations

from qingsuan.closing.printed.report import report_of_year
from qingsuan.closing.year import ClosedYear
from qingsuan.served.frame import above, told
from qingsuan.served.visit import Visit

__all__ = ["overview", "report", "runs"]

_OF_OVERVIEW = ("rows", "pools", "funds", "rejected", "missing", "warnings")


def runs(visit: Visit) -> str:
    """The list of runs."""
    speak, lang = visit.words.speak, visit.words.lang
    rows = [
        [
            (str(number), visit.address(number)),
            (one.kind(lang), visit.address(number)),
            str(one.year),
            one.name,
            f"{len(one.run.record['warnings']):,}",
        ]
        for number, one in enumerate(visit.runs, 1)
    ]
    headings = [speak("No."), speak("What was settled"), speak("Year"), speak("Folder"), speak("Warnings")]
    return told(visit.words, speak("Finished runs"), rows=(headings, rows), around=above(visit))


def overview(visit: Visit) -> str:
    """What came in and went out, funds by pool and scheme, rejected rows, warnings; of a closed year its report, else the summary.

    Raises
    ------
    InputError
        A table of the run cannot be read.
    """
    run, words = visit.run, visit.words
    if isinstance(run.run, ClosedYear):
        return report_of_year(run.run.path, words.lang).page(above(visit))
    if not run.is_benefits:
        return told(words, f"{run.kind(words.lang)} {run.year}", text=run.run.summary(words.lang), around=above(visit))
    made = run.report(words.lang)
    return made.page({name: made.sections[name] for name in _OF_OVERVIEW if name in made.sections}, above(visit))


def report(visit: Visit) -> str:
    """All that “qingsuan report” tells; like :func:`overview`."""
    made = visit.run.report(visit.words.lang)
    return made.page(made.sections, above(visit))
