"""Stage `effects`: the main model, its tests, what the policy did, and the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import moran
from agglo.core.errors import AggloError
from agglo.core.options import Permutation
from agglo.econometrics import lm_tests, model_tests, staggered_comparisons
from agglo.studies.columns import (
    joined,
    labelled,
    numbers_of,
    result_table,
    text_of,
    texts,
)
from agglo.studies.contract import StageOutput
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.econometrics import SpatialDID
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.model import Setup

__all__ = ["effects"]


def effects(inputs: StageInputs) -> StageOutput:
    """Fit the spatial Durbin difference-in-differences of every outcome.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``coefficients``, ``impacts``, ``realised``, ``map``, ``tests``,
        ``comparisons``, ``moran``; document ``effect_notes``.
    """
    setup = setup_of(inputs)
    coefficients, impacts, realised, maps, tests, alike = [], [], [], [], [], []
    notes: dict[str, Json] = {}
    for done, outcome in enumerate(setup.options.outcomes):
        inputs.progress(done, len(setup.options.outcomes), outcome)
        fit = setup.fit(outcome)
        here = {"outcome": outcome}
        coefficients.append(labelled(result_table(fit), **here))
        impacts.append(labelled(result_table(fit.impacts), **here))
        told = fit.realised(
            positions=setup.positions,
            ring_edges_km=setup.options.ring_edges_km,
            coordinates="degrees",
        )
        realised.append(labelled(result_table(told), **here))
        maps.append(labelled(_map(setup, fit), **here))
        tests.append(labelled(_tests(setup, outcome), **here))
        alike.append(labelled(_moran(setup, outcome), **here))
        notes[outcome] = [str(w) for w in fit.provenance.warnings]
    made = staggered_comparisons(
        setup.panel.select(["region", "period"]), start=setup.starts
    )
    notes["forbidden_share"] = made.forbidden
    notes["weights"] = _describe(setup)
    notes["treated"] = setup.n_treated
    notes["identified"] = setup.identified
    return StageOutput(
        tables={
            "coefficients": pa.concat_tables(coefficients),
            "impacts": pa.concat_tables(impacts),
            "realised": pa.concat_tables(realised),
            "map": pa.concat_tables(maps),
            "tests": pa.concat_tables(tests),
            "comparisons": result_table(made),
            "moran": joined(alike, {"outcome": pa.string()}),
        },
        documents={"effect_notes": notes},
    )


def _describe(setup: Setup) -> dict[str, Json]:
    w, ring = setup.weights, setup.exposure
    return {
        "outcome": w.kind,
        "treatment": w.kind if ring is None else f"ring {', '.join(ring.names)}",
        "density": float(w.density),
        "islands": len(w.islands),
        "components": int(w.n_components),
    }


def _map(setup: Setup, fit: SpatialDID) -> pa.Table:
    """Give the effect inside the model on every region in the last period."""
    told = fit.realised()
    last = told.tau[-1]
    return pa.table(
        {
            "region": texts(told.regions),
            "period": texts([told.periods[-1]] * len(told.regions)),
            "lon": [setup.positions[r][0] for r in told.regions],
            "lat": [setup.positions[r][1] for r in told.regions],
            "treated": (fit.treatment[-1] > 0).tolist(),
            "value": last,
        }
    )


def _tests(setup: Setup, outcome: str) -> pa.Table:
    """Ask whether space is missing, and whether the Durbin model can be simpler."""
    asked = lm_tests(
        setup.panel,
        outcome=outcome,
        covariates=("treated", *setup.options.covariates),
        weights=setup.weights,
    )
    # the nested tests need lags by the same neighbours
    plain = setup.fit(outcome, durbin_weights=None)
    return pa.concat_tables([result_table(asked), result_table(model_tests(plain))])


def _moran(setup: Setup, outcome: str) -> pa.Table:
    """Give Moran's I of the outcome year by year."""
    period = np.array(text_of(setup.panel, "period"))
    region = np.array(text_of(setup.panel, "region"))
    values = numbers_of(setup.panel, outcome)
    parts = []
    for now in setup.periods:
        at = period == now
        rows = pa.table({"region": texts(region[at].tolist()), "value": values[at]})
        try:
            found = moran(
                rows,
                setup.weights,
                inference=Permutation(n=setup.options.moran_draws, seed=setup.seed),
            )
        except AggloError:
            # an outcome that is the same everywhere has no pattern to measure
            continue
        parts.append(labelled(result_table(found), period=now))
    return joined(parts, {"period": pa.string(), "value": pa.float64()})
