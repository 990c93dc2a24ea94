"""Case files, settled and explained claim by claim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from qingsuan.api.benefits import settle
from qingsuan.api.explaining import explain
from qingsuan.cases.casefile import read_case
from qingsuan.cases.settling import write_tables
from qingsuan.explain.document import plain
from qingsuan.explain.schema import schema
from qingsuan.messages import Lang

__all__ = ["Explained"]


class Explained:
    """A case file, settled with its prepared year and explained claim by claim as JSON."""

    def __init__(self, case: Path, folder: Path) -> None:
        read = read_case(case)
        folder.mkdir(exist_ok=True)
        files = write_tables(read, folder)
        tables = [files[name] for name in ("claims", "insured", "identities")]
        self.out = folder / "out"
        settle(*tables, year=read.year, out=self.out, keep=folder / "year", registrations=files["registrations"])

    def claim(self, setl_id: str, lang: Lang = "zh") -> dict[str, Any]:
        """The JSON of one claim; it is what the schema says."""
        document = plain(explain(self.out, setl_id=setl_id, lang=lang))
        Draft202012Validator(schema()).validate(document)
        assert document["agrees"] is True
        found: dict[str, Any] = document["claims"][0]
        return found
