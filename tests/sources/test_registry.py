"""The registry: names, options, types, and that they fit the functions."""

from __future__ import annotations

import inspect

import pytest

from agglo import sources
from agglo.core.errors import OptionError
from agglo.core.schema import SCHEMAS
from agglo.sources import READERS, reader


@pytest.fixture
def cbp(tmp_path):
    path = tmp_path / "cbp_2021.csv"
    path.write_text("fips,naics,emp\n01001,311811,4\n01001,311,4\n")
    return path


@pytest.mark.parametrize("name", sorted(READERS))
def test_options_are_those_of_the_function(name):
    entry = READERS[name]
    signature = inspect.signature(entry.function).parameters
    keywords = [p for p in signature.values() if p.kind is p.KEYWORD_ONLY]
    assert [o.name for o in entry.options] == [p.name for p in keywords] or {
        o.name for o in entry.options
    } == {p.name for p in keywords}
    assert next(iter(signature)) == "paths"
    for option in entry.options:
        assert option.help.endswith(".")
        assert option.required == (
            signature[option.name].default is inspect.Parameter.empty
        )


@pytest.mark.parametrize("name", sorted(READERS))
def test_tables_are_of_the_schema_and_functions_public(name):
    entry = READERS[name]
    assert entry.summary
    assert entry.function.__name__ in sources.__all__
    assert set(entry.tables) <= {*SCHEMAS, "*"}


def test_words_of_the_command_line_become_values(cbp):
    (got,) = reader("cbp").read([cbp], digits="3", period="2019")
    assert got.data["industry"].to_pylist() == ["311"]
    assert got.data["period"].to_pylist() == ["2019"]
    (same,) = reader("cbp").read([str(cbp)], digits=3, period=None)
    assert same.data["industry"].to_pylist() == ["311"]


def test_maps_lists_and_factors(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("kreis,wz,jobs\n01001,C28,1.5\n01002,C28,geheim\n")
    (got,) = reader("table").read(
        [path],
        table="activity",
        columns="region=kreis, industry=wz,employment=jobs",
        constants={"period": "2021"},
        scale="employment=1000",
        confidential="geheim",
    )
    assert got.data["employment"].to_pylist() == [1500.0, None]


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("cbp", {"digit": 3}, "Did you mean 'digits'"),
        ("cbp", {"digits": "three"}, "must be a number"),
        ("cbp", {"digits": 3.5}, "whole number"),
        ("cbp", {"digits": True}, "must be a number"),
        ("qcew", {"owner": "privat"}, "Did you mean 'private'"),
        ("table", {}, r"needs the option\(s\) \['table'\]"),
        ("table", {"table": "activity", "columns": "region"}, "key=value"),
        ("table", {"table": "activity", "scale": "employment=x"}, "must be a number"),
        ("table", {"table": "activity", "missing": 3}, "must be a list"),
        ("table", {"table": ["a"]}, "must be text"),
    ],
)
def test_wrong_options_name_the_right_ones(cbp, name, options, match):
    with pytest.raises(OptionError, match=match):
        reader(name).read([cbp], **options)


def test_unknown_sources_are_met():
    with pytest.raises(OptionError, match="Did you mean 'qcew'"):
        reader("qcw")
