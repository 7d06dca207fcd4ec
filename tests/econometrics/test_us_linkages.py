"""Counties by industry and the input-output table of the United States: do linked
industries choose the same counties? The question of Ellison, Glaeser and Kerr (2010)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.concentration import coagglomeration
from agglo.econometrics import Dyadic, fit_linear, flow_linkage
from agglo.sources import read_bea_io, read_cbp


@pytest.fixture(scope="module")
def tables(shared_data):
    folder = shared_data / "us_bea_io"
    flows, codes = read_bea_io(
        [
            folder / "BEA_Detail_Use_SUT_2017_17sch.csv",
            folder / "BEA_Detail_Supply_2017_17sch.csv",
            folder / "NAICS_to_BEA_Crosswalk_2017.csv",
        ],
        period="2017",
    )
    jobs = read_cbp(
        shared_data / "us_cbp_county" / "cbp_county_naics6_2021.csv.gz", digits=6
    ).data
    # manufacturing: EGK's industries
    made = pc.starts_with(jobs["industry"], "3")
    return flows.data, codes.data, jobs.filter(made)


def members(codes, jobs):
    """Employment of every six-digit industry in every group of the flows."""
    total = jobs.group_by("industry").aggregate([("employment", "sum")])
    known = dict(
        zip(
            total["industry"].to_pylist(),
            total["employment_sum"].to_pylist(),
            strict=True,
        )
    )
    rows = [r for r in codes.to_pylist() if known.get(r["source"], 0) > 0]
    return pa.table(
        {
            "industry": [r["source"] for r in rows],
            "group": [r["target"] for r in rows],
            "employment": [r["weight"] * known[r["source"]] for r in rows],
        }
    )


def test_linked_industries_choose_the_same_counties(tables):
    flows, codes, jobs = tables
    below = pc.less(flows["value"], 0)
    assert pc.sum(below).as_py() == 6  # inventories and subsidies, no flow of goods
    flows = flows.filter(pc.invert(below))
    link = flow_linkage(
        flows, source="seller", target="buyer", members=members(codes, jobs)
    )
    assert link.industries.size > 250
    assert "apportioned" in link.provenance.warnings[-1]
    shares = link.values[np.isfinite(link.values)]
    assert 0 <= shares.min() <= shares.max() <= 1
    near = coagglomeration(jobs, missing="zero")
    names = [str(k) for k in near.activity]
    at = {k: i for i, k in enumerate(names)}
    kept = [k for k in link.industries if str(k) in at]
    i, j = np.triu_indices(len(kept), 1)
    gamma = near.values[np.ix_([at[k] for k in kept], [at[k] for k in kept])]
    place = np.searchsorted(link.industries, kept)
    io = link.standardised()[np.ix_(place, place)]
    spread = np.nanstd(gamma[i, j])
    rows = pa.table(
        {
            "first": [kept[k] for k in i],
            "second": [kept[k] for k in j],
            "near": gamma[i, j] / spread,
            "io": io[i, j],
        }
    )
    fit = fit_linear(
        rows, outcome="near", covariates=["io"], vcov=Dyadic("first", "second")
    )
    found = fit.combination({"io": 1.0})
    # other years, codes and areas than the paper's: sign and order of size only
    assert 0.02 < found.value < 0.5
    assert found.p < 0.01
    clustered = fit.error("io")
    plain = fit_linear(rows, outcome="near", covariates=["io"]).error("io")
    assert clustered > 1.5 * plain
