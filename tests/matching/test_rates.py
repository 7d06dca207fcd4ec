"""Rates by hand, both countings, intervals; the arithmetic of the study."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import DataWarning, OptionError
from agglo.core.options import Bootstrap, Permutation
from agglo.matching import (
    as_designations,
    match_designations,
    matching_null,
    matching_rates,
    matching_sensitivity,
)
from agglo.sources import china_cities
from tests.matching.lists import UNIVERSE, arithmetic, belts, clusters, labels, tree

SEEDED = Bootstrap(n=200, seed=3)


def _rates(ours, theirs, **options):
    found = match_designations(ours, theirs, tree(), labels())
    return matching_rates(found, inference=SEEDED, **options)


def test_arithmetic_of_the_study():
    found = matching_rates(match_designations(*arithmetic()), inference=SEEDED)
    expected = {
        "coexistence": (72, 79, 0.911392, "91.1%"),
        "identical": (71, 159, 0.446541, "44.7%"),
        "similar": (63, 159, 0.396226, "39.6%"),
        "matched": (134, 159, 0.842767, "84.3%"),
    }
    for measure, (count, n, value, printed) in expected.items():
        row = found.row(measure)
        assert (row["count"], row["n"]) == (count, n)
        assert round(row["value"], 6) == value
        assert printed in found.line(measure)
    degrees = {
        0.0: 0.446541,
        0.25: 0.545597,
        0.5: 0.644654,
        0.75: 0.743711,
        1.0: 0.842767,
    }
    table = found.degree_table()
    assert (
        dict(
            zip(
                table["s"].to_pylist(),
                [round(d, 6) for d in table["degree"].to_pylist()],
                strict=True,
            )
        )
        == degrees
    )


def test_wilson_interval_by_hand():
    # 72 of 79 at 95 %: score interval, 1.959964
    row = matching_rates(match_designations(*arithmetic()), inference=SEEDED).row(
        "coexistence"
    )
    p, n, z = 72 / 79, 79, 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert row["lower"] == pytest.approx(centre - half, rel=1e-12)
    assert row["upper"] == pytest.approx(centre + half, rel=1e-12)


MULTI = [
    ("c1", "a", "X11"),
    ("c1", "b", "X11"),
    ("c2", "a", "Y11"),
    ("c3", "b", "X12 and Y11"),
    ("c4", "d", "X11"),
]
THEIRS = [("b1", "a", "X11"), ("b2", "d", "X12")]


def test_full_and_fractional_cities():
    ours = clusters(MULTI, weight=[0.25, 0.75, 1.0, 1.0, 1.0])
    full = _rates(ours, belts(THEIRS), by="city")
    # c1 counts in both of its cities, but its match lies in a
    assert (full.row("identical", "a")["count"], full.row("identical", "a")["n"]) == (
        1,
        2,
    )
    assert (full.row("identical", "b")["count"], full.row("identical", "b")["n"]) == (
        0,
        2,
    )
    part = _rates(ours, belts(THEIRS), by="city", counting="fractional")
    assert part.row("identical", "a")["count"] == 0.25
    assert part.row("identical", "b")["count"] == 0.75
    nation = _rates(ours, belts(THEIRS))
    for measure in ("identical", "similar", "matched"):
        mine = part.measure == measure
        row = nation.row(measure)
        assert part.count[mine].sum() == pytest.approx(row["count"])
        assert part.n[mine].sum() == pytest.approx(row["n"])


def test_industries_of_one_cluster():
    full = _rates(clusters(MULTI), belts(THEIRS), by="industry")
    part = _rates(clusters(MULTI), belts(THEIRS), by="industry", counting="fractional")
    assert full.row("matched", "Y1")["n"] == 2  # c2 and half of c3, counted whole
    assert part.row("matched", "Y1")["n"] == 1.5
    mine = part.measure == "matched"
    assert part.n[mine].sum() == 4


def test_programmes_and_co_existence():
    ours = clusters(MULTI, programme=["P", "P", "P", "Q", "Q"])
    found = _rates(ours, belts(THEIRS), by="programme")
    assert found.row("coexistence", "P")["value"] == 0.5  # a of a and b
    assert found.row("coexistence", "Q")["value"] == 0.5  # d of b and d
    assert found.small.all()
    assert "(small)" in found.summary()
    assert found.plot().has_data()


def test_provinces():
    cities = china_cities().data
    ours = as_designations(
        clusters(
            [("c1", "320500", "X11"), ("c1", "330100", "X11"), ("c2", "320200", "X12")]
        ),
        cities=cities,
    )
    theirs = belts([("b1", "330100", "X11")])
    found = _rates(ours, theirs, by="province")
    assert found.row("matched", "江苏省")["count"] == 0
    assert found.row("matched", "江苏省")["n"] == 2
    assert found.row("matched", "浙江省")["value"] == 1.0
    part = _rates(ours, theirs, by="province", counting="fractional")
    assert part.row("matched", "江苏省")["n"] == 1.5
    with pytest.raises(OptionError, match="province"):
        _rates(clusters(MULTI), theirs, by="province")


def test_unmapped_are_left_out_or_count_as_none():
    ours = clusters([("c1", "a", "X11"), ("c2", "a", "???")])
    with pytest.warns(DataWarning):
        found = match_designations(ours, belts(THEIRS), tree(), labels())
    assert matching_rates(found, inference=SEEDED).row("matched")["n"] == 1
    none = matching_rates(found, unmapped="none", inference=SEEDED).row("matched")
    assert (none["n"], none["value"]) == (2, 0.5)


def test_nothing_mapped_is_nan_with_a_reason():
    with pytest.warns(DataWarning):
        found = match_designations(
            clusters([("c", "a", "???")]), belts(THEIRS), tree(), labels()
        )
    rates = matching_rates(found, inference=SEEDED)
    assert np.isnan(rates.row("matched")["value"])
    assert rates.row("coexistence")["value"] == 1.0
    assert any("matched" in u.item for u in rates.undefined)


def test_joint_designations_count_once():
    ours = clusters(
        [
            ("c1", "a", "X11"),
            ("c2", "a", "X11"),  # another programme, same city and group
            ("c3", "a", "X11"),  # the same programme designated two: both stay
            ("c4", "b", "X11"),
        ],
        programme=["P", "Q", "P", "Q"],
    )
    found = _rates(ours, belts(THEIRS), dedupe=True)
    assert (found.n_before, found.n_after) == (4, 3)
    assert found.row("identical")["n"] == 3
    assert "4 before" in found.summary()


def test_degree_weighted_by_size():
    ours = clusters(
        [("c1", "a", "X11"), ("c2", "d", "X11"), ("c3", "z", "X11"), ("c4", "a", "Y11")]
    )
    theirs = belts([("b1", "a", "X11"), ("b2", "d", "X12")], size=[30.0, 10.0])
    found = _rates(ours, theirs)
    # 1·30 + 0.5·10 + 0·30 (closest belt of c4) over 30 + 10 + 30; c3 has no belt
    assert found.row("degree_weighted")["value"] == pytest.approx(35 / 70)
    assert "degree_weighted" not in _rates(ours, belts(THEIRS)).measure


def test_blocks_are_wider_where_clusters_crowd():
    # all clusters of a city share one fate: the Wilson interval is too narrow
    rows = [(f"c{i:03d}", f"{i % 10}", "X11") for i in range(200)]
    theirs = belts([(f"b{i}", f"{i}", "X11") for i in range(5)])
    row = matching_rates(
        match_designations(clusters(rows), theirs, tree(), labels()),
        inference=Bootstrap(n=2000, seed=1),
    ).row("matched")
    assert row["value"] == 0.5
    assert row["block_upper"] - row["block_lower"] > 2 * (row["upper"] - row["lower"])


def test_one_city_has_no_block_interval():
    row = _rates(clusters([("c", "a", "X11")]), belts(THEIRS)).row("matched")
    assert np.isnan(row["block_lower"])
    assert row["lower"] < row["value"] == row["upper"] == 1.0


def test_seed_repeats():
    found = match_designations(*arithmetic())
    one = matching_rates(found, inference=SEEDED)
    assert one.to_dict() == matching_rates(found, inference=SEEDED).to_dict()
    other = matching_rates(found, inference=Bootstrap(n=200, seed=4))
    assert other.row("matched")["block_lower"] != one.row("matched")["block_lower"]


def test_line_beside_its_nulls():
    found = match_designations(*arithmetic())
    rates = matching_rates(found, inference=SEEDED)
    option = Permutation(n=99, seed=7)
    nulls = [
        matching_null(found, scheme=s, universe=UNIVERSE, inference=option)
        for s in ("belt_cities", "belt_industries")
    ]
    text = rates.line("coexistence", nulls)
    assert text.startswith("72/79 = 91.1% (95% CI 82.8% to 95.6%); expected 1")
    assert "under belt_cities" in text
    assert text.endswith("not applicable under belt_industries")
    with pytest.raises(KeyError, match="nothing"):
        rates.line("nothing")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("by", "colour"),
        ("counting", "half"),
        ("s", 2.0),
        ("level", 1.0),
        ("industry_level", 9),
        ("dedupe", "yes"),
        ("unmapped", "drop"),
        ("inference", Permutation(n=9)),
    ],
)
def test_options_are_checked(option, value):
    found = match_designations(clusters(MULTI), belts(THEIRS), tree(), labels())
    options = {"inference": SEEDED, "by": "industry", option: value}
    name = "level" if option == "industry_level" else option
    with pytest.raises(OptionError, match=name):
        matching_rates(found, **options)


def test_sensitivity_runs_over_all_rules():
    import pyarrow as pa

    links = pa.table(
        {"node_a": ["Y11"], "node_b": ["X11"], "weight": [0.2], "kind": ["io_share"]}
    )
    ours = clusters([*MULTI, ("c5", "a", "X1")])
    found = matching_sensitivity(ours, belts(THEIRS), tree(), labels(), links=links)
    rows = found.to_arrow().to_pylist()
    assert len(rows) == 2 * 3 * 2 * 5
    assert rows[0]["n"] == 5
    by = {
        (r["containment"], r["city_rule"], r["links"]): r["identical_share"]
        for r in rows
    }
    # X1 against X11 is what containment decides
    assert by["identical", "any", False] - by["similar", "any", False] == pytest.approx(
        0.2
    )
    matched = {(r["city_rule"], r["links"]): r["matched_share"] for r in rows}
    assert matched["any", True] > matched["any", False]
    assert matched["any", False] > matched["all", False]
    assert found.plot().has_data()
    with pytest.raises(OptionError, match="s="):
        matching_sensitivity(ours, belts(THEIRS), tree(), labels(), s=())
    with pytest.raises(OptionError, match="s="):
        matching_sensitivity(ours, belts(THEIRS), tree(), labels(), s=(2.0,))


def test_lead_rule_counts_matches_in_the_lead_city_only():
    # b holds the belts of both clusters, but leads only c2
    ours = clusters(
        [("c1", "a", "X11"), ("c1", "b", "X11"), ("c2", "b", "X12"), ("c2", "a", "X12")]
    )
    theirs = belts([("b1", "b", "X11")])
    found = match_designations(ours, theirs, tree(), labels(), city_rule="lead")
    by_city = matching_rates(found, by="city", inference=SEEDED)
    assert (by_city.row("matched", "b")["count"], by_city.row("matched", "b")["n"]) == (
        1,
        2,
    )
    assert by_city.row("matched", "a")["count"] == 0
    free = match_designations(ours, theirs, tree(), labels())
    free_city = matching_rates(free, by="city", inference=SEEDED)
    assert free_city.row("matched", "b")["count"] == 2


def test_counts_of_joint_clusters_are_whole():
    """Three cities of a third each, 165 times: 165 clusters, not 164.99…."""
    ours = [(f"c{i}", city, "X11") for i in range(165) for city in "abc"]
    found = _rates(clusters(ours), belts(THEIRS))
    row = found.row("matched")
    assert (row["count"], row["n"]) == (165.0, 165.0)
    shared = _rates(clusters(ours), belts(THEIRS), by="city", counting="fractional")
    at = (shared.measure == "matched") & (shared.group == "a")
    assert shared.n[at].tolist() == [55.0]


def test_fractions_stay_fractions():
    ours = [("c1", "a", "X11"), ("c1", "b", "X11"), ("c1", "d", "X11")]
    found = _rates(clusters(ours), belts(THEIRS), by="city", counting="fractional")
    assert found.row("matched", "a")["n"] == pytest.approx(1 / 3, rel=1e-15)
