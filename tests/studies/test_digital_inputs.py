# ruff: noqa: RUF001
"""The digital study on poor input: typed errors, listed losses, missing tables."""

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    OptionError,
)
from agglo.studies.contract import ProjectFacts
from agglo.studies.digital import STUDY, DigitalOptions
from tests.studies.harness import run_study

QUICK = DigitalOptions(
    null_draws=99,
    block_draws=99,
    sensitivity_draws=19,
    ellipse_draws=99,
    overlap_draws=99,
    spatial_draws=99,
)


def clusters(**columns):
    base = {
        "cluster": ["c1", "c2", "c3", "c4"],
        "city": ["330700", "440300", "320500", "350500"],
        "industry_label": ["集成电路", "3C电子", "服饰", "鞋"],
        "programme": ["P", "P", "Q", "Q"],
        "period": ["2020", "2020", "2021", "2021"],
        "status": ["sourced", "sourced", "unverified", "sourced"],
    }
    return pa.table({**base, **columns})


def belts(**columns):
    base = {
        "belt": ["b1", "b2", "b3"],
        "city": ["440300", "350500", "330700"],
        "industry_label": ["3C电子", "鞋", "3C电子"],
    }
    return pa.table({**base, **columns})


def prepared(designations=None, observed=None, options=QUICK, **more):
    tables = {
        "designations": clusters() if designations is None else designations,
        "belts": belts() if observed is None else observed,
        **more,
    }
    return run_study(STUDY, tables, options=options, until="prepare")[0]["prepare"]


def whole(tables=None, options=QUICK, **project):
    given = tables or {"designations": clusters(), "belts": belts()}
    return run_study(STUDY, given, options=options, project=ProjectFacts(**project))[0]


def test_two_lists_are_enough():
    done = whole()
    notes = done["nulls"].documents["null_notes"]
    assert done["prepare"].documents["coverage"]["shipped"] == [
        "regions",
        "industries",
        "labels",
    ]
    assert notes["universe"] == 337
    assert notes["not_applicable"]
    assert "N2" not in {r["null"] for r in done["nulls"].tables["nulls"].to_pylist()}
    assert "Partial belt list" in done["report"].files["report.html"].decode()


def test_a_complete_list_says_so():
    options = DigitalOptions(
        **{f: getattr(QUICK, f) for f in DigitalOptions.__slots__}
        | {"complete_belts": True}
    )
    page = whole(options=options)["report"].files["report.html"].decode()
    assert "Partial belt list" not in page


def test_links_double_the_sensitivity():
    links = pa.table(
        {
            "node_a": ["A11"],
            "node_b": ["A23"],
            "weight": [0.5],
            "kind": ["io_share"],
        }
    )
    done = whole({"designations": clusters(), "belts": belts(), "node_links": links})
    rows = done["sensitivity"].tables["sensitivity"].to_pylist()
    assert len(rows) == 60
    assert {r["links"] for r in rows} == {True, False}


def test_sizes_from_activity_give_the_second_null():
    lists = {"designations": clusters(), "belts": belts()}
    codes = ["330700", "440300", "320500", "350500", "110000"]
    lists["activity"] = pa.table(
        {
            "region": codes,
            "industry": ["all"] * 5,
            "period": ["2020"] * 5,
            "employment": [5.0, 90.0, 80.0, 20.0, 100.0],
        }
    )
    done = run_study(STUDY, lists, options=QUICK, until="nulls")[0]["nulls"]
    assert done.documents["null_notes"]["size"] == "employment"
    assert "N2" in {r["null"] for r in done.tables["nulls"].to_pylist()}


def test_decisions_of_a_person_are_read_back():
    decided = pa.table(
        {"cluster": ["c2"], "belt": ["b1"], "decision": ["reject"], "reviewer": ["x"]}
    )
    lists = {"designations": clusters(), "belts": belts(), "match_decisions": decided}
    done = run_study(STUDY, lists, options=QUICK, until="match")[0]["match"]
    kinds = {r["cluster"]: r["kind"] for r in done.tables["matches"].to_pylist()}
    assert kinds["c2"] == "none"
    assert kinds["c4"] == "identical"


def test_unknown_and_ambiguous_cities_are_listed():
    names = ["义乌", "Suzhou", "Nowhere at all", "３５０５００"]
    done = prepared(clusters(city=names))
    rows = {r["id"]: r for r in done.tables["city_audit"].to_pylist()}
    assert rows["c1"]["city"] == "330700"
    assert rows["c2"]["city"] == ""
    assert set(rows["c2"]["candidates"].split(";")) == {"320500", "341300"}
    assert rows["c3"]["city"] == ""
    assert rows["c4"]["city"] == "350500"
    assert [r["id"] for r in done.tables["left_out"].to_pylist()] == ["c2", "c3"]


def test_a_province_settles_an_ambiguous_name():
    done = prepared(
        clusters(
            city=["金华", "Suzhou", "Suzhou", "泉州"],
            province=["", "Anhui", "Jiangsu", ""],
        )
    )
    cities = [
        r["city"]
        for r in done.tables["city_audit"].to_pylist()
        if r["list"] == "clusters"
    ]
    assert cities == ["330700", "341300", "320500", "350500"]


def test_a_code_beside_another_name_is_marked():
    done = prepared(clusters(city_zh=["金华市", "广州市", "苏州市", "泉州市"]))
    assert done.documents["coverage"]["designations"]["code_and_name_differ"] == 1
    rows = {r["id"]: r for r in done.tables["city_audit"].to_pylist()}
    assert rows["c2"]["needs_review"]


def test_joint_clusters_merge_places_of_one_city():
    joint = pa.table(
        {
            "cluster": ["c1", "c1", "c1"],
            "city": ["义乌", "金华市", "350500"],
            "industry_label": ["鞋"] * 3,
            "weight": [0.25, 0.25, 0.5],
        }
    )
    rows = prepared(joint).tables["clusters"].to_pylist()
    assert {r["city"]: r["weight"] for r in rows} == {"330700": 0.5, "350500": 0.5}


def test_a_name_of_several_cities_becomes_their_rows():
    joint = pa.table(
        {
            "cluster": ["c1", "c2"],
            "city": ["金白兰武", "440300"],
            "industry_label": ["鞋"] * 2,
        }
    )
    done = prepared(joint)
    rows = [r for r in done.tables["clusters"].to_pylist() if r["cluster"] == "c1"]
    assert {r["city"]: r["weight"] for r in rows} == dict.fromkeys(
        ["620300", "620400", "620100", "620600"], 0.25
    )
    assert [r["city"] for r in rows if r["is_lead"] == "true"] == ["620300"]
    audit = {r["input"]: r for r in done.tables["city_audit"].to_pylist()}
    assert audit["金白兰武"]["method"] == "joint"


def test_mixed_script_and_width_is_one_label():
    done = prepared(clusters(industry_label=["集成電路", "３Ｃ电子", "服饰", "鞋"]))
    audit = {r["label"]: r for r in done.tables["label_audit"].to_pylist()}
    assert audit["集成電路"]["nodes"] != ""
    assert audit["３Ｃ电子"]["nodes"] == "A23"


def test_unknown_labels_are_a_work_list_with_proposals():
    done = whole(
        {
            "designations": clusters(
                industry_label=["集成电路与芯片", "3C电子", "服饰", "鞋"]
            ),
            "belts": belts(),
        }
    )
    audit = {r["label"]: r for r in done["prepare"].tables["label_audit"].to_pylist()}
    assert audit["集成电路与芯片"]["nodes"] == ""
    assert audit["集成电路与芯片"]["suggested_node"] != ""
    kinds = {
        r["cluster"]: r["kind"] for r in done["match"].tables["matches"].to_pylist()
    }
    assert kinds["c1"] == "unmapped"
    assert done["match"].tables["unmapped_labels"].num_rows == 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"industry_label": ["", "3C电子", "服饰", "鞋"]}, "empty_label"),
        ({"cluster": ["", "c2", "c3", "c4"]}, "null_key"),
        (
            {
                "cluster": ["c1", "c1", "c3", "c4"],
                "city": ["330700"] * 2 + ["320500"] * 2,
            },
            "duplicate_key",
        ),
        ({"cluster": ["c1", "c1", "c3", "c4"]}, "mixed_attribute"),
    ],
)
def test_bad_lists_are_refused(bad, code):
    with pytest.raises(InvalidTableError) as caught:
        prepared(clusters(**bad))
    assert code in {p.code for p in caught.value.problems}


def test_a_list_without_labels_is_refused():
    with pytest.raises(ColumnNotFoundError):
        prepared(clusters().drop_columns(["industry_label"]))


def test_places_that_are_no_cities_are_refused():
    nowhere = ["x1", "x2", "x3", "x4"]
    with pytest.raises(AlignmentError) as caught:
        prepared(clusters(city=nowhere), belts(city=nowhere[:3]))
    assert caught.value.problems[0].code == "no_city_found"


@pytest.mark.parametrize(
    "options",
    [
        {"programmes": ("Z",)},
        {"region_version": "cn_1999"},
        {"universe_levels": ("planet",)},
        {"crs": "degrees"},
    ],
)
def test_options_that_do_not_exist(options):
    with pytest.raises(OptionError):
        whole(options=DigitalOptions(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"s": 1.5},
        {"city_rule": "some"},
        {"null_draws": 3},
        {"universe_levels": ()},
        {"level": 1.0},
    ],
)
def test_options_out_of_range(options):
    with pytest.raises(OptionError):
        DigitalOptions(**options)


def test_only_sourced_rows():
    done = prepared(
        options=DigitalOptions(only_sourced=True),
        observed=belts(status=["sourced"] * 3),
    )
    assert done.documents["coverage"]["unsourced_dropped"]["designations"] == 1
    assert "c3" not in done.tables["clusters"]["cluster"].to_pylist()


def cities(lon, lat, n=40):
    codes = [f"K{i:02d}" for i in range(n)]
    return pa.table(
        {
            "region": codes,
            "name_en": [f"Town number {i:02d}" for i in range(n)],
            "level": ["prefecture"] * n,
            "lon": lon,
            "lat": lat,
        }
    )


def own_lists():
    return {
        "designations": clusters(city=["K00", "K05", "K11", "K17"]),
        "belts": belts(city=["K05", "K17", "K30"]),
    }


def test_swapped_coordinates_are_noted():
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(100, 120, 40), rng.uniform(25, 40, 40)
    lists = own_lists() | {"regions": cities(lat, np.minimum(lon, 89.0))}
    lists["regions"] = cities(
        np.full(40, 30.0) + rng.uniform(0, 1, 40), rng.uniform(75, 89, 40)
    )
    done = run_study(STUDY, lists, options=QUICK, until="centres")[0]["centres"]
    assert any("swapped" in n for n in done.documents["centre_notes"]["notes"])


def test_coordinates_that_are_no_degrees_are_refused():
    metres = np.linspace(4e5, 9e5, 40)
    lists = own_lists() | {"regions": cities(metres, metres)}
    with pytest.raises(InvalidTableError) as caught:
        run_study(STUDY, lists, options=QUICK, until="centres")
    assert caught.value.problems[0].code == "out_of_range"


def test_cities_without_a_position_are_listed():
    rng = np.random.default_rng(6)
    lon, lat = rng.uniform(100, 120, 40), rng.uniform(25, 40, 40)
    lon[0] = np.nan
    lists = own_lists() | {"regions": cities(lon, lat)}
    done = run_study(STUDY, lists, options=QUICK)[0]
    assert done["centres"].documents["centre_notes"]["items_not_placed_in"] == ["K00"]
    assert "Town number 00" in done["report"].files["report.html"].decode()


def test_collinear_and_too_few_places_have_no_area():
    lists = own_lists() | {
        "regions": cities(np.full(40, 105.0), np.linspace(25, 45, 40))
    }
    done = run_study(STUDY, lists, options=QUICK)[0]
    rows = done["centres"].tables["ellipses"].to_pylist()
    assert all(r["degenerate"] or r["short_km"] < 1e-6 for r in rows)
    found = {f["id"]: f for f in done["report"].documents["findings"]}
    assert found["F5"]["estimate"]["jaccard"] is None


def test_one_cluster_and_one_belt_still_give_a_page():
    one = {
        "designations": clusters().slice(1, 1),
        "belts": belts().slice(0, 1),
    }
    done = run_study(STUDY, one, options=QUICK)[0]
    found = {f["id"]: f for f in done["report"].documents["findings"]}
    assert found["F1"]["estimate"] == 1.0
    assert found["F2"]["estimate"]["matched"] == 1.0


def test_english_labels():
    designations = clusters(
        industry_label_en=[
            "integrated circuits",
            "consumer electronics",
            "apparel",
            "x",
        ]
    )
    observed = belts(industry_label_en=["consumer electronics", "y", "z"])
    lists = {"designations": designations, "belts": observed}
    options = DigitalOptions(label_language="en")
    done = run_study(STUDY, lists, options=options, until="match")[0]["match"]
    kinds = {r["cluster"]: r["kind"] for r in done.tables["matches"].to_pylist()}
    assert kinds["c2"] == "identical"
    assert kinds["c4"] == "unmapped"
