"""People with a former outpatient benefit (台账) in two runs: who gets less by the second one, and by how much.

On the whole nobody is to have less than before when outpatient pooling takes the place of a former benefit (确保保障待遇整体上不降低,
吉政办发〔2021〕59号, section 2.6). The first run settles the year by the former rules, the second one by the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import decimals, read_money
from qingsuan.columns.rows import add_up, arrow
from qingsuan.differing.piece import Block
from qingsuan.differing.runs import Pair, Side
from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, lines_of
from qingsuan.money import yuan
from qingsuan.people import Texts, partition_of
from qingsuan.policy.model import FUNDS

__all__ = ["OUTCOMES", "REGISTER_COLUMNS", "Register", "RegisterSums"]

Int64 = npt.NDArray[np.int64]

REGISTER_COLUMNS = ("psn_no", "benefit")
OUTCOMES = ("less", "same", "more", "no claims", "not known")
"""What the second run comes to for a person. ``not known``: one run settled a claim of theirs that the other one did not."""

_MOST = 1 << 62
_MEASURES = ("claims", "outpatient", "funds")


@dataclass(frozen=True, slots=True)
class Register:
    """The people of a bureau's register: number and former benefits of each, in the order of the file."""

    people: pa.Array
    benefits: tuple[str, ...]
    file: TableFile

    @classmethod
    def read(cls, file: Path) -> Register:
        """Read a register, a CSV file with ``psn_no`` and ``benefit``: a line for each former benefit of a person.

        Raises
        ------
        PolicyError
            A line names no person or no benefit, or stands twice; there is no line.
        """
        held: dict[str, dict[str, None]] = {}
        for where, cells in lines_of(file, REGISTER_COLUMNS):
            person, benefit = (cells[name] for name in REGISTER_COLUMNS)
            absent = [name for name in REGISTER_COLUMNS if not cells[name]]
            if absent or benefit in held.get(person, ()):
                expected = "a person and a former benefit, each pair once"
                found = f"no {absent[0]}" if absent else "a person and benefit that stand further up, too"
                raise PolicyError(where, found=found, expected=expected, do="correct the line, or take it out")
            held.setdefault(person, {})[benefit] = None
        if not held:
            expected = "a line for each former benefit of a person"
            raise PolicyError(str(file), found="no line", expected=expected, do="fill the register")
        people = pa.array([*held], pa.string())
        return cls(people, tuple("+".join(each) for each in held.values()), TableFile.of("register", file))

    def rows_of(self, pair: Pair, piece: int, blocks: Sequence[Block]) -> pa.Table | None:
        """The people of a piece, a row for each; None where the piece has none.

        Raises
        ------
        InputError
            A file of a run cannot be read.
        """
        mine = np.flatnonzero(partition_of(Texts.of(self.people), pair.pieces) == piece)
        if not len(mine):
            return None
        people = self.people.take(arrow(mine))
        first = _measured(pair.first, people, piece, pair.pieces)
        second = first if pair.same("settled", piece) else _measured(pair.second, people, piece, pair.pieces)
        outcome = _outcomes(first, second, _lost_track_of(blocks, people))
        less = {name: np.maximum(first[name] - second[name], 0) for name in ("outpatient", "funds")}
        return pa.table(
            {
                "psn_no": people,
                "benefit": pa.array([self.benefits[place] for place in mine.tolist()], pa.string()),
                "outcome": pa.array(OUTCOMES).take(pa.array(outcome)),
                "first_claims": pa.array(first["claims"]),
                "second_claims": pa.array(second["claims"]),
                "first_outpatient": decimals(first["outpatient"]),
                "second_outpatient": decimals(second["outpatient"]),
                "first_fund_pay_sumamt": decimals(first["funds"]),
                "second_fund_pay_sumamt": decimals(second["funds"]),
                "less_outpatient": decimals(less["outpatient"]),
                "less": decimals(less["funds"]),
            }
        )


def _measured(side: Side, people: pa.Array, piece: int, pieces: int) -> dict[str, Int64]:
    """Of each person how many claims a run settled, and what funds paid of outpatient care and of all care, in fen."""
    found = {name: np.zeros(len(people), np.int64) for name in _MEASURES}
    rows = side.read("settled", ("psn_no", "med_type", *FUNDS), piece, pieces)
    if rows is None:
        return found
    place = pc.index_in(rows.column("psn_no").cast(pa.string()), value_set=people)
    there = pc.is_valid(place)
    rows, place = rows.filter(there), place.drop_null()
    if not rows.num_rows:
        return found
    person = place.to_numpy().astype(np.int32)
    funds = np.stack([read_money(rows.column(name), _MOST).values for name in FUNDS]).sum(axis=0)
    care = rows.column("med_type").cast(pa.string())
    is_outpatient = pc.or_(pc.starts_with(care, "1"), pc.equal(care, "41")).to_numpy().astype(np.bool_)
    found["claims"] = np.bincount(person, minlength=len(people)).astype(np.int64)
    found["outpatient"], found["funds"] = add_up(person, len(people), [np.where(is_outpatient, funds, 0), funds])
    return found


def _lost_track_of(blocks: Iterable[Block], people: pa.Array) -> npt.NDArray[np.bool_]:
    """Whose claims one run settled and the other one did not, or of which other things became."""
    found = np.zeros(len(people), np.bool_)
    for block in blocks:
        unlike = pa.array(block.outcomes[0] != block.outcomes[1])
        place = pc.index_in(block.told.column("psn_no").cast(pa.string()).filter(unlike), value_set=people)
        found[place.drop_null().to_numpy()] = True
    return found


def _outcomes(
    first: Mapping[str, Int64], second: Mapping[str, Int64], is_unknown: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    outcome: npt.NDArray[np.int8] = (np.sign(second["funds"] - first["funds"]) + 1).astype(np.int8)
    outcome[(first["claims"] == 0) & (second["claims"] == 0)] = OUTCOMES.index("no claims")
    outcome[is_unknown] = OUTCOMES.index("not known")
    return outcome


class RegisterSums:
    """What the register comes to, piece after piece: people and what they get less, by what they had and what becomes of them."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._people: Counter[tuple[str, str]] = Counter()
        self._less: Counter[tuple[str, str]] = Counter()

    def add(self, rows: pa.Table) -> None:
        """Add the rows of a piece."""
        fen = read_money(rows.column("less"), _MOST).values.tolist()
        keys = zip(rows.column("benefit").to_pylist(), rows.column("outcome").to_pylist(), strict=True)
        for key, less in zip(keys, fen, strict=True):
            self._people[key] += 1
            self._less[key] += less

    def record(self) -> dict[str, Any]:
        """As ``diff.json`` has it."""
        file = self.register.file
        people: Counter[str] = Counter()
        less = 0
        for (benefit, outcome), count in self._people.items():
            people[outcome] += count
            less += self._less[benefit, outcome] if outcome == "less" else 0
        return {
            "file": {"name": file.name, "sha256": file.sha256},
            "people": len(self.register.people),
            "outcomes": {name: people[name] for name in OUTCOMES},
            "less": yuan(less),
        }

    def table(self) -> pa.Table:
        """People and what they get less in yuan, by former benefit and outcome."""
        keys = sorted(self._people, key=lambda one: (one[0], OUTCOMES.index(one[1])))
        less = np.array([self._less[key] for key in keys], np.int64)
        return pa.table(
            {
                "benefit": pa.array([benefit for benefit, _ in keys], pa.string()),
                "outcome": pa.array([outcome for _, outcome in keys], pa.string()),
                "people": pa.array([self._people[key] for key in keys], pa.int64()),
                "less": decimals(less, 20),
            }
        )
