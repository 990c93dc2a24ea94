"""The full cascade three times: ``qingsuan settle``, DuckDB in SQL, Polars in expressions. Parquet in, Parquet out, equal to the fen.

The rules are those of one made-up pool (``cascade_rules/``), the claims a made-up year of it. Each peer is a script that
takes the folder of the sample and the folder to write to; both write what the engine writes: settled, reversed and
rejected rows. This module makes the sample, lets each of them run, and compares row by row.
"""

# ruff: noqa: S608 -- every text that goes into a query is written in this folder

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from measuring import CLAIMS_PER_PERSON, QINGSUAN

HERE = Path(__file__).parent
YEAR = 2021
NO_CEILING = 10_000
"""All of a bill: it never binds."""
CEILING = 9_000
IDENTIFIERS = ("psn_no", "setl_id", "init_setl_id")

BILL = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
KEPT = ("setl_id", "psn_no", "insutype", "insu_admdvs", "med_type", "setl_time", "fixmedins_code")
COMPARED = {
    "settled": (
        *(*KEPT, "rule_id", *BILL, "act_pay_dedc", "pool_prop_selfpay"),
        *("hifp_pay", "hifmi_pay", "hifob_pay", "cvlserv_pay", "hifes_pay", "hifdm_pay", "maf_pay", "oth_pay"),
        *("hosp_part_amt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc"),
    ),
    "reversed": (*KEPT, "refd_setl_flag", "other_setl_id", *BILL),
    "rejected": ("source_row", "setl_id", "code"),
}
"""Table -> its columns that must be equal."""


# --- a made-up year of the made-up pool --------------------------------------------------------------------------------


def make_sample(out: Path, claims: int, seed: int = 7) -> Path:
    """Make a year of about so many claims: ``qingsuan sample``, moved into the made-up pool. Bad rows are among them."""
    raw = out.with_name(f".{out.name}.raw")
    people = round(claims / CLAIMS_PER_PERSON)
    made = ("sample", str(raw), "--people", str(people), "--seed", str(seed), "--bad-rows", str(people // 400))
    subprocess.run([*QINGSUAN, *made, "--year", str(YEAR)], check=True, capture_output=True)
    (out / "claims").mkdir(parents=True)
    move(raw / "claims" / "part-000.parquet", out / "claims" / "part-000.parquet", _claims_of_the_pool)
    move(raw / "insured.parquet", out / "insured.parquet", _insured_of_the_pool)
    move(raw / "identities.parquet", out / "identities.parquet", _as_it_is)
    shutil.rmtree(raw)
    return out


def move(source: Path, target: Path, change: Callable[[pa.RecordBatch], dict[str, pa.Array]]) -> None:
    """Copy a file with some columns changed."""
    with pq.ParquetFile(source) as file:
        schema = file.schema_arrow
        texts = [one.name for one in schema if pa.types.is_string(one.type) and one.name not in IDENTIFIERS]
        with pq.ParquetWriter(
            target,
            schema,
            compression="zstd",
            use_dictionary=texts,
            write_statistics=["setl_time"] if "setl_time" in schema.names else False,
            store_schema=False,
            store_decimal_as_integer=True,
        ) as writer:
            for batch in file.iter_batches(1 << 17):
                changed = change(batch)
                columns = [changed.get(name, batch.column(name)) for name in schema.names]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema), row_group_size=1 << 17)


def _mapped(column: pa.Array, change: Callable[[str], str]) -> pa.Array:
    encoded = column.dictionary_encode()
    return pa.array([change(text) for text in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _as_it_is(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    return {}


_OURS = ("2201", "2202", "1501", "1509")


def _home(area: str) -> str:
    """The sample's pools become one; one county's claims belong to a pool that no plugin serves."""
    if area == "150929":
        return "990329"
    return "9901" + area[4:] if area[:4] in _OURS else area


def _claims_of_the_pool(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """One pool, one scheme, three levels; of twelve hospitals of a kind one is elsewhere in the region, one outside."""
    hospital = _mapped(batch.column("fixmedins_code"), lambda code: code[-2:])
    stay = pc.fill_null(pc.equal(batch.column("med_type"), "21"), False)
    near, far = (pc.and_(stay, pc.equal(hospital, number)) for number in ("00", "01"))
    away = pc.or_(near, far)
    day = pc.fill_null(pc.day(batch.column("begndate")), 1)
    asked = pc.if_else(pc.less(day, 22), "1", "0")
    flag = batch.column("refl_flag")
    place = _mapped(batch.column("fix_blng_admdvs"), lambda area: area if area is None else _home(area))
    return {
        "insutype": _mapped(batch.column("insutype"), lambda code: "390" if code == "310" else code),
        "insu_admdvs": _mapped(batch.column("insu_admdvs"), lambda area: area if area is None else _home(area)),
        "fix_blng_admdvs": pc.if_else(near, "990201", pc.if_else(far, "110105", place)),
        "dedc_hosp_lv": _mapped(batch.column("dedc_hosp_lv"), lambda level: level[:1]),
        "refl_flag": pc.if_else(pc.and_(away, pc.is_in(flag, pa.array(["0", "1"]))), asked, flag),
    }


def _insured_of_the_pool(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """One pool, one scheme; the people of one county turn out to be insured elsewhere."""
    return {
        "insutype": pa.repeat(pa.scalar("390"), len(batch)),
        "insu_admdvs": _mapped(batch.column("insu_admdvs"), lambda area: "990228" if area == "150928" else _home(area)),
    }


# --- the three of them -------------------------------------------------------------------------------------------------


LAYERS = re.compile(r"^(layers = (\[.+\]))$", re.MULTILINE)


def install(site: Path, ceiling: int = NO_CEILING) -> Path:
    """Make the made-up pool's plugin known to who has ``site`` on the path, as pip would.

    ``ceiling`` in basis points of the total closes every rule: what the layers pay together beyond it is taken back.
    """
    info, rules = site / "qingsuan_cascade-2021.1.dist-info", site / "cascade_rules"
    for folder in (info, rules):
        folder.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: qingsuan-cascade\nVersion: 2021.1\n", "utf-8")
    (info / "entry_points.txt").write_text("[qingsuan]\ncascade = cascade_region\n", "utf-8")
    shutil.copy(HERE / "cascade_region.py", site)
    for path in (HERE / "cascade_rules").iterdir():
        text = path.read_text("utf-8")
        if ceiling != NO_CEILING:
            closed = rf"""\1\nceiling = {{ percent = {ceiling // 100}, of = "medfee_sumamt", layers = \2, source = "MADE_UP" }}"""
            text = LAYERS.sub(closed, text)
        (rules / path.name).write_text(text, "utf-8")
    return site


def environment(site: Path) -> dict[str, str]:
    """What the engine needs in its environment to find the plugin."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))}


def engine_command(sample: Path, out: Path, workers: int = 2) -> tuple[str, ...]:
    return (
        *(*QINGSUAN, "settle", str(sample / "claims"), "--insured", str(sample / "insured.parquet")),
        *("--identities", str(sample / "identities.parquet"), "--year", str(YEAR), "--skip-unserved"),
        *("--workers", str(workers), "--out", str(out), "--overwrite", "--json"),
    )


def peer_command(peer: str, sample: Path, out: Path, threads: int = 2, ceiling: int = NO_CEILING) -> tuple[str, ...]:
    """``peer`` is ``duckdb`` or ``polars``."""
    return (sys.executable, str(HERE / f"cascade_{peer}.py"), str(sample), str(out), str(threads), str(ceiling))


# --- what must be equal ------------------------------------------------------------------------------------------------


def differences(ours: Path, theirs: Path) -> Iterator[str]:
    """Say what differs between the engine's run folder and a peer's; nothing where both are the same to the fen."""
    import duckdb

    with duckdb.connect() as connection:
        for folder, name in ((ours, "ours"), (theirs, "theirs")):
            for table, columns in COMPARED.items():
                files = f"read_parquet('{folder}/{table}/part-*.parquet')"
                connection.execute(f"CREATE VIEW {name}_{table} AS SELECT {', '.join(columns)} FROM {files}")
        for table in COMPARED:
            yield from _differing_rows(connection, table)


def _differing_rows(connection: Any, table: str) -> Iterator[str]:
    """Rows that one has and the other has not: every column counts."""
    for one, other in (("ours", "theirs"), ("theirs", "ours")):
        query = f"SELECT * FROM {one}_{table} EXCEPT ALL SELECT * FROM {other}_{table} LIMIT 5"
        for row in connection.sql(query).fetchall():
            yield f"{table}: only {one}: {row}"


def count_rows(folder: Path) -> dict[str, int]:
    """How many rows each table of a run folder has."""
    return {
        table: sum(pq.read_metadata(path).num_rows for path in (folder / table).glob("part-*.parquet"))
        for table in COMPARED
    }
