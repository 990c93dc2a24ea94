"""What several parts of the text are made of: lines further in, sources, conditions, rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qingsuan.explain.document import Condition, Source
from qingsuan.explain.names import Names

__all__ = ["cells", "conditions", "indented", "sources"]


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Lines two cells further in."""
    return (f"  {line}" for line in lines)


def sources(names: Names, found: Iterable[Source]) -> Iterator[str]:
    """The documents that a value comes from: a line for each."""
    speak = names.words.speak
    grades = {"reading": speak("reading"), "derived": speak("derived"), "made-up": speak("made up")}
    for one in found:
        owner = f", {one.owner}" if one.owner else ""
        yield f"[{grades.get(one.grade, one.grade)}{owner}] {one.document} {one.article}"


def conditions(names: Names, found: Iterable[Condition]) -> Iterator[str]:
    """Conditions, each with the value that met it or did not."""
    speak = names.words.speak
    for one in found:
        verdict = speak("met") if one.met else speak("not met")
        if one.alternatives:
            yield f"{one.says}: {verdict}"
            continue
        value = speak("nothing") if one.value is None else one.value
        yield f"{names.dimension(one.dimension)}: {one.says} — {value}: {verdict}"


def cells(names: Names, table: str, row: Mapping[str, str]) -> str:
    """A row of a table in one line: what each column is called, and its cell."""
    return "; ".join(f"{names.column(table, name)} {names.code(name, text)}" for name, text in row.items())
