"""Parquet: same values, same bytes; round trip; damage is noticed."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import ColumnNotFoundError, InvalidTableError, StoreError
from agglo.store import parquet, read_metadata, read_table, write_table

TABLE = pa.table(
    {
        "region": ["01", "02", None],
        "employment": [1.5, float("nan"), None],
        "n": pa.array([1, None, 3], pa.int64()),
        "known": [True, False, None],
    }
)


def test_round_trip_keeps_null_and_nan_apart(tmp_path):
    write_table(tmp_path / "a.parquet", TABLE)
    back = read_table(tmp_path / "a.parquet")
    assert back.schema.equals(TABLE.schema, check_metadata=True)
    assert str(back.to_pydict()) == str(TABLE.to_pydict())
    assert back["employment"].null_count == 1


@pytest.mark.parametrize(
    "other",
    [
        TABLE.replace_schema_metadata({"pandas": "{}", "made": "2026-11-25"}),
        pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
        TABLE.set_column(0, "region", TABLE["region"].cast(pa.large_string())),
        TABLE.set_column(0, "region", TABLE["region"].dictionary_encode()),
        TABLE.set_column(0, "region", TABLE["region"].cast(pa.string_view())),
        pl.from_arrow(TABLE),
        pl.from_arrow(TABLE).lazy(),
    ],
    ids=["metadata", "chunks", "large", "categories", "view", "polars", "lazy"],
)
def test_same_values_give_the_same_bytes(tmp_path, other):
    write_table(tmp_path / "a", TABLE)
    write_table(tmp_path / "b", other)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_bytes_do_not_depend_on_chunks_across_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_GROUP_ROWS", 7)
    table = pa.table({"x": list(range(50)), "s": [str(i % 3) for i in range(50)]})
    pieces = pa.concat_tables([table.slice(i, 11) for i in range(0, 50, 11)])
    write_table(tmp_path / "a", table)
    write_table(tmp_path / "b", pieces)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert pq.read_metadata(tmp_path / "a").num_row_groups == 8
    assert read_table(tmp_path / "a").equals(table)


def test_pandas_index_and_metadata_stay_out(tmp_path):
    frame = pd.DataFrame({"x": [1, 2]}, index=[5, 9])
    write_table(tmp_path / "a", frame)
    assert read_table(tmp_path / "a").schema.equals(pa.schema({"x": pa.int64()}), True)
    assert b"pandas" not in (tmp_path / "a").read_bytes()


def test_no_rows_keep_their_columns(tmp_path):
    write_table(tmp_path / "a", TABLE.slice(0, 0))
    assert read_table(tmp_path / "a").equals(TABLE.slice(0, 0))


def test_columns_in_the_order_asked(tmp_path):
    write_table(tmp_path / "a", TABLE)
    assert read_table(tmp_path / "a", columns=["n", "region"]).column_names == [
        "n",
        "region",
    ]
    assert read_table(tmp_path / "a", columns=[]).num_rows == 3
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'region'"):
        read_table(tmp_path / "a", columns=["regoin"])


def test_folder_names_add_no_columns(tmp_path):
    write_table(tmp_path / "year=2021" / "a.parquet", TABLE)
    back = read_table(tmp_path / "year=2021" / "a.parquet")
    assert back.column_names == TABLE.column_names


def test_no_columns_and_double_columns_are_refused(tmp_path):
    with pytest.raises(InvalidTableError) as caught:
        write_table(tmp_path / "a", pa.table({}))
    assert caught.value.problems[0].code == "empty_table"
    double = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(InvalidTableError, match="same name"):
        write_table(tmp_path / "a", double)
    assert not list(tmp_path.iterdir())


def test_what_is_no_frame_is_refused(tmp_path):
    with pytest.raises(InvalidTableError, match="not a data frame"):
        write_table(tmp_path / "a", [1, 2])


def test_failing_column_leaves_the_old_file(tmp_path, monkeypatch):
    write_table(tmp_path / "a", TABLE)
    before = (tmp_path / "a").read_bytes()

    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", fail)
    with pytest.raises(StoreError) as caught:
        write_table(tmp_path / "a", TABLE.slice(1))
    assert caught.value.problems[0].code == "disk_full"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == before


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "start", "footer"])
def test_corrupt_files(tmp_path, damage):
    path = tmp_path / "a.parquet"
    write_table(path, TABLE)
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    path.write_bytes(
        {
            "empty": b"",
            "text": b"region,jobs\n01,5\n",
            "cut": whole[: len(whole) // 2],
            "start": whole[len(whole) // 2 :][:20],
            "footer": whole[:footer] + bytes(30) + whole[footer + 30 :],
        }[damage]
    )
    with pytest.raises(StoreError) as caught:
        read_table(path)
    assert caught.value.problems[0].code == "corrupt_parquet"
    assert caught.value.problems[0].where == str(path)


def test_a_flipped_byte_in_the_data_is_noticed(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(path, pa.table({"x": [float(i) for i in range(2000)]}))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3] ^= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(StoreError) as caught:
        read_table(path)
    assert caught.value.problems[0].code == "corrupt_parquet"


def test_missing_and_folder(tmp_path):
    for path, code in {"nope": "missing_file", ".": "directory_in_the_way"}.items():
        with pytest.raises(StoreError) as caught:
            read_table(tmp_path / path)
        assert caught.value.problems[0].code == code


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=5),
            st.none() | st.floats(allow_nan=False),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        max_size=20,
    )
)
def test_any_table_comes_back(tmp_path_factory, rows):
    table = pa.table(
        {
            "s": pa.array([r[0] for r in rows], pa.string()),
            "x": pa.array([r[1] for r in rows], pa.float64()),
            "n": pa.array([r[2] for r in rows], pa.int64()),
        }
    )
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    write_table(path, table)
    assert read_table(path).equals(table)


def test_a_file_says_where_its_table_comes_from(tmp_path):
    about = {"seed": 7, "software": "agglo", "data_files": {"名单.csv": "abc"}}
    for name in ("a", "b"):
        write_table(tmp_path / name, TABLE, metadata=about)
    assert read_metadata(tmp_path / "a") == about
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    # no part of the values: the table is the one that was written
    assert read_table(tmp_path / "a").schema.metadata is None
    write_table(tmp_path / "c", TABLE)
    assert read_metadata(tmp_path / "c") == {}
    with pytest.raises(StoreError):
        read_metadata(tmp_path / "absent")
