"""The rules of a region or pool on a date, as tables: what each file says, from which source, and what is not known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.api.arguments import PathLike
from qingsuan.errors import UsageError
from qingsuan.messages import Lang
from qingsuan.policy.model import Region, RuleSet, Source
from qingsuan.rulebook.statements import statements
from qingsuan.rulebook.text import rules_text
from qingsuan.rulebook.which import choose, dates_of, in_force
from qingsuan.rulebook.words import Words

__all__ = ["Rules", "rules"]

_FILE = {"pool": pa.string(), "schemes": pa.list_(pa.string()), "effective": pa.date32(), "file": pa.string()}
_SAID = {"place": pa.string(), "key": pa.string(), "condition": pa.string(), "text": pa.string()}
_STATEMENTS = pa.schema({**_FILE, **_SAID, "sources": pa.list_(pa.string())})
_MISSING = pa.schema(
    {**_FILE, "parameter": pa.string(), "when": pa.string(), "why": pa.string(), "overrides": pa.list_(pa.string())}
)
_SOURCES = pa.schema({**_FILE, **{one.name: pa.string() for one in fields(Source)}})


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule sets of a region or pool that are in force on a date; one row of each table names pool, schemes, date and file.

    Attributes
    ----------
    statements : pyarrow.Table
        Everything that the files say, one thing a row: ``place`` and ``key`` in the file, the ``condition`` under which it holds and
        the ``text`` of what it says, in words and yuan; ``sources`` has the keys of the sources that it names.
    missing : pyarrow.Table
        The parameters that nobody knows, ``when`` claims are refused for them, and why; without ``when`` they are only reported.
    sources : pyarrow.Table
        Document, article and grade (等级) of each source, and who answers for a reading.
    """

    date: dt.date
    statements: pa.Table
    missing: pa.Table
    sources: pa.Table
    _rule_sets: tuple[RuleSet, ...]
    _region: Region
    _rules_dir: Path | None

    def summary(self, lang: Lang = "en") -> str:
        """What the command ``qingsuan policy show`` prints, in a language."""
        return rules_text(self._rule_sets, self._region, lang, self._rules_dir)


def rules(name: str, *, date: dt.date | str, scheme: str | None = None, rules_dir: PathLike | None = None) -> Rules:
    """The rules of a region or pool, by code or name, that are in force on a date.

    Parameters
    ----------
    date
        A date, or its text (``2021-06-01``).
    scheme
        Only this scheme (险种), such as ``"390"``.
    rules_dir
        A working folder in place of the installed rules, as ``--rules-dir``.

    Raises
    ------
    UsageError
        There is no such region, pool or date, or nothing is in force then.
    PolicyError, PluginError
        The rules cannot be trusted.
    """
    day = _day(date)
    folder = None if rules_dir is None else Path(rules_dir)
    chosen = choose(name, folder)
    found = in_force(chosen.rule_sets, day, scheme)
    if not found:
        raise UsageError(
            f"date {day}",
            found=f"no rules of {name}{f', scheme {scheme},' if scheme is not None else ''} are in force on that date",
            expected=f"a date and scheme of: {dates_of(chosen.rule_sets)}",
        )
    return Rules(
        day,
        _table(_STATEMENTS, found, _statements),
        _table(_MISSING, found, _missing),
        _table(_SOURCES, found, _sources),
        found,
        chosen.region,
        folder,
    )


def _day(date: dt.date | str) -> dt.date:
    if isinstance(date, str):
        try:
            return dt.date.fromisoformat(date)
        except ValueError:
            raise UsageError(
                "date", found=f'"{date}"', expected="a date, or its text such as 2021-06-01", do="write it so"
            ) from None
    if isinstance(date, dt.datetime) or not isinstance(date, dt.date):
        raise UsageError("date", found=f"{date!r}", expected="a date, or its text such as 2021-06-01", do="give a date")
    return date


def _statements(rule_set: RuleSet) -> Iterable[dict[str, Any]]:
    for one in statements(rule_set):
        if one.place not in ("missing", "sources"):
            said = {name: getattr(one, name) for name in _SAID}
            yield {**said, "sources": [key for key in one.source.split(", ") if key]}


def _missing(rule_set: RuleSet) -> Iterable[dict[str, Any]]:
    words = Words(rule_set, "en")
    for one in rule_set.missing:
        when = None if one.when is None else words.when(one.when)
        yield {"parameter": one.parameter, "when": when, "why": one.why, "overrides": list(one.overrides)}


def _sources(rule_set: RuleSet) -> Iterable[dict[str, Any]]:
    for one in rule_set.sources.values():
        yield {name.name: getattr(one, name.name) for name in fields(Source)}


def _table(schema: pa.Schema, rule_sets: Sequence[RuleSet], rows_of: Any) -> pa.Table:
    rows = []
    for one in rule_sets:
        of = {"pool": one.pool, "schemes": list(one.schemes), "effective": one.effective, "file": one.file}
        rows += [{**of, **row} for row in rows_of(one)]
    return pa.Table.from_pylist(rows, schema=schema)
