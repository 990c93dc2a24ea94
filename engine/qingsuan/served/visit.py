"""A request that was let in: which page it asks for, of which run, in which language; and addresses of other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from qingsuan.messages import Lang, Words
from qingsuan.served.runs import Served

__all__ = ["OF_BENEFITS", "Visit"]

OF_BENEFITS = ("report", "institutions", "person", "claim", "simulation")
"""The pages that only a settlement of benefits has, beside what every run has."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is asked for.

    Attributes
    ----------
    runs : all that are served.
    prefix : what every address begins with.
    words : the language.
    number : of the run, from 1 on; 0 for the list of runs.
    page : its page; empty for the first one.
    fields : what stands in the fields of its form.
    """

    runs: tuple[Served, ...]
    prefix: str
    words: Words
    number: int = 0
    page: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Served:
        """The run whose page is asked for."""
        return self.runs[self.number - 1]

    def address(self, number: int, page: str = "", lang: Lang | None = None, /, **fields: str) -> str:
        """Where a page is."""
        said = f"?{urlencode(fields)}" if fields else ""
        of = f"{number}/{page}" if number else ""
        return f"{self.prefix}/{lang or self.words.lang}/{of}{said}"

    def own(self, **fields: str) -> str:
        """Where this page is with other fields."""
        return self.address(self.number, self.page, **fields)
