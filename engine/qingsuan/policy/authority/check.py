"""A region's rule sets held against what it authorises, for every combination of claims that a rule can pay.

A value that nobody authorised, or one outside its bounds, is a finding that names both documents and both values; a rule
set that goes beyond says so with ``[[beyond]]``, its reason and its source.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from qingsuan.money import yuan
from qingsuan.policy.authority.model import AMOUNTS, STANDARDS, Authorised, Authority, Bounds, EqualTilts, Setting
from qingsuan.policy.authority.values import Value, as_tilt, tilt_text, values_of
from qingsuan.policy.decision import Combination, combinations
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Codes, Interval, RuleSet, Source, When
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["AuthorisedValue", "authorised_values", "check_authority", "check_standard"]

_EPOCH = dt.date(1970, 1, 1)


def check_authority(rule_sets: Iterable[RuleSet], authorities: Sequence[Authority]) -> Iterator[Finding]:
    """Hold the rule sets of a region against what it authorises; without an authority file nothing is asked.

    Raises
    ------
    PolicyError
        A rule set contradicts itself (see :func:`qingsuan.policy.decision.build`).
    """
    for judge in _judges(rule_sets, authorities):
        yield from judge.findings()


def authorised_values(rule_sets: Iterable[RuleSet], authorities: Sequence[Authority]) -> Iterator[AuthorisedValue]:
    """Every value that rule sets set, and what authorises it, in an order that only conditions and dates decide.

    Raises
    ------
    PolicyError
        A rule set contradicts itself (see :func:`qingsuan.policy.decision.build`).
    """
    for judge in _judges(rule_sets, authorities):
        yield from judge.authorised()


def _judges(rule_sets: Iterable[RuleSet], authorities: Sequence[Authority]) -> Iterator[_Judge]:
    following: dict[tuple[str, str], int] = {}
    for rule_set in sorted(rule_sets, key=lambda one: one.effective, reverse=True):
        series = [(rule_set.pool, scheme) for scheme in rule_set.schemes]
        ends = [following[one] for one in series if one in following]
        if rule_set.until is not None:
            ends.append(_day(rule_set.until) + 1)
        following.update(dict.fromkeys(series, _day(rule_set.effective)))
        days = Interval(_day(rule_set.effective), max(ends, default=None))
        yield _Judge(rule_set, days, authorities)


def check_standard(
    authorities: Sequence[Authority],
    *,
    setting: Setting,
    file: str,
    year: int,
    standard_fen: int,
    cited: Sequence[Source],
) -> Iterator[Finding]:
    """Hold a standard per head, one of :data:`STANDARDS`, against every bound that the region's files state for its year."""
    for authority in authorities:
        for one in authority.authorised:
            if one.settings == (setting,) and one.year == year and not _within(one.bounds, [standard_fen]):
                yield Finding(
                    file,
                    "standard.yuan",
                    found=f"{yuan(standard_fen)} per head and year; {_documents(cited)}",
                    expected=f"{_bounds_text(one.bounds, setting)}: {_by(authority, one.id, one.source)}",
                    do="correct the standard, or the bound of the authority file",
                )


@dataclass(frozen=True, slots=True)
class AuthorisedValue:
    """A value of a rule set for the claims that a rule pays in one way, the file in force, and what of it names such values."""

    rule_set: RuleSet
    value: Value
    authority: Authority
    by: tuple[Authorised, ...]


@dataclass
class _Judge:
    """One rule set before the files that are in force in its days."""

    rule_set: RuleSet
    days: Interval
    authorities: Sequence[Authority]
    asked: list[When] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        files = self._files_in_force()
        if files:
            self._judge(files)
            yield from self.found.values()
        yield from self._beyond(files)

    def _files_in_force(self) -> list[_File]:
        files = []
        for number, authority in enumerate(self.authorities):
            later = self.authorities[number + 1].effective if number + 1 < len(self.authorities) else None
            in_force = Interval(_day(authority.effective), None if later is None else _day(later))
            days = _both(self.days, in_force)
            if days is not None:
                files.append(_File(authority, days, self))
        return files

    def ask(self, when: When, days: Interval) -> int | None:
        """Have a condition asked of every combination, within some days; its number, or None where no day is in both."""
        own = when.get("date")
        both = _both(days, own) if isinstance(own, Interval) else days
        if both is None:
            return None
        self.asked.append({**when, "date": both})
        return len(self.asked) - 1

    def authorised(self) -> Iterator[AuthorisedValue]:
        for file, at, values in self._in_force(self._files_in_force()):
            for value in values:
                yield AuthorisedValue(self.rule_set, value, file.authority, tuple(file.by(at, value)))

    def _judge(self, files: Sequence[_File]) -> None:
        for file, at, values in self._in_force(files):
            file.judge(at, values)
        for file in files:
            file.judge_tilts()

    def _in_force(self, files: Sequence[_File]) -> Iterator[tuple[_File, Combination, tuple[Value, ...]]]:
        """Each file with every combination of claims within the days in which both are in force, and what is set for it."""
        known: dict[tuple[int, tuple[tuple[str, tuple[int, ...]], ...]], tuple[Value, ...]] = {}
        for one in combinations(self.rule_set, self.asked) if files else ():
            key = (one.rule, tuple(sorted(one.cases.items())))
            if key not in known:
                known[key] = tuple(values_of(self.rule_set, one))
            yield from ((file, one, known[key]) for file in files if file.is_in_force(one))

    def note(self, parameter: str, finding: Finding) -> None:
        """Note what is wrong once, unless the rule set says that it goes beyond this parameter."""
        if parameter in {one.parameter for one in self.rule_set.beyond}:
            self.used.add(parameter)
        else:
            self.found.setdefault((parameter, finding.key, finding.found.partition(" for ")[0]), finding)

    def _beyond(self, files: Sequence[_File]) -> Iterator[Finding]:
        known = sorted({name for file in files for name in file.parameters()})
        for number, one in enumerate(self.rule_set.beyond, 1):
            if one.parameter in self.used:
                continue
            there = one.parameter in known
            yield Finding(
                self.rule_set.file,
                f"beyond[{number}].parameter",
                found=f'"{one.parameter}", {"beyond which no value of this file goes" if there else "which nobody authorises"}',
                expected=f"a parameter that this file goes beyond: {', '.join(known) or '(no authority file is in force)'}",
                do="take it out" if there else did_you_mean(one.parameter, known) or "mend the name, or take it out",
                source=one.source,
            )


class _File:
    """One authority file, in the days in which it and the rule set are in force."""

    def __init__(self, authority: Authority, days: Interval, judge: _Judge) -> None:
        self.authority, self.to = authority, judge
        self.in_force = judge.ask({"insutype": Codes(judge.rule_set.schemes)}, days)
        self.authorised = [
            (one, judge.ask(one.when, days)) for one in authority.authorised if one.settings[0] not in STANDARDS
        ]
        self.tilts = [_Tilts(one, days, judge) for one in authority.equal_tilts]

    def parameters(self) -> Iterator[str]:
        """What a rule set can say that it goes beyond."""
        for one, _ in self.authorised:
            yield from (one.id, *one.settings)
        yield from (one.of.id for one in self.tilts)

    def is_in_force(self, at: Combination) -> bool:
        return self.in_force is not None and at.holds[self.in_force]

    def by(self, at: Combination, value: Value) -> list[Authorised]:
        """What of the file names a value that is set for such claims."""
        return [one for one, n in self.authorised if n is not None and at.holds[n] and _is_of(one, value)]

    def judge(self, at: Combination, values: Sequence[Value]) -> None:
        for value in values:
            by = self.by(at, value)
            if not by:
                self.unauthorised(at, value)
            for one in by:
                if not _allows(one, value):
                    self.outside(at, value, one)
        for tilts in self.tilts:
            tilts.take(at, values)

    def judge_tilts(self) -> None:
        for tilts in self.tilts:
            of = tilts.of
            for level, points in tilts.unequal():
                source = ", ".join(tilts.sources)
                said = [f"{_points_text(one)} in {_when_text(care)}" for one, care in zip(points, of.care, strict=True)]
                self.note(
                    of.id,
                    f"layers of {of.fund}",
                    found=f"at level {level} {_when_text(of.favoured)} is favoured by {', but by '.join(said)}; "
                    f"{self._cited(source)}",
                    expected="the same points in both",
                    by=(of.id, of.source),
                    source=source,
                )

    def unauthorised(self, at: Combination, value: Value) -> None:
        self.note(
            value.setting,
            value.key,
            found=f"{value.text()} for {self._example(at)}; {self._cited(value.source)}",
            expected=f"a setting that {self.authority.title} ({self.authority.file}) authorises: it names no {value.setting} of "
            f"{value.fund or 'a rule'} for such claims",
            by=None,
            source=value.source,
        )

    def outside(self, at: Combination, value: Value, one: Authorised) -> None:
        expected = tilt_text(one.tilt) if one.tilt is not None else _bounds_text(one.bounds, value.setting)
        self.note(
            one.id,
            value.key,
            found=f"{value.text()} for {self._example(at)}; {self._cited(value.source)}",
            expected=expected,
            by=(one.id, one.source),
            source=value.source,
        )

    def note(
        self, parameter: str, key: str, *, found: str, expected: str, by: tuple[str, str] | None, source: str
    ) -> None:
        text = expected if by is None else f"{expected}: {_by(self.authority, *by)}"
        do = f'correct it, or write [[beyond]] with parameter = "{parameter}", why, and the source that lets this pool go beyond'
        self.to.note(parameter, Finding(self.to.rule_set.file, key, found=found, expected=text, do=do, source=source))

    def _example(self, at: Combination) -> str:
        return f"rule “{self.to.rule_set.rules[at.rule].id}”, {at.example}"

    def _cited(self, source: str) -> str:
        return _documents(self.to.rule_set.cited(source or self.to.rule_set.source))


class _Tilts:
    """The ratios of two groups of people in two kinds of care, level by level."""

    def __init__(self, of: EqualTilts, days: Interval, judge: _Judge) -> None:
        self.of = of
        self.ratios: dict[tuple[str, int, bool], set[int]] = {}
        self.sources: dict[str, None] = {}
        self.corners: list[tuple[tuple[str, int, bool], int]] = []
        for level in judge.rule_set.levels:
            for number, care in enumerate(of.care):
                for favoured in (True, False):
                    who = of.favoured if favoured else of.others
                    when = {**of.when, **care, **who, "dedc_hosp_lv": Codes((level,))}
                    if (asked := judge.ask(when, days)) is not None:
                        self.corners.append(((level, number, favoured), asked))

    def take(self, at: Combination, values: Sequence[Value]) -> None:
        for corner, asked in self.corners:
            if at.holds[asked]:
                for value in values:
                    if value.setting == "ratio" and value.fund == self.of.fund:
                        self.ratios.setdefault(corner, set()).update(value.numbers)
                        self.sources.update(dict.fromkeys(filter(None, value.source.split(", "))))

    def unequal(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Levels at which the points differ: of the lowest ratios and of the highest ones, in each kind of care."""
        for level in dict.fromkeys(level for level, _, _ in self.ratios):
            corners = [[self.ratios.get((level, number, each)) for each in (True, False)] for number in (0, 1)]
            points = [
                (min(ratios) - min(others), max(ratios) - max(others))
                for ratios, others in corners
                if ratios and others
            ]
            if len(set(points)) > 1:
                yield level, points


def _is_of(one: Authorised, value: Value) -> bool:
    return value.setting in one.settings and (not one.funds or value.fund in one.funds)


def _allows(one: Authorised, value: Value) -> bool:
    if one.tilt is not None and value.adjust is not None:
        return value.adjust.own_bp is None and as_tilt(value.adjust, value.layer) == one.tilt
    return _within(one.bounds, value.numbers)


def _within(bounds: Bounds | None, numbers: Iterable[int]) -> bool:
    return bounds is None or all(map(bounds.hold, numbers))


def _both(one: Interval, other: Interval) -> Interval | None:
    """The days of both; None if there is none."""
    low = max((day for day in (one.low, other.low) if day is not None), default=None)
    high = min((day for day in (one.high, other.high) if day is not None), default=None)
    return None if low is not None and high is not None and low >= high else Interval(low, high)


def _day(date: dt.date) -> int:
    return (date - _EPOCH).days


# ---- in words


def _documents(sources: Sequence[Source]) -> str:
    return "from " + "; ".join(f"{one.document}, {one.article} (grade {one.grade})" for one in sources)


def _by(authority: Authority, name: str, source: str) -> str:
    documents = _documents([authority.sources[key] for key in source.split(", ")])
    return f"“{name}” of {authority.title} ({authority.file}), {documents}"


def _bounds_text(bounds: Bounds | None, setting: Setting) -> str:
    assert bounds is not None, "what is unbounded is never outside"
    unit = "yuan" if setting in AMOUNTS else "%"
    said = {"exactly": bounds.exactly, "at least": bounds.least, "at most": bounds.most}
    return " and ".join(f"{word} {yuan(value)} {unit}" for word, value in said.items() if value is not None)


def _points_text(points: tuple[int, int]) -> str:
    low, high = map(yuan, points)
    return f"{low} points" if low == high else f"{low} points on the lowest ratio and {high} on the highest"


def _when_text(when: When) -> str:
    return ", ".join(
        f"{name} {', '.join(condition.patterns)}" for name, condition in when.items() if isinstance(condition, Codes)
    )
