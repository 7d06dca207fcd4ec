"""Stage `quotients`: every region-industry with its quotient, interval, rank and bounds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import (
    location_quotient,
    location_quotient_bounds,
    location_quotient_test,
    shrink_location_quotient,
)
from agglo.core.errors import NumericsWarning
from agglo.core.options import MonteCarlo
from agglo.studies.concentration.cells import (
    counts_of,
    effective_plants,
    has_plants,
    jobs_of,
    plants_of,
)
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.ranks import Ranks, rank_quotients
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.concentration.quotient_results import QuotientTests
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import BoolArray, FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["quotients"]

_STATUS = np.array(["ok", "missing", "confidential", "undefined"])


def quotients(inputs: StageInputs) -> StageOutput:
    """Measure the location quotient of every cell that is not empty.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Table ``region_industries`` with one row per cell that is not an empty one;
        document ``quotient_notes``.
    """
    options = inputs.options_as(ConcentrationOptions)
    jobs = jobs_of(inputs)
    found = location_quotient(jobs)
    tests, notes = _tests(inputs, jobs, options)
    inputs.progress(0, jobs.activity.size, "ranks")
    ranks = rank_quotients(
        found.values,
        effective_plants(inputs, jobs),
        jobs.activity,
        top=options.top,
        draws=options.rank_draws,
        level=options.level,
        seed=inputs.seed,
        progress=lambda done, total: inputs.progress(done, total, "ranks"),
    )
    shown = (np.nan_to_num(jobs.values) > 0) | (jobs.status > 0)
    columns = {
        **_sizes(jobs, shown),
        "lq": found.values[shown],
        **_tested(tests, jobs, shown),
        **_ranked(ranks, shown),
        **_bounds(jobs, shown),
        **_shrunk(inputs, jobs, shown),
        "status": _STATUS[found.status[shown]],
    }
    return StageOutput(
        tables={"region_industries": pa.table(columns)},
        documents={"quotient_notes": _facts(tests, notes, jobs)},
    )


@dataclass(frozen=True, slots=True)
class _Notes:
    method: str
    text: tuple[str, ...]


def _tests(
    inputs: StageInputs, jobs: RegionActivity, options: ConcentrationOptions
) -> tuple[QuotientTests | None, _Notes]:
    """Test the quotients on plants, on cell means, or say why not."""
    draws = MonteCarlo(n=options.quotient_draws, seed=inputs.seed)
    counts = counts_of(inputs)
    if not jobs.total > 0 or (counts is None and not has_plants(inputs)):
        return None, _Notes("none", ("no plant counts: quotients have no interval",))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NumericsWarning)
        if has_plants(inputs):
            found = location_quotient_test(
                plants_of(inputs, jobs, disclosed=True),
                method="dartboard",
                level=options.level,
                alternative="greater",
                inference=draws,
                fdr=options.fdr,
                reference=dict(zip(jobs.region.tolist(), jobs.row_total, strict=True)),
            )
            kind = "single plants"
        else:
            found = location_quotient_test(
                jobs,
                method="dartboard",
                level=options.level,
                alternative="greater",
                inference=draws,
                fdr=options.fdr,
                establishments=counts,
            )
            kind = "cell means"
    text = (*found.provenance.warnings, *(str(w.message) for w in caught))
    return found, _Notes(kind, text)


def _facts(
    tests: QuotientTests | None, notes: _Notes, jobs: RegionActivity
) -> dict[str, Json]:
    out: dict[str, Json] = {
        "plants": notes.method,
        "notes": list(notes.text),
        "draws": 0 if tests is None else tests.n_draws,
        "tests": 0,
    }
    if tests is not None:
        present = np.nan_to_num(jobs.values) > 0
        out["tests"] = int(np.isfinite(_on(tests, jobs, tests.q)[present]).sum())
    return out


def _sizes(jobs: RegionActivity, shown: BoolArray) -> dict[str, object]:
    rows, cols = np.nonzero(shown)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_region = jobs.values / jobs.row_total[:, None]
        of_industry = jobs.values / jobs.col_total[None, :]
    return {
        "region": pa.array(jobs.region.tolist()).take(pa.array(rows)),
        "industry": pa.array(jobs.activity.tolist()).take(pa.array(cols)),
        "employment": jobs.values[shown],
        "share_of_region": of_region[shown],
        "share_of_industry": of_industry[shown],
    }


def _on(tests: QuotientTests, jobs: RegionActivity, values: FloatArray) -> FloatArray:
    """Put an array of the tests on the labels of the cells; hidden cells stay hidden."""
    out = np.full(jobs.values.shape, np.nan)
    rows = np.searchsorted(jobs.region, tests.region)
    cols = np.searchsorted(jobs.activity, tests.activity)
    out[np.ix_(rows, cols)] = values
    out[jobs.status > 0] = np.nan
    return out


def _tested(
    tests: QuotientTests | None, jobs: RegionActivity, shown: BoolArray
) -> dict[str, FloatArray]:
    names = ("lq_lower", "lq_upper", "p", "q")
    if tests is None:
        return {name: np.full(int(shown.sum()), np.nan) for name in names}
    arrays = (tests.lower, tests.upper, tests.p_greater, tests.q)
    return {
        name: _on(tests, jobs, array)[shown]
        for name, array in zip(names, arrays, strict=True)
    }


def _ranked(ranks: Ranks, shown: BoolArray) -> dict[str, FloatArray]:
    return {
        "rank": ranks.rank[shown],
        "rank_lower": ranks.lower[shown],
        "rank_upper": ranks.upper[shown],
        "rank_p_same": ranks.p_same[shown],
        "rank_p_top": ranks.p_top[shown],
    }


def _bounds(jobs: RegionActivity, shown: BoolArray) -> dict[str, FloatArray]:
    """Give what hidden cells allow; nothing hidden leaves the columns out."""
    if not jobs.n_unknown:
        return {}
    found = location_quotient_bounds(jobs)
    return {
        "employment_lower": found.size_lower[shown],
        "employment_upper": found.size_upper[shown],
        "lq_least": found.lower[shown],
        "lq_most": found.upper[shown],
    }


def _shrunk(
    inputs: StageInputs, jobs: RegionActivity, shown: BoolArray
) -> dict[str, FloatArray]:
    counts = counts_of(inputs)
    if counts is None or not counts.total > 0:
        return {}
    found = shrink_location_quotient(counts)
    return {
        "establishments": counts.values[shown],
        "lq_plants_shrunk": np.where(jobs.status > 0, np.nan, found.values)[shown],
    }
