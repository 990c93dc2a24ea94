"""What changed between two versions of rules: statement by statement, and in which document it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qingsuan.messages import Lang
from qingsuan.messages import Words as Speech
from qingsuan.policy.model import RuleSet, Source
from qingsuan.rulebook.headings import Headings
from qingsuan.rulebook.origins import hanging
from qingsuan.rulebook.phrases import aside, signs
from qingsuan.rulebook.statements import Statement, every_statement
from qingsuan.rulebook.words import Words

__all__ = ["Change", "changes", "changes_text", "paired"]


@dataclass(frozen=True, slots=True)
class Change:
    """One statement that is not the same: ``before`` or ``after`` is empty where it is new or gone.

    Where only cells of a table differ, these are what was and is, and ``frame`` says what all cells of the table have in common.
    ``amounts`` are those that hang on a figure that is another: where each stands, and what it was and is.
    ``documents`` are those that the later statement names (the earlier one, where it is gone): document, article and grade.
    """

    place: str
    key: str
    condition: str
    frame: str
    before: str
    after: str
    source_before: str
    source_after: str
    documents: tuple[str, ...]
    amounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement as it is shown, and its English without what comes from a figure, by which it is compared."""

    shown: Statement
    compared: str


def paired(before: Sequence[RuleSet], after: Sequence[RuleSet]) -> tuple[tuple[RuleSet | None, RuleSet | None], ...]:
    """Which rule sets of two versions belong together: two alone, or those of one pool and scheme.

    Those of one date go first; a pair may lack one.
    """
    if len(before) == len(after) == 1:
        return ((before[0], after[0]),)
    left, right, pairs = list(before), list(after), []
    for same in (lambda one: (one.pool, one.schemes, one.effective), lambda one: (one.pool, one.schemes)):
        for one in list(left):
            other = next((each for each in right if same(each) == same(one)), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)
    found: list[tuple[RuleSet | None, RuleSet | None]] = [*pairs, *((one, None) for one in left)]
    return (*found, *((None, one) for one in right))


def changes(before: RuleSet, after: RuleSet, words: tuple[Words, Words] | None = None) -> tuple[Change, ...]:
    """Everything that the later of two rule sets says otherwise, in the order of the earlier one; what is new comes last.

    It is said by ``words`` for the one and the other, in English unless they are given; what is compared is the same in every language.
    """
    words = (Words(before, "en"), Words(after, "en")) if words is None else words
    tables = [{matrix.table for matrix in one.matrices} for one in (before, after)]
    by_cell = (
        tables[0] == tables[1]
    )  # else a table of one is cases of the other, and only conditions say what is the same
    old, new = (_named(one, told, by_cell=by_cell) for one, told in zip((before, after), words, strict=True))
    dates = [("effective", str(one.effective), one.source) for one in (before, after)]
    found = [] if dates[0] == dates[1] else list(_change(words, *(_date(one) for one in dates)))
    for name in dict.fromkeys([*old, *new]):
        found += _change(words, old.get(name), new.get(name))
    return tuple(found)


def _date(one: tuple[str, str, str]) -> _Said:
    return _Said(Statement("ruleset", one[0], "", one[1], one[2]), one[1])


def _named(rule_set: RuleSet, words: Words, *, by_cell: bool) -> dict[tuple[str, str, str], _Said]:
    """By name; what is said several times under one name, such as two adjustments, is one statement."""
    plain = Words(rule_set, "en", by_figure=True)
    ways = zip(*(every_statement(one, by_cell=by_cell) for one in (words, words.by_figures(), plain)), strict=True)
    found: dict[tuple[str, str, str], _Said] = {}
    for full, short, one in dict.fromkeys(ways):
        said = replace(full, condition=short.condition, text=short.text if one.place == "figures" else full.text)
        earlier, same = found.get(one.name), one.text
        if earlier is not None:
            text, same = f"{earlier.shown.text} + {said.text}", f"{earlier.compared} + {same}"
            source = ", ".join(filter(None, (earlier.shown.source, said.source)))
            said = replace(said, text=text, source=source, frame="")
        found[one.name] = _Said(said, same)
    return found


def _change(words: tuple[Words, Words], was: _Said | None, is_now: _Said | None) -> Iterator[Change]:
    if was and is_now and (was.compared, was.shown.source) == (is_now.compared, is_now.shown.source):
        return
    old, new = (None if one is None else one.shown for one in (was, is_now))
    told = new or old
    assert told is not None, "a change is of something"
    by = words[0] if new is None else words[1]
    documents = tuple(_document(one, Headings(Speech(by.lang))) for one in by.rule_set.cited(told.source))
    frame = old.frame if old is not None and new is not None and old.frame == new.frame else ""
    sources = ["" if one is None else one.source for one in (old, new)]
    amounts = tuple(_amounts(words, told.key)) if told.place == "figures" and old and new else ()
    said = (_text(old, frame), _text(new, frame))
    yield Change(told.place, told.key, told.condition, frame, *said, sources[0], sources[1], documents, amounts)


def _text(one: Statement | None, frame: str) -> str:
    return "" if one is None else one.cell if frame else one.text


def _document(source: Source, headings: Headings) -> str:
    """A document with its article and grade."""
    lang = headings.words.lang
    comma, _, _ = signs(lang)
    return f"{source.document}{comma}{source.article}{aside(headings.grade(source.grade), lang)}"


def _amounts(words: tuple[Words, Words], figure: str) -> Iterator[str]:
    """The amounts that hang on a figure in both rule sets; where the factor is another, that is a difference of its own."""
    comes_to = Speech(words[1].lang).speak("is")
    old = {(place, factor): said for place, factor, said in hanging(words[0].rule_set, figure)}
    for place, factor, said in hanging(words[1].rule_set, figure):
        if (place, factor) in old:
            yield f"{place}{words[1].colon}{factor} × {comes_to} {old[place, factor]} → {said}"


def changes_text(before: RuleSet, after: RuleSet, found: Sequence[Change], lang: Lang = "en") -> str:
    """The changes of one rule set, part by part; ``lang`` is the language in which they were found."""
    speech = Speech(lang)
    headings = Headings(speech)
    lines = [f"{before.name} ({before.file}) → {after.name} ({after.file})"]
    if not found:
        none = speech.speak("no difference")
        return f"{lines[0]}\n  {none}"
    parts: dict[str, list[Change]] = {}
    for one in found:
        parts.setdefault(_heading(one, headings), []).append(one)
    for heading, own in parts.items():
        lines.append(f"  {heading}")
        lines += [f"    {line}" for one in own for line in _lines(one, speech)]
        documents = dict.fromkeys(name for one in own for name in one.documents)
        lines += [speech.speak("      in {document}", document=document) for document in documents]
    return "\n".join(lines)


def _heading(one: Change, headings: Headings) -> str:
    place = headings.placed(one.place, one.key)
    _, _, colon = signs(headings.words.lang)
    return f"{place}{colon}{one.frame}" if one.frame else place


def _lines(one: Change, speech: Speech) -> Iterator[str]:
    said = f"{one.before} → {one.after}"
    if one.before == one.after:
        said = one.after
    elif not one.before:
        said = speech.speak("new: {said}", said=one.after)
    elif not one.after:
        said = speech.speak("gone: {said}", said=one.before)
    _, _, colon = signs(speech.lang)
    yield f"{one.condition}{colon}{said}" if one.condition else said
    yield from (f"  {amount}" for amount in one.amounts)
    if one.source_before != one.source_after and one.before and one.after:
        before, after = (keys or speech.speak("(none)") for keys in (one.source_before, one.source_after))
        yield speech.speak("  source: {before} → {after}", before=before, after=after)
