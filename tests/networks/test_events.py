"""The record of links, branches and co-patents: the hand cases of the specification."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agglo as ag
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.networks import as_link_events

REGIONS = pa.table(
    {
        "region": ["a1", "a2", "b1", "b2", "A", "B", "P"],
        "level": ["district"] * 4 + ["city"] * 2 + ["province"],
        "parent": ["A", "A", "B", "B", "P", "P", None],
    }
)


def _pairs(links) -> dict[str, float]:
    rows = links.to_arrow().to_pylist()
    return {r["origin"] + r["destination"]: r["weight"] for r in rows}


def register(**changes):
    """Spec 15: firm 1 (HQ X), firm 2 (HQ Y), firm 3 (HQ Y, owned by firm 1)."""
    columns = {
        "establishment": list("ABCDEFGHIJ"),
        "firm": list("1111223333"),
        "region": list("XXYYYXYZZZ"),
        "is_hq": [True, False, False, False, True, False, True, False, False, False],
    }
    return pa.table({**columns, **changes})


OWNERS = pa.table({"child": ["3"], "parent": ["1"], "share": [1.0]})


def test_direct_branches_of_the_specification():
    found = ag.branch_events(register())
    links = ag.build_links(found, by=("region",))
    assert _pairs(links) == {"XX": 1.0, "XY": 2.0, "YX": 1.0, "YZ": 3.0}


def test_ultimate_branches_of_the_specification():
    found = ag.branch_events(register(), model="ultimate", ownership=OWNERS)
    links = ag.build_links(found, by=("region",))
    assert _pairs(links) == {"XX": 1.0, "XY": 2.0, "YX": 1.0, "XZ": 3.0}
    assert links.weight.sum() == 7.0


def test_split_ownership_divides_the_weight():
    owners = pa.table({"child": ["3", "3"], "parent": ["1", "2"], "share": [0.6, 0.2]})
    split = ag.branch_events(register(), model="ultimate", ownership=owners, split=True)
    links = _pairs(ag.build_links(split, by=("region",)))
    assert links["XZ"] == pytest.approx(3 * 0.75)
    assert links["YZ"] == pytest.approx(3 * 0.25)
    assert sum(links.values()) == pytest.approx(7.0)
    largest = ag.branch_events(register(), model="ultimate", ownership=owners)
    assert _pairs(ag.build_links(largest, by=("region",)))["XZ"] == 3.0


def test_a_tie_of_owners_goes_to_the_first_label():
    owners = pa.table({"child": ["3", "3"], "parent": ["2", "1"], "share": [0.5, 0.5]})
    found = ag.branch_events(register(), model="ultimate", ownership=owners)
    assert _pairs(ag.build_links(found, by=("region",)))["XZ"] == 3.0


def test_a_chain_of_owners_ends_at_the_root():
    owners = pa.table({"child": ["3", "2"], "parent": ["2", "1"]})
    found = ag.branch_events(register(), model="ultimate", ownership=owners)
    assert _pairs(ag.build_links(found, by=("region",))) == {
        "XX": 2.0,
        "XY": 2.0,
        "XZ": 3.0,
    }


def test_a_circle_of_owners_is_refused_with_its_ids():
    owners = pa.table({"child": ["3", "1"], "parent": ["1", "3"]})
    with pytest.raises(InvalidTableError) as caught:
        ag.branch_events(register(), model="ultimate", ownership=owners)
    (problem,) = caught.value.problems
    assert problem.code == "ownership_cycle"
    assert "'1', '3'" in problem.what


def test_an_owner_without_establishments_is_listed():
    owners = pa.table({"child": ["3"], "parent": ["abroad"]})
    found = ag.branch_events(register(), model="ultimate", ownership=owners)
    assert found.excluded_firm.tolist() == ["3"]
    assert found.link_events.weight.sum() == 4.0


def test_firms_without_or_with_several_headquarters_are_listed():
    flags = [False, False, False, False, True, True, True, False, False, False]
    found = ag.branch_events(register(is_hq=flags))
    listed = dict(zip(found.excluded_firm, found.excluded_reason, strict=True))
    assert listed == {"1": "it has no headquarters"}
    # firm 2 has two seats and no branch left: nothing to link, nothing to exclude
    assert _pairs(ag.build_links(found, by=("region",))) == {"YZ": 3.0}
    with pytest.raises(InvalidTableError, match="missing_headquarters"):
        ag.branch_events(register(is_hq=flags), on_missing_hq="error")


def test_what_closed_before_the_period_is_left_out():
    closed = [None] * 9 + ["2019"]
    opened = ["2000"] * 8 + ["2021", "2000"]
    table = register(opened=opened, closed=closed)
    found = ag.branch_events(table, period="2020")
    assert _pairs(ag.build_links(found, by=("region",)))["YZ"] == 1.0
    assert [u.n for u in found.undefined] == [2]


def test_weights_of_branches():
    jobs = [10.0, 5.0, None, 0.0, 9.0, 2.0, 1.0, 1.0, 2.0, 3.0]
    found = ag.branch_events(register(employment=jobs), weight="employment")
    assert _pairs(ag.build_links(found, by=("region",))) == {
        "XX": 5.0,
        "YX": 2.0,
        "YZ": 6.0,
    }
    assert any(u.reason == "weight is null or 0" and u.n == 2 for u in found.undefined)
    logs = ag.branch_events(register(capital=jobs), weight="log1p_capital")
    assert logs.link_events.weight.max() == pytest.approx(np.log(6.0))


def test_a_firm_with_only_its_seat_gives_no_link():
    lone = pa.table(
        {"establishment": ["A"], "firm": ["1"], "region": ["X"], "is_hq": [True]}
    )
    with pytest.raises(InvalidTableError, match="empty_layer"):
        ag.branch_events(lone)


def patents(**changes):
    """Spec 15: P1 {a,b}, P2 {a,b,c}, P3 {c}, P4 {a,c,d,d}; a,b in X, c in Y, d in Z."""
    columns = {
        "patent": ["1", "1", "2", "2", "2", "3", "4", "4", "4", "4"],
        "applicant": list("abABCcACDD".lower()),
        "region": list("XXXXYYXYZZ"),
    }
    return pa.table({**columns, **changes})


@pytest.mark.parametrize(
    ("counting", "expected", "total"),
    [
        ("full", {"XX": 2, "XY": 3, "XZ": 1, "YZ": 1}, 7),
        ("fractional", {"XX": 4 / 3, "XY": 1, "XZ": 1 / 3, "YZ": 1 / 3}, 3),
        ("newman", {"XX": 1.5, "XY": 1.5, "XZ": 0.5, "YZ": 0.5}, 4),
    ],
)
def test_copatents_of_the_specification(counting, expected, total):
    found = ag.copatent_events(patents(), counting=counting)
    links = ag.build_links(found, by=("region",))
    assert _pairs(links) == pytest.approx(expected)
    assert links.weight.sum() == pytest.approx(total)
    assert found.counts["patents"] == 4.0
    assert found.counts["single_applicant"] == 1.0
    assert found.counts["two_or_more"] == 3.0


def test_an_applicant_without_region_drops_its_pairs():
    region = [*list("XXXX"), None, *list("YXYZZ")]
    everyone = ag.copatent_events(patents(region=region), counting="newman")
    assert everyone.counts["pairs_without_region"] == 2.0
    assert everyone.counts["weight"] == pytest.approx(1 + 0.5 + 3 * 0.5)
    located = ag.copatent_events(
        patents(region=region), counting="newman", located="located"
    )
    assert located.counts["weight"] == pytest.approx(1 + 1 + 3 * 0.5)


def test_regions_as_units():
    found = ag.copatent_events(patents(), unit="region", counting="fractional")
    links = ag.build_links(found, by=("region",))
    assert _pairs(links) == pytest.approx({"XY": 4 / 3, "XZ": 1 / 3, "YZ": 1 / 3})


def test_a_patent_with_five_hundred_applicants_is_fractional_only():
    table = pa.table(
        {
            "patent": ["p"] * 500,
            "applicant": [f"a{i}" for i in range(500)],
            "region": ["X", "Y"] * 250,
        }
    )
    with pytest.raises(InvalidTableError, match="too_many_applicants"):
        ag.copatent_events(table)
    found = ag.copatent_events(table, counting="fractional")
    assert found.counts["weight"] == pytest.approx(1.0)


def test_a_patent_with_one_applicant_gives_no_link():
    table = pa.table({"patent": ["p"], "applicant": ["a"], "region": ["X"]})
    with pytest.raises(InvalidTableError, match="empty_layer"):
        ag.copatent_events(table)


def test_industries_share_the_ends_of_a_patent():
    table = pa.table(
        {
            "patent": ["1", "1", "1"],
            "applicant": ["a", "a", "b"],
            "region": ["X", "X", "Y"],
            "industry": ["i", "j", "i"],
            "weight": [3.0, 1.0, 1.0],
        }
    )
    found = ag.build_links(ag.copatent_events(table))
    rows = {
        (r["origin_industry"], r["destination_industry"]): r["weight"]
        for r in found.to_arrow().to_pylist()
    }
    assert rows == pytest.approx({("i", "i"): 0.75, ("j", "i"): 0.25})
    assert found.events.tolist() == [1, 1]


def test_moving_windows_repeat_a_patent():
    table = patents(period=["2015"] * 2 + ["2016"] * 4 + ["2018"] * 4)
    found = ag.copatent_events(table, window=3)
    assert found.link_events.period.tolist() == ["2015-2017", "2016-2018"]
    weight = np.bincount(found.link_events.period_code, found.link_events.weight)
    assert weight.tolist() == [4.0, 6.0]
    with pytest.raises(OptionError, match="window=3"):
        ag.copatent_events(patents(period=["early"] * 10), window=3)


def test_conflicting_regions_of_an_applicant_are_listed():
    with pytest.raises(InvalidTableError, match="conflicting_region"):
        ag.copatent_events(patents(region=list("XXXXYYXYZW")))


def test_only_firms_when_asked():
    kinds = ["firm", "university", *["firm"] * 8]
    found = ag.copatent_events(patents(entity_type=kinds), entities=("firm",))
    assert found.counts["weight"] == 6.0


# the record itself

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2", "p3", "p4"]),
        st.sampled_from(["a1", "a2", "b1", "b2"]),
        st.sampled_from(["a1", "a2", "b1", "b2"]),
        st.sampled_from(["x", "y", None]),
        st.sampled_from(["large", "small", None]),
        st.floats(0.1, 10.0),
        st.sampled_from(["branch", "copatent"]),
    ),
    min_size=1,
    max_size=30,
)


def _table(rows):
    event, start, end, industry, size, weight, layer = zip(*rows, strict=True)
    return pa.table(
        {
            "event": list(event),
            "origin": list(start),
            "destination": list(end),
            "origin_industry": pa.array(list(industry), pa.string()),
            "destination_industry": pa.array(list(industry)[::-1], pa.string()),
            "origin_size": pa.array(list(size), pa.string()),
            "weight": list(weight),
            "layer": list(layer),
        }
    )


@given(EVENTS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_aggregation_conserves_weight_and_pairs(rows, random):
    table = _table(rows)
    whole = sum(r[5] for r in rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    for by in (("region",), ("region", "industry"), ("region", "industry", "size")):
        for level in (None, "city", "province"):
            found = ag.build_links(table, by=by, level=level, regions=REGIONS)
            assert found.weight.sum() == pytest.approx(whole)
            assert found.pairs.sum() == len(rows)
            assert (found.events <= found.pairs).all()
    one = as_link_events(table)
    other = as_link_events(table.take(pa.array([rows.index(r) for r in shuffled])))
    np.testing.assert_array_equal(one.origin, other.origin)
    np.testing.assert_array_equal(one.event, other.event)


def test_events_are_counted_anew_and_never_summed():
    table = pa.table(
        {
            "event": ["p", "p", "q"],
            "origin": ["a1", "a2", "a1"],
            "destination": ["b1", "b1", "b1"],
            "weight": [1.0, 1.0, 1.0],
        }
    )
    fine = ag.build_links(table, regions=REGIONS)
    city = ag.build_links(table, regions=REGIONS, level="city")
    assert fine.events.sum() == 3
    assert city.events.tolist() == [2]


def test_undirected_links_are_stored_once_and_symmetrised():
    table = pa.table(
        {
            "layer": ["copatent"] * 3,
            "event": ["p", "q", "r"],
            "origin": ["b1", "a1", "a1"],
            "destination": ["a1", "b1", "a1"],
            "weight": [1.0, 2.0, 5.0],
        }
    )
    links = ag.build_links(table, by=("region",))
    assert _pairs(links) == {"a1b1": 3.0, "a1a1": 5.0}
    flows = ag.flow_matrix(table)
    assert flows.values.tolist() == [[10.0, 3.0], [3.0, 0.0]]
    assert flows.values.sum() == 2 * 8.0
    assert flows.strength().tolist() == [3.0, 3.0]


def test_regions_without_links_are_nodes():
    table = pa.table({"origin": ["a1"], "destination": ["b1"], "weight": [1.0]})
    flows = ag.flow_matrix(table, regions=REGIONS, level="district")
    assert flows.label.tolist() == ["a1", "a2", "b1", "b2"]
    assert flows.strength()[1] == 0.0
    assert ag.build_links(table, regions=REGIONS).to_links("links").places.size == 7


def test_clusters_as_nodes():
    table = pa.table(
        {
            "origin": ["a1", "a1"],
            "destination": ["b1", "a1"],
            "origin_industry": ["x", "x"],
            "destination_industry": ["y", "y"],
            "weight": [1.0, 2.0],
        }
    )
    flows = ag.flow_matrix(table, nodes="cluster")
    assert flows.label.tolist() == ["a1|x", "a1|y", "b1|y"]
    assert flows.values[0].tolist() == [0.0, 2.0, 1.0]


def _bad(code, error, table, **options):
    with pytest.raises(error) as caught:
        ag.build_links(table, **options)
    assert code in {p.code for p in caught.value.problems}


def test_bad_records_are_refused_all_at_once():
    table = pa.table(
        {
            "layer": ["l", "l"],
            "directed": [True, False],
            "origin": ["a1", None],
            "destination": ["b1", "b1"],
            "weight": [0.0, float("inf")],
        }
    )
    with pytest.raises(InvalidTableError) as caught:
        as_link_events(table)
    assert {p.code for p in caught.value.problems} == {
        "not_positive",
        "mixed_directed",
        "null_key",
    }


def test_bad_regions_are_listed():
    table = pa.table(
        {"origin": ["a1", "zz"], "destination": ["b1", "b1"], "weight": [1.0, 1.0]}
    )
    _bad("unknown_region", AlignmentError, table, regions=REGIONS, level="city")
    orphan = REGIONS.set_column(
        2, "parent", pa.array(["A", "A", None, "B", "P", "P", None])
    )
    fine = table.slice(0, 1)
    _bad("no_parent", AlignmentError, fine, regions=orphan, level="city")
    with pytest.raises(OptionError, match="Did you mean 'city'"):
        ag.build_links(fine, regions=REGIONS, level="ciity")


def test_an_empty_layer_is_an_error():
    table = pa.table({"origin": ["a"], "destination": ["b"], "weight": [1.0]})
    with pytest.raises(InvalidTableError, match="empty_layer"):
        as_link_events(table.slice(0, 0))
    with pytest.raises(InvalidTableError, match="empty_layer"):
        ag.flow_matrix(table, layer="branch")
