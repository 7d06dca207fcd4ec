"""Disclosure control: rules by hand, traps, and a brute-force attacker as the witness."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.store.disclosure import (
    CellTable,
    DisclosurePolicy,
    audit_disclosure,
    cells_from_records,
    cells_from_totals,
    suppress_cells,
)

COUNT = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)


def table(rows: list[tuple[str, str, float]], **options: object) -> CellTable:
    region, industry, jobs = zip(*rows, strict=True)
    data = pa.table(
        {"region": region, "industry": industry, "jobs": np.array(jobs, float)}
    )
    return cells_from_records(
        data, dimensions=("region", "industry"), value="jobs", **options
    )


def cell(cells: CellTable, region: str, industry: str) -> int:
    one, two = cells.dimensions
    return one.place[region] * two.size + two.place[industry]


def random_table(seed: int, n_rows: int, shape: tuple[int, int]) -> CellTable:
    rng = np.random.default_rng(seed)
    rows = [
        (f"R{rng.integers(shape[0])}", f"I{rng.integers(shape[1])}", float(v))
        for v in np.ceil(rng.lognormal(1.0, 1.0, n_rows))
    ]
    return table(rows, whole=True)


# Rules ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "policy", "unsafe", "needed"),
    [
        # two contributors where three are asked for: protected by 10 %
        ([6.0, 4.0], COUNT, True, 1.0),
        ([6.0, 3.0, 1.0], COUNT, False, 0.0),
        # 90 > 85 % of 100: 100/85 * 90 - 100
        (
            [90.0, 6.0, 4.0],
            DisclosurePolicy(
                minimum_count=None, dominance=((1, 85.0),), p_percent=None
            ),
            True,
            100 / 85 * 90 - 100,
        ),
        # 97 of 100 in two hands
        (
            [50.0, 47.0, 3.0],
            DisclosurePolicy(
                minimum_count=None, dominance=((2, 90.0),), p_percent=None
            ),
            True,
            100 / 90 * 97 - 100,
        ),
        # the second comes within 4 of 80, 10 % of 80 is 8
        (
            [80.0, 16.0, 4.0],
            DisclosurePolicy(minimum_count=None, dominance=(), p_percent=10.0),
            True,
            4.0,
        ),
        (
            [80.0, 10.0, 10.0],
            DisclosurePolicy(minimum_count=None, dominance=(), p_percent=10.0),
            False,
            0.0,
        ),
    ],
)
def test_each_rule_against_a_hand_case(sizes, policy, unsafe, needed) -> None:
    cells = table([("R1", "a", s) for s in sizes])
    bad, level = cells.unsafe(policy)
    at = cell(cells, "R1", "a")
    assert bad[at] == unsafe
    assert level[at] == pytest.approx(needed)


def test_contributors_are_holdings_not_plants() -> None:
    data = pa.table(
        {
            "region": ["R1"] * 3,
            "industry": ["a"] * 3,
            "jobs": [1.0, 2.0, 3.0],
            "firm": ["F", "F", "G"],
        }
    )
    cells = cells_from_records(
        data, dimensions=("region", "industry"), value="jobs", holding="firm"
    )
    at = cell(cells, "R1", "a")
    assert cells.contributors[at] == 2
    assert cells.largest is not None
    assert cells.largest[at, :3].tolist() == [3.0, 3.0, 0.0]


def test_zero_cells_are_published() -> None:
    cells = table([("R1", "a", 5.0)] * 4 + [("R2", "b", 5.0)] * 4)
    assert not cells.unsafe(COUNT)[0][cell(cells, "R1", "b")]


def test_margins_are_sums_over_the_hierarchy() -> None:
    cells = table(
        [("R1", "a", 1.0), ("R2", "a", 2.0), ("R3", "b", 4.0)],
        hierarchies={"region": {"R1": "N", "R2": "N"}},
    )
    assert cells.total[cell(cells, "N", "a")] == 3.0
    assert cells.total[cell(cells, "total", "total")] == 7.0


# Traps ------------------------------------------------------------------------------


def test_one_hidden_cell_of_a_row_is_a_breach() -> None:
    cells = table([("R1", "a", 4.0)] + [("R1", "b", 4.0)] * 4 + [("R2", "a", 4.0)] * 4)
    hidden = cells.unsafe(COUNT)[0]
    audit = audit_disclosure(cells, hidden, policy=COUNT)
    assert not audit.safe
    assert "R1" in audit.breaches[0]


def test_three_singletons_give_each_other_away_only_in_pairs() -> None:
    # two singletons hidden together: each knows its own, hence the other
    rows = [("R1", "a", 9.0), ("R1", "b", 9.0)]
    rows += [("R1", "c", 9.0)] * 4 + [("R2", x, 9.0) for x in "abc" for _ in range(4)]
    cells = table(rows)
    pair = np.zeros(cells.total.size, bool)
    for region, industry in product(("R1", "R2"), "ab"):
        pair[cell(cells, region, industry)] = True
    audit = audit_disclosure(cells, pair, policy=COUNT)
    assert any("contributor" in breach for breach in audit.breaches)
    assert not any("outsider" in breach for breach in audit.breaches)
    third = pair.copy()
    for region in ("R1", "R2"):
        third[cell(cells, region, "c")] = True
    assert audit_disclosure(cells, third, policy=COUNT).safe


def test_a_rectangle_with_an_empty_corner_is_a_breach() -> None:
    rows = [("R1", "a", 5.0), *[("R1", "b", 5.0)] * 4, *[("R2", "a", 5.0)] * 4]
    rows += [(r, "c", 50.0) for r in ("R1", "R2") for _ in range(4)]
    cells = table(rows)
    hidden = np.zeros(cells.total.size, bool)
    for region, industry in product(("R1", "R2"), "ab"):
        hidden[cell(cells, region, industry)] = (
            cells.total[cell(cells, region, industry)] > 0
        )
    assert not audit_disclosure(cells, hidden, policy=COUNT).safe


def test_a_nested_total_gives_a_cell_away_unless_it_is_hidden_too() -> None:
    rows = [("R1", "a", 5.0), *[("R2", "a", 5.0)] * 4, *[("R3", "a", 5.0)] * 4]
    rows += [(r, "b", 5.0) for r in ("R1", "R2", "R3") for _ in range(4)]
    cells = table(rows, hierarchies={"region": {"R1": "N", "R2": "N", "R3": "M"}})
    found = suppress_cells(cells, policy=COUNT)
    # R1 and R2 are all of N: R3 (all of M) cannot help them
    assert found.hidden[cell(cells, "R1", "a")]
    assert found.hidden[cell(cells, "R2", "a")]
    assert found.audit.safe


def test_small_company_does_not_protect_a_large_cell() -> None:
    # a dominated cell of 1000 needs room; a companion of 4 has none
    rows = [("R1", "a", 970.0), ("R1", "a", 20.0), ("R1", "a", 10.0)]
    rows += [("R1", "b", 1.0)] * 4 + [("R1", "c", 250.0)] * 4
    rows += [("R2", x, 100.0) for x in "abc" for _ in range(6)]
    cells = table(rows)
    narrow = np.zeros(cells.total.size, bool)
    for region, industry in product(("R1", "R2"), "ab"):
        narrow[cell(cells, region, industry)] = True
    assert not audit_disclosure(cells, narrow).safe
    assert suppress_cells(cells).audit.safe


# The witness: every table an attacker could think of -----------------------------------


def possible_ranges(cells: CellTable, hidden: np.ndarray) -> dict[int, tuple[int, int]]:
    """Enumerate all tables of whole numbers that agree with what is published."""
    shape = cells.shape
    true = cells.total.reshape(shape).astype(int)
    mask = hidden.reshape(shape)
    free = [tuple(c) for c in np.argwhere(mask[1:, 1:]) + 1]
    top = int(true.max()) + 4
    seen: dict[int, list[int]] = {int(c): [] for c in np.flatnonzero(hidden)}
    values = [range(min(top, true[c] + 5) + 1) for c in free]
    for guess in product(*values):
        trial = true.copy()
        for at, value in zip(free, guess, strict=True):
            trial[at] = value
        trial[1:, 0] = trial[1:, 1:].sum(axis=1)
        trial[0, 1:] = trial[1:, 1:].sum(axis=0)
        trial[0, 0] = trial[1:, 1:].sum()
        if (trial == true)[~mask].all():
            for at, values_seen in seen.items():
                values_seen.append(int(trial.ravel()[at]))
    return {at: (min(v), max(v)) for at, v in seen.items()}


@pytest.mark.parametrize("seed", range(12))
def test_audit_agrees_with_brute_force_on_small_tables(seed: int) -> None:
    """2-D tables are totally unimodular: whole numbers are as wide as real ones."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"R{i}", f"I{j}", 1.0)
        for i in range(3)
        for j in range(3)
        for _ in range(int(rng.choice([0, 2, 4, 5], p=[0.1, 0.3, 0.3, 0.3])))
    ]
    cells = table(rows, whole=True)
    inner = np.flatnonzero(
        (cells.grid[0] > 0) & (cells.grid[1] > 0) & (cells.total > 0)
    )
    bad, needed = cells.unsafe(COUNT)
    for _ in range(6):
        hidden = bad.copy()
        extra = rng.choice(inner, size=min(2, inner.size), replace=False)
        hidden[extra] = True
        if hidden[(cells.grid[0] == 0) | (cells.grid[1] == 0)].any():
            break  # the enumeration would have to free the margins too
        if hidden.sum() > 5:
            continue  # too many tables to look at
        ranges = possible_ranges(cells, hidden)
        exposed = {
            int(c)
            for c in np.flatnonzero(bad)
            if ranges[int(c)][0] > cells.total[c] - min(needed[c], cells.total[c])
            or ranges[int(c)][1] < cells.total[c] + needed[c]
        }
        told = audit_disclosure(cells, hidden, policy=COUNT)
        named = {
            int(c)
            for c in np.flatnonzero(bad)
            if any(
                b.startswith(cells.label(int(c)) + " ") and "outsider" in b
                for b in told.breaches
            )
        }
        assert named == exposed


@pytest.mark.parametrize("seed", range(50))
def test_no_unsafe_cell_of_fifty_generated_tables_is_recoverable(seed: int) -> None:
    cells = random_table(seed, 150 + 20 * seed, (6 + seed % 5, 5))
    found = suppress_cells(cells, exact=True)
    assert found.audit.worst_ratio >= 1 - 1e-9
    assert audit_disclosure(cells, found.hidden).safe


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000))
def test_pattern_depends_neither_on_row_order_nor_on_the_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        (f"R{rng.integers(4)}", f"I{rng.integers(4)}", float(rng.integers(1, 30)))
        for _ in range(90)
    ]
    first = suppress_cells(table(rows))
    again = suppress_cells(table([rows[i] for i in rng.permutation(len(rows))]))
    assert first.status.tolist() == again.status.tolist()


def test_three_dimensions_are_protected_too() -> None:
    rng = np.random.default_rng(3)
    data = pa.table(
        {
            "region": [f"R{k}" for k in rng.integers(0, 4, 400)],
            "industry": [f"I{k}" for k in rng.integers(0, 4, 400)],
            "size": [f"S{k}" for k in rng.integers(0, 3, 400)],
            "jobs": np.ceil(rng.lognormal(1, 1, 400)),
        }
    )
    cells = cells_from_records(
        data, dimensions=("region", "industry", "size"), value="jobs"
    )
    assert suppress_cells(cells, exact=True).audit.worst_ratio >= 1 - 1e-9


def test_finished_cells_with_counts() -> None:
    data = pa.table(
        {
            "region": ["R1", "R1", "R1", "R2", "R2", "R2"],
            "industry": list("abcabc"),
            "jobs": [10.0, 20, 30, 40, 50, 60],
            "plants": [1.0, 5, 6, 7, 8, 9],
        }
    )
    cells = cells_from_totals(
        data, dimensions=("region", "industry"), value="jobs", contributors="plants"
    )
    found = suppress_cells(cells, policy="count3")
    assert found.audit.n_unsafe == 1
    assert found.certificate()["contributions_tested"] is False


# What comes out ------------------------------------------------------------------------


def test_hidden_values_are_nowhere_in_what_is_published() -> None:
    found = suppress_cells(random_table(1, 200, (6, 5)))
    out = found.to_arrow()
    flags = np.array(out["flag"].to_pylist())
    jobs = np.array(out["jobs"].to_pylist(), float)
    assert np.isnan(jobs[flags == "c"]).all()
    assert not np.isnan(jobs[flags == ""]).any()


def test_public_certificate_keeps_the_parameters_back() -> None:
    found = suppress_cells(random_table(1, 200, (6, 5)))
    assert "rules" in found.certificate()
    assert "rules" not in found.certificate(public=True)
    assert found.certificate()["safe"] is True


def test_earlier_hidden_cells_are_preferred() -> None:
    rows = [("R1", "a", 5.0)]
    rows += [(r, i, 5.0) for r in ("R1", "R2", "R3") for i in "bcd" for _ in range(4)]
    rows += [(r, "a", 5.0) for r in ("R2", "R3") for _ in range(4)]
    cells = table(rows)
    earlier = [{"region": r, "industry": i} for r in ("R1", "R3") for i in "ad"]
    found = suppress_cells(cells, policy=COUNT, earlier=earlier)
    for named in earlier:
        assert found.hidden[cell(cells, named["region"], named["industry"])]


# Bad input -------------------------------------------------------------------------------


def test_an_unsafe_public_cell_stops_the_release() -> None:
    cells = table([("R1", "a", 4.0)] + [("R2", "a", 4.0)] * 4)
    with pytest.raises(NotIdentifiedError, match="public already"):
        suppress_cells(cells, policy=COUNT, public=[{"region": "R1", "industry": "a"}])


def test_a_table_of_one_cell_cannot_be_protected() -> None:
    with pytest.raises(NotIdentifiedError, match="merge categories"):
        suppress_cells(
            table([("R1", "a", 4.0), ("R1", "a", 4.0)]),
            policy=COUNT,
            public=[{"region": "total", "industry": "total"}],
        )


@pytest.mark.parametrize(
    "options",
    [
        {"minimum_count": 1},
        {"dominance": ((1, 120.0),)},
        {"p_percent": 0.0},
        {"minimum_count": None, "dominance": (), "p_percent": None},
    ],
)
def test_impossible_policies_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        DisclosurePolicy(**options)


def test_missing_values_circles_and_strangers_are_refused() -> None:
    with pytest.raises(InvalidTableError, match="missing_value"):
        table([("R1", "a", float("nan"))])
    with pytest.raises(InvalidTableError, match="circle"):
        table([("R1", "a", 1.0)], hierarchies={"region": {"R1": "N", "N": "R1"}})
    with pytest.raises(InvalidTableError, match="leaf_is_parent"):
        table([("R1", "a", 1.0), ("N", "a", 1.0)], hierarchies={"region": {"R1": "N"}})
    cells = table([("R1", "a", 1.0)] * 4)
    with pytest.raises(AlignmentError, match="unknown_code"):
        suppress_cells(cells, public=[{"region": "R9", "industry": "a"}])
    with pytest.raises(AlignmentError, match="shape"):
        audit_disclosure(cells, np.zeros(3, bool))
    with pytest.raises(OptionError, match="p10"):
        suppress_cells(cells, policy="p11")
