"""The ledger of a finished run held against the record and the digests, field by field.

The header of the ledger says what the run was a run of; ``run.json`` says the same in other words. Who changes one of them and
seals it again has to change the other one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qingsuan.run.folder import DIGESTS, LEDGER, RECORD, hidden, is_file
from qingsuan.run.folder.known import MOST_PARTITIONS
from qingsuan.run.restart.ledger import Lines, read_lines
from qingsuan.verify.findings import Findings

__all__ = ["check_digests", "check_ledger"]


def check_ledger(folder: Path, listed: Mapping[str, str], record: Mapping[str, Any], findings: Findings) -> None:
    """Check that every line is whole, every partition there, with the digests of ``SHA256SUMS``, and the header that of the record.

    Parameters
    ----------
    listed
        SHA-256 of each file, as ``SHA256SUMS`` has them.
    record
        ``run.json``.
    """
    if not is_file(folder / LEDGER):
        findings.add(LEDGER, "it is there", "nothing", "the ledger of the run")
        return
    lines = read_lines(folder)
    if lines.broken:
        findings.add(LEDGER, "every line is whole", "a line that fails its check", "none", lines.broken)
        return
    _check_partitions(lines, listed, record, findings)
    digest = hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()
    findings.same(RECORD, f"its SHA-256 is that in {LEDGER}", digest, lines.record_sha256)
    for what, said, recorded in _said_twice(lines.header or {}, record, listed):
        findings.same(LEDGER, f"{what}, as {RECORD} has it", said, recorded)


def _check_partitions(lines: Lines, listed: Mapping[str, str], record: Mapping[str, Any], findings: Findings) -> None:
    options = (lines.header or {}).get("options", {})
    findings.same(LEDGER, "the year", options.get("year"), record["year"])
    partitions: Any = record.get("partitions")
    findings.same(LEDGER, "how many partitions there are", options.get("partitions"), partitions)
    if type(partitions) is int and 1 <= partitions <= MOST_PARTITIONS:
        findings.same(LEDGER, "the partitions that are finished", sorted(lines.partitions), list(range(partitions)))
    else:
        findings.add(RECORD, "it says how many partitions there are", partitions, "a number of them")
    for number, files in sorted(lines.partitions.items()):
        for file in files:
            if not hidden(file.file):
                digest = listed.get(file.file, "nothing")
                findings.same(LEDGER, f"partition {number}: SHA-256 of {file.file}", file.sha256, digest)


def _said_twice(
    header: Mapping[str, Any], record: Mapping[str, Any], listed: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    """What header and record both say: what it is, as the header has it, as it follows from the record."""
    options, rules = header.get("options", {}), header.get("rules", {})
    yield "the settlement", header.get("settlement"), record["settlement"]
    yield "the version of qingsuan", header.get("software", {}).get("qingsuan"), record["engine"]["version"]
    yield "the plugins", _plugins_of_header(header), _plugins_of_record(record, header)
    yield "what --allow named", options.get("allow"), record.get("allowed", {}).get("sha256")
    intakes = [one["sha256"] for one in record.get("intake", ())]
    yield "the intake files", list(options.get("intake", ())), intakes
    yield "the inputs", dict(_inputs_of_header(header)), dict(_inputs_of_record(record))
    yield "the tables of the bureau", header.get("tables of the bureau", {}), _tables(record)
    yield "the finished runs that it took", header.get("finished runs", {}), record.get("runs", {})
    if "rules_digest" in record:
        yield "the compiled rules", rules.get("compiled rules"), record["rules_digest"]
    for rule in record.get("rules", ()):
        if "sha256" in rule:
            found = rule["sha256"] if rule["sha256"] in rules.values() else "no file of rules with this digest"
            yield f"the rules of {rule['file']}", found, rule["sha256"]
    yield "the day up to which money counts", options.get("as of"), record.get("receipts", {}).get("as_of")
    if "rows" in record and "rules_digest" in record:
        yield (
            "whether it tells what each turn of a fund came to",
            "setldetail" in options,
            "setldetail" in record["rows"],
        )
        is_kept = any(name.startswith("accumulators/") for name in listed)
        yield "whether it keeps accumulators", options.get("accumulators"), is_kept


def _plugins_of_header(header: Mapping[str, Any]) -> dict[str, str]:
    return {name: one["version"] for name, one in header.get("plugins", {}).items()}


def _plugins_of_record(record: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    """Versions of the record; of one that is refused, the reason has to be that of the header, too."""
    refused = {name: one["region"] for name, one in header.get("plugins", {}).items()}
    return {
        one["plugin"]: one["version"]
        if one["problem"] is None or one["problem"] == refused.get(one["plugin"])
        else f"{one['version']}, refused: {one['problem']}"
        for one in record["plugins"]
    }


def _inputs_of_header(header: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, str]]]:
    for name, one in header.get("inputs", {}).items():
        yield name, (one["rows"], one["sha256"])


def _inputs_of_record(record: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, str]]]:
    for table, files in record["inputs"].items():
        for number, one in enumerate(files, 1):
            yield f"{table} {number} {one['file']}", (one["rows"], one["sha256"])


def _tables(record: Mapping[str, Any]) -> dict[str, str]:
    return {f"{one['table']} {one['file']}": one["sha256"] for one in record.get("tables", ())}


def check_digests(lines: Sequence[str], record: Mapping[str, Any], findings: Findings) -> None:
    """Check that ``SHA256SUMS`` is written as a run writes it, and that the record counts its lines."""
    names = [line.partition("  ")[2] for line in lines]
    findings.same(DIGESTS, "its lines are in the order of the names, each once", names, sorted(set(names)))
    findings.same(RECORD, "how many files there are", record["digests"].get("files"), len(lines))
    findings.same(RECORD, "the name of the digests", record["digests"].get("file"), DIGESTS)
