"""``docs/commands.md``: every command with its arguments and options, as ``--help`` has them; ``make commands`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from qingsuan.cli import cli

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
_HEAD = """\
# Commands

Every command of `qingsuan` with its arguments and options, as `--help` has them. `make commands` writes this page; a test holds it against the commands.

"""


def page() -> str:
    """The page as it has to be."""
    context = click.Context(cli, info_name="qingsuan", **cli.context_settings)
    sections = list(_sections(cli, context))
    contents = "".join(f"- [`{name}`](#{name.replace(' ', '-')}): {short}\n" for name, short, _ in sections)
    before = f"\n## Before the command's name\n\n{_options(cli, context)}"
    return _HEAD + contents + before + "".join(f"\n## {name}\n\n{text}" for name, _, text in sections)


def _sections(group: click.Group, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """Name, first sentence and text of every command of a group, those of its groups behind it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, info_name=name, parent=context)
        path = inner.command_path
        yield path, _paragraphs(command)[0].partition(". ")[0].rstrip("."), _text(command, inner)
        if isinstance(command, click.Group):
            yield from _sections(command, inner)


def _paragraphs(command: click.Command) -> list[str]:
    return [" ".join(one.split()) for one in (command.help or "").split("\n\n")]


def _text(command: click.Command, context: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    text = f"```text\n{context.command_path} {usage}\n```\n\n" + "\n\n".join(_paragraphs(command)) + "\n"
    options = _options(command, context)
    return f"{text}\n{options}" if options else text


def _options(command: click.Command, context: click.Context) -> str:
    """The options of a command as a table; nothing where it has none."""
    records = [record for one in command.get_params(context) if (record := one.get_help_record(context)) and record[1]]
    rows = "".join(f"| `{_cell(option)}` | {_cell(meaning)} |\n" for option, meaning in records)
    return f"| option | what |\n|---|---|\n{rows}" if rows else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
