"""``qingsuan policy test``: the cases beside the parameters, and what is different where one fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from qingsuan.cases.casefile import CaseFile, collect_cases, read_case
from qingsuan.cases.outcome import Difference, Result, differences
from qingsuan.cases.settling import CaseRules, cases_beside
from qingsuan.cases.told import Deciders, told
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import PolicyError, QingsuanError, UsageError
from qingsuan.messages import Lang, Words
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.report.wording.speaking import error_told
from qingsuan.rulebook.which import Chosen, choose_all

__all__ = ["Tried", "command", "try_cases"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A case as it was tried: what came out, what differs, or why it could not be settled at all."""

    name: str
    case: CaseFile
    result: Result | None
    differences: tuple[Difference, ...] = ()
    refused: QingsuanError | None = None

    @property
    def passed(self) -> bool:
        """Whether everything came out as the case expects."""
        return not self.differences and self.refused is None


@click.command("test")
@click.argument("names", nargs=-1, metavar="[REGION|POOL]…")
@rules_option
@click.option("--cases", type=click.Path(path_type=Path), help="The folder of case files, if not beside the rules.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of lines.")
@results_apart
def command(*, names: tuple[str, ...], rules_dir: Path | None, cases: Path | None, lang: Lang, as_json: bool) -> None:
    """Settle the cases that stand beside the rules of regions or pools, and compare what comes out, to the fen.

    Without a name: those of the working folder, else of every installed region whose cases are at hand. Exit status 4 if one fails.
    """
    failed = count = 0
    words = Words("en" if as_json else lang)
    records: list[dict[str, Any]] = []
    for chosen in choose_all(names, rules_dir):
        folder = folder_of(chosen, cases)
        tried = try_cases(chosen, folder)
        deciders = Deciders(compile_rule_sets(chosen.rule_sets), chosen.region, words.lang)
        records += [_record(chosen, one, deciders) for one in tried]
        count, failed = count + len(tried), failed + sum(not one.passed for one in tried)
        if not as_json:
            region = f"{chosen.region.code} {chosen.region.name}"
            show(words.speak("{region}: cases in {folder}", region=region, folder=str(folder)))
            show("\n".join(line for one in tried for line in _lines(one, deciders, words)))
    if as_json:
        show_json(records)
    else:
        show(words.speak("{count} cases, {failed} failed", count=count, failed=failed))
    if failed:
        raise PolicyError(
            "policy test",
            found=f"{failed} of {count} cases came out otherwise",
            expected="what the notice says, as the case reckons it by hand",
            do="mend the parameter or the case, whichever departs from the notice",
        )


def folder_of(chosen: Chosen, given: Path | None) -> Path:
    """The folder of the case files of a region.

    Raises
    ------
    UsageError
        None is beside its rules, and none is given.
    """
    folder = given or cases_beside(chosen.region, chosen.rules_dir)
    if folder is None:
        raise UsageError(
            f"the cases of {chosen.region.code} {chosen.region.name}",
            found="no cases/ or tests/cases/ beside its rules: a plugin that is not installed from its source has none",
            expected="a folder of case files",
            do="name it with --cases",
        )
    return folder


def try_cases(chosen: Chosen, folder: Path) -> tuple[Tried, ...]:
    """Settle every case of a folder that is of one of the chosen pools.

    Raises
    ------
    InputError, UsageError
        There is no case file, or one is none; none is of the pools.
    """
    prefixes = tuple(prefix for pool in chosen.pools for prefix in pool.prefixes)
    rules = CaseRules(chosen.rules_dir)
    tried = []
    for file in collect_cases(folder):
        case = read_case(file)
        if any(row.get("insu_admdvs", "").startswith(prefixes) for row in case.claims):
            tried.append(_try(file.relative_to(folder).as_posix(), case, rules))
    if not tried:
        raise UsageError(
            str(folder),
            found=f"no case with a claim of {', '.join(pool.code for pool in chosen.pools)}",
            expected="at least one: a test over no cases proves nothing",
            do="name the folder of its cases with --cases",
        )
    return tuple(tried)


def _try(name: str, case: CaseFile, rules: CaseRules) -> Tried:
    try:
        result = rules.settle(case)
    except QingsuanError as error:
        return Tried(name, case, None, refused=error)
    return Tried(name, case, result, differences(case, result))


def _lines(one: Tried, deciders: Deciders, words: Words) -> list[str]:
    if one.passed:
        return [words.speak("  ok    {case}", case=one.name)]
    why = list(told(one.differences, deciders))
    if one.refused is not None:
        why = error_told(words, one.refused).splitlines()
    named = {"case": one.name, "title": one.case.title}
    return [words.speak("  FAIL  {case}: {title}", **named), *(f"        {line}" for line in why)]


def _record(chosen: Chosen, one: Tried, deciders: Deciders) -> dict[str, Any]:
    return {
        "region": chosen.region.code,
        "case": one.name,
        "title": one.case.title,
        "passed": one.passed,
        "refused": "" if one.refused is None else str(one.refused),
        "differences": [
            {
                "setl_id": each.setl_id,
                "psn_no": each.psn_no,
                "column": each.column,
                "expected": each.expected,
                "found": each.found,
                "rule_id": each.row.get("rule_id"),
                "variant": each.row.get("variant"),
            }
            for each in one.differences
        ],
        "told": list(told(one.differences, deciders)),
    }
