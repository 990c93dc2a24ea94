"""The fingerprint of a run: everything that decides a byte of its result, by name, so that a change can be named.

The header is the ledger's first line. It is compared before a run goes on: with one input, parameter or plugin changed,
half of the result would be settled by one rule and half by another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan import __version__
from qingsuan.errors import InputError, PluginError, PolicyError, QingsuanError, UsageError
from qingsuan.plugins import Installed
from qingsuan.plugins.digest import definition_of
from qingsuan.plugins.places import files_below
from qingsuan.run.inputs import Source
from qingsuan.run.restart.digests import InputDigests
from qingsuan.settlement import Settlement

__all__ = ["by_what", "changes", "check_prepared", "check_same", "header_of", "named", "read_by", "with_digests"]

VERSION = 1
"""Of the ledger's own form."""

_READABLE = 64

_KINDS: tuple[tuple[str, type[QingsuanError], str], ...] = (
    ("options", UsageError, "give the same options as before"),
    ("software", PluginError, "install the versions that began it"),
    ("plugins", PluginError, "install the plugins that began it"),
    ("rules", PolicyError, "put the rules back that began it"),
    ("tables of the bureau", PolicyError, "give the same tables as before"),
    ("inputs", InputError, "give the same files as before"),
    ("partitions", UsageError, "give the same --partitions as before"),
)
"""What is compared, in this order: unless their number is given, partitions follow from the rows of the input."""


def header_of(
    settlement: Settlement,
    inputs: Mapping[str, Source],
    installed: Installed,
    partitions: int,
    intakes: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """All that is known of a run before a row is read: each part maps names to what they were.

    The digests of input files come later (:func:`with_digests`): they are worked out while the files are read.
    """
    own = settlement.identity()
    options = {**own.get("options", {}), "partitions": partitions, "encoding of CSV": _encodings(inputs)}
    if installed.allowed is not None:
        options["allow"] = installed.allowed.sha256
    if intakes:
        options["intake"] = [one["sha256"] for one in intakes]
    return {
        "ledger": VERSION,
        "settlement": settlement.name,
        **own,
        "options": options,
        **by_what(settlement, installed),
        "inputs": _rows(inputs),
    }


def named(tables: Mapping[str, Sequence[Source]]) -> dict[str, Source]:
    """Every input file of every table under a name that tells it from the others."""
    return {
        f"{table} {source.number + 1} {source.name}": source for table, sources in tables.items() for source in sources
    }


def _encodings(inputs: Mapping[str, Source]) -> list[str]:
    return sorted({source.encoding for source in inputs.values() if source.kind == "csv"})


def _rows(inputs: Mapping[str, Source]) -> dict[str, dict[str, Any]]:
    return {name: {"rows": source.rows} for name, source in inputs.items()}


def _software() -> dict[str, str]:
    return {"qingsuan": __version__, "numpy": np.__version__, "pyarrow": pa.__version__}


def by_what(settlement: Settlement, installed: Installed) -> dict[str, dict[str, Any]]:
    """By which software, plugins and rules: what must be the same on every machine that works on one run."""
    return {
        "software": _software(),
        "plugins": _plugins(installed),
        "rules": {
            **settlement.identity().get("rules", {}),
            **dict(_files((region.code, settlement.rule_folder(region)) for region in installed.regions)),
        },
    }


def with_digests(header: dict[str, Any], inputs: Mapping[str, Source], digests: InputDigests) -> dict[str, Any]:
    """The whole header; waits for the digests."""
    found = {
        name: {"rows": source.rows, "bytes": digests.size(source), "sha256": digests.of(source)}
        for name, source in inputs.items()
    }
    return {**header, "inputs": found}


def check_same(earlier: Mapping[str, Any], now: Mapping[str, Any], where: str) -> None:
    """Compare the header of a run that is to go on with this one's.

    Raises
    ------
    UsageError, PluginError, PolicyError, InputError
        Something changed: the options; software or plugins; the rules; the input.
    """
    if (earlier.get("ledger"), earlier.get("settlement")) != (now["ledger"], now["settlement"]):
        raise UsageError(
            where,
            found=f"a run of {earlier.get('settlement')}, ledger {earlier.get('ledger')}",
            expected=f"one of {now['settlement']}, ledger {now['ledger']}",
            do="give another --out",
        )
    before, after = _by_kind(earlier), _by_kind(now)
    for kind, error, do in _KINDS:
        found = list(changes(before.get(kind, {}), after.get(kind, {})))
        if found:
            raise error(
                where,
                found=f"--resume with other {kind}: {'; '.join(found[:10])}",
                expected="everything as it was when the run began",
                do=f"{do}; or settle anew with --overwrite",
            )


def check_prepared(earlier: Mapping[str, Any], now: Mapping[str, Any], where: str) -> None:
    """Compare by what a year was prepared with what it is to be settled, or added to, by.

    Raises
    ------
    UsageError, PluginError, PolicyError
        Rows would be read otherwise now: by other options; software or plugins; other columns or dates.
    """
    errors = {"options": UsageError, "software": PluginError, "plugins": PluginError}
    for kind in sorted({*earlier, *now}):
        found = list(changes(earlier.get(kind, {}), now.get(kind, {})))
        if found:
            raise errors.get(kind, PolicyError)(
                where,
                found=f"a year that was prepared by other {kind}: {'; '.join(found[:10])}",
                expected="what rows are read by as it was then",
                do="prepare the year again",
            )


def read_by(settlement: Settlement, installed: Installed) -> dict[str, dict[str, Any]]:
    """By what rows are read: what a prepared year must have in common with a run."""
    return {**settlement.reading(), "software": _software(), "plugins": _plugins(installed)}


def _by_kind(header: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a header, the number of partitions apart from the other options; what is no mapping has no names."""
    parts = {kind: dict(part) for kind, part in header.items() if isinstance(part, Mapping)}
    options = parts.get("options", {})
    parts["partitions"] = {name: options.pop(name) for name in ("partitions",) if name in options}
    return parts


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What of two parts of a header is not the same, by name."""
    for name in sorted({*earlier, *now}):
        if name not in now:
            yield f"{name} is gone"
        elif name not in earlier:
            yield f"{name} is new"
        elif isinstance(now[name], dict):  # what is not yet known (the digest of an input) is compared later
            before = earlier[name]
            other = [key for key, value in now[name].items() if before.get(key) != value]
            said = ", ".join(text for key in other if (text := _became(before.get(key), now[name][key], key)))
            if other:
                yield f"{name}: its content changed ({said})" if said else f"{name}: its content changed"
        elif earlier[name] != now[name]:
            yield f"{name}: {_became(earlier[name], now[name]) or 'its content changed'}"


def _became(before: Any, now: Any, key: str = "") -> str:
    """Two values in words, those of a key behind its name; nothing where one is too long to be read, as a digest is."""
    if any(len(str(value)) >= _READABLE for value in (before, now)):
        return ""
    return f"{key} {before} before, {now} now" if key else f"{before} before, {now} now"


def _plugins(installed: Installed) -> dict[str, Any]:
    found = {}
    for plugin in installed.plugins:
        state = plugin.problem if plugin.region is None else definition_of(plugin.region)
        found[plugin.distribution] = {"version": plugin.version, "region": state}
    return found


def _files(folders: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Digest of every file of rules, by region and name, in the folders of regions that have one."""
    for region, folder in folders:
        if folder is not None:
            for name, content in files_below(folder):
                yield f"{region} {name}", hashlib.sha256(content).hexdigest()
