"""Stage `effects`: the main model, its tests, what the policy did, and the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.errors import AggloError
from agglo.core.options import Permutation
from agglo.econometrics import (
    fixed_or_random,
    lm_tests,
    model_tests,
    moran_by_period,
    staggered_comparisons,
)
from agglo.studies.columns import (
    joined,
    labelled,
    result_table,
    texts,
)
from agglo.studies.contract import StageOutput
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.econometrics import Comparisons, SpatialDID
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
    behind: list[Comparisons] = []
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
        behind.append(
            staggered_comparisons(setup.panel, outcome=outcome, start=setup.starts)
        )
        notes[outcome] = [str(w) for w in fit.provenance.warnings]
    notes["forbidden_share"] = behind[-1].forbidden
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
            "comparisons": pa.concat_tables(
                [
                    _behind(result_table(c), o)
                    for o, c in zip(setup.options.outcomes, behind, strict=True)
                ]
            ),
            "moran": joined(alike, {"outcome": pa.string()}),
        },
        documents={"effect_notes": notes},
    )


def _behind(table: pa.Table, outcome: str) -> pa.Table:
    names = ["estimate" if n == "effect" else n for n in table.column_names]
    return labelled(table.rename_columns(names), outcome=outcome)


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
    parts = [result_table(asked), result_table(model_tests(plain))]
    try:
        related = fixed_or_random(
            setup.panel,
            outcome=outcome,
            covariates=("treated", *setup.options.covariates),
            weights=setup.weights,
        )
    except AggloError:
        # no variance between regions, or no maximum inside: nothing to choose between
        return pa.concat_tables(parts)
    return pa.concat_tables([*parts, result_table(related)], promote_options="default")


def _moran(setup: Setup, outcome: str) -> pa.Table:
    """Give Moran's I year by year: of the outcome, and of what the effects leave."""
    parts = []
    for kind, within in (("outcome", False), ("residual", True)):
        try:
            found = moran_by_period(
                setup.panel,
                variable=outcome,
                weights=setup.weights,
                within=within,
                inference=Permutation(n=setup.options.moran_draws, seed=setup.seed),
            )
        except AggloError:
            # an outcome that is the same everywhere has no pattern to measure
            continue
        parts.append(labelled(result_table(found), kind=kind))
    return joined(
        parts, {"kind": pa.string(), "period": pa.string(), "value": pa.float64()}
    )
