"""The bench itself: memory is measured, and the table says what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.conftest import fitted_exponent
from benchmarks.peak import peak_of
from benchmarks.report import END, START, main, renew, table

RESULTS = {
    "datetime": "2026-11-25T10:00:00+00:00",
    "machine_info": {
        "node": "somebody's machine",
        "system": "Linux",
        "python_version": "3.12.1",
        "cpu": {"brand_raw": "A CPU", "count": 2},
    },
    "benchmarks": [
        {
            "name": "test_pairs",
            "fullname": "bench_a.py::test_pairs",
            "stats": {"median": 0.25},
            "extra_info": {
                "size": "961 x 961",
                "ratio": 40.0,
                "twin_seconds": 10.0,
                "added_mb": 30.4,
                "twin_added_mb": 1500.0,
            },
        },
        {
            "name": "test_lonely[5]",
            "fullname": "bench_a.py::test_lonely[5]",
            "stats": {"median": 0.0005},
            "extra_info": {},
        },
    ],
}


def test_table_has_one_row_per_benchmark():
    rows = table(RESULTS).splitlines()
    assert rows[-2] == "| lonely |  | 500 µs |  |  |  |  |"
    assert (
        rows[-1] == "| pairs | 961 x 961 | 250 ms | 10 s | 40.0 x | 30 MB | 1.50 GB |"
    )


def test_newest_run_of_a_benchmark_is_taken():
    later = {
        **RESULTS,
        "datetime": "2026-11-26T10:00:00+00:00",
        "benchmarks": [{**RESULTS["benchmarks"][1], "stats": {"median": 0.001}}],
    }
    for runs in ((RESULTS, later), (later, RESULTS)):
        made = table(*runs)
        assert "| lonely |  | 1 ms |" in made
        assert made.count("| pairs |") == 1
        assert made.startswith("Measured on 2026-11-25 and 2026-11-26: A CPU, 2 cores")


def test_table_does_not_name_the_machine():
    assert "somebody" not in table(RESULTS)


def test_only_what_is_between_the_marks_changes():
    page = f"before\n{START}\nold\n{END}\nafter\n"
    assert renew(page, "new") == f"before\n{START}\n\nnew\n\n{END}\nafter\n"
    assert renew(renew(page, "new"), "new") == renew(page, "new")


def test_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="no lines"):
        renew("page", "new")


def test_page_is_rewritten(tmp_path, capsys):
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    results.write_text(json.dumps(RESULTS), encoding="utf-8")
    page.write_text(f"{START}\n{END}\n", encoding="utf-8")
    main(str(results), str(page))
    assert "961 x 961" in page.read_text(encoding="utf-8")
    assert "961 x 961" in capsys.readouterr().out


def test_peak_sees_what_a_call_allocates():
    def allocate():
        return float(np.ones(12_500_000).sum())  # 100 MB, given back at the end

    assert 95 < peak_of(allocate).added < 160
    assert peak_of(lambda: 1).added < 20


def test_exponent_of_a_power():
    sizes = np.array([10.0, 100.0, 1000.0])
    assert fitted_exponent(sizes, 3e-6 * sizes**2) == pytest.approx(2.0)
