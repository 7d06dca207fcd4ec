"""What every result of matching keeps: plain dictionaries, frozen arrays, figures, provenance."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest

from agglo.core.frames import frame_kind
from agglo.core.options import Bootstrap, Permutation
from agglo.matching import (
    as_label_dictionary,
    hypergeometric_curve,
    map_labels,
    match_designations,
    matching_null,
    matching_rates,
    matching_sensitivity,
    normalise_cities,
    suggest_nodes,
    suggestion_quality,
)
from agglo.sources import china_cities
from tests.matching.lists import UNIVERSE, arithmetic, labels, tree


def _null(**options):
    return matching_null(
        match_designations(*arithmetic()),
        universe=UNIVERSE,
        inference=Permutation(n=19, seed=1),
        **options,
    )


RESULTS = {
    "normalise_cities": lambda: normalise_cities(["苏州", None], china_cities().data),
    "map_labels": lambda: map_labels(["X11"], as_label_dictionary(labels(), tree())),
    "suggest_nodes": lambda: suggest_nodes(["拉链", "?"], tree(), labels()),
    "suggestion_quality": lambda: suggestion_quality(tree(), labels()),
    "match_designations": lambda: match_designations(*arithmetic()),
    "matching_rates": lambda: matching_rates(
        match_designations(*arithmetic()), by="city", inference=Bootstrap(n=9, seed=1)
    ),
    "matching_sensitivity": lambda: matching_sensitivity(*arithmetic()),
    "matching_null": _null,
    "matching_null, not applicable": lambda: _null(
        scheme="belt_industries", statistic="coexistence"
    ),
    "hypergeometric_curve": lambda: hypergeometric_curve(
        7, cluster_cities=9, universe=20
    ),
}


@pytest.fixture(scope="module", params=sorted(RESULTS))
def named(request):
    return request.param, RESULTS[request.param]()


def test_dictionary_is_plain(named):
    given = named[1].to_dict()
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    assert given["type"] == type(named[1]).__name__


def test_arrays_are_frozen(named):
    found = named[1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.frame_kind = "pandas"
    for spec in dataclasses.fields(found):
        value = getattr(found, spec.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, spec.name


def test_summary_plot_and_frames(named):
    name, found = named
    if "not applicable" not in name:
        assert re.search(r"\d", found.summary())
    axes = found.plot()
    assert axes.has_data() or axes.texts
    for kind in ("pandas", "polars", "pyarrow"):
        assert frame_kind(found.to_frame(kind)) == kind


def test_provenance_names_the_function(named):
    name, found = named
    assert found.provenance.function.split(".")[-1] == name.split(",")[0]
    assert re.fullmatch(r"[0-9a-f]{64}", found.provenance.input_digest)


def test_repeated_calls_agree(named):
    name, found = named
    assert RESULTS[name]().to_dict() == found.to_dict()
