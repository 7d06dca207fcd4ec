"""Stage `portfolio`: what each region could take up next, and how such rankings fared."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NumericsWarning
from agglo.networks import flow_matrix
from agglo.relatedness import complexity, presence, proximity, relatedness_density
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.backtest import (
    Backtest,
    backtest,
    external_complementarity,
)
from agglo.studies.networks.layers import rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, Json
    from agglo.relatedness import Complexity, Presence
    from agglo.studies.contract import StageInputs

__all__ = ["portfolio"]

_FEW = 4


def portfolio(inputs: StageInputs) -> StageOutput:
    """Rank the industries that each region lacks, and test the ranking on what came after.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``portfolio`` (region and option) and ``backtest`` (score); document
        ``portfolio_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    now = inputs.result("prepare", "activity_now")
    before = inputs.result("prepare", "activity_before")
    notes: dict[str, Json] = {"missing": "", "backtest_missing": ""}
    if (
        len(set(text_of(now, "industry"))) < _FEW
        or len(set(text_of(now, "region"))) < _FEW
    ):
        notes["missing"] = "activity (four industries and regions or more)"
        return _nothing(notes)
    table = _options_table(inputs, now)
    notes["complexity_note"] = _complexity(now)[1]
    tests: list[Backtest] = []
    if before.num_rows == 0:
        notes["backtest_missing"] = "activity of an earlier period"
    else:
        tests = _tested(inputs, before, now, options)
    for test in tests:
        notes[test.score] = _plain(test)
    return StageOutput(
        tables={"portfolio": table, "backtest": _test_table(tests)},
        documents={"portfolio_notes": notes},
    )


def _scores(
    inputs: StageInputs, held: Presence, table: pa.Table
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Give the scores of all cells, and the proximity with a zero diagonal."""
    phi = np.nan_to_num(proximity(held).values)
    np.fill_diagonal(phi, 0.0)
    density = np.nan_to_num(relatedness_density(held).values)
    found, _ = _complexity(table)
    at = {str(a): i for i, a in enumerate(found.activity)}
    pci = np.array(
        [found.pci[at[str(a)]] if str(a) in at else np.nan for a in held.activity]
    )
    external = external_complementarity(
        np.nan_to_num(held.values), phi, _links(inputs, held.region)
    )
    wide = np.broadcast_to(pci, density.shape)
    parts = [_percentile(s, held) for s in (density, wide, external)]
    return {
        "density": density,
        "complexity": np.asarray(wide, dtype=np.float64),
        "external": external,
        "together": np.nanmean(np.stack(parts), axis=0),
    }, phi


def _complexity(table: pa.Table) -> tuple[Complexity, str]:
    """Give the complexity of the industries, and what it warns of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", NumericsWarning)
        found = complexity(table, value="amount")
    return found, "; ".join(str(w.message) for w in said)


def _percentile(score: FloatArray, held: Presence) -> FloatArray:
    """Give the place of every option among those of its region, 0 to 1."""
    from scipy.stats import rankdata

    known = np.where(np.isfinite(score), score, -np.inf)
    masked = np.where(held.values < 0.5, known, np.inf)
    n = np.maximum((held.values < 0.5).sum(axis=1, keepdims=True), 2)
    out: FloatArray = (rankdata(masked, axis=1) - 1.0) / (n - 1.0)
    return out


def _links(inputs: StageInputs, region: NDArray[np.str_]) -> FloatArray:
    """Give the flows between regions, each layer scaled to the same total, symmetric."""
    events = inputs.result("prepare", "events")
    at = {str(r): i for i, r in enumerate(region)}
    out = np.zeros((region.size, region.size))
    for layer in sorted(set(text_of(events, "layer"))):
        flows = flow_matrix(rows_of(events, layer))
        place = np.array([at.get(str(r), -1) for r in flows.label])
        known = place >= 0
        both = flows.values + flows.values.T
        part = np.zeros_like(out)
        part[np.ix_(place[known], place[known])] = both[np.ix_(known, known)]
        np.fill_diagonal(part, 0.0)
        out += part / part.sum() if part.sum() > 0 else 0.0
    return out


def _options_table(inputs: StageInputs, now: pa.Table) -> pa.Table:
    held = presence(now, value="amount")
    scores, _ = _scores(inputs, held, now)
    lacking = held.values < 0.5
    r, i = np.nonzero(lacking)
    middle = {
        k: np.nanmedian(np.where(lacking, scores[k], np.nan), axis=1)
        for k in ("density", "complexity")
    }
    near = scores["density"][r, i] >= middle["density"][r]
    complex_ = scores["complexity"][r, i] >= middle["complexity"][r]
    words = np.where(
        near,
        np.where(complex_, "high_road", "slow_road"),
        np.where(complex_, "casino", "dead_end"),
    )
    table = pa.table(
        {
            "region": texts(held.region[r]),
            "industry": texts(held.activity[i]),
            "density": scores["density"][r, i],
            "complexity": scores["complexity"][r, i],
            "external": scores["external"][r, i],
            "score": scores["together"][r, i],
            "quadrant": texts(words),
        }
    )
    return table.sort_by(
        [("region", "ascending"), ("score", "descending"), ("industry", "ascending")]
    )


def _tested(
    inputs: StageInputs, before: pa.Table, now: pa.Table, options: NetworksOptions
) -> list[Backtest]:
    """Make the scores from the earlier period and compare them with the entries since."""
    then, since = presence(before, value="amount"), presence(now, value="amount")
    region = np.intersect1d(then.region, since.region)
    industry = np.intersect1d(then.activity, since.activity)
    scores, phi = _scores(inputs, then, before)
    # links are not dated before the earlier period: they are no part of this test
    del scores["external"], scores["together"]
    scores["ubiquity"] = np.broadcast_to(then.ubiquity, then.values.shape)
    cut = np.ix_(
        np.searchsorted(then.region, region), np.searchsorted(then.activity, industry)
    )
    after = np.ix_(
        np.searchsorted(since.region, region), np.searchsorted(since.activity, industry)
    )
    column = np.searchsorted(then.activity, industry)
    return backtest(
        {k: np.asarray(v)[cut] for k, v in scores.items()},
        then.values[cut],
        since.values[after],
        phi[np.ix_(column, column)],
        top=options.horizon_top,
        draws=options.backtest_draws,
        seed=inputs.seed,
        level=options.level,
    )


def _plain(test: Backtest) -> dict[str, Json]:
    precision: dict[str, Json] = {str(k): _number(v) for k, v in test.precision.items()}
    return {
        "auc": _number(test.auc),
        "lower": _number(test.lower),
        "upper": _number(test.upper),
        "null": _number(test.null),
        "p": _number(test.p),
        "pooled_auc": _number(test.pooled_auc),
        "precision": precision,
        "base": test.base,
        "n_regions": test.n_regions,
        "n_options": test.n_options,
        "n_entries": test.n_entries,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _test_table(tests: list[Backtest]) -> pa.Table:
    rows = [
        {
            "score": t.score,
            "auc": t.auc,
            "lower": t.lower,
            "upper": t.upper,
            "null": t.null,
            "p": t.p,
            "pooled_auc": t.pooled_auc,
            "base": t.base,
            **{f"precision_{k}": v for k, v in t.precision.items()},
        }
        for t in tests
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"score": texts([])})


def _nothing(notes: dict[str, Json]) -> StageOutput:
    return StageOutput(
        tables={
            "portfolio": pa.table({"region": texts([]), "industry": texts([])}),
            "backtest": pa.table({"score": texts([])}),
        },
        documents={"portfolio_notes": notes},
    )
