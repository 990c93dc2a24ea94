"""``qingsuan plugins seal``: what is installed, written down as what a run may take (``--allow``)."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, tell
from qingsuan.errors import PluginError, UsageError, unread
from qingsuan.messages import Lang, Words, written_says
from qingsuan.plugins import allow_list, load
from qingsuan.run.regions import read_regions

__all__ = ["seal"]


@click.command("seal", short_help="Write the plugins that can be used into a file.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@lang_option
@results_apart
def seal(file: Path, overwrite: bool, lang: Lang) -> None:
    """Write the plugins that can be used, with version and digest, into FILE: what stands in it, a run with --allow FILE takes.

    The digest is that of the distribution's tree: its code, its rules, and whatever else it installs. Keep of the file what
    was approved. Ends with status 4 if a plugin is refused: it is not in the file.
    """
    words = Words(lang)
    installed = read_regions(load()).installed
    try:
        with file.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(allow_list(installed))
    except FileExistsError as error:
        raise UsageError(
            str(file), found="it is there already", expected="a new file", do="give another name, or --overwrite"
        ) from error
    except OSError as error:
        raise UsageError(
            str(file), found=f"it cannot be written: {unread(error)}", expected="a file in a folder that is there"
        ) from error
    for plugin in installed.broken:
        why = "\n".join(written_says(words, line) for line in str(plugin.problem).splitlines())
        tell(words.speak("not in it: {plugin}: {why}", plugin=plugin.title, why=why))
    sealed = {plugin.distribution for plugin in installed.plugins if plugin.problem is None}
    show(words.speak("{file}: {count} plugins sealed", file=str(file), count=len(sealed)))
    if installed.broken:
        raise PluginError(
            "plugins seal",
            found=f"{len(installed.broken)} refused: {', '.join(plugin.distribution for plugin in installed.broken)}",
            do="mend or uninstall them, or leave it so: a run with --allow does not open them",
        )
