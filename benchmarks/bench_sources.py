"""Reading County Business Patterns beside a naive pandas reader of the same file.

The file has the columns of the county extract and is written here with a fixed seed. The
twin does what a careful script does: reads with text codes, checks keys, signs and code
lengths, marks impossible zeros. Ours also hashes the file, finds encoding and delimiter,
detects versions and keeps row numbers.
"""

from __future__ import annotations

import gzip
import time

import numpy as np
import pandas as pd
import pytest

from agglo.core.outliers import check_outliers
from agglo.sources import read_cbp
from benchmarks.conftest import fitted_exponent

SIZES = {"35 thousand": 35_000, "348 thousand": 348_000, "1.4 million": 1_400_000}


@pytest.fixture(scope="module")
def extracts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cbp")
    return {
        name: write(folder / f"cbp_{i}_2021.csv.gz", n)
        for i, (name, n) in enumerate(SIZES.items())
    }


def write(path, n):
    rng = np.random.default_rng(7)
    counties = [
        f"{s:02d}{c:03d}" for s in (1, 4, 6, 12, 13, 36, 48) for c in range(1, 500, 2)
    ]
    industries = np.arange(311_111, 311_111 + n // len(counties) + 1)
    cells = np.arange(n)
    frame = pd.DataFrame(
        {
            "fips": np.asarray(counties)[cells % len(counties)],
            "naics": industries[cells // len(counties)],
            "emp": np.round(rng.lognormal(3, 1.5, n)).astype(int),
            "est": 3 + rng.poisson(5, n),
            "payroll_kusd": np.round(rng.lognormal(6, 1.5, n)).astype(int) + 1,
        }
    )
    path.write_bytes(gzip.compress(frame.to_csv(index=False).encode(), compresslevel=4))
    return path


def naive(path):
    frame = pd.read_csv(path, dtype={"fips": str, "naics": str})
    frame["fips"] = frame["fips"].str.strip().str.zfill(5)
    assert frame["fips"].str.fullmatch(r"\d{5}").all()
    assert frame["naics"].str.fullmatch(r"\d{2,6}").all()
    assert not frame.duplicated(["fips", "naics"]).any()
    assert (frame[["emp", "est", "payroll_kusd"]] >= 0).all().all()
    hidden = (frame["emp"] == 0) & (frame["payroll_kusd"] == 0) & (frame["est"] > 0)
    frame["flag"] = np.where(hidden, "c", "")
    frame["employment"] = frame["emp"].astype(float).mask(hidden)
    frame["period"] = "2021"
    return frame


@pytest.mark.parametrize("size", SIZES)
def test_county_business_patterns(versus, extracts, size):
    path = extracts[size]
    found = versus(lambda: read_cbp(path), twin=lambda: naive(path), size=size)
    ours, theirs = found.result.data, found.twin_result
    assert ours["employment"].to_pylist() == theirs["employment"].tolist()
    # the twin leaves out what the docstring names; being as quick as it is not the aim
    assert found.ratio > 0.25
    if size == "348 thousand":
        assert found.seconds < 2


def test_reading_grows_with_the_rows_only(benchmark, extracts):
    seconds = []
    for path in extracts.values():
        start = time.perf_counter()
        read_cbp(path)
        seconds.append(time.perf_counter() - start)
    benchmark.pedantic(lambda: read_cbp(extracts["35 thousand"]), rounds=1)
    assert fitted_exponent(list(SIZES.values()), seconds) < 1.2


def test_lost_decimal_points(versus):
    rng = np.random.default_rng(7)
    n, years = 20_000, 12
    values = np.round(
        rng.lognormal(6, 1, n)[:, None] * rng.lognormal(0, 0.05, (n, years))
    )
    values[5, 6] *= 100
    frame = pd.DataFrame(
        {
            "region": np.repeat([f"{i:05d}" for i in range(n)], years),
            "industry": "x",
            "period": [str(2000 + t) for t in range(years)] * n,
            "employment": values.ravel(),
        }
    )

    def twin():
        hits = []
        for key, series in frame.head(2_000 * years).groupby("region")["employment"]:
            logs = np.log10(series.to_numpy())
            for t in range(2, years - 2):
                near = np.delete(logs[t - 2 : t + 3], 2)
                shift = logs[t] - np.median(near)
                if abs(shift) > 0.8 and abs(shift - round(shift)) < 0.2:
                    hits.append((key, t))
        return hits

    found = versus(
        lambda: check_outliers(frame),
        twin=twin,
        size="240 thousand; twin 24",
        twin_rounds=1,
    )
    assert [p.rows for p in found.result] == [(5 * years + 7,)]
    assert found.twin_result == [("00005", 6)]
    assert 10 * found.ratio > 20
