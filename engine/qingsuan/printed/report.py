"""A report made and written: its ending says whether it is a page or a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError, UsageError
from qingsuan.messages import Lang, Words
from qingsuan.needed import need
from qingsuan.pages.files import write_page
from qingsuan.pages.workbooks import PERCENT, add_sheet
from qingsuan.plugins.texts import texts_of_plugins
from qingsuan.printed.gathering import Gathered, gather
from qingsuan.printed.names import ReportNames
from qingsuan.printed.page import page_of
from qingsuan.printed.pictures import pictures_of
from qingsuan.printed.section import Section
from qingsuan.printed.sections import Totals, of_institution, sections_of
from qingsuan.report.summary import read_record
from qingsuan.report.wording.names import pool_names

__all__ = ["Report", "check_names", "report_of", "write_workbook"]

_LIBRARIES = {".html": ("jinja2", "matplotlib"), ".xlsx": ("openpyxl",)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a finished run comes to, in one language.

    Attributes
    ----------
    sections : its tables by name, in order.
    """

    record: Mapping[str, Any]
    totals: Totals
    gathered: Gathered
    sections: dict[str, Section]
    words: Words

    @property
    def title(self) -> str:
        """What stands above it."""
        return self.words.speak("Settlement of {year}: report", year=self.record["year"])

    def institution(self, code: str) -> Section | None:
        """What claims of one institution come to, by pool and scheme; None where the run has none of it."""
        return of_institution(self.totals, code, ReportNames(self.words, pool_names(self.record)))

    def page(self, sections: Mapping[str, Section], above: Any = "", links: Mapping[str, str] | None = None) -> str:
        """One HTML page of these sections, with their pictures.

        Parameters
        ----------
        above, links
            What stands above it (``Markup``), and where first cells of rows lead, where it is one of several pages.

        Raises
        ------
        UsageError
            Jinja2 or matplotlib is not installed.
        """
        pictures = pictures_of(sections, self.gathered, self.words)
        return page_of(self.record, self.title, sections, pictures, self.words, above, links)

    def write(self, path: Path) -> None:
        """Write the page, or the workbook, in place of what is there.

        Raises
        ------
        UsageError
            It cannot be written there.
        """
        if path.suffix.lower() == ".html":
            write_page(self.page(self.sections), path, private=False)
        else:
            write_workbook(self.sections, path)


def write_workbook(sections: Mapping[str, Section], path: Path) -> None:
    """Write a workbook with a sheet for each section.

    Raises
    ------
    UsageError
        It cannot be written there, or openpyxl is not installed.
    """
    book = need("openpyxl").Workbook(write_only=True)
    for section in sections.values():
        add_sheet(
            book,
            section.sheet,
            [one.title for one in section.columns],
            [one.width for one in section.columns],
            section.cells(),
            [PERCENT if one.kind == "ratio" else None for one in section.columns],
        )
    content = BytesIO()
    book.save(content)
    try:
        path.write_bytes(content.getvalue())
    except OSError as error:
        raise UsageError(
            str(path),
            found=f"cannot be written ({error.strerror or error})",
            expected="a file in a folder that is there and can be written to",
        ) from error


def check_names(paths: Sequence[Path]) -> None:
    """Check, before anything is read, that reports can be written to files of these names.

    Raises
    ------
    UsageError
        A name ends otherwise, is given twice, or a library is not installed.
    """
    for path in paths:
        if path.suffix.lower() not in _LIBRARIES:
            raise UsageError("--to", found=path.name, expected="a name that ends in .html or .xlsx")
        if paths.count(path) > 1:
            raise UsageError("--to", found=f"{path} twice", expected="each file once")
        for library in _LIBRARIES[path.suffix.lower()]:
            need(library)


def report_of(out: Path, lang: Lang) -> Report:
    """Make the report of a finished settlement of benefits.

    Raises
    ------
    InputError
        The folder holds none, or a table of it cannot be read.
    """
    record = read_record(out)
    if not str(record.get("settlement")).startswith("benefits"):
        raise InputError(
            str(out),
            found=f"a run of {record.get('settlement')}",
            expected="a finished settlement of benefits (待遇结算)",
            do="give the folder that “qingsuan settle” wrote",
        )
    words, gathered, totals = Words(lang), gather(out), Totals(out)
    sections = sections_of(record, totals, gathered, ReportNames(words, pool_names(record), texts_of_plugins(lang)))
    return Report(record, totals, gathered, sections, words)
