"""The report of a closed year made and written: its ending says whether it is a page or a workbook."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.closing.folder import read_year
from qingsuan.closing.printed.sections import sections_of
from qingsuan.closing.telling import agreed_with_others
from qingsuan.messages import Lang, Words
from qingsuan.pages.files import write_page
from qingsuan.pages.numbers import ten_thousands
from qingsuan.pages.pictures import bars
from qingsuan.plugins.texts import texts_of_plugins
from qingsuan.printed.names import ReportNames
from qingsuan.printed.page import page_of
from qingsuan.printed.report import write_workbook
from qingsuan.printed.section import Section
from qingsuan.report.wording.names import pool_names
from qingsuan.run.folder import RECORD

__all__ = ["YearReport", "report_of_year"]


@dataclass(frozen=True, slots=True)
class YearReport:
    """What a closed year comes to, in one language.

    Attributes
    ----------
    sections : its tables by name, in order.
    """

    record: Mapping[str, Any]
    sections: dict[str, Section]
    words: Words

    def page(self, above: Any = "") -> str:
        """One HTML page, with its pictures.

        Parameters
        ----------
        above
            What stands above it where it is one of several pages (``Markup``); nothing where it stands alone.

        Raises
        ------
        UsageError
            Jinja2 or matplotlib is not installed.
        """
        title = self.words.speak("The close of {year}: report", year=self.record["year"])
        return page_of(self.record, title, self.sections, self._pictures(), self.words, above)

    def write(self, path: Path) -> None:
        """Write the page, or the workbook, in place of what is there.

        Raises
        ------
        UsageError
            It cannot be written there.
        """
        if path.suffix.lower() == ".html":
            write_page(self.page(), path, private=False)
        else:
            write_workbook(self.sections, path)

    def _pictures(self) -> dict[str, Any]:
        """What the funds of each pool paid for benefits, and what the books of each fund close with."""
        speak, made = self.words.speak, {}
        if "benefits" in self.sections:
            paid = [(f"{row[0]} {row[1]}", [row[5]]) for row in _without_total(self.sections["benefits"])]
            axis = speak("paid, ten thousand yuan")
            made["benefits"] = bars(
                "benefits", speak("what the funds pay, by pool and scheme"), paid, axis, ten_thousands
            )
        if "books" in self.sections:
            left: Counter[str] = Counter()
            for row in _without_total(self.sections["books"]):
                left[row[0]] += row[5]
            axis = speak("closing balance, ten thousand yuan")
            values = [(fund, [fen]) for fund, fen in left.items()]
            made["books"] = bars("books", speak("what the books of each fund close with"), values, axis, ten_thousands)
        return made


def _without_total(section: Section) -> list[Any]:
    return list(section.rows[:-1] if section.has_total else section.rows)


def report_of_year(folder: Path, lang: Lang) -> YearReport:
    """Make the report of a closed year.

    Raises
    ------
    InputError
        The folder holds none, or a part of it cannot be read.
    """
    record, _ = read_year(folder)
    parts = {one["part"]: json.loads((folder / one["part"] / RECORD).read_bytes()) for one in record["parts"]}
    words = Words(lang)
    agreed = agreed_with_others(folder, parts, words)
    return YearReport(
        record,
        sections_of(record, parts, agreed, ReportNames(words, pool_names(record), texts_of_plugins(lang))),
        words,
    )
