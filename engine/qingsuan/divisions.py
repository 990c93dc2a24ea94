"""Administrative divisions (行政区划) of GB/T 2260, as far as a plugin of this project needs names.

``divisions.csv`` holds the province level, prefectures and counties of Jilin and Inner Mongolia in the edition of the
National Bureau of Statistics of 2023 (cut-off 2023-06-30), as published in ``modood/Administrative-divisions-of-China``
(WTFPL). All codes and names equal the list of the Ministry of Civil Affairs of 2019-04, except 公主岭市: 220381 became
220184 when it moved from Siping to Changchun in 2020 (:data:`RETIRED`). Codes whose fifth digit is 7 are statistical zones of that file,
which GB/T 2260 does not know.

Health-insurance agencies (医保经办机构) of a level itself use codes beside GB/T 2260 that end in 99: 220199 is the
agency of Changchun itself (长春市本级), 229900 that of the province. They are understood here without a row.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["RETIRED", "Division", "children", "code_and_name", "find", "name", "prefecture", "retired"]

RETIRED = {"220381": ("公主岭市", "220184", 2020)}
"""Codes that were taken out of GB/T 2260 (撤销的行政区划代码): the name, the code since, and the year of the change.

Nothing is settled under the new code because of this table: it only lets a refusal say what to write.
"""


@dataclass(frozen=True, slots=True)
class Division:
    """One division: its six-digit code, Chinese name, and the code of the division above (empty for a province)."""

    code: str
    name: str
    parent: str


@cache
def _divisions() -> dict[str, Division]:
    text = (files("qingsuan") / "divisions.csv").read_text("utf-8")
    return {
        row["code"]: Division(row["code"], row["name_zh"], row["parent"]) for row in csv.DictReader(text.splitlines())
    }


def find(code: str) -> Division | None:
    """Find a division, or the agency of a level itself; None if it is not known here.

    >>> find("220184"), find("220199")
    (Division(code='220184', name='公主岭市', parent='220100'), Division(code='220199', name='长春市本级', parent='220100'))
    """
    known = _divisions()
    if code in known:
        return known[code]
    level = _level_of_agency(code)
    return Division(code, f"{known[level].name}本级", level) if level in known else None


def _level_of_agency(code: str) -> str:
    """``220199`` -> ``220100``, ``229900`` -> ``220000``, anything else -> empty."""
    if len(code) == 6 and code.endswith("9900"):
        return code[:2] + "0000"
    if len(code) == 6 and code.endswith("99"):
        return code[:4] + "00"
    return ""


def name(code: str) -> str:
    """Name a division; a code that is not known here stands for itself.

    >>> name("220200"), name("990100")
    ('吉林市', '990100')
    """
    division = find(code)
    return division.name if division is not None else code


def code_and_name(code: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """A code with the name that plugins (``names``) give the place, or else its own; alone where it has none.

    >>> code_and_name("220200"), code_and_name("990100"), code_and_name("990100", {"990100": "示例市"})
    ('220200 吉林市', '990100', '990100 示例市')
    """
    known = names.get(code) or name(code)
    return code if known == code else f"{code} {known}"


def retired(code: str) -> str:
    """Say of a code that was taken out what the place is now; the empty text of any other code.

    >>> retired("220381"), retired("220184")
    ('220381 公主岭市 is 220184 since 2020', '')
    """
    if code not in RETIRED:
        return ""
    place, since, year = RETIRED[code]
    return f"{code} {place} is {since} since {year}"


def prefecture(code: str) -> str | None:
    """Give the code of the prefecture (地级市、州、盟) a county lies in; a prefecture is its own.

    None for a province, the agency of a province, and codes not known here.

    >>> prefecture("220184"), prefecture("222400"), prefecture("220000")
    ('220100', '222400', None)
    """
    division = find(code)
    if division is None or not division.parent:
        return None
    if division.parent.endswith("0000"):
        return None if division.code.endswith("9900") else division.code
    return division.parent


def children(code: str) -> tuple[Division, ...]:
    """List the divisions directly below one, sorted by code; agencies and statistical zones are not divisions.

    >>> [child.name for child in children("222400")][:2]
    ['延吉市', '图们市']
    """
    return tuple(each for each in _divisions().values() if each.parent == code and each.code[4] != "7")
