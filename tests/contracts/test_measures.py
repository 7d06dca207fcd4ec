"""What every public measure promises, checked for each of them on a small case."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re

import numpy as np
import pyarrow as pa
import pytest
from numpydoc.docscrape import FunctionDoc

from agglo.core.errors import ColumnNotFoundError
from agglo.core.frames import frame_kind, to_arrow
from agglo.core.results import Result
from tests.contracts.api import measures, public_functions
from tests.contracts.case import KINDS, Case
from tests.contracts.cases import CASES

SECTIONS = ("Parameters", "Returns", "Raises", "Notes", "References", "Examples")
EXAMPLE_LINES = 8

measure = pytest.mark.parametrize("name", sorted(set(CASES) & set(measures())))


def _function(name):
    return public_functions()[name]


def _keyword_only(name: str) -> list[str]:
    parameters = inspect.signature(_function(name)).parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def _found(name: str, kind: str = "pyarrow") -> Result:
    found = CASES[name].run(_function(name), kind)
    assert isinstance(found, Result)
    return found


def _numbers(found: Result) -> dict[str, object]:
    """Everything that must not depend on the kind of frame."""
    return found.to_dict()


def test_every_measure_has_a_case():
    assert set(measures()) == set(CASES)


@measure
def test_docstring_has_its_sections(name):
    doc = FunctionDoc(_function(name))
    lost = [s for s in SECTIONS if not doc[s]]
    assert not lost
    (summary,) = doc["Summary"]
    assert summary.endswith(".")


@measure
def test_source_is_named(name):
    references = "\n".join(FunctionDoc(_function(name))["References"])
    assert re.search(r"doi|isbn|https?:|\b(19|20)\d\d\b", references, re.I)


@measure
def test_example_ends_in_a_number(name):
    lines = [x for x in FunctionDoc(_function(name))["Examples"] if x.strip()]
    prompts = [x for x in lines if x.lstrip().startswith((">>>", "..."))]
    assert 0 < len(prompts) <= EXAMPLE_LINES
    assert lines[-1] not in prompts
    assert re.search(r"\d", lines[-1])


@measure
def test_options_are_keyword_only(name):
    parameters = inspect.signature(_function(name)).parameters.values()
    by_position = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert len(by_position) == len(CASES[name].data)
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in by_position)


@measure
@pytest.mark.parametrize("kind", KINDS)
def test_inputs_are_unchanged(name, kind):
    case = CASES[name]
    given = case.arguments(kind)
    before = [_snapshot(g) for g in given]
    _function(name)(*given, **case.options)
    assert [_snapshot(g) for g in given] == before


def _snapshot(given: object) -> object:
    if isinstance(given, Result):
        return given.to_dict()
    if isinstance(given, list):
        return [_snapshot(g) if isinstance(g, Result) else g for g in given]
    if isinstance(given, dict):
        return {k: _snapshot(v) for k, v in given.items()}
    if hasattr(given, "digest"):
        return given.digest
    return to_arrow(given).to_pydict()


@measure
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_frame_agree(name, kind):
    found = _found(name, kind)
    assert _numbers(found) == _numbers(_found(name, "pyarrow"))
    assert frame_kind(found.to_frame()) == kind


@measure
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_kind_can_be_asked_for(name, kind):
    assert frame_kind(_found(name).to_frame(kind)) == kind


@measure
def test_order_of_rows_does_not_matter(name):
    case = CASES[name]
    if case.ordered:
        return
    turned = [
        {k: list(reversed(v)) for k, v in d.items()} if isinstance(d, dict) else d
        for d in case.data
    ]
    other = dataclasses.replace(case, data=tuple(turned)).run(_function(name))
    assert isinstance(other, Result)
    _assert_close(other.to_arrow(), _found(name).to_arrow())


def _assert_close(one: pa.Table, other: pa.Table) -> None:
    assert one.column_names == other.column_names
    for column in one.column_names:
        left, right = one[column].to_pylist(), other[column].to_pylist()
        if pa.types.is_floating(one[column].type):
            np.testing.assert_allclose(
                np.array(left, float), np.array(right, float), rtol=1e-10, atol=1e-12
            )
        else:
            assert left == right, column


@measure
def test_a_call_can_be_repeated(name):
    assert _numbers(_found(name)) == _numbers(_found(name))


@measure
def test_dictionary_survives_json(name):
    given = _found(name).to_dict()
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    assert {"schema_version", "type", "columns", "undefined", "provenance"} <= set(
        given
    )


@measure
def test_columns_have_one_length_and_values(name):
    table = _found(name).to_arrow()
    assert table.num_rows > 0
    numeric = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    assert any(
        not math.isnan(v)
        for c in numeric
        for v in table[c].to_pylist()
        if v is not None
    )


@measure
def test_nan_has_a_reason(name):
    found = _found(name)
    table = found.to_arrow()
    if "value" not in table.column_names:
        return
    values = np.array(table["value"].to_pylist(), dtype=float)
    assert not np.isnan(values).any() or found.undefined


@measure
def test_results_are_frozen(name):
    found = _found(name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.frame_kind = "pandas"
    for spec in dataclasses.fields(found):
        value = getattr(found, spec.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, spec.name


@measure
def test_provenance_names_the_call(name):
    found = _found(name).provenance
    assert found.function.split(".")[-1] == name.split(".")[1]
    assert re.fullmatch(r"[0-9a-f]{64}", found.input_digest)
    asked = {o for o in _keyword_only(name) if o not in CASES[name].columns}
    assert found.parameters or not asked


@measure
def test_summary_says_something(name):
    assert re.search(r"\d", _found(name).summary())


@measure
def test_plot_draws(name):
    axes = _found(name).plot()
    assert axes.has_data() or axes.texts


def _column_options() -> list[tuple[str, str]]:
    return [(n, o) for n, c in sorted(CASES.items()) for o in c.columns]


@pytest.mark.parametrize(("name", "option"), _column_options())
def test_absent_column_is_named(name, option):
    case = CASES[name]
    options = {**case.options, option: "no_such_column"}
    with pytest.raises(ColumnNotFoundError) as caught:
        dataclasses.replace(case, options=options).run(_function(name))
    assert f"{option}='no_such_column'" in str(caught.value)


def _wrong_options() -> list[tuple[str, str]]:
    return [(n, o) for n, c in sorted(CASES.items()) for o in c.wrong]


@pytest.mark.parametrize(("name", "option"), _wrong_options())
def test_wrong_option_is_refused(name, option):
    case = CASES[name]
    wrong = case.wrong[option]
    options = {**case.options, option: wrong.value}
    with pytest.raises(wrong.error) as caught:
        dataclasses.replace(case, options=options).run(_function(name))
    assert (wrong.says or option) in str(caught.value)


@measure
def test_every_option_is_tried(name):
    case: Case = CASES[name]
    tried = {*case.columns, *case.wrong, *case.free}
    assert tried == set(_keyword_only(name))
