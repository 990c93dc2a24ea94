"""Names of columns that are nearly those of the interface: an optional column that is misspelt must not count as absent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.source import Source
from qingsuan.tables import ACCUMULATORS, CLAIMS, IDENTITIES, INSURED, INTERFACE, REGISTRATIONS

__all__ = ["INTERFACE_NAMES", "check_names", "names_unread", "nearest", "told_of_inputs", "unread_names"]

INTERFACE_NAMES = frozenset(
    column.name
    for columns in (CLAIMS, INSURED, IDENTITIES, REGISTRATIONS, ACCUMULATORS, INTERFACE)
    for column in columns
)
"""Names that mean something of their own: none of them is another one misspelt."""

_TERM = re.compile(r"[\u4e00-\u9fff]+(?:ID)?|$")
"""A term of the interface, as the meaning of a column has it: nothing where it has none."""


def _names_by_term() -> dict[str, tuple[str, ...]]:
    """The term of the interface for each column that decides something, with the columns that have it."""
    terms = [(_TERM.search(column.meaning), column.name) for column in (*CLAIMS, *INSURED, *IDENTITIES, *REGISTRATIONS)]
    found = [(match[0], name) for match, name in terms if match is not None]
    found += [(column.term, column.name) for column in INTERFACE if column.treated == "refused"]
    return {term: tuple(dict.fromkeys(name for one, name in found if one == term)) for term, _ in found if term}


_OTHERWISE: dict[str, tuple[str, ...]] = {
    "begndate": ("begntime",),
    "begntime": ("begndate",),
    "enddate": ("endtime",),
    "endtime": ("enddate",),
    **_names_by_term(),
}
"""What a column is called besides: the name that another table has for it, or its term as a heading."""

_LEAST_LETTERS = 5
_MOST_NAMES = 100
_TOLD = 8


def check_names(source: Source, known: Collection[str]) -> None:
    """Check that no column, and no folder ``key=value`` on the way to the file, has a name that is nearly a known one.

    Parameters
    ----------
    known
        Every name that somebody reads in this table.

    Raises
    ------
    InputError
        A name is a known one but for blanks, case, width, signs or one letter, or a key of the path is a column.
    """
    name, nearly = _first_nearly(tuple(source.schema.names), frozenset(known))
    if nearly:
        raise InputError(
            f"{source.where}: column “{_shown(name)}”",
            found=f"nearly the name {nearly}: did you mean that?",
            expected="the names of the interface as they are; what nobody reads must not look like one of them",
            do=f'call it {nearly}, or say columns.{_key(name)} = "{nearly}" in an intake file; or if it is something else, '
            "call it otherwise",
        )
    keys = (*source.keys_below, *(key for key in source.keys_above if key not in source.schema.names))
    for key in keys:
        nearly = key if key in known else nearest(key, known, frozenset())
        if nearly:
            raise InputError(
                f"{source.where}: folder “{_shown(key)}=…”",
                found=f"a value of {nearly} in the name of a folder",
                expected=f"a folder {nearly}=… below the place that is named, or the values in the file",
                do=f"name the folder above it, call it {nearly}=…, or write the column {nearly} into the files",
            )


def names_unread(source: Source, known: Collection[str]) -> list[str]:
    """Names of a file that nobody reads: its columns, and the keys of folders ``key=value`` that it was found in."""
    columns = [name for name in source.schema.names if name not in known]
    return columns + [f"{key}=… (a folder)" for key in source.keys_below]


def unread_names(sources: Iterable[Source], unread: Mapping[str, Sequence[str]], known: Collection[str]) -> list[str]:
    """Columns that nobody reads, by name, each once, with the known name that one resembles where that is not there."""
    found: dict[str, str] = {}
    for source in sources:
        mine = unread.get(source.name, ())
        there = frozenset(known) - frozenset(source.schema.names) if mine else frozenset()
        for name in mine:
            if len(found) < _MOST_NAMES and not found.get(name):
                found[name] = _resembled(name, there)
    return [f"{_shown(name)} (did you mean {other}?)" if other else _shown(name) for name, other in found.items()]


def told_of_inputs(table: str, unread: Sequence[str], left_out: Sequence[str]) -> Iterator[str]:
    """What a person should know of a table's files before they are read, a line for each thing."""
    for what, names in (("columns nobody reads", unread), ("left out by name", left_out)):
        more = f" and {len(names) - _TOLD} more (run.json has them all)" if len(names) > _TOLD else ""
        if names:
            yield f"{table}: {what}: {', '.join(names[:_TOLD])}{more}"


@lru_cache(maxsize=4096)
def _resembled(name: str, known: frozenset[str]) -> str:
    """The known name that an unknown one resembles; empty if there is none."""
    bare = {_bare(one): one for one in sorted(known)}
    close = get_close_matches(_bare(name), bare, 1, 0.8)
    return bare[close[0]] if close else ""


@lru_cache(maxsize=64)
def _first_nearly(names: tuple[str, ...], known: frozenset[str]) -> tuple[str, str]:
    """The first name of a file that is nearly a known one, and that one; empty if there is none."""
    there = frozenset(names)
    found = ((name, nearest(name, known, there)) for name in names)
    return next(((name, nearly) for name, nearly in found if nearly), ("", ""))


def nearest(name: str, known: Collection[str], there: frozenset[str]) -> str:
    """The known name that this one nearly is, where it is not ``there`` itself; empty if it is known itself, or nearly none."""
    if name in known:
        return ""
    bare = _bare(name)
    meant = [one for one in _OTHERWISE.get(bare, _OTHERWISE.get(name, ())) if one in known]
    if meant and not there.intersection(meant):
        return meant[0]
    if name in INTERFACE_NAMES:
        return ""
    alike, close, ends = _looked_up(known if isinstance(known, frozenset) else frozenset(known))
    if bare in alike:
        return alike[bare]
    if bare[:2] not in ends and bare[-2:] not in ends:
        return ""
    candidates = {one for key in _less_one(bare) for one in close.get(key, ())}
    return next((one for one in sorted(candidates) if one not in there and _one_off(bare, _bare(one))), "")


@lru_cache(maxsize=64)
def _looked_up(known: frozenset[str]) -> tuple[dict[str, str], dict[str, list[str]], frozenset[str]]:
    """The known names by their letters; and, of those long enough to be mistyped, by their letters less one at most, and their ends.

    A file may have a hundred thousand columns: none is compared with every known name. Whatever is mistyped once, of five letters or
    more the first two are right, or the last two.
    """
    alike = {_bare(one): one for one in sorted(known, reverse=True)}
    close: dict[str, list[str]] = {}
    for one in known:
        if len(_bare(one)) >= _LEAST_LETTERS:
            for key in _less_one(_bare(one)):
                close.setdefault(key, []).append(one)
    ends = {end for one in close.values() for name in one for end in (_bare(name)[:2], _bare(name)[-2:])}
    return alike, close, frozenset(ends)


def _less_one(bare: str) -> set[str]:
    """The letters, and what is left of them without one: names that are one letter apart, or two exchanged, have one in common."""
    return {bare, *(bare[:at] + bare[at + 1 :] for at in range(len(bare)))}


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    """Letters and digits of a name, in half width and lower case."""
    if name.isascii() and (bare := name.replace("_", "")).isalnum():
        return bare.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def _one_off(one: str, other: str) -> bool:
    """Whether one letter more, one less, another one, or two exchanged neighbours make one name the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[same:] == other[same + 1 :]
    exchanged = one[same + 1 : same + 2] + one[same : same + 1] + one[same + 2 :]
    return one[same + 1 :] == other[same + 1 :] or exchanged == other[same:]


def _key(name: str) -> str:
    """A name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{_shown(name)}"'


def _shown(name: str) -> str:
    """A name with escapes for what cannot be seen; of no letters at all, in quotes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name) or "“”"
