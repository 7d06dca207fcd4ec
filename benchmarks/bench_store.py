"""Establishment rows in Parquet to activity and location quotients: ours against SQL.

Each run is a process of its own, so that its peak memory is its own. The twin is SQL
written by hand for the same two tables with the same columns and the same rules for
unknown sizes (what it lacks is our refusal of negative and infinite ones); it comes in two
plans, and the faster one counts.

    python benchmarks/bench_store.py                      2 million rows
    AGGLO_BENCH_ROWS=5e6,20e6,50e6 python benchmarks/bench_store.py

Fails when ours takes more than 1.3 times the twin, when the tables differ, or when the
peak of memory reaches 4 GB. Time is CPU time of the busiest thread, which is the wall
clock of a quiet machine and does not depend on what else runs; work that is done by one
thread instead of two shows in it. Wall clock and all threads are printed beside it.
"""

# ruff: noqa: S608  (the SQL is written here and takes numbers and paths only)

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from agglo.core.results import digest_of
from agglo.store import (
    Catalog,
    activity_from_establishments,
    location_quotient_table,
)

RATIO = 1.3
PEAK_GB = 4.0
SIZES = os.environ.get("AGGLO_BENCH_ROWS", "2e6").split(",")
ROUNDS = int(os.environ.get("AGGLO_BENCH_ROUNDS", "3"))
CHUNK = 5_000_000

KEYS = "region, industry, period"

ACTIVITY = f"""
    SELECT {KEYS}, count(*)::DOUBLE AS establishments, sum(employment) AS employment,
        count(*) - count(employment) AS employment_unknown,
        CASE WHEN count(employment) = 0 THEN 'm' ELSE '' END AS flag
    FROM establishments GROUP BY {KEYS}
"""

QUOTIENTS = f"""
    SELECT {KEYS}, employment, employment_unknown, region_total, industry_total, total,
        CASE WHEN region_total > 0 AND industry_total > 0
            THEN (employment / region_total) / (industry_total / total)
        END AS location_quotient,
        CASE WHEN employment IS NULL THEN 'unknown_value'
            WHEN region_total IS NULL OR industry_total IS NULL OR total IS NULL
            THEN 'unknown_margin'
            WHEN region_total = 0 OR industry_total = 0 THEN 'zero_margin'
            ELSE '' END AS reason
    FROM activity
    JOIN (SELECT region, period, sum(employment) AS region_total
        FROM activity GROUP BY ALL) USING (region, period)
    JOIN (SELECT industry, period, sum(employment) AS industry_total
        FROM activity GROUP BY ALL) USING (industry, period)
    JOIN (SELECT period, sum(employment) AS total
        FROM activity GROUP BY ALL) USING (period)
    ORDER BY {KEYS}
"""


def generate(folder: Path, rows: int) -> None:
    """Write skewed establishments: 3,000 regions, 1,000 industries, 1 in 5,000 unknown."""
    target = folder / "establishments"
    target.mkdir()
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        for part, start in enumerate(range(0, rows, CHUNK)):
            end = min(start + CHUNK, rows)
            connection.execute(f"""
                COPY (
                    SELECT
                        lpad((3000 * pow(hash(i) / 2e19, 1.5))::INT::VARCHAR, 5, '0')
                            AS region,
                        lpad((1000 * pow(hash(i + 7) / 2e19, 1.5))::INT::VARCHAR, 6, '0')
                            AS industry,
                        '2021' AS period,
                        CASE WHEN hash(i + 3) % 5000 > 0
                            THEN (1 + hash(i + 5) % 200)::DOUBLE END AS employment
                    FROM range({start}, {end}) rows(i)
                ) TO '{target}/{part:03d}.parquet' (FORMAT parquet)
            """)


def ours(folder: Path) -> tuple[pa.Table, pa.Table]:
    plants = Catalog(folder).lazy("establishments")
    cells = activity_from_establishments(plants, margins="disclosed")
    return cells.to_table(), location_quotient_table(
        cells, margins="disclosed"
    ).to_table()


def sql_two_scans(folder: Path) -> tuple[pa.Table, pa.Table]:
    with Catalog(folder).connect() as connection:
        activity = connection.sql(f"{ACTIVITY} ORDER BY {KEYS}").to_arrow_table()
        query = f"WITH activity AS MATERIALIZED ({ACTIVITY}) {QUOTIENTS}"
        return activity, connection.sql(query).to_arrow_table()


def sql_temporary_table(folder: Path) -> tuple[pa.Table, pa.Table]:
    with Catalog(folder).connect() as connection:
        connection.execute(f"CREATE TEMP TABLE activity AS {ACTIVITY}")
        activity = connection.sql(f"FROM activity ORDER BY {KEYS}").to_arrow_table()
        return activity, connection.sql(QUOTIENTS).to_arrow_table()


_SHOWN = ((min, "wall"), (min, "cpu"), (max, "peak"))
WAYS: dict[str, Callable[[Path], tuple[pa.Table, pa.Table]]] = {
    f.__name__: f for f in (ours, sql_two_scans, sql_temporary_table)
}


def measure(way: str, folder: Path) -> None:
    """Run one way in this process and print what it took."""
    clocks = (time.perf_counter, time.thread_time, time.process_time)
    before = [clock() for clock in clocks]
    tables = WAYS[way](folder)
    spent = [clock() - start for clock, start in zip(clocks, before, strict=True)]
    wall, main, cpu = spent
    # DuckDB works in this thread and in one more for each other core
    busiest = max(main, (cpu - main) / max((os.cpu_count() or 1) - 1, 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    columns = sorted(tables[0].column_names), sorted(tables[1].column_names)
    digest = digest_of(*(t.select(c) for t, c in zip(tables, columns, strict=True)))
    numbers = {"wall": wall, "busiest": busiest, "cpu": cpu, "peak": peak}
    print(json.dumps({**numbers, "digest": digest, "cells": tables[0].num_rows}))


def in_process(way: str, folder: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, __file__, way, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def compare(rows: int) -> list[str]:
    """Measure all ways on `rows` rows and give what is wrong."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, rows)
        megabytes = sum(f.stat().st_size for f in folder.rglob("*.parquet")) / 1e6
        # the ways take turns, so that a busy machine is busy for all of them
        runs: dict[str, list[dict[str, object]]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                runs[way].append(in_process(way, folder))
    cells = runs["ours"][0]["cells"]
    print(f"\n{rows:,} rows, {megabytes:.0f} MB of Parquet, {cells:,} cells")
    best = {way: min(r["busiest"] for r in got) for way, got in runs.items()}
    peak = max(r["peak"] for r in runs["ours"])
    for way, got in runs.items():
        wall, cpu, high = (f(r[k] for r in got) for f, k in _SHOWN)
        print(
            f"  {way:20} busiest thread {best[way]:6.2f} s, all {cpu:6.2f} s, "
            f"wall {wall:6.2f} s, peak {high:.2f} GB"
        )
    ratio = best["ours"] / min(best[way] for way in WAYS if way != "ours")
    print(f"  ratio {ratio:.2f} (at most {RATIO})")
    wrong = []
    if ratio > RATIO:
        wrong.append(f"{rows:,} rows: ratio {ratio:.2f}")
    if peak >= PEAK_GB:
        wrong.append(f"{rows:,} rows: peak {peak:.2f} GB")
    if len({r["digest"] for got in runs.values() for r in got}) > 1:
        wrong.append(f"{rows:,} rows: the tables differ")
    return wrong


@pytest.mark.benchmark(group="store")
def test_activity_and_quotients_beside_sql(versus, tmp_path):
    """Join `make bench` with the first of the sizes."""
    rows = int(float(SIZES[0]))
    generate(tmp_path, rows)
    found = versus(
        partial(ours, tmp_path),
        twin=partial(sql_temporary_table, tmp_path),
        size=f"{rows / 1e6:g} million establishments",
    )
    assert found.memory.peak < 1000 * PEAK_GB
    for mine, other in zip(found.result, found.twin_result, strict=True):
        assert mine.equals(other.select(mine.column_names))


def main() -> int:
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[2]))
        return 0
    wrong = [problem for size in SIZES for problem in compare(int(float(size)))]
    for problem in wrong:
        print(f"FAILED {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
