"""Help, and what ends a command, in the language that its arguments or its environment ask for."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Sequence

import click

from qingsuan.cli.log import Telling
from qingsuan.messages import LANGUAGES, Words, language_of, written_says
from qingsuan.report.text import folded, width

__all__ = ["CLICK_SAYS", "MACHINE_SAYS", "SpeakingContext", "misuse_told", "spoken_to"]

CLICK_SAYS = (
    "Options",
    "Commands",
    "Show this message and exit.",
    "Show the version and exit.",
    "required",
    "default: {default}",
    "Missing command.",
    "Missing argument {hint}.",
    "Missing option {hint}.",
    "Missing option {hint}. Choose from:\n\t{choices}",
    "No such option {name}.",
    "No such option {name}. Did you mean {possibility}?",
    "No such option {name}. (Did you mean one of: {possibilities}?)",
    "No such command {name}.",
    "No such command {name}. Did you mean {possibility}?",
    "No such command {name}. (Did you mean one of: {possibilities}?)",
    "Invalid value for {hint}: {message}",
    "Option {name} requires an argument.",
    "Option {name} does not take a value.",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "{value} is not a valid integer.",
    "{value} is not a valid integer range.",
    "{value} is not in the range {range}.",
    "{value} is not one of {choices}.",
    "Path {filename} does not exist.",
    "Path {filename} is not readable.",
    "File {filename} does not exist.",
    "File {filename} is a directory.",
    "Directory {filename} does not exist.",
    "Directory {filename} is a file.",
)
"""What click says of its own accord, in help and where a command is called the wrong way."""

MACHINE_SAYS = (
    "[Errno {number}] {reason}",
    "[Errno {number}] {reason}: {file}",
    *map(os.strerror, (1, 2, 5, 9, 13, 17, 20, 21, 24, 28, 30, 32, 36, 39, 40)),
)
"""What the machine says where it refuses to read or write."""

_EXTRA = re.compile(r"(?P<help>.*?)(?:  \[(?P<extra>[^\[\]]*)\])?", re.DOTALL)
"""The help of an option, and what click adds to it: ``[default: 4; required]``."""


def spoken_to(arguments: Sequence[str]) -> Words:
    """Words in the language that arguments of the command line ask for, wherever ``--lang`` stands; else that of the environment.

    What is no language is refused by the option itself; until then the language of the machine is spoken.
    """
    asked = [value for name, value in zip(arguments, [*arguments[1:], ""], strict=False) if name == "--lang"]
    asked += [one.removeprefix("--lang=") for one in arguments if one.startswith("--lang=")]
    try:
        return Words(language_of(next((one for one in asked if one in LANGUAGES), None), os.environ))
    except ValueError:  # QINGSUAN_LANG: said by whatever command asks for it
        return Words(language_of(None, {**os.environ, "QINGSUAN_LANG": ""}))


def misuse_told(words: Words, error: click.ClickException) -> str:
    """What click found wrong with the arguments of a command, as a person reads it."""
    if words.lang == "en" or isinstance(error, click.exceptions.NoArgsIsHelpError):
        told = io.StringIO()
        error.show(told)
        return told.getvalue().rstrip("\n")
    lines = []
    if isinstance(error, click.UsageError) and error.ctx is not None:
        lines = [
            error.ctx.get_usage(),
            words.speak("“{command} --help” explains it.", command=error.ctx.command_path),
            "",
        ]
    return "\n".join([*lines, words.speak("Error: {text}", text=written_says(words, error.format_message()))])


class SpeakingContext(click.Context):
    """A context whose help is in the language of the command."""

    def make_formatter(self) -> click.HelpFormatter:
        """The formatter of click for English, one of ours for Chinese."""
        telling = self.find_object(Telling)
        if telling is None or telling.words.lang == "en":
            return super().make_formatter()
        return _Chinese(telling.words, self.terminal_width, self.max_content_width)


class _Chinese(click.HelpFormatter):
    """Help in Chinese: a character is two cells wide, and a line may end behind each."""

    def __init__(self, words: Words, columns: int | None, most: int | None) -> None:
        super().__init__(width=columns, max_width=most)
        self._words = words

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, self._words.speak("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{self._said(heading)}：\n")

    def write_text(self, text: str) -> None:
        paragraphs = [self._said(" ".join(one.split())) for one in text.split("\n\n")]
        self.write("\n\n".join(self._lines(one, self.current_indent) for one in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first = min(max(width(name) for name, _ in rows), col_max) + col_spacing
        for name, text in rows:
            lines = self._lines(self._help(text), self.current_indent + first).lstrip(" ")
            gap = (
                " " * (first - width(name))
                if width(name) <= first - col_spacing
                else f"\n{'':>{self.current_indent + first}}"
            )
            self.write(f"{'':>{self.current_indent}}{name}{gap}{lines}".rstrip(" ") + "\n")

    def _help(self, text: str) -> str:
        found = _EXTRA.fullmatch(text)
        if found is None or found["extra"] is None:
            return self._said(text)
        extra = "；".join(self._said(one) for one in found["extra"].split("; "))
        return f"{self._said(found['help'])} [{extra}]"

    def _lines(self, text: str, indent: int) -> str:
        columns = self.width - indent
        return "\n".join(f"{'':>{indent}}{line}" for one in folded(text, columns) for line in _cut(one, columns))

    def _said(self, text: str) -> str:
        return written_says(self._words, text)


def _cut(line: str, columns: int) -> list[str]:
    """A line that one long word fills, such as the columns of a file, cut behind a comma or colon."""
    at = max((one.end() for one in re.finditer("[,、：；]", line) if width(line[: one.end()]) <= columns), default=0)
    return [line[:at], *_cut(line[at:], columns)] if width(line) > columns and at else [line]
