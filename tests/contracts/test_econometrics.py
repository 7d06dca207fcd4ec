"""What the results of a policy study promise, as those of the measures do."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re

import numpy as np
import pyarrow as pa
import pytest

from agglo import econometrics
from agglo.core.errors import AggloError, ColumnNotFoundError, OptionError
from agglo.core.frames import frame_kind
from agglo.core.results import Result
from tests.contracts.cases_econometrics import ECONOMETRICS, world

named = pytest.mark.parametrize("name", sorted(ECONOMETRICS))


def _found(name: str, kind: str = "pyarrow") -> Result:
    found = ECONOMETRICS[name].run(getattr(econometrics, name), kind)
    assert isinstance(found, Result)
    return found


@named
def test_options_are_keyword_only(name):
    parameters = inspect.signature(getattr(econometrics, name)).parameters.values()
    by_position = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert len(by_position) == len(ECONOMETRICS[name].data)


@named
def test_a_call_is_repeatable_frozen_and_survives_json(name):
    found = _found(name)
    given = found.to_dict()
    assert given == _found(name).to_dict()
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.frame_kind = "pandas"
    for spec in dataclasses.fields(found):
        value = getattr(found, spec.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, spec.name


@named
def test_result_says_where_it_comes_from(name):
    found = _found(name)
    assert found.provenance.function.split(".")[-1] == name
    assert re.fullmatch(r"[0-9a-f]{64}", found.provenance.input_digest)
    assert re.search(r"\d", found.summary())
    axes = found.plot()
    assert axes.has_data() or axes.texts


@named
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_kinds_of_frame_agree(name, kind):
    found = _found(name, kind)
    assert frame_kind(found.to_frame()) == kind
    assert found.to_dict() == _found(name).to_dict()


@named
def test_order_of_rows_does_not_matter(name):
    case = ECONOMETRICS[name]
    if callable(case.data[0]):
        return
    turned = {k: list(reversed(v)) for k, v in case.data[0].items()}
    other = dataclasses.replace(case, data=(turned, *case.data[1:]))
    one = _found(name).to_arrow()
    two = other.run(getattr(econometrics, name)).to_arrow()
    for column in one.column_names:
        if pa.types.is_floating(one[column].type):
            np.testing.assert_allclose(
                np.array(one[column].to_pylist(), float),
                np.array(two[column].to_pylist(), float),
                rtol=1e-8,
                atol=1e-10,
            )
        else:
            assert one[column].to_pylist() == two[column].to_pylist()


@pytest.mark.parametrize(
    ("name", "option"), [(n, o) for n, c in ECONOMETRICS.items() for o in c.wrong]
)
def test_wrong_option_is_refused(name, option):
    case = ECONOMETRICS[name]
    wrong = case.wrong[option]
    options = {**case.options, option: wrong.value}
    with pytest.raises(wrong.error) as caught:
        dataclasses.replace(case, options=options).run(getattr(econometrics, name))
    assert (wrong.says or option) in str(caught.value) or wrong.error is not OptionError


@pytest.mark.parametrize(
    ("name", "option"), [(n, o) for n, c in ECONOMETRICS.items() for o in c.columns]
)
def test_absent_column_is_named(name, option):
    case = ECONOMETRICS[name]
    options = {**case.options, option: "no_such_column"}
    with pytest.raises(ColumnNotFoundError) as caught:
        dataclasses.replace(case, options=options).run(getattr(econometrics, name))
    assert "no_such_column" in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"kind": "queen"}, {"power": -1.0}, {"cutoff_km": -1.0}]
)
def test_weights_refuse_wrong_options(wrong):
    with pytest.raises(AggloError, match=next(iter(wrong))):
        econometrics.distance_weights(world().positions, **wrong)


def test_weights_do_not_depend_on_the_order_of_positions():
    turned = dict(reversed(world().positions.items()))
    one = econometrics.distance_weights(world().positions, cutoff_km=250)
    two = econometrics.distance_weights(turned, cutoff_km=250)
    assert one.digest == two.digest
