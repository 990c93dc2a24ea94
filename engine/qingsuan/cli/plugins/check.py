"""``qingsuan plugins check``: everything that tests of a plugin ask, without pytest, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterable

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import PluginError
from qingsuan.messages import Lang, Words
from qingsuan.policy.findings import Finding
from qingsuan.report.wording.speaking import error_told
from qingsuan.testing.promises import FIRST, PROMISES, Contract, Promise
from qingsuan.testing.sources import contract_in, source_of

__all__ = ["check"]


@click.command("check", short_help="Ask one plugin everything that qingsuan.testing asks.")
@click.argument("plugin", metavar="NAME|FOLDER")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of the list.")
@results_apart
def check(*, plugin: str, lang: Lang, as_json: bool) -> None:
    """Ask one plugin everything that qingsuan.testing asks, cases included: NAME of the distribution, or FOLDER of its source.

    It must be installed from that folder (pip install -e FOLDER). What it says of itself (cases, grades, untested) is read from the
    class in its tests. Exit status 4 if it does not keep a promise.
    """
    contract = contract_in(source_of(plugin))
    asked: list[tuple[Promise, list[Finding]]] = []
    for promise in PROMISES.values():
        asked.append((promise, promise.broken(contract)))
        if promise.name in FIRST and asked[-1][1]:
            break
    if as_json:
        show_json(_record(contract, asked))
    else:
        show("\n".join(_lines(contract, asked, Words(lang))))
    broken = [promise.name for promise, findings in asked if findings]
    if broken:
        raise PluginError(
            contract.plugin,
            found=f"{len(broken)} of {len(PROMISES)} promises are not kept: {', '.join(broken)}"
            + ("" if len(asked) == len(PROMISES) else "; the others cannot be asked until then"),
            expected="every promise of a plugin kept",
            do="mend what is listed, then ask again; a file of rules that was changed needs no new installation with pip install -e",
        )


def _lines(contract: Contract, asked: Iterable[tuple[Promise, list[Finding]]], words: Words) -> Iterable[str]:
    yield words.speak("{plugin}   cases in {folder}", plugin=_title(contract), folder=str(contract.cases))
    for promise, findings in asked:
        named = f"{promise.name:10}{words.speak(promise.says)}"
        yield (
            words.speak("  BROKEN  {promise}", promise=named)
            if findings
            else words.speak("  kept    {promise}", promise=named)
        )
        for finding in findings:
            yield "    " + error_told(words, finding.error()).replace("\n", "\n    ")


def _title(contract: Contract) -> str:
    return contract.plugins[0].title if contract.plugins else contract.plugin


def _record(contract: Contract, asked: Iterable[tuple[Promise, list[Finding]]]) -> dict[str, object]:
    return {
        "distribution": contract.plugin,
        "version": contract.plugins[0].version if contract.plugins else None,
        "cases": str(contract.cases),
        "promises": [
            {
                "promise": promise.name,
                "says": promise.says,
                "kept": not findings,
                "findings": [
                    {"where": one.where, "found": one.found, "expected": one.expected, "do": one.do} for one in findings
                ],
            }
            for promise, findings in asked
        ],
    }
