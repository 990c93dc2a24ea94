"""All pages as WSGI has them: a request is let in, its page made, and everything that goes out has the same strict headers."""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from werkzeug.wrappers import Request, Response

from qingsuan.errors import InputError, PluginError, PolicyError, QingsuanError, UsageError
from qingsuan.messages import Lang, Words, marked
from qingsuan.report.wording.speaking import error_told
from qingsuan.served.door import Door, Refused, fields_of
from qingsuan.served.explaining import claim, person
from qingsuan.served.frame import above, told
from qingsuan.served.institutions import institutions
from qingsuan.served.overview import overview, report, runs
from qingsuan.served.runs import Served
from qingsuan.served.simulating import MOST_SECONDS, Simulations
from qingsuan.served.visit import OF_BENEFITS, Visit

__all__ = ["HEADERS", "Application"]

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer says: keep nothing, run nothing, load nothing, show nothing inside another page, tell nobody where it was read.

Styles are in the page, and drawings have some on their elements; there is no script, nowhere.
"""

_PAGES: Mapping[str, Callable[[Visit], str]] = {
    "": overview,
    "report": report,
    "institutions": institutions,
    "person": person,
    "claim": claim,
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "institutions": ("code", "from"),
    "person": ("psn_no",),
    "claim": ("setl_id", "psn_no"),
    "simulation": ("rules", "path", "value"),
}
_PATH = re.compile(r"/(zh|en)/(?:([1-9][0-9]{0,2})/([a-z]{0,20}))?", re.ASCII)
_TITLES = {
    400: marked("This cannot be answered"),
    403: marked("This is not shown"),
    404: marked("There is nothing here"),
    500: marked("This could not be made"),
    503: marked("Busy"),
    504: marked("This took too long"),
}
_AGAIN_SECONDS = 5


class Application:
    """The pages of some runs.

    Parameters
    ----------
    served
        The runs, by number.
    door
        Who is let in.
    lang
        The language in which a visit begins.
    seconds
        How long a simulation may take.
    """

    def __init__(self, served: tuple[Served, ...], door: Door, lang: Lang, seconds: float = MOST_SECONDS) -> None:
        self._served, self._door, self._lang = served, door, lang
        self._making = threading.Lock()
        self.simulations = Simulations(self._making, seconds)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request, as WSGI asks for it; nothing is raised."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        visit = Visit(self._served, self._door.prefix, Words(self._lang))
        let_in = False
        try:
            path = self._door.within(request, visit.words)
            let_in = True
            if path == "/":
                return _response("", 302, Location=visit.address(0))
            visit = self._visit(request, path, visit)
            return _response(self._page(visit))
        except Refused as refused:
            return self._refused(refused, visit if let_in else None)
        except QingsuanError as error:
            return self._failed(visit, _status_of(error), error_told(visit.words, error))
        except Exception as error:  # noqa: BLE001 - the last handler: the visitor is told, and the next page is served
            return self._failed(visit, 500, _fault(visit.words, error))

    def _visit(self, request: Request, path: str, first: Visit) -> Visit:
        """What is asked for.

        Raises
        ------
        Refused
            There is no such run or page, or it does not know a field.
        """
        found = _PATH.fullmatch(path)
        words = Words("en" if path.startswith("/en/") else "zh") if found else first.words
        number, page = (int(found[2] or 0), found[3] or "") if found else (0, "none")
        there = bool(found) and number <= len(self._served)
        if there and page and (page not in OF_BENEFITS or not self._served[number - 1].is_benefits):
            there = False
        if not there:
            raise Refused(404, words.speak("There is no such page. Open the address that was printed."))
        fields = fields_of(request, _FIELDS.get(page, ()), words)
        return Visit(self._served, self._door.prefix, words, number, page, fields)

    def _page(self, visit: Visit) -> str:
        if visit.page == "simulation":
            return self.simulations.page(visit)
        with self._making:
            return _PAGES[visit.page](visit) if visit.number else runs(visit)

    def _refused(self, refused: Refused, visit: Visit | None) -> Response:
        """What was refused; only who was let in is shown the way around, which has the token in it."""
        words = Words(self._lang) if visit is None else visit.words
        title = words.speak(_TITLES.get(refused.status, _TITLES[400]))
        with self._making:
            around = refused.around or ("" if visit is None else above(visit))
            page = told(words, title, [refused.said], around=around)
        more = {"Allow": "GET, HEAD"} if refused.status == 405 else {}
        if refused.status == 503:
            more["Retry-After"] = str(_AGAIN_SECONDS)
        return _response(page, refused.status, **more)

    def _failed(self, visit: Visit, status: int, said: str) -> Response:
        with self._making:
            page = told(visit.words, visit.words.speak(_TITLES[status]), text=said, around=above(visit))
        return _response(page, status)


def _response(page: str, status: int = 200, **headers: str) -> Response:
    content = page.encode("utf-8", "backslashreplace")
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(content, status, {**HEADERS, **more}, content_type="text/html; charset=utf-8")


def _status_of(error: QingsuanError) -> int:
    """What was asked for cannot be (400), or what it stands on cannot be trusted (500)."""
    return (
        400 if isinstance(error, UsageError | PolicyError) and not isinstance(error, InputError | PluginError) else 500
    )


def _fault(words: Words, error: Exception) -> str:
    """What qingsuan itself did wrong, without what rows hold."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return words.speak("a fault of qingsuan itself: {name}{at}", name=type(error).__name__, at=at)
