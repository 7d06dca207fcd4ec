"""The catalogue: names, unions, SQL, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from agglo.core.errors import ColumnNotFoundError, OptionError, StoreError
from agglo.store import Catalog, write_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_table(
        tmp_path / "activity" / "a.parquet",
        pa.table({"region": ["01", "02"], "employment": pa.array([1, 2])}),
    )
    write_table(
        tmp_path / "activity" / "b.parquet",
        pa.table({"employment": [2.5], "region": ["03"], "flag": ["c"]}),
    )
    write_table(tmp_path / "regions" / "x.parquet", pa.table({"region": ["01"]}))
    return tmp_path


ROWS = {
    "region": ["01", "02", "03"],
    "employment": [1.0, 2.0, 2.5],
    "flag": [None, None, "c"],
}


def test_names_are_the_folders_with_parts(folder):
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "activity" / ".b.parquet.00000000.partial").touch()
    assert Catalog(folder).names() == ("activity", "regions")
    assert [p.name for p in Catalog(folder).parts("activity")] == [
        "a.parquet",
        "b.parquet",
    ]


def test_absent_folder_has_no_tables(tmp_path):
    assert Catalog(tmp_path / "nowhere").names() == ()
    with Catalog(tmp_path / "nowhere").connect() as connection:
        assert connection.sql("SHOW TABLES").fetchall() == []


def test_parts_are_united_by_name(folder):
    catalog = Catalog(folder)
    table = catalog.table("activity")
    assert table.to_pydict() == ROWS
    assert catalog.columns("activity") == ("region", "employment", "flag")
    assert catalog.n_rows("activity") == 3
    assert table.schema == catalog.schema("activity")


def test_columns_are_read_in_the_order_asked(folder):
    table = Catalog(folder).table("activity", columns=["flag", "employment"])
    assert table.to_pydict() == {k: ROWS[k] for k in ("flag", "employment")}
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'employment'"):
        Catalog(folder).table("activity", columns=["employmnt"])


def test_a_column_that_one_part_lacks_keeps_all_rows(folder):
    table = Catalog(folder).table("activity", columns=["flag"])
    assert table["flag"].to_pylist() == [None, None, "c"]


def test_sql_and_relation_show_the_same_rows(folder):
    catalog = Catalog(folder)
    with catalog.connect(memory_gb=0.5, threads=1) as connection:
        rows = connection.sql("FROM activity ORDER BY region").to_arrow_table()
        assert rows.to_pydict() == ROWS
        limits = connection.execute(
            "SELECT current_setting('threads'), current_setting('memory_limit')"
        ).fetchall()
        assert limits == [(1, "476.8 MiB")]
        assert catalog.lazy("regions", connection=connection).fetchall() == [("01",)]
    assert catalog.lazy("activity").order("region").to_arrow_table().to_pydict() == ROWS


def test_nothing_is_fetched_from_the_network(folder):
    with Catalog(folder).connect() as connection:
        settings = connection.execute(
            "SELECT current_setting('autoinstall_known_extensions'), "
            "current_setting('autoload_known_extensions')"
        ).fetchone()
    assert settings == (False, False)


@pytest.mark.parametrize("odd", ["o'clock", "a[b]", "star*", "what?", "年份=2021"])
def test_odd_folder_names_are_taken_literally(tmp_path, odd):
    write_table(tmp_path / odd / "t" / "p=1.parquet", pa.table({"x": [7]}))
    write_table(tmp_path / "abs" / "t" / "p=1.parquet", pa.table({"x": [8]}))
    catalog = Catalog(tmp_path / odd)
    assert catalog.lazy("t").fetchall() == [(7,)]
    assert catalog.table("t").to_pydict() == {"x": [7]}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../x",
        "a/b",
        "Activity",
        "1a",
        'a"; DROP TABLE b; --',
        "a b",
        "a" * 64,
        "é",
    ],
)
def test_names_that_are_no_names(folder, name):
    with pytest.raises(OptionError, match="is not a table name"):
        Catalog(folder).table(name)
    with pytest.raises(OptionError, match="is not a table name"):
        Catalog(folder).lazy(name)


def test_unknown_table_suggests(folder):
    with pytest.raises(StoreError, match="Did you mean 'activity'") as caught:
        Catalog(folder).table("activty")
    assert caught.value.problems[0].code == "unknown_table"


def test_all_misplaced_files_are_reported_at_once(folder):
    write_table(folder / "My Table" / "a.parquet", pa.table({"x": [1]}))
    write_table(folder / "panel.parquet", pa.table({"x": [1]}))
    with pytest.raises(StoreError) as caught:
        Catalog(folder).names()
    assert {p.code for p in caught.value.problems} == {"bad_name", "misplaced_table"}


def test_text_and_numbers_do_not_mix(folder):
    write_table(
        folder / "activity" / "c.parquet",
        pa.table({"region": [4], "employment": ["x"], "flag": ["m"]}),
    )
    for call in (Catalog(folder).table, Catalog(folder).lazy, Catalog(folder).schema):
        with pytest.raises(StoreError) as caught:
            call("activity")
        assert [p.code for p in caught.value.problems] == ["mixed_types"] * 2
        assert [p.column for p in caught.value.problems] == ["region", "employment"]


def test_all_null_part_joins_any_type(folder):
    write_table(folder / "activity" / "c.parquet", pa.table({"flag": pa.nulls(1)}))
    assert Catalog(folder).table("activity")["flag"].to_pylist() == [
        None,
        None,
        "c",
        None,
    ]
    rows = Catalog(folder).lazy("activity").to_arrow_table()
    assert sorted(map(str, rows["flag"].to_pylist())) == ["None", "None", "None", "c"]


def test_truncated_part_is_a_typed_error(folder):
    part = folder / "activity" / "b.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    catalog = Catalog(folder)
    for call in (catalog.table, catalog.lazy, catalog.n_rows, catalog.schema):
        with pytest.raises(StoreError) as caught:
            call("activity")
        assert caught.value.problems[0].code == "corrupt_parquet"
        assert caught.value.problems[0].where == str(part)
    with pytest.raises(StoreError):
        catalog.connect()


def test_digest_follows_the_content_only(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("copy")
    for part in Catalog(folder).parts("activity"):
        target = other / "activity" / part.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(part.read_bytes())
    before = Catalog(folder).digest("activity")
    assert len(before) == 64
    assert Catalog(other).digest("activity") == before
    target.write_bytes(target.read_bytes()[:-1] + b"!")
    assert Catalog(other).digest("activity") != before


@pytest.mark.parametrize(
    "bad", [{"memory_gb": 0}, {"memory_gb": "2GB"}, {"threads": 0}]
)
def test_bad_limits_are_refused(folder, bad):
    with pytest.raises(OptionError):
        Catalog(folder).connect(**bad)


def test_work_beyond_the_limit_goes_to_the_spill_folder_and_leaves_nothing(tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with Catalog(tmp_path).connect(memory_gb=0.1, threads=1, spill=spill) as connection:
        connection.execute(
            "CREATE TEMP TABLE big AS SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) "
            "AS b, md5((i + 2)::VARCHAR) AS c FROM range(1_200_000) t(i)"
        )
        held = sum(f.stat().st_size for f in spill.rglob("*") if f.is_file())
        assert held > 10e6
        n = connection.execute("SELECT count(*) FROM big WHERE a <> b").fetchone()
    assert n == (1_200_000,)
    assert not list(spill.rglob("*"))
