"""Schema and checks: problems are complete, located and say what to do."""

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.checks import check_table, flag_rows, row_keys
from agglo.core.schema import SCHEMAS, data_dictionary, table_schema

GOOD = {
    "region": ["01001", "01003"],
    "industry": ["31", "31"],
    "period": ["2021", "2021"],
    "employment": [5.0, None],
    "flag": ["", "c"],
}


def codes(table: pa.Table, schema: str = "activity", **options: object) -> list[str]:
    return [p.code for p in check_table(table, schema, **options).problems]


def test_a_good_table_passes_and_unknown_columns_are_kept():
    report = check_table(pa.table({**GOOD, "note": ["x", "y"]}), "activity")
    assert report.problems == ()
    assert report.warnings == ()
    assert report.n_rows == 2
    report.raise_if_failed()


def test_every_defect_is_reported_in_one_pass():
    table = pa.table(
        {
            "region": ["a", "a", "", "b", "c"],
            "employmnt": [1.0] * 5,
            "period": ["1"] * 5,
            "industry": ["x", "x", "x", "x", "x"],
            "payroll": [1.0, -2.0, float("inf"), float("nan"), 0.0],
            "establishments": ["1", "2", "3", "4", "5"],
            "flag": ["", "z", "", "", ""],
        }
    )
    assert sorted(codes(table)) == [
        "duplicate_key",
        "negative_value",
        "not_allowed",
        "not_finite",
        "null_key",
        "wrong_type",
    ]
    with pytest.raises(ag.InvalidTableError, match="6 problems found in 5 rows"):
        check_table(table, "activity").raise_if_failed()


def test_missing_columns_suggest_the_misspelt_one():
    table = pa.table({"regoin": ["a"], "industry": ["x"], "period": ["1"]})
    problem = check_table(table, "activity").problems[0]
    assert problem.code == "missing_column"
    assert "Did you mean 'regoin'" in problem.what


def test_numeric_codes_are_refused_because_zeros_are_lost():
    table = pa.table({**GOOD, "region": [1001, 1003]})
    problem = check_table(table, "activity").problems[0]
    assert problem.code == "wrong_type"
    assert "leading zeros" in problem.fix


def test_confidential_flag_with_a_value_is_a_problem():
    assert codes(pa.table({**GOOD, "employment": [5.0, 6.0]})) == ["confidential_value"]


def test_empty_table():
    assert codes(pa.table({k: pa.array([], pa.string()) for k in GOOD})) == [
        "empty_table"
    ]


def test_codes_are_looked_up_in_the_tables_they_refer_to():
    regions = pa.table({"region": ["01001"]})
    table = pa.table(GOOD)
    problem = check_table(table, "activity", references={"regions": regions}).problems[
        0
    ]
    assert (problem.code, problem.rows, problem.n_rows) == ("unknown_code", (2,), 1)
    assert "01003" in problem.what
    lenient = check_table(
        table, "activity", references={"regions": regions}, unknown="warn"
    )
    assert lenient.problems == ()
    assert lenient.warnings[0].code == "unknown_code"


def test_codes_of_another_version_are_not_called_unknown():
    regions = pa.table({"region": ["x"], "region_version": ["nuts_2021"]})
    table = pa.table({**GOOD, "region_version": ["us_2017", "us_2017"]})
    assert codes(table, references={"regions": regions}) == []
    same = pa.table({**GOOD, "region_version": ["nuts_2021", "us_2017"]})
    found = check_table(same, "activity", references={"regions": regions}).problems
    assert [(p.code, p.rows) for p in found] == [("unknown_code", (1,))]


def test_mixed_versions_are_a_warning_of_the_table():
    table = pa.table({**GOOD, "industry_version": ["n2017", "n2022"]})
    warning = check_table(table, "activity").warnings[0]
    assert warning.code == "mixed_version"
    assert "concordance" in warning.fix


def test_ranges_and_words():
    definitions = pa.table(
        {"industry": ["1"], "cluster": ["c"], "weight": [1.5], "kind": ["export"]}
    )
    assert sorted(codes(definitions, "definitions")) == ["not_allowed", "out_of_range"]
    regions = pa.table({"region": ["a"], "lon": [181.0], "lat": [-91.0]})
    assert codes(regions, "regions") == ["out_of_range", "out_of_range"]


def test_row_keys_treat_null_as_a_value_and_do_not_overflow():
    wide = {f"k{i}": [f"{i}-{j % 997}" for j in range(2000)] for i in range(9)}
    keys = row_keys(pa.table(wide), list(wide))
    assert np.unique(keys).size == 997
    nulls = pa.table({"a": ["x", None, None], "b": ["1", "1", "1"]})
    keys = row_keys(nulls, ["a", "b"])
    assert keys[1] == keys[2] != keys[0]


def test_flag_rows_lists_the_first_twenty():
    problem = flag_rows(np.ones(100, dtype=bool), code="x", what="y")[0]
    assert (len(problem.rows), problem.n_rows, problem.rows[0]) == (20, 100, 1)
    assert flag_rows(np.zeros(3, dtype=bool), code="x", what="y") == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_is_complete_in_both_languages(name):
    schema = table_schema(name)
    assert set(schema.key) <= set(schema.names)
    assert len(set(schema.names)) == len(schema.names)
    for column in schema.columns:
        assert column.label("en")
        assert column.description("en").endswith(".")
        assert any("\u4e00" <= c <= "\u9fff" for c in column.label("zh"))
        assert column.description("zh").endswith("。")
        if column.references:
            target, key = column.references
            assert key in table_schema(target).names
    assert f"## `{name}`" in data_dictionary(name)
    assert f"## `{name}`" in data_dictionary(lang="zh")


def test_unknown_names_are_suggested():
    with pytest.raises(ag.OptionError, match="Did you mean 'activity'"):
        table_schema("activty")
    with pytest.raises(ag.OptionError, match="Did you mean 'employment'"):
        table_schema("activity").column("employement")
    with pytest.raises(ag.OptionError, match="lang="):
        data_dictionary(lang="fr")
