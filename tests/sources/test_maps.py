"""Regions, industries, cluster definitions, Chinese lists, outlines."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import OptionError, SourceError
from agglo.sources import (
    read_china_clusters,
    read_cluster_definitions,
    read_industries,
    read_outlines,
    read_regions,
)


@pytest.fixture
def write(tmp_path):
    def put(content: object, name: str = "a.csv"):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return put


def test_counties_get_level_parent_and_version(write):
    got = read_regions(
        write("fips,name,state_fips,lon,lat,area_km2\n1001,A,01,-86,32,\n")
    )
    (row,) = got.data.to_pylist()
    assert (row["region"], row["level"], row["parent"]) == ("01001", "county", "01")
    assert (row["region_version"], row["area_km2"]) == ("us_county_2017", None)


def test_coordinates_off_the_earth_are_refused(write):
    with pytest.raises(SourceError) as error:
        read_regions(write("region,lon,lat\na,-186,32\nb,1,95\n"))
    assert {p.column for p in error.value.problems} == {"lon", "lat"}
    assert {p.code for p in error.value.problems} == {"out_of_range"}


def test_naics_names_make_a_tree_with_one_code_per_sector(write):
    text = "NAICS_2017_Code,NAICS_2017_Name\n31,Making\n32,Making\n321,Wood\n321113,Saw\n48,Move\n"
    got = read_industries(write(text)).data.to_pylist()
    assert [(r["industry"], r["level"], r["parent"]) for r in got] == [
        ("31-33", "2", None),
        ("321", "3", "31-33"),
        ("321113", "6", "32111"),
        ("48-49", "2", None),
    ]
    assert {r["classification"] for r in got} == {"naics_2017"}


def test_other_industry_lists_stay_as_they_are(write):
    got = read_industries(
        write("code,title\nC28,Machines\nC29,Cars\n"), classification="nace_rev2"
    )
    assert got.data["name_en"].to_pylist() == ["Machines", "Cars"]
    with pytest.raises(SourceError, match="duplicate_key"):
        read_industries(write("code,title\nC28,Machines\nC28,Cars\n"))


def test_definitions_share_an_industry_equally_and_drop_the_unclassified(write):
    text = (
        "naics6,traded_local,cluster\n334413,Traded,A\n334413,Traded,B\n"
        "722511,Local,Food\n814110,Local,Unclassified\n"
    )
    got = read_cluster_definitions(write(text))
    assert got.data["weight"].to_pylist() == [0.5, 0.5, 1.0]
    assert got.data["kind"].to_pylist() == ["traded", "traded", "local"]
    assert {n.code: n.rows for n in got.notes} == {"unclassified": (4,), "split": ()}


def test_definitions_of_your_own_need_a_proper_kind(write):
    own = read_cluster_definitions(
        write("industry,cluster,weight\n28,Machines,0.7\n"),
        definition="mine_2024",
        industry_system="2",
        industry_version="nace_rev2",
    )
    assert own.data["weight"].to_pylist() == [0.7]
    assert own.data["definition"].to_pylist() == ["mine_2024"]
    with pytest.raises(SourceError, match="write traded or local"):
        read_cluster_definitions(write("naics,kind,cluster\n334413,global,A\n"))


LINKS = (
    "id,source,year,batch,city,adcode,industry_zh,industry_en,status\n"
    "M-1,MIIT,2021,1,甲市;乙市,110100;120100,集成电路,ICs,sourced\n"
    "M-2,MIIT,,2,甲市,110100,纺织,textiles,unverified\n"
)


def test_chinese_lists_are_told_apart_and_split_by_city(write):
    belts = LINKS.replace("MIIT", "belt").replace("M-", "B-")
    tree = "node_id,parent_id,level,label_en,label_zh,gbt4754_2017\nA,,1,E,电,39\n"
    got = read_china_clusters(
        [write(LINKS, "m.csv"), write(belts, "b.csv"), write(tree, "tree.csv")]
    )
    tables = {t.table: t for t in got}
    assert set(tables) == {"designations", "belts", "industries"}
    first = tables["designations"].data.to_pylist()
    assert [(r["cluster"], r["city"], r["weight"]) for r in first] == [
        ("M-1", "110100", 0.5),
        ("M-1", "120100", 0.5),
        ("M-2", "110100", 1.0),
    ]
    assert [r["city_zh"] for r in first] == ["甲市", "乙市", "甲市"]
    assert first[2]["period"] is None
    assert tables["belts"].data["belt"].to_pylist() == ["B-1", "B-1", "B-2"]
    assert [name for name, _ in tables["belts"].origin.files] == ["b.csv"]


def test_lists_of_different_length_and_unknown_layouts_are_refused(write):
    with pytest.raises(SourceError) as error:
        read_china_clusters(
            [
                write(LINKS.replace("甲市;乙市", "甲市"), "m.csv"),
                write("a,b\n1,2\n", "x.csv"),
            ]
        )
    assert {p.code for p in error.value.problems} == {"ragged_list", "unknown_layout"}


SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
HOLE = [[0.5, 0.5], [0.5, 1], [1, 1], [0.5, 0.5]]


def feature(region, kind, coordinates, **properties):
    geometry = {"type": kind, "coordinates": coordinates} if kind else None
    return {
        "type": "Feature",
        "id": region,
        "properties": properties,
        "geometry": geometry,
    }


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def test_geojson_polygons_holes_and_parts(write):
    far = [[[10, 0, 7], [11, 0, 7], [11, 1, 7], [10, 0, 7]]]
    path = write(
        collection(
            feature("a", "MultiPolygon", [[SQUARE, HOLE], far], code="x"),
            feature("b", "Polygon", [SQUARE], code="y"),
            feature("c", None, None, code="z"),
        )
    )
    got = read_outlines(path)
    assert got.region.tolist() == ["a", "b", "c"]
    a = got.polygons("a")
    assert [len(p) for p in a] == [2, 1]
    np.testing.assert_array_equal(a[0][1], HOLE)
    assert a[1][0].shape == (4, 2)
    assert got.polygons("c") == []
    assert got.bounds == (0, 0, 11, 2)
    assert [n.code for n in got.notes] == ["no_geometry"]
    assert not got.coordinates.flags.writeable
    assert read_outlines(path, id_property="code").region.tolist() == ["x", "y", "z"]
    with pytest.raises(OptionError, match="no outline of region 'd'"):
        got.polygons("d")
    with pytest.raises(OptionError, match="Did you mean 'code'"):
        read_outlines(path, id_property="cod")


TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.25], "translate": [-10, 5]},
    # two squares that share the middle edge, arc 0, drawn upwards
    "arcs": [
        [[4, 0], [0, 4]],
        [[4, 4], [-4, 0], [0, -4], [4, 0]],
        [[4, 0], [4, 0], [0, 4], [-4, 0]],
    ],
    "objects": {
        "regions": {
            "type": "GeometryCollection",
            "geometries": [
                {
                    "type": "Polygon",
                    "id": 1,
                    "arcs": [[0, 1]],
                    "properties": {"name": "left"},
                },
                {
                    "type": "MultiPolygon",
                    "id": 2,
                    "arcs": [[[2, -1]]],
                    "properties": {},
                },
            ],
        },
        "nation": {"type": "Polygon", "id": "all", "arcs": [[2, 1]]},
    },
}


def test_topojson_arcs_are_decoded_and_turned_round(write):
    got = read_outlines(write(TOPOLOGY))
    (left,), (right,) = got.polygons("1")[0], got.polygons("2")[0]
    np.testing.assert_array_equal(left, [[-8, 5], [-8, 6], [-10, 6], [-10, 5], [-8, 5]])
    np.testing.assert_array_equal(right, [[-8, 5], [-6, 5], [-6, 6], [-8, 6], [-8, 5]])
    assert got.properties["1"] == {"name": "left"}
    assert read_outlines(write(TOPOLOGY), layer="nation").region.tolist() == ["all"]
    with pytest.raises(OptionError, match="Did you mean 'regions'"):
        read_outlines(write(TOPOLOGY), layer="region")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{not json", "malformed_json"),
        ("[1, 2]", "unknown_layout"),
        ({"type": "Topology", "arcs": [], "objects": {}}, "unknown_layout"),
        ({**TOPOLOGY, "arcs": [[[0, 0]]]}, "bad_geometry"),
        (collection(feature("a", "Polygon", [[1, 2]])), "bad_geometry"),
        (collection(feature(None, "Polygon", [SQUARE])), "null_key"),
        (
            collection(
                feature("a", "Polygon", [SQUARE]), feature("a", "Polygon", [SQUARE])
            ),
            "duplicate_key",
        ),
        (collection(feature("a", None, None)), "empty_table"),
        (collection(feature("a", "Point", [1, 2])), "empty_table"),
        (
            collection(feature("a", "Polygon", [[[0, 0], [float("inf"), 1], [0, 0]]])),
            "not_finite",
        ),
    ],
)
def test_files_that_are_no_outlines(write, content, code):
    with pytest.raises(SourceError) as error:
        read_outlines(write(content, "a.geojson"))
    assert [p.code for p in error.value.problems] == [code]


ring = st.lists(
    st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=3, max_size=9
)


@given(rings=st.lists(ring, min_size=1, max_size=5))
def test_a_quantised_topology_gives_the_points_back(tmp_path_factory, rings):
    closed = [[*r, r[0]] for r in rings]
    arcs = [
        [list(r[0])] + [[b[0] - a[0], b[1] - a[1]] for a, b in itertools.pairwise(r)]
        for r in closed
    ]
    topology = {
        "type": "Topology",
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {
            "x": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "id": str(i), "arcs": [[i]]}
                    for i in range(len(arcs))
                ],
            }
        },
    }
    path = tmp_path_factory.mktemp("topo") / "a.json"
    path.write_text(json.dumps(topology))
    got = read_outlines(path)
    for i, points in enumerate(closed):
        np.testing.assert_array_equal(got.polygons(str(i))[0][0], points)
