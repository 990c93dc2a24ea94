"""Settled claims of a made-up year spread over two thousand institutions, with contracts and cases for them.

In comes a finished run of a made-up year, which has claims of 144 institutions; each becomes fourteen. Where more claims are wanted than
the run has, they come again under other ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.run.folder.parquet import write_parquet

__all__ = ["spread_claims", "write_contracts"]

INSTITUTIONS_OF_ONE = 14
BY_DISEASE, PER_BED_DAY = 5, 7
"""Of fourteen institutions the first ones are paid for stays by disease, the next ones per bed-day, the others by item."""
GROUPS = 40
CODES = ["insutype", "insu_admdvs", "med_type", "fixmedins_code", "rule_id", "pool", "variant"]
"""Columns of claims that a run writes as codes."""
TERMS = """\
format = 1
[clearing]
year = {year}
title = "Contracts of a made-up year"
funds = ["hifp_pay"]
source = "M"
[sources.M]
document = "made-up contracts of a benchmark"
article = "1"
grade = "made-up"
[[kinds]]
clr_type = "21"
med_types = ["21"]
source = "M"
[[kinds]]
clr_type = "11"
med_types = ["11", "140104", "140201"]
source = "M"
[[terms]]
id = "item"
way = "01"
title = "by item"
source = "M"
[[terms]]
id = "disease"
way = "02"
title = "by disease"
fund = "share"
percent = 70
source = "M"
[[terms]]
id = "bed-day"
way = "03"
title = "per bed-day"
rates = [{{ level = "general", from_day = 1, yuan = 680 }}, {{ level = "general", from_day = 31, yuan = 500 }}]
source = "M"
"""


def spread_claims(settled: Path, folder: Path, claims: int) -> int:
    """Write so many claims to ``claims``, in files as a run writes them, and their cases; returns how many there are."""
    (folder / "claims").mkdir(parents=True)
    (folder / "cases").mkdir()
    written = 0
    for number, table in enumerate(_again_and_again(settled)):
        if written >= claims:
            break
        dealt = _spread(table.slice(0, claims - written), np.random.default_rng(number))
        written += len(dealt)
        write_parquet(dealt, folder / "claims" / f"part-{number:05d}.parquet")
        write_parquet(_cases(dealt, np.random.default_rng(number)), folder / "cases" / f"part-{number:05d}.parquet")
    return written


def write_contracts(folder: Path, year: int) -> None:
    """Write contracts of every institution, kind of care by kind of care, with advances of every month."""
    place = folder / "contracts"
    place.mkdir()
    (place / "terms.toml").write_text(TERMS.format(year=year), encoding="utf-8")
    names = ("fixmedins_code", "pool", "insutype")
    parts = [pq.read_table(file, columns=list(names)) for file in sorted((folder / "claims").glob("*.parquet"))]
    whose = pa.concat_tables(table.group_by(list(names)).aggregate([]) for table in parts).group_by(list(names))
    lines, advances = [], []
    for row in whose.aggregate([]).sort_by("fixmedins_code").to_pylist():
        who = [row[name] for name in names]
        number = int(who[0][-2:])
        stays = "disease" if number < BY_DISEASE else "bed-day" if number < PER_BED_DAY else "item"
        for clr_type, terms in (("21", stays), ("11", "item")):
            lines.append([*who, clr_type, f"{year}-01", f"{year}-12", terms])
            advances += [[*who, clr_type, f"{year}-{month:02d}", "1000.00"] for month in range(1, 13)]
    name = [*names, "clr_type"]
    _write(place / "contracts.csv", [[*name, "begin_month", "end_month", "terms"], *lines])
    _write(place / "advances.csv", [[*name, "month", "amount"], *advances])
    groups = [["disease", f"D{number:02d}", f"{7_000 + number * 200}"] for number in range(GROUPS)]
    _write(place / "groups.csv", [["terms", "group", "standard"], *groups])


def _write(path: Path, lines: list[list[str]]) -> None:
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")


def _again_and_again(settled: Path) -> Iterator[pa.Table]:
    for turn in range(100):
        for file in sorted(settled.glob("*.parquet")):
            table = pq.read_table(file, read_dictionary=CODES)
            ids = pc.binary_replace_slice(table["setl_id"].cast(pa.binary()), 0, 1, f"{turn:02d}".encode())
            yield table.set_column(0, "setl_id", ids.cast(pa.string()))


def _spread(table: pa.Table, dice: np.random.Generator) -> pa.Table:
    """The claims of each institution dealt to several."""
    more = pa.array([f"{number:02d}" for number in range(INSTITUTIONS_OF_ONE)])
    which = more.take(pa.array(dice.integers(0, INSTITUTIONS_OF_ONE, len(table))))
    codes = pc.binary_join_element_wise(table["fixmedins_code"].cast(pa.string()), which, "").dictionary_encode()
    return table.set_column(table.schema.names.index("fixmedins_code"), "fixmedins_code", codes)


def _cases(table: pa.Table, dice: np.random.Generator) -> pa.Table:
    """What the stays are that contracts pay by disease or bed-day."""
    number = pc.utf8_slice_codeunits(table["fixmedins_code"].cast(pa.string()), -2).cast(pa.int64()).to_numpy()
    rows = np.flatnonzero(pc.equal(table["med_type"].cast(pa.string()), "21").to_numpy() & (number < PER_BED_DAY))
    table, by_disease = table.take(pa.array(rows)), number[rows] < BY_DISEASE
    names = pa.array([*(f"D{number:02d}" for number in range(GROUPS)), "general"])
    group = np.where(by_disease, dice.integers(0, GROUPS, len(rows)), GROUPS)
    own = {name: table[name] for name in ("setl_id", "pool", "insutype")}
    return pa.table({**own, "group": names.take(pa.array(group)), "days": pa.array(dice.integers(1, 40, len(rows)))})
