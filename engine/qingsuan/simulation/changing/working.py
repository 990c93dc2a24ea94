"""Changed rules as a working copy in memory: the text of parameter files changed, then read and checked as strictly as files.

Nothing of an installed plugin is written. A changed file stands in for the one of its name among the others of its region's
folder; all are read, compiled and held against what the region authorises (待遇清单), as a folder of ``--rules-dir`` is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Any

from qingsuan.errors import PolicyError, UsageError
from qingsuan.listing import files_in
from qingsuan.plugins import Installed
from qingsuan.plugins.rules_dir import trusted_rule_sets
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.strict import load
from qingsuan.policy.toml.file import read_text
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.rulebook.sheets.editing import with_numbers
from qingsuan.simulation.changing.asked import Change, Place, Sweep
from qingsuan.simulation.changing.parameters import Parameter, find_parameter, parameters_of

__all__ = ["Changed", "Working"]

_Files = Mapping[str, bytes]
"""The content of changed parameter files by their names."""


@dataclass(frozen=True, slots=True)
class _File:
    """A parameter file of the folder ``folder`` that is what ``content`` says."""

    name: str
    content: bytes
    folder: str

    def read_bytes(self) -> bytes:
        return self.content

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of parameter files, some of which are others or new."""

    folder: Traversable | Path
    files: _Files

    def iterdir(self) -> Iterator[Any]:
        yield from (one for one in self.folder.iterdir() if one.name not in self.files)
        yield from (self / name for name in self.files)

    def __truediv__(self, name: str) -> Any:
        return _File(name, self.files[name], str(self.folder)) if name in self.files else self.folder / name

    def __str__(self) -> str:
        return str(self.folder)


@dataclass(frozen=True, slots=True)
class Changed:
    """Rule sets of every region, some of them changed.

    Attributes
    ----------
    rule_sets : all of them.
    files : by region, every changed or new file by its name, with its content.
    folders : by region, the folder whose other files stand beside them.
    """

    rule_sets: tuple[RuleSet, ...]
    files: Mapping[str, _Files]
    folders: Mapping[str, Traversable | Path]

    def digests(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of each changed file, by region and name."""
        return {
            region: {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
            for region, files in sorted(self.files.items())
        }


class Working:
    """The rules in force, and working copies of them.

    Parameters
    ----------
    installed
        The plugins that are taken, a working folder of the base in place of one's rules.
    rule_sets
        All their rule sets.
    year
        The year that is simulated.
    """

    def __init__(self, installed: Installed, rule_sets: Iterable[RuleSet], year: int) -> None:
        self.installed, self.rule_sets, self.year = installed, tuple(rule_sets), year
        self._documents: dict[tuple[str, str, bytes], Any] = {}

    # ---- what changes

    def nothing(self) -> Changed:
        """The rules in force."""
        return Changed(self.rule_sets, {}, {})

    def with_rules(self, rules: Path) -> Changed:
        """A file in the place of the one of its pool, schemes and date, or beside those; or a folder in the place of a region's.

        Raises
        ------
        UsageError
            There is no such file or folder.
        PolicyError
            It cannot be trusted, or is of no installed region.
        """
        where = f"--rules {rules}"
        if rules.is_dir():
            return self._with_folder(rules, where)
        if not rules.is_file():
            raise UsageError(where, found="no such file or folder", expected="a *.toml, or a folder of them")
        region = self._owner(rules, where)
        new = read_rule_set(rules, codes=region.codes, functions=tuple(region.functions))
        same = next((one for one in self.rule_sets if one.name == new.name), None)
        name = rules.name if same is None else PurePath(same.file).name
        return self._read({region.code: {name: rules.read_bytes()}}, {}, where)

    def _with_folder(self, folder: Path, where: str) -> Changed:
        files = {file.name: file.read_bytes() for file in files_in(folder, "*.toml")}
        if not files:
            raise UsageError(
                where, found="a folder without *.toml", expected="one *.toml for each rule set of a region"
            )
        codes = sorted({self._owner(folder / name, where).code for name in files})
        if len(codes) > 1:
            raise UsageError(where, found=f"files of the regions {', '.join(codes)}", expected="one region")
        return self._read({codes[0]: files}, {codes[0]: folder}, where)

    def with_numbers(self, changed: Changed, changes: Sequence[Change], option: str = "--set") -> Changed:
        """Numbers changed in rules that may be changed already.

        Raises
        ------
        UsageError
            A path leads to no number, or to no single rule set.
        PolicyError
            The changed files cannot be trusted: a value is outside its bounds, or beyond what the region may set.
        """
        if not changes:
            return changed
        by_file: dict[tuple[str, str], list[tuple[tuple[str | int, ...], tuple[Any, ...]]]] = {}
        for one in changes:
            where = f"{option} {one}"
            rule_set = self._rule_set(changed, one.place, where)
            region = self.region_of(rule_set.pool, where).code
            name = PurePath(rule_set.file).name
            parameter, at = self._parameter(changed, region, name, one.place, where)
            by_file.setdefault((region, name), []).append((parameter.keys, _items(parameter, at, one, where)))
        files = {region: dict(held) for region, held in changed.files.items()}
        for (region, name), edits in by_file.items():
            text = self._content(changed, region, name).decode("utf-8-sig")
            files.setdefault(region, {})[name] = with_numbers(text, edits).encode()
        return self._read(files, changed.folders, f"{option} {'; '.join(map(str, changes))}")

    def check_sweep(self, changed: Changed, sweep: Sweep) -> str:
        """Check that a sweep is of one number, and return the unit of that.

        Raises
        ------
        UsageError
            Its path leads to no number, to a list of several, or to no single rule set.
        """
        where = f"--sweep {sweep}"
        rule_set = self._rule_set(changed, sweep.place, where)
        region = self.region_of(rule_set.pool, where).code
        parameter, at = self._parameter(changed, region, PurePath(rule_set.file).name, sweep.place, where)
        if at is None and isinstance(parameter.written, tuple) and len(parameter.written) > 1:
            written = "/".join(map(str, parameter.written))
            do = f"name one of them: {parameter.path}[1] is the first"
            raise UsageError(where, found=f"a list of numbers, {written}", expected="one number", do=do)
        return parameter.unit

    def parameters(self, changed: Changed, rule_set: RuleSet) -> tuple[Parameter, ...]:
        """Every number of a rule set by its path."""
        region = self.region_of(rule_set.pool, rule_set.file).code
        return self._parameters(changed, region, PurePath(rule_set.file).name)

    def region_of(self, pool: str, where: str) -> Region:
        """The region that serves a pool.

        Raises
        ------
        UsageError
            Nobody does.
        """
        owner = self.installed.pool_of(pool)
        if owner is None:
            known = sorted(one.code for region in self.installed.regions for one in region.pools)
            expected = f"one of {', '.join(known) or '(no plugin is installed)'}"
            raise UsageError(
                where,
                found=f'no pool "{pool}"',
                expected=expected,
                do=did_you_mean(pool, known) or "“qingsuan plugins”",
            )
        return owner[0]

    def in_force(self) -> tuple[RuleSet, ...]:
        """The rule sets that are in force on some day of the year, by pool, schemes and date."""
        found = {}
        for pool, scheme in {(one.pool, scheme) for one in self.rule_sets for scheme in one.schemes}:
            own = [one for one in self.rule_sets if one.pool == pool and scheme in one.schemes]
            for one in _in_the_year(sorted(own, key=lambda each: each.effective), self.year):
                found[one.pool, one.schemes, one.effective] = one
        return tuple(found[key] for key in sorted(found))

    def files_of(self, changed: Changed, region: Region) -> dict[str, bytes]:
        """Every file of a region's folder as it is with the changes."""
        folder = self._folder_of(changed, region.code)
        there = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
        return {**there, **changed.files.get(region.code, {})}

    # ---- inside

    def _owner(self, file: Path, where: str) -> Region:
        """The region whose pool a parameter file names."""
        return self.region_of(load(file, label=str(file)).table("ruleset").text("pool"), where)

    def _parameter(
        self, changed: Changed, region: str, name: str, place: Place, where: str
    ) -> tuple[Parameter, int | None]:
        return find_parameter(self._parameters(changed, region, name), place.path, where)

    def _parameters(self, changed: Changed, region: str, name: str) -> tuple[Parameter, ...]:
        content = self._content(changed, region, name)
        key = (region, name, content)
        if key not in self._documents:
            self._documents[key] = parameters_of(tomllib.loads(content.decode("utf-8-sig")))
        found: tuple[Parameter, ...] = self._documents[key]
        return found

    def _content(self, changed: Changed, region: str, name: str) -> bytes:
        if name in changed.files.get(region, {}):
            return changed.files[region][name]
        return read_text(self._folder_of(changed, region) / name).encode()

    def _folder_of(self, changed: Changed, code: str) -> Traversable | Path:
        if code in changed.folders:
            return changed.folders[code]
        rules = next(one for one in self.installed.regions if one.code == code).rules
        assert rules is not None, "a region with a rule set has a folder"
        return Path(rules) if isinstance(rules, str) else rules

    def _rule_set(self, changed: Changed, place: Place, where: str) -> RuleSet:
        """The rule set that a place names: of those in force in the year, the one of its pool, scheme and date."""
        self.region_of(place.pool, where)
        of_pool = [one for one in changed.rule_sets if one.pool == place.pool]
        own = sorted((one for one in of_pool if place.scheme in one.schemes), key=lambda one: one.effective)
        if not own:
            known = ", ".join(sorted({scheme for one in of_pool for scheme in one.schemes})) or "(it has no rule set)"
            raise UsageError(
                where, found=f'no scheme "{place.scheme}" of pool {place.pool}', expected=f"one of {known}"
            )
        named = [one for one in own if place.date in ("", one.effective.isoformat())]
        if not place.date:
            named = _in_the_year(own, self.year)
        if len(named) == 1:
            return named[0]
        dates = ", ".join(f"{place.pool}/{place.scheme}/{one.effective.isoformat()}" for one in own)
        found = f"no rule set of {place.date}" if place.date else f"{len(named)} rule sets in force in {self.year}"
        raise UsageError(where, found=found, expected=f"one of {dates}", do="write the date, too")

    def _read(self, files: Mapping[str, _Files], folders: Mapping[str, Traversable | Path], where: str) -> Changed:
        rule_sets: list[RuleSet] = []
        for region in self.installed.regions:
            codes = {pool.code for pool in region.pools}
            if region.code not in files:
                rule_sets += [one for one in self.rule_sets if one.pool in codes]
                continue
            given = Changed((), files, folders)
            folder: Any = _Folder(self._folder_of(given, region.code), files[region.code])
            try:
                rule_sets += trusted_rule_sets(replace(region, rules=folder))
            except PolicyError as error:
                raise PolicyError(
                    f"{where}: {error.where}", found=error.found, expected=error.expected, do=error.do
                ) from error
        return Changed(tuple(rule_sets), files, folders)


def _in_the_year(rule_sets: Sequence[RuleSet], year: int) -> list[RuleSet]:
    """Of successive rule sets those in force on some day of a year."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    found = []
    for one, following in zip(rule_sets, [*rule_sets[1:], None], strict=True):
        ends = [day for day in (one.until, following and following.effective - dt.timedelta(days=1)) if day]
        if one.effective <= last and all(day >= first for day in ends):
            found.append(one)
    return found


def _items(parameter: Parameter, at: int | None, change: Change, where: str) -> tuple[Any, ...]:
    """The numbers that are to stand in a parameter's place: all of its list, where one of them is meant the others as they are."""
    if at is None:
        return change.items
    if len(change.items) != 1:
        raise UsageError(where, found=f"{len(change.items)} numbers", expected="one, for one place of a list")
    written: tuple[Any, ...] = parameter.written
    return tuple(change.items[0] if place == at else None for place in range(len(written)))
