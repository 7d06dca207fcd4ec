"""Columns that a table holds in Chinese too are shown by the language of the reader."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.observatory.api.rows import frame
from agglo.observatory.catalogue import source_table, table_table
from agglo.observatory.page import Column, Text, View
from agglo.observatory.pages import PAGES
from agglo.observatory.pages.columns import COLUMNS
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
        ("weights", "near times employment", "距离权重乘以就业"),
        ("weights", "half near, half alike in employment", "半按距离、半按相似：就业"),
        ("ring", ">400 km", "400 公里以上"),
        ("group", "capital - labour", "资本密集 − 劳动密集"),
        ("specification", "depreciation: 0.1", "折旧率：0.1"),
        ("variable", "treatment", "处理"),
        ("status", "confidential", "保密"),
        ("indicative", "indicative", "仅供参考"),
        ("cluster", "Generated local 03", "生成本地集群03"),
        ("programme", "Generated programme 1", "生成计划1"),
    ],
)
def test_words_of_values_have_their_chinese(column, value, chinese):
    assert words_of(column, [value])[value].zh == chinese


def test_every_column_that_is_shown_has_a_name_in_both_languages():
    held = json.loads(
        (Path(__file__).parent / "data" / "demo_columns.json").read_text("utf-8")
    )
    # abbreviations that are the same in both languages
    alike = {"AUC", "SHA-256"}
    checked = 0
    for page in PAGES.values():
        for view in page.views:
            declared = {c.name: c for c in view.columns}
            for name in declared or held.get(view.table, ()):
                column = declared.get(name) or COLUMNS.get(name)
                assert column is not None, (view.id, name)
                en, zh = column.label.en, column.label.zh
                assert re.search("[\u4e00-\u9fff]", zh) or zh in alike, (view.id, name)
                # a code name is no label; p and z are what readers call them
                assert en != name or name in ("p", "q", "z", "lower", "upper"), name
                assert "_" not in en + zh, (view.id, name)
                checked += 1
    assert checked > 500


def test_chinese_of_patterned_values_holds_no_english_leftover():
    # a word of the pattern next to a Chinese character has no word boundary
    for value in ("near times employment", "alike in employment", "5 nearest"):
        assert not re.search("[A-Za-z]{3}", words_of("weights", [value])[value].zh)


def test_studies_are_named_in_chinese_where_tables_and_sources_are_listed():
    entry = {"rows": 1, "columns": ["a"], "digest": "0"}
    tables = table_table(
        {
            "policy.map": {**entry, "study": "policy"},
            "project.regions": {**entry, "study": "project"},
        }
    )
    sources = source_table([{"table": "panel", "studies": ["policy", "digital"]}])
    told = tables["study_zh"].to_pylist() + sources["studies_zh"].to_pylist()
    assert tables["study"].to_pylist() == ["policy", "project"]
    assert not [t for t in told if re.search("[A-Za-z]", t)]
