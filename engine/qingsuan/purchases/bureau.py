"""What a bureau hands over beside purchases: batches, prices, scores, and advances paid and given back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, lines_of, number
from qingsuan.money import fen_of_yuan
from qingsuan.movements.model import Movement
from qingsuan.movements.reading import read_movements
from qingsuan.purchases.model import PRICE_ONE, Item, Procurement, ProcurementBatch
from qingsuan.purchases.reader import read_procurement

__all__ = ["ITEM_COLUMNS", "KINDS", "MOVEMENT_COLUMNS", "SCORE_COLUMNS", "Bureau", "moved_by_month", "read_bureau"]

ITEM_COLUMNS = ("batch", "item", "price_before", "price")
SCORE_COLUMNS = ("batch", "fixmedins_code", "score")
MOVEMENT_COLUMNS = ("date", "batch", "fixmedins_code", "kind", "year", "amount")

KINDS = {
    "advance": "paid by the fund to the institution for agreed quantities 预付",
    "repaid": "given back by the institution 归还",
}
"""What money that moved is."""

_MOST_PRICE = 10**9 * PRICE_ONE


@dataclass(frozen=True, slots=True)
class Bureau:
    """All of it.

    Attributes
    ----------
    items : by batch and code, in the order of the file.
    scores : in hundredths, by batch and institution.
    movements : every line, judged alone.
    moved : what of them is of the year, in fen by batch, institution and kind, and by month.
    files : those that were read, with their digests.
    """

    procurement: Procurement
    items: Mapping[tuple[str, str], Item]
    scores: Mapping[tuple[str, str], int]
    movements: tuple[Movement, ...]
    moved: Mapping[tuple[str, str, str], Mapping[str, int]]
    files: tuple[TableFile, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)

    @property
    def batches(self) -> dict[str, ProcurementBatch]:
        """The batches by their ids."""
        return {batch.id: batch for batch in self.procurement.batches}


def read_bureau(batches: Path, items: Path, scores: Path | None, movements: Path | None, year: int) -> Bureau:
    """Read the files.

    Raises
    ------
    PolicyError
        A file cannot be trusted, or a batch has no item.
    """
    procurement = read_procurement(batches, year)
    known = {batch.id: batch for batch in procurement.batches}
    named = {"batches": batches, "items": items, "scores": scores, "movements": movements}
    found = _items(items, known)
    for batch in known:
        if batch not in {one.batch for one in found.values()}:
            expected = "a line for each drug or material of every batch"
            raise PolicyError(str(items), found=f"no item of batch {batch}", expected=expected, do="add its lines")
    lines = () if movements is None else read_movements(movements, ("batch", "fixmedins_code"), KINDS)
    return Bureau(
        procurement,
        found,
        {} if scores is None else _scores(scores, known),
        lines,
        moved_by_month(lines, year),
        tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
    )


def moved_by_month(movements: Iterable[Movement], year: int) -> dict[tuple[str, str, str], dict[str, int]]:
    """What of money that moved is of a year and not refused: by batch, institution and kind, by month such as 2022-03."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for line in movements:
        if line.fault is None and line.year == year and line.date is not None:
            key = line.cells["batch"], line.cells["fixmedins_code"], line.cells["kind"]
            months, month = found.setdefault(key, {}), f"{line.date:%Y-%m}"
            months[month] = months.get(month, 0) + (line.fen or 0)
    return found


def _items(file: Path, batches: Mapping[str, ProcurementBatch]) -> dict[tuple[str, str], Item]:
    found: dict[tuple[str, str], Item] = {}
    for where, cells in lines_of(file, ITEM_COLUMNS):
        key = _key(cells, "item", where, batches, found)
        prices = [
            number(cells[name], _price, where, name, "yuan, above 0, at most four decimals")
            for name in ("price_before", "price")
        ]
        found[key] = Item(*key, *prices)
    return found


def _scores(file: Path, batches: Mapping[str, ProcurementBatch]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for where, cells in lines_of(file, SCORE_COLUMNS):
        key = _key(cells, "fixmedins_code", where, batches, found)
        score = number(cells["score"], fen_of_yuan, where, "score", "a score with at most two decimals")
        if not 0 <= score <= batches[key[0]].full_score:
            expected = f"from 0 to {batches[key[0]].full_score // 100}, the full score"
            raise PolicyError(where, found=f"score {cells['score']}", expected=expected, do="correct the score")
        found[key] = score
    return found


def _key(
    cells: Mapping[str, str],
    column: str,
    where: str,
    batches: Mapping[str, ProcurementBatch],
    found: Mapping[tuple[str, str], object],
) -> tuple[str, str]:
    """A line's batch and the other column that names it, each pair once."""
    key = cells["batch"], cells[column]
    if key[0] not in batches or not key[1]:
        said = f'batch "{key[0]}", {column} "{key[1]}"'
        raise PolicyError(where, found=said, expected=f"one of {', '.join(batches)}, and a code", do="correct the line")
    if key in found:
        raise PolicyError(where, found=f"{key[0]} {key[1]} again", expected="each once", do="take one of the lines out")
    return key


def _price(text: str | int) -> int:
    match = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,4}))?", str(text))
    price = 0 if match is None else int(match[1]) * PRICE_ONE + int((match[2] or "").ljust(4, "0"))
    if not 0 < price <= _MOST_PRICE:
        raise ValueError(f"not a price: {text!r}")
    return price
