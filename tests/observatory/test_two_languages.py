"""Columns that a table holds in Chinese too are shown by the language of the reader."""

import numpy as np
import pyarrow as pa
import pytest

from agglo.observatory.api.rows import frame
from agglo.observatory.page import Column, Text, View
from agglo.observatory.pages.words import words_of

TABLE = pa.table(
    {
        "cluster": ["a", "b"],
        "evidence": ["break in 2021", "share 0.43"],
        "evidence_zh": ["2021 年出现突变", "占比 0.43"],
        "value": [1.0, 2.0],
    }
)
VIEW = View(
    id="x.y",
    title=Text("Alerts", "预警"),
    table="x.y",
    chart="table",
    columns=tuple(Column(name=n, label=Text(n, n)) for n in ("cluster", "evidence")),
    uncertainty=Text("none", "无"),
    method="formation-study",
)


class Stock:
    """As much of a release as rows need."""

    def table(self, name):
        assert name == "x.y"
        return TABLE


def test_both_languages_stand_beside_the_column():
    found = frame(Stock(), VIEW, np.array([1, 0]))
    assert found["evidence_en"].to_pylist() == ["share 0.43", "break in 2021"]
    assert found["evidence_zh"].to_pylist() == ["占比 0.43", "2021 年出现突变"]
    # a column in one language has no twin
    assert "cluster_zh" not in found.column_names


@pytest.mark.parametrize(
    ("column", "value", "chinese"),
    [
        ("unit", "log points", "对数点"),
        ("estimator", "negative_binomial", "负二项"),
        ("term", "residual(active_io)", "残差：主动：投入产出联系"),
        ("label", "clusters to 2019", "认定集群（截至 2019 年）"),
        ("evidence", "22 regions are treated", "22 个处理地区"),
        ("effect", "own treatment", "自身处理"),
    ],
)
def test_words_of_values_have_their_chinese(column, value, chinese):
    assert words_of(column, [value])[value].zh == chinese
