"""What every run writes about itself: the software, the plugins, the inputs and the output, by number and digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from qingsuan import __version__
from qingsuan.plugins import Installed
from qingsuan.run.inputs import Source, digest_of
from qingsuan.run.model import Inputs

__all__ = ["of_inputs", "of_plugins", "of_run"]


def of_inputs(
    sources: Iterable[Source], digest: Callable[[Source], str] = lambda source: digest_of(source.path)
) -> list[dict[str, Any]]:
    """Name, size in rows and digest of input files; ``digest`` gives one that is known already."""
    return [
        {
            "file": source.name,
            "rows": source.rows,
            "sha256": digest(source),
            **({} if source.said is None else {"intake": source.said.sha256}),
        }
        for source in sources
    ]


def of_plugins(installed: Installed) -> list[dict[str, Any]]:
    """Every plugin that was found, with the names of its pools, and with the reason where it is refused."""
    return [
        {
            "plugin": plugin.distribution,
            "version": plugin.version,
            "region": None if plugin.region is None else plugin.region.code,
            "pools": {} if plugin.region is None else {pool.code: pool.name for pool in plugin.region.pools},
            "problem": plugin.problem,
            **({} if plugin.working_copy is None else {"working_copy": plugin.working_copy.record()}),
        }
        for plugin in installed.plugins
    ]


def of_run(
    name: str,
    year: int,
    installed: Installed,
    partitions: int,
    inputs: Mapping[str, list[dict[str, Any]]],
    given: Inputs,
    unread: Mapping[str, Sequence[str]],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """The run record.

    Parameters
    ----------
    inputs
        Of each table, its files (:func:`of_inputs`).
    given
        What came in: the files that were left out, and the intake files.
    unread
        Columns that nobody reads, by file.
    own
        What the settlement says of itself.
    """
    warnings = [f"plugin {plugin.title} is refused: {plugin.problem}" for plugin in installed.broken]
    warnings += [
        f"plugin {plugin.title}: working copy: its rules are those of the folder {plugin.working_copy.folder} "
        f"(SHA-256 {plugin.working_copy.sha256}), not those that were installed"
        for plugin in installed.plugins
        if plugin.working_copy is not None
    ]
    warnings += [f"{file}: columns nobody reads: {', '.join(names)}" for file, names in sorted(unread.items())]
    return {
        "settlement": name,
        "year": year,
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": of_plugins(installed),
        **({} if installed.allowed is None else {"allowed": installed.allowed.record()}),
        "partitions": partitions,
        "inputs": dict(inputs),
        "left_out": {table: list(names) for table, names in given.left_out.items() if names},
        **({"intake": [dict(one) for one in given.intakes]} if given.intakes else {}),
        **own,
        "warnings": [*warnings, *own["warnings"]],
    }
