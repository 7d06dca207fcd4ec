"""Stage `distance`: how far out the policy reaches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import AggloError
from agglo.econometrics import distance_sweep, fit_ring_panel
from agglo.studies.columns import joined, labelled, result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.econometrics import Realised, RingPanel, SpatialDID
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.model import Setup

__all__ = ["distance"]

_TEXT, _NUMBER = pa.string(), pa.float64()
_EMPTY = {
    "bands": {"outcome": _TEXT, "ring": _TEXT, "kind": _TEXT, "value": _NUMBER},
    "ring_did": {"outcome": _TEXT, "stages": _TEXT, "term": _TEXT, "value": _NUMBER},
}


def distance(inputs: StageInputs) -> StageOutput:
    """Estimate spillovers ring by ring, with and without a lagged outcome, and the sweep.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``bands``, ``ring_did``, ``sweep``; document ``distance_notes``.
    """
    setup = setup_of(inputs)
    parts: dict[str, list[pa.Table]] = {"bands": [], "ring_did": [], "sweep": []}
    notes: dict[str, Json] = {}
    for done, outcome in enumerate(setup.options.outcomes):
        inputs.progress(done, len(setup.options.outcomes), outcome)
        bands, beyond, why = _bands(setup, outcome)
        rings, lost = _rings(setup, outcome)
        sweep = distance_sweep(
            setup.panel,
            outcome=outcome,
            positions=setup.positions,
            cutoffs_km=setup.options.sweep_km,
            covariates=setup.options.covariates,
            start=setup.starts,
        )
        for name, table in (("bands", bands), ("ring_did", rings)):
            if table is not None:
                parts[name].append(labelled(table, outcome=outcome))
        parts["sweep"].append(labelled(result_table(sweep), outcome=outcome))
        notes[outcome] = {"beyond": beyond, "bands": why, "ring_did": lost}
    return StageOutput(
        tables={
            **{name: joined(parts[name], empty) for name, empty in _EMPTY.items()},
            "sweep": pa.concat_tables(parts["sweep"]),
        },
        documents={"distance_notes": notes},
    )


def _bands(setup: Setup, outcome: str) -> tuple[pa.Table | None, Json, str]:
    """Give theta and realised means per ring, and the test beyond the named distance."""
    if not setup.identified:
        return None, None, f"{setup.n_treated} treated regions"
    rings = setup.rings(setup.options.band_edges_km, setup.options.band_exposure)
    try:
        fit = setup.fit(outcome, durbin_weights=rings)
    except AggloError as error:
        return None, None, " ".join(str(error).split())
    edges = list(pairwise(setup.options.band_edges_km))
    at = [fit.term.index(f"W[{name}]*treatment") for name in rings.names]
    told = fit.realised(
        positions=setup.positions,
        ring_edges_km=setup.options.band_edges_km,
        coordinates="degrees",
    )
    far = [
        i
        for i, (low, _) in zip(at, edges, strict=True)
        if low >= setup.options.beyond_km
    ]
    beyond: Json = None
    if far:
        wald = fit.wald(np.eye(fit.value.size)[far])
        beyond = {
            "from_km": setup.options.beyond_km,
            "statistic": wald.statistic,
            "df": wald.df,
            "p": wald.p,
        }
    return pa.concat_tables([_theta(fit, rings.names, at), _told(told)]), beyond, ""


def _theta(fit: SpatialDID, names: tuple[str, ...], at: list[int]) -> pa.Table:
    rows = result_table(fit).take(at)
    return pa.table(
        {
            "ring": texts(names),
            "kind": texts(["coefficient"] * len(names)),
            **{n: rows[n] for n in ("value", "se", "lower", "upper", "p")},
            "cells": pa.array([None] * len(names), pa.int64()),
        }
    )


def _told(told: Realised) -> pa.Table:
    rows = result_table(told)
    keep = np.array(rows["period"].to_pylist()) == "all"
    rows = rows.filter(pa.array(keep))
    return pa.table(
        {
            "ring": rows["group"],
            "kind": texts(["realised"] * rows.num_rows),
            **{n: rows[n] for n in ("value", "se", "lower", "upper", "p", "cells")},
        }
    )


def _rings(setup: Setup, outcome: str) -> tuple[pa.Table | None, str]:
    try:
        found = _ring_model(setup, outcome, stages=1)
    except AggloError as error:
        return None, " ".join(str(error).split())
    parts = [labelled(result_table(found), stages="1")]
    why = ""
    try:
        two = _ring_model(setup, outcome, stages=2)
        parts.append(labelled(result_table(two), stages="2"))
    except AggloError as error:
        why = " ".join(str(error).split())
    return pa.concat_tables(parts), why


def _ring_model(setup: Setup, outcome: str, *, stages: Literal[1, 2]) -> RingPanel:
    return fit_ring_panel(
        setup.panel,
        outcome=outcome,
        positions=setup.positions,
        edges_km=setup.options.ring_edges_km,
        covariates=setup.options.covariates,
        start=setup.starts,
        stages=stages,
    )
