"""From PostgreSQL to a run and back: the same numbers as from files, and no table half-written, whatever is stopped when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bureau_files import CLAIMS, numbers
from postgresql_server import Server, running
from qingsuan.databases import postgresql
from settling import install, insured, only, run, write


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.parquet", [insured(psn_no=f"p{place}") for place in range(3)])
    write(tmp_path / "clean.parquet", CLAIMS)


def sql(server: Server, *statements: str) -> list[tuple[Any, ...]]:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(server.address) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
    return rows


def load(server: Server, table: str, rows: pa.Table) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(server.address) as connection, connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS "{table}"')
        cursor.adbc_ingest(table, rows, mode="create")
        connection.commit()


def settled(tmp_path: Path, claims: object, people: object, out: str, *more: object) -> Any:
    return run("settle", claims, "--insured", people, "--year", 2022, "--out", tmp_path / out, *more)


def test_a_year_from_a_database_is_the_year_from_files(tmp_path: Path, server: Server) -> None:
    assert settled(tmp_path, tmp_path / "clean.parquet", tmp_path / "insured.parquet", "clean").status == 0
    load(server, "claims", pq.read_table(tmp_path / "clean.parquet"))
    load(server, "PEOPLE", pq.read_table(tmp_path / "insured.parquet"))
    query = quote_plus('SELECT * FROM "PEOPLE" ORDER BY psn_no')
    ran = settled(tmp_path, f"{server.address}?table=claims", f"{server.address}?query={query}", "out")
    assert ran.status == 0, ran.err
    assert numbers(tmp_path / "out") == numbers(tmp_path / "clean")
    record = (tmp_path / "out" / "run.json").read_text("utf-8")
    assert json.loads(record)["inputs"]["claims"][0]["file"] == "claims"
    assert "postgres" not in record


def test_a_table_as_a_bureau_has_it_is_read_by_an_intake_file(tmp_path: Path, server: Server) -> None:
    assert settled(tmp_path, tmp_path / "clean.parquet", tmp_path / "insured.parquet", "clean").status == 0
    rows = pq.read_table(tmp_path / "clean.parquet")
    load(server, "upper", rows.rename_columns([name.upper() for name in rows.schema.names]))
    (tmp_path / "in.toml").write_text('format = 1\nclaims.columns.case = "ignore"\n', "utf-8")
    ran = settled(tmp_path, f"{server.address}?table=public.upper", tmp_path / "insured.parquet", "out", "--intake", tmp_path / "in.toml")  # fmt: skip
    assert ran.status == 0, ran.err
    assert numbers(tmp_path / "out") == numbers(tmp_path / "clean")


def test_a_query_may_only_read(tmp_path: Path, server: Server) -> None:
    sql(server, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 1 AS n")
    query = quote_plus("DELETE FROM kept RETURNING n")
    ran = settled(tmp_path, f"{server.address}?query={query}", tmp_path / "insured.parquet", "out")
    assert ran.status == 3
    assert "read-only" in ran.err
    assert sql(server, "SELECT n FROM kept") == [(1,)]


def test_what_is_no_table_is_said_without_the_password(tmp_path: Path, server: Server) -> None:
    people = tmp_path / "insured.parquet"
    wrong = {
        server.address: (2, "neither table nor query"),
        f"{server.address}?table=a&query=b": (2, "table and query"),
        f"{server.address}?table=nowhere": (3, "nowhere"),
        "postgresql://somebody:secret@127.0.0.1:1/x?table=claims": (2, "no connection"),
    }
    for address, (status, said) in wrong.items():
        ran = settled(tmp_path, address, people, "out")
        assert ran.status == status, ran.err
        assert said in ran.err
        assert "secret" not in ran.err
        assert not (tmp_path / "out").exists()


def exported(tmp_path: Path, server: Server, schema: str) -> Any:
    return run("export", tmp_path / "out", server.address, "--schema", schema, "--lang", "en")


def test_a_run_goes_into_a_database_once_and_whole(tmp_path: Path, server: Server) -> None:
    assert (
        settled(tmp_path, tmp_path / "clean.parquet", tmp_path / "insured.parquet", "out", "--accumulators").status == 0
    )
    assert run("export", tmp_path / "nothing", server.address).status == 3
    assert run("export", tmp_path / "out", "file.db").status == 2
    ran = exported(tmp_path, server, "one")
    assert ran.status == 0, ran.err
    assert f"one.settled: {len(CLAIMS)} rows written" in ran.out
    there = sql(server, "SELECT setl_id, psn_no, benefit_date, medfee_sumamt, hifp_pay, hifmi_pay, psn_cash_pay FROM one.settled")  # fmt: skip
    assert sorted((*row[:3], *map(Decimal, row[3:])) for row in there) == numbers(tmp_path / "out")
    again = exported(tmp_path, server, "one")
    assert again.status == 0
    assert f"one.settled: {len(CLAIMS)} rows, there already" in again.out
    assert settled(tmp_path, tmp_path / "clean.parquet", tmp_path / "insured.parquet", "out", "--overwrite").status == 0
    refused = exported(tmp_path, server, "one")
    assert refused.status == 2
    assert "a table that another run wrote" in refused.err
    sql(server, "CREATE SCHEMA mine", "CREATE TABLE mine.settled (n int)")
    assert "a table that no run wrote" in exported(tmp_path, server, "mine").err
    assert "no dot" in exported(tmp_path, server, "a.b").err


def test_a_server_that_stops_in_the_middle_leaves_no_table_in_part(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled(tmp_path, tmp_path / "clean.parquet", tmp_path / "insured.parquet", "out").status == 0
    read = postgresql.batches_of

    def stopping(files: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for batch in read(files, schema):
            yield batch
            if "psn_cash_pay" in schema.names:
                server.stop()

    with monkeypatch.context() as inside:
        inside.setattr(postgresql, "batches_of", stopping)
        ran = exported(tmp_path, server, "cut")
    server.start()
    assert ran.status == 5
    assert "the database gave up" in ran.err
    names = {
        name for (name,) in sql(server, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'cut'")
    }
    assert "settled" not in names
    assert exported(tmp_path, server, "cut").status == 0
    assert sql(server, "SELECT count(*) FROM cut.settled") == [(len(CLAIMS),)]
