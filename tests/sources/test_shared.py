"""The public data sets themselves: row counts, published totals, identities, hashes."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter

import numpy as np
import pyarrow.compute as pc
import pytest

from agglo.core.checks import check_table
from agglo.core.classifications import as_concordance
from agglo.core.errors import SourceError
from agglo.core.outliers import check_outliers
from agglo.sources import (
    read_bea_io,
    read_cbp,
    read_china_clusters,
    read_cluster_definitions,
    read_industries,
    read_outlines,
    read_qcew,
    read_region_industry,
    read_regions,
)
from agglo.sources.delimited import open_delimited


def total(table, column):
    return pc.sum(table.data[column]).as_py()


def distinct(table, column):
    return len(pc.unique(table.data[column]))


@pytest.fixture(scope="module")
def cbp6(shared_data):
    return read_cbp(shared_data / "us_cbp_county/cbp_county_naics6_2021.csv.gz")


@pytest.fixture(scope="module")
def cbp4(shared_data):
    folder = shared_data / "us_cbp_county"
    return read_cbp(sorted(folder.glob("cbp_county_naics4_*.csv.gz")))


@pytest.fixture(scope="module")
def bea(shared_data):
    folder = shared_data / "us_bea_io"
    names = (
        "BEA_Detail_Use_SUT_2017_17sch",
        "BEA_Detail_Supply_2017_17sch",
        "BEA_Detail_GrossOutput_IO_17sch",
        "NAICS_to_BEA_Crosswalk_2017",
    )
    return [folder / f"{n}.csv" for n in names]


class TestCountyBusinessPatterns:
    def test_six_digits_2021(self, cbp6):
        assert cbp6.n_rows == 348_104
        assert distinct(cbp6, "industry") == 961
        assert distinct(cbp6, "region") == 3_102
        assert total(cbp6, "employment") == 108_419_164  # README: 108.4 million
        assert total(cbp6, "establishments") == 7_523_519
        assert total(cbp6, "payroll") == 7_020_517_996
        assert pc.unique(cbp6.data["region_version"]).to_pylist() == ["us_county_2017"]
        assert pc.unique(cbp6.data["industry_version"]).to_pylist() == ["naics_2017"]

    def test_it_passes_the_core_checks(self, cbp6):
        report = check_table(cbp6.data, "activity", where="cbp")
        assert report.problems == ()
        assert report.n_rows == 348_104

    def test_four_digits_2017_to_2021(self, cbp4):
        rows = {
            "2017": 234_238,
            "2018": 233_122,
            "2019": 232_865,
            "2020": 231_817,
            "2021": 232_911,
        }
        counts = (
            cbp4.data.group_by("period").aggregate([("region", "count")]).to_pylist()
        )
        assert {r["period"]: r["region_count"] for r in counts} == rows
        assert distinct(cbp4, "industry") == 288

    def test_withheld_cells_of_2017_are_not_zeros(self, cbp4):
        (repair,) = [r for r in cbp4.repairs if r.code == "suppressed_zero"]
        assert repair.n_rows == 25_515
        hidden = pc.sum(pc.equal(cbp4.data["flag"], "c")).as_py()
        assert hidden == 25_515

    def test_hashes_are_those_of_the_files(self, cbp6, shared_data):
        ((name, digest),) = cbp6.origin.files
        data = (shared_data / "us_cbp_county" / name).read_bytes()
        assert digest == hashlib.sha256(data).hexdigest()

    def test_half_the_file_is_refused(self, shared_data, tmp_path):
        whole = (
            shared_data / "us_cbp_county/cbp_county_naics6_2021.csv.gz"
        ).read_bytes()
        path = tmp_path / "cbp_county_naics6_2021.csv.gz"
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError, match="truncated"):
            read_cbp(path)

    def test_lost_zeros_come_back_to_the_same_table(self, cbp6, shared_data, tmp_path):
        source = shared_data / "us_cbp_county/cbp_county_naics6_2021.csv.gz"
        text = gzip.decompress(source.read_bytes()).decode()
        path = tmp_path / "cbp_2021.csv"
        path.write_text("\n".join(line.removeprefix("0") for line in text.split("\n")))
        got = read_cbp(path)
        assert got.data.equals(cbp6.data)
        (repair,) = got.repairs
        starts = pc.starts_with(cbp6.data["region"], "0")
        assert repair.n_rows == pc.sum(starts).as_py()


class TestQuarterlyCensus:
    @pytest.mark.parametrize(("year", "cells"), [(2019, 100_384), (2020, 100_506)])
    def test_all_rows_are_read_or_counted(self, shared_data, year, cells):
        path = shared_data / f"us_qcew_state/qcew_state_private_{year}.csv.gz"
        read = [read_qcew(path, digits=d).n_rows for d in (0, 2, 3, 4, 5, 6)]
        levels = open_delimited(path).read(["agglvl_code"])["agglvl_code"].to_pylist()
        supersectors = levels.count("52") + levels.count("53")
        totals = read_qcew(path, owner="total").n_rows
        assert sum(read) + supersectors + totals == cells == len(levels)

    def test_suppressed_share_and_published_quotients(self, shared_data):
        path = shared_data / "us_qcew_state/qcew_state_private_2019.csv.gz"
        got = read_qcew(path, digits=3)
        assert (got.n_rows, distinct(got, "region")) == (4_600, 51)
        hidden = pc.sum(pc.equal(got.data["flag"], "c")).as_py()
        assert hidden == 200
        assert got.data["employment"].null_count == 200

    def test_the_published_quotients_follow_from_the_employment(self, shared_data):
        # base: total covered employment of state and nation; nation = sum of 51 areas
        path = shared_data / "us_qcew_state/qcew_state_private_2019.csv.gz"
        cells = read_qcew(path, digits=3).data.to_pandas()
        base = (
            read_qcew(path, owner="total")
            .data.to_pandas()
            .set_index("region")["employment"]
        )
        whole = cells.groupby("industry").filter(lambda g: g["flag"].eq("").all())
        nation = whole.groupby("industry")["employment"].transform("sum") / base.sum()
        lq = whole["employment"] / whole["region"].map(base) / nation
        gap = (lq - whole["published_lq"]).abs()
        assert len(whole) > 3_000
        # published with two decimals; the agency's nation is not exactly the 51 areas
        assert (gap <= 0.005).sum() > 3_000
        assert gap.max() < 0.0051


class TestInputOutput:
    def test_direct_requirements_rebuild_the_totals(self, bea):
        (io,) = read_bea_io(bea[0])
        frame = io.data.to_pandas()
        assert frame["seller"].nunique() <= 402
        use = frame.groupby("buyer")["value"].sum()
        # customs duties and private households buy nothing
        assert use.size == 400
        share = frame.groupby("buyer")["buyer_share"].sum()
        np.testing.assert_allclose(share, 1, atol=0.02)
        sold = frame.groupby("seller")["seller_share"].sum()
        np.testing.assert_allclose(sold[sold > 0], 1, atol=1e-9)
        output = (
            (frame["value"] / frame["direct_requirement"])
            .groupby(frame["buyer"])
            .first()
        )
        inputs = frame.groupby("buyer")["direct_requirement"].sum() * output
        np.testing.assert_allclose(inputs, use[inputs.index], rtol=1e-9)

    def test_industry_by_industry_conserves_inputs_with_a_maker(self, bea):
        (plain,) = read_bea_io(bea[:1])
        made, _ = read_bea_io(bea)
        frame = plain.data.to_pandas()
        imported = frame[frame["seller"].isin(["S00300", "S00402", "4200ID"])][
            "value"
        ].sum()
        assert total(made, "value") == pytest.approx(total(plain, "value") - imported)
        by_buyer = made.data.to_pandas().groupby("buyer")["buyer_share"].sum()
        assert by_buyer.max() <= 1.02
        (note,) = [n for n in made.notes if n.code == "no_domestic_maker"]
        assert f"{imported:,.0f}" in note.what

    def test_leontief_inverse_exists_and_is_positive(self, bea):
        made, _ = read_bea_io(bea)
        frame = made.data.to_pandas()
        a = frame.pivot_table(
            index="seller", columns="buyer", values="direct_requirement", fill_value=0.0
        )
        labels = sorted(set(a.index) | set(a.columns))
        a = a.reindex(index=labels, columns=labels, fill_value=0.0).to_numpy()
        inverse = np.linalg.inv(np.eye(len(labels)) - a)
        # the power series converges: its sum is the inverse and has no negative column
        assert inverse.sum(axis=0).min() >= 1 - 1e-9
        assert np.diag(inverse).min() >= 1 - 1e-6

    def test_the_crosswalk_covers_the_industries_of_the_survey(self, bea, cbp6):
        _, links = read_bea_io(bea)
        concordance = as_concordance(links.data)
        got = concordance.convert(cbp6.data, values=("employment", "establishments"))
        assert got.unmapped == ()
        for column, share in got.mapped_share.items():
            assert share == pytest.approx(1.0, abs=1e-12)
            assert pc.sum(got.table[column]).as_py() == pytest.approx(
                total(cbp6, column)
            )


class TestMaps:
    def test_definitions(self, shared_data, cbp6):
        got = read_cluster_definitions(
            shared_data / "us_naics2017_to_cluster/naics6_to_cluster.csv"
        )
        assert got.n_rows == 970  # 971 with the unclassified private households
        kinds = Counter(got.data["kind"].to_pylist())
        assert kinds == {"traded": 668, "local": 302}
        survey = set(pc.unique(cbp6.data["industry"]).to_pylist())
        assert survey <= set(got.data["industry"].to_pylist())
        clusters = {r["cluster"]: r["kind"] for r in got.data.to_pylist()}
        assert sum(k == "traded" for k in clusters.values()) == 51

    def test_counties_and_outlines_agree(self, shared_data, cbp6):
        regions = read_regions(shared_data / "us_county_geo/us_counties.csv")
        assert regions.n_rows == 3_231
        outlines = read_outlines(shared_data / "us_county_geo/counties-10m.topojson")
        assert set(outlines.region.tolist()) == set(regions.data["region"].to_pylist())
        survey = set(pc.unique(cbp6.data["region"]).to_pylist())
        assert survey <= set(outlines.region.tolist())

    def test_decoded_outlines_have_the_published_areas(self, shared_data):
        # the table's areas are geodesic; an equal-area cylinder on the authalic sphere
        # gives the same area of the same outline up to straight-line differences
        outlines = read_outlines(shared_data / "us_county_geo/counties-10m.topojson")
        table = read_regions(
            shared_data / "us_county_geo/us_counties.csv"
        ).data.to_pylist()
        radius = 6371.0072
        gaps = []
        for row in table:
            if row["area_km2"] is None or row["region"].startswith("02"):
                continue
            area = 0.0
            for polygon in outlines.polygons(row["region"]):
                for k, ring in enumerate(polygon):
                    x = np.radians(ring[:, 0]) * radius
                    y = np.sin(np.radians(ring[:, 1])) * radius
                    part = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
                    area += part if k == 0 else -part
            gaps.append(area / row["area_km2"] - 1)
        assert len(gaps) > 3_100
        # long straight edges (northern borders, islands) differ by up to two per cent
        assert np.abs(gaps).max() < 0.025
        assert np.quantile(np.abs(gaps), 0.99) < 0.006
        assert np.abs(np.median(gaps)) < 0.002

    def test_chinese_lists(self, shared_data):
        folder = shared_data / "china_clusters"
        names = (
            "national_clusters_city_long",
            "industrial_belts_partial",
            "innovation_corridors",
            "cn_cities",
            "industry_tree",
        )
        got = {
            t.table: t
            for t in read_china_clusters([folder / f"{n}.csv" for n in names])
        }
        assert {k: t.n_rows for k, t in got.items()} == {
            "designations": 224,
            "belts": 39,
            "treatments": 39,
            "regions": 375,
            "industries": 108,
        }
        assert total(got["designations"], "weight") == pytest.approx(164, abs=0.05)

    def test_chinese_lists_by_programme_make_the_same_links(self, shared_data):
        folder = shared_data / "china_clusters"
        names = (
            "miit_advanced_manufacturing_clusters",
            "ndrc_strategic_emerging_clusters_2019",
            "most_innovative_clusters_partial",
        )
        (three,) = read_china_clusters([folder / f"{n}.csv" for n in names])
        (long,) = read_china_clusters([folder / "national_clusters_city_long.csv"])
        pairs = [
            sorted(
                zip(
                    t.data["cluster"].to_pylist(),
                    t.data["city"].to_pylist(),
                    strict=True,
                )
            )
            for t in (three, long)
        ]
        assert pairs[0] == pairs[1]

    def test_industry_names(self, shared_data, cbp6):
        got = read_industries(shared_data / "us_bea_io/Sector_2017_Names.csv")
        named = set(got.data["industry"].to_pylist())
        assert set(pc.unique(cbp6.data["industry"]).to_pylist()) <= named


class TestSecondSources:
    def test_uk(self, shared_data):
        path = shared_data / "uk_bres_itl2_sic5/bres_itl2_sic5_2015_2021.parquet"
        got = read_region_industry(path, preset="uk_bres")
        assert got.n_rows == 204_120
        assert distinct(got, "industry") == 729
        assert pc.sum(pc.equal(got.data["flag"], "m")).as_py() == 15
        report = check_table(got.data, "activity", where="bres")
        assert report.problems == ()

    def test_europe(self, shared_data):
        path = shared_data / "eu_sbs_nuts2_nace2/sbs_employment_nuts2_nace2_2014.csv.gz"
        got = read_region_industry(path, preset="eurostat_sbs")
        assert got.n_rows == 20_435 - 1_541
        assert distinct(got, "industry") == 67
        assert {len(c) for c in pc.unique(got.data["industry"]).to_pylist()} == {2}
        regions = set(pc.unique(got.data["region"]).to_pylist())
        assert "Germany" not in regions
        assert "Luxembourg" in regions

    def test_germany(self, shared_data):
        path = (
            shared_data
            / "de_ba_kreis_occupation"
            / "employees_by_workplace_kreis_kldb3_2013_2025.csv.gz"
        )
        got = read_region_industry(path, preset="de_ba_occupation")
        assert got.n_rows == 735_033
        assert distinct(got, "region") == 401
        assert pc.sum(pc.equal(got.data["flag"], "c")).as_py() == 31_342


LOST = [  # README of the data set, cleaning rule 2
    ("梅州市", "J_finance", 11_210.0),
    ("咸阳市", "D_utilities", 9_300.0),
    ("乐山市", "M_research", 8_100.0),
    ("鹤壁市", "M_research", 1_100.0),
    ("昆明市", "A_agri", 3_400.0),
]


@pytest.fixture(scope="module")
def china(shared_data):
    path = shared_data / "china_city_sector_employment/city_sector_employment.csv.gz"
    return read_region_industry(path, preset="china_city_sector")


class TestLostDecimalPoints:
    def test_all_five_of_2014_are_flagged_with_their_file_rows(
        self, china, shared_data
    ):
        path = (
            shared_data / "china_city_sector_employment/city_sector_employment.csv.gz"
        )
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        notes = [n for n in china.notes if n.code == "lost_decimal"]
        for city, sector, _right in LOST:
            (note,) = [n for n in notes if city in n.what and sector in n.what]
            assert "2014" in note.what
            line = lines[note.rows[0]]
            assert line.startswith(f"2014,{city}")

    def test_the_proposed_value_is_the_right_one(self, china):
        notes = [n.what for n in china.notes if n.code == "lost_decimal"]
        for city, sector, right in LOST:
            (what,) = [w for w in notes if city in w and sector in w]
            assert what.endswith(f"would be {right:g}")

    def test_false_alarms_on_clean_years_are_rare(self, china):
        # all years but 2014; some of these eleven are misprints too (Haikou 2007)
        found = check_outliers(china.data)
        periods = [china.data["period"][p.rows[0] - 1].as_py() for p in found]
        clean = sum(p != "2014" for p in periods)
        cells = pc.sum(pc.not_equal(china.data["period"], "2014")).as_py()
        assert periods.count("2014") == 6
        assert clean / cells < 3e-4

    @pytest.mark.parametrize(
        ("preset", "path", "limit"),
        [
            (
                "de_ba_occupation",
                "de_ba_kreis_occupation/employees_by_workplace_kreis_kldb3_2013_2025.csv.gz",
                2e-5,
            ),
            ("uk_bres", "uk_bres_itl2_sic5/bres_itl2_sic5_2015_2021.parquet", 2e-4),
        ],
    )
    def test_false_alarms_on_clean_tables_are_rare(
        self, shared_data, preset, path, limit
    ):
        got = read_region_industry(shared_data / path, preset=preset)
        found = [n for n in got.notes if n.code == "lost_decimal"]
        assert len(found) / got.n_rows < limit

    def test_county_data_stay_below_four_in_ten_thousand(self, cbp4):
        assert len(check_outliers(cbp4.data)) / cbp4.n_rows < 4e-4
