"""Why a number is what it is: a settlement, or a person's year, explained from a finished run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from qingsuan.api.arguments import PathLike, is_nothing
from qingsuan.api.year import prepare
from qingsuan.errors import UsageError
from qingsuan.explain.document import Explanation
from qingsuan.explain.whole import explain as explain_run
from qingsuan.messages import Lang
from qingsuan.report.summary import read_record
from qingsuan.run.folder.disk import scratch_folder
from qingsuan.run.inputs import Given
from qingsuan.run.restart.ledger import read_lines

__all__ = ["explain"]


def explain(
    out: PathLike,
    *,
    setl_id: str | None = None,
    psn_no: str | None = None,
    lang: Lang = "en",
    at: dt.date | None = None,
    prepared: PathLike | None = None,
    claims: Given | None = None,
    insured: Given | None = None,
    identities: Given | None = None,
    registrations: Given | None = None,
    csv_encoding: str = "utf8",
    opening: PathLike | None = None,
    rules_dir: PathLike | None = None,
) -> Explanation:
    """Explain a settlement, or a person's year, from a finished run (``docs/explain.md``).

    Parameters
    ----------
    out
        The run folder.
    setl_id, psn_no, lang, at
        What is explained, in which language, up to which benefit date.
    prepared
        The prepared year; None for the one that the run names.
    claims, insured, identities, registrations, csv_encoding
        What the run was settled from, where it kept no prepared year: it is prepared for the time of this call.
    opening, rules_dir
        The earlier run and the working folder of rules, where the run had one.

    Returns
    -------
    Explanation
        The document, whose JSON is :func:`qingsuan.explain.document.plain` of it.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError
        What is asked for is not there, or what it is made of is not what the run had.
    """
    given = None if prepared is None else Path(prepared)
    earlier = None if opening is None else Path(opening)
    rules = None if rules_dir is None else Path(rules_dir)
    asked: dict[str, Any] = {"setl_id": setl_id, "psn_no": psn_no, "lang": lang, "at": at}
    if all(map(is_nothing, (claims, insured, identities, registrations))):
        return explain_run(Path(out), **asked, prepared=given, opening=earlier, rules_dir=rules)
    if given is not None:
        raise UsageError("--prepared", found="given with tables", expected="one of them")
    options = _options_of(Path(out))
    with scratch_folder() as folder:
        tables: dict[str, Any] = {"registrations": registrations, "csv_encoding": csv_encoding}
        prepare(claims, insured, identities, **options, **tables, out=folder / "year", rules_dir=rules_dir)
        return explain_run(Path(out), **asked, prepared=folder / "year", opening=earlier, rules_dir=rules)


def _options_of(out: Path) -> dict[str, Any]:
    """How rows were read in a run."""
    year = int(read_record(out)["year"])
    header = read_lines(out).header or {}
    return {"year": year, "skip_unserved": bool(header.get("options", {}).get("skip unserved pools"))}
