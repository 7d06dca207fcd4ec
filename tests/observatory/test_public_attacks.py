"""Planted attacks on estimates: what an attacker works back from them and released cells.

The attacker knows the program, its options and its seed, every published cell and margin,
and all regions and periods but the hidden cells. Each attack is shown to work on the
numbers that the study found, and then not to work on those that public mode releases.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Bootstrap, Permutation
from agglo.econometrics import (
    EventWindow,
    distance_sweep,
    distance_weights,
    event_means,
    fit_spatial_did,
    fit_spatial_event_study,
    fit_weighted_did,
    group_effects,
    match_controls,
    moran_by_period,
    staggered_comparisons,
)
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.public.freedom import Freedom, free_cells, freedom_of
from agglo.observatory.public.rules import RULES
from agglo.observatory.public.tables import public_study
from agglo.store import read_table, write_json, write_table
from agglo.studies.columns import labelled, result_table
from tests.observatory.hidden_rectangle import (
    HIDDEN_IN,
    INDUSTRIES,
    MARK,
    PERIODS,
    World,
    solved,
)

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

ONE = World()
MANY = World(single=tuple((r, (r + k) % 4) for r in range(40) for k in (0, 1)), n=40)


def _weights(world):
    return distance_weights(world.positions, kind="knn", k=4)


def _fit(world, jobs):
    return fit_spatial_did(
        world.panel(jobs), outcome="ln_h", weights=_weights(world), start=world.starts
    )


def _coefficients(world, jobs):
    return result_table(_fit(world, jobs))


def _moran(world, jobs):
    found = moran_by_period(
        world.panel(jobs), variable="ln_h", weights=_weights(world),
        inference=Permutation(n=19, seed=1),
    )  # fmt: skip
    return labelled(result_table(found), kind="outcome")


def _comparisons(world, jobs):
    found = staggered_comparisons(world.panel(jobs), outcome="ln_h", start=world.starts)
    table = result_table(found)
    return table.rename_columns(
        ["estimate" if n == "effect" else n for n in table.column_names]
    )


def _groups(world, jobs):
    """The outcome of a group of industries that one plant makes up in one region."""
    rest = world.panel().column("ln_h")
    data = world.panel(jobs).append_column("rest", rest)
    found = group_effects(
        data, {"own": "ln_h", "rest": "rest"}, weights=_weights(world),
        start=world.starts, inference=Bootstrap(n=19, seed=1, level=0.9),
    )  # fmt: skip
    return result_table(found)


def _spans(world, jobs):
    event = fit_spatial_event_study(
        world.panel(jobs), outcome="ln_h", weights=_weights(world), start=world.starts,
        window=EventWindow(-2, 1), bands=Bootstrap(n=19, seed=1, level=0.9),
    )  # fmt: skip
    return result_table(event_means(event, {"0-1": (0, 1)}))


def _sweep(world, jobs):
    found = distance_sweep(
        world.panel(jobs), outcome="ln_h", positions=world.positions,
        cutoffs_km=(150.0,), start=world.starts,
    )  # fmt: skip
    return result_table(found)


def _matching(world, jobs):
    data, starts = world.panel(jobs), world.starts
    match = match_controls(data, covariates=("ln_h",), start=starts)
    fit = fit_weighted_did(
        data, outcome="ln_h", start=starts, match=match, weights=_weights(world)
    )
    rows = result_table(fit).select(["term", "value", "se"])
    return rows.rename_columns(["effect", "value", "se"])


def _balance(world, jobs):
    found = match_controls(
        world.panel(jobs), covariates=("ln_h",), start=world.starts
    ).balance
    return pa.table(
        {
            "covariate": [b.covariate for b in found],
            "before": [b.before for b in found],
            "after": [b.after for b in found],
        }
    )


MAKERS = {
    "coefficients": _coefficients,
    "moran": _moran,
    "comparisons": _comparisons,
    "groups": _groups,
    "spans": _spans,
    "sweep": _sweep,
    "matching": _matching,
    "balance": _balance,
}
# balance is that of the period before the first start
WORLDS = {"balance": World(start="2014")}
COLUMN = {"comparisons": "estimate", "balance": "before"}


def _number(name, table):
    """The number of a table that is easiest to work back."""
    values = table[COLUMN.get(name, "value")].to_pylist()
    if name == "moran":
        return float(values[table["period"].to_pylist().index(HIDDEN_IN)])
    return float(values[0])


def _results(folder, world, names):
    folder.mkdir()
    for name in names:
        table = labelled(MAKERS[name](world, world.jobs), outcome="ln_h")
        write_table(folder / f"{name}.parquet", table)
    write_table(folder / "outcomes.parquet", world.panel())
    write_json(folder / "findings.json", [])
    return folder


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"groups"}))
def test_one_unknown_is_worked_back_from_one_estimate(name):
    """The attack works: with this the tests below say something."""
    world = WORLDS.get(name, ONE)
    number = _number(name, MAKERS[name](world, world.jobs))
    found = solved(world, lambda jobs: _number(name, MAKERS[name](world, jobs)), number)
    assert min(abs(value - MARK) for value in found) < 1e-6 * MARK


def test_an_estimate_inside_a_group_is_worked_back_too():
    """One step of Newton from a world that is ten jobs off leads to the marker."""
    (way,) = ONE.ways
    away, near = 10.0 / way[0, 0], 9.9 / way[0, 0]
    told = [
        _number("groups", _groups(ONE, ONE.changed([step])))
        for step in (away, near, 0.0)
    ]
    step = away - (told[0] - told[2]) * (away - near) / (told[0] - told[1])
    assert abs(step * way[0, 0]) < 2.0


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_nothing_is_released_that_gives_one_unknown_back(tmp_path, name):
    world = WORLDS.get(name, ONE)
    results = _results(tmp_path / "r", world, [name])
    told = public_study("policy", results, tmp_path / "p", measured_on=world.shown)
    assert not (tmp_path / "p" / f"{name}.parquet").exists()
    (entry,) = [e for e in told.left_out if e["table"] == name]
    assert "solved" in entry["reason"]["en"]


def _numbers(names, folder, jobs):
    """Give all numbers of the released rows, as the study computes them from jobs."""
    found = []
    for name in names:
        table = MAKERS[name](MANY, jobs)
        if "period" in table.column_names:
            there = set(read_table(folder / f"{name}.parquet")["period"].to_pylist())
            keep = [p in there for p in table["period"].to_pylist()]
            table = table.filter(pa.array(keep))
        for column in ("value", "se", "estimate", "z", "before", "after"):
            if column in table.column_names:
                found += [v for v in table[column].to_pylist() if v is not None]
    return np.array(found, dtype=float)


def test_what_is_released_of_many_unknowns_fits_other_worlds(tmp_path):
    """Another marker, other hidden cells, the same margins and every released number."""
    names = ["coefficients", "moran", "comparisons", "balance"]
    results = _results(tmp_path / "r", MANY, names)
    folder = tmp_path / "p"
    told = public_study("policy", results, folder, measured_on=MANY.shown)
    shown = [p.stem for p in folder.glob("*.parquet")]
    assert "coefficients" in shown
    assert {e["table"] for e in told.left_out} > {"outcomes"}
    truth = _numbers(shown, folder, MANY.jobs)
    ways, step = np.eye(len(MANY.ways)), 1e-2
    slope = [
        _numbers(shown, folder, MANY.changed(step * way))
        - _numbers(shown, folder, MANY.changed(-step * way))
        for way in ways
    ]
    marker = MANY.ways[:, 0, 0]
    back = np.linalg.pinv(np.c_[np.array(slope) / (2 * step), marker].T, rcond=1e-7)
    for other in (0.8 * MARK, 1.2 * MARK):
        at = np.zeros(len(ways))
        for _ in range(40):
            off = _numbers(shown, folder, MANY.changed(at)) - truth
            at -= back @ np.r_[off, MARK + marker @ at - other]
        jobs = MANY.changed(at)
        assert jobs.min() >= 0.0
        assert jobs[PERIODS.index(HIDDEN_IN), 0, 0] == pytest.approx(other, rel=1e-6)
        again = _numbers(shown, folder, jobs)
        # the search inside the model stops at the seventh digit
        assert np.allclose(again, truth, rtol=1e-5, atol=1e-8)


def test_other_specifications_of_the_same_data_use_up_what_is_free(tmp_path):
    """Every release is harmless alone; together they would be enough equations."""
    free = sum(f.free for f in freedom_of(MANY.panel(), MANY.shown).values())
    folder, told = tmp_path / "ledger", 0
    for number in range(free):
        results = _results(tmp_path / f"r{number}", MANY, ["coefficients"])
        table = read_table(results / "coefficients.parquet")
        values = table["value"].to_numpy() * (1 + 0.01 * number)
        at = table.column_names.index("value")
        write_table(
            results / "coefficients.parquet",
            table.set_column(at, "value", pa.array(values)),
        )
        ledger, target = Ledger(folder, GatePolicy()), tmp_path / f"p{number}"
        public_study("policy", results, target, measured_on=MANY.shown, ledger=ledger)
        ledger.record(f"release{number}")
        if not (target / "coefficients.parquet").is_file():
            break
        own = {n for of in ledger.estimates["policy"][1].values() for n in of}
        told += len(own)
    assert 1 < number < free - 1
    assert told < free
    # the first one is still what it was
    again = Ledger(folder, GatePolicy())
    target = tmp_path / "again"
    public_study(
        "policy", tmp_path / "r0", target, measured_on=MANY.shown, ledger=again
    )
    assert (target / "coefficients.parquet").is_file()


def test_the_map_tells_nothing_beyond_coefficients_starts_and_neighbours(tmp_path):
    """An attacker computes it, and it is released with them or not at all."""
    fit, w = _fit(ONE, ONE.jobs), _weights(ONE)
    told = fit.realised()
    by = dict(zip(fit.term, fit.value.tolist(), strict=True))
    near = w.matrix.toarray()
    own = np.array([float(str(r) in ONE.starts) for r in w.ids])
    direct = by["treatment"] * own + by["W*treatment"] * (near @ own)
    effect = np.linalg.solve(np.eye(ONE.n) - by["rho"] * near, direct)
    assert [str(r) for r in told.regions] == [str(r) for r in w.ids]
    assert np.allclose(told.tau[-1], effect, rtol=1e-9)

    assert RULES["policy"]["map"].other == "coefficients"
    for number, world in enumerate((ONE, MANY)):
        results = _results(tmp_path / f"r{number}", world, ["coefficients"])
        table = pa.table({"outcome": ["ln_h"], "region": ["R00"], "value": [MARK]})
        write_table(results / "map.parquet", table)
        target = tmp_path / f"p{number}"
        public_study("policy", results, target, measured_on=world.shown)
        with_it = (target / "coefficients.parquet").is_file()
        assert with_it == (target / "map.parquet").is_file() == (world is MANY)


def test_pattern_of_one_region_that_is_not_zero_is_not_told(tmp_path):
    """Of an outcome that is zero but in one region, Moran's I names the region."""
    w = _weights(ONE)
    near = w.matrix.toarray()

    def moran(at):
        z = np.where(np.arange(ONE.n) == at, 1.0, 0.0) - 1.0 / ONE.n
        return float(ONE.n / near.sum() * (z @ near @ z) / (z @ z))

    assert len({round(moran(at), 12) for at in range(ONE.n)}) > 1
    found = freedom_of(ONE.panel(), ONE.shown)
    assert found[HIDDEN_IN].free == 1
    assert not found[HIDDEN_IN].allows(1)
    results = _results(tmp_path / "r", ONE, ["moran"])
    public_study("policy", results, tmp_path / "p", measured_on=ONE.shown)
    assert not (tmp_path / "p" / "moran.parquet").exists()
    # enough is open over all periods, but not in this one
    shown = {f"concentration.{HIDDEN_IN}": ONE.shown[f"concentration.{HIDDEN_IN}"]}
    told = public_study("policy", results, tmp_path / "p", measured_on=shown)
    periods = read_table(tmp_path / "p" / "moran.parquet")["period"].to_pylist()
    assert periods == [p for p in PERIODS if p != HIDDEN_IN]
    assert told.certificate["moran"]["held_back"] == 1


def test_draws_of_placebos_are_no_equations_any_more(tmp_path):
    """A draw is an effect under starts that its seed tells: one equation each."""
    results = _results(tmp_path / "r", World(n=48), ["coefficients"])
    rng = np.random.default_rng(3)
    draws = rng.normal(0.2, 0.03, 200)
    table = {"outcome": ["ln_h"] * 200, "kind": ["spatial"] * 200,
             "effect": ["direct"] * 200, "value": draws}  # fmt: skip
    write_table(results / "placebo_draws.parquet", pa.table(table))
    write_json(
        results / "findings.json", [{"id": "F10", "evidence": ["placebo_draws.csv"]}]
    )
    public_study("policy", results, tmp_path / "p")
    assert "F10" in (tmp_path / "p" / "findings.json").read_text("utf-8")
    shown = np.array(read_table(tmp_path / "p" / "placebo_draws.parquet")["value"])
    assert shown.size == 200
    assert (np.diff(shown) >= 0).all()
    assert len(set(shown)) < 45
    assert not set(shown) & set(draws)
    # the distribution is still there
    assert np.abs(np.sort(draws) - shown).max() <= 0.0051
    assert np.allclose(np.round(shown * 200), shown * 200)


def test_jobs_of_regions_are_no_facts(tmp_path):
    """The size of a region less its published cells would be the hidden one."""
    results = _results(tmp_path / "r", ONE, [])
    jobs = ONE.jobs[0].sum(axis=1)
    places = {"region": list(ONE.regions), "economy": jobs, "start": [""] * ONE.n}
    write_table(results / "places.parquet", pa.table(places))
    assert jobs[0] - ONE.jobs[0, 0, 1:].sum() == ONE.jobs[0, 0, 0]
    told = public_study("policy", results, tmp_path / "p")
    table = read_table(tmp_path / "p" / "places.parquet")
    assert set(table.column_names) == {"region", "start"}
    assert told.certificate["places"]["columns_held_back"] == ["economy"]


def test_estimates_without_their_outcomes_cannot_be_judged(tmp_path):
    results = _results(tmp_path / "r", MANY, ["coefficients"])
    (results / "outcomes.parquet").unlink()
    told = public_study("policy", results, tmp_path / "p")
    assert {e["table"] for e in told.left_out} == {"coefficients"}


def test_free_cells_are_what_margins_leave_open():
    hidden = np.zeros((4, 5), dtype=bool)
    assert free_cells(hidden) == 0
    hidden[0, 0] = True
    assert free_cells(hidden) == 0
    hidden[np.ix_([0, 1], [0, 1])] = True
    assert free_cells(hidden) == 1
    hidden[np.ix_([2, 3], [2, 3, 4])] = True
    assert free_cells(hidden) == 3
    assert free_cells(np.ones((4, 5), dtype=bool)) == 12


def test_freedom_is_that_of_every_region_where_no_cells_are_shown():
    found = freedom_of(ONE.panel(), {})
    assert found == {p: Freedom(ONE.n, ONE.n) for p in PERIODS}
    some = freedom_of(ONE.panel(), ONE.shown)
    assert some["2011"] == Freedom(0, 0)
    assert some["2011"].allows(10**6)
    # one table of establishments stands for every period
    one = {"concentration.released": ONE.shown[f"concentration.{HIDDEN_IN}"]}
    assert {f.free for f in freedom_of(ONE.panel(), one).values()} == {1}
    assert freedom_of(MANY.panel(), MANY.shown)[HIDDEN_IN].free >= len(INDUSTRIES)
    # regions that the cells do not have may be sums of those that they have
    other = World(n=30)
    absent = freedom_of(other.panel(), ONE.shown)[HIDDEN_IN]
    assert absent == Freedom(some[HIDDEN_IN].hidden + 6, 1)
    # cells of clusters are cells too
    named = {f"formation.{HIDDEN_IN}": ONE.shown[f"concentration.{HIDDEN_IN}"]}
    assert freedom_of(ONE.panel(), named)[HIDDEN_IN] == some[HIDDEN_IN]
