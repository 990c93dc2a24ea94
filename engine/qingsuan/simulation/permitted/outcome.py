"""What was found about a gap, and the folder that it is written to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan import __version__
from qingsuan.messages import Lang, Words
from qingsuan.run.folder.disk import writing
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.run.record import of_plugins
from qingsuan.simulation.opened import OpenedYear
from qingsuan.simulation.permitted.finding import Found
from qingsuan.simulation.permitted.gaps import FundGap
from qingsuan.simulation.permitted.told import amounts_of, summary, tables_of

__all__ = ["RECORD", "PermittedChanges", "outcome_of"]

RECORD = "permitted.json"
FORMAT = 1


@dataclass(frozen=True)
class PermittedChanges:
    """What the numbers that pools may set come to for their gaps.

    Attributes
    ----------
    record : what ``permitted.json`` says.
    tables : by name, as ``docs/permitted-changes.md`` has them.
    lang : the language of the summary.
    """

    record: Mapping[str, Any]
    tables: Mapping[str, pa.Table]
    lang: Lang = "zh"

    def summary(self) -> str:
        """The summary that the command prints."""
        return summary(self.record, self.tables["changes"].to_pylist(), Words(self.lang))

    def write(self, folder: Path) -> None:
        """Write everything into a folder that is there.

        Raises
        ------
        RunError
            It cannot be written.
        """
        with writing(folder):
            for name, rows in self.tables.items():
                write_parquet(rows, folder / f"{name}.parquet")
            text = json.dumps(self.record, ensure_ascii=False, indent=2)
            (folder / RECORD).write_text(text + "\n", "utf-8")


def outcome_of(
    opened: OpenedYear, gaps: Sequence[FundGap], books: str | None, found: Found, lang: Lang
) -> PermittedChanges:
    """Put together what was found; ``books`` is the SHA-256 of the record of the books that the gaps are of."""
    record = {
        "format": FORMAT,
        "simulation": "permitted changes 待遇清单内调整",
        "year": opened.working.year,
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": [*of_plugins(opened.installed)],
        "prepared": {"folder": opened.year.path.resolve().name, "deliveries": list(opened.year.record.deliveries)},
        "base": {"compiled_rules": opened.in_force},
        "books": books,
        "asked": [*map(str, gaps)],
        "gaps": amounts_of(found),
        "left_out": dict(found.counts()),
    }
    return PermittedChanges(record, tables_of(found), lang)
