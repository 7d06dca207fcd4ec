"""Lost decimal points: planted ones are found, breaks and booms are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import ColumnNotFoundError, OptionError
from agglo.core.outliers import check_outliers


def series(values, first=2010, region="a", industry="x"):
    n = len(values)
    return pa.table(
        {
            "region": [region] * n,
            "industry": [industry] * n,
            "period": [str(first + i) for i in range(n)],
            "employment": pa.array(values, pa.float64()),
        }
    )


def rows(table, **options):
    return [p.rows[0] for p in check_outliers(table, **options)]


@pytest.mark.parametrize("factor", [10, 100, 1000, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("at", [0, 1, 4, 7, 8])
def test_a_shifted_point_is_found_wherever_it_stands(factor, at):
    values = np.array(
        [
            512_347,
            531_211,
            524_873,
            547_019,
            555_338,
            542_781,
            561_003,
            570_449,
            566_127.0,
        ]
    )
    values[at] *= factor
    (problem,) = check_outliers(series(values))
    assert problem.rows == (at + 1,)
    assert problem.code == "lost_decimal"
    assert f"period='{2010 + at}'" in problem.what
    assert f"would be {values[at] / factor:g}" in problem.what


@pytest.mark.parametrize(
    "values",
    [
        [500, 510, 520, 530, 540, 550],  # growth
        [500, 510, 520, 2500, 530, 540],  # a fivefold year is no power of ten
        [500, 520, 5100, 5300, 5200, 5400],  # a level break
        [500, 900, 1700, 3200, 6100, 11000],  # doubling
        [5, 6, 50, 7, 6, 5],  # below ten units of the rounding
        [500, 5000, 50, 900, 20000, 300],  # neighbours that do not agree
        [0, 0, 500, 0, 0, 0],  # zeros are left alone
        [None, None, 500, None, 50, None],
    ],
)
def test_what_is_no_misprint_is_not_flagged(values):
    assert rows(series(values)) == []


def test_a_break_that_the_industry_shares_is_not_flagged():
    tables = [series([500 + i, 510, 5200, 530, 540], region=str(i)) for i in range(8)]
    assert rows(pa.concat_tables(tables)) == []
    alone = [series([500 + i, 510, 520, 530, 540], region=str(i)) for i in range(7)]
    assert rows(pa.concat_tables([*alone, tables[7]])) == [38]


def test_two_periods_cannot_tell_and_three_can():
    assert check_outliers(series([500, 5000])) == ()
    assert rows(series([500, 5100, 510])) == [2]


def test_empty_tables_other_columns_and_frames():
    assert check_outliers(series([])) == ()
    table = series([500, 510, 51_000, 530]).rename_columns(
        ["city", "sector", "year", "jobs"]
    )
    found = check_outliers(table, by=("city", "sector"), value="jobs", period="year")
    assert [p.column for p in found] == ["jobs"]
    pandas = pytest.importorskip("pandas")
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    again = check_outliers(
        table.to_pandas(), by=["city", "sector"], value="jobs", period="year"
    )
    assert again == found
    with pytest.raises(ColumnNotFoundError, match="employment"):
        check_outliers(table)
    for wrong in (0, 0.5, "a"):
        with pytest.raises(OptionError, match="tolerance"):
            check_outliers(series([1.0]), tolerance=wrong)


def test_row_order_does_not_matter():
    rng = np.random.default_rng(3)
    tables = [
        series(np.round(rng.lognormal(8, 1) * rng.lognormal(0, 0.05, 9)), region=str(i))
        for i in range(20)
    ]
    table = pa.concat_tables(tables)
    values = table["employment"].to_numpy().copy()
    values[[13, 77, 120]] *= [10, 0.01, 100]
    table = table.set_column(3, "employment", pa.array(values))
    order = rng.permutation(table.num_rows)
    shuffled = [int(order[r - 1]) + 1 for r in rows(table.take(pa.array(order)))]
    assert sorted(rows(table)) == sorted(shuffled) == [14, 78, 121]


def test_planted_misprints_in_noisy_series_are_recovered():
    # 2,000 series of 12 years with 15 % noise a year; one misprint in every tenth
    rng = np.random.default_rng(20)
    n, years = 2_000, 12
    level = rng.lognormal(7, 1.2, n)[:, None]
    walk = np.exp(np.cumsum(rng.normal(0, 0.1, (n, years)), axis=1))
    values = np.round(level * walk * rng.lognormal(0, 0.1, (n, years)))
    hit = rng.choice(n, n // 10, replace=False)
    when = rng.integers(2, years - 2, hit.size)
    power = rng.choice([-1, 1, 2, 3], hit.size)
    values[hit, when] = values[hit, when] * 10.0**power
    table = pa.table(
        {
            "region": np.repeat([f"{i:04d}" for i in range(n)], years).tolist(),
            "industry": ["x"] * (n * years),
            "period": [str(2000 + t) for t in range(years)] * n,
            "employment": values.ravel(),
        }
    )
    found = {r - 1 for r in rows(table)}
    planted = set((hit * years + when).tolist())
    assert len(found & planted) / len(planted) > 0.85
    assert len(found - planted) / (n * years) < 5e-4
