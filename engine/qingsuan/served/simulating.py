"""One number of the rules in the place of another, and what the prepared year would have come to: one simulation at a time."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qingsuan.api.changes.simulation import Numbers, numbers_of, simulate
from qingsuan.run.model import Progress
from qingsuan.served.door import Refused
from qingsuan.served.explaining import without_year
from qingsuan.served.frame import Field, Form, above, told
from qingsuan.served.visit import Visit
from qingsuan.simulation.changing.parameters import Parameter
from qingsuan.simulation.outcome import Simulation
from qingsuan.simulation.page.pictures import unit_name

__all__ = ["MOST_SECONDS", "Simulations"]

MOST_SECONDS = 120
"""So long a simulation may take; it is looked at between partitions of the year."""

_VALUE = re.compile(r"(-|-?[0-9]{1,15}(\.[0-9]{1,2})?)(/(-|-?[0-9]{1,15}(\.[0-9]{1,2})?))*", re.ASCII)


class _Stopped(Exception):
    """The simulation is not to go on."""


class _Watched(Progress):
    """Ends a simulation that takes too long, or whose server stops."""

    def __init__(self, stopping: threading.Event, seconds: float) -> None:
        self._stopping, self._until = stopping, time.monotonic() + seconds

    def stage(self, name: str, total: int) -> None:
        self.step()

    def step(self, count: int = 1) -> None:
        if self._stopping.is_set() or time.monotonic() > self._until:
            raise _Stopped


class Simulations:
    """Simulates, one request at a time.

    Attributes
    ----------
    making : held by whoever makes a page; not while a simulation works.
    seconds : how long one may take.
    """

    def __init__(self, making: threading.Lock, seconds: float = MOST_SECONDS) -> None:
        self.making, self.seconds = making, seconds
        self._one, self._stopping = threading.Lock(), threading.Event()
        self._numbers: dict[Path, tuple[Numbers, ...]] = {}

    def stop(self) -> None:
        """Let no simulation go on."""
        self._stopping.set()

    def wait(self) -> None:
        """Wait until none works any more."""
        with self._one:
            return

    def page(self, visit: Visit) -> str:
        """The page: which rule set, which number of it, and what another value comes to.

        Raises
        ------
        Refused
            The run has no prepared year; there is no such number, or the value is none; another simulation works; it took too long.
        QingsuanError
            As the simulation raises it: the rules cannot be changed so.
        """
        year = visit.run.prepared
        if year is None:
            raise Refused(404, without_year(visit))
        with self._alone(visit):
            numbers = self._numbers_of(year, visit.run.rules_dir)
            asked, path, value = (visit.fields.get(name, "") for name in ("rules", "path", "value"))
            if not asked:
                return self._choose(visit, numbers)
            chosen = next((one for one in numbers if one.place == asked), None)
            if chosen is None:
                raise Refused(404, visit.words.speak("There is no such rule set in the year."))
            if not value:
                return self._ask(visit, chosen)
            return self._simulated(visit, year, chosen, path, value)

    @contextmanager
    def _alone(self, visit: Visit) -> Iterator[None]:
        if not self._one.acquire(blocking=False):
            raise Refused(503, visit.words.speak("Another simulation is at work. Ask again when it is done."))
        try:
            yield
        finally:
            self._one.release()

    def _numbers_of(self, year: Path, rules_dir: Path | None) -> tuple[Numbers, ...]:
        if year not in self._numbers:
            self._numbers[year] = numbers_of(year, rules_dir=rules_dir)
        return self._numbers[year]

    def _choose(self, visit: Visit, numbers: tuple[Numbers, ...]) -> str:
        speak = visit.words.speak
        rows = [
            [(one.place, visit.own(rules=one.place)), one.title, f"{len(one.parameters):,}"]
            for one in numbers
            if one.parameters
        ]
        headings = [speak("Rule set"), speak("Title"), speak("Numbers")]
        said = speak(
            "Which rule set is a number of to be changed? Nothing of a plugin and nothing of a run is changed."
        )
        with self.making:
            return told(visit.words, speak("A number changed"), [said], rows=(headings, rows), around=above(visit))

    def _ask(self, visit: Visit, chosen: Numbers) -> str:
        speak = visit.words.speak
        rows = [[one.path, _written(one), unit_name(one.unit, visit.words)] for one in chosen.parameters]
        headings = [speak("Path"), speak("Value"), speak("Unit")]
        with self.making:
            around = above(visit, _form(visit, chosen))
            return told(visit.words, f"{chosen.title} ({chosen.place})", rows=(headings, rows), around=around)

    def _simulated(self, visit: Visit, year: Path, chosen: Numbers, path: str, value: str) -> str:
        words = visit.words
        if path not in {one.path for one in chosen.parameters}:
            raise Refused(404, words.speak("The rule set has no such number."))
        if _VALUE.fullmatch(value) is None:
            raise Refused(
                400,
                words.speak(
                    "A value is a number with at most two decimals: 65 for 65 %, 1200 for yuan, 70/75/80 for a list."
                ),
                above(visit, _form(visit, chosen)),
            )
        made = self._made(visit, year, f"{chosen.place}:{path}={value}")
        with self.making:
            return made.page(above(visit, _form(visit, chosen)))

    def _made(self, visit: Visit, year: Path, change: str) -> Simulation:
        watched = _Watched(self._stopping, self.seconds)
        try:
            return simulate(year, [change], rules_dir=visit.run.rules_dir, lang=visit.words.lang, progress=watched)
        except _Stopped as error:
            said = visit.words.speak(
                "The simulation took longer than {seconds} seconds and was stopped. “qingsuan simulate” has no such limit.",
                seconds=int(self.seconds),
            )
            raise Refused(504, said) from error


def _form(visit: Visit, chosen: Numbers) -> Form:
    speak = visit.words.speak
    choices = [
        (one.path, f"{one.path} = {_written(one)} {unit_name(one.unit, visit.words)}") for one in chosen.parameters
    ]
    return Form(
        [
            Field("rules", "", chosen.place),
            Field("path", speak("Number"), visit.fields.get("path", ""), choices),
            Field("value", speak("its value instead"), visit.fields.get("value", "")),
        ],
        speak("Simulate"),
    )


def _written(one: Parameter) -> str:
    return "/".join(map(str, one.written)) if isinstance(one.written, tuple) else str(one.written)
