"""A finished run folder, checked again: nothing missing, nothing added, no byte changed, all sums right, accounts too.

It needs the folder only. With the inputs at hand it also finds out whether they are those, and whether every row is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qingsuan.benefits.setldetail import SETLDETAIL
from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD, Written, is_file
from qingsuan.run.folder.known import LITTER, MOST_PARTITIONS, SIGNATURE, is_of_work
from qingsuan.run.folder.lock import is_held
from qingsuan.run.inputs import Source
from qingsuan.tables import BILL
from qingsuan.verify.accounts import check_accounts, rules_of
from qingsuan.verify.agreements.known import AGREEMENTS, agreement_of
from qingsuan.verify.books import NEEDED as NEEDED_OF_BOOKS
from qingsuan.verify.books import CheckedBooks, check_books
from qingsuan.verify.claims import check_claims, check_rejected
from qingsuan.verify.clearing import CLEARING_NEEDS, CheckedClearing, check_clearing
from qingsuan.verify.findings import Findings, checking
from qingsuan.verify.heads.premium import PREMIUM_NEEDS, CheckedPremiums, check_premiums
from qingsuan.verify.heads.subsidy import NEEDED, CheckedSubsidy, check_subsidy
from qingsuan.verify.inputs import Found, find_inputs
from qingsuan.verify.insured import check_named_rows
from qingsuan.verify.ledgers import NEEDED as NEEDED_OF_LEDGERS
from qingsuan.verify.ledgers import CheckedLedgers, check_ledgers
from qingsuan.verify.rows import check_rows, refuse_older
from qingsuan.verify.seals.ledger import check_digests, check_ledger
from qingsuan.verify.setldetail import check_detail

__all__ = ["Verified", "verify"]

_SETTLED = "benefits"
_SUBSIDY = "subsidy"
_ACCOUNT = "account"
_PREMIUM = "premium"
_CLEARING = "clearing"
_FUND = "fund"
"""How ``run.json`` begins to name the settlements whose rows can be checked."""

_SUMS = ("in", "settled", "reversed", "rejected")
_NEEDED = ("year", "partitions", "inputs", "rows", "amounts", "rejected", "contradictions")

_MOST_NAMED = 5

_BOUNDS = {"year": (2000, 2999), "partitions": (1, MOST_PARTITIONS)}
"""Numbers of a record that decide how much is looked at."""


@dataclass(slots=True)
class Verified:
    """What was checked, and what is off.

    Attributes
    ----------
    input_files, claims_compared, rows_compared, accounts
        How many files of the input, rows of claims, rows of insured people, and accounts were compared with the folder.
    subsidy, premiums, ledgers, clearing, books
        What was looked at, where the folder is that of a subsidy, of premiums, of personal accounts, of a clearing, or of a fund's books.
    rows : how many rows were looked at, by table, where the folder is that of an agreement.
    notes : what could not be checked, and why.
    """

    settlement: str
    findings: Findings = field(default_factory=Findings)
    files: int = 0
    rows_checked: int = 0
    input_files: int = 0
    claims_compared: int = 0
    rows_compared: int = 0
    accounts: int = 0
    subsidy: CheckedSubsidy | None = None
    ledgers: CheckedLedgers | None = None
    premiums: CheckedPremiums | None = None
    clearing: CheckedClearing | None = None
    rows: dict[str, int] = field(default_factory=dict)
    books: CheckedBooks | None = None
    notes: list[str] = field(default_factory=list)


def verify(
    folder: Path, say: Callable[[str], None] = lambda _: None, inputs: Sequence[Path] = (), encoding: str = "utf8"
) -> Verified:
    """Check a finished run folder.

    Parameters
    ----------
    say
        Gets a line at each stage.
    inputs, encoding
        Files and folders in which the run's inputs are, to be compared too; ``encoding`` is that of CSV files.

    Raises
    ------
    InputError
        The folder holds no finished run, or one of an older version; or an input cannot be read.
    """
    if is_held(folder):
        raise InputError(
            str(folder),
            found="a run is writing into it at this moment",
            expected="the folder of a finished run",
            do="wait until the run has ended",
        )
    record = _record(folder)
    found = Verified(record["settlement"])
    say("digests")
    listed: dict[str, str] = {}
    with checking(found.findings, DIGESTS):
        listed = _listed(folder, record, found.findings)
    found.files = len(listed)
    is_readable = _check_files(folder, listed, found)
    with checking(found.findings, LEDGER):
        check_ledger(folder, listed, record, found.findings)
    if is_readable:
        _check_content(folder, record, found, say, inputs, encoding)
    else:
        found.notes.append("rows are not looked at: first take away what is no file of its own")
    return found


def _check_content(
    folder: Path,
    record: dict[str, Any],
    found: Verified,
    say: Callable[[str], None],
    inputs: Sequence[Path],
    encoding: str,
) -> None:
    """Check what the files hold, and the inputs."""
    if record["settlement"].startswith(_SETTLED):
        refuse_older(folder, record)
    at_hand = Found(0, {})
    if inputs:
        say("inputs")
        with checking(found.findings, RECORD):
            at_hand = find_inputs(record, inputs, encoding, found.findings)
        found.input_files = at_hand.files
    if record["settlement"].startswith(_SETTLED):
        say("rows and sums")
        with checking(found.findings, "rows and sums"):
            found.rows_checked = int(record["rows"]["settled"])
            check_rows(folder, record, found.findings)
        with checking(found.findings, SETLDETAIL):
            check_detail(folder, record, found.findings)
        with checking(found.findings, "accumulators"):
            _check_accounts(folder, record, at_hand, found, say)
        with checking(found.findings, "input rows"):
            _compare_claims(folder, record, at_hand, found, say)
    elif record["settlement"].startswith(_SUBSIDY):
        say("heads, duplicates and amounts")
        with checking(found.findings, "heads, duplicates and amounts"):
            found.subsidy = check_subsidy(folder, record, found.findings)
        with checking(found.findings, "input rows"):
            _compare_insured(folder, at_hand, found, say)
    elif record["settlement"].startswith(_ACCOUNT):
        say("accounts, uses and totals")
        with checking(found.findings, "accounts, uses and totals"):
            found.ledgers = check_ledgers(folder, record, found.findings)
    elif record["settlement"].startswith(_CLEARING):
        say("contracts, cases and totals")
        with checking(found.findings, "contracts, cases and totals"):
            found.clearing = check_clearing(folder, record, found.findings)
    elif record["settlement"].startswith(_FUND):
        say("entries, books and totals")
        with checking(found.findings, "entries, books and totals"):
            found.books = check_books(folder, record, found.findings)
    elif record["settlement"].startswith(_PREMIUM):
        say("people, lists and amounts")
        with checking(found.findings, "people, lists and amounts"):
            found.premiums = check_premiums(folder, record, found.findings)
        with checking(found.findings, "input rows"):
            _compare_insured(folder, at_hand, found, say, is_settled_when_refused=True)
    elif (agreement := agreement_of(record["settlement"])) is not None:
        say("rows and sums")
        with checking(found.findings, "rows and sums"):
            found.rows = agreement.check(folder, record, found.findings)


def _compare_insured(
    folder: Path,
    at_hand: Found,
    found: Verified,
    say: Callable[[str], None],
    *,
    is_settled_when_refused: bool = False,
) -> None:
    """Hold the rows that a run names against its input, where all of its files are at hand.

    Of premiums a row may count, and be refused for its person's group: duplicates name it all the same.
    """
    sources = at_hand.sources.get("insured", ())
    if not sources:
        return
    say("input rows")
    rejected = check_rejected(folder, {"insured": sources}, found.findings, "insured")["insured"]
    if is_settled_when_refused:
        rejected = {file: np.zeros_like(rows) for file, rows in rejected.items()}
    found.rows_compared = check_named_rows(folder, sources, rejected, found.findings)


def _check_accounts(
    folder: Path, record: dict[str, Any], at_hand: Found, found: Verified, say: Callable[[str], None]
) -> None:
    """Count accumulators again, where the run wrote some and its rules are installed."""
    if not files_in(folder / "accumulators"):
        return
    rules = rules_of(record)
    if isinstance(rules, str):
        found.notes.append(rules)
        return
    say("accumulators")
    opening: Sequence[Source] | None = at_hand.sources.get("opening")
    if "opening" not in record["inputs"]:
        opening = ()
    elif opening is None:
        found.notes.append(
            "accumulators are counted again without those that --opening brought along: "
            "what is too little is found, what is too much is not; give them with --inputs"
        )
    found.accounts = check_accounts(folder, int(record["partitions"]), rules, opening, found.findings)


def _compare_claims(
    folder: Path, record: dict[str, Any], at_hand: Found, found: Verified, say: Callable[[str], None]
) -> None:
    """Hold claims against what became of them, where all of their files are at hand."""
    sources = {table: mine for table, mine in at_hand.sources.items() if table != "opening"}
    if not sources:
        return
    say("input rows")
    rejected = check_rejected(folder, sources, found.findings)
    if "claims" not in sources:
        found.notes.append("rows are not compared with the claims: not all of their files are at hand")
        return
    partitions = int(record["partitions"])
    claims = check_claims(folder, partitions, sources["claims"], rejected["claims"], found.findings)
    found.claims_compared = claims
    found.findings.same(RECORD, "rows in are those of the claims", record["rows"]["in"], claims)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    if not is_file(path):
        raise InputError(
            str(folder),
            found=f"no {RECORD}",
            expected="the folder of a finished run",
            do="finish the run with --resume, or give the folder that --out named",
        )
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        missing = [name for name in ("settlement", "digests") if name not in record]
        if record.get("settlement", "").startswith(_SETTLED):
            missing += [name for name in _NEEDED if name not in record]
            missing += [] if missing else _missing_sums(record)
        of_kind = (
            (_SUBSIDY, NEEDED),
            (_ACCOUNT, NEEDED_OF_LEDGERS),
            (_PREMIUM, PREMIUM_NEEDS),
            (_CLEARING, CLEARING_NEEDS),
            *((begins, agreement.needs) for begins, agreement in AGREEMENTS.items()),
            (_FUND, NEEDED_OF_BOOKS),
        )
        for begins, needed in of_kind:
            if record.get("settlement", "").startswith(begins):
                missing += [name for name in needed if name not in record]
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise _foreign(path, f"not a run record: {error}") from error
    if missing:
        raise _foreign(path, f"a record without {', '.join(missing)}")
    if not record["settlement"].startswith((_SETTLED, _SUBSIDY, _ACCOUNT, _PREMIUM, _CLEARING, _FUND, *AGREEMENTS)):
        raise _foreign(path, f"a settlement that is not known here: {record['settlement'][:60]}")
    wrong = [name for name, (low, high) in _BOUNDS.items() if not _is_within(record.get(name, low), low, high)]
    if wrong:
        raise _foreign(path, f"no number that can be in {', '.join(wrong)}")
    return record


def _is_within(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _missing_sums(record: dict[str, Any]) -> list[str]:
    """Which counts and sums the record of a settlement does not name."""
    parts = {"rows": record["rows"], **{f"amounts.{name}": record["amounts"].get(name, {}) for name in BILL}}
    return [f"{name}.{part}" for name, sums in parts.items() for part in _SUMS if part not in sums]


def _foreign(path: Path, found: str) -> InputError:
    return InputError(str(path), found=found, expected=f"the {RECORD} of a finished run", do="settle anew")


def _listed(folder: Path, record: dict[str, Any], findings: Findings) -> dict[str, str]:
    """Digests by file, as ``SHA256SUMS`` has them; that file's own is in the record."""
    path = folder / DIGESTS
    if not is_file(path):
        findings.add(DIGESTS, "it is there", "nothing", "the digests of all files")
        return {}
    content = path.read_bytes()
    findings.same(
        DIGESTS, f"its SHA-256 is that in {RECORD}", hashlib.sha256(content).hexdigest(), record["digests"]["sha256"]
    )
    found = {}
    lines = content.decode("utf8", "replace").splitlines()
    check_digests(lines, record, findings)
    for line in lines:
        digest, _, name = line.partition("  ")
        found[name] = digest
    return found


def _check_files(folder: Path, listed: dict[str, str], found: Verified) -> bool:
    """Check every file by its digest; says whether all that is there are files and folders of their own."""
    findings = found.findings
    there, others = _names(folder)
    for name in others:
        findings.add(name, "it is a file or a folder", "a link, or something that is neither", "what the run wrote")
    unlisted = there - set(listed) - {RECORD, DIGESTS, LEDGER, SIGNATURE}
    left_out = {name for name in unlisted if is_of_work(name) or Path(name).name in LITTER}
    if left_out:
        found.notes.append(f"no part of the result, and left out: {_first_of(left_out)}")
    for name in sorted(unlisted - left_out):
        findings.add(name, "it belongs to the run", "a file", f"none: {DIGESTS} does not list it")
    for name, digest in sorted(listed.items()):
        if name not in there:
            findings.add(name, "it is there", "nothing", f"a file with SHA-256 {digest}")
            continue
        with checking(findings, name):
            findings.same(name, "its SHA-256", Written.of(folder, name).sha256, digest)
    return not others


def _first_of(names: set[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    named = ", ".join(sorted(names)[:_MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _names(folder: Path) -> tuple[set[str], list[str]]:
    """Names of files below a folder, and of what is neither a file nor a folder; no link is followed."""
    files, others = set(), []
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(parent, name)
            called = path.relative_to(folder).as_posix()
            if is_file(path):
                files.add(called)
            elif path.is_symlink() or not path.is_dir():
                others.append(called)
    return files, sorted(others)
