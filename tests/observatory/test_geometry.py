"""Boundaries: the user's own, simplified once per shared line, said beside every map."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.observatory.api import Settings
from agglo.observatory.export import export_html
from agglo.observatory.geometry import boundaries_of
from agglo.observatory.release import build_release
from agglo.sources import read_boundaries
from agglo.store import write_table
from tests.observatory.conftest import Served, client_of


def _table(shapes, **more):
    rows = [(code, *ring) for code, ring in shapes]
    return pa.table(
        {
            "boundary": [r[0] for r in rows],
            "polygon": [str(k) for k in range(len(rows))],
            "ring": ["1"] * len(rows),
            "coordinates": [" ".join(f"{x!r} {y!r}" for x, y in r[1:]) for r in rows],
            **{name: [value] * len(rows) for name, value in more.items()},
        }
    )


def _wavy(n, seed):
    """Give a line from (0, 0) to (0, 1) that is not straight."""
    rng = np.random.default_rng(seed)
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in
            zip(rng.normal(0, 0.05, n), np.linspace(0.01, 0.99, n), strict=True)),
            (0.0, 1.0)]  # fmt: skip


@given(st.integers(1, 60), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_neighbours_share_their_line_after_simplification(n, seed):
    line = _wavy(n, seed)
    west = [(-1.0, 0.0), *line, (-1.0, 1.0), (-1.0, 0.0)]
    east = [(1.0, 0.0), (1.0, 1.0), *line[::-1], (1.0, 0.0)]
    found = boundaries_of(_table([("w", west), ("e", east)]), {"w", "e"})
    rings = {f["id"]: f["geometry"]["coordinates"][0] for f in found.features}

    def inner(ring):
        return {tuple(p) for p in ring if abs(p[0]) < 1.0}

    assert inner(rings["w"]) == inner(rings["e"])
    for ring in rings.values():
        assert ring[0] == ring[-1]
        assert len(ring) >= 4
    assert found.kept <= found.points


def test_a_straight_line_loses_what_it_does_not_need():
    many = [(k / 500, 0.0) for k in range(501)]
    square = [*many, (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    found = boundaries_of(_table([("a", square)]), {"a"})
    ring = found.features[0]["geometry"]["coordinates"][0]
    assert sorted(map(tuple, ring[:-1])) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_what_the_user_did_not_say_is_not_stated():
    triangle = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]
    found = boundaries_of(_table([("a", triangle), ("x", triangle)]), {"a"})
    assert (found.approval, found.licence, found.source) == ("not stated",) * 3
    assert found.unknown == 1
    said = _table([("a", triangle)], approval_number="GS(2020)1", source="survey")
    facts = boundaries_of(said, {"a"}).facts()
    assert (facts["approval"], facts["source"]) == ("GS(2020)1", "survey")


@pytest.fixture(scope="module")
def mapped(project, tmp_path_factory) -> Served:
    """Give a project that has imported boundaries."""
    folder = tmp_path_factory.mktemp("mapped") / "small"
    shutil.copytree(project, folder)
    shutil.rmtree(folder / "release", ignore_errors=True)
    ring = [[110, 30], [111, 30], [111, 31], [110, 30]]
    file = folder / "land.geojson"
    features = [
        {"type": "Feature", "id": code, "properties": {},
         "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code in ("R001", "nowhere")
    ]  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = read_boundaries(file, source="Survey office", approval_number="GS(2020)1")
    write_table(folder / "tables" / "boundaries" / "land-1.parquet", found.data)
    release = build_release(folder)
    settings_ = Settings()
    return Served(folder, release, settings_, client_of(folder, settings_))


def test_the_release_shows_the_boundaries_with_source_and_number(mapped):
    shapes = mapped.data("/geometry")
    assert [f["id"] for f in shapes["features"]] == ["R001"]
    said = mapped.data("/meta")["boundaries"]
    assert said["source"] == "Survey office"
    assert said["approval"] == "GS(2020)1"
    assert said["unknown"] == 1


def test_an_export_carries_them(mapped, tmp_path):
    from tests.observatory.test_export import _data

    export_html(mapped.project, tmp_path / "o.html", mode="private")
    data = _data((tmp_path / "o.html").read_text("utf-8"))
    assert data["geometry"] == mapped.data("/geometry")
    assert data["meta"]["boundaries"]["approval"] == "GS(2020)1"


def test_without_boundaries_there_are_none(served):
    assert served.data("/geometry") == {"type": "FeatureCollection", "features": []}
    assert served.data("/meta")["boundaries"] is None
