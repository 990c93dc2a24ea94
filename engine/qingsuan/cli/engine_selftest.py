"""``qingsuan engine-selftest``: an engine is tried on a made-up year before it is trusted with a real one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from qingsuan.cli.options.engines import check_engine, engine_of, engine_options
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show
from qingsuan.messages import Lang, Words
from qingsuan.run.setting_up import set_up
from qingsuan.selftest import PEOPLE, YEAR, selftest

__all__ = ["command"]


@click.command("engine-selftest")
@engine_options
@click.option(
    "--shared",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that every machine sees under the same path; a new one inside is used, and removed.",
)
@lang_option
@results_apart
def command(engine: str, spark_master: str | None, shared: Path | None, lang: Lang) -> None:
    """Settle a made-up year of 1,000 people, cut into small pieces, locally and by the engine, and compare the bytes.

    An engine that loses rows, repeats them, or parts a person's claims is refused.
    """
    check_engine(engine, spark_master)
    with tempfile.TemporaryDirectory(prefix="qingsuan-selftest-", dir=shared) as folder:
        files = selftest(
            Path(folder),
            lambda: set_up(YEAR),
            lambda settlement, installed: engine_of(engine, spark_master, settlement, installed),
        )
    said = Words(lang).speak(
        "engine {engine}: {files} files of a made-up year of {people} people, byte for byte as settled locally",
        engine=engine,
        files=files,
        people=f"{PEOPLE:,}",
    )
    show(said)
