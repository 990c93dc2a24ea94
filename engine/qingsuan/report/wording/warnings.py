"""What a run record warns of, said in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence

from qingsuan.messages import SaidAgain, Words, marked
from qingsuan.report.text import folded

__all__ = ["warning_lines", "warning_says"]

_COLUMNS = 96
"""Cells of a line, so that one fits in 100 beside what stands before it."""

_SENTENCES = (
    # of any settlement
    marked("plugin {plugin} is refused: {problem}"),
    marked(
        "plugin {plugin}: working copy: its rules are those of the folder {folder} (SHA-256 {digest}), not those that were installed"
    ),
    marked("{file}: columns nobody reads: {columns}"),
    marked("{what} is marked made-up"),
    marked("{file}: made up by qingsuan sample, not the bureau's table"),
    marked("{file}: made up by qingsuan sample, not a bureau's {kind}"),
    *(marked("contract"), marked("contracts"), marked("arrangement"), marked("batches")),
    marked("{number} lines of the movements are refused: movements/ says why"),
    # of benefits
    marked("{set}: 1 parameter is not known: {names} (why: rule_sets, missing, in run.json)"),
    marked("{set}: {number} parameters are not known: {names} (why: rule_sets, missing, in run.json)"),
    marked(
        "{number} identity rows changed nothing: no rule set of the pools at hand knows their psn_idet_type: {listed} and {more} more codes"
    ),
    marked(
        "{number} identity rows changed nothing: no rule set of the pools at hand knows their psn_idet_type: {listed}"
    ),
    marked(
        "{claims} claims of {people} people are of stays that began while another stay of the same person had not ended: "
        "each is settled as it came"
    ),
    marked(
        "{number} rejected reversals name settlements that are settled under another psn_no, and paid: "
        "the rejected rows say under which: correct the psn_no of one of both"
    ),
    marked("the accumulators of --opening were counted by other rules: this is not the year settled at once"),
    # of personal accounts
    marked("{amount} yuan of opening balances are of accounts that could not be settled"),
    marked(
        "{number} amounts of claims, {amount} yuan, were paid by accounts that cannot have paid them: see uses, of_claim = 1 with a code"
    ),
    # of premiums and subsidies
    marked("{region}: {least} of {all} counties at the least premium, {amount}: no --standards table says otherwise"),
    marked(
        "{region}: {least} of {all} counties at the minimum standard, {amount}: no --standards table says otherwise"
    ),
    marked("{region}: {parameter} is missing: {why}"),
    marked("{number} rows of identities are of classes that no premium rule names: they assist nobody"),
    marked("{amount} yuan received are nobody's premium of the year: unapplied/ has them row by row"),
    marked("{region}: days late are not told, no day being known; {parameter} is missing: {reason}"),
    marked("{region}: days late are not told, no day being known; {why}"),
    marked("the rule has none"),
    marked("{region}: {amount} yuan arrived in another account than the rule's, {account}"),
    marked("{number} of {all} payers and places have no line in the budgets"),
    marked("{number} receipts are refused: receipts/ says why"),
    # of clearing
    marked("{where}: of no contract of its month ({name}); it is in no amount"),
    marked("{number} claims, {amount} yuan paid by funds, are not cleared: see unsettled"),
    marked(
        "{where}: no settled claim has its setl_id, pool and scheme ({number} such lines in all): nothing is cleared of it"
    ),
    marked("no document at hand says by which way care is paid, contracts do: {pools}"),
    marked("{where}: a deposit of {amount}; {share}"),
    marked("{amount} yuan that institutions keep of procurement are of no contract that takes them: {codes}"),
    # of contracts with operators, of care elsewhere, of procurement
    marked("contract {contract} is not settled: {parameter} is missing: {why}"),
    marked("{amount} yuan were paid for which no contract is settled: uncovered/ says where and why"),
    marked("{amount} yuan are carried in by the contract {contract}, which is not settled here"),
    marked("contract {contract} ends with {year} and carries {amount} yuan on"),
    marked("the advance of {payer} to {receiver} is not reckoned: {parameter} is missing: {why}"),
    marked("{amount} yuan are cleared with nobody: unplaced/ says which institutions, and why"),
    marked("advance of {payer} to {receiver}, {month}: {level}: {used} of {held} yuan in use"),
    marked("{number} institutions saved money and have no score: nothing is kept"),
    marked("{number} items were bought without an agreed quantity: quantities/ shows them"),
    marked("{amount} yuan of advances are not offset: to be given back"),
    # of the fund's books
    marked("{amount} yuan that runs state are of {number} places without a plugin, and in no book: {places}"),
    marked(
        "the premium of contract {contract}, {amount} yuan, is of several funds, or of one that has none, and in no book"
    ),
    marked(
        "{beyond} yuan of overruns that funds bear, {back} yuan of surplus that goes back and {returned} yuan "
        "that operators gave back are in no book before they are entered"
    ),
    marked("{number} books close below 0: {books}"),
    marked("{amount} yuan came or were paid beyond what is due, on {number} lines: {lines}"),
    marked("parts of gaps stay open: {parameters} are missing"),
    marked("no region has a rule of who bears a gap of {places}"),
    marked(
        "{book}: income stands in the pool's own ledger and in no county's account; gaps of counties are reckoned without it"
    ),
    marked("{book}: {measure} {value} crosses the line “{level}” of {source}"),
    marked("{book}: the plan spends {expense} of {income} that it brings in"),
    marked(
        "{book}: {line} is printed as {printed}, {says} gives {expected}; the printed line is kept, the year is not balanced"
    ),
)
_AGAIN = SaidAgain(_SENTENCES)


def warning_says(words: Words, text: str) -> str:
    """Say a warning; in English, and where it is none that is known here, as the record has it.

    >>> warning_says(Words("zh"), "claims.parquet: columns nobody reads: a, b")
    'claims.parquet：以下列未读取：a, b'
    """
    return _AGAIN.said(words, text)


def warning_lines(words: Words, warnings: Sequence[str]) -> str:
    """The warnings of a record, folded to the width of a summary."""
    told = [words.speak("warning: {text}", text=warning_says(words, text)) for text in warnings]
    return "\n".join("\n    ".join(folded(text, _COLUMNS)) for text in told)
