"""What funding rules and premium rules say alike in their TOML files, read strictly: region, schemes, standard, counties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from qingsuan.errors import PolicyError
from qingsuan.heads.standards import MAX_STANDARD_FEN, Standard
from qingsuan.money import yuan
from qingsuan.policy.model import Region, Source
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.file import files_in
from qingsuan.tables import CODES

__all__ = ["apart_of", "codes_of", "counties_of", "read_folder", "region_of", "schemes_of", "standard_of"]

_PREFIX = re.compile(r"\d{2}|\d{4}|\d{6}")


class _OfAYear(Protocol):
    """What is asked of a rule that is read from a file of a folder."""

    @property
    def file(self) -> str:
        """The file."""

    @property
    def region(self) -> str:
        """The code of the region."""

    @property
    def year(self) -> int:
        """The year."""


_Rule = TypeVar("_Rule", bound=_OfAYear)


def read_folder(
    region: Region, folder: Any, kind: str, read: Callable[[Traversable | Path], _Rule]
) -> dict[int, _Rule]:
    """Read every file of a region's folder of rules, one per year; empty where the region has none.

    Raises
    ------
    PolicyError
        The folder or a file cannot be read, a file is of another region, or two files are of one year.
    """
    if folder is None:
        return {}
    place: Traversable | Path = Path(folder) if isinstance(folder, str) else folder
    rules: dict[int, _Rule] = {}
    for file in files_in(place, f"the {kind} folder of {region.code} {region.name}", kind):
        rule = read(file)
        if rule.region != region.code:
            raise PolicyError(
                f"{file}: {kind}.region",
                found=f'"{rule.region}"',
                expected=f'"{region.code}", the region of the plugin that ships the file',
                do="a plugin brings the rules of its own region only",
            )
        if rule.year in rules:
            raise PolicyError(
                f"{file}: {kind}.year",
                found=f"{rule.year} again; {rules[rule.year].file} has it too",
                expected="one file per year",
                do="take one of the two away",
            )
        rules[rule.year] = rule
    return rules


def region_of(head: Table) -> str:
    """The code of the region that a file is for."""
    region = head.text("region")
    if re.fullmatch(r"[1-9]\d0000", region) is None:
        head.refuse(
            "region",
            found=f'"{region}"',
            expected='six digits ending in 0000, such as "220000"',
            do="write the code of the region that the plugin serves",
        )
    return region


def schemes_of(head: Table) -> tuple[str, ...]:
    """The schemes (险种) whose members a rule is for."""
    schemes = head.texts("schemes")
    for number, scheme in enumerate(schemes, 1):
        if scheme not in CODES["insutype"]:
            head.refuse(
                f"schemes[{number}]",
                found=f'"{scheme}"',
                expected="a code of insutype, such as 390",
                do="write a scheme of the national table",
            )
    if not schemes:
        head.refuse("schemes", found="an empty list", expected="at least one scheme", do='write schemes = ["390"]')
    return schemes


def standard_of(table: Table, sources: Mapping[str, Source]) -> Standard:
    """The standard per head: exact, or a minimum."""
    fen = table.yuan_fen("yuan")
    if not 0 < fen <= MAX_STANDARD_FEN:
        table.refuse(
            "yuan",
            found=yuan(fen),
            expected=f"above 0, at most {yuan(MAX_STANDARD_FEN)} yuan per head",
            do="write the amount of the document",
        )
    return Standard(fen, table.flag("minimum"), cite(table, sources))


def counties_of(root: Table, region: str, sources: Mapping[str, Source]) -> dict[str, str]:
    """County-level codes beyond the engine's divisions, with their names."""
    if not root.has("counties"):
        return {}
    table = root.table("counties")
    cite(table, sources)
    names = table.table("names")
    for code in names.names():
        if re.fullmatch(rf"{region[:2]}\d{{4}}", code) is None:
            names.refuse(
                code,
                found=f'"{code}"',
                expected=f"a county-level code: six digits beginning with {region[:2]}",
                do="correct the code",
            )
    return {code: names.text(code) for code in names.names()}


def apart_of(root: Table, region: str, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Counties that are reported beside the prefectures."""
    if not root.has("apart"):
        return ()
    table = root.table("apart")
    cite(table, sources)
    return codes_of(table, "admdvs", region, only_counties=True)


def codes_of(table: Table, key: str, region: str, *, only_counties: bool = False) -> tuple[str, ...]:
    """A list of codes, or of prefixes of them, in the region."""
    codes = table.texts(key)
    for number, code in enumerate(codes, 1):
        ok = _PREFIX.fullmatch(code) is not None and code.startswith(region[:2])
        if not ok or (only_counties and len(code) != 6):
            length = "6" if only_counties else "2, 4 or 6"
            table.refuse(
                f"{key}[{number}]",
                found=f'"{code}"',
                expected=f"{length} digits beginning with {region[:2]}",
                do="correct the code",
            )
    if not codes:
        table.refuse(key, found="an empty list", expected="at least one code", do="name one, or take the table out")
    return codes
