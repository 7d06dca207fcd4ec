"""The edge: every frame becomes one arrow table, and errors are typed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.frames import (
    encode_labels,
    float_column,
    from_arrow,
    require_columns,
    string_column,
    to_arrow,
)


def test_pandas_index_does_not_become_a_column():
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="who"))
    assert to_arrow(frame).column_names == ["a"]
    assert to_arrow(frame.reset_index()).column_names == ["who", "a"]


def test_mixed_and_repeated_columns_are_typed_errors():
    with pytest.raises(ag.InvalidTableError, match="mixes types"):
        to_arrow(pd.DataFrame({"a": [1, "x"]}))
    with pytest.raises(ag.InvalidTableError, match="same name"):
        to_arrow(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(ag.InvalidTableError, match="same name"):
        to_arrow(twice)


def test_all_absent_columns_are_named_at_once():
    table = pa.table({"region": [1], "value": [2]})
    with pytest.raises(ag.ColumnNotFoundError) as caught:
        require_columns(table, {"region": "regon", "value": "vlaue", "flag": None})
    assert [p.column for p in caught.value.problems] == ["regon", "vlaue"]
    assert isinstance(caught.value, KeyError)


def test_columns_read_as_text_and_numbers():
    table = pa.table(
        {
            "code": pa.array(["01", None, "01"]).dictionary_encode(),
            "n": pa.array([1, None, 3], pa.int64()),
        }
    )
    assert string_column(table, "code").tolist() == ["01", None, "01"]
    np.testing.assert_equal(float_column(table, "n"), [1.0, np.nan, 3.0])
    with pytest.raises(ag.InvalidTableError, match="not numbers"):
        float_column(pa.table({"n": ["1"]}), "n")


def test_labels_are_sorted_and_codes_point_at_them():
    labels, codes = encode_labels(pa.table({"k": ["b", "a", "b"]}), "k")
    assert labels.tolist() == ["a", "b"]
    assert codes.tolist() == [1, 0, 1]
    with pytest.raises(ag.InvalidTableError, match="without a label"):
        encode_labels(pa.table({"k": ["b", None]}), "k")


def test_from_arrow_refuses_unknown_kinds():
    with pytest.raises(ag.OptionError, match="kind='arrow'"):
        from_arrow(pa.table({"a": [1]}), "arrow")
