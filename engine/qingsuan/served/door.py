"""The door: what is refused before anything is looked up for a request."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from werkzeug.wrappers import Request

from qingsuan.messages import Words

__all__ = ["LOOPBACK", "MOST_ADDRESS", "MOST_FIELD", "Door", "Refused", "fields_of"]

LOOPBACK = "127.0.0.1"
MOST_ADDRESS = 2_000
"""So many characters an address may have behind the host."""

MOST_FIELD = 200
"""So many characters may stand in one field of a form."""

_METHODS = ("GET", "HEAD")
_NAMES = (LOOPBACK, "localhost")


class Refused(Exception):
    """A request that is not answered as it was asked.

    Attributes
    ----------
    status : of HTTP.
    said : why, and what to do, in the language of the page.
    around : what stands above the page that says so, where it is not the usual.
    """

    def __init__(self, status: int, said: str, around: str = "") -> None:
        super().__init__(said)
        self.status, self.said, self.around = status, said, around


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in.

    Attributes
    ----------
    port : at which the pages are served.
    token : stands first in every address; empty where none is asked for.
    """

    port: int
    token: str

    @property
    def prefix(self) -> str:
        """What every address begins with, behind the host."""
        return f"/{self.token}" if self.token else ""

    @property
    def address(self) -> str:
        """Where to begin."""
        return f"http://{LOOPBACK}:{self.port}{self.prefix}/"

    def within(self, request: Request, words: Words) -> str:
        """The part of the address behind the token.

        Raises
        ------
        Refused
            The method is none that only reads, the request has a body, its address is too long, the host is another name (a page of
            somebody else whose name leads here: DNS rebinding), or the token is not the one that was given out.
        """
        speak = words.speak
        if request.method not in _METHODS:
            raise Refused(405, speak("Only GET and HEAD are answered: nothing can be changed here."))
        if request.headers.get("Host", "") not in {f"{name}:{self.port}" for name in _NAMES}:
            raise Refused(403, speak("The host of this address is another one. Open the address that was printed."))
        if request.content_length or "Transfer-Encoding" in request.headers:
            raise Refused(413, speak("A request has no body here."))
        if len(request.path) + len(request.query_string) > MOST_ADDRESS:
            raise Refused(414, speak("The address is too long."))
        token, _, rest = request.path.removeprefix("/").partition("/")
        if not self.token:
            return request.path
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            raise Refused(404, speak("There is no such page. Open the address that was printed."))
        return f"/{rest}"


def fields_of(request: Request, known: Iterable[str], words: Words) -> dict[str, str]:
    """What was asked for in the fields of a form; what is empty was left out.

    Raises
    ------
    Refused
        A field is unknown, is there twice, or holds too much.
    """
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known or len(values) > 1:
            raise Refused(400, words.speak("The address asks for something that this page does not know."))
        if len(values[0]) > MOST_FIELD:
            raise Refused(400, words.speak("A field holds at most {count} characters.", count=MOST_FIELD))
        if value := values[0].strip():
            found[name] = value
    return found
