"""The biggest changes explained: the claim that changes most, by the rules in force and by the changed ones, line beside line.

The people at hand are settled once more by each of both, and the slow twin explains what came out (:mod:`qingsuan.explain`): it agrees
with the core for these claims too, or says that it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.setup import Setup
from qingsuan.explain.document import Explanation, Run, plain
from qingsuan.explain.rows.opening import Opened
from qingsuan.explain.text.whole import text_of
from qingsuan.explain.whole import Explainer
from qingsuan.messages import Lang
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.executors.prepared import YearRows
from qingsuan.run.folder.disk import writing
from qingsuan.simulation.adding import Big

__all__ = ["Explained", "explained"]

_SAME, _BEFORE, _AFTER = "  ", "- ", "+ "
_AROUND = 2
_LEFT_OUT = "  …"


@dataclass(frozen=True, slots=True)
class Explained:
    """A claim by the rules in force and by the changed ones."""

    rank: int
    before: Explanation
    after: Explanation

    def text(self) -> str:
        """Both explanations in one: a line of both once, one of the first behind ``-``, one of the second behind ``+``."""
        return "\n".join(f"{sign}{line}".rstrip() for sign, line in self._lines())

    def changes(self) -> list[str]:
        """The lines of :meth:`text` that differ, each with the lines just before and after it; ``…`` stands for what is left out."""
        lines = [(sign != _SAME, f"{sign}{line}".rstrip()) for sign, line in self._lines()]
        shown = {
            near
            for number, (differs, _) in enumerate(lines)
            if differs
            for near in range(number - _AROUND, number + _AROUND + 1)
        }
        found: list[str] = []
        for number, (_, line) in enumerate(lines):
            if number in shown:
                found.append(line)
            elif found[-1:] != [_LEFT_OUT]:
                found.append(_LEFT_OUT)
        return found

    def _lines(self) -> Iterator[tuple[str, str]]:
        return _beside(text_of(self.before).splitlines(), text_of(self.after).splitlines())

    def record(self) -> dict[str, Any]:
        """As JSON has it; both documents are those of ``docs/explain.schema.json``."""
        return {"rank": self.rank, "before": plain(self.before), "after": plain(self.after)}


def explained(
    rows: YearRows, setups: tuple[Setup, Setup], biggest: Sequence[Big], scratch: Path, lang: Lang
) -> list[Explained]:
    """Explain the claim that changes most of each of these people.

    Parameters
    ----------
    setups
        The rules in force, and the changed ones.
    scratch
        A folder of the caller's for what the explanations are held against.
    """
    tables = rows.of_people(one.psn_no for one in biggest)
    both = []
    for name, setup in zip(("before", "after"), setups, strict=True):
        folder = scratch / name
        outcome = Settler(setup).settle(*tables)
        _write(folder, outcome, rows)
        run = Run(rows.year.path.name, "", setup.year, setup.program.digest, ())
        both.append(Explainer(Opened(folder, {"partitions": 1, "inputs": {}}, run, setup, rows.year), lang))
    return [
        Explained(rank, *(each.explain(setl_id=one.setl_id, psn_no=one.psn_no) for each in both))
        for rank, one in enumerate(biggest, 1)
    ]


def _write(folder: Path, outcome: Outcome, rows: YearRows) -> None:
    """Write what explanations are held against, as a run folder has it."""
    files = [source.name for source in inputs_of(rows.year).of("claims")]
    refused, whole = outcome.refused, outcome.refused_rows
    rejected = pa.table(
        {
            "source_file": pa.array([files[number] for number in refused["file"].to_pylist()], pa.string()),
            "source_row": pc.add(refused["row"], 1),
            **{name: refused[name] for name in ("code", "column", "found", "expected")},
            **{name: whole[name].cast(pa.string()) for name in ("setl_id", "psn_no")},
        }
    )
    with writing(folder):
        for name, table in (("settled", outcome.settled), ("reversed", outcome.reversed_rows), ("rejected", rejected)):
            (folder / name).mkdir(parents=True)
            pq.write_table(table, folder / name / "part-00000.parquet")


def _beside(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every line of both, with the sign that says whose it is."""
    for kind, first, end, other, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((_SAME, line) for line in before[first:end])
        else:
            yield from ((_BEFORE, line) for line in before[first:end])
            yield from ((_AFTER, line) for line in after[other:until])
