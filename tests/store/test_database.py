"""S8: SQL over a catalogue reaches the files of its tables and nothing else."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from agglo.core.errors import OptionError, StoreError
from agglo.store import Catalog, _database, write_table

SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "allow_extension_repositories": "forbidden",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
    "threads": "1",
    "memory_limit": "476.8 mib",
}
ESCAPES = (
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('{folder}/tables/t/../../secret.csv')",
    "SELECT * FROM read_text('file://{secret}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_parquet('{folder}/*.parquet')",
    "SELECT * FROM read_parquet('{folder}/other.parquet')",
    "SELECT * FROM parquet_metadata('{folder}/other.parquet')",
    "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "CREATE TABLE mine AS FROM '{folder}/other.parquet'",
    "ATTACH '{folder}/other.db'",
    "ATTACH '{folder}/new.db'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY t TO '{folder}/tables/t/new.parquet' (FORMAT parquet)",
    "EXPORT DATABASE '{folder}/exported'",
    "IMPORT DATABASE '{folder}/exported'",
    "INSTALL httpfs",
    "INSTALL h3 FROM community",
    "LOAD httpfs",
    "LOAD '{folder}/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "CREATE EXTENSION REPOSITORY 'example.org'",
    "CREATE SECRET s (TYPE s3)",
    "SET enable_external_access = true",
    "SET GLOBAL enable_external_access = true",
    "RESET enable_external_access",
    "PRAGMA enable_external_access = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET allowed_paths = ['/etc/passwd']",
    "SET allowed_directories = ['/']",
    "SET autoload_known_extensions = true",
    "SET temp_directory = '{folder}'",
    "SET memory_limit = '100GB'",
    "SET threads = 64",
    "SET profiling_output = '{folder}/profile'",
    "SET log_query_path = '{folder}/log'",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "SELECT * FROM frame",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Tables, and beside them what SQL must not see."""
    made = tmp_path_factory.mktemp("house")
    write_table(made / "tables" / "t" / "a.parquet", pa.table({"x": [1, 2]}))
    write_table(made / "other.parquet", pa.table({"x": [4321]}))
    (made / "secret.csv").write_text("who,what\nme,4321\n", "utf-8")
    duckdb.connect(str(made / "other.db")).close()
    return made


@pytest.fixture(scope="module")
def connection(folder):
    catalog = Catalog(folder / "tables")
    with catalog.connect(memory_gb=0.5, threads=1) as opened:
        yield opened


@pytest.fixture
def sealed(tmp_path):
    """A catalogue of its own, whose bytes are at stake, and a connection to it."""
    for name, rows in {"a": [1, 2], "b": [0.5]}.items():
        write_table(
            tmp_path / "tables" / "t" / f"{name}.parquet", pa.table({"x": rows})
        )
    (tmp_path / "secret.csv").write_text("who,what\nme,4321\n", "utf-8")
    write_table(tmp_path / "other.parquet", pa.table({"x": [4321]}))
    catalog = Catalog(tmp_path / "tables")
    with catalog.connect(memory_gb=0.5, threads=1, sealed=True) as opened:
        yield opened


def _bytes(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


PART = "{folder}/tables/t/a.parquet"
OWN_PARTS = (
    f"COPY t TO '{PART}' (FORMAT parquet)",
    f"COPY (SELECT 1) TO '{PART}' (FORMAT parquet, USE_TMP_FILE false)",
    f"COPY (SELECT 1) TO 'file://{PART}' (FORMAT csv)",
    "COPY (SELECT 1 AS x) TO '{folder}/tables/t' (PARTITION_BY x, OVERWRITE true)",
    "EXPORT DATABASE '{folder}/tables/t'",
    f"ATTACH '{PART}' AS mine",
    f"ATTACH '{PART}' AS mine (READ_ONLY)",
    f"SELECT * FROM read_parquet('{PART}')",  # noqa: S608
    f"SELECT * FROM read_blob('{PART}')",  # noqa: S608
    f"SELECT * FROM '{PART}'",  # noqa: S608
    "INSERT INTO t VALUES (1)",
    "DELETE FROM t",
    "UPDATE t SET x = 1",
)


@pytest.mark.parametrize("escape", ESCAPES + OWN_PARTS)
def test_s8_a_sealed_connection_writes_nothing(tmp_path, sealed, escape):
    before = _bytes(tmp_path)
    with pytest.raises(duckdb.Error):
        sealed.execute(
            escape.format(folder=tmp_path, secret=tmp_path / "secret.csv")
        ).fetchall()
    assert _bytes(tmp_path) == before
    assert sealed.execute("SELECT sum(x) FROM t").fetchall() == [(3.5,)]


def test_s8_a_database_in_memory_is_not_a_way_out_of_a_sealed_connection(
    tmp_path, sealed
):
    """What DuckDB cannot be told to refuse; it stays in memory and within the limits."""
    before = _bytes(tmp_path)
    sealed.execute("ATTACH ':memory:' AS m")
    sealed.execute("CREATE TABLE m.mine AS FROM t")
    for way_out in (
        f"COPY m.mine TO '{PART.format(folder=tmp_path)}' (FORMAT parquet)",
        f"EXPORT DATABASE m TO '{tmp_path / 'out'}'",
        "SET memory_limit = '100GB'",
    ):
        with pytest.raises(duckdb.Error):
            sealed.execute(way_out)
    assert _bytes(tmp_path) == before


def test_s8_settings_of_a_sealed_connection(sealed):
    found = dict(
        sealed.execute("SELECT name, lower(value) FROM duckdb_settings()").fetchall()
    )
    wanted = SETTINGS | {
        "allowed_paths": "[]",
        "allowed_directories": "[]",
        "temp_directory": "",
    }
    assert {name: found[name] for name in wanted} == wanted


def test_s8_a_relation_of_a_sealed_connection_writes_nothing(tmp_path, sealed):
    part = tmp_path / "tables" / "t" / "a.parquet"
    rows = Catalog(tmp_path / "tables").lazy("t", connection=sealed)
    before = _bytes(tmp_path)
    for write in (rows.write_parquet, rows.write_csv):
        with pytest.raises(duckdb.Error):
            write(str(part))
    with pytest.raises(duckdb.Error):
        rows.query("t", f"COPY t TO '{part}' (FORMAT parquet)")
    assert _bytes(tmp_path) == before
    assert rows.fetchall() == [(1.0,), (2.0,), (0.5,)]


def test_s8_a_sealed_connection_spills_nothing(tmp_path, sealed):
    before = _bytes(tmp_path)
    with pytest.raises(duckdb.OutOfMemoryException):
        sealed.execute(
            "CREATE TABLE big AS SELECT hash(i) AS a, hash(i + 1) AS b, i::VARCHAR AS c "
            "FROM range(60000000) r(i)"
        )
    assert _bytes(tmp_path) == before
    with pytest.raises(OptionError, match="spill"):
        Catalog(tmp_path / "tables").connect(sealed=True, spill=tmp_path)


def test_s8_sealed_and_open_give_the_same_rows(tmp_path):
    write_table(tmp_path / "t" / "a.parquet", pa.table({"x": [1, 2], "s": ["a", None]}))
    write_table(tmp_path / "t" / "b.parquet", pa.table({"x": [0.5], "n": [7]}))
    query = "SELECT x, s, n, typeof(x), typeof(s), typeof(n) FROM t"
    found = []
    for sealed in (False, True):
        with Catalog(tmp_path).connect(threads=1, sealed=sealed) as opened:
            found.append(opened.execute(query).fetchall())
    assert found[0] == found[1]


def test_s8_a_sealed_connection_refuses_what_the_open_one_rounds(tmp_path):
    write_table(tmp_path / "t" / "a.parquet", pa.table({"x": [2**53 + 1]}))
    write_table(tmp_path / "t" / "b.parquet", pa.table({"x": [0.5]}))
    with Catalog(tmp_path).connect(threads=1) as opened:
        assert opened.execute("FROM t").fetchall() == [(2.0**53,), (0.5,)]
    with (
        Catalog(tmp_path).connect(threads=1, sealed=True) as opened,
        pytest.raises(duckdb.Error, match="9007199254740993"),
    ):
        opened.execute("FROM t").fetchall()


def test_s8_settings_of_a_connection(connection):
    found = connection.execute("SELECT name, lower(value) FROM duckdb_settings()")
    found = dict(found.fetchall())
    assert {name: found[name] for name in SETTINGS} == SETTINGS


def test_s8_threads_are_bounded_without_being_asked(folder):
    with Catalog(folder / "tables").connect() as opened:
        threads = opened.execute("SELECT current_setting('threads')").fetchone()[0]
    assert threads <= os.cpu_count()


@pytest.mark.parametrize("escape", ESCAPES)
def test_s8_no_way_out(folder, connection, escape):
    frame = pa.table({"x": [1]})
    before = sorted(folder.rglob("*"))
    with pytest.raises(duckdb.Error):
        connection.execute(
            escape.format(folder=folder, secret=folder / "secret.csv")
        ).fetchall()
    assert sorted(folder.rglob("*")) == before
    assert connection.execute("SELECT sum(x) FROM t").fetchall() == [(3,)]
    assert frame.num_rows == 1


def test_s8_what_is_handed_over_is_seen(connection):
    connection.register("handed", pa.table({"x": [5, 6]}))
    assert connection.execute("SELECT sum(x) FROM handed").fetchall() == [(11,)]


def test_s8_a_relation_is_as_closed_as_its_connection(folder):
    rows = Catalog(folder / "tables").lazy("t")
    assert rows.fetchall() == [(1,), (2,)]
    with pytest.raises(duckdb.Error):
        rows.query("t", f"SELECT * FROM read_text('{folder / 'secret.csv'}')")  # noqa: S608
    with pytest.raises(duckdb.Error):
        rows.write_csv(str(folder / "out.csv"))
    assert not (folder / "out.csv").exists()


def test_s8_a_part_that_came_later_is_a_typed_error(tmp_path):
    write_table(tmp_path / "t" / "a.parquet", pa.table({"x": [1]}))
    with Catalog(tmp_path).connect() as opened:
        write_table(tmp_path / "t" / "b.parquet", pa.table({"x": [2]}))
        with pytest.raises(StoreError) as caught:
            Catalog(tmp_path).lazy("t", connection=opened)
    assert [p.code for p in caught.value.problems] == ["file_not_allowed"]
    assert Catalog(tmp_path).lazy("t").fetchall() == [(1,), (2,)]


def test_s8_a_setting_that_does_not_take_is_refused(folder, monkeypatch):
    monkeypatch.setitem(_database._LOCKED, "enable_fsst_vectors", "true")
    with pytest.raises(StoreError) as caught:
        Catalog(folder / "tables").connect()
    (problem,) = caught.value.problems
    assert problem.code == "unlocked_database"
    assert "enable_fsst_vectors" in problem.what


def test_s8_databases_are_opened_in_one_place(root):
    """`duckdb.connect`, and what opens the shared database of the module."""
    opening = {}
    for path in (root / "src/agglo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "duckdb":
                opening[path.name] = "from duckdb import"
            # classes of the module are types and errors
            if (
                isinstance(node, ast.Attribute)
                and node.attr[0].islower()
                and ast.unparse(node.value) == "duckdb"
            ):
                opening[path.name] = node.attr
    assert opening == {"_database.py": "connect"}
