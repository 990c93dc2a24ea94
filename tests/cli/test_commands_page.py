"""``docs/commands.md`` says what ``--help`` says, of every command."""

from __future__ import annotations

from commands_page import PAGE, page
from qingsuan import __version__


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "make commands writes it anew"


def test_the_citation_names_this_version() -> None:
    citation = PAGE.parents[1] / "CITATION.cff"
    assert f"\nversion: {__version__}\n" in citation.read_text("utf-8")
