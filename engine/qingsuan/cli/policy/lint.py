"""``qingsuan policy lint``: what load-time checks do not forbid, but a colleague would ask about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.cli.policy.test import folder_of, try_cases
from qingsuan.errors import PolicyError, UsageError
from qingsuan.messages import Lang, Words
from qingsuan.rulebook.lint.asking import oddities
from qingsuan.rulebook.lint.oddity import KINDS, Oddity
from qingsuan.rulebook.speaking import words_of
from qingsuan.rulebook.which import Chosen, choose_all

__all__ = ["command"]


@click.command("lint")
@click.argument("names", nargs=-1, metavar="[REGION|POOL]…")
@rules_option
@click.option("--cases", type=click.Path(path_type=Path), help="The folder of case files, if not beside the rules.")
@click.option("--no-cases", is_flag=True, help="Settle no cases: do not ask whether each rule is met by one.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of lines.")
@results_apart
def command(
    *, names: tuple[str, ...], rules_dir: Path | None, cases: Path | None, no_cases: bool, lang: Lang, as_json: bool
) -> None:
    """Ask about the rules of regions or pools what a colleague would ask.

    A ratio that falls with the band, a higher level that pays more, an amount that looks like 万: such numbers load, and are seldom meant.
    What is meant so is explained in the file, under [[explained]]. Exit status 4 if something is not explained.
    """
    chosen = choose_all(names, rules_dir)
    found: list[Oddity] = []
    for one in chosen:
        told: Lang = "en" if as_json else lang
        rule_sets = [words_of(each, one.region, told).rule_set for each in one.rule_sets]
        found += oddities(rule_sets, None if no_cases else _met(one, cases), told)
    asked = [one for one in found if not one.why]
    if as_json:
        show_json([{**asdict(one), "name": one.name, "question": KINDS[one.kind]} for one in found])
    else:
        show(_text(chosen, found, Words(lang)))
    if asked:
        raise PolicyError(
            "policy lint",
            found=f"{len(asked)} oddities that no file explains",
            expected="numbers as the notice has them, or an explanation",
            do="correct the file, or write [[explained]] with oddity (as above), why and source",
        )


def _met(chosen: Chosen, given: Path | None) -> set[str] | None:
    """The rules that settled rows of the cases name; None where no case is at hand."""
    try:
        folder = folder_of(chosen, given)
    except UsageError:
        return None
    tried = try_cases(chosen, folder)
    return {row["rule_id"] for one in tried if one.result is not None for row in one.result.settled}


def _text(chosen: Sequence[Chosen], found: Sequence[Oddity], words: Words) -> str:
    blocks = []
    for file in dict.fromkeys(one.file for one in found):
        lines = [file]
        for one in (each for each in found if each.file == file):
            answer = words.speak("explained: {why}", why=one.why) if one.why else words.speak(KINDS[one.kind])
            lines += [f"  {one.name}", f"      {one.found}", f"      {answer}"]
        blocks.append("\n".join(lines))
    sets, explained = sum(len(one.rule_sets) for one in chosen), sum(bool(one.why) for one in found)
    counts = {"sets": sets, "asked": len(found) - explained, "explained": explained}
    blocks.append(words.speak("{sets} rule sets: {asked} oddities to ask about, {explained} explained", **counts))
    return "\n\n".join(blocks)
