"""Coarser industries in public: what is hidden below is not given back above."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from agglo.observatory.api.stock import Stock
from agglo.observatory.pages import PAGES
from tests.observatory.conftest import CANARIES

CELLS, LEVELS = "concentration.region_industries", "concentration.region_levels"


def _numbers(release, table):
    rows = release.table(table).to_pylist()
    return {
        (r["region"], r["industry"]): np.nan
        if r["employment"] is None
        else r["employment"]
        for r in rows
    }


def _parents(release):
    names = release.table("concentration.industry_names").to_pylist()
    return {r["industry"]: r["parent"] for r in names}


def _worked_back(release, public):
    """Take the shown members from a coarse cell with a single hidden one."""
    parents = _parents(public)
    members = defaultdict(list)
    for (region, industry), jobs in _numbers(public, CELLS).items():
        members[region, parents[industry]].append((industry, jobs))
    coarse = _numbers(release, LEVELS)
    found = {}
    for (region, group), held in members.items():
        hidden = [i for i, jobs in held if np.isnan(jobs)]
        whole = coarse[region, group]
        if len(hidden) == 1 and np.isfinite(whole):
            found[region, hidden[0]] = whole - np.nansum([jobs for _, jobs in held])
    return found


def test_a_hidden_cell_is_worked_back_from_private_levels_and_not_from_public(
    release, public
):
    true = _numbers(release, CELLS)
    attacked = _worked_back(release, public.release)
    assert attacked
    for key, jobs in attacked.items():
        assert jobs == pytest.approx(true[key])
    assert not _worked_back(public.release, public.release)


def test_public_levels_are_sums_of_public_cells(public):
    parents = _parents(public.release)
    expected = defaultdict(float)
    for (region, industry), jobs in _numbers(public.release, CELLS).items():
        expected[region, parents[industry]] += jobs
    found = _numbers(public.release, LEVELS)
    assert set(found) == set(expected)
    for key, jobs in found.items():
        assert jobs == pytest.approx(expected[key], nan_ok=True)


def test_a_hidden_coarse_cell_tells_no_number_beyond_what_is_shown_below(public):
    parents = _parents(public.release)
    shown = defaultdict(float)
    for (region, industry), jobs in _numbers(public.release, CELLS).items():
        shown[region, parents[industry]] += np.nan_to_num(jobs)
    hidden = [
        r
        for r in public.release.table(LEVELS).to_pylist()
        if r["employment"] is None or np.isnan(r["employment"])
    ]
    assert hidden
    for row in hidden:
        assert row["status"] == "confidential"
        for name in ("lq", "share_of_region", "share_of_industry", "rank", "p", "q"):
            assert row[name] is None or np.isnan(row[name])
        lower, upper = row["employment_lower"], row["employment_upper"]
        # the members that are shown, and nothing about the others
        assert lower == pytest.approx(shown[row["region"], row["industry"]])
        assert upper is None or not np.isfinite(upper)


def test_the_canaries_are_in_no_level(public):
    for table in (CELLS, LEVELS):
        for row in public.release.table(table).to_pylist():
            assert not set(CANARIES) & {v for v in row.values() if isinstance(v, float)}


def test_the_level_is_chosen_and_one_of_two_figures_is_drawn(served):
    stock = Stock(served.release)
    page = served.data("/pages/region")
    (level,) = [s for s in page["selectors"] if s["id"] == "level"]
    assert (level["default"], level["optional"]) == ("industry", True)
    assert {o["value"] for o in level["options"]} == {"industry", "parent"}
    assert all(o["label"]["zh"] != o["value"] for o in level["options"])
    when = {v["id"]: v["when"] for v in page["views"] if v["when"]}
    for name in ("structure", "specialisations"):
        assert when[f"region.{name}"] == {"level": ["industry"]}
        assert when[f"region.{name}_levels"] == {"level": ["parent", "top"]}
    rows = served.data("/views/region.structure_levels?region=R003&level=parent")
    assert rows
    assert {r["industry_level"] for r in rows} == {"parent"}
    assert LEVELS in stock.release
    assert {v.id for v in PAGES["region"].views} >= set(when)


def test_draws_of_plants_stay_at_home_and_that_is_said(release, public):
    left_out = public.release.catalogue["left_out"]
    for name in ("nulls", "null_draws"):
        assert f"concentration.{name}" in release
        assert f"concentration.{name}" not in public.release
        (entry,) = [e for e in left_out if e.get("table") == name]
        assert entry["study"] == "concentration"
        assert "hidden cells" in entry["reason"]["en"]
        assert entry["reason"]["zh"]


def test_rules_and_sets_of_clusters_in_public_rest_on_public_cells(public):
    cells = public.release.table(CELLS).to_pylist()
    jobs = {(r["region"], r["industry"]): np.nan_to_num(r["employment"]) for r in cells}
    totals = defaultdict(float)
    for (region, _), number in jobs.items():
        totals[region] += number
    clusters = public.release.table("concentration.clusters").to_pylist()
    assert {r["scheme"] for r in clusters} == {"lq", "eco_stars"}
    of_region = defaultdict(float)
    for row in clusters:
        of_region[row["definition"], row["scheme"], row["region"]] += row["employment"]
    for (_, _, region), number in of_region.items():
        assert number == pytest.approx(totals[region])
