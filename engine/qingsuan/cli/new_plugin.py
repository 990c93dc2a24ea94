"""``qingsuan new-plugin``: a regional plugin to start from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show
from qingsuan.messages import Lang, Words
from qingsuan.plugins.new import new_plugin, write_plugin
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]


@click.command("new-plugin")
@click.argument("code")
@click.argument("name")
@click.option(
    "--pool", "pools", multiple=True, metavar="CODE[:NAME]", help="A pool (统筹区), e.g. 990100:示例市 (repeatable)."
)
@click.option("--name", "distribution", help="Name of the distribution; qingsuan-CODE unless given.")
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    help="From 1 January of which year its rules hold; this year unless given.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new folder to write.")
@lang_option
@results_apart
def command(
    code: str, name: str, pools: tuple[str, ...], distribution: str | None, year: int | None, out: Path, lang: Lang
) -> None:
    """Begin the plugin of the region CODE (six digits, ending in 0000), called NAME.

    It can be installed, checked and settled with at once: every parameter of every pool is named as missing, and every claim is
    refused, naming the parameter. Nothing is invented; the guide is docs/your-plugin-in-one-hour.md.
    """
    chosen = dt.date.today().year if year is None else year  # noqa: DTZ011 - the calendar of whoever begins it
    plugin = new_plugin(code, name, pools, distribution=distribution, year=chosen)
    files = write_plugin(plugin, out)
    listed = "\n".join(f"  {file}" for file in files)
    region = f"{plugin.distribution}, {plugin.code} {plugin.name}"
    speak = Words(lang).speak
    show(
        speak(
            "{out}: {region}, {pools} pools, without one number yet",
            out=str(out),
            region=region,
            pools=len(plugin.pools),
        )
    )
    show(listed)
    show(speak("next: {command}", command=f"pip install -e {out}"))
    show(f"      qingsuan plugins check {plugin.distribution}")
