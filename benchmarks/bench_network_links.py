"""Links counted from events, mixing with its null and profiles, beside loops over links.

Events are drawn between 3,000 districts of 100 cities, 48 industries and four sizes with a
fixed seed.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Permutation
from agglo.networks import (
    as_link_events,
    boundary_index,
    build_links,
    copatent_events,
    mixing,
    profiles,
)

SIZES = [10_000, 100_000, 1_000_000]
DISTRICTS = [f"D{i:04d}" for i in range(3000)]
INDUSTRIES = [f"I{i:02d}" for i in range(48)]
GROUPS = {name: f"G{k % 6}" for k, name in enumerate(INDUSTRIES)}


def _events(n: int) -> pa.Table:
    rng = np.random.default_rng(1)

    def drawn(labels: list[str]) -> pa.Array:
        return pa.array(labels).take(pa.array(rng.integers(0, len(labels), n)))

    columns = {"layer": ["branch"] * n, "event": [f"B{i}" for i in range(n)]}
    for end in ("origin", "destination"):
        columns[end] = drawn(DISTRICTS)
        columns[f"{end}_industry"] = drawn(INDUSTRIES)
        columns[f"{end}_size"] = drawn(["large", "medium", "small", "micro"])
    return pa.table({**columns, "weight": np.ones(n)})


def _activity() -> pa.Table:
    rng = np.random.default_rng(2)
    return pa.table(
        {
            "region": np.repeat(DISTRICTS, len(INDUSTRIES)).tolist(),
            "industry": INDUSTRIES * len(DISTRICTS),
            "establishments": rng.integers(1, 50, 144_000).astype(float),
        }
    )


def _count(table: pa.Table) -> float:
    """Sum the weights row by row in a dictionary of cells."""
    names = [c for c in table.column_names if c not in ("event", "layer")]
    total: dict[tuple, float] = defaultdict(float)
    events: dict[tuple, set] = defaultdict(set)
    columns = (table[c].to_pylist() for c in (*names, "event"))
    for row in zip(*columns, strict=True):
        total[row[:-2]] += row[-2]
        events[row[:-2]].add(row[-1])
    return sum(total.values())


def _total(table: pa.Table) -> float:
    return float(build_links(table).weight.sum())


@pytest.mark.parametrize("n", SIZES)
def test_links_from_a_table_of_events(versus, n):
    table = _events(n)
    found = versus(
        lambda: _total(table),
        twin=lambda: _count(table),
        size=f"{n} events",
        rounds=3,
        twin_rounds=1,
    )
    assert found.result == found.twin_result


@pytest.mark.parametrize("n", SIZES)
def test_mixing_with_its_null(versus, n):
    events = as_link_events(_events(n))
    of = np.array([int(GROUPS[str(i)][1]) for i in events.industry])
    one, other = events.origin_industry, events.destination_industry

    def naive() -> float:
        # one loop over the links per permutation
        rng = np.random.default_rng(3)
        pairs = list(zip(one.tolist(), other.tolist(), strict=True))
        total = 0
        for _ in range(99):
            turned = rng.permutation(of).tolist()
            total += sum(turned[a] != turned[b] for a, b in pairs)
        return total / (99 * n)

    found = versus(
        lambda: mixing(
            events, groups=GROUPS, inference=Permutation(n=99, seed=3)
        ).null_mean[0],
        twin=naive,
        size=f"{n} links, 99 permutations",
        rounds=3,
        twin_rounds=1,
    )
    assert found.result == pytest.approx(2 * found.twin_result - 1, abs=0.02)


@pytest.mark.parametrize("n", SIZES)
def test_statistics_of_links(versus, n):
    events, activity = as_link_events(_events(n)), _activity()

    def all_of_them() -> float:
        profiles(events)
        mixing(events, groups=GROUPS, inference=Permutation(n=999, seed=1))
        return boundary_index(events, groups=GROUPS, activity=activity).kappa

    versus(all_of_them, size=f"{n} links, profiles, mixing (999), boundary", rounds=3)


@pytest.mark.parametrize("n", [10_000, 100_000, 400_000])
def test_copatents(versus, n):
    rng = np.random.default_rng(5)
    m = rng.choice([1, 2, 3, 4], n, p=[0.4, 0.45, 0.12, 0.03])
    patent = np.repeat(np.arange(n), m)
    place = rng.integers(0, 3000, patent.size)
    table = pa.table(
        {
            "patent": [f"P{p}" for p in patent.tolist()],
            "applicant": [f"A{i}" for i in range(patent.size)],
            "region": pa.array(DISTRICTS).take(pa.array(place)),
        }
    )

    def naive() -> float:
        # the table row by row: an applicant counts once, its region must be one
        held: dict[str, dict[str, str]] = defaultdict(dict)
        columns = (table[c].to_pylist() for c in ("patent", "applicant", "region"))
        for p, a, r in zip(*columns, strict=True):
            if not p.strip() or not a.strip() or held[p].setdefault(a, r) != r:
                raise ValueError(p)
        links = [
            ("copatent", p, places[a], places[b], 1.0, len(places))
            for p, places in sorted(held.items())
            for a, b in combinations(sorted(places), 2)
        ]
        return float(sum(link[4] for link in links))

    found = versus(
        lambda: copatent_events(table).counts["weight"],
        twin=naive,
        size=f"{n} patents",
        rounds=3,
        twin_rounds=1,
    )
    assert found.result == found.twin_result
